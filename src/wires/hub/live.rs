//! `/socket.io/`: Socket.IO 5 over Engine.IO 4, by WebSocket and long polling, for who wants to be told of levels and
//! tools as they are reached. The protocol is socketioxide's; who is let in, and what they hear, is ours.
//!
//! Sources: "Engine.IO protocol, version 4" and "Socket.IO protocol, version 5" of socket.io's documentation.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::sync::broadcast::error::RecvError;

use super::sessions::{Sessions, sid_of};
use super::users::uuid_of;
use super::{moment, spoken_for};
use crate::bot::Happening;
use crate::features::levels::tools;
use crate::http::api::App;
use crate::http::{Ear, Wired};
use crate::model::{GuildId, Result, UserId};
use crate::wires::fastapi::Fault;

pub const PATH: &str = "/socket.io";
/// A session that joins no namespace for this long ends.
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// A session that begins to change to a WebSocket has this long to do it.
const UPGRADE_WAIT: Duration = Duration::from_secs(10);
/// Packets that wait for a slow client; it misses what comes when so many wait.
const BEHIND_MAX: usize = 64;
/// What is read of a socket in one go; a client has next to nothing to say.
const READ_BYTES: usize = 1_024;
/// What a client is told of its new session is shorter.
const OPEN_BYTES_MAX: usize = 4_096;
const NO_SESSION: &str = "There is no such session.";
const NOT_OURS: &str = "This page is none of ours, so it is not told what happens here.";

/// A client, with the guild that it is told of.
struct Client {
    ear: Ear,
    guild: GuildId,
}

/// What it takes to let somebody in.
#[derive(Clone)]
struct Entrance {
    wired: Wired,
    polled: Arc<Sessions<Client>>,
}

/// The routes, and the task that tells clients what happens for as long as the door is open.
pub fn routes(wired: &Wired) -> Router {
    let limits = &wired.limits;
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .ping_interval(limits.session_ping_every)
        .ping_timeout(limits.session_silence)
        .upgrade_timeout(UPGRADE_WAIT)
        .connect_timeout(CONNECT_WAIT)
        .max_buffer_size(BEHIND_MAX)
        .max_payload(limits.body_bytes as u64)
        .ws_read_buffer_size(READ_BYTES)
        .ws_max_frame_size(limits.socket_frame_bytes)
        .ws_max_message_size(limits.socket_frame_bytes)
        .build_svc();
    io.ns("/", greet);
    tokio::spawn(tell(wired.clone(), io));
    let entrance = Entrance { wired: wired.clone(), polled: Arc::default() };
    Router::new().route_service(PATH, service).layer(from_fn_with_state(entrance, admit))
}

/// Who opens a session needs a place, which they hold for as long as it lasts: it goes with the session's first
/// request, which the session keeps. Every request has to come from a page that may, and to show what the first one of
/// its session did.
async fn admit(State(entrance): State<Entrance>, mut request: Request, next: Next) -> Response<Body> {
    let Entrance { wired, polled } = entrance;
    let query = request.uri().query().unwrap_or_default();
    let has = |part: &str| query.split('&').any(|pair| pair.starts_with(part));
    let sid = query.split('&').find_map(|pair| pair.strip_prefix("sid="));
    let (is_new, is_poll) = (sid.is_none(), has("transport=polling"));
    let print = polled.print(&wired.shown(request.headers()));
    if sid.is_some_and(|sid| polled.is_anothers(sid, print)) {
        return Fault::Said(StatusCode::BAD_REQUEST, NO_SESSION.to_owned()).into_response();
    }
    if !wired.is_welcome(request.headers()) {
        // As the hub's own server told it: a poll is wrong, a WebSocket forbidden.
        let status = if is_poll { StatusCode::BAD_REQUEST } else { StatusCode::FORBIDDEN };
        return Fault::Said(status, NOT_OURS.to_owned()).into_response();
    }
    if is_new && has("EIO=4") {
        let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied() else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let client = match wired.admit(peer, request.headers()).await {
            Ok(ear) => spoken_for(&wired.app, ear.home()).map(|guild| Client { ear, guild }),
            Err(problem) => Err(problem),
        };
        let client = match client {
            Ok(client) => Arc::new(client),
            Err(problem) => return Fault::Ours(problem).into_response(),
        };
        // What was shown is not kept with the session.
        wired.hide(request.headers_mut());
        request.extensions_mut().insert(client.clone());
        if is_poll {
            let (head, body) = next.run(request).await.into_parts();
            let open = to_bytes(body, OPEN_BYTES_MAX).await.unwrap_or_default();
            if let Some(sid) = sid_of(&open) {
                polled.begin(&sid, print, &client);
            }
            return Response::from_parts(head, Body::from(open));
        }
    }
    let mut stop = wired.stop.clone();
    let is_post = request.method() == Method::POST;
    tokio::select! {
        // The hub's own server says it in capitals.
        response = next.run(request) => match is_post && response.status() == StatusCode::OK {
            true => "OK".into_response(),
            false => response,
        },
        // A poll that waits for news would hold up the closing of the door.
        _ = stop.wait_for(|stop| *stop) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A client joined: it is told so after the acknowledgement, and answered when it pings.
async fn greet(socket: SocketRef) {
    let Some(client) = socket.req_parts().extensions.get::<Arc<Client>>() else { return };
    if client.ear.is_stranger() {
        socket.join(strangers_of(client.guild));
    }
    // Who takes nothing any more misses it.
    let _ = socket.emit("connection_established", &json!({ "sid": socket.id }));
    socket.on("ping", async |socket: SocketRef, Data(said): Data<Value>, ack: AckSender| {
        let _ = socket.emit("pong", &json!({ "timestamp": said["timestamp"] }));
        let _ = ack.send::<[u8; 0]>(&[]);
    });
}

/// The room of strangers who are told of this guild.
fn strangers_of(guild: GuildId) -> String {
    format!("strangers {guild}")
}

/// Tells clients what happens until the door closes. They are not told of that: who is told goodbye does not come back
/// by itself, and who loses the connection does.
async fn tell(wired: Wired, io: SocketIo) {
    let (app, mut stop) = (wired.app, wired.stop);
    let mut happens = app.bot().happenings().subscribe();
    loop {
        let happened = tokio::select! {
            happened = happens.recv() => happened,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match happened {
            Ok(happening) => match event_of(&app, &happening).await {
                Ok(Some(event)) => tell_of(&io, &happening, event).await,
                Ok(None) => {}
                Err(fault) => tracing::error!(%fault, "what happened could not be told over Socket.IO"),
            },
            // They are news: what they led to can be asked for.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// Tells each client that may know of it.
async fn tell_of(io: &SocketIo, happening: &Happening, (name, fields): (&str, Value)) {
    if happening.audience == crate::bot::Audience::Everybody {
        // Who is behind misses it; the others are told all the same.
        let _ = io.to(strangers_of(happening.guild)).emit(name, &fields).await;
    }
    for socket in io.sockets() {
        let Some(client) = socket.req_parts().extensions.get::<Arc<Client>>() else { continue };
        if !client.ear.is_good() {
            let _ = socket.disconnect();
        } else if !client.ear.is_stranger() && client.guild == happening.guild && client.ear.may_hear(happening) {
            let _ = socket.emit(name, &fields);
        }
    }
}

/// What clients are told of something, in the hub's words; most concerns none of them.
async fn event_of(app: &App, happening: &Happening) -> Result<Option<(&'static str, Value)>> {
    let text = |name: &str| happening.fields[name].as_str().unwrap_or_default().to_owned();
    let Ok(user) = text("user_id").parse::<UserId>() else { return Ok(None) };
    let (id, at) = (uuid_of(user), moment(happening.at));
    Ok(match happening.kind {
        "level_up" => {
            let level = |name: &str| happening.fields[name].as_u64().and_then(|level| u32::try_from(level).ok());
            let (Some(old), Some(new)) = (level("old_level"), level("new_level")) else { return Ok(None) };
            let available = app.bot().store().read(move |reader| tools::available_between(reader, old, new)).await?;
            let fields = json!({
                "user_id": id,
                "discord_id": user,
                "username": text("username"),
                "old_level": old,
                "new_level": new,
                "new_tier": app.bot().config().levels.tier_of(new),
                "unlocked_tools": available,
                "timestamp": at,
            });
            Some(("level_up", fields))
        }
        "tool_unlocked" => {
            let fields = json!({
                "user_id": id,
                "discord_id": user,
                "tool_id": text("tool_id"),
                "tool_name": text("tool_name"),
                "unlocked_at": at,
            });
            Some(("tool_unlocked", fields))
        }
        _ => None,
    })
}
