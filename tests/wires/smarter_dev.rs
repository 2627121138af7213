//! Smarter Dev: what its bot's client asks, and what it is answered, to the letter.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use innkeeper::model::GuildId;
use innkeeper::sim::world::Input;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

use crate::client::{Client, Said, key};
use crate::door::{OpenDoor, PATIENCE, open};
use crate::house::{House, Running};

const GUILD: [&str; 6] = ["id", "discord_id", "name", "icon_url", "joined_at", "created_at"];
const USER: [&str; 6] = ["id", "discord_id", "username", "discriminator", "avatar_url", "created_at"];
const KUDOS: [&str; 7] = ["id", "giver_id", "receiver_id", "guild_id", "amount", "reason", "awarded_at"];
const WARNING: [&str; 6] = ["id", "user_id", "mod_id", "guild_id", "reason", "warned_at"];
const CASE: [&str; 11] = [
    "id",
    "case_number",
    "guild_id",
    "user_id",
    "mod_id",
    "action",
    "reason",
    "created_at",
    "duration_sec",
    "resolved_at",
    "resolution_note",
];
const ALL: &str = "write moderate";
/// A guild that the bot is not in, and another.
const ELSEWHERE: i64 = 4_242;
const FAR_AWAY: i64 = 4_343;
/// Somebody whom the bot has never seen.
const STRANGER: i64 = 987_654_321_012_345_678;

/// A house whose door speaks this dialect.
async fn house() -> House {
    House::with(|config| {
        config.wires.smarter_dev = true;
        config.http.writes_per_second = 1_000.try_into().unwrap();
    })
    .await
}

/// Its bot, its door, and a program with a token of a key for all guilds.
async fn served(house: &House) -> (Running, OpenDoor, Client) {
    let (bot, door) = open(house).await;
    let key = key(&bot.bot, "smart", ALL, None, None).await;
    let client = Client::with_key(&door, &token(&door, &key).await);
    (bot, door, client)
}

async fn token(door: &OpenDoor, key: &str) -> String {
    let given = Client::stranger(door).post("/smarter-dev/api/auth/token", json!({ "api_key": key })).await;
    assert_eq!((given.status, keys(&given)), (200, texts(&["token", "expires_in"])), "{given:?}");
    assert_eq!(given.json["expires_in"], 3_600);
    given.json["token"].as_str().unwrap().to_owned()
}

/// The keys of an object, in the order in which they came.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Keys;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn keys(said: &Said) -> Vec<String> {
    serde_json::from_str::<Keys>(&said.body).unwrap_or_else(|_| panic!("no object: {said:?}")).0
}

/// Those of every object in the list of this name, which is all that the answer has.
fn keys_in(said: &Said, list: &str) -> Vec<Vec<String>> {
    let mut lists: HashMap<String, Vec<Keys>> = serde_json::from_str(&said.body).unwrap();
    let listed = lists.remove(list).unwrap();
    assert!(lists.is_empty(), "{said:?}");
    listed.into_iter().map(|keys| keys.0).collect()
}

/// What is in the list of this name.
fn listed<'s>(said: &'s Said, list: &str) -> &'s [Value] {
    assert_eq!(said.status, 200, "{said:?}");
    said.json[list].as_array().unwrap()
}

fn ids(said: &Said, list: &str) -> Vec<i64> {
    listed(said, list).iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn api(client: &mut Client, method: &str, path: &str, body: Value) -> Said {
    let body = (!body.is_null()).then_some(body);
    client.ask(method, &format!("/smarter-dev/api/{path}"), body).await
}

/// An answer of this status with this error.
fn refused(said: &Said, status: u16, words: &str) {
    assert_eq!((said.status, &said.json), (status, &json!({ "error": words })), "{said:?}");
}

fn guild(house: &House) -> i64 {
    house.inn.guild.sql()
}

fn member(house: &House, nth: usize) -> i64 {
    house.member(nth).sql()
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether this is a time as Python's `fromisoformat` has always read it, without an offset.
fn is_naive(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "000000"));
    let digits = |text: &str, so_many: usize| text.len() == so_many && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = whole.split(['-', 'T', ':']).collect();
    digits(fraction, 6) && whole.len() == 19 && parts.len() == 6 && parts.iter().all(|part| digits(part, part.len()))
}

#[tokio::test]
async fn a_key_is_exchanged_for_tokens_which_are_good_at_once_and_after_a_restart_and_end_with_it() {
    let house = house().await;
    let (bot, door, _) = served(&house).await;
    let key = key(&bot.bot, "k", "read", None, None).await;
    let mut stranger = Client::stranger(&door);
    let exchange = "/smarter-dev/api/auth/token";
    for (body, status, words) in [
        ("{}", 400, "Missing API key"),
        (r#"{"api_key": ""}"#, 400, "Missing API key"),
        (r#"{"api_key": null}"#, 400, "Missing API key"),
        ("{", 400, "Invalid JSON"),
        ("", 400, "Invalid JSON"),
        ("[]", 400, "Invalid request body"),
        (r#"{"api_key": "wrong"}"#, 401, "Invalid API key"),
        (r#"{"api_key": 7}"#, 401, "Invalid API key"),
        (r#"{"api_key": "TESTING"}"#, 401, "Invalid API key"),
    ] {
        refused(&stranger.send("POST", exchange, Some(body)).await, status, words);
    }
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let said = stranger.send(method, exchange, None).await;
        refused(&said, 405, "Method not allowed");
        assert_eq!(said.header("allow"), Some("POST"));
    }
    let (one, two) = (token(&door, &key).await, token(&door, &key).await);
    let slash = stranger.post("/smarter-dev/api/auth/token/", json!({"api_key": key, "more": 1})).await;
    let three = slash.json["token"].as_str().unwrap().to_owned();
    let works = async |door: &OpenDoor, token: &str| {
        let said = api(&mut Client::with_key(door, token), "GET", "guilds", Value::Null).await;
        if said.status == 401 {
            refused(&said, 401, "Invalid or expired token");
        }
        said.status == 200
    };
    for token in [&one, &two, &three] {
        assert!(works(&door, token).await);
    }
    refused(&stranger.post(exchange, json!({ "api_key": one })).await, 401, "Invalid API key");
    drop(door);
    bot.stop().await;
    house.clock.advance(Duration::from_secs(600));
    let (bot, door) = open(&house).await;
    assert!(works(&door, &one).await && works(&door, &two).await);
    let now = house.clock.now();
    let late = token(&door, &key).await;
    house.clock.advance(Duration::from_secs(3_001));
    assert!(!works(&door, &one).await, "an hour is over");
    assert!(works(&door, &late).await);
    bot.bot.store().write(move |tx| innkeeper::store::access::revoke_key(tx, "k", None, now)).await.unwrap();
    assert!(!works(&door, &late).await, "it ends with its key");
    bot.stop().await;
}

#[tokio::test]
async fn the_key_of_local_development_is_good_here_alone() {
    let house = house().await;
    let (bot, door, _) = served(&house).await;
    bot.bot.accept_local_key();
    let token = token(&door, "TESTING").await;
    let mut here = Client::with_key(&door, &token);
    assert_eq!(api(&mut here, "GET", "moderation-cases", Value::Null).await.status, 200);
    let mut afar = Client::with_key(&door, &token).and("X-Forwarded-For: 203.0.113.9");
    refused(&api(&mut afar, "GET", "guilds", Value::Null).await, 401, "Invalid or expired token");
    let mut afar = Client::stranger(&door).and("X-Forwarded-For: 203.0.113.9");
    let said = afar.post("/smarter-dev/api/auth/token", json!({"api_key": "TESTING"})).await;
    refused(&said, 401, "Invalid API key");
    bot.stop().await;
}

#[tokio::test]
async fn who_asks_is_looked_at_before_what_is_asked() {
    let house = house().await;
    let (bot, door, mut client) = served(&house).await;
    bot.bot.accept_keyless();
    let key = key(&bot.bot, "before", "read", None, None).await;
    for path in ["guilds", "guilds/1", "users/7/", "nothing", "guilds/abc", "auth/nothing", "", "kudos/1/2"] {
        for (line, words) in [
            ("", "Missing Authorization header"),
            ("Authorization: bearer x", "Invalid Authorization header format"),
            ("Authorization: Basic x", "Invalid Authorization header format"),
            ("Authorization: Bearer", "Invalid Authorization header format"),
        ] {
            let mut asker = Client::stranger(&door);
            if !line.is_empty() {
                asker = asker.and(line);
            }
            refused(&api(&mut asker, "GET", path, Value::Null).await, 401, words);
        }
    }
    for method in ["POST", "PATCH", "DELETE"] {
        let said = api(&mut Client::stranger(&door), method, "guilds", Value::Null).await;
        refused(&said, 401, "Missing Authorization header");
    }
    for token in ["inkt_1.9999999999.00", "wrong"] {
        let said = api(&mut Client::with_key(&door, token), "GET", "guilds", Value::Null).await;
        refused(&said, 401, "Invalid or expired token");
    }
    for path in ["nothing", "", "guilds/abc", "guilds/-1", "guilds/1/members", "auth", "warnings/1.0", "Guilds"] {
        refused(&api(&mut client, "GET", path, Value::Null).await, 404, "Not found");
    }
    refused(&client.get("/smarter-dev").await, 404, "Not found");
    refused(&client.get("/smarter-dev/x").await, 404, "Not found");
    for (method, path, allowed) in [
        ("DELETE", "guilds", "GET, POST"),
        ("PATCH", "users/1", "GET, PUT"),
        ("PUT", "kudos/1", "GET"),
        ("DELETE", "warnings/1", "GET"),
        ("POST", "moderation-cases/1", "GET, PUT"),
    ] {
        let said = api(&mut client, method, path, Value::Null).await;
        refused(&said, 405, "Method not allowed");
        assert_eq!(said.header("allow"), Some(allowed), "{path}");
    }
    // A key that stands before the path will do, and a header beside it counts.
    let mut before = Client::stranger(&door);
    assert_eq!(before.get(&format!("/k/{key}/smarter-dev/api/guilds/")).await.status, 200);
    let said = before.get("/k/ink_wrong/smarter-dev/api/guilds").await;
    refused(&said, 401, "Invalid or expired token");
    assert_eq!(client.get(&format!("/k/{key}/smarter-dev/api/moderation-cases")).await.status, 200);
    let exchange = format!("/k/{key}/smarter-dev/api/auth/token");
    assert_eq!(before.post(&exchange, json!({ "api_key": key })).await.status, 200);
    bot.stop().await;
}

#[tokio::test]
async fn guilds_are_those_that_the_bot_is_in_and_those_that_programs_tell_of() {
    let house = house().await;
    let (bot, _door, mut client) = served(&house).await;
    let ours = guild(&house);
    let all = api(&mut client, "GET", "guilds/", Value::Null).await;
    assert_eq!((ids(&all, "guilds"), keys_in(&all, "guilds")), (vec![ours], vec![texts(&GUILD)]));
    let one = api(&mut client, "GET", &format!("guilds/{ours}"), Value::Null).await;
    assert_eq!((one.status, keys(&one), &one.json["discord_id"]), (200, texts(&GUILD), &json!(ours)));
    let known = api(&mut client, "POST", "guilds", json!({"discord_id": ours, "name": "Another"})).await;
    assert_eq!((known.status, &known.json), (200, &one.json), "what is known stays as it is");
    refused(&api(&mut client, "GET", "guilds/5", Value::Null).await, 404, "Guild not found");
    refused(&api(&mut client, "GET", "guilds/99999999999999999999999", Value::Null).await, 404, "Guild not found");
    refused(&api(&mut client, "PUT", "guilds/5", json!({"name": "x"})).await, 404, "Guild not found");
    for (body, words) in [
        (json!({}), "Missing required field: discord_id"),
        (json!({"name": "x"}), "Missing required field: discord_id"),
        (json!({"discord_id": 5}), "Missing required field: name"),
        (json!({"discord_id": 5, "name": null}), "Missing required field: name"),
        (json!({"discord_id": "five", "name": "x"}), "Invalid value for field: discord_id"),
        (json!({"discord_id": 0, "name": "x"}), "Invalid value for field: discord_id"),
        (json!({"discord_id": 1.5, "name": "x"}), "Invalid value for field: discord_id"),
        (json!({"discord_id": 5, "name": 7}), "Invalid value for field: name"),
        (json!({"discord_id": 5, "name": "x", "joined_at": "soon"}), "Invalid value for field: joined_at"),
        (json!([]), "Invalid request body"),
    ] {
        refused(&api(&mut client, "POST", "guilds", body).await, 400, words);
    }
    // As the client sends it: its own number is nothing, and unknown fields are ignored.
    let body = json!({"id": null, "discord_id": ELSEWHERE, "name": "Elsewhere", "icon_url": "https://a.example/i.png",
        "joined_at": "2026-01-31T14:00:00.5+02:00", "mood": "good"});
    let made = api(&mut client, "POST", "guilds", body.clone()).await;
    assert_eq!((made.status, keys(&made)), (201, texts(&GUILD)), "{made:?}");
    assert_eq!(
        (&made.json["id"], &made.json["name"], &made.json["joined_at"]),
        (&json!(ELSEWHERE), &json!("Elsewhere"), &json!("2026-01-31T12:00:00.500000"))
    );
    assert!(is_naive(&made.json["created_at"]), "{made:?}");
    let again = api(&mut client, "POST", "guilds/", body).await;
    assert_eq!((again.status, &again.json), (200, &made.json), "the same request does nothing twice");
    let plain = api(&mut client, "POST", "guilds", json!({"discord_id": FAR_AWAY, "name": "Far"})).await;
    assert!(plain.status == 201 && is_naive(&plain.json["joined_at"]) && plain.json["icon_url"].is_null());
    let body = json!({"id": 9, "discord_id": 9, "name": "Near", "joined_at": "2020-01-01T00:00:00", "icon_url": null});
    let changed = api(&mut client, "PUT", &format!("guilds/{ELSEWHERE}"), body).await;
    let mut wanted = made.json.clone();
    (wanted["name"], wanted["icon_url"]) = (json!("Near"), Value::Null);
    assert_eq!((changed.status, keys(&changed), &changed.json), (200, texts(&GUILD), &wanted), "the name and the icon");
    let same = api(&mut client, "PUT", &format!("guilds/{ELSEWHERE}/"), json!({})).await;
    assert_eq!((same.status, &same.json), (200, &wanted));
    refused(
        &api(&mut client, "PUT", &format!("guilds/{ELSEWHERE}"), json!({"name": null})).await,
        400,
        "Invalid value for field: name",
    );
    let renamed = api(&mut client, "PUT", &format!("guilds/{ours}"), json!({"name": "Our inn"})).await;
    assert_eq!((renamed.status, &renamed.json["name"]), (200, &json!("Our inn")));
    let mut all = ids(&api(&mut client, "GET", "guilds", Value::Null).await, "guilds");
    all.sort_unstable();
    let mut wanted = vec![ELSEWHERE, FAR_AWAY, ours];
    wanted.sort_unstable();
    assert_eq!(all, wanted);
    bot.stop().await;
}

#[tokio::test]
async fn users_are_the_members_that_the_bot_knows_and_those_whom_programs_tell_of() {
    let house = house().await;
    let (bot, door, mut client) = served(&house).await;
    let ada = member(&house, 0);
    house.say(house.member(0), "hello");
    bot.settle(&house).await;
    let one = api(&mut client, "GET", &format!("users/{ada}/"), Value::Null).await;
    assert_eq!(
        (one.status, keys(&one), &one.json["id"], &one.json["discord_id"]),
        (200, texts(&USER), &json!(ada), &json!(ada))
    );
    let known = api(&mut client, "POST", "users", json!({"discord_id": ada, "username": "not her"})).await;
    assert_eq!((known.status, &known.json), (200, &one.json));
    refused(&api(&mut client, "GET", "users/5", Value::Null).await, 404, "User not found");
    refused(&api(&mut client, "PUT", "users/5", json!({"username": "x"})).await, 404, "User not found");
    for (body, words) in [
        (json!({"username": "x"}), "Missing required field: discord_id"),
        (json!({"discord_id": 5}), "Missing required field: username"),
        (json!({"discord_id": true, "username": "x"}), "Invalid value for field: discord_id"),
        (json!({"discord_id": 5, "username": ""}), "Invalid value for field: username"),
        (json!({"discord_id": 5, "username": "x", "avatar_url": 7}), "Invalid value for field: avatar_url"),
    ] {
        refused(&api(&mut client, "POST", "users", body).await, 400, words);
    }
    let body = json!({"id": null, "discord_id": STRANGER, "username": "Zoë", "discriminator": "0042", "x": []});
    let made = api(&mut client, "POST", "users", body.clone()).await;
    assert_eq!((made.status, keys(&made)), (201, texts(&USER)), "{made:?}");
    let told = (&made.json["id"], &made.json["username"], &made.json["discriminator"], &made.json["avatar_url"]);
    assert_eq!(told, (&json!(STRANGER), &json!("Zoë"), &json!("0042"), &Value::Null));
    assert!(is_naive(&made.json["created_at"]));
    let again = api(&mut client, "POST", "users", body).await;
    assert_eq!((again.status, &again.json), (200, &made.json));
    let body = json!({"username": "Zoe", "discriminator": null, "avatar_url": "https://a.example/z.png", "id": 1});
    let changed = api(&mut client, "PUT", &format!("users/{STRANGER}"), body).await;
    let mut wanted = made.json.clone();
    (wanted["username"], wanted["discriminator"]) = (json!("Zoe"), Value::Null);
    wanted["avatar_url"] = json!("https://a.example/z.png");
    assert_eq!((changed.status, keys(&changed), &changed.json), (200, texts(&USER), &wanted));
    let all = api(&mut client, "GET", "users", Value::Null).await;
    assert!(keys_in(&all, "users").iter().all(|keys| *keys == texts(&USER)));
    assert!([ada, STRANGER].iter().all(|user| ids(&all, "users").contains(user)), "{all:?}");
    // They are the members that everybody else is shown.
    let key = key(&bot.bot, "native", "read", None, None).await;
    let native = Client::with_key(&door, &key).get(&format!("/api/guilds/{}/members/{STRANGER}", guild(&house))).await;
    assert_eq!((native.status, &native.json["name"]), (200, &json!("Zoe")), "{native:?}");
    // Discord's word is the last one.
    api(&mut client, "PUT", &format!("users/{ada}"), json!({"username": "Countess"})).await;
    house.say(house.member(0), "hello again");
    bot.settle(&house).await;
    let now = api(&mut client, "GET", &format!("users/{ada}"), Value::Null).await;
    assert_eq!(now.json, one.json, "{now:?}");
    bot.stop().await;
}

#[tokio::test]
async fn kudos_are_recorded_and_found_by_each_of_their_filters() {
    let house = house().await;
    let (bot, door, mut client) = served(&house).await;
    let (inn, ada, bea) = (guild(&house), member(&house, 0), member(&house, 1));
    let given = json!({"id": null, "giver_id": ada, "receiver_id": bea, "guild_id": inn, "amount": 250, "reason": "tea",
        "awarded_at": "2020-01-01T00:00:00"});
    let one = api(&mut client, "POST", "kudos", given.clone()).await;
    assert_eq!((one.status, keys(&one)), (201, texts(&KUDOS)), "{one:?}");
    assert_eq!((&one.json["amount"], &one.json["reason"]), (&json!(250), &json!("tea")));
    assert!(is_naive(&one.json["awarded_at"]) && one.json["awarded_at"] != "2020-01-01T00:00:00");
    let body = json!({"giver_id": bea, "receiver_id": STRANGER, "guild_id": inn});
    let two = api(&mut client, "POST", "kudos/", body).await;
    assert_eq!((two.status, &two.json["amount"], &two.json["reason"]), (201, &json!(1), &Value::Null));
    let three = api(&mut client, "POST", "kudos", given).await;
    assert_ne!(three.json["id"], one.json["id"], "what was answered twice was done twice");
    let [one, two, three] = [&one, &two, &three].map(|said| said.json["id"].as_i64().unwrap());
    let all = api(&mut client, "GET", "kudos", Value::Null).await;
    assert!(keys_in(&all, "kudos").iter().all(|keys| *keys == texts(&KUDOS)));
    for (query, wanted) in [
        (String::new(), vec![three, two, one]),
        (format!("guild_id={inn}"), vec![three, two, one]),
        (format!("user_id={bea}"), vec![three, two, one]),
        (format!("user_id={ada}"), vec![three, one]),
        (format!("giver_id={bea}"), vec![two]),
        (format!("receiver_id={bea}&guild_id={inn}"), vec![three, one]),
        (format!("giver_id={ada}&receiver_id={STRANGER}"), vec![]),
        ("guild_id=5".to_owned(), vec![]),
        ("user_id=ada".to_owned(), vec![]),
        ("user_id=99999999999999999999999".to_owned(), vec![]),
        ("mood=good".to_owned(), vec![three, two, one]),
    ] {
        let said = api(&mut client, "GET", &format!("kudos?{query}"), Value::Null).await;
        assert_eq!(ids(&said, "kudos"), wanted, "{query}");
    }
    let shown = api(&mut client, "GET", &format!("kudos/{two}"), Value::Null).await;
    assert_eq!((shown.status, keys(&shown), &shown.json["receiver_id"]), (200, texts(&KUDOS), &json!(STRANGER)));
    refused(&api(&mut client, "GET", "kudos/999", Value::Null).await, 404, "Kudos not found");
    for (body, words) in [
        (json!({"receiver_id": 1, "guild_id": 1}), "Missing required field: giver_id"),
        (json!({"giver_id": 1, "guild_id": 1}), "Missing required field: receiver_id"),
        (json!({"giver_id": 1, "receiver_id": 2}), "Missing required field: guild_id"),
        (json!({"giver_id": ada, "receiver_id": ada, "guild_id": inn}), "Nobody gives kudos to themselves"),
        (
            json!({"giver_id": ada, "receiver_id": bea, "guild_id": inn, "amount": 1e9}),
            "Invalid value for field: amount",
        ),
        (json!({"giver_id": -1, "receiver_id": bea, "guild_id": inn}), "Invalid value for field: giver_id"),
    ] {
        refused(&api(&mut client, "POST", "kudos", body).await, 400, words);
    }
    let body = json!({"giver_id": ada, "receiver_id": bea, "guild_id": 5});
    refused(&api(&mut client, "POST", "kudos", body).await, 404, "Guild not found");
    // They are the kudos that everybody else is shown, and that can be taken back.
    let shown = house.slash(house.member(0), "kudos list", &[]).await;
    assert!(shown.text().contains("tea"), "{}", shown.text());
    let key = key(&bot.bot, "native", "read", None, None).await;
    let native = Client::with_key(&door, &key).get(&format!("/api/guilds/{inn}/kudos?user_id={ada}")).await;
    assert_eq!((&native.json["total"], &native.json["items"][0]["amount"]), (&json!(2), &json!(250)), "{native:?}");
    house.slash(house.inn.owner, "undo", &[("id", Input::from(format!("K{one}")))]).await;
    refused(&api(&mut client, "GET", &format!("kudos/{one}"), Value::Null).await, 404, "Kudos not found");
    assert_eq!(ids(&api(&mut client, "GET", "kudos", Value::Null).await, "kudos"), [three, two]);
    bot.stop().await;
}

#[tokio::test]
async fn a_program_may_take_kudos_away_and_its_words_are_kept_as_they_are() {
    let house = house().await;
    let (bot, _door, mut client) = served(&house).await;
    let (inn, ada, bea) = (guild(&house), member(&house, 0), member(&house, 1));
    let give = |amount: i64, reason: &str| {
        let mut body = json!({"giver_id": ada, "receiver_id": bea, "guild_id": inn, "amount": amount});
        body["reason"] = json!(reason);
        body
    };
    let words = "line1\nline2\t tab  two  spaces \u{202e} rtl";
    for (amount, reason) in [(10, words), (-3, "too loud"), (0, "hm")] {
        let said = api(&mut client, "POST", "kudos", give(amount, reason)).await;
        assert_eq!((said.status, &said.json["amount"], &said.json["reason"]), (201, &json!(amount), &json!(reason)));
    }
    let listed = house.slash(house.member(1), "kudos list", &[]).await.text();
    for part in ["**-3** from", "**+10** from", "**7** received"] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert!(!listed.contains('\u{202e}') && !listed.contains("line1\nline2"), "{listed}");
    bot.stop().await;
}

#[tokio::test]
async fn warnings_are_no_cases_and_notes_are_neither() {
    let house = house().await;
    let (bot, _door, mut client) = served(&house).await;
    let (inn, ada, bea) = (guild(&house), member(&house, 0), member(&house, 1));
    house.slash(house.inn.moderator, "note", &[("member", house.member(2).into()), ("text", "sings".into())]).await;
    house.slash(house.inn.moderator, "warn", &[("member", house.member(0).into()), ("reason", "loud".into())]).await;
    let warned = api(&mut client, "POST", "warnings", json!({"user_id": ada, "mod_id": 0, "guild_id": inn})).await;
    let me = bot.bot.user().unwrap().sql();
    assert_eq!((warned.status, &warned.json["mod_id"]), (201, &json!(me)), "nobody is the bot: {warned:?}");
    let case = api(&mut client, "POST", "moderation-cases", deed(&house, "WARN")).await;
    let warnings = api(&mut client, "GET", "warnings", Value::Null).await;
    let cases = api(&mut client, "GET", "moderation-cases?resolved=false", Value::Null).await;
    assert_eq!((ids(&warnings, "warnings"), ids(&cases, "cases")), (vec![3, 2], vec![4]), "{bea}");
    assert_eq!((&case.json["action"], &case.json["case_number"]), (&json!("WARN"), &json!(4)));
    for (path, words) in [
        ("moderation-cases/1", "Moderation case not found"),
        ("moderation-cases/3", "Moderation case not found"),
        ("warnings/1", "Warning not found"),
        ("warnings/4", "Warning not found"),
    ] {
        refused(&api(&mut client, "GET", path, Value::Null).await, 404, words);
    }
    refused(&api(&mut client, "PUT", "moderation-cases/1", json!({})).await, 404, "Moderation case not found");
    // What a program calls a note is a case of its own.
    let noted = api(&mut client, "POST", "moderation-cases", deed(&house, "note")).await.json["id"].as_i64().unwrap();
    assert_eq!(api(&mut client, "GET", &format!("moderation-cases/{noted}"), Value::Null).await.status, 200);
    let cases = api(&mut client, "GET", "moderation-cases", Value::Null).await;
    assert_eq!(ids(&cases, "cases"), [noted, 4]);
    bot.stop().await;
}

/// A case as the client sends it when it makes one.
fn deed(house: &House, action: &str) -> Value {
    json!({"guild_id": guild(house), "user_id": member(house, 0), "mod_id": member(house, 1), "action": action})
}

#[tokio::test]
async fn a_case_is_put_on_record_under_the_next_number_and_nobody_does_it_again() {
    let house = House::with(|config| config.wires.smarter_dev = true).await;
    let (bot, _door, mut client) = served(&house).await;
    let (inn, ada, bea) = (guild(&house), member(&house, 0), member(&house, 1));
    house.slash(house.inn.moderator, "note", &[("member", house.member(2).into()), ("text", "sings".into())]).await;
    let mut body = deed(&house, "ban");
    body["reason"] = json!("spam, *spam*");
    body["duration_sec"] = json!(86_400);
    (body["id"], body["case_number"], body["created_at"]) = (Value::Null, json!(77), json!("2020-01-01T00:00:00"));
    (body["resolved_at"], body["mood"]) = (json!("2020-01-01T00:00:00"), json!("bad"));
    let ban = api(&mut client, "POST", "moderation-cases", body).await;
    assert_eq!((ban.status, keys(&ban)), (201, texts(&CASE)), "{ban:?}");
    let mut wanted = json!({"id": 2, "case_number": 2, "guild_id": inn, "user_id": ada, "mod_id": bea, "action": "ban",
        "reason": "spam, *spam*", "duration_sec": 86_400, "resolved_at": null, "resolution_note": null});
    wanted["created_at"] = ban.json["created_at"].clone();
    assert_eq!(ban.json, wanted);
    assert!(is_naive(&ban.json["created_at"]) && ban.json["created_at"] != "2020-01-01T00:00:00");
    let mute = api(&mut client, "POST", "moderation-cases/", deed(&house, "mute")).await;
    assert_eq!((mute.status, &mute.json["case_number"]), (201, &json!(3)));
    assert_eq!((&mute.json["action"], &mute.json["duration_sec"]), (&json!("mute"), &Value::Null));
    house.promises_kept().await;
    assert!(!house.sim.world().is_banned(house.inn.guild, house.member(0)), "their program did it, or did not");
    assert_eq!(house.rows("SELECT about FROM promise WHERE about NOT LIKE 'answer%'"), [""; 0], "nothing is asked for");
    for (name, at) in [("guild_id", 0), ("user_id", 1), ("mod_id", 2), ("action", 3)] {
        let names = ["guild_id", "user_id", "mod_id", "action"];
        let mut body = deed(&house, "x");
        names[at..].iter().for_each(|name| _ = body.as_object_mut().unwrap().remove(*name));
        let said = api(&mut client, "POST", "moderation-cases", body).await;
        refused(&said, 400, &format!("Missing required field: {name}"));
    }
    for (name, value) in [
        ("action", json!(" ")),
        ("action", json!(7)),
        ("user_id", json!("ada")),
        ("mod_id", json!(-1)),
        ("reason", json!("x".repeat(4_001))),
        ("duration_sec", json!(-1)),
        ("duration_sec", json!("long")),
        ("duration_sec", json!(1e30)),
    ] {
        let mut body = deed(&house, "x");
        body[name] = value;
        refused(
            &api(&mut client, "POST", "moderation-cases", body).await,
            400,
            &format!("Invalid value for field: {name}"),
        );
    }
    let mut body = deed(&house, "x");
    body["guild_id"] = json!(5);
    refused(&api(&mut client, "POST", "moderation-cases", body).await, 404, "Guild not found");
    refused(&api(&mut client, "GET", "moderation-cases/99", Value::Null).await, 404, "Moderation case not found");
    refused(&api(&mut client, "PUT", "moderation-cases/99", json!({})).await, 404, "Moderation case not found");
    bot.stop().await;
}

#[tokio::test]
async fn recorded_cases_are_where_all_cases_are_and_can_be_settled_and_taken_back_there() {
    let house = House::with(|config| config.wires.smarter_dev = true).await;
    let mut house = house;
    house.config.moderation.modlog = Some(house.inn.mod_log);
    let (bot, door, mut client) = served(&house).await;
    let (inn, moderator) = (guild(&house), house.inn.moderator);
    for action in ["mute <@1>", "warn", "Ban"] {
        assert_eq!(api(&mut client, "POST", "moderation-cases", deed(&house, action)).await.status, 201);
    }
    let log = house.bot_says(house.inn.mod_log, 3).await;
    assert!(log.iter().any(|said| said.contains("mute")), "{log:?}");
    let history = house.slash(moderator, "history", &[("member", house.member(0).into())]).await;
    assert!(history.text().contains("mute") && history.text().contains("Warning"), "{}", history.text());
    let shown = house.slash(moderator, "case show", &[("number", 1.into())]).await;
    let text = shown.text();
    assert!(text.contains("on record over HTTP") && text.contains("recorded over HTTP by key smart"), "{text}");
    assert!(!text.contains("mute <@1>"), "a program's words are escaped: {text}");
    let key = key(&bot.bot, "native", "moderate", None, None).await;
    let mut native = Client::with_key(&door, &key);
    let all = native.get(&format!("/api/guilds/{inn}/cases")).await;
    let told = |case: &Value| (case["number"].clone(), case["kind"].clone(), case["action"].clone());
    let told: Vec<_> = all.json["items"].as_array().unwrap().iter().map(told).collect();
    let wanted = [(3, "ban", "Ban"), (2, "warn", "warn"), (1, "other", "mute <@1>")];
    assert_eq!(told, wanted.map(|(number, kind, action)| (json!(number), json!(kind), json!(action))));
    assert_eq!(native.get(&format!("/api/guilds/{inn}/cases?kind=other")).await.json["total"], 1);
    let new = json!({"kind": "other", "user_id": "5", "reason": "x"});
    assert_eq!(native.post(&format!("/api/guilds/{inn}/cases"), new).await.status, 422, "there is nothing to do");
    // Settled by a command, and taken back.
    house.slash(moderator, "case resolve", &[("number", 2.into()), ("note", "sorry".into())]).await;
    let settled = api(&mut client, "GET", "moderation-cases/2", Value::Null).await;
    assert!(is_naive(&settled.json["resolved_at"]) && settled.json["resolution_note"] == "sorry", "{settled:?}");
    let undone = house.slash(house.inn.owner, "undo", &[("id", "C1".into())]).await;
    assert!(undone.text().contains("is taken back"), "{}", undone.text());
    // A ban on record is lifted like any other.
    let undone = house.slash(house.inn.owner, "undo", &[("id", "C3".into())]).await;
    assert!(!undone.text().is_empty());
    let after = api(&mut client, "POST", "moderation-cases", deed(&house, "mute")).await;
    let cases = house.rows("SELECT count(*), max(number) FROM moderation_case");
    assert_eq!(cases, [format!("{0} {0}", after.json["case_number"])], "without gaps");
    bot.stop().await;
}

#[tokio::test]
async fn a_case_is_resolved_reopened_and_commented_and_nothing_else_of_it_changes() {
    let house = house().await;
    let (bot, _door, mut client) = served(&house).await;
    let made = api(&mut client, "POST", "moderation-cases", deed(&house, "mute")).await;
    let path = format!("moderation-cases/{}", made.json["id"]);
    let mut wanted = made.json.clone();
    // The client sends the whole case, without what is none.
    let mut body = made.json.clone();
    (body["reason"], body["action"], body["duration_sec"]) = (json!("another"), json!("hug"), json!(5));
    let same = api(&mut client, "PUT", &path, body.clone()).await;
    assert_eq!((same.status, &same.json), (200, &wanted));
    for (sent, stands) in [
        ("2026-02-01T10:00:00.250000", "2026-02-01T10:00:00.250000"),
        ("2026-02-01T10:00:00+02:00", "2026-02-01T08:00:00"),
        ("2026-02-01T08:00:00Z", "2026-02-01T08:00:00"),
    ] {
        body["resolved_at"] = json!(sent);
        body["resolution_note"] = json!("they said sorry");
        let said = api(&mut client, "PUT", &path, body.clone()).await;
        (wanted["resolved_at"], wanted["resolution_note"]) = (json!(stands), json!("they said sorry"));
        assert_eq!((said.status, keys(&said), &said.json), (200, texts(&CASE), &wanted), "{sent}");
    }
    let changes = "SELECT what, words FROM moderation_change ORDER BY id";
    let noted = house.rows(changes).len();
    let again = api(&mut client, "PUT", &format!("{path}/"), body).await;
    assert_eq!((again.status, &again.json, house.rows(changes).len()), (200, &wanted, noted), "the same twice is once");
    let said = api(&mut client, "PUT", &path, json!({"resolve": true})).await;
    assert_eq!(said.json, wanted, "it is resolved already");
    let said = api(&mut client, "PUT", &path, json!({"resolved_at": null, "resolve": true})).await;
    wanted["resolved_at"] = Value::Null;
    assert_eq!((said.status, &said.json), (200, &wanted), "open again, and the note stands");
    let said = api(&mut client, "PUT", &path, json!({"resolution_note": null, "resolve": "yes"})).await;
    wanted["resolution_note"] = Value::Null;
    assert_eq!((said.status, &said.json), (200, &wanted));
    let said = api(&mut client, "PUT", &path, json!({"resolve": true, "resolution_note": "over"})).await;
    assert!(is_naive(&said.json["resolved_at"]) && said.json["resolution_note"] == "over", "{said:?}");
    for (body, words) in [
        (json!({"resolved_at": "soon"}), "Invalid value for field: resolved_at"),
        (json!({"resolved_at": 7}), "Invalid value for field: resolved_at"),
        (json!({"resolution_note": 7}), "Invalid value for field: resolution_note"),
        (json!("x"), "Invalid request body"),
    ] {
        refused(&api(&mut client, "PUT", &path, body).await, 400, words);
    }
    let after = api(&mut client, "GET", &path, Value::Null).await;
    assert_eq!(after.json, said.json, "what was refused changed nothing");
    bot.stop().await;
}

#[tokio::test]
async fn cases_and_warnings_are_found_by_each_of_their_filters() {
    let house = house().await;
    let (bot, _door, mut client) = served(&house).await;
    let (inn, ada, bea) = (guild(&house), member(&house, 0), member(&house, 1));
    let warning = json!({"user_id": ada, "mod_id": bea, "guild_id": inn, "reason": "loud", "id": null});
    let warned = api(&mut client, "POST", "warnings/", warning).await;
    assert_eq!((warned.status, keys(&warned)), (201, texts(&WARNING)), "{warned:?}");
    assert!(is_naive(&warned.json["warned_at"]) && warned.json["reason"] == "loud");
    let body = json!({"user_id": bea, "mod_id": ada, "guild_id": inn});
    assert_eq!(api(&mut client, "POST", "warnings", body).await.json["reason"], Value::Null);
    assert_eq!(api(&mut client, "POST", "moderation-cases", deed(&house, "mute")).await.json["id"], 3);
    assert_eq!(api(&mut client, "POST", "moderation-cases", deed(&house, "Mute")).await.json["id"], 4);
    api(&mut client, "PUT", "moderation-cases/4", json!({"resolve": true})).await;
    let ada_warns = [("member", house.member(2).into()), ("reason", Input::from("late"))];
    house.slash(house.inn.moderator, "warn", &ada_warns).await;
    for (query, wanted) in [
        (String::new(), vec![5, 2, 1]),
        (format!("user_id={ada}"), vec![1]),
        (format!("mod_id={ada}&guild_id={inn}"), vec![2]),
        (format!("mod_id={}", house.inn.moderator), vec![5]),
        ("guild_id=5".to_owned(), vec![]),
        ("mod_id=bea".to_owned(), vec![]),
    ] {
        let said = api(&mut client, "GET", &format!("warnings?{query}"), Value::Null).await;
        assert_eq!(ids(&said, "warnings"), wanted, "{query}");
        assert!(keys_in(&said, "warnings").iter().all(|keys| *keys == texts(&WARNING)));
    }
    for (query, wanted) in [
        (String::new(), vec![4, 3]),
        (format!("user_id={ada}"), vec![4, 3]),
        (format!("guild_id={inn}&mod_id={bea}"), vec![4, 3]),
        (format!("mod_id={ada}"), vec![]),
        ("action=mute".to_owned(), vec![3]),
        ("action=warn".to_owned(), vec![]),
        ("resolved=true".to_owned(), vec![4]),
        ("resolved=FALSE".to_owned(), vec![3]),
        ("resolved=perhaps".to_owned(), vec![4, 3]),
        (format!("user_id={ada}&resolved=false&action=mute"), vec![3]),
        ("guild_id=x".to_owned(), vec![]),
    ] {
        let said = api(&mut client, "GET", &format!("moderation-cases?{query}"), Value::Null).await;
        assert_eq!(ids(&said, "cases"), wanted, "{query}");
        assert!(keys_in(&said, "cases").iter().all(|keys| *keys == texts(&CASE)));
    }
    let one = api(&mut client, "GET", "warnings/1/", Value::Null).await;
    assert_eq!((one.status, keys(&one), &one.json), (200, texts(&WARNING), &warned.json));
    for path in ["warnings/3", "warnings/99"] {
        refused(&api(&mut client, "GET", path, Value::Null).await, 404, "Warning not found");
    }
    for (missing, body) in
        [("user_id", json!({})), ("mod_id", json!({"user_id": 1})), ("guild_id", json!({"user_id": 1, "mod_id": 2}))]
    {
        let said = api(&mut client, "POST", "warnings", body).await;
        refused(&said, 400, &format!("Missing required field: {missing}"));
    }
    // A recorded warning counts like any other.
    let shown = house.slash(house.member(0), "warnings", &[]).await;
    assert!(shown.text().contains("1 counts"), "{}", shown.text());
    bot.stop().await;
}

#[tokio::test]
async fn twenty_cases_at_once_get_twenty_numbers() {
    let house = house().await;
    let (bot, door, _) = served(&house).await;
    let key = key(&bot.bot, "many", ALL, None, None).await;
    let token = token(&door, &key).await;
    let mut cases = JoinSet::new();
    for _ in 0..20 {
        let (mut client, body) = (Client::with_key(&door, &token), deed(&house, "mute"));
        cases.spawn(async move { api(&mut client, "POST", "moderation-cases", body).await });
    }
    let notes = async {
        for _ in 0..5 {
            let note = [("member", house.member(2).into()), ("text", Input::from("sings"))];
            house.clock.advance(Duration::from_secs(60));
            house.slash(house.inn.moderator, "note", &note).await;
        }
    };
    let (made, ()) = tokio::join!(cases.join_all(), notes);
    let mut numbers: Vec<i64> = made.iter().map(|said| said.json["case_number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20, "{made:?}");
    assert_eq!(house.rows("SELECT count(*), max(number), count(DISTINCT id) FROM moderation_case"), ["25 25 25"]);
    bot.stop().await;
}

#[tokio::test]
async fn what_is_a_little_too_often_waits_for_its_turn() {
    let house = House::with(|config| {
        config.wires.smarter_dev = true;
        config.http.writes_per_second = 20.try_into().unwrap();
    })
    .await;
    let (bot, _door, mut client) = served(&house).await;
    for _ in 0..30 {
        assert_eq!(api(&mut client, "POST", "moderation-cases", deed(&house, "mute")).await.status, 201);
    }
    bot.stop().await;
}

/// Holds the writer up until the answer is dropped.
async fn hold_writer(bot: &Running) -> (SyncSender<()>, JoinHandle<()>) {
    let (begun, begins) = sync_channel(1);
    let (release, released) = sync_channel(1);
    let (store, released) = (bot.bot.store().clone(), Mutex::new(released));
    let held = tokio::spawn(async move {
        let work = move |_: &innkeeper::store::Tx| {
            let _ = begun.try_send(());
            let _ = released.lock().unwrap().recv_timeout(PATIENCE);
            Ok(())
        };
        store.write(work).await.unwrap();
    });
    tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
    (release, held)
}

/// Asks while nothing can be written, and leaves before the answer; the bot has noticed that when this returns.
async fn ask_and_leave(bot: &Running, door: &OpenDoor, token: &str, body: &Value) {
    let (release, held) = hold_writer(bot).await;
    let body = body.to_string();
    let head = format!(
        "POST /smarter-dev/api/moderation-cases HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        door.addr,
        body.len()
    );
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // Meanwhile it comes as far as the writer, most of the time.
    for _ in 0..5 {
        api(&mut Client::with_key(door, token), "GET", "guilds", Value::Null).await;
    }
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty(), "nobody was answered");
    drop(release);
    held.await.unwrap();
    bot.bot.settle().await;
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_answered_when_it_comes_again_and_done_once() {
    let house = house().await;
    let (bot, door, mut other) = served(&house).await;
    let key = key(&bot.bot, "lost", ALL, None, None).await;
    let token = token(&door, &key).await;
    let count = || house.rows("SELECT count(*) FROM moderation_case")[0].parse::<i64>().unwrap();
    let body = deed(&house, "mute");
    while count() == 0 {
        ask_and_leave(&bot, &door, &token, &body).await;
    }
    let mut again = Client::with_key(&door, &token);
    let said = api(&mut again, "POST", "moderation-cases", body.clone()).await;
    assert_eq!((said.status, &said.json["id"], count()), (201, &json!(1), 1), "the answer that was lost");
    let said = api(&mut again, "POST", "moderation-cases", body.clone()).await;
    assert_eq!((said.status, &said.json["id"]), (201, &json!(2)), "an answered request is another one");
    let said = api(&mut other, "POST", "moderation-cases", body).await;
    assert_eq!(said.json["id"], 3, "another key's is its own");
    bot.stop().await;
}

#[tokio::test]
async fn a_key_for_one_guild_sees_that_guild_and_its_people_alone() {
    let house = house().await;
    let (bot, door, mut all) = served(&house).await;
    let (inn, ada, bea) = (guild(&house), member(&house, 0), member(&house, 1));
    house.say(house.member(0), "hello");
    bot.settle(&house).await;
    for (id, name) in [(ELSEWHERE, "Elsewhere"), (FAR_AWAY, "Far away")] {
        api(&mut all, "POST", "guilds", json!({"discord_id": id, "name": name})).await;
    }
    let elsewhere = GuildId::new(ELSEWHERE.unsigned_abs()).unwrap();
    let key = key(&bot.bot, "elsewhere", ALL, Some(elsewhere), None).await;
    let mut one = Client::with_key(&door, &token(&door, &key).await);
    let gift = json!({"giver_id": ada, "receiver_id": bea, "guild_id": inn});
    let gift = api(&mut all, "POST", "kudos", gift).await.json["id"].clone();
    let warning = json!({"user_id": ada, "mod_id": bea, "guild_id": inn});
    let warning = api(&mut all, "POST", "warnings", warning).await.json["id"].clone();
    let muted = api(&mut all, "POST", "moderation-cases", deed(&house, "mute")).await.json["id"].clone();
    let made = api(&mut one, "POST", "users", json!({"discord_id": STRANGER, "username": "Zoë"})).await;
    assert_eq!(made.status, 201);
    let mut body = deed(&house, "mute");
    body["guild_id"] = json!(ELSEWHERE);
    let case = api(&mut one, "POST", "moderation-cases", body.clone()).await;
    assert_eq!((case.status, &case.json["case_number"], &case.json["id"]), (201, &json!(1), &json!(3)), "{case:?}");
    assert_eq!(ids(&api(&mut one, "GET", "guilds", Value::Null).await, "guilds"), [ELSEWHERE]);
    assert_eq!(ids(&api(&mut one, "GET", "users", Value::Null).await, "users"), [STRANGER]);
    assert_eq!(ids(&api(&mut one, "GET", "kudos", Value::Null).await, "kudos"), [0; 0]);
    assert_eq!(ids(&api(&mut one, "GET", "warnings", Value::Null).await, "warnings"), [0; 0]);
    assert_eq!(ids(&api(&mut one, "GET", "moderation-cases", Value::Null).await, "cases"), [3]);
    for (path, words) in [
        (format!("guilds/{inn}"), "Guild not found"),
        (format!("guilds/{FAR_AWAY}"), "Guild not found"),
        (format!("users/{ada}"), "User not found"),
        (format!("kudos/{gift}"), "Kudos not found"),
        (format!("warnings/{warning}"), "Warning not found"),
        (format!("moderation-cases/{muted}"), "Moderation case not found"),
    ] {
        refused(&api(&mut one, "GET", &path, Value::Null).await, 404, words);
        assert_eq!(api(&mut all, "GET", &path, Value::Null).await.status, 200, "{path}");
    }
    for (method, path, words) in [
        ("PUT", format!("guilds/{inn}"), "Guild not found"),
        ("PUT", format!("users/{ada}"), "User not found"),
        ("PUT", format!("moderation-cases/{muted}"), "Moderation case not found"),
    ] {
        refused(&api(&mut one, method, &path, json!({})).await, 404, words);
    }
    let gift = json!({"giver_id": ada, "receiver_id": bea, "guild_id": inn});
    refused(&api(&mut one, "POST", "kudos", gift).await, 404, "Guild not found");
    refused(&api(&mut one, "POST", "moderation-cases", deed(&house, "mute")).await, 404, "Guild not found");
    for id in [inn, 5] {
        let said = api(&mut one, "POST", "guilds", json!({"discord_id": id, "name": "x"})).await;
        refused(&said, 403, "This key is for another guild.");
    }
    bot.stop().await;
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let house = house().await;
    let (bot, door, _) = served(&house).await;
    let write = "This is for keys with the scope `write`.";
    let moderate = "This is for keys with the scope `moderate`.";
    let asked = [
        ("GET", "guilds", ""),
        ("GET", "users", ""),
        ("GET", "kudos", ""),
        ("POST", "guilds", write),
        ("PUT", "guilds/1", write),
        ("POST", "users", write),
        ("PUT", "users/1", write),
        ("POST", "kudos", write),
        ("GET", "warnings", moderate),
        ("GET", "warnings/1", moderate),
        ("POST", "warnings", moderate),
        ("GET", "moderation-cases", moderate),
        ("GET", "moderation-cases/1", moderate),
        ("POST", "moderation-cases", moderate),
        ("PUT", "moderation-cases/1", moderate),
    ];
    for scopes in ["read", "write", "moderate", "chat admin impersonate"] {
        let key = key(&bot.bot, &scopes.replace(' ', "-"), scopes, None, None).await;
        let mut client = Client::with_key(&door, &token(&door, &key).await);
        for (method, path, words) in asked {
            let body = if method == "GET" { Value::Null } else { json!({}) };
            let said = api(&mut client, method, path, body).await;
            let has = words.is_empty() || words.contains(&format!("`{scopes}`"));
            if has {
                assert!([200, 400, 404].contains(&said.status), "{scopes} {method} {path}: {said:?}");
            } else {
                refused(&said, 403, words);
            }
        }
    }
    bot.stop().await;
}

#[tokio::test]
async fn what_is_switched_off_keeps_no_records() {
    let house = House::with(|config| {
        config.wires.smarter_dev = true;
        (config.kudos.enabled, config.moderation.enabled) = (false, false);
    })
    .await;
    let (bot, _door, mut client) = served(&house).await;
    for path in ["kudos", "warnings", "moderation-cases"] {
        for (method, body) in [("GET", Value::Null), ("POST", deed(&house, "mute"))] {
            refused(&api(&mut client, method, path, body).await, 403, "This part of the bot is switched off");
        }
    }
    assert_eq!(api(&mut client, "GET", "guilds", Value::Null).await.status, 200);
    bot.stop().await;
}

#[tokio::test]
async fn what_was_recorded_is_there_after_a_restart_and_new_rows_come_after_it() {
    let house = house().await;
    let (bot, door, mut client) = served(&house).await;
    let case = api(&mut client, "POST", "moderation-cases", deed(&house, "mute")).await;
    let user = api(&mut client, "POST", "users", json!({"discord_id": STRANGER, "username": "Zoë"})).await;
    let guild = api(&mut client, "POST", "guilds", json!({"discord_id": ELSEWHERE, "name": "Elsewhere"})).await;
    drop(door);
    bot.stop().await;
    house.clock.advance(Duration::from_secs(1));
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "later", ALL, None, None).await;
    let mut client = Client::with_key(&door, &token(&door, &key).await);
    for (path, before) in [
        (format!("moderation-cases/{}", case.json["id"]), &case),
        (format!("users/{STRANGER}"), &user),
        (format!("guilds/{ELSEWHERE}"), &guild),
    ] {
        assert_eq!(api(&mut client, "GET", &path, Value::Null).await.json, before.json);
    }
    let next = api(&mut client, "POST", "moderation-cases", deed(&house, "mute")).await;
    assert_eq!((&next.json["id"], &next.json["case_number"]), (&json!(2), &json!(2)));
    bot.stop().await;
}
