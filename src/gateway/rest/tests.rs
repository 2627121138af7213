//! Calls over a wire that the tests make up, in time that they move.

use std::collections::VecDeque;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use serde_json::json;

use super::*;
use crate::model::Clock;

/// A wire whose answers are made up by the test, and which remembers what went out and when.
#[derive(Clone)]
struct Fake(Arc<FakeInner>);

struct FakeInner {
    start: Instant,
    answers: Mutex<VecDeque<Result<Reply, Unreachable>>>,
    /// Once the made-up answers are used up.
    always: Reply,
    sent: Mutex<Vec<(Duration, Request)>>,
}

impl Fake {
    fn new(answers: impl IntoIterator<Item = Result<Reply, Unreachable>>, always: Reply) -> Self {
        let answers = Mutex::new(answers.into_iter().collect());
        Self(Arc::new(FakeInner { start: Instant::now(), answers, always, sent: Mutex::default() }))
    }

    fn sent(&self) -> Vec<(Duration, Request)> {
        self.0.sent.lock().unwrap().clone()
    }

    fn paths(&self) -> Vec<String> {
        self.sent().into_iter().map(|(_, request)| format!("{} {}", request.method, request.path)).collect()
    }

    fn times_ms(&self) -> Vec<u128> {
        self.sent().into_iter().map(|(at, _)| at.as_millis()).collect()
    }
}

impl Wire for Fake {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        self.0.sent.lock().unwrap().push((self.0.start.elapsed(), request));
        let next = self.0.answers.lock().unwrap().pop_front();
        let answer = next.unwrap_or_else(|| Ok(self.0.always.clone()));
        async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            answer
        }
        .boxed()
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Reply { status, headers, body: body.as_bytes().to_vec() }
}

fn ok() -> Reply {
    reply(200, &[], "{}")
}

fn rest(fake: &Fake) -> (Rest, Arc<Vitals>) {
    let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
    let token = Secret::new("s3cret");
    (Rest::new(Box::new(fake.clone()), token, vitals.clone(), Duration::from_millis(500)), vitals)
}

fn message(channel: u64) -> Call {
    Call::post(format!("/channels/{channel}/messages")).json(&json!({"content": "hi"}))
}

fn names(vitals: &Vitals) -> Vec<String> {
    vitals.problems().iter().map(|problem| problem.name.clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_carries_what_discord_asks_for() {
    let fake = Fake::new([], ok());
    let (rest, vitals) = rest(&fake);
    let call = Call::put("/guilds/1/members/2/roles/3").reason("Level 5: für Ada\n");
    rest.call(call).await.unwrap();
    let (_, request) = fake.sent().remove(0);
    let header = |name| request.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
    assert_eq!(header("authorization"), Some("Bot s3cret"));
    assert!(header("user-agent").unwrap().starts_with("DiscordBot ("));
    assert_eq!(header("x-audit-log-reason"), Some("Level%205%3A%20f%C3%BCr%20Ada%0A"));
    rest.call(Call::post("/interactions/1/tok/callback")).await.unwrap();
    assert!(fake.sent()[1].1.headers.iter().all(|(name, _)| *name != "authorization"));
    assert!(vitals.problems().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_tried_three_times_where_that_is_safe() {
    let fake = Fake::new([], reply(503, &[], ""));
    let (rest, vitals) = rest(&fake);
    let setback = rest.call(Call::get("/users/@me")).await.unwrap_err();
    assert!(matches!(setback, Setback::Later { .. }));
    assert_eq!(fake.sent().len(), 3);
    assert_eq!(names(&vitals), ["discord.rest"]);
    rest.call(message(1)).await.unwrap_err();
    assert_eq!(fake.sent().len(), 4, "a message without a nonce is not sent twice");
    rest.call(message(1).repeatable()).await.unwrap_err();
    assert_eq!(fake.sent().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn the_second_try_may_succeed_and_the_page_forgets_the_outage() {
    let down = || Err(Unreachable("connection refused".to_owned()));
    let fake = Fake::new([down(), down(), down(), down(), Ok(reply(500, &[], "<html>"))], ok());
    let (rest, vitals) = rest(&fake);
    rest.call(Call::get("/a")).await.unwrap_err();
    assert!(vitals.problems()[0].detail.contains("connection refused"));
    rest.call(Call::get("/a")).await.unwrap();
    assert_eq!(fake.sent().len(), 6);
    assert!(vitals.problems().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_429_is_waited_out() {
    let head = [("retry-after", "2.5"), ("x-ratelimit-scope", "user"), ("x-ratelimit-bucket", "b")];
    let fake = Fake::new([Ok(reply(429, &head, r#"{"retry_after": 2.5}"#))], ok());
    let (rest, _) = rest(&fake);
    rest.call(message(1)).await.unwrap();
    let times = fake.times_ms();
    assert!((2_550..2_600).contains(&times[1]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_429_is_handed_back() {
    let head = [("retry-after", "1e300"), ("x-ratelimit-scope", "user")];
    let fake = Fake::new([], reply(429, &head, ""));
    let (rest, _) = rest(&fake);
    let Setback::Later { after, .. } = rest.call(message(1)).await.unwrap_err() else { panic!() };
    assert!(after > Duration::from_secs(3_500), "{after:?}");
    assert_eq!(fake.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_global_429_lets_at_most_those_under_way_run_into_it() {
    let head = [("retry-after", "1"), ("x-ratelimit-global", "true")];
    let fake = Fake::new([Ok(reply(429, &head, r#"{"global": true}"#))], ok());
    let (rest, vitals) = rest(&fake);
    rest.call(message(999)).await.unwrap();
    let calls = join_all((1..=20).map(|channel| rest.call(message(channel)))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(fake.sent().len(), 22, "one 429 and 21 messages");
    assert!(vitals.problems().is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_401_one_call_confirms_and_then_nothing_leaves() {
    let fake = Fake::new([Ok(ok())], reply(401, &[], r#"{"message": "401: Unauthorized", "code": 0}"#));
    let (rest, vitals) = rest(&fake);
    let mut lost = rest.token_lost();
    rest.call(message(1)).await.unwrap();
    let waiting = join_all((1..=50).map(|_| rest.call(message(1)))).await;
    assert!(waiting.iter().all(|answer| matches!(answer, Err(Setback::Refused { status: 401, .. }))));
    lost.wait_for(|lost| *lost).await.unwrap();
    for channel in 1..=100 {
        rest.call(message(channel)).await.unwrap_err();
        rest.call(Call::post("/interactions/1/t/callback")).await.unwrap_err();
    }
    let paths = fake.paths();
    assert_eq!(paths.iter().filter(|path| *path == "GET /users/@me").count(), 1, "{paths:?}");
    assert!(paths.len() <= 1 + 50 + 1, "{}", paths.len());
    assert_eq!(names(&vitals), ["discord.token"]);
}

#[tokio::test(start_paused = true)]
async fn a_401_that_is_not_confirmed_stops_nothing() {
    let fake = Fake::new([Ok(reply(401, &[], ""))], ok());
    let (rest, vitals) = rest(&fake);
    rest.call(message(1)).await.unwrap_err();
    rest.call(message(1)).await.unwrap();
    assert!(!*rest.token_lost().borrow());
    assert!(vitals.problems().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_interactions_expired_token_is_not_ours() {
    let fake = Fake::new([Ok(reply(401, &[], r#"{"code": 50027, "message": "Invalid Webhook Token"}"#))], ok());
    let (rest, _) = rest(&fake);
    let refused = rest.call(Call::patch("/webhooks/1/tok/messages/@original")).await.unwrap_err();
    assert!(matches!(refused, Setback::Refused { code: 50_027, .. }));
    rest.call(message(1)).await.unwrap();
    assert_eq!(fake.sent().len(), 2, "no confirming call");
}

#[tokio::test(start_paused = true)]
async fn the_line_is_bounded() {
    let head = [("x-ratelimit-bucket", "b"), ("x-ratelimit-limit", "1"), ("x-ratelimit-remaining", "0")];
    let mut head = head.to_vec();
    head.push(("x-ratelimit-reset-after", "10"));
    let fake = Fake::new([], reply(200, &head, "{}"));
    let (rest, _) = rest(&fake);
    rest.call(message(1)).await.unwrap();
    let answers = join_all((0..WAITING_MAX + 10).map(|_| rest.call(message(1)))).await;
    let immediately = answers.iter().filter(|answer| answer.is_err()).count();
    assert!(immediately >= 10);
    assert!(fake.sent().len() <= 5, "{}", fake.sent().len());
}

#[tokio::test(start_paused = true)]
async fn a_hang_ends_with_the_callers_patience() {
    struct Hang;
    impl Wire for Hang {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
            std::future::pending().boxed()
        }
    }
    let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
    let rest = Rest::new(Box::new(Hang), Secret::new("t"), vitals, Duration::from_millis(500));
    let start = Instant::now();
    let setback = rest.call(Call::get("/x").patience(Duration::from_secs(2))).await.unwrap_err();
    assert!(matches!(setback, Setback::Later { .. }));
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn discords_date_sets_the_clock() {
    let fake = Fake::new([], reply(200, &[("date", "Tue, 14 Nov 2023 22:13:20 GMT")], "{}"));
    let (rest, vitals) = rest(&fake);
    rest.call(Call::get("/x")).await.unwrap();
    assert_eq!(vitals.clock.now().ms(), 1_700_000_000_000);
}

#[tokio::test(start_paused = true)]
async fn steps_of_the_computers_clock_change_no_wait() {
    for step in [-86_400_000_i64 * 3_650, 86_400_000 * 3_650] {
        let head = [("retry-after", "1"), ("x-ratelimit-scope", "user"), ("x-ratelimit-reset", "1")];
        let fake = Fake::new([Ok(reply(429, &head, ""))], ok());
        let (rest, vitals) = rest(&fake);
        vitals.clock.step_wall(Timestamp::from_ms(1_700_000_000_000 + step));
        let start = Instant::now();
        rest.call(message(1)).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn a_request_that_carries_the_token_cannot_be_printed() {
    // `Request` has no `Debug`; the secret's own shows nothing.
    assert_eq!(format!("{:?}", Secret::new("s3cret")), "***");
}
