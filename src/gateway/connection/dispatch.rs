//! What a connection does with a dispatch: it is read, handed on to the engine in its order, and the session moves on.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::time::Instant;

use super::super::address;
use super::super::inbound::{self, Envelope, Incoming, Known, Ready};
use super::{Connection, Ending, Standing};
use crate::bot::Me;
use crate::model::{Event, GuildId};
use crate::status::vitals::GatewayState;
use crate::store::{Progress, SessionKey};

/// So many dispatches that nobody needs are passed over before the engine is told how far the session is: in a large
/// guild thousands of presences come in a second, and a session that goes on is told so many again at most.
const PASSED_MAX: u64 = 256;

impl Connection<'_> {
    pub(super) fn dispatch(&mut self, envelope: &Envelope<'_>) -> Option<Ending> {
        let (Some(sequence), Some(name)) = (envelope.sequence, envelope.name.as_deref()) else {
            self.note_odd("a dispatch without a name or a number");
            return None;
        };
        if self.is_deaf {
            return None;
        }
        self.guard.vitals.note_dispatch();
        let (me, watchlist) = (self.shared.bot.user(), self.shared.bot.presences().watchlist());
        let incoming = inbound::read(name, envelope.data, Known { me, watchlist: &watchlist });
        if matches!(incoming, Incoming::Unwatched) && self.passes(sequence) {
            return None;
        }
        let (mut asked, mut answered) = (None, None);
        let event = match incoming {
            Incoming::Ready(ready) => {
                let guilds = ready.guilds.clone();
                self.begin(ready);
                Some(Event::SessionBegan { guilds })
            }
            Incoming::Resumed => {
                self.guard.vitals.resumes.fetch_add(1, Relaxed);
                self.live(Vec::new());
                Some(Event::SessionResumed)
            }
            Incoming::Interaction(data) => {
                asked = Some(data);
                None
            }
            Incoming::Members(chunk) => {
                answered = chunk.number.filter(|_| chunk.is_last);
                Some(chunk.event)
            }
            Incoming::Happened(event) => Some(event),
            Incoming::Ignored | Incoming::Unwatched => None,
            Incoming::Unusable => {
                self.note_odd(name);
                None
            }
        };
        let ending = self.hand_on(event, asked, sequence);
        if let Some(number) = answered.filter(|_| ending.is_none()) {
            self.shared.asking.answered(number);
        }
        ending
    }

    /// Whether a dispatch that nobody needs is passed over without a word to the engine.
    fn passes(&mut self, sequence: u64) -> bool {
        self.passed += 1;
        if self.passed >= PASSED_MAX {
            self.passed = 0;
            return false;
        }
        if let Some(standing) = &mut self.standing {
            standing.sequence = sequence.max(standing.sequence);
        }
        true
    }

    /// Hands a dispatch on to the engine.
    fn hand_on(&mut self, event: Option<Event>, asked: Option<&str>, sequence: u64) -> Option<Ending> {
        let standing = self.standing.as_mut()?;
        let progress = Progress { session: Arc::clone(&standing.key), sequence: sequence.max(standing.sequence) };
        let reached = progress.sequence;
        // First into the queue: where the dispatch counts as seen, the command has run; where it does not, Discord
        // sends it again and the command runs but once.
        if let Some(data) = asked {
            self.shared.slash.take(data);
        }
        if self.shared.bot.observe(event, progress).is_err() {
            self.is_deaf = true;
            return self.close(Ending::QueueFull);
        }
        standing.sequence = reached;
        None
    }

    /// Counts a frame that could not be used. What it holds may be what somebody wrote, so it is not logged.
    pub(super) fn note_odd(&mut self, what: &str) {
        self.odd_frames += 1;
        tracing::debug!(what, so_far = self.odd_frames, "a frame could not be used");
    }

    /// A new session.
    fn begin(&mut self, ready: Ready) {
        let resume_url = address::checked(&ready.resume_url).unwrap_or_default();
        if resume_url.is_empty() {
            tracing::warn!("Discord gave no usable address for resuming; the main one will do");
        }
        // Where the queue is full, the session is not resumed by another process.
        let _ = self.shared.bot.store().note_intents(self.line.shard.config().intents().bits());
        let key = Arc::new(SessionKey { id: ready.session, resume_url });
        *self.standing = Some(Standing { key, sequence: 0 });
        if let (Some(user), Some(application)) = (ready.me, ready.application) {
            self.shared.bot.introduce(Me { user, application, name: ready.name });
        }
        self.live(ready.guilds);
    }

    /// The session is live on this connection.
    fn live(&mut self, guilds: Vec<GuildId>) {
        self.live_since = Some(Instant::now());
        self.guard.vitals.set_gateway(GatewayState::Connected);
        self.guard.vitals.solved("gateway");
        self.shared.register_commands(guilds);
        self.shared.asking.connect(self.line.shard.sender());
        self.shared.went_live.notify_one();
    }
}
