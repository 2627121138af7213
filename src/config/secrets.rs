//! What is secret in the configuration: it comes from the environment or from a file of its own.

use super::{ConfigError, Loaded, SignIn};
use crate::model::Secret;

/// The bot's token.
pub(super) const TOKEN_KEY: &str = "discord.token";
const CLIENT_SECRET_KEY: &str = "oauth.client_secret";
/// What must not stand in the file that is shown and copied, and what to do instead.
pub(super) const SECRETS: [(&str, &str); 2] = [
    (TOKEN_KEY, "put the token into a file of its own and name it in discord.token_file, or set DISCORD_BOT_TOKEN"),
    (
        CLIENT_SECRET_KEY,
        "put the secret into a file of its own and name it in oauth.client_secret_file, or set \
         INNKEEPER_OAUTH__CLIENT_SECRET",
    ),
];
const FILE_BYTES_MAX: u64 = 4_096;

/// Whether what this key holds must never be shown.
pub(super) fn is_secret(key: &str) -> bool {
    SECRETS.iter().any(|(secret, _)| *secret == key)
}

impl Loaded {
    /// The bot's token, from the environment or from its file; none when neither is set.
    pub fn token(&self) -> Result<Option<Secret>, ConfigError> {
        let discord = &self.config.discord;
        read("token", discord.token.as_ref(), ("discord.token_file", &discord.token_file))
    }

    /// Whether people can sign in by Discord's page.
    pub fn sign_in(&self) -> SignIn {
        let oauth = &self.config.oauth;
        let file = ("oauth.client_secret_file", oauth.client_secret_file.as_str());
        let secret = read("client secret", oauth.client_secret.as_ref(), file);
        oauth.judge(secret, &self.config.http.public_url)
    }
}

fn read(what: &str, given: Option<&Secret>, (key, file): (&str, &str)) -> Result<Option<Secret>, ConfigError> {
    if let Some(secret) = given {
        return clean(what, secret.reveal(), &format!("The {what} in the environment")).map(Some);
    }
    if file.is_empty() {
        return Ok(None);
    }
    let unreadable =
        |error: std::io::Error| ConfigError::of(format!("Cannot read the {what} from {key} {file}: {error}."));
    let size = std::fs::metadata(file).map_err(unreadable)?.len();
    if size > FILE_BYTES_MAX {
        return Err(ConfigError::of(format!("{file} is too large to be a {what}.")));
    }
    clean(what, &std::fs::read_to_string(file).map_err(unreadable)?, file).map(Some)
}

/// Takes off what comes with copying: white space, quotes, a byte-order mark, a leading `Bot `.
fn clean(what: &str, text: &str, place: &str) -> Result<Secret, ConfigError> {
    let text = text.trim_start_matches('\u{feff}').trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("Bot ").unwrap_or(text).trim();
    let fault = if text.is_empty() {
        "is empty".to_owned()
    } else if text.contains(char::is_whitespace) {
        "has more than one line or word".to_owned()
    } else if !text.chars().all(|c| c.is_ascii_graphic()) {
        format!("has characters that no {what} has")
    } else {
        return Ok(Secret::new(text));
    };
    Err(ConfigError::of(format!("{place} {fault}; copy the {what} alone, as Discord showed it.")))
}
