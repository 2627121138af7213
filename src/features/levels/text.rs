//! Everything that members read about levels.

use super::board::{Kind, Page};
use super::days::Morning;
use super::explain::Told;
use super::rules::{Choices, Row};
use super::store::Placed;
use super::why::{Note, Reason};
use crate::config::{LevelRole, Levels, Tier, XpRange};
use crate::model::text::{count, name};
use crate::model::{Curve, Embed, Outgoing, Timestamp, UserId};
use crate::store::ledger;

/// Shown for somebody whose name was never seen.
pub const UNNAMED: &str = "(not seen yet)";
const COLOUR: u32 = 0xE0_A8_4E;
const BAR_CELLS: usize = 12;

pub fn promise_level_up(member: &str, level: u32) -> String {
    format!("announce that {member} reached level {level}")
}

pub fn promise_level_ups(members: usize) -> String {
    format!("announce the new levels of {} members", count(members as i64))
}

pub fn promise_role(member: Option<&str>, role: &str, give: bool) -> String {
    let member = member.unwrap_or("a member");
    if give { format!("give {member} the role {role}") } else { format!("take the role {role} from {member}") }
}

pub fn reason_role(level: u32) -> String {
    format!("Innkeeper: role of level {level}")
}

pub fn reason_role_passed(level: u32) -> String {
    format!("Innkeeper: a higher role took the place of that of level {level}")
}

pub fn reason_role_changed(actor: &str, before: u32, after: u32) -> String {
    format!("Innkeeper: {actor} changed the level from {before} to {after}")
}

pub fn rank(levels: &Levels, member: &str, row: &Row, rank: u64, among: i64, tools: (usize, usize)) -> Outgoing {
    let (curve, xp) = (&levels.curve, row.xp);
    let level = curve.level_of(xp);
    let place = match (xp, row.is_shown()) {
        (0, _) => "none yet".to_owned(),
        (_, true) => format!("#{rank} of {}", count(among)),
        (_, false) => "not on the board".to_owned(),
    };
    let next = match curve.missing(xp) {
        None => "This is the highest level.".to_owned(),
        Some(missing) => format!("{} XP to level {}", count(missing as i64), level + 1),
    };
    let mut fields = vec![
        ("Level".to_owned(), format!("{level} · {}", name(levels.tier_of(level)))),
        ("XP".to_owned(), count(xp)),
        ("Rank".to_owned(), place),
    ];
    if row.streak > 1 {
        fields.push(("Streak".to_owned(), format!("{} days", count(i64::from(row.streak)))));
    }
    if let (unlocked @ 1.., all) = tools {
        fields.push(("Tools".to_owned(), format!("{unlocked} of {all}")));
    }
    Outgoing::embed(Embed {
        title: name(member),
        description: format!("{}\n{next}", bar(curve.progress(xp))),
        fields,
        colour: COLOUR,
        footer: String::new(),
    })
}

pub fn leaderboard(curve: &Curve, guild: &str, page: &Page) -> Outgoing {
    let line = |placed: &Placed| {
        let shown = name(placed.name.as_deref().unwrap_or(UNNAMED));
        let xp = count(placed.xp);
        match page.kind {
            Kind::Month | Kind::Week => format!("**{}.** {shown} · {xp} XP", placed.rank),
            _ => format!("**{}.** {shown} · level {} · {xp} XP", placed.rank, curve.level_of(placed.xp)),
        }
    };
    let lines: Vec<_> = page.rows.iter().map(line).collect();
    let when = match page.kind {
        Kind::All => String::new(),
        Kind::Month => " · this month".to_owned(),
        Kind::Week => " · this week".to_owned(),
        Kind::AsOf(day) => format!(" · as of {day}"),
    };
    let number = page.number;
    Outgoing::embed(Embed {
        title: format!("Leaderboard of {}{when}", name(guild)),
        description: if lines.is_empty() { nobody(number).to_owned() } else { lines.join("\n") },
        fields: Vec::new(),
        colour: COLOUR,
        footer: if page.more {
            format!("Page {number} · next: page {}", number + 1)
        } else {
            format!("Page {number}")
        },
    })
}

/// What earned lately and what did not, the newest first.
pub fn why(member: &str, told: &[Told]) -> Outgoing {
    let line = |told: &Told| match told {
        Told::Paid(row) => paid(row),
        Told::Nothing(note) => format!("{} nothing: {}", when(note.at), reason(note)),
    };
    let lines: Vec<_> = told.iter().map(line).collect();
    Outgoing::embed(Embed {
        title: format!("What {} earned, and what not", name(member)),
        description: if lines.is_empty() { NOTHING_LATELY.to_owned() } else { lines.join("\n") },
        fields: Vec::new(),
        colour: COLOUR,
        footer: "Reasons are kept for two days. /xphistory has every change.".to_owned(),
    })
}

/// A member's ledger, the newest row first, each with the number that `/undo` takes.
pub fn history(member: &str, page: u32, rows: &[ledger::Row], more: bool) -> Outgoing {
    let line = |row: &ledger::Row| {
        let actor = row.actor.map_or(String::new(), |actor| format!(" by <@{actor}>"));
        let undoes = row.undoes.map_or(String::new(), |id| format!(" of L{id}"));
        let batch = row.batch.map_or(String::new(), |id| format!(" in B{id}"));
        format!("`L{}` {}{undoes}{batch}{actor}", row.id, paid(row))
    };
    let lines: Vec<_> = rows.iter().map(line).collect();
    let footer = if more { format!("Page {page} · next: page {}", page + 1) } else { format!("Page {page}") };
    Outgoing::embed(Embed {
        title: format!("XP of {}", name(member)),
        description: if lines.is_empty() { "There is nothing here.".to_owned() } else { lines.join("\n") },
        fields: Vec::new(),
        colour: COLOUR,
        footer,
    })
}

fn paid(row: &ledger::Row) -> String {
    let amount = if row.amount < 0 { count(row.amount) } else { format!("+{}", count(row.amount)) };
    let together = row.reason.as_deref().map_or(String::new(), |reason| format!(" ({})", name(reason)));
    format!("{} **{amount}** {}{together} → {} XP", when(row.at), what(&row.what), count(row.after))
}

/// The ledger's words, for people.
fn what(what: &str) -> &str {
    match what {
        "add" => "by an admin",
        "set_level" => "level set by an admin",
        "reset" => "reset by an admin",
        "undo" => "taken back",
        "daily" => "daily bonus",
        "streak" => "days in a row",
        "voice" => "voice minutes",
        "import" => "imported",
        other => other,
    }
}

fn reason(note: &Note) -> String {
    let words = match note.reason {
        Reason::Cooldown => "cooldown",
        Reason::CommandCooldown => "cooldown of commands",
        Reason::ChannelIgnored => "this channel earns nothing",
        Reason::RoleIgnored => "a role of theirs earns nothing",
        Reason::TooShort => "too short",
        Reason::Repeated => "much the same as before",
        Reason::WorthNothing => "worth nothing here",
        Reason::OptedOut => "XP is switched off with /privacy",
        Reason::Late => "it came after a newer message",
        Reason::Future => "its time has not come yet",
        Reason::VoiceMuted => "voice while muted",
        Reason::VoiceDeafened => "voice while deafened",
        Reason::VoiceAlone => "voice while alone",
        Reason::VoiceAfk => "voice in the AFK channel",
        Reason::VoiceUnseen => "voice while I was not connected",
    };
    let left = if note.left_seconds > 0 { format!(", {} s left", note.left_seconds) } else { String::new() };
    let times = match (note.reason.is_of_voice(), note.amount) {
        (true, minutes) => format!(" ({minutes} min)"),
        (false, 0 | 1) => String::new(),
        (false, times) => format!(" ({times} times)"),
    };
    format!("{words}{left}{times}")
}

/// A moment, as every reader's own client shows it.
fn when(at: Timestamp) -> String {
    format!("<t:{}:R>", at.ms().div_euclid(1_000))
}

fn nobody(page: u32) -> &'static str {
    if page == 1 { "Nobody is here yet. Say hello!" } else { "The board ends before this page." }
}

/// What each tier and level needs, around the asker's own, and what roles the levels bring.
pub fn levels(curve: &Curve, own: u32, tiers: &[Tier], roles: &[LevelRole], earn: &str) -> Outgoing {
    const LANDMARKS: [u32; 6] = [2, 5, 10, 25, 50, 100];
    let mut shown: Vec<u32> = LANDMARKS.into_iter().chain(own..=own.saturating_add(2)).collect();
    shown.extend(roles.iter().map(|entry| entry.level));
    shown.retain(|level| *level <= curve.highest_level());
    shown.sort_unstable();
    shown.dedup();
    let line = |level: &u32| {
        let mut line = format!("Level {level}: {} XP", count(curve.total(*level)));
        for entry in roles.iter().filter(|entry| entry.level == *level) {
            line.push_str(&format!(" · <@&{}>", entry.role));
        }
        if *level == own { format!("**{line} · you are here**") } else { line }
    };
    Outgoing::embed(Embed {
        title: "Levels".to_owned(),
        description: tier_lines(curve, tiers).chain(shown.iter().map(line)).collect::<Vec<_>>().join("\n"),
        fields: Vec::new(),
        colour: COLOUR,
        footer: earn.to_owned(),
    })
}

/// Each tier with its levels, and what the first of them needs.
fn tier_lines(curve: &Curve, tiers: &[Tier]) -> impl Iterator<Item = String> {
    let highest = curve.highest_level();
    let ends = tiers.iter().skip(1).map(|tier| tier.from - 1).chain([highest]);
    let reached = tiers.iter().zip(ends).filter(move |(tier, _)| tier.from <= highest);
    reached.map(move |(tier, end)| {
        let (from, end) = (tier.from.max(1), end.min(highest));
        format!("**{}** · levels {from}–{end} · from {} XP", name(&tier.name), count(curve.total(tier.from)))
    })
}

pub fn how_to_earn(xp: XpRange, cooldown_seconds: u32) -> String {
    format!("A message earns {xp} XP, once in {cooldown_seconds} seconds.")
}

/// The outcome of an admin's change, with what it was before and how to take it back.
pub fn changed(curve: &Curve, member: UserId, before: i64, after: i64, row: Option<i64>) -> Outgoing {
    let back = row.map_or(String::new(), |row| format!(" `/undo L{row}` takes it back."));
    Outgoing::text(format!("{}{back}", now_has(curve, member, before, after)))
}

fn now_has(curve: &Curve, member: UserId, before: i64, after: i64) -> String {
    let (old, new) = (curve.level_of(before), curve.level_of(after));
    let levels = if old == new { format!("level {new} as before") } else { format!("level {new}, was {old}") };
    format!("<@{member}> has {} XP now, was {} ({levels}).", count(after), count(before))
}

/// The outcome of an `/undo` of one row.
pub fn undone(curve: &Curve, row: &ledger::Row, before: i64, after: i64, undo: Option<i64>) -> Outgoing {
    let back = undo.map_or(String::new(), |undo| format!(" `/undo L{undo}` brings it back."));
    let amount = if row.amount < 0 { count(row.amount) } else { format!("+{}", count(row.amount)) };
    let taken = format!("L{} is taken back: {amount} {}.", row.id, what(&row.what));
    let short = before - after != row.amount;
    let floor = if short { " There was less left than that." } else { "" };
    Outgoing::text(format!("{taken} {}{floor}{back}", now_has(curve, row.user, before, after)))
}

pub fn undone_batch(batch: &ledger::Batch, members: usize, undo: i64) -> Outgoing {
    let (members, kind) = (count(members as i64), what(&batch.what));
    let words = format!("B{} is taken back: {kind}, {members} changes. `/undo B{undo}` brings it back.", batch.id);
    Outgoing::text(words)
}

pub fn reset_all(members: usize, batch: i64) -> Outgoing {
    let members = count(members as i64);
    Outgoing::text(format!("{members} members have no XP now. A backup was made; `/undo B{batch}` takes it back."))
}

pub fn type_the_name(guild: &str) -> String {
    format!("To set everybody's XP to nothing, type the server's name: everyone: {}", name(guild))
}

pub fn too_many(at_most: usize) -> String {
    format!("More than {} members have XP; one command may change so many.", count(at_most as i64))
}

pub fn too_many_to_undo(batch: i64, at_most: usize) -> String {
    let at_most = count(at_most as i64);
    let command = format!("innkeeper import undo B{batch} --apply");
    format!("B{batch} has more than {at_most} changes. On the computer, `{command}` takes it back.")
}

pub fn no_such_number(number: &str) -> String {
    format!("There is no {} here. /xphistory shows the numbers, such as L12 or B3.", name(number))
}

pub fn folded(id: i64) -> String {
    format!("L{id} stands for a whole day by now; /addxp changes what that day brought.")
}

pub fn undone_before(kind: char, id: i64, by: i64) -> String {
    format!("{kind}{id} was taken back already, by {kind}{by}.")
}

/// What a member has chosen.
pub fn choices(choices: Choices) -> Outgoing {
    let [xp, board, told] = [
        if choices.no_xp { "You earn **no** XP." } else { "You earn XP." },
        if choices.off_board { "You are on **no** board." } else { "You are on the boards." },
        if choices.quiet { "Your level-ups are **not** announced." } else { "Your level-ups are announced." },
    ];
    Outgoing::text(format!("{xp} {board} {told}\n-# /privacy xp: board: and /levelnotify change that."))
}

pub fn no_such_level(highest: u32) -> String {
    format!("The highest level here is {highest}.")
}

/// The bonus that the next earning act brings today.
pub fn daily_waits(morning: &Morning) -> Outgoing {
    let streak = match morning.streak {
        0 => "A new streak begins with it.".to_owned(),
        xp => format!("It is day {} of your streak: {} XP more.", morning.after.days, count(xp)),
    };
    Outgoing::text(format!("Today's bonus of {} XP waits for you: write something. {streak}", count(morning.daily)))
}

/// Today's bonus was paid.
pub fn daily_had(streak: u32, next: Timestamp) -> Outgoing {
    let days = if streak == 1 { "1 day".to_owned() } else { format!("{} days in a row", count(i64::from(streak))) };
    let next = next.ms().div_euclid(1_000);
    Outgoing::text(format!(
        "You have had today's bonus. Your streak: {days}. The next bonus is there from <t:{next}:R>."
    ))
}

pub fn level_of_xp(curve: &Curve, xp: i64) -> Outgoing {
    let level = curve.level_of(xp);
    let next = if level < curve.highest_level() {
        format!(" {} more to level {}.", count(curve.total(level + 1) - xp), level + 1)
    } else {
        String::new()
    };
    Outgoing::text(format!("{} XP is level {level}.{next}", count(xp)))
}

/// What a level takes: `missing` XP, which is so many messages, from the luckiest to the unluckiest draw.
pub fn level_takes(curve: &Curve, level: u32, missing: i64, messages: Option<(i64, i64)>) -> Outgoing {
    let begins = format!("Level {level} begins at {} XP.", count(curve.total(level)));
    let rest = match (missing, messages) {
        (0, _) => "You are there.".to_owned(),
        (missing, None) => format!("You need {} more.", count(missing)),
        (missing, Some((few, many))) if few == many => {
            format!("You need {} more: {} messages that earn.", count(missing), count(few))
        }
        (missing, Some((few, many))) => {
            format!("You need {} more: {} to {} messages that earn.", count(missing), count(few), count(many))
        }
    };
    Outgoing::text(format!("{begins} {rest}"))
}

/// What a member's level roles were missing or had too many.
pub fn synced(plan: &[(LevelRole, bool)]) -> Outgoing {
    let line = |(entry, give): &(LevelRole, bool)| {
        let word = if *give { "giving" } else { "taking" };
        format!("{word} <@&{}> of level {}", entry.role, entry.level)
    };
    let lines: Vec<_> = plan.iter().map(line).collect();
    Outgoing::text(match lines.is_empty() {
        true => "Your level roles are as they should be.".to_owned(),
        false => format!("I am {}.", lines.join(", ")),
    })
}

pub const BOARD: &str = "Leaderboard";
pub const BOARD_IS_FOR_MEMBERS: &str = "It is shown to members only: in Discord, /leaderboard has it.";
const NOTHING_LATELY: &str = "Nothing happened in the last two days.";
pub const NO_DAILY: &str = "There is no daily bonus here.";
pub const NO_DATE: &str = "A date is written as in 2026-12-31.";
pub const DATE_OR_WINDOW: &str = "A board is of a month, of a week or as of a date: name one of them.";
pub const NOT_ON_THE_BOARD: &str = "You are not on this board.";
pub const RESET_WHOM: &str = "Name one member, or type the server's name for everyone.";
pub const OWN_ONLY: &str = "Members see their own; another member's is for moderators.";
pub const LEFT: &str = "the member left";
pub const BOTS_HAVE_NO_LEVELS: &str = "Bots have no levels.";

fn bar(progress: f64) -> String {
    let full = (progress * BAR_CELLS as f64).floor() as usize;
    let full = full.min(BAR_CELLS);
    format!("{}{}", "▰".repeat(full), "▱".repeat(BAR_CELLS - full))
}
