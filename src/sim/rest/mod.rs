//! Discord's REST interface over the [`World`]: one request in, one answer out, no sockets.
//!
//! [`World::request`] does what a server of Discord's does: find the route, check the token, count the request against
//! its limits, judge it, change the world. What a socket would do with the answer (lose it, delay it) is its [`Fate`].

mod app;
mod channels;
mod command_form;
mod commands;
mod component_form;
mod errors;
mod form;
mod guilds;
mod history;
mod interactions;
pub mod limits;
mod members;
mod message_form;
mod messages;
mod moderation;
mod multipart;
mod oauth;
mod routes;
pub mod rules;

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::Timestamp;

use super::world::{Seen, World};
pub use errors::ApiError;
use multipart::File;
use routes::{Access, ROUTES, Route};

/// Requests remembered for those who ask; the oldest go first.
const SEEN_MAX: usize = 10_000;

/// The largest body that Discord takes.
pub const BODY_BYTES_MAX: usize = 25 * 1024 * 1024;

/// A request, as a server reads it.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// From the root: `/api/v10/…`, without the query.
    pub path: String,
    /// Without the question mark.
    pub query: String,
    pub authorization: Option<String>,
    pub user_agent: Option<String>,
    pub content_type: Option<String>,
    /// `X-Audit-Log-Reason`, as sent.
    pub reason: Option<String>,
    pub body: Vec<u8>,
}

impl Request {
    /// A request with this world's token and no body. `path` is from `/api/v10` on and may bring a query.
    pub fn new(world: &World, method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Self {
            method: method.to_owned(),
            path: format!("/api/v10{path}"),
            query: query.to_owned(),
            authorization: Some(format!("Bot {}", world.token())),
            user_agent: Some("DiscordBot (https://example.org, 1.0)".to_owned()),
            content_type: None,
            reason: None,
            body: Vec::new(),
        }
    }

    /// The same request with a JSON body.
    pub fn json(mut self, body: &Value) -> Self {
        self.content_type = Some("application/json".to_owned());
        self.body = body.to_string().into_bytes();
        self
    }
}

/// An answer, and what becomes of it on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub fate: Fate,
}

/// What a socket does with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fate {
    #[default]
    Deliver,
    /// It comes so much later.
    Late(Duration),
    /// It never comes, and the connection stays open.
    Hang,
    /// The connection breaks off before it comes.
    Cut,
    /// The head and half of the body come, then the connection breaks off.
    CutInBody,
}

impl Response {
    /// An answer with this body.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into(), fate: Fate::Deliver }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// An error as Discord words it.
    pub fn error(status: u16, code: u32, message: &str) -> Self {
        Self::json(status, &json!({"message": message, "code": code}))
    }

    /// An answer of an overloaded or angry edge: a page, no JSON.
    pub fn html(status: u16) -> Self {
        let page =
            format!("<!doctype html><html><head><title>Error {status}</title></head><body>{status}</body></html>");
        Self::new(status, "text/html; charset=UTF-8", page)
    }

    /// A 429 whose `Retry-After` is exactly this text, which need not make sense.
    pub fn slow_down(retry_after: &str, global: bool) -> Self {
        let seconds: f64 = retry_after.parse().unwrap_or(1.0);
        let seconds = if seconds.is_finite() { json!(seconds) } else { json!(1.0) };
        let body = json!({"message": "You are being rate limited.", "retry_after": seconds, "global": global});
        let mut answer = Self::json(429, &body).header("retry-after", retry_after);
        if global {
            answer = answer.header("x-ratelimit-global", "true");
        }
        answer.header("x-ratelimit-scope", if global { "global" } else { "user" })
    }

    /// The same answer with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer with this fate.
    pub fn fated(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    /// The value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub fn body_json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What a handler is given.
pub(super) struct Call {
    /// The parts of the path that the pattern leaves open.
    pub params: Vec<String>,
    pub query: String,
    /// The JSON that was sent; null without.
    pub json: Value,
    pub files: Vec<File>,
    pub reason: Option<String>,
    /// What the request shows for whoever sends it.
    pub authorization: Option<String>,
}

/// What a handler answers.
pub(super) enum Reply {
    Json(Value),
    Created(Value),
    NoContent,
    /// An error that is not worded like Discord's others.
    Refused(u16, Value),
}

pub(super) type Outcome = Result<Reply, ApiError>;

impl Call {
    /// An id from the path; `name` is how Discord calls it in an error.
    pub fn id<T: TryFrom<u64>>(&self, index: usize, name: &str) -> Result<T, ApiError> {
        let text = self.params.get(index).map(String::as_str).unwrap_or_default();
        let id = text.parse::<u64>().ok().and_then(|id| T::try_from(id).ok());
        id.ok_or_else(|| ApiError::form(name, "NUMBER_TYPE_COERCE", &format!("Value \"{text}\" is not snowflake.")))
    }

    /// A part of the path.
    pub fn param(&self, index: usize) -> &str {
        self.params.get(index).map(String::as_str).unwrap_or_default()
    }

    /// A value of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).next()
    }

    /// A number of the query, within its limits.
    pub fn query_number(&self, name: &str, default: usize, max: usize) -> Result<usize, ApiError> {
        let Some(text) = self.query(name) else { return Ok(default) };
        let number = text.parse::<usize>().ok().filter(|n| (1..=max).contains(n));
        let message = format!("int value should be less than or equal to {max}.");
        number.ok_or_else(|| ApiError::form(name, "NUMBER_TYPE_MAX", &message))
    }
}

impl World {
    /// Answers one request of the bot's.
    pub fn request(&mut self, request: &Request) -> Response {
        let planned = self.take_rule(request);
        let mut answer = match planned {
            Some(rules::Act::Answer(answer)) => answer,
            Some(rules::Act::Lose(fate)) => Response::json(200, &Value::Null).fated(fate),
            Some(rules::Act::PerformThen(fate)) => self.judge(request).fated(fate),
            Some(rules::Act::PerformThenAnswer(answer)) => {
                self.judge(request);
                answer
            }
            None => self.judge(request),
        };
        answer.headers.push(("date".to_owned(), http_date(self.clock.now())));
        self.note(request, &answer);
        answer
    }

    fn judge(&mut self, request: &Request) -> Response {
        if let Some(answer) = self.avatar(&request.path) {
            return answer;
        }
        if request.user_agent.as_deref().unwrap_or_default().is_empty() {
            return Response::error(403, 40_333, "internal network error");
        }
        let path = request.path.strip_prefix("/api/v10/").or_else(|| request.path.strip_prefix("/api/v9/"));
        let Some((route, params)) = path.and_then(|path| find_route(&request.method, path)) else {
            let known = path.is_some_and(|path| ROUTES.iter().any(|route| fits(route.pattern, path).is_some()));
            return if known {
                Response::error(405, 0, "405: Method Not Allowed")
            } else {
                Response::error(404, 0, "404: Not Found")
            };
        };
        let person = || self.bearer(request.authorization.as_deref()).is_some();
        let may = match route.access {
            Access::Path => true,
            Access::Bot => self.is_authorised(request),
            Access::Person => self.is_authorised(request) || person(),
        };
        if !may {
            return Response::error(401, 0, "401: Unauthorized");
        }
        let (headers, limited) = self.count_against_limits(route, &params);
        let mut answer = match limited {
            Some(answer) => answer,
            None => self.handle(route, params, request),
        };
        answer.headers.extend(headers);
        answer
    }

    fn handle(&mut self, route: &Route, params: Vec<String>, request: &Request) -> Response {
        let call = multipart::read_body(request).map(|(json, files)| Call {
            params,
            query: request.query.clone(),
            json,
            files,
            reason: request.reason.as_deref().map(decode),
            authorization: request.authorization.clone(),
        });
        match call.and_then(|call| (route.handle)(self, &call)) {
            Ok(Reply::Json(body)) => Response::json(200, &body),
            Ok(Reply::Refused(status, body)) => Response::json(status, &body),
            Ok(Reply::Created(body)) => Response::json(201, &body),
            Ok(Reply::NoContent) => {
                Response { status: 204, headers: Vec::new(), body: Vec::new(), fate: Fate::Deliver }
            }
            Err(error) => Response::json(error.status, &error.json()),
        }
    }

    fn is_authorised(&self, request: &Request) -> bool {
        let token = request.authorization.as_deref().and_then(|header| header.strip_prefix("Bot "));
        token == Some(self.config.token.as_str()) && !self.token_reset
    }

    fn note(&mut self, request: &Request, answer: &Response) {
        let shared = answer.get("x-ratelimit-scope") == Some("shared");
        if matches!(answer.status, 401 | 403 | 429) && !shared {
            self.invalid_requests += 1;
        }
        let seen = Seen {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            status: answer.status,
            code: answer.body_json()["code"].as_u64().unwrap_or(0),
            at: self.clock.now(),
            monotonic: self.clock.monotonic(),
            reason: request.reason.as_deref().map(decode),
            body: multipart::read_body(request).map(|(json, _)| json).unwrap_or(Value::Null),
        };
        self.seen.push_back(seen);
        if self.seen.len() > SEEN_MAX {
            self.seen.pop_front();
        }
        self.touch();
    }
}

fn find_route(method: &str, path: &str) -> Option<(&'static Route, Vec<String>)> {
    let mut candidates = ROUTES.iter().filter(|route| route.method == method);
    candidates.find_map(|route| fits(route.pattern, path).map(|params| (route, params)))
}

/// The open parts of a pattern, if the path fits it.
fn fits(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some("{}"), Some(part)) if !part.is_empty() => params.push(decode(part)),
            (Some(want), Some(part)) if want == part => {}
            _ => return None,
        }
    }
}

/// Percent-decoding; what is not UTF-8 afterwards is replaced.
pub(super) fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((byte, tail)) = rest.split_first() {
        let escaped = tail.get(..2).filter(|_| *byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                bytes.push(value);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A moment as HTTP's `Date` writes it.
pub(super) fn http_date(at: Timestamp) -> String {
    at.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
