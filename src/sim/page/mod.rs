//! The simulation's own page: be one of its members, read along, write, use commands.
//!
//! Rendered here, refreshed by a small script, usable without it. It shows the world and does what people do; it does
//! not know the bot.

mod html;
mod list;
mod markdown;
mod menu;
mod messages;
mod oauth;
mod view;

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::model::{ChannelId, GuildId, MessageId, UserId};

use super::shared::SharedWorld;
use super::world::state::{Guild, channel_kind};
use super::world::{Impossible, SayOptions, VoiceFlags, World};
use html::percent;

/// No script but ours, nothing from elsewhere. Styles may be inline: they carry colours that are numbers.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Who one is and where one looks, as the address says it.
#[derive(Debug, Default, Deserialize)]
struct Wish {
    /// An id, a mention or a name.
    #[serde(default)]
    member: String,
    #[serde(default)]
    channel: String,
    /// What the line begins with.
    #[serde(default)]
    text: String,
    /// What went wrong before.
    #[serde(default)]
    trouble: String,
    /// The version of the messages that the browser shows.
    #[serde(default)]
    seen: String,
    /// The interaction that was answered with a form.
    #[serde(default)]
    form: String,
}

/// Who one is and where one looks.
#[derive(Debug, Clone, Copy)]
struct Seat {
    guild: GuildId,
    member: UserId,
    channel: ChannelId,
}

impl Seat {
    fn address(self) -> String {
        format!("/?member={}&channel={}", self.member, self.channel)
    }
}

/// The routes of the page.
pub(super) fn routes(world: SharedWorld) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/messages", get(newest))
        .route("/say", post(say))
        .route("/voice", post(voice))
        .route("/press", post(press))
        .route("/select", post(list::select))
        .route("/choose", post(menu::choose))
        .route("/submit", post(menu::submit))
        .route("/oauth2/authorize", get(oauth::ask))
        .route("/attachments/{channel}/{id}/{name}", get(attachment))
        .route("/page.css", get(|| asset("text/css; charset=utf-8", include_str!("page.css"))))
        .route("/page.js", get(|| asset("text/javascript; charset=utf-8", include_str!("page.js"))))
        .with_state(world)
}

async fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text)
}

async fn index(State(world): State<SharedWorld>, Query(wish): Query<Wish>) -> Response {
    let world = world.lock();
    match take_seat(&world, &wish) {
        Ok((seat, trouble)) => {
            let trouble = if wish.trouble.is_empty() { trouble } else { wish.trouble.clone() };
            page(StatusCode::OK, view::page(&world, seat, &wish.text, &trouble, &wish.form))
        }
        Err(trouble) => page(StatusCode::OK, view::nothing(&trouble.0)),
    }
}

fn page(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}

/// The messages alone, unless the browser shows them already.
async fn newest(State(world): State<SharedWorld>, Query(wish): Query<Wish>) -> Response {
    let world = world.lock();
    let Ok((seat, _)) = take_seat(&world, &wish) else { return StatusCode::NOT_FOUND.into_response() };
    let list = messages::list(&world, seat);
    let version = messages::version(&list);
    if version == wish.seen {
        return StatusCode::NO_CONTENT.into_response();
    }
    let mut answer = page(StatusCode::OK, list.into_string());
    if let Ok(version) = version.parse() {
        answer.headers_mut().insert("x-version", version);
    }
    answer
}

#[derive(Deserialize)]
struct Line {
    member: String,
    channel: String,
    #[serde(default)]
    text: String,
}

async fn say(State(world): State<SharedWorld>, headers: HeaderMap, Form(line): Form<Line>) -> Response {
    if is_foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut world = world.lock();
    let wish = Wish { member: line.member, channel: line.channel, ..Wish::default() };
    let seat = match take_seat(&world, &wish) {
        Ok((seat, _)) => seat,
        Err(trouble) => return (StatusCode::NOT_FOUND, trouble.0).into_response(),
    };
    let text = line.text.trim();
    let done = if text == "/bump" && !world.has_command(seat.channel, "bump") {
        world.bump(seat.channel, seat.member).map(|_| ())
    } else if text.starts_with('/') {
        world.type_slash(seat.channel, seat.member, text).map(|_| ())
    } else {
        world.say(seat.channel, seat.member, text, SayOptions::default()).map(|_| ())
    };
    after(seat, &headers, done, text)
}

#[derive(Deserialize)]
struct Move {
    member: String,
    channel: String,
    /// The voice channel; empty leaves.
    #[serde(default)]
    to: String,
}

async fn voice(State(world): State<SharedWorld>, headers: HeaderMap, Form(wanted): Form<Move>) -> Response {
    if is_foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut world = world.lock();
    let wish = Wish { member: wanted.member, channel: wanted.channel, ..Wish::default() };
    match take_seat(&world, &wish) {
        Ok((seat, _)) => {
            let done = world.voice(seat.guild, seat.member, wanted.to.parse().ok(), VoiceFlags::default());
            after(seat, &headers, done, "")
        }
        Err(trouble) => (StatusCode::NOT_FOUND, trouble.0).into_response(),
    }
}

#[derive(Deserialize)]
struct Press {
    member: String,
    channel: String,
    message: String,
    /// The button's custom id.
    #[serde(default)]
    button: String,
}

async fn press(State(world): State<SharedWorld>, headers: HeaderMap, Form(pressed): Form<Press>) -> Response {
    if is_foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut world = world.lock();
    let wish = Wish { member: pressed.member, channel: pressed.channel, ..Wish::default() };
    let seat = match take_seat(&world, &wish) {
        Ok((seat, _)) => seat,
        Err(trouble) => return (StatusCode::NOT_FOUND, trouble.0).into_response(),
    };
    let done = match pressed.message.parse::<MessageId>() {
        Ok(message) => world.press(message, seat.member, &pressed.button).map(|_| ()),
        Err(_) => Impossible::because("there is no such message"),
    };
    after(seat, &headers, done, "")
}

/// Back to the page, or a word for the script.
fn after(seat: Seat, headers: &HeaderMap, done: Result<(), Impossible>, text: &str) -> Response {
    let is_script = headers.get(header::ACCEPT).is_some_and(|accept| accept == "text/plain");
    match done {
        Ok(()) if is_script => StatusCode::NO_CONTENT.into_response(),
        Err(trouble) if is_script => (StatusCode::UNPROCESSABLE_ENTITY, trouble.0).into_response(),
        Ok(()) => Redirect::to(&seat.address()).into_response(),
        Err(trouble) => {
            let back = format!("{}&trouble={}&text={}", seat.address(), percent(&trouble.0), percent(text));
            Redirect::to(&back).into_response()
        }
    }
}

/// Whether another site sends this form.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    text(header::ORIGIN).is_some_and(|origin| origin.split_once("://").is_none_or(|(_, from)| from != host))
}

async fn attachment(
    State(world): State<SharedWorld>,
    Path((channel, id, _name)): Path<(String, u64, String)>,
) -> Response {
    let world = world.lock();
    let channel = channel.parse().ok().and_then(|id| world.channel(id));
    let files = channel.into_iter().flat_map(|channel| &channel.messages).flat_map(|message| &message.attachments);
    let Some(file) = files.into_iter().find(|file| file.id == id) else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match file.content_type.as_deref() {
        Some("image/png") => "image/png",
        Some("image/jpeg") => "image/jpeg",
        Some("image/webp") => "image/webp",
        _ => "application/octet-stream",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, file.bytes.to_vec()).into_response()
}

/// Finds the member and the channel that the address means; if it means none, the owner in the first channel.
fn take_seat(world: &World, wish: &Wish) -> Result<(Seat, String), Impossible> {
    let asked = wish.channel.parse::<ChannelId>().ok().and_then(|id| world.channel(id));
    let guild = asked.and_then(|channel| channel.guild).and_then(|id| world.guild(id)).or(world.guilds().next());
    let guild = guild.ok_or_else(|| Impossible("there is no guild yet".to_owned()))?;
    let (member, trouble) = match wish.member.trim() {
        "" => (guild.owner, String::new()),
        text => match world.find_user(guild.id, text) {
            Ok(user) => (user, String::new()),
            Err(trouble) => (guild.owner, trouble.0),
        },
    };
    let first = || first_channel(world, guild, member);
    let channel = asked.map(|channel| channel.id).or_else(first);
    let channel = channel.ok_or_else(|| Impossible("there is no channel yet".to_owned()))?;
    Ok((Seat { guild: guild.id, member, channel }, trouble))
}

fn first_channel(world: &World, guild: &Guild, member: UserId) -> Option<ChannelId> {
    let readable = guild.channels.iter().filter_map(|id| world.channel(*id)).filter(|channel| {
        channel.kind == channel_kind::TEXT
            && world.permissions_in(member, channel) & super::world::permissions::VIEW_CHANNEL != 0
    });
    readable.map(|channel| channel.id).next()
}
