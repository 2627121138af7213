//! The engine, and the only one: what happens goes through [`Bot::observe`], what is asked through [`Bot::invoke`], and
//! what was promised is kept by [`Bot::keep_promises`]. [`Bot::keep_time`] is its own beat.
//!
//! It knows features only as [`crate::features::FEATURES`], and Discord only as the port [`Discord`].

mod access;
mod change;
mod counting;
mod deliver;
mod gate;
mod happenings;
mod invoke;
mod local;
mod minutes;
mod oauth;
mod observe;
mod portrait;
mod presences;
mod promises;
mod record;
mod reload;
mod scruples;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::{Notify, watch};

use crate::command::Command;
use crate::config::{Config, Recipe, Reloaded};
use crate::cx::{Cx, Source};
use crate::features;
use crate::model::oauth::{Grant, OauthClient, Person};
use crate::model::webhook::{Parcel, Posted};
use crate::model::{
    Clock, CommandBook, Delivered, Effect, Event, GuildId, Guilds, Need, Presences, Result, Seen, Setback, Timestamp,
    UserId,
};
use crate::picture::Studio;
use crate::status::vitals::Vitals;
use crate::status::watch::Watched;
use crate::store::happenings::newest;
pub use crate::store::happenings::{Audience, Happening};
use crate::store::promises::find_newest;
pub use crate::store::session::Me;
use crate::store::session::{find_me, save_me};
use crate::store::{QueueFull, Reader, SavedSession, Store, Tx, Work};
use access::{Requests, Standings};
pub use access::{Standing, TokenPair, Visitor};
pub use change::{Change, Changed};
use gate::Cooldowns;
pub use happenings::Happenings;
use oauth::SignIns;
pub use oauth::{CameBack, SIGN_IN_LIFE, SignInBegun, SignInEnded};
use presences::Wanted;

/// A future without a name.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An attempt at an effect.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Lets Discord recognise a message that is sent twice.
    pub nonce: &'a str,
    /// An earlier one may have been carried out although nobody was told.
    pub again: bool,
}

/// The port through which effects reach Discord, and through which somebody is looked up there.
pub trait Discord: Send + Sync {
    /// Performs an effect.
    fn perform<'a>(&'a self, effect: &'a Effect, attempt: Attempt<'a>) -> BoxFuture<'a, Result<Delivered, Setback>>;

    /// Posts to a hook of a program, outside of Discord.
    fn deliver<'a>(&'a self, _: &'a Parcel) -> BoxFuture<'a, Posted> {
        Box::pin(async { Posted::refused("Nothing is delivered here.") })
    }

    /// Who somebody is who comes back from Discord's page with this.
    fn identify<'a>(&'a self, _: &'a OauthClient, _: &'a Grant) -> BoxFuture<'a, Result<Person, Setback>> {
        let words = "Nobody is asked here who somebody is.".to_owned();
        Box::pin(async { Err(Setback::Refused { status: 0, code: 0, words }) })
    }

    /// A user as they are now, in this guild or out of it; none when there is no such user.
    fn look_up(&self, guild: GuildId, user: UserId) -> BoxFuture<'_, Result<Option<Seen>, Setback>>;
}

/// The engine; clones share it.
#[derive(Clone)]
pub struct Bot(Arc<Inner>);

struct Inner {
    config: ArcSwap<Config>,
    /// How it was read, where it can be read again, and what came of that.
    recipe: ArcSwapOption<Recipe>,
    reloaded: ArcSwapOption<Reloaded>,
    reloading: tokio::sync::Mutex<()>,
    /// Moves when settings changed.
    settings: watch::Sender<u64>,
    /// What Discord is to tell.
    needs: watch::Sender<Vec<Need>>,
    store: Store,
    clock: Clock,
    vitals: Arc<Vitals>,
    guilds: Guilds,
    book: CommandBook,
    presences: Presences,
    /// Members whose presence Discord is to be asked for.
    wanted: Wanted,
    me: ArcSwapOption<Me>,
    cooldowns: Cooldowns,
    happenings: Happenings,
    studio: Studio,
    /// Wakes the worker when a promise may have become due.
    promised: Notify,
    /// The newest promise of an earlier run, which may have asked Discord for it without being told.
    inherited: i64,
    /// Moves when Discord was asked for something that was promised.
    tried: watch::Sender<u64>,
    /// Where to look somebody up; none before the gateway is there.
    discord: RwLock<Option<Arc<dyn Discord>>>,
    standings: Standings,
    requests: Requests,
    sign_ins: SignIns,
    /// Whether the key of local development is good.
    is_local: AtomicBool,
    /// Whether programs of other systems are let in without a key at this computer.
    is_keyless: AtomicBool,
    /// Tells whoever keeps the house that somebody asked for its end.
    end: Notify,
}

impl Bot {
    /// An engine over an open store: what the rooms need from the last run is read.
    pub async fn open(config: Config, store: Store, clock: Clock, vitals: Arc<Vitals>) -> Result<Self> {
        let read = |reader: &Reader| Ok((find_me(reader)?, find_newest(reader)?, newest(reader)?));
        let (me, inherited, told) = store.read(read).await?;
        let (wanted, asks) = presences::queue();
        let bot = Self(Arc::new(Inner {
            cooldowns: Cooldowns::default(),
            happenings: Happenings::default(),
            studio: Studio::new(&config.discord.cdn_url),
            needs: watch::Sender::new(features::needs(&config)),
            config: ArcSwap::from_pointee(config),
            recipe: ArcSwapOption::empty(),
            reloaded: ArcSwapOption::empty(),
            reloading: tokio::sync::Mutex::default(),
            settings: watch::Sender::new(0),
            store,
            clock,
            vitals,
            guilds: Guilds::default(),
            book: CommandBook::default(),
            presences: Presences::default(),
            wanted,
            me: ArcSwapOption::new(me.map(Arc::new)),
            promised: Notify::new(),
            inherited,
            tried: watch::Sender::new(0),
            discord: RwLock::new(None),
            standings: Standings::default(),
            requests: Requests::default(),
            sign_ins: SignIns::default(),
            is_local: AtomicBool::new(false),
            is_keyless: AtomicBool::new(false),
            end: Notify::new(),
        }));
        bot.begin_telling(told);
        bot.begin_asking(asks);
        let starting = bot.clone();
        let needs = bot
            .0
            .store
            .write(move |tx: &Tx| {
                let (at, config) = (starting.0.clock.now(), starting.config());
                let cx = || starting.cx(tx, &config, Source::Start(at), (at, starting.0.vitals.watched()));
                let mut needs = features::needs(&config);
                for start in features::switched_on(&config).filter_map(|feature| feature.start) {
                    let mut cx = cx();
                    tx.scope(|| start(&mut cx))?;
                    needs.extend(cx.needs.into_iter().filter(|need| !needs.contains(need)).collect::<Vec<_>>());
                }
                Ok(needs)
            })
            .await?;
        bot.0.needs.send_replace(needs);
        bot.note_counts().await?;
        Ok(bot)
    }

    /// The settings as they are now.
    pub fn config(&self) -> Arc<Config> {
        self.0.config.load_full()
    }

    /// Moves whenever settings change.
    pub fn settings(&self) -> watch::Receiver<u64> {
        self.0.settings.subscribe()
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub fn vitals(&self) -> &Arc<Vitals> {
        &self.0.vitals
    }

    pub fn guilds(&self) -> &Guilds {
        &self.0.guilds
    }

    /// Who the bot is, once Discord told it, now or in an earlier run.
    pub fn me(&self) -> Option<Arc<Me>> {
        self.0.me.load_full()
    }

    /// The bot's own user, where it is known.
    pub fn user(&self) -> Option<UserId> {
        self.0.me.load().as_ref().map(|me| me.user)
    }

    /// Takes over who the bot is.
    pub fn introduce(&self, me: Me) {
        let me = Arc::new(me);
        if self.0.me.swap(Some(me.clone())).is_none_or(|known| known != me) {
            // A resumed session is not told again. Where the queue is full, the next start asks Discord.
            let _ = self.0.store.submit(Box::new(Introduced(me)));
        }
    }

    /// Takes over where somebody can be looked up.
    pub fn meet(&self, discord: Arc<dyn Discord>) {
        *self.0.discord.write().unwrap_or_else(PoisonError::into_inner) = Some(discord);
    }

    fn discord(&self) -> Option<Arc<dyn Discord>> {
        self.0.discord.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks whoever keeps the house to end it in order, as a signal does.
    pub fn ask_to_end(&self) {
        self.0.end.notify_one();
    }

    /// Resolves when somebody asked for the end.
    pub async fn asked_to_end(&self) {
        self.0.end.notified().await;
    }

    /// What happens in the communities, for those outside.
    pub fn happenings(&self) -> &Happenings {
        &self.0.happenings
    }

    /// After their commit: what is in memory follows the events.
    fn tell(&self, events: &[Event]) {
        for event in events {
            self.0.book.follow(event);
            self.0.presences.follow(event);
            self.0.wanted.follow(event);
            if let Some(happening) = happenings::live_of(event, self.0.clock.now()) {
                self.0.happenings.tell(happening);
            }
        }
    }

    /// How guilds set commands, and how these ended lately.
    pub fn book(&self) -> &CommandBook {
        &self.0.book
    }

    /// Whose presence is looked after, and how far that is.
    pub fn presences(&self) -> &Presences {
        &self.0.presences
    }

    /// Where pictures are drawn.
    pub fn studio(&self) -> &Studio {
        &self.0.studio
    }

    /// The commands of the features that are switched on.
    pub fn commands(&self) -> Vec<&'static Command> {
        features::commands(&self.0.config.load())
    }

    /// What features, and what they have to do, have to be told by Discord. It grows while the bot runs.
    pub fn needs(&self) -> watch::Receiver<Vec<Need>> {
        self.0.needs.subscribe()
    }

    /// Has Discord tell this as well, which takes a new session where it is news.
    fn need(&self, more: &[Need]) {
        self.0.needs.send_if_modified(|needs| {
            let known = needs.len();
            needs.extend(more.iter().filter(|need| !needs.contains(need)).copied().collect::<Vec<_>>());
            needs.len() > known
        });
    }

    /// Resolves when everything handed over so far is committed; tells how far the session is on the disk.
    pub async fn settle(&self) -> Option<SavedSession> {
        self.0.store.settle().await.ok().flatten()
    }

    /// Discord's time. As long as none of its answers told it, the moment of what is handled is the better word, where
    /// Discord gave it one: this computer's clock may be years off.
    fn time(&self, given: Option<Timestamp>) -> Timestamp {
        given.filter(|_| !self.0.clock.is_told()).unwrap_or_else(|| self.0.clock.now())
    }

    /// `now` is the time for rooms, and how much the bot could see until then.
    fn cx<'a>(
        &'a self,
        tx: &'a Tx,
        config: &'a Config,
        source: Source,
        (now, watched): (Timestamp, Watched),
    ) -> Cx<'a> {
        Cx {
            tx,
            config,
            guilds: &self.0.guilds,
            book: &self.0.book,
            presences: &self.0.presences,
            vitals: &self.0.vitals,
            me: self.user(),
            now,
            watched,
            source,
            asked_in: None,
            door: None,
            channel: None,
            message: None,
            command: None,
            is_command: false,
            reloaded: None,
            emitted: Vec::new(),
            needs: Vec::new(),
        }
    }
}

/// Stores who the bot is.
struct Introduced(Arc<Me>);

impl Work for Introduced {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        save_me(tx, &self.0)
    }

    fn done(self: Box<Self>, result: Result<()>) {
        if let Err(fault) = result {
            tracing::warn!(%fault, "who I am could not be stored");
        }
    }
}
