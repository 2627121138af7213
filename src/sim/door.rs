//! Listeners that can be shut and opened again on the same port, and connections that can be broken from outside.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::faults::{Entrance, Faults};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1_024;

/// How long to wait when the system cannot accept or listen just now.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// A listener of the simulated Discord.
pub(super) struct Door {
    listener: Option<TcpListener>,
    address: SocketAddr,
    /// Bound to the same port, never listening: keeps the port for us while the door is shut.
    _place: Socket,
    is_open: watch::Receiver<bool>,
    faults: Faults,
}

/// A connection, seen from a handler.
#[derive(Clone, Debug)]
pub(super) struct Line(Arc<Socket>);

impl Line {
    /// Ends the connection without a word.
    pub fn cut(&self) {
        let _ = self.0.shutdown(std::net::Shutdown::Both);
    }

    /// Ends the connection with a reset.
    pub fn reset(&self) {
        let _ = self.0.set_linger(Some(Duration::ZERO));
        let _ = self.0.shutdown(std::net::Shutdown::Read);
    }
}

impl Door {
    /// Listens at `address`; port 0 takes a free one.
    pub fn open(address: SocketAddr, entrance: Entrance, faults: &Faults) -> io::Result<Self> {
        let place = socket_at(address)?;
        let address = place.local_addr()?.as_socket().unwrap_or(address);
        let mut door =
            Self { listener: None, address, _place: place, is_open: faults.door(entrance), faults: faults.clone() };
        door.listener = Some(door.listen()?);
        Ok(door)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let socket = socket_at(self.address)?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket.into())
    }

    /// A connection, or none when there is to be tried again.
    async fn try_accept(&mut self) -> Option<(TcpStream, SocketAddr)> {
        if !*self.is_open.borrow_and_update() {
            self.listener = None;
            let _ = self.is_open.changed().await;
            return None;
        }
        if self.listener.is_none() {
            self.listener = self.listen().ok();
        }
        let Some(listener) = &self.listener else {
            tokio::time::sleep(ACCEPT_RETRY).await;
            return None;
        };
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => Some(accepted),
                Err(_) => {
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    None
                }
            },
            _ = self.is_open.changed() => None,
        }
    }
}

fn socket_at(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

impl Listener for Door {
    type Io = TcpStream;
    type Addr = Line;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Some((stream, _)) = self.try_accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let Ok(copy) = SockRef::from(&stream).try_clone() else { continue };
            let line = Arc::new(copy);
            self.faults.keep_line(&line);
            return (stream, Line(line));
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        // Nobody asks: where it listens is [`Door::address`].
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}
