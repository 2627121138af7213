//! The simulated gateway: WebSockets in front of the world's sessions.
//!
//! [`protocol`] judges what a client sends, [`connection`] moves frames, [`compress`] packs them, [`firehose`] pours.

mod compress;
mod connection;
pub mod firehose;
mod protocol;

use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::door::Line;
use super::faults::{Entrance, Faults, Moment, Strike};
use super::server::to_http;
use super::shared::SharedWorld;
use connection::{Connection, Transport};

/// What a gateway listener's handler needs.
#[derive(Clone)]
pub(super) struct GatewayState {
    pub world: SharedWorld,
    pub faults: Faults,
    pub entrance: Entrance,
    /// Whether a client that sends no heartbeats is cut off.
    pub expects_heartbeats: bool,
}

/// Answers a handshake, whatever its path.
pub(super) async fn handshake(
    State(state): State<GatewayState>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let connection = state.faults.count_handshake();
    match state.faults.take(state.entrance, Moment::Handshake) {
        Some(Strike::Http(answer)) => return to_http(answer),
        Some(Strike::Reset) => {
            line.reset();
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Some(_) => {
            line.cut();
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        None => {}
    }
    let transport = Transport::from_query(request.uri().query().unwrap_or_default());
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        let body = Body::from("This is a gateway: it speaks WebSocket.");
        return (StatusCode::UPGRADE_REQUIRED, body).into_response();
    };
    upgrade.on_upgrade(move |socket| Connection::new(state, connection, line, transport).run(socket))
}
