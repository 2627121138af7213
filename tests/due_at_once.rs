//! A thousand promises due at once: kept within Discord's limits, in due order in each channel, in bounded time, and
//! without a single 429. Time is the runtime's, moved by hand; the simulated Discord's limits pass on the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use innkeeper::bot::{Bot, BoxFuture};
use innkeeper::config::Config;
use innkeeper::gateway::{Performer, Reply, Request, Rest, Unreachable, Wire};
use innkeeper::model::{ChannelId, Clock, Deed, Effect, GuildId, Outgoing, Secret, UserId};
use innkeeper::sim::world::ChannelSpec;
use innkeeper::sim::{Inn, World, WorldConfig, rest};
use innkeeper::status::vitals::Vitals;
use innkeeper::store::promises::{self, NewPromise};
use innkeeper::store::{Store, StoreSettings};
use support::{Folder, hand_clock};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// By so much time moves on at once.
const STEP: Duration = Duration::from_millis(20);
/// How long a request and an answer are on their way.
const WAY_MS: std::ops::Range<u64> = 15..35;

/// The simulated Discord without sockets, at the end of a way of some length.
#[derive(Clone)]
struct Far(Arc<Mutex<World>>);

impl Wire for Far {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        Box::pin(async move {
            sleep(Duration::from_millis(fastrand::u64(WAY_MS))).await;
            let answer = {
                let mut world = self.0.lock().unwrap();
                let mut asked = rest::Request::new(&world, request.method, &request.path);
                let header = |name: &str| request.headers.iter().find(|(known, _)| *known == name);
                asked.content_type = header("content-type").map(|(_, value)| value.clone());
                asked.body = request.body.unwrap_or_default();
                world.request(&asked)
            };
            sleep(Duration::from_millis(fastrand::u64(WAY_MS))).await;
            Ok(Reply { status: answer.status, headers: answer.headers, body: answer.body })
        })
    }
}

/// A bot that keeps promises, with as much of Discord as that needs.
struct Office {
    world: Arc<Mutex<World>>,
    inn: Inn,
    clock: Clock,
    bot: Bot,
    performer: Performer,
    _folder: Folder,
    /// As long as it lives, time moves by hand alone.
    _brake: std::sync::mpsc::Sender<()>,
}

impl Office {
    async fn open() -> Self {
        let clock = hand_clock();
        let mut world = World::new(clock.clone(), WorldConfig::default());
        let inn = Inn::furnish(&mut world, 0);
        let world = Arc::new(Mutex::new(world));
        let folder = Folder::new();
        let vitals = Vitals::new(clock.clone());
        let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(3_600) };
        let store = Store::open(&folder.file("a.db"), settings, vitals.clone()).unwrap();
        let bot = Bot::open(Config::default(), store, clock.clone(), vitals.clone()).await.unwrap();
        clock.learn(clock.now(), Duration::ZERO);
        vitals.was_ready.store(true, std::sync::atomic::Ordering::Relaxed);
        let wire = Box::new(Far(world.clone()));
        let rest = Rest::new(wire, Secret::new("sim.token.innkeeper"), vitals.clone(), Duration::from_millis(500));
        let performer = Performer::new(rest, vitals, bot.guilds().clone(), bot.studio().clone());
        let (brake, held) = std::sync::mpsc::channel::<()>();
        // The runtime's paused clock leaps as soon as nothing is to be done, and to it our disk's work is nothing.
        tokio::task::spawn_blocking(move || held.recv());
        Self { world, inn, clock, bot, performer, _folder: folder, _brake: brake }
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn channels(&self, count: usize) -> Vec<ChannelId> {
        let mut world = self.world();
        (0..count).map(|nth| world.add_channel(self.inn.guild, ChannelSpec::text(&format!("c{nth}")))).collect()
    }

    /// Makes these promises, each due a millisecond after the one before and all of them by now, in any order.
    async fn promise(&self, mut effects: Vec<Effect>, dice: &mut fastrand::Rng) {
        let now = self.clock.now();
        let count = effects.len() as i64;
        let due = |nth: i64| innkeeper::model::Timestamp::from_ms(now.ms() - count + nth);
        let mut numbered: Vec<_> = effects.drain(..).zip(0..).map(|(effect, nth)| (effect, due(nth))).collect();
        dice.shuffle(&mut numbered);
        let insert = move |tx: &innkeeper::store::Tx| {
            for (nth, (effect, due_at)) in numbered.iter().enumerate() {
                let promise = NewPromise {
                    origin: format!("{nth}:{due_at}"),
                    target: None,
                    guild: None,
                    about: "do something".to_owned(),
                    effect: effect.clone(),
                    due_at: *due_at,
                    tells: None,
                };
                promises::insert(tx, &promise, now)?;
            }
            Ok(())
        };
        self.bot.store().write(insert).await.unwrap();
    }

    async fn left(&self) -> u64 {
        self.bot.store().read(|reader| promises::count(reader)).await.unwrap().0
    }

    /// Keeps promises until this holds; how long that took.
    async fn keep_until(&self, at_most: Duration, holds: impl Fn() -> bool) -> Duration {
        let (stop, stopping) = watch::channel(false);
        let began = Instant::now();
        let (told, took) = tokio::sync::oneshot::channel();
        let time = async move {
            while !holds() {
                assert!(began.elapsed() < at_most, "{} are left after {at_most:?}", self.left().await);
                self.rest_of_step().await;
                tokio::time::advance(STEP).await;
                self.clock.advance(STEP);
            }
            let took = began.elapsed();
            stop.send_replace(true);
            // Whatever is still on its way arrives.
            let _ = told.send(took);
            loop {
                self.rest_of_step().await;
                tokio::time::advance(STEP).await;
                self.clock.advance(STEP);
            }
        };
        tokio::select! {
            () = self.bot.keep_promises(&self.performer, stopping) => {}
            () = time => {}
        }
        took.await.unwrap()
    }

    fn none_is_left(&self) -> bool {
        self.bot.store().read_here(|reader| promises::count(reader)).unwrap().0 == 0
    }

    /// Lets everything be done that can be done without time passing: our disk counts as quick.
    async fn rest_of_step(&self) {
        let mut seen = (0, 0);
        loop {
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            let _ = self.bot.settle().await;
            let left = self.left().await;
            let now = (left, *self.bot.store().version().borrow());
            if now == seen {
                break;
            }
            seen = now;
        }
    }

    fn without_429(&self) {
        let world = self.world();
        assert_eq!(world.requests().filter(|seen| seen.status == 429).count(), 0);
        assert_eq!(world.invalid_requests(), 0);
    }
}

fn say(channel: ChannelId, nth: usize) -> Effect {
    Effect::SendMessage { channel, message: Outgoing::text(format!("{nth}")), reply_to: None }
}

fn unban(guild: GuildId, user: UserId) -> Effect {
    Effect::Act { guild, user, deed: Deed::Unban, reason: "over".to_owned(), tell: None }
}

fn dice() -> fastrand::Rng {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    fastrand::seed(seed);
    fastrand::Rng::with_seed(seed)
}

/// Each channel has its messages, all of them and in due order.
fn in_order(office: &Office, said: &[(ChannelId, usize)]) {
    let mut wanted: HashMap<ChannelId, Vec<String>> = HashMap::new();
    for (channel, nth) in said {
        wanted.entry(*channel).or_default().push(nth.to_string());
    }
    let world = office.world();
    for (channel, wanted) in wanted {
        let found: Vec<_> = world.bot_messages(channel).iter().map(|message| message.content.clone()).collect();
        assert_eq!(found, wanted);
    }
}

/// A thousand messages over so many channels, which may take so long.
async fn messages(channels: usize, at_most: Duration) {
    let mut dice = dice();
    let office = Office::open().await;
    let channels = office.channels(channels);
    let said: Vec<_> = (0..1_000).map(|nth| (channels[dice.usize(..channels.len())], nth)).collect();
    office.promise(said.iter().map(|(channel, nth)| say(*channel, *nth)).collect(), &mut dice).await;
    let took = office.keep_until(at_most, || office.none_is_left()).await;
    println!("{} channels: {took:?}", channels.len());
    in_order(&office, &said);
    office.without_429();
    office.bot.store().close();
}

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_over_many_channels_are_sent_as_fast_as_discord_lets_us() {
    // Fifty requests a second at most.
    messages(250, Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_over_few_channels_are_sent_as_fast_as_discord_lets_us() {
    // Five messages in five seconds and channel.
    messages(8, Duration::from_secs(200)).await;
}

/// Keeps these promises, and one message in another channel that becomes due last; how many were left when it was said.
async fn among(office: &Office, mut effects: Vec<Effect>, dice: &mut fastrand::Rng) -> u64 {
    let channel = office.channels(1)[0];
    effects.push(say(channel, 1));
    office.promise(effects, dice).await;
    let said = || !office.world().bot_messages(channel).is_empty();
    office.keep_until(Duration::from_secs(400), said).await;
    office.left().await
}

#[tokio::test(start_paused = true)]
async fn a_crowd_of_bans_that_end_at_once_holds_up_no_message() {
    let mut dice = dice();
    let office = Office::open().await;
    let guild = office.inn.guild;
    let lift = |nth| {
        let mut world = office.world();
        let user = world.add_user(&format!("user{nth}"));
        world.ban(guild, user, None);
        unban(guild, user)
    };
    let ends: Vec<_> = (0..300).map(lift).collect();
    // Ten bans are lifted in ten seconds.
    let left = among(&office, ends, &mut dice).await;
    assert!(left > 280, "{left} bans were left");
    office.keep_until(Duration::from_secs(400), || office.none_is_left()).await;
    assert!(office.world().guild(guild).unwrap().bans.is_empty());
    office.without_429();
    office.bot.store().close();
}

#[tokio::test(start_paused = true)]
async fn many_busy_channels_hold_up_no_message_in_a_quiet_one() {
    let mut dice = dice();
    let office = Office::open().await;
    let busy = office.channels(40);
    let backlog: Vec<_> = (0..1_000).map(|nth| say(busy[nth % busy.len()], nth)).collect();
    let left = among(&office, backlog, &mut dice).await;
    assert!(left > 900, "{left} messages were left");
    office.without_429();
    office.bot.store().close();
}
