//! Effects, the calls they become, and what is made of Discord's answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::gateway::wire::{Request, Unreachable, Wire};
use crate::model::{Channel, Clock, Guild, Role, Secret, Timestamp};

/// A Discord that says one thing to everything but the opening of a private channel.
struct Says {
    status: u16,
    body: Value,
    heard: Arc<Mutex<Vec<Request>>>,
}

impl Wire for Says {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        let opens = request.path == "/users/@me/channels";
        lock(&self.heard).push(request);
        let (status, body) = if opens { (200, json!({"id": "555"})) } else { (self.status, self.body.clone()) };
        Box::pin(async move { Ok(Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }) })
    }
}

fn performer(status: u16, body: Value) -> (Performer, Arc<Mutex<Vec<Request>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
    let wire = Says { status, body, heard: heard.clone() };
    let rest = Rest::new(Box::new(wire), Secret::new("t"), vitals.clone(), Duration::from_millis(1));
    (Performer::new(rest, vitals, guilds(), Studio::new("http://127.0.0.1:9")), heard)
}

fn guilds() -> Guilds {
    let guilds = Guilds::default();
    guilds.put(Guild {
        id: GuildId::new(10).unwrap(),
        name: "Inn".to_owned(),
        owner: UserId::new(1).unwrap(),
        member_count: 2,
        my_roles: Vec::new(),
        roles: vec![Role {
            id: RoleId::new(41).unwrap(),
            name: "Regular".to_owned(),
            position: 1,
            permissions: crate::model::Permissions::NONE,
            managed: false,
        }],
        afk_channel: None,
        voices: Vec::new(),
        watched: Vec::new(),
        channels: vec![Channel {
            locked: false,
            id: ChannelId::new(20).unwrap(),
            name: "hall".to_owned(),
            kind: 0,
            parent: None,
            overwrites: Vec::new(),
        }],
    });
    guilds
}

fn first(nonce: &str) -> Attempt<'_> {
    Attempt { nonce, again: false }
}

fn send() -> Effect {
    let channel = ChannelId::new(20).unwrap();
    Effect::SendMessage { channel, message: Outgoing::text("hello"), reply_to: MessageId::new(7).ok() }
}

fn give() -> Effect {
    let (guild, user) = (GuildId::new(10).unwrap(), UserId::new(30).unwrap());
    Effect::AddRole { guild, user, role: RoleId::new(41).unwrap(), reason: "level 5".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_sent_once_by_its_nonce() {
    let (performer, heard) = performer(200, json!({"id": "99"}));
    let delivered = performer.perform(&send(), first("ik1")).await.unwrap();
    assert_eq!(delivered.message, MessageId::new(99).ok());
    let request = lock(&heard).remove(0);
    assert_eq!((request.method, request.path.as_str()), ("POST", "/channels/20/messages"));
    let body: Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
    assert_eq!((&body["nonce"], &body["content"]), (&json!("ik1"), &json!("hello")));
}

#[tokio::test(start_paused = true)]
async fn a_private_message_opens_its_channel_once() {
    let (performer, heard) = performer(200, json!({"id": "99"}));
    let effect = Effect::SendDirect { user: UserId::new(30).unwrap(), message: Outgoing::text("psst") };
    performer.perform(&effect, first("a")).await.unwrap();
    performer.perform(&effect, first("b")).await.unwrap();
    let paths: Vec<String> = lock(&heard).iter().map(|request| request.path.clone()).collect();
    assert_eq!(paths, ["/users/@me/channels", "/channels/555/messages", "/channels/555/messages"]);
}

#[tokio::test(start_paused = true)]
async fn a_role_change_says_why_in_the_audit_log() {
    let (performer, heard) = performer(204, Value::Null);
    performer.perform(&give(), first("")).await.unwrap();
    let request = lock(&heard).remove(0);
    assert_eq!((request.method, request.path.as_str()), ("PUT", "/guilds/10/members/30/roles/41"));
    assert!(request.headers.contains(&("x-audit-log-reason", "level%205".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_moderator_reads_what_to_change() {
    let cases = [
        (403, 50_013, give(), "role.41", "the role Regular", "drag it above"),
        (404, 10_011, give(), "role.41", "no longer exists", "Choose another"),
        (403, 50_013, send(), "channel.20", "the channel hall", "permission"),
        (403, 50_001, send(), "channel.20", "cannot see", "View Channel"),
        (404, 10_003, send(), "channel.20", "no longer exists", "Choose another"),
    ];
    for (status, code, effect, name, detail, action) in cases {
        let (performer, heard) = performer(status, json!({"code": code, "message": "no"}));
        let Err(Setback::Refused { code: told, .. }) = performer.perform(&effect, first("n")).await else { panic!() };
        assert_eq!(told, code);
        assert_eq!(lock(&heard).len(), 1, "a refusal is not tried again");
        let problems = performer.vitals.problems();
        assert_eq!(problems[0].name, name);
        assert!(problems[0].detail.contains(detail), "{}", problems[0].detail);
        assert!(problems[0].action.contains(action), "{}", problems[0].action);
        performer.note(Place::Channel(ChannelId::new(20).unwrap()), &Ok(Delivered::default()));
        let role = Place::Role(GuildId::new(10).unwrap(), RoleId::new(41).unwrap());
        performer.note(role, &Ok(Delivered::default()));
        assert!(performer.vitals.problems().is_empty(), "what works again is no problem");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_mend_is_not_on_the_page() {
    for code in [50_007, 10_007, 10_013, 10_008, 50_035] {
        let (performer, _) = performer(403, json!({"code": code}));
        let effect = Effect::SendDirect { user: UserId::new(30).unwrap(), message: Outgoing::text("psst") };
        let setback = performer.perform(&effect, first("n")).await.unwrap_err();
        assert!(setback.words().len() > 20, "{code}");
        performer.perform(&give(), first("n")).await.unwrap_err();
        assert!(performer.vitals.problems().is_empty(), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_for_later() {
    let (performer, _) = performer(502, Value::Null);
    assert!(matches!(performer.perform(&send(), first("n")).await, Err(Setback::Later { .. })));
}
