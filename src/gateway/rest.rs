//! Discord's REST: one place through which every call leaves, with limits, retries, time-outs and the stop after a 401.
//!
//! It refuses to know what a call is for. Nothing here can print the token.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::limits::{INVALID_WARN, Limits, Route, Told, Verdict, route};
use super::refusal;
use super::wire::{Call, Reply, Request, Unreachable, Wire};
use crate::model::{Secret, Setback, Timestamp};
use crate::status::vitals::Vitals;

/// Calls that may wait for a limit at the same time.
const WAITING_MAX: usize = 256;
/// How often a call is sent at most.
const TRIES_MAX: u32 = 3;
/// When a call is worth trying again that failed for an outage.
pub(super) const OUTAGE_WAIT: Duration = Duration::from_secs(15);
/// Failed calls in a row after which the page speaks of an outage.
const OUTAGE_CALLS: u32 = 3;
/// Discord's limit for audit-log reasons, in characters.
const REASON_CHARS_MAX: usize = 512;

/// Makes calls; clones share limits.
#[derive(Clone)]
pub struct Rest(Arc<Inner>);

struct Inner {
    wire: Box<dyn Wire>,
    token: Secret,
    vitals: Arc<Vitals>,
    retry_first: Duration,
    limits: Mutex<Limits>,
    changed: Notify,
    waiting: AtomicUsize,
    failures: AtomicU32,
    token_lost: watch::Sender<bool>,
}

impl Rest {
    /// `retry_first` is the pause before a second try; it doubles.
    pub fn new(wire: Box<dyn Wire>, token: Secret, vitals: Arc<Vitals>, retry_first: Duration) -> Self {
        Self(Arc::new(Inner {
            wire,
            token,
            vitals,
            retry_first,
            limits: Mutex::default(),
            changed: Notify::new(),
            waiting: AtomicUsize::new(0),
            failures: AtomicU32::new(0),
            token_lost: watch::Sender::new(false),
        }))
    }

    /// Becomes true once Discord does not accept the token any more.
    pub fn token_lost(&self) -> watch::Receiver<bool> {
        self.0.token_lost.subscribe()
    }

    /// Makes a call and gives its answer, or why there is none.
    pub async fn call(&self, call: Call) -> Result<Reply, Setback> {
        let route = route(call.method, &call.path);
        let deadline = Instant::now() + call.patience;
        let mut tries = 0;
        loop {
            self.admit(&route, deadline).await?;
            tries += 1;
            let pause = || self.pause_after(tries, deadline).filter(|_| call.repeatable);
            let pause = match self.send(&call, &route, deadline).await {
                Ok(reply) => match self.judge(&reply, &call, &route) {
                    None => return Ok(reply),
                    Some(setback) if reply.status == 429 && tries < TRIES_MAX => {
                        // The limiter knows how long; the next admission waits or gives up.
                        tracing::debug!(path = route.template, words = setback.words(), "too many requests");
                        continue;
                    }
                    Some(setback) if reply.status < 500 => return Err(setback),
                    Some(setback) => pause().ok_or(setback)?,
                },
                Err(Unreachable(words)) => {
                    let later = Setback::Later { after: OUTAGE_WAIT, words };
                    pause().ok_or(later)?
                }
            };
            sleep(pause).await;
        }
    }

    /// How long to wait after so many vain tries, one at least, if there is to be another before the deadline.
    pub(super) fn pause_after(&self, tries: u32, deadline: Instant) -> Option<Duration> {
        if tries >= TRIES_MAX {
            return None;
        }
        let pause = self.0.retry_first * 2_u32.pow(tries.saturating_sub(1));
        let pause = pause.mul_f64(0.5 + fastrand::f64());
        (Instant::now() + pause < deadline).then_some(pause)
    }

    /// Waits until the limits let a call go.
    async fn admit(&self, route: &Route, deadline: Instant) -> Result<(), Setback> {
        let mut place = None;
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            changed.as_mut().enable();
            let now = Instant::now();
            let verdict = self.limits().ask(route, now);
            let until = match verdict {
                Verdict::Go => return Ok(()),
                Verdict::Never => return Err(token_refused()),
                Verdict::At(until) if until > deadline => return Err(limited(until - now)),
                Verdict::At(until) => until,
                Verdict::Busy if now >= deadline => return Err(limited(OUTAGE_WAIT)),
                Verdict::Busy => deadline,
            };
            if place.is_none() {
                place = Some(Place::take(&self.0.waiting).ok_or_else(|| limited(OUTAGE_WAIT))?);
            }
            tokio::select! {
                () = sleep_until(until) => {}
                () = changed => {}
            }
        }
    }

    /// Sends a call once and tells the limiter what came of it, even when nobody waits for it any more.
    async fn send(&self, call: &Call, route: &Route, deadline: Instant) -> Result<Reply, Unreachable> {
        let mut flight = Flight { rest: self, route, told: None };
        let clock = &self.0.vitals.clock;
        let sent = clock.monotonic();
        let answer = timeout_at(deadline, self.0.wire.send(self.request(call, route))).await;
        let answer = answer.unwrap_or_else(|_| Err(Unreachable("Discord did not answer in time.".to_owned())));
        match &answer {
            Ok(reply) => {
                flight.told = Some(Told::read(reply.status, |name| reply.header(name), &reply.body));
                self.learn_time(reply, clock.monotonic().saturating_sub(sent));
                self.note_outage((reply.status >= 500).then_some("it answers with errors"));
            }
            Err(Unreachable(words)) => self.note_outage(Some(words)),
        }
        answer
    }

    fn request(&self, call: &Call, route: &Route) -> Request {
        let mut headers = vec![("user-agent", user_agent())];
        match &call.authorization {
            Some(authorization) => headers.push(("authorization", authorization.reveal().to_owned())),
            None if route.interaction => {}
            None => headers.push(("authorization", format!("Bot {}", self.0.token.reveal()))),
        }
        if call.body.is_some() {
            headers.push(("content-type", call.content_type.clone()));
        }
        if let Some(reason) = &call.reason {
            headers.push(("x-audit-log-reason", percent_encode(reason)));
        }
        Request { method: call.method, path: call.path.clone(), headers, body: call.body.clone() }
    }

    /// What an answer means if it is no success.
    fn judge(&self, reply: &Reply, call: &Call, route: &Route) -> Option<Setback> {
        self.note_invalid_requests();
        match reply.status {
            200..=299 => None,
            401 if !route.interaction && call.authorization.is_none() => {
                self.confirm_token();
                Some(token_refused())
            }
            429 => {
                let told = Told::read(429, |name| reply.header(name), &reply.body);
                Some(limited(told.wait()))
            }
            status if status >= 500 => {
                let words = format!("Discord answers with an error ({status}).");
                Some(Setback::Later { after: OUTAGE_WAIT, words })
            }
            status => Some(refusal::setback(status, &reply.body)),
        }
    }

    /// After the first 401, asks once who we are. If Discord does not know us, nothing leaves any more.
    fn confirm_token(&self) {
        if !self.limits().doubt() {
            return;
        }
        let rest = self.clone();
        tokio::spawn(async move {
            let call = Call::get("/users/@me");
            let answer = rest.0.wire.send(rest.request(&call, &route(call.method, &call.path))).await;
            if answer.is_ok_and(|reply| reply.status == 401) {
                rest.limits().lose();
                rest.0.vitals.problem("discord.token", TOKEN_WORDS, TOKEN_ACTION);
                rest.0.token_lost.send_replace(true);
            } else {
                rest.limits().trust();
            }
            rest.0.changed.notify_waiters();
        });
    }

    fn learn_time(&self, reply: &Reply, took: Duration) {
        let date = reply.header("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if let Some(date) = date {
            self.0.vitals.clock.learn(Timestamp::from_ms(date.timestamp_millis()), took);
        }
    }

    fn note_invalid_requests(&self) {
        let count = self.limits().invalid_requests(Instant::now());
        if count >= INVALID_WARN {
            let detail = format!("Discord turned {count} requests away in the last ten minutes.");
            let action = "Look at the other problems and the log: something is tried that is not allowed.";
            self.0.vitals.problem("discord.invalid_requests", detail, action);
        } else {
            self.0.vitals.solved("discord.invalid_requests");
        }
    }

    fn note_outage(&self, failed: Option<&str>) {
        let Some(why) = failed else {
            if self.0.failures.swap(0, Relaxed) >= OUTAGE_CALLS {
                self.0.vitals.solved("discord.rest");
            }
            return;
        };
        if self.0.failures.fetch_add(1, Relaxed) + 1 >= OUTAGE_CALLS {
            let detail = format!("Discord's API cannot be used: {why}");
            let action = "If discordstatus.com tells of no outage, check this computer's network and clock.";
            self.0.vitals.problem("discord.rest", detail, action);
        }
    }

    fn limits(&self) -> std::sync::MutexGuard<'_, Limits> {
        self.0.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a lost token means.
pub const TOKEN_WORDS: &str = "Discord does not accept the bot's token: it is wrong, or was reset.";
/// What to do about it.
pub const TOKEN_ACTION: &str = "In the developer portal (discord.com/developers/applications) open the application, \
    then Bot, Reset Token; put the new token where the old one was and start Innkeeper again.";

fn token_refused() -> Setback {
    Setback::Refused { status: 401, code: 0, words: format!("{TOKEN_WORDS} {TOKEN_ACTION}") }
}

fn limited(after: Duration) -> Setback {
    Setback::Later { after, words: "Discord asks for a slower pace.".to_owned() }
}

fn user_agent() -> String {
    let repository = env!("CARGO_PKG_REPOSITORY");
    let whence = if repository.is_empty() { env!("CARGO_PKG_NAME") } else { repository };
    format!("DiscordBot ({whence}, {})", env!("CARGO_PKG_VERSION"))
}

/// A text as a header's value: everything but letters, digits and `-._~` percent-encoded.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    let shown: String = text.chars().take(REASON_CHARS_MAX).collect();
    for byte in shown.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A request under way: however it ends, the limiter hears of it and those who wait look again.
struct Flight<'a> {
    rest: &'a Rest,
    route: &'a Route,
    told: Option<Told>,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.rest.limits().learn(self.route, self.told.as_ref(), Instant::now());
        self.rest.0.changed.notify_waiters();
    }
}

/// One of the places for calls that wait.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let taken = waiting.fetch_update(Relaxed, Relaxed, |waiting| (waiting < WAITING_MAX).then_some(waiting + 1));
        taken.ok().map(|_| Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
