//! Posts to addresses outside of Discord: where the operator's rules say so, and nowhere near home.
//!
//! A name is resolved once, every address behind it is looked at, and the connection goes to one of those and no other,
//! so that a name cannot mean something else a moment later. No redirect is followed. The address is a secret: of what
//! goes wrong, only the kind is told.

use std::net::SocketAddr;
use std::time::Duration;

use crate::model::access::signature_of;
use crate::model::internet::{is_public, is_surely_private};
use crate::model::webhook::{Parcel, Posted, WebhookUrl};
use crate::model::{Delivered, Setback, Timestamp};

/// How long a post may take as a whole, name and answer included.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes. It is thrown away.
const BODY_BYTES_MAX: usize = 64 << 10;
/// The earliest moment worth another try.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const USER_AGENT: &str = concat!("innkeeper/", env!("CARGO_PKG_VERSION"));
const PRIVATE: &str = "The webhook leads to a private address, and I post to none.";

/// What is posted, and where.
struct Letter<'a> {
    url: &'a reqwest::Url,
    body: &'a str,
    head: Vec<(&'static str, String)>,
    /// The owner vouches for the address: it may be private.
    trusted: bool,
}

/// Posts a JSON text, if every address behind the name is public.
pub async fn post(url: &WebhookUrl, body: &str) -> Result<Delivered, Setback> {
    let letter = Letter { url: url.reveal(), body, head: Vec::new(), trusted: false };
    post_within(&letter, WHOLE_TIMEOUT).await.outcome.map(|()| Delivered::default())
}

/// Posts to a hook: with an id by which it knows what comes twice, and signed as of now.
pub async fn deliver(parcel: &Parcel, now: Timestamp) -> Posted {
    let (delivery, at) = (&parcel.delivery, now.seconds().to_string());
    let signature = signature_of(&parcel.secret, &format!("{at}.{}", delivery.body));
    let head = vec![
        ("x-innkeeper-id", delivery.id.clone()),
        ("x-innkeeper-timestamp", at),
        ("x-innkeeper-signature", format!("sha256={signature}")),
    ];
    let letter = Letter { url: parcel.url.reveal(), body: &delivery.body, head, trusted: parcel.trusted };
    let Posted { status, outcome } = post_within(&letter, WHOLE_TIMEOUT).await;
    Posted { status, outcome: until(outcome, delivery.until, now) }
}

/// What could not be done in time is given up.
pub fn until<T>(tried: Result<T, Setback>, until: Timestamp, now: Timestamp) -> Result<T, Setback> {
    match tried {
        Err(Setback::Later { words, .. }) if now > until => Err(refused(0, format!("{words} I tried for a day."))),
        tried => tried,
    }
}

async fn post_within(letter: &Letter<'_>, within: Duration) -> Posted {
    match tokio::time::timeout(within, exchange(letter)).await {
        Ok(Ok(status)) => Posted { status: Some(status), outcome: judge(status) },
        Ok(Err(setback)) => Posted { status: None, outcome: Err(setback) },
        Err(_) => Posted { status: None, outcome: Err(later("The webhook's server does not answer.".to_owned())) },
    }
}

/// The status of the answer.
async fn exchange(letter: &Letter<'_>) -> Result<u16, Setback> {
    let Letter { url, trusted, .. } = *letter;
    let host = url.host_str().unwrap_or_default();
    let private = || refused(0, PRIVATE.to_owned());
    if !trusted && is_surely_private(url) {
        return Err(private());
    }
    let addresses = resolve(url, host).await?;
    if !may_connect(&addresses, trusted) {
        return Err(private());
    }
    super::https::install_tls();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(host, &addresses)
        .no_proxy()
        .user_agent(USER_AGENT)
        .build()
        .map_err(|error| later(format!("TLS cannot be set up: {}.", error.without_url())))?;
    let mut call = client.post(url.clone()).header("content-type", "application/json").body(letter.body.to_owned());
    for (name, value) in &letter.head {
        call = call.header(*name, value);
    }
    // What reqwest says may repeat the address.
    let mut answer = call.send().await.map_err(|_| later("The webhook's server cannot be reached.".to_owned()))?;
    if answer.remote_addr().is_some_and(|address| !may_connect(&[address], trusted)) {
        return Err(private());
    }
    let status = answer.status();
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > BODY_BYTES_MAX {
            break;
        }
    }
    Ok(status.as_u16())
}

/// Whether a name may be connected to that leads to these addresses: one that is private spoils it, because any of them
/// may be taken.
fn may_connect(addresses: &[SocketAddr], trusted: bool) -> bool {
    !addresses.is_empty() && (trusted || addresses.iter().all(|address| is_public(address.ip())))
}

fn judge(status: u16) -> Result<(), Setback> {
    match status {
        200..=299 => Ok(()),
        300..=399 => Err(refused(status, "The webhook's server sends me elsewhere, and I follow nobody.".to_owned())),
        408 | 425 | 429 | 500..=599 => Err(later(format!("The webhook's server answered {status}."))),
        status => Err(refused(status, format!("The webhook's server answered {status}."))),
    }
}

/// Where the name leads. An address that is written out leads to itself.
async fn resolve(url: &reqwest::Url, host: &str) -> Result<Vec<SocketAddr>, Setback> {
    let port = url.port_or_known_default().unwrap_or(443);
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match tokio::net::lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(_) => Err(later("The webhook's server is not found.".to_owned())),
    }
}

fn later(words: String) -> Setback {
    Setback::Later { after: RETRY_AFTER, words }
}

fn refused(status: u16, words: String) -> Setback {
    Setback::Refused { status, code: 0, words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A server that gives this answer to whoever comes, and tells what it was asked.
    async fn server(answer: String) -> (u16, tokio::sync::mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (told, asked) = tokio::sync::mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = vec![0; 4_096];
                let read = socket.read(&mut request).await.unwrap();
                let _ = told.send(String::from_utf8_lossy(&request[..read]).into_owned()).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        (port, asked)
    }

    async fn tried(answer: &str) -> (Result<(), Setback>, String) {
        let (port, mut asked) = server(answer.to_owned()).await;
        let url = format!("http://localhost:{port}/hook?key=abc").parse().unwrap();
        let letter = Letter { url: &url, body: "{\"event\":\"x\"}", head: Vec::new(), trusted: true };
        let outcome = post_within(&letter, Duration::from_secs(5)).await.outcome;
        (outcome, asked.recv().await.unwrap())
    }

    #[tokio::test]
    async fn what_happened_is_posted_and_the_answer_judged_by_its_status() {
        let (outcome, asked) = tried("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(outcome, Ok(()));
        assert!(asked.starts_with("POST /hook?key=abc HTTP/1.1\r\n"), "{asked}");
        assert!(
            asked.contains("content-type: application/json") && asked.contains("user-agent: innkeeper/"),
            "{asked}"
        );
        let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n";
        let Err(Setback::Refused { words, .. }) = tried(moved).await.0 else { panic!("followed") };
        assert!(words.contains("I follow nobody"));
        let Err(Setback::Refused { words, .. }) = tried("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.0
        else {
            panic!("taken")
        };
        assert_eq!(words, "The webhook's server answered 404.");
        let full = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
        assert!(matches!(tried(full).await.0, Err(Setback::Later { .. })));
        let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1 << 20));
        assert_eq!(tried(&endless).await.0, Ok(()));
    }

    #[tokio::test]
    async fn a_private_address_is_refused_and_never_told() {
        for host in ["localhost", "localhost.", "127.0.0.1", "[::1]", "10.1.2.3", "[::ffff:192.168.1.1]", "2130706433"]
        {
            let url: WebhookUrl = format!("https://{host}:9/hook?key=abc").parse().unwrap();
            let Err(Setback::Refused { words, .. }) = post(&url, "{}").await else { panic!("{host}") };
            assert!(words.contains("private address") && !words.contains("abc") && !words.contains(host), "{words}");
        }
        let url = "http://127.0.0.1:9/hook?key=abc".parse().unwrap();
        let letter = Letter { url: &url, body: "{}", head: Vec::new(), trusted: true };
        let Err(Setback::Later { words, .. }) = post_within(&letter, Duration::from_secs(5)).await.outcome else {
            panic!("somebody listens")
        };
        assert_eq!(words, "The webhook's server cannot be reached.");
    }

    #[test]
    fn a_name_that_leads_to_one_private_address_leads_nowhere() {
        let leads = |addresses: &[&str], trusted| {
            let addresses: Vec<_> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            may_connect(&addresses, trusted)
        };
        assert!(leads(&["1.1.1.1:443", "[2606:4700::1111]:443"], false));
        for private in ["127.0.0.1:443", "169.254.169.254:80", "[::ffff:10.0.0.1]:443", "[64:ff9b::7f00:1]:443"] {
            assert!(!leads(&["1.1.1.1:443", private], false) && leads(&[private], true), "{private}");
        }
        assert!(!leads(&[], false) && !leads(&[], true));
    }

    #[test]
    fn what_does_not_work_for_a_day_is_given_up() {
        let at = Timestamp::from_ms;
        let vain = || Err::<(), _>(later("No.".to_owned()));
        assert!(matches!(until(vain(), at(10), at(10)), Err(Setback::Later { .. })));
        assert!(matches!(until(vain(), at(10), at(11)), Err(Setback::Refused { .. })));
        assert_eq!(until(Ok(()), at(10), at(11)), Ok(()));
    }
}
