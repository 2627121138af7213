//! Door one over real sockets, against a simulated Discord that is as strict as the real one and fails in its ways.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "gateway/house.rs"]
mod house;
mod support;

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use house::{House, tempo};
use innkeeper::gateway::{Ended, Tempo};
use innkeeper::model::{Clock, Timestamp};
use innkeeper::sim::world::{Chaos, Scope};
use innkeeper::sim::{Act, Entrance, Fate, Firehose, Moment, Response, SayOptions, Strike};
use innkeeper::status::vitals::GatewayState;

const YEAR_MS: i64 = 31_536_000_000;

#[tokio::test]
async fn it_identifies_registers_commands_and_answers_them() {
    let house = House::with(|config| config.rate_limits = true).await;
    let inn = house.start().await;
    assert_eq!(house.sim.world().identifies(), 1);
    house.say(0, "good morning");
    inn.messages(1).await;
    let answer = house.slash(house.inn.owner, "ping").await;
    assert_eq!(answer.kind, 4, "a prompt answer is the first one");
    assert!(!house.sim.world().registered(Scope::Global).is_empty());
    let vitals = inn.bot.vitals();
    assert_eq!((vitals.gateway(), vitals.guilds.load(Relaxed)), (GatewayState::Connected, 1));
    assert!(vitals.problems().is_empty(), "{:?}", vitals.problems());
    assert_eq!(inn.stop().await, Ended::Stopped);
}

#[tokio::test]
async fn the_second_start_registers_nothing_and_resumes_what_was_missed() {
    let house = House::new().await;
    let inn = house.start().await;
    house.say(0, "before");
    inn.messages(1).await;
    house.registered().await;
    inn.stop().await;
    house.say(0, "nobody is there");
    house.say(1, "still nobody");
    let inn = house.start().await;
    inn.messages(2).await;
    let world = house.sim.world();
    assert_eq!((world.identifies(), world.resumes()), (1, 1));
    assert_eq!(world.count_requests("PUT", "/commands"), 1);
    drop(world);
    inn.stop().await;
}

#[tokio::test]
async fn whatever_ends_a_connection_nothing_is_lost() {
    let house = House::new().await;
    let inn = house.start().await;
    let strikes = [
        Strike::Cut,
        Strike::Reset,
        Strike::Reconnect,
        Strike::InvalidSession(true),
        Strike::Close(None),
        Strike::Close(Some(1000)),
        Strike::Close(Some(1001)),
        Strike::Close(Some(4000)),
        Strike::Close(Some(4008)),
        Strike::Binary(b"junk that is no zlib".to_vec()),
    ];
    for (index, strike) in strikes.into_iter().enumerate() {
        let said = index as u64 * 2;
        house.say(0, "before it breaks");
        inn.messages(said + 1).await;
        let kind = format!("{strike:?}");
        house.sim.faults().strike(strike);
        house.say(1, "while it is broken");
        inn.messages(said + 2).await;
        let resumes = index + 1;
        house.sim.until(|world| (world.resumes() >= resumes).then_some(())).await;
        house.sim.connected().await;
        assert_eq!(house.sim.world().identifies(), 1, "{kind}");
    }
    inn.stop().await;
}

#[tokio::test]
async fn a_session_that_discord_forgot_is_replaced() {
    let house = House::new().await;
    let inn = house.start().await;
    for (index, strike) in
        [Strike::InvalidSession(false), Strike::Close(Some(4007)), Strike::Close(Some(4009))].into_iter().enumerate()
    {
        house.sim.faults().strike(strike);
        house.sim.until(|world| (world.identifies() == index + 2).then_some(())).await;
        house.sim.connected().await;
    }
    house.sim.world().expire_sessions();
    house.sim.faults().strike(Strike::Cut);
    house.sim.until(|world| (world.identifies() == 5).then_some(())).await;
    house.sim.connected().await;
    house.say(0, "hello again");
    inn.messages(1).await;
    inn.stop().await;
}

#[tokio::test]
async fn a_connection_that_breaks_at_any_moment_comes_about_at_last() {
    let house = House::new().await;
    let moments = [Moment::Handshake, Moment::BeforeHello, Moment::AfterHello, Moment::AtIdentify];
    for moment in moments {
        for strike in [Strike::Cut, Strike::Reset, Strike::Http(Response::html(503)), Strike::Close(Some(4000))] {
            let fits = matches!(strike, Strike::Http(_)) <= (moment == Moment::Handshake)
                && matches!(strike, Strike::Close(_)) <= (moment != Moment::Handshake);
            if fits {
                house.sim.faults().plan(moment, strike, Some(1));
            }
        }
    }
    let inn = house.start().await;
    for strike in [Strike::Cut, Strike::Reset, Strike::InvalidSession(true), Strike::Reconnect] {
        house.sim.faults().plan(Moment::AtResume, strike, Some(1));
    }
    house.sim.faults().plan(Moment::AfterEvents(1), Strike::Cut, Some(1));
    house.sim.faults().strike(Strike::Cut);
    house.say(0, "through all of that");
    inn.messages(1).await;
    assert_eq!(house.sim.faults().plans_left(), 0);
    inn.stop().await;
}

#[tokio::test]
async fn a_stale_resume_address_does_not_keep_it_away() {
    let house = House::new().await;
    house.sim.set_resume_url_dead(true);
    let inn = house.start().await;
    house.sim.faults().strike(Strike::Cut);
    house.sim.until(|world| (world.resumes() == 1).then_some(())).await;
    inn.stop().await;
    // And over a restart: the stored address leads nowhere.
    let inn = house.start().await;
    house.sim.until(|world| (world.resumes() == 2).then_some(())).await;
    assert_eq!(house.sim.world().identifies(), 1);
    inn.stop().await;
}

#[tokio::test]
async fn a_resume_address_that_answers_503_does_not_either() {
    let house = House::new().await;
    let inn = house.start().await;
    let unavailable = Strike::Http(Response::html(503));
    house.sim.faults().plan_at(Entrance::Resume, Moment::Handshake, unavailable, None);
    house.sim.faults().strike(Strike::Cut);
    house.sim.until(|world| (world.resumes() == 1).then_some(())).await;
    assert_eq!(house.sim.world().identifies(), 1);
    inn.stop().await;
}

#[tokio::test]
async fn events_that_come_many_times_and_out_of_order_all_arrive() {
    let house = House::new().await;
    let inn = house.start().await;
    house.sim.world().set_chaos(Chaos { deliveries: 3, shuffle: 5, lose_one_in: 0 });
    for turn in 0..20 {
        house.say(turn % 5, "again and again");
    }
    house.sim.world().set_chaos(Chaos::default());
    inn.messages(60).await;
    assert_eq!(house.sim.world().identifies(), 1);
    inn.stop().await;
}

#[tokio::test]
async fn a_zombie_is_resumed() {
    let house = House::new().await;
    house.sim.faults().set_heartbeat_ms(100);
    let inn = house.start().await;
    house.sim.faults().set_acks(false);
    house.sim.until(|world| (world.resumes() >= 1).then_some(())).await;
    house.sim.faults().set_acks(true);
    house.say(0, "anybody home?");
    inn.messages(1).await;
    inn.stop().await;
}

#[tokio::test]
async fn the_heart_beats_through_a_flood() {
    let house = House::new().await;
    house.sim.faults().set_heartbeat_ms(50);
    let inn = house.start().await;
    let before = house.sim.faults().heartbeats();
    let plan = Firehose {
        what: innkeeper::sim::Stream::Messages,
        channel: house.inn.general,
        authors: house.inn.members.clone(),
        texts: vec!["word ".repeat(20)],
        count: 10_000,
        per_second: None,
        apart: Duration::from_millis(1),
    };
    let poured = house.sim.firehose(plan).await.unwrap();
    assert_eq!(poured.frames, 10_000);
    house.until(|| house.sim.faults().heartbeats() >= before + 3).await;
    // Where a slow machine keeps the bot from reading for a whole interval, the connection is given up with the flood
    // in it, which the real Discord sends again and the simulated one does not. What is said now arrives in any case.
    house.say(0, "still there?");
    house.until(|| inn.bot.vitals().messages.load(Relaxed) > 0).await;
    inn.stop().await;
}

#[tokio::test]
async fn a_token_that_was_reset_ends_it_with_words() {
    let house = House::new().await;
    let refusal = Act::Answer(Response::error(401, 0, "401: Unauthorized"));
    let inn = house.start().await;
    house.registered().await;
    house.sim.world().plan("", "", None, refusal);
    house.say(0, "!ping");
    let Ended::Fatal(words) = inn.ended().await else { panic!() };
    assert!(words.contains("Reset Token"), "{words}");
    let refused = house.sim.world().requests().filter(|request| request.status == 401).count();
    assert!(refused <= 5, "{refused}");

    let again = house.open(tempo(), Clock::real()).await;
    let Ended::Fatal(words) = again.ended().await else { panic!() };
    assert!(words.contains("Reset Token"), "{words}");
}

#[tokio::test]
async fn an_intent_that_is_not_granted_degrades() {
    let house = House::with(|config| config.granted_intents = 0).await;
    let inn = house.start().await;
    assert!(inn.problems().iter().any(|name| name == "intent.message_content"));
    assert_eq!(house.slash(house.inn.owner, "ping").await.kind, 4);
    inn.stop().await;
}

#[tokio::test]
async fn a_429_delays_an_answer_and_loses_none() {
    for global in [false, true] {
        let house = House::new().await;
        let inn = house.start().await;
        house.registered().await;
        house.sim.world().plan("POST", "/messages", Some(2), Act::Answer(Response::slow_down("0.05", global)));
        house.say(0, "!ping");
        house.say(1, "!ping");
        house.replies(2).await;
        let tries = house.sim.world().count_requests("POST", "/messages");
        assert_eq!(tries, 4, "two were turned away");
        inn.stop().await;
    }
}

#[tokio::test]
async fn an_outage_of_rest_delays_an_answer_and_doubles_none() {
    let house = House::new().await;
    let inn = house.start().await;
    house.registered().await;
    let acts = [
        Act::Answer(Response::html(502)),
        Act::Answer(Response::json(500, &serde_json::json!({}))),
        Act::PerformThen(Fate::Cut),
        Act::PerformThen(Fate::CutInBody),
        Act::Lose(Fate::Cut),
        Act::PerformThenAnswer(Response::html(504)),
    ];
    for (index, act) in acts.into_iter().enumerate() {
        house.sim.world().plan("POST", "/messages", Some(1), act);
        house.say(index, "!ping");
        house.replies(index + 1).await;
    }
    assert_eq!(house.sim.world().bot_messages(house.inn.general).len(), 6, "each answer once");
    inn.stop().await;
}

#[tokio::test]
async fn an_outage_at_the_start_is_waited_out() {
    let house = House::new().await;
    house.sim.faults().set_open(Entrance::Rest, false);
    let inn = house.open(tempo(), Clock::real()).await;
    inn.until(|vitals| vitals.problems().iter().any(|problem| problem.name == "gateway")).await;
    house.sim.faults().set_open(Entrance::Rest, true);
    house.sim.connected().await;
    inn.until(|vitals| vitals.gateway() == GatewayState::Connected).await;
    inn.until(|vitals| vitals.problems().is_empty()).await;
    inn.stop().await;
}

#[tokio::test]
async fn the_whole_network_may_go_and_come_back() {
    let house = House::new().await;
    let inn = house.start().await;
    for entrance in [Entrance::Rest, Entrance::Gateway, Entrance::Resume] {
        house.sim.faults().set_open(entrance, false);
    }
    house.sim.faults().cut_everything();
    house.say(0, "into the void");
    inn.until(|vitals| vitals.problems().iter().any(|problem| problem.name == "gateway")).await;
    for entrance in [Entrance::Rest, Entrance::Gateway, Entrance::Resume] {
        house.sim.faults().set_open(entrance, true);
    }
    inn.messages(1).await;
    assert_eq!(house.sim.world().identifies(), 1, "the session outlived it");
    inn.stop().await;
}

#[tokio::test]
async fn steps_of_the_clock_by_years_change_nothing() {
    let house = House::new().await;
    let start = 1_790_000_000_000;
    let clock = Clock::hand(Timestamp::from_ms(start));
    let inn = house.start_with(tempo(), clock.clone()).await;
    house.registered().await;
    for (turn, years) in [-10, 10, -1, 1].into_iter().enumerate() {
        clock.step_wall(Timestamp::from_ms(start + years * YEAR_MS));
        house.sim.world().plan("POST", "/messages", Some(1), Act::Answer(Response::slow_down("0.02", true)));
        house.sim.faults().strike(Strike::Cut);
        house.say(turn, "!ping");
        house.replies(turn + 1).await;
    }
    assert_eq!(house.sim.world().identifies(), 1);
    inn.stop().await;
}

#[tokio::test]
async fn a_loop_of_lost_sessions_and_restarts_keeps_to_the_budget() {
    let house = House::new().await;
    let slow = || Tempo { identify: innkeeper::gateway::Pace { second: Duration::from_millis(2) }, ..tempo() };
    house.sim.faults().plan(Moment::AtIdentify, Strike::InvalidSession(false), None);
    let mut known = 0;
    for quick in [true, true, false] {
        let before = house.sim.world().identifies();
        let inn = house.open(slow(), Clock::real()).await;
        house.sim.until(|world| (world.identifies() >= before + 3).then_some(())).await;
        inn.stop().await;
        // Within a process, times can be compared. Five are quick; then each waits for thirty of our short seconds,
        // although it was another process that used the quick ones up.
        let counted = house.counted_identifies().split_off(known);
        known += counted.len();
        let least = if quick { 9 } else { 59 };
        let gaps: Vec<i64> = counted.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| *gap >= least), "{gaps:?}");
    }
}

#[tokio::test]
async fn what_is_said_in_odd_ways_still_counts() {
    let house = House::new().await;
    let inn = house.start().await;
    for text in ["{", "[1,2", "null", "{\"op\":0}", "{\"op\":77,\"d\":{}}", "\u{feff}{}", "{\"op\":\"x\"}"] {
        house.sim.faults().strike(Strike::Text(text.to_owned()));
    }
    house.sim.faults().strike(Strike::AskHeartbeat);
    house.say(0, "still here");
    inn.messages(1).await;
    let webhook = SayOptions::webhook("news");
    house.sim.world().say(house.inn.general, house.inn.members[1], "from outside", webhook).unwrap();
    inn.messages(2).await;
    assert_eq!(house.sim.world().resumes(), 0);
    inn.stop().await;
}
