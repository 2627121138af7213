//! The flame: tiny_http on a private Unix socket, and the threads that answer with what the vitals and the board say.
//!
//! Only the guard can reach it. When its listening fails, or the guard gets no answer, it is lit again on a new socket.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tiny_http::{Header, Request, Response, Server};

use crate::status::page::{self, Place};
use crate::status::{Face, Report, assets, badge, health, metrics};

/// Threads that answer. An answer takes well under a millisecond.
const HANDS: usize = 2;
/// Flames that were put out and still hold a thread; with more of them no new one is lit.
const LEFTOVERS_MAX: usize = 4;
/// What a Unix socket's address has room for, its closing zero left out.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// The sockets' folder inside the run folder.
const FOLDER: &str = "lamp";
const FOLDER_MODE: u32 = 0o700;

/// What the keeper of the flame is told.
enum Word {
    /// The lighting with this number gives no light.
    Relight(u64),
    PutOut,
}

/// The burning flame and its keeper.
pub(super) struct Flame {
    wick: Wick,
    keeper: Option<JoinHandle<()>>,
}

/// Where to find the flame, and how to have it lit again. Clones share it.
#[derive(Clone)]
pub(super) struct Wick {
    burning: Arc<ArcSwap<Burning>>,
    words: SyncSender<Word>,
}

/// Which lighting it is, and where it listens.
pub(super) struct Burning {
    number: u64,
    pub socket: PathBuf,
}

impl Wick {
    pub(super) fn burning(&self) -> Arc<Burning> {
        self.burning.load_full()
    }

    /// Has the flame lit again, unless that has been done since `burning` was seen.
    pub(super) fn relight(&self, burning: &Burning) {
        let _ = self.words.try_send(Word::Relight(burning.number));
    }
}

impl Flame {
    /// Lights it in a folder of its own inside `run_folder`.
    pub(super) fn light(face: Face, run_folder: &Path, relight_pause: Duration) -> io::Result<Self> {
        let folder = run_folder.join(FOLDER);
        prepare(&folder)?;
        let first = Lit::new(&folder, 0)?;
        let (words, heard) = sync_channel(1);
        let wick = Wick { burning: Arc::new(ArcSwap::from_pointee(first.burning())), words };
        let keeper = Keeper { face, folder, relight_pause, wick: wick.clone(), heard };
        let keeper = thread::Builder::new().name("lamp-keeper".to_owned()).spawn(move || keeper.keep(first))?;
        Ok(Self { wick, keeper: Some(keeper) })
    }

    pub(super) fn wick(&self) -> Wick {
        self.wick.clone()
    }

    pub(super) fn put_out(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            let _ = self.wick.words.send(Word::PutOut);
            let _ = keeper.join();
        }
    }
}

/// The thread that lights the flame again when it goes out.
struct Keeper {
    face: Face,
    folder: PathBuf,
    relight_pause: Duration,
    wick: Wick,
    heard: Receiver<Word>,
}

impl Keeper {
    fn keep(self, first: Lit) {
        let mut lit = Some(Arc::new(first));
        let mut leftovers: Vec<Weak<Lit>> = Vec::new();
        for number in 1.. {
            if let Some(lit) = &lit {
                self.wick.burning.store(Arc::new(lit.burning()));
                self.set_to_work(lit);
            }
            let is_over = self.hears_that_it_is_over();
            if let Some(lit) = lit.take() {
                lit.put_out();
                leftovers.push(Arc::downgrade(&lit));
            }
            if is_over || self.is_to_stay_dark() {
                return;
            }
            tracing::warn!("the lamp went out and is lit again");
            leftovers.retain(|lit| lit.strong_count() > 0);
            if leftovers.len() <= LEFTOVERS_MAX {
                lit = Lit::new(&self.folder, number).map(Arc::new).ok();
            }
        }
    }

    /// Waits until the flame gives no light, or until no light is wanted any more. Words about earlier lightings come
    /// late and mean nothing.
    fn hears_that_it_is_over(&self) -> bool {
        loop {
            match self.heard.recv() {
                Ok(Word::Relight(dark)) if dark < self.wick.burning().number => {}
                Ok(Word::Relight(_)) => return false,
                Ok(Word::PutOut) | Err(_) => return true,
            }
        }
    }

    /// Waits before the next lighting; whoever misses the light meanwhile has said so already.
    fn is_to_stay_dark(&self) -> bool {
        let until = Instant::now() + self.relight_pause;
        loop {
            match self.heard.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Word::Relight(_)) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                Ok(Word::PutOut) | Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    }

    fn set_to_work(&self, lit: &Arc<Lit>) {
        for _ in 0..HANDS {
            let (lit, face, wick) = (lit.clone(), self.face.clone(), self.wick.clone());
            let work = move || answer_all(&lit, &face, &wick);
            if thread::Builder::new().name("lamp-hand".to_owned()).spawn(work).is_err() {
                self.wick.relight(&self.wick.burning());
            }
        }
    }
}

/// One lighting: a server and its socket, which is removed after the server is gone.
struct Lit {
    number: u64,
    server: Server,
    socket: Socket,
    is_out: AtomicBool,
}

struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Lit {
    fn new(folder: &Path, number: u64) -> io::Result<Self> {
        let path = folder.join(format!("{}-{number}.sock", std::process::id()));
        if path.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
            let sentence = format!(
                "the lamp's socket {} has a path of more than {SOCKET_PATH_BYTES_MAX} bytes: put the \
                 data folder elsewhere, or switch the lamp off with lamp.listen = \"\"",
                path.display()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, sentence));
        }
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        let socket = Socket(path);
        let server = Server::from_listener(listener, None).map_err(io::Error::other)?;
        Ok(Self { number, server, socket, is_out: AtomicBool::new(false) })
    }

    fn burning(&self) -> Burning {
        Burning { number: self.number, socket: self.socket.0.clone() }
    }

    /// Sends the hands home; the last of them takes server and socket along.
    fn put_out(&self) {
        self.is_out.store(true, Relaxed);
        for _ in 0..HANDS {
            self.server.unblock();
        }
    }
}

/// Makes the folder ours alone, and clears away sockets that nobody listens to any more.
fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    for entry in fs::read_dir(folder)?.flatten() {
        let is_socket = entry.file_type().is_ok_and(|kind| kind.is_socket());
        if is_socket && UnixStream::connect(entry.path()).is_err() {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// What a hand does all day. Dropping a request unanswered, as a panic does, makes tiny_http answer 500.
fn answer_all(lit: &Lit, face: &Face, wick: &Wick) {
    while !lit.is_out.load(Relaxed) {
        let Ok(request) = lit.server.recv() else { break };
        let _ = catch_unwind(AssertUnwindSafe(|| answer(request, face)));
    }
    if !lit.is_out.load(Relaxed) {
        wick.relight(&lit.burning());
    }
}

fn answer(request: Request, face: &Face) -> io::Result<()> {
    let report = || Report::of(&face.vitals);
    let fresh = "no-store";
    let (status, content_type, cache, body) = match request.url() {
        "/" => (200, "text/html; charset=utf-8", fresh, page::html(face, Place::Lamp)),
        "/healthz" => {
            let (status, json) = health::json(&report(), health::Detail::Full);
            (status, "application/json", fresh, json)
        }
        "/metrics" => (200, metrics::CONTENT_TYPE, fresh, metrics::text(&report())),
        "/badge.svg" => (200, "image/svg+xml", fresh, badge::svg(&report())),
        path => match assets::find(path) {
            Some(asset) => (200, asset.content_type, assets::CACHE_CONTROL, asset.body.to_owned()),
            None => (404, "text/plain; charset=utf-8", fresh, "There is nothing here.\n".to_owned()),
        },
    };
    let mut response = Response::from_data(body).with_status_code(status).with_chunked_threshold(usize::MAX);
    for (name, value) in [("Content-Type", content_type), ("Cache-Control", cache)] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    request.respond(response)
}
