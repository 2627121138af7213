//! How the hub says no: `{"detail": …}`, a sentence or, where the request is wrong in itself, a list of what is wrong.

use axum::Json;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::http::api::Problem;
use crate::model::Error;

/// Why something was not done.
#[derive(Debug)]
pub enum Fault {
    /// What a sentence tells.
    Said(StatusCode, String),
    /// What is wrong with a request, as FastAPI tells it: `type`, `loc`, `msg`, `input`.
    Wrong(Vec<Value>),
    /// What our own API would say.
    Ours(Problem),
}

impl Fault {
    pub fn no_such_user(id: &str) -> Self {
        Self::Said(StatusCode::NOT_FOUND, format!("User with Discord ID {id} not found"))
    }
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
        match self {
            Self::Said(status, detail) => (status, Json(json!({ "detail": detail }))).into_response(),
            Self::Wrong(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": wrong }))).into_response(),
            Self::Ours(problem) => problem.into_shape(|problem| json!({ "detail": problem.detail })),
        }
    }
}
