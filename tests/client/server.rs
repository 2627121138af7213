//! A server of the tests' own, which answers as a script says, cuts connections, and holds answers back.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What somebody sent.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// What it does about it.
pub enum Does {
    Say(u16, Value),
    /// The same with header lines, and a body as it stands.
    Write(u16, &'static str, &'static str),
    /// Cuts the connection.
    Cut,
}

/// What it does about the nth thing that it is asked.
type Script = Box<dyn Fn(usize, Asked) -> BoxFuture<'static, Does> + Send + Sync>;

/// An open server; it closes when dropped.
pub struct Server {
    pub addr: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    script: Script,
    asked: Mutex<Vec<Asked>>,
    /// Told whenever something comes.
    came: watch::Sender<()>,
    connections: AtomicUsize,
}

impl Server {
    pub async fn new(script: impl Fn(usize, Asked) -> Does + Send + Sync + 'static) -> Self {
        let script = Arc::new(script);
        Self::slow(move |nth, asked| {
            let script = script.clone();
            Box::pin(async move { script(nth, asked) })
        })
        .await
    }

    /// One that takes its time.
    pub async fn slow(script: impl Fn(usize, Asked) -> BoxFuture<'static, Does> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let state = Arc::new(State {
            script: Box::new(script),
            asked: Mutex::default(),
            came: watch::Sender::new(()),
            connections: AtomicUsize::new(0),
        });
        let mine = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                mine.connections.fetch_add(1, SeqCst);
                tokio::spawn(serve(stream, mine.clone()));
            }
        });
        Self { addr, state, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What it was asked at this path, in the order that it came.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.state.asked.lock().unwrap().iter().filter(|asked| asked.path == path).cloned().collect()
    }

    pub fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    /// Waits until it was asked so much at this path.
    pub async fn until_asked(&self, path: &str, so_many: usize) {
        let mut came = self.state.came.subscribe();
        while self.asked(path).len() < so_many {
            came.changed().await.unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A token, as the API gives it.
pub fn token(name: &str) -> Does {
    Does::Say(200, json!({"token": name, "expires_in": 3_600}))
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream).await {
        let nth = {
            let mut all = state.asked.lock().unwrap();
            let nth = all.iter().filter(|other| other.path == asked.path).count();
            all.push(asked.clone());
            nth
        };
        state.came.send_replace(());
        let is_last = asked.header("connection") == Some("close");
        let does = (state.script)(nth, asked).await;
        let (status, lines, body) = match does {
            Does::Cut => return,
            Does::Say(status, body) => (status, "Content-Type: application/json\r\n", body.to_string()),
            Does::Write(status, lines, body) => (status, lines, body.to_owned()),
        };
        let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n{lines}\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() || is_last {
            return;
        }
    }
}

/// A request; none once the other side has gone.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut asked = Asked { method, path, head, body: String::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    asked.body = String::from_utf8(body).ok()?;
    Some(asked)
}
