//! What holds for every request and every answer, whatever its route: host names, sizes, times, and the headers that
//! tell a browser to trust nothing but our own files.

use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Request, Response, StatusCode, Version};
use axum::response::IntoResponse;
use tokio::time::timeout;
use tower::{Layer, ServiceExt};

use super::api::Problem;
use super::{Door, page};

/// Styles, scripts and pictures from our own files alone; nothing inline, no frames around us, no other server.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What stands before a key that is written before a path.
const KEY_HEAD: &str = "/k/";

/// What the paths of our own API begin with.
const API_ROOT: &str = "api";

/// No other server learns where somebody was; ours may. Without any referrer, browsers hide the origin of forms as well
/// (Fetch standard, "append a request `Origin` header"), and none of ours could be told from others'.
const REFERRERS: &str = "same-origin";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, REFERRERS),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Lets a sound request through to the routes, and dresses the answer.
pub(super) async fn pass(
    mut request: Request<Body>,
    reached: Option<IpAddr>,
    door: &Door,
    router: Router,
) -> Response<Body> {
    let mut response = match object(&request, reached, door) {
        Some((status, sentence)) => refusal(status, sentence),
        None => {
            take_key(&mut request);
            drop_last_slash(&mut request, door);
            let is_poll = door.wires.long_polls.contains(&request.uri().path());
            let at_most = if is_poll { door.limits.long_poll } else { door.limits.request };
            let routes = DefaultBodyLimit::max(door.limits.body_bytes).layer(router);
            match timeout(at_most, routes.oneshot(request)).await {
                Ok(Ok(response)) => response.map(Body::new),
                Ok(Err(never)) => match never {},
                Err(_) => refusal(StatusCode::SERVICE_UNAVAILABLE, "This took too long; try again."),
            }
        }
    };
    dress(response.headers_mut());
    response
}

/// Programs that cannot send a header write their key before the path: `/k/KEY/api/users`. From here on it is a header
/// like any other, and the address, which could be told somebody, is without it.
fn take_key(request: &mut Request<Body>) {
    let Some((key, path)) = request.uri().path().strip_prefix(KEY_HEAD).map(|rest| match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, "/"),
    }) else {
        return;
    };
    let (Ok(mut key), path) = (HeaderValue::from_str(key), path.to_owned()) else { return };
    key.set_sensitive(true);
    rewrite(request, &path);
    // Beside another key it is one too many, as two headers would be.
    request.headers_mut().append("x-api-key", key);
}

/// Programs write addresses with or without a slash at their end, and follow no redirects.
fn drop_last_slash(request: &mut Request<Body>, door: &Door) {
    let Some(path) = request.uri().path().strip_suffix('/') else { return };
    let root = path.split('/').nth(1).unwrap_or_default();
    if root == API_ROOT || door.wires.roots.iter().any(|roots| roots.contains(&root)) {
        let path = path.to_owned();
        rewrite(request, &path);
    }
}

/// The same request for another path.
fn rewrite(request: &mut Request<Body>, path: &str) {
    let asked = request.uri().query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    if let Ok(uri) = asked.parse() {
        *request.uri_mut() = uri;
    }
}

/// The answer when a handler panicked. The panic itself was logged where it happened.
pub(super) fn fault() -> Response<Body> {
    let mut response = refusal(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side.");
    dress(response.headers_mut());
    response
}

/// Whether a client would rather have JSON than a page: what `Accept` names first, and where it names neither, whether
/// it is a browser.
pub fn prefers_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
    let kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match kinds.into_iter().find(|kind| kind == "application/json" || kind == "text/html") {
        Some(kind) => kind == "application/json",
        None => {
            let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
            !agent.windows(b"Mozilla".len()).any(|window| window == b"Mozilla")
        }
    }
}

/// What speaks against a request before anybody looks at its route.
fn object(request: &Request<Body>, reached: Option<IpAddr>, door: &Door) -> Option<(StatusCode, &'static str)> {
    let uri = request.uri();
    let target_bytes = uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target_bytes > door.limits.target_bytes {
        return Some((StatusCode::URI_TOO_LONG, "This address is too long."));
    }
    if !uri.path().starts_with('/') && uri.path() != "*" {
        return Some((StatusCode::BAD_REQUEST, "This is no path."));
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    let Some(Ok(host)) = host.map(HeaderValue::to_str) else {
        return Some((StatusCode::BAD_REQUEST, "A request needs a Host header."));
    };
    if more.is_some() || request.version() > Version::HTTP_11 {
        return Some((StatusCode::BAD_REQUEST, "A request has one Host header."));
    }
    let authority = uri.authority().map(|authority| authority.as_str());
    if !door.hosts.allow(host, reached) || authority.is_some_and(|host| !door.hosts.allow(host, reached)) {
        let sentence = "I do not go by this name. Its owner can add it to http.allowed_hosts or set http.public_url.";
        return Some((StatusCode::MISDIRECTED_REQUEST, sentence));
    }
    // A proxy in front of us may see the end of such a body elsewhere than we do, and another request behind it.
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Some((StatusCode::LENGTH_REQUIRED, "Say how long the body is (Content-Length), not in pieces."));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if declared.is_some_and(|bytes| bytes.parse::<usize>().map_or(true, |bytes| bytes > door.limits.body_bytes)) {
        return Some((StatusCode::PAYLOAD_TOO_LARGE, "This is more than I read."));
    }
    None
}

/// A refusal in plain text, after which the connection ends: the rest of such a request is not read.
fn refusal(status: StatusCode, sentence: &str) -> Response<Body> {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CONNECTION, "close")];
    (status, headers, format!("{sentence}\n")).into_response()
}

fn dress(headers: &mut HeaderMap) {
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// A small page for a person, or what it says as JSON for a program.
pub(super) fn notice(headers: &HeaderMap, status: StatusCode, title: &str, text: &str) -> Response<Body> {
    if !prefers_json(headers) {
        return (status, axum::response::Html(page::notice(title, text))).into_response();
    }
    if status.is_success() {
        return (status, axum::Json(serde_json::json!({ "detail": text }))).into_response();
    }
    Problem::told(status, text).into_response()
}

/// Whether somebody has what bears this tag, as they say with `If-None-Match`.
///
/// Source: RFC 9110, section 13.1.2.
pub(super) fn is_kept<'v>(said: impl IntoIterator<Item = &'v HeaderValue>, tag: &str) -> bool {
    let mut tags = said.into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    tags.any(|kept| kept.trim() == "*" || kept.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_for_people_and_json_for_programs() {
        let table = [
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), "Mozilla/5.0", false),
            (Some("application/json"), "Mozilla/5.0", true),
            (Some("application/json, text/html"), "curl/8", true),
            (Some("text/html, application/json"), "curl/8", false),
            (Some("Application/JSON;q=0.9, */*"), "Mozilla/5.0", true),
            (Some("*/*"), "Mozilla/5.0", false),
            (Some("*/*"), "python-httpx/0.27", true),
            (None, "curl/8", true),
            (None, "Mozilla/5.0", false),
            (Some("image/*"), "", true),
        ];
        for (accept, agent, json) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(prefers_json(&headers), json, "{accept:?} of {agent:?}");
        }
    }
}
