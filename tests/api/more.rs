//! Programs that warn, note and ask what stands where.

use std::time::Duration;

use serde_json::json;

use crate::client::{Client, Said, key};
use crate::house::House;
use crate::open;

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
