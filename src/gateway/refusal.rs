//! Discord's "no" in words: what it means for a moderator, and the one thing to change.
//!
//! Source of the codes: Discord API documentation, "Opcodes and Status Codes", "JSON Error Codes".

use std::time::Duration;

use serde::Deserialize;

use crate::model::Setback;

/// Discord's JSON error codes that we tell apart.
pub mod code {
    pub const UNKNOWN_CHANNEL: u32 = 10_003;
    pub const UNKNOWN_GUILD: u32 = 10_004;
    pub const UNKNOWN_MEMBER: u32 = 10_007;
    pub const UNKNOWN_MESSAGE: u32 = 10_008;
    pub const UNKNOWN_ROLE: u32 = 10_011;
    pub const UNKNOWN_USER: u32 = 10_013;
    pub const UNKNOWN_WEBHOOK: u32 = 10_015;
    pub const UNKNOWN_BAN: u32 = 10_026;
    pub const UNKNOWN_INTERACTION: u32 = 10_062;
    pub const SLOWMODE: u32 = 20_016;
    pub const CHANNEL_WRITE_LIMIT: u32 = 20_028;
    pub const GUILD_ROLES_MAX: u32 = 30_005;
    pub const ALREADY_ACKNOWLEDGED: u32 = 40_060;
    pub const BLOCKED_BY_CLOUDFLARE: u32 = 40_333;
    pub const MISSING_ACCESS: u32 = 50_001;
    pub const DIRECT_MESSAGES_CLOSED: u32 = 50_007;
    pub const NOT_A_TEXT_CHANNEL: u32 = 50_008;
    pub const MISSING_PERMISSIONS: u32 = 50_013;
    pub const INVALID_WEBHOOK_TOKEN: u32 = 50_027;
    pub const INVALID_FORM: u32 = 50_035;
    pub const THREAD_ARCHIVED: u32 = 50_083;
    pub const NO_MUTUAL_GUILD: u32 = 50_278;
    pub const TWO_FACTOR_NEEDED: u32 = 60_003;
    pub const OVERLOADED: u32 = 130_000;
    pub const THREAD_LOCKED: u32 = 160_005;
    pub const AUTOMOD_BLOCKED: u32 = 200_000;
    pub const AUTOMOD_BLOCKED_TITLE: u32 = 200_001;
}

/// How long to leave something alone that Discord is too busy for.
const BUSY_WAIT: Duration = Duration::from_secs(60);
/// Discord's own words are repeated up to this length.
const MESSAGE_CHARS_MAX: usize = 200;

/// What Discord means, and what to do about it (empty when nothing can be done).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub what: String,
    pub remedy: &'static str,
}

impl Words {
    /// Both in one text.
    pub fn together(&self) -> String {
        if self.remedy.is_empty() { self.what.clone() } else { format!("{} {}", self.what, self.remedy) }
    }
}

/// The body of an error.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Body {
    code: u32,
    message: String,
}

/// The setback behind an answer of this status that is no success, no 429 and no outage.
pub fn setback(status: u16, body: &[u8]) -> Setback {
    if status < 400 || body.trim_ascii_start().starts_with(b"<") {
        let words = "Something on the way to Discord answered in its place.".to_owned();
        return Setback::Later { after: BUSY_WAIT, words };
    }
    let Body { code, message } = serde_json::from_slice(body).unwrap_or_default();
    let words = words(status, code, &message).together();
    match code {
        code::SLOWMODE | code::CHANNEL_WRITE_LIMIT | code::BLOCKED_BY_CLOUDFLARE | code::OVERLOADED => {
            Setback::Later { after: BUSY_WAIT, words }
        }
        _ => Setback::Refused { status, code, words },
    }
}

/// What an error code means. `message` is Discord's own text, for codes that we do not know.
pub fn words(status: u16, code: u32, message: &str) -> Words {
    let (what, remedy) = known(code);
    if !what.is_empty() {
        return Words { what: what.to_owned(), remedy };
    }
    let message: String = message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS_MAX).collect();
    let what = match (code, message.is_empty()) {
        (0, true) => format!("Discord refused with status {status}."),
        (0, false) => format!("Discord refused: {message} (status {status})."),
        (_, true) => format!("Discord refused with code {code}."),
        (_, false) => format!("Discord refused: {message} (code {code})."),
    };
    Words { what, remedy: "" }
}

fn known(code: u32) -> (&'static str, &'static str) {
    match code {
        code::UNKNOWN_CHANNEL => ("The channel no longer exists.", "Choose another one in the configuration."),
        code::UNKNOWN_GUILD => ("I am not in that server.", "Invite me again, or take it out of the configuration."),
        code::UNKNOWN_MEMBER => ("They are not in the server any more.", ""),
        code::UNKNOWN_MESSAGE => ("The message was deleted meanwhile.", ""),
        code::UNKNOWN_ROLE => ("The role no longer exists.", "Choose another one in the configuration."),
        code::UNKNOWN_USER => ("There is no such user; the account may have been deleted.", ""),
        code::UNKNOWN_BAN => ("They are not banned.", ""),
        code::UNKNOWN_WEBHOOK => ("The webhook no longer exists.", "Make a new one and put it in the configuration."),
        code::UNKNOWN_INTERACTION => ("The answer came too late: Discord waits three seconds for the first.", ""),
        code::INVALID_WEBHOOK_TOKEN => ("The answer came too late: Discord takes it for fifteen minutes.", ""),
        code::ALREADY_ACKNOWLEDGED => ("The command was answered already.", ""),
        code::SLOWMODE | code::CHANNEL_WRITE_LIMIT => ("The channel takes messages more slowly than I send them.", ""),
        code::BLOCKED_BY_CLOUDFLARE => ("The network in front of Discord turned the request away.", ""),
        code::OVERLOADED => ("Discord is overloaded.", ""),
        code::GUILD_ROLES_MAX => {
            ("The server has reached Discord's limit of 250 roles.", "Delete a role that nobody needs.")
        }
        code::MISSING_ACCESS => {
            ("I cannot see that channel.", "Give my role View Channel there (channel settings, Permissions).")
        }
        code::DIRECT_MESSAGES_CLOSED | code::NO_MUTUAL_GUILD => (
            "They do not take private messages from me.",
            "They can allow direct messages in their privacy settings for this server.",
        ),
        code::NOT_A_TEXT_CHANNEL => ("That channel does not take messages.", "Choose a text channel instead."),
        code::MISSING_PERMISSIONS => (
            "My role lacks a permission for that, or stands below the role or member concerned.",
            "In Server Settings, Roles: give my role the permission and drag it above the roles that I give.",
        ),
        code::INVALID_FORM => (
            "Discord did not understand what I sent.",
            "This is a mistake in Innkeeper, or a value in the configuration is not allowed; please report it.",
        ),
        code::THREAD_ARCHIVED | code::THREAD_LOCKED => ("The thread is closed.", "Open it again."),
        code::TWO_FACTOR_NEEDED => (
            "The server asks moderators for two-factor authentication.",
            "The owner of the bot's account in the developer portal must switch it on.",
        ),
        code::AUTOMOD_BLOCKED | code::AUTOMOD_BLOCKED_TITLE => {
            ("The server's AutoMod blocked the message.", "Exempt my role in Server Settings, AutoMod.")
        }
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_words_with_a_remedy() {
        let refused = setback(403, br#"{"message": "Missing Permissions", "code": 50013}"#);
        let Setback::Refused { status, code, words } = refused else { panic!("{refused:?}") };
        assert_eq!((status, code), (403, code::MISSING_PERMISSIONS));
        assert!(words.contains("drag it above"), "{words}");
    }

    #[test]
    fn unknown_codes_repeat_what_discord_said() {
        let refused = setback(400, br#"{"message": "Something new\n", "code": 99999}"#);
        assert_eq!(refused.words(), "Discord refused: Something new (code 99999).");
        assert_eq!(setback(404, b"").words(), "Discord refused with status 404.");
        assert_eq!(setback(400, br#"{"code": "odd"}"#).words(), "Discord refused with status 400.");
    }

    #[test]
    fn what_passes_by_itself_is_tried_later() {
        assert!(matches!(setback(429, br#"{"code": 20028}"#), Setback::Later { .. }));
        assert!(matches!(setback(503, br#"{"code": 130000}"#), Setback::Later { .. }));
        // A hotel's log-in page, or an error page of the network in between.
        assert!(matches!(setback(403, b" <html>"), Setback::Later { .. }));
        assert!(matches!(setback(302, b""), Setback::Later { .. }));
    }
}
