//! Buttons: what Discord takes, who can press, what the bot is told, and the page.

use std::time::Duration;

use innkeeper::sim::world::intent;
use innkeeper::sim::{Inn, World};
use serde_json::{Value, json};

use crate::client::{ask, inn, open_inn};
use crate::sockets::http;

fn row(buttons: Value) -> Value {
    json!({"content": "x", "components": [{"type": 1, "components": buttons}]})
}

fn button(custom_id: &str) -> Value {
    json!({"type": 2, "style": 1, "label": "Press <me>", "custom_id": custom_id})
}

fn send(world: &mut World, inn: &Inn, body: Value) -> innkeeper::sim::Response {
    ask(world, "POST", &format!("/channels/{}/messages", inn.general), body)
}

#[test]
fn what_discord_would_not_take_is_refused() {
    let (mut world, inn, clock) = inn();
    let with = |part: &str, value: Value| {
        let mut changed = button("a");
        changed[part] = value;
        row(json!([changed]))
    };
    let many = |count: usize| row((0..count).map(|nth| button(&nth.to_string())).collect());
    let one = row(json!([button("a")]))["components"][0].clone();
    let wrong = [
        row(json!([button("a"), button("a")])),
        row(json!([])),
        many(6),
        json!({"content": "x", "components": vec![one; 6]}),
        json!({"content": "x", "components": [button("a")]}),
        with("style", json!(9)),
        with("style", Value::Null),
        with("label", json!("x".repeat(81))),
        with("label", Value::Null),
        with("custom_id", json!("x".repeat(101))),
        with("custom_id", Value::Null),
        with("type", json!(3)),
    ];
    for body in wrong {
        clock.advance(Duration::from_secs(10));
        let refused = send(&mut world, &inn, body.clone());
        assert_eq!((refused.status, refused.body_json()["code"].clone()), (400, json!(50035)), "{body}");
    }
    clock.advance(Duration::from_secs(10));
    assert_eq!(send(&mut world, &inn, many(5)).status, 200);
    assert_eq!(send(&mut world, &inn, with("custom_id", json!("x".repeat(100)))).status, 200);
}

#[test]
fn a_press_is_told_with_its_message_and_answered_like_a_command() {
    let (mut world, inn, _) = inn();
    assert_eq!(send(&mut world, &inn, row(json!([button("go"), button("stay")]))).status, 200);
    let message = world.bot_messages(inn.general)[0].id;
    let session = world.attach(intent::GUILDS);
    world.drain(&session);
    let ada = inn.members[0];
    assert!(world.press(message, ada, "nothing").is_err());
    let id = world.press(message, ada, "go").unwrap();
    let events = world.drain(&session);
    let (name, told) = &events[0];
    assert_eq!((*name, &told["type"], &told["data"]["custom_id"]), ("INTERACTION_CREATE", &json!(3), &json!("go")));
    assert_eq!(told["message"]["id"], message.to_string());
    assert_eq!(told["member"]["user"]["id"], ada.to_string());
    let token = world.interaction(id).unwrap().token.clone();
    let callback = format!("/interactions/{}/{token}/callback", id.0);
    let answer = json!({"type": 4, "data": {"content": "done", "flags": 64}});
    assert_eq!(ask(&mut world, "POST", &callback, answer).status, 204);
    let answer = world.finished_answer(id).unwrap();
    assert_eq!((answer.content(), answer.ephemeral), ("done", true));
}

#[test]
fn what_one_cannot_see_one_cannot_press() {
    let (mut world, inn, _) = inn();
    let path = format!("/channels/{}/messages", inn.staff_room);
    assert_eq!(ask(&mut world, "POST", &path, row(json!([button("go")]))).status, 200);
    let message = world.bot_messages(inn.staff_room)[0].id;
    assert!(world.press(message, inn.members[0], "go").is_err());
    assert!(world.press(message, inn.moderator, "go").is_ok());
    let mut off = button("off");
    off["disabled"] = json!(true);
    send(&mut world, &inn, row(json!([off])));
    let message = world.bot_messages(inn.general)[0].id;
    assert!(world.press(message, inn.members[0], "off").is_err());
}

#[tokio::test]
async fn a_visitor_presses_on_the_page() {
    let (sim, inn, _) = open_inn().await;
    send(&mut sim.world(), &inn, row(json!([button("go\">")])));
    let message = sim.world().bot_messages(inn.general)[0].id;
    let member = inn.members[1];
    let page = format!("{}?member={member}&channel={}", sim.page_url(), inn.general);
    let page = http().get(page).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("value=\"go&quot;&gt;\">Press &lt;me&gt;</button>"), "{page}");
    let press = |button: &'static str| {
        let body = format!("member={member}&channel={}&message={message}&button={button}", inn.general);
        let post = http().post(format!("{}press", sim.page_url())).header("accept", "text/plain");
        post.header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    assert_eq!(press("go%22%3E").await.unwrap().status(), 204);
    let refused = press("stay").await.unwrap();
    assert_eq!(refused.status(), 422);
    assert_eq!(refused.text().await.unwrap(), "there is no such button below this message");
}
