//! `/leaderboard`: of all time, this month, this week, as it was on a date; by page, or around the asker.

pub mod store;

use super::store::Placed;
use super::{pictures, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::config::Audience;
use crate::cx::Cx;
use crate::model::{Day, GuildId, Refusal, Result, Timestamp, Zone};

const CATEGORY: &str = "Levels";
const PAGE_ROWS: u32 = 10;
const PAGES_MAX: i64 = 100_000;
/// Members on a board of a month, a week or a date; longer ones end there.
pub const COUNTED_MAX: u32 = 10_000;
const DATE_CHARS: u16 = 10;

static PAGE: Opt<i64> = Opt::whole("page", "Which page, from 1", 1..=PAGES_MAX);
static WINDOW: Opt<String> = Opt::choice("window", "What was earned when", &["all", "month", "week"]);
static AROUND: Opt<String> = Opt::choice("around", "The page that you are on", &["me"]);
static DATE: Opt<String> = Opt::text("date", "As it was at the end of a day: 2026-12-31", DATE_CHARS);
static OPTIONS: [&dyn Declared; 4] = [&PAGE, &WINDOW, &AROUND, &DATE];

pub static LEADERBOARD: Command = Command {
    aliases: &["top", "lb"],
    for_visitors: |config| config.http.visibility.leaderboard == Audience::Public,
    ..Command::open("leaderboard", "Shows who has the most XP", CATEGORY, &OPTIONS, leaderboard)
};

/// Which board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    All,
    Month,
    Week,
    AsOf(Day),
}

/// A page of a board.
pub struct Page {
    pub kind: Kind,
    /// From 1.
    pub number: u32,
    pub rows: Vec<Placed>,
    pub more: bool,
}

fn leaderboard(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let kind = kind(args)?;
    let number = args.find(&PAGE).and_then(|page| u32::try_from(page).ok()).unwrap_or(1);
    let around = args.find(&AROUND).map(|_| actor);
    let page = match kind {
        Kind::All => of_all_time(cx, guild, number, around)?,
        kind => of_a_time(cx, guild, kind, number, around)?,
    };
    let found = cx.guilds.find(guild);
    let name = found.as_ref().map_or("this server", |guild| &guild.name);
    let answer = text::leaderboard(&cx.config.levels.curve, name, &page);
    let picture = pictures::board(&cx.config.levels, name, &page).filter(|_| cx.config.levels.card);
    Ok(Plan::reply(answer.with_picture(picture)))
}

fn kind(args: &Args) -> Result<Kind> {
    let date = args.find(&DATE).map(|date| date.parse::<Day>().map_err(|_| Refusal::new(text::NO_DATE))).transpose()?;
    match (args.find(&WINDOW).as_deref(), date) {
        (None | Some("all"), Some(date)) => Ok(Kind::AsOf(date)),
        (Some(_), Some(_)) => Err(Refusal::new(text::DATE_OR_WINDOW).into()),
        (Some("month"), None) => Ok(Kind::Month),
        (Some("week"), None) => Ok(Kind::Week),
        (_, None) => Ok(Kind::All),
    }
}

fn of_all_time(cx: &Cx<'_>, guild: GuildId, number: u32, around: Option<&Actor>) -> Result<Page> {
    let number = match around {
        None => number,
        Some(me) => {
            let row = super::store::load(cx.tx, guild, me.user)?;
            if !row.is_shown() || row.xp == 0 {
                return Err(Refusal::new(text::NOT_ON_THE_BOARD).into());
            }
            page_of(store::place(cx.tx, guild, me.user, row.xp)?)
        }
    };
    // One more than is shown tells whether there is another page.
    let mut rows = store::list_page(cx.tx, guild, (number - 1) * PAGE_ROWS, PAGE_ROWS + 1)?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    Ok(Page { kind: Kind::All, number, rows, more })
}

/// When the time begins of which a board counts what was earned in it; none: it counts all.
pub fn begin_of(kind: Kind, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    let today = zone.day(now);
    match kind {
        Kind::Week => Some(zone.begin_of(today.first_of_week())),
        Kind::Month => Some(zone.begin_of(today.first_of_month())),
        Kind::All | Kind::AsOf(_) => None,
    }
}

fn of_a_time(cx: &Cx<'_>, guild: GuildId, kind: Kind, number: u32, around: Option<&Actor>) -> Result<Page> {
    let zone = &cx.config.discord.timezone;
    let board = match (kind, begin_of(kind, zone, cx.now)) {
        (Kind::AsOf(day), _) => store::list_as_of(cx.tx.read(), guild, zone.begin_of(day.plus(1)), COUNTED_MAX)?,
        (_, Some(from)) => store::list_since(cx.tx.read(), guild, from, COUNTED_MAX)?,
        (_, None) => Vec::new(),
    };
    let number = match around {
        None => number,
        Some(me) => match board.iter().position(|placed| placed.user == me.user) {
            Some(place) => page_of(place as u64),
            None => return Err(Refusal::new(text::NOT_ON_THE_BOARD).into()),
        },
    };
    let skipped = (number - 1) as usize * PAGE_ROWS as usize;
    let more = board.len() > skipped + PAGE_ROWS as usize;
    let rows = board.into_iter().skip(skipped).take(PAGE_ROWS as usize).collect();
    Ok(Page { kind, number, rows, more })
}

fn page_of(place: u64) -> u32 {
    u32::try_from(place / u64::from(PAGE_ROWS) + 1).unwrap_or(u32::MAX / PAGE_ROWS)
}
