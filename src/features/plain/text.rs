//! What the plain commands say.

use std::time::Duration;

use super::rules::Dice;
use crate::model::text::{count, duration, name, quote};
use crate::model::{Embed, Guild, Outgoing};

pub const NOTHING_TO_SAY: &str = "`text` has nothing in it that could be read.";
pub const DICE_UNKNOWN: &str = "Those are no dice that I have: write 20, 2d6 or 2d6+1, with at most 100 dice and a \
    million sides.";
pub const SERVER_UNKNOWN: &str = "I do not know this server yet. Please try again in a moment.";
pub const NO_CHANNEL: &str = "That works in a channel only.";
pub const ON_ITS_WAY: &str = "I am still waiting for Discord; look into the channel before you ask again.";
const COLOUR: u32 = 0xE0_A8_4E;
const ECHO_CHARS_MAX: usize = 1_000;
/// Single dice are shown up to so many.
const SHOWN_MAX: usize = 20;

pub fn hello(member: &str) -> String {
    format!("Hello, {}!", name(member))
}

pub fn echo(words: &str) -> String {
    let said = quote(words, ECHO_CHARS_MAX);
    // Escaped, every character may be two; Discord takes 2,000.
    said.chars().take(2_000).collect()
}

pub fn rolled(dice: &Dice, shown: &[u64]) -> String {
    let Dice { count: so_many, sides, more } = dice;
    let total = dice.total(shown);
    if *so_many == 1 && *more == 0 {
        return format!("You rolled a {total} (1-{sides})");
    }
    let on_top = match more {
        0 => String::new(),
        more => format!("{more:+}"),
    };
    let sides_shown: Vec<_> = shown.iter().take(SHOWN_MAX).map(u64::to_string).collect();
    let rest = if shown.len() > SHOWN_MAX { " + …" } else { "" };
    format!("You rolled {} ({so_many}d{sides}{on_top}: {}{rest})", count(total), sides_shown.join(" + "))
}

pub fn info(guild: &Guild) -> Embed {
    let number = |number: usize| count(i64::try_from(number).unwrap_or(i64::MAX));
    let fields = [
        ("Members", count(i64::try_from(guild.member_count).unwrap_or(i64::MAX))),
        ("Channels", number(guild.channels.len())),
        // @everyone is none that anybody gave.
        ("Roles", number(guild.roles.len().saturating_sub(1))),
        ("Owner", format!("<@{}>", guild.owner)),
        ("Since", format!("<t:{}:D>", guild.id.time().seconds())),
    ];
    let fields = fields.into_iter().map(|(label, value)| (label.to_owned(), value)).collect();
    Embed { title: name(&guild.name), fields, colour: COLOUR, ..Embed::default() }
}

pub fn service(state: &str, awake: Duration, guilds: u64, problems: usize) -> String {
    let well = match problems {
        0 => "Nothing is wrong.".to_owned(),
        1 => "One thing is wrong: the status page says what.".to_owned(),
        more => format!("{more} things are wrong: the status page says what."),
    };
    let servers = if guilds == 1 { "one server".to_owned() } else { format!("{guilds} servers") };
    format!("Innkeeper {}: {state}, awake for {}, in {servers}. {well}", env!("CARGO_PKG_VERSION"), duration(awake))
}

pub fn promise_cleanup(amount: u16) -> String {
    format!("clean up the last {amount} messages")
}

/// What was deleted of how many: the bot's own and commands to it; and what is too old for Discord.
pub fn cleaned(words: &str) -> Outgoing {
    Outgoing::text(words)
}

pub fn not_cleaned(words: &str) -> Outgoing {
    Outgoing::text(format!("Nothing is deleted, as far as I know. {words}"))
}
