//! A whole house for stories: the simulated Discord over real sockets, the engine with a real store, the gateway, and
//! a clock that moves by hand.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::time::Duration;

use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::gateway::{self, Ended, Https, Tempo, Wire};
use innkeeper::model::{ChannelId, Clock, MessageId, Secret, UserId};
use innkeeper::sim::world::{Answered, Input, Message, SayOptions};
use innkeeper::sim::{Inn, Sim, SimConfig};
use innkeeper::status::Vitals;
use innkeeper::store::{Store, StoreSettings};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::{Folder, hand_clock};

pub const MEMBERS: usize = 6;

/// The simulated Discord with its inn, and a folder for the bot's database.
pub struct House {
    pub sim: Sim,
    pub inn: Inn,
    /// Discord's.
    pub clock: Clock,
    /// The one of the computer that the bot runs on; the same, unless a story is about clocks.
    pub local: Clock,
    pub config: Config,
    _folder: Folder,
}

/// A bot that is connected.
pub struct Running {
    pub bot: Bot,
    stop: watch::Sender<bool>,
    session: JoinHandle<Ended>,
}

/// Waits of tests: nothing that a test waits for takes long, and nothing it does not wait for happens by itself.
pub fn tempo() -> Tempo {
    Tempo {
        backoff_first: Duration::from_millis(5),
        backoff_max: Duration::from_millis(50),
        backoff_network_max: Duration::from_millis(50),
        tick: Duration::from_millis(20),
        first_answer_after: Duration::from_secs(20),
        time_again: Duration::from_millis(20),
        ..Tempo::default()
    }
}

impl House {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A house whose configuration differs from the default.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::furnished(false, hand_clock(), change).await
    }

    /// A house where Discord limits requests. Time passes by itself there, so that limits end when the bot thinks so,
    /// however slowly the story is told.
    pub async fn with_limits(change: impl FnOnce(&mut Config)) -> Self {
        Self::furnished(true, Clock::real(), change).await
    }

    async fn furnished(rate_limits: bool, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let config = SimConfig { clock: clock.clone(), rate_limits, ..SimConfig::default() };
        let sim = Sim::start(config).await.unwrap();
        sim.faults().set_identify_gap(Duration::ZERO);
        let inn = Inn::furnish(&mut sim.world(), MEMBERS);
        let folder = Folder::new();
        let mut config = Config::default();
        config.discord.api_url = sim.api_url();
        config.discord.cdn_url = sim.api_url();
        config.store.path = folder.file("innkeeper.db");
        // Stories count in messages; those about days and commands say so.
        config.levels.daily_bonus = 0;
        config.levels.streak_bonus = 0;
        config.levels.command_xp = 0;
        // Stories are read; those about pictures say so.
        config.levels.card = false;
        change(&mut config);
        Self { sim, inn, local: clock.clone(), clock, config, _folder: folder }
    }

    /// Starts a bot on the house's database and waits until it is connected and has seen everything.
    pub async fn start(&self) -> Running {
        let mut tempo = tempo();
        if self.clock.minute().is_some() {
            // Where time passes by itself, Discord waits three seconds for an answer.
            tempo.first_answer_after = Tempo::default().first_answer_after;
        }
        self.start_at(tempo).await
    }

    /// The same with other waits.
    pub async fn start_at(&self, tempo: Tempo) -> Running {
        let running = self.open_at(tempo).await;
        self.sim.connected().await;
        running
    }

    /// The same without waiting for its connection.
    pub async fn open_at(&self, tempo: Tempo) -> Running {
        let wire = Https::new(&self.config.discord.api_url).unwrap();
        self.open_over(Box::new(wire), tempo).await
    }

    /// The same with its calls over a wire of the story's own.
    pub async fn open_over(&self, wire: Box<dyn Wire>, tempo: Tempo) -> Running {
        let vitals = Vitals::new(self.local.clone());
        let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(3_600) };
        let store = Store::open(&self.config.store.path, settings, vitals.clone()).unwrap();
        let bot = Bot::open(self.config.clone(), store, self.local.clone(), vitals).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let token = Secret::new(self.sim.token());
        let session = tokio::spawn(gateway::run_over(wire, bot.clone(), token, tempo, stopping));
        Running { bot, stop, session }
    }

    pub fn member(&self, nth: usize) -> UserId {
        self.inn.members[nth]
    }

    /// A member says something in #general a minute later, so that it earns.
    pub fn say_later(&self, member: UserId, text: &str) -> MessageId {
        self.clock.advance(Duration::from_secs(60));
        self.say(member, text)
    }

    pub fn say(&self, member: UserId, text: &str) -> MessageId {
        self.sim.world().say(self.inn.general, member, text, SayOptions::default()).unwrap()
    }

    /// A member uses a slash command in #bot-commands; what they get to see at the end.
    pub async fn slash(&self, member: UserId, name: &str, options: &[(&str, Input)]) -> Answered {
        // Commands are registered a moment after the first connection.
        let id = self.sim.until(|world| world.slash(self.inn.bot_commands, member, name, options).ok()).await;
        self.sim.until(|world| world.finished_answer(id)).await
    }

    /// A member presses the button with this label below a message; what they get to see at the end.
    pub async fn press(&self, member: UserId, message: &Message, label: &str) -> Answered {
        let button = message.buttons().find(|button| button["label"] == label);
        let custom_id = button.unwrap_or_else(|| panic!("no button {label}: {:?}", message.components));
        let custom_id = custom_id["custom_id"].as_str().unwrap();
        let id = self.sim.world().press(message.id, member, custom_id).unwrap();
        self.sim.until(|world| world.finished_answer(id)).await
    }

    /// The bot's messages in a channel, as texts, once there are so many.
    pub async fn bot_says(&self, channel: ChannelId, so_many: usize) -> Vec<String> {
        let said = |world: &mut innkeeper::sim::World| {
            let said: Vec<_> = world.bot_messages(channel).iter().map(|message| message.text()).collect();
            (said.len() >= so_many).then_some(said)
        };
        self.sim.until(said).await
    }

    /// Waits until no promise is due any more.
    pub async fn promises_kept(&self) {
        let database = Connection::open(&self.config.store.path).unwrap();
        let due = || {
            database
                .query_row("SELECT count(*) FROM promise WHERE state = 'due'", (), |row| row.get::<_, i64>(0))
                .unwrap()
        };
        while due() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Rows of a query, its columns joined by spaces.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let database = Connection::open(&self.config.store.path).unwrap();
        let mut statement = database.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map((), |row| {
            let texts = (0..columns).map(|column| row.get_ref(column).unwrap());
            let texts = texts.map(|value| match value {
                ValueRef::Null => "-".to_owned(),
                ValueRef::Integer(number) => number.to_string(),
                value => value.as_str().unwrap().to_owned(),
            });
            Ok(texts.collect::<Vec<_>>().join(" "))
        });
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    /// What is committed of a member's XP.
    pub fn xp(&self, member: UserId) -> i64 {
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT coalesce(sum(xp), 0) FROM xp WHERE user = ?1";
        database.query_row(sql, [member.sql()], |row| row.get(0)).unwrap()
    }

    /// Rows of the ledger, oldest first, as "what amount by actor".
    pub fn ledger(&self) -> Vec<String> {
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT what, amount, actor FROM ledger ORDER BY id";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| {
            let (what, amount, actor): (String, i64, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("{what} {amount:+}{}", actor.map_or(String::new(), |actor| format!(" by {actor}"))))
        });
        rows.unwrap().map(|row| row.unwrap()).collect()
    }
}

impl Running {
    /// Waits until everything that Discord sent is processed and committed.
    pub async fn settle(&self, house: &House) {
        house.sim.connected().await;
        // What is delivered may still be between the socket and the queue; an answer proves that it came through.
        let pinged = house.slash(house.inn.owner, "ping", &[]).await;
        assert!(pinged.text().contains("Awake") || pinged.text().contains("again in"), "{}", pinged.text());
        self.bot.settle().await;
    }

    /// Ends the bot in order.
    pub async fn stop(self) -> Ended {
        self.stop.send_replace(true);
        let ended = self.session.await.unwrap();
        let store = self.bot.store().clone();
        tokio::task::spawn_blocking(move || store.close()).await.unwrap();
        ended
    }
}
