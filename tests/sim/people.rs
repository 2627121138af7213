//! What people do, and what the bot is told of it, in this process.

use std::time::Duration;

use innkeeper::model::Clock;
use innkeeper::sim::world::{ChannelSpec, Input, VoiceFlags, intent, state::channel_kind};
use innkeeper::sim::{Inn, SayOptions, World, WorldConfig};
use serde_json::{Value, json};

use crate::client::{EVENING, INTENTS, ask, inn};

fn names(events: &[(&'static str, Value)]) -> Vec<&'static str> {
    events.iter().map(|(name, _)| *name).collect()
}

#[test]
fn a_session_begins_with_ready_and_the_guilds() {
    let (mut world, inn, _) = inn();
    let session = world.attach(INTENTS);
    let events = world.drain(&session);
    assert_eq!(names(&events), ["READY", "GUILD_CREATE"]);
    let guild = &events[1].1;
    assert_eq!(guild["member_count"], 9);
    assert_eq!(guild["members"].as_array().unwrap().len(), 1, "without presences: the bot alone");
    assert_eq!(guild["channels"].as_array().unwrap().len(), 10);
    let voiced = inn.members[1];
    world.voice(inn.guild, voiced, Some(inn.fireside), VoiceFlags::default()).unwrap();
    let all = world.attach(INTENTS | intent::GUILD_PRESENCES);
    let guild = &world.drain(&all)[1].1;
    assert_eq!(guild["members"].as_array().unwrap().len(), 9);
    assert_eq!(guild["voice_states"][0]["user_id"], voiced.to_string());
    let none = world.attach(intent::GUILD_MESSAGES);
    assert_eq!(names(&world.drain(&none)), ["READY"], "guilds only for who asks for guilds");
}

#[test]
fn a_message_looks_like_the_real_one() {
    let (mut world, inn, _) = inn();
    let session = world.attach(INTENTS);
    world.drain(&session);
    world.give_role(inn.guild, inn.members[0], inn.regular_role).unwrap();
    let text = format!("good evening, <@{}>! Is there any soup left?", inn.members[1]);
    let id = world.say(inn.general, inn.members[0], &text, SayOptions::default()).unwrap();
    let events = world.drain(&session);
    assert_eq!(names(&events), ["GUILD_MEMBER_UPDATE", "MESSAGE_CREATE"]);
    let message = &events[1].1;
    assert_eq!(message["id"], id.to_string());
    assert_eq!(message["member"]["roles"], json!([inn.regular_role.to_string()]));
    assert_eq!(message["mentions"][0]["id"], inn.members[1].to_string());
    assert!(message["mentions"][0]["member"].is_object());
    let bytes = message.to_string().len();
    assert!((900..2_000).contains(&bytes), "about a kilobyte, not {bytes}");
}

#[test]
fn content_is_for_those_who_may_read_it() {
    let (mut world, inn, _) = inn();
    let blind = world.attach(intent::GUILDS | intent::GUILD_MESSAGES | intent::DIRECT_MESSAGES);
    let deaf = world.attach(intent::GUILDS);
    world.drain(&blind);
    world.drain(&deaf);
    let me = world.me();
    world.say(inn.general, inn.members[0], "secret", SayOptions::default()).unwrap();
    world.say(inn.general, inn.members[0], &format!("psst <@{me}>"), SayOptions::default()).unwrap();
    world.whisper(inn.members[0], "just us").unwrap();
    let heard: Vec<_> = world.drain(&blind).into_iter().map(|(_, message)| message["content"].clone()).collect();
    assert_eq!(heard, [json!(""), json!(format!("psst <@{me}>")), json!("just us")]);
    assert!(world.drain(&deaf).is_empty());
}

#[test]
fn what_the_bot_cannot_see_it_is_not_told() {
    let (mut world, inn, _) = inn();
    let session = world.attach(INTENTS);
    world.overwrite_member(inn.staff_room, world.me(), 0, 1 << 10);
    world.drain(&session);
    world.say(inn.staff_room, inn.moderator, "between us", SayOptions::default()).unwrap();
    assert!(world.drain(&session).is_empty());
    let refused = world.say(inn.staff_room, inn.members[0], "hello?", SayOptions::default());
    assert!(refused.is_err(), "members do not see the staff room");
}

fn registered(world: &mut World) {
    let path = format!("/applications/{}/commands", world.application());
    let commands = json!([
        {"name": "rank", "description": "x", "options": [{"type": 6, "name": "member", "description": "x"}]},
        {"name": "addxp", "description": "x", "default_member_permissions": "32", "options": [
            {"type": 6, "name": "member", "description": "x", "required": true},
            {"type": 4, "name": "amount", "description": "x", "required": true, "min_value": 1, "max_value": 100}]},
        {"name": "kudos", "description": "x", "options": [{"type": 1, "name": "give", "description": "x", "options": [
            {"type": 6, "name": "member", "description": "x", "required": true}]}]},
    ]);
    assert_eq!(ask(world, "PUT", &path, commands).status, 200);
}

#[test]
fn a_client_offers_only_what_is_open_and_well_filled() {
    let (mut world, inn, _) = inn();
    registered(&mut world);
    let session = world.attach(intent::GUILDS);
    world.drain(&session);
    let (a, b) = (inn.members[0], inn.members[1]);
    assert!(world.slash(inn.general, a, "nothing", &[]).is_err());
    assert!(world.slash(inn.general, a, "kudos", &[]).is_err(), "a subcommand must be chosen");
    assert!(world.slash(inn.general, a, "addxp", &[("member", b.into()), ("amount", 5_i64.into())]).is_err());
    let admin = inn.admin;
    assert!(world.slash(inn.general, admin, "addxp", &[("member", b.into())]).is_err(), "amount is required");
    assert!(world.slash(inn.general, admin, "addxp", &[("member", b.into()), ("amount", 500_i64.into())]).is_err());
    assert!(world.slash(inn.general, admin, "addxp", &[("member", b.into()), ("amount", "5".into())]).is_err());
    world.slash(inn.general, admin, "addxp", &[("member", b.into()), ("amount", 5_i64.into())]).unwrap();
    world.slash(inn.general, a, "kudos give", &[("member", b.into())]).unwrap();
    let events = world.drain(&session);
    assert_eq!(names(&events), ["INTERACTION_CREATE"; 2]);
    let data = &events[1].1["data"];
    assert_eq!(data["options"][0]["options"][0]["value"], b.to_string());
    assert_eq!(data["resolved"]["members"][b.to_string()]["roles"], json!([]));
    assert_eq!(events[1].1["member"]["user"]["id"], a.to_string());
}

fn interaction(world: &mut World, inn: &Inn) -> (innkeeper::sim::world::InteractionId, String, String) {
    let id = world.slash(inn.general, inn.members[0], "rank", &[("member", Input::User(inn.members[1]))]).unwrap();
    let token = world.interaction(id).unwrap().token.clone();
    let webhook = format!("/webhooks/{}/{token}", world.application());
    (id, format!("/interactions/{}/{token}/callback", id.0), webhook)
}

#[test]
fn an_answer_at_once_or_after_thinking() {
    let (mut world, inn, clock) = inn();
    registered(&mut world);
    let (id, callback, webhook) = interaction(&mut world, &inn);
    let original = format!("{webhook}/messages/@original");
    let early = ask(&mut world, "PATCH", &original, json!({"content": "too early"}));
    assert_eq!((early.status, early.body_json()["code"].clone()), (404, json!(10015)));
    clock.advance(Duration::from_millis(500));
    assert_eq!(ask(&mut world, "POST", &callback, json!({"type": 5, "data": {"flags": 64}})).status, 204);
    let again = ask(&mut world, "POST", &callback, json!({"type": 4, "data": {"content": "x"}}));
    assert_eq!((again.status, again.body_json()["code"].clone()), (400, json!(40060)));
    let thinking = world.answer(id).unwrap();
    assert!(thinking.ephemeral && thinking.message.is_none());
    assert_eq!(thinking.after, Duration::from_millis(500));
    assert_eq!(ask(&mut world, "PATCH", &original, json!({"content": "level 3"})).status, 200);
    ask(&mut world, "POST", &webhook, json!({"content": "and one more", "flags": 64}));
    let answer = world.finished_answer(id).unwrap();
    assert_eq!((answer.content(), answer.followups[0].content.as_str()), ("level 3", "and one more"));
    assert!(world.read(inn.general, inn.members[2], 10).is_empty(), "nobody else sees it");
    assert_eq!(world.read(inn.general, inn.members[0], 10).len(), 2);
    assert_eq!(ask(&mut world, "DELETE", &original, Value::Null).status, 204);
    assert!(world.answer(id).unwrap().deleted);
    clock.advance(Duration::from_secs(900));
    let late = ask(&mut world, "POST", &webhook, json!({"content": "late"}));
    assert_eq!((late.status, late.body_json()["code"].clone()), (401, json!(50027)));
}

#[test]
fn a_first_answer_after_three_seconds_is_too_late() {
    let (mut world, inn, clock) = inn();
    registered(&mut world);
    let (id, callback, _) = interaction(&mut world, &inn);
    clock.advance(Duration::from_millis(3_001));
    let late = ask(&mut world, "POST", &callback, json!({"type": 4, "data": {"content": "x"}}));
    assert_eq!((late.status, late.body_json()["code"].clone()), (404, json!(10062)));
    assert!(world.answer(id).is_none());
}

#[test]
fn a_follow_up_to_thinking_becomes_the_answer() {
    let (mut world, inn, _) = inn();
    registered(&mut world);
    let (id, callback, webhook) = interaction(&mut world, &inn);
    ask(&mut world, "POST", &callback, json!({"type": 5}));
    ask(&mut world, "POST", &webhook, json!({"content": "here", "flags": 64}));
    let answer = world.finished_answer(id).unwrap();
    assert_eq!((answer.content(), answer.ephemeral, answer.followups.len()), ("here", false, 0));
}

#[test]
fn coming_going_and_voice_are_told() {
    let (mut world, inn, _) = inn();
    let session = world.attach(INTENTS);
    world.drain(&session);
    let guest = world.join(inn.guild, "Passing Guest");
    world.voice(inn.guild, guest, Some(inn.fireside), VoiceFlags::default()).unwrap();
    assert!(world.voice(inn.guild, guest, Some(inn.general), VoiceFlags::default()).is_err());
    world.leave(inn.guild, guest).unwrap();
    let events = world.drain(&session);
    let wanted = ["GUILD_MEMBER_ADD", "VOICE_STATE_UPDATE", "VOICE_STATE_UPDATE", "GUILD_MEMBER_REMOVE"];
    assert_eq!(names(&events), wanted);
    assert_eq!(events[2].1["channel_id"], Value::Null);
    world.set_outage(inn.guild, true);
    world.set_outage(inn.guild, false);
    assert_eq!(names(&world.drain(&session)), ["GUILD_DELETE", "GUILD_CREATE"]);
}

#[test]
fn a_member_in_a_timeout_is_silent() {
    let (mut world, inn, clock) = inn();
    let user = inn.members[0];
    world.set_timeout(inn.guild, user, Some(clock.now().plus(Duration::from_secs(60)))).unwrap();
    assert!(world.say(inn.general, user, "mmph", SayOptions::default()).is_err());
    clock.advance(Duration::from_secs(61));
    assert!(world.say(inn.general, user, "hello", SayOptions::default()).is_ok());
}

#[test]
fn threads_take_their_permissions_from_their_channel() {
    let (mut world, inn, _) = inn();
    let thread = world.add_channel(inn.guild, ChannelSpec::thread("soup", inn.staff_room));
    assert_eq!(world.channel(thread).unwrap().kind, channel_kind::PUBLIC_THREAD);
    assert!(world.say(thread, inn.members[0], "x", SayOptions::default()).is_err());
    assert!(world.say(thread, inn.moderator, "x", SayOptions::default()).is_ok());
}

#[test]
fn people_were_at_discord_before_they_came_and_for_weeks() {
    let clock = Clock::hand(EVENING);
    let mut world = World::new(clock.clone(), WorldConfig::default());
    let inn = Inn::furnish(&mut world, 300);
    let week = Duration::from_secs(7 * 86_400);
    for user in inn.members.iter().chain([&inn.admin, &inn.moderator]) {
        let member = world.member(inn.guild, *user).unwrap();
        assert!(user.time() <= member.joined_at && EVENING.since(user.time()) > week, "{user}");
    }
    assert!(inn.members.is_sorted() && world.add_user("newcomer").time() == clock.now());
}
