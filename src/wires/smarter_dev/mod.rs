//! Smarter Dev: the API below `/smarter-dev` that its bot's client asks, over the same members, kudos and cases.
//!
//! Who asks shows a token, which is looked at before anything else is. Its programs tell what they did themselves: that
//! is put on record, and Discord is asked for nothing. Ids are whole numbers: Discord's own for guilds and people,
//! those of our rows for kudos and cases. Paths are told apart here and not by the router, because the dialect has its
//! own words for every path that it has not, and says them to nobody who shows no token.

mod asked;
mod asker;
mod cases;
mod exchange;
mod fault;
mod guilds;
mod kudos;
mod moment;
mod replays;
mod users;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, Request, State};
use axum::http::{Method, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::any;
use tokio::sync::Semaphore;

use crate::http::Wired;
use crate::http::api::App;
use asker::Asker;
use fault::Fault;
use replays::Replays;

/// What its paths begin with.
pub const ROOT: &str = "smarter-dev";
/// The one path that asks for no token.
const EXCHANGE: [&str; 3] = ["api", "auth", "token"];
/// Rows in an answer: its lists come whole, and this is where whole ends.
const LISTED_MAX: u32 = 100_000;
/// Such lists that are put together at the same time: each is large.
const LISTS_AT_ONCE: usize = 1;

/// What every request needs.
#[derive(Clone)]
struct Served {
    app: App,
    replays: Replays,
    /// Long lists are put together one after the other.
    lists: Arc<Semaphore>,
}

/// An answer with its status, as JSON.
type Reply = Result<Response<Body>, Fault>;

pub fn routes(wired: &Wired) -> Router {
    let replays = Replays::new(wired.app.bot().clock().clone());
    let served = Served { app: wired.app.clone(), replays, lists: Arc::new(Semaphore::new(LISTS_AT_ONCE)) };
    let paths = [format!("/{ROOT}"), format!("/{ROOT}/"), format!("/{ROOT}/{{*path}}")];
    paths.iter().fold(Router::new(), |router, path| router.route(path, any(serve))).with_state(served)
}

async fn serve(
    State(served): State<Served>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    answer(&served, peer, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(served: &Served, peer: SocketAddr, request: Request) -> Reply {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let path: Vec<&str> = path.split('/').skip(2).collect();
    if path.first() != Some(&"api") {
        return Err(Fault::NotFound("Not found"));
    }
    if path == EXCHANGE {
        let Method::POST = parts.method else { return Err(Fault::Method("POST")) };
        let body = read(Request::from_parts(parts.clone(), body)).await?;
        return exchange::exchange(&served.app, peer, &parts.headers, &body).await;
    }
    let asker = Asker::find(served, &mut parts).await?;
    let body = read(Request::from_parts(parts.clone(), body)).await?;
    // What is asked of a list is answered for `HEAD`, too; the server leaves out the body.
    let method = if parts.method == Method::HEAD { Method::GET } else { parts.method };
    dispatch((served, &asker), &method, &path[1..], &parts.uri, &body).await
}

async fn read(request: Request) -> Result<Bytes, Fault> {
    let read = Bytes::from_request(request, &()).await;
    read.map_err(|refused: BytesRejection| match refused.status().is_client_error() {
        true => Fault::Other(refused.status(), "Request body too large"),
        false => Fault::Wrong("Invalid request body".to_owned()),
    })
}

async fn dispatch(
    (served, asker): (&Served, &Asker),
    method: &Method,
    path: &[&str],
    uri: &Uri,
    body: &Bytes,
) -> Reply {
    let (kind, id) = match path {
        [kind] => (*kind, None),
        // What is no number names no row, and is no path either.
        [kind, id] if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => (*kind, Some(*id)),
        _ => return Err(Fault::NotFound("Not found")),
    };
    let config = asker.app.bot().config();
    let is_on = match kind {
        "kudos" => config.kudos.enabled,
        "warnings" | "moderation-cases" => config.moderation.enabled,
        _ => true,
    };
    if !is_on {
        return Err(Fault::Other(StatusCode::FORBIDDEN, "This part of the bot is switched off"));
    }
    let _turn = match id {
        None if method == Method::GET => served.lists.acquire().await.ok(),
        _ => None,
    };
    // A number that no row can have is one that there is not.
    let id = id.map(|id| id.parse::<i64>().unwrap_or(i64::MAX));
    match (kind, id, method) {
        ("guilds", None, &Method::GET) => guilds::list(asker).await,
        ("guilds", None, &Method::POST) => guilds::create(asker, body).await,
        ("guilds", Some(id), &Method::GET) => guilds::show(asker, id).await,
        ("guilds", Some(id), &Method::PUT) => guilds::change(asker, id, body).await,
        ("users", None, &Method::GET) => users::list(asker).await,
        ("users", None, &Method::POST) => users::create(asker, body).await,
        ("users", Some(id), &Method::GET) => users::show(asker, id).await,
        ("users", Some(id), &Method::PUT) => users::change(asker, id, body).await,
        ("kudos", None, &Method::GET) => kudos::list(asker, uri).await,
        ("kudos", None, &Method::POST) => kudos::create(asker, body).await,
        ("kudos", Some(id), &Method::GET) => kudos::show(asker, id).await,
        ("warnings", None, &Method::GET) => cases::list_warnings(asker, uri).await,
        ("warnings", None, &Method::POST) => cases::warn(asker, body).await,
        ("warnings", Some(id), &Method::GET) => cases::show_warning(asker, id).await,
        ("moderation-cases", None, &Method::GET) => cases::list(asker, uri).await,
        ("moderation-cases", None, &Method::POST) => cases::create(asker, body).await,
        ("moderation-cases", Some(id), &Method::GET) => cases::show(asker, id).await,
        ("moderation-cases", Some(id), &Method::PUT) => cases::change(asker, id, body).await,
        ("guilds" | "users" | "kudos" | "warnings" | "moderation-cases", None, _) => Err(Fault::Method("GET, POST")),
        ("guilds" | "users" | "moderation-cases", Some(_), _) => Err(Fault::Method("GET, PUT")),
        ("kudos" | "warnings", Some(_), _) => Err(Fault::Method("GET")),
        _ => Err(Fault::NotFound("Not found")),
    }
}
