//! What a close code means: go on with the session, begin a new one, or give up and say what to click.
//!
//! Source: Discord API documentation, "Opcodes and Status Codes", "Gateway Close Event Codes".

use super::rest::{TOKEN_ACTION, TOKEN_WORDS};

/// What to do after a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Resume,
    /// The session is gone, or what we say about it is wrong.
    NewSession,
    /// Trying again would end the same way: what is wrong, and what to do.
    Fatal(&'static str, &'static str),
}

/// The verdict on a close code; none stands for a connection that ended without one.
pub fn verdict(code: Option<u16>) -> Verdict {
    match code {
        Some(4003 | 4006 | 4007 | 4009) => Verdict::NewSession,
        Some(4004) => Verdict::Fatal(TOKEN_WORDS, TOKEN_ACTION),
        Some(4010) => Verdict::Fatal(
            "Discord refused our place in the bot's connections (close code 4010).",
            "This is a mistake in Innkeeper: please report it, and install the newest version.",
        ),
        Some(4011) => Verdict::Fatal(
            "The bot is in more servers than one connection may carry (close code 4011).",
            "Innkeeper looks after small communities: take the bot out of servers that do not need it.",
        ),
        Some(4012) => Verdict::Fatal(
            "Discord no longer speaks the version of its API that this Innkeeper knows (close code 4012).",
            "Install a newer version of Innkeeper.",
        ),
        Some(4013) => Verdict::Fatal(
            "Discord does not know an intent that Innkeeper asked for (close code 4013).",
            "Install the newest version of Innkeeper; if that does not help, please report it.",
        ),
        Some(4014) => Verdict::Fatal(
            "Discord does not grant the bot an intent that it asked for (close code 4014).",
            "Open discord.com/developers/applications, your application, Bot; under Privileged Gateway Intents switch \
             Message Content Intent and Server Members Intent on, save, and start Innkeeper again.",
        ),
        _ => Verdict::Resume,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_close_code_is_judged_as_discord_says() {
        for code in (1_000..=1_015).chain(3_000..=4_999) {
            let expected = match code {
                4_004 | 4_010..=4_014 => "fatal",
                4_003 | 4_006 | 4_007 | 4_009 => "new session",
                _ => "resume",
            };
            let told = match verdict(Some(code)) {
                Verdict::Resume => "resume",
                Verdict::NewSession => "new session",
                Verdict::Fatal(words, action) => {
                    assert!(!words.is_empty() && !action.is_empty());
                    "fatal"
                }
            };
            assert_eq!(told, expected, "{code}");
        }
        assert_eq!(verdict(None), Verdict::Resume);
    }
}
