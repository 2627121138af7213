//! Live updates by server-sent events.
//!
//! There is one drawing of the page for all watchers, made at most once a second and only while somebody watches. A
//! watcher is a seat and the number of the last drawing that it saw: it is sent what differs between that and the
//! present one. So a slow watcher skips drawings instead of gathering them, and one that comes back, whatever it saw
//! last, has the present state at once.
//!
//! Where the board is for everybody, what happens to members (a level reached, a tool unlocked) is told in events of
//! their own names, as it happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Door, Limits, pages};
use crate::bot::{Audience, Happening, Happenings};
use crate::status::Face;
use crate::status::page::{self, AS_OF};

/// When nothing else changes, the time of the drawing is renewed this often.
const AS_OF_EVERY: Duration = Duration::from_secs(10);
/// What a browser waits before it opens a broken stream again.
const RETRY: Duration = Duration::from_secs(2);

type Parts = Vec<(&'static str, String)>;

/// One drawing of what changes on the page.
struct Drawing {
    number: u64,
    at: Instant,
    parts: Parts,
}

/// The live page.
pub(super) struct Live {
    face: Face,
    limits: Limits,
    seats: Arc<Semaphore>,
    watched: Notify,
    drawing: watch::Sender<Arc<Drawing>>,
    happenings: Option<Happenings>,
    stop: watch::Receiver<bool>,
}

impl Live {
    pub(super) fn new(door: &Door, stop: watch::Receiver<bool>) -> Self {
        let (face, limits, happenings) = (door.face.clone(), door.limits.clone(), door.happenings.clone());
        let drawing = Drawing { number: 0, at: Instant::now(), parts: page::fragments(&face) };
        Self {
            face,
            seats: Arc::new(Semaphore::new(limits.watchers)),
            limits,
            watched: Notify::new(),
            drawing: watch::Sender::new(Arc::new(drawing)),
            happenings,
            stop,
        }
    }

    /// Draws for as long as anybody watches, and waits while nobody does.
    pub(super) async fn keep_drawing(&self) {
        loop {
            if self.drawing.receiver_count() == 0 {
                self.watched.notified().await;
            }
            self.draw();
            sleep(self.limits.update_every).await;
        }
    }

    /// Makes a new drawing if it would show something new.
    fn draw(&self) {
        let parts = page::fragments(&self.face);
        self.drawing.send_if_modified(|drawing| {
            let news = parts.iter().zip(&drawing.parts).any(|(new, old)| new.0 != AS_OF && new != old);
            if !news && drawing.at.elapsed() < AS_OF_EVERY {
                return false;
            }
            *drawing = Arc::new(Drawing { number: drawing.number + 1, at: Instant::now(), parts });
            true
        });
    }

    /// The events of one watcher: all parts first, then what changes, until its time is over or the door closes.
    fn events(self: Arc<Self>, seat: OwnedSemaphorePermit) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        let drawings = self.drawing.subscribe();
        self.watched.notify_one();
        let until = Instant::now() + self.limits.watch_life;
        let happenings = self.happenings.as_ref().map(Happenings::subscribe);
        let watcher = Watcher { live: self, drawings, happenings, seen: None, until, _seat: seat };
        stream::unfold(watcher, |mut watcher| async move { Some((Ok(watcher.next().await?), watcher)) })
    }
}

/// One browser that watches.
struct Watcher {
    live: Arc<Live>,
    drawings: watch::Receiver<Arc<Drawing>>,
    happenings: Option<broadcast::Receiver<Arc<Happening>>>,
    seen: Option<(Instant, Arc<Drawing>)>,
    until: Instant,
    _seat: OwnedSemaphorePermit,
}

impl Watcher {
    async fn next(&mut self) -> Option<Event> {
        if let Some((sent, _)) = self.seen {
            let mut stop = self.live.stop.clone();
            let changed = async {
                // A watcher that came between two drawings waits as long as everybody for its second one.
                sleep_until(sent + self.live.limits.update_every).await;
                self.drawings.changed().await
            };
            tokio::select! {
                changed = changed => changed.ok()?,
                happening = next_public(&mut self.happenings) => return Some(told(&happening)),
                () = sleep_until(self.until) => return None,
                _ = stop.wait_for(|stop| *stop) => return None,
            }
        }
        let drawing = self.drawings.borrow_and_update().clone();
        let event = self.event(&drawing);
        self.seen = Some((Instant::now(), drawing));
        Some(event)
    }

    /// What `drawing` shows and the last one that was sent did not.
    fn event(&self, drawing: &Drawing) -> Event {
        let old = self.seen.as_ref().map(|(_, seen)| &seen.parts);
        let is_new = |index: usize, part| old.and_then(|old| old.get(index)) != Some(part);
        let parts = drawing.parts.iter().enumerate().filter(|(index, part)| is_new(*index, *part));
        let parts: serde_json::Map<_, _> =
            parts.map(|(_, (id, html))| ((*id).to_owned(), html.clone().into())).collect();
        let started = self.live.face.vitals.started.ms();
        let event = Event::default().event("update").id(format!("{started}-{}", drawing.number));
        let event = if old.is_none() { event.retry(RETRY) } else { event };
        event.data(serde_json::Value::Object(parts).to_string())
    }
}

/// The next thing that happens and everybody may know. A watcher that is too slow misses some: they are news, and the
/// page has what they led to.
async fn next_public(happenings: &mut Option<broadcast::Receiver<Arc<Happening>>>) -> Arc<Happening> {
    while let Some(listening) = happenings {
        match listening.recv().await {
            Ok(happening) if happening.audience == Audience::Everybody => return happening,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => *happenings = None,
        }
    }
    std::future::pending().await
}

/// A happening as an event of its own name. It has no id: a browser that comes back has the present state.
fn told(happening: &Happening) -> Event {
    Event::default().event(happening.kind).data(happening.json().to_string())
}

/// `GET /events`.
pub(super) async fn events(State(live): State<Arc<Live>>, headers: HeaderMap) -> Response<Body> {
    if let Some(closed) = pages::closed(&live.face, &headers) {
        return closed;
    }
    let Ok(seat) = live.seats.clone().try_acquire_owned() else {
        let head = [(header::RETRY_AFTER, "15")];
        return (StatusCode::SERVICE_UNAVAILABLE, head, "Too many are watching; the page itself still works.\n")
            .into_response();
    };
    // Somebody who comes after a while sees the present, not the last drawing that was made for others.
    live.draw();
    let heartbeat = KeepAlive::new().interval(live.limits.heartbeat_every).text("");
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(live.events(seat)).keep_alive(heartbeat)).into_response()
}
