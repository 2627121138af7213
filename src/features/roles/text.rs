//! What moderators and members read about roles that come and go. Names and reasons are hostile: they are escaped here.

use super::rules::Obstacle;
use super::store::{State, Temporary};
use crate::model::text::{count, name, plain, quote};
use crate::model::{Embed, Outgoing, Span, Timestamp, UserId};

/// A reason is never longer.
pub const REASON_CHARS_MAX: u16 = 400;
/// Discord's limit for a reason in the audit log.
const AUDIT_CHARS_MAX: usize = 512;
/// What of a reason a line repeats.
const LINE_CHARS_MAX: usize = 100;
const WORDS_CHARS_MAX: usize = 300;
pub const COLOUR: u32 = 0xE0_A8_4E;

pub const CANNOT_SEE_GUILD: &str = "I cannot see this server right now.";
pub const NOT_HERE: &str = "They are not in this server.";
pub const NONE_HELD: &str = "They hold no such role for a while. `/temprole list` shows who holds which.";
pub const OVER_ALREADY: &str = "That is over already, so there is nothing to change about it.";
pub const REPLACED: &str = "a newer one took its place";
pub const LEFT: &str = "they left the server";
pub const THROWN_OUT: &str = "they were thrown out";
pub const ROLE_DELETED: &str = "the role was deleted";
pub const OVER: &str = "it is over";
pub const AUDIT_END: &str = "Its time is up";
pub const AUDIT_BACK: &str = "They had it when they left";

fn moment(at: Timestamp) -> String {
    format!("<t:{}:R>", at.seconds())
}

/// Somebody as a mention that pings nobody, with the name of that time for when they are gone.
fn whom(user: UserId, known: &str) -> String {
    format!("<@{user}> ({})", name(known))
}

/// Why a role cannot be given, and what to do about it.
pub fn obstacle(obstacle: Obstacle, role: &str) -> String {
    let role = name(role);
    match obstacle {
        Obstacle::Gone => format!("There is no role {role} in this server; it may have been deleted."),
        Obstacle::Everyone => "Everybody has that role already.".to_owned(),
        Obstacle::Managed => format!("The role **{role}** belongs to an integration: nobody can give or take it."),
        Obstacle::Powerful => format!(
            "The role **{role}** has moderation permissions, so I never give it. Take those from the role, or give it by \
             hand."
        ),
        Obstacle::NoPermission => {
            "I lack the permission Manage Roles. Give it to my role in Server Settings, Roles.".to_owned()
        }
        Obstacle::AboveMe => format!(
            "The role **{role}** is not below mine, so I cannot give or take it. In Server Settings, Roles, drag my role \
             above it."
        ),
        Obstacle::AboveYou => format!("The role **{role}** is not below your own highest role."),
    }
}

/// What keeps a role from coming back, and what to do about it, for the page.
pub fn does_not_come_back(role: &str, obstacle: Obstacle) -> (String, &'static str) {
    let role = format!("The role {} of roles.persistent or roles.mute", plain(role));
    match obstacle {
        Obstacle::Gone | Obstacle::Everyone | Obstacle::AboveYou => {
            (format!("{role} is none that can come back."), "Take it out of the configuration.")
        }
        Obstacle::Managed => {
            (format!("{role} belongs to an integration, so nobody can give it."), "Take it out of the configuration.")
        }
        Obstacle::Powerful => (
            format!("{role} has moderation permissions, so it never comes back."),
            "Take those permissions from the role, or the role out of the configuration.",
        ),
        Obstacle::NoPermission => (
            format!("{role} cannot come back: I may not manage roles here."),
            "Give my role the permission Manage Roles.",
        ),
        Obstacle::AboveMe => (
            format!("{role} is not below my own role, so I cannot give it back."),
            "In the server's settings under Roles, drag my role above it.",
        ),
    }
}

pub fn no_audit_log(guild: &str) -> (String, &'static str) {
    let detail = format!(
        "In {} I may not read the audit log, so I cannot tell who left from who was thrown out: of the roles that come \
         back, only those of roles.mute do.",
        plain(guild)
    );
    (detail, "Give my role the permission View Audit Log, or set roles.restore_after_kick = true.")
}

pub fn under_way(role: &str) -> String {
    format!("I am just about to give them **{}**. Please try again in a moment.", name(role))
}

pub fn held_for_good(role: &str) -> String {
    format!(
        "They hold **{0}** already, without an end; given for a while, it would be taken from them then. Take it from \
         them by hand first, if that is what you want.",
        name(role)
    )
}

pub fn too_long(max: Span) -> String {
    format!("A role for a while ends after at most {max}.")
}

/// What became of giving one.
pub fn given(row: &Temporary) -> String {
    let (role, user) = (name(&row.role_name), whom(row.user, &row.user_name));
    match row.state {
        State::Pending => format!("Discord has not answered yet; I go on trying to give **{role}** to {user}."),
        State::Failed => format!("I could not give **{role}** to {user}. {}", words(row)),
        State::Held | State::Away | State::Over => {
            format!("{user} has **{role}** now; it ends {}.", moment(row.expires_at))
        }
    }
}

/// What became of taking one early; `waits` while Discord was not heard of.
pub fn taken(row: &Temporary, waits: bool) -> String {
    let (role, user) = (name(&row.role_name), whom(row.user, &row.user_name));
    match (row.state, waits) {
        (State::Held, true) => format!("Discord has not answered yet; I go on trying to take **{role}** from {user}."),
        (State::Held, false) => {
            format!("I could not take **{role}** from {user}; it ends {}. {}", moment(row.expires_at), words(row))
        }
        _ => format!("**{role}** is taken from {user}."),
    }
}

pub fn not_given_back(row: &Temporary) -> String {
    let (role, user) = (name(&row.role_name), whom(row.user, &row.user_name));
    format!("{user} left with **{role}**; it will not come back with them.")
}

pub fn extended(row: &Temporary) -> String {
    let (role, user) = (name(&row.role_name), whom(row.user, &row.user_name));
    format!("{user} has **{role}** for longer: it ends {}.", moment(row.expires_at))
}

fn words(row: &Temporary) -> String {
    row.words.as_deref().map_or(String::new(), |words| words.chars().take(WORDS_CHARS_MAX).collect())
}

pub fn end_called_off(words: &str) -> String {
    format!("its end was {words}; the role stays")
}

pub fn audit_give(moderator: &str, span: Span, reason: Option<&str>) -> String {
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    audit(&format!("{} for {span}{reason}", plain(moderator)))
}

pub fn audit_take(moderator: &str) -> String {
    audit(&format!("Taken early by {}", plain(moderator)))
}

/// A text for Discord's audit log.
pub fn audit(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(AUDIT_CHARS_MAX).collect()
}

/// Those that are held, a page of them.
pub fn held(rows: &[Temporary], all: u32, page: u32, last: u32) -> Outgoing {
    let lines: Vec<_> = rows.iter().map(|row| line(row, true)).collect();
    let description = match lines.is_empty() {
        true => "Nobody holds a role for a while.".to_owned(),
        false => lines.join("\n"),
    };
    let footer = format!("{} in all · page {page} of {last}", count(i64::from(all)));
    let title = "Roles for a while".to_owned();
    Outgoing::embed(Embed { title, description, colour: COLOUR, footer, ..Embed::default() })
}

/// Those of one member, with those that are over.
pub fn history(member: &str, rows: &[Temporary]) -> Outgoing {
    let lines: Vec<_> = rows.iter().map(|row| line(row, false)).collect();
    let description = match lines.is_empty() {
        true => "They never held a role for a while.".to_owned(),
        false => lines.join("\n"),
    };
    let title = format!("Roles for a while of {}", name(member));
    Outgoing::embed(Embed { title, description, colour: COLOUR, ..Embed::default() })
}

fn line(row: &Temporary, names_member: bool) -> String {
    let member = if names_member { format!("{}: ", whom(row.user, &row.user_name)) } else { String::new() };
    let said = row.words.as_deref().map(|words| quote(words, LINE_CHARS_MAX)).unwrap_or_default();
    let stands = match row.state {
        State::Pending => "Discord has not answered yet".to_owned(),
        State::Held if said.is_empty() => format!("ends {}", moment(row.expires_at)),
        State::Held => format!("ends {}; {said}", moment(row.expires_at)),
        State::Away => format!("they left; comes back with them until {}", moment(row.expires_at)),
        State::Failed => format!("not given: {said}"),
        State::Over => {
            let ended = row.ended_at.map(moment).unwrap_or_default();
            match &row.taken_by {
                _ if !said.is_empty() => format!("ended {ended}: {said}"),
                Some(by) => format!("ended {ended}: taken early by {}", plain(by)),
                None => format!("ended {ended}"),
            }
        }
    };
    let reason = row.reason.as_deref().map(|reason| format!(" — {}", quote(reason, LINE_CHARS_MAX)));
    let by = name(&row.actor_name);
    format!("{member}**{}** {stands} (by {by}){}", name(&row.role_name), reason.unwrap_or_default())
}

pub fn promise_give(role: &str, member: &str) -> String {
    format!("give {} the role {}", plain(member), plain(role))
}

pub fn promise_end(row: &Temporary) -> String {
    format!("take the role {} from {}", plain(&row.role_name), plain(&row.user_name))
}

pub fn promise_back(role: &str, member: &str) -> String {
    format!("give {} the role {} back", plain(member), plain(role))
}

pub fn promise_nickname(member: &str) -> String {
    format!("give {} their name in this server back", plain(member))
}
