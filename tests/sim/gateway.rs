//! The gateway over real sockets.

use std::time::Duration;

use innkeeper::sim::world::intent;
use innkeeper::sim::{Entrance, Moment, SayOptions, Strike};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, Heard, INTENTS, open_inn};

#[tokio::test]
async fn events_are_numbered_and_arrive_in_order() {
    let (sim, inn, _) = open_inn().await;
    let (mut client, _) = Client::log_in(&sim, INTENTS).await;
    for n in 0..600 {
        sim.world().say(inn.general, inn.members[0], &format!("m{n}"), SayOptions::default()).unwrap();
    }
    for n in 0..600 {
        let event = client.event("MESSAGE_CREATE").await;
        assert_eq!((&event["s"], &event["d"]["content"]), (&json!(n + 3), &json!(format!("m{n}"))));
    }
    client.send(json!({"op": 1, "d": 602})).await;
    assert_eq!(client.payload().await["op"], 11);
}

#[tokio::test]
async fn both_compressions_are_spoken() {
    let (sim, inn, _) = open_inn().await;
    let url = sim.gateway_url();
    let mut stream = Client::connect(&url, "&compress=zlib-stream").await;
    stream.event_hello().await;
    stream.identify(&sim, INTENTS).await;
    stream.event("GUILD_CREATE").await;
    let mut each = Client::to(&sim).await;
    let token = sim.world().token().to_owned();
    each.send(json!({"op": 2, "d": {"token": token, "intents": INTENTS, "properties": {}, "compress": true}})).await;
    each.event("GUILD_CREATE").await;
    sim.world().say(inn.general, inn.members[0], &"long ".repeat(300), SayOptions::default()).unwrap();
    for client in [&mut stream, &mut each] {
        assert!(client.event("MESSAGE_CREATE").await["d"]["content"].as_str().unwrap().len() > 1_000);
    }
}

#[tokio::test]
async fn wrong_words_close_the_connection_with_their_codes() {
    let (sim, _, _) = open_inn().await;
    sim.world().grant_intents(0);
    let token = sim.world().token().to_owned();
    let identify =
        |token: &str, intents: u64| json!({"op": 2, "d": {"token": token, "intents": intents, "properties": {}}});
    let cases = [
        (identify("nonsense", 1).to_string(), 4004),
        (identify(&token, 1 << 30).to_string(), 4013),
        (identify(&token, intent::MESSAGE_CONTENT).to_string(), 4014),
        ("no json".to_owned(), 4002),
        (json!({"op": 99, "d": null}).to_string(), 4001),
        (json!({"op": 3, "d": {}}).to_string(), 4003),
        (json!({"op": 1, "d": "x".repeat(5_000)}).to_string(), 4002),
    ];
    for (text, code) in cases {
        let mut client = Client::to(&sim).await;
        client.send_raw(Message::text(text.clone())).await;
        assert_eq!(client.hear().await, Heard::Closed(Some(code)), "{text}");
    }
    let (mut client, _) = Client::log_in(&sim, intent::GUILDS).await;
    client.identify(&sim, intent::GUILDS).await;
    assert_eq!(client.hear().await, Heard::Closed(Some(4005)));
    let (mut client, _) = Client::log_in(&sim, intent::GUILDS).await;
    for _ in 0..121 {
        client.send(json!({"op": 3, "d": {}})).await;
    }
    assert_eq!(client.hear().await, Heard::Closed(Some(4008)));
}

#[tokio::test]
async fn a_cut_session_goes_on_where_it_was() {
    let (sim, inn, _) = open_inn().await;
    let (client, ready) = Client::log_in(&sim, INTENTS).await;
    client.close(Some(4000)).await;
    sim.until(|world| (world.connected_sessions() == 0).then_some(())).await;
    for n in 0..3 {
        sim.world().say(inn.general, inn.members[0], &format!("missed {n}"), SayOptions::default()).unwrap();
    }
    let url = ready["d"]["resume_gateway_url"].as_str().unwrap();
    assert_ne!(url, sim.gateway_url());
    let mut client = Client::connect(url, "").await;
    client.payload().await;
    client.resume(&sim, &ready, 2).await;
    for n in 0..3 {
        let event = client.payload().await;
        assert_eq!((&event["s"], &event["d"]["content"]), (&json!(n + 3), &json!(format!("missed {n}"))));
    }
    assert_eq!(client.payload().await["t"], "RESUMED");
    sim.world().say(inn.general, inn.members[0], "live", SayOptions::default()).unwrap();
    assert_eq!(client.payload().await["d"]["content"], "live");
}

#[tokio::test]
async fn a_session_that_was_closed_for_good_is_gone() {
    let (sim, _, _) = open_inn().await;
    let (client, ready) = Client::log_in(&sim, INTENTS).await;
    client.close(Some(1000)).await;
    sim.until(|world| (world.session_ids().is_empty()).then_some(())).await;
    let mut client = Client::to(&sim).await;
    client.resume(&sim, &ready, 2).await;
    assert_eq!(client.payload().await, json!({"t": null, "s": null, "op": 9, "d": false}));
    // The connection stays open for an IDENTIFY.
    client.identify(&sim, INTENTS).await;
    let ready = client.event("READY").await;
    let mut early = Client::to(&sim).await;
    early.resume(&sim, &ready, 999).await;
    assert_eq!(early.hear().await, Heard::Closed(Some(4007)));
    assert_eq!(sim.world().identifies(), 2);
}

#[tokio::test]
async fn plans_strike_at_their_moment() {
    let (sim, inn, _) = open_inn().await;
    let faults = sim.faults();
    faults.plan(Moment::AtIdentify, Strike::InvalidSession(false), Some(1));
    let mut client = Client::to(&sim).await;
    client.identify(&sim, INTENTS).await;
    assert_eq!(client.payload().await["op"], 9);
    client.identify(&sim, INTENTS).await;
    let ready = client.event("READY").await;
    client.event("GUILD_CREATE").await;
    faults.strike(Strike::Reconnect);
    assert_eq!(client.payload().await["op"], 7);
    faults.strike(Strike::AskHeartbeat);
    assert_eq!(client.payload().await["op"], 1);
    faults.close_all(4000);
    assert_eq!(client.hear().await, Heard::Closed(Some(4000)));
    for n in 0..5 {
        sim.world().say(inn.general, inn.members[0], &format!("m{n}"), SayOptions::default()).unwrap();
    }
    // The replay breaks off after two events; the next resume has the rest.
    faults.plan(Moment::AfterEvents(2), Strike::Reset, Some(1));
    let mut client = Client::to(&sim).await;
    client.resume(&sim, &ready, 2).await;
    assert_eq!(client.payload().await["d"]["content"], "m0");
    assert_eq!(client.payload().await["d"]["content"], "m1");
    assert_eq!(client.hear().await, Heard::Gone);
    let mut client = Client::to(&sim).await;
    client.resume(&sim, &ready, 4).await;
    assert_eq!(client.payload().await["d"]["content"], "m2");
    assert_eq!(sim.world().resumes(), 2);
}

#[tokio::test]
async fn doors_can_be_shut_and_opened_again() {
    let (sim, _, _) = open_inn().await;
    let url = sim.gateway_url();
    let host = url.strip_prefix("ws://").unwrap().to_owned();
    sim.faults().set_open(Entrance::Gateway, false);
    // The listener goes away as soon as its task has heard of it.
    while tokio::net::TcpStream::connect(&host).await.is_ok() {
        tokio::task::yield_now().await;
    }
    sim.faults().set_open(Entrance::Gateway, true);
    while tokio::net::TcpStream::connect(&host).await.is_err() {
        tokio::task::yield_now().await;
    }
    Client::log_in(&sim, INTENTS).await;
    sim.set_resume_url_dead(true);
    let (_, ready) = Client::log_in(&sim, INTENTS).await;
    let dead = ready["d"]["resume_gateway_url"].as_str().unwrap().strip_prefix("ws://").unwrap().to_owned();
    assert!(tokio::net::TcpStream::connect(dead).await.is_err());
}

#[tokio::test]
async fn logins_that_come_too_fast_are_refused_and_counted() {
    let (sim, _, _) = open_inn().await;
    sim.faults().set_identify_gap(Duration::from_secs(3_600));
    let (_client, _) = Client::log_in(&sim, INTENTS).await;
    let mut second = Client::to(&sim).await;
    second.identify(&sim, INTENTS).await;
    assert_eq!(second.payload().await["op"], 9);
    assert_eq!(sim.world().identifies(), 2);
    sim.faults().set_identify_gap(Duration::ZERO);
    sim.world().spend_identifies(998);
    second.identify(&sim, INTENTS).await;
    assert_eq!(second.hear().await, Heard::Closed(Some(4004)), "the token was reset");
}

impl Client {
    async fn event_hello(&mut self) {
        assert_eq!(self.payload().await["op"], 10);
    }
}
