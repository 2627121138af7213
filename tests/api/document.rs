//! What `/openapi.json` says, and that the server does so. `packaging/fuzz-api` holds all of it against the server.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Client, key};
use crate::door::OpenDoor;
use crate::house::House;
use crate::open;

async fn document(door: &OpenDoor) -> Value {
    Client::stranger(door).get("/openapi.json").await.json
}

/// Everything that is referred to, anywhere in it.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn whatever_is_referred_to_is_there() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let document = document(&door).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    for demands in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values()) {
        for scheme in
            demands["security"].as_array().into_iter().flatten().flat_map(|one| one.as_object().unwrap().keys())
        {
            assert!(document["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
        }
    }
    bot.stop().await;
}

#[tokio::test]
async fn every_command_is_described_with_what_it_takes() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let document = document(&door).await;
    let described = document["components"]["schemas"]["CommandRun"]["oneOf"].as_array().unwrap();
    let names: BTreeSet<_> = described.iter().map(|command| command["title"].as_str().unwrap()).collect();
    assert_eq!(names, bot.bot.commands().iter().map(|command| command.name).collect());
    let of = |name: &str| described.iter().find(|command| command["title"] == name).unwrap();
    let give = &of("temprole give")["properties"]["options"];
    assert_eq!(give["required"], json!(["member", "role", "duration"]));
    assert_eq!(give["additionalProperties"], json!(false));
    assert_eq!(give["properties"]["duration"]["$ref"], "#/components/schemas/Length");
    assert_eq!(give["properties"]["member"]["$ref"], "#/components/schemas/Snowflake");
    let window = &of("kudos board")["properties"]["options"]["properties"]["window"];
    assert_eq!(window["enum"], json!(["all", "month", "week", null]), "what may be left out may be null");
    assert_eq!(of("ping")["required"], json!(["command"]));
    bot.stop().await;
}

#[tokio::test]
async fn a_whole_number_is_one_however_it_is_written() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "write admin", None, None).await;
    let (guild, ada) = (format!("/api/guilds/{}", house.inn.guild), house.member(0));
    let mut client = Client::with_key(&door, &key);
    let xp = format!("{guild}/members/{ada}/xp");
    for (body, expected) in [(r#"{"amount": 5.0}"#, 5), (r#"{"amount": 1e2}"#, 105), (r#"{"amount": -5}"#, 100)] {
        let given = client.send("POST", &xp, Some(body)).await;
        assert_eq!((given.status, &given.json["member"]["xp"]), (200, &json!(expected)), "{body}: {given:?}");
    }
    let run = r#"{"command": "addxp", "options": {"member": "ADA", "amount": 20.0}}"#.replace("ADA", &ada.to_string());
    let ran = client.send("POST", &format!("{guild}/commands/execute"), Some(&run)).await;
    assert_eq!((ran.status, house.xp(ada)), (200, 120), "{ran:?}");
    for body in [r#"{"seconds": 30.0}"#, r#"{"seconds": 30}"#] {
        let set = client.send("POST", &format!("{guild}/commands/rank/cooldown"), Some(body)).await;
        assert_eq!(set.json["command"]["set"]["cooldown_seconds"], 30, "{body}: {set:?}");
    }
    for body in [r#"{"amount": 5.5}"#, r#"{"amount": 9007199254740994.0}"#, r#"{"amount": null}"#] {
        assert_eq!(client.send("POST", &xp, Some(body)).await.status, 422, "{body}");
    }
    assert_eq!(house.xp(ada), 120);
    bot.stop().await;
}

#[tokio::test]
async fn a_length_of_the_document_that_is_too_long_for_the_command_is_refused_by_it() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "k", "write moderate", None, None).await;
    let (guild, user) = (format!("/api/guilds/{}", house.inn.guild), house.member(0).to_string());
    let mut client = Client::with_key(&door, &key);
    let case = json!({"kind": "timeout", "user_id": user, "reason": "x", "duration": "999w9999d"});
    let options = json!({"member": user, "reason": "x", "duration": "999w9999d"});
    for (path, body) in [("cases", case), ("commands/execute", json!({"command": "timeout", "options": options}))] {
        let answer = client.post(&format!("{guild}/{path}"), body).await;
        let detail = answer.json["detail"].as_str().unwrap();
        assert!(answer.status == 409 && detail.contains("at most 4w"), "{path}: {answer:?}");
    }
    bot.stop().await;
}
