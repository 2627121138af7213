//! Connections as a scripted gateway sees them: over real sockets, with waits of milliseconds.

mod fake;

use serde_json::{Value, json};

use self::fake::{Fake, Inn, Peer, lock, message, soon, tempo};
use super::super::Ended as Door;
use super::*;
use crate::gateway::scratch::Folder;
use crate::model::{Clock, Timestamp};

/// A bot in the session `abc` at `fake`, which resumes at `fake` too.
async fn connected(fake: &Fake) -> (Inn, Peer) {
    let inn = Inn::open(fake).await;
    let peer = fake.begin("abc", &fake.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    (inn, peer)
}

/// The next socket, which must resume; gives the RESUME's data.
async fn resumes(fake: &Fake) -> (Peer, Value) {
    let mut peer = fake.greet().await;
    let resume = peer.heard(6).await;
    (peer, resume)
}

#[tokio::test]
async fn a_first_start_identifies_and_counts_it() {
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    let mut peer = fake.greet().await;
    let identify = peer.heard(2).await;
    assert_eq!(identify["token"], "Bot t0ken");
    assert_eq!(identify["intents"], (1 << 0) | (1 << 1) | (1 << 2) | (1 << 7) | (1 << 9) | (1 << 15));
    assert_eq!(
        inn.bot.store().identifies_since(Timestamp::from_ms(0)).await.unwrap().len(),
        1,
        "counted before it left"
    );
    assert_eq!(inn.vitals().gateway(), GatewayState::Identifying);
    peer.ready("abc", &fake.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    assert_eq!(inn.bot.me().unwrap().user.get(), 900);
    peer.message(2, 1 << 40).await;
    inn.messages(1).await;
    soon(async {
        while !lock(&inn.rest.calls).iter().any(|call| call == "PUT /applications/901/commands") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    inn.stop.send_replace(true);
    assert_eq!(peer.closed().await, Some(4000), "a code that keeps the session");
    inn.stop().await;
}

#[tokio::test]
async fn a_cut_connection_is_resumed_at_its_own_address() {
    let (fake, other) = (Fake::start().await, Fake::start().await);
    let inn = Inn::open(&fake).await;
    let mut peer = fake.begin("abc", &format!("{}/", other.url())).await;
    peer.message(2, 1 << 40).await;
    inn.messages(1).await;
    drop(peer);
    let (mut peer, resume) = resumes(&other).await;
    assert_eq!((&resume["session_id"], &resume["seq"]), (&json!("abc"), &json!(2)));
    assert_eq!(resume["token"], "Bot t0ken");
    // What was missed comes again, with one that we know.
    peer.message(2, 1 << 40).await;
    peer.message(3, 2 << 40).await;
    peer.resumed(4).await;
    peer.message(5, 3 << 40).await;
    inn.messages(4).await;
    assert_eq!(inn.vitals().resumes.load(Relaxed), 1);
    assert_eq!(inn.vitals().identifies_24h.load(Relaxed), 1);
    inn.stop().await;
}

#[tokio::test]
async fn a_restart_of_the_process_resumes() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    peer.message(2, 1 << 40).await;
    inn.messages(1).await;
    inn.stop.send_replace(true);
    assert_eq!(peer.closed().await, Some(4000));
    let folder = inn.folder.clone();
    inn.stop().await;

    let inn = Inn::open_with(fake.url(), tempo(), folder, Clock::real()).await;
    let (mut peer, resume) = resumes(&fake).await;
    assert_eq!((&resume["session_id"], &resume["seq"]), (&json!("abc"), &json!(2)));
    peer.message(3, 2 << 40).await;
    peer.resumed(4).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.messages(1).await;
    assert_eq!(inn.bot.me().unwrap().application.get(), 901, "known although no READY came");
    inn.stop().await;
}

#[tokio::test]
async fn asked_to_reconnect_it_closes_politely_and_resumes() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    peer.send(json!({"op": 7, "d": null, "s": null, "t": null})).await;
    // What is still under way when we close counts.
    peer.message(2, 1 << 40).await;
    assert_eq!(peer.closed().await, Some(4000));
    let (mut peer, resume) = resumes(&fake).await;
    assert!(resume["seq"] == 1 || resume["seq"] == 2);
    peer.message(2, 1 << 40).await;
    peer.resumed(3).await;
    inn.until(|vitals| vitals.resumes.load(Relaxed) == 1).await;
    assert!(inn.vitals().messages.load(Relaxed) >= 1);
    inn.stop().await;
}

#[tokio::test]
async fn an_invalid_session_is_resumed_or_replaced_as_discord_says() {
    let fake = Fake::start().await;
    let (inn, peer) = connected(&fake).await;
    drop(peer);
    let (mut peer, _) = resumes(&fake).await;
    peer.send(json!({"op": 9, "d": true, "s": null, "t": null})).await;
    assert_eq!(peer.closed().await, Some(4000));
    let (mut peer, _) = resumes(&fake).await;
    peer.send(json!({"op": 9, "d": false, "s": null, "t": null})).await;
    assert_eq!(peer.closed().await, Some(1000));
    let mut peer = fake.greet().await;
    peer.heard(2).await;
    assert_eq!(inn.bot.store().saved_session().await.unwrap(), None, "what Discord forgot, we forget");
    peer.ready("def", &fake.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.stop().await;
}

#[tokio::test]
async fn a_loop_of_invalid_sessions_keeps_to_the_budget() {
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    for _ in 0..12 {
        let mut peer = fake.greet().await;
        peer.heard(2).await;
        peer.send(json!({"op": 9, "d": false, "s": null, "t": null})).await;
        peer.closed().await;
    }
    let counted = inn.bot.store().identifies_since(Timestamp::from_ms(0)).await.unwrap();
    assert_eq!(counted.len(), 12);
    // Five quick ones, five with 30 units in between, then 120; a unit is 0.1 ms here, times are whole milliseconds.
    let gaps: Vec<i64> = counted.windows(2).map(|pair| pair[1].ms() - pair[0].ms()).collect();
    assert!(gaps[4..9].iter().all(|gap| *gap >= 2) && gaps[9..].iter().all(|gap| *gap >= 11), "{gaps:?}");
    inn.stop().await;
}

#[tokio::test]
async fn discords_own_count_is_obeyed() {
    let fake = Fake::start().await;
    let inn = Inn::open_with("ws://127.0.0.1:1".to_owned(), tempo(), Arc::new(Folder::new()), Clock::real()).await;
    inn.problem("gateway").await;
    inn.rest.remaining.store(0, Relaxed);
    *lock(&inn.rest.gateway_url) = fake.url();
    inn.until(|vitals| vitals.problems().iter().any(|problem| problem.detail.contains("too often"))).await;
    assert!(fake.is_quiet());
    inn.stop().await;
}

#[tokio::test]
async fn every_close_code_that_is_not_fatal_leads_back() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999]
        .into_iter()
        .chain(4000..=4003)
        .chain(4005..=4009)
        .chain([4015, 4999]);
    for code in codes {
        peer.close(code).await;
        peer = fake.greet().await;
        let expected = if [4003, 4006, 4007, 4009].contains(&code) { 2 } else { 6 };
        peer.heard(expected).await;
        if expected == 2 {
            peer.ready("abc", &fake.url()).await
        } else {
            peer.resumed(2).await
        }
        inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    }
    inn.stop().await;
}

#[tokio::test]
async fn every_fatal_close_code_ends_the_door_with_words() {
    for (code, words) in [
        (4004, "Reset Token"),
        (4010, "4010"),
        (4011, "4011"),
        (4012, "newer version"),
        (4013, "4013"),
        (4014, "Message Content Intent"),
    ] {
        let fake = Fake::start().await;
        let inn = Inn::open(&fake).await;
        let mut peer = fake.greet().await;
        peer.heard(2).await;
        peer.close(code).await;
        let vitals = inn.bot.vitals().clone();
        let Door::Fatal(told) = inn.ended().await else { panic!("{code}") };
        assert!(told.contains(words), "{code}: {told}");
        assert_eq!(vitals.gateway(), GatewayState::Stopped);
        assert!(vitals.problems().iter().any(|problem| problem.name == "gateway"));
        assert!(fake.is_quiet(), "{code}");
    }
}

#[tokio::test]
async fn a_zombie_is_resumed() {
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    loop {
        let mut peer = fake.accept().await;
        peer.acks = false;
        peer.hello(60).await;
        let first = peer.next().await.expect("the first heartbeat comes after a moment");
        if first["op"] == 6 {
            assert_eq!((&first["d"]["session_id"], &first["d"]["seq"]), (&json!("abc"), &json!(1)));
            break;
        }
        peer.ready("abc", &fake.url()).await;
        let code = peer.closed().await;
        assert!(!matches!(code, Some(1000 | 1001)), "{code:?}");
    }
    inn.stop().await;
}

#[tokio::test]
async fn a_zombie_that_still_sends_events_is_resumed_too() {
    let fake = Fake::start().await;
    let patient = Tempo { ack_grace: Duration::from_millis(100), ..tempo() };
    let inn = Inn::open_with(fake.url(), patient, Arc::new(Folder::new()), Clock::real()).await;
    let mut peer = fake.accept().await;
    peer.acks = false;
    peer.hello(400).await;
    peer.heard(2).await;
    peer.ready("abc", &fake.url()).await;
    let mut sequence = 1;
    let code = loop {
        sequence += 1;
        peer.dispatch(sequence, "TYPING_START", json!({})).await;
        if let Ok(Err(code)) = timeout(Duration::from_millis(5), peer.next()).await {
            break code;
        }
    };
    assert!(matches!(code, Some(4000) | None), "{code:?}");
    let (_peer, resume) = resumes(&fake).await;
    assert!(resume["seq"].as_u64().unwrap() <= sequence);
    inn.stop().await;
}

#[tokio::test]
async fn heartbeats_are_acknowledged_and_asked_for() {
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    let mut peer = fake.accept().await;
    peer.hello(1_000).await;
    // The first one comes within the interval; the rest of the story is in the simulated Discord's tests.
    peer.heartbeat().await;
    inn.until(|vitals| vitals.ack_age().is_some()).await;
    assert!(inn.vitals().latency_ms.load(Relaxed) < 60_000);
    inn.stop().await;

    let (inn, mut peer) = connected(&fake).await;
    peer.send(json!({"op": 1, "d": null, "s": null, "t": null})).await;
    assert_eq!(peer.heartbeat().await["d"], 1);
    inn.stop().await;
}

#[tokio::test]
async fn accepting_and_dropping_does_not_make_it_spin() {
    let fake = Fake::start().await;
    let slow = Tempo {
        backoff_first: Duration::from_millis(40),
        backoff_max: Duration::from_millis(160),
        backoff_network_max: Duration::from_millis(160),
        ..tempo()
    };
    let inn = Inn::open_with(fake.url(), slow, Arc::new(Folder::new()), Clock::real()).await;
    let mut gaps = Vec::new();
    drop(fake.accept().await);
    let mut last = tokio::time::Instant::now();
    for _ in 0..5 {
        drop(fake.accept().await);
        gaps.push(last.elapsed().as_millis());
        last = tokio::time::Instant::now();
    }
    // At least half of 40, 80, 160, 160, 160.
    assert!(gaps.iter().zip([20, 40, 80, 80, 80]).all(|(gap, least)| *gap >= least), "{gaps:?}");
    assert!(inn.problem("gateway").await.contains("again and again"));
    inn.stop().await;
}

#[tokio::test]
async fn a_gateway_without_a_hello_is_left() {
    let fake = Fake::start().await;
    let hasty = Tempo { hello_within: Duration::from_millis(20), ..tempo() };
    let inn = Inn::open_with(fake.url(), hasty, Arc::new(Folder::new()), Clock::real()).await;
    let mut mute = fake.accept().await;
    mute.closed().await;
    let _peer = fake.begin("abc", &fake.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.stop().await;
}

#[tokio::test]
async fn an_absurd_hello_costs_a_connection_only() {
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    for interval in [json!(0), json!("x"), json!(null)] {
        let mut peer = fake.accept().await;
        peer.send(json!({"t": null, "s": null, "op": 10, "d": {"heartbeat_interval": interval}})).await;
        if interval != 0 {
            // Nothing follows from a HELLO that cannot be read.
            drop(peer);
        }
    }
    let _peer = fake.begin("abc", &fake.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.stop().await;
}

#[tokio::test]
async fn a_stale_resume_address_falls_back_after_one_failed_handshake() {
    let (fake, stale) = (Fake::start().await, Fake::start().await);
    let inn = Inn::open(&fake).await;
    let peer = fake.begin("abc", &stale.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    peer.close(4000).await;
    let mut stream = stale.tcp().await;
    let refusal = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, refusal).await.unwrap();
    let (mut peer, resume) = resumes(&fake).await;
    assert_eq!(resume["session_id"], "abc");
    peer.resumed(2).await;
    inn.until(|vitals| vitals.resumes.load(Relaxed) == 1).await;
    assert!(stale.is_quiet());
    inn.stop().await;
}

#[tokio::test]
async fn a_resume_address_that_is_none_is_never_used() {
    for nonsense in [json!("wss://not an address"), json!("\u{0}"), json!(5), json!(null)] {
        let fake = Fake::start().await;
        let inn = Inn::open(&fake).await;
        let mut peer = fake.greet().await;
        peer.heard(2).await;
        let data = json!({"session_id": "abc", "resume_gateway_url": nonsense, "user": {"id": "900"},
            "application": {"id": "901"}});
        peer.dispatch(1, "READY", data).await;
        peer.message(2, 1 << 40).await;
        inn.messages(1).await;
        drop(peer);
        let (_peer, resume) = resumes(&fake).await;
        assert_eq!((&resume["session_id"], &resume["seq"]), (&json!("abc"), &json!(2)));
        inn.stop().await;
    }
}

#[tokio::test]
async fn a_handshake_that_fails_is_tried_again() {
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    for answer in
        ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n<html>Log in", "junk\r\n\r\n", ""]
    {
        let mut stream = fake.tcp().await;
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
    }
    assert!(inn.problem("gateway").await.contains("cannot be reached"));
    let _peer = fake.begin("abc", &fake.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.until(|vitals| vitals.problems().is_empty()).await;
    inn.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_never_stops_the_rest() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    let deep = "[".repeat(5_000);
    let long = "x".repeat(1 << 20);
    for junk in [
        "".to_owned(),
        "null".to_owned(),
        "{".to_owned(),
        deep.clone(),
        long,
        r#"{"op":99,"d":null}"#.to_owned(),
        r#"{"op":255,"d":{"x":1},"s":7,"t":"ODD"}"#.to_owned(),
        r#"{"op":0,"d":{},"t":"MESSAGE_CREATE"}"#.to_owned(),
        r#"{"op":0,"d":{},"s":3}"#.to_owned(),
        r#"{"t":"MESSAGE_CREATE","s":4,"op":0,"d":{"id":"0"}}"#.to_owned(),
        r#"{"t":"MESSAGE_CREATE","s":5,"op":0,"d":null}"#.to_owned(),
        r#"{"t":"SOMETHING_NEW","s":6,"op":0,"d":[1,2,3]}"#.to_owned(),
        format!(r#"{{"t":"SOMETHING_NEW","s":7,"op":0,"d":{deep}}}"#),
    ] {
        peer.text(&junk).await;
    }
    peer.message(8, 1 << 40).await;
    inn.messages(1).await;
    assert_eq!(inn.vitals().gateway(), GatewayState::Connected);
    inn.stop().await;
}

#[tokio::test]
async fn events_that_come_twice_or_out_of_order_are_handed_over_as_they_come() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    for sequence in [2, 3, 3, 5, 4, 4, 6] {
        peer.message(sequence, sequence << 40).await;
    }
    inn.messages(7).await;
    inn.stop.send_replace(true);
    peer.closed().await;
    let bot = inn.bot.clone();
    let _folder = inn.stop().await;
    assert_eq!(bot.store().saved_session().await.unwrap().unwrap().sequence, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_loses_nothing_and_no_heartbeat() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    let held = inn.hold_writer().await;
    let total = crate::store::QUEUE_MAX as u64 + 500;
    for sequence in 2..=total {
        peer.dispatch(sequence, "TYPING_START", json!({})).await;
    }
    assert_eq!(peer.closed().await, Some(4000));
    assert!(inn.problem("gateway").await.contains("send it again"));
    assert!(fake.is_quiet(), "not before the engine has caught up");
    drop(held);
    let (mut peer, resume) = resumes(&fake).await;
    let from = resume["seq"].as_u64().unwrap();
    assert_eq!(Some(from), inn.bot.store().saved_session().await.unwrap().map(|saved| saved.sequence));
    assert!(from > 1 && from < total, "{from}");
    for sequence in from + 1..=total {
        peer.dispatch(sequence, "TYPING_START", json!({})).await;
    }
    peer.resumed(total + 1).await;
    inn.until(|vitals| vitals.resumes.load(Relaxed) == 1).await;
    inn.until(|vitals| vitals.problems().is_empty()).await;
    inn.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_store_delays_no_heartbeat() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    let held = inn.hold_writer().await;
    for sequence in 2..20 {
        peer.message(sequence, sequence << 40).await;
        // Asked for, a heartbeat comes at once: after the message was taken, and long before it is stored.
        peer.send(json!({"op": 1, "d": null, "s": null, "t": null})).await;
        while peer.heartbeat().await["d"] != sequence {}
    }
    assert_eq!(inn.vitals().messages.load(Relaxed), 18);
    drop(held);
    inn.stop().await;
}

#[tokio::test]
async fn steps_of_the_clock_by_years_change_nothing() {
    let fake = Fake::start().await;
    let clock = Clock::hand(Timestamp::from_ms(1_700_000_000_000));
    let inn = Inn::open_with(fake.url(), tempo(), Arc::new(Folder::new()), clock.clone()).await;
    let mut peer = fake.begin("s0", &fake.url()).await;
    for years in [-10_i64, 10, -1, 1] {
        clock.step_wall(Timestamp::from_ms(1_700_000_000_000 + years * 31_536_000_000));
        peer.close(4000).await;
        let (mut resumed, _) = resumes(&fake).await;
        resumed.resumed(2).await;
        resumed.close(4009).await;
        peer = fake.begin(&format!("s{years}"), &fake.url()).await;
    }
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.stop().await;
}

#[tokio::test]
async fn a_401_ends_the_door_after_one_confirming_call() {
    let fake = Fake::start().await;
    let inn = Inn::open_with(fake.url(), tempo(), Arc::new(Folder::new()), Clock::real()).await;
    inn.rest.status.store(401, Relaxed);
    let peer = fake.greet().now_or_never();
    drop(peer);
    let rest = inn.rest.clone();
    // The first calls may have gone out before the token was reset; then the cut makes it ask again.
    *lock(&rest.gateway_url) = "ws://127.0.0.1:1".to_owned();
    drop(fake);
    let Door::Fatal(words) = inn.ended().await else { panic!() };
    assert!(words.contains("Reset Token"), "{words}");
    let calls = lock(&rest.calls);
    assert_eq!(calls.iter().filter(|call| *call == "GET /users/@me").count(), 1, "{calls:?}");
}

#[tokio::test]
async fn an_outage_of_rest_at_the_start_is_waited_out() {
    let fake = Fake::start().await;
    let slow = Tempo { backoff_first: Duration::from_millis(5), ..tempo() };
    let inn = Inn::open_with(String::new(), slow, Arc::new(Folder::new()), Clock::real()).await;
    assert!(inn.problem("gateway").await.contains("cannot be asked"));
    *lock(&inn.rest.gateway_url) = fake.url();
    let _peer = fake.begin("abc", &fake.url()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.stop().await;
}

#[tokio::test]
async fn an_outage_of_rest_does_not_keep_a_session_from_resuming() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    inn.stop.send_replace(true);
    peer.closed().await;
    let folder = inn.stop().await;
    let inn = Inn::open_with(String::new(), tempo(), folder, Clock::real()).await;
    inn.rest.status.store(503, Relaxed);
    let (mut peer, resume) = resumes(&fake).await;
    assert_eq!(resume["session_id"], "abc");
    peer.resumed(2).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.stop().await;
}

#[tokio::test]
async fn resumes_that_lead_nowhere_give_way_to_a_new_session() {
    let fake = Fake::start().await;
    let (inn, mut peer) = connected(&fake).await;
    for _ in 0..=VAIN_RESUMES_MAX {
        peer.close(4000).await;
        peer = fake.greet().await;
        if peer.next().await.unwrap()["op"] == 2 {
            peer.ready("new", &fake.url()).await;
            inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
            inn.stop().await;
            return;
        }
    }
    panic!("it never began a new session");
}

#[tokio::test]
async fn missing_privileged_intents_degrade_with_words() {
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    inn.rest.flags.store(0, Relaxed);
    let mut peer = fake.greet().await;
    let identify = peer.heard(2).await;
    if identify["intents"] == (1 << 0) | (1 << 9) {
        assert!(inn.problem("intent.message_content").await.contains("slash commands"));
    }
    inn.stop().await;
}

#[tokio::test]
async fn it_stops_whatever_it_is_doing() {
    // Before anything answered, while backing off, and in the middle of a handshake.
    let nowhere =
        Tempo { backoff_first: Duration::from_secs(600), backoff_network_max: Duration::from_secs(600), ..tempo() };
    let inn = Inn::open_with("ws://127.0.0.1:1".to_owned(), nowhere, Arc::new(Folder::new()), Clock::real()).await;
    inn.until(|vitals| vitals.gateway() == GatewayState::BackingOff).await;
    inn.stop().await;
    let fake = Fake::start().await;
    let inn = Inn::open(&fake).await;
    let _handshake = fake.tcp().await;
    inn.stop().await;
    let _ = message(1);
}
