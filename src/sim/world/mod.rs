//! The simulated Discord itself: stateful, strict, synchronous, without any I/O.
//!
//! It is used behind a `Mutex`. Three parties turn its wheels: people (`say`, `slash`, `join`, …), the bot under test
//! ([`World::request`] and the gateway's sessions), and tests, which read what came of it. It refuses to know the bot's
//! code: permissions, limits and validation are its own reading of Discord's documentation.

mod asserts;
mod avatars;
mod build;
mod by_hand;
mod commands;
pub mod events;
mod guild_life;
mod ids;
mod listing;
mod member_chunks;
mod mentions;
mod menu;
mod oauth;
mod overwrites;
mod people;
pub mod permissions;
mod press;
mod screening;
mod sessions;
mod slash;
pub mod state;
mod typed;
mod voice;
pub(in crate::sim) mod wire;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::{ApplicationId, ChannelId, Clock, GuildId, MessageId, Timestamp, UserId};

pub use asserts::{Answered, Seen};
pub use build::{ChannelSpec, RoleSpec};
pub use commands::{Command, CommandOption, Scope, option_kind};
pub use events::{Chaos, Frame, intent};
pub(in crate::sim) use mentions::{Rights, pings};
pub use oauth::Authorization;
pub use people::SayOptions;
pub use sessions::{Denied, SESSION_KEPT, SessionHandle};
pub use slash::Input;
pub use state::{InteractionId, Message, Overwrite, Pings, VoiceFlags};

use super::rest::limits::Limits;
use super::rest::rules::Rule;
use events::Session;
use ids::Mint;
use state::{Channel, Guild, Interaction, User};

/// Interactions remembered; the oldest go first.
const INTERACTIONS_MAX: usize = 10_000;

/// What a world is begun with.
#[derive(Debug, Clone)]
pub struct WorldConfig {
    /// The bot's token.
    pub token: String,
    /// What the application shows where people sign in with it.
    pub client_secret: String,
    pub bot_name: String,
    /// Which privileged intents are switched on; see [`intent`].
    pub granted_intents: u64,
    /// `session_start_limit.total`.
    pub identifies_per_day: usize,
    /// Whether requests are limited as Discord limits them. Windows pass on the clock's monotonic time.
    pub rate_limits: bool,
    /// Messages remembered per channel.
    pub history_max: usize,
    pub seed: u64,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            token: "sim.token.innkeeper".to_owned(),
            client_secret: "sim-client-secret".to_owned(),
            bot_name: "Innkeeper".to_owned(),
            granted_intents: intent::PRIVILEGED,
            identifies_per_day: 1_000,
            rate_limits: true,
            history_max: 2_000,
            seed: 1,
        }
    }
}

/// Why something cannot happen at Discord: what a person's client would have shown them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible(pub String);

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Impossible {}

impl Impossible {
    pub(in crate::sim) fn because<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self(why.into()))
    }
}

/// All of Discord that there is.
pub struct World {
    pub(in crate::sim) clock: Clock,
    pub(in crate::sim) config: WorldConfig,
    pub(in crate::sim) me: UserId,
    pub(in crate::sim) application: ApplicationId,
    pub(in crate::sim) users: BTreeMap<UserId, User>,
    /// Those that have a picture.
    /// Of accounts, and of members in a guild.
    pub(in crate::sim) avatars: BTreeMap<(Option<GuildId>, UserId), Arc<[u8]>>,
    pub(in crate::sim) guilds: BTreeMap<GuildId, Guild>,
    pub(in crate::sim) channels: BTreeMap<ChannelId, Channel>,
    pub(in crate::sim) interactions: BTreeMap<InteractionId, Interaction>,
    pub(in crate::sim) commands: BTreeMap<Scope, Vec<Command>>,
    /// Nonces that must not be used twice: when, which, and the message.
    pub(in crate::sim) nonces: VecDeque<(Duration, String, ChannelId, MessageId)>,
    pub(in crate::sim) sessions: BTreeMap<String, Session>,
    pub(in crate::sim) identified: VecDeque<Duration>,
    pub(in crate::sim) resumes: usize,
    pub(in crate::sim) resume_url: String,
    pub(in crate::sim) gateway_url: String,
    pub(in crate::sim) token_reset: bool,
    pub(in crate::sim) consents: oauth::Consents,
    pub(in crate::sim) chaos: Chaos,
    pub(in crate::sim) member_requests: member_chunks::MemberRequests,
    pub(in crate::sim) limits: Limits,
    pub(in crate::sim) rules: Vec<Rule>,
    pub(in crate::sim) seen: VecDeque<Seen>,
    pub(in crate::sim) invalid_requests: u64,
    pub(in crate::sim) dice: fastrand::Rng,
    mint: Mint,
    accounts: Mint,
    changed: watch::Sender<u64>,
}

impl World {
    /// A world with nothing in it but the bot's account.
    pub fn new(clock: Clock, config: WorldConfig) -> Self {
        let mut mint = Mint::new();
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        let born = crate::model::Timestamp::from_ms(clock.now().ms() - year.as_millis() as i64);
        let (me, application) = (fresh(mint.at(born)), fresh(mint.at(born)));
        let bot = User {
            id: me,
            username: config.bot_name.clone(),
            global_name: None,
            avatar: None,
            bot: true,
            dms_open: false,
        };
        Self {
            dice: fastrand::Rng::with_seed(config.seed),
            me,
            application,
            users: BTreeMap::from([(me, bot)]),
            avatars: BTreeMap::new(),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            interactions: BTreeMap::new(),
            commands: BTreeMap::new(),
            nonces: VecDeque::new(),
            sessions: BTreeMap::new(),
            identified: VecDeque::new(),
            resumes: 0,
            resume_url: "ws://127.0.0.1:1".to_owned(),
            gateway_url: "ws://127.0.0.1:1".to_owned(),
            token_reset: false,
            consents: oauth::Consents::default(),
            chaos: Chaos::default(),
            member_requests: member_chunks::MemberRequests::default(),
            limits: Limits::default(),
            rules: Vec::new(),
            seen: VecDeque::new(),
            invalid_requests: 0,
            mint,
            accounts: Mint::of_accounts(),
            changed: watch::Sender::new(0),
            clock,
            config,
        }
    }

    /// The bot's user.
    pub fn me(&self) -> UserId {
        self.me
    }

    /// The bot's application.
    pub fn application(&self) -> ApplicationId {
        self.application
    }

    /// The clock that the world runs on.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The token that the bot must show.
    pub fn token(&self) -> &str {
        &self.config.token
    }

    /// Changes which privileged intents are granted, as the switches on the developer portal do.
    pub fn grant_intents(&mut self, intents: u64) {
        self.config.granted_intents = intents & intent::PRIVILEGED;
    }

    /// Told of every change, so that a test can wait for one.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Marks that something changed.
    pub(in crate::sim) fn touch(&self) {
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// A new id.
    pub(in crate::sim) fn id<T: TryFrom<u64>>(&mut self) -> T {
        fresh(self.mint.next(&self.clock))
    }

    /// An id for the account of somebody who was at Discord before this world began.
    pub(in crate::sim) fn account_id(&mut self, born: Timestamp) -> UserId {
        fresh(self.accounts.at(born))
    }

    /// The first of so many new ids in a row.
    pub(in crate::sim) fn reserve_ids(&mut self, count: u64) -> u64 {
        self.mint.reserve(&self.clock, count)
    }

    /// The application's flags: which privileged intents it has, as an application in few guilds has them.
    pub(in crate::sim) fn application_flags(&self) -> u64 {
        let limited = [(intent::GUILD_PRESENCES, 13), (intent::GUILD_MEMBERS, 15), (intent::MESSAGE_CONTENT, 19)];
        let granted = limited.iter().filter(|(intent, _)| self.config.granted_intents & intent != 0);
        granted.fold(0, |flags, (_, bit)| flags | 1 << bit)
    }

    pub(in crate::sim) fn remember_interaction(&mut self, interaction: Interaction) {
        self.interactions.insert(interaction.id, interaction);
        if self.interactions.len() > INTERACTIONS_MAX {
            self.interactions.pop_first();
        }
    }
}

#[expect(clippy::unwrap_used, reason = "the mint's ids are never 0 and fit 63 bits until the year 2084")]
fn fresh<T: TryFrom<u64>>(id: u64) -> T {
    T::try_from(id).ok().unwrap()
}
