//! Addresses of the gateway. The library that connects panics on one that it cannot read, so nothing reaches it unread.

/// Longer than any that Discord uses.
const BYTES_MAX: usize = 200;

/// The address as the library wants it: without a slash at its end. None if it is no `ws://` or `wss://` address with a
/// host and at most a port and a plain path.
pub fn checked(address: &str) -> Option<String> {
    let address = address.trim_end_matches('/');
    let rest = address.strip_prefix("wss://").or_else(|| address.strip_prefix("ws://"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let fine = address.len() <= BYTES_MAX && is_authority(authority) && path.bytes().all(is_plain);
    fine.then(|| address.to_owned())
}

fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let Some((host, after)) = bracketed.split_once(']') else { return false };
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match after.strip_prefix(':') {
                Some(port) => ("v6", port),
                None => ("v6", if after.is_empty() { "443" } else { "" }),
            }
        }
        None => authority.split_once(':').unwrap_or((authority, "443")),
    };
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    named && !host.starts_with(['-', '.']) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_addresses_pass_without_their_last_slash() {
        for (given, passed) in [
            ("wss://gateway.discord.gg", "wss://gateway.discord.gg"),
            ("wss://gateway-us-east1-b.discord.gg/", "wss://gateway-us-east1-b.discord.gg"),
            ("ws://127.0.0.1:4000/", "ws://127.0.0.1:4000"),
            ("ws://[::1]:4000", "ws://[::1]:4000"),
            ("ws://localhost:4000/gateway/", "ws://localhost:4000/gateway"),
        ] {
            assert_eq!(checked(given).as_deref(), Some(passed));
        }
    }

    #[test]
    fn nonsense_does_not() {
        let long = format!("wss://{}", "a".repeat(300));
        for given in [
            "",
            "wss://",
            "https://discord.gg",
            "gateway.discord.gg",
            "wss://a b",
            "wss://a\u{0}",
            "wss://ü.gg",
            "wss://a:0",
            "wss://a:99999",
            "wss://a:b",
            "wss://a?x",
            "wss://user@a",
            "wss://[::1",
            "wss://[x]:1",
            "wss://-a",
            "wss:///x",
            "wss://a/%",
            &long,
        ] {
            assert_eq!(checked(given), None, "{given}");
        }
    }
}
