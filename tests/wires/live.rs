//! Socket.IO by raw packets: both transports, what is told to whom, and what a client may not do.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use innkeeper::config::Audience;
use innkeeper::http::Limits;
use innkeeper::store::access;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::{Client, key};
use crate::door::{OpenDoor, open};
use crate::house::{House, Running};

/// Far beyond what anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_millis(200);
/// After which a connection to Discord counts as gone.
const LONG_SILENCE: Duration = Duration::from_secs(300);
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

type Socket = WebSocketStream<TcpStream>;

/// A house whose board is for everybody, with other limits than usual.
async fn house_with(limits: Limits) -> (House, Running, OpenDoor) {
    let house = House::with(|config| {
        config.http.visibility.leaderboard = Audience::Public;
        config.http.cors_origins = vec!["http://localhost:5173".to_owned()];
    })
    .await;
    let bot = house.start().await;
    bot.settle(&house).await;
    let door = OpenDoor::with(&bot.bot, &house.config, limits);
    (house, bot, door)
}

/// A WebSocket with these headers, or the status of the refusal.
async fn dial(door: &OpenDoor, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let mut request = format!("ws://{}{path}", door.addr).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(door.addr).await.unwrap();
    match timeout(PATIENCE, client_async(request, stream)).await.expect("an answer") {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next packet; none: the socket was closed.
async fn packet(socket: &mut Socket) -> Option<String> {
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("a packet")? {
            Ok(Message::Text(text)) => return Some(text.to_string()),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// The same but pings, which are answered.
async fn next(socket: &mut Socket) -> Option<String> {
    loop {
        match packet(socket).await?.as_str() {
            "2" => drop(socket.send(Message::text("3")).await),
            other => return Some(other.to_owned()),
        }
    }
}

async fn say(socket: &mut Socket, packet: &str) {
    socket.send(Message::text(packet)).await.unwrap();
}

/// The event that a packet is.
fn event(packet: &str) -> (String, Value) {
    let event: (String, Value) =
        serde_json::from_str(packet.strip_prefix("42").unwrap_or_else(|| panic!("{packet}"))).unwrap();
    event
}

/// A socket that joined the namespace, and its id there.
async fn join(door: &OpenDoor, headers: &[(&'static str, &str)]) -> (Socket, Value) {
    let mut socket = dial(door, WEBSOCKET, headers).await.unwrap();
    assert!(next(&mut socket).await.unwrap().starts_with('0'));
    say(&mut socket, "40").await;
    let joined = next(&mut socket).await.unwrap();
    let sid = serde_json::from_str::<Value>(joined.strip_prefix("40").unwrap()).unwrap()["sid"].clone();
    let (name, told) = event(&next(&mut socket).await.unwrap());
    assert_eq!((name.as_str(), &told), ("connection_established", &json!({ "sid": sid })));
    (socket, sid)
}

/// A WebSocket as soon as one is let in.
async fn a_place(door: &OpenDoor) -> Socket {
    loop {
        if let Ok(socket) = dial(door, WEBSOCKET, &[]).await {
            return socket;
        }
    }
}

/// One request by hand: status and body.
async fn ask(door: &OpenDoor, method: &str, path: &str, lines: &str, body: &str) -> (u16, String) {
    let talk = async {
        let mut stream = TcpStream::connect(door.addr).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{lines}\r\n{body}",
            door.addr,
            body.len()
        );
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    };
    timeout(PATIENCE, talk).await.expect("an answer")
}

/// Begins a polling session: what it was told, and the path of its requests.
async fn poll_from(door: &OpenDoor, lines: &str) -> (Value, String) {
    let (status, body) = ask(door, "GET", POLLING, lines, "").await;
    assert_eq!(status, 200, "{body}");
    let opened: Value = serde_json::from_str(body.strip_prefix('0').unwrap()).unwrap();
    let path = format!("{POLLING}&sid={}", opened["sid"].as_str().unwrap());
    (opened, path)
}

#[tokio::test]
async fn a_websocket_is_greeted_pings_and_is_told_what_happens() {
    let (house, _bot, door) = house_with(Limits::default()).await;
    let mut socket = dial(&door, "/socket.io?EIO=4&transport=websocket", &[]).await.unwrap();
    let opened = next(&mut socket).await.unwrap();
    let opened: Value = serde_json::from_str(opened.strip_prefix('0').unwrap()).unwrap();
    assert_eq!(
        (&opened["upgrades"], &opened["pingInterval"], &opened["pingTimeout"]),
        (&json!([]), &json!(25_000), &json!(20_000))
    );
    assert!(opened["maxPayload"].as_u64().unwrap() >= 64 * 1024);
    let (mut socket, _) = join(&door, &[]).await;
    for (said, heard) in
        [(json!({"timestamp": 17}), json!(17)), (json!({"timestamp": "a"}), json!("a")), (json!({}), Value::Null)]
    {
        say(&mut socket, &format!("42{}", json!(["ping", said]))).await;
        assert_eq!(event(&next(&mut socket).await.unwrap()), ("pong".to_owned(), json!({ "timestamp": heard })));
    }
    // Who wants to know that it came is told so.
    say(&mut socket, r#"427["ping",{"timestamp":1}]"#).await;
    let both = [next(&mut socket).await.unwrap(), next(&mut socket).await.unwrap()];
    assert!(both.iter().any(|packet| packet == "437[]"), "{both:?}");
    // A level, and a tool that it brings.
    let member = house.member(0);
    for _ in 0..34 {
        house.say_later(member, "one more");
    }
    let (name, told) = event(&next(&mut socket).await.unwrap());
    assert_eq!((name.as_str(), &told["discord_id"]), ("level_up", &json!(member)));
    assert_eq!((&told["old_level"], &told["new_level"], &told["new_tier"]), (&json!(1), &json!(2), &json!("Basic")));
    assert_eq!((told.as_object().unwrap().len(), &told["unlocked_tools"]), (8, &json!([])));
    assert!(told["timestamp"].as_str().unwrap().ends_with("+00:00"));
    let user = Client::stranger(&door).get(&format!("/api/users/{member}")).await;
    assert_eq!((&user.json["id"], &user.json["username"]), (&told["user_id"], &told["username"]));
    house.slash(member, "tools", &[("claim", "Basic Chat".into())]).await;
    let (name, told) = event(&next(&mut socket).await.unwrap());
    assert_eq!(
        (name.as_str(), &told["tool_name"], &told["user_id"]),
        ("tool_unlocked", &json!("Basic Chat"), &user.json["id"])
    );
    assert_eq!(told.as_object().unwrap().len(), 5);
}

#[tokio::test]
async fn a_polling_client_is_told_the_same_and_changes_to_a_websocket() {
    let (house, _bot, door) = house_with(Limits::default()).await;
    let (opened, path) = poll_from(&door, "").await;
    assert_eq!(opened["upgrades"], json!(["websocket"]));
    let (status, said) = ask(&door, "POST", &path, "Content-Type: text/plain;charset=UTF-8\r\n", "40").await;
    assert_eq!((status, said.as_str()), (200, "OK"));
    let mut packets = Vec::new();
    while packets.len() < 2 {
        let (status, body) = ask(&door, "GET", &path, "", "").await;
        assert_eq!(status, 200);
        packets.extend(body.split('\u{1e}').filter(|packet| *packet != "2").map(str::to_owned));
    }
    assert!(packets[0].starts_with("40{\"sid\":"), "{packets:?}");
    assert_eq!(event(&packets[1]).0, "connection_established");
    // Several packets in one request.
    let two = "42[\"ping\",{\"timestamp\":1}]\u{1e}42[\"ping\",{\"timestamp\":2}]";
    assert_eq!(ask(&door, "POST", &path, "", two).await.0, 200);
    let mut pongs = Vec::new();
    while pongs.len() < 2 {
        let (_, body) = ask(&door, "GET", &path, "", "").await;
        pongs.extend(body.split('\u{1e}').filter(|packet| *packet != "2").map(event));
    }
    pongs.sort_by_key(|(_, told)| told["timestamp"].as_i64());
    assert_eq!(pongs[1], ("pong".to_owned(), json!({"timestamp": 2})));
    // A poll waits for news, and a WebSocket takes over: probe, answer, change.
    let sid = opened["sid"].as_str().unwrap();
    let mut socket = dial(&door, &format!("{WEBSOCKET}&sid={sid}"), &[]).await.unwrap();
    say(&mut socket, "2probe").await;
    assert_eq!(next(&mut socket).await.unwrap(), "3probe");
    say(&mut socket, "5").await;
    house.sim.until(|_| Some(())).await;
    say(&mut socket, "42[\"ping\",{\"timestamp\":3}]").await;
    loop {
        let packet = next(&mut socket).await.unwrap();
        if packet != "6" {
            assert_eq!(event(&packet), ("pong".to_owned(), json!({"timestamp": 3})));
            break;
        }
    }
    // From now on it is no session of polls, and of one WebSocket alone.
    assert_eq!(ask(&door, "GET", &path, "", "").await.0, 400);
    assert_eq!(ask(&door, "POST", &path, "", "2").await.0, 400);
    let mut second = dial(&door, &format!("{WEBSOCKET}&sid={sid}"), &[]).await.unwrap();
    let _ = second.send(Message::text("2probe")).await;
    assert_eq!(next(&mut second).await, None, "another's session is not taken over");
    say(&mut socket, "42[\"ping\",{\"timestamp\":4}]").await;
    assert_eq!(event(&next(&mut socket).await.unwrap()).1, json!({"timestamp": 4}), "and it goes on");
}

#[tokio::test]
async fn what_is_no_request_of_a_session_is_refused() {
    let (_house, _bot, door) = house_with(Limits::default()).await;
    for query in [
        "",
        "?EIO=4",
        "?transport=polling",
        "?EIO=3&transport=polling",
        "?EIO=5&transport=polling",
        "?EIO=four&transport=polling",
        "?EIO=4&transport=pigeon",
        "?EIO=4&transport=polling&sid=unknown",
        "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA",
        "?EIO=4&transport=websocket",
    ] {
        assert_eq!(ask(&door, "GET", &format!("/socket.io/{query}"), "", "").await.0, 400, "{query}");
    }
    for query in ["?EIO=4&transport=polling", "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA"] {
        assert_eq!(ask(&door, "POST", &format!("/socket.io/{query}"), "", "2").await.0, 400, "{query}");
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        assert_eq!(ask(&door, method, POLLING, "", "").await.0, 400, "{method}");
    }
    let (_, path) = poll_from(&door, "").await;
    assert_eq!(ask(&door, "POST", &path, "", "nonsense").await.0, 400);
    assert_eq!(ask(&door, "GET", &path, "", "").await.0, 400, "and its session has ended");
    let (_, path) = poll_from(&door, "").await;
    let huge = "4".repeat(Limits::default().body_bytes + 1);
    assert_eq!(ask(&door, "POST", &path, "", &huge).await.0, 413);
    // Two polls at once are one too many, and end it.
    let (_, path) = poll_from(&door, "").await;
    assert_eq!(ask(&door, "GET", &path, "", "").await, (200, "2".to_owned()));
    let (one, two) = tokio::join!(ask(&door, "GET", &path, "", ""), ask(&door, "GET", &path, "", ""));
    assert!([one.0, two.0].contains(&400), "{one:?} {two:?}");
}

#[tokio::test]
async fn a_session_is_no_use_to_who_shows_something_else() {
    let (house, bot, door) = house_with(Limits::default()).await;
    let text = key(&bot.bot, "hub", "read", Some(house.inn.guild), None).await;
    let own = format!("X-API-Key: {text}\r\n");
    let (_, path) = poll_from(&door, &own).await;
    for other in ["", "X-API-Key: ink_wrong\r\n", "Authorization: Bearer x\r\n"] {
        assert_eq!(ask(&door, "GET", &path, other, "").await.0, 400, "{other}");
        assert_eq!(ask(&door, "POST", &path, other, "40").await.0, 400, "{other}");
    }
    let upgrade = path.replace("polling", "websocket");
    assert_eq!(dial(&door, &upgrade, &[]).await.unwrap_err(), 400);
    // It goes on for whose it is, whatever other cookies there are.
    let own = format!("{own}Cookie: a=b\r\n");
    assert_eq!(ask(&door, "POST", &path, &own, "40").await.0, 200);
    let mut heard = String::new();
    while !heard.contains("connection_established") {
        let (status, packets) = ask(&door, "GET", &path, &own, "").await;
        assert_eq!(status, 200);
        heard.push_str(&packets);
    }
    assert!(dial(&door, &upgrade, &[("x-api-key", &text)]).await.is_ok());
}

#[tokio::test]
async fn garbage_and_huge_frames_cost_their_own_socket() {
    let (_house, _bot, door) = house_with(Limits::default()).await;
    let (mut other, _) = join(&door, &[]).await;
    let limit = Limits::default().socket_frame_bytes;
    for garbage in [
        Message::text("x"),
        Message::text("0"),
        Message::text("9"),
        Message::text("4"),
        Message::text("42["),
        Message::text("4999999999999999999999[]"),
        Message::text("4\u{0}"),
        Message::text("451-[\"ping\",{\"_placeholder\":true,\"num\":9}]"),
        Message::binary(vec![0_u8; 64]),
        Message::text("4".repeat(limit + 1)),
        Message::binary(vec![4_u8; limit + 1]),
    ] {
        let (mut socket, _) = join(&door, &[]).await;
        socket.send(garbage.clone()).await.unwrap();
        let _ = socket.send(Message::text("1")).await;
        while next(&mut socket).await.is_some() {}
    }
    say(&mut other, "42[\"ping\",{\"timestamp\":1}]").await;
    assert_eq!(event(&next(&mut other).await.unwrap()).0, "pong");
}

#[tokio::test]
async fn sessions_that_nobody_keeps_end_and_their_places_are_free_again() {
    let limits =
        Limits { session_ping_every: SOON, session_silence: SOON, listeners_per_caller: 3, ..Limits::default() };
    let (_house, _bot, door) = house_with(limits).await;
    // One address holds so many sessions and no more, polled or not.
    let mut paths = Vec::new();
    for _ in 0..3 {
        paths.push(poll_from(&door, "").await.1);
    }
    assert_eq!(ask(&door, "GET", POLLING, "", "").await.0, 503);
    assert_eq!(dial(&door, WEBSOCKET, &[]).await.unwrap_err(), 503);
    // Never polled again, they end, and others come in.
    timeout(PATIENCE, a_place(&door)).await.expect("a place");
    timeout(PATIENCE, async { while ask(&door, "GET", &paths[0], "", "").await.0 != 400 {} }).await.expect("an end");
    // A WebSocket that answers no ping is closed.
    let mut silent = timeout(PATIENCE, a_place(&door)).await.expect("a place");
    say(&mut silent, "40").await;
    while packet(&mut silent).await.is_some() {}
}

#[tokio::test]
async fn a_key_that_is_over_holds_no_place() {
    let limits = Limits { listener_check_every: SOON, watchers: 1, ..Limits::default() };
    let (house, bot, door) = house_with(limits).await;
    let text = key(&bot.bot, "hub", "read", Some(house.inn.guild), None).await;
    let (_listening, _) = join(&door, &[("x-api-key", &text)]).await;
    assert_eq!(dial(&door, WEBSOCKET, &[]).await.unwrap_err(), 503, "there is but one place");
    let now = bot.bot.clock().now();
    bot.bot.store().write(move |tx| access::revoke_key(tx, "hub", None, now)).await.unwrap();
    timeout(PATIENCE, a_place(&door)).await.expect("a place");
}

#[tokio::test]
async fn pages_of_other_origins_are_let_in_where_the_owner_names_them() {
    let (_house, _bot, door) = house_with(Limits::default()).await;
    let own = format!("http://{}", door.addr);
    for (origin, fine) in
        [(own.as_str(), true), ("http://localhost:5173", true), ("http://localhost:3000", false), ("null", false)]
    {
        let polled = ask(&door, "GET", POLLING, &format!("Origin: {origin}\r\n"), "").await.0;
        let dialled = dial(&door, WEBSOCKET, &[("origin", origin)]).await.map(drop);
        let expected = if fine { (200, Ok(())) } else { (400, Err(403)) };
        assert_eq!((polled, dialled), expected, "{origin}");
    }
    let preflight = Client::stranger(&door).and("Origin: http://localhost:5173").send("OPTIONS", POLLING, None).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-credentials")), (204, Some("true")));
}

#[tokio::test]
async fn strangers_hear_what_is_for_everybody_and_keys_what_is_for_members() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    assert_eq!(dial(&door, WEBSOCKET, &[]).await.unwrap_err(), 401, "the board is for members");
    assert_eq!(dial(&door, WEBSOCKET, &[("x-api-key", "ink_wrong")]).await.unwrap_err(), 401);
    let text = key(&bot.bot, "hub", "read", Some(house.inn.guild), None).await;
    let others = key(&bot.bot, "others", "read", Some(innkeeper::model::GuildId::new(77).unwrap()), None).await;
    let (mut by_header, _) = join(&door, &[("x-api-key", &text)]).await;
    let mut by_path = dial(&door, &format!("/k/{text}{WEBSOCKET}"), &[]).await.unwrap();
    next(&mut by_path).await.unwrap();
    say(&mut by_path, "40").await;
    let (mut foreign, _) = join(&door, &[("x-api-key", &others)]).await;
    let member = house.member(0);
    house.slash(member, "privacy", &[("board", "off".into())]).await;
    house.slash(member, "tools", &[("claim", "Basic Chat".into())]).await;
    assert_eq!(event(&next(&mut by_header).await.unwrap()).0, "tool_unlocked");
    for packet in ["40{", "42[\"connection_established\"", "42[\"tool_unlocked\""] {
        assert!(next(&mut by_path).await.unwrap().starts_with(packet), "{packet}");
    }
    say(&mut foreign, "42[\"ping\",{\"timestamp\":1}]").await;
    assert_eq!(event(&next(&mut foreign).await.unwrap()).0, "pong", "another guild's key hears nothing of it");
    // On the open board of another house, the same is no news for strangers.
    let (house, _bot, door) = house_with(Limits::default()).await;
    let (mut stranger, _) = join(&door, &[]).await;
    house.slash(house.member(0), "privacy", &[("board", "off".into())]).await;
    house.slash(house.member(0), "tools", &[("claim", "Basic Chat".into())]).await;
    house.slash(house.member(1), "tools", &[("claim", "Basic Chat".into())]).await;
    let (_, told) = event(&next(&mut stranger).await.unwrap());
    assert_eq!(told["discord_id"], json!(house.member(1)));
}

#[tokio::test]
async fn the_house_says_that_it_is_healthy_while_it_is() {
    let (house, _bot, door) = house_with(Limits::default()).await;
    for path in ["/health", "/health/"] {
        let said = Client::stranger(&door).get(path).await;
        let well = json!({"status": "healthy", "database": "connected", "socketio": "running"});
        assert_eq!((said.status, said.json), (200, well));
    }
    house.clock.advance(LONG_SILENCE);
    let said = Client::stranger(&door).get("/health").await;
    let ill = json!({"status": "unhealthy", "database": "connected", "socketio": "running"});
    assert_eq!((said.status, said.json), (503, ill), "Discord has been silent for too long");
}
