//! `POST /api/auth/token`: a key for a token, which lives for an hour and ends with its key.

use std::net::SocketAddr;

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use serde_json::Value;

use super::asked::object;
use super::fault::Fault;
use super::{App, Reply};
use crate::http::api::token_for;

#[derive(Serialize)]
struct Token<'t> {
    token: &'t str,
    /// Seconds.
    expires_in: u64,
}

pub async fn exchange(app: &App, peer: SocketAddr, headers: &HeaderMap, body: &Bytes) -> Reply {
    let key = match object(body)?.remove("api_key") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(key)) => key,
        // No key looks like that.
        Some(other) => other.to_string(),
    };
    if key.is_empty() {
        return Err(Fault::Wrong("Missing API key".to_owned()));
    }
    match token_for(app, peer, headers, &key).await {
        Ok((token, life)) => Ok(Json(Token { token: token.reveal(), expires_in: life.as_secs() }).into_response()),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Err(Fault::Unauthenticated("Invalid API key")),
        Err(problem) => Err(problem.into()),
    }
}
