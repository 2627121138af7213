//! Cases as they are shown: in a line, on a page, in full, in the modlog.

use super::super::rules::Kind;
use super::super::store::{Case, State};
use super::super::trail::Change;
use super::{AMBER, BY_RULE, GREEN, GREY, REASON_CHARS_MAX, RED, called, moment, whom};
use crate::model::text::{count, name, plain, quote};
use crate::model::{Embed, Outgoing, Timestamp, Told};

/// What stands of a reason in a list.
const REASON_SHORT_CHARS_MAX: usize = 80;

/// Whether it still counts, and if not, why. Without a time, nothing that passing time makes untrue.
fn standing(case: &Case, now: Option<Timestamp>) -> Option<String> {
    if let Some(by) = case.undone_by {
        let how = if by == case.number { String::new() } else { format!(" by case {by}") };
        return Some(format!("taken back{how}"));
    }
    if let Some(resolved) = &case.resolved {
        return Some(format!("resolved by {} {}", name(&resolved.by), moment(resolved.at)));
    }
    match (case.state, case.ended_at, case.ends_at) {
        (State::Pending, ..) => Some("not answered by Discord yet".to_owned()),
        (State::Failed, ..) => Some("did not happen".to_owned()),
        (_, Some(at), _) => Some(format!("over since {}", moment(at))),
        (_, None, Some(end)) => now.map(|now| {
            let word = match (case.kind == Kind::Warn, end <= now) {
                (true, true) => "expired",
                (true, false) => "expires",
                (false, true) => "over since",
                (false, false) => "ends",
            };
            format!("{word} {}", moment(end))
        }),
        _ => None,
    }
}

/// One line of a list. Names are left out where all are about one member.
pub fn line(case: &Case, now: Timestamp, with_name: bool) -> String {
    let who = if with_name { format!(" · {}", name(&case.user_name)) } else { String::new() };
    let reason = match (case.hidden, case.reason.as_str()) {
        (true, _) => "(hidden)".to_owned(),
        (_, "") => "(no reason)".to_owned(),
        (_, reason) => quote(reason, REASON_SHORT_CHARS_MAX),
    };
    let standing = standing(case, Some(now)).map(|words| format!(" — {words}")).unwrap_or_default();
    format!("**{}** {}{who} · {reason} · {}{standing}", case.number, called(case), moment(case.at))
}

/// A page of cases.
pub fn page(title: String, lines: &[String], shown: (u32, u32), of: u32, note: Option<String>) -> Outgoing {
    let mut description = if lines.is_empty() { "Nothing is on record.".to_owned() } else { lines.join("\n") };
    if let Some(note) = note {
        description.push_str(&format!("\n\n{note}"));
    }
    let footer = match of {
        0 => String::new(),
        of => format!("{} to {} of {}", shown.0, shown.1, count(i64::from(of))),
    };
    Outgoing::embed(Embed { title, description, colour: AMBER, footer, ..Embed::default() })
}

pub fn history_title(name: &str) -> String {
    format!("History of {}", plain(name))
}

pub fn warnings_title(name: &str, counting: usize) -> String {
    let name = plain(name);
    match counting {
        1 => format!("Warnings of {name}: 1 counts"),
        counting => format!("Warnings of {name}: {counting} count"),
    }
}

pub const LIST_TITLE: &str = "Cases";

pub fn hidden_note(hidden: u32) -> Option<String> {
    match hidden {
        0 => None,
        1 => Some("One hidden case is left out; `/case list` has its number.".to_owned()),
        hidden => Some(format!("{hidden} hidden cases are left out; `/case list` has their numbers.")),
    }
}

/// Everything about a case. Without a time, as it may stand there for long.
pub fn case(case: &Case, changes: &[Change], now: Option<Timestamp>) -> Embed {
    let mut fields = vec![
        ("Member".to_owned(), whom(case.user, &case.user_name)),
        ("By".to_owned(), by(case)),
        ("When".to_owned(), format!("<t:{}:f>", case.at.seconds())),
    ];
    if let Some(end) = case.ends_at {
        fields.push(("Until".to_owned(), format!("<t:{}:f> ({})", end.seconds(), moment(end))));
    }
    if let Some(words) = standing(case, now) {
        fields.push(("Standing".to_owned(), words));
    }
    if let Some(words) = case.words.as_deref() {
        fields.push(("Discord said".to_owned(), quote(words, 300)));
    }
    let told = match &case.told {
        Some(Told::Yes) => Some("yes".to_owned()),
        Some(Told::No(words)) => Some(format!("no: {}", quote(words, 200))),
        None => None,
    };
    fields.extend(told.map(|told| ("Were they told?".to_owned(), told)));
    if let Some(link) = &case.link {
        fields.push(("About".to_owned(), link.clone()));
    }
    // Where changes are shown, the note stands among them.
    let resolved = case.resolved.as_ref().filter(|resolved| changes.is_empty() && !resolved.note.is_empty());
    if let Some(resolved) = resolved {
        fields.push(("Resolution".to_owned(), quote(&resolved.note, usize::from(REASON_CHARS_MAX))));
    }
    if !changes.is_empty() {
        let lines: Vec<_> = changes.iter().map(change).collect();
        fields.push(("Since then".to_owned(), lines.join("\n")));
    }
    let reason = match case.reason.as_str() {
        "" => "(no reason was given)".to_owned(),
        reason => quote(reason, usize::from(REASON_CHARS_MAX)),
    };
    Embed {
        title: format!("Case {} · {}", case.number, called(case)),
        description: reason,
        fields,
        colour: colour(case),
        footer: if case.hidden { "hidden".to_owned() } else { String::new() },
    }
}

fn by(case: &Case) -> String {
    let by = match case.moderator {
        Some(moderator) => whom(moderator, &case.moderator_name),
        None => BY_RULE.to_owned(),
    };
    match (case.by_hand, &case.action) {
        (true, _) => format!("{by}, by hand"),
        (false, Some(_)) => format!("{by}, on record over HTTP"),
        (false, None) => by,
    }
}

fn change(change: &Change) -> String {
    let words = if change.words.is_empty() { String::new() } else { format!(": {}", quote(&change.words, 100)) };
    format!("{} by {} {}{words}", change.what, name(&change.actor_name), moment(change.at))
}

/// The case in the modlog; of a hidden one, only that there is one.
pub fn log(shown: &Case) -> Outgoing {
    if shown.hidden {
        let title = format!("Case {} · hidden", shown.number);
        let description = "A moderator hid this case. `/case show` still tells.".to_owned();
        return Outgoing::embed(Embed { title, description, colour: GREY, ..Embed::default() });
    }
    Outgoing::embed(case(shown, &[], None))
}

const fn colour(case: &Case) -> u32 {
    match (case.state, case.kind) {
        (State::Failed, _) => GREY,
        (_, Kind::Note) => AMBER,
        (_, Kind::Untimeout | Kind::Unban) => GREEN,
        (_, Kind::Warn | Kind::Timeout | Kind::Other) => AMBER,
        _ => RED,
    }
}
