//! Whose time it is: a ban ends, and everything else is kept, when Discord's time has come, whatever the computer's own
//! clock says. Never early, and no later than a minute.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::{House, Running};
use innkeeper::gateway::Tempo;
use innkeeper::model::{Clock, Effect, Outgoing, Timestamp, UserId};
use innkeeper::sim::world::{Input, SayOptions};
use innkeeper::sim::{Act, Fate};
use innkeeper::store::promises::{self, NewPromise};
use rusqlite::Connection;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 31_536_000_000;

/// Waits that are short where Discord's REST cannot be reached.
fn impatient() -> Tempo {
    Tempo { retry_first: Duration::from_millis(2), ..house::tempo() }
}

impl House {
    /// A bot whose computer is so far off, in milliseconds.
    async fn start_off(&mut self, off_ms: i64) -> Running {
        self.set_off(off_ms);
        self.start().await
    }

    fn set_off(&mut self, off_ms: i64) {
        self.local = Clock::hand(Timestamp::from_ms(self.clock.now().ms() + off_ms));
    }

    /// Somebody steps the computer's clock.
    fn step(&self, off_ms: i64) {
        self.local.step_wall(Timestamp::from_ms(self.clock.now().ms() + off_ms));
    }

    /// Time passes, for Discord and for the computer.
    fn pass(&self, by: Duration) {
        self.clock.advance(by);
        self.local.advance(by);
    }

    /// Waits until the bot has seen what there is and nothing is left that was due before: Discord tells the time in
    /// whole seconds, and small differences are not taken over.
    async fn catch_up(&self, bot: &Running) {
        bot.settle(self).await;
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT count(*) FROM promise WHERE state = 'due' AND due_at <= ?1";
        let overdue = || -> i64 { database.query_row(sql, [self.clock.now().ms() - 3_000], |row| row.get(0)).unwrap() };
        let wait = async {
            while overdue() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(MINUTE, wait).await.unwrap_or_else(|_| panic!("something is late"));
    }

    async fn ban(&self, member: UserId, duration: &str) -> Timestamp {
        let options: [(&str, Input); 3] =
            [("member", member.into()), ("duration", duration.into()), ("reason", "spam".into())];
        let answer = self.slash(self.inn.moderator, "ban", &options).await;
        assert!(answer.text().starts_with("Case **"), "{}", answer.text());
        self.clock.now()
    }

    /// Promises to say something at this time.
    async fn promise_to_say(&self, bot: &Running, text: &str, due_at: Timestamp) {
        let (text, channel, now) = (text.to_owned(), self.inn.general, self.local.now());
        let promise = move |text: &str| NewPromise {
            origin: format!("test:{text}"),
            target: None,
            guild: None,
            about: "say something".to_owned(),
            effect: Effect::SendMessage { channel, message: Outgoing::text(text), reply_to: None },
            due_at,
            tells: None,
        };
        let insert = move |tx: &innkeeper::store::Tx| promises::insert(tx, &promise(&text), now);
        bot.bot.store().write(insert).await.unwrap();
    }

    /// When Discord was asked to lift this ban, on its own clock.
    fn lifted(&self, member: UserId) -> Vec<Timestamp> {
        let path = format!("/bans/{member}");
        let world = self.sim.world();
        let lifted = world.requests().filter(|seen| seen.method == "DELETE" && seen.path.ends_with(&path));
        lifted.map(|seen| seen.at).collect()
    }

    /// When the bot said this in #general.
    fn said(&self, text: &str) -> Vec<Timestamp> {
        let world = self.sim.world();
        let said = world.bot_messages(self.inn.general).into_iter().filter(|message| message.content == text);
        said.map(|message| message.id.time()).collect()
    }
}

/// Once, not early, and no later than a minute.
fn on_time(at: &[Timestamp], due: Timestamp, what: &str) {
    let [at] = at else { panic!("{what}: {at:?}, due at {due}") };
    assert!(*at >= due && *at <= due.plus(MINUTE), "{what}: at {at}, due at {due}");
}

#[tokio::test]
async fn every_end_comes_on_time_while_the_computers_clock_is_off_and_stepped_about() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    for off_ms in [-40 * YEAR_MS, YEAR_MS, 2 * HOUR_MS, -2 * HOUR_MS, 0] {
        let mut house = House::new().await;
        let mut bot = house.start_off(off_ms).await;
        let mut due = Vec::new();
        for nth in 0..10 {
            let member = house.sim.world().join(house.inn.guild, &format!("guest{nth}"));
            let minutes = dice.u64(1..=30);
            let banned = house.ban(member, &format!("{minutes}m")).await;
            let text = format!("it is time for {nth}");
            let at = house.clock.now().plus(Duration::from_secs(dice.u64(60..1_800)));
            house.promise_to_say(&bot, &text, at).await;
            due.push((member, banned.plus(MINUTE * minutes as u32), text, at));
        }
        let mut passed = Duration::ZERO;
        while passed <= HOUR / 2 + MINUTE {
            let by = Duration::from_secs(dice.u64(1..=50));
            passed += by;
            house.pass(by);
            if dice.u8(..5) == 0 {
                house.step(dice.i64(-40 * YEAR_MS..YEAR_MS));
            }
            if dice.u8(..20) == 0 {
                bot.stop().await;
                bot = house.start_off(dice.i64(-40 * YEAR_MS..YEAR_MS)).await;
            }
            house.catch_up(&bot).await;
        }
        for (member, ends_at, text, at) in due {
            on_time(&house.lifted(member), ends_at, &format!("a ban, off by {off_ms} ms, seed {seed}"));
            on_time(&house.said(&text), at, &format!("a message, off by {off_ms} ms, seed {seed}"));
        }
        bot.stop().await;
    }
}

#[tokio::test]
async fn before_discord_told_its_time_nothing_is_kept() {
    for off_ms in [YEAR_MS, -40 * YEAR_MS] {
        let mut house = House::new().await;
        let bot = house.start().await;
        let member = house.member(0);
        let ends_at = house.ban(member, "1h").await.plus(HOUR);
        bot.stop().await;
        // Whatever is asked of Discord's REST now comes to nothing, but its gateway is there.
        house.set_off(off_ms);
        let before = house.sim.world().requests().count();
        house.sim.world().plan("", "", None, Act::Lose(Fate::Cut));
        let bot = house.open_at(impatient()).await;
        house.sim.connected().await;
        house.sim.until(|world| (world.requests().count() >= before + 10).then_some(())).await;
        bot.bot.settle().await;
        {
            let world = house.sim.world();
            let asked: Vec<_> = world.requests().skip(before).map(|seen| seen.path.as_str()).collect();
            let harmless = |path: &&str| path.ends_with("/applications/@me") || path.contains("/gateway");
            assert!(asked.iter().all(harmless), "{asked:?}");
        }
        house.sim.world().clear_plans();
        house.pass(HOUR - MINUTE);
        house.catch_up(&bot).await;
        assert!(house.lifted(member).is_empty(), "off by {off_ms} ms: it is too early");
        house.pass(MINUTE + MINUTE / 2);
        house.catch_up(&bot).await;
        on_time(&house.lifted(member), ends_at, &format!("off by {off_ms} ms"));
        bot.stop().await;
    }
}

#[tokio::test]
async fn what_is_ordered_before_discord_told_its_time_counts_from_the_order() {
    for off_ms in [YEAR_MS, -40 * YEAR_MS] {
        let mut house = House::new().await;
        house.start().await.stop().await;
        house.set_off(off_ms);
        house.sim.world().plan("", "", None, Act::Lose(Fate::Cut));
        let bot = house.open_at(impatient()).await;
        house.sim.connected().await;
        let (member, moderator) = (house.member(0), house.inn.moderator);
        let order = format!("!ban <@{member}> 1h spam");
        let ordered =
            house.sim.world().say(house.inn.general, moderator, &order, SayOptions::default()).unwrap().time();
        let database = Connection::open(&house.config.store.path).unwrap();
        let cases =
            || -> i64 { database.query_row("SELECT count(*) FROM moderation_case", (), |row| row.get(0)).unwrap() };
        while cases() == 0 {
            tokio::task::yield_now().await;
        }
        house.sim.world().clear_plans();
        house.sim.until(|world| world.is_banned(house.inn.guild, member).then_some(())).await;
        let said = |world: &mut innkeeper::sim::World| (!world.direct_messages(moderator).is_empty()).then_some(());
        house.sim.until(said).await;
        house.catch_up(&bot).await;
        assert!(house.lifted(member).is_empty(), "off by {off_ms} ms");
        house.pass(HOUR + MINUTE / 2);
        house.catch_up(&bot).await;
        on_time(&house.lifted(member), ordered.plus(HOUR), &format!("off by {off_ms} ms"));
        bot.stop().await;
    }
}

#[tokio::test]
async fn a_computer_that_slept_catches_up_with_its_next_connection() {
    let mut house = House::new().await;
    let bot = house.start_off(0).await;
    let member = house.member(0);
    house.ban(member, "1h").await;
    house.clock.advance(8 * HOUR);
    house.sim.faults().cut_everything();
    house.sim.until(|world| (!world.is_banned(house.inn.guild, member)).then_some(())).await;
    bot.stop().await;
}
