//! The real wire: reqwest over rustls with `ring`.
//!
//! It refuses to know limits, retries and what a request is for.

use std::error::Error;
use std::time::Duration;

use super::wire::{Reply, Request, Unreachable, Wire};
use crate::bot::BoxFuture;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take as a whole.
const WHOLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
const BODY_BYTES_MAX: usize = 4 << 20;

/// Carries requests to Discord, or to the address that stands in for it.
pub struct Https {
    client: reqwest::Client,
    base: String,
}

impl Https {
    /// `api_url` is the configured address, without `/api/v10`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(api_url: &str) -> Result<Self, reqwest::Error> {
        install_tls();
        let mut client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(WHOLE_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if ["//127.", "//localhost", "//[::1]"].iter().any(|near| api_url.contains(near)) {
            client = client.no_proxy();
        }
        Ok(Self { client: client.build()?, base: format!("{}/api/v10", api_url.trim_end_matches('/')) })
    }

    async fn exchange(&self, request: Request) -> Result<Reply, reqwest::Error> {
        // Our own methods are always valid.
        let method = request.method.parse().unwrap_or(reqwest::Method::GET);
        let mut call = self.client.request(method, format!("{}{}", self.base, request.path));
        for (name, value) in request.headers {
            call = call.header(name, value);
        }
        // A PUT or POST without a body still says so.
        let bodiless = matches!(request.method, "PUT" | "POST" | "PATCH").then(Vec::new);
        if let Some(body) = request.body.or(bodiless) {
            call = call.body(body);
        }
        let mut answer = call.send().await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }
}

impl Wire for Https {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        Box::pin(async move { self.exchange(request).await.map_err(|error| Unreachable(words(error))) })
    }
}

/// Installs `ring` as the TLS provider of the process, unless there is one already.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Why there was no answer, without the address: the path of a webhook or an interaction holds a secret.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    // A computer without a clock battery finds every certificate too young or too old.
    if words.contains("NotValidYet") || words.contains("Expired") || words.contains("not valid yet") {
        words.push_str(". If this computer's date is wrong, set it.");
    }
    words
}
