//! How FastAPI speaks, in whose words several wires answer: it says no as `{"detail": …}`, a sentence or, where the
//! request is wrong in itself, a list of everything that is wrong with it.
//!
//! Source: FastAPI's documentation, "Handling Errors", and Pydantic's, "Validation Errors".

use axum::Json;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use crate::http::api::Problem;
use crate::model::Error;

/// Why something was not done.
#[derive(Debug)]
pub enum Fault {
    /// What a sentence tells.
    Said(StatusCode, String),
    /// What is wrong with a request, each as [`mistake`] has it.
    Wrong(Vec<Value>),
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
        match self {
            Self::Said(status, detail) => (status, Json(json!({ "detail": detail }))).into_response(),
            Self::Wrong(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": wrong }))).into_response(),
            Self::Ours(problem) => problem.into_shape(|problem| json!({ "detail": problem.detail })),
        }
    }
}

/// What FastAPI answers where a path has no such method.
pub async fn method_not_allowed() -> Response<Body> {
    (StatusCode::METHOD_NOT_ALLOWED, Json(json!({"detail": "Method Not Allowed"}))).into_response()
}

/// Something that is wrong with a request: its kind in Pydantic's words, and where it stands, such as
/// `["body", "name"]`.
pub fn mistake(kind: &str, loc: &Value, msg: &str, input: &Value) -> Value {
    json!({"type": kind, "loc": loc, "msg": msg, "input": input})
}

/// The JSON object that a body is.
///
/// # Errors
/// It is none.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Fault> {
    let wrong = |kind: &str, loc: Value, msg: &str, input: Value| Fault::Wrong(vec![mistake(kind, &loc, msg, &input)]);
    if body.is_empty() {
        return Err(wrong("missing", json!(["body"]), "Field required", Value::Null));
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(other) => {
            let msg = "Input should be a valid dictionary or object to extract fields from";
            Err(wrong("model_attributes_type", json!(["body"]), msg, other))
        }
        Err(error) => Err(wrong("json_invalid", json!(["body", error.column()]), "JSON decode error", json!({}))),
    }
}
