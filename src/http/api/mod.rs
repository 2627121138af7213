//! The API: the records that commands show, for programs and signed-in people, through the same gate.
//!
//! A route is declared once, on its handler: the router, what is checked and the OpenAPI document are readings of that.
//! Here is what all of them share: who asks ([`Caller`]), how a request is read, how a refusal looks ([`Problem`]),
//! how often somebody may ask. What there is to ask, the rooms say in their `api.rs`.

mod address;
mod caller;
mod docs;
mod extract;
mod hearing;
mod invoked;
mod options;
mod pace;
mod problem;
mod token;
mod values;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::get;

pub use address::base_url;
pub use caller::{Caller, Need, Program, ReadingProgram};
pub use extract::{Ask, Content, Listed, Paging, Place, Snowflake};
pub(crate) use extract::{paged, part};
pub(super) use hearing::Hearing;
pub use invoked::{Done, Invoke};
pub use options::CommandRun;
pub(super) use problem::Gate;
pub use problem::{Code, Problem, Taken, Usual};
pub use token::{Credentials, token_for, tokens_for};
pub use values::{Length, maybe_whole, whole};
/// The routes of a room.
pub type Routes = utoipa_axum::router::OpenApiRouter<App>;

use super::gate::is_kept;
use super::pages::{Pages, method_not_allowed};
use super::who::{Guesses, Whence};
use crate::bot::Bot;
use pace::Pace;
pub(super) use pace::Who;

/// Answers larger than this carry no tag.
const TAGGED_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What every route has.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    bot: Bot,
    pages: Pages,
    pace: Pace,
    guesses: Guesses,
}

impl App {
    pub(super) fn new(bot: Bot, pages: Pages) -> Self {
        let pace = Pace::new(&bot.config().http);
        Self(Arc::new(Inner { bot, pages, pace, guesses: Guesses::default() }))
    }

    pub fn bot(&self) -> &Bot {
        &self.0.bot
    }

    /// Counts a stranger's request.
    pub(super) fn slow_down(&self, whence: Whence) -> Result<(), Problem> {
        self.0.pace.stranger(whence.client).map_err(Problem::too_many)
    }
}

/// The API of a bot, with the routes of its rooms.
pub(super) fn router(app: App, rooms: fn() -> Routes) -> Router {
    let (router, _) = described(rooms).split_for_parts();
    let api = router
        // Before the layers: what browsers ask beforehand is a method that no route has.
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), tag))
        .layer(from_fn_with_state(app.clone(), across))
        .with_state(app.clone());
    // The document is asked for rarely: it is drawn when it is, and not kept.
    let same = app.clone();
    let document = move || async move { docs::json(described(rooms).into_openapi(), &app) };
    let page = move || async move { docs::page(described(rooms).into_openapi(), &same) };
    api.route("/openapi.json", get(document)).route("/docs", get(page))
}

/// Routes of wires, for pages of the origins that the owner names as well. These send cookies along, by which they
/// read.
pub(super) fn open_across(wires: Router, app: App) -> Router {
    // Before the layers: what browsers ask beforehand is a method that no route has.
    let wires = wires.method_not_allowed_fallback(method_not_allowed);
    wires.layer(from_fn_with_state(app, across)).layer(from_fn(with_credentials))
}

/// All routes with their description.
fn described(rooms: fn() -> Routes) -> Routes {
    token::routes().merge(rooms())
}

/// Tags what a page may ask for again and again, so that an answer that did not change is not sent twice.
async fn tag(State(_): State<App>, request: Request, next: Next) -> Response<Body> {
    let asked = matches!(*request.method(), Method::GET | Method::HEAD);
    let kept: Vec<_> = request.headers().get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let response = next.run(request).await;
    if !asked || response.status() != StatusCode::OK {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, TAGGED_BYTES_MAX).await else {
        return Problem::fault("an answer was too long").into_response();
    };
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let same = is_kept(&kept, &tag);
    if let Ok(tag) = tag.parse() {
        head.headers.insert(header::ETAG, tag);
    }
    head.headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("private, no-cache"));
    if same {
        head.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(head, Body::empty());
    }
    Response::from_parts(head, Body::from(bytes))
}

/// Lets pages of the origins that the owner names ask, too, and answers what their browsers ask before.
async fn across(State(app): State<App>, request: Request, next: Next) -> Response<Body> {
    let origin = allowed_origin(&app, request.headers());
    if request.method() == Method::OPTIONS {
        return match origin {
            Some(origin) => {
                let head = [
                    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
                    (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, Idempotency-Key, X-API-Key"),
                    (header::ACCESS_CONTROL_MAX_AGE, "600"),
                ];
                dress(origin, (StatusCode::NO_CONTENT, head).into_response())
            }
            None => StatusCode::NO_CONTENT.into_response(),
        };
    }
    let response = next.run(request).await;
    match origin {
        Some(origin) => dress(origin, response),
        None => response,
    }
}

/// Where an answer is for a page of another origin, that page may send cookies along.
async fn with_credentials(request: Request, next: Next) -> Response<Body> {
    let mut response = next.run(request).await;
    if response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        let yes = header::HeaderValue::from_static("true");
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    }
    response
}

pub(super) fn allowed_origin(app: &App, headers: &HeaderMap) -> Option<header::HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let allowed = &app.0.bot.config().http.cors_origins;
    allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
}

fn dress(origin: header::HeaderValue, mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, header::HeaderValue::from_static("Origin"));
    headers.insert("cross-origin-resource-policy", header::HeaderValue::from_static("cross-origin"));
    response
}
