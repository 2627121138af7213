//! Connections: let in, served one request after another, and ended in time.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use futures_util::FutureExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::patience::Patient;
use super::{Door, gate};
use crate::door::{Caps, Crowd, Guest, Place};

/// When the kernel has no descriptor or memory left for a connection, the next attempt waits this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 42\r\n\
    Retry-After: 5\r\nConnection: close\r\n\r\nToo many connections. Try again in a bit.\n";
/// What of a refused client's request is read, so that closing does not reset the connection under our answer.
const REFUSED_BYTES_READ: usize = 16 * 1024;

/// What all connections share.
pub(super) struct Shared {
    pub door: Door,
    pub router: Router,
}

/// Accepts until `stop` is true, then waits for the answers under way.
pub(super) async fn accept_all(listener: &TcpListener, shared: &Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let limits = &shared.door.limits;
    let crowd = Crowd::new(Caps { total: limits.connections, per_address: limits.connections_per_address });
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let trusted = shared.door.trusted_proxies.contains(&peer.ip().to_canonical());
                match crowd.find_room(peer.ip(), trusted).await {
                    Some(place) => drop(connections.spawn(converse(stream, peer, place, shared.clone(), stop.clone()))),
                    None => refuse(&stream),
                }
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
    let all_ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits.stop_grace, all_ended).await;
}

/// One attempt to say why, without waiting for anything.
fn refuse(stream: &TcpStream) {
    let mut unread = [0; REFUSED_BYTES_READ];
    let _ = stream.try_write(FULL);
    let _ = stream.try_read(&mut unread);
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let limits = &shared.door.limits;
    let guest = place.guest.clone();
    let reached = stream.local_addr().ok().map(|address| address.ip());
    let service = service_fn(|request| answer(request, peer, reached, guest.clone(), shared.clone()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_read)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.headers)
        .serve_connection(TokioIo::new(Patient::new(stream, limits.write_stall, place)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut life = pin!(sleep(limits.connection_life));
    let mut is_last = false;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = guest.sent_away() => return,
            () = life.as_mut(), if !is_last => {}
            _ = stop.wait_for(|stop| *stop), if !is_last => {}
        }
        is_last = true;
        connection.as_mut().graceful_shutdown();
    }
}

/// The answer to one request. A handler that panics costs its own request, and nothing else.
async fn answer(
    mut request: Request<Incoming>,
    peer: SocketAddr,
    reached: Option<IpAddr>,
    guest: Arc<Guest>,
    shared: Arc<Shared>,
) -> Result<Response<Watched>, Infallible> {
    guest.spoke();
    request.extensions_mut().insert(ConnectInfo(peer));
    let answering = gate::pass(request.map(Body::new), reached, &shared.door, shared.router.clone());
    let response = AssertUnwindSafe(answering).catch_unwind().await.unwrap_or_else(|_| gate::fault());
    let stays = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    Ok(response.map(|body| Watched { body, guest: (!stays).then_some(guest) }))
}

/// A response body that tells when it is done: from then on its connection only waits for the next head.
struct Watched {
    body: Body,
    guest: Option<Arc<Guest>>,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(guest) = &self.guest {
            guest.fell_silent();
        }
    }
}
