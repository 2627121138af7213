//! What was done while nobody waited for the answer any more.
//!
//! This dialect's client asks again after two, four and eight seconds where the connection broke or the answer says
//! that something failed here, and has no word by which to know the same request. So what changes something goes on
//! when whoever asked is gone, or when the door's patience is over; and who comes with exactly the same request a
//! moment later is given the answer that was lost. Two requests that are both answered are two, however alike they are.
//! What is lost beyond the door (an answer that was sent and did not arrive, an answer of a process that was killed)
//! nobody can tell from here.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Reply;
use super::fault::Fault;
use crate::http::api::Problem;
use crate::model::Clock;

/// For how long a lost answer is kept: longer than the client goes on asking.
const KEPT_FOR: Duration = Duration::from_secs(90);
/// Lost answers that are kept at a time; past it the oldest goes.
const KEPT_MAX: usize = 512;

/// Answers that were lost, by what was asked.
#[derive(Clone)]
pub struct Replays {
    clock: Clock,
    lost: Arc<Mutex<HashMap<u64, Lost>>>,
}

struct Lost {
    at: Duration,
    answer: oneshot::Receiver<Reply>,
}

impl Replays {
    pub fn new(clock: Clock) -> Self {
        Self { clock, lost: Arc::default() }
    }

    /// Does the work to its end, also where nobody waits for it any more; or gives the answer that was lost.
    pub async fn once(&self, print: u64, work: impl Future<Output = Reply> + Send + 'static) -> Reply {
        let answer = match self.take(print) {
            Some(lost) => lost,
            None => {
                let (send, answer) = oneshot::channel();
                tokio::spawn(async move {
                    // Nobody may be there; then it is kept on the other side.
                    let _ = send.send(work.await);
                });
                answer
            }
        };
        let mut waiting = Waiting { replays: self, print, answer: Some(answer) };
        let answer = match waiting.answer.as_mut() {
            Some(answer) => answer.await,
            None => return Err(ended()),
        };
        waiting.answer = None;
        answer.unwrap_or_else(|_| Err(ended()))
    }

    fn take(&self, print: u64) -> Option<oneshot::Receiver<Reply>> {
        let now = self.clock.monotonic();
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.retain(|_, lost| now.saturating_sub(lost.at) < KEPT_FOR);
        lost.remove(&print).map(|lost| lost.answer)
    }

    fn keep(&self, print: u64, answer: oneshot::Receiver<Reply>) {
        let at = self.clock.monotonic();
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if lost.len() >= KEPT_MAX
            && let Some(oldest) = lost.iter().min_by_key(|(_, lost)| lost.at).map(|(print, _)| *print)
        {
            lost.remove(&oldest);
        }
        lost.insert(print, Lost { at, answer });
    }
}

fn ended() -> Fault {
    Problem::fault("a change ended without an answer").into()
}

/// Somebody waits for an answer; when they are gone before it is there, it is kept.
struct Waiting<'r> {
    replays: &'r Replays,
    print: u64,
    answer: Option<oneshot::Receiver<Reply>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            self.replays.keep(self.print, answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering::Relaxed;

    use axum::Json;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use futures_util::FutureExt;
    use tokio::sync::Notify;

    use super::*;
    use crate::model::Timestamp;

    fn counted(done: &Arc<AtomicU32>, go: &Arc<Notify>) -> impl Future<Output = Reply> + Send + 'static {
        let (done, go) = (done.clone(), go.clone());
        async move {
            go.notified().await;
            let status = StatusCode::from_u16(200 + u16::try_from(done.fetch_add(1, Relaxed)).unwrap()).unwrap();
            Ok((status, Json(())).into_response())
        }
    }

    #[tokio::test]
    async fn a_lost_answer_is_given_to_who_asks_again_and_an_answer_that_came_is_not() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let (replays, done, go) = (Replays::new(clock.clone()), Arc::default(), Arc::default());
        let status = |reply: Reply| reply.unwrap().status().as_u16();
        // They leave before it is done, twice.
        for _ in 0..2 {
            assert!(replays.once(1, counted(&done, &go)).now_or_never().is_none());
        }
        go.notify_one();
        assert_eq!(status(replays.once(1, counted(&done, &go)).await), 200, "the first one's");
        go.notify_one();
        assert_eq!(status(replays.once(1, counted(&done, &go)).await), 201, "asked anew");
        // What is kept is over after a while.
        assert!(replays.once(2, counted(&done, &go)).now_or_never().is_none());
        go.notify_one();
        clock.advance(KEPT_FOR);
        go.notify_one();
        tokio::task::yield_now().await;
        assert!(status(replays.once(2, async { Ok(StatusCode::IM_A_TEAPOT.into_response()) }).await) == 418);
    }

    #[tokio::test]
    async fn so_many_lost_answers_are_kept_and_no_more() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let replays = Replays::new(clock.clone());
        for print in 0..2 * KEPT_MAX as u64 {
            clock.advance(Duration::from_millis(1));
            assert!(replays.once(print, std::future::pending()).now_or_never().is_none());
        }
        assert_eq!(replays.lost.lock().unwrap().len(), KEPT_MAX);
        assert!(replays.lost.lock().unwrap().keys().all(|print| *print >= KEPT_MAX as u64));
    }
}
