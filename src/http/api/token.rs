//! `POST /api/token`: a key is exchanged for a token that lives for an hour.

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{App, Content, Problem, Routes, Taken, Usual};
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
    let whence = Whence::of(peer.ip(), &headers, &app.0.pages.trusted_proxies);
    match app.bot().token_for(shown.api_key.reveal(), whence.is_here).await? {
        Some((token, life)) => Ok(Json(Token { token: token.reveal().to_owned(), expires_in: life.as_secs() })),
        None => {
            app.0.guesses.wrong(whence.client).map_err(Problem::too_many)?;
            Err(Problem::unauthenticated("This key is not good."))
        }
    }
}
