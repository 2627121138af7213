//! Welcome: newcomers are greeted once they can be seen, are given their first roles, and are missed when they leave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::{House, Running};
use innkeeper::config::Welcome;
use innkeeper::model::saying::MemberText;
use innkeeper::model::{ChannelId, RoleId, UserId};
use innkeeper::sim::Strike;
use innkeeper::sim::world::permissions::KICK_MEMBERS;
use rusqlite::Connection;

const HOUR: Duration = Duration::from_secs(3_600);

/// A house that greets in #introductions, says goodbye in #off-topic, and gives newcomers a role.
async fn open() -> (House, Running) {
    open_with(|_, _| {}).await
}

async fn open_with(change: impl FnOnce(&mut Welcome, &House)) -> (House, Running) {
    open_in(House::new().await, change).await
}

async fn open_in(mut house: House, change: impl FnOnce(&mut Welcome, &House)) -> (House, Running) {
    let mut welcome = Welcome {
        enabled: true,
        channel: Some(house.inn.introductions),
        leave_channel: Some(house.inn.off_topic),
        autorole: vec![house.inn.regular_role],
        ..Welcome::default()
    };
    change(&mut welcome, &house);
    house.config.welcome = welcome;
    let bot = house.start().await;
    (house, bot)
}

impl House {
    async fn greetings(&self, so_many: usize) -> Vec<String> {
        self.bot_says(self.inn.introductions, so_many).await
    }

    /// Everything that was said so far, once nothing more is on its way.
    async fn said(&self, bot: &Running, channel: ChannelId) -> Vec<String> {
        bot.settle(self).await;
        self.promises_kept().await;
        self.sim.world().bot_messages(channel).iter().map(|message| message.text()).collect()
    }

    fn has_role(&self, user: UserId, role: RoleId) -> bool {
        self.sim.world().has_role(self.inn.guild, user, role)
    }

    /// The newcomers whom the bot gave a role, in order.
    fn given(&self) -> Vec<UserId> {
        let world = self.sim.world();
        let puts = world.requests().filter(|seen| seen.method == "PUT" && seen.path.contains("/roles/"));
        puts.map(|seen| seen.path.split('/').rev().nth(2).unwrap().parse().unwrap()).collect()
    }

    /// The targets of promises, done or not, in their order, and whether they were called off.
    fn promised(&self, targets: &str) -> Vec<(String, bool)> {
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT target, state = 'cancelled' FROM promise WHERE target GLOB ?1 ORDER BY due_at, id";
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([targets], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    fn waiting(&self) -> i64 {
        let database = Connection::open(&self.config.store.path).unwrap();
        database.query_row("SELECT count(*) FROM welcome_waiting", (), |row| row.get(0)).unwrap()
    }
}

fn greetings_of(came: &[UserId]) -> Vec<String> {
    came.iter().map(|user| format!("Welcome to The Lantern & Ladle, <@{user}>!")).collect()
}

#[tokio::test]
async fn a_newcomer_is_greeted_given_a_role_and_missed() {
    let (house, bot) = open().await;
    let mira = house.sim.world().join(house.inn.guild, "Mira *Sol*");
    assert_eq!(house.greetings(1).await, [format!("Welcome to The Lantern & Ladle, <@{mira}>!")]);
    house.sim.until(|world| world.has_role(house.inn.guild, mira, house.inn.regular_role).then_some(())).await;
    let greeting = house.sim.world().bot_messages(house.inn.introductions)[0].clone();
    assert!(greeting.pings.users.is_empty(), "nobody asked for a ping");
    house.sim.world().leave(house.inn.guild, mira).unwrap();
    assert_eq!(house.bot_says(house.inn.off_topic, 1).await, ["Mira \\*Sol\\* has left."]);
    bot.stop().await;
}

#[tokio::test]
async fn who_has_to_accept_the_rules_is_greeted_when_they_have_and_once_over_restarts() {
    let (house, bot) = open().await;
    let guild = house.inn.guild;
    let mira = house.sim.world().join_screened(guild, "Mira");
    assert!(house.said(&bot, house.inn.introductions).await.is_empty());
    assert!(!house.has_role(mira, house.inn.regular_role));
    bot.stop().await;
    house.clock.advance(HOUR);
    house.sim.world().accept_rules(guild, mira).unwrap();
    let bot = house.start().await;
    assert_eq!(house.greetings(1).await.len(), 1);
    house.sim.until(|world| world.has_role(guild, mira, house.inn.regular_role).then_some(())).await;
    // Further changes, a lost connection and another start say nothing more.
    house.sim.world().set_nick(guild, mira, Some("Miri")).unwrap();
    house.sim.faults().strike(Strike::InvalidSession(true));
    house.sim.world().set_nick(guild, mira, None).unwrap();
    assert_eq!(house.said(&bot, house.inn.introductions).await.len(), 1);
    bot.stop().await;
    let bot = house.start().await;
    house.sim.world().set_nick(guild, mira, Some("M")).unwrap();
    assert_eq!(house.said(&bot, house.inn.introductions).await.len(), 1);
    assert_eq!(house.waiting(), 0);
    bot.stop().await;
}

#[tokio::test]
async fn who_takes_more_than_a_day_is_given_the_role_without_a_word() {
    let (house, bot) = open().await;
    let guild = house.inn.guild;
    let mira = house.sim.world().join_screened(guild, "Mira");
    bot.settle(&house).await;
    house.clock.advance(HOUR * 25);
    house.sim.world().accept_rules(guild, mira).unwrap();
    house.sim.until(|world| world.has_role(guild, mira, house.inn.regular_role).then_some(())).await;
    assert!(house.said(&bot, house.inn.introductions).await.is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn who_was_seen_to_accept_by_nobody_is_greeted_with_their_first_message() {
    let (house, bot) = open().await;
    let guild = house.inn.guild;
    let mira = house.sim.world().join_screened(guild, "Mira");
    bot.settle(&house).await;
    // A client of theirs accepts without any word of Discord's.
    house.say(mira, "hello, all");
    assert_eq!(house.greetings(1).await.len(), 1);
    house.say(mira, "hello again");
    assert_eq!(house.said(&bot, house.inn.introductions).await.len(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn who_leaves_before_accepting_is_neither_greeted_nor_missed() {
    let (house, bot) = open().await;
    let guild = house.inn.guild;
    let mira = house.sim.world().join_screened(guild, "Mira");
    house.sim.world().leave(guild, mira).unwrap();
    assert!(house.said(&bot, house.inn.off_topic).await.is_empty());
    assert!(house.said(&bot, house.inn.introductions).await.is_empty());
    assert_eq!(house.waiting(), 0);
    // Coming back begins anew.
    house.sim.world().rejoin(guild, mira);
    assert_eq!(house.greetings(1).await.len(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn bots_are_neither_greeted_nor_missed_unless_told() {
    let (house, bot) = open().await;
    let guild = house.inn.guild;
    let music = house.sim.world().add_bot("Music");
    house.sim.world().rejoin(guild, music);
    house.sim.world().leave(guild, music).unwrap();
    assert!(house.said(&bot, house.inn.introductions).await.is_empty());
    assert!(house.said(&bot, house.inn.off_topic).await.is_empty());
    bot.stop().await;
    let (house, bot) = open_with(|welcome, _| welcome.bots = true).await;
    let music = house.sim.world().add_bot("Music");
    house.sim.world().rejoin(house.inn.guild, music);
    assert_eq!(house.greetings(1).await.len(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_role_with_power_is_never_given_and_the_page_says_so() {
    let (house, bot) = open_with(|welcome, house| welcome.autorole.insert(0, house.inn.moderator_role)).await;
    let guild = house.inn.guild;
    let mira = house.sim.world().join(guild, "Mira");
    house.sim.until(|world| world.has_role(guild, mira, house.inn.regular_role).then_some(())).await;
    house.said(&bot, house.inn.introductions).await;
    assert!(!house.has_role(mira, house.inn.moderator_role));
    let problems = bot.bot.vitals().problems();
    let problem = problems.iter().find(|problem| problem.name.starts_with("welcome.autorole.")).unwrap();
    assert!(problem.detail.contains("has moderation permissions, so nobody is given it"), "{}", problem.detail);
    bot.stop().await;
}

#[tokio::test]
async fn a_role_that_gains_power_while_it_is_owed_is_not_given() {
    let (house, bot) = open().await;
    let (guild, role) = (house.inn.guild, house.inn.regular_role);
    // Above the bot's own, so that Discord refuses it and the promise stays open.
    let position = house.sim.world().guild(guild).unwrap().roles[&role].position;
    house.sim.world().edit_role(guild, role, |role| role.position = 99).unwrap();
    bot.settle(&house).await;
    let mira = house.sim.world().join(guild, "Mira");
    house.said(&bot, house.inn.introductions).await;
    assert!(!house.has_role(mira, role));
    house
        .sim
        .world()
        .edit_role(guild, role, |role| {
            (role.position, role.permissions.0) = (position, role.permissions.0 | KICK_MEMBERS)
        })
        .unwrap();
    house.said(&bot, house.inn.introductions).await;
    house.sim.world().edit_role(guild, role, |role| role.permissions.0 &= !KICK_MEMBERS).unwrap();
    house.said(&bot, house.inn.introductions).await;
    assert!(!house.has_role(mira, role), "what was called off stays so");
    bot.stop().await;
}

#[tokio::test]
async fn of_several_greetings_each_newcomer_gets_one_and_a_ping_where_wanted() {
    let texts = ["A {name}", "B {name}", "C {name}"].map(|text| MemberText::parse(text).unwrap());
    let (house, bot) = open_with(|welcome, _| (welcome.messages, welcome.ping) = (texts.into(), true)).await;
    for nth in 0..12 {
        house.sim.world().join(house.inn.guild, &format!("Guest{nth}"));
    }
    let greetings = house.greetings(12).await;
    for variant in ["A ", "B ", "C "] {
        assert!(greetings.iter().any(|greeting| greeting.starts_with(variant)), "{greetings:?}");
    }
    // In the order in which they came.
    let names: Vec<_> = greetings.iter().map(|greeting| greeting[2..].to_lowercase()).collect();
    assert_eq!(names, (0..12).map(|nth| format!("guest{nth}")).collect::<Vec<_>>());
    bot.stop().await;
}

#[tokio::test]
async fn a_channel_that_is_gone_is_named_on_the_page() {
    let (house, bot) = open().await;
    house.sim.world().delete_channel(house.inn.introductions).unwrap();
    let mira = house.sim.world().join(house.inn.guild, "Mira");
    house.sim.until(|world| world.has_role(house.inn.guild, mira, house.inn.regular_role).then_some(())).await;
    let problems = bot.bot.vitals().problems();
    assert!(problems.iter().any(|problem| problem.name == "welcome.channel"), "{problems:?}");
    bot.stop().await;
}

#[tokio::test]
async fn a_first_role_that_is_gone_is_named_on_the_page_and_holds_up_no_greeting() {
    let (house, bot) = open().await;
    house.sim.world().delete_role(house.inn.guild, house.inn.regular_role).unwrap();
    house.sim.world().join(house.inn.guild, "Mira");
    assert_eq!(house.said(&bot, house.inn.introductions).await.len(), 1);
    let problems = bot.bot.vitals().problems();
    assert!(problems.iter().any(|problem| problem.name.starts_with("welcome.autorole.")), "{problems:?}");
    assert_eq!(house.sim.world().count_requests("PUT", "/roles/"), 0);
    bot.stop().await;
}

#[tokio::test]
async fn five_hundred_at_once_are_all_greeted_in_order() {
    let (house, bot) = open().await;
    let came: Vec<_> = (0..500).map(|nth| house.sim.world().join(house.inn.guild, &format!("Guest{nth}"))).collect();
    assert_eq!(house.said(&bot, house.inn.introductions).await, greetings_of(&came));
    assert!(came.iter().all(|user| house.has_role(*user, house.inn.regular_role)));
    bot.stop().await;
}

#[tokio::test]
async fn a_raid_stays_within_the_limits_in_order_and_delays_no_moderator() {
    // Discord takes five messages of a channel in five seconds, and ten roles of a server in ten: all of this would
    // take more than eight minutes.
    let (house, bot) = open_in(House::with_limits(|_| {}).await, |_, _| {}).await;
    let (guild, regular) = (house.inn.guild, house.inn.regular_role);
    let came: Vec<_> = (0..500).map(|nth| house.sim.world().join(guild, &format!("Guest{nth}"))).collect();
    house.greetings(5).await;
    // The last of them is thrown out while nearly all of it is still to come.
    let raider = came[499];
    let options = [("member", raider.into()), ("reason", "raid".into())];
    let answer = house.slash(house.inn.moderator, "kick", &options).await;
    assert!(answer.text().starts_with("Case **1**: kicked"), "{}", answer.text());
    bot.settle(&house).await;
    let greeted = house.greetings(5).await;
    assert!(greeted.len() < 500);
    assert_eq!(greeted, greetings_of(&came)[..greeted.len()]);
    let given = house.given();
    assert!(!given.is_empty() && given.len() < 500);
    assert_eq!(given, came[..given.len()]);
    assert_eq!(house.sim.world().invalid_requests(), 0, "no limit was run into");
    // What is to come is in order, too, but for who is not here any more.
    let greetings = came.iter().map(|user| (format!("welcome:{guild}:{user}"), *user == raider));
    assert_eq!(house.promised("welcome:*"), greetings.collect::<Vec<_>>());
    let roles = came.iter().map(|user| (format!("autorole:{guild}:{user}:{regular}"), *user == raider));
    assert_eq!(house.promised("autorole:*"), roles.collect::<Vec<_>>());
    // A bot in order would wait here for what is on its way.
    drop(bot);
}
