//! Which addresses and names are anybody's on the internet. Whoever lets others say where to post asks here first, or
//! they would make us knock at our own house.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Where Azure tells a computer about itself: a public address that leads nowhere else.
const AZURE_METADATA: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
/// Names that lead home, with everything below them.
const LOCAL_NAMES: [&str; 6] = ["localhost", "localdomain", "local", "internal", "home.arpa", "lan"];

/// Whether an address cannot lead out to the internet, as far as that can be told before its name is resolved.
pub fn is_surely_private(url: &Url) -> bool {
    match url.host() {
        // What is written in another way (2130706433, 0x7f.1) was understood when the address was read.
        Some(Host::Ipv4(address)) => !is_public_v4(address),
        Some(Host::Ipv6(address)) => !is_public_v6(address),
        Some(Host::Domain(name)) => is_local_name(name),
        None => true,
    }
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let below = |local: &str| name.strip_suffix(local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    name.is_empty() || LOCAL_NAMES.into_iter().any(below)
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
        || address == AZURE_METADATA
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
    let [a, b, middle @ .., _, _] = address.segments();
    let octets = address.octets();
    let inner = |at: usize| is_public_v4(Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]));
    match (a, b) {
        // Translated to IPv4 on the way.
        (0x64, 0xff9b) => middle == [0; 4] && inner(12),
        (0x2002, _) => inner(2),
        // Teredo, benchmarks, documentation, and the like.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // Only this part is given out.
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        let public =
            ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::1", "::ffff:8.8.8.8"];
        let special = [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.1.2.3",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "64:ff9b::a00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "64:ff9b:0:1::808:808",
            "2002:a00:1::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "::7f00:1",
            "fec0::1",
        ];
        assert!(public.iter().all(|address| is_public(address.parse().unwrap())));
        for address in special {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_private_host_is_seen_through_however_it_is_written() {
        let hosts = [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "printer.local",
            "metadata.google.internal",
            "router.lan.",
            "127.0.0.1",
            "127.0.0.1.",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "0",
            "127.0.0.1%2e",
            "\u{ff11}27.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[2002:7f00:1::]",
            "[64:ff9b::7f00:1]",
            "169.254.169.254",
            "2852039166",
        ];
        for host in hosts {
            let Ok(url) = Url::parse(&format!("https://{host}/")) else { panic!("{host}") };
            assert!(is_surely_private(&url), "{host}");
        }
        for host in ["example.org", "local.example.org", "notlocalhost.example", "1.1.1.1", "[2606:4700::1111]"] {
            assert!(!is_surely_private(&Url::parse(&format!("https://{host}/")).unwrap()), "{host}");
        }
    }
}
