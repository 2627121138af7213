//! What each route answers.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get as route;
use innkeeper::config::Audience;
use innkeeper::http::Limits;
use innkeeper::status::vitals::GatewayState;
use innkeeper::status::{FaceSettings, assets};

use crate::hostile::PAYLOADS;
use crate::html::{elements, structure};
use crate::support::{Answer, House, cards, get, get_with, send};

#[tokio::test]
async fn the_page_says_how_it_is_in_words() {
    let house = House::open().await;
    let page = get(house.addr, "/").await;
    assert_eq!(page.status, 200);
    for words in
        ["All is well.", "Connected to Discord for", "Nothing is wrong.", "1,234", "Marigold", "50 of 750 XP", "as of"]
    {
        assert!(page.body.contains(words), "{words} is missing");
    }
    assert!(!page.body.contains("simulated"));
    house.face.vitals.problem("role.7", "The role Regular is above mine.", "Drag mine above it.");
    let page = get(house.addr, "/").await;
    assert!(page.body.contains("The role Regular is above mine.") && page.body.contains("Drag mine above it."));
    assert!(page.body.contains("One thing is wrong.") && !page.body.contains("Nothing is wrong."));
}

#[tokio::test]
async fn a_stale_board_and_a_demo_say_what_they_are() {
    let demo = |door: &mut innkeeper::http::Door| {
        let settings = FaceSettings { demo: Some("http://127.0.0.1:9/".to_owned()), ..FaceSettings::default() };
        door.face.settings = Arc::new(settings);
    };
    let house = House::with(Limits::default(), demo, Router::new()).await;
    assert!(!get(house.addr, "/").await.body.contains("stale.</strong>"));
    house.clock.advance(Duration::from_secs(60));
    let page = get(house.addr, "/").await.body;
    assert!(page.contains("The cards below are stale."));
    assert!(page.contains("This is a demo") && page.contains("href=\"http://127.0.0.1:9/\""));
    house.face.board.confirm();
    assert!(!get(house.addr, "/").await.body.contains("The cards below are stale."));
}

#[tokio::test]
async fn hostile_texts_change_no_element_and_no_attribute() {
    let house = House::open().await;
    let show = async |text: &str| {
        house.face.board.put(cards(text));
        house.face.vitals.problem("named", text, text);
        get(house.addr, "/").await.body
    };
    let benign = structure(&show("Marigold").await);
    assert!(benign.iter().any(|(name, _)| name == "progress"));
    for payload in PAYLOADS {
        let page = show(payload).await;
        assert_eq!(structure(&page), benign, "{payload:?}");
        assert!(!page.contains('\u{202e}') && !page.contains('\0'), "{payload:?}");
        let health: serde_json::Value = serde_json::from_str(&get(house.addr, "/healthz").await.body).unwrap();
        assert_eq!(health["status"], "degraded", "{payload:?}");
    }
}

#[tokio::test]
async fn the_page_runs_only_our_own_files() {
    let house = House::open().await;
    let page = get(house.addr, "/").await;
    let policy = page.header("content-security-policy").unwrap();
    for rule in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"));
    for element in elements(&page.body) {
        for (name, value) in &element.attributes {
            assert!(!name.starts_with("on") && name != "style", "{element:?}");
            if matches!(name.as_str(), "src" | "href") {
                assert!(value.starts_with('/') || value.starts_with('#'), "{element:?}");
            }
        }
        if element.name == "script" {
            assert_eq!(element.attribute("src"), Some(assets::SCRIPT.path));
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_a_browser() {
    let house = House::open().await;
    for path in ["/", "/healthz", "/readyz", "/metrics", "/badge.svg", "/nowhere", assets::STYLE.path] {
        let answer = get(house.addr, path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.header("content-type").is_some() && answer.header("cache-control").is_some(), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn a_program_that_asks_for_the_root_gets_json() {
    let house = House::open().await;
    let answer = get_with(house.addr, "/", "Accept: */*\r\nUser-Agent: python-httpx/0.27\r\n").await;
    let greeting: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&greeting["status"], &greeting["service"]), (&"online".into(), &"Innkeeper".into()));
    let answer = get_with(house.addr, "/", "Accept: application/json, text/html\r\nUser-Agent: Mozilla/5.0\r\n").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let answer = get_with(house.addr, "/", "Accept: */*\r\nUser-Agent: Mozilla/5.0\r\n").await;
    assert!(answer.body.starts_with("<!doctype html>"));
}

#[tokio::test]
async fn health_and_readiness_tell_the_truth() {
    let house = House::open().await;
    let health = async || {
        let answer = get(house.addr, "/healthz").await;
        let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        (
            answer.status,
            json["status"].as_str().unwrap().to_owned(),
            json["gateway"]["state"].as_str().unwrap().to_owned(),
        )
    };
    let is = |status, word: &str, state: &str| (status, word.to_owned(), state.to_owned());
    assert_eq!(health().await, is(200, "ok", "connected"));
    assert_eq!(get(house.addr, "/readyz").await.status, 200);
    house.clock.advance(Duration::from_secs(100));
    assert_eq!(health().await, is(200, "degraded", "connected"));
    house.clock.advance(Duration::from_secs(21));
    assert_eq!(health().await, is(503, "down", "connected"));
    house.face.vitals.set_gateway(GatewayState::Resuming);
    assert_eq!(health().await, is(503, "down", "resuming"));
    house.face.vitals.set_gateway(GatewayState::Connected);
    assert_eq!(health().await, is(200, "ok", "connected"));
}

#[tokio::test]
async fn before_the_first_session_it_lives_but_is_not_ready() {
    let fresh = |door: &mut innkeeper::http::Door| {
        door.face.vitals = innkeeper::status::Vitals::new(door.face.vitals.clock.clone());
    };
    let house = House::with(Limits::default(), fresh, Router::new()).await;
    assert_eq!(get(house.addr, "/readyz").await.status, 503);
    let health = get(house.addr, "/healthz").await;
    assert!(health.status == 200 && health.body.contains("\"starting\""), "{}", health.body);
    assert!(get(house.addr, "/").await.body.contains("Just opening."));
}

#[tokio::test]
async fn metrics_and_badge_have_their_types() {
    let house = House::open().await;
    let metrics = get(house.addr, "/metrics").await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for name in [
        "innkeeper_messages_total",
        "innkeeper_xp_awards_total",
        "innkeeper_commands_total",
        "innkeeper_gateway_ack_age_seconds",
        "innkeeper_promises_due",
        "innkeeper_store_commit_seconds_bucket",
    ] {
        assert!(metrics.body.contains(name), "{name}");
    }
    let badge = get(house.addr, "/badge.svg").await;
    assert_eq!(badge.header("content-type"), Some("image/svg+xml"));
    assert!(badge.body.contains("innkeeper: ok") && badge.header("cache-control") == Some("no-cache"));
    structure(&badge.body);
}

#[tokio::test]
async fn assets_may_be_kept_for_good_and_are_not_sent_twice() {
    let house = House::open().await;
    for asset in &assets::ASSETS {
        let answer = get(house.addr, asset.path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, asset.body), "{}", asset.path);
        assert!(answer.header("cache-control").unwrap().contains("immutable"));
        let etag = answer.header("etag").unwrap().to_owned();
        let again = get_with(house.addr, asset.path, &format!("If-None-Match: {etag}\r\n")).await;
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{}", asset.path);
    }
}

#[tokio::test]
async fn paths_out_of_the_house_lead_nowhere() {
    let house = House::open().await;
    for path in [
        "/nowhere",
        "/assets",
        "/assets/",
        "/assets/inn.css",
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/....//etc/passwd",
        "/..",
        "/../etc/passwd",
        "//etc/passwd",
        "/assets/%00",
        "/assets/inn.css%00.svg",
        "/assets\\..\\..",
        "/.git/config",
        "/%",
        "/%zz",
        "/healthz/",
        "/HEALTHZ",
    ] {
        assert_eq!(get(house.addr, path).await.status, 404, "{path}");
    }
    let page = get(house.addr, "/nowhere").await;
    assert!(page.body.contains("Not found") && page.body.contains("<h1>"));
    let json = get_with(house.addr, "/nowhere", "Accept: */*\r\n").await;
    assert_eq!(json.status, 404);
    assert!(json.body.starts_with(r#"{"detail":"There is no such room"#), "{json:?}");
    assert!(json.body.ends_with(r#","code":"not_found"}"#), "{json:?}");
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let house = House::open().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let request = format!(
            "{method} /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            house.addr
        );
        let answer = send(house.addr, request.as_bytes()).await.unwrap();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")), "{method}");
    }
    let head = format!("HEAD / HTTP/1.1\r\nHost: {}\r\nUser-Agent: Mozilla\r\nConnection: close\r\n\r\n", house.addr);
    let answer = send(house.addr, head.as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

#[tokio::test]
async fn what_is_for_members_is_not_shown_to_everybody() {
    for (status, page_status) in [(Audience::Members, 403), (Audience::Off, 404)] {
        let hide = |door: &mut innkeeper::http::Door| {
            door.face.settings = Arc::new(FaceSettings { status, ..FaceSettings::default() });
        };
        let house = House::with(Limits::default(), hide, Router::new()).await;
        house.face.vitals.problem("role.7", "The role Secret is above mine.", "Move Secret.");
        for path in ["/", "/metrics", "/badge.svg", "/events"] {
            let answer = get(house.addr, path).await;
            assert_eq!(answer.status, page_status, "{path}");
            assert!(!answer.body.contains("Marigold") && !answer.body.contains("Secret"), "{path}");
        }
        let health = get(house.addr, "/healthz").await;
        assert!(health.status == 200 && !health.body.contains("Secret"));
    }
    let house = House::open().await;
    let mut hidden = cards("Marigold");
    hidden.iter_mut().for_each(|card| card.audience = Audience::Members);
    house.face.board.put(hidden);
    assert!(!get(house.addr, "/").await.body.contains("Marigold"));
}

#[tokio::test]
async fn rooms_add_routes_and_one_that_panics_costs_its_own_request_alone() {
    async fn broken() -> &'static str {
        panic!("a bug in a room")
    }
    let extra = Router::new().route("/rooms", route(async || "a room")).route("/broken", route(broken));
    let house = House::with(Limits::default(), |_| {}, extra).await;
    assert_eq!(get(house.addr, "/rooms").await.body, "a room");
    let answer = get(house.addr, "/broken").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.body.contains("bug") && answer.header("x-content-type-options").is_some());
    assert_eq!(get(house.addr, "/").await.status, 200);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let extra = Router::new().route("/slow", route(std::future::pending::<&'static str>));
    let limits = Limits { request: Duration::from_millis(20), ..Limits::default() };
    let house = House::with(limits, |_| {}, extra).await;
    let Answer { status, body, .. } = get(house.addr, "/slow").await;
    assert_eq!((status, body.as_str()), (503, "This took too long; try again.\n"));
}
