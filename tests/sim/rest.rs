//! REST as the bot sees it, in this process.

use std::time::Duration;

use innkeeper::model::Permissions;
use innkeeper::sim::world::permissions::{MANAGE_ROLES, SEND_MESSAGES, VIEW_CHANNEL};
use innkeeper::sim::world::{RoleSpec, Scope};
use innkeeper::sim::{Act, Fate, Request, Response, SayOptions};
use serde_json::{Value, json};

use crate::client::{ask, inn};

fn code(answer: &Response) -> (u16, u64) {
    (answer.status, answer.body_json()["code"].as_u64().unwrap_or(0))
}

#[test]
fn who_does_not_show_the_token_is_turned_away_and_counted() {
    let (mut world, _, _) = inn();
    let mut request = Request::new(&world, "GET", "/users/@me");
    request.authorization = Some("Bot nonsense".to_owned());
    let answer = world.request(&request);
    assert_eq!(answer.body_json(), json!({"message": "401: Unauthorized", "code": 0}));
    request.authorization = Some(world.token().to_owned());
    assert_eq!(world.request(&request).status, 401, "the word Bot is missing");
    assert_eq!(world.invalid_requests(), 2);
    assert_eq!(ask(&mut world, "GET", "/nowhere", Value::Null).body_json()["message"], "404: Not Found");
    assert_eq!(ask(&mut world, "PUT", "/users/@me", Value::Null).status, 405);
}

#[test]
fn a_message_is_taken_told_and_kept() {
    let (mut world, inn, _) = inn();
    let session = world.attach(crate::client::INTENTS);
    world.drain(&session);
    let path = format!("/channels/{}/messages", inn.general);
    let body = json!({"content": "hello", "allowed_mentions": {"parse": []}, "nonce": "n1", "enforce_nonce": true});
    let first = ask(&mut world, "POST", &path, body.clone());
    assert_eq!(first.status, 200);
    assert!(first.get("date").unwrap().ends_with("GMT"));
    let again = ask(&mut world, "POST", &path, body.clone());
    assert_eq!(again.body_json()["id"], first.body_json()["id"], "the nonce was used before");
    assert_eq!(world.bot_messages(inn.general).len(), 1);
    let events = world.drain(&session);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].0, &events[0].1["nonce"]), ("MESSAGE_CREATE", &json!("n1")));
    world.clock().advance(Duration::from_secs(301));
    ask(&mut world, "POST", &path, body);
    assert_eq!(world.bot_messages(inn.general).len(), 2, "nonces are forgotten after a few minutes");
}

#[test]
fn malformed_messages_are_refused_field_by_field() {
    let (mut world, inn, clock) = inn();
    let path = format!("/channels/{}/messages", inn.general);
    let mut send = |body: Value| {
        clock.advance(Duration::from_secs(5));
        ask(&mut world, "POST", &path, body)
    };
    assert_eq!(code(&send(json!({"content": ""}))), (400, 50006));
    let long = send(json!({"content": "é".repeat(2001)}));
    assert_eq!(code(&long), (400, 50035));
    assert_eq!(long.body_json()["errors"]["content"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");
    assert_eq!(send(json!({"content": "é".repeat(2000)})).status, 200);
    let embed = send(json!({"embeds": [{"title": "x", "fields": [{"name": "", "value": "y"}]}]}));
    assert_eq!(
        embed.body_json()["errors"]["embeds"]["0"]["fields"]["0"]["name"]["_errors"][0]["code"],
        "BASE_TYPE_REQUIRED"
    );
    let heavy = json!({"description": "x".repeat(4000)});
    let heavy = send(json!({"embeds": [heavy, heavy]}));
    assert_eq!(heavy.body_json()["errors"]["embeds"]["_errors"][0]["code"], "MAX_EMBED_SIZE_EXCEEDED");
    let both = send(json!({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}));
    assert_eq!(code(&both), (400, 50035));
    assert_eq!(code(&send(json!({"content": "x", "nonce": "x".repeat(26)}))), (400, 50035));
}

#[test]
fn only_who_is_allowed_is_pinged() {
    let (mut world, inn, _) = inn();
    let (a, b) = (inn.members[0], inn.members[1]);
    let path = format!("/channels/{}/messages", inn.general);
    let content = format!("<@{a}> <@{b}> @everyone <@&{}>", inn.regular_role);
    ask(&mut world, "POST", &path, json!({"content": content, "allowed_mentions": {"parse": []}}));
    ask(&mut world, "POST", &path, json!({"content": content, "allowed_mentions": {"users": [a.to_string()]}}));
    ask(&mut world, "POST", &path, json!({"content": content}));
    let pings: Vec<_> = world.bot_messages(inn.general).iter().map(|message| message.pings.clone()).collect();
    assert!(pings[0].is_empty());
    assert_eq!(pings[1].users, [a]);
    assert_eq!(pings[2].users, [a, b], "without allowed_mentions users are pinged");
    assert!(!pings[2].everyone, "the bot may not ping everyone");
    // An edit is read by its own rules, whatever the first message said.
    let id = world.bot_messages(inn.general)[0].id;
    ask(&mut world, "PATCH", &format!("{path}/{id}"), json!({"content": content}));
    assert_eq!(world.bot_messages(inn.general)[0].pings.users, [a, b]);
}

#[test]
fn channels_that_are_closed_to_the_bot_say_so() {
    let (mut world, inn, _) = inn();
    let send = |world: &mut innkeeper::sim::World, channel: &str| {
        ask(world, "POST", &format!("/channels/{channel}/messages"), json!({"content": "x"}))
    };
    assert_eq!(code(&send(&mut world, "1234567890")), (404, 10003));
    assert_eq!(code(&send(&mut world, "frog")), (400, 50035));
    world.overwrite_member(inn.general, world.me(), 0, SEND_MESSAGES);
    assert_eq!(code(&send(&mut world, &inn.general.to_string())), (403, 50013));
    world.overwrite_member(inn.general, world.me(), 0, VIEW_CHANNEL);
    assert_eq!(code(&send(&mut world, &inn.general.to_string())), (403, 50001));
    assert_eq!(world.invalid_requests(), 2);
}

#[test]
fn direct_messages_reach_only_open_ears() {
    let (mut world, inn, _) = inn();
    let friend = inn.members[0];
    let opened = ask(&mut world, "POST", "/users/@me/channels", json!({"recipient_id": friend.to_string()}));
    let path = format!("/channels/{}/messages", opened.body_json()["id"].as_str().unwrap());
    assert_eq!(ask(&mut world, "POST", &path, json!({"content": "psst"})).status, 200);
    assert_eq!(world.direct_messages(friend)[0].content, "psst");
    world.set_dms_open(friend, false);
    assert_eq!(code(&ask(&mut world, "POST", &path, json!({"content": "psst"}))), (403, 50007));
    world.set_dms_open(friend, true);
    world.leave(inn.guild, friend).unwrap();
    assert_eq!(code(&ask(&mut world, "POST", &path, json!({"content": "psst"}))), (403, 50278));
}

#[test]
fn roles_move_only_below_the_bots_own() {
    let (mut world, inn, clock) = inn();
    let user = inn.members[0];
    let put = |world: &mut innkeeper::sim::World, user: &str, role: &str| {
        clock.advance(Duration::from_secs(10));
        code(&ask(world, "PUT", &format!("/guilds/{}/members/{user}/roles/{role}", inn.guild), Value::Null))
    };
    let who = user.to_string();
    assert_eq!(put(&mut world, &who, &inn.level_5.to_string()), (204, 0));
    assert!(world.has_role(inn.guild, user, inn.level_5));
    assert_eq!(put(&mut world, &who, &inn.admin_role.to_string()), (403, 50013));
    assert_eq!(put(&mut world, &who, &inn.bot_role.to_string()), (403, 50013));
    assert_eq!(put(&mut world, &who, &inn.guild.to_string()), (403, 50013));
    assert_eq!(put(&mut world, &who, "1234567890"), (404, 10011));
    assert_eq!(put(&mut world, "1234567890", &inn.level_5.to_string()), (404, 10013));
    let stranger = world.add_user("stranger").to_string();
    assert_eq!(put(&mut world, &stranger, &inn.level_5.to_string()), (404, 10007));
    let managed = world.add_role(inn.guild, RoleSpec { managed: true, ..RoleSpec::named("Booster", 1) });
    assert_eq!(put(&mut world, &who, &managed.to_string()), (403, 50013));
    // Of equal positions the older role is higher.
    let equal = world.add_role(inn.guild, RoleSpec::named("Rival", 8));
    assert_eq!(put(&mut world, &who, &equal.to_string()), (204, 0));
    world
        .edit_role(inn.guild, inn.bot_role, |role| role.permissions = Permissions(role.permissions.0 & !MANAGE_ROLES))
        .unwrap();
    assert_eq!(put(&mut world, &who, &inn.level_10.to_string()), (403, 50013));
    let entry = world.audit_log(inn.guild).next().unwrap();
    assert_eq!((entry.action, entry.target), (25, Some(user.get())));
}

#[test]
fn reasons_are_kept_decoded() {
    let (mut world, inn, _) = inn();
    let path = format!("/guilds/{}/members/{}/roles/{}", inn.guild, inn.members[0], inn.level_5);
    let mut request = Request::new(&world, "PUT", &path);
    request.reason = Some("reached%20level%205%20%E2%9C%93".to_owned());
    world.request(&request);
    assert_eq!(world.audit_log(inn.guild).last().unwrap().reason.as_deref(), Some("reached level 5 ✓"));
}

#[test]
fn buckets_fill_and_empty_on_the_worlds_clock() {
    let (mut world, inn, clock) = inn();
    let path = format!("/channels/{}/messages", inn.general);
    for left in (0..5).rev() {
        let answer = ask(&mut world, "POST", &path, json!({"content": "x"}));
        assert_eq!(answer.get("x-ratelimit-remaining"), Some(left.to_string().as_str()));
    }
    let refused = ask(&mut world, "POST", &path, json!({"content": "x"}));
    assert_eq!((refused.status, refused.get("x-ratelimit-scope")), (429, Some("user")));
    assert_eq!(refused.body_json()["retry_after"], 5.0);
    assert_eq!(refused.body_json()["global"], false);
    let other = format!("/channels/{}/messages", inn.help);
    assert_eq!(ask(&mut world, "POST", &other, json!({"content": "x"})).status, 200, "another channel, another bucket");
    clock.advance(Duration::from_secs(5));
    assert_eq!(ask(&mut world, "POST", &path, json!({"content": "x"})).status, 200);
    clock.advance(Duration::from_secs(5));
    let answers = (0..51).map(|n| ask(&mut world, "GET", &format!("/users/{}", 1000 + n), Value::Null).status);
    assert_eq!(answers.filter(|status| *status == 429).count(), 51 - 30, "30 in the bucket of users");
}

#[test]
fn everything_together_is_limited_too() {
    let (mut world, inn, _) = inn();
    let mut answers = Vec::new();
    for user in inn.members.iter().cycle().take(60) {
        let path = format!("/guilds/{}/members/{user}", inn.guild);
        answers.push(ask(&mut world, "GET", &path, Value::Null));
        answers.push(ask(&mut world, "GET", &format!("/channels/{}", inn.general), Value::Null));
    }
    let global = answers.iter().find(|answer| answer.get("x-ratelimit-global").is_some()).unwrap();
    assert_eq!(global.body_json()["global"], true);
}

#[test]
fn plans_take_the_place_of_answers() {
    let (mut world, inn, _) = inn();
    let path = format!("/channels/{}/messages", inn.general);
    world.plan("POST", "/messages", Some(1), Act::Answer(Response::error(500, 0, "500: Internal Server Error")));
    world.plan("POST", "/messages", Some(1), Act::PerformThen(Fate::Cut));
    world.plan("POST", "/messages", Some(1), Act::Answer(Response::slow_down("NaN", true)));
    let mut send = || ask(&mut world, "POST", &path, json!({"content": "x"}));
    assert_eq!(send().status, 500);
    assert_eq!(send().fate, Fate::Cut);
    assert_eq!(send().get("retry-after"), Some("NaN"));
    assert_eq!(send().status, 200);
    assert_eq!(world.bot_messages(inn.general).len(), 2, "the cut one was sent all the same");
    assert_eq!(world.plans_left(), 0);
}

#[test]
fn commands_are_checked_as_discord_checks_them() {
    let (mut world, inn, clock) = inn();
    let application = world.application();
    let path = format!("/applications/{application}/commands");
    let mut put = |body: Value| {
        clock.advance(Duration::from_secs(20));
        ask(&mut world, "PUT", &path, body)
    };
    let bad = put(json!([
        {"name": "Rank", "description": "x"},
        {"name": "rank", "description": ""},
        {"name": "x", "description": "x", "options": [
            {"type": 3, "name": "a", "description": "x"},
            {"type": 3, "name": "b", "description": "x", "required": true}]},
        {"name": "x", "description": "x", "options": [{"type": 6, "name": "w", "description": "x", "choices": [
            {"name": "a", "value": "b"}]}]},
    ]));
    let errors = &bad.body_json()["errors"];
    assert_eq!(errors["0"]["name"]["_errors"][0]["code"], "APPLICATION_COMMAND_INVALID_NAME");
    assert_eq!(errors["1"]["description"]["_errors"][0]["code"], "BASE_TYPE_REQUIRED");
    let order = &errors["2"]["options"]["1"]["_errors"][0]["code"];
    assert_eq!(order, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID");
    assert_eq!(errors["3"]["_errors"][0]["code"], "APPLICATION_COMMANDS_DUPLICATE_NAME");
    assert!(errors["3"]["options"]["0"]["choices"].is_object());
    let first = put(json!([{"name": "rank", "description": "x"}])).body_json();
    let second = put(json!([{"name": "rank", "description": "y"}, {"name": "top", "description": "x"}])).body_json();
    assert_eq!(first[0]["id"], second[0]["id"]);
    assert_ne!(first[0]["version"], second[0]["version"]);
    assert_eq!(world.registered(Scope::Global).len(), 2);
    assert_eq!(world.commands_in(inn.guild).len(), 2);
}

#[test]
fn history_is_read_in_pages() {
    let (mut world, inn, _) = inn();
    let ids: Vec<_> = (0..7)
        .map(|n| world.say(inn.general, inn.members[0], &format!("m{n}"), SayOptions::default()).unwrap())
        .collect();
    let mut read = |query: String| -> Vec<String> {
        let path = format!("/channels/{}/messages?{query}", inn.general);
        let list = ask(&mut world, "GET", &path, Value::Null).body_json();
        list.as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(read("limit=2".to_owned()), ["m6", "m5"]);
    assert_eq!(read(format!("limit=2&before={}", ids[5])), ["m4", "m3"]);
    assert_eq!(read(format!("limit=2&after={}", ids[1])), ["m3", "m2"]);
}
