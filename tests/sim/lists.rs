//! Lists to choose from: what Discord takes, what can be chosen, what the bot is told, and the page.

use std::time::Duration;

use innkeeper::sim::world::intent;
use innkeeper::sim::{Inn, World};
use serde_json::{Value, json};

use crate::client::{ask, inn, open_inn};
use crate::sockets::http;

fn list() -> Value {
    let option = |value: &str| json!({"label": format!("Like <{value}>"), "value": value});
    json!({"type": 3, "custom_id": "pick", "placeholder": "Choose", "min_values": 0, "max_values": 2,
        "options": [option("a"), option("b"), option("c")]})
}

fn row(parts: Value) -> Value {
    json!({"content": "x", "components": [{"type": 1, "components": parts}]})
}

fn send(world: &mut World, inn: &Inn, body: Value) -> innkeeper::sim::Response {
    ask(world, "POST", &format!("/channels/{}/messages", inn.general), body)
}

#[test]
fn what_discord_would_not_take_is_refused() {
    let (mut world, inn, clock) = inn();
    let with = |part: &str, value: Value| {
        let mut changed = list();
        changed[part] = value;
        row(json!([changed]))
    };
    let wrong = [
        row(json!([list(), list()])),
        with("options", json!([])),
        with("options", json!([{"label": "a", "value": "a"}, {"label": "b", "value": "a"}])),
        with("options", json!([{"label": "", "value": "a"}])),
        with("options", (0..26).map(|nth| json!({"label": "x", "value": nth.to_string()})).collect()),
        with("max_values", json!(4)),
        with("max_values", json!(0)),
        with("custom_id", Value::Null),
        with("placeholder", json!("x".repeat(151))),
    ];
    for body in wrong {
        clock.advance(Duration::from_secs(10));
        let refused = send(&mut world, &inn, body.clone());
        assert_eq!((refused.status, refused.body_json()["code"].clone()), (400, json!(50035)), "{body}");
    }
    clock.advance(Duration::from_secs(10));
    assert_eq!(send(&mut world, &inn, row(json!([list()]))).status, 200);
}

#[test]
fn what_is_chosen_is_told_and_nothing_else_can_be() {
    let (mut world, inn, _) = inn();
    send(&mut world, &inn, row(json!([list()])));
    let message = world.bot_messages(inn.general)[0].id;
    let session = world.attach(intent::GUILDS);
    world.drain(&session);
    let ada = inn.members[0];
    assert!(world.select(message, ada, "other", &["a"]).is_err());
    assert!(world.select(message, ada, "pick", &["d"]).is_err());
    assert!(world.select(message, ada, "pick", &["a", "b", "c"]).is_err());
    for chosen in [&["c", "a"][..], &[]] {
        world.select(message, ada, "pick", chosen).unwrap();
        let events = world.drain(&session);
        let (name, told) = &events[0];
        assert_eq!((*name, &told["type"], &told["data"]["values"]), ("INTERACTION_CREATE", &json!(3), &json!(chosen)));
        assert_eq!((&told["data"]["component_type"], &told["data"]["custom_id"]), (&json!(3), &json!("pick")));
    }
}

#[tokio::test]
async fn a_visitor_chooses_on_the_page() {
    let (sim, inn, _) = open_inn().await;
    send(&mut sim.world(), &inn, row(json!([list()])));
    let message = sim.world().bot_messages(inn.general)[0].id;
    let member = inn.members[1];
    let page = format!("{}?member={member}&channel={}", sim.page_url(), inn.general);
    let page = http().get(page).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<option value=\"a\">Like &lt;a&gt;</option>"), "{page}");
    let choose = |chosen: &'static str| {
        let body = format!("member={member}&channel={}&message={message}&list=pick{chosen}", inn.general);
        let post = http().post(format!("{}select", sim.page_url())).header("accept", "text/plain");
        post.header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    assert_eq!(choose("&chosen=a&chosen=b").await.unwrap().status(), 204);
    assert_eq!(choose("").await.unwrap().status(), 204);
    let refused = choose("&chosen=z").await.unwrap();
    assert_eq!(refused.status(), 422);
    assert_eq!(refused.text().await.unwrap(), "that cannot be chosen from this list");
}
