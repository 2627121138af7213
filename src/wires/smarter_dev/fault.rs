//! How this dialect says no: `{"error": …}`.

use axum::Json;
use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::json;

use crate::http::api::Problem;
use crate::model::Error;

/// Why something was not done.
#[derive(Debug)]
pub enum Fault {
    /// What is wrong with a request.
    Wrong(String),
    Unauthenticated(&'static str),
    /// There is no such thing, or it is not for whoever asks.
    NotFound(&'static str),
    /// The path knows only these methods.
    Method(&'static str),
    Other(StatusCode, &'static str),
    /// What our own API would say.
    Ours(Problem),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Ours(problem)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ours(error.into())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response<Body> {
        let (status, words) = match self {
            Self::Wrong(words) => (StatusCode::BAD_REQUEST, words),
            Self::Unauthenticated(words) => (StatusCode::UNAUTHORIZED, words.to_owned()),
            Self::NotFound(words) => (StatusCode::NOT_FOUND, words.to_owned()),
            Self::Method(allowed) => {
                let body = Json(json!({"error": "Method not allowed"}));
                return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allowed)], body).into_response();
            }
            Self::Other(status, words) => (status, words.to_owned()),
            Self::Ours(problem) => return problem.into_shape(|problem| json!({ "error": problem.detail })),
        };
        (status, Json(json!({ "error": words }))).into_response()
    }
}
