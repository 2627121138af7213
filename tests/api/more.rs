//! Programs that give roles, lock channels, set levels and ask what stands where.

use std::time::Duration;

use innkeeper::sim::world::{RoleSpec, SayOptions};
use innkeeper::sim::{Act, Response};
use serde_json::{Value, json};

use crate::client::{Client, Said, key};
use crate::house::House;
use crate::{open, sign_in};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Asserts that it was refused with this status and these words.
fn refused(said: &Said, status: u16, words: &str) {
    let detail = said.json["detail"].as_str().unwrap_or_default();
    assert!(said.status == status && detail.contains(words), "{status} {words}: {said:?}");
}

/// The numbers of a list: how many in all, and how many here.
fn counted(said: &Said) -> (u64, usize) {
    assert_eq!(said.status, 200, "{said:?}");
    (said.json["total"].as_u64().unwrap(), said.json["items"].as_array().unwrap().len())
}

#[tokio::test]
async fn a_role_for_a_while_is_given_once_put_off_and_taken_early() {
    let house = House::new().await;
    let (guild, ada) = (house.inn.guild, house.member(0));
    let role = house.sim.world().add_role(guild, RoleSpec::named("Guest", 1));
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "moderate", None, None).await;
    let roles = format!("/api/guilds/{guild}/temporary-roles");
    let has = || house.sim.world().has_role(guild, ada, role);
    let ends = |after: Duration| Value::from(house.clock.now().plus(after).rfc3339());
    let (user, id) = (ada.to_string(), role.to_string());
    let body = json!({"user_id": user, "role_id": id, "duration": "2h", "reason": "a tour"});
    let mut once = Client::with_key(&door, &key).and("Idempotency-Key: one");
    let given = once.post(&roles, body.clone()).await;
    assert_eq!((given.status, &given.json["temporary_role"]["state"]), (201, &json!("held")), "{given:?}");
    assert!(has() && given.json["said"].as_str().unwrap().contains("has **Guest** now"), "{given:?}");
    let row = &given.json["temporary_role"];
    assert_eq!((&row["expires_at"], &row["actor_name"]), (&ends(2 * HOUR), &json!("key k")), "{given:?}");
    let again = once.post(&roles, body).await;
    assert_eq!((again.status, &again.json["temporary_role"]["id"]), (200, &row["id"]), "{again:?}");
    let one = format!("{roles}/{}", row["id"]);
    let mut client = Client::with_key(&door, &key);
    let longer = client.post(&format!("{one}/extend"), json!({"duration": "1h"})).await;
    assert_eq!(longer.json["temporary_role"]["expires_at"], ends(3 * HOUR), "{longer:?}");
    refused(&client.post(&format!("{one}/extend"), json!({"duration": "soon"})).await, 422, "a length of time");
    assert_eq!(counted(&client.get(&format!("{roles}?user_id={user}&state=held")).await), (1, 1));
    let taken = once.post(&format!("{one}/take"), json!({})).await;
    let row = &taken.json["temporary_role"];
    assert_eq!((taken.status, &row["state"], &row["taken_by"]), (200, &json!("over"), &json!("key k")), "{taken:?}");
    assert!(!has());
    let again = once.post(&format!("{one}/take"), json!({})).await;
    assert_eq!((again.status, &again.json["repeated"]), (200, &json!(true)), "{again:?}");
    refused(&client.post(&format!("{one}/take"), json!({})).await, 409, "over already");
    refused(&client.post(&format!("{one}/extend"), json!({"duration": "1h"})).await, 409, "over already");
    assert_eq!(counted(&client.get(&format!("{roles}?state=held")).await), (0, 0));
    assert_eq!(counted(&client.get(&format!("{roles}?limit=1&offset=1")).await), (1, 0));
    bot.stop().await;
}

#[tokio::test]
async fn a_role_that_may_not_be_given_is_refused_in_words() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "moderate", None, None).await;
    let roles = format!("/api/guilds/{}/temporary-roles", house.inn.guild);
    let mut client = Client::with_key(&door, &key);
    let (ada, power) = (house.member(0).to_string(), house.inn.moderator_role.to_string());
    let body = |duration: &str| json!({"user_id": ada, "role_id": power, "duration": duration});
    refused(&client.post(&roles, body("2h")).await, 409, "moderation permissions");
    refused(&client.post(&roles, body("7")).await, 422, "a length of time");
    refused(&client.post(&roles, body("90 years")).await, 422, "a length of time");
    refused(&client.post(&format!("{roles}/1/take"), json!({})).await, 404, "no such temporary role");
    refused(&client.get(&format!("{roles}?state=gone")).await, 422, "unknown variant `gone`");
    refused(&client.get(&format!("{roles}?user=1")).await, 422, "unknown field `user`");
    assert_eq!(counted(&client.get(&roles).await), (0, 0));
    bot.stop().await;
}

#[tokio::test]
async fn roles_that_come_back_are_listed_with_whom_they_wait_for() {
    let mut house = House::new().await;
    let (guild, ada) = (house.inn.guild, house.member(0));
    let role = house.sim.world().add_role(guild, RoleSpec::named("Painter", 1));
    house.config.roles.persistent = vec![role];
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "moderate", None, None).await;
    let roles = format!("/api/guilds/{guild}/persistent-roles");
    let mut client = Client::with_key(&door, &key);
    house.sim.world().give_role(guild, ada, role).unwrap();
    bot.settle(&house).await;
    let here = client.get(&roles).await;
    let row = &here.json["items"][0];
    assert_eq!((&row["role_name"], &row["away"]), (&json!("Painter"), &json!(false)), "{here:?}");
    house.sim.world().leave(guild, ada).unwrap();
    bot.settle(&house).await;
    let gone = client.get(&format!("{roles}?user_id={ada}")).await;
    let row = &gone.json["items"][0];
    assert_eq!((&row["user_id"], &row["away"]), (&json!(ada.to_string()), &json!(true)), "{gone:?}");
    assert_eq!(counted(&client.get(&format!("{roles}?user_id={}", house.member(1))).await), (0, 0));
    bot.stop().await;
}

#[tokio::test]
async fn a_channel_is_locked_and_unlocked_and_the_answer_says_what_discord_said() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, general) = (house.inn.guild, house.inn.general);
    let key = key(&bot.bot, "k", "moderate", None, None).await;
    let locks = format!("/api/guilds/{guild}/locks");
    let channel = format!("/api/guilds/{guild}/channels/{general}");
    let mut client = Client::with_key(&door, &key);
    let says = || house.sim.world().say(general, house.member(0), "hello", SayOptions::default()).is_ok();
    let locked = client.post(&format!("{channel}/lock"), json!({"duration": "30m", "message": "Calm down"})).await;
    let lock = &locked.json["lock"];
    assert_eq!((locked.status, &lock["state"], &lock["kind"]), (200, &json!("locked"), &json!("text")), "{locked:?}");
    assert!(locked.json["said"].as_str().unwrap().contains("is locked until"), "{locked:?}");
    assert!(!says());
    let listed = client.get(&locks).await;
    assert_eq!(counted(&listed), (1, 1));
    let first = &listed.json["items"][0];
    assert_eq!((&first["channel_id"], &first["locked_by_name"]), (&json!(general.to_string()), &json!("key k")));
    assert_eq!(first["unlock_at"], house.clock.now().plus(HOUR / 2).rfc3339());
    refused(&client.post(&format!("{channel}/lock"), json!({})).await, 409, "locked");
    refused(&client.post(&format!("{channel}/lock"), json!({"duration": "soon"})).await, 422, "a length of time");
    let nowhere = format!("/api/guilds/{guild}/channels/77");
    refused(&client.post(&format!("{nowhere}/lock"), json!({})).await, 404, "no such channel");
    refused(&client.post(&format!("{nowhere}/unlock"), json!({})).await, 404, "no such channel");
    let open = client.post(&format!("{channel}/unlock"), json!({})).await;
    assert_eq!((open.status, &open.json["lock"]["state"]), (200, &json!("opened")), "{open:?}");
    assert!(open.json["said"].as_str().unwrap().contains("is unlocked"), "{open:?}");
    assert!(says());
    refused(&client.post(&format!("{channel}/unlock"), json!({})).await, 409, "not locked");
    assert_eq!(counted(&client.get(&locks).await), (0, 0));
    bot.stop().await;
}

#[tokio::test]
async fn what_discord_refuses_stands_in_the_answer() {
    let house = House::new().await;
    let (guild, general) = (house.inn.guild, house.inn.general);
    let role = house.sim.world().add_role(guild, RoleSpec::named("Guest", 1));
    let (bot, door) = open(&house).await;
    let mut client = Client::with_key(&door, &key(&bot.bot, "k", "moderate", None, None).await);
    let no = || Act::Answer(Response::error(403, 50013, "Missing Permissions"));
    house.sim.world().plan("PUT", "/roles/", Some(1), no());
    let roles = format!("/api/guilds/{guild}/temporary-roles");
    let body = json!({"user_id": house.member(0).to_string(), "role_id": role.to_string(), "duration": "2h"});
    let given = client.post(&roles, body).await;
    assert_eq!((given.status, &given.json["temporary_role"]["state"]), (201, &json!("failed")), "{given:?}");
    assert!(given.json["said"].as_str().unwrap().starts_with("I could not give **Guest**"), "{given:?}");
    assert!(given.json["temporary_role"]["words"].as_str().unwrap().contains("lacks a permission"), "{given:?}");
    let channel = format!("/channels/{general}");
    house.sim.world().plan("PATCH", &channel, Some(1), no());
    let locked = client.post(&format!("/api/guilds/{guild}{channel}/lock"), json!({})).await;
    assert_eq!((locked.status, &locked.json["lock"]["state"]), (200, &json!("failed")), "{locked:?}");
    assert!(locked.json["said"].as_str().unwrap().contains("I could not lock"), "{locked:?}");
    assert_eq!(counted(&client.get(&format!("/api/guilds/{guild}/locks")).await), (0, 0));
    bot.stop().await;
}

#[tokio::test]
async fn bumps_are_told_as_far_as_the_listing_site_lets_them_be() {
    let mut house = House::new().await;
    let (guild, ada) = (house.inn.guild, house.member(0));
    house.sim.world().invite_listing_bot(guild);
    house.config.bumps.enabled = true;
    house.config.bumps.channel = Some(house.inn.bot_commands);
    let (bot, door) = open(&house).await;
    let bumps = format!("/api/guilds/{guild}/bumps");
    let mut reads = Client::with_key(&door, &key(&bot.bot, "r", "read", None, None).await);
    let mut manages = Client::with_key(&door, &key(&bot.bot, "a", "admin", None, None).await);
    let mut herself = Client::with_browser(sign_in(&house, &door, ada).await);
    let mut another = Client::with_browser(sign_in(&house, &door, house.member(1)).await);
    house.sim.world().bump(house.inn.bot_commands, ada).unwrap();
    house.clock.advance(3 * HOUR);
    house.sim.world().bump(house.inn.bot_commands, ada).unwrap();
    bot.settle(&house).await;
    let told = reads.get(&bumps).await;
    assert_eq!(counted(&told), (1, 1));
    let row = &told.json["items"][0];
    assert_eq!((&row["user_id"], &row["bump_count"]), (&json!(ada.to_string()), &json!(2)), "{told:?}");
    assert_eq!(row["last_bumped_at"], house.clock.now().rfc3339(), "{told:?}");
    assert_eq!(counted(&herself.get(&bumps).await), (1, 1));
    assert_eq!(counted(&another.get(&bumps).await), (0, 0), "there is no board");
    house.slash(ada, "privacy", &[("board", "off".into())]).await;
    assert_eq!(counted(&reads.get(&bumps).await), (0, 0), "who hides, hides from every board");
    assert_eq!(counted(&manages.get(&bumps).await), (1, 1));
    assert_eq!(counted(&herself.get(&bumps).await), (1, 1));
    bot.stop().await;
}

#[tokio::test]
async fn where_bumps_are_off_that_is_said() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let mut client = Client::with_key(&door, &key(&bot.bot, "r", "read", None, None).await);
    refused(&client.get(&format!("/api/guilds/{}/bumps", house.inn.guild)).await, 404, "bumps.enabled");
    bot.stop().await;
}

#[tokio::test]
async fn levels_are_shown_set_and_tried() {
    let mut house = House::with(|config| config.levels.message_xp = 2_750.into()).await;
    let role = house.inn.level_5;
    house.config.levels.roles = vec![innkeeper::config::LevelRole { level: 8, role, keep: false }];
    let (bot, door) = open(&house).await;
    let (ada, bea) = (house.member(0), house.member(1));
    let guild = format!("/api/guilds/{}", house.inn.guild);
    let mut client = Client::with_key(&door, &key(&bot.bot, "k", "read admin", None, None).await);
    let scale = client.get(&format!("{guild}/levels")).await;
    let curve = &scale.json["curve"];
    assert_eq!((&curve["name"], &curve["quadratic"], &curve["linear"]), (&json!("hub"), &json!(100), &json!(50)));
    assert_eq!((&scale.json["max_level"], &scale.json["role_mode"]), (&json!(1_000), &json!("stack")));
    assert_eq!(scale.json["roles"][0]["role_name"], "Regular (5)", "{scale:?}");
    let last = &scale.json["tiers"][4];
    assert_eq!((&last["name"], &last["from"], &last["colour"]), (&json!("Master"), &json!(76), &json!("#e0a84e")));

    house.say(ada, "hello");
    bot.settle(&house).await;
    let tried = client.post(&format!("{guild}/simulate"), json!({"curve": "mee6", "role_mode": "highest"})).await;
    assert_eq!((&tried.json["members"], &tried.json["rise"]), (&json!(1), &json!(1)), "{tried:?}");
    let changed = &tried.json["changed"][0];
    assert_eq!((&changed["before"], &changed["after"]), (&json!(5), &json!(7)), "{tried:?}");
    assert_eq!(tried.json["roles"][0]["role_id"], role.to_string(), "{tried:?}");
    assert_eq!(house.xp(ada), 2_750, "nothing was changed");
    for (body, status, words) in [
        (json!({}), 409, "Say what would be different"),
        (json!({"curve": "hub"}), 409, "Say what would be different"),
        (json!({"curve": "steep"}), 422, "curve is one of hub, mee6"),
        (json!({"max_level": 0}), 422, "max_level is from 1 to 1000"),
        (json!({"role_mode": "all"}), 422, "unknown variant `all`"),
    ] {
        refused(&client.post(&format!("{guild}/simulate"), body).await, status, words);
    }

    let level = format!("{guild}/members/{bea}/level");
    let first = client.ask("PUT", &level, Some(json!({"level": 1}))).await;
    assert_eq!((first.status, &first.json["member"]["xp"]), (200, &json!(0)), "nothing to change: {first:?}");
    let set = client.ask("PUT", &level, Some(json!({"level": 8}))).await;
    assert_eq!((&set.json["member"]["level"], &set.json["member"]["xp"]), (&json!(8), &json!(6_800)), "{set:?}");
    house.promises_kept().await;
    assert!(house.sim.world().has_role(house.inn.guild, bea, role), "roles follow the level");
    refused(&client.ask("PUT", &level, Some(json!({"level": 1_001}))).await, 422, "level is from 1 to 1000");
    refused(&client.ask("PUT", &level, Some(json!({"level": -1}))).await, 422, "invalid value");
    bot.stop().await;
}

#[tokio::test]
async fn the_board_of_a_week_and_of_a_month_has_what_was_earned_in_it() {
    let house = House::with(|config| config.levels.message_xp = 500.into()).await;
    let (bot, door) = open(&house).await;
    let (ada, bea) = (house.member(0), house.member(1));
    let board = format!("/api/guilds/{}/leaderboard", house.inn.guild);
    let mut client = Client::with_key(&door, &key(&bot.bot, "k", "read", None, None).await);
    house.say(ada, "hello");
    house.say_later(bea, "hello");
    house.clock.advance(DAY * 40);
    house.say(bea, "hello again");
    bot.settle(&house).await;
    let all = client.get(&board).await;
    assert_eq!(counted(&all), (2, 2));
    assert_eq!(client.get(&format!("{board}?window=all")).await.json, all.json);
    for window in ["week", "month"] {
        let said = client.get(&format!("{board}?window={window}")).await;
        assert_eq!(counted(&said), (1, 1));
        let first = &said.json["items"][0];
        assert_eq!((&first["user_id"], &first["xp"]), (&json!(bea.to_string()), &json!(500)), "{said:?}");
        assert_eq!(first["level"], all.json["items"][0]["level"], "the level that they are at");
    }
    assert_eq!(counted(&client.get(&format!("{board}?window=week&offset=1")).await), (1, 0));
    refused(&client.get(&format!("{board}?window=year")).await, 422, "unknown variant `year`");
    bot.stop().await;
}

#[tokio::test]
async fn tools_are_listed_and_what_a_member_unlocked_of_them() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let ada = house.member(0);
    let guild = format!("/api/guilds/{}", house.inn.guild);
    let mut client = Client::with_key(&door, &key(&bot.bot, "k", "read", None, None).await);
    let tools = client.get(&format!("{guild}/tools?limit=5")).await;
    assert_eq!(counted(&tools), (20, 5));
    let first = &tools.json["items"][0];
    assert_eq!((&first["name"], &first["config"]["max_messages_per_day"]), (&json!("Basic Chat"), &json!(100)));
    let hers = format!("{guild}/members/{ada}/tools");
    assert_eq!(counted(&client.get(&hers).await), (0, 0));
    house.slash(ada, "tools", &[("claim", "basic chat".into())]).await;
    let unlocked = client.get(&hers).await;
    let first = &unlocked.json["items"][0];
    assert_eq!((counted(&unlocked), &first["name"]), ((1, 1), &json!("Basic Chat")), "{unlocked:?}");
    assert_eq!((&first["unlocked_at"], &first["usage_count"]), (&house.clock.now().rfc3339().into(), &json!(0)));
    bot.stop().await;
}

#[tokio::test]
async fn warnings_and_notes_are_lists_of_their_own_and_cases_all_the_same() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let guild = format!("/api/guilds/{}", house.inn.guild);
    let (warnings, notes) = (format!("{guild}/warnings"), format!("{guild}/notes"));
    let user = house.member(0).to_string();
    let key = key(&bot.bot, "k", "moderate", None, None).await;
    let mut client = Client::with_key(&door, &key);
    let mut once = Client::with_key(&door, &key).and("Idempotency-Key: one");
    let body = json!({"user_id": user, "reason": "shouting", "duration": "30d"});
    let warned = once.post(&warnings, body.clone()).await;
    assert_eq!((warned.status, &warned.json["case"]["kind"]), (201, &json!("warn")), "{warned:?}");
    assert_eq!(once.post(&warnings, body).await.status, 200, "the same request is done once");
    let noted = client.post(&notes, json!({"user_id": user, "reason": "a friend of Bea's"})).await;
    assert_eq!((noted.status, &noted.json["case"]["number"]), (201, &json!(2)), "{noted:?}");
    let listed = client.get(&format!("{warnings}?user_id={user}")).await;
    assert_eq!(counted(&listed), (1, 1));
    let first = &listed.json["items"][0];
    assert_eq!((&first["reason"], &first["counts"]), (&json!("shouting"), &json!(true)), "{listed:?}");
    let listed = client.get(&notes).await;
    assert_eq!((counted(&listed), &listed.json["items"][0]["number"]), ((1, 1), &json!(2)), "{listed:?}");
    assert_eq!(counted(&client.get(&format!("{guild}/cases")).await), (2, 2));
    assert_eq!(counted(&client.get(&format!("{notes}?user_id={}", house.member(1))).await), (0, 0));
    house.clock.advance(DAY * 31);
    let later = client.get(&warnings).await;
    assert_eq!(later.json["items"][0]["counts"], false, "its time is up: {later:?}");
    for (path, body, words) in [
        (&warnings, json!({"user_id": user, "reason": "x", "duration": "soon"}), "a length of time"),
        (&warnings, json!({"user_id": user}), "missing field `reason`"),
        (&notes, json!({"user_id": user, "reason": "x", "duration": "1d"}), "unknown field `duration`"),
    ] {
        refused(&client.post(path, body).await, 422, words);
    }
    assert_eq!(counted(&client.get(&format!("{guild}/cases")).await), (2, 2));
    bot.stop().await;
}

#[tokio::test]
async fn pages_of_the_origins_that_the_owner_names_may_ask_and_others_may_not() {
    let mut house = House::new().await;
    let named = "https://dashboard.example";
    house.config.http.cors_origins = vec![named.to_owned()];
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "write", None, None).await;
    let path = format!("/api/guilds/{}/kudos", house.inn.guild);
    for (origin, allowed) in [(named, Some(named)), ("https://evil.example", None), ("null", None)] {
        let mut stranger = Client::stranger(&door)
            .and(&format!("Origin: {origin}"))
            .and("Access-Control-Request-Method: POST")
            .and("Access-Control-Request-Headers: authorization, content-type");
        // What a browser asks before it sends the request itself.
        let before = stranger.ask("OPTIONS", &path, None).await;
        assert_eq!((before.status, before.header("access-control-allow-origin")), (204, allowed), "{before:?}");
        let may = |name: &str| before.header(name).unwrap_or_default().to_lowercase();
        assert_eq!(may("access-control-allow-headers").contains("authorization"), allowed.is_some(), "{before:?}");
        assert_eq!(may("access-control-allow-methods").contains("post"), allowed.is_some(), "{before:?}");
        let mut client = Client::with_key(&door, &key).and(&format!("Origin: {origin}"));
        let listed = client.get(&path).await;
        assert_eq!((listed.status, listed.header("access-control-allow-origin")), (200, allowed), "{listed:?}");
        // A refusal can be read by the page as well.
        let missing = client.get("/api/guilds/1").await;
        assert_eq!((missing.status, missing.header("access-control-allow-origin")), (404, allowed), "{missing:?}");
    }
    bot.stop().await;
}
