//! Stories of developers at their own computer, where the key of local development is good, and of everybody else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/client.rs"]
mod client;
#[path = "support/door.rs"]
mod door;
#[path = "support/house.rs"]
mod house;
mod support;

use client::Client;
use door::open;
use house::House;
use serde_json::json;

const KEY: &str = "TESTING";
const FAR: &str = "X-Forwarded-For: 203.0.113.9";

#[tokio::test]
async fn the_key_of_local_development_is_a_wrong_one_unless_it_was_asked_for() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let mut developer = Client::with_key(&door, KEY);
    assert_eq!(developer.get("/api/guilds").await.status, 401);
    assert_eq!(developer.post("/api/token", json!({"api_key": KEY})).await.status, 401);
    assert!(!Client::stranger(&door).get("/healthz").await.json.to_string().contains("INNKEEPER_LOCAL"));
    bot.stop().await;
}

#[tokio::test]
async fn at_this_computer_it_may_do_everything_under_a_name_of_its_own_and_the_page_says_so() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    bot.bot.accept_local_key();
    let (guild, user) = (house.inn.guild, house.member(0).to_string());
    let mut developer = Client::with_key(&door, KEY);
    assert_eq!(developer.get("/api/guilds").await.json["total"], 1);
    let note = json!({"kind": "note", "user_id": user, "reason": "seen"});
    let made = developer.post(&format!("/api/guilds/{guild}/cases"), note).await;
    let case = developer.get(&format!("/api/guilds/{guild}/cases/1")).await;
    assert_eq!((made.status, &case.json["moderator_name"]), (201, &json!("local development")), "{made:?}{case:?}");
    let given = developer.post(&format!("/api/guilds/{guild}/members/{user}/xp"), json!({"amount": 5})).await;
    assert_eq!(given.status, 200, "{given:?}");
    // As whom it wishes, like every key with that scope.
    let mut as_member = Client::with_key(&door, KEY).and(&format!("X-Act-As: {user}"));
    let thanks = json!({"receiver_id": house.member(1).to_string()});
    assert_eq!(as_member.post(&format!("/api/guilds/{guild}/kudos"), thanks).await.status, 201);
    // What outlives this run belongs to a key that is kept.
    let hook = json!({"url": "https://example.org/hook", "kinds": ["kudos"]});
    assert_eq!(developer.post(&format!("/api/guilds/{guild}/webhooks"), hook).await.status, 409);
    let token = Client::stranger(&door).post("/api/token", json!({"api_key": KEY})).await;
    let mut bearer = Client::with_key(&door, token.json["token"].as_str().unwrap());
    assert_eq!(bearer.get("/api/guilds").await.json["total"], 1);
    let page = door.browser().get("/").await.body;
    assert!(page.contains("INNKEEPER_LOCAL is set:"), "{page}");
    bot.stop().await;
    // The next start does without.
    let (bot, door) = open(&house).await;
    let mut bearer = Client::with_key(&door, token.json["token"].as_str().unwrap());
    assert_eq!(bearer.get("/api/guilds").await.status, 401, "its token ends with it");
    bot.stop().await;
}

#[tokio::test]
async fn nobody_elsewhere_uses_it_whatever_stands_between_them_and_this_computer() {
    for trusted in [vec![], vec![[127, 0, 0, 1].into()]] {
        let house = House::with(|config| config.http.trusted_proxies.clone_from(&trusted)).await;
        let (bot, door) = open(&house).await;
        bot.bot.accept_local_key();
        let token = Client::stranger(&door).post("/api/token", json!({"api_key": KEY})).await;
        let token = token.json["token"].as_str().unwrap().to_owned();
        for line in [FAR, "X-Forwarded-For: 127.0.0.1, 203.0.113.9", "X-Forwarded-For: unknown", "X-Real-IP: 9.9.9.9"] {
            for key in [KEY, &token] {
                let said = Client::with_key(&door, key).and(line).get("/api/guilds").await;
                assert_eq!(said.status, 401, "{trusted:?} {line}: {said:?}");
            }
        }
        let asked = Client::stranger(&door).and(FAR).post("/api/token", json!({"api_key": KEY})).await;
        assert!(matches!(asked.status, 401 | 429), "{trusted:?}: {asked:?}");
        let from_here = Client::with_key(&door, KEY).and("X-Forwarded-For: 127.0.0.1").get("/api/guilds").await;
        assert_eq!(from_here.status == 200, !trusted.is_empty(), "{trusted:?}: {from_here:?}");
        bot.stop().await;
    }
}
