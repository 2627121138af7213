//! Everything that `run` and `demo` have in common: the store, the engine, the doors, the lamp, and the order in which
//! they begin and end.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::shed::shed_code;
use super::{Exit, complain};
use crate::bot::Bot;
use crate::config::{Config, Recipe, SignIn};
use crate::door;
use crate::features;
use crate::gateway::{self, Ended, Tempo};
use crate::http::{self, Door};
use crate::lamp::{Lamp, Light};
use crate::model::{Clock, Secret};
use crate::status::vitals::Part;
use crate::status::{Board, Card, Face, FaceSettings, Vitals};
use crate::store::{InstanceLock, OpenError, Store, StoreSettings};
use crate::wires;

/// How long a thread that waits for the disk is kept for the next who has to. Each keeps memory of its own, and hardly
/// anybody asks for anything most of the time.
const BLOCKING_KEPT: Duration = Duration::from_millis(500);
/// Worker threads of the runtime: the gateway's loop, and one for everybody else.
const WORKERS: usize = 2;
/// Threads for queries and files.
const BLOCKING_MAX: usize = 8;
/// How long a part may stand still before the watchdog is no longer told that all is well.
const STANDSTILL_MAX: Duration = Duration::from_secs(60);
/// So long after Discord said that we are ready, the start is over.
const SETTLED_AFTER: Duration = Duration::from_secs(1);
/// How long the parts have to end after a signal.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Set to 1, the key of local development is good at this computer. It is no setting: no file can switch it on.
const LOCAL: &str = "INNKEEPER_LOCAL";

/// Why the house does not open, in words.
pub struct CannotOpen {
    words: String,
    exit: Exit,
}

impl CannotOpen {
    fn failed(words: impl fmt::Display) -> Self {
        Self { words: words.to_string(), exit: Exit::Failed }
    }

    /// Says so, and how the process ends.
    pub fn complain(&self) -> Exit {
        complain(&self.words, self.exit)
    }
}

impl From<OpenError> for CannotOpen {
    fn from(error: OpenError) -> Self {
        let exit = if error.permanent { Exit::DoNotRestart } else { Exit::Failed };
        Self { words: error.to_string(), exit }
    }
}

/// What the house is opened with.
pub struct Plan {
    pub config: Config,
    pub token: Secret,
    pub clock: Clock,
    pub face: FaceSettings,
    /// How to read the configuration again, where it came from outside.
    pub recipe: Option<Recipe>,
}

/// The house with its doors open.
pub struct House {
    bot: Bot,
    token: Secret,
    board: Arc<Board>,
    lamp: Option<Lamp>,
    /// Where the pages are, with the real port.
    pub pages: Option<SocketAddr>,
    /// Where the lamp is.
    pub lamp_at: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
    _lock: InstanceLock,
}

/// The runtime that everything but the writer and the lamp runs on.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_keep_alive(BLOCKING_KEPT)
        .max_blocking_threads(BLOCKING_MAX)
        .enable_all()
        .build()
}

impl House {
    /// Opens everything but the gateway. Nothing is left behind when something is in the way.
    pub async fn open(plan: Plan) -> Result<Self, CannotOpen> {
        let Plan { mut config, token, clock, face, recipe } = plan;
        let vitals = Vitals::new(clock.clone());
        let lock = InstanceLock::take(&config.store.path)?;
        let settings = StoreSettings {
            batch_rows: config.store.batch_rows,
            batch_wait: Duration::from_secs(config.store.batch_seconds),
        };
        let pages = listen("http.listen", &config.http.listen)?;
        let pages_at = pages.as_ref().and_then(|listener| listener.local_addr().ok());
        if let Some(address) = pages_at {
            // With the real port, for links.
            config.http.listen = address.to_string();
        }
        let store = Store::open(&config.store.path, settings, vitals.clone())?;
        let opened = Bot::open(config.clone(), store.clone(), clock.clone(), vitals.clone()).await;
        let bot = opened.map_err(|error| CannotOpen::failed(format!("the database could not be read: {error}")))?;
        if std::env::var_os(LOCAL).is_some_and(|value| value == "1") {
            bot.accept_local_key();
        }
        if let Some(recipe) = recipe {
            bot.reads_again(recipe);
        }
        let board = Board::new(clock);
        let face = Face { vitals, board: board.clone(), settings: Arc::new(face) };
        let (stop, stopping) = watch::channel(false);
        let lamp = match listen("lamp.listen", &config.lamp.listen)? {
            Some(listener) => Some(light(listener, face.clone(), &config)?),
            None => None,
        };
        let server = match pages {
            Some(listener) => {
                let door = Door {
                    bot: Some(bot.clone()),
                    rooms: features::api::routes,
                    wires: wires::WIRES,
                    ..Door::new(face, &config, bot.happenings())
                };
                let portraits = http::portraits(bot.clone());
                Some(tokio::spawn(async move {
                    if let Err(error) = http::serve(listener, door, portraits, stopping).await {
                        tracing::error!(%error, "the pages are not served");
                    }
                }))
            }
            None => None,
        };
        let lamp_at = lamp.as_ref().map(|lamp| lamp.addr);
        Ok(Self { bot, token, board, lamp, pages: pages_at, lamp_at, stop, server, _lock: lock })
    }

    /// Lets programs of other systems in without a key, at this computer.
    pub fn let_in_keyless(&self) {
        self.bot.accept_keyless();
    }

    /// Lets people sign in by Discord's page, as far as that is set up.
    pub fn let_sign_in(&self, by: SignIn) {
        match by {
            SignIn::Off => {}
            SignIn::Half { detail, action } => {
                tracing::warn!("{detail} {action}");
                self.bot.vitals().problem("oauth", detail, action);
            }
            SignIn::On(client) => self.bot.sign_in_by(client),
        }
    }

    /// Lets people in until `end` resolves, somebody who may asks for the end, or Discord shows the bot the door; then
    /// ends everything in order.
    pub async fn keep(self, tempo: Tempo, end: impl Future<Output = ()>) -> Exit {
        let stopping = self.stop.subscribe();
        let redraw = tokio::spawn(redraw(self.bot.clone(), self.board.clone(), stopping.clone()));
        let watchdog = tokio::spawn(watchdog(self.bot.clone(), self.lamp.is_some(), stopping.clone()));
        let shedding = tokio::spawn(shed(self.bot.clone()));
        let rereading = tokio::spawn(reread(self.bot.clone(), stopping.clone()));
        let (bot, token) = (self.bot.clone(), self.token.clone());
        let mut session = tokio::spawn(gateway::run(bot, token, tempo, stopping));
        let mut exit = Exit::Ok;
        let ended = tokio::select! {
            () = end => None,
            () = self.bot.asked_to_end() => None,
            ended = &mut session => Some(ended),
        };
        match &ended {
            Some(Ok(Ended::Fatal(words))) => exit = complain(words, Exit::DoNotRestart),
            // Nobody asked for this, so whoever watches over the process should start it again.
            Some(Err(fault)) => exit = complain(&format!("the session broke off: {fault}"), Exit::Failed),
            Some(Ok(Ended::Stopped)) | None => {}
        }
        shedding.abort();
        let _ = self.stop.send(true);
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        let rest = async {
            if ended.is_none() {
                let _ = session.await;
            }
            let _ = tokio::join!(redraw, watchdog, rereading);
            if let Some(server) = self.server {
                let _ = server.await;
            }
        };
        if tokio::time::timeout(END_WITHIN, rest).await.is_err() {
            tracing::warn!("something did not end in time; what is committed is safe");
        }
        let store = self.bot.store().clone();
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
        if let Some(lamp) = self.lamp {
            lamp.stop();
        }
        exit
    }
}

fn listen(key: &str, address: &str) -> Result<Option<TcpListener>, CannotOpen> {
    if address.is_empty() {
        return Ok(None);
    }
    door::listen(key, address).map(Some).map_err(CannotOpen::failed)
}

/// Lights the lamp on a listener; its private socket is in the runtime folder, or beside the database.
fn light(listener: TcpListener, face: Face, config: &Config) -> Result<Lamp, CannotOpen> {
    let folder = run_folder(&config.store.path);
    let lamp = Lamp::start(listener, Light::new(face, config), &folder);
    lamp.map_err(|error| CannotOpen::failed(format!("the lamp does not burn: {error}")))
}

fn run_folder(database: &Path) -> PathBuf {
    // systemd names it for us; elsewhere the database's folder is ours for certain.
    let given = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from).filter(|folder| folder.is_dir());
    let beside = || database.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
    given.or_else(beside).unwrap_or_else(|| PathBuf::from("."))
}

/// Draws the cards of the rooms anew when something was committed.
async fn redraw(bot: Bot, board: Arc<Board>, stop: watch::Receiver<bool>) {
    let version = bot.store().version();
    let draw = || {
        let bot = bot.clone();
        async move { cards(&bot).await }
    };
    board.keep(version, stop, draw).await;
}

async fn cards(bot: &Bot) -> crate::model::Result<Vec<Card>> {
    let (config, guilds, now) = (bot.config(), bot.guilds().list(), bot.clock().now());
    bot.store().read(move |reader| features::cards(reader, &config, &guilds, now)).await
}

/// Tells systemd that the bot lives while the loop, the writer and the lamp turn. A lost gateway is no reason to
/// restart: it heals by itself.
async fn watchdog(bot: Bot, has_lamp: bool, mut stop: watch::Receiver<bool>) {
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let Some(every) = sd_notify::watchdog_enabled().map(|within| within / 3) else { return };
    loop {
        let parts = [Part::Loop, Part::Writer, Part::Lamp];
        let turns = |part: &Part| bot.vitals().beat_age(*part).is_none_or(|age| age < STANDSTILL_MAX);
        if parts.iter().filter(|part| has_lamp || **part != Part::Lamp).all(turns) {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        } else {
            tracing::error!("a part stands still; the watchdog is not told that all is well");
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Once the start is over, what only it needed goes.
async fn shed(bot: Bot) {
    while !bot.vitals().was_ready.load(Relaxed) {
        tokio::time::sleep(SETTLED_AFTER).await;
    }
    tokio::time::sleep(SETTLED_AFTER).await;
    shed_code();
}

/// Reads the configuration again whenever the process is told to (SIGHUP).
async fn reread(bot: Bot, mut stop: watch::Receiver<bool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        tracing::warn!("SIGHUP cannot be awaited; /reload still works");
        return;
    };
    loop {
        tokio::select! {
            told = hangup.recv() => if told.is_none() { return },
            _ = stop.changed() => return,
        }
        bot.reload().await;
    }
}

/// Resolves when the process is asked to end.
pub async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be awaited; end the process with a kill");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
