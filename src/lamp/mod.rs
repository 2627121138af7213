//! The lamp: a small status server that stays awake when the rest of the house is stuck.
//!
//! It runs on threads of its own and reads only the vitals and the board, so neither a blocked runtime nor a locked
//! database keeps it from telling the truth. tiny_http answers the requests; but one crafted request can end a process
//! that lets it read from the network, and it knows no limits. So it listens on a private Unix socket ([`flame`]),
//! and a [`guard`] in front of it reads each request within bounds and asks it anew, in the guard's own words.

mod flame;
mod guard;
mod head;
mod limits;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

pub use limits::Limits;

use crate::config::Config;
use crate::door::Hosts;
use crate::status::Face;
use flame::Flame;
use guard::Guard;

/// What the lamp shows, to whom, and how much it puts up with.
#[derive(Clone)]
pub struct Light {
    pub face: Face,
    pub hosts: Hosts,
    pub limits: Limits,
}

impl Light {
    /// A light as the config describes it.
    pub fn new(face: Face, config: &Config) -> Self {
        let hosts = Hosts::new(config.lamp.listen.parse().ok(), &config.http.public_url, &config.http.allowed_hosts);
        Self { face, hosts, limits: Limits::default() }
    }
}

/// A burning lamp; it goes out when dropped.
pub struct Lamp {
    /// Where it can be seen.
    pub addr: SocketAddr,
    stop: watch::Sender<bool>,
    guard: Option<JoinHandle<()>>,
    flame: Flame,
}

impl Lamp {
    /// Lights it. Its socket goes into a folder of its own inside `run_folder`.
    ///
    /// # Errors
    /// When the folder cannot be made, its path is too long for a socket, or no thread can be started.
    pub fn start(listener: TcpListener, light: Light, run_folder: &Path) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let flame = Flame::light(light.face.clone(), run_folder, light.limits.relight_pause)?;
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let guard = Guard::new(light, flame.wick());
        let work = move || runtime.block_on(guard.stand(listener, stopped));
        let guard = thread::Builder::new().name("lamp-guard".to_owned()).spawn(work)?;
        Ok(Self { addr, stop, guard: Some(guard), flame })
    }

    /// Puts it out, and waits until its threads are gone.
    pub fn stop(mut self) {
        self.put_out();
    }

    fn put_out(&mut self) {
        self.stop.send_replace(true);
        if let Some(guard) = self.guard.take() {
            let _ = guard.join();
        }
        self.flame.put_out();
    }
}

impl Drop for Lamp {
    fn drop(&mut self) {
        self.put_out();
    }
}
