//! One request and its answer: reqwest over rustls with `ring`. It refuses to know retries and what a request is for.

use std::error::Error as _;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Code, Error, IN_FLIGHT_MAX, Problem};
use crate::model::{Secret, UserId};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take as a whole: the server waits ten seconds for Discord, and for its own writer.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes.
const BODY_BYTES_MAX: usize = 16 << 20;
/// How much is told of an answer that did not come from the API.
const TOLD_CHARS_MAX: usize = 200;
const USER_AGENT: &str = concat!("innkeeper/", env!("CARGO_PKG_VERSION"));

/// How something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// Whether it changes something.
    pub(super) fn writes(self) -> bool {
        self != Self::Get
    }

    fn as_http(self) -> reqwest::Method {
        match self {
            Self::Get => reqwest::Method::GET,
            Self::Post => reqwest::Method::POST,
            Self::Put => reqwest::Method::PUT,
            Self::Patch => reqwest::Method::PATCH,
            Self::Delete => reqwest::Method::DELETE,
        }
    }
}

/// A request, as often as it is sent.
pub(super) struct Call {
    pub method: Method,
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub acts_as: Option<UserId>,
    /// By what the server knows that it had it before.
    pub known_by: Option<Secret>,
}

impl Call {
    pub fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), query: Vec::new(), body: None, acts_as: None, known_by: None }
    }
}

/// The body of an answer to which the server did not say no.
pub(super) struct Answer(Vec<u8>);

impl Answer {
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body: &[u8] = if self.0.is_empty() { b"null" } else { &self.0 };
        serde_json::from_slice(body).map_err(|error| Error::Strange(error.to_string()))
    }
}

/// Carries requests to one instance.
pub(super) struct Wire {
    client: reqwest::Client,
    base: String,
}

impl Wire {
    pub fn new(url: &str) -> Result<Self, Error> {
        let base = address(url)?;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(WHOLE_TIMEOUT)
            .pool_max_idle_per_host(IN_FLIGHT_MAX)
            // A key is for the instance that it was made for, and for no other address.
            .redirect(reqwest::redirect::Policy::none());
        if ["//127.", "//localhost", "//[::1]"].iter().any(|near| base.contains(near)) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| Error::Unusable(format!("TLS cannot be set up: {error}")))?;
        Ok(Self { client, base })
    }

    pub async fn exchange(&self, call: &Call, token: Option<&Secret>) -> Result<Answer, Error> {
        let mut answer = self.request(call, token).send().await.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(Error::Strange(format!("it is longer than {BODY_BYTES_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        match status {
            200..=299 => Ok(Answer(body)),
            _ => Err(Error::Refused(problem(status, &body, retry_after.map(Duration::from_secs)))),
        }
    }

    fn request(&self, call: &Call, token: Option<&Secret>) -> reqwest::RequestBuilder {
        let mut request = self.client.request(call.method.as_http(), format!("{}{}", self.base, call.path));
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(user) = call.acts_as {
            request = request.header("x-act-as", user.to_string());
        }
        if let Some(word) = &call.known_by {
            request = request.header("idempotency-key", word.reveal());
        }
        match &call.body {
            Some(body) => request.header("content-type", "application/json").body(body.clone()),
            None => request,
        }
    }
}

/// An instance's address without a slash at its end. A path in it stays: some stand behind another server.
fn address(given: &str) -> Result<String, Error> {
    let wrong = || Error::Unusable("the URL of an instance is written as https://inn.example".to_owned());
    let url = url::Url::parse(given).map_err(|_| wrong())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain || url.fragment().is_some() {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// What the server said; where it was not the API that spoke, what can be told of it.
fn problem(status: u16, body: &[u8], retry_after: Option<Duration>) -> Problem {
    #[derive(Deserialize)]
    struct Said {
        detail: String,
        code: Code,
    }
    if let Ok(Said { detail, code }) = serde_json::from_slice(body) {
        return Problem { status, code, detail, retry_after };
    }
    let text = String::from_utf8_lossy(body);
    let told: String = text.trim().chars().take(TOLD_CHARS_MAX).collect();
    let detail = match status {
        300..=399 => format!("the server sends elsewhere (HTTP {status}): use the URL that it has by itself"),
        _ if told.is_empty() || told.starts_with('<') => format!("the server answered HTTP {status}"),
        _ => told,
    };
    Problem { status, code: Code::Other(String::new()), detail, retry_after }
}

fn unreachable(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    Error::Unreachable(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_an_instance() {
        assert_eq!(address("https://inn.example/").unwrap(), "https://inn.example");
        assert_eq!(address("http://[::1]:8080/inn/").unwrap(), "http://[::1]:8080/inn");
        for wrong in ["", "inn.example", "localhost:8080", "ftp://inn.example", "https://a:b@inn.example", "http://"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
        assert!(address("https://inn.example/?x=1").is_err() && address("https://inn.example/#x").is_err());
    }

    #[test]
    fn what_is_not_from_the_api_is_told_as_far_as_it_can_be() {
        let said = problem(404, br#"{"detail": "There is no such case.", "code": "not_found"}"#, None);
        assert_eq!((said.code, said.detail.as_str()), (Code::NotFound, "There is no such case."));
        let later = problem(418, br#"{"detail": "Tea.", "code": "teapot"}"#, None);
        assert_eq!(later.code, Code::Other("teapot".to_owned()), "a word of a later version");
        assert_eq!(problem(502, b"<html>", None).detail, "the server answered HTTP 502");
        assert_eq!(problem(413, b"too long\n", None).detail, "too long");
        assert!(problem(308, b"", None).detail.contains("elsewhere"));
    }
}
