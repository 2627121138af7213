//! `POST /api/token`: a key is exchanged for a token that lives for an hour.

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{App, Content, Problem, Routes, Taken, Usual};
use crate::bot::TokenPair;
use crate::http::who::Whence;
use crate::model::Secret;

pub(super) fn routes() -> Routes {
    Routes::new().routes(routes!(exchange))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyShown)]
struct Shown {
    /// A key as `innkeeper key create` printed it.
    #[schema(value_type = String)]
    api_key: Secret,
}

#[derive(Serialize, ToSchema)]
struct Token {
    /// To be sent as `Authorization: Bearer …`. Several may be good at once; they end with their key.
    token: String,
    /// Seconds.
    expires_in: u64,
}

/// Gives a short-lived token for a key.
#[utoipa::path(post, path = "/api/token", tag = "Access", request_body = Shown, responses(
    (status = 200, description = "The token", body = Token),
    Usual,
    Taken,
))]
async fn exchange(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    shown: Content<Shown>,
) -> Result<Json<Token>, Problem> {
    let shown = shown.read().await?;
    let (token, life) = token_for(&app, peer, &headers, shown.api_key.reveal()).await?;
    Ok(Json(Token { token: token.reveal().to_owned(), expires_in: life.as_secs() }))
}

/// A token for whoever sent these headers and shows this key, and how long it is good. A wrong key costs a guess.
///
/// # Errors
/// The key is not good, or there were too many guesses.
pub async fn token_for(
    app: &App,
    peer: SocketAddr,
    headers: &HeaderMap,
    key: &str,
) -> Result<(Secret, Duration), Problem> {
    let whence = Whence::of(peer.ip(), headers, &app.0.pages.trusted_proxies);
    match app.bot().token_for(key, whence.is_here).await? {
        Some(given) => Ok(given),
        None => {
            app.0.guesses.wrong(whence.client).map_err(Problem::too_many)?;
            Err(Problem::unauthenticated("This key is not good."))
        }
    }
}

/// What is shown for a pair of tokens.
pub enum Credentials<'c> {
    /// How a key is called, and the key.
    Key(&'c str, &'c str),
    Refresh(&'c str),
}

/// A pair of tokens for whoever sent these headers and shows this. What is wrong costs a guess.
///
/// # Errors
/// It is not good, or there were too many guesses.
pub async fn tokens_for(
    app: &App,
    peer: SocketAddr,
    headers: &HeaderMap,
    shown: Credentials<'_>,
) -> Result<TokenPair, Problem> {
    let whence = Whence::of(peer.ip(), headers, &app.0.pages.trusted_proxies);
    let given = match shown {
        Credentials::Key(name, key) => app.bot().pair_for(name, key, whence.is_here).await?,
        Credentials::Refresh(token) => app.bot().renew(token, whence.is_here).await?,
    };
    match given {
        Some(pair) => Ok(pair),
        None => {
            app.0.guesses.wrong(whence.client).map_err(Problem::too_many)?;
            Err(Problem::unauthenticated("This is not good."))
        }
    }
}
