//! The words on the pictures of levels, and those for people who do not see them.

use super::super::board::Kind;
use super::Standing;
use crate::model::Curve;
use crate::model::text::{count, plain};

pub fn card_note(tier: &str, streak_days: u32) -> String {
    match (tier.is_empty(), days_in_a_row(streak_days)) {
        (true, days) => days.unwrap_or_default(),
        (false, Some(days)) => format!("{tier} · {days}"),
        (false, None) => tier.to_owned(),
    }
}

pub fn card_facts(level: u32, rank: Option<u64>) -> Vec<(String, String)> {
    let rank = rank.map(|rank| ("RANK".to_owned(), place(rank)));
    rank.into_iter().chain([("LEVEL".to_owned(), level.to_string())]).collect()
}

pub fn card_below(curve: &Curve, xp: i64) -> (String, String) {
    (earned(xp), next(curve, xp).unwrap_or_else(|| "the highest level".to_owned()))
}

pub fn card_alt(curve: &Curve, standing: &Standing<'_>, streak_days: u32) -> String {
    let xp = standing.row.xp;
    let mut words = format!("Rank card of {}: level {}, {}", plain(standing.name), curve.level_of(xp), earned(xp));
    if let Some(rank) = standing.place() {
        words.push_str(&format!(", rank {} of {}", place(rank), count(standing.among)));
    }
    for more in [next(curve, xp), days_in_a_row(streak_days)].into_iter().flatten() {
        words.push_str(&format!(", {more}"));
    }
    words.push('.');
    words
}

pub fn board_title(guild: &str, kind: Kind) -> String {
    match kind {
        Kind::All => format!("Leaderboard of {guild}"),
        Kind::Month => format!("{guild} · this month"),
        Kind::Week => format!("{guild} · this week"),
        Kind::AsOf(day) => format!("{guild} · as of {day}"),
    }
}

pub fn board_alt(members: usize) -> String {
    format!("The same board as bars: {members} of the members and their XP, as in the text.")
}

pub fn line_title(member: &str) -> String {
    format!("XP of {member}")
}

pub fn line_alt(member: &str, from: i64, to: i64, ends: &(String, String)) -> String {
    let (begin, end) = ends;
    format!("The XP of {} over time: {} on {begin}, {} on {end}.", plain(member), count(from), count(to))
}

pub fn place(rank: u64) -> String {
    format!("#{}", amount(i64::try_from(rank).unwrap_or(i64::MAX)))
}

pub fn earned(xp: i64) -> String {
    format!("{} XP", count(xp))
}

pub fn has(level: u32, xp: i64) -> String {
    format!("level {level} · {}", earned(xp))
}

pub fn amount(xp: i64) -> String {
    count(xp)
}

fn next(curve: &Curve, xp: i64) -> Option<String> {
    let missing = curve.missing(xp)?;
    Some(format!("{} XP to level {}", count(i64::try_from(missing).unwrap_or(i64::MAX)), curve.level_of(xp) + 1))
}

fn days_in_a_row(days: u32) -> Option<String> {
    (days > 1).then(|| format!("{days} days in a row"))
}
