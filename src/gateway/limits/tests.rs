//! Limits on a clock that only the tests move.

use super::*;

fn at(start: Instant, ms: u64) -> Instant {
    start + Duration::from_millis(ms)
}

fn message_route(channel: u64) -> Route {
    route("POST", &format!("/channels/{channel}/messages"))
}

fn told(status: u16, head: &[(&str, &str)]) -> Told {
    told_with(status, head, "")
}

fn told_with(status: u16, head: &[(&str, &str)], body: &str) -> Told {
    let find = |name: &str| head.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    Told::read(status, find, body.as_bytes())
}

fn bucket(remaining: &str, reset_after: &str) -> Told {
    told(
        200,
        &[
            ("x-ratelimit-bucket", "abc"),
            ("x-ratelimit-limit", "2"),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset-after", reset_after),
        ],
    )
}

#[test]
fn routes_leave_ids_out_but_for_the_major_one() {
    let message = route("PATCH", "/channels/5/messages/77");
    assert_eq!((message.template.as_str(), message.major.as_str()), ("PATCH/channels/{}/messages/{}", "5/"));
    let role = route("PUT", "/guilds/1/members/2/roles/3");
    assert_eq!((role.template.as_str(), role.major.as_str()), ("PUT/guilds/{}/members/{}/roles/{}", "1/"));
    assert!(!role.interaction);
    let answer = route("POST", "/interactions/9/tok/callback");
    assert_eq!((answer.template.as_str(), answer.major.as_str()), ("POST/interactions/{}/{}/callback", "9/tok/"));
    assert!(answer.interaction);
    assert!(route("PATCH", "/webhooks/9/tok/messages/@original").interaction);
    assert_eq!(route("GET", "/users/@me").template, "GET/users/@me");
}

#[test]
fn a_bucket_is_learned_from_the_first_answer_and_obeyed() {
    let (mut limits, start, route) = (Limits::default(), Instant::now(), message_route(5));
    assert_eq!(limits.ask(&route, start), Verdict::Go);
    assert_eq!(limits.ask(&route, start), Verdict::Busy, "one at a time until the limit is known");
    assert_eq!(limits.ask(&message_route(6), start), Verdict::Go, "another channel has its own");
    limits.learn(&route, Some(&bucket("1", "2.5")), start);
    assert_eq!(limits.ask(&route, start), Verdict::Go);
    assert_eq!(limits.ask(&route, start), Verdict::At(at(start, 2_550)));
    limits.learn(&route, None, start);
    assert_eq!(limits.ask(&route, at(start, 2_000)), Verdict::At(at(start, 2_550)));
    assert_eq!(limits.ask(&route, at(start, 2_550)), Verdict::Go);
    assert_eq!(limits.ask(&route, at(start, 2_550)), Verdict::Go);
    assert_eq!(limits.ask(&route, at(start, 2_550)), Verdict::Busy, "the new window's end is not known yet");
}

#[test]
fn answers_that_overtake_each_other_allow_no_more_than_there_is() {
    let window = |remaining: &str, reset: &str| {
        let told = bucket(remaining, "5");
        Told { limit: Some(4), reset: epoch(reset.parse().unwrap()), ..told }
    };
    let (mut limits, start, route) = (Limits::default(), Instant::now(), message_route(5));
    limits.ask(&route, start);
    limits.learn(&route, Some(&window("3", "1000.000")), start);
    for _ in 0..3 {
        assert_eq!(limits.ask(&route, start), Verdict::Go);
    }
    // The last of them is answered first.
    for remaining in ["0", "2", "1"] {
        limits.learn(&route, Some(&window(remaining, "1000.001")), start);
        assert_eq!(limits.ask(&route, start), Verdict::At(at(start, 5_050)), "{remaining}");
    }
    // In the next window only what Discord counted there counts.
    let next = at(start, 5_050);
    for _ in 0..2 {
        assert_eq!(limits.ask(&route, next), Verdict::Go);
    }
    limits.learn(&route, Some(&window("2", "1005.200")), next);
    limits.learn(&route, Some(&window("0", "1000.000")), next);
    limits.learn(&route, Some(&window("3", "1005.200")), next);
    for _ in 0..2 {
        assert_eq!(limits.ask(&route, next), Verdict::Go);
    }
    assert!(matches!(limits.ask(&route, next), Verdict::At(_)));
}

#[test]
fn routes_that_share_a_bucket_share_its_limit() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    let (send, edit) = (message_route(5), route("PATCH", "/channels/5/messages/77"));
    for route in [&send, &edit] {
        assert_eq!(limits.ask(route, start), Verdict::Go);
        limits.learn(route, Some(&bucket("0", "1")), start);
    }
    assert!(matches!(limits.ask(&send, start), Verdict::At(_)));
    assert!(matches!(limits.ask(&edit, start), Verdict::At(_)));
}

#[test]
fn a_route_without_a_bucket_is_free_after_its_first_answer() {
    let (mut limits, start, route) = (Limits::default(), Instant::now(), route("GET", "/gateway/bot"));
    assert_eq!(limits.ask(&route, start), Verdict::Go);
    limits.learn(&route, Some(&told(502, &[])), start);
    assert_eq!(limits.ask(&route, start), Verdict::Go);
    assert_eq!(limits.ask(&route, start), Verdict::Busy, "an error tells nothing about limits");
    limits.learn(&route, Some(&told(200, &[])), start);
    assert_eq!(limits.ask(&route, start), Verdict::Go);
    assert_eq!(limits.ask(&route, start), Verdict::Go);
}

#[test]
fn fifty_requests_a_second_and_interactions_beside_them() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    for channel in 1..=50 {
        assert_eq!(limits.ask(&message_route(channel), start), Verdict::Go);
    }
    assert_eq!(limits.ask(&message_route(51), start), Verdict::At(start + GLOBAL_WINDOW));
    assert_eq!(limits.ask(&route("POST", "/interactions/1/t/callback"), start), Verdict::Go);
    assert_eq!(limits.ask(&message_route(51), start + GLOBAL_WINDOW), Verdict::Go);
}

#[test]
fn a_global_429_closes_the_gate_for_everybody_once() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    assert_eq!(limits.ask(&message_route(1), start), Verdict::Go);
    let answer = told_with(429, &[("retry-after", "3"), ("x-ratelimit-global", "true")], r#"{"global": true}"#);
    assert!(answer.global && !answer.foreign);
    limits.learn(&message_route(1), Some(&answer), start);
    for channel in 1..=100 {
        assert_eq!(limits.ask(&message_route(channel), start), Verdict::At(at(start, 3_050)));
    }
    assert_eq!(limits.ask(&route("POST", "/interactions/1/t/callback"), start), Verdict::Go);
    assert_eq!(limits.ask(&message_route(7), at(start, 3_050)), Verdict::Go);
}

#[test]
fn a_429_from_the_network_in_front_of_discord_closes_everything() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    let answer = told_with(429, &[], "<html>error 1015</html>");
    assert!(answer.foreign);
    limits.ask(&message_route(1), start);
    limits.learn(&message_route(1), Some(&answer), start);
    assert!(matches!(limits.ask(&route("POST", "/interactions/1/t/callback"), start), Verdict::At(_)));
    assert_eq!(limits.ask(&message_route(1), at(start, 60_050)), Verdict::Go);
}

#[test]
fn a_shared_429_closes_its_bucket_and_does_not_count() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    let head = [("retry-after", "1.5"), ("x-ratelimit-scope", "shared"), ("x-ratelimit-bucket", "abc")];
    limits.ask(&message_route(1), start);
    limits.learn(&message_route(1), Some(&told_with(429, &head, r#"{"retry_after": 1.5}"#)), start);
    assert_eq!(limits.ask(&message_route(1), start), Verdict::At(at(start, 1_550)));
    assert_eq!(limits.ask(&message_route(2), start), Verdict::Go);
    assert_eq!(limits.invalid_requests(start), 0);
}

#[test]
fn whatever_retry_after_says_the_wait_is_sane() {
    let wait = |value: &str| told(429, &[("retry-after", value), ("x-ratelimit-scope", "user")]).wait();
    assert_eq!(wait("0.3"), Duration::from_millis(350));
    assert_eq!(wait("0"), RETRY_MARGIN);
    for odd in ["-1", "NaN", "soon", "", "-inf"] {
        assert_eq!(wait(odd), RETRY_DEFAULT + RETRY_MARGIN, "{odd}");
    }
    for absurd in ["1e300", "inf", "999999999"] {
        assert_eq!(wait(absurd), RETRY_MAX + RETRY_MARGIN, "{absurd}");
    }
    assert_eq!(told(429, &[("x-ratelimit-scope", "user")]).wait(), RETRY_DEFAULT + RETRY_MARGIN);
    let body = told_with(429, &[], r#"{"message": "slow", "retry_after": 2.0, "global": false}"#);
    assert_eq!((body.wait(), body.foreign), (Duration::from_millis(2_050), false));
    assert_eq!(told(200, &[("x-ratelimit-reset-after", "-7")]).reset_after, None);
}

#[test]
fn after_a_401_one_call_confirms_and_nothing_else_leaves() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    assert!(limits.doubt());
    assert!(!limits.doubt(), "only the first one confirms");
    assert_eq!(limits.ask(&message_route(1), start), Verdict::Busy);
    limits.trust();
    assert_eq!(limits.ask(&message_route(1), start), Verdict::Go);
    assert!(limits.doubt());
    limits.lose();
    limits.trust();
    assert_eq!(limits.ask(&message_route(1), at(start, u64::from(u32::MAX))), Verdict::Never);
}

#[test]
fn a_thousand_invalid_requests_stop_everything_for_a_while() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    for index in 0..1_500_u64 {
        let now = at(start, index * 100);
        limits.learn(&message_route(1), Some(&told(403, &[])), now);
    }
    let now = at(start, 150_000);
    assert_eq!(limits.invalid_requests(now), INVALID_STOP);
    assert_eq!(limits.ask(&message_route(1), now), Verdict::At(start + INVALID_WINDOW));
    assert_eq!(limits.ask(&message_route(1), start + INVALID_WINDOW), Verdict::Go);
}

#[test]
fn memory_stays_bounded() {
    let (mut limits, start) = (Limits::default(), Instant::now());
    for channel in 0..10_000 {
        let now = at(start, channel * 1_000);
        let route = message_route(channel + 1);
        assert_eq!(limits.ask(&route, now), Verdict::Go);
        limits.learn(&route, Some(&bucket("1", "0.1")), now);
    }
    assert!(limits.buckets.len() <= BUCKETS_MAX);
}
