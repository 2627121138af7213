//! Voice: whole minutes in a call are paid while it goes on, and what is not paid has a reason.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
#[path = "voice/oracle.rs"]
mod oracle;
mod support;

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use house::{House, Running};
use innkeeper::bot::Bot;
use innkeeper::config::{Announce, Config, LevelRole};
use innkeeper::model::{ChannelId, Event, UserId};
use innkeeper::sim::world::VoiceFlags;
use innkeeper::sim::{Entrance, World};
use innkeeper::status::vitals::GatewayState;
use innkeeper::store::{Progress, QUEUE_MAX, SessionKey, Tx, Work};
use rusqlite::Connection;
use support::{Folder, hand_clock, open_store};

const PLAIN: VoiceFlags = VoiceFlags {
    mute: false,
    deaf: false,
    self_mute: false,
    self_deaf: false,
    self_stream: false,
    self_video: false,
    suppress: false,
};

/// A house, its bot, and three people by name.
struct Evening {
    house: House,
    bot: Running,
    ada: UserId,
    ben: UserId,
    cleo: UserId,
}

impl Evening {
    async fn begin() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let house = House::with(|config| {
            config.levels.announce = Announce::Off;
            change(config);
        });
        let house = house.await;
        let bot = house.start().await;
        let (ada, ben, cleo) = (house.member(0), house.member(1), house.member(2));
        Self { house, bot, ada, ben, cleo }
    }

    fn enter(&self, who: UserId, channel: ChannelId, flags: VoiceFlags) {
        self.house.sim.world().voice(self.house.inn.guild, who, Some(channel), flags).unwrap();
    }

    fn sit(&self, people: &[UserId]) {
        people.iter().for_each(|who| self.enter(*who, self.house.inn.fireside, PLAIN));
    }

    fn leave(&self, who: UserId) {
        self.house.sim.world().voice(self.house.inn.guild, who, None, PLAIN).unwrap();
    }

    /// Time passes, and Discord gives a sign of life.
    async fn wait(&self, seconds: u64) {
        self.bot.settle(&self.house).await;
        self.house.clock.advance(Duration::from_secs(seconds));
        self.bot.settle(&self.house).await;
    }

    async fn minutes(&self, minutes: u32) {
        for _ in 0..minutes {
            self.wait(60).await;
            self.bot.bot.pass_minute();
        }
        self.bot.bot.settle().await;
    }

    /// What somebody earned in voice.
    fn earned(&self, who: UserId) -> i64 {
        let database = Connection::open(&self.house.config.store.path).unwrap();
        let sql = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE what = 'voice' AND user = ?1";
        database.query_row(sql, [who.sql()], |row| row.get(0)).unwrap()
    }

    /// What `/why` tells somebody.
    async fn why(&self, who: UserId) -> String {
        self.house.slash(who, "why", &[]).await.text()
    }
}

#[tokio::test]
async fn a_call_is_paid_by_the_whole_minute_and_nobody_is_paid_alone() {
    let evening = Evening::begin().await;
    let (ada, ben) = (evening.ada, evening.ben);
    evening.sit(&[ada, ben]);
    evening.minutes(3).await;
    assert_eq!((evening.earned(ada), evening.earned(ben)), (30, 30));
    evening.wait(59).await;
    evening.leave(ben);
    evening.minutes(5).await;
    assert_eq!((evening.earned(ada), evening.earned(ben)), (30, 30), "59 seconds are no minute");
    assert!(evening.why(ada).await.contains("voice while alone (5 min)"), "{}", evening.why(ada).await);
    // The second that was missing: it is the same stay.
    evening.sit(&[ben]);
    evening.wait(1).await;
    evening.bot.bot.pass_minute();
    evening.bot.bot.settle().await;
    assert_eq!((evening.earned(ada), evening.earned(ben)), (40, 30), "ben began a new one");
    let why = evening.why(ben).await;
    assert!(why.contains("**+30** voice minutes"), "what follows each other is one: {why}");
    evening.bot.stop().await;
}

#[tokio::test]
async fn who_is_muted_deafened_in_the_attic_or_with_a_bot_earns_nothing_and_is_told_why() {
    let evening = Evening::begin().await;
    let (ada, cleo) = (evening.ada, evening.cleo);
    let fireside = evening.house.inn.fireside;
    let cases = [
        (VoiceFlags { self_mute: true, ..PLAIN }, "muted"),
        (VoiceFlags { mute: true, ..PLAIN }, "muted"),
        (VoiceFlags { suppress: true, ..PLAIN }, "muted"),
        (VoiceFlags { self_mute: true, self_deaf: true, ..PLAIN }, "deafened"),
        (VoiceFlags { deaf: true, ..PLAIN }, "deafened"),
    ];
    // Each asks but once: commands have a cooldown.
    evening.sit(&[evening.house.inn.admin]);
    for (nth, (flags, word)) in cases.into_iter().enumerate() {
        let who = evening.house.member(nth + 1);
        evening.enter(who, fireside, flags);
        evening.minutes(1).await;
        assert_eq!(evening.earned(who), 0, "{flags:?}");
        let why = evening.why(who).await;
        assert!(why.contains(&format!("voice while {word} (1 min)")), "{flags:?}: {why}");
        evening.leave(who);
    }
    assert_eq!(evening.earned(evening.house.inn.admin), 50, "the muted are company all the same");
    evening.leave(evening.house.inn.admin);
    let radio = evening.house.sim.world().add_bot("radio");
    assert!(evening.house.sim.world().rejoin(evening.house.inn.guild, radio));
    evening.sit(&[ada, radio]);
    evening.minutes(2).await;
    assert_eq!((evening.earned(ada), evening.earned(radio)), (0, 0));
    let attic = evening.house.inn.attic;
    [ada, cleo].iter().for_each(|who| evening.enter(*who, attic, PLAIN));
    evening.minutes(2).await;
    assert_eq!(evening.earned(ada), 0);
    let why = evening.why(ada).await;
    assert!(why.contains("voice in the AFK channel (2 min)") && why.contains("voice while alone (2 min)"), "{why}");
    // It is the guild that says where the idle go.
    evening.house.sim.world().set_afk_channel(evening.house.inn.guild, None);
    evening.minutes(1).await;
    assert_eq!((evening.earned(ada), evening.earned(cleo)), (10, 10));
    evening.bot.stop().await;
}

#[tokio::test]
async fn each_rule_can_be_switched_off() {
    let evening = Evening::with(|config| {
        config.levels.voice_xp_per_minute = 7;
        let voice = &mut config.levels.voice;
        (voice.count_muted, voice.count_deafened, voice.count_alone, voice.count_afk) = (true, true, true, true);
    });
    let evening = evening.await;
    let flags = VoiceFlags { self_mute: true, self_deaf: true, suppress: true, ..PLAIN };
    evening.enter(evening.ada, evening.house.inn.attic, flags);
    evening.minutes(2).await;
    assert_eq!(evening.earned(evening.ada), 14);
    evening.bot.stop().await;
    let off = Evening::with(|config| config.levels.voice_xp_per_minute = 0).await;
    off.sit(&[off.ada, off.ben]);
    off.minutes(2).await;
    assert_eq!(off.earned(off.ada), 0);
    off.bot.stop().await;
}

#[tokio::test]
async fn who_was_in_voice_before_the_bot_came_is_paid_from_then_on() {
    let house = House::with(|config| config.levels.announce = Announce::Off).await;
    let (ada, ben, cleo) = (house.member(0), house.member(1), house.member(2));
    let radio = house.sim.world().add_bot("radio");
    assert!(house.sim.world().rejoin(house.inn.guild, radio));
    let sit = |world: &mut World, who, channel| world.voice(house.inn.guild, who, Some(channel), PLAIN).unwrap();
    [ada, ben].iter().for_each(|who| sit(&mut house.sim.world(), *who, house.inn.fireside));
    [cleo, radio].iter().for_each(|who| sit(&mut house.sim.world(), *who, house.inn.attic));
    house.sim.world().set_afk_channel(house.inn.guild, None);
    house.clock.advance(Duration::from_secs(3_600));
    let bot = house.start().await;
    let evening = Evening { house, bot, ada, ben, cleo };
    evening.minutes(2).await;
    assert_eq!((evening.earned(ada), evening.earned(ben), evening.earned(cleo)), (20, 20, 0));
    evening.bot.stop().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_call_costs_the_running_minute_at_most_and_pays_nothing_unseen() {
    let mut evening = Evening::begin().await;
    let (ada, ben, cleo) = (evening.ada, evening.ben, evening.cleo);
    evening.sit(&[ada, ben, cleo]);
    evening.minutes(2).await;
    evening.wait(90).await;
    evening.bot.stop().await;
    evening.house.clock.advance(Duration::from_secs(3_600));
    evening.house.sim.world().voice(evening.house.inn.guild, cleo, None, PLAIN).unwrap();
    evening.bot = evening.house.start().await;
    assert_eq!(evening.earned(ada), 30, "the whole minute was paid before the house closed");
    evening.minutes(2).await;
    assert_eq!(evening.bot.bot.vitals().resumes.load(Relaxed), 1, "nothing was told again");
    assert_eq!((evening.earned(ada), evening.earned(ben), evening.earned(cleo)), (50, 50, 30));
    evening.bot.stop().await;
}

#[tokio::test]
async fn a_session_that_does_not_tell_of_voice_is_not_resumed_once_voice_is_switched_on() {
    let mut house = House::with(|config| config.levels.voice_xp_per_minute = 0).await;
    let (ada, ben, cleo) = (house.member(0), house.member(1), house.member(2));
    let bot = house.start().await;
    let sit = |who| house.sim.world().voice(house.inn.guild, who, Some(house.inn.fireside), PLAIN).unwrap();
    [ada, ben].into_iter().for_each(sit);
    bot.settle(&house).await;
    bot.stop().await;
    house.config.levels.voice_xp_per_minute = 10;
    house.clock.advance(Duration::from_secs(60));
    let bot = house.start().await;
    let evening = Evening { house, bot, ada, ben, cleo };
    evening.minutes(1).await;
    assert_eq!((evening.house.sim.world().identifies(), evening.earned(ada)), (2, 10));
    evening.bot.stop().await;
}

#[tokio::test]
async fn what_the_bot_did_not_see_is_not_paid_and_a_new_session_begins_anew() {
    let evening = Evening::begin().await;
    let (ada, ben, cleo) = (evening.ada, evening.ben, evening.cleo);
    evening.sit(&[ada, ben, cleo]);
    evening.minutes(1).await;
    let sim = &evening.house.sim;
    let vitals = evening.bot.bot.vitals().clone();
    let lose = async |forget: bool| {
        [Entrance::Gateway, Entrance::Resume].iter().for_each(|door| sim.faults().set_open(*door, false));
        // Dead for an hour before anybody notices.
        evening.house.clock.advance(Duration::from_secs(3_600));
        sim.faults().cut_everything();
        while vitals.gateway() == GatewayState::Connected {
            tokio::task::yield_now().await;
        }
        evening.house.clock.advance(Duration::from_secs(3_600));
        if forget {
            sim.world().expire_sessions();
            evening.leave(ben);
        }
        [Entrance::Gateway, Entrance::Resume].iter().for_each(|door| sim.faults().set_open(*door, true));
        while vitals.gateway() != GatewayState::Connected {
            tokio::task::yield_now().await;
        }
    };
    lose(false).await;
    evening.minutes(1).await;
    assert_eq!(evening.earned(ada), 20);
    assert!(evening.why(ada).await.contains("voice while I was not connected (120 min)"), "{}", evening.why(ada).await);
    lose(true).await;
    evening.minutes(1).await;
    assert_eq!((evening.earned(ada), evening.earned(ben), evening.earned(cleo)), (30, 20, 30));
    evening.bot.stop().await;
}

#[tokio::test]
async fn a_level_reached_in_voice_is_announced_for_each_with_their_roles() {
    let mut house = House::with(|config| config.levels.voice_xp_per_minute = 2_750).await;
    house.config.levels.roles = vec![LevelRole { level: 5, role: house.inn.level_5, keep: false }];
    let bot = house.start().await;
    let (ada, ben, cleo) = (house.member(0), house.member(1), house.member(2));
    let evening = Evening { house, bot, ada, ben, cleo };
    evening.sit(&[ada, ben]);
    evening.minutes(1).await;
    let (house, inn) = (&evening.house, &evening.house.inn);
    // The second is held back a little, in case there are more. A message wakes who keeps the promises.
    evening.bot.settle(house).await;
    house.clock.advance(Duration::from_secs(3));
    house.say(cleo, "hello");
    let mut said = house.bot_says(inn.fireside, 2).await;
    said.sort();
    assert_eq!(said, [ada, ben].map(|who| format!("<@{who}> has reached level **5**.")));
    let has = |who| move |world: &mut World| world.has_role(inn.guild, who, inn.level_5).then_some(());
    house.sim.until(has(ada)).await;
    house.sim.until(has(ben)).await;
    evening.bot.stop().await;
}

#[tokio::test]
async fn channels_and_roles_multiply_a_minute_or_make_it_worth_nothing() {
    let mut house = House::with(|config| config.levels.announce = Announce::Off).await;
    let levels = &mut house.config.levels;
    levels.voice_xp_per_minute = 5;
    levels.ignored_roles = vec![house.inn.moderator_role];
    levels.multipliers.channels.insert(house.inn.fireside, 0.5.try_into().unwrap());
    let bot = house.start().await;
    let (ada, ben, cleo) = (house.member(0), house.inn.moderator, house.member(2));
    let evening = Evening { house, bot, ada, ben, cleo };
    evening.sit(&[ada, ben]);
    evening.wait(180).await;
    evening.minutes(1).await;
    assert_eq!((evening.earned(ada), evening.earned(ben)), (12, 0), "each minute is rounded by itself");
    assert!(evening.why(ben).await.contains("a role of theirs earns nothing"), "{}", evening.why(ben).await);
    evening.bot.stop().await;
}

/// Work that holds the writer up until the test lets go.
struct Hold(mpsc::Receiver<()>);

impl Work for Hold {
    fn run(&mut self, _: &Tx) -> innkeeper::model::Result<()> {
        let _ = self.0.recv();
        Ok(())
    }

    fn done(self: Box<Self>, _: innkeeper::model::Result<()>) {}
}

#[tokio::test]
async fn a_minute_commits_nothing_moves_no_session_and_gives_way_to_a_full_queue() {
    let folder = Folder::new();
    let (store, vitals) = open_store(&folder.file("a.db"));
    let bot = Bot::open(Config::default(), store.clone(), hand_clock(), vitals).await.unwrap();
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    let progress = |sequence| Progress { session: session.clone(), sequence };
    bot.observe(None, progress(5)).unwrap();
    bot.settle().await;
    let version = *store.version().borrow();
    bot.pass_minute();
    bot.pass_minute();
    assert_eq!(bot.settle().await.unwrap().sequence, 5);
    assert_eq!(*store.version().borrow(), version);
    let (let_go, held) = mpsc::channel();
    store.submit(Box::new(Hold(held))).unwrap();
    (0..QUEUE_MAX + 2).for_each(|_| bot.pass_minute());
    assert!(bot.observe(Some(Event::MinutePassed), progress(6)).is_err(), "the queue is full");
    let_go.send(()).unwrap();
    assert_eq!(bot.settle().await.unwrap().sequence, 5);
    bot.pass_minute();
    assert_eq!(bot.settle().await.unwrap().sequence, 5);
    store.close();
}
