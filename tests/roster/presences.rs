//! How the staff is there: as it changes, as it is asked for, and where it cannot be seen.

use innkeeper::sim::Strike;
use innkeeper::sim::world::intent;

use super::*;

/// Waits until the questions of a session's beginning (for everybody, and for the staff) are answered.
async fn asked_at_first(house: &House, bot: &Running) {
    house.sim.until(|world| (world.member_requests() >= 2).then_some(())).await;
    bot.bot.ask_members(house.inn.guild, vec![house.inn.admin]).await.unwrap();
}

#[tokio::test]
async fn who_holds_a_role_is_on_the_roster_with_their_presence_and_nobody_else_is_stored() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    let (admin, moderator) = (house.inn.admin, house.inn.moderator);
    let (a, m) = (house.name(admin), house.name(moderator));
    let lines = roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
    assert_eq!(lines, [format!("{a} · Admin · online · -/-/-"), format!("{m} · Moderator · idle · -/-/-")]);
    let world = || house.sim.world();
    world().set_presence_with(moderator, "dnd", &[playing("Chess"), saying("tea"), playing("Garry's Mod")]);
    for member in &house.inn.members {
        world().set_presence_with(*member, "dnd", &[playing("Chess")]);
    }
    bot.settle(&house).await;
    assert_eq!(roster.lines().await[1], format!("{m} · Moderator · dnd · -/tea/Garry's Mod"));
    // Going offline takes what they said and did along.
    house.clock.advance(MINUTE);
    world().set_presence(moderator, "offline");
    bot.settle(&house).await;
    assert_eq!(roster.lines().await[1], format!("{m} · Moderator · offline · -/-/-"));
    let changed = roster.items().await[1]["changed_at"].as_str().unwrap().to_owned();
    assert_eq!(changed, house.clock.now().rfc3339());
    // The same again is nothing new.
    house.clock.advance(MINUTE);
    world().set_presence(moderator, "offline");
    bot.settle(&house).await;
    assert_eq!(roster.items().await[1]["changed_at"], changed);
    assert_eq!(house.stored(), [format!("{a} {admin} 0 online"), format!("{m} {moderator} 0 offline")]);
    bot.stop().await;
}

#[tokio::test]
async fn roles_give_and_take_membership_and_the_highest_counts() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2).await;
    let (guild, ada) = (house.inn.guild, house.member(0));
    let name = house.name(ada);
    let set = |role, held: bool| {
        let mut world = house.sim.world();
        if held { world.give_role(guild, ada, role).unwrap() } else { world.take_role(guild, ada, role).unwrap() }
    };
    set(house.inn.moderator_role, true);
    bot.settle(&house).await;
    let of_ada = |lines: &[String]| lines.iter().find(|line| line.starts_with(&name)).cloned();
    let is_known = |lines: &[String]| of_ada(lines).is_some_and(|line| !line.contains("unknown"));
    let status = house.sim.world().member(guild, ada).unwrap().status.clone();
    let lines = roster.until(is_known).await;
    assert_eq!(of_ada(&lines), Some(format!("{name} · Moderator · {status} · -/-/-")));
    set(house.inn.admin_role, true);
    bot.settle(&house).await;
    assert!(of_ada(&roster.lines().await).unwrap().contains("· Admin ·"));
    set(house.inn.admin_role, false);
    bot.settle(&house).await;
    assert!(of_ada(&roster.lines().await).unwrap().contains("· Moderator ·"));
    house.sim.world().set_nick(guild, ada, Some("Captain")).unwrap();
    bot.settle(&house).await;
    assert!(roster.lines().await.iter().any(|line| line.starts_with("Captain · Moderator")));
    set(house.inn.moderator_role, false);
    bot.settle(&house).await;
    assert_eq!(roster.lines().await.len(), 2);
    // A role that is deleted takes all its holders along, who are not told of one by one.
    house.sim.world().delete_role(guild, house.inn.moderator_role).unwrap();
    bot.settle(&house).await;
    let lines = roster.until(|lines| lines.len() == 1).await;
    assert!(lines[0].contains("· Admin ·"), "{lines:?}");
    bot.stop().await;
}

#[tokio::test]
async fn who_leaves_goes_with_their_role_and_who_was_added_is_not_in_the_guild() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    let (guild, ada, moderator) = (house.inn.guild, house.member(0), house.inn.moderator);
    let name = house.name(ada);
    house.roster(house.inn.owner, "add", &[("member", ada.into()), ("rank", "helper".into())]).await;
    roster.until(|lines| lines.len() == 3 && lines.iter().all(|line| !line.contains("unknown"))).await;
    for user in [ada, moderator] {
        house.sim.world().leave(guild, user).unwrap();
    }
    bot.settle(&house).await;
    let lines = roster.lines().await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[1], format!("{name} · Helper · unknown · not_in_guild/-/-"));
    // What wires that know no more will say.
    assert!(house.stored().contains(&format!("{name} {ada} 1 offline")), "{:?}", house.stored());
    assert!(house.sim.world().rejoin(guild, ada));
    bot.settle(&house).await;
    let back = format!("{name} · Helper · online · -/-/-");
    roster.until(|lines| lines.contains(&back)).await;
    bot.stop().await;
}

#[tokio::test]
async fn without_the_intent_everybody_is_unknown_and_the_page_says_what_to_click() {
    let house = staffed().await;
    house.sim.world().grant_intents(intent::PRIVILEGED & !intent::GUILD_PRESENCES);
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    let lines = roster.until(|lines| lines.len() == 2).await;
    assert!(lines.iter().all(|line| line.ends_with("unknown · intent_off/-/-")), "{lines:?}");
    let problems = bot.bot.vitals().problems();
    let problem = problems.iter().find(|problem| problem.name == "intent.presences").unwrap();
    assert!(problem.action.contains("switch Presence Intent on"), "{}", problem.action);
    assert_eq!(roster.state().await["reason"], "intent_off");
    let shown = house.roster(house.member(0), "show", &[]).await;
    assert!(shown.contains("switch the Presence Intent on") && shown.contains("❔ unknown"), "{shown}");
    bot.stop().await;
    // Where nobody is on it, nothing is asked for.
    let house = House::new().await;
    house.sim.world().grant_intents(0);
    let bot = house.start().await;
    assert!(bot.bot.vitals().problems().iter().all(|problem| problem.name != "intent.presences"));
    assert_eq!(Roster::of(&house, &bot).await.state().await["reason"], "not_asked");
    bot.stop().await;
}

#[tokio::test]
async fn while_the_connection_is_lost_everybody_is_unknown_and_afterwards_the_truth_is_back() {
    for strike in [Strike::InvalidSession(false), Strike::Reconnect] {
        let house = staffed().await;
        let bot = house.start().await;
        let mut roster = Roster::of(&house, &bot).await;
        let known = |lines: &[String]| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"));
        roster.until(known).await;
        let before = house.stored();
        house.sim.faults().set_open(innkeeper::sim::Entrance::Gateway, false);
        house.sim.faults().set_open(innkeeper::sim::Entrance::Resume, false);
        house.sim.faults().strike(strike);
        let lines = roster.until(|lines| lines.iter().all(|line| line.contains("gateway_down"))).await;
        assert_eq!(lines.len(), 2);
        assert_eq!(house.stored(), before, "nothing is written for it");
        assert_eq!(roster.state().await["is_running"], false);
        let refused = Client::post(&mut roster.client, &format!("{}/sync", roster.path), json!({})).await;
        assert_eq!(refused.status, 503);
        house.sim.world().set_presence(house.inn.admin, "dnd");
        house.sim.faults().set_open(innkeeper::sim::Entrance::Gateway, true);
        house.sim.faults().set_open(innkeeper::sim::Entrance::Resume, true);
        let lines = roster.until(|lines| known(lines) && lines[0].contains("dnd")).await;
        assert!(lines[1].contains("idle"), "{lines:?}");
        assert_eq!(roster.state().await["is_running"], true);
        bot.stop().await;
    }
}

#[tokio::test]
async fn a_guild_that_cannot_be_seen_has_nobody_who_can() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2).await;
    house.sim.world().set_outage(house.inn.guild, true);
    while bot.bot.guilds().count() > 0 {
        tokio::task::yield_now().await;
    }
    let sight = innkeeper::features::roster::api::sight(&bot.bot, house.inn.guild);
    assert!(!innkeeper::features::roster::is_running(sight));
    house.sim.world().set_outage(house.inn.guild, false);
    bot.settle(&house).await;
    assert_eq!(roster.lines().await.len(), 2);
    bot.stop().await;
}

#[tokio::test]
async fn all_are_compared_with_discord_every_two_minutes_and_less_often_when_nobody_answers() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
    while roster.state().await["synced_at"].is_null() {
        tokio::task::yield_now().await;
    }
    let asked = || house.sim.world().member_requests();
    let asked_in_minutes = async |minutes: usize| {
        let before = asked();
        for _ in 0..minutes {
            house.clock.advance(MINUTE);
            bot.bot.pass_minute();
            bot.settle(&house).await;
        }
        asked() - before
    };
    asked_at_first(&house, &bot).await;
    let first = asked_in_minutes(10).await;
    assert!((4..=6).contains(&first), "{first} times in ten minutes");
    assert_eq!(roster.state().await["synced_at"].as_str().unwrap().len(), house.clock.now().rfc3339().len());
    bot.stop().await;
}

#[tokio::test]
async fn what_was_missed_is_found_by_a_comparison_by_hand_and_by_itself() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
    asked_at_first(&house, &bot).await;
    // Nobody tells of it.
    let quietly = |status: &str| {
        let mut world = house.sim.world();
        world.edit_member(house.inn.guild, house.inn.admin, |member| member.status = status.to_owned()).unwrap();
    };
    quietly("dnd");
    bot.settle(&house).await;
    assert!(roster.lines().await[0].contains("online"));
    let said = house.roster(house.inn.owner, "sync", &[]).await;
    assert_eq!(said, "The roster agrees with Discord: 2 entries.");
    assert!(roster.lines().await[0].contains("dnd"));
    quietly("idle");
    house.clock.advance(MINUTE * 2);
    bot.bot.pass_minute();
    roster.until(|lines| lines[0].contains("idle")).await;
    // Over HTTP, too.
    quietly("online");
    let path = format!("{}/sync", roster.path);
    let said = roster.client.post(&path, json!({})).await;
    assert_eq!((said.status, said.json["said"].as_str().unwrap()), (200, "The roster agrees with Discord: 2 entries."));
    assert!(roster.lines().await[0].contains("online"));
    bot.stop().await;
}

#[tokio::test]
async fn a_resumed_session_of_an_earlier_run_has_the_roster_and_asks_for_what_it_missed() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
    bot.settle(&house).await;
    drop(roster);
    bot.stop().await;
    house.sim.world().edit_member(house.inn.guild, house.inn.admin, |member| member.status = "dnd".to_owned()).unwrap();
    let resumes = house.sim.world().resumes();
    let bot = house.start().await;
    assert_eq!(house.sim.world().resumes(), resumes + 1);
    let mut roster = Roster::of(&house, &bot).await;
    let lines = roster.until(|lines| lines[0].contains("dnd")).await;
    assert_eq!(lines.len(), 2);
    bot.stop().await;
}

#[tokio::test]
async fn a_comparison_that_discord_does_not_answer_is_tried_again() {
    let house = staffed().await;
    let bot = house.start().await;
    let mut roster = Roster::of(&house, &bot).await;
    roster.until(|lines| lines.len() == 2 && lines.iter().all(|line| !line.contains("unknown"))).await;
    asked_at_first(&house, &bot).await;
    house.sim.world().ignore_member_requests(true);
    let said = house.roster(house.inn.owner, "sync", &[]).await;
    assert!(said.starts_with("Discord has not answered yet; I ask again."), "{said}");
    let promise = "SELECT about, state, attempts FROM promise WHERE target GLOB 'roster.sync:*'";
    assert_eq!(house.rows(promise), ["compare the roster with Discord due 1"]);
    house
        .sim
        .world()
        .edit_member(house.inn.guild, house.inn.admin, |member| member.status = "idle".to_owned())
        .unwrap();
    house.sim.world().ignore_member_requests(false);
    house.clock.advance(MINUTE * 2);
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(roster.lines().await[0].contains("idle"));
    bot.stop().await;
}
