//! What the client does when a server fails, is slow, or wants to be left alone.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use innkeeper::client::{Client, Code, Error, Part, blocking};
use innkeeper::model::access::new_key;
use innkeeper::model::{Clock, GuildId, Secret, UserId};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::door::Browser;
use crate::house::House;
use crate::open;
use crate::server::{Asked, Does, Server, token};
use crate::support::hand_clock;

const XP: &str = "/api/guilds/1/members/2/xp";

fn guild() -> GuildId {
    GuildId::new(1).unwrap()
}

fn user() -> UserId {
    UserId::new(2).unwrap()
}

/// Pauses that take no time, and what they would have been.
type Pauses = Arc<Mutex<Vec<Duration>>>;

fn client_at(url: &str, clock: &Clock) -> (Client, Pauses) {
    client_with(url, new_key(), clock)
}

fn client_with(url: &str, key: Secret, clock: &Clock) -> (Client, Pauses) {
    let pauses = Pauses::default();
    let kept = pauses.clone();
    let pause = move |long| {
        kept.lock().unwrap().push(long);
        std::future::ready(())
    };
    let client = Client::builder(url, key).clock(clock.clone()).pauses(pause).build().unwrap();
    (client, pauses)
}

fn problem(status: u16, code: &str, detail: &str) -> Does {
    Does::Say(status, json!({"detail": detail, "code": code}))
}

fn given() -> Does {
    Does::Say(200, json!({"member": {"user_id": "2", "xp": 5, "level": 0}, "said": "Done.", "repeated": false}))
}

#[tokio::test]
async fn what_fails_twice_is_asked_again_under_the_same_name() {
    let server = Server::new(|nth, asked| match (asked.path.as_str(), nth) {
        ("/api/token", _) => token("t"),
        (_, 0 | 1) => problem(500, "fault", "Something went wrong on our side."),
        _ => given(),
    })
    .await;
    let (client, pauses) = client_at(&server.url(), &hand_clock());
    assert_eq!(client.give_xp(guild(), user(), 5).await.unwrap().said, "Done.");
    client.give_xp(guild(), user(), 5).await.unwrap();
    let asked = server.asked(XP);
    let names: Vec<_> = asked.iter().map(|asked| asked.header("idempotency-key").unwrap()).collect();
    assert!(names.len() == 4 && names[0] == names[1] && names[1] == names[2], "{names:?}");
    assert!(names[2] != names[3] && names[0].len() >= 32, "another call has another name: {names:?}");
    assert!(asked.iter().all(|asked| asked.method == "POST" && asked.body == r#"{"amount":5}"#), "{asked:?}");
    assert!(asked.iter().all(|asked| asked.header("authorization") == Some("Bearer t")), "{asked:?}");
    let pauses = pauses.lock().unwrap();
    assert!(pauses.len() == 2 && pauses[0] <= Duration::from_millis(500) && pauses[1] <= Duration::from_secs(1));
}

#[tokio::test]
async fn a_fault_that_stays_is_told_in_the_servers_words() {
    let server = Server::new(|_, asked| match asked.path.as_str() {
        "/api/token" => token("t"),
        XP => problem(503, "unavailable", "Discord does not answer."),
        _ => Does::Write(502, "Content-Type: text/html\r\n", "<html>"),
    })
    .await;
    let (client, pauses) = client_at(&server.url(), &hand_clock());
    let error = client.xp(guild(), user()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(503), Some(&Code::Unavailable)));
    assert_eq!((error.to_string().as_str(), pauses.lock().unwrap().len()), ("Discord does not answer.", 3));
    assert!(server.asked(XP)[0].header("idempotency-key").is_none(), "what only reads has no need of a name");
    let error = client.leaderboard(guild(), Part::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server answered HTTP 502");
}

#[tokio::test]
async fn an_answer_that_was_lost_does_not_do_it_twice() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = crate::client::key(&bot.bot, "k", "admin", None, None).await;
    // Between the client and the real door: what comes is passed on, and the first answer is lost.
    let addr = door.addr;
    let between = Server::slow(move |nth, asked| {
        Box::pin(async move {
            let said = pass_on(addr, &asked).await;
            if nth == 0 && asked.path.ends_with("/xp") { Does::Cut } else { said }
        })
    })
    .await;
    let (client, pauses) = client_with(&between.url(), Secret::new(key), &hand_clock());
    let given = client.give_xp(house.inn.guild, house.member(0), 500).await.unwrap();
    assert!(given.repeated && given.member.xp == 500, "{given:?}");
    assert_eq!(pauses.lock().unwrap().len(), 1);
    bot.bot.settle().await;
    assert_eq!(house.ledger(), [format!("add +500 by {}", bot.bot.user().unwrap())]);
    bot.stop().await;
}

async fn pass_on(addr: std::net::SocketAddr, asked: &Asked) -> Does {
    let kept = ["authorization", "idempotency-key", "content-type", "content-length"];
    let lines = kept.iter().filter_map(|name| Some(format!("{name}: {}\r\n", asked.header(name)?)));
    let lines: String = lines.collect();
    let page = Browser::at(addr).ask(&asked.method, &asked.path, &lines, &asked.body).await;
    Does::Say(page.status, serde_json::from_str(&page.body).unwrap())
}

#[tokio::test]
async fn a_server_that_wants_a_pause_gets_it() {
    let server = Server::new(|nth, asked| match (asked.path.as_str(), nth) {
        ("/api/token", 0) => Does::Write(429, "Retry-After: 3\r\n", ""),
        ("/api/token", _) => token("t"),
        (XP, 0..5) => Does::Write(429, "Retry-After: 7\r\n", r#"{"detail": "Too often.", "code": "too_many"}"#),
        (XP, _) => given(),
        _ => Does::Write(429, "Retry-After: 3600\r\n", r#"{"detail": "Come back later.", "code": "too_many"}"#),
    })
    .await;
    let (client, pauses) = client_at(&server.url(), &hand_clock());
    client.give_xp(guild(), user(), 5).await.unwrap();
    let pauses: Vec<_> = pauses.lock().unwrap().iter().map(Duration::as_secs).collect();
    assert_eq!(pauses, [3, 7, 7, 7, 7, 7]);
    let error = client.leaderboard(guild(), Part::default()).await.unwrap_err();
    let Error::Refused(problem) = &error else { panic!("{error:?}") };
    assert_eq!((problem.status, &problem.code, problem.detail.as_str()), (429, &Code::TooMany, "Come back later."));
    assert_eq!(problem.retry_after, Some(Duration::from_secs(3_600)), "nobody waits an hour");
    assert_eq!(server.asked("/api/guilds/1/leaderboard").len(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_and_once_for_all() {
    let server = Server::new(|nth, asked| match asked.path.as_str() {
        "/api/token" => token(&format!("t{nth}")),
        _ => given(),
    })
    .await;
    let clock = hand_clock();
    let (client, _) = client_at(&server.url(), &clock);
    let all = |client: &Client| {
        let calls: Vec<_> = (0..12).map(|_| client.clone()).collect();
        futures_util::future::join_all(
            calls.into_iter().map(|client| async move { client.give_xp(guild(), user(), 1).await.unwrap() }),
        )
    };
    all(&client).await;
    clock.advance(Duration::from_secs(3_539));
    all(&client).await;
    assert_eq!(server.asked("/api/token").len(), 1, "it is good for another minute and a second");
    clock.advance(Duration::from_secs(1));
    all(&client).await;
    assert_eq!(server.asked("/api/token").len(), 2);
    let shown: Vec<_> =
        server.asked(XP).iter().map(|asked| asked.header("authorization").unwrap().to_owned()).collect();
    assert!(
        shown[..24].iter().all(|shown| shown == "Bearer t0") && shown[24..].iter().all(|shown| shown == "Bearer t1")
    );
    assert!(server.connections() < 12, "connections are kept: {}", server.connections());
}

#[tokio::test]
async fn who_waits_for_a_renewal_that_fails_shares_its_failure() {
    let server = Server::new(|_, _| problem(401, "unauthenticated", "This key is not good.")).await;
    let (client, _) = client_at(&server.url(), &hand_clock());
    let calls = (0..4).map(|_| client.give_xp(guild(), user(), 1));
    for told in futures_util::future::join_all(calls).await {
        assert_eq!(told.unwrap_err().to_string(), "This key is not good.");
    }
    assert_eq!((server.asked("/api/token").len(), server.asked(XP).len()), (1, 0));
    client.give_xp(guild(), user(), 1).await.unwrap_err();
    assert_eq!(server.asked("/api/token").len(), 2, "who comes later tries again");
}

#[tokio::test]
async fn a_token_that_the_server_forgot_is_renewed_at_once() {
    let server = Server::new(|nth, asked| match (asked.path.as_str(), asked.header("authorization")) {
        ("/api/token", _) => token(&format!("t{nth}")),
        (_, Some("Bearer t0")) => problem(401, "unauthenticated", "This key is not good."),
        _ => given(),
    })
    .await;
    let (client, pauses) = client_at(&server.url(), &hand_clock());
    client.give_xp(guild(), user(), 1).await.unwrap();
    assert_eq!((server.asked("/api/token").len(), server.asked(XP).len()), (2, 2));
    assert!(pauses.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_key_that_was_revoked_is_told_in_the_servers_words() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let client = crate::with_key(&bot, &door, "read").await;
    client.leaderboard(house.inn.guild, Part::default()).await.unwrap();
    let now = house.clock.now();
    bot.bot.store().write(move |tx| innkeeper::store::access::revoke_key(tx, "k", None, now)).await.unwrap();
    let error = client.leaderboard(house.inn.guild, Part::default()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), Some(&Code::Unauthenticated)));
    assert_eq!(error.to_string(), "This key is not good.");
    bot.stop().await;
}

#[tokio::test]
async fn never_more_than_four_are_under_way() {
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let server = Server::slow(move |nth, asked| {
        let held = held.clone();
        Box::pin(async move {
            match asked.path.as_str() {
                "/api/token" => token("t"),
                XP => {
                    held.acquire().await.unwrap().forget();
                    given()
                }
                _ => Does::Say(200, json!(nth)),
            }
        })
    })
    .await;
    let (client, _) = client_at(&server.url(), &hand_clock());
    let answered = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (client, answered) = (client.clone(), answered.clone());
            tokio::spawn(async move {
                client.give_xp(guild(), user(), 1).await.unwrap();
                answered.fetch_add(1, SeqCst);
            })
        })
        .collect();
    for round in 0..5 {
        server.until_asked(XP, 4 * (round + 1)).await;
        // A fifth would have come while others go to the server and back.
        for _ in 0..20 {
            Browser::at(server.addr).ask("GET", "/else", "Content-Length: 0\r\n", "").await;
        }
        assert_eq!(server.asked(XP).len(), 4 * (round + 1));
        gate.add_permits(4);
    }
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!((answered.load(SeqCst), server.asked(XP).len()), (20, 20));
}

#[tokio::test]
async fn where_nobody_listens_that_is_told_without_the_key() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let key = new_key();
    let (client, pauses) = client_with(&format!("http://{gone}"), key.clone(), &hand_clock());
    let error = client.xp(guild(), user()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.status().is_none(), "{error:?}");
    assert!(error.to_string().starts_with("the server cannot be reached: "), "{error}");
    assert!(!format!("{error:?}").contains(key.reveal()));
    assert_eq!(pauses.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn an_answer_that_is_none_of_the_api_is_not_understood() {
    let server = Server::new(|_, asked| match asked.path.as_str() {
        "/api/token" => token("t"),
        "/moved" => Does::Write(308, "Location: http://127.0.0.1:9/\r\n", ""),
        "/empty" => Does::Write(204, "", ""),
        _ => Does::Write(200, "Content-Type: text/html\r\n", "<html>"),
    })
    .await;
    let (client, _) = client_at(&server.url(), &hand_clock());
    assert!(matches!(client.xp(guild(), user()).await.unwrap_err(), Error::Strange(_)));
    let moved = client.get("/moved").await.unwrap_err();
    assert!(moved.status() == Some(308) && moved.to_string().contains("sends elsewhere"), "{moved}");
    assert!(client.get("/empty").await.unwrap().is_null());
    assert!(matches!(client.get("api").await.unwrap_err(), Error::Unusable(_)));
    assert!(matches!(Client::builder("inn.example", new_key()).build(), Err(Error::Unusable(_))));
}

#[tokio::test]
async fn the_blocking_client_waits_on_threads_and_refuses_async_code() {
    let server = Server::new(|_, asked| match asked.path.as_str() {
        "/api/token" => token("t"),
        _ => given(),
    })
    .await;
    let client = blocking::Client::new(Client::builder(server.url(), new_key())).unwrap();
    let error = client.give_xp(guild(), user(), 1).unwrap_err();
    assert!(matches!(&error, Error::Unusable(words) if words.contains("async")), "{error:?}");
    let client = Arc::new(client);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || client.give_xp(guild(), user(), 1).unwrap().member.xp)
        })
        .collect();
    let all = tokio::task::spawn_blocking(|| threads.into_iter().map(|thread| thread.join().unwrap()).sum::<i64>());
    assert_eq!(all.await.unwrap(), 15);
    assert_eq!(server.asked("/api/token").len(), 1, "they share its token");
    drop(client);
}
