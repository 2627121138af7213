//! What goes wrong on purpose: events, heartbeats, doors, requests.

use std::time::Duration;

use innkeeper::sim::world::Chaos;
use innkeeper::sim::{Act, Entrance, Fate, Moment, Response, SayOptions, Strike};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, Heard, INTENTS, inn, open_inn};

#[test]
fn chaos_doubles_shuffles_and_loses_events_but_never_their_numbers() {
    let (mut world, inn, _) = inn();
    let session = world.attach(INTENTS);
    world.drain(&session);
    let speak = |world: &mut innkeeper::sim::World, chaos: Chaos| -> Vec<String> {
        world.set_chaos(chaos);
        for n in 0..20 {
            world.say(inn.general, inn.members[0], &format!("{n:02}"), SayOptions::default()).unwrap();
        }
        world.set_chaos(Chaos::default());
        world.drain(&session).iter().map(|(_, d)| d["content"].as_str().unwrap().to_owned()).collect()
    };
    let plain = speak(&mut world, Chaos::default());
    let doubled = speak(&mut world, Chaos { deliveries: 3, ..Chaos::default() });
    assert_eq!((plain.len(), doubled.len(), &doubled[0], &doubled[2]), (20, 60, &plain[0], &plain[0]));
    let mut shuffled = speak(&mut world, Chaos { shuffle: 8, ..Chaos::default() });
    assert_ne!(shuffled, plain);
    shuffled.sort();
    assert_eq!(shuffled, plain);
    let thinned = speak(&mut world, Chaos { lose_one_in: 3, ..Chaos::default() });
    assert!((1..20).contains(&thinned.len()));
}

#[tokio::test]
async fn heartbeats_can_go_unanswered() {
    let (sim, _, _) = open_inn().await;
    let (mut client, _) = Client::log_in(&sim, INTENTS).await;
    sim.faults().set_acks(false);
    client.send(json!({"op": 1, "d": 2})).await;
    sim.until(|_| (sim.faults().heartbeats() == 1).then_some(())).await;
    sim.faults().set_acks(true);
    client.send(json!({"op": 1, "d": 2})).await;
    assert_eq!(client.payload().await["op"], 11);
    assert_eq!(sim.faults().heartbeats(), 2);
}

#[tokio::test]
async fn a_client_without_a_pulse_is_cut_off() {
    let (sim, _, _) = open_inn().await;
    sim.faults().set_heartbeat_ms(60_000);
    tokio::time::pause();
    let (mut client, _) = Client::log_in(&sim, INTENTS).await;
    assert_eq!(client.hear().await, Heard::Closed(Some(4000)));
}

#[tokio::test]
async fn any_frame_can_be_sent_and_any_moment_struck() {
    let (sim, _, _) = open_inn().await;
    let faults = sim.faults();
    faults.plan(Moment::BeforeHello, Strike::Close(None), Some(1));
    let mut client = Client::connect(&sim.gateway_url(), "").await;
    assert_eq!(client.hear().await, Heard::Closed(None));
    faults.plan(Moment::AfterHello, Strike::Text("{\"op\":".to_owned()), Some(1));
    let mut client = Client::connect(&sim.gateway_url(), "&compress=none").await;
    assert_eq!(client.hear().await, Heard::Closed(Some(4002)), "a compression that is not known");
    assert_eq!(faults.plans_left(), 1);
    faults.clear_plans();
    let (mut client, ready) = Client::log_in(&sim, INTENTS).await;
    faults.strike(Strike::Text(json!({"t": "NO_SUCH_EVENT", "s": 9, "op": 0, "d": [1]}).to_string()));
    assert_eq!(client.payload().await["t"], "NO_SUCH_EVENT");
    faults.strike(Strike::InvalidSession(false));
    assert_eq!(client.payload().await, json!({"t": null, "s": null, "op": 9, "d": false}));
    assert!(sim.world().session_ids().is_empty());
    faults.strike(Strike::Cut);
    assert_eq!(client.hear().await, Heard::Gone);
    faults.plan(Moment::AtResume, Strike::InvalidSession(true), None);
    for _ in 0..3 {
        let mut client = Client::to(&sim).await;
        client.resume(&sim, &ready, 1).await;
        assert_eq!(client.payload().await["d"], true);
    }
}

#[tokio::test]
async fn a_handshake_can_be_answered_with_a_page() {
    let (sim, _, _) = open_inn().await;
    sim.faults().plan_at(Entrance::Gateway, Moment::Handshake, Strike::Http(Response::html(503)), Some(1));
    let host = sim.gateway_url().strip_prefix("ws://").unwrap().to_owned();
    let stream = TcpStream::connect(&host).await.unwrap();
    let refused = tokio_tungstenite::client_async(format!("ws://{host}/?v=10&encoding=json"), stream).await;
    match refused {
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => assert_eq!(answer.status(), 503),
        other => panic!("{other:?}"),
    }
    assert_eq!(sim.faults().handshakes(), 1);
    Client::log_in(&sim, INTENTS).await;
}

#[tokio::test]
async fn requests_can_hang_come_late_or_be_refused_for_good() {
    let (sim, _, _) = open_inn().await;
    let http = crate::sockets::http();
    let url = format!("{}/api/v10/users/@me", sim.api_url());
    let token = format!("Bot {}", sim.token());
    let ask = || http.get(&url).header("authorization", &token).send();
    sim.world().plan("GET", "/users", Some(1), Act::Lose(Fate::Hang));
    let hanging = tokio::spawn(ask());
    sim.until(|world| (world.count_requests("GET", "/users") == 1).then_some(())).await;
    assert!(!hanging.is_finished());
    sim.faults().cut_everything();
    assert!(hanging.await.unwrap().is_err());
    sim.world().plan("GET", "/users", Some(1), Act::PerformThen(Fate::Late(Duration::from_millis(1))));
    assert_eq!(ask().await.unwrap().status(), 200);
    sim.world().plan("", "", None, Act::Answer(Response::error(401, 0, "401: Unauthorized")));
    assert_eq!(ask().await.unwrap().status(), 401);
    sim.world().clear_plans();
    sim.world().plan("GET", "", Some(1), Act::Answer(Response::slow_down("-1", false)));
    let answer = ask().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"-1".parse().unwrap()));
    assert_eq!(sim.world().invalid_requests(), 2);
    let body: Value = serde_json::from_str(&ask().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(body["bot"], true);
}

#[tokio::test]
async fn delayed_events_come_later_but_in_order() {
    let (sim, inn, _) = open_inn().await;
    let (mut client, _) = Client::log_in(&sim, INTENTS).await;
    tokio::time::pause();
    sim.faults().set_delay(Duration::from_secs(30));
    let began = tokio::time::Instant::now();
    for text in ["a", "b"] {
        sim.world().say(inn.general, inn.members[0], text, SayOptions::default()).unwrap();
    }
    assert_eq!(client.payload().await["d"]["content"], "a");
    assert_eq!(client.payload().await["d"]["content"], "b");
    assert!(began.elapsed() >= Duration::from_secs(30));
}
