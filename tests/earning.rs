//! Stories about what earns XP, how much and why not: days, filters, repeats, multipliers, announcements.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::House;
use innkeeper::config::{Announce, LevelRole, LevelUpText, Multiplier, RoleMode, XpRange};
use innkeeper::model::{Curve, UserId};
use innkeeper::sim::world::SayOptions;

const DAY: Duration = Duration::from_secs(86_400);

/// What `/why` tells a member, without the times.
async fn why(house: &House, member: UserId) -> String {
    house.slash(member, "why", &[]).await.text()
}

#[tokio::test]
async fn the_first_message_of_a_day_brings_the_bonuses_of_day_and_streak() {
    let house = House::with(|config| {
        config.levels.daily_bonus = 50;
        config.levels.streak_bonus = 10;
    })
    .await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "good morning");
    house.say_later(ada, "and good day");
    // One day is missed and forgiven, then two are missed.
    for days in [1, 2, 3] {
        house.clock.advance(DAY * days);
        house.say(ada, "good morning");
    }
    bot.settle(&house).await;
    let first = ["message +15", "daily +50", "message +15"];
    let streak = ["message +15", "daily +50", "streak +20", "message +15", "daily +50", "streak +30"];
    assert_eq!(house.ledger(), [&first[..], &streak, &["message +15", "daily +50"]].concat());
    assert_eq!(house.xp(ada), 325);
    let told = why(&house, ada).await;
    assert!(told.contains("**+50** daily bonus → 325 XP"), "{told}");
    bot.stop().await;
}

#[tokio::test]
async fn a_day_begins_at_the_communitys_midnight() {
    let house = House::with(|config| {
        config.levels.daily_bonus = 50;
        config.discord.timezone = "Asia/Kathmandu".parse().unwrap();
    })
    .await;
    let bot = house.start().await;
    let ada = house.member(0);
    let zone = &house.config.discord.timezone;
    let midnight = zone.begin_of(zone.day(house.clock.now()).plus(1));
    house
        .clock
        .advance(Duration::from_millis((midnight.ms() - house.clock.now().ms()) as u64) - Duration::from_secs(61));
    house.say(ada, "late");
    house.say_later(ada, "later");
    house.say_later(ada, "early");
    bot.settle(&house).await;
    assert_eq!(house.ledger(), ["message +15", "daily +50", "message +15", "message +15", "daily +50"]);
    bot.stop().await;
}

#[tokio::test]
async fn what_is_ignored_or_too_short_earns_nothing_and_why_says_so() {
    let mut house = House::with(|config| config.levels.min_length = 5).await;
    let (ada, bea, inn) = (house.member(0), house.member(1), house.inn.clone());
    house.config.levels.ignored_channels = vec![inn.bot_commands];
    house.config.levels.ignored_roles = vec![inn.level_5];
    house.sim.world().give_role(inn.guild, bea, inn.level_5).unwrap();
    let bot = house.start().await;
    house.say(ada, "hi");
    house.sim.world().say(inn.bot_commands, ada, "hello there", SayOptions::default()).unwrap();
    house.say(bea, "hello there");
    bot.settle(&house).await;
    assert!(house.ledger().is_empty());
    let told = why(&house, ada).await;
    assert!(told.contains("nothing: too short") && told.contains("nothing: this channel earns nothing"), "{told}");
    let told = why(&house, bea).await;
    assert!(told.contains("nothing: a role of theirs earns nothing"), "{told}");
    house.say(ada, "hello there");
    bot.settle(&house).await;
    assert_eq!(house.ledger(), ["message +15"]);
    bot.stop().await;
}

#[tokio::test]
async fn a_message_like_the_last_few_earns_nothing_even_after_a_restart() {
    let house = House::with(|config| config.levels.repeat_check = true).await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say_later(ada, "Does anybody know when the tavern opens?");
    house.say_later(ada, "My cat bought a castle.");
    house.say_later(ada, "does anybody know, when the Tavern opens...");
    bot.settle(&house).await;
    bot.stop().await;
    let bot = house.start().await;
    house.say_later(ada, "my cat bought a castle!!!");
    house.say_later(ada, "It has nine towers, and she sleeps in all of them.");
    bot.settle(&house).await;
    assert_eq!(house.ledger(), ["message +15"; 3]);
    let told = why(&house, ada).await;
    assert!(told.contains("nothing: much the same as before"), "{told}");
    bot.stop().await;
}

#[tokio::test]
async fn roles_and_channels_multiply_and_a_range_is_drawn_from_the_message() {
    let mut house = House::with(|config| config.levels.message_xp = XpRange { low: 10, high: 20 }).await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    let times = |number: f64| Multiplier::try_from(number).unwrap();
    house.config.levels.multipliers.roles = [(inn.level_5, times(100.0))].into();
    house.config.levels.multipliers.channels = [(inn.bot_commands, times(0.0))].into();
    house.sim.world().give_role(inn.guild, ada, inn.level_5).unwrap();
    let bot = house.start().await;
    for nth in 0..30 {
        house.say_later(ada, &format!("message {nth}"));
    }
    house.sim.world().say(inn.bot_commands, house.member(1), "hello", SayOptions::default()).unwrap();
    bot.settle(&house).await;
    let amounts: Vec<i64> = house.ledger().iter().map(|row| row.rsplit('+').next().unwrap().parse().unwrap()).collect();
    assert!(amounts.iter().all(|xp| (1_000..=2_000).contains(xp) && xp % 100 == 0), "{amounts:?}");
    assert!(amounts.iter().any(|xp| *xp != amounts[0]), "{amounts:?}");
    assert_eq!(amounts.len(), 30);
    bot.stop().await;
}

#[tokio::test]
async fn where_only_the_highest_role_is_held_the_next_one_takes_its_place() {
    let mut house = House::with(|config| {
        config.levels.message_xp = 1_000.into();
        config.levels.role_mode = RoleMode::Highest;
    })
    .await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    let level_role = |level, role| LevelRole { level, role, keep: false };
    house.config.levels.roles = vec![level_role(2, inn.level_5), level_role(4, inn.level_10)];
    let bot = house.start().await;
    let holds = |role, other| {
        move |world: &mut innkeeper::sim::World| {
            (world.has_role(inn.guild, ada, role) && !world.has_role(inn.guild, ada, other)).then_some(())
        }
    };
    house.say(ada, "two levels");
    house.sim.until(holds(inn.level_5, inn.level_10)).await;
    house.promises_kept().await;
    house.say_later(ada, "and two more");
    house.sim.until(holds(inn.level_10, inn.level_5)).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_level_up_is_told_in_the_configured_words_and_pings_when_asked_to() {
    let house = House::with(|config| {
        let levels = &mut config.levels;
        levels.curve = Curve::named("mee6").unwrap();
        levels.message = LevelUpText::parse("{member}: {level}, {tier}, {xp} in {guild}").unwrap();
        levels.message_xp = 300.into();
        levels.announce_ping = true;
    })
    .await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    let said = house.bot_says(house.inn.general, 1).await;
    assert_eq!(said, [format!("<@{ada}>: 2, Basic, 300 in The Lantern & Ladle")]);
    let world = house.sim.world();
    assert_eq!(world.bot_messages(house.inn.general)[0].pings.users, [ada]);
    drop(world);
    bot.stop().await;
}

#[tokio::test]
async fn an_open_command_earns_after_its_answer_and_an_admins_or_refused_one_does_not() {
    let house = House::with(|config| config.levels.command_xp = 5).await;
    let bot = house.start().await;
    let (ada, admin) = (house.member(0), house.inn.admin);
    let answer = house.slash(ada, "rank", &[]).await;
    assert!(answer.text().contains("\nXP\n0\n"), "it tells what was before it: {}", answer.text());
    house.say(ada, "!levels");
    house.bot_says(house.inn.general, 1).await;
    house.slash(admin, "addxp", &[("member", ada.into()), ("amount", 100.into())]).await;
    house.slash(house.member(1), "why", &[("member", ada.into())]).await;
    bot.settle(&house).await;
    let rows = house.ledger();
    assert_eq!(rows.iter().filter(|row| *row == "command +5").count(), 2, "Ada's first, and the ping: {rows:?}");
    assert!(!rows.iter().any(|row| row.starts_with("message")), "{rows:?}");
    assert_eq!(house.xp(ada), 105);
    let why = house.slash(ada, "why", &[]).await;
    assert!(why.text().contains("nothing: cooldown of commands, 30 s left"), "{}", why.text());
    bot.stop().await;
}

#[tokio::test]
async fn many_level_ups_at_once_are_told_in_one_message() {
    let house = House::with(|config| config.levels.message_xp = 600.into()).await;
    let bot = house.start().await;
    for nth in 0..5 {
        house.say(house.member(nth), "hello");
    }
    bot.settle(&house).await;
    house.clock.advance(Duration::from_secs(3));
    // Something has to wake the worker, whose sleep follows the real clock.
    house.say(house.member(5), "hello");
    let said = house.bot_says(house.inn.general, 3).await;
    assert_eq!(said[0], format!("<@{}> has reached level **2**.", house.member(0)));
    let gathered = said.iter().find(|text| text.lines().count() == 4).unwrap();
    assert!((1..5).all(|nth| gathered.contains(&house.member(nth).to_string())), "{said:?}");
    bot.stop().await;
}

#[tokio::test]
async fn members_ask_about_days_levels_and_roles() {
    let mut house = House::with(|config| {
        (config.levels.daily_bonus, config.levels.streak_bonus) = (50, 10);
        config.levels.role_mode = RoleMode::Highest;
    })
    .await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    house.config.levels.roles = vec![LevelRole { level: 2, role: inn.level_5, keep: false }];
    let bot = house.start().await;
    let asked = async |name: &str, options: &[(&str, innkeeper::sim::world::Input)]| {
        house.slash(ada, name, options).await.content().to_owned()
    };
    assert!(asked("daily", &[]).await.starts_with("Today's bonus of 50 XP waits for you"));
    house.say(ada, "hello");
    bot.settle(&house).await;
    assert!(house.slash(inn.admin, "levelpreview", &[]).await.content().contains("has reached level **2**"));
    let takes = asked("calculate", &[("level", 5.into())]).await;
    assert_eq!(takes, "Level 5 begins at 2,750 XP. You need 2,685 more: 179 messages that earn.");
    house.slash(inn.admin, "setlevel", &[("member", ada.into()), ("level", 3.into())]).await;
    house.sim.until(|world| world.has_role(inn.guild, ada, inn.level_5).then_some(())).await;
    house.promises_kept().await;
    house.sim.world().take_role(inn.guild, ada, inn.level_5).unwrap();
    house.say(ada, "!sync");
    house.sim.until(|world| world.has_role(inn.guild, ada, inn.level_5).then_some(())).await;
    // What is for the asker's eyes alone comes in private.
    let told = house.sim.until(|world| world.direct_messages(ada).first().map(|message| message.text())).await;
    assert!(told.starts_with("I am giving <@&"), "{told:?}");
    bot.stop().await;
}

#[tokio::test]
async fn a_reward_that_cannot_or_must_not_be_given_is_a_problem_with_an_action() {
    let mut house = House::with(|config| config.levels.announce = Announce::Off).await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    let reward = |level, role| LevelRole { level, role, keep: false };
    let nowhere = "1234567890123".parse().unwrap();
    house.config.levels.roles = vec![reward(2, inn.moderator_role), reward(3, inn.level_5), reward(4, nowhere)];
    house.sim.world().edit_role(inn.guild, inn.level_5, |role| role.position = 20).unwrap();
    let bot = house.start().await;
    house.slash(inn.admin, "setlevel", &[("member", ada.into()), ("level", 9.into())]).await;
    house.promises_kept().await;
    assert!(!house.sim.world().has_role(inn.guild, ada, inn.moderator_role), "moderation is never a reward");
    let problem = |role: innkeeper::model::RoleId| {
        let problems = bot.bot.vitals().problems();
        problems.iter().find(|problem| problem.name == format!("levels.role.{role}")).cloned()
    };
    assert!(problem(inn.moderator_role).unwrap().detail.contains("moderation permissions"));
    assert!(problem(inn.level_5).unwrap().action.contains("drag my role above it"));
    assert!(problem(nowhere).unwrap().detail.contains("in no server"));
    house.sim.world().edit_role(inn.guild, inn.level_5, |role| role.position = 2).unwrap();
    house.sim.until(|world| world.has_role(inn.guild, ada, inn.level_5).then_some(())).await;
    bot.settle(&house).await;
    assert!(problem(inn.level_5).is_none());
    bot.stop().await;
}
