//! Programs that were written for other systems, over real sockets: each dialect as its document has it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "support/client.rs"]
mod client;
#[path = "support/door.rs"]
mod door;
#[path = "support/house.rs"]
mod house;
#[path = "wires/hub.rs"]
mod hub;
#[path = "wires/live.rs"]
mod live;
#[path = "wires/mindtrace.rs"]
mod mindtrace;
#[path = "support/process.rs"]
mod process;
#[path = "wires/smarter_dev.rs"]
mod smarter_dev;
#[path = "wires/staff.rs"]
mod staff;
mod support;

use client::{Client, key};
use door::open;
use house::House;
use innkeeper::config::Audience;
use serde_json::{Value, json};
use support::Log;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_key_before_the_path_is_a_key_like_any_other_and_is_told_nobody() {
    let (log, _logging) = Log::listen();
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = key(&bot.bot, "hub", "admin", Some(house.inn.guild), None).await;
    let mut stranger = Client::stranger(&door);
    for path in ["/api/tools", "/api/tools/", "/api/guilds", "/api/guilds/"] {
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
        assert_eq!(stranger.get(&format!("/k/{key}{path}")).await.status, 200, "{path}");
        let wrong = stranger.get(&format!("/k/ink_wrong{path}")).await;
        assert_eq!(wrong.status, 401, "{path}");
        assert!(!format!("{wrong:?}").contains("ink_wrong"), "{wrong:?}");
    }
    // One key, once.
    let both = Client::with_key(&door, &key).get(&format!("/k/{key}/api/tools")).await;
    assert_eq!(both.status, 401);
    let unknown = stranger.get(&format!("/k/{key}/api/nothing")).await;
    assert!(unknown.status == 404 && !format!("{unknown:?}").contains(&key), "{unknown:?}");
    assert_eq!(stranger.get(&format!("/k/{key}")).await.status, 200, "the page");
    assert_eq!(stranger.get("/k//api/tools").await.status, 401, "an empty one is none that is good");
    let manager = stranger.get(&format!("/k/{key}/mindtrace/status")).await;
    assert_ne!(manager.status, 401, "{manager:?}");
    let words = log.text();
    assert!(!words.is_empty() && !words.contains(&key) && !words.contains("ink_wrong"), "the log tells no key");
}

#[tokio::test]
async fn programs_are_greeted_as_the_hub_greeted_them_where_it_is_spoken() {
    for is_on in [true, false] {
        let house = House::with(|config| config.wires.hub = is_on).await;
        let (_bot, door) = open(&house).await;
        let mut socket = TcpStream::connect(door.addr).await.unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut said = String::new();
        socket.read_to_string(&mut said).await.unwrap();
        let json: Value = serde_json::from_str(said.split_once("\r\n\r\n").unwrap().1).unwrap();
        let service = if is_on { ("Discord Bot Hub API", "1.0.0") } else { ("Innkeeper", env!("CARGO_PKG_VERSION")) };
        assert_eq!(json["status"], "online", "{said}");
        assert_eq!((json["service"].as_str(), json["version"].as_str()), (Some(service.0), Some(service.1)));
    }
}

#[tokio::test]
async fn a_wire_that_is_off_has_no_paths() {
    let house = House::with(|config| {
        config.wires.hub = false;
        config.http.visibility.leaderboard = Audience::Public;
    })
    .await;
    let (_bot, door) = open(&house).await;
    assert_eq!(Client::stranger(&door).get("/api/tools").await.status, 404);
}

#[tokio::test]
async fn without_a_key_programs_change_something_only_where_the_bot_says_so_and_only_here() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let tool = json!({"name": "Tea", "description": "A cup", "required_level": 2, "tier": "Basic"});
    assert_eq!(Client::stranger(&door).post("/api/tools", tool.clone()).await.status, 401);
    bot.bot.accept_keyless();
    assert_eq!(Client::stranger(&door).post("/api/tools", tool.clone()).await.status, 201);
    let from_afar = Client::stranger(&door).and("X-Forwarded-For: 203.0.113.9");
    let elsewhere = Client::stranger(&door).and("Origin: https://elsewhere.example");
    for mut other in [from_afar, elsewhere] {
        assert_eq!(other.post("/api/tools", tool.clone()).await.status, 401);
    }
    // Our own API stays as it is.
    assert_eq!(Client::stranger(&door).get("/api/guilds").await.status, 401);
}

#[tokio::test]
async fn the_guild_that_is_meant_is_configured_or_the_keys_or_the_first() {
    let mut house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, elsewhere) = (house.inn.guild, innkeeper::model::GuildId::new(77).unwrap());
    let anywhere = key(&bot.bot, "anywhere", "read", None, None).await;
    let others = key(&bot.bot, "others", "read", Some(elsewhere), None).await;
    assert_eq!(Client::with_key(&door, &anywhere).get("/api/tools").await.status, 200);
    assert_eq!(Client::with_key(&door, &others).get("/api/tools").await.status, 404, "a guild that we are not in");
    drop(door);
    bot.stop().await;
    house.config.wires.guild = Some(guild);
    let (_bot, door) = open(&house).await;
    assert_eq!(Client::with_key(&door, &anywhere).get("/api/tools").await.status, 200);
    let said = Client::with_key(&door, &others).get("/api/tools").await;
    assert_eq!((said.status, &said.json), (404, &json!({"detail": "There is no such guild."})));
}
