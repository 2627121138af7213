//! An ear on the shard: it connects again by itself when a socket ends without a word, as often as it takes, and says
//! so only in its log. Whoever polls it listens there, so that the session decides about every connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

/// The module whose log is listened to, and its words at the beginning of each connection.
const MODULE: &str = "twilight_gateway::shard";
const WORDS: &str = "connecting";

/// Counts how often a shard begins to connect. While there is one, every line of every log is asked about, so it is
/// kept no longer than needed.
pub struct Ear {
    dispatch: Dispatch,
    heard: Arc<AtomicU32>,
    allowed: u32,
}

impl Ear {
    /// An ear to which so many connections are no surprise.
    pub fn allowing(allowed: u32) -> Self {
        let heard = Arc::new(AtomicU32::new(0));
        Self { dispatch: Dispatch::new(Listener(Arc::clone(&heard))), heard, allowed }
    }

    /// Runs something that polls the shard.
    pub fn during<T>(&self, poll: impl FnOnce() -> T) -> T {
        dispatcher::with_default(&self.dispatch, poll)
    }

    /// Whether the shard has begun a connection more.
    pub fn heard_another(&self) -> bool {
        self.heard.load(Relaxed) > self.allowed
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.dispatch = Dispatch::none();
        tracing::callsite::rebuild_interest_cache();
    }
}

struct Listener(Arc<AtomicU32>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == MODULE
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let mut says = Says(false);
        event.record(&mut says);
        self.0.fetch_add(u32::from(says.0), Relaxed);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Whether an event's message is the one.
struct Says(bool);

impl Visit for Says {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 |= field.name() == "message" && format!("{value:?}") == WORDS;
    }
}
