//! A simulated Discord with its inn, and bots that start on one database.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::gateway::{self, Ended, Pace, Tempo};
use innkeeper::model::{Clock, Secret};
use innkeeper::sim::world::{Answered, Scope};
use innkeeper::sim::{Inn, SayOptions, Sim, SimConfig};
use innkeeper::status::Vitals;
use innkeeper::store::{Store, StoreSettings};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::Folder;

const MEMBERS: usize = 8;
/// Far beyond what any healthy run takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct House {
    pub sim: Sim,
    pub inn: Inn,
    folder: Folder,
}

pub struct Running {
    pub bot: Bot,
    stop: watch::Sender<bool>,
    door: JoinHandle<Ended>,
}

/// Waits in milliseconds where a test waits for them, and patience everywhere else.
pub fn tempo() -> Tempo {
    Tempo {
        backoff_first: Duration::from_millis(2),
        backoff_max: Duration::from_millis(20),
        backoff_network_max: Duration::from_millis(20),
        stable_after: PATIENCE,
        hello_within: PATIENCE,
        ready_within: PATIENCE,
        tick: Duration::from_millis(20),
        ack_grace: PATIENCE,
        close_within: Duration::from_secs(2),
        settle_within: PATIENCE,
        first_answer_after: PATIENCE,
        retry_first: Duration::from_millis(2),
        time_again: Duration::from_millis(20),
        identify: Pace { second: Duration::from_micros(50) },
    }
}

impl House {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut SimConfig)) -> Self {
        // The limits of the simulated Discord pass in real time; tests that are about them switch them on.
        let mut config = SimConfig { identify_gap: Duration::ZERO, rate_limits: false, ..SimConfig::default() };
        change(&mut config);
        let sim = Sim::start(config).await.unwrap();
        let inn = Inn::furnish(&mut sim.world(), MEMBERS);
        Self { sim, inn, folder: Folder::new() }
    }

    /// A bot on the house's database, connected.
    pub async fn start(&self) -> Running {
        self.start_with(tempo(), Clock::real()).await
    }

    pub async fn start_with(&self, tempo: Tempo, clock: Clock) -> Running {
        let running = self.open(tempo, clock).await;
        self.sim.connected().await;
        running
    }

    /// The same without waiting for its connection.
    pub async fn open(&self, tempo: Tempo, clock: Clock) -> Running {
        let vitals = Vitals::new(clock.clone());
        let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(3_600) };
        let store = Store::open(&self.database(), settings, Arc::clone(&vitals)).unwrap();
        let mut config = Config::default();
        config.discord.api_url = self.sim.api_url();
        config.discord.cdn_url = self.sim.api_url();
        let bot = Bot::open(config, store, clock, vitals).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let door = tokio::spawn(gateway::run(bot.clone(), Secret::new(self.sim.token()), tempo, stopping));
        Running { bot, stop, door }
    }

    fn database(&self) -> std::path::PathBuf {
        self.folder.file("inn.db")
    }

    /// A member says something in #general.
    pub fn say(&self, member: usize, text: &str) {
        let mut world = self.sim.world();
        world.say(self.inn.general, self.inn.members[member], text, SayOptions::default()).unwrap();
    }

    /// Waits until the bot's commands are registered.
    pub async fn registered(&self) {
        self.sim.until(|world| (!world.registered(Scope::Global).is_empty()).then_some(())).await;
    }

    pub async fn slash(&self, member: innkeeper::model::UserId, name: &str) -> Answered {
        self.registered().await;
        let id = self.sim.world().slash(self.inn.bot_commands, member, name, &[]).unwrap();
        self.sim.until(|world| world.finished_answer(id)).await
    }

    /// Waits until the bot said so much in #general.
    pub async fn replies(&self, count: usize) {
        let general = self.inn.general;
        self.sim.until(|world| (world.bot_messages(general).len() >= count).then_some(())).await;
    }

    pub async fn until(&self, holds: impl Fn() -> bool) {
        until(holds).await;
    }

    /// When identifies were counted, in milliseconds, in the order of counting.
    pub fn counted_identifies(&self) -> Vec<i64> {
        counted(&self.database())
    }
}

impl Running {
    /// Waits until the engine took so many messages, and holds that there are not more.
    pub async fn messages(&self, count: u64) {
        self.until(|vitals| vitals.messages.load(Relaxed) >= count).await;
        assert_eq!(self.bot.vitals().messages.load(Relaxed), count);
    }

    pub async fn until(&self, holds: impl Fn(&Vitals) -> bool) {
        until(|| holds(self.bot.vitals())).await;
    }

    pub fn problems(&self) -> Vec<String> {
        self.bot.vitals().problems().iter().map(|problem| problem.name.clone()).collect()
    }

    pub async fn stop(self) -> Ended {
        self.stop.send_replace(true);
        self.ended().await
    }

    pub async fn ended(self) -> Ended {
        let ended = tokio::time::timeout(PATIENCE, self.door).await.unwrap().unwrap();
        let store = self.bot.store().clone();
        tokio::task::spawn_blocking(move || store.close()).await.unwrap();
        ended
    }
}

async fn until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it never happened");
}

fn counted(database: &Path) -> Vec<i64> {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut statement = connection.prepare("SELECT at FROM identify ORDER BY rowid").unwrap();
    statement.query_map((), |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
}
