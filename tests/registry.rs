//! Stories about the commands themselves: set for a server, listed in pages, explained for a member, counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::{House, Running};
use innkeeper::features;
use innkeeper::model::{MessageId, UserId};
use innkeeper::sim::BOT_PERMISSIONS;
use innkeeper::sim::world::{ChannelSpec, Input};
use rusqlite::Connection;

const MINUTE: Duration = Duration::from_secs(60);

/// What a slash command is answered, a little later than the one before.
async fn told(house: &House, member: UserId, name: &str, options: &[(&str, Input)]) -> String {
    house.clock.advance(Duration::from_secs(5));
    house.slash(member, name, options).await.text()
}

async fn set(house: &House, name: &str, options: &[(&str, Input)]) -> String {
    told(house, house.inn.owner, &format!("commands {name}"), options).await
}

fn command(name: &str) -> (&'static str, Input) {
    ("command", name.into())
}

/// What is kept of a command's runs: "user uses ok denied refused cooldown disabled fault", without names.
fn usage(house: &House, command: &str) -> Vec<String> {
    let database = Connection::open(&house.config.store.path).unwrap();
    let sql = "SELECT user, usage_count, ok, denied, refused, cooldown, disabled, fault, last_used_at
        FROM command_usage WHERE command = ?1 ORDER BY last_used_at, user";
    let mut statement = database.prepare(sql).unwrap();
    let nth = |id: i64| house.inn.members.iter().position(|member| member.sql() == id);
    let rows = statement.query_map([command], |row| {
        let counts: Vec<i64> = (1..8).map(|column| row.get(column).unwrap()).collect();
        assert!(row.get::<_, i64>(8).unwrap() > 0);
        Ok(format!("{:?} {counts:?}", nth(row.get(0).unwrap())))
    });
    rows.unwrap().map(|row| row.unwrap()).collect()
}

async fn answer_to(house: &House, message: MessageId) -> String {
    house
        .sim
        .until(|world| {
            let said = world.bot_messages(house.inn.general);
            said.iter().find(|said| said.reply_to == Some(message)).map(|said| said.text())
        })
        .await
}

#[tokio::test]
async fn a_command_that_is_switched_off_is_refused_at_every_door_and_after_a_restart() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    let asked = house.say(ada, "!commands disable rank");
    assert_eq!(answer_to(&house, asked).await, "`commands disable` is for members with the permission Manage Server.");
    assert_eq!(
        set(&house, "disable", &[command("!RANK")]).await,
        "It is now:\n`/rank` · **switched off here** · once in 2 s"
    );
    let off = "`rank` is switched off in this server. Whoever manages the server can switch it on again: \
        `/commands enable command:rank`.";
    assert_eq!(told(&house, ada, "rank", &[]).await, off);
    assert_eq!(told(&house, house.inn.owner, "rank", &[]).await, off);
    house.clock.advance(MINUTE);
    let asked = house.say(ada, "!xp");
    assert_eq!(answer_to(&house, asked).await, off);
    assert!(!told(&house, ada, "help", &[]).await.contains("`/rank`"));
    assert!(told(&house, ada, "help", &[command("rank")]).await.contains("It is switched off in this server."));
    bot.stop().await;

    let bot = house.start().await;
    assert_eq!(told(&house, ada, "rank", &[]).await, off);
    assert_eq!(set(&house, "enable", &[command("rank")]).await, "It is now:\n`/rank` · once in 2 s");
    assert!(told(&house, ada, "rank", &[]).await.contains("XP"));
    bot.settle(&house).await;
    bot.stop().await;
    let database = Connection::open(&house.config.store.path).unwrap();
    let rules: i64 = database.query_row("SELECT count(*) FROM command_rule", (), |row| row.get(0)).unwrap();
    assert_eq!(rules, 0, "what says nothing new is not kept");
    assert_eq!(usage(&house, "rank"), ["None [1, 0, 0, 0, 0, 1, 0]", "Some(0) [4, 1, 0, 0, 0, 3, 0]"]);
}

#[tokio::test]
async fn what_one_server_sets_is_nothing_to_another() {
    let house = House::new().await;
    let (place, other) = {
        let mut world = house.sim.world();
        let other = world.add_user("Somebody else");
        let guild = world.add_guild("Elsewhere", other);
        let place = world.add_channel(guild, ChannelSpec::text("general"));
        world.invite_bot(guild, BOT_PERMISSIONS, 5);
        (place, other)
    };
    let bot = house.start().await;
    let elsewhere = async |name: &str, options: &[(&str, Input)]| {
        let id = house.sim.until(|world| world.slash(place, other, name, options).ok()).await;
        house.sim.until(|world| world.finished_answer(id)).await.text()
    };
    set(&house, "disable", &[command("levels")]).await;
    let off = "is switched off in this server";
    assert!(told(&house, house.member(0), "levels", &[]).await.contains(off));
    assert!(!elsewhere("levels", &[]).await.contains(off));
    assert!(elsewhere("commands disable", &[command("rank")]).await.contains("switched off here"));
    assert!(elsewhere("rank", &[]).await.contains(off));
    assert!(!told(&house, house.member(0), "rank", &[]).await.contains(off));
    bot.stop().await;
}

#[tokio::test]
async fn what_is_needed_to_find_the_way_back_stays() {
    let house = House::new().await;
    let bot = house.start().await;
    for name in ["help", "undo", "commands", "commands list"] {
        let told = set(&house, "disable", &[command(name)]).await;
        assert!(told.contains("is always there as it is"), "{name}: {told}");
    }
    assert_eq!(
        set(&house, "disable", &[command("rnak")]).await,
        "I know no such command, or it is switched off everywhere. `/help` lists what there is."
    );
    let all = set(&house, "disable", &[command("kudos")]).await;
    assert!(all.starts_with("They are now:\n`/kudos give` · **switched off here**"), "{all}");
    assert!(all.contains("`/kudos board` · **switched off here**"), "{all}");
    bot.stop().await;
}

#[tokio::test]
async fn a_cooldown_and_a_level_hold_as_the_server_sets_them() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let now = set(&house, "cooldown", &[command("leaderboard"), ("seconds", 3_600.into())]).await;
    assert_eq!(now, "It is now:\n`/leaderboard` · **once in 1 h**");
    house.slash(ada, "leaderboard", &[]).await;
    let again = house.slash(ada, "leaderboard", &[]).await;
    assert!(again.text().starts_with("`leaderboard` again in 59 min") || again.text().contains("again in 1 h"));
    assert!(!house.slash(bea, "leaderboard", &[]).await.text().contains("again in"));
    set(&house, "cooldown", &[command("leaderboard"), ("seconds", 0.into())]).await;
    assert!(!house.slash(ada, "leaderboard", &[]).await.text().contains("again in"));

    let now = set(&house, "level", &[command("leaderboard"), ("level", 2.into())]).await;
    assert_eq!(now, "It is now:\n`/leaderboard` · **from level 2 on** · **as often as you like**");
    let told_ada = told(&house, ada, "leaderboard", &[]).await;
    assert_eq!(told_ada, "`leaderboard` is for members from level 2 on; you are on level 1.");
    house.slash(house.inn.owner, "setlevel", &[("member", Input::User(ada)), ("level", 2.into())]).await;
    assert!(!told(&house, ada, "leaderboard", &[]).await.contains("is for members from"));
    assert_eq!(set(&house, "level", &[command("leaderboard")]).await.matches("level").count(), 0);
    bot.stop().await;
}

#[tokio::test]
async fn can_explains_each_step_for_another_member() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    set(&house, "cooldown", &[command("can"), ("seconds", 0.into())]).await;
    let can = async |member: UserId, name: &str| {
        told(&house, ada, "can", &[("member", Input::User(member)), command(name)]).await
    };
    assert_eq!(
        can(bea, "rank").await,
        format!(
            "<@{bea}> can use `/rank` here.\n✅ Known: there is a command `/rank`.\n\
             ✅ Member: they are in this server.\n✅ Enabled: it is switched on here.\n\
             ✅ Permission: none is asked for.\n✅ Level: none is asked for.\n\
             ✅ Cooldown: once in 2 s, and they are free to."
        )
    );
    let denied = can(bea, "setlevel").await;
    assert!(denied.starts_with(&format!("<@{bea}> cannot use `/setlevel` here.")), "{denied}");
    assert!(denied.contains("❌ Permission: they lack Manage Server in this channel."), "{denied}");
    assert!(can(house.inn.owner, "setlevel").await.contains("✅ Permission: they have Manage Server, or all."));
    set(&house, "level", &[command("rank"), ("level", 3.into())]).await;
    assert!(can(bea, "rank").await.contains("❌ Level: 3 is asked for; they are on level 1."));
    set(&house, "disable", &[command("rank")]).await;
    assert!(can(bea, "rank").await.contains("❌ Enabled: it is switched off in this server"));
    set(&house, "cooldown", &[command("ping"), ("seconds", 600.into())]).await;
    house.slash(bea, "ping", &[]).await;
    let cooling = can(bea, "ping").await;
    assert!(cooling.starts_with(&format!("<@{bea}> can use `/ping` here, but not yet again.")), "{cooling}");
    assert!(cooling.contains("❌ Cooldown: again in 9 min") || cooling.contains("again in 10 min"), "{cooling}");
    assert!(can(bea, "kudos").await.starts_with("Which one? There are `kudos give`,"));
    let robot = house.sim.world().me();
    assert!(can(robot, "rank").await.contains("❌ Member: bots use no commands."));
    house.sim.world().leave(house.inn.guild, bea).unwrap();
    assert!(can(bea, "rank").await.contains("❌ Member: they are not in this server."));
    bot.stop().await;
}

#[tokio::test]
async fn every_run_is_counted_with_how_it_ended_and_costs_no_commit() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    bot.settle(&house).await;
    let before = *bot.bot.store().version().borrow();
    house.slash(ada, "levels", &[]).await;
    house.slash(ada, "levels", &[]).await;
    house.slash(bea, "levels", &[]).await;
    house.slash(ada, "help", &[command("nonsense")]).await;
    assert_eq!(*bot.bot.store().version().borrow(), before, "reading and counting commit nothing");
    let told_all = set(&house, "usage", &[]).await;
    assert!(told_all.contains("`/levels` **3** (1 cooldown) · "), "what waits is told, too: {told_all}");
    assert!(told_all.contains("`/help` **1** (1 refused) · "), "{told_all}");
    let asked = house.say(bea, &format!("!setlevel <@{bea}> 2"));
    answer_to(&house, asked).await;
    house.promises_kept().await;
    // A row of XP waits to be committed: what was counted goes along with it.
    house.say_later(ada, "good morning");
    bot.settle(&house).await;
    assert_eq!(usage(&house, "levels"), ["Some(0) [2, 1, 0, 0, 1, 0, 0]", "Some(1) [1, 1, 0, 0, 0, 0, 0]"]);
    house.clock.advance(Duration::from_secs(8 * 86_400));
    let week = set(&house, "usage", &[("window", "week".into())]).await;
    assert_eq!(week, "No command has run here in that time.");
    let ever = set(&house, "usage", &[]).await;
    assert!(ever.contains("`/levels` **3**") && ever.contains("`/setlevel` **1** (1 denied) · "), "{ever}");
    assert_eq!(bot.bot.vitals().commands().iter().filter(|count| count.command == "levels").count(), 2);
    bot.stop().await;
    let sums = "SELECT (SELECT sum(usage_count) FROM command_usage) = (SELECT sum(usage_count) FROM command_day)";
    let database = Connection::open(&house.config.store.path).unwrap();
    assert!(database.query_row(sums, (), |row| row.get::<_, bool>(0)).unwrap());
}

#[tokio::test]
async fn help_has_pages_and_buttons_to_turn_them() {
    let house = House::new().await;
    let bot = house.start().await;
    let owner = house.inn.owner;
    let first = house.slash(owner, "help", &[]).await.message.unwrap();
    assert!(first.text().contains("**Levels**"), "{}", first.text());
    let mut seen = first.text();
    let mut page = first;
    let mut turned = 0;
    while page.buttons().any(|button| button["label"] == "Next page ▶") {
        page = house.press(owner, &page, "Next page ▶").await.message.unwrap();
        seen.push_str(&page.text());
        turned += 1;
    }
    assert!(turned >= 1);
    for command in features::commands(&house.config) {
        assert_eq!(
            seen.matches(&format!("`/{}` ", command.name)).count(),
            usize::from(!command.hidden),
            "{}",
            command.name
        );
    }
    assert!(told(&house, owner, "help", &[command("99")]).await.starts_with("There is no page 99; the last one is "));
    let list = house.slash(owner, "commands list", &[]).await.message.unwrap();
    assert!(house.press(owner, &list, "Next page ▶").await.text().contains("Page 2 of"));
    bot.stop().await;
}

#[tokio::test]
async fn a_bot_without_levels_asks_for_none() {
    let house = House::with(|config| config.levels.enabled = false).await;
    let bot: Running = house.start().await;
    let told = set(&house, "level", &[command("ping"), ("level", 2.into())]).await;
    assert_eq!(told, "Levels are switched off here, so nobody has one to ask for.");
    bot.stop().await;
}
