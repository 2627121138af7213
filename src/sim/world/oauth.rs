//! People who let an application know who they are: the page that asks them, codes, and tokens for codes.
//!
//! Source: Discord API documentation, "OAuth2"; RFC 6749, sections 4.1 and 5.2; RFC 7636, section 4.6.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Impossible, World};
use crate::model::UserId;

/// How long a code may be exchanged, on the monotonic clock. RFC 6749 recommends ten minutes at most.
const CODE_LIFE: Duration = Duration::from_secs(600);
/// How long a token is good.
const TOKEN_LIFE: Duration = Duration::from_secs(7 * 86_400);
/// Codes and tokens remembered; the oldest go first.
const GRANTS_MAX: usize = 10_000;
/// RFC 7636, section 4.1.
const VERIFIER_BYTES: std::ops::RangeInclusive<usize> = 43..=128;

/// What applications were allowed.
#[derive(Default)]
pub(in crate::sim) struct Consents {
    redirects: BTreeSet<String>,
    codes: VecDeque<Code>,
    tokens: VecDeque<Token>,
}

struct Code {
    code: String,
    user: UserId,
    redirect_uri: String,
    challenge: String,
    ends: Duration,
}

struct Token {
    token: String,
    user: UserId,
    ends: Duration,
}

/// What the page is asked for, as the address has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Authorization {
    pub response_type: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub scope: String,
    pub state: String,
    pub code_challenge: String,
    pub code_challenge_method: String,
}

/// Why there is no token: the status, and what RFC 6749 calls it.
pub(in crate::sim) type NoToken = (u16, &'static str);

impl World {
    /// Enters an address on the developer portal to which people may be sent back.
    pub fn add_redirect(&mut self, uri: impl Into<String>) {
        self.consents.redirects.insert(uri.into());
    }

    /// The secret that the application shows.
    pub fn client_secret(&self) -> &str {
        &self.config.client_secret
    }

    /// Whether Discord would ask somebody this at all, or why not.
    pub fn may_ask(&self, asked: &Authorization) -> Result<(), Impossible> {
        if asked.client_id != self.application.to_string() {
            return Impossible::because("Unknown application");
        }
        if !self.consents.redirects.contains(&asked.redirect_uri) {
            return Impossible::because("Invalid OAuth2 redirect_uri");
        }
        if asked.response_type != "code" || asked.scope != "identify" {
            return Impossible::because("The simulation knows the response type code and the scope identify alone");
        }
        if asked.code_challenge.is_empty() || asked.code_challenge_method != "S256" {
            return Impossible::because("The simulation wants PKCE with S256");
        }
        Ok(())
    }

    /// Somebody says yes; where their browser goes then.
    pub fn consent(&mut self, asked: &Authorization, user: UserId) -> Result<String, Impossible> {
        self.may_ask(asked)?;
        if self.users.get(&user).is_none_or(|user| user.bot) {
            return Impossible::because("there is no such person");
        }
        let code = self.random();
        let ends = self.clock.monotonic() + CODE_LIFE;
        let (redirect_uri, challenge) = (asked.redirect_uri.clone(), asked.code_challenge.clone());
        push(&mut self.consents.codes, Code { code: code.clone(), user, redirect_uri, challenge, ends });
        back(asked, &[("code", &code)])
    }

    /// Somebody says no; where their browser goes then.
    pub fn decline(&self, asked: &Authorization) -> Result<String, Impossible> {
        self.may_ask(asked)?;
        let why = "The resource owner or authorization server denied the request";
        back(asked, &[("error", "access_denied"), ("error_description", why)])
    }

    /// A token for a code, which is used up, whatever comes of it.
    pub(in crate::sim) fn exchange(&mut self, authorization: Option<&str>, form: &Value) -> Result<Value, NoToken> {
        let ours = format!("{}:{}", self.application, self.config.client_secret);
        if authorization.and_then(|shown| shown.strip_prefix("Basic ")) != Some(STANDARD.encode(ours).as_str()) {
            return Err((401, "invalid_client"));
        }
        let field = |name: &str| form[name].as_str().unwrap_or_default();
        if field("grant_type") != "authorization_code" {
            return Err((400, "unsupported_grant_type"));
        }
        let (now, invalid) = (self.clock.monotonic(), (400, "invalid_grant"));
        let at = self.consents.codes.iter().position(|known| known.code == field("code"));
        let code = at.and_then(|at| self.consents.codes.remove(at)).ok_or(invalid)?;
        let verifier = field("code_verifier");
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let proves = VERIFIER_BYTES.contains(&verifier.len()) && challenge == code.challenge;
        if now >= code.ends || code.redirect_uri != field("redirect_uri") || !proves {
            return Err(invalid);
        }
        let token = self.random();
        push(&mut self.consents.tokens, Token { token: token.clone(), user: code.user, ends: now + TOKEN_LIFE });
        let refresh = self.random();
        Ok(json!({"token_type": "Bearer", "access_token": token, "expires_in": TOKEN_LIFE.as_secs(),
            "refresh_token": refresh, "scope": "identify"}))
    }

    /// Whose token this is.
    pub(in crate::sim) fn bearer(&self, authorization: Option<&str>) -> Option<UserId> {
        let shown = authorization?.strip_prefix("Bearer ")?;
        let known = self.consents.tokens.iter().find(|known| known.token == shown)?;
        (self.clock.monotonic() < known.ends).then_some(known.user)
    }

    /// The tokens that people let the application have.
    pub fn person_tokens(&self) -> Vec<String> {
        self.consents.tokens.iter().map(|known| known.token.clone()).collect()
    }

    /// What the bot is called.
    pub(in crate::sim) fn name_of_bot(&self) -> &str {
        &self.config.bot_name
    }

    /// Everybody who is no bot, with the name to show: the oldest accounts first.
    pub(in crate::sim) fn people(&self) -> Vec<(UserId, &str)> {
        let people = self.users.values().filter(|user| !user.bot);
        people.map(|user| (user.id, user.global_name.as_deref().unwrap_or(&user.username))).collect()
    }

    fn random(&mut self) -> String {
        std::iter::repeat_with(|| self.dice.alphanumeric()).take(30).collect()
    }
}

fn push<T>(into: &mut VecDeque<T>, new: T) {
    into.push_back(new);
    if into.len() > GRANTS_MAX {
        into.pop_front();
    }
}

/// The address to which a browser is sent back, with these words.
fn back(asked: &Authorization, words: &[(&str, &str)]) -> Result<String, Impossible> {
    let Ok(mut url) = Url::parse(&asked.redirect_uri) else {
        return Impossible::because("Invalid OAuth2 redirect_uri");
    };
    url.query_pairs_mut().extend_pairs(words).append_pair("state", &asked.state);
    Ok(url.into())
}
