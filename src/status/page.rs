//! A report and the board as the status page: words first, numbers second.
//!
//! The page is drawn in fragments, each the content of one element with an id. The whole page contains them, and
//! the live page exchanges those that changed. Every text is escaped by the templates; [`plain`] takes out what could
//! reorder or hide text around it.

mod guest;
mod roster;

use std::time::Duration;

use askama::Template;

use super::board::{CARDS_MAX, Card, CardKind, ROWS_MAX, Standing};
use super::report::coarse;
use super::vitals::GatewayState;
use super::{Check, Face, Health, Reading, Report};
use crate::config::Audience;
use crate::model::text::{count, is_invisible};
use crate::model::{Sight, Timestamp};

use guest::Guest;
pub use guest::{Due, Welcome, html_for, login, sign_in, which_guild};
use roster::RosterView;

/// The most characters of a text that the page repeats.
const PLAIN_CHARS_MAX: usize = 300;
/// Troubles that are shown; the rest are counted.
const TROUBLES_MAX: usize = 12;
/// Minutes over which "messages per minute" is averaged.
const RATE_MINUTES: usize = 5;
/// Younger than this is a moment ago.
const MOMENT: Duration = Duration::from_secs(10);
/// The sparkline's drawing: a bar for each whole minute.
const BAR_WIDTH: usize = 4;
const SPARK_HEIGHT: u64 = 40;
/// A quieter hour than this is drawn as quiet, not stretched to full height.
const SPARK_TOP_MIN: u64 = 4;

/// Where a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The main door: with live updates.
    Door,
    /// The lamp: a picture of the moment.
    Lamp,
}

/// The whole status page for a visitor who did not log in.
pub fn html(face: &Face, place: Place) -> String {
    render(&StatusPage::of(face, place))
}

/// The parts of the status page that change, by the id of their element, in the order of the page.
pub fn fragments(face: &Face) -> Vec<(&'static str, String)> {
    let page = StatusPage::of(face, Place::Door);
    vec![
        ("announce", render(&page.as_announce())),
        ("headline", render(&page.as_headline())),
        ("stale", render(&page.as_stale())),
        ("troubles", render(&page.as_troubles())),
        ("figures", render(&page.as_figures())),
        ("cards", render(&page.as_cards())),
        (AS_OF, render(&AsOf { as_of: &page.as_of, as_of_machine: &page.as_of_machine })),
    ]
}

/// The fragment that changes with every look, and alone is no news.
pub const AS_OF: &str = "asof";

/// A page with a title and a paragraph: not found, not allowed, closed.
pub fn notice(title: &str, text: &str) -> String {
    render(&NoticePage { title, text })
}

/// A hostile text as plain text: nothing in it reorders, hides or breaks a line, and it is not longer than a sentence
/// or two.
pub fn plain(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !is_invisible(*c)).take(PLAIN_CHARS_MAX + 1).collect();
    if shown.chars().count() > PLAIN_CHARS_MAX {
        shown.pop();
        shown.push('…');
    }
    shown
}

fn render(template: &impl Template) -> String {
    template.render().unwrap_or_else(|_| "This page could not be drawn.".to_owned())
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "asof.html")]
struct AsOf<'a> {
    as_of: &'a str,
    as_of_machine: &'a str,
}

#[derive(Template)]
#[template(
    path = "status.html",
    blocks = ["announce", "headline", "stale", "troubles", "figures", "cards"],
    whitespace = "minimize"
)]
struct StatusPage {
    live: bool,
    demo: Option<String>,
    health: &'static str,
    headline: &'static str,
    standing: String,
    stale: Option<String>,
    troubles: Vec<Trouble>,
    wrong: usize,
    more_troubles: usize,
    gateway: &'static str,
    gateway_note: String,
    guilds: String,
    members_seen: String,
    rate: String,
    spark: String,
    spark_now: String,
    spark_label: String,
    spark_width: usize,
    spark_height: u64,
    busiest: String,
    messages: String,
    promises_due: String,
    promises_note: String,
    store_bytes: String,
    store_note: String,
    cards: Vec<CardView>,
    guest: Option<Guest>,
    as_of: String,
    as_of_machine: String,
    started: String,
}

struct Trouble {
    is_down: bool,
    detail: String,
    action: String,
    since: Option<(String, String)>,
}

struct CardView {
    title: String,
    kind: KindView,
}

enum KindView {
    Leaderboard(Vec<StandingView>),
    List(Vec<(String, String)>),
    Text(String),
    Roster(RosterView),
}

struct StandingView {
    rank: String,
    medal: &'static str,
    name: String,
    level: String,
    xp: String,
    progress: Option<ProgressView>,
}

struct ProgressView {
    done: u64,
    of: u64,
    text: String,
}

impl StatusPage {
    fn of(face: &Face, place: Place) -> Self {
        let report = Report::of(&face.vitals);
        let reading = &report.reading;
        let troubles = report.troubles();
        let shown = troubles.iter().take(TROUBLES_MAX).map(|check| trouble(check, reading.at));
        let (whole, now) = reading.minutes.split_at(reading.minutes.len().saturating_sub(1));
        let now = now.first().copied().unwrap_or(0);
        let busiest = reading.minutes.iter().max().copied().unwrap_or(0);
        let spark = Spark { top: busiest.max(SPARK_TOP_MIN) };
        let stale = face.board.stale_for();
        let board = face.board.look();
        let cards = board.cards.iter().filter(|card| card.audience == Audience::Public).take(CARDS_MAX);
        Self {
            live: place == Place::Door,
            demo: face.settings.demo.clone(),
            health: report.health.word(),
            headline: headline(&report),
            standing: standing(&report),
            stale: stale.map(|_| day_and_time(board.as_of)),
            wrong: troubles.len(),
            more_troubles: troubles.len().saturating_sub(TROUBLES_MAX),
            troubles: shown.collect(),
            gateway: gateway_word(reading),
            gateway_note: gateway_note(reading),
            guilds: number(reading.guilds),
            members_seen: number(reading.members_seen),
            rate: rate(whole, now, reading.uptime),
            spark: spark.bars(whole, 0),
            spark_now: spark.bars(&[now], whole.len()),
            spark_label: format!("Messages in each minute of the last hour, from 0 to {}", number(busiest)),
            spark_width: reading.minutes.len() * BAR_WIDTH,
            spark_height: SPARK_HEIGHT,
            busiest: number(busiest),
            messages: number(reading.messages),
            promises_due: number(reading.promises_due),
            promises_note: promises_note(reading),
            store_bytes: bytes(reading.store_bytes),
            store_note: store_note(reading),
            cards: cards.map(|card| card_view(card, face.vitals.sight())).collect(),
            guest: None,
            as_of: time_of_day(reading.at),
            as_of_machine: reading.at.rfc3339(),
            started: day_and_time(face.vitals.started),
        }
    }
}

fn headline(report: &Report) -> &'static str {
    let worst = report.troubles().first().map_or("", |check| check.name.as_ref()).to_owned();
    match (report.health, worst.as_str()) {
        (Health::Ok, _) => "All is well.",
        (Health::Degraded, _) if !report.reading.was_ready => "Just opening.",
        (Health::Degraded, "gateway") => "Back in a moment.",
        (Health::Degraded, _) => "Open, but something needs a look.",
        (Health::Down, "store") => "The ledger cannot be written.",
        (Health::Down, _) => "Cut off from Discord.",
    }
}

/// Where the gateway stands, in a sentence.
fn standing(report: &Report) -> String {
    let gateway = report.checks.iter().find(|check| check.name == "gateway");
    gateway.map(|check| check.detail.clone()).unwrap_or_default()
}

fn gateway_word(reading: &Reading) -> &'static str {
    match reading.gateway {
        GatewayState::Starting => "Starting",
        GatewayState::Connecting => "Connecting",
        GatewayState::Identifying => "Logging in",
        GatewayState::Resuming => "Resuming",
        GatewayState::Connected => "Connected",
        GatewayState::BackingOff => "Retrying",
        GatewayState::Stopped => "Stopped",
    }
}

fn gateway_note(reading: &Reading) -> String {
    let since = format!("for {}", coarse(reading.gateway_age));
    match (reading.gateway, reading.ack_age) {
        (GatewayState::Connected, Some(ack)) => {
            format!("answers in {} ms; last heartbeat {}", number(reading.latency_ms), ago(ack))
        }
        _ => since,
    }
}

fn promises_note(reading: &Reading) -> String {
    match reading.promises_failed {
        0 => "still to be kept".to_owned(),
        failed => format!("{} failed", number(failed)),
    }
}

fn store_note(reading: &Reading) -> String {
    match reading.commit_age {
        Some(age) => format!("last commit {}", ago(age)),
        None => "no commit yet".to_owned(),
    }
}

fn trouble(check: &Check, now: Timestamp) -> Trouble {
    let since = check.since.map(|since| {
        let age = ago(now.since(since));
        (format!("since {}, {age}", day_and_time(since)), since.rfc3339())
    });
    let is_down = check.health == Health::Down;
    Trouble { is_down, detail: plain(&check.detail), action: plain(&check.action), since }
}

/// The average of the last whole minutes, as far as the bot has been there; in its first minute, that one so far.
fn rate(whole: &[u64], now: u64, uptime: Duration) -> String {
    let lived = usize::try_from(uptime.as_secs() / 60).unwrap_or(usize::MAX);
    let minutes = RATE_MINUTES.min(lived).min(whole.len());
    if minutes == 0 {
        return number(now);
    }
    let sum: u64 = whole[whole.len() - minutes..].iter().sum();
    match sum / minutes as u64 {
        0 if sum > 0 => "under 1".to_owned(),
        rate => number(rate),
    }
}

/// How the sparkline is drawn: a bar for each minute, `top` messages being the full height.
struct Spark {
    top: u64,
}

impl Spark {
    /// The path of these minutes' bars, the first of them standing in the place with this number.
    fn bars(&self, minutes: &[u64], first: usize) -> String {
        let mut path = String::with_capacity(minutes.len() * 20);
        for (index, messages) in minutes.iter().enumerate().filter(|(_, messages)| **messages > 0) {
            let height = (messages * SPARK_HEIGHT).div_ceil(self.top);
            let (left, width) = ((first + index) * BAR_WIDTH, BAR_WIDTH - 1);
            path.push_str(&format!("M{left} {SPARK_HEIGHT}v-{height}h{width}v{height}z"));
        }
        path
    }
}

fn card_view(card: &Card, sight: Sight) -> CardView {
    let kind = match &card.kind {
        CardKind::Leaderboard(rows) => KindView::Leaderboard(rows.iter().take(ROWS_MAX).map(standing_view).collect()),
        CardKind::List(rows) => {
            let rows = rows.iter().take(ROWS_MAX).map(|(line, value)| (named(line), plain(value)));
            KindView::List(rows.collect())
        }
        CardKind::Roster(all) => KindView::Roster(roster::view(all, sight)),
        CardKind::Text(text) => KindView::Text(plain(text)),
    };
    CardView { title: named(&card.title), kind }
}

fn standing_view(standing: &Standing) -> StandingView {
    let medal = match standing.rank {
        1 => "gold",
        2 => "silver",
        3 => "bronze",
        _ => "plain",
    };
    let progress = standing.progress.map(|(done, of)| {
        let of = of.max(1);
        let done = done.min(of);
        ProgressView { done, of, text: format!("{} of {} XP", number(done), number(of)) }
    });
    StandingView {
        rank: number(standing.rank),
        medal,
        name: named(&standing.name),
        level: number(standing.level),
        xp: count(standing.xp),
        progress,
    }
}

/// A name as the page shows it: never empty.
fn named(name: &str) -> String {
    let name = plain(name);
    if name.trim().is_empty() { "(no name)".to_owned() } else { name }
}

fn number(number: u64) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}

/// An age in words.
fn ago(age: Duration) -> String {
    if age < MOMENT { "a moment ago".to_owned() } else { format!("{} ago", coarse(age)) }
}

/// A time of day: `21:04:05 UTC`.
fn time_of_day(at: Timestamp) -> String {
    at.utc().format("%H:%M:%S UTC").to_string()
}

/// A day and time: `14 Nov, 21:04 UTC`.
fn day_and_time(at: Timestamp) -> String {
    at.utc().format("%-d %b, %H:%M UTC").to_string()
}

/// A size in bytes: `12.3 MB`.
fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) if bytes / unit < 100 => format!("{:.1} {name}", bytes as f64 / *unit as f64),
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_read_well() {
        assert_eq!(ago(Duration::from_secs(9)), "a moment ago");
        assert_eq!(ago(Duration::from_secs(59)), "less than a minute ago");
        assert_eq!(ago(Duration::from_secs(3_725)), "1 h 2 min ago");
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(12_345), "12.3 kB");
        assert_eq!(bytes(999_999), "999 kB");
        assert_eq!(bytes(123_456_789), "123 MB");
    }

    #[test]
    fn the_rate_counts_only_minutes_that_the_bot_has_seen() {
        let mut whole = vec![0; 59];
        whole[57] = 4;
        whole[58] = 6;
        assert_eq!(rate(&whole, 7, Duration::from_secs(30)), "7");
        assert_eq!(rate(&whole, 7, Duration::from_secs(120)), "5");
        assert_eq!(rate(&whole, 7, Duration::from_secs(9_000)), "2");
        assert_eq!(rate(&[0, 0, 0, 0, 1], 7, Duration::from_secs(9_000)), "under 1");
    }

    #[test]
    fn the_sparkline_stays_in_its_frame() {
        for peak in [1, SPARK_TOP_MIN, 41, 9_999_999] {
            let path = Spark { top: peak.max(SPARK_TOP_MIN) }.bars(&[0, 1, peak], 57);
            assert!(path.starts_with("M232 40v-") && path.contains("M236 40v-"), "{path}");
            let heights = path.split("v-").skip(1).map(|bar| bar.split('h').next().unwrap().parse::<u64>().unwrap());
            assert!(heights.into_iter().all(|height| (1..=SPARK_HEIGHT).contains(&height)), "{path}");
        }
    }

    #[test]
    fn a_text_loses_what_hides_or_reorders_and_its_excess() {
        assert_eq!(plain("a\u{202e}b\u{0}\nc"), "abc");
        assert_eq!(plain(&"x".repeat(1_000)).chars().count(), PLAIN_CHARS_MAX + 1);
        assert_eq!(named("\u{200b}"), "(no name)");
    }
}
