//! The worker that keeps promises: due ones are performed, overdue first, until Discord says done or no.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::observe::Setting;
use super::{Attempt, Bot, Discord, scruples};
use crate::cx::Source;
use crate::model::webhook::Posted;
use crate::model::{Delivered, Effect, Ending, Event, Result, Setback, Timestamp};
use crate::store::promises::{self, Promise};
use crate::store::{Tx, webhooks};

/// Promises performed at the same time, each of another lane; each waits for Discord's limits by itself, so there are
/// more than Discord would take at once: who waits holds up nobody.
const AT_ONCE_MAX: usize = 64;
/// Those of them that wait for the same of Discord's limits.
const CROWD_MAX: usize = 4;
/// Waits are cut into pieces of this length, so that no jump of a clock can make one endless.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// The first wait after a vain attempt; it doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_MAX: Duration = Duration::from_secs(600);
/// How often to look whether promises can be kept at all yet.
const BEGIN_WAIT: Duration = Duration::from_secs(1);
/// After a failure of our own store, before it is asked again.
pub(super) const FAULT_WAIT: Duration = Duration::from_secs(5);
const UNREADABLE: &str = "I cannot read what I promised here; another version of me may have written it.";

/// What came of a promise that was due.
#[derive(Clone)]
pub(super) enum Outcome {
    Tried(Result<Delivered, Setback>),
    /// The same of what goes to this hook.
    Posted(i64, Posted),
    /// Discord was not asked: it must not be done any more.
    Forbidden(String),
}
use Outcome::{Forbidden, Tried};

impl Bot {
    /// Keeps promises until `stop`, starting when the gateway was ready once and Discord told its time: by this
    /// computer's, a ban might end years too early.
    pub async fn keep_promises(&self, discord: &dyn Discord, mut stop: watch::Receiver<bool>) {
        let mut under_way: HashSet<String> = HashSet::new();
        let mut performing = FuturesUnordered::new();
        loop {
            let may_begin = self.0.vitals.was_ready.load(Relaxed) && self.0.clock.is_told();
            let mut wait = if may_begin { WAIT_MAX } else { BEGIN_WAIT };
            if may_begin && performing.len() < AT_ONCE_MAX {
                let mut reading = pin!(self.due_promises(AT_ONCE_MAX + under_way.len()));
                // What is under way goes on meanwhile: it may hold the very reader that is waited for here. What is
                // read may be older than its end, so its lane stays taken until the next look.
                let mut freed = Vec::new();
                let read = loop {
                    tokio::select! {
                        read = &mut reading => break read,
                        Some(lane) = performing.next(), if !performing.is_empty() => freed.push(lane),
                    }
                };
                match read {
                    Ok((due, next)) => {
                        let room = AT_ONCE_MAX - performing.len();
                        let fresh: Vec<_> =
                            due.into_iter().filter(|p| !under_way.contains(&p.lane)).take(room).collect();
                        for promise in fresh {
                            under_way.insert(promise.lane.clone());
                            performing.push(self.keep(discord, promise, stop.clone()));
                        }
                        wait = if freed.is_empty() { next } else { Duration::ZERO };
                    }
                    Err(fault) => {
                        tracing::error!(%fault, "promises could not be read");
                        wait = FAULT_WAIT;
                    }
                }
                freed.iter().for_each(|lane| {
                    under_way.remove(lane);
                });
            }
            tokio::select! {
                Some(lane) = performing.next(), if !performing.is_empty() => { under_way.remove(&lane); }
                () = self.0.promised.notified() => {}
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => break,
            }
        }
        // What is on its way is let finish: its outcome is known only to this process.
        while performing.next().await.is_some() {}
    }

    /// Lets promises be looked at anew: the time was told, and may be another than was thought.
    pub fn look_at_promises(&self) {
        self.0.promised.notify_one();
    }

    /// What is due, and how long until something else is.
    async fn due_promises(&self, at_most: usize) -> Result<(Vec<Promise>, Duration)> {
        let now = self.0.clock.now();
        let speed = self.0.clock.speed();
        self.0
            .store
            .read(move |reader| {
                let due = promises::list_due(reader, now, at_most, CROWD_MAX)?;
                let next = promises::next_due(reader, now)?.map_or(WAIT_MAX, |next| next.since(now).div_f64(speed));
                Ok((due, next.min(WAIT_MAX)))
            })
            .await
    }

    /// Performs a promise and takes down the outcome, however long that takes: what Discord did must not be asked of it
    /// again because our own disk fails. Returns the lane that is free again.
    async fn keep(&self, discord: &dyn Discord, promise: Promise, mut stop: watch::Receiver<bool>) -> String {
        let outcome = match promise.effect() {
            Ok(Effect::Deliver(delivery)) => self.deliver(discord, delivery).await,
            Ok(effect) => match scruples::forbids(&self.0.guilds, &effect) {
                None => {
                    let again = promise.attempts > 0 || promise.id <= self.0.inherited;
                    if let Effect::AskMembers { .. } = effect {
                        self.need_presences();
                    }
                    Tried(discord.perform(&effect, Attempt { nonce: &promise.nonce(), again }).await)
                }
                Some(words) => Forbidden(words),
            },
            Err(_) => Tried(Err(Setback::Refused { status: 0, code: 0, words: UNREADABLE.to_owned() })),
        };
        if let Tried(Err(Setback::Refused { words, status, code })) = &outcome {
            tracing::warn!(
                promise = promise.id,
                about = promise.about,
                status,
                code,
                words,
                "a promise cannot be kept"
            );
        }
        let mut stopping = *stop.borrow();
        while let Err(fault) = self.record(&promise, outcome.clone()).await {
            tracing::warn!(promise = promise.id, %fault, "the outcome of a promise could not be stored yet");
            if stopping {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(FAULT_WAIT) => {}
                _ = stop.changed() => stopping = true,
            }
        }
        if let Err(fault) = self.note_counts().await {
            tracing::debug!(%fault, "promises could not be counted");
        }
        promise.lane
    }

    async fn record(&self, promise: &Promise, outcome: Outcome) -> Result<()> {
        let now = self.0.clock.now();
        let (bot, promise) = (self.clone(), promise.clone());
        let told = self.0.store.write(move |tx: &Tx| bot.record_here(tx, &promise, outcome.clone(), now)).await?;
        self.tell(&told);
        self.0.tried.send_modify(|tried| *tried += 1);
        Ok(())
    }

    /// Inside the writer: the outcome, and what the rooms make of it.
    fn record_here(&self, tx: &Tx, promise: &Promise, outcome: Outcome, now: Timestamp) -> Result<Vec<Event>> {
        let missing = match &outcome {
            Tried(Err(setback)) if setback.is_missing_member() => promise.effect()?.member(),
            _ => None,
        };
        let ending = match outcome {
            Forbidden(words) => {
                promises::cancel(tx, promise.id, &words, now)?;
                Ending::CalledOff(words)
            }
            Outcome::Posted(hook, posted) => {
                let disabled = webhooks::note_attempt(tx, hook, &posted, now)?;
                match posted.outcome {
                    Ok(()) => promises::note_done(tx, promise.id, None, now)?,
                    // Nobody in the guild has to act: whose hook it is sees it there.
                    Err(Setback::Refused { words, .. }) => promises::cancel(tx, promise.id, &words, now)?,
                    Err(Setback::Later { after, words }) => self.put_off(tx, promise, after, &words, now)?,
                }
                if disabled {
                    tracing::warn!(hook, "a hook does not work and is disabled");
                }
                return Ok(Vec::new());
            }
            Tried(Ok(Delivered { message, told, left, words, read })) => {
                promises::note_done(tx, promise.id, words.as_deref(), now)?;
                Ending::Kept { message, told, left, read }
            }
            Tried(Err(Setback::Refused { code, words, .. })) => {
                promises::note_failed(tx, promise.id, &words, now)?;
                Ending::Refused { code, words }
            }
            Tried(Err(Setback::Later { after, words })) => {
                self.put_off(tx, promise, after, &words, now)?;
                return Ok(Vec::new());
            }
        };
        let source = Source::Promise(promise.id, promise.attempts);
        let setting = Setting { source, watched: self.0.vitals.watched(), is_command: false };
        let mut emitted = match missing {
            Some((guild, user)) => self.show(tx, &Event::MemberMissing { guild, user }, &setting)?,
            None => Vec::new(),
        };
        if let (Some(guild), Some(tells)) = (promise.guild, promise.tells.clone()) {
            emitted.extend(self.show(tx, &Event::PromiseEnded { guild, tells, ending }, &setting)?);
        }
        self.show_emitted(tx, emitted, &setting)
    }

    fn put_off(&self, tx: &Tx, promise: &Promise, after: Duration, words: &str, now: Timestamp) -> Result<()> {
        let again = now.plus(after.max(back_off(promise.attempts)).mul_f64(self.0.clock.speed()));
        promises::note_retry(tx, promise.id, words, again)
    }

    /// Brings the counters of promises up to date.
    pub(super) async fn note_counts(&self) -> Result<()> {
        let (due, failed) = self.0.store.read(|reader| promises::count(reader)).await?;
        self.0.vitals.promises_due.store(due, Relaxed);
        self.0.vitals.promises_failed.store(failed, Relaxed);
        Ok(())
    }
}

fn back_off(attempts: u32) -> Duration {
    RETRY_FIRST.saturating_mul(2_u32.saturating_pow(attempts.min(16))).min(RETRY_MAX)
}
