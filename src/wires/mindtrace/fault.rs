//! How the service says no: `{"detail": …}`, a sentence or, where the request is wrong in itself, a list of what is
//! wrong. A command that says no is an answer, and no fault.

use axum::Json;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::http::api::Problem;

/// Why something was not done.
#[derive(Debug)]
pub enum Fault {
    /// What is wrong with a request, as FastAPI tells it: `type`, `loc`, `msg`, `input`.
    Wrong(Vec<Value>),
    /// What our own API would say.
    Ours(Problem),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Ours(problem)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response<Body> {
        match self {
            Self::Wrong(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": wrong }))).into_response(),
            Self::Ours(problem) => problem.into_shape(|problem| json!({ "detail": problem.detail })),
        }
    }
}

/// What FastAPI answers where a path has no such method.
pub async fn method_not_allowed() -> Response<Body> {
    (StatusCode::METHOD_NOT_ALLOWED, Json(json!({"detail": "Method Not Allowed"}))).into_response()
}
