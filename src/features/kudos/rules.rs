//! Who may thank whom, and what is a thanks: pure functions of what is known when somebody gives.

use std::time::Duration;

use crate::model::text::is_invisible;
use crate::model::{Message, Seen, Timestamp, UserId, Zone};

/// How many one message can thank.
pub const THANKED_MAX: usize = 3;

/// How often one may give, and how much. A wait of zero is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Between two gifts from the same member to the same one.
    pub cooldown: Duration,
    /// After a gift, before one in the other direction.
    pub back: Duration,
    /// Of a giver, on one day of the community.
    pub daily_amount: i64,
    pub amount_max: i64,
    /// Of the giver's account.
    pub account_age: Duration,
}

/// What somebody wants to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub giver: UserId,
    pub receiver: UserId,
    pub to_bot: bool,
    /// The receiver is known to be in the guild.
    pub present: bool,
    pub amount: i64,
    pub at: Timestamp,
}

/// What was given before and still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// The giver's last gift to this receiver.
    pub last: Option<Timestamp>,
    /// The last gift from this receiver to the giver.
    pub last_back: Option<Timestamp>,
    /// How much the giver gave on this day, to everybody.
    pub given_today: i64,
}

/// Why something is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    ToOneself,
    ToBot,
    NotHere,
    /// The account is old enough from then on.
    TooYoung(Timestamp),
    /// There may be so many at once.
    Amount(i64),
    /// The same again so soon.
    Again(Duration),
    /// Thanking straight back.
    Back(Duration),
    /// So much is left to give on this day.
    Spent(i64),
}

/// Whether an offer becomes a gift.
pub fn judge(limits: &Limits, offer: &Offer, before: &Before) -> Result<(), No> {
    let old_enough = offer.giver.time().plus(limits.account_age);
    let left = limits.daily_amount.saturating_sub(before.given_today).max(0);
    let wait = |last: Option<Timestamp>, wait: Duration| {
        last.map(|last| wait.saturating_sub(offer.at.since(last))).filter(|left| !left.is_zero())
    };
    if offer.giver == offer.receiver {
        Err(No::ToOneself)
    } else if offer.to_bot {
        Err(No::ToBot)
    } else if !offer.present {
        Err(No::NotHere)
    } else if offer.at < old_enough {
        Err(No::TooYoung(old_enough))
    } else if !(1..=limits.amount_max).contains(&offer.amount) {
        Err(No::Amount(limits.amount_max))
    } else if let Some(left) = wait(before.last, limits.cooldown) {
        Err(No::Again(left))
    } else if let Some(left) = wait(before.last_back, limits.back) {
        Err(No::Back(left))
    } else if offer.amount > left {
        Err(No::Spent(left))
    } else {
        Ok(())
    }
}

/// A reason as it is kept: in one line, without what cannot be seen; none where nothing can.
pub fn reason(given: &str) -> Option<String> {
    let visible: String = given.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let visible: String = visible.chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Whom a thanks in a message is for: those it replies to or mentions, but for its author and bots.
pub fn thanked(message: &Message) -> Vec<&Seen> {
    let mut thanked: Vec<&Seen> = Vec::new();
    for person in message.replied_to.iter().chain(&message.mentions) {
        // The mention tells more of the same person than the reply does.
        let known = message.mentions.iter().find(|mention| mention.id == person.id).unwrap_or(person);
        let is_meant = !known.bot && known.id != message.author.id;
        if is_meant && thanked.len() < THANKED_MAX && thanked.iter().all(|other| other.id != known.id) {
            thanked.push(known);
        }
    }
    thanked
}

/// Whether a text says one of these words of thanks: whole words, in whatever case, where the author speaks. Code,
/// quotes, links and Discord's own markup are not looked at.
pub fn says_thanks(text: &str, thanks: &[String]) -> bool {
    let spoken = spoken(text);
    let said = words(&spoken);
    thanks.iter().map(|phrase| words(phrase)).any(|phrase| {
        let follows = |window: &[String]| window == phrase.as_slice();
        !phrase.is_empty() && said.windows(phrase.len()).any(follows)
    })
}

/// The words of a text in lower case, each without what surrounds it.
fn words(text: &str) -> Vec<String> {
    let within = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '_');
    let parts = text.split_whitespace().filter(|part| !part.contains("://"));
    let parts = parts.flat_map(|part| part.split(|c| !within(c)));
    let bare = parts.map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()));
    bare.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// What of a message is in the author's own words.
///
/// Source: Discord's help page "Markdown Text 101" (code stands in backticks, `> ` quotes a line, `>>> ` the rest).
fn spoken(text: &str) -> String {
    let text = without_code(text);
    let mut spoken = String::with_capacity(text.len());
    for line in text.lines() {
        if line.starts_with(">>> ") {
            break;
        }
        if !line.starts_with("> ") {
            push_without_markup(&mut spoken, line);
            spoken.push('\n');
        }
    }
    spoken
}

/// The text without what stands between runs of as many backticks. A run that is never closed is just there.
fn without_code(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        kept.push_str(&rest[..start]);
        let run = ticks(&rest[start..]);
        let inside = &rest[start + run..];
        rest = closing(inside, run).map_or(inside, |end| &inside[end..]);
        kept.push(' ');
    }
    kept.push_str(rest);
    kept
}

/// How many backticks a text begins with.
fn ticks(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'`').count()
}

/// Where the next run of just so many backticks ends.
fn closing(text: &str, run: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(start) = text[from..].find('`').map(|at| from + at) {
        let found = ticks(&text[start..]);
        if found == run {
            return Some(start + found);
        }
        from = start + found;
    }
    None
}

/// Mentions, emoji and times are `<…>` without a space.
fn push_without_markup(kept: &mut String, line: &str) {
    let mut rest = line;
    while let Some(start) = rest.find('<') {
        kept.push_str(&rest[..start]);
        kept.push(' ');
        let inside = &rest[start + 1..];
        let end = inside.find(|c: char| c == '>' || c == '<' || c.is_whitespace());
        rest = match end {
            Some(end) if inside[end..].starts_with('>') => &inside[end + 1..],
            _ => inside,
        };
    }
    kept.push_str(rest);
}

/// When the part of time begins that a word names: `month`, `week`; none: ever.
pub fn begin_of(window: &str, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    let today = zone.day(now);
    match window {
        "week" => Some(zone.begin_of(today.first_of_week())),
        "month" => Some(zone.begin_of(today.first_of_month())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
