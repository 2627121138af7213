//! `/api/auth/token`: a key and its name for a pair of tokens, of which the longer-lived one gets the next pair.

use std::net::SocketAddr;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use crate::bot::TokenPair;
use crate::http::api::{App, Credentials, Problem, tokens_for};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[derive(Serialize)]
pub struct Tokens {
    /// Good for 7 days.
    refresh: String,
    /// Good for an hour.
    access: String,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        Self { refresh: pair.refresh.reveal().to_owned(), access: pair.access.reveal().to_owned() }
    }
}

/// `POST /api/auth/token`.
pub async fn obtain(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Tokens>, Fault> {
    let mut form = Form::of(&headers, &body)?;
    let (name, key) = (form.text("username"), form.text("password"));
    form.done()?;
    let pair = tokens_for(&app, peer, &headers, Credentials::Key(&name, &key)).await;
    Ok(Json(pair.map_err(|problem| or_ours(problem, Fault::NoAccount))?.into()))
}

/// `POST /api/auth/token/refresh`. The token that was shown stays good to its end, so that a client whose answer was
/// lost is not signed out.
pub async fn refresh(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Tokens>, Fault> {
    let mut form = Form::of(&headers, &body)?;
    let token = form.text("refresh");
    form.done()?;
    let pair = tokens_for(&app, peer, &headers, Credentials::Refresh(&token)).await;
    Ok(Json(pair.map_err(|problem| or_ours(problem, Fault::Refresh))?.into()))
}

fn or_ours(problem: Problem, wrong: Fault) -> Fault {
    if problem.status() == StatusCode::UNAUTHORIZED { wrong } else { Fault::Ours(problem) }
}

/// The fields of a request, and what is wrong with those that were asked for so far.
struct Form {
    given: Map<String, Value>,
    wrong: Map<String, Value>,
}

impl Form {
    /// A form or a JSON object, as the head says; an empty body has no fields.
    fn of(headers: &HeaderMap, body: &Bytes) -> Result<Self, Fault> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or(JSON);
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let given = match kind.as_str() {
            _ if body.is_empty() => Map::new(),
            FORM => {
                let pairs = url::form_urlencoded::parse(body).into_owned();
                pairs.map(|(name, value)| (name, value.into())).collect()
            }
            JSON => match serde_json::from_slice(body) {
                Ok(Value::Object(given)) => given,
                Ok(other) => return Err(no_fields(&other)),
                Err(error) => {
                    return Err(Fault::Said(StatusCode::BAD_REQUEST, format!("JSON parse error - {error}")));
                }
            },
            _ => {
                let words = format!("Unsupported media type \"{kind}\" in request.");
                return Err(Fault::Said(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
            }
        };
        Ok(Self { given, wrong: Map::new() })
    }

    /// A text; empty where it is wrong.
    fn text(&mut self, name: &str) -> String {
        let text = match self.given.get(name) {
            None => Err("This field is required."),
            Some(Value::Null) => Err("This field may not be null."),
            Some(Value::String(text)) if text.trim().is_empty() => Err("This field may not be blank."),
            Some(Value::String(text)) => Ok(text.trim().to_owned()),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(_) => Err("Not a valid string."),
        };
        text.unwrap_or_else(|words| {
            self.wrong.insert(name.to_owned(), json!([words]));
            String::new()
        })
    }

    /// # Errors
    /// All that was found wrong.
    fn done(self) -> Result<(), Fault> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Fault::Fields(self.wrong)) }
    }
}

/// What is told of JSON that is no object, with Python's name of what it is.
fn no_fields(value: &Value) -> Fault {
    let kind = match value {
        Value::Array(_) => "list",
        Value::String(_) => "str",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::Null | Value::Object(_) => "NoneType",
    };
    let words = format!("Invalid data. Expected a dictionary, but got {kind}.");
    Fault::Fields(Map::from_iter([("non_field_errors".to_owned(), json!([words]))]))
}
