//! Who somebody is who comes back from Discord's page: the code that they bring is exchanged for a token of theirs,
//! with which Discord is asked once.
//!
//! Source: Discord API documentation, "OAuth2", "Authorization Code Grant"; RFC 6749, section 4.1.3; RFC 7636, section
//! 4.5.

use std::time::Duration;

use serde::Deserialize;

use super::rest::Rest;
use super::wire::{Call, unreadable};
use crate::model::oauth::{Grant, OauthClient, Person};
use crate::model::{Secret, Setback, UserId};

/// How long each of the two calls may take: somebody waits for them at a browser.
const PATIENCE: Duration = Duration::from_secs(4);

/// Of the answer, all that we keep, and only as long as the next call takes. It is not revoked: that would end what the
/// person allowed as a whole, and Discord would ask them again each time.
#[derive(Deserialize)]
struct Token {
    access_token: Secret,
}

#[derive(Deserialize)]
struct Account {
    id: UserId,
    username: String,
    #[serde(default)]
    global_name: Option<String>,
}

/// Asks Discord. The code is used up by it.
///
/// # Errors
/// Refused with the status 401 when Discord does not know us, with another one when it does not know the code; for
/// later when it does not answer.
pub async fn identify(rest: &Rest, client: &OauthClient, grant: &Grant) -> Result<Person, Setback> {
    let redirect_uri = client.redirect_uri();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", grant.code.reveal()),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", grant.verifier.reveal()),
    ];
    let exchange = Call::post("/oauth2/token").fields(&form).authorized(client.basic()).patience(PATIENCE);
    let Token { access_token } = rest.call(exchange).await?.json()?;
    let bearer = Secret::new(format!("Bearer {}", access_token.reveal()));
    let who = Call::get("/users/@me").authorized(bearer).patience(PATIENCE);
    let account: Account = match rest.call(who).await {
        Ok(reply) => reply.json()?,
        // It gave the token a moment ago: that is no word about us or about the code.
        Err(Setback::Refused { .. }) => return Err(unreadable()),
        Err(setback) => return Err(setback),
    };
    let Account { id, username, global_name } = account;
    Ok(Person { user: id, name: global_name.filter(|name| !name.is_empty()).unwrap_or(username) })
}
