//! By which address whoever sent a request reached us.

use std::net::SocketAddr;

use axum::http::header::{self, HeaderMap};

use super::App;

/// Scheme and host, and what stands before our paths, without a slash at the end: `http.public_url` where that is what
/// they asked, else what `Host` says. A proxy of the owner's may tell better (`X-Forwarded-Host`, `X-Forwarded-Proto`);
/// of others it is not believed.
pub fn base_url(app: &App, peer: SocketAddr, headers: &HeaderMap) -> String {
    let pages = &app.0.pages;
    let is_proxy = pages.trusted_proxies.contains(&peer.ip().to_canonical());
    address(&pages.public_url, is_proxy, headers)
}

fn address(public_url: &str, is_proxy: bool, headers: &HeaderMap) -> String {
    // Each proxy appends: the last word is the one that ours wrote.
    let word = |name: &str| headers.get(name)?.to_str().ok()?.split(',').next_back().map(str::trim);
    let forwarded = |name: &str| if is_proxy { word(name) } else { None };
    let told = forwarded("x-forwarded-host").filter(|host| is_host(host));
    let host = told.or_else(|| word(header::HOST.as_str())).unwrap_or_default();
    let public = public_url.trim_end_matches('/');
    let public_host = public.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    // What a proxy asks us by may be a name that only it knows.
    if public_host.is_some_and(|public| public == host || is_proxy && told.is_none()) {
        return public.to_owned();
    }
    let scheme = forwarded("x-forwarded-proto").filter(|scheme| ["http", "https"].contains(scheme)).unwrap_or("http");
    format!("{scheme}://{host}")
}

fn is_host(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_address_is_the_one_that_was_asked_and_strangers_do_not_choose_it() {
        let of = |public: &str, is_proxy, pairs: &[(&'static str, &'static str)]| {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            address(public, is_proxy, &pairs.iter().map(pair).collect())
        };
        let (host, public) = (("host", "127.0.0.1:8080"), "https://inn.example/bot/");
        assert_eq!(of("", false, &[host]), "http://127.0.0.1:8080");
        assert_eq!(of(public, false, &[host]), "http://127.0.0.1:8080");
        assert_eq!(of(public, false, &[("host", "inn.example")]), "https://inn.example/bot");
        assert_eq!(of(public, true, &[host]), "https://inn.example/bot");
        let forwarded = [host, ("x-forwarded-host", "evil.example, staff.example"), ("x-forwarded-proto", "https")];
        assert_eq!(of("", false, &forwarded), "http://127.0.0.1:8080");
        assert_eq!(of("", true, &forwarded), "https://staff.example");
        assert_eq!(
            of("", true, &[host, ("x-forwarded-host", "a/b"), ("x-forwarded-proto", "ftp")]),
            "http://127.0.0.1:8080"
        );
    }
}
