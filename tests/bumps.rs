//! Bumps: counted from the listing bot's answer, once, and reminded of when the next is due.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::{House, Running};
use innkeeper::model::UserId;
use innkeeper::sim::Strike;
use innkeeper::sim::world::permissions::READ_MESSAGE_HISTORY;
use innkeeper::sim::world::{Chaos, Pings, SayOptions};
use rusqlite::Connection;
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

async fn open_with(change: impl FnOnce(&mut House)) -> (House, Running) {
    let mut house = House::new().await;
    house.sim.world().invite_listing_bot(house.inn.guild);
    house.config.bumps.enabled = true;
    house.config.bumps.channel = Some(house.inn.bot_commands);
    change(&mut house);
    let bot = house.start().await;
    (house, bot)
}

impl House {
    fn bump(&self, member: UserId) {
        self.sim.world().bump(self.inn.bot_commands, member).unwrap();
    }

    async fn bumps(&self, member: UserId) -> String {
        self.slash(member, "bumps", &[]).await.text()
    }

    /// Each member's bumps, and when the last was, as they are stored: what the wire asks for.
    fn stats(&self) -> Vec<(UserId, i64, i64)> {
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT user, count(*) AS bump_count, max(at) AS last_bumped_at FROM bump WHERE guild = ?1
            GROUP BY guild, user ORDER BY min(at)";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([self.inn.guild.sql()], |row| {
            Ok((UserId::try_from(row.get::<_, i64>(0)?).unwrap(), row.get(1)?, row.get(2)?))
        });
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    fn counts(&self) -> Vec<(UserId, i64)> {
        self.stats().into_iter().map(|(user, bumps, _)| (user, bumps)).collect()
    }

    /// How often the bot read the channel of bumps.
    fn looks(&self) -> usize {
        self.sim.world().count_requests("GET", &format!("/channels/{}/messages", self.inn.bot_commands))
    }

    /// What the bot said by itself in the channel of bumps, and whom it pinged.
    fn reminders(&self) -> Vec<(String, Pings)> {
        let world = self.sim.world();
        let said = world.bot_messages(self.inn.bot_commands);
        let reminders = said.iter().filter(|message| message.text().contains("can be bumped again"));
        reminders.map(|message| (message.text(), message.pings.clone())).collect()
    }
}

#[tokio::test]
async fn a_bump_is_counted_and_the_next_is_reminded_of() {
    let (house, bot) = open_with(|_| {}).await;
    let ada = house.member(0);
    assert!(house.bumps(house.member(1)).await.contains("bumped this server **0 times**"), "nothing yet");
    house.bump(ada);
    bot.settle(&house).await;
    let told = house.bumps(ada).await;
    assert!(told.contains("You have bumped this server **once**, last <t:"), "{told}");
    assert!(told.contains("The next bump is due <t:"), "{told}");
    let (_, bumps, last) = house.stats()[0];
    assert!(bumps == 1 && last >= 1_790_000_000_000, "{last}");
    let promises = house.slash(house.inn.moderator, "promises", &[]).await.text();
    assert!(promises.contains("say that the server can be bumped again"), "{promises}");
    house.clock.advance(HOUR * 2);
    bot.settle(&house).await;
    house.promises_kept().await;
    let reminders = house.reminders();
    assert_eq!(reminders.len(), 1);
    assert_eq!(reminders[0].0, "This server can be bumped again: </bump:947088344167366698>.");
    assert!(reminders[0].1.is_empty(), "nobody is pinged unless the configuration says so");
    house.bump(ada);
    bot.settle(&house).await;
    assert_eq!(house.counts(), [(ada, 2)]);
    bot.stop().await;
}

#[tokio::test]
async fn only_the_role_that_is_named_is_pinged_and_there_is_one_reminder_for_a_guild() {
    let (house, bot) = open_with(|house| {
        let role = house.inn.regular_role;
        house.config.bumps.ping_role = Some(role);
        house.sim.world().edit_role(house.inn.guild, role, |role| role.mentionable = true).unwrap();
    })
    .await;
    let role = house.inn.regular_role;
    house.bump(house.member(0));
    bot.settle(&house).await;
    // The next one comes before its time was up for us: the site's clock is a little ahead of its answer.
    house.clock.advance(HOUR * 2 - Duration::from_secs(30));
    let done = vec![json!({"type": "rich", "description": "Bump done!"})];
    house.sim.world().answer_elsewhere(house.inn.bot_commands, house.member(1), "bump", done).unwrap();
    bot.settle(&house).await;
    house.clock.advance(MINUTE);
    bot.settle(&house).await;
    assert!(house.reminders().is_empty(), "the first reminder is not needed any more");
    house.clock.advance(HOUR * 2);
    bot.settle(&house).await;
    house.promises_kept().await;
    let reminders = house.reminders();
    assert_eq!((reminders.len(), &reminders[0].1.roles), (1, &vec![role]));
    bot.stop().await;
}

#[tokio::test]
async fn what_is_no_bump_is_not_counted() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, bert, inn) = (house.member(0), house.member(1), &house.inn);
    house.bump(ada);
    bot.settle(&house).await;
    house.clock.advance(MINUTE);
    // Too early: the listing bot says so, with an embed like the other.
    house.bump(bert);
    let embed = || vec![json!({"type": "rich", "description": "Bump done!"})];
    house.clock.advance(HOUR * 3);
    // Another command; no embed; another channel; somebody who only looks like it.
    house.sim.world().answer_elsewhere(inn.bot_commands, bert, "help", embed()).unwrap();
    house.sim.world().answer_elsewhere(inn.bot_commands, bert, "bump", Vec::new()).unwrap();
    house.sim.world().answer_elsewhere(inn.general, bert, "bump", embed()).unwrap();
    let options = SayOptions { embeds: embed(), kind: Some(20), ..SayOptions::webhook("DISBOARD") };
    house.sim.world().say(inn.bot_commands, bert, "Bump done!", options).unwrap();
    house.say(bert, "/bump");
    bot.settle(&house).await;
    assert_eq!(house.counts(), [(ada, 1)]);
    bot.stop().await;
}

#[tokio::test]
async fn a_replay_counts_once_and_reminds_once() {
    let (house, bot) = open_with(|_| {}).await;
    let ada = house.member(0);
    house.sim.world().set_chaos(Chaos { deliveries: 3, ..Chaos::default() });
    house.bump(ada);
    bot.settle(&house).await;
    bot.stop().await;
    let bot = house.start().await;
    bot.settle(&house).await;
    assert_eq!(house.counts(), [(ada, 1)]);
    house.clock.advance(HOUR * 5);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.reminders().len(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_reminder_that_was_due_while_the_bot_was_off_comes_once() {
    let (house, bot) = open_with(|_| {}).await;
    house.bump(house.member(0));
    bot.settle(&house).await;
    bot.stop().await;
    house.clock.advance(HOUR * 48);
    let bot = house.start().await;
    house.bot_says(house.inn.bot_commands, 1).await;
    house.promises_kept().await;
    bot.stop().await;
    let bot = house.start().await;
    bot.settle(&house).await;
    assert_eq!(house.reminders().len(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn bumps_that_were_missed_are_counted_and_move_the_reminder() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, bert, cleo) = (house.member(0), house.member(1), house.member(2));
    house.bump(ada);
    bot.settle(&house).await;
    assert_eq!(house.looks(), 0, "without a bump there was none to miss");
    bot.stop().await;
    house.sim.world().expire_sessions();
    house.clock.advance(HOUR * 3);
    house.bump(bert);
    house.clock.advance(HOUR * 3);
    house.bump(cleo);
    house.clock.advance(MINUTE);
    // Too early, so it is refused.
    house.bump(ada);
    house.clock.advance(HOUR);
    let bot = house.start().await;
    while house.counts().len() < 3 {
        tokio::task::yield_now().await;
    }
    bot.settle(&house).await;
    assert_eq!(house.counts(), [(ada, 1), (bert, 1), (cleo, 1)]);
    assert!(house.reminders().is_empty(), "the one that was due is not needed any more");
    assert_eq!(house.looks(), 1);
    house.clock.advance(HOUR);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.reminders().len(), 1);
    bot.stop().await;
    let bot = house.start().await;
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!(house.counts(), [(ada, 1), (bert, 1), (cleo, 1)]);
    assert_eq!(house.reminders().len(), 1);
    // So it is for a session that cannot be resumed.
    let looks = house.looks();
    house.clock.advance(HOUR * 3);
    house.sim.world().expire_sessions();
    house.bump(bert);
    house.sim.faults().strike(Strike::InvalidSession(false));
    while house.looks() == looks || house.counts() != [(ada, 1), (bert, 2), (cleo, 1)] {
        tokio::task::yield_now().await;
    }
    bot.stop().await;
}

#[tokio::test]
async fn without_the_history_of_the_channel_the_reminder_comes_as_it_was_promised() {
    let (house, bot) = open_with(|_| {}).await;
    house.bump(house.member(0));
    bot.settle(&house).await;
    let everyone = house.inn.guild.get().to_string().parse().unwrap();
    for role in [everyone, house.inn.bot_role] {
        let no_history = house.sim.world().edit_role(house.inn.guild, role, |role| {
            role.permissions.0 &= !READ_MESSAGE_HISTORY;
        });
        no_history.unwrap();
    }
    bot.settle(&house).await;
    bot.stop().await;
    house.sim.world().expire_sessions();
    house.clock.advance(HOUR * 3);
    let bot = house.start().await;
    bot.settle(&house).await;
    house.promises_kept().await;
    assert_eq!((house.reminders().len(), house.looks()), (1, 0));
    bot.stop().await;
}

#[tokio::test]
async fn boards_and_rewards_are_off_until_somebody_switches_them_on() {
    let (house, bot) = open_with(|_| {}).await;
    let (ada, bert) = (house.member(0), house.member(1));
    house.bump(ada);
    bot.settle(&house).await;
    house.clock.advance(MINUTE);
    let others = house.slash(bert, "bumps", &[("member", ada.into())]).await;
    assert!(others.ephemeral && others.text().contains("listing sites forbid"), "{}", others.text());
    let staff = house.slash(house.inn.admin, "bumps", &[("member", ada.into())]).await.text();
    assert!(staff.contains("has bumped this server **once**"), "{staff}");
    let own = house.bumps(ada).await;
    assert!(!own.contains("1. "), "{own}");
    assert_eq!(house.xp(ada), 0, "a bump earns nothing");
    bot.stop().await;
}

#[tokio::test]
async fn with_boards_and_rewards_members_see_each_other_and_a_bump_earns_like_a_command() {
    let (house, bot) = open_with(|house| {
        (house.config.bumps.boards, house.config.bumps.rewards) = (true, true);
        house.config.levels.command_xp = 5;
    })
    .await;
    let (ada, bert, cleo) = (house.member(0), house.member(1), house.member(2));
    for member in [ada, bert, ada, cleo] {
        house.bump(member);
        bot.settle(&house).await;
        house.clock.advance(HOUR * 2);
    }
    let earned = house.ledger().iter().filter(|row| *row == "command +5").count();
    assert!(earned >= 4 && house.xp(ada) >= 10, "{:?}", house.ledger());
    house.slash(cleo, "privacy", &[("board", "off".into())]).await;
    bot.settle(&house).await;
    let board = house.bumps(bert).await;
    let lines: Vec<_> = board.lines().filter(|line| line.contains(" — ")).collect();
    assert_eq!(lines.len(), 2, "who hides is on no board: {board}");
    assert!(lines[0].starts_with("1. ") && lines[0].ends_with("— 2"), "{board}");
    let others = house.slash(cleo, "bumps", &[("member", ada.into())]).await.text();
    assert!(others.contains("has bumped this server **2 times**"), "{others}");
    bot.stop().await;
}

#[tokio::test]
async fn without_the_switch_there_is_nothing_of_it() {
    let house = House::new().await;
    house.sim.world().invite_listing_bot(house.inn.guild);
    let bot = house.start().await;
    house.bump(house.member(0));
    bot.settle(&house).await;
    assert!(house.counts().is_empty());
    assert!(house.sim.world().slash(house.inn.bot_commands, house.member(0), "bumps", &[]).is_err());
    bot.stop().await;
}
