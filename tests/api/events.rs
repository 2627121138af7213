//! Live events: who is told what, over server-sent events and over WebSocket, and what becomes of those who go, sleep
//! or may not listen any more.
#![allow(clippy::expect_used, reason = "what does not come in time is told by its name")]

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use innkeeper::bot::{Audience, Bot, Happening};
use innkeeper::config;
use innkeeper::http::Limits;
use innkeeper::model::{GuildId, UserId};
use innkeeper::sim::Inn;
use innkeeper::sim::world::Input;
use innkeeper::store::{access, happenings};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::key;
use crate::door::OpenDoor;
use crate::house::House;
use crate::{open, sign_in};

/// Far beyond what anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// The kind of what ends a story, told to everybody.
const LAST: &str = "tool_unlocked";

/// What somebody was told.
#[derive(Debug, Clone, PartialEq)]
struct Heard {
    id: String,
    kind: String,
    data: Value,
}

/// A stream of server-sent events.
struct Stream {
    lines: BufReader<TcpStream>,
    status: u16,
}

impl Stream {
    async fn open(door: &OpenDoor, query: &str, lines: &str) -> Self {
        Self::over(TcpStream::connect(door.addr).await.unwrap(), door, query, lines).await
    }

    async fn over(mut stream: TcpStream, door: &OpenDoor, query: &str, lines: &str) -> Self {
        let head = format!("GET /events{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{lines}\r\n", door.addr);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut opened = Self { lines: BufReader::new(stream), status: 0 };
        opened.status = opened.line().await.unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        while !opened.line().await.unwrap().is_empty() {}
        opened
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.lines.read_line(&mut line)).await.expect("a line");
        (read.unwrap_or(0) > 0).then(|| line.trim_end().to_owned())
    }

    /// The next event; none: the stream ended.
    async fn next(&mut self) -> Option<Heard> {
        let (mut id, mut kind, mut data) = (String::new(), String::new(), None);
        loop {
            let line = self.line().await?;
            if let Some(value) = line.strip_prefix("id: ") {
                value.clone_into(&mut id);
            } else if let Some(value) = line.strip_prefix("event: ") {
                value.clone_into(&mut kind);
            } else if let Some(value) = line.strip_prefix("data: ") {
                data = serde_json::from_str(value).ok();
            } else if line.is_empty()
                && let Some(data) = data.take()
            {
                return Some(Heard { id, kind, data });
            }
        }
    }

    /// The next event that is no part of the page.
    async fn next_news(&mut self) -> Option<Heard> {
        loop {
            let heard = self.next().await?;
            if heard.kind != "update" {
                return Some(heard);
            }
        }
    }

    /// Everything up to the last.
    async fn until_the_last(&mut self) -> Vec<Heard> {
        let mut all = Vec::new();
        loop {
            let heard = self.next_news().await.expect("the stream goes on");
            let is_last = heard.kind == LAST;
            all.push(heard);
            if is_last {
                return all;
            }
        }
    }
}

fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

fn kinds(heard: &[Heard]) -> Vec<&str> {
    heard.iter().map(|heard| heard.kind.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn ids(heard: &[Heard]) -> Vec<i64> {
    heard.iter().map(|heard| heard.id.parse().unwrap()).collect()
}

/// Something that everybody may know of.
fn news(guild: GuildId, kind: &'static str, fields: Value, house: &House) -> Happening {
    Happening::new(kind, guild, Audience::Everybody, fields, house.clock.now())
}

/// Ends a story.
async fn tell_last(bot: &Bot, house: &House, guild: GuildId) {
    tell(bot, vec![news(guild, LAST, json!({}), house)]).await;
}

async fn tell(bot: &Bot, all: Vec<Happening>) {
    bot.store().write(move |tx| all.iter().try_for_each(|one| happenings::insert(tx, one))).await.unwrap();
}

/// The newest number that is on the disk.
async fn newest(bot: &Bot) -> i64 {
    bot.store().read(|reader| happenings::newest(reader)).await.unwrap()
}

async fn thank(house: &House, giver: UserId, receiver: UserId) {
    let give = [("member", Input::User(receiver)), ("amount", 2.into()), ("reason", "the soup".into())];
    let said = house.slash(giver, "kudos give", &give).await.text();
    assert!(said.contains("kudos"), "{said}");
}

async fn warn(house: &House, member: UserId) {
    let warn = [("member", Input::User(member)), ("reason", "not nice".into())];
    let said = house.slash(house.inn.moderator, "warn", &warn).await.text();
    assert!(said.contains("Case"), "{said}");
}

#[tokio::test]
async fn each_listener_is_told_what_they_may_know_and_nothing_else() {
    let house = House::with(|config| config.http.visibility.leaderboard = config::Audience::Public).await;
    let other = Inn::furnish(&mut house.sim.world(), 2).guild;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let (engine, some) = (&bot.bot, Some(guild));
    let key_of = async |name: &str, scopes: &str, guild| bearer(&key(engine, name, scopes, guild, None).await);
    let cookie_of = async |member| {
        let browser = sign_in(&house, &door, member).await;
        format!("Cookie: {}\r\n", browser.cookie.unwrap())
    };
    let (member, staff) = (&["kudos", "member", LAST][..], &["case", "kudos", "member", "promise", LAST][..]);
    let listeners = [
        ("a stranger", String::new(), &["kudos", LAST][..]),
        ("a key that reads", key_of("read", "read", some).await, member),
        ("a key that writes", key_of("write", "write", some).await, member),
        ("a key that moderates", key_of("moderate", "moderate", some).await, staff),
        ("a key for all guilds", key_of("all", "moderate", None).await, staff),
        ("a key of another guild", key_of("other", "moderate admin", Some(other)).await, &[LAST]),
        ("a member", cookie_of(ada).await, member),
        ("a moderator", cookie_of(house.inn.moderator).await, staff),
    ];
    let mut streams = Vec::new();
    for (who, lines, may) in listeners {
        let stream = Stream::open(&door, "", &lines).await;
        assert_eq!(stream.status, 200, "{who}");
        streams.push((who, stream, may));
    }
    house.sim.world().join(guild, "Newcomer");
    house.sim.world().leave(guild, house.member(3)).unwrap();
    thank(&house, ada, bea).await;
    warn(&house, ada).await;
    house.promises_kept().await;
    bot.settle(&house).await;
    for guild in [other, guild] {
        tell_last(engine, &house, guild).await;
    }
    for (who, stream, may) in &mut streams {
        // The last of the other guild comes first, for those who may hear of both.
        let mut heard = stream.until_the_last().await;
        if matches!(*who, "a stranger" | "a key for all guilds") {
            heard.extend(stream.until_the_last().await);
        }
        assert_eq!(kinds(&heard), *may, "{who}: {heard:#?}");
        let is_numbered = heard.iter().all(|heard| !heard.id.is_empty());
        assert_eq!(is_numbered, *who != "a stranger", "{who}: {heard:?}");
        let of = |kind: &'static str| heard.iter().filter(move |heard| heard.kind == kind).map(|heard| &heard.data);
        if *who == "a moderator" {
            let case = of("case").next().unwrap();
            assert_eq!((&case["number"], &case["change"]), (&json!(1), &json!("made")), "{case}");
            assert_eq!((&case["kind"], &case["user_id"]), (&json!("warn"), &json!(ada.to_string())), "{case}");
            let changes: BTreeSet<_> = of("promise").map(|promise| promise["change"].as_str().unwrap()).collect();
            assert!(changes.contains("made") && changes.contains("kept"), "{changes:?}");
            let kudos = of("kudos").next().unwrap();
            assert_eq!((&kudos["id"], &kudos["amount"]), (&json!(1), &json!(2)), "{kudos}");
            assert_eq!((&kudos["giver_id"], &kudos["receiver_id"]), (&json!(ada), &json!(bea)), "{kudos}");
            let changes: Vec<_> = of("member").map(|member| member["change"].as_str().unwrap()).collect();
            assert_eq!(changes, ["joined", "left"]);
        }
    }
    bot.stop().await;
}

#[tokio::test]
async fn who_comes_back_is_told_the_rest_once_also_after_a_restart() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let lines = bearer(&key(&bot.bot, "k", "moderate", None, None).await);
    let from = newest(&bot.bot).await;
    let mut stream = Stream::open(&door, "", &lines).await;
    warn(&house, ada).await;
    let mut heard = vec![stream.next_news().await.unwrap(), stream.next_news().await.unwrap()];
    drop(stream);
    thank(&house, ada, bea).await;
    warn(&house, bea).await;
    house.promises_kept().await;
    assert!(newest(&bot.bot).await > from + 4);
    bot.stop().await;
    drop(door);
    let (bot, door) = open(&house).await;
    let last = heard.last().unwrap().id.clone();
    let mut stream = Stream::open(&door, "", &format!("{lines}Last-Event-ID: {last}\r\n")).await;
    let first = stream.next().await.unwrap();
    assert_eq!((first.kind.as_str(), first.id.rsplit('-').next()), ("update", Some(last.as_str())), "{first:?}");
    let mut by_query = Stream::open(&door, &format!("?last_event_id={last}"), &lines).await;
    let mut by_update = Stream::open(&door, "", &format!("{lines}Last-Event-ID: {}\r\n", first.id)).await;
    warn(&house, ada).await;
    house.promises_kept().await;
    tell_last(&bot.bot, &house, guild).await;
    let rest = stream.until_the_last().await;
    for other in [&mut by_query, &mut by_update] {
        assert_eq!(ids(&other.until_the_last().await), ids(&rest));
    }
    heard.extend(rest);
    let all: Vec<_> = (from + 1..=newest(&bot.bot).await).collect();
    assert_eq!(ids(&heard), all, "nothing is lost, and nothing comes twice");
    let mut foreign = Stream::open(&door, "?kinds=tool_unlocked,member", &format!("{lines}Last-Event-ID: x\r\n")).await;
    tell(&bot.bot, vec![news(guild, "level_up", json!({}), &house), news(guild, LAST, json!({}), &house)]).await;
    assert_eq!(
        ids(&foreign.until_the_last().await),
        [newest(&bot.bot).await],
        "an id that is not ours resumes nothing"
    );
    let wrong = Stream::open(&door, "?kinds=cases", &lines).await;
    assert_eq!(wrong.status, 422);
    bot.stop().await;
}

#[tokio::test]
async fn who_missed_more_than_is_kept_is_told_so() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, engine) = (house.inn.guild, &bot.bot);
    let lines = bearer(&key(engine, "k", "read", None, None).await);
    let many = (0..1_500).map(|_| news(guild, "level_up", json!({}), &house)).collect();
    tell(engine, many).await;
    tell_last(engine, &house, guild).await;
    let newest = newest(engine).await;
    let mut stream = Stream::open(&door, "?last_event_id=1&kinds=level_up,tool_unlocked", &lines).await;
    let missed = stream.next().await.unwrap();
    let to = missed.data["to"].as_i64().unwrap();
    assert_eq!((missed.kind.as_str(), &missed.data["from"]), ("missed", &json!(2)), "{missed:?}");
    assert!((newest - 1_064..=newest - 1_000).contains(&to), "{to} of {newest}");
    let heard = ids(&stream.until_the_last().await);
    assert_eq!(heard, (to + 1..=newest).collect::<Vec<_>>(), "everything that is kept");
    bot.stop().await;
}

/// A door whose limits are a story's own.
fn door_with(bot: &Bot, house: &House, change: impl FnOnce(&mut Limits)) -> OpenDoor {
    let mut limits = Limits::default();
    change(&mut limits);
    OpenDoor::with(bot, &house.config, limits)
}

type Socket = WebSocketStream<TcpStream>;

async fn connect(door: &OpenDoor, query: &str, lines: &str) -> Result<Socket, u16> {
    let stream = TcpStream::connect(door.addr).await.unwrap();
    connect_over(stream, door, query, lines).await
}

async fn connect_over(stream: TcpStream, door: &OpenDoor, query: &str, lines: &str) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/events/ws{query}", door.addr).into_client_request().unwrap();
    for (name, value) in lines.lines().filter_map(|line| line.split_once(": ")) {
        let name: axum::http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    match timeout(PATIENCE, client_async(request, stream)).await.expect("an answer") {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next frame of text; none, or its code: the socket was closed.
async fn next_frame(socket: &mut Socket) -> Result<Value, Option<u16>> {
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("a frame") {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(close))) => return Err(close.map(|close| close.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(None),
        }
    }
}

#[tokio::test]
async fn a_socket_is_told_the_same_as_a_stream() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (guild, ada, engine) = (house.inn.guild, house.member(0), &bot.bot);
    let (reads, moderates) =
        (key(engine, "r", "read", None, None).await, key(engine, "m", "moderate", None, None).await);
    let from = newest(engine).await;
    warn(&house, ada).await;
    house.promises_kept().await;
    tell_last(engine, &house, guild).await;
    let last = format!("?last_event_id={from}");
    let mut stream = Stream::open(&door, &last, &bearer(&moderates)).await;
    let mut in_head = connect(&door, &last, &bearer(&moderates)).await.unwrap();
    let mut in_frame = connect(&door, &last, "").await.unwrap();
    let first = json!({"key": moderates}).to_string();
    in_frame.send(Message::text(first)).await.unwrap();
    for heard in stream.until_the_last().await {
        let frame = next_frame(&mut in_head).await.unwrap();
        assert_eq!(frame, next_frame(&mut in_frame).await.unwrap());
        assert_eq!((frame["id"].to_string(), frame["kind"].as_str()), (heard.id, Some(heard.kind.as_str())));
        let mut flat = frame["fields"].clone();
        (flat["guild_id"], flat["timestamp"]) = (frame["guild_id"].clone(), frame["timestamp"].clone());
        assert_eq!(flat, heard.data);
    }
    let mut reader = connect(&door, &last, &format!("X-API-Key: {reads}\r\n")).await.unwrap();
    assert_eq!(next_frame(&mut reader).await.unwrap()["kind"], LAST, "no case and no promise before it");
    bot.stop().await;
}

#[tokio::test]
async fn a_socket_without_a_key_is_closed() {
    let house = House::new().await;
    let bot = house.start().await;
    let door = door_with(&bot.bot, &house, |limits| limits.socket_key_wait = Duration::from_millis(50));
    let mut silent = connect(&door, "", "").await.unwrap();
    assert_eq!(next_frame(&mut silent).await, Err(Some(1_008)));
    let good = key(&bot.bot, "k", "read", None, None).await;
    let door = OpenDoor::of(&bot.bot, &house.config);
    for first in [
        Message::text(json!({"key": "ink_wrong"}).to_string()),
        Message::text(json!({"key": good, "more": 1}).to_string()),
        Message::text("hello"),
        Message::binary(json!({"key": good}).to_string()),
    ] {
        let mut socket = connect(&door, "", "").await.unwrap();
        socket.send(first.clone()).await.unwrap();
        assert_eq!(next_frame(&mut socket).await, Err(Some(1_008)), "{first}");
    }
    assert_eq!(connect(&door, "", &bearer("ink_wrong")).await.err(), Some(401));
    assert_eq!(connect(&door, "?kinds=nothing", &bearer(&good)).await.err(), Some(422));
    let mut loud = connect(&door, "", &bearer(&good)).await.unwrap();
    // It may be closed while it still sends.
    let _ = loud.send(Message::text("x".repeat(64 * 1024 + 1))).await;
    assert!(next_frame(&mut loud).await.is_err(), "nobody says that much");
    bot.stop().await;
}

#[tokio::test]
async fn a_page_of_somebody_elses_opens_no_socket_with_our_cookie() {
    let mut house = House::new().await;
    house.config.http.cors_origins = vec!["https://dashboard.example".to_owned()];
    let (bot, door) = open(&house).await;
    let cookie = format!("Cookie: {}\r\n", sign_in(&house, &door, house.member(0)).await.cookie.unwrap());
    let ours = format!("{cookie}Origin: http://{}\r\n", door.addr);
    tell_last(&bot.bot, &house, house.inn.guild).await;
    for lines in [&ours, &cookie] {
        let mut socket = connect(&door, "?last_event_id=0&kinds=tool_unlocked", lines).await.unwrap();
        assert_eq!(next_frame(&mut socket).await.unwrap()["kind"], LAST);
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let lines = format!("{cookie}Origin: {origin}\r\n");
        assert_eq!(connect(&door, "", &lines).await.err(), Some(403), "{origin}");
    }
    let allowed = format!("{cookie}Origin: https://dashboard.example\r\n");
    let mut socket = connect(&door, "?last_event_id=0&kinds=tool_unlocked", &allowed).await.unwrap();
    socket.send(Message::text("{}")).await.unwrap();
    assert_eq!(next_frame(&mut socket).await, Err(Some(1_008)), "the cookie is nothing there, a key is needed");
    bot.stop().await;
}

#[tokio::test]
async fn who_may_not_listen_any_more_is_cut_off() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let cookie = sign_in(&house, &door, house.member(0)).await.cookie.unwrap();
    let door = door_with(&bot.bot, &house, |limits| limits.listener_check_every = Duration::from_millis(20));
    let (engine, now) = (&bot.bot, house.clock.now());
    let (gone, stays) = (key(engine, "gone", "read", None, None).await, key(engine, "stays", "read", None, None).await);
    let mut stream = Stream::open(&door, "?kinds=case,tool_unlocked", &bearer(&gone)).await;
    let mut socket = connect(&door, "", &bearer(&gone)).await.unwrap();
    let mut browser = Stream::open(&door, "?kinds=case,tool_unlocked", &format!("Cookie: {cookie}\r\n")).await;
    let mut other = Stream::open(&door, "?kinds=case,tool_unlocked", &bearer(&stays)).await;
    engine.store().write(move |tx| access::revoke_key(tx, "gone", None, now)).await.unwrap();
    assert_eq!(stream.next().await, None);
    assert_eq!(next_frame(&mut socket).await, Err(Some(1_008)));
    engine.sign_out(cookie.split_once('=').unwrap().1).await.unwrap();
    assert_eq!(browser.next().await, None);
    tell_last(engine, &house, house.inn.guild).await;
    assert_eq!(other.until_the_last().await.len(), 1, "the others go on");
    assert_eq!(Stream::open(&door, "", &bearer(&gone)).await.status, 401);
    bot.stop().await;
}

/// A connection that takes little in advance.
async fn narrow(door: &OpenDoor) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(door.addr).await.unwrap()
}

#[tokio::test]
async fn who_reads_nothing_is_cut_off_while_others_go_on() {
    let house = House::new().await;
    let bot = house.start().await;
    let (guild, engine) = (house.inn.guild, &bot.bot);
    let door = door_with(engine, &house, |limits| {
        (limits.watchers, limits.write_stall) = (3, Duration::from_secs(1));
    });
    let lines = bearer(&key(engine, "k", "read", None, None).await);
    let from = newest(engine).await;
    let slow_stream = Stream::over(narrow(&door).await, &door, "?kinds=level_up", &lines).await;
    let slow_socket = connect_over(narrow(&door).await, &door, "", &lines).await.unwrap();
    let mut quick = Stream::open(&door, "?kinds=level_up,tool_unlocked", &lines).await;
    assert_eq!(Stream::open(&door, "", &lines).await.status, 503, "all places are taken");
    // More than all the buffers between the two of us hold.
    let large = json!({"username": "x".repeat(16 * 1024)});
    let telling = async {
        for _ in 0..90 {
            tell(engine, (0..10).map(|_| news(guild, "level_up", large.clone(), &house)).collect()).await;
        }
        tell_last(engine, &house, guild).await;
    };
    let ((), heard) = tokio::join!(telling, quick.until_the_last());
    assert_eq!(ids(&heard), (from + 1..=newest(engine).await).collect::<Vec<_>>());
    let mut places = Vec::new();
    let freed = async {
        while places.len() < 2 {
            let stream = Stream::open(&door, "?kinds=case", &lines).await;
            places.extend((stream.status == 200).then_some(stream));
        }
    };
    timeout(PATIENCE, freed).await.expect("both places are free again");
    tell_last(engine, &house, guild).await;
    assert_eq!(quick.until_the_last().await.len(), 1, "the quick one goes on");
    drop((slow_stream, slow_socket));
    bot.stop().await;
}

#[tokio::test]
async fn a_socket_at_which_nobody_answers_is_closed() {
    let house = House::new().await;
    let bot = house.start().await;
    let engine = &bot.bot;
    let door = door_with(engine, &house, |limits| {
        (limits.socket_ping_every, limits.socket_silence) = (Duration::from_millis(50), Duration::from_secs(2));
    });
    let key = key(engine, "k", "read", None, None).await;
    let mut answers = connect(&door, "", &bearer(&key)).await.unwrap();
    let mut silent = TcpStream::connect(door.addr).await.unwrap();
    let head = format!(
        "GET /events/ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
        door.addr,
        bearer(&key)
    );
    silent.write_all(head.as_bytes()).await.unwrap();
    let mut told = Vec::new();
    let last = tokio::select! {
        read = timeout(PATIENCE, silent.read_to_end(&mut told)) => read.expect("it is closed"),
        frame = next_frame(&mut answers) => panic!("who answers stays: {frame:?}"),
    };
    assert!(last.is_ok() && told.starts_with(b"HTTP/1.1 101"), "{last:?}");
    tell_last(engine, &house, house.inn.guild).await;
    assert_eq!(next_frame(&mut answers).await.unwrap()["kind"], LAST);
    bot.stop().await;
}

#[tokio::test]
async fn a_key_has_so_many_sockets_and_no_more() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (one, two) = (key(&bot.bot, "1", "read", None, None).await, key(&bot.bot, "2", "read", None, None).await);
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(connect(&door, "", &bearer(&one)).await.unwrap());
    }
    assert_eq!(connect(&door, "", &bearer(&one)).await.err(), Some(503));
    let mut late = connect(&door, "", "").await.unwrap();
    late.send(Message::text(json!({"key": one}).to_string())).await.unwrap();
    assert_eq!(next_frame(&mut late).await, Err(Some(1_013)));
    let neighbour = connect(&door, "", &bearer(&two)).await;
    assert!(neighbour.is_ok(), "another key has its own");
    held.pop();
    let again = async { while connect(&door, "", &bearer(&one)).await.is_err() {} };
    timeout(PATIENCE, again).await.expect("a place is free again");
    bot.stop().await;
}

#[tokio::test]
async fn what_is_not_kept_leaves_a_listener_where_they_are() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let (engine, guild) = (&bot.bot, house.inn.guild);
    let lines = bearer(&key(engine, "k", "read", None, None).await);
    let mut stream = Stream::open(&door, "?kinds=kudos,presence", &lines).await;
    let mut socket = connect(&door, "?kinds=kudos,presence", &lines).await.unwrap();
    tell(engine, vec![news(guild, "kudos", json!({}), &house)]).await;
    let first = stream.next_news().await.unwrap();
    let live = Happening { id: happenings::LIVE, ..news(guild, "presence", json!({"status": "dnd"}), &house) };
    engine.happenings().tell(live);
    let second = stream.next_news().await.unwrap();
    assert_eq!((second.kind.as_str(), &second.id), ("presence", &first.id));
    tell(engine, vec![news(guild, "kudos", json!({}), &house)]).await;
    let third = stream.next_news().await.unwrap();
    assert_eq!(third.id.parse::<i64>().unwrap(), first.id.parse::<i64>().unwrap() + 1);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(next_frame(&mut socket).await.unwrap()["id"].clone());
    }
    assert_eq!(ids[1], Value::Null, "{ids:?}");
    bot.stop().await;
}
