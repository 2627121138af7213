//! The address of a webhook: who knows it may post there, so it is a secret.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

const CHARS_MAX: usize = 2_000;

/// An https address that prints as `***`. It is written out in full, for promises; settings hide it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// The address itself, for the one place that posts there.
    pub fn reveal(&self) -> &Url {
        &self.0
    }

    /// The server, which is no secret.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// For a setting that is shown: `***`.
    pub fn hide<S: Serializer>(url: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        url.as_ref().map(|_| "***").serialize(serializer)
    }
}

impl FromStr for WebhookUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // What is wrong is told without the text: it may be a secret with a typo.
        let wrong = "expected an address such as https://example.org/hook";
        let url = Url::parse(text.trim()).map_err(|_| wrong)?;
        let whole = url.scheme() == "https" && url.has_host() && text.len() <= CHARS_MAX;
        let plain = url.username().is_empty() && url.password().is_none();
        if whole && plain { Ok(Self(url)) } else { Err(wrong) }
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for WebhookUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_are_taken_and_none_is_shown() {
        let url: WebhookUrl = "https://example.org:8443/hook?key=abc".parse().unwrap();
        assert_eq!((format!("{url:?}").as_str(), url.host()), ("***", "example.org"));
        for wrong in ["http://example.org/", "https://", "https://a:b@example.org/", "example.org", "file:///etc/x", ""]
        {
            assert!(!wrong.parse::<WebhookUrl>().unwrap_err().contains("a:b"), "{wrong}");
        }
    }
}
