//! Who sent a request: the browser's cookie, where it comes from, whether its form is ours, and how often somebody may
//! guess.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use axum::http::header::{self, HeaderMap, HeaderValue};
use governor::clock::{Clock as _, MonotonicClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::bot::SIGN_IN_LIFE;
use crate::model::access::{SESSION_LIFE, is_form_word};

/// Wrong links and keys that an address may show in a row, and then one in …
const GUESSES_BURST: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// … this time.
const GUESS_EVERY: Duration = Duration::from_secs(6);
/// After so many checks a limiter's memory of those who are long gone is given back.
const CHECKS_BETWEEN_CLEANING: u32 = 1_024;
/// A cookie is at most this long; ours is shorter.
const COOKIE_BYTES_MAX: usize = 128;

/// What a cookie is called where it never travels in the clear, and elsewhere.
type Names = (&'static str, &'static str);
const SESSION: Names = ("__Host-innkeeper", "innkeeper");
const PENDING: Names = ("__Host-innkeeper-login", "innkeeper-login");

/// A cookie: the one that signs a browser in, or the one by which a browser is known that is about to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cookie {
    names: Names,
    life: Duration,
    /// People reach us by https: the cookie is never sent otherwise, and no neighbouring host can set it.
    is_safe: bool,
}

impl Cookie {
    pub fn of(public_url: &str) -> Self {
        Self { names: SESSION, life: SESSION_LIFE, is_safe: public_url.starts_with("https://") }
    }

    /// The cookie of a browser that was sent to Discord's page.
    pub fn pending(public_url: &str) -> Self {
        Self { names: PENDING, life: SIGN_IN_LIFE, ..Self::of(public_url) }
    }

    pub fn name(self) -> &'static str {
        let (safe, plain) = self.names;
        if self.is_safe { safe } else { plain }
    }

    /// What the request's cookie holds; none where there is none, or more than one.
    pub fn read(self, headers: &HeaderMap) -> Option<&str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(name, _)| *name == self.name()).map(|(_, value)| value);
        let value = ours.next().filter(|value| !value.is_empty() && value.len() <= COOKIE_BYTES_MAX)?;
        ours.next().is_none().then_some(value)
    }

    /// Sets it.
    pub fn set(self, value: &str) -> HeaderValue {
        self.line(value, self.life)
    }

    /// Takes it away.
    pub fn clear(self) -> HeaderValue {
        self.line("", Duration::ZERO)
    }

    fn line(self, value: &str, life: Duration) -> HeaderValue {
        let (name, safe) = (self.name(), if self.is_safe { "; Secure" } else { "" });
        let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{safe}", life.as_secs());
        let mut line = HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static(""));
        line.set_sensitive(true);
        line
    }
}

/// Whether a form was sent by a page of ours: browsers say where from, and no other page can know its word.
pub(super) fn is_our_form(headers: &HeaderMap, public_url: &str, cookie: &str, word: &str) -> bool {
    is_from_here(headers, public_url) && is_form_word(cookie, word)
}

/// Whether a browser says that the request comes from a page of ours.
pub(super) fn is_from_here(headers: &HeaderMap, public_url: &str) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next().and_then(|origin| origin.to_str().ok()), origins.next()) else {
        return false;
    };
    let site = headers.get("sec-fetch-site");
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // Behind a proxy the host may have another name inside than outside.
    let is_ours = host.is_some() && (host == asked || Some(origin) == origin_of(public_url).as_deref());
    is_ours && site.is_none_or(|site| site == "same-origin")
}

/// An address as browsers write where something comes from: scheme, host, and the port where it is not the usual one.
fn origin_of(public_url: &str) -> Option<String> {
    Some(url::Url::parse(public_url).ok()?.origin().ascii_serialization())
}

/// Where a request comes from: the other end of the connection or, behind proxies of the owner's, whom the first of
/// them saw.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let mut chain: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    // Each proxy appends whom it saw: the last word is the one that ours wrote.
    while trusted.contains(&client) {
        match chain.pop().and_then(|word| word.parse::<IpAddr>().ok()) {
            Some(seen) => client = seen.to_canonical(),
            None => break,
        }
    }
    client
}

/// Headers by which a proxy says that it passes on what somebody else sent.
const PASSED_ON: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whence {
    /// The other end, as [`client`] has it.
    pub client: IpAddr,
    /// It was sent at this very computer: not from afar, through a proxy that runs here.
    pub is_here: bool,
}

impl Whence {
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let (peer, client) = (peer.to_canonical(), client(peer, headers, trusted));
        let lines = || headers.get_all("x-forwarded-for").iter();
        let from_here = if trusted.contains(&peer) && lines().next().is_some() {
            // Every word has to be an address of this computer: one that cannot be read may hide another.
            lines().all(|line| line.to_str().is_ok_and(|line| line.split(',').all(is_loopback)))
        } else {
            !PASSED_ON.iter().any(|name| headers.contains_key(*name))
        };
        Self { client, is_here: peer.is_loopback() && client.is_loopback() && from_here }
    }
}

pub(super) fn is_loopback(word: &str) -> bool {
    word.trim().parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Counts what each of many does, and forgets by itself who is long gone.
pub(super) struct Limiter<K: Hash + Eq + Clone> {
    inner: RateLimiter<K, HashMapStateStore<K>, MonotonicClock>,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub fn new(quota: Quota) -> Self {
        let inner = RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock);
        Self { inner, checks: AtomicU32::new(0) }
    }

    /// Counts something that this one does; how long they have to wait where it is one too many.
    pub fn take(&self, who: &K) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Relaxed) % CHECKS_BETWEEN_CLEANING == CHECKS_BETWEEN_CLEANING - 1 {
            self.inner.retain_recent();
            self.inner.shrink_to_fit();
        }
        self.inner.check_key(who).map_err(|until| until.wait_time_from(self.inner.clock().now()))
    }
}

/// Holds guessing down, per address; a home's whole network of IPv6 addresses counts as one.
pub(super) struct Guesses(Limiter<IpAddr>);

impl Default for Guesses {
    #[expect(clippy::expect_used, reason = "the time between guesses is never zero")]
    fn default() -> Self {
        Self(Limiter::new(Quota::with_period(GUESS_EVERY).expect("not zero").allow_burst(GUESSES_BURST)))
    }
}

impl Guesses {
    /// Counts a wrong guess; how long this address has to wait where it guesses too often.
    pub fn wrong(&self, client: IpAddr) -> Result<(), Duration> {
        self.0.take(&network(client))
    }
}

/// What of an address names somebody: all of IPv4, the first half of IPv6.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn many(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_cookie_is_read_only_where_there_is_one_of_it() {
        let cookie = Cookie::of("");
        for (lines, found) in [
            (&["innkeeper=abc"][..], Some("abc")),
            (&["a=b; innkeeper=abc; c=d"], Some("abc")),
            (&["a=b", "innkeeper=abc"], Some("abc")),
            (&["innkeeper=abc; innkeeper=def"], None),
            (&["innkeeper=abc", "innkeeper=def"], None),
            (&["xinnkeeper=abc"], None),
            (&["innkeeper="], None),
            (&["__Host-innkeeper=abc"], None),
            (&[], None),
        ] {
            assert_eq!(cookie.read(&many("cookie", lines)), found, "{lines:?}");
        }
        assert_eq!(cookie.set("abc"), "innkeeper=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000");
        let safe = Cookie::of("https://inn.example");
        assert_eq!(safe.read(&many("cookie", &["innkeeper=abc"])), None);
        assert_eq!(safe.clear(), "__Host-innkeeper=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure");
        let (session, pending) = (Cookie::of(""), Cookie::pending(""));
        let both = many("cookie", &["innkeeper-login=abc; innkeeper=def"]);
        assert_eq!((session.read(&both), pending.read(&both)), (Some("def"), Some("abc")));
        let expected = "__Host-innkeeper-login=a; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure";
        assert_eq!(Cookie::pending("https://inn.example").set("a"), expected);
    }

    #[test]
    fn a_form_is_ours_only_where_the_browser_says_so() {
        let from =
            |pairs: &[(&'static str, &'static str)]| is_from_here(&headers(pairs), "https://inn.example.org/pages");
        let host = ("host", "127.0.0.1:8080");
        assert!(from(&[host, ("origin", "http://127.0.0.1:8080")]));
        assert!(from(&[host, ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")]));
        assert!(from(&[host, ("origin", "https://inn.example.org")]), "what a proxy in front of us is called");
        for origin in [
            "null",
            "",
            "http://127.0.0.1:9090",
            "https://evil.example",
            "http://inn.example.org",
            "https://inn.example.org:8443",
            "https://sub.inn.example.org",
            "https://inn.example.org.evil.example",
            "file://127.0.0.1:8080",
        ] {
            assert!(!from(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!from(&[host]), "no origin");
        assert!(!from(&[host, ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn only_the_owners_proxies_are_believed() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let far: IpAddr = "203.0.113.9".parse().unwrap();
        let of = |peer, lines: &[&'static str]| client(peer, &many("x-forwarded-for", lines), &[proxy]).to_string();
        assert_eq!(of(far, &["1.2.3.4"]), "203.0.113.9");
        assert_eq!(of(proxy, &["1.2.3.4, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(of(proxy, &["1.2.3.4", "203.0.113.9, 10.0.0.1"]), "203.0.113.9");
        assert_eq!(of(proxy, &["nonsense"]), "10.0.0.1");
        assert_eq!(of(proxy, &[]), "10.0.0.1");
        assert_eq!(of("::ffff:10.0.0.1".parse().unwrap(), &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn only_what_is_sent_at_this_computer_is_from_here() {
        let here = |peer: &str, pairs: &[(&'static str, &'static str)], trusted: &[IpAddr]| {
            Whence::of(peer.parse().unwrap(), &headers(pairs), trusted).is_here
        };
        let us: IpAddr = "127.0.0.1".parse().unwrap();
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(here(peer, &[], &[]), "{peer}");
        }
        for peer in ["192.168.1.2", "203.0.113.9", "2001:db8::1", "::ffff:10.0.0.1", "0.0.0.0"] {
            assert!(!here(peer, &[], &[]), "{peer}");
            assert!(!here(peer, &[("x-forwarded-for", "127.0.0.1")], &[peer.parse().unwrap()]), "{peer} says so");
        }
        for name in PASSED_ON {
            assert!(!here("127.0.0.1", &[(name, "127.0.0.1")], &[]), "passed on by nobody whom we know: {name}");
        }
        assert!(here("127.0.0.1", &[("x-forwarded-for", "127.0.0.1, ::1")], &[us]));
        assert!(here("127.0.0.1", &[], &[us]));
        assert!(!here("127.0.0.1", &[("forwarded", "for=203.0.113.9")], &[us]));
        for words in ["203.0.113.9", "127.0.0.1, 203.0.113.9", "203.0.113.9, 127.0.0.1", "unknown", "", "127.0.0.1:80"]
        {
            assert!(!here("127.0.0.1", &[("x-forwarded-for", words)], &[us]), "{words}");
        }
        let lines = many("x-forwarded-for", &["127.0.0.1", "203.0.113.9"]);
        assert!(!Whence::of(us, &lines, &[us]).is_here);
    }

    #[test]
    fn guessing_ends_after_ten_and_neighbours_are_not_held_to_it() {
        let guesses = Guesses::default();
        let at = |text: &str| guesses.wrong(text.parse().unwrap());
        for guess in 0..GUESSES_BURST.get() {
            assert!(at(&format!("2001:db8::{guess:x}")).is_ok());
        }
        assert!(at("2001:db8::ffff:1").unwrap_err() > Duration::from_secs(1));
        assert!(at("2001:db8:0:1::1").is_ok() && at("127.0.0.1").is_ok());
    }
}
