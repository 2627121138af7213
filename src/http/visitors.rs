//! Visitors who sign in: by a link that the bot gave them in Discord, used up by a form, so that whoever merely looks
//! at the link (a preview, a scanner) spoils nothing. And what they change on the pages. The other way to sign in is
//! [`oauth`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Form, Path, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::{Html, IntoResponse};
use axum::routing::{get, post};
use serde::Deserialize;

use super::gate;
use super::oauth;
use super::pages::Pages;
use super::who::{self, Guesses};
use crate::bot::{Bot, Visitor};
use crate::command::{Outcome, Value};
use crate::model::Error;
use crate::model::access::form_word;
use crate::status::page::{self, Due, Welcome};
use crate::store::promises::Promise;

const PROMISE_DIGITS_MAX: usize = 18;
const LINK_IS_OVER: &str = "This link was used already, or is older than ten minutes. Type /login in your server on \
    Discord for another.";
const NOT_OUR_FORM: &str = "This did not come from a page of ours, so nothing was done. Go back, reload and try again.";
const SIGNED_OUT: &str = "You are not signed in any more, so nothing was done. Type /login in your server on Discord.";

/// The routes.
pub(super) fn router(pages: Pages) -> Router {
    Router::new()
        .route("/login", get(how_to))
        .route("/login/discord", get(oauth::begin))
        .route("/login/discord/callback", get(oauth::come_back))
        .route("/login/{pass}", get(show_link).post(use_link))
        .route("/logout", post(sign_out))
        .route("/promises", post(change_promise))
        .with_state((pages, Arc::new(Guesses::default())))
}

pub(super) type Desk = State<(Pages, Arc<Guesses>)>;

/// What a form of ours brings.
#[derive(Deserialize)]
struct Word {
    word: String,
}

#[derive(Deserialize)]
struct Change {
    word: String,
    id: String,
    action: String,
}

impl Pages {
    /// Who asks, if their browser is signed in. Where Discord does not say what they may, they are nobody for now.
    pub(super) async fn visitor(&self, headers: &HeaderMap) -> Option<(Visitor, String)> {
        let (bot, cookie) = (self.bot.as_ref()?, self.cookie.read(headers)?);
        match bot.find_visitor(cookie).await {
            Ok(found) => found.map(|visitor| (visitor, cookie.to_owned())),
            Err(Error::Refusal(_)) => None,
            Err(Error::Fault(fault)) => {
                tracing::error!(%fault, "a visitor could not be looked up");
                None
            }
        }
    }

    /// What the status page shows a visitor beyond what it shows everybody.
    pub(super) async fn welcome(&self, visitor: &Visitor, cookie: &str, said: Option<String>) -> Welcome {
        let (cards, promises) = match &self.bot {
            Some(bot) => (bot.cards_for(visitor).await, bot.promises_for(visitor).await),
            None => (Ok(Vec::new()), Ok(Vec::new())),
        };
        if let Some(fault) = cards.as_ref().err().or(promises.as_ref().err()) {
            tracing::error!(%fault, "what a visitor may see could not be read");
        }
        Welcome {
            name: visitor.session.name.clone(),
            word: form_word(cookie),
            cards: cards.unwrap_or_default(),
            promises: promises.unwrap_or_default().into_iter().map(due).collect(),
            said,
        }
    }
}

fn due(promise: Promise) -> Due {
    let Promise { id, about, due_at, failed, words, .. } = promise;
    Due { id, about, at: due_at, failed, words }
}

async fn how_to(State((pages, _)): Desk, headers: HeaderMap) -> Response<Body> {
    match pages.visitor(&headers).await {
        Some(_) => to("/"),
        None => match pages.bot.as_ref().and_then(Bot::sign_in_url) {
            Some(begin) => oauth::ways(&headers, &begin),
            None => gate::notice(&headers, StatusCode::OK, "Signing in", oauth::BY_LINK),
        },
    }
}

/// `GET`, `HEAD` and everything else that only looks.
async fn show_link(
    State((pages, guesses)): Desk,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(pass): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(bot) = &pages.bot else { return over(&headers) };
    match bot.find_link(&pass).await {
        Ok(Some(comer)) => Html(page::sign_in(&comer.name, &pass)).into_response(),
        Ok(None) => wrong(&pages, &guesses, peer, &headers),
        Err(error) => failed(&error, &headers),
    }
}

async fn use_link(
    State((pages, guesses)): Desk,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(pass): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(bot) = &pages.bot else { return over(&headers) };
    if !who::is_from_here(&headers, &pages.public_url) {
        return gate::notice(&headers, StatusCode::FORBIDDEN, "Not done", NOT_OUR_FORM);
    }
    match bot.sign_in(&pass).await {
        Ok(Some(cookie)) => ([(header::SET_COOKIE, pages.cookie.set(cookie.reveal()))], to("/")).into_response(),
        Ok(None) => wrong(&pages, &guesses, peer, &headers),
        Err(error) => failed(&error, &headers),
    }
}

async fn sign_out(State((pages, _)): Desk, headers: HeaderMap, Form(form): Form<Word>) -> Response<Body> {
    let clear = [(header::SET_COOKIE, pages.cookie.clear())];
    let (Some(bot), Some(cookie)) = (&pages.bot, pages.cookie.read(&headers)) else {
        return (clear, to("/")).into_response();
    };
    if !who::is_our_form(&headers, &pages.public_url, cookie, &form.word) {
        return gate::notice(&headers, StatusCode::FORBIDDEN, "Not done", NOT_OUR_FORM);
    }
    match bot.sign_out(cookie).await {
        Ok(()) => (clear, to("/")).into_response(),
        Err(error) => failed(&error, &headers),
    }
}

/// Does a promise now, later or not at all: as `/promises` does.
async fn change_promise(State((pages, _)): Desk, headers: HeaderMap, Form(form): Form<Change>) -> Response<Body> {
    let (Some(bot), Some((visitor, cookie))) = (&pages.bot, pages.visitor(&headers).await) else {
        return gate::notice(&headers, StatusCode::FORBIDDEN, "Not signed in", SIGNED_OUT);
    };
    if !who::is_our_form(&headers, &pages.public_url, &cookie, &form.word) {
        return gate::notice(&headers, StatusCode::FORBIDDEN, "Not done", NOT_OUR_FORM);
    }
    match run(bot, &visitor, &form).await {
        // A reload asks for the page again, not for the change.
        Ok(()) => to(&format!("/?did={}-{}#promises", form.action, form.id)),
        Err((status, words)) => gate::notice(&headers, status, "Not done", &words),
    }
}

/// What was done, from the address that a form leads to: `later-P12`. Words of ours alone: anybody can make a link.
pub(super) fn did(text: &str) -> Option<String> {
    let (action, id) = text.split_once('-')?;
    let digits = id.strip_prefix('P').filter(|digits| digits.len() <= PROMISE_DIGITS_MAX)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
    let what = match action {
        "now" => "is up now",
        "later" => "is put off by an hour",
        "cancel" => "is called off",
        _ => return None,
    };
    Some(format!("P{digits} {what}."))
}

async fn run(bot: &Bot, visitor: &Visitor, form: &Change) -> Result<(), (StatusCode, String)> {
    let text = |text: &str| Value::Text(text.to_owned());
    let given = vec![("action".to_owned(), text(&form.action)), ("id".to_owned(), text(&form.id))];
    let answer = bot.invoke_for(visitor, "promises", given).await;
    let status = match answer.outcome {
        Outcome::Ok => return Ok(()),
        Outcome::Denied | Outcome::Disabled => StatusCode::FORBIDDEN,
        Outcome::Cooldown => StatusCode::TOO_MANY_REQUESTS,
        Outcome::Refused => StatusCode::CONFLICT,
        Outcome::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Err((status, answer.message.content))
}

/// Sends a browser on, with another request than the one it made.
pub(super) fn to(path: &str) -> Response<Body> {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

/// A link that is not good; who shows too many of them has to wait.
fn wrong(pages: &Pages, guesses: &Guesses, peer: SocketAddr, headers: &HeaderMap) -> Response<Body> {
    let client = who::client(peer.ip(), headers, &pages.trusted_proxies);
    match guesses.wrong(client) {
        Ok(()) => over(headers),
        Err(wait) => held_down(headers, wait, "Too many wrong links came from where you are. Wait a little."),
    }
}

/// What whoever guesses too often is told, in these words.
pub(super) fn held_down(headers: &HeaderMap, wait: Duration, words: &str) -> Response<Body> {
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    let told = gate::notice(headers, StatusCode::TOO_MANY_REQUESTS, "Wait a little", words);
    ([(header::RETRY_AFTER, seconds)], told).into_response()
}

fn over(headers: &HeaderMap) -> Response<Body> {
    gate::notice(headers, StatusCode::NOT_FOUND, "This link is over", LINK_IS_OVER)
}

pub(super) fn failed(error: &Error, headers: &HeaderMap) -> Response<Body> {
    match error {
        Error::Refusal(refusal) => {
            gate::notice(headers, StatusCode::SERVICE_UNAVAILABLE, "Not now", &refusal.to_string())
        }
        Error::Fault(fault) => {
            tracing::error!(%fault, "a visitor could not be served");
            gate::notice(headers, StatusCode::INTERNAL_SERVER_ERROR, "Fault", "Something went wrong on our side.")
        }
    }
}
