//! How the API says no: a status, a sentence, and a word for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response as Response_, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::command::{Answer, Outcome};
use crate::model::Error;

/// A word for programs about why something was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request is not well-formed, or a value does not fit.
    Invalid,
    /// Nobody asks: a key, a token or a session is needed, or the one that was shown is not good (any more).
    Unauthenticated,
    /// Whoever asks may not.
    Forbidden,
    /// There is no such thing, or it is not for whoever asks.
    NotFound,
    /// It cannot be done as things stand.
    Refused,
    /// Too often.
    TooMany,
    /// Not now: Discord or the database does not answer.
    Unavailable,
    /// Our fault.
    Fault,
}

/// Why something was not done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// A sentence for people.
    pub detail: String,
    pub code: Code,
    #[serde(skip)]
    status: StatusCode,
    #[serde(skip)]
    wait: Option<Duration>,
}

impl Problem {
    fn new(status: StatusCode, code: Code, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), code, status, wait: None }
    }

    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid, detail)
    }

    /// The request cannot even be read.
    pub fn malformed(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new(status, Code::Invalid, detail)
    }

    /// What a page says of why something was not done.
    pub(in crate::http) fn told(status: StatusCode, detail: impl Into<String>) -> Self {
        let code = match status.as_u16() {
            401 => Code::Unauthenticated,
            403 => Code::Forbidden,
            404 => Code::NotFound,
            409 => Code::Refused,
            429 => Code::TooMany,
            503 => Code::Unavailable,
            500.. => Code::Fault,
            _ => Code::Invalid,
        };
        Self::new(status, code, detail)
    }

    /// What the answer's status is.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// After how long it is worth asking again, where that is known.
    pub fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// The answer in another system's shape: the same head with another body.
    pub fn into_shape(self, shape: impl FnOnce(&Self) -> serde_json::Value) -> Response<Body> {
        let json = shape(&self);
        let (mut head, _) = self.into_response().into_parts();
        head.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(head, Body::from(json.to_string()))
    }

    /// Whether nobody could say.
    pub(in crate::http) fn is_for_later(&self) -> bool {
        self.code == Code::Unavailable
    }

    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, detail)
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, Code::Forbidden, detail)
    }

    /// `what` is a noun: "case".
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, format!("There is no such {what}."))
    }

    /// The same in a sentence of its own.
    pub fn absent(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, detail)
    }

    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, Code::Refused, detail)
    }

    pub fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let detail = format!("That is too often. Try again in {seconds} s.");
        Self { wait: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, Code::TooMany, detail) }
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, detail)
    }

    /// Logs what is our fault; who asked is told no more than that.
    pub fn fault(fault: impl std::fmt::Display) -> Self {
        tracing::error!(%fault, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Fault, "Something went wrong on our side.")
    }

    /// A refusal that says what cannot be told at the moment.
    pub fn not_now(error: Error) -> Self {
        match error {
            Error::Refusal(refusal) => Self::unavailable(refusal.text()),
            fault @ Error::Fault(_) => fault.into(),
        }
    }

    /// What a command answered that was not done; none: it was.
    pub fn of(answer: &Answer) -> Option<Self> {
        let words = answer.message.plain_text();
        Some(match answer.outcome {
            Outcome::Ok => return None,
            Outcome::Denied | Outcome::Disabled => Self::forbidden(words),
            Outcome::Refused => Self::refused(words),
            Outcome::Cooldown => {
                let too_many = Self::new(StatusCode::TOO_MANY_REQUESTS, Code::TooMany, words);
                Self { wait: Some(Duration::from_secs(1)), ..too_many }
            }
            // The log has it already.
            Outcome::Fault => Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Fault, words),
        })
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refusal(refusal) => Self::refused(refusal.text()),
            Error::Fault(fault) => Self::fault(format!("{fault:#}")),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let (status, wait) = (self.status, self.wait);
        let mut response = (status, Json(self)).into_response();
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What refuses any request, in plain words, before its route is looked for.
pub struct Gate;

impl IntoResponses for Gate {
    fn responses() -> BTreeMap<String, RefOr<Response_>> {
        described(&[
            (400, "This is no path, or there is no single `Host`", &[TEXT]),
            (411, "The body comes in pieces, without `Content-Length`", &[TEXT]),
            (413, "This is more than is read", &[TEXT]),
            (414, "Path and query are longer than is read", &[TEXT]),
            (421, "`Host` is no name that we go by", &[TEXT]),
            (431, "The headers are more than is read", &[]),
            (500, "Our fault; the log has it", &[TEXT]),
            (503, "This took too long", &[TEXT]),
        ])
    }
}

/// What every route of the API may answer: nobody asks; whoever asks may not; there is no such thing; too often.
pub struct Usual;

impl IntoResponses for Usual {
    fn responses() -> BTreeMap<String, RefOr<Response_>> {
        let mut all = Gate::responses();
        all.extend(described(&[
            (400, "This is no JSON, no path, or there is no single `Host`", &[JSON, TEXT]),
            (401, "Nobody asks, or with a key that is not good", &[JSON]),
            (403, "Whoever asks may not", &[JSON]),
            (404, "There is no such thing, or it is another's", &[JSON]),
            (422, "A value is out of bounds, or unknown", &[JSON]),
            (429, "Too often; `Retry-After` says when", &[JSON]),
            (500, "Our fault; the log has it", &[JSON, TEXT]),
            (503, "Not now: Discord or the database does not answer", &[JSON, TEXT]),
        ]));
        all
    }
}

/// What a route that takes something may answer besides.
pub struct Taken;

impl IntoResponses for Taken {
    fn responses() -> BTreeMap<String, RefOr<Response_>> {
        described(&[
            (409, "It cannot be done as things stand, in words", &[JSON]),
            (413, "This is more than is read", &[JSON, TEXT]),
            (415, "This is not said to be JSON", &[JSON]),
        ])
    }
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// A status, what it says, and as what it comes.
type Described = (u16, &'static str, &'static [&'static str]);

fn described(answers: &[Described]) -> BTreeMap<String, RefOr<Response_>> {
    let content = |kind: &str| {
        let problem: RefOr<Schema> = Ref::from_schema_name("Problem").into();
        let text = || ObjectBuilder::new().schema_type(Type::String).into();
        ContentBuilder::new().schema(Some(if kind == JSON { problem } else { text() })).build()
    };
    let answer = |(status, about, kinds): &Described| {
        let answer = ResponseBuilder::new().description(*about);
        let answer = kinds.iter().fold(answer, |answer, kind| answer.content(*kind, content(kind)));
        (status.to_string(), answer.build().into())
    };
    answers.iter().map(answer).collect()
}
