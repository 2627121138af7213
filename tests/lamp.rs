//! The lamp over real sockets: what it says, that it says so when the bot's own runtime is stuck, and what hostile
//! clients can do to it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "pages/attacks.rs"]
mod attacks;
#[path = "pages/hostile.rs"]
mod hostile;
#[path = "pages/html.rs"]
mod html;
#[path = "pages/support.rs"]
mod support;

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::sync::mpsc;
use std::time::Duration;

use innkeeper::lamp::{Lamp, Light, Limits};
use innkeeper::status::vitals::Part;
use innkeeper::status::{Health, Report, assets};
use support::{Folder, LitLamp, PATIENCE, cards, get, send, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn it_shows_the_same_truth_as_the_main_door() {
    let lit = LitLamp::light();
    let page = get(lit.addr, "/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for words in ["All is well.", "Marigold", "50 of 750 XP", "by the light of the lamp"] {
        assert!(page.body.contains(words), "{words} is missing");
    }
    assert!(!html::elements(&page.body).iter().any(|element| element.name == "script"));
    let health = get(lit.addr, "/healthz").await;
    let json: serde_json::Value = serde_json::from_str(&health.body).unwrap();
    assert_eq!((health.status, &json["status"]), (200, &"ok".into()));
    assert!(get(lit.addr, "/metrics").await.body.contains("innkeeper_gateway_ack_age_seconds"));
    assert!(get(lit.addr, "/badge.svg").await.body.contains("innkeeper: ok"));
    assert_eq!(get(lit.addr, assets::STYLE.path).await.body, assets::STYLE.body);
    for path in ["/nowhere", "/events", "/readyz", "/..", "/%2e%2e", "/assets/inn.css", "/healthz/"] {
        assert_eq!(get(lit.addr, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn every_answer_is_dressed_and_the_last_of_its_connection() {
    let lit = LitLamp::light();
    for path in ["/", "/healthz", "/nowhere", "/%"] {
        let answer = get(lit.addr, path).await;
        assert_eq!(answer.header("connection"), Some("close"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.header("server"), None, "{path}");
        assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()), "{path}");
    }
    let two = format!("GET /healthz HTTP/1.1\r\nHost: {0}\r\n\r\nGET / HTTP/1.1\r\nHost: {0}\r\n\r\n", lit.addr);
    let answer = send(lit.addr, two.as_bytes()).await.unwrap();
    assert!(!answer.body.contains("HTTP/1.1"), "a pipelined request is not answered");
    let head = format!("HEAD /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", lit.addr);
    let answer = send(lit.addr, head.as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let post = format!("POST /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", lit.addr);
    let answer = send(lit.addr, post.as_bytes()).await.unwrap();
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn hostile_texts_change_no_element_and_no_attribute() {
    let lit = LitLamp::light();
    let show = async |text: &str| {
        lit.face.board.put(cards(text));
        lit.face.vitals.problem("named", text, text);
        html::structure(&get(lit.addr, "/").await.body)
    };
    let benign = show("Marigold").await;
    for payload in hostile::PAYLOADS {
        assert_eq!(show(payload).await, benign, "{payload:?}");
    }
}

#[test]
fn it_tells_the_truth_while_the_bots_runtime_is_blocked() {
    const WORKERS: usize = 2;
    let lit = LitLamp::light();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).build().unwrap();
    let (blocked, seen) = mpsc::channel();
    let mut releases = Vec::new();
    for _ in 0..WORKERS {
        let (release, released) = mpsc::channel::<()>();
        let blocked = blocked.clone();
        releases.push(release);
        runtime.spawn(async move {
            blocked.send(()).unwrap();
            let _ = released.recv();
        });
    }
    for _ in 0..WORKERS {
        seen.recv_timeout(PATIENCE).expect("a worker is blocked");
    }
    let visitor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    visitor.block_on(async {
        assert_eq!(get(lit.addr, "/healthz").await.status, 200);
        lit.clock.advance(Duration::from_secs(121));
        let health = get(lit.addr, "/healthz").await;
        assert_eq!(health.status, 503, "no ACK can come in while the runtime is stuck");
        let page = get(lit.addr, "/").await;
        assert!(page.body.contains("Cut off from Discord.") && page.body.contains("The cards below are stale."));
    });
    drop(releases);
}

#[tokio::test]
async fn it_beats_while_it_burns() {
    let limits = Limits { check_every: Duration::from_millis(5), ..Limits::default() };
    let lit = LitLamp::with(limits);
    until("a beat", async || lit.face.vitals.beat_age(Part::Lamp).is_some()).await;
    lit.clock.advance(Duration::from_secs(61));
    until("another beat", async || lit.face.vitals.beat_age(Part::Lamp) == Some(Duration::ZERO)).await;
    lit.face.vitals.note_ack();
    assert_eq!(Report::of(&lit.face.vitals).health, Health::Ok);
}

#[tokio::test]
async fn a_flame_that_is_blown_out_is_lit_again() {
    let limits = Limits { relight_pause: Duration::from_millis(5), ..Limits::default() };
    let lit = LitLamp::with(limits);
    for _ in 0..3 {
        attacks::serves(lit.addr).await;
        for entry in std::fs::read_dir(lit.folder.0.join("lamp")).unwrap() {
            let _ = std::fs::remove_file(entry.unwrap().path());
        }
        until("it burns again", async || get(lit.addr, "/healthz").await.status == 200).await;
    }
}

#[tokio::test]
async fn its_socket_is_private_and_old_ones_are_cleared_away() {
    let folder = Folder::new();
    let inside = folder.0.join("lamp");
    std::fs::create_dir(&inside).unwrap();
    let stale = inside.join("1-0.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    let kept = inside.join("notes.txt");
    std::fs::write(&kept, "not a socket").unwrap();
    let face = support::face().1;
    let start = |folder: &std::path::Path| {
        let listener = innkeeper::door::listen("lamp.listen", "127.0.0.1:0").unwrap();
        let light = Light { face: face.clone(), hosts: Default::default(), limits: Limits::default() };
        Lamp::start(listener, light, folder)
    };
    let lamp = start(&folder.0).unwrap();
    attacks::serves(lamp.addr).await;
    assert!(!stale.exists() && kept.exists());
    assert_eq!(std::fs::metadata(&inside).unwrap().permissions().mode() & 0o777, 0o700);
    let addr = lamp.addr;
    tokio::task::spawn_blocking(|| lamp.stop()).await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
    let sockets = || {
        let entries = std::fs::read_dir(&inside).unwrap().flatten();
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket())).count()
    };
    until("its socket is gone", async || sockets() == 0).await;
    let long = folder.0.join("x".repeat(100));
    let words = start(&long).err().expect("no room for the path").to_string();
    assert!(words.contains("107 bytes") && words.contains("lamp.listen"), "{words}");
}

#[tokio::test]
async fn absurd_lengths_are_not_believed() {
    attacks::absurd_lengths(LitLamp::light().addr).await;
}

#[tokio::test]
async fn a_reset_harms_nobody_else() {
    attacks::resets(LitLamp::light().addr).await;
}

#[tokio::test]
async fn endless_heads_are_cut_off() {
    attacks::endless_heads(LitLamp::light().addr).await;
}

#[tokio::test]
async fn a_thousand_half_open_sockets_crowd_out_only_each_other() {
    attacks::half_open(LitLamp::light().addr, Limits::default().connections_per_address).await;
}

#[tokio::test]
async fn malformed_heads_are_refused() {
    attacks::malformed_heads(LitLamp::light().addr).await;
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    attacks::foreign_hosts(LitLamp::light().addr).await;
}

#[tokio::test]
async fn a_rush_of_good_clients_is_served() {
    attacks::a_rush(LitLamp::light().addr).await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let lit = LitLamp::with(Limits { head_read: Duration::from_millis(50), ..Limits::default() });
    for begin in ["", "GET / HTTP/1.1\r\nHost: "] {
        assert_eq!(send(lit.addr, begin.as_bytes()).await.unwrap().status, 408, "{begin:?}");
    }
}

#[tokio::test]
async fn who_drips_bytes_or_never_reads_is_let_go() {
    let limits = Limits {
        head_read: Duration::from_millis(50),
        write: Duration::from_millis(50),
        linger: Duration::from_millis(50),
        ..Limits::default()
    };
    let lit = LitLamp::with(limits);
    let mut dripping = TcpStream::connect(lit.addr).await.unwrap();
    let drip = async { while dripping.write_all(b"a").await.is_ok() {} };
    timeout(PATIENCE, drip).await.expect("the connection ends");
    let mut asking = TcpStream::connect(lit.addr).await.unwrap();
    let requests = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", lit.addr).repeat(100);
    let ask = async { while asking.write_all(requests.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, ask).await.expect("the connection ends");
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, asking.read_to_end(&mut rest)).await.expect("an end");
    attacks::serves(lit.addr).await;
}
