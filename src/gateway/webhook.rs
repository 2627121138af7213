//! Posts to addresses outside of Discord: where the operator's rules say so, and nowhere near home.
//!
//! A name is resolved once, every address behind it is looked at, and the connection goes to one of those and no other,
//! so that a name cannot mean something else a moment later. No redirect is followed. The address is a secret: of what
//! goes wrong, only the kind is told.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::model::webhook::WebhookUrl;
use crate::model::{Delivered, Setback, Timestamp};

/// How long a post may take as a whole, name and answer included.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes. It is thrown away.
const BODY_BYTES_MAX: usize = 64 << 10;
/// The earliest moment worth another try.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const USER_AGENT: &str = concat!("innkeeper/", env!("CARGO_PKG_VERSION"));

/// Posts a JSON text, if every address behind the name is permitted.
pub async fn post(url: &WebhookUrl, body: &str, permits: fn(IpAddr) -> bool) -> Result<Delivered, Setback> {
    post_to(url.reveal(), body, permits, WHOLE_TIMEOUT).await
}

/// What could not be done in time is given up.
pub fn until(tried: Result<Delivered, Setback>, until: Timestamp, now: Timestamp) -> Result<Delivered, Setback> {
    match tried {
        Err(Setback::Later { words, .. }) if now > until => Err(refused(format!("{words} I tried for a day."))),
        tried => tried,
    }
}

async fn post_to(
    url: &reqwest::Url,
    body: &str,
    permits: fn(IpAddr) -> bool,
    within: Duration,
) -> Result<Delivered, Setback> {
    match tokio::time::timeout(within, exchange(url, body, permits)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(later("The webhook's server does not answer.".to_owned())),
    }
}

async fn exchange(url: &reqwest::Url, body: &str, permits: fn(IpAddr) -> bool) -> Result<Delivered, Setback> {
    let host = url.host_str().unwrap_or_default();
    let addresses = resolve(url, host).await?;
    if addresses.is_empty() || !addresses.iter().all(|address| permits(address.ip())) {
        return Err(refused("The webhook leads to a private address, and I post to none.".to_owned()));
    }
    super::https::install_tls();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .resolve_to_addrs(host, &addresses)
        .no_proxy()
        .user_agent(USER_AGENT)
        .build()
        .map_err(|error| later(format!("TLS cannot be set up: {}.", error.without_url())))?;
    let call = client.post(url.clone()).header("content-type", "application/json").body(body.to_owned());
    // What reqwest says may repeat the address.
    let mut answer = call.send().await.map_err(|_| later("The webhook's server cannot be reached.".to_owned()))?;
    let status = answer.status();
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > BODY_BYTES_MAX {
            break;
        }
    }
    match status.as_u16() {
        200..=299 => Ok(Delivered::default()),
        300..=399 => Err(refused("The webhook's server sends me elsewhere, and I follow nobody.".to_owned())),
        429 | 500..=599 => Err(later(format!("The webhook's server answered {}.", status.as_u16()))),
        status => Err(refused(format!("The webhook's server answered {status}."))),
    }
}

/// Where the name leads. An address that is written out leads to itself.
async fn resolve(url: &reqwest::Url, host: &str) -> Result<Vec<SocketAddr>, Setback> {
    let port = url.port_or_known_default().unwrap_or(443);
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match tokio::net::lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(_) => Err(later("The webhook's server is not found.".to_owned())),
    }
}

/// Whether an address is anybody's on the internet: not this computer, this network, or one of a special purpose.
///
/// Source: IANA, "IPv4 Special-Purpose Address Registry" and "IPv6 Special-Purpose Address Registry" (RFC 6890).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || matches!(
            (a, b, c),
            (0 | 224..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _)
        );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, c, ..] = address.segments();
    let octets = address.octets();
    let inner = |at: usize| is_public_v4(Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]));
    match (a, b) {
        // Translated to IPv4 on the way.
        (0x64, 0xff9b) => c == 0 && inner(12),
        (0x2002, _) => inner(2),
        // Teredo, benchmarks, documentation, and the like.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // Only this part is given out.
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

fn later(words: String) -> Setback {
    Setback::Later { after: RETRY_AFTER, words }
}

fn refused(words: String) -> Setback {
    Setback::Refused { status: 0, code: 0, words }
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

    async fn tried(answer: &str) -> (Result<Delivered, Setback>, String) {
        let (port, mut asked) = server(answer.to_owned()).await;
        let url = format!("http://localhost:{port}/hook?key=abc").parse().unwrap();
        let outcome = post_to(&url, "{\"event\":\"x\"}", |_| true, Duration::from_secs(5)).await;
        (outcome, asked.recv().await.unwrap())
    }

    #[tokio::test]
    async fn what_happened_is_posted_and_the_answer_judged_by_its_status() {
        let (outcome, asked) = tried("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(outcome, Ok(Delivered::default()));
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
        assert_eq!(tried(&endless).await.0, Ok(Delivered::default()));
    }

    #[tokio::test]
    async fn a_private_address_is_refused_after_its_name_was_resolved_and_never_told() {
        for host in ["localhost", "127.0.0.1", "[::1]", "10.1.2.3", "[::ffff:192.168.1.1]"] {
            let url: WebhookUrl = format!("https://{host}:9/hook?key=abc").parse().unwrap();
            let Err(Setback::Refused { words, .. }) = post(&url, "{}", is_public).await else { panic!("{host}") };
            assert!(words.contains("private address") && !words.contains("abc") && !words.contains(host), "{words}");
        }
        let url = "http://127.0.0.1:9/hook?key=abc".parse().unwrap();
        let Err(Setback::Later { words, .. }) = post_to(&url, "{}", |_| true, Duration::from_secs(5)).await else {
            panic!("somebody listens")
        };
        assert_eq!(words, "The webhook's server cannot be reached.");
    }

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        let public =
            ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1", "::ffff:8.8.8.8"];
        let special = [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.1.2.3",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "fec0::1",
        ];
        assert!(public.iter().all(|address| is_public(address.parse().unwrap())));
        for address in special {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn what_does_not_work_for_a_day_is_given_up() {
        let at = Timestamp::from_ms;
        let vain = || Err(later("No.".to_owned()));
        assert!(matches!(until(vain(), at(10), at(10)), Err(Setback::Later { .. })));
        assert!(matches!(until(vain(), at(10), at(11)), Err(Setback::Refused { .. })));
        assert_eq!(until(Ok(Delivered::default()), at(10), at(11)), Ok(Delivered::default()));
    }
}
