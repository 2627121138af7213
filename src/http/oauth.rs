//! Signing in by Discord's page: where a browser begins, where it comes back to, and in which words it is told how that
//! ended. What is true of whoever comes back, the engine decides.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::{Html, IntoResponse};
use serde::Deserialize;

use super::gate;
use super::pages::Pages;
use super::visitors::{Desk, failed, held_down, to};
use super::who;
use crate::bot::{CameBack, SignInEnded};
use crate::model::Secret;
use crate::status::page;

/// RFC 6749, section 4.1.2.1: the person said no.
const DENIED: &str = "access_denied";
pub(super) const BY_LINK: &str =
    "Type /login in your server on Discord: only you see the answer, a link that signs this browser in.";
const OR_BY_LINK: &str =
    "Or type /login in your server on Discord: only you see the answer, a link that signs this browser in.";
const NOT_SET_UP: &str = "Signing in by Discord's page is not set up here. Type /login in your server on Discord: only \
    you see the answer, a link that signs this browser in.";
const SAID_NO: &str = "You told Discord no, so nobody is signed in.";
const OVER: &str = "This was used already, is older than ten minutes, or I was started anew meanwhile. Begin again.";
const FOREIGN: &str =
    "This was not begun in this browser, or it keeps no cookies of mine. So nobody is signed in here.";
const REFUSED: &str = "Discord does not vouch for what this browser brought back, so nobody is signed in. Begin again.";
const UNKNOWN: &str =
    "Discord does not accept what I show for myself, so nobody is signed in. The status page tells my owner.";
const SILENT: &str = "Discord does not answer at the moment, so nobody is signed in. Begin again in a while.";
const TOO_MANY: &str = "Too many came back from Discord to where you are. Wait a little.";

/// What Discord adds to the address that it sends a browser back to.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    state: Option<Secret>,
    #[serde(default)]
    code: Option<Secret>,
    #[serde(default)]
    error: Option<String>,
}

/// `GET /login`, where Discord's page is one of two ways.
pub(super) fn ways(headers: &HeaderMap, begin: &str) -> Response<Body> {
    again(
        headers,
        StatusCode::OK,
        "Signing in",
        "Discord asks whether I may know who you are, and nothing else.",
        begin,
    )
}

/// `GET /login/discord`: on to Discord.
pub(super) async fn begin(
    State((pages, _)): Desk,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response<Body> {
    let client = who::client(peer.ip(), &headers, &pages.trusted_proxies);
    let Some(begun) = pages.bot.as_ref().and_then(|bot| bot.begin_sign_in(who::network(client))) else {
        return not_set_up(&headers);
    };
    let mut url = HeaderValue::from_str(begun.url.reveal()).unwrap_or(HeaderValue::from_static("/login"));
    url.set_sensitive(true);
    let head = [(header::LOCATION, url), (header::SET_COOKIE, pages.pending.set(begun.cookie.reveal()))];
    (StatusCode::SEE_OTHER, head).into_response()
}

/// `GET /login/discord/callback`: back from Discord. Whoever comes back costs a guess, so that nobody has us ask
/// Discord without end.
pub(super) async fn come_back(
    State((pages, guesses)): Desk,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    back: Result<Query<Back>, QueryRejection>,
) -> Response<Body> {
    let Some((bot, begin)) = pages.bot.as_ref().and_then(|bot| Some((bot, bot.sign_in_url()?))) else {
        return not_set_up(&headers);
    };
    if let Err(wait) = guesses.wrong(who::client(peer.ip(), &headers, &pages.trusted_proxies)) {
        return held_down(&headers, wait, TOO_MANY);
    }
    let Ok(Query(Back { state: Some(state), code, error })) = back else {
        return again(&headers, StatusCode::BAD_REQUEST, "Not signed in", OVER, &begin);
    };
    let cookie = pages.pending.read(&headers).map(Secret::new);
    let denied = error.as_deref() == Some(DENIED);
    match bot.end_sign_in(CameBack { state, code, denied, cookie }).await {
        Ok(ended) => answer(&pages, &headers, ended, &begin),
        Err(error) => failed(&error, &headers),
    }
}

fn answer(pages: &Pages, headers: &HeaderMap, ended: SignInEnded, begin: &str) -> Response<Body> {
    let over = [(header::SET_COOKIE, pages.pending.clear())];
    let not = |status, words: &str| again(headers, status, "Not signed in", words, begin);
    let told = match ended {
        SignInEnded::In(cookie) => {
            let mut response = (over, to("/")).into_response();
            response.headers_mut().append(header::SET_COOKIE, pages.cookie.set(cookie.reveal()));
            return response;
        }
        SignInEnded::Which(guilds) => Html(page::which_guild(&guilds)).into_response(),
        // What another browser began is its own to end.
        SignInEnded::Foreign => return not(StatusCode::FORBIDDEN, FOREIGN),
        SignInEnded::Over => return not(StatusCode::BAD_REQUEST, OVER),
        SignInEnded::Denied => not(StatusCode::FORBIDDEN, SAID_NO),
        SignInEnded::InNoGuild(name) => {
            let name = page::plain(&name);
            let words =
                format!("You are {name} on Discord, but in no server that I look after. So you are not signed in.");
            not(StatusCode::FORBIDDEN, &words)
        }
        SignInEnded::Refused => not(StatusCode::BAD_REQUEST, REFUSED),
        SignInEnded::Unknown => not(StatusCode::BAD_GATEWAY, UNKNOWN),
        SignInEnded::Silent => not(StatusCode::BAD_GATEWAY, SILENT),
    };
    (over, told).into_response()
}

fn not_set_up(headers: &HeaderMap) -> Response<Body> {
    gate::notice(headers, StatusCode::NOT_FOUND, "Not set up", NOT_SET_UP)
}

/// A page with a button to begin.
fn again(headers: &HeaderMap, status: StatusCode, title: &str, text: &str, begin: &str) -> Response<Body> {
    if gate::prefers_json(headers) {
        return gate::notice(headers, status, title, text);
    }
    (status, Html(page::login(title, text, begin, OR_BY_LINK))).into_response()
}
