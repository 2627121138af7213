//! Everything that people read about the roster. Names and statuses are hostile: they are escaped here.

use super::rules::{Shown, Staff, Why};
use crate::model::text::{count, name, quote};
use crate::model::{Button, Embed, Outgoing, Sight, Status, Timestamp};

const COLOUR: u32 = 0xE0_A8_4E;
/// What of a custom status or an activity a line repeats.
const NOTE_CHARS_MAX: usize = 60;

pub const NOBODY: &str = "Nobody is on the roster. `/roster add` adds somebody, and roles in the configuration do.";
pub const WHO: &str = "Say who: `member` is a mention or an id, `entry` is the number of an entry in `/roster show`.";
pub const NO_SUCH_ENTRY: &str = "There is no such entry on the roster. `/roster show` lists all.";
pub const NOT_ON_IT: &str = "They are not on the roster. `/roster show` lists who is, `/roster add` adds somebody.";
pub const YOU_ARE_NOT_ON_IT: &str = "You are not on the roster.";
pub const NAME_NEEDED: &str = "Say whom to add: a `member`, or a `name` for somebody whose account is linked later.";
pub const EMPTY_NAME: &str = "That name shows nothing.";
pub const EMPTY_RANK: &str = "That rank shows nothing.";
pub const NO_BOTS: &str = "Bots are not of the staff.";
pub const ON_IT_ALREADY: &str = "They are on the roster already. `/roster rank` changes their rank.";
pub const LINKED_ALREADY: &str = "Their account is linked to another entry. Remove that one first.";
pub const HAS_ACCOUNT: &str = "That entry has an account. Add the other one as an entry of their own.";
pub const NOT_AWAY: &str = "They have no leave that could end.";
pub const NO_LONGER_THERE: &str = "That entry is not on the roster any more.";
pub const ROSTER_IS_FOR_MEMBERS: &str = "Who of the staff is in is for members: sign in with /login in Discord.";

pub fn card_title(guild: &str, guilds: usize) -> String {
    if guilds == 1 { "Who is in".to_owned() } else { format!("Who is in: {guild}") }
}

/// For the page: what is wrong, and what to do.
pub fn full() -> (String, &'static str) {
    let detail =
        format!("The roster of a server is full: it has {} entries, and not all of the staff.", super::ENTRIES_MAX);
    (detail, "Name fewer roles in [[roster.role]], or remove entries with /roster remove.")
}

pub fn is_full() -> String {
    format!("The roster is full: it has {} entries. Remove one first.", super::ENTRIES_MAX)
}

pub fn stays_by_role(who: &str) -> String {
    format!("**{}** is on the roster by a role. Take that role from them, and they go from it.", name(who))
}

fn badge(shown: Shown) -> &'static str {
    match shown {
        Shown::Is(Status::Online) => "🟢 online",
        Shown::Is(Status::Idle) => "🟡 idle",
        Shown::Is(Status::Dnd) => "🔴 do not disturb",
        Shown::Is(Status::Offline) => "⚫ offline",
        Shown::Unknown(_) => "❔ unknown",
    }
}

/// Why it is not known how somebody is there.
fn why(why: Why) -> &'static str {
    match why {
        Why::NotLinked => "no account is linked",
        Why::NotInGuild => "not in this server",
        Why::NotAsked => "I have only just asked Discord to tell me",
        Why::NotGranted => "the Presence Intent is off",
        Why::NoSession => "I am not connected",
        Why::NotTold => "Discord has not told it yet",
    }
}

/// Somebody on one line.
fn line(staff: &Staff) -> String {
    let entry = &staff.entry;
    let account = entry.user.map_or_else(String::new, |user| format!(" (<@{user}>)"));
    let mut line = format!("`{}` {} **{}**{account}", entry.id, badge(staff.shown), name(&entry.name));
    if let Shown::Unknown(reason) = staff.shown {
        line.push_str(&format!(": {}", why(reason)));
    }
    if let Some(note) = staff.note() {
        line.push_str(&format!(" — {}", quote(note, NOTE_CHARS_MAX)));
    }
    if let Some(since) = staff.since() {
        line.push_str(&format!(", since <t:{}:R>", since.seconds()));
    }
    if staff.on_leave {
        line.push_str(&leave(entry.leave.and_then(|leave| leave.until)));
    }
    line
}

fn leave(until: Option<Timestamp>) -> String {
    match until {
        Some(until) => format!(" · on leave until <t:{0}:f> (<t:{0}:R>)", until.seconds()),
        None => " · on leave".to_owned(),
    }
}

/// What can be seen at the moment, where that is not everything.
fn blind(sight: Sight) -> Option<&'static str> {
    match sight {
        Sight::Clear => None,
        Sight::NotAsked => Some("I have only just asked Discord to tell me who is there."),
        Sight::NotGranted => Some(
            "I am not shown who is there: switch the Presence Intent on for me at discord.com/developers/applications, \
             Bot, and restart me.",
        ),
        Sight::NoSession => Some("I am not connected to Discord's gateway at the moment."),
    }
}

/// A page of the roster. `all` are its entries in their order.
pub fn roster(all: &[Staff], sight: Sight, rows: usize, page: usize) -> Outgoing {
    let pages = all.len().div_ceil(rows).max(1);
    let page = page.clamp(1, pages);
    let mut lines: Vec<String> = blind(sight).map(|words| format!("{words}\n")).into_iter().collect();
    let mut rank = None;
    for staff in all.iter().skip((page - 1) * rows).take(rows) {
        if rank != Some(&staff.rank) {
            lines.push(format!("__{}__", name(&staff.rank)));
            rank = Some(&staff.rank);
        }
        lines.push(line(staff));
    }
    if all.is_empty() {
        lines.push(NOBODY.to_owned());
    }
    let is_there = |staff: &&Staff| !matches!(staff.shown, Shown::Is(Status::Offline) | Shown::Unknown(_));
    let there = all.iter().filter(is_there).count();
    let footer = format!("{there} of {} there · page {page} of {pages}", count(all.len() as i64));
    let before = (page > 1).then(|| Button::new("Before", format!("roster show {}", page - 1)));
    let next = (page < pages).then(|| Button::new("Next", format!("roster show {}", page + 1)));
    let embed =
        Embed { title: "Staff".to_owned(), description: lines.join("\n"), colour: COLOUR, footer, ..Embed::default() };
    Outgoing::embed(embed).with_buttons(before.into_iter().chain(next).filter_map(Result::ok))
}

/// Somebody's own entry, or one that was changed.
pub fn entry(did: &str, staff: &Staff) -> Outgoing {
    Outgoing::text(format!("{did}{} · {}", line(staff), name(&staff.rank)))
}

pub fn removed(who: &str) -> Outgoing {
    Outgoing::text(format!("**{}** is not on the roster any more.", name(who)))
}

/// Somebody was removed who stays by a role.
pub fn stays(who: &str) -> Outgoing {
    Outgoing::text(format!("**{}** stays on the roster by their role, with the rank of that role.", name(who)))
}

pub fn promise_sync() -> &'static str {
    "compare the roster with Discord"
}

pub fn synced(entries: usize) -> Outgoing {
    let entries = match entries {
        1 => "one entry".to_owned(),
        many => format!("{} entries", count(many as i64)),
    };
    Outgoing::text(format!("The roster agrees with Discord: {entries}."))
}

pub const SYNC_WAITS: &str = "Discord has not answered yet; I ask again. `/promises` shows whether I still wait.";
pub const NOT_CONNECTED: &str =
    "I am not connected to Discord's gateway, so I cannot compare the roster now. I do so by myself once I am.";
pub const NOBODY_TO_ASK_FOR: &str = "Nobody on the roster has an account that I could ask for.";
