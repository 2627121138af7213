//! What the bot does about members and channels, and how Discord judges it, in this process.

use std::time::Duration;

use innkeeper::sim::world::permissions::{SEND_MESSAGES, VIEW_CHANNEL};
use innkeeper::sim::{Request, Response, SayOptions, World};
use serde_json::{Value, json};

use crate::client::{INTENTS, ask, inn};

fn code(answer: &Response) -> (u16, u64) {
    (answer.status, answer.body_json()["code"].as_u64().unwrap_or(0))
}

fn send(world: &mut World, method: &str, path: &str, body: Value) -> (u16, u64) {
    world.clock().advance(Duration::from_secs(15));
    code(&ask(world, method, path, body))
}

#[test]
fn only_those_below_the_bot_can_be_silenced() {
    let (mut world, inn, clock) = inn();
    let until =
        |seconds| json!({"communication_disabled_until": clock.now().plus(Duration::from_secs(seconds)).rfc3339()});
    let path = |user| format!("/guilds/{}/members/{user}", inn.guild);
    assert_eq!(send(&mut world, "PATCH", &path(inn.members[0]), until(600)), (200, 0));
    assert!(world.say(inn.general, inn.members[0], "x", SayOptions::default()).is_err());
    assert_eq!(send(&mut world, "PATCH", &path(inn.moderator), until(600)), (200, 0));
    assert_eq!(send(&mut world, "PATCH", &path(inn.admin), until(600)), (403, 50013));
    assert_eq!(send(&mut world, "PATCH", &path(inn.owner), until(600)), (403, 50013));
    assert_eq!(send(&mut world, "PATCH", &path(inn.members[1]), until(29 * 86_400)), (400, 50035));
    let open = json!({"communication_disabled_until": null});
    assert_eq!(send(&mut world, "PATCH", &path(inn.members[0]), open), (200, 0));
    assert!(world.say(inn.general, inn.members[0], "x", SayOptions::default()).is_ok());
}

#[test]
fn kicks_and_bans_are_told_and_written_down() {
    let (mut world, inn, _) = inn();
    let session = world.attach(INTENTS);
    world.drain(&session);
    let (kicked, banned) = (inn.members[0], inn.members[1]);
    world.say(inn.general, banned, "spam", SayOptions::default()).unwrap();
    assert_eq!(send(&mut world, "DELETE", &format!("/guilds/{}/members/{kicked}", inn.guild), Value::Null), (204, 0));
    assert_eq!(
        send(&mut world, "DELETE", &format!("/guilds/{}/members/{kicked}", inn.guild), Value::Null),
        (404, 10007)
    );
    let path = format!("/guilds/{}/bans/{banned}", inn.guild);
    let mut request = Request::new(&world, "PUT", &path).json(&json!({"delete_message_seconds": 3600}));
    request.reason = Some("spam%3A%20again".to_owned());
    assert_eq!(world.request(&request).status, 204);
    let names: Vec<_> = world.drain(&session).into_iter().map(|(name, _)| name).collect();
    let wanted = [
        "MESSAGE_CREATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_AUDIT_LOG_ENTRY_CREATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_BAN_ADD",
        "MESSAGE_DELETE",
        "GUILD_AUDIT_LOG_ENTRY_CREATE",
    ];
    assert_eq!(names, wanted);
    assert!(!world.rejoin(inn.guild, banned));
    assert!(world.rejoin(inn.guild, kicked));
    let ban = ask(&mut world, "GET", &path, Value::Null).body_json();
    assert_eq!(ban["reason"], "spam: again");
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null), (204, 0));
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null), (404, 10026));
    assert_eq!(send(&mut world, "PUT", &format!("/guilds/{}/bans/{}", inn.guild, inn.admin), json!({})), (403, 50013));
    let log = ask(&mut world, "GET", &format!("/guilds/{}/audit-logs?action_type=22", inn.guild), Value::Null);
    assert_eq!(log.body_json()["audit_log_entries"][0]["reason"], "spam: again");
}

#[test]
fn a_lock_is_an_overwrite_and_comes_off_again() {
    let (mut world, inn, _) = inn();
    let path = format!("/channels/{}/permissions/{}", inn.general, inn.guild);
    let lock = json!({"type": 0, "allow": "0", "deny": SEND_MESSAGES.to_string()});
    assert_eq!(send(&mut world, "PUT", &path, lock.clone()), (204, 0));
    assert!(world.say(inn.general, inn.members[0], "x", SayOptions::default()).is_err());
    assert!(world.say(inn.general, inn.admin, "x", SayOptions::default()).is_ok());
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null), (204, 0));
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null), (404, 10009));
    assert!(world.say(inn.general, inn.members[0], "x", SayOptions::default()).is_ok());
    let more = json!({"type": 0, "allow": (1_u64 << 5).to_string(), "deny": "0"});
    assert_eq!(send(&mut world, "PUT", &path, more), (403, 50013), "only what one has can be given");
    world.overwrite_member(inn.general, world.me(), 0, VIEW_CHANNEL);
    assert_eq!(send(&mut world, "PUT", &path, lock), (403, 50001));
}

#[test]
fn many_messages_go_at_once_unless_they_are_old() {
    let (mut world, inn, clock) = inn();
    let old = world.say(inn.general, inn.members[0], "old", SayOptions::default()).unwrap();
    clock.advance(Duration::from_secs(15 * 86_400));
    let ids: Vec<_> =
        (0..3).map(|_| world.say(inn.general, inn.members[0], "x", SayOptions::default()).unwrap()).collect();
    let path = format!("/channels/{}/messages/bulk-delete", inn.general);
    assert_eq!(send(&mut world, "POST", &path, json!({"messages": [ids[0]]})), (400, 50016));
    assert_eq!(send(&mut world, "POST", &path, json!({"messages": [ids[0], old]})), (400, 50034));
    assert_eq!(send(&mut world, "POST", &path, json!({"messages": ids})), (204, 0));
    assert_eq!(world.messages(inn.general).len(), 1);
}

#[test]
fn others_messages_can_be_deleted_but_not_changed() {
    let (mut world, inn, _) = inn();
    let id = world.say(inn.general, inn.members[0], "x", SayOptions::default()).unwrap();
    let path = format!("/channels/{}/messages/{id}", inn.general);
    assert_eq!(send(&mut world, "PATCH", &path, json!({"content": "y"})), (403, 50005));
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null), (204, 0));
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null), (404, 10008));
}

#[test]
fn a_picture_comes_as_a_form() {
    let (mut world, inn, _) = inn();
    let mut request = Request::new(&world, "POST", &format!("/channels/{}/messages", inn.general));
    request.content_type = Some("multipart/form-data; boundary=frontier".to_owned());
    let json = r#"{"content":"look","attachments":[{"id":0,"filename":"card.png"}]}"#;
    let head = "--frontier\r\nContent-Disposition: form-data; name=";
    let mut body = format!("{head}\"payload_json\"\r\nContent-Type: application/json\r\n\r\n{json}\r\n").into_bytes();
    let file = format!("{head}\"files[0]\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\n");
    body.extend(file.bytes());
    body.extend(b"\x89PNG\r\n\x1a\n\r\n--frontier--\r\n");
    request.body = body;
    let answer = world.request(&request);
    assert_eq!(answer.body_json()["attachments"][0]["filename"], "card.png");
    let file = &world.bot_messages(inn.general)[0].attachments[0];
    assert_eq!((file.bytes.as_ref(), file.content_type.as_deref()), (&b"\x89PNG\r\n\x1a\n"[..], Some("image/png")));
}
