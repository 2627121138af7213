//! The routes that the main door has by itself: the status page and its other tongues, and the pages' files.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode, Uri};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use utoipa::OpenApi;

use super::Door;
use super::api::{Gate, Problem};
use super::gate::{self, prefers_json};
use super::live::{self, Live};
use super::visitors;
use super::who::{Cookie, is_loopback};
use super::{portraits, sockets};
use crate::bot::Bot;
use crate::config::Audience;
use crate::status::page::{self, Place};
use crate::status::{Face, Health, Report, VERSION, assets, badge, health, metrics};

const JSON: &str = "application/json";
const SVG: &str = "image/svg+xml";
const NAME: &str = "Innkeeper";

/// What of the door's own routes is for programs, for the document.
#[derive(OpenApi)]
#[openapi(paths(healthz, readyz, metrics_page, badge_picture, portraits::card, live::events, sockets::listen))]
pub(super) struct Described;

/// What the pages need.
#[derive(Clone)]
pub(super) struct Pages {
    pub face: Face,
    pub bot: Option<Bot>,
    pub cookie: Cookie,
    /// The cookie of a browser that is at Discord's page to sign in.
    pub pending: Cookie,
    pub public_url: Arc<str>,
    pub trusted_proxies: Arc<[IpAddr]>,
    /// As which service programs are greeted.
    pub service: Option<(&'static str, &'static str)>,
}

impl Pages {
    pub(super) fn of(door: &Door) -> Self {
        Self {
            face: door.face.clone(),
            bot: door.bot.clone(),
            cookie: Cookie::of(&door.public_url),
            pending: Cookie::pending(&door.public_url),
            public_url: door.public_url.as_str().into(),
            trusted_proxies: door.trusted_proxies.clone().into(),
            service: door.bot.as_ref().and_then(|bot| (door.wires.service)(&bot.config().wires)),
        }
    }
}

impl Pages {
    /// Whether people are told an address that is not of this computer alone.
    pub(super) fn is_for_afar(&self) -> bool {
        let host = url::Url::parse(&self.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.is_some_and(|host| host != "localhost" && !is_loopback(host.trim_matches(['[', ']'])))
    }
}

/// The routes.
pub(super) fn router(pages: Pages, live: Arc<Live>) -> Router {
    let face = pages.face.clone();
    let watched =
        Router::new().route("/events", get(live::events)).route("/events/ws", get(sockets::listen)).with_state(live);
    let front = Router::new().route("/", get(status_page)).with_state(pages);
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_page))
        .route("/badge.svg", get(badge_picture))
        .route("/assets/{file}", get(asset))
        .with_state(face)
        .merge(watched)
        .merge(front)
}

/// A visitor who did not log in sees what is public. The answer to give instead, if this is not.
pub(super) fn closed(face: &Face, headers: &HeaderMap) -> Option<Response<Body>> {
    let (status, title, text) = match face.settings.status {
        Audience::Public => return None,
        Audience::Members => (
            StatusCode::FORBIDDEN,
            "This page is for members.",
            "The house is here, but its owner shows its status to members only.",
        ),
        Audience::Off => (StatusCode::NOT_FOUND, "Not found", "The owner of this house keeps no status page."),
    };
    Some(gate::notice(headers, status, title, text))
}

/// What the status page may be asked for.
#[derive(Deserialize)]
struct Asked {
    did: Option<String>,
}

async fn status_page(State(pages): State<Pages>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response<Body> {
    let varies = [(header::VARY, HeaderValue::from_static("Accept, Cookie, User-Agent"))];
    let face = &pages.face;
    if prefers_json(&headers) {
        return (varies, Json(greeting(face, pages.service))).into_response();
    }
    if let Some((visitor, cookie)) = pages.visitor(&headers).await
        && face.settings.status != Audience::Off
    {
        let said = asked.did.as_deref().and_then(visitors::did);
        let welcome = pages.welcome(&visitor, &cookie, said).await;
        return (varies, Html(page::html_for(face, &welcome))).into_response();
    }
    match closed(face, &headers) {
        Some(closed) => closed,
        None => (varies, Html(page::html(face, Place::Door))).into_response(),
    }
}

/// What a program that asks for `/` wants to know: that this is the right house, and that it is open.
fn greeting(face: &Face, service: Option<(&str, &str)>) -> serde_json::Value {
    let status = if Report::of(&face.vitals).health == Health::Down { "offline" } else { "online" };
    let environment = if face.settings.demo.is_some() { "demo" } else { "production" };
    let (service, version) = service.unwrap_or((NAME, VERSION));
    let software = format!("{NAME} {VERSION}");
    serde_json::json!({ "status": status, "service": service, "version": version, "environment": environment,
        "software": software })
}

/// Shows how the bot is doing.
#[utoipa::path(get, path = "/healthz", tag = "Health", security(()), responses(
    Gate,
    (status = 200, description = "`status` is `ok` or `degraded`; `checks` says why", body = serde_json::Value),
    (status = 503, description = "`status` is `down`", body = serde_json::Value),
))]
async fn healthz(State(face): State<Face>) -> Response<Body> {
    let detail = match face.settings.status {
        Audience::Public => health::Detail::Full,
        Audience::Members | Audience::Off => health::Detail::Numbers,
    };
    let (code, json) = health::json(&Report::of(&face.vitals), detail);
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (code, [(header::CONTENT_TYPE, JSON)], json).into_response()
}

/// Says whether the bot was connected once since its start. The store is migrated before any session begins, so that
/// says that both are there.
#[utoipa::path(get, path = "/readyz", tag = "Health", security(()), responses(
    Gate,
    (status = 200, description = "It was", body = String, content_type = "text/plain"),
    (status = 503, description = "Not yet", body = String, content_type = "text/plain"),
))]
async fn readyz(State(face): State<Face>) -> (StatusCode, &'static str) {
    match face.vitals.was_ready.load(Relaxed) {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "Discord has not said that we are ready yet.\n"),
    }
}

/// Numbers for Prometheus, where the status page is public.
#[utoipa::path(get, path = "/metrics", tag = "Health", security(()), responses(
    Gate,
    (status = 200, description = "The numbers", body = String, content_type = "text/plain"),
    (status = 403, description = "The status page is for members"),
    (status = 404, description = "There is no status page"),
))]
async fn metrics_page(State(face): State<Face>, headers: HeaderMap) -> Response<Body> {
    match closed(&face, &headers) {
        Some(closed) => closed,
        None => {
            ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::text(&Report::of(&face.vitals))).into_response()
        }
    }
}

/// A badge that says how the bot is doing, where the status page is public: the one picture that other people's pages
/// may show.
#[utoipa::path(get, path = "/badge.svg", tag = "Health", security(()), responses(
    Gate,
    (status = 200, description = "The badge", body = String, content_type = "image/svg+xml"),
    (status = 403, description = "The status page is for members"),
    (status = 404, description = "There is no status page"),
))]
async fn badge_picture(State(face): State<Face>, headers: HeaderMap) -> Response<Body> {
    let open = [
        (header::CONTENT_TYPE, HeaderValue::from_static(SVG)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    match closed(&face, &headers) {
        Some(closed) => closed,
        None => (open, badge::svg(&Report::of(&face.vitals))).into_response(),
    }
}

async fn asset(uri: Uri, headers: HeaderMap) -> Response<Body> {
    let Some(asset) = assets::find(uri.path()) else { return not_found(uri, headers).await };
    let etag = assets::etag(asset);
    let head = [
        (header::CONTENT_TYPE, asset.content_type.to_owned()),
        (header::CACHE_CONTROL, assets::CACHE_CONTROL.to_owned()),
        (header::ETAG, etag.clone()),
    ];
    match gate::is_kept(headers.get_all(header::IF_NONE_MATCH), &etag) {
        true => (StatusCode::NOT_MODIFIED, head).into_response(),
        false => (head, asset.body).into_response(),
    }
}

pub(super) async fn not_found(uri: Uri, headers: HeaderMap) -> Response<Body> {
    if is_for_programs(&uri) {
        return Problem::not_found("route").into_response();
    }
    let text = "There is no such room in this house. If a link brought you here, the link is wrong.";
    gate::notice(&headers, StatusCode::NOT_FOUND, "Not found", text)
}

/// Whatever asks for this expects the API's answers, however it looks.
fn is_for_programs(uri: &Uri) -> bool {
    uri.path().starts_with("/api/")
}

pub(super) async fn method_not_allowed(uri: Uri, headers: HeaderMap) -> Response<Body> {
    if is_for_programs(&uri) {
        let words = "This route has no such method; `Allow` says which it has.";
        return Problem::malformed(StatusCode::METHOD_NOT_ALLOWED, words).into_response();
    }
    let text = "This page can be read, but not with that method.";
    gate::notice(&headers, StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", text)
}
