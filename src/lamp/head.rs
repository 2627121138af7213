//! Heads of requests and answers, as the guard reads and writes them. Pure: bytes in, bytes out.
//!
//! Nothing that a client sent is passed on as it came: a request is read into an [`Ask`], and written anew.

use std::net::IpAddr;

use super::limits::HEADERS_MAX;
use crate::door::Hosts;

/// Headers of tiny_http's answers: a handful.
const ANSWER_HEADERS_MAX: usize = 16;
/// On every answer: our own styles and pictures alone, no scripts, no frames, nothing kept.
const DRESS: &str = "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\
    Referrer-Policy: no-referrer\r\nConnection: close\r\n";

/// What a client wants to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub is_head: bool,
    /// Without its query; letters, digits and `/.-_` only.
    pub path: String,
}

/// Why a request goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub status: u16,
    pub sentence: &'static str,
}

const fn refused(status: u16, sentence: &'static str) -> Refused {
    Refused { status, sentence }
}

pub(super) const TOO_SLOW: Refused = refused(408, "The request did not come in time.");
pub(super) const TOO_LARGE: Refused = refused(431, "The request's head is too large.");
pub(super) const RELIGHTING: Refused = refused(503, "The lamp is being lit again; try once more.");
pub(super) const FULL: Refused = refused(503, "Too many connections; try again in a bit.");
const MALFORMED: Refused = refused(400, "This is no HTTP request that I understand.");
const BODY: Refused = refused(413, "Requests to the lamp have no body.");
const METHOD: Refused = refused(405, "The lamp can be read, not written.");
const TARGET: Refused = refused(414, "This address is too long.");
const PATH: Refused = refused(404, "There is nothing here.");
const HOST: Refused = refused(421, "I do not go by this name. Its owner can add it to http.allowed_hosts.");

/// Reads a request head; none when more of it has to come.
pub(super) fn read(
    bytes: &[u8],
    hosts: &Hosts,
    reached: Option<IpAddr>,
    target_bytes_max: usize,
) -> Result<Option<Ask>, Refused> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(TOO_LARGE),
        Err(_) => return Err(MALFORMED),
    }
    let (Some(method), Some(target)) = (request.method, request.path) else { return Err(MALFORMED) };
    check_body(request.headers)?;
    let mut named = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
    let (Some(host), None) = (named.next(), named.next()) else { return Err(MALFORMED) };
    let host = std::str::from_utf8(host.value).map_err(|_| MALFORMED)?;
    if !hosts.allow(host, reached) {
        return Err(HOST);
    }
    if target.len() > target_bytes_max {
        return Err(TARGET);
    }
    let is_head = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(METHOD),
    };
    if !target.starts_with('/') {
        return Err(MALFORMED);
    }
    let path = target.split('?').next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    if !path.bytes().all(is_plain) {
        return Err(PATH);
    }
    Ok(Some(Ask { is_head, path: path.to_owned() }))
}

/// A request that announces a body, or whose length is a matter of opinion, goes no further.
fn check_body(headers: &[httparse::Header<'_>]) -> Result<(), Refused> {
    for header in headers {
        if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(MALFORMED);
        }
        if header.name.eq_ignore_ascii_case("content-length") {
            let is_number = !header.value.is_empty() && header.value.iter().all(u8::is_ascii_digit);
            match (is_number, header.value.iter().all(|digit| *digit == b'0')) {
                (true, true) => {}
                (true, false) => return Err(BODY),
                (false, _) => return Err(MALFORMED),
            }
        }
    }
    Ok(())
}

/// The request in our own words, as tiny_http gets it.
pub(super) fn ask(ask: &Ask) -> Vec<u8> {
    let method = if ask.is_head { "HEAD" } else { "GET" };
    format!("{method} {} HTTP/1.1\r\nHost: lamp\r\nConnection: close\r\n\r\n", ask.path).into_bytes()
}

/// tiny_http's whole answer, with the headers that we want on it; none when it is not whole.
pub(super) fn answer(bytes: &[u8], is_head: bool) -> Option<Vec<u8>> {
    let mut headers = [httparse::EMPTY_HEADER; ANSWER_HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head_bytes) = response.parse(bytes).ok()? else { return None };
    let body = &bytes[head_bytes..];
    let mut whole = false;
    let mut answer = Vec::with_capacity(bytes.len() + DRESS.len());
    answer.extend_from_slice(status_line(response.code?).as_bytes());
    for header in response.headers.iter() {
        let name = header.name.to_ascii_lowercase();
        if name == "content-length" {
            whole = is_head || std::str::from_utf8(header.value).ok()?.parse() == Ok(body.len());
        }
        if !matches!(name.as_str(), "connection" | "server" | "transfer-encoding") {
            answer.extend_from_slice(header.name.as_bytes());
            answer.extend_from_slice(b": ");
            answer.extend_from_slice(header.value);
            answer.extend_from_slice(b"\r\n");
        }
    }
    answer.extend_from_slice(DRESS.as_bytes());
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(body);
    whole.then_some(answer)
}

impl Refused {
    /// The whole answer.
    pub(super) fn answer(self) -> Vec<u8> {
        let allow = if self.status == METHOD.status { "Allow: GET, HEAD\r\n" } else { "" };
        let retry = if self.status == RELIGHTING.status { "Retry-After: 1\r\n" } else { "" };
        let line = status_line(self.status);
        let length = self.sentence.len() + 1;
        format!(
            "{line}Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
             {allow}{retry}{DRESS}\r\n{}\n",
            self.sentence
        )
        .into_bytes()
    }
}

fn status_line(status: u16) -> String {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        414 => "URI Too Long",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Error",
    };
    format!("HTTP/1.1 {status} {reason}\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status(text: &str) -> u16 {
        match read(text.as_bytes(), &Hosts::default(), None, 1_024) {
            Ok(Some(_)) => 200,
            Ok(None) => 0,
            Err(refused) => refused.status,
        }
    }

    #[test]
    fn a_plain_question_is_understood_and_asked_in_our_own_words() {
        let text =
            b"HEAD /healthz?verbose=1 HTTP/1.0\r\nhOsT: localhost:8081\r\nX-Thing: \xff\r\nCookie: a\r\n\r\nGET /";
        let asked = read(text, &Hosts::default(), None, 1_024).unwrap().unwrap();
        assert_eq!(asked, Ask { is_head: true, path: "/healthz".to_owned() });
        assert_eq!(ask(&asked), b"HEAD /healthz HTTP/1.1\r\nHost: lamp\r\nConnection: close\r\n\r\n");
    }

    #[test]
    fn what_is_not_a_plain_question_is_refused() {
        let with = |line: &str| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n");
        for (line, expected) in [
            ("Content-Length: 0", 200),
            ("Content-Length: 00", 200),
            ("Content-Length: 1", 413),
            ("Content-Length: 4611686018427387904", 413),
            ("Content-Length: 18446744073709551615", 413),
            ("Content-Length: 99999999999999999999999999999", 413),
            ("Content-Length: +3", 400),
            ("Content-Length: -1", 400),
            ("Content-Length: 0x10", 400),
            ("Content-Length: abc", 400),
            ("Content-Length:", 400),
            ("Content-Length: 0, 5", 400),
            ("Content-Length: 0\r\nContent-Length: 5", 413),
            ("Transfer-Encoding: chunked", 400),
            ("Transfer-Encoding: identity", 400),
            ("transfer-encoding: xchunked\r\nContent-Length: 0", 400),
            ("Expect: 100-continue", 200),
            ("Upgrade: websocket\r\nConnection: upgrade", 200),
            ("Host: evil.example", 400),
            (" folded: 1", 400),
            ("bad name: 1", 400),
            ("nocolon", 400),
        ] {
            assert_eq!(status(&with(line)), expected, "{line}");
        }
        for (text, expected) in [
            ("", 0),
            ("GET", 0),
            ("GET / HTTP/1.1\r\nHost: localhost\r\n", 0),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 421),
            ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 400),
            ("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
            ("get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
            ("CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
            ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            ("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
            ("GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
            ("GET /a\\b HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
            ("GET /\u{e9} HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
            ("\u{16}\u{3}\u{1}\u{2}", 400),
        ] {
            assert_eq!(status(text), expected, "{text:?}");
        }
        let many = "X: y\r\n".repeat(HEADERS_MAX);
        assert_eq!(status(&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")), 431);
        assert_eq!(status(&format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(2_000))), 414);
    }

    #[test]
    fn an_answer_keeps_its_own_headers_and_gets_ours() {
        let told = answer(b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi", false);
        let told = String::from_utf8(told.unwrap()).unwrap();
        assert!(told.starts_with("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n"), "{told}");
        assert!(told.contains("\r\nConnection: close\r\n") && !told.contains("Server") && told.ends_with("\r\n\r\nhi"));
        assert_eq!(answer(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", false), None);
        assert_eq!(answer(b"HTTP/1.1 200 OK\r\n\r\nhi", false), None);
        assert_eq!(answer(b"", false), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_in_what_goes_on_is_one_plain_head(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut text = b"GET /".to_vec();
            text.extend(&bytes);
            text.extend(b" HTTP/1.1\r\nHost: localhost\r\n\r\n");
            for text in [bytes, text] {
                if let Ok(Some(asked)) = read(&text, &Hosts::default(), None, 1_024) {
                    let written = String::from_utf8(ask(&asked)).unwrap();
                    prop_assert_eq!(written.matches("\r\n").count(), 4);
                    prop_assert!(written.ends_with("\r\n\r\n") && written.is_ascii());
                }
            }
        }
    }
}
