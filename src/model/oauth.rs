//! Signing in by a page of Discord's: OAuth 2.0 with an authorization code (RFC 6749, section 4.1) and PKCE (RFC 7636).
//!
//! Source: Discord API documentation, "OAuth2".

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use url::Url;

use super::{ApplicationId, Secret, UserId};

/// Where a browser begins, below the address that people reach us by …
const BEGIN_PATH: &str = "/login/discord";
/// … and where Discord sends it back to.
const REDIRECT_PATH: &str = "/login/discord/callback";
/// All that is asked of Discord about a person: who they are.
const SCOPE: &str = "identify";

/// Us, as Discord knows us where people sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthClient {
    pub id: ApplicationId,
    pub secret: Secret,
    /// How people reach our pages, without a slash at its end.
    pub public_url: String,
}

impl OauthClient {
    /// Where a browser begins to sign in.
    pub fn begin_url(&self) -> String {
        format!("{}{BEGIN_PATH}", self.public_url)
    }

    /// Where Discord sends a browser back to; to be entered in the developer portal exactly like this.
    pub fn redirect_uri(&self) -> String {
        format!("{}{REDIRECT_PATH}", self.public_url)
    }

    /// Discord's page that asks the person; none where `discord_url` is no address. Who said yes before is not asked
    /// again.
    pub fn authorize_url(&self, discord_url: &str, state: &Secret, verifier: &Secret) -> Option<String> {
        let page = format!("{}/oauth2/authorize", discord_url.trim_end_matches('/'));
        let asked = [
            ("response_type", "code"),
            ("client_id", &self.id.to_string()),
            ("redirect_uri", &self.redirect_uri()),
            ("scope", SCOPE),
            ("state", state.reveal()),
            ("code_challenge", &challenge_of(verifier)),
            ("code_challenge_method", "S256"),
            ("prompt", "none"),
        ];
        Some(Url::parse_with_params(&page, asked).ok()?.into())
    }

    /// How we show who we are: RFC 7617. Ids and Discord's secrets are letters, digits, `-` and `_`, so that there is
    /// nothing to encode before.
    pub fn basic(&self) -> Secret {
        Secret::new(format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id, self.secret.reveal()))))
    }
}

/// What a browser brought back from Discord, and what proves that we sent it there.
#[derive(Debug, Clone)]
pub struct Grant {
    pub code: Secret,
    pub verifier: Secret,
}

/// Who somebody is, as Discord says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    /// The name to show.
    pub name: String,
}

/// The challenge that goes with a verifier, by the method `S256`: RFC 7636, section 4.2.
pub fn challenge_of(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.reveal().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge_of(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn discord_is_asked_for_who_somebody_is_and_nothing_else() {
        let secret = Secret::new("very-secret");
        let client =
            OauthClient { id: ApplicationId::new(7).unwrap(), secret, public_url: "https://a.example/b".into() };
        let (state, verifier) = (Secret::new("s t"), Secret::new("verifier"));
        let url = client.authorize_url("https://discord.com/", &state, &verifier).unwrap();
        let expected = "https://discord.com/oauth2/authorize?response_type=code&client_id=7&redirect_uri=https%3A%2F%2F\
            a.example%2Fb%2Flogin%2Fdiscord%2Fcallback&scope=identify&state=s+t&code_challenge=";
        assert!(url.starts_with(expected) && url.ends_with("&code_challenge_method=S256&prompt=none"), "{url}");
        assert!(!url.contains("verifier") && !url.contains("secret") && !format!("{client:?}").contains("very-secret"));
        // Source: RFC 7617, section 2.
        let aladdin = OauthClient { secret: Secret::new("open sesame"), ..client };
        assert_eq!(aladdin.basic().reveal(), "Basic NzpvcGVuIHNlc2FtZQ==");
        assert_eq!(aladdin.authorize_url("discord", &state, &verifier), None);
    }
}
