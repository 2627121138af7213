//! Slash commands against the real engine: prompt, slow, refused, unreadable, too many.

use std::sync::{Mutex, PoisonError, mpsc};

use serde_json::{Value as Json, json};

use super::*;
use crate::bot::BoxFuture;
use crate::config::Config;
use crate::gateway::scratch::Folder;
use crate::gateway::wire::{Reply, Request, Unreachable, Wire};
use crate::model::{Clock, Secret};
use crate::status::vitals::Vitals;
use crate::store::{Store, StoreSettings, Tx};

type Heard = Arc<Mutex<Vec<(String, Json)>>>;

/// A Discord that takes everything, but for what the test says otherwise.
struct Takes {
    heard: Heard,
    says: Arc<Mutex<Vec<(u16, Json)>>>,
    news: tokio::sync::watch::Sender<usize>,
}

impl Wire for Takes {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        let body = serde_json::from_slice(&request.body.unwrap_or_default()).unwrap_or_default();
        lock(&self.heard).push((format!("{} {}", request.method, request.path), body));
        let (status, body) = lock(&self.says).pop().unwrap_or((204, Json::Null));
        self.news.send_modify(|count| *count += 1);
        Box::pin(async move { Ok(Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }) })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Inn {
    _folder: Folder,
    bot: Bot,
    slash: Slash,
    heard: Heard,
    says: Arc<Mutex<Vec<(u16, Json)>>>,
    news: tokio::sync::watch::Receiver<usize>,
}

impl Inn {
    async fn open(first_answer_after: Duration) -> Self {
        let folder = Folder::new();
        let clock = Clock::real();
        let vitals = Vitals::new(clock.clone());
        let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
        let store = Store::open(&folder.path("inn.db"), settings, vitals.clone()).unwrap();
        let bot = Bot::open(Config::default(), store, clock, vitals.clone()).await.unwrap();
        let (heard, says) = (Heard::default(), Arc::default());
        let (sender, news) = tokio::sync::watch::channel(0);
        let wire = Takes { heard: heard.clone(), says: Arc::clone(&says), news: sender };
        let rest = Rest::new(Box::new(wire), Secret::new("t"), vitals, Duration::from_millis(1));
        let slash = Slash::new(bot.clone(), rest, first_answer_after);
        Self { _folder: folder, bot, slash, heard, says, news }
    }

    /// Waits until Discord heard so much in all, and gives it.
    async fn heard(&mut self, count: usize) -> Vec<(String, Json)> {
        self.news.wait_for(|heard| *heard >= count).await.unwrap();
        self.slash.finish(Duration::from_secs(60)).await;
        lock(&self.heard).clone()
    }

    /// Holds the store's writer until the sender is dropped or sends.
    fn hold_writer(&self) -> mpsc::Sender<()> {
        let (let_go, held) = mpsc::channel::<()>();
        let held = Mutex::new(held);
        let store = self.bot.store().clone();
        let (started, start) = mpsc::channel();
        tokio::spawn(async move {
            let hold = move |_: &Tx| {
                let _ = started.send(());
                let _ = lock(&held).recv();
                Ok(())
            };
            let _ = store.write(hold).await;
        });
        tokio::task::block_in_place(|| start.recv()).unwrap();
        let_go
    }
}

fn interaction(id: u64, name: &str, options: Json, permissions: u64) -> Json {
    json!({
        "id": id.to_string(), "application_id": "901", "type": 2, "token": "tok-en_1", "version": 1,
        "guild_id": "10", "channel_id": "20", "channel": {"id": "20", "type": 0, "name": "hall"},
        "locale": "en-GB", "guild_locale": "en-GB", "app_permissions": "0", "entitlements": [],
        "authorizing_integration_owners": {"0": "10"}, "context": 0, "attachment_size_limit": 10_485_760,
        "data": {"id": "5", "name": name, "type": 1, "options": options},
        "member": {
            "user": {"id": "30", "username": "ada", "discriminator": "0", "global_name": "Ada", "avatar": null},
            "nick": null, "avatar": null, "roles": ["41"], "joined_at": "2020-01-01T00:00:00+00:00",
            "premium_since": null, "deaf": false, "mute": false, "flags": 0, "pending": false,
            "permissions": permissions.to_string(), "communication_disabled_until": null,
        },
    })
}

const PROMPT: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_prompt_answer_is_the_first_one() {
    let mut inn = Inn::open(PROMPT).await;
    inn.slash.take(&format!("{}}}", interaction(7 << 30, "ping", json!([]), 0)));
    let heard = inn.heard(1).await;
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].0, format!("POST /interactions/{}/tok-en_1/callback", 7_u64 << 30));
    assert_eq!(heard[0].1["type"], 4);
    assert_ne!(heard[0].1["data"]["flags"], 64);
    assert_eq!(heard[0].1["data"]["allowed_mentions"]["parse"], json!([]));
}

#[tokio::test]
async fn the_gate_refuses_at_once_and_privately() {
    let mut inn = Inn::open(PROMPT).await;
    let options = json!([{"name": "member", "type": 6, "value": "31"}, {"name": "amount", "type": 4, "value": 5}]);
    inn.slash.take(&interaction(8 << 30, "addxp", options, 0).to_string());
    let heard = inn.heard(1).await;
    assert_eq!((&heard[0].1["type"], &heard[0].1["data"]["flags"]), (&json!(4), &json!(64)));
    assert!(heard[0].1["data"]["content"].as_str().unwrap().contains("Manage Server"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_defers_the_answer_and_edits_it_later() {
    let mut inn = Inn::open(Duration::from_millis(1)).await;
    let let_go = inn.hold_writer();
    inn.slash.take(&interaction(9 << 30, "ping", json!([]), 0).to_string());
    inn.news.wait_for(|heard| *heard >= 1).await.unwrap();
    assert_eq!(lock(&inn.heard)[0].1["type"], 5, "deferred while the writer is held");
    let_go.send(()).unwrap();
    let heard = inn.heard(2).await;
    assert_eq!(heard[1].0, "PATCH /webhooks/901/tok-en_1/messages/@original");
    assert_eq!(heard[1].1["allowed_mentions"]["parse"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ephemeral_command_is_deferred_ephemerally() {
    let mut inn = Inn::open(Duration::from_millis(1)).await;
    let let_go = inn.hold_writer();
    inn.slash.take(&interaction(9 << 30, "help", json!([]), 0).to_string());
    inn.news.wait_for(|heard| *heard >= 1).await.unwrap();
    assert_eq!(lock(&inn.heard)[0].1["data"]["flags"], 64);
    drop(let_go);
    assert_eq!(inn.heard(2).await.len(), 2);
}

#[tokio::test]
async fn a_refusal_after_a_public_deferral_takes_it_back() {
    let mut inn = Inn::open(PROMPT).await;
    let ticket = Ticket::read(&interaction(9 << 30, "rank", json!([]), 0).to_string()).unwrap();
    let refusal = Drawn { message: Outgoing::text("No."), ephemeral: true, file: None };
    inn.slash.answer_later(&ticket, &refusal, false).await.unwrap();
    let heard = inn.heard(2).await;
    let calls: Vec<_> = heard.iter().map(|(call, _)| call.as_str()).collect();
    assert_eq!(calls, ["DELETE /webhooks/901/tok-en_1/messages/@original", "POST /webhooks/901/tok-en_1"]);
    assert_eq!(heard[1].1["flags"], 64);
}

#[tokio::test]
async fn a_replay_of_what_was_answered_changes_nothing() {
    let mut inn = Inn::open(PROMPT).await;
    lock(&inn.says).push((400, json!({"code": 40_060, "message": "already"})));
    let asked = interaction(9 << 30, "ping", json!([]), 0).to_string();
    inn.slash.take(&asked);
    inn.slash.take(&asked);
    assert_eq!(inn.heard(1).await.len(), 1, "no edit of the answer that stands, and no second try");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deferral_whose_fate_is_unknown_is_followed_by_an_edit() {
    let mut inn = Inn::open(Duration::from_millis(1)).await;
    // Answers are taken from the end: the deferral fails three times, and the answer finds it arrived all the same.
    let already = (400, json!({"code": 40_060, "message": "already"}));
    *lock(&inn.says) = vec![already, (502, json!({})), (502, json!({})), (502, json!({}))];
    let let_go = inn.hold_writer();
    inn.slash.take(&interaction(9 << 30, "ping", json!([]), 0).to_string());
    inn.news.wait_for(|heard| *heard >= 3).await.unwrap();
    drop(let_go);
    let heard = inn.heard(5).await;
    assert_eq!(
        (&heard[3].1["type"], heard[4].0.as_str()),
        (&json!(4), "PATCH /webhooks/901/tok-en_1/messages/@original")
    );
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_given_up() {
    let mut inn = Inn::open(PROMPT).await;
    lock(&inn.says).push((404, json!({"code": 10_062, "message": "Unknown interaction"})));
    inn.slash.take(&interaction(9 << 30, "ping", json!([]), 0).to_string());
    assert_eq!(inn.heard(1).await.len(), 1);
}

#[tokio::test]
async fn an_unknown_shape_is_answered_politely() {
    let mut inn = Inn::open(PROMPT).await;
    let mut odd = interaction(9 << 30, "ping", json!([]), 0);
    odd["member"]["roles"] = json!({"new": "shape"});
    inn.slash.take(&odd.to_string());
    let heard = inn.heard(1).await;
    assert_eq!((&heard[0].1["type"], &heard[0].1["data"]["flags"]), (&json!(4), &json!(64)));
    assert_eq!(heard[0].1["data"]["content"], UNREADABLE);
}

fn press(id: u64, custom_id: &str) -> Json {
    let mut press = interaction(id, "", json!([]), 0);
    press["type"] = json!(3);
    press["data"] = json!({"id": 2, "custom_id": custom_id, "component_type": 2});
    press["message"] = json!({"id": "77"});
    press
}

#[tokio::test]
async fn a_button_runs_its_command_and_answers_whoever_pressed_it() {
    let mut inn = Inn::open(PROMPT).await;
    inn.slash.take(&press(9 << 30, "run:ping").to_string());
    let heard = inn.heard(1).await;
    assert_eq!((&heard[0].1["type"], &heard[0].1["data"]["flags"]), (&json!(4), &json!(64)));
    assert!(heard[0].1["data"]["content"].as_str().unwrap().starts_with("Awake."));
}

#[tokio::test]
async fn a_button_passes_the_same_gate() {
    let mut inn = Inn::open(PROMPT).await;
    inn.slash.take(&press(9 << 30, "run:addxp <@31> 5").to_string());
    assert!(inn.heard(1).await[0].1["data"]["content"].as_str().unwrap().contains("Manage Server"));
    inn.slash.take(&press(10 << 30, "run:dance").to_string());
    assert!(inn.heard(2).await[1].1["data"]["content"].as_str().unwrap().contains("no such command"));
    inn.slash.take(&press(11 << 30, "somebody else's").to_string());
    assert!(inn.heard(3).await[2].1["data"]["content"].as_str().unwrap().contains("no longer know"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_press_is_deferred_for_whoever_pressed() {
    let mut inn = Inn::open(Duration::from_millis(1)).await;
    let let_go = inn.hold_writer();
    inn.slash.take(&press(9 << 30, "run:rank").to_string());
    inn.news.wait_for(|heard| *heard >= 1).await.unwrap();
    let first = lock(&inn.heard)[0].1.clone();
    assert_eq!((&first["type"], &first["data"]["flags"]), (&json!(5), &json!(64)));
    drop(let_go);
    assert_eq!(inn.heard(2).await[1].0, "PATCH /webhooks/901/tok-en_1/messages/@original");
}

#[tokio::test]
async fn what_is_no_command_or_cannot_be_answered_is_left_alone() {
    let mut inn = Inn::open(PROMPT).await;
    let mut typing = interaction(9 << 30, "ping", json!([]), 0);
    typing["type"] = json!(4);
    let mut nameless = interaction(9 << 30, "ping", json!([]), 0);
    nameless["token"] = Json::Null;
    let mut crooked = interaction(9 << 30, "ping", json!([]), 0);
    crooked["token"] = json!("../../users/@me");
    for odd in [typing, nameless, crooked, json!({}), json!([]), json!("x")] {
        inn.slash.take(&odd.to_string());
    }
    assert!(inn.heard(0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_bound_the_answer_is_a_polite_no() {
    let mut inn = Inn::open(PROMPT).await;
    let let_go = inn.hold_writer();
    for index in 0..AT_ONCE_MAX as u64 {
        let mut asked = interaction((9 << 30) + index, "ping", json!([]), 0);
        asked["member"]["user"]["id"] = json!((1_000 + index).to_string());
        inn.slash.take(&asked.to_string());
    }
    inn.slash.take(&interaction(10 << 30, "ping", json!([]), 0).to_string());
    inn.news.wait_for(|heard| *heard >= 1).await.unwrap();
    assert!(lock(&inn.heard).iter().any(|(_, body)| body["data"]["content"] == BUSY));
    drop(let_go);
    assert_eq!(inn.heard(AT_ONCE_MAX + 1).await.len(), AT_ONCE_MAX + 1);
}

#[test]
fn options_and_subcommands_become_values() {
    let options = json!([{"name": "give", "type": 1, "options": [
        {"name": "member", "type": 6, "value": "31"}, {"name": "amount", "type": 4, "value": -2},
        {"name": "reason", "type": 3, "value": "thanks"}, {"name": "quiet", "type": 5, "value": true},
        {"name": "role", "type": 8, "value": "41"}, {"name": "in", "type": 7, "value": "20"},
    ]}]);
    let invocation = invocation(&interaction(9 << 30, "kudos", options, 8).to_string()).unwrap();
    assert_eq!(invocation.command, "kudos give");
    assert_eq!((invocation.key, invocation.guild.get(), invocation.door), (9 << 30, 10, Door::Slash));
    assert_eq!((invocation.actor.name.as_str(), invocation.actor.permissions.0), ("Ada", 8));
    let Given::Named(given) = invocation.given else { panic!() };
    let names: Vec<_> = given.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["member", "amount", "reason", "quiet", "role", "in"]);
    assert_eq!(given[1].1, Value::Whole(-2));
    assert_eq!(given[0].1, Value::User(UserId::new(31).unwrap()));
}

#[test]
fn outside_a_guild_the_answer_says_so() {
    let mut private = interaction(9 << 30, "ping", json!([]), 0);
    private.as_object_mut().unwrap().remove("guild_id");
    let member = private.as_object_mut().unwrap().remove("member").unwrap();
    private["user"] = member["user"].clone();
    assert_eq!(invocation(&private.to_string()).unwrap_err(), GUILD_ONLY);
}

#[test]
fn an_invocation_brings_whom_it_names() {
    let member = |nick: Json| {
        json!({"nick": nick, "roles": [], "joined_at": "2020-01-01T00:00:00+00:00", "premium_since": null,
            "pending": false, "permissions": "0", "flags": 0, "avatar": null})
    };
    let user = |id: &str, bot: bool| {
        json!({"id": id, "username": format!("user{id}"), "discriminator": "0", "global_name": null, "avatar": null,
            "bot": bot})
    };
    let mut data = interaction(7 << 30, "rank", json!([{"name": "member", "type": 6, "value": "31"}]), 0);
    data["data"]["resolved"] = json!({
        "users": {"31": user("31", false), "32": user("32", true), "33": user("33", false)},
        "members": {"31": member(json!("Bee")), "32": member(Json::Null)},
    });
    let mut people = invocation(&data.to_string()).unwrap().people;
    people.sort_by_key(|person| person.id);
    let told: Vec<_> = people.iter().map(|person| (person.name.as_str(), person.bot, person.is_here())).collect();
    assert_eq!(told, [("Bee", false, true), ("user32", true, true), ("user33", false, false)]);
}
