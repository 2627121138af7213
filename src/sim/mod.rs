//! A simulated Discord: REST and gateway over real sockets, stateful and strict, with people in it and faults on
//! demand.
//!
//! It serves `innkeeper demo` and the tests. It knows nothing of the bot: permissions, limits and validation are its
//! own reading of Discord's documentation, so that it catches the bot's mistakes.
//!
//! # Beginning
//! ```no_run
//! # use innkeeper::{model::{Clock, Timestamp}, sim::*};
//! # async fn f() -> std::io::Result<()> {
//! let clock = Clock::hand(Timestamp::from_ms(1_760_000_000_000));
//! let sim = Sim::start(SimConfig { identify_gap: std::time::Duration::ZERO, ..SimConfig::new(clock) }).await?;
//! let inn = Inn::furnish(&mut sim.world(), 5); // guild, owner, admin, moderator, five members, channels, roles, bot
//! let api_url = sim.api_url();                 // what `discord.api_url` is to be; `sim.token()` the bot's token
//! // … start the bot …
//! sim.connected().await;                       // a session is open and was handed all its events
//! # Ok(()) }
//! ```
//! Without sockets: `World::new(clock, WorldConfig::default())`, [`World::attach`] for a session whose events
//! [`World::drain`] gives, and [`World::request`] for REST.
//!
//! # The world: `sim.world()`
//! A guard of the world. It lives to the end of its statement, so ask for it **once in a statement**, and never hold
//! it across an `.await` (a second lock by the same thread panics and says so).
//! - People: `say(channel, member, text, SayOptions::default())`, `say` with `SayOptions::{reply, system, webhook}`,
//!   `edit_message`, `delete_message`, `react`, `whisper` (to the bot in private), `slash(channel, member, "kudos
//!   give", &[("member", user.into()), ("amount", 5_i64.into())])`, `type_slash(channel, member, "/rank
//!   member:@name")`, `press(message, member, custom_id)` one of [`world::Message::buttons`], `join`, `rejoin`,
//!   `leave`, `voice(guild, member, Some(channel), VoiceFlags::default())`,
//!   `set_presence`, `set_dms_open`, `set_avatar`, `start_typing`. Each is held to that person's permissions; what
//!   their client would refuse is an [`Impossible`].
//! - The guild's own people at work: `give_role`, `take_role`, `edit_role`, `delete_role`, `delete_channel`,
//!   `set_nick`, `set_timeout`, `edit_member`, `ban`, `unban`, `set_outage`, `rename_guild`, `overwrite_role`,
//!   `overwrite_member`, `remove_overwrite`, `set_thread_state`, `open_commands`; `bump` asks a listing site's bot,
//!   once `invite_listing_bot` brought it. Furnishing: `add_user`, `add_bot`, `add_guild`, `add_role`, `add_channel`,
//!   `add_member`, `invite_bot`.
//! - Reading: `messages`, `bot_messages`, `read` (as one member sees it), `direct_messages`; a [`world::Message`] has
//!   its `content`, `embeds`, `nonce`, `allowed_mentions` and `flags` as received, `pings` as they really were, its
//!   `edits`, and `text()` for all that can be read. `answer(id)` and `finished_answer(id)` of an interaction: how it
//!   was answered first, after how long, `ephemeral`, the message as it stands, follow-ups. `roles_of`, `has_role`,
//!   `member`, `guild`, `overwrites`, `thread_state`, `channel_named`, `role_named`, `audit_log`, `commands_in`,
//!   `registered`, `requests`, `count_requests`, `invalid_requests`, `identifies`, `resumes`, `connected_sessions`.
//! - Waiting: `sim.until(|world| world.finished_answer(id)).await` looks again whenever anything changed.
//!
//! # What goes wrong
//! - Requests: `world.plan("POST", "/messages", Some(2), Act::Answer(Response::error(500, 0, "…")))`; also
//!   `Response::slow_down("NaN", true)`, `Response::html(503)`, [`Act::Lose`] and [`Act::PerformThen`] with
//!   [`Fate::Hang`], `Cut`, `CutInBody`, `Late(…)`. `PerformThen(Cut)` did it, but the bot cannot know.
//! - Events: `world.set_chaos(Chaos { deliveries: 3, shuffle: 8, lose_one_in: 5 })`.
//! - The gateway, [`Sim::faults`]: `plan(Moment::AtIdentify, Strike::InvalidSession(false), None)`,
//!   `strike(Strike::Reconnect)`, `close_all(4000)`, `set_acks(false)`, `set_delay`, `set_heartbeat_ms(40)`,
//!   `set_open(Entrance::Gateway, false)`, `cut_everything()`; `sim.set_resume_url_dead(true)`;
//!   `world.expire_sessions()`, `world.spend_identifies(900)`.
//!
//! # Whose time
//! Ids, and the `Date` of every answer, are the clock's `now()`. The three seconds for a first answer, the token's
//! fifteen minutes, the nonces' five, rate limits and the count of IDENTIFYs pass on the clock's `monotonic()`: by
//! hand on a hand clock (a full bucket stays full until the test moves on; or `rate_limits: false`), really in a
//! demo, however fast its days go by. Heartbeats, the gap between IDENTIFYs, the life of a session and delays are
//! real time, which tests may pause.
//!
//! # As the real one, beware
//! A request without `User-Agent` is turned away (403, code 40333). The token of an interaction that is over answers
//! 401 with code 50027, which says nothing about the bot's own token. `callback` brings no rate limit headers.

mod community;
mod door;
mod faults;
mod gateway;
mod inn;
pub mod names;
mod page;
pub mod rest;
mod server;
mod shared;
pub mod world;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::task::JoinHandle;

use crate::model::Clock;

pub use community::{Beat, Community, Deed, Script};
pub use faults::{Entrance, Faults, Moment, Strike};
pub use gateway::firehose::{Firehose, Poured, Stream};
pub use inn::{BOT_PERMISSIONS, Inn};
pub use rest::rules::Act;
pub use rest::{Fate, Request, Response};
pub use world::{Impossible, SayOptions, World, WorldConfig};

use door::Door;
use faults::Control;
use gateway::GatewayState;
use gateway::firehose::Blast;
use shared::SharedWorld;
pub use shared::WorldGuard;

/// How long [`Sim::until`] waits before it gives up: far beyond what any healthy run takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The least real time that Discord wants between two IDENTIFYs of an application.
const IDENTIFY_GAP: Duration = Duration::from_secs(5);

/// The interval between heartbeats that the real gateway asks for.
const HEARTBEAT_MS: u64 = 41_250;

/// How a simulated Discord is started.
#[derive(Clone)]
pub struct SimConfig {
    /// Where REST and the page listen; port 0 takes a free one. The gateway always takes free ports of the same host.
    pub listen: SocketAddr,
    pub clock: Clock,
    /// The token that the bot must show.
    pub token: String,
    pub bot_name: String,
    /// Which privileged intents are switched on on the developer portal; see [`world::intent`].
    pub granted_intents: u64,
    /// `session_start_limit.total`.
    pub identifies_per_day: usize,
    /// Whether requests are limited as Discord limits them, on the clock's monotonic time.
    pub rate_limits: bool,
    pub seed: u64,
    pub heartbeat_ms: u64,
    /// The least real time between two IDENTIFYs; zero does not care.
    pub identify_gap: Duration,
    /// Whether a client that sends nothing for more than two heartbeat intervals is cut off.
    pub expects_heartbeats: bool,
}

/// On a free port of this computer, on its clock.
impl Default for SimConfig {
    fn default() -> Self {
        let world = WorldConfig::default();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            clock: Clock::real(),
            token: world.token,
            bot_name: world.bot_name,
            granted_intents: world.granted_intents,
            identifies_per_day: world.identifies_per_day,
            rate_limits: world.rate_limits,
            seed: world.seed,
            heartbeat_ms: HEARTBEAT_MS,
            identify_gap: IDENTIFY_GAP,
            expects_heartbeats: true,
        }
    }
}

impl SimConfig {
    /// The usual, on this clock.
    pub fn new(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    fn world(&self) -> World {
        let config = WorldConfig {
            token: self.token.clone(),
            bot_name: self.bot_name.clone(),
            granted_intents: self.granted_intents,
            identifies_per_day: self.identifies_per_day,
            rate_limits: self.rate_limits,
            seed: self.seed,
            ..WorldConfig::default()
        };
        World::new(self.clock.clone(), config)
    }
}

/// A simulated Discord that listens. It ends when it is dropped.
pub struct Sim {
    world: SharedWorld,
    faults: Faults,
    rest: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
    /// A port of ours on which nobody listens.
    dead: Socket,
    resume_url: String,
}

impl Sim {
    /// Starts listening.
    pub async fn start(config: SimConfig) -> io::Result<Self> {
        let faults = Faults::new(config.heartbeat_ms, config.identify_gap);
        let any = SocketAddr::new(config.listen.ip(), 0);
        let rest = Door::open(config.listen, Entrance::Rest, &faults)?;
        let gateway = Door::open(any, Entrance::Gateway, &faults)?;
        let resume = Door::open(any, Entrance::Resume, &faults)?;
        let dead = Socket::new(Domain::for_address(any), Type::STREAM, None)?;
        dead.bind(&any.into())?;
        let mut world = config.world();
        let resume_url = format!("ws://{}", resume.address());
        world.gateway_url = format!("ws://{}", gateway.address());
        world.resume_url = resume_url.clone();
        let world = SharedWorld::new(world);
        let state = |entrance| GatewayState {
            world: world.clone(),
            faults: faults.clone(),
            entrance,
            expects_heartbeats: config.expects_heartbeats,
        };
        let address = rest.address();
        let tasks = vec![
            server::serve_gateway(gateway, state(Entrance::Gateway)),
            server::serve_gateway(resume, state(Entrance::Resume)),
            server::serve_rest(rest, world.clone(), page::routes(world.clone())),
        ];
        Ok(Self { world, faults, rest: address, tasks, dead, resume_url })
    }

    /// The base of REST addresses: what `discord.api_url` is to be, and `discord.cdn_url` too.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.rest)
    }

    /// The token that the bot must show.
    pub fn token(&self) -> String {
        self.world().token().to_owned()
    }

    /// The gateway's address, as `/gateway/bot` tells it.
    pub fn gateway_url(&self) -> String {
        self.world().gateway_url.clone()
    }

    /// The world, for as long as the guard lives: not across an `.await`.
    #[track_caller]
    pub fn world(&self) -> WorldGuard<'_> {
        self.world.lock()
    }

    /// What can be made to go wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(in crate::sim) fn shared(&self) -> SharedWorld {
        self.world.clone()
    }

    /// The address of the page on which one can take part.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.rest)
    }

    /// Lets the resume address of sessions to come lead nowhere, or again to where it should.
    pub fn set_resume_url_dead(&self, is_dead: bool) {
        let address = self.dead.local_addr().ok().and_then(|address| address.as_socket());
        let dead = address.map(|address| format!("ws://{address}"));
        self.world().resume_url = dead.filter(|_| is_dead).unwrap_or_else(|| self.resume_url.clone());
    }

    /// Waits until `find` finds something, looking again whenever the world changed.
    ///
    /// # Panics
    /// When nothing is found for a minute: what a test waits for does not happen.
    #[track_caller]
    pub fn until<T>(&self, mut find: impl FnMut(&mut World) -> Option<T>) -> impl Future<Output = T> {
        let caller = std::panic::Location::caller();
        let mut changes = self.world().changes();
        async move {
            let search = async {
                loop {
                    changes.mark_unchanged();
                    if let Some(found) = find(&mut self.world()) {
                        return found;
                    }
                    let _ = changes.changed().await;
                }
            };
            match tokio::time::timeout(PATIENCE, search).await {
                Ok(found) => found,
                Err(_) => panic!("what {caller} waits for did not happen within {PATIENCE:?}"),
            }
        }
    }

    /// Waits until a session is connected and was handed all its events.
    pub async fn connected(&self) {
        self.until(|world| (world.connected_sessions() > 0 && world.all_delivered()).then_some(())).await;
    }

    /// Pours messages over the newest gateway connection; resolves when the last one is handed to the socket.
    pub async fn firehose(&self, plan: Firehose) -> Result<Poured, Impossible> {
        let (blast, report) = Blast::new(plan);
        if !self.faults.command_newest(Control::Blast(blast)) {
            return Impossible::because("no gateway connection is open");
        }
        report.await.map_err(|_| Impossible("the connection ended before all was poured".to_owned()))
    }

    /// Stops listening and breaks every connection.
    pub async fn stop(self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.faults.cut_everything();
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.faults.cut_everything();
    }
}
