//! `[oauth]`: signing in to the pages by Discord's own page, beside the links that `/login` gives.

use serde::{Deserialize, Serialize};
use url::Url;

use super::values::blank;
use super::{ConfigError, Mistake};
use crate::model::oauth::OauthClient;
use crate::model::{ApplicationId, Secret};

/// `[oauth]`: us, as Discord knows us where people sign in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oauth {
    /// None switches it off.
    #[serde(with = "blank")]
    pub client_id: Option<ApplicationId>,
    /// Only from the environment; a file that holds it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// A file with the secret alone; empty: the environment has it.
    pub client_secret_file: String,
}

/// Whether people can sign in by Discord's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// It is not set up.
    Off,
    /// It is set up by half, so it is off: what is missing, and what to do.
    Half {
        detail: String,
        action: &'static str,
    },
    On(OauthClient),
}

impl Oauth {
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let twice = self.client_secret.is_some() && !self.client_secret_file.is_empty();
        let words = "the environment has a client secret too; use one of them, never both";
        twice.then(|| ("oauth.client_secret_file", words.to_owned())).into_iter().collect()
    }

    /// What of it holds, with the secret as it was read.
    pub(super) fn judge(&self, secret: Result<Option<Secret>, ConfigError>, public_url: &str) -> SignIn {
        let half = |detail: String, action| SignIn::Half { detail, action };
        let (id, secret) = match (self.client_id, secret) {
            (None, Ok(None)) => return SignIn::Off,
            (None, _) => return half("oauth has a client secret, but no client_id.".to_owned(), SAY_ID),
            (_, Err(error)) => return half(error.to_string(), SAY_SECRET),
            (Some(_), Ok(None)) => return half("oauth.client_id is set, but no client secret.".to_owned(), SAY_SECRET),
            (Some(id), Ok(Some(secret))) => (id, secret),
        };
        if public_url.is_empty() {
            return half("oauth is set, but http.public_url is not.".to_owned(), SAY_URL);
        }
        let is_web = Url::parse(public_url).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        if !is_web {
            return half(format!("http.public_url is no address of a web site: {public_url:?}."), SAY_URL);
        }
        SignIn::On(OauthClient { id, secret, public_url: public_url.trim_end_matches('/').to_owned() })
    }
}

const SAY_ID: &str =
    "Copy the client id from the page OAuth2 of the developer portal into oauth.client_id, or take the secret away.";
const SAY_SECRET: &str = "Copy the client secret from the page OAuth2 of the developer portal into a file, name it in \
    oauth.client_secret_file (or set INNKEEPER_OAUTH__CLIENT_SECRET), and start Innkeeper again.";
const SAY_URL: &str = "Set http.public_url to the address that people type, enter it in the developer portal as a \
    redirect, with /login/discord/callback at its end, and start Innkeeper again.";
