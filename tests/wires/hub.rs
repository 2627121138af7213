//! Discord Bot Hub: what its programs ask, and what they are answered.

use innkeeper::config::Audience;
use serde_json::{Value, json};

use crate::client::{Client, Said, key};
use crate::door::{OpenDoor, open};
use crate::house::{House, Running};

/// An open house whose board is for everybody, and a program with a key that may do everything there.
async fn hub() -> (House, Running, OpenDoor, Client) {
    let house = House::with(|config| {
        config.http.visibility.leaderboard = Audience::Public;
        config.http.writes_per_second = 1_000.try_into().unwrap();
    })
    .await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "hub", "admin", Some(house.inn.guild), None).await;
    let client = Client::with_key(&door, &key);
    (house, bot, door, client)
}

/// The types and places of what a request has wrong.
fn wrong(said: &Said) -> Vec<(String, String)> {
    assert_eq!(said.status, 422, "{said:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let places = |one: &Value| one["loc"].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(".");
    let all = said.json["detail"].as_array().unwrap();
    all.iter().map(|one| (text(&one["type"]), places(one))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(kind, place)| ((*kind).to_owned(), (*place).to_owned())).collect()
}

#[tokio::test]
async fn the_catalogue_is_listed_by_level_and_a_new_tool_takes_its_place_in_it() {
    let (_house, _bot, door, mut program) = hub().await;
    for path in ["/api/tools", "/api/tools/"] {
        let said = Client::stranger(&door).get(path).await;
        assert_eq!((said.status, said.json.as_array().unwrap().len()), (200, 20));
        let first = &said.json[0];
        assert_eq!(
            (&first["name"], &first["required_level"], &first["enabled"]),
            (&json!("Basic Chat"), &json!(1), &json!(true))
        );
        assert_eq!(first["config"], json!({"max_messages_per_day": 100}));
        assert_eq!(first.as_object().unwrap().len(), 10);
    }
    let tool = json!({"name": "Tea", "description": "A cup", "required_level": 12, "tier": "Member", "enabled": false});
    let made = program.post("/api/tools/", tool).await;
    assert_eq!((made.status, &made.json["icon"], &made.json["config"]), (201, &json!("🛠️"), &json!({})));
    assert_eq!(made.json["created_at"], made.json["updated_at"]);
    let names = async |query: &str| -> Vec<String> {
        let said = Client::stranger(&door).get(&format!("/api/tools{query}")).await;
        said.json.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("?tier=Member").await, ["Voice Channels", "Custom Emojis", "Poll Creator", "Music Bot"]);
    let all = ["Voice Channels", "Custom Emojis", "Tea", "Poll Creator", "Music Bot"];
    for no in ["false", "0", "False"] {
        assert_eq!(names(&format!("?tier=Member&enabled_only={no}")).await, all, "{no}");
    }
    assert_eq!(names("?tier=None").await, [""; 0]);
}

#[tokio::test]
async fn what_is_wrong_with_a_tool_is_told_all_at_once() {
    let (_house, _bot, door, mut program) = hub().await;
    let said = Client::stranger(&door).get("/api/tools?enabled_only=perhaps").await;
    assert_eq!(wrong(&said), pairs(&[("bool_parsing", "query.enabled_only")]));
    let said =
        program.post("/api/tools", json!({"name": 7, "required_level": 0, "config": [], "description": ""})).await;
    let all = [
        ("string_type", "body.name"),
        ("string_too_short", "body.description"),
        ("greater_than_equal", "body.required_level"),
        ("missing", "body.tier"),
        ("dict_type", "body.config"),
    ];
    assert_eq!(wrong(&said), pairs(&all));
    assert_eq!(wrong(&program.post("/api/tools", json!([])).await), pairs(&[("model_attributes_type", "body")]));
    assert_eq!(wrong(&program.send("POST", "/api/tools", None).await), pairs(&[("missing", "body")]));
    let said = program.send("POST", "/api/tools", Some("{")).await;
    assert_eq!((said.status, &said.json["detail"][0]["type"]), (422, &json!("json_invalid")));
    let mut reader = Client::stranger(&door);
    assert_eq!(reader.post("/api/tools", json!({})).await.status, 401);
}
