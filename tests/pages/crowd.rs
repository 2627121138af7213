//! The main door against hostile clients and crowds.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use innkeeper::http::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::attacks;
use crate::support::{House, PATIENCE, get, send, until};

#[tokio::test]
async fn absurd_lengths_are_not_believed() {
    attacks::absurd_lengths(House::open().await.addr).await;
}

#[tokio::test]
async fn a_reset_harms_nobody_else() {
    attacks::resets(House::open().await.addr).await;
}

#[tokio::test]
async fn endless_heads_are_cut_off() {
    attacks::endless_heads(House::open().await.addr).await;
}

#[tokio::test]
async fn a_thousand_half_open_sockets_crowd_out_only_each_other() {
    let limits = Limits::default();
    attacks::half_open(House::open().await.addr, limits.connections_per_address).await;
}

#[tokio::test]
async fn malformed_heads_are_refused() {
    attacks::malformed_heads(House::open().await.addr).await;
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    attacks::foreign_hosts(House::open().await.addr).await;
}

#[tokio::test]
async fn a_rush_of_good_clients_is_served() {
    attacks::a_rush(House::open().await.addr).await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let limits = Limits { head_read: Duration::from_millis(50), ..Limits::default() };
    let house = House::with(limits, |_| {}, Router::new()).await;
    for begin in ["", "GET / HTTP/1.1\r\nHost: "] {
        assert!(send(house.addr, begin.as_bytes()).await.is_none_or(|answer| answer.status == 408), "{begin:?}");
    }
    let idle = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", house.addr);
    assert_eq!(send(house.addr, idle.as_bytes()).await.unwrap().status, 200, "kept alive, then ended");
}

#[tokio::test]
async fn addresses_and_bodies_have_their_sizes() {
    let extra = Router::new().route("/echo", post(async |body: String| body));
    let house = House::with(Limits::default(), |_| {}, extra).await;
    assert_eq!(get(house.addr, &format!("/{}", "a".repeat(4_096))).await.status, 414);
    assert_eq!(get(house.addr, &format!("/?{}", "a".repeat(4_096))).await.status, 414);
    let body = async |bytes: usize, head: &str| {
        let request = format!("POST /echo HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{head}\r\n", house.addr);
        send(house.addr, &[request.as_bytes(), &vec![b'a'; bytes]].concat()).await.map(|answer| answer.status)
    };
    assert_eq!(body(65_536, "Content-Length: 65536\r\n").await, Some(200));
    assert_eq!(body(0, "Content-Length: 65537\r\n").await, Some(413));
    let chunk = format!(
        "POST /echo HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n11000\r\n",
        house.addr
    );
    let whole = [chunk.as_bytes(), &vec![b'a'; 0x11000], b"\r\n0\r\n\r\n"].concat();
    let answer = send(house.addr, &whole).await;
    assert!(answer.as_ref().is_none_or(|answer| answer.status == 411), "{answer:?}");
    let many = "X: y\r\n".repeat(64);
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n{many}\r\n", house.addr);
    assert_eq!(send(house.addr, request.as_bytes()).await.unwrap().status, 431);
}

#[tokio::test]
async fn each_pipelined_request_gets_one_answer_in_order() {
    let house = House::open().await;
    let host = format!("Host: {}\r\n", house.addr);
    let mut requests = format!("GET /healthz HTTP/1.1\r\n{host}\r\nGET /nowhere HTTP/1.1\r\n{host}\r\n").repeat(10);
    requests.push_str(&format!("GET /badge.svg HTTP/1.1\r\n{host}Connection: close\r\n\r\n"));
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut all = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut all)).await.unwrap().unwrap();
    let statuses: Vec<_> = all.match_indices("HTTP/1.1 ").map(|(at, _)| &all[at + 9..at + 12]).collect();
    assert_eq!(statuses, [["200", "404"].repeat(10), vec!["200"]].concat());
}

#[tokio::test]
async fn who_asks_and_asks_and_never_reads_is_let_go() {
    let limits = Limits { write_stall: Duration::from_millis(50), ..Limits::default() };
    let house = House::with(limits, |_| {}, Router::new()).await;
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    let requests = format!("GET / HTTP/1.1\r\nHost: {}\r\nUser-Agent: Mozilla\r\n\r\n", house.addr).repeat(100);
    let asking = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, asking).await.expect("the connection ends");
    attacks::serves(house.addr).await;
}

/// A route that is reached and never answers, and the word that it was reached.
fn waiting_room() -> (Router, mpsc::Receiver<()>) {
    let (arrived, seen) = mpsc::channel(1);
    let wait = async move || {
        let _ = arrived.send(()).await;
        std::future::pending::<&'static str>().await
    };
    (Router::new().route("/wait", axum::routing::get(wait)), seen)
}

async fn sit_down(house: &House, seen: &mut mpsc::Receiver<()>) -> TcpStream {
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    stream.write_all(format!("GET /wait HTTP/1.1\r\nHost: {}\r\n\r\n", house.addr).as_bytes()).await.unwrap();
    timeout(PATIENCE, seen.recv()).await.expect("the request arrives").unwrap();
    stream
}

#[tokio::test]
async fn when_all_places_are_taken_by_served_clients_the_next_one_is_told() {
    let (room, mut seen) = waiting_room();
    let limits = Limits { connections_per_address: 3, ..Limits::default() };
    let house = House::with(limits, |_| {}, room).await;
    let mut served = Vec::new();
    for _ in 0..3 {
        served.push(sit_down(&house, &mut seen).await);
    }
    let probe = async || {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", house.addr);
        send(house.addr, request.as_bytes()).await.map(|answer| answer.status)
    };
    assert!(probe().await.is_none_or(|status| status == 503));
    drop(served);
    until("there is room again", async || probe().await == Some(200)).await;
}

#[tokio::test]
async fn a_trusted_proxy_may_bring_many() {
    let (room, mut seen) = waiting_room();
    let limits = Limits { connections_per_address: 1, ..Limits::default() };
    let trust = |door: &mut innkeeper::http::Door| door.trusted_proxies.push("127.0.0.1".parse().unwrap());
    let house = House::with(limits, trust, room).await;
    let mut served = Vec::new();
    for _ in 0..5 {
        served.push(sit_down(&house, &mut seen).await);
        attacks::serves(house.addr).await;
    }
}

#[tokio::test]
async fn an_old_connection_takes_no_further_request() {
    let limits = Limits { connection_life: Duration::from_millis(50), ..Limits::default() };
    let house = House::with(limits, |_| {}, Router::new()).await;
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    let request = format!("GET /badge.svg HTTP/1.1\r\nHost: {}\r\n\r\n", house.addr);
    let talking = async {
        let mut chunk = [0; 4096];
        loop {
            let sent = stream.write_all(request.as_bytes()).await.is_ok();
            if !sent || !matches!(stream.read(&mut chunk).await, Ok(1..)) {
                break;
            }
        }
    };
    timeout(PATIENCE, talking).await.expect("the connection ends");
}

#[tokio::test]
async fn closing_finishes_the_answer_under_way() {
    let (go, wait) = watch::channel(false);
    let (arrived, mut seen) = mpsc::channel(1);
    let slow = async move || {
        let _ = arrived.send(()).await;
        let _ = wait.clone().wait_for(|go| *go).await;
        "at last"
    };
    let extra = Router::new().route("/slow", axum::routing::get(slow));
    let house = House::with(Limits::default(), |_| {}, extra).await;
    let addr = house.addr;
    let asking = tokio::spawn(async move { get(addr, "/slow").await.body });
    timeout(PATIENCE, seen.recv()).await.unwrap().unwrap();
    house.stop.send_replace(true);
    go.send_replace(true);
    assert_eq!(timeout(PATIENCE, asking).await.unwrap().unwrap(), "at last");
    timeout(PATIENCE, house.task).await.expect("the door closes").unwrap().unwrap();
}
