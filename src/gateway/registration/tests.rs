//! What is registered, and when it is registered again.

use std::sync::{Mutex, PoisonError};

use expect_test::expect;

use super::*;
use crate::bot::BoxFuture;
use crate::command::Opt;
use crate::gateway::wire::{Reply, Request, Unreachable, Wire};
use crate::model::{Clock, Permission, Refusal, Secret, Timestamp, UserId};
use crate::store::StoreSettings;

static MEMBER: Opt<UserId> = Opt::user("member", "Whose");
static AMOUNT: Opt<i64> = Opt::whole("amount", "How much", -5..=i64::MAX).required();
static REASON: Opt<String> = Opt::text("reason", "Why", 200);

const fn command(name: &'static str, requires: Permission, options: &'static [&'static dyn Declared]) -> Command {
    Command {
        requires,
        ..Command::open(name, "Does it", "Test", options, |_, _, _| Err(Refusal::new("never run").into()))
    }
}

static PING: Command = command("ping", Permission::Everyone, &[]);
static ADD_XP: Command = command("addxp", Permission::ManageGuild, &[&MEMBER, &AMOUNT]);
static GIVE: Command = command("kudos give", Permission::Everyone, &[&REASON]);
static TAKE: Command = command("kudos take", Permission::ManageGuild, &[]);

#[test]
fn commands_are_written_as_discord_wants_them() {
    let body = body(&[&GIVE, &PING, &ADD_XP, &TAKE]);
    let outline = |command: &Value| {
        let shared = json!({"type": 1, "contexts": [0], "integration_types": [0]});
        for (key, value) in shared.as_object().into_iter().flatten() {
            assert_eq!(&command[key], value, "{command}");
        }
        format!("{} ({}) {}", command["name"], command["description"], command["default_member_permissions"])
    };
    let outlines: Vec<String> = body.as_array().unwrap().iter().map(outline).collect();
    expect![[r#"
        "kudos" ("kudos: give, take") null
        "ping" ("Does it") null
        "addxp" ("Does it") "32""#]]
    .assert_eq(&outlines.join("\n"));
    let take = json!({"name": "take", "type": 1, "description": "Does it", "options": []});
    assert_eq!(body[0]["options"][1], take);
}

#[test]
fn options_are_written_as_discord_wants_them() {
    let body = body(&[&GIVE, &ADD_XP]);
    let reason = json!({"name": "reason", "type": 3, "description": "Why", "required": false, "max_length": 200});
    assert_eq!(body[0]["options"][0]["options"], json!([reason]));
    let amount = json!({"name": "amount", "type": 4, "description": "How much", "required": true,
        "min_value": -5, "max_value": WHOLE_MAX});
    let member = json!({"name": "member", "type": 6, "description": "Whose", "required": false});
    assert_eq!(body[1]["options"], json!([amount, member]), "the required one first");
}

type Heard = Arc<Mutex<Vec<(String, Value)>>>;

struct Listens {
    heard: Heard,
    status: u16,
}

impl Wire for Listens {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        let body = serde_json::from_slice(&request.body.unwrap_or_default()).unwrap_or_default();
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push((request.path, body));
        let body = br#"{"code": 50001}"#.to_vec();
        Box::pin(async move { Ok(Reply { status: self.status, headers: Vec::new(), body }) })
    }
}

/// A registrar over a fresh database in `folder`, and what Discord heard.
fn registrar(store: Store, vitals: Arc<Vitals>, status: u16) -> (Registrar, Heard) {
    let heard = Heard::default();
    let wire = Box::new(Listens { heard: heard.clone(), status });
    let rest = Rest::new(wire, Secret::new("t"), vitals.clone(), Duration::from_millis(1));
    (Registrar { rest, store, vitals, application: ApplicationId::new(901).unwrap() }, heard)
}

fn paths(heard: &Heard) -> Vec<String> {
    std::mem::take(&mut *heard.lock().unwrap()).into_iter().map(|(path, _)| path).collect()
}

#[tokio::test]
async fn registration_happens_when_something_changed() {
    let folder = crate::gateway::scratch::Folder::new();
    let vitals = Vitals::new(Clock::real());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
    let store = Store::open(&folder.path("a.db"), settings, vitals.clone()).unwrap();
    let (registrar, heard) = registrar(store, vitals, 200);
    let (one, two) = (GuildId::new(1).unwrap(), GuildId::new(2).unwrap());

    registrar.register(&[&PING], &[], &[one]).await;
    registrar.register(&[&PING], &[], &[one]).await;
    assert_eq!(paths(&heard), ["/applications/901/commands"], "once, and no guild that was never written");
    registrar.register(&[&PING, &ADD_XP], &[], &[]).await;
    assert_eq!(paths(&heard).len(), 1, "a new command");
    registrar.register(&[&PING], &[one], &[one, two]).await;
    assert_eq!(paths(&heard), ["/applications/901/guilds/1/commands", "/applications/901/commands"]);
    registrar.register(&[&PING], &[], &[one, two]).await;
    assert_eq!(paths(&heard), ["/applications/901/commands", "/applications/901/guilds/1/commands"]);
}

#[tokio::test]
async fn a_refused_registration_says_what_to_do_and_is_tried_at_the_next_start() {
    let folder = crate::gateway::scratch::Folder::new();
    let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
    let store = Store::open(&folder.path("a.db"), settings, vitals.clone()).unwrap();
    let (registrar, heard) = registrar(store, vitals.clone(), 403);
    registrar.register(&[&PING], &[GuildId::new(1).unwrap()], &[]).await;
    let problems = vitals.problems();
    assert!(problems[0].action.contains("applications.commands"), "{problems:?}");
    registrar.register(&[&PING], &[GuildId::new(1).unwrap()], &[]).await;
    assert_eq!(paths(&heard).len(), 2);
}
