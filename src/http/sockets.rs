//! Live events over WebSocket: what happens, as JSON, for programs and browsers that we know.
//!
//! A program shows its key in a header or, where it cannot, in its first frame. Nothing else that a client says is
//! looked at: it only proves that somebody is there.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::Response;
use axum::http::header::{self, HeaderMap};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, interval_at, sleep_until, timeout};

use super::api::{App, Ask, Hearing, Problem, Usual, allowed_origin};
use super::feed::{Asked, Feed, Kinds, News, Seat};
use super::live::Live;
use super::who::Whence;
use crate::store::happenings::LIVE;

/// What is read of a socket in one go; a client has next to nothing to say.
const READ_BYTES: usize = 1_024;
const NOT_OURS: &str = "This page is none of ours, so it is not told what happens here.";
const TOO_MANY: &str = "Too many are listening.";
const NO_KEY: &str = "Show a key: in a header, or as the first frame, {\"key\": \"…\"}.";

/// What the first frame may be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    key: String,
}

/// Why a socket is closed: a code, and words.
type Ending = (u16, String);

/// What a socket was opened for.
struct Opened {
    live: Arc<Live>,
    app: App,
    seat: Seat,
    kinds: Kinds,
    last: Option<i64>,
    whence: Whence,
}

/// The same as `/events` over a WebSocket, for those whom we know: each frame is an event as JSON. A program that can
/// send no header shows its key in its first frame: `{"key": "…"}`.
#[utoipa::path(get, path = "/events/ws", tag = "Live", params(Asked),
    security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 101, description = "A WebSocket"),
    (status = 426, description = "This asks for no WebSocket", body = String, content_type = "text/plain"),
    Usual,
))]
pub(super) async fn listen(
    State(live): State<Arc<Live>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    asked: Ask<Asked>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let (mut parts, _) = request.into_parts();
    let app = live.app.clone().ok_or_else(|| Problem::not_found("page"))?;
    let whence = live.whence(peer, &parts.headers);
    let hearing = admit(&live, &app, &parts.headers, whence).await?;
    let asked = asked.read()?;
    let (kinds, last) = (asked.kinds()?, asked.last(&parts.headers));
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(wrong) => return Ok(wrong.into_response()),
    };
    let Some(seat) = live.seats.take().and_then(|seat| match &hearing {
        Some(hearing) => seat.of(hearing.who(), &live.seats),
        None => Some(seat),
    }) else {
        return Err(Problem::unavailable(TOO_MANY));
    };
    let bytes = live.limits.socket_frame_bytes;
    let upgrade = upgrade.read_buffer_size(READ_BYTES).max_frame_size(bytes).max_message_size(bytes);
    let opened = Opened { live, app, seat, kinds, last, whence };
    Ok(upgrade.on_upgrade(move |socket| converse(socket, opened, hearing)))
}

/// Who sends these headers, if they say so. Browsers tell which page opens a socket and send cookies along with it,
/// whichever that is: so a page of somebody else's is refused, and one that the owner allows has to show a key.
async fn admit(live: &Live, app: &App, headers: &HeaderMap, whence: Whence) -> Result<Option<Hearing>, Problem> {
    if !headers.contains_key(header::ORIGIN) || live.is_from_here(headers) {
        return Hearing::of(app, headers, whence).await;
    }
    if allowed_origin(app, headers).is_none() {
        return Err(Problem::forbidden(NOT_OURS));
    }
    let mut headers = headers.clone();
    headers.remove(header::COOKIE);
    Hearing::of(app, &headers, whence).await
}

async fn converse(mut socket: WebSocket, opened: Opened, hearing: Option<Hearing>) {
    let stall = opened.live.limits.write_stall;
    if let Some((code, words)) = tell_all(&mut socket, opened, hearing).await {
        let last = Message::Close(Some(CloseFrame { code, reason: words.into() }));
        // Whoever takes nothing any more is not waited for.
        let _ = timeout(stall, socket.send(last)).await;
    }
}

/// Tells what happens until one of us ends it. None: they are gone, or as good as that.
async fn tell_all(socket: &mut WebSocket, opened: Opened, hearing: Option<Hearing>) -> Option<Ending> {
    let Opened { live, app, seat, kinds, last, whence } = opened;
    let (hearing, _seat) = match hearing {
        Some(hearing) => (hearing, seat),
        None => match first_frame(socket, &live, &app, whence).await? {
            Ok(hearing) => match seat.of(hearing.who(), &live.seats) {
                Some(seat) => (hearing, seat),
                None => return Some((close_code::AGAIN, TOO_MANY.to_owned())),
            },
            Err(ending) => return Some(ending),
        },
    };
    let every = live.limits.listener_check_every;
    let mut feed = match Feed::open(app.bot(), hearing, kinds, last, every).await {
        Ok(feed) => feed,
        Err(problem) => return Some((close_code::AGAIN, problem.detail)),
    };
    let (limits, mut stop) = (&live.limits, live.stop.clone());
    let until = Instant::now() + limits.watch_life;
    let mut pings = interval_at(Instant::now() + limits.socket_ping_every, limits.socket_ping_every);
    let mut heard = Instant::now();
    loop {
        let message = tokio::select! {
            said = socket.recv() => match said {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {
                    heard = Instant::now();
                    continue;
                }
            },
            news = feed.next() => match news {
                Some(news) => Message::Text(frame(&news).to_string().into()),
                None => return Some((close_code::POLICY, "You may not listen any more, or are too slow.".to_owned())),
            },
            _ = pings.tick() => Message::Ping(Vec::new().into()),
            () = sleep_until(heard + limits.socket_silence) => return None,
            () = sleep_until(until) => return Some((close_code::AWAY, "Come again.".to_owned())),
            _ = stop.wait_for(|stop| *stop) => return Some((close_code::AWAY, "I close.".to_owned())),
        };
        timeout(limits.write_stall, socket.send(message)).await.ok()?.ok()?;
    }
}

/// Who shows a key in the first frame.
async fn first_frame(
    socket: &mut WebSocket,
    live: &Live,
    app: &App,
    whence: Whence,
) -> Option<Result<Hearing, Ending>> {
    let said = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                said => return said,
            }
        }
    };
    let first = match timeout(live.limits.socket_key_wait, said).await {
        Ok(Some(Ok(Message::Text(text)))) => serde_json::from_str::<First>(&text).ok(),
        Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return None,
        Ok(Some(Ok(_))) | Err(_) => None,
    };
    let Some(First { key }) = first else { return Some(Err((close_code::POLICY, NO_KEY.to_owned()))) };
    let found = Hearing::with_key(app, &key, whence).await;
    Some(found.map_err(|problem| (close_code::POLICY, problem.detail)))
}

fn frame(news: &News) -> Value {
    match news {
        News::Missed(from, to) => json!({"kind": "missed", "from": from, "to": to}),
        News::Happened(happening) => json!({
            // What is not kept has none.
            "id": (happening.id != LIVE).then_some(happening.id),
            "kind": happening.kind,
            "guild_id": happening.guild,
            "timestamp": happening.at.rfc3339(),
            "fields": happening.fields,
        }),
    }
}
