//! The guard in front of the lamp: one thread with a small runtime of its own, apart from the bot's.
//!
//! It reads each request's head within bounds of size and time, asks the flame in its own words, writes the answer and
//! closes. It also looks now and then whether the flame burns, and has it lit again when it does not.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::Light;
use super::flame::Wick;
use super::head::{self, Ask, Refused};
use crate::door::{Caps, Crowd, Place};
use crate::status::vitals::Part;

/// When the kernel has no descriptor or memory left for a connection, the next attempt waits this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What is read of a head at a time: most heads whole.
const CHUNK_BYTES: usize = 1024;

/// Everything that its connections share.
pub(super) struct Guard {
    light: Light,
    wick: Wick,
    in_flight: Semaphore,
}

impl Guard {
    pub(super) fn new(light: Light, wick: Wick) -> Self {
        let in_flight = Semaphore::new(light.limits.in_flight);
        Self { light, wick, in_flight }
    }

    /// Stands there until `stop` is true.
    pub(super) async fn stand(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let limits = self.light.limits.clone();
        let guard = Arc::new(self);
        let crowd = Crowd::new(Caps { total: limits.connections, per_address: limits.connections_per_address });
        let mut connections = JoinSet::new();
        let watch = tokio::spawn(guard.clone().watch_the_flame());
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((stream, peer)) => match crowd.find_room(peer.ip(), false).await {
                    Some(place) => drop(connections.spawn(guard.clone().converse(stream, place))),
                    None => refuse(&stream),
                },
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
        watch.abort();
    }

    /// Asks the flame for the shortest answer now and then: that it comes proves that guard, socket and flame work.
    async fn watch_the_flame(self: Arc<Self>) {
        let mut ticks = interval(self.light.limits.check_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let question = Ask { is_head: true, path: "/badge.svg".to_owned() };
        loop {
            ticks.tick().await;
            if self.fetch(&question).await.is_ok() {
                self.light.face.vitals.beat(Part::Lamp);
            }
        }
    }

    async fn converse(self: Arc<Self>, stream: TcpStream, place: Place) {
        tokio::select! {
            _ = self.attend(stream, &place) => {}
            () = place.guest.sent_away() => {}
        }
    }

    /// One request, one answer, the end.
    async fn attend(&self, mut stream: TcpStream, place: &Place) -> io::Result<()> {
        let limits = &self.light.limits;
        let reached = stream.local_addr().ok().map(|address| address.ip());
        let asked = timeout(limits.head_read, self.read_head(&mut stream, reached)).await;
        place.guest.spoke();
        let answer = match asked.unwrap_or(Ok(Err(head::TOO_SLOW)))? {
            Ok(ask) => tokio::select! {
                answer = self.fetch(&ask) => answer.unwrap_or_else(Refused::answer),
                // Nobody is there any more to be answered.
                reset = stream.ready(Interest::ERROR) => return reset.map(drop),
            },
            Err(refused) => refused.answer(),
        };
        timeout(limits.write, stream.write_all(&answer)).await??;
        stream.shutdown().await?;
        let _ = timeout(limits.linger, drain(&mut stream, limits.head_bytes)).await;
        Ok(())
    }

    /// Reads until the head is whole. What a client sends after it is never looked at.
    async fn read_head(&self, stream: &mut TcpStream, reached: Option<IpAddr>) -> io::Result<Result<Ask, Refused>> {
        let limits = &self.light.limits;
        let mut bytes = Vec::with_capacity(CHUNK_BYTES);
        loop {
            let before = bytes.len();
            let room = CHUNK_BYTES.min(limits.head_bytes - before);
            if room == 0 {
                return Ok(Err(head::TOO_LARGE));
            }
            if stream.take(room as u64).read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // Nothing can have become whole without the end of a line; a long head in small pieces is not read anew for
            // each of them.
            if before >= CHUNK_BYTES && !bytes[before..].contains(&b'\n') {
                continue;
            }
            match head::read(&bytes, &self.light.hosts, reached, limits.target_bytes) {
                Ok(None) => {}
                Ok(Some(ask)) => return Ok(Ok(ask)),
                Err(refused) => return Ok(Err(refused)),
            }
        }
    }

    /// The flame's answer. When there is none, the flame is lit again.
    async fn fetch(&self, ask: &Ask) -> Result<Vec<u8>, Refused> {
        let limits = &self.light.limits;
        let Ok(Ok(_turn)) = timeout(limits.answer, self.in_flight.acquire()).await else { return Err(head::FULL) };
        let burning = self.wick.burning();
        let asking = async {
            let mut flame = UnixStream::connect(&burning.socket).await?;
            flame.write_all(&head::ask(ask)).await?;
            let mut bytes = Vec::with_capacity(CHUNK_BYTES);
            flame.take(limits.answer_bytes as u64).read_to_end(&mut bytes).await?;
            head::answer(&bytes, ask.is_head).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
        };
        match timeout(limits.answer, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => {
                self.wick.relight(&burning);
                Err(head::RELIGHTING)
            }
        }
    }
}

/// One attempt to say why, without waiting for anything.
fn refuse(stream: &TcpStream) {
    let mut unread = [0; CHUNK_BYTES];
    let _ = stream.try_write(&head::FULL.answer());
    let _ = stream.try_read(&mut unread);
}

async fn drain(stream: &mut TcpStream, bytes_max: usize) -> io::Result<()> {
    let mut unread = [0; CHUNK_BYTES];
    let mut bytes = 0;
    while bytes < bytes_max {
        match stream.read(&mut unread).await? {
            0 => break,
            some => bytes += some,
        }
    }
    Ok(())
}
