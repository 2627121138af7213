//! The host names a door answers to.
//!
//! A web page anywhere can point its own host name at 127.0.0.1 (DNS rebinding) and then read what a visitor's browser
//! may read here. Such a request carries that page's host name, so a name that we do not go by is refused. Ports do
//! not matter for this and may differ (a container, a tunnel).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The longest name DNS knows.
const NAME_BYTES_MAX: usize = 253;

/// The names we go by, besides loopback and the address that a connection reached us at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// From what the config says: where we listen, how people reach us, and further names.
    pub fn new(listen: Option<SocketAddr>, public_url: &str, allowed_hosts: &[String]) -> Self {
        let public = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
        let public = public.split(['/', '?', '#']).next().unwrap_or_default();
        let listen = listen.map(|listen| listen.to_string());
        let given = listen.iter().map(String::as_str).chain([public]).chain(allowed_hosts.iter().map(String::as_str));
        Self(given.filter_map(|host| Some(canonical(name_of(host)?))).collect())
    }

    /// Whether a request with this `Host` is for us; `reached` is the address of ours that it came in at.
    pub fn allow(&self, host: &str, reached: Option<IpAddr>) -> bool {
        let Some(name) = name_of(host) else { return false };
        let name = canonical(name);
        if name == "localhost" || self.0.contains(&name) {
            return true;
        }
        match address_of(&name) {
            Some(address) => address.is_loopback() || reached.map(|reached| reached.to_canonical()) == Some(address),
            None => false,
        }
    }
}

/// The name in `name`, `name:port` or `[address]:port`; none when it is malformed.
fn name_of(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            inside.parse::<Ipv6Addr>().ok()?;
            (&host[..inside.len() + 2], after.strip_prefix(':').or(after.is_empty().then_some("")).map(Some)?)
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let port_is_sound = port.is_none_or(|port| port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()));
    let name_is_sound = name.starts_with('[')
        || name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    (port_is_sound && name_is_sound && !name.is_empty() && name.len() <= NAME_BYTES_MAX).then_some(name)
}

/// Lower case, without the dot that may end a name.
fn canonical(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn address_of(name: &str) -> Option<IpAddr> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let further =
            ["inn.local".to_owned(), "Bot.Example.NET:8443".to_owned(), "not a host".to_owned(), String::new()];
        Hosts::new("10.1.2.3:8080".parse().ok(), "https://inn.example.org/path", &further)
    }

    #[test]
    fn our_names_are_answered() {
        let reached = "192.168.1.20".parse().ok();
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "localhost.",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:8080",
            "[::ffff:127.0.0.1]:80",
            "10.1.2.3:8080",
            "10.1.2.3",
            "inn.example.org",
            "INN.example.org.:443",
            "inn.local:8080",
            "bot.example.net",
            "192.168.1.20:8080",
            "localhost:",
        ] {
            assert!(hosts().allow(host, reached), "{host}");
        }
    }

    #[test]
    fn other_names_and_tricks_are_refused() {
        let reached = "192.168.1.20".parse().ok();
        for host in [
            "",
            ".",
            ":",
            ":80",
            "evil.example",
            "localhost.evil.example",
            "evil-localhost",
            "inn.example.org.evil.com",
            "127.0.0.1.evil.com",
            "127.0.0.1@evil.com",
            "evil.com#127.0.0.1",
            "evil.com/127.0.0.1",
            "localhost:80:80",
            "localhost:port",
            "localhost:-1",
            "localhost:123456",
            "[::1",
            "::1",
            "[::1]x",
            "[evil.com]",
            "[::1]:x",
            "192.168.1.21",
            "0.0.0.0",
            "[::]",
            "2130706433",
            "0x7f000001",
            "127.1",
            "0177.0.0.1",
            "local host",
            "localhost\u{0}",
            "localhost,evil.com",
            "ｌocalhost",
            "inn.example.org..",
            "http://localhost",
            "localhost/",
            " localhost",
            "localhost ",
            "[::1%25lo]",
            "*",
            "10.1.2.3.4",
        ] {
            assert!(!hosts().allow(host, reached), "{host:?}");
        }
        assert!(!hosts().allow(&format!("{}.localhost", "a".repeat(300)), reached));
        assert!(!Hosts::new("0.0.0.0:80".parse().ok(), "", &[]).allow("203.0.113.9", reached));
    }

    #[test]
    fn a_door_open_to_all_addresses_answers_to_the_one_that_was_reached() {
        let hosts = Hosts::new("0.0.0.0:8080".parse().ok(), "", &[]);
        assert!(hosts.allow("192.168.1.20:8080", "192.168.1.20".parse().ok()));
        assert!(hosts.allow("192.168.1.20:8080", "::ffff:192.168.1.20".parse().ok()));
        assert!(!hosts.allow("192.168.1.20:8080", "192.168.1.99".parse().ok()));
    }
}
