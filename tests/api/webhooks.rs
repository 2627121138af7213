//! Programs that are told what happens: hooks of keys, with a server of the test's own to receive.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use innkeeper::bot::Bot;
use innkeeper::model::access::{new_hook_secret, new_key, signature_of};
use innkeeper::model::webhook::{Delivery, HookKind, Parcel, Posted, WebhookUrl};
use innkeeper::model::{GuildId, Secret, Setback};
use innkeeper::store::access::{self, NewKey};
use innkeeper::store::promises;
use innkeeper::store::webhooks::{self, Hook, NewHook, Order};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::client::{Client, key};
use crate::door::OpenDoor;
use crate::house::{House, Running};
use crate::support::{Folder, Log, hand_clock, open_store};
use crate::{open, sign_in};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// What was posted.
#[derive(Debug)]
struct Post {
    head: String,
    body: String,
}

impl Post {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn is_signed_with(&self, secret: &str) -> bool {
        let text = format!("{}.{}", self.header("x-innkeeper-timestamp"), self.body);
        let signature = signature_of(&Secret::new(secret), &text);
        self.header("x-innkeeper-signature") == format!("sha256={signature}")
    }
}

/// A server on loopback that answers with these statuses, one after another, and then with 200.
struct Receiver {
    url: String,
    answers: Arc<Mutex<VecDeque<u16>>>,
    posts: mpsc::UnboundedReceiver<Post>,
}

impl Receiver {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?token=s3cret-of-url", listener.local_addr().unwrap());
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let (told, posts) = mpsc::unbounded_channel();
        let next = answers.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                receive(stream, &told, &next).await;
            }
        });
        Self { url, answers, posts }
    }

    fn answers(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    async fn next(&mut self) -> Post {
        timeout(PATIENCE, self.posts.recv()).await.unwrap().unwrap()
    }

    fn is_quiet(&mut self) -> bool {
        self.posts.try_recv().is_err()
    }
}

async fn receive(mut stream: TcpStream, told: &mpsc::UnboundedSender<Post>, answers: &Mutex<VecDeque<u16>>) {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut piece = [0; 4_096];
        let read = stream.read(&mut piece).await.unwrap();
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            if body.len() >= length.parse().unwrap() {
                break (head.to_owned(), body.to_owned());
            }
        }
        assert!(read > 0, "half a request: {text}");
    };
    let status = answers.lock().unwrap().pop_front().unwrap_or(200);
    told.send(Post { head, body }).unwrap();
    let answer = format!("HTTP/1.1 {status} Said\r\nlocation: /else\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// A house that may post to the receiver, a door, and a key that may have hooks of all kinds.
struct Scene {
    house: House,
    bot: Running,
    door: OpenDoor,
    receiver: Receiver,
    key: String,
    path: String,
}

impl Scene {
    async fn open() -> Self {
        let receiver = Receiver::open().await;
        let house = House::with(|config| {
            config.http.webhook_allow = vec![WebhookUrl::of_owner(&receiver.url).unwrap()];
            config.http.writes_per_second = 1_000.try_into().unwrap();
            config.levels.message_xp = 500.into();
        })
        .await;
        let (bot, door) = open(&house).await;
        let key = key(&bot.bot, "watcher", "admin moderate", Some(house.inn.guild), None).await;
        let path = format!("/api/guilds/{}/webhooks", house.inn.guild);
        Self { house, bot, door, receiver, key, path }
    }

    fn client(&self) -> Client {
        Client::with_key(&self.door, &self.key)
    }

    /// A hook of these kinds; its secret.
    async fn hook(&self, kinds: &[&str]) -> String {
        let made = self.client().post(&self.path, json!({"url": self.receiver.url, "kinds": kinds})).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json["secret"].as_str().unwrap().to_owned()
    }

    async fn thank(&self, giver: usize, receiver: usize) {
        let (giver, receiver) = (self.house.member(giver), self.house.member(receiver));
        let options = [("member", receiver.into()), ("reason", "the soup".into())];
        let said = self.house.slash(giver, "kudos give", &options).await.text();
        assert!(said.contains("kudo"), "{said}");
    }

    /// What the receiver is told next of a promise, which is none to tell it something.
    async fn promise_told(&mut self) -> Value {
        loop {
            let told = self.receiver.next().await.json();
            if told["kind"] == "promise" {
                assert!(!told["about"].as_str().unwrap().starts_with("tell 127.0.0.1"), "{told}");
                return told;
            }
        }
    }

    async fn hooks(&self) -> Vec<Hook> {
        list(&self.bot.bot, self.house.inn.guild).await
    }

    /// The only hook, once this holds of it.
    async fn until(&self, holds: impl Fn(&Hook) -> bool) -> Hook {
        let wait = async {
            loop {
                if let Some(hook) = self.hooks().await.into_iter().next().filter(|hook| holds(hook)) {
                    return hook;
                }
            }
        };
        timeout(PATIENCE, wait).await.unwrap()
    }

    fn advance(&self, time: Duration) {
        self.house.clock.advance(time);
        self.bot.bot.look_at_promises();
    }

    fn deliveries(&self) -> Vec<String> {
        let database = Connection::open(&self.house.config.store.path).unwrap();
        let sql = "SELECT state || coalesce(': ' || words, '') FROM promise WHERE lane GLOB 'hook:*' ORDER BY id";
        let mut statement = database.prepare(sql).unwrap();
        statement.query_map((), |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
    }
}

async fn list(bot: &Bot, guild: GuildId) -> Vec<Hook> {
    let now = bot.clock().now();
    bot.store().read(move |reader| webhooks::list(reader, guild, now)).await.unwrap()
}

#[tokio::test]
async fn a_hook_is_told_what_happens_and_can_tell_that_it_was_us() {
    let mut scene = Scene::open().await;
    let secret = scene.hook(&["level_up", "tool_unlocked", "kudos", "case", "member"]).await;
    let (guild, ada, bea) = (scene.house.inn.guild, scene.house.member(0), scene.house.member(1));
    scene.house.say_later(ada, "a story that takes whoever tells it to a level of their own");
    let level = scene.receiver.next().await;
    assert!(level.is_signed_with(&secret) && !level.is_signed_with("inkw_other"), "{level:?}");
    assert!(level.head.starts_with("POST /hook?token=s3cret-of-url HTTP/1.1"), "{level:?}");
    assert_eq!(level.header("content-type"), "application/json");
    let told = level.json();
    assert_eq!(level.header("x-innkeeper-id"), told["id"].as_str().unwrap());
    assert_eq!(level.header("x-innkeeper-timestamp"), scene.house.clock.now().seconds().to_string());
    assert_eq!(
        (&told["kind"], &told["guild_id"], &told["user_id"], &told["old_level"]),
        (&json!("level_up"), &json!(guild.to_string()), &json!(ada.to_string()), &json!(1)),
        "{told}"
    );
    scene.thank(0, 1).await;
    let told = scene.receiver.next().await.json();
    let wanted = json!({"id": told["id"], "kind": "kudos", "guild_id": guild.to_string(),
        "timestamp": scene.house.clock.now().rfc3339(), "giver_id": ada.to_string(), "receiver_id": bea.to_string(),
        "receiver_name": told["receiver_name"], "amount": 1, "reason": "the soup", "channel_id": told["channel_id"]});
    assert_eq!(told, wanted);
    let warn = [("member", bea.into()), ("reason", "too loud".into())];
    scene.house.slash(scene.house.inn.moderator, "warn", &warn).await;
    let told = scene.receiver.next().await.json();
    assert_eq!((&told["kind"], &told["case_kind"], &told["number"]), (&json!("case"), &json!("warn"), &json!(1)));
    let set = [("member", ada.into()), ("level", 6.into())];
    scene.house.slash(scene.house.inn.owner, "setlevel", &set).await;
    scene.house.slash(ada, "tools", &[("claim", "Daily Rewards".into())]).await;
    let told = scene.receiver.next().await.json();
    assert_eq!((&told["kind"], &told["tool_name"]), (&json!("tool_unlocked"), &json!("Daily Rewards")), "{told}");
    scene.house.sim.world().leave(guild, bea).unwrap();
    let told = scene.receiver.next().await.json();
    assert_eq!((&told["kind"], &told["change"]), (&json!("member"), &json!("left")), "{told}");
    scene.house.sim.world().rejoin(guild, bea);
    let told = scene.receiver.next().await.json();
    assert_eq!((&told["change"], &told["user_id"]), (&json!("joined"), &json!(bea.to_string())), "{told}");
    let hook = scene.until(|hook| hook.waiting == 0).await;
    assert_eq!((hook.last_status, hook.last_words.as_deref(), hook.failures), (Some(200), None, 0));
    scene.bot.stop().await;
}

#[tokio::test]
async fn what_was_not_taken_comes_again_under_the_same_id() {
    let mut scene = Scene::open().await;
    let secret = scene.hook(&["kudos"]).await;
    scene.receiver.answers(&[500, 503]);
    scene.thank(0, 1).await;
    let first = scene.receiver.next().await;
    let hook = scene.until(|hook| hook.last_status == Some(500)).await;
    assert_eq!((hook.waiting, hook.disabled, hook.failures), (1, false, 0));
    assert_eq!(hook.last_words.as_deref(), Some("The webhook's server answered 500."));
    let guild = scene.house.inn.guild;
    let open = scene.bot.bot.store().read(move |reader| promises::list_open(reader, guild, 0, 5)).await.unwrap();
    assert!(open.is_empty(), "moderators are not bothered: {open:?}");
    scene.advance(HOUR);
    let second = scene.receiver.next().await;
    scene.until(|hook| hook.last_status == Some(503)).await;
    scene.advance(HOUR);
    let third = scene.receiver.next().await;
    for again in [&second, &third] {
        assert_eq!((again.header("x-innkeeper-id"), &again.body), (first.header("x-innkeeper-id"), &first.body));
        assert!(again.is_signed_with(&secret));
    }
    assert_ne!(first.header("x-innkeeper-timestamp"), second.header("x-innkeeper-timestamp"), "signed as of then");
    scene.until(|hook| hook.last_status == Some(200) && hook.waiting == 0).await;
    assert_eq!(scene.deliveries(), ["done"]);
    scene.receiver.answers(&[500, 500]);
    scene.thank(2, 3).await;
    scene.until(|hook| hook.last_status == Some(500)).await;
    scene.advance(DAY + HOUR);
    let hook = scene.until(|hook| hook.waiting == 0).await;
    assert_eq!((hook.failures, hook.disabled), (1, false));
    let given_up = "cancelled: The webhook's server answered 500. I tried for a day.";
    assert_eq!(scene.deliveries()[1], given_up);
    scene.bot.stop().await;
}

#[tokio::test]
async fn a_hook_that_is_gone_is_disabled_until_a_test_works() {
    let mut scene = Scene::open().await;
    scene.hook(&["kudos"]).await;
    scene.receiver.answers(&[500, 410]);
    scene.thank(0, 1).await;
    scene.until(|hook| hook.last_status == Some(500)).await;
    scene.thank(2, 3).await;
    let hook = scene.until(|hook| hook.disabled).await;
    assert_eq!(hook.waiting, 1);
    for _ in 0..2 {
        scene.receiver.next().await;
    }
    let shown = scene.client().get(&scene.path).await.json["items"][0].clone();
    assert_eq!((&shown["state"], &shown["last_status"]), (&json!("disabled"), &json!(410)), "{shown}");
    assert_eq!(shown["last_words"], "The webhook's server answered 410.");
    scene.advance(HOUR);
    scene.until(|hook| hook.waiting == 0).await;
    scene.thank(4, 5).await;
    scene.bot.settle(&scene.house).await;
    let disabled = "cancelled: This hook is disabled: what it was sent could not be delivered.";
    let gone = "cancelled: The webhook's server answered 410.";
    assert_eq!(scene.deliveries(), [disabled, gone], "nothing is promised any more");
    let sent = scene.client().post(&format!("{}/1/test", scene.path), json!({})).await;
    assert_eq!(sent.status, 202, "{sent:?}");
    let test = scene.receiver.next().await.json();
    assert_eq!((&test["kind"], &test["id"]), (&json!("test"), &sent.json["id"]));
    scene.until(|hook| !hook.disabled && hook.waiting == 0).await;
    scene.thank(1, 5).await;
    assert_eq!(scene.receiver.next().await.json()["kind"], "kudos");
    scene.bot.stop().await;
}

#[tokio::test]
async fn a_hook_of_a_key_that_is_over_gets_nothing_any_more() {
    let mut scene = Scene::open().await;
    scene.hook(&["kudos"]).await;
    scene.receiver.answers(&[500]);
    scene.thank(0, 1).await;
    scene.receiver.next().await;
    scene.until(|hook| hook.last_status == Some(500)).await;
    let now = scene.house.clock.now();
    scene.bot.bot.store().write(move |tx| access::revoke_key(tx, "watcher", None, now)).await.unwrap();
    scene.advance(HOUR);
    let hook = scene.until(|hook| hook.waiting == 0).await;
    assert!(!hook.key_is_alive);
    let over = "cancelled: The key of this hook is revoked or over, so it gets nothing any more.";
    assert_eq!(scene.deliveries(), [over]);
    scene.thank(2, 3).await;
    let (guild, end) = (scene.house.inn.guild, scene.house.clock.now().plus(HOUR));
    let brief = key(&scene.bot.bot, "brief", "admin", Some(guild), Some(end)).await;
    let body = json!({"url": scene.receiver.url, "kinds": ["kudos"]});
    let mut brief = Client::with_key(&scene.door, &brief);
    assert_eq!(brief.post(&scene.path, body).await.status, 201);
    let refused = brief.post(&format!("{}/1/test", scene.path), json!({})).await;
    assert!(refused.status == 409 && refused.json["detail"].as_str().unwrap().contains("revoked"), "{refused:?}");
    scene.thank(4, 5).await;
    assert_eq!(scene.receiver.next().await.json()["kind"], "kudos");
    scene.advance(DAY);
    scene.thank(5, 4).await;
    scene.bot.settle(&scene.house).await;
    assert_eq!(scene.deliveries(), [over, "done"], "a key that expired is over, too");
    assert!(scene.receiver.is_quiet());
    scene.bot.stop().await;
}

#[tokio::test]
async fn what_waits_is_not_told_any_more_of_a_member_who_was_forgotten() {
    let mut scene = Scene::open().await;
    scene.hook(&["kudos"]).await;
    scene.receiver.answers(&[500]);
    scene.thank(0, 1).await;
    scene.receiver.next().await;
    scene.until(|hook| hook.last_status == Some(500) && hook.waiting == 1).await;
    let (guild, receiver) = (scene.house.inn.guild, scene.house.member(1));
    scene.bot.bot.store().write(move |tx| promises::forget(tx, guild, receiver)).await.unwrap();
    scene.advance(HOUR);
    let said = scene.client().post(&format!("{}/1/resend", scene.path), json!({})).await;
    assert_eq!((said.status, scene.deliveries().len()), (409, 0), "{said:?}");
    assert!(scene.receiver.is_quiet());
    scene.bot.stop().await;
}

#[tokio::test]
async fn the_latest_delivery_is_sent_again_on_request_and_what_is_deleted_is_gone() {
    let mut scene = Scene::open().await;
    let secret = scene.hook(&["kudos"]).await;
    let (resend, mut client) = (format!("{}/1/resend", scene.path), scene.client());
    let nothing = client.post(&resend, json!({})).await;
    assert_eq!(nothing.status, 409, "{nothing:?}");
    scene.thank(0, 1).await;
    let first = scene.receiver.next().await;
    scene.until(|hook| hook.waiting == 0).await;
    let sent = client.post(&resend, json!({})).await;
    assert_eq!((sent.status, &sent.json["id"]), (202, &first.json()["id"]), "{sent:?}");
    let again = scene.receiver.next().await;
    assert!(again.body == first.body && again.is_signed_with(&secret), "{again:?}");
    scene.until(|hook| hook.waiting == 0).await;
    scene.receiver.answers(&[503]);
    scene.thank(2, 3).await;
    scene.receiver.next().await;
    scene.until(|hook| hook.last_status == Some(503)).await;
    assert_eq!(client.post(&resend, json!({})).await.status, 202, "what waits does so no longer");
    scene.receiver.next().await;
    scene.until(|hook| hook.waiting == 0).await;
    assert_eq!(scene.deliveries(), ["done", "done", "cancelled: sent again on request", "done"]);
    let elsewhere = "/api/guilds/77/webhooks/1";
    assert_eq!(client.ask("DELETE", elsewhere, None).await.status, 404);
    assert_eq!(client.ask("DELETE", &format!("{}/1", scene.path), None).await.status, 204);
    for (method, path) in [("DELETE", "1"), ("POST", "1/test"), ("POST", "1/resend")] {
        assert_eq!(client.ask(method, &format!("{}/{path}", scene.path), None).await.status, 404, "{method} {path}");
    }
    scene.thank(4, 5).await;
    scene.bot.settle(&scene.house).await;
    assert_eq!(scene.deliveries().len(), 4);
    scene.bot.stop().await;
}

#[tokio::test]
async fn what_may_not_be_a_hook_is_refused_in_words() {
    let scene = Scene::open().await;
    let allowed = scene.receiver.url.clone();
    let mut client = scene.client();
    for (url, words) in [
        ("https://localhost/hook", "a private one"),
        ("https://localhost./hook", "a private one"),
        ("https://127.0.0.1/hook", "a private one"),
        ("https://2130706433/hook", "a private one"),
        ("https://0177.0.0.1/hook", "a private one"),
        ("https://[::ffff:10.0.0.1]/hook", "a private one"),
        ("https://[64:ff9b::7f00:1]/hook", "a private one"),
        ("https://169.254.169.254/latest/meta-data", "a private one"),
        ("https://user:word@example.org/hook", "expected an address such as"),
        ("http://example.org/hook", "expected an address such as"),
        (&allowed.replace("s3cret", "other"), "expected an address such as"),
        ("gopher://example.org/", "expected an address such as"),
        ("", "expected an address such as"),
    ] {
        let said = client.post(&scene.path, json!({"url": url, "kinds": ["kudos"]})).await;
        let detail = said.json["detail"].as_str().unwrap_or_default();
        assert!(said.status == 409 && detail.contains(words), "{url}: {said:?}");
        assert!(url.is_empty() || !detail.contains(url), "{said:?}");
    }
    for (kinds, status) in [(json!([]), 422), (json!(["hug"]), 422), (json!("kudos"), 422)] {
        assert_eq!(client.post(&scene.path, json!({"url": allowed, "kinds": kinds})).await.status, status);
    }
    let plain = key(&scene.bot.bot, "plain", "admin", Some(scene.house.inn.guild), None).await;
    let mut plain = Client::with_key(&scene.door, &plain);
    let said = plain.post(&scene.path, json!({"url": allowed, "kinds": ["kudos", "case"]})).await;
    assert!(said.status == 403 && said.json["detail"].as_str().unwrap().contains("`moderate`"), "{said:?}");
    let mut owner = Client::with_browser(sign_in(&scene.house, &scene.door, scene.house.inn.owner).await);
    let said = owner.post(&scene.path, json!({"url": allowed, "kinds": ["kudos"]})).await;
    assert!(said.status == 409 && said.json["detail"].as_str().unwrap().contains("belongs to a key"), "{said:?}");
    assert!(scene.hooks().await.is_empty());
    for _ in 0..25 {
        assert_eq!(plain.post(&scene.path, json!({"url": allowed, "kinds": ["kudos"]})).await.status, 201);
    }
    let said = plain.post(&scene.path, json!({"url": allowed, "kinds": ["kudos"]})).await;
    assert!(said.status == 409 && said.json["detail"].as_str().unwrap().contains("25 webhooks"), "{said:?}");
    scene.bot.stop().await;
}

#[tokio::test]
async fn an_address_that_the_owner_allows_no_longer_is_not_posted_to() {
    let scene = Scene::open().await;
    scene.hook(&["kudos"]).await;
    let Scene { mut house, bot, door, mut receiver, key, path } = scene;
    bot.stop().await;
    drop(door);
    house.config.http.webhook_allow.clear();
    let (bot, door) = open(&house).await;
    let scene = Scene { house, bot, door, receiver: Receiver::open().await, key, path };
    scene.thank(0, 1).await;
    let hook = scene.until(|hook| hook.failures == 1).await;
    let words = hook.last_words.unwrap();
    assert!(words.contains("http.webhook_allow") && !words.contains("s3cret"), "{words}");
    assert!(receiver.is_quiet() && hook.last_status.is_none());
    scene.bot.stop().await;
}

#[tokio::test]
async fn a_hook_is_told_of_promises_but_of_none_that_tells_a_hook() {
    let mut scene = Scene::open().await;
    scene.hook(&["promise", "case"]).await;
    let (moderator, member) = (scene.house.inn.moderator, scene.house.member(1));
    let options = [("member", member.into()), ("duration", "1h".into()), ("reason", "too loud".into())];
    scene.house.slash(moderator, "ban", &options).await;
    let mut told = scene.promise_told().await;
    // Its end is the one that is not due at once.
    while told["due_at"] == told["timestamp"] {
        told = scene.promise_told().await;
    }
    assert_eq!((&told["change"], &told["state"]), (&json!("made"), &json!("due")), "{told}");
    let path = format!("/api/guilds/{}/promises/{}/cancel", scene.house.inn.guild, told["promise_id"]);
    assert_eq!(scene.client().post(&path, json!({})).await.status, 200);
    let mut over = scene.promise_told().await;
    while over["promise_id"] != told["promise_id"] {
        over = scene.promise_told().await;
    }
    assert_eq!((&over["change"], &over["state"]), (&json!("called_off"), &json!("cancelled")), "{over}");
    let mut plain =
        Client::with_key(&scene.door, &key(&scene.bot.bot, "plain", "admin", Some(scene.house.inn.guild), None).await);
    let said = plain.post(&scene.path, json!({"url": scene.receiver.url, "kinds": ["promise"]})).await;
    assert_eq!(said.status, 403, "{said:?}");
    scene.bot.stop().await;
}

#[tokio::test]
async fn what_a_program_asks_of_hooks_twice_under_one_word_is_done_once() {
    let mut scene = Scene::open().await;
    let mut client = scene.client().and("Idempotency-Key: one");
    let body = json!({"url": scene.receiver.url, "kinds": ["kudos"]});
    let (first, again) = (client.post(&scene.path, body.clone()).await, client.post(&scene.path, body.clone()).await);
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(first.json, again.json, "whose answer was lost still learns the secret");
    let path = format!("{}/{}", scene.path, first.json["webhook"]["number"]);
    let sent = client.post(&format!("{path}/test"), json!({})).await;
    assert_eq!((sent.status, &sent.json), (202, &client.post(&format!("{path}/test"), json!({})).await.json));
    let told = scene.receiver.next().await.json();
    assert_eq!((&told["kind"], &told["id"]), (&json!("test"), &sent.json["id"]));
    scene.until(|hook| hook.waiting == 0).await;
    for _ in 0..2 {
        assert_eq!(client.post(&format!("{path}/resend"), json!({})).await.json, sent.json);
    }
    assert_eq!(scene.receiver.next().await.json()["id"], sent.json["id"]);
    scene.until(|hook| hook.waiting == 0).await;
    assert!(scene.receiver.is_quiet());
    for (name, status) in [("one", 204), ("one", 204), ("two", 404)] {
        let mut client = scene.client().and(&format!("Idempotency-Key: {name}"));
        assert_eq!(client.ask("DELETE", &path, None).await.status, status, "{name}");
    }
    assert_eq!(client.post(&scene.path, body).await.status, 404, "it was made, and is gone");
    assert!(scene.hooks().await.is_empty());
    scene.bot.stop().await;
}

#[tokio::test]
async fn what_is_secret_is_in_no_answer_no_line_of_the_log_and_no_promise() {
    let (log, _logging) = Log::listen();
    let mut scene = Scene::open().await;
    let secret = scene.hook(&["kudos", "case"]).await;
    scene.receiver.answers(&[302, 403]);
    scene.thank(0, 1).await;
    scene.receiver.next().await;
    let hook = scene.until(|hook| hook.last_status == Some(302)).await;
    assert_eq!(hook.last_words.as_deref(), Some("The webhook's server sends me elsewhere, and I follow nobody."));
    let listed = scene.client().get(&scene.path).await;
    assert_eq!(listed.json["items"][0]["host"], "127.0.0.1");
    let tested = scene.client().post(&format!("{}/1/test", scene.path), json!({})).await;
    scene.receiver.next().await;
    scene.until(|hook| hook.last_status == Some(403)).await;
    let database = Connection::open(&scene.house.config.store.path).unwrap();
    let sql = "SELECT group_concat(origin || about || effect || coalesce(words, '')) FROM promise";
    let promised: String = database.query_row(sql, (), |row| row.get(0)).unwrap();
    let settings = serde_json::to_string(&scene.house.config).unwrap();
    let delivery = Delivery { hook: 1, id: String::new(), body: String::new(), until: hook.created_at, asked: false };
    let url = WebhookUrl::of_owner(&scene.receiver.url).unwrap();
    let parcel = Parcel { delivery, url, trusted: true, secret: Secret::new(secret.as_str()) };
    let shown = format!("{listed:?} {tested:?} {promised} {settings} {parcel:?} {hook:?} {:?}", scene.house.config);
    let log = log.text();
    assert!(log.contains("a webhook was made"), "{log}");
    for (what, text) in [("shown", &shown), ("the log", &log)] {
        for hidden in [secret.as_str(), "s3cret-of-url"] {
            assert!(!text.contains(hidden), "{what} has {hidden}");
        }
    }
    scene.bot.stop().await;
}

#[tokio::test]
async fn hooks_that_wait_take_few_of_the_places() {
    let folder = Folder::new();
    let (store, _) = open_store(&folder.file("a.db"));
    let (now, guild) = (hand_clock().now(), GuildId::new(10).unwrap());
    let lanes = store.write(move |tx| {
        for hook in 0..20 {
            let delivery = Delivery { hook, id: String::new(), body: String::new(), until: now, asked: false };
            webhooks::promise(tx, Order { guild, origin: format!("o{hook}"), about: "tell", delivery }, now)?;
        }
        Ok(promises::list_due(tx.read(), now, 64, 4)?.into_iter().map(|promise| promise.lane).collect::<Vec<_>>())
    });
    assert_eq!(lanes.await.unwrap(), ["hook:0", "hook:1", "hook:2", "hook:3"]);
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

#[tokio::test]
async fn a_thousand_wait_and_twenty_vain_ones_disable() {
    let folder = Folder::new();
    let (store, _) = open_store(&folder.file("a.db"));
    let (now, guild) = (hand_clock().now(), GuildId::new(10).unwrap());
    let seen = store.write(move |tx| {
        let new = NewKey { name: "k", scopes: "admin".parse()?, guild: None, created_by: None, expires_at: None };
        access::create_key(tx, &new, &new_key(), now)?;
        let (url, secret) = (&"https://example.org/hook".parse().unwrap(), &new_hook_secret());
        let new = NewHook { api_key: 1, guild, url, kinds: &[HookKind::Kudos], secret };
        assert_eq!(webhooks::insert(tx, &new, now)?, 1);
        // The last comes twice.
        for nth in (0..1_002).chain([1_001]) {
            let (id, body) = (nth.to_string(), "{}".to_owned());
            let delivery = Delivery { hook: 1, id, body, until: now, asked: false };
            webhooks::promise(tx, Order { guild, origin: format!("o{nth}"), about: "tell", delivery }, now)?;
        }
        let full = webhooks::find(tx.read(), guild, 1, now)?.unwrap();
        let last = webhooks::find_last(tx.read(), 1)?.unwrap().1;
        let vain = Posted { status: Some(500), ..Posted::refused("No.") };
        let later = Setback::Later { after: HOUR, words: "Not now.".to_owned() };
        let later = Posted { status: Some(500), outcome: Err(later) };
        let disabled: Vec<_> = (0..20).map(|_| webhooks::note_attempt(tx, 1, &vain, now).unwrap()).collect();
        let works = Posted { status: Some(204), outcome: Ok(()) };
        let again = webhooks::note_attempt(tx, 1, &works, now)?;
        let many: Vec<_> = (0..50).map(|_| webhooks::note_attempt(tx, 1, &later, now).unwrap()).collect();
        Ok((full, last.id, disabled, again, many.contains(&true)))
    });
    let (full, last, disabled, again, patience) = seen.await.unwrap();
    assert_eq!((full.waiting, full.dropped, last.as_str()), (1_000, 2, "1001"));
    assert!(full.last_words.unwrap().contains("the oldest was not delivered"));
    assert_eq!(disabled.iter().position(|disabled| *disabled), Some(19));
    assert!(!again && !patience);
    let store_closed = tokio::task::spawn_blocking(move || store.close());
    store_closed.await.unwrap();
    let database = Connection::open(folder.file("a.db")).unwrap();
    let sql = "SELECT group_concat(origin, ' ') FROM promise WHERE state = 'cancelled'";
    assert_eq!(database.query_row(sql, (), |row| row.get::<_, String>(0)).unwrap(), "o0 o1");
}
