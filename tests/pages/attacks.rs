//! What hostile and broken clients do, against both listening doors: neither may die, freeze, answer twice, or lose a
//! good client over it.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Answer, PATIENCE, get, send};

/// A good client is served.
pub async fn serves(addr: SocketAddr) {
    let answer = get(addr, "/healthz").await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// A refusal in the 400s, or an end without a word.
fn is_refused(answer: &Option<Answer>) -> bool {
    answer.as_ref().is_none_or(|answer| (400..500).contains(&answer.status))
}

/// Bodies that nobody can read: the answer comes without allocating or waiting for them.
pub async fn absurd_lengths(addr: SocketAddr) {
    for length in ["4611686018427387904", "1000000000000", "18446744073709551615", "99999999999999999999", "65537"] {
        for method in ["POST", "GET"] {
            let request = format!("{method} / HTTP/1.1\r\nHost: {addr}\r\nContent-Length: {length}\r\n\r\nabc");
            let answer = send(addr, request.as_bytes()).await;
            assert!(is_refused(&answer), "{method} {length}: {answer:?}");
        }
    }
    serves(addr).await;
}

/// A connection that is reset right after its request.
pub async fn resets(addr: SocketAddr) {
    for _ in 0..300 {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: {addr}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
    }
    serves(addr).await;
}

/// Bytes without end; they must be cut off long before they add up.
async fn endless(addr: SocketAddr, begin: &[u8], again: &[u8]) {
    const ENOUGH: usize = 64 * 1024 * 1024;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let pouring = async {
        stream.write_all(begin).await?;
        for _ in 0..ENOUGH / again.len() {
            stream.write_all(again).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    assert!(timeout(PATIENCE, pouring).await.expect("an end").is_err(), "64 MiB of head were taken");
}

pub async fn endless_heads(addr: SocketAddr) {
    let page = "a".repeat(64 * 1024);
    endless(addr, b"GET / HTTP/1.1\r\nX: ", page.as_bytes()).await;
    endless(addr, b"GET /", page.as_bytes()).await;
    endless(addr, b"GET / HTTP/1.1\r\n", "a: b\r\n".repeat(4096).as_bytes()).await;
    endless(addr, b"", "\r\n".repeat(4096).as_bytes()).await;
    let url = format!("GET /{} HTTP/1.1\r\nHost: {addr}\r\n\r\n", "a".repeat(10 * 1024 * 1024));
    assert!(is_refused(&send(addr, url.as_bytes()).await), "a URL of 10 MB");
    serves(addr).await;
}

/// A thousand sockets that begin a request and never end it. At most `cap` of them are kept, and a good client comes
/// through while they are there.
pub async fn half_open(addr: SocketAddr, cap: usize) {
    let mut sockets = Vec::new();
    for number in 0..how_many_sockets() {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let begin: &[u8] = if number % 2 == 0 { b"GET / HTTP/1.1\r\nHost: loc" } else { b"" };
        let _ = stream.write_all(begin).await;
        sockets.push(stream);
    }
    serves(addr).await;
    let must_end = sockets.len() - cap;
    let ends = futures_util::future::join_all(sockets.iter_mut().take(must_end).map(|stream| async {
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.is_ok()
    }));
    assert!(ends.await.into_iter().all(|ended| ended), "more than {cap} of them are kept");
    serves(addr).await;
}

/// A thousand where the computer allows that many open files, else a fraction that shows the same.
fn how_many_sockets() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft = files.and_then(|line| line.split_whitespace().nth(3)).and_then(|soft| soft.parse::<u64>().ok());
    if soft.is_some_and(|soft| soft < 4_096) { 300 } else { 1_000 }
}

/// Heads that are no HTTP, or that two readers could read in two ways.
pub async fn malformed_heads(addr: SocketAddr) {
    let host = format!("Host: {addr}\r\n");
    let heads = [
        "\u{0}\u{0}\u{0}\u{0}\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}\r\n\r\n".to_owned(),
        "hello\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
        format!("GET / HTTP/9.9\r\n{host}\r\n"),
        format!("GET / HTTP/2.0\r\n{host}\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        format!("GET  / HTTP/1.1\r\n{host}\r\n"),
        format!("GET / HTTP/1.1 \r\n{host}\r\n"),
        format!("GET / / HTTP/1.1\r\n{host}\r\n"),
        format!("G\u{0}T / HTTP/1.1\r\n{host}\r\n"),
        format!("GET /\u{0} HTTP/1.1\r\n{host}\r\n"),
        format!("GET / HTTP/1.1\r\n{host}no colon\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}bad name: x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}X: a\u{0}b\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}X: a\r\n folded\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n : x\r\n{host}\r\n"),
        format!("POST / HTTP/1.1\r\n{host}Content-Length: +3\r\n\r\nabc"),
        format!("POST / HTTP/1.1\r\n{host}Content-Length: -3\r\n\r\nabc"),
        format!("POST / HTTP/1.1\r\n{host}Content-Length: abc\r\n\r\nabc"),
        format!("POST / HTTP/1.1\r\n{host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: nonsense\r\n\r\nabc"),
        format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X: y\r\n".repeat(200)),
    ];
    for head in heads {
        let answer = send(addr, head.as_bytes()).await;
        assert!(is_refused(&answer), "{head:?}: {answer:?}");
    }
    serves(addr).await;
}

/// Names that are not ours, and no name or too many.
pub async fn foreign_hosts(addr: SocketAddr) {
    for (lines, expected) in [
        ("Host: evil.example\r\n", 421),
        ("Host: evil.example:80\r\n", 421),
        ("Host: localhost.evil.example\r\n", 421),
        ("Host: 203.0.113.9\r\n", 421),
        ("Host: 127.0.0.1@evil.example\r\n", 421),
        ("Host: [::1]evil\r\n", 421),
        ("Host:\r\n", 421),
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: localhost\r\nHost: evil.example\r\n", 400),
        ("X-Forwarded-Host: localhost\r\nHost: evil.example\r\n", 421),
        ("Host: LOCALHOST:1\r\n", 200),
        ("Host: inn.example.org\r\n", 200),
        ("Host: [::1]:8080\r\n", 200),
    ] {
        let request = format!("GET /healthz HTTP/1.1\r\n{lines}Connection: close\r\n\r\n");
        let answer = send(addr, request.as_bytes()).await.unwrap();
        assert_eq!(answer.status, expected, "{lines:?}");
        assert!(expected == 200 || !answer.body.contains("evil"), "{lines:?} is echoed");
    }
    let absolute = "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(is_refused(&send(addr, absolute.as_bytes()).await), "a foreign absolute address");
    serves(addr).await;
}

/// Many good clients at a time.
pub async fn a_rush(addr: SocketAddr) {
    let asking = (0..50).map(|_| async { get(addr, "/").await.status });
    assert!(futures_util::future::join_all(asking).await.into_iter().all(|status| status == 200));
}
