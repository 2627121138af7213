//! What moderators and members read about cases. Names and reasons are hostile: they are escaped here.

mod cases;

use super::rules::{Kind, Obstacle};
use super::store::{Case, State};
use crate::model::text::{duration, name, plain, quote};
use crate::model::{Embed, Outgoing, Timestamp, Told, UserId};
pub use cases::*;

/// A reason is never longer.
pub const REASON_CHARS_MAX: u16 = 400;
/// Discord's limit for a reason in the audit log.
const AUDIT_CHARS_MAX: usize = 512;
/// What is shown of a program's own word for a deed.
const ACTION_SHOWN_CHARS_MAX: usize = 40;

const GREEN: u32 = 0x4C_9A_5B;
const AMBER: u32 = 0xE0_A8_4E;
const RED: u32 = 0xC4_4D_3F;
const GREY: u32 = 0x80_86_8B;

pub const NO_REASON: &str = "Say why: the reason is what is asked about later.";
pub const NOT_THE_MEMBERS: &str = "Only moderators can see other members' warnings.";
pub const BY_RULE: &str = "a rule of the configuration";
pub const RULE_FAILED: &str = "a rule could not be followed";
pub const STILL_TELLING: &str = "I am still trying to tell them.";
pub const LINK_UNKNOWN: &str = "`message` must be a link to a message of this server.";
pub const IN_THE_PAST: &str = "I cannot tell Discord's time yet; please try again in a moment.";
pub const CANNOT_SEE_GUILD: &str = "I cannot see this server right now.";
pub const ENDED_BY_OTHERS: &str = "it was over already";
pub const RECORDED: &str = "recorded over HTTP";
pub const NOTE_CHANGED: &str = "resolution changed";
pub const REPLACED: &str = "another one took its place";

/// How a kind is called.
pub const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Note => "Note",
        Kind::Warn => "Warning",
        Kind::Timeout => "Timeout",
        Kind::Untimeout => "Timeout lifted",
        Kind::Kick => "Kick",
        Kind::Ban => "Ban",
        Kind::Unban => "Ban lifted",
        Kind::Softban => "Softban",
        Kind::Other => "Record",
    }
}

/// "could not ban", for what was refused.
const fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Note => "make a note about",
        Kind::Warn => "warn",
        Kind::Timeout => "time out",
        Kind::Untimeout => "lift the timeout of",
        Kind::Kick => "kick",
        Kind::Ban => "ban",
        Kind::Unban => "lift the ban of",
        Kind::Softban => "softban",
        Kind::Other => "act on",
    }
}

/// "banned", for what was done.
const fn done(kind: Kind) -> &'static str {
    match kind {
        Kind::Note => "noted about",
        Kind::Warn => "warned",
        Kind::Timeout => "timed out",
        Kind::Untimeout => "lifted the timeout of",
        Kind::Kick => "kicked",
        Kind::Ban => "banned",
        Kind::Unban => "lifted the ban of",
        Kind::Softban => "softbanned",
        Kind::Other => "acted on",
    }
}

/// How a case is called: as its program calls it, where that is no name of ours.
fn called(case: &Case) -> String {
    match (case.kind, &case.action) {
        (Kind::Other, Some(action)) => quote(action, ACTION_SHOWN_CHARS_MAX),
        (kind, _) => title(kind).to_owned(),
    }
}

fn moment(at: Timestamp) -> String {
    format!("<t:{}:R>", at.seconds())
}

/// Somebody as a mention that pings nobody, with the name of that time for when they are gone.
fn whom(user: UserId, known: &str) -> String {
    format!("<@{user}> ({})", name(known))
}

/// Why something is refused before anybody is asked.
pub fn obstacle(obstacle: Obstacle, kind: Kind) -> String {
    let what = verb(kind);
    match obstacle {
        Obstacle::Yourself => format!("You cannot {what} yourself."),
        Obstacle::Me => format!("I do not {what} myself."),
        Obstacle::Owner => format!("Nobody can {what} the owner of the server."),
        Obstacle::Bot => "Warnings are for people; bots do not read them.".to_owned(),
        Obstacle::NotBanned => "They are in this server, so they are not banned.".to_owned(),
        Obstacle::NotHere => "They are not in this server.".to_owned(),
        Obstacle::AboveYou => {
            format!("You cannot {what} somebody whose highest role is not below yours.")
        }
        Obstacle::AboveMe => format!(
            "I cannot {what} them: their highest role is not below mine. In Server Settings, Roles, drag my role \
             above it."
        ),
        Obstacle::Administrator => "Discord lets nobody time out an administrator.".to_owned(),
        Obstacle::NoPermission(permission) => {
            format!("I lack the permission {permission}. Give it to my role in Server Settings, Roles.")
        }
    }
}

/// Why a deed did not happen that was called off: what Discord said before still stands.
pub fn called_off(case: &Case, words: &str) -> String {
    match (case.state, case.kind, case.words.as_deref()) {
        (State::Failed, _, Some(before)) => format!("{before} Then it was {words}."),
        // Between the ban and its lifting nobody knows.
        (_, Kind::Softban, _) => format!("It was {words}. They may be banned all the same: `/unban` lifts that."),
        _ => format!("It was {words}."),
    }
}

pub fn under_way(kind: Kind, number: i64) -> String {
    format!("Case {number} is just about to {} them.", verb(kind))
}

pub fn no_such_case(number: i64) -> String {
    format!("There is no case {number} here. `/case list` shows what there is.")
}

/// For Discord's audit log: who, under which number, why. A name cannot pass for the number.
pub fn audit_reason(moderator: &str, number: i64, reason: &str) -> String {
    let moderator: String = moderator.chars().filter(|c| !c.is_control() && !"()".contains(*c)).take(40).collect();
    let text = format!("{moderator} (case {number}): {reason}");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(AUDIT_CHARS_MAX).collect()
}

/// The number of the case in a reason that we wrote into the audit log.
pub fn number_in_audit_reason(reason: &str) -> Option<i64> {
    let (_, rest) = reason.split_once("(case ")?;
    rest.split_once(')')?.0.parse().ok()
}

/// For the member, in private.
pub fn to_member(kind: Kind, guild: &str, reason: &str, ends_at: Option<Timestamp>, by: Option<&str>) -> Outgoing {
    let guild = quote(guild, 100);
    let what = match kind {
        Kind::Warn => format!("You were warned in **{guild}**."),
        Kind::Timeout => format!("You cannot write in **{guild}** for now."),
        Kind::Untimeout => format!("You can write in **{guild}** again."),
        Kind::Kick | Kind::Softban => format!("You were removed from **{guild}**. You may come back with an invite."),
        Kind::Ban => format!("You were banned from **{guild}**."),
        Kind::Unban => format!("You are no longer banned from **{guild}**."),
        Kind::Note | Kind::Other => String::new(),
    };
    let mut lines = vec![what];
    if let Some(end) = ends_at {
        let until = match kind {
            Kind::Warn => "It counts until",
            _ => "It ends",
        };
        lines.push(format!("{until} <t:{}:f> ({}).", end.seconds(), moment(end)));
    }
    if !reason.is_empty() {
        lines.push(format!("Reason: {}", quote(reason, usize::from(REASON_CHARS_MAX))));
    }
    if let Some(moderator) = by {
        lines.push(format!("By {}.", name(moderator)));
    }
    Outgoing::text(lines.join("\n"))
}

/// The answer to whoever asked for it, once it is known what Discord did.
pub fn outcome(case: &Case) -> String {
    let who = whom(case.user, &case.user_name);
    let mut text = match case.state {
        State::Pending => format!(
            "Case **{}**: Discord has not answered yet whether I could {} {who}. I go on trying; `/case show {}` \
             tells.",
            case.number,
            verb(case.kind),
            case.number
        ),
        State::Done => format!("Case **{}**: {} {who}{}.", case.number, done(case.kind), until(case)),
        State::Failed => {
            let words = case.words.as_deref().unwrap_or("Discord refused.");
            format!("Case **{}**: I could not {} {who}. {words}", case.number, verb(case.kind))
        }
    };
    if case.state == State::Done {
        text.push_str(&told(case));
    }
    text
}

fn until(case: &Case) -> String {
    match (case.kind, case.ends_at) {
        (_, Some(end)) if case.kind == Kind::Warn => format!("; it expires {}", moment(end)),
        (_, Some(end)) => format!(" until <t:{}:f>", end.seconds()),
        (Kind::Ban, None) => " for good".to_owned(),
        _ => String::new(),
    }
}

fn told(case: &Case) -> String {
    match &case.told {
        Some(Told::Yes) => " They were told.".to_owned(),
        Some(Told::No(words)) => format!(" They could not be told: {words}"),
        None => String::new(),
    }
}

/// What warnings lead to: suggested, or done.
pub fn suggestion(warnings: u32, action: &str) -> String {
    format!("That is warning number {warnings} that counts. Suggested for that: {action}.")
}

pub fn by_rule(outcome: &str) -> String {
    format!("{outcome} The configuration says so for so many warnings.")
}

pub fn could_not_act(warnings: u32, action: &str, why: &str) -> String {
    format!("Warning number {warnings} should lead to {action}, but: {why}")
}

pub fn reason_by_rule(warnings: u32, number: i64) -> String {
    format!("{warnings} warnings that count, the last of them case {number}")
}

/// "a timeout of 1 h".
pub fn punishment(kind: Kind, span: Option<std::time::Duration>) -> String {
    let what = match kind {
        Kind::Timeout => "a timeout",
        Kind::Kick => "a kick",
        _ => "a ban",
    };
    match span {
        Some(span) => format!("{what} of {}", duration(span)),
        None => what.to_owned(),
    }
}

/// Somebody with open cases came back.
pub fn returned(user: UserId, known: &str, open: &[String], more: bool) -> Outgoing {
    let mut description = open.join("\n");
    if more {
        description.push_str("\n… `/history` has the rest.");
    }
    let title = "Somebody with open cases is back".to_owned();
    let embed = Embed { title, description, colour: AMBER, ..Embed::default() };
    Outgoing { content: whom(user, known), ..Outgoing::embed(embed) }
}

pub fn edited(number: i64) -> String {
    format!("Case **{number}** has another reason now. What stood there is kept.")
}

pub fn resolved(number: i64) -> String {
    format!("Case **{number}** is resolved.")
}

pub fn reopened(number: i64) -> String {
    format!("Case **{number}** is open again.")
}

pub fn hidden(number: i64, hidden: bool) -> String {
    match hidden {
        true => format!("Case **{number}** is left out of histories now. It keeps its number."),
        false => format!("Case **{number}** is shown again."),
    }
}

pub fn is_so_already(number: i64, how: &str) -> String {
    format!("Case {number} is {how} already.")
}

/// Why a case of this kind cannot be taken back.
pub fn not_to_be_undone(number: i64, kind: Kind) -> String {
    let what = title(kind).to_lowercase();
    format!("Case {number} ({what}) cannot be taken back. `/case resolve {number}` settles it.")
}

pub fn undone(number: i64, kind: Kind) -> String {
    format!("Case **{number}** ({}) is taken back.", title(kind).to_lowercase())
}

pub fn undone_before(number: i64, by: i64) -> String {
    match by == number {
        true => format!("Case {number} was taken back before."),
        false => format!("Case {number} was taken back before, by case {by}."),
    }
}

pub fn reason_of_undo(number: i64) -> String {
    format!("Case {number} is taken back")
}

/// In the list of promises.
pub fn promise_act(kind: Kind, known: &str, number: i64) -> String {
    format!("{} {} (case {number})", verb(kind), plain(known))
}

pub fn promise_end(known: &str, number: i64) -> String {
    format!("lift the ban of {} (case {number})", plain(known))
}

pub fn promise_log(number: i64) -> String {
    format!("show case {number} in the modlog")
}

pub fn promise_alert(known: &str) -> String {
    format!("say that {} is back", plain(known))
}

pub fn reason_of_end(number: i64) -> String {
    format!("Innkeeper (case {number}): the ban is over")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_log_gives_the_number_back_whatever_moderators_are_called_and_write() {
        for (moderator, reason) in [("Ada", "spam"), ("Ada (case 7): x", "as in (case 3): y"), ("", "")] {
            let written = audit_reason(moderator, 12, reason);
            assert_eq!(number_in_audit_reason(&written), Some(12), "{written}");
        }
        assert_eq!(number_in_audit_reason("because (case closed)"), None);
        assert_eq!(audit_reason("Ada", 12, &"x".repeat(600)).chars().count(), AUDIT_CHARS_MAX);
    }
}
