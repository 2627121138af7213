//! What the pictures of levels show: a member's card, a board as bars, a ledger as a line. Words and numbers alone; the
//! drawing is done where a picture is sent.

mod text;

use super::board::{Kind, Page};
use super::rules::{Row, Streak};
use super::{days, store};
use crate::config::{Audience, Config, Levels};
use crate::model::picture::{Bar, Bars, Card, Line, WHOLE, thousandths};
use crate::model::{Avatar, Curve, GuildId, Illustration, Picture, Result, Timestamp, UserId};
use crate::store::{Reader, ledger, people};

/// Changes of a balance on a line.
pub const LINE_ROWS: u32 = 400;
/// As far as members are counted for a card that anybody may ask for.
const AMONG_MAX: i64 = 1_000_000;

/// What a card is drawn of.
pub struct Standing<'a> {
    pub user: UserId,
    pub name: &'a str,
    pub avatar: Option<Avatar>,
    pub row: Row,
    pub rank: u64,
    pub among: i64,
}

impl Standing<'_> {
    /// The place on the board, for those who are on it.
    fn place(&self) -> Option<u64> {
        (self.row.xp > 0 && self.row.is_shown()).then_some(self.rank)
    }
}

/// A member's card, in place of the text.
pub fn card(config: &Config, standing: Standing<'_>, now: Timestamp) -> Illustration {
    let levels = &config.levels;
    let streak = running(standing.row.streak(), config, now);
    let alt = text::card_alt(&levels.curve, &standing, streak);
    Illustration { picture: Picture::Card(draw_card(levels, standing, streak)), alt, replaces_text: true }
}

/// The card of somebody on the board, for whoever may see the board.
pub fn portrait(
    reader: &Reader,
    config: &Config,
    (guild, user): (GuildId, UserId),
    now: Timestamp,
) -> Result<Option<Picture>> {
    if !config.levels.card || config.http.visibility.leaderboard != Audience::Public {
        return Ok(None);
    }
    let row = store::find(reader, guild, user)?.unwrap_or_default();
    let Some((name, avatar)) = people::find_look(reader, guild, user)?.filter(|_| row.is_shown() && row.xp > 0) else {
        return Ok(None);
    };
    let rank = store::count_above(reader, guild, row.xp)? + 1;
    let among = store::count(reader, guild, AMONG_MAX)?;
    let streak = running(row.streak(), config, now);
    let standing = Standing { user, name: &name, avatar, row, rank, among };
    Ok(Some(Picture::Card(draw_card(&config.levels, standing, streak))))
}

fn draw_card(levels: &Levels, standing: Standing<'_>, streak: u32) -> Card {
    let xp = standing.row.xp;
    let level = levels.curve.level_of(xp);
    Card {
        user: standing.user,
        name: standing.name.to_owned(),
        colour: levels.colour_of(level).0,
        note: text::card_note(levels.tier_of(level), streak),
        facts: text::card_facts(level, standing.place()),
        progress: progress(&levels.curve, xp),
        below: text::card_below(&levels.curve, xp),
        avatar: standing.avatar,
    }
}

/// A page of a board as bars beside its text; none where it is empty.
pub fn board(levels: &Levels, guild: &str, page: &Page) -> Option<Illustration> {
    let top = page.rows.iter().map(|placed| placed.xp).max()?;
    let rows = page.rows.iter().map(|placed| Bar {
        place: text::place(placed.rank),
        name: placed.name.clone().unwrap_or_else(|| super::text::UNNAMED.to_owned()),
        value: match page.kind {
            Kind::Month | Kind::Week => text::earned(placed.xp),
            Kind::All | Kind::AsOf(_) => text::has(levels.curve.level_of(placed.xp), placed.xp),
        },
        share: thousandths(placed.xp, top),
    });
    let highest = levels.curve.level_of(top);
    let bars =
        Bars { title: text::board_title(guild, page.kind), colour: levels.colour_of(highest).0, rows: rows.collect() };
    Some(Illustration { picture: Picture::Bars(bars), alt: text::board_alt(page.rows.len()), replaces_text: false })
}

/// The newest rows of a member's ledger, the newest first, as a line beside their text; none with fewer than two.
pub fn line(config: &Config, member: &str, rows: &[ledger::Row]) -> Option<Illustration> {
    let (newest, oldest) = (rows.first()?, rows.last()?);
    if rows.len() < 2 {
        return None;
    }
    let mut latest = i64::MIN;
    let points = rows.iter().rev().map(|row| {
        // Some rows come late; a line does not run backwards.
        latest = latest.max(row.at.ms());
        (latest, row.after)
    });
    let points: Vec<_> = points.collect();
    let amounts = || points.iter().map(|(_, amount)| *amount);
    let (low, high) = (amounts().min()?, amounts().max()?);
    let mut marks = vec![low, low + (high - low) / 2, high];
    marks.dedup();
    let zone = &config.discord.timezone;
    let ends = (zone.day(oldest.at).to_string(), zone.day(newest.at).to_string());
    let alt = text::line_alt(member, oldest.after, newest.after, &ends);
    let level = config.levels.curve.level_of(newest.after);
    let line = Line {
        title: text::line_title(member),
        colour: config.levels.colour_of(level).0,
        marks: marks.into_iter().map(|amount| (amount, text::amount(amount))).collect(),
        points,
        ends,
    };
    Some(Illustration { picture: Picture::Line(line), alt, replaces_text: false })
}

/// Days in a row, while they still run.
fn running(streak: Streak, config: &Config, now: Timestamp) -> u32 {
    let today = config.discord.timezone.day(now);
    let grace = config.levels.streak_grace_days;
    let runs = |last| today <= last || days::goes_on(last, today, grace, |_| false);
    if streak.day.is_some_and(runs) { streak.days } else { 0 }
}

fn progress(curve: &Curve, xp: i64) -> u16 {
    let share = (curve.progress(xp) * f64::from(WHOLE)).floor();
    // It is a share of one, whatever the curve.
    share.clamp(0.0, f64::from(WHOLE)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Colour, Tier};
    use crate::model::Day;

    fn standing(xp: i64, day: Option<i32>) -> Standing<'static> {
        let row = Row { xp, day, streak: 7, ..Row::default() };
        Standing { user: UserId::new(5).unwrap(), name: "Ada\u{202e}", avatar: None, row, rank: 3, among: 40 }
    }

    fn at(day: i64) -> Timestamp {
        Timestamp::from_ms(day * 86_400_000)
    }

    #[test]
    fn a_card_says_in_words_what_it_shows() {
        let drawn = card(&Config::default(), standing(2_000, Some(100)), at(101));
        assert_eq!(
            drawn.alt,
            "Rank card of Ada: level 4, 2,000 XP, rank #3 of 40, 750 XP to level 5, 7 days in a row."
        );
        let Picture::Card(shown) = drawn.picture else { panic!("no card") };
        assert_eq!((shown.note.as_str(), shown.progress), ("Basic · 7 days in a row", 210));
        assert!(drawn.replaces_text);
    }

    #[test]
    fn days_that_were_broken_are_not_shown() {
        let config = Config::default();
        let days = |last, today| running(Streak { day: Some(Day::new(last)), days: 7 }, &config, at(today));
        assert_eq!([days(100, 100), days(100, 102), days(100, 103), days(100, 99)], [7, 7, 0, 7]);
        assert_eq!(running(Streak::default(), &config, at(5)), 0);
    }

    #[test]
    fn a_card_has_the_colour_of_its_tier() {
        let mut config = Config::default();
        let colour = |config: &Config, level: u32| {
            let drawn = card(config, standing(config.levels.curve.total(level), None), at(0));
            let Picture::Card(shown) = drawn.picture else { panic!("no card") };
            shown.colour
        };
        let usual = [1, 11, 26, 51, 76, 1_000].map(|level| colour(&config, level));
        assert_eq!(usual, [0x9F_B3_C8, 0x7C_C6_A4, 0x6F_B0_E8, 0xB3_92_F0, 0xE0_A8_4E, 0xE0_A8_4E]);
        let tier = |from, colour: Option<u32>| Tier { name: "x".to_owned(), from, colour: colour.map(Colour) };
        config.levels.tiers = vec![tier(1, None), tier(5, Some(0x2e_cc71)), tier(9, None)];
        assert_eq!([4, 5, 9].map(|level| colour(&config, level)), [0x9F_B3_C8, 0x2e_cc71, 0x6F_B0_E8]);
        config.levels.tiers = (1..20).map(|from| tier(from, None)).collect();
        assert_eq!(colour(&config, 19), 0xF0_7F_6E, "there are more tiers than colours");
    }
}
