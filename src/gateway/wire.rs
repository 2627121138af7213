//! Calls to Discord's REST and what carries them: HTTPS, or in tests whatever stands in for Discord.
//!
//! It refuses to know limits, retries and what a call is for.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::rest::OUTAGE_WAIT;
use crate::bot::BoxFuture;
use crate::model::{Secret, Setback};

/// How long a call waits for limits unless it says otherwise.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A call to make. Its body may hold a secret, so that it is not printed.
#[derive(Clone)]
pub struct Call {
    pub(super) method: &'static str,
    /// Below `/api/v10`.
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
    pub(super) content_type: String,
    pub(super) reason: Option<String>,
    /// In whose name it is made; none: the bot's.
    pub(super) authorization: Option<Secret>,
    /// Making it twice does what making it once does.
    pub(super) repeatable: bool,
    pub(super) patience: Duration,
}

impl Call {
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path.into(), true)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path.into(), true)
    }

    pub fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path.into(), true)
    }

    pub fn patch(path: impl Into<String>) -> Self {
        Self::new("PATCH", path.into(), true)
    }

    /// Not repeatable unless [`Call::repeatable`] says so.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path.into(), false)
    }

    fn new(method: &'static str, path: String, repeatable: bool) -> Self {
        let content_type = "application/json".to_owned();
        Self {
            method,
            path,
            body: None,
            content_type,
            reason: None,
            authorization: None,
            repeatable,
            patience: PATIENCE,
        }
    }

    /// With this as its JSON body.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // A body that does not serialise is a mistake of ours; Discord says so in an answer that we log.
        self.body = Some(serde_json::to_vec(body).unwrap_or_default());
        self
    }

    /// With this form as its body, whose parts stand between such fences.
    pub fn form(mut self, fence: &str, body: Vec<u8>) -> Self {
        self.content_type = format!("multipart/form-data; boundary={fence}");
        self.body = Some(body);
        self
    }

    /// With these fields as its body, as browsers write those of a form.
    pub fn fields(mut self, fields: &[(&str, &str)]) -> Self {
        self.content_type = "application/x-www-form-urlencoded".to_owned();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body = Some(body.into_bytes());
        self
    }

    /// In the name of whoever this header shows, instead of the bot's.
    pub fn authorized(mut self, authorization: Secret) -> Self {
        self.authorization = Some(authorization);
        self
    }

    /// With this reason in the guild's audit log.
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// A nonce or Discord's own rules keep a second copy from doing anything.
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Sent a second time, it might undo what somebody did in between: whoever asks looks first.
    pub fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }

    /// Waits at most so long for limits and for answers.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body_bytes = self.body.as_ref().map(Vec::len);
        f.debug_struct("Call").field("method", &self.method).field("body_bytes", &body_bytes).finish_non_exhaustive()
    }
}

/// A call as it goes over the wire. It carries the token, so it cannot be printed.
#[derive(Clone)]
pub struct Request {
    pub method: &'static str,
    /// Below `/api/v10`.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
}

/// What came back. It may hold a token, so that it is not printed.
#[derive(Clone, Default)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, body_bytes) = (&self.status, self.body.len());
        f.debug_struct("Reply").field("status", status).field("body_bytes", &body_bytes).finish_non_exhaustive()
    }
}

impl Reply {
    /// A header's value by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Setback> {
        serde_json::from_slice(&self.body).map_err(|_| unreadable())
    }
}

/// What came back is no answer of Discord's.
pub fn unreadable() -> Setback {
    let words = "Discord's answer could not be read; something on the way may have answered in its place.".to_owned();
    Setback::Later { after: OUTAGE_WAIT, words }
}

/// No answer came; why, in words without the address (it may hold a secret).
#[derive(Debug, Clone)]
pub struct Unreachable(pub String);

/// What carries requests: HTTPS, or in tests whatever stands in for Discord.
pub trait Wire: Send + Sync {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>>;
}
