//! Stories: what members and admins live through, with the real engine, a simulated Discord and a clock moved by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use expect_test::expect;
use house::House;
use innkeeper::config::{Announce, Audience, LevelRole};
use innkeeper::features;
use innkeeper::gateway::Ended;
use innkeeper::model::UserId;
use innkeeper::sim::Act;
use innkeeper::sim::Response;
use innkeeper::sim::world::SayOptions;

#[tokio::test]
async fn a_message_earns_once_a_minute_and_rank_tells() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    house.say(ada, "hello again");
    house.clock.advance(Duration::from_secs(59));
    house.say(ada, "too early");
    house.clock.advance(Duration::from_secs(1));
    house.say(ada, "a minute later");
    let answer = house.slash(ada, "rank", &[]).await;
    expect![[r#"
        Selo
        ▱▱▱▱▱▱▱▱▱▱▱▱
        470 XP to level 2
        Level
        1 · Basic
        XP
        30
        Rank
        #1 of 1"#]]
    .assert_eq(&answer.text());
    assert!(!answer.ephemeral && answer.kind == 4);
    assert_eq!(house.xp(ada), 30, "what an answer tells is on the disk");
    bot.stop().await;
}

#[tokio::test]
async fn bots_webhooks_and_the_system_earn_nothing() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    {
        let mut world = house.sim.world();
        world.say(house.inn.general, ada, "joined", SayOptions::system(7)).unwrap();
        world.say(house.inn.general, ada, "from outside", SayOptions::webhook("news")).unwrap();
        let me = world.me();
        world.say(house.inn.general, me, "talking to myself", SayOptions::system(0)).unwrap();
    }
    bot.settle(&house).await;
    assert!(house.ledger().is_empty());
    house.say(ada, "hello");
    bot.settle(&house).await;
    assert_eq!(house.ledger(), ["message +15"]);
    bot.stop().await;
}

#[tokio::test]
async fn a_level_up_is_announced_once_and_pings_nobody() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    for nth in 0..34 {
        house.say_later(ada, &format!("message {nth}"));
    }
    let said = house.bot_says(house.inn.general, 1).await;
    assert_eq!(said, [format!("<@{ada}> has reached level **2**.")]);
    let world = house.sim.world();
    let message = world.bot_messages(house.inn.general)[0].clone();
    assert!(message.pings.users.is_empty() && !message.pings.everyone, "{:?}", message.pings);
    drop(world);
    bot.stop().await;
}

#[tokio::test]
async fn an_announcement_survives_a_discord_that_is_down_and_a_restart() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    let path = format!("/channels/{}/messages", house.inn.general);
    house.sim.world().plan("POST", &path, None, Act::Answer(Response::json(503, &serde_json::json!({}))));
    for nth in 0..34 {
        house.say_later(ada, &format!("message {nth}"));
    }
    house.sim.until(|world| (world.count_requests("POST", &path) > 0).then_some(())).await;
    bot.stop().await;
    assert!(house.sim.world().bot_messages(house.inn.general).is_empty());
    house.sim.world().clear_plans();
    house.clock.advance(Duration::from_secs(3_600));
    let bot = house.start().await;
    let said = house.bot_says(house.inn.general, 1).await;
    assert_eq!(said, [format!("<@{ada}> has reached level **2**.")]);
    bot.settle(&house).await;
    assert_eq!(house.sim.world().bot_messages(house.inn.general).len(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn level_roles_are_given_taken_and_repaired() {
    let mut house = House::with(|config| config.levels.announce = Announce::Off).await;
    house.config.levels.roles = level_roles(&house);
    let bot = house.start().await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    let has = |role| move |world: &mut innkeeper::sim::World| world.has_role(inn.guild, ada, role).then_some(());
    let lost = |role| move |world: &mut innkeeper::sim::World| (!world.has_role(inn.guild, ada, role)).then_some(());
    house.slash(inn.admin, "setlevel", &[("member", ada.into()), ("level", 10.into())]).await;
    house.sim.until(has(inn.level_5)).await;
    house.sim.until(has(inn.level_10)).await;
    house.slash(inn.admin, "setlevel", &[("member", ada.into()), ("level", 7.into())]).await;
    house.sim.until(lost(inn.level_10)).await;
    house.promises_kept().await;
    // Somebody takes the role by hand: the next message repairs it.
    house.sim.world().take_role(inn.guild, ada, inn.level_5).unwrap();
    house.say_later(ada, "where is my role?");
    house.sim.until(has(inn.level_5)).await;
    let reasons: Vec<_> = house.sim.world().requests().filter_map(|seen| seen.reason.clone()).collect();
    assert!(reasons.iter().all(|reason| reason.starts_with("Innkeeper: ")), "{reasons:?}");
    bot.stop().await;
}

#[tokio::test]
async fn a_role_above_the_bots_is_refused_once_and_given_when_the_bot_may() {
    let mut house = House::with(|config| config.levels.announce = Announce::Off).await;
    house.config.levels.roles = level_roles(&house);
    let (ada, inn) = (house.member(0), house.inn.clone());
    let above = |position| move |role: &mut innkeeper::sim::world::state::Role| role.position = position;
    house.sim.world().edit_role(inn.guild, inn.level_5, above(20)).unwrap();
    let bot = house.start().await;
    house.slash(inn.admin, "setlevel", &[("member", ada.into()), ("level", 5.into())]).await;
    let path = format!("/members/{ada}/roles/{}", inn.level_5);
    house.sim.until(|world| (world.count_requests("PUT", &path) == 1).then_some(())).await;
    for _ in 0..5 {
        house.say_later(ada, "hello");
    }
    bot.settle(&house).await;
    assert_eq!(house.sim.world().count_requests("PUT", &path), 1, "what Discord refused is not asked again and again");
    house.sim.world().edit_role(inn.guild, inn.level_5, above(2)).unwrap();
    house.sim.until(|world| world.has_role(inn.guild, ada, inn.level_5).then_some(())).await;
    bot.stop().await;
}

fn level_roles(house: &House) -> Vec<LevelRole> {
    let role = |level, role| LevelRole { level, role, keep: false };
    vec![role(5, house.inn.level_5), role(10, house.inn.level_10)]
}

#[tokio::test]
async fn admins_change_xp_and_the_ledger_names_them() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, admin) = (house.member(0), house.inn.admin);
    let answer = house.slash(admin, "addxp", &[("member", ada.into()), ("amount", 500.into())]).await;
    assert_eq!(answer.content(), format!("<@{ada}> has 500 XP now, was 0 (level 2, was 1). `/undo L1` takes it back."));
    assert!(answer.ephemeral);
    let answer = house.slash(admin, "addxp", &[("member", ada.into()), ("amount", (-9_000).into())]).await;
    assert_eq!(answer.content(), format!("<@{ada}> has 0 XP now, was 500 (level 1, was 2). `/undo L2` takes it back."));
    house.slash(admin, "setlevel", &[("member", ada.into()), ("level", 5.into())]).await;
    let answer = house.slash(admin, "resetxp", &[("member", ada.into())]).await;
    assert_eq!(
        answer.content(),
        format!("<@{ada}> has 0 XP now, was 2,750 (level 1, was 5). `/undo L4` takes it back.")
    );
    let by = |what: &str| format!("{what} by {admin}");
    assert_eq!(house.ledger(), [by("add +500"), by("add -500"), by("set_level +2750"), by("reset -2750")]);
    assert!(house.sim.world().bot_messages(house.inn.general).is_empty(), "an admin's change is not announced");
    bot.stop().await;
}

#[tokio::test]
async fn the_gate_holds_at_every_door() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    // Discord's client does not offer the command; a message does not ask the client.
    assert!(house.sim.world().slash(house.inn.general, ada, "resetxp", &[("member", ada.into())]).is_err());
    house.say(ada, &format!("!resetxp <@{ada}>"));
    let said = house.bot_says(house.inn.general, 1).await;
    assert_eq!(said, ["`resetxp` is for members with the permission Manage Server."]);
    house.say(ada, "!addxp");
    let said = house.bot_says(house.inn.general, 2).await;
    assert_eq!(said[1], "`addxp` is for members with the permission Manage Server.");
    house.say(house.inn.admin, "!addxp nobody 5");
    let said = house.bot_says(house.inn.general, 3).await;
    assert_eq!(said[2], "`member` must be a member: a mention or an id. Usage: `addxp <member> <amount>`");
    assert!(house.ledger().is_empty(), "neither a refusal nor a command earns");
    bot.stop().await;
}

#[tokio::test]
async fn prefix_commands_answer_where_they_were_asked_and_once() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    house.say(ada, "!xp");
    let said = house.bot_says(house.inn.general, 1).await;
    assert!(said[0].contains("\nXP\n15\n"), "{said:?}");
    house.say(ada, "!nothing of ours");
    house.say(ada, "!!!");
    bot.settle(&house).await;
    assert_eq!(house.sim.world().bot_messages(house.inn.general).len(), 1, "a word that is not ours is not answered");
    bot.stop().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_loses_nothing_and_pays_nothing_twice() {
    let house = House::new().await;
    let bot = house.start().await;
    let members: Vec<UserId> = house.inn.members.clone();
    for member in &members {
        house.say(*member, "before");
    }
    bot.settle(&house).await;
    assert_eq!(bot.stop().await, Ended::Stopped);
    house.clock.advance(Duration::from_secs(60));
    for member in &members {
        house.say(*member, "while it is away");
    }
    let bot = house.start().await;
    bot.settle(&house).await;
    let sessions = house.sim.until(|world| Some((world.identifies(), world.resumes()))).await;
    assert_eq!(sessions, (1, 1));
    assert!(members.iter().all(|member| house.xp(*member) == 30));
    // A resumed session is not told its guilds again; they are known from the last run.
    assert_eq!(bot.bot.guilds().count(), 1);
    house.say(house.inn.admin, &format!("!setlevel {} 3", members[0]));
    house.sim.until(|world| world.direct_messages(house.inn.admin).first().map(|_| ())).await;
    assert_eq!(house.xp(members[0]), 1_050);
    bot.stop().await;
}

#[tokio::test]
async fn the_leaderboard_is_in_order_and_hostile_names_stay_text() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.sim.world().set_nick(house.inn.guild, bea, Some("**@everyone** [x](http://y)")).unwrap();
    house.say(ada, "hello");
    house.say(bea, "hello");
    house.say_later(bea, "hello");
    let answer = house.slash(ada, "leaderboard", &[]).await;
    expect![[r#"
        Leaderboard of The Lantern & Ladle
        **1.** \*\*\@everyone\*\* \[x\]\(http\://y\) · level 1 · 30 XP
        **2.** Selo · level 1 · 15 XP
        Page 1"#]]
    .assert_eq(&answer.text());
    let answer = house.slash(bea, "leaderboard", &[("page", 7.into())]).await;
    assert!(answer.text().contains("ends before this page"), "{}", answer.text());
    bot.stop().await;
}

#[tokio::test]
async fn help_shows_what_one_may_use() {
    let house = House::new().await;
    let bot = house.start().await;
    let answer = house.slash(house.member(0), "help", &[]).await;
    expect![[r#"
        What I can do
        **Levels**
        `/rank` Shows level, XP and rank
        `/leaderboard` Shows who has the most XP
        `/levels` Shows what each level needs and brings
        `/daily` Shows today's bonus and your streak
        `/calculate` Tells what a level takes, or which level some XP is
        `/why` Shows what earned XP lately, what did not, and why
        `/xphistory` Lists the changes of XP from the ledger
        `/sync` Repairs your level roles
        `/privacy` Shows and sets what levels may do with you
        `/levelnotify` Switches the announcements of your level-ups
        `/tools` Shows the tools that levels bring, and unlocks them

        **Kudos**
        `/kudos give` Thanks a member, and keeps it
        `/kudos list` Lists the kudos of a member, received and given
        `/kudos board` Shows who was given the most kudos

        **Moderation**
        `/warnings` Shows your warnings, or a member's

        **Staff**
        `/roster show` Shows who of the staff is there
        `/roster me` Shows how you stand on the roster
        Page 1 of 2. Each also works as a message: !rank. /help command:rank explains one."#]]
    .assert_eq(&answer.text());
    assert!(answer.ephemeral);
    let answer = house.slash(house.inn.admin, "help", &[("command", "addxp".into())]).await;
    assert!(answer.text().starts_with("/addxp <member> <amount>"), "{}", answer.text());
    let answer = house.slash(house.inn.owner, "botstats", &[]).await;
    assert!(answer.text().contains("Nothing is wrong."), "{}", answer.text());
    bot.stop().await;
}

#[tokio::test]
async fn what_is_switched_off_is_not_there() {
    let house = House::with(|config| config.levels.enabled = false).await;
    let bot = house.start().await;
    let ada = house.member(0);
    assert!(house.sim.world().slash(house.inn.general, ada, "rank", &[]).is_err());
    house.say(ada, "hello");
    bot.settle(&house).await;
    assert!(house.ledger().is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn the_page_shows_the_board_only_when_the_owner_says_so() {
    for (audience, expected) in [(Audience::Off, "[]"), (Audience::Members, "members only"), (Audience::Public, "Selo")]
    {
        let house = House::with(|config| config.http.visibility.leaderboard = audience).await;
        let bot = house.start().await;
        house.say(house.member(0), "hello");
        bot.settle(&house).await;
        let (config, guilds, now) = (house.config.clone(), bot.bot.guilds().list(), house.clock.now());
        let cards = bot.bot.store().read(move |reader| {
            let mut cards = Vec::new();
            for make in features::switched_on(&config).filter_map(|feature| feature.card) {
                cards.extend(make(reader, &config, &guilds, now)?);
            }
            Ok(format!("{cards:?}"))
        });
        let cards = cards.await.unwrap();
        assert!(cards.contains(expected), "{audience:?}: {cards}");
        assert_eq!(cards.contains("Selo"), audience == Audience::Public, "{audience:?}: {cards}");
        bot.stop().await;
    }
}

#[tokio::test]
async fn why_tells_what_earned_and_what_did_not() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say(ada, "hello");
    house.clock.advance(Duration::from_secs(19));
    house.say(ada, "again");
    house.say(ada, "and again");
    bot.settle(&house).await;
    let answer = house.slash(ada, "why", &[]).await;
    let seconds = house.clock.now().ms() / 1_000;
    let expected = format!(
        "What Selo earned, and what not\n<t:{seconds}:R> nothing: cooldown, 41 s left (2 times)\n<t:{}:R> **+15** \
         message → 15 XP\nReasons are kept for two days. /xphistory has every change.",
        seconds - 19
    );
    assert_eq!(answer.text(), expected);
    assert!(answer.ephemeral);
    let refused = house.slash(bea, "why", &[("member", ada.into())]).await;
    assert_eq!(refused.text(), "Members see their own; another member's is for moderators.");
    let allowed = house.slash(house.inn.admin, "xphistory", &[("member", ada.into())]).await;
    assert!(allowed.text().contains("`L1` <t:"), "{}", allowed.text());
    bot.stop().await;
    let bot = house.start().await;
    let answer = house.slash(ada, "why", &[]).await;
    assert!(answer.text().contains("cooldown, 41 s left (2 times)"), "a restart forgets no reason: {}", answer.text());
    bot.stop().await;
}

#[tokio::test]
async fn who_leaves_disappears_from_the_board_and_comes_back_with_what_they_had() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say(ada, "hello");
    house.say_later(ada, "hello");
    house.say(bea, "hello");
    house.sim.world().leave(house.inn.guild, ada).unwrap();
    let answer = house.slash(bea, "leaderboard", &[]).await;
    assert!(!answer.text().contains("Selo") && answer.text().contains("**1.**"), "{}", answer.text());
    assert!(house.sim.world().rejoin(house.inn.guild, ada));
    bot.settle(&house).await;
    house.clock.advance(Duration::from_secs(5));
    let answer = house.slash(ada, "rank", &[]).await;
    assert!(answer.text().ends_with("XP\n30\nRank\n#1 of 2"), "{}", answer.text());
    bot.stop().await;
}

#[tokio::test]
async fn what_an_admin_did_is_taken_back_one_by_one_or_as_a_batch() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea, admin) = (house.member(0), house.member(1), house.inn.admin);
    house.say(ada, "hello");
    house.say(bea, "hello");
    house.slash(admin, "addxp", &[("member", ada.into()), ("amount", 500.into())]).await;
    let back = house.slash(admin, "undo", &[("id", "L3".into())]).await;
    assert!(back.content().starts_with("L3 is taken back: +500 by an admin."), "{}", back.content());
    let again = house.slash(admin, "undo", &[("id", "l3".into())]).await;
    assert_eq!(again.content(), "L3 was taken back already, by L4.");
    house.slash(admin, "undo", &[("id", "L4".into())]).await;
    assert_eq!(house.xp(ada), 515, "an undo can be undone");
    for nonsense in ["L99", "B1", "seven", "L", "Ω1"] {
        let refused = house.slash(admin, "undo", &[("id", nonsense.into())]).await;
        assert!(refused.content().starts_with("There is no "), "{nonsense}: {}", refused.content());
    }
    let refused = house.slash(admin, "resetxp", &[("everyone", "yes".into())]).await;
    assert!(
        refused.content().contains("type the server's name: everyone: The Lantern & Ladle"),
        "{}",
        refused.content()
    );
    let refused = house.slash(admin, "resetxp", &[]).await;
    assert!(refused.content().starts_with("Name one member"), "{}", refused.content());
    let done = house.slash(admin, "resetxp", &[("everyone", "The Lantern & Ladle".into())]).await;
    assert!(done.content().starts_with("2 members have no XP now."), "{}", done.content());
    assert_eq!((house.xp(ada), house.xp(bea)), (0, 0));
    house.slash(admin, "undo", &[("id", "B1".into())]).await;
    assert_eq!((house.xp(ada), house.xp(bea)), (515, 15));
    let folder = house.config.store.path.parent().unwrap();
    let copies: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name()).collect();
    let copies = copies.iter().filter(|name| name.to_string_lossy().contains(".before-resetxp-"));
    assert_eq!(copies.count(), 1, "none for the vain attempt");
    bot.stop().await;
}

#[tokio::test]
async fn members_choose_to_earn_nothing_to_be_on_no_board_and_to_be_left_alone() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say(ada, "hello");
    house.say(bea, "hello");
    let told = house.slash(ada, "privacy", &[("xp", "off".into()), ("board", "off".into())]).await;
    assert!(told.content().starts_with("You earn **no** XP. You are on **no** board."), "{}", told.content());
    house.say_later(ada, "a minute later");
    bot.settle(&house).await;
    assert_eq!(house.xp(ada), 15);
    let why = house.slash(ada, "why", &[]).await;
    assert!(why.text().contains("XP is switched off with /privacy"), "{}", why.text());
    let board = house.slash(bea, "leaderboard", &[]).await;
    assert!(!board.text().contains("Selo"), "{}", board.text());
    house.slash(bea, "levelnotify", &[("announce", "off".into())]).await;
    for _ in 0..40 {
        house.say_later(bea, "hello");
    }
    bot.settle(&house).await;
    assert_eq!((house.xp(ada), house.xp(bea)), (15, 15 * 41));
    assert!(house.sim.world().bot_messages(house.inn.general).is_empty());
    bot.stop().await;
}
