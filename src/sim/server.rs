//! The world behind sockets: REST on one listener, the gateway on two others.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::task::JoinHandle;

use super::door::{Door, Line};
use super::gateway::{GatewayState, handshake};
use super::rest::{self, BODY_BYTES_MAX, Fate};
use super::shared::SharedWorld;

/// Serves REST, and whatever else `pages` brings, on a listener.
pub(super) fn serve_rest(door: Door, world: SharedWorld, pages: Router) -> JoinHandle<()> {
    let api = Router::new().fallback(answer).with_state(world);
    let router = pages.fallback_service(api);
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<Line>();
        let _ = axum::serve(door, service).await;
    })
}

/// Serves the gateway on a listener.
pub(super) fn serve_gateway(door: Door, state: GatewayState) -> JoinHandle<()> {
    let router = Router::new().fallback(handshake).with_state(state);
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<Line>();
        let _ = axum::serve(door, service).await;
    })
}

async fn answer(State(world): State<SharedWorld>, ConnectInfo(line): ConnectInfo<Line>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX + 1).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = read_request(&parts.method, &parts.uri, &parts.headers, &body);
    let answer = world.lock().request(&request);
    match answer.fate {
        Fate::Deliver => to_http(answer),
        Fate::Late(delay) => {
            tokio::time::sleep(delay).await;
            to_http(answer)
        }
        Fate::Hang => std::future::pending().await,
        Fate::Cut => {
            line.cut();
            std::future::pending().await
        }
        Fate::CutInBody => cut_in_body(answer, line),
    }
}

fn read_request(
    method: &axum::http::Method,
    uri: &axum::http::Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> rest::Request {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    rest::Request {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        user_agent: header("user-agent"),
        content_type: header("content-type"),
        reason: header("x-audit-log-reason"),
        body: body.to_vec(),
    }
}

/// An answer as axum sends it. Headers that HTTP cannot carry are left out.
pub(super) fn to_http(answer: rest::Response) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Promises the whole body, sends half of it, and breaks off.
fn cut_in_body(answer: rest::Response, line: Line) -> Response {
    let whole = answer.body.len();
    let half = Bytes::from(answer.body.get(..whole / 2).unwrap_or_default().to_vec());
    let mut response = to_http(rest::Response { body: Vec::new(), ..answer });
    let pieces = futures_util::stream::unfold(Some(half), move |piece| {
        let line = line.clone();
        async move {
            match piece {
                Some(piece) => Some((Ok::<_, std::io::Error>(piece), None)),
                None => {
                    // The half that was sent is on its way before the line is cut.
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    line.cut();
                    Some((Err(std::io::ErrorKind::ConnectionReset.into()), None))
                }
            }
        }
    });
    *response.body_mut() = Body::from_stream(pieces);
    if let Ok(length) = HeaderValue::try_from(whole.to_string()) {
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    response
}
