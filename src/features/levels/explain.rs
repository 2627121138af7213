//! The commands that explain: `/why` for the last decisions, `/xphistory` for the ledger.

use super::why::{self, Note};
use super::{pictures, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{GuildId, Permission, Refusal, Result, Timestamp, UserId};
use crate::store::{ledger, people};

const CATEGORY: &str = "Levels";
/// What the ledger calls minutes in voice.
const VOICE: &str = "voice";
/// Decisions that `/why` shows.
const SHOWN_MAX: usize = 12;
/// Rows of the ledger that are looked at for them: minutes in voice that follow each other are told as one.
const ROWS_MAX: u32 = 120;
const PAGE_ROWS: u32 = 10;
const PAGES_MAX: i64 = 100_000;

static OF_WHOM: Opt<UserId> = Opt::user("member", "Somebody else's; for moderators");
static PAGE: Opt<i64> = Opt::whole("page", "Which page, from 1", 1..=PAGES_MAX);
static OF_WHY: [&dyn Declared; 1] = [&OF_WHOM];
static OF_HISTORY: [&dyn Declared; 2] = [&OF_WHOM, &PAGE];

pub static WHY: Command = Command {
    ephemeral: true,
    ..Command::open("why", "Shows what earned XP lately, what did not, and why", CATEGORY, &OF_WHY, why)
};
pub static HISTORY: Command = Command {
    ephemeral: true,
    ..Command::open("xphistory", "Lists the changes of XP from the ledger", CATEGORY, &OF_HISTORY, history)
};

/// One thing that happened: paid or not.
pub enum Told {
    Paid(ledger::Row),
    Nothing(Note),
}

impl Told {
    fn at(&self) -> Timestamp {
        match self {
            Self::Paid(row) => row.at,
            Self::Nothing(note) => note.at,
        }
    }
}

fn why(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let user = whom(actor, args)?;
    let notes = why::list(cx.tx, guild, user, cx.now)?;
    let rows = ledger::list_of(cx.tx.read(), guild, user, 0, ROWS_MAX)?;
    let rows = rows.into_iter().filter(|row| cx.now.since(row.at) < why::KEPT);
    let mut told: Vec<Told> = rows.map(Told::Paid).chain(notes.into_iter().map(Told::Nothing)).collect();
    told.sort_by_key(|told| std::cmp::Reverse(told.at()));
    let mut told = gather(told);
    told.truncate(SHOWN_MAX);
    Ok(Plan::reply(text::why(&name(cx, guild, user, actor)?, &told)))
}

/// Tells minutes in voice that follow each other as one, with the newest one's time and balance.
fn gather(told: Vec<Told>) -> Vec<Told> {
    let mut gathered: Vec<Told> = Vec::new();
    for told in told {
        match (gathered.last_mut(), &told) {
            (Some(Told::Paid(last)), Told::Paid(row)) if last.what == VOICE && row.what == VOICE => {
                last.amount = last.amount.saturating_add(row.amount);
            }
            _ => gathered.push(told),
        }
    }
    gathered
}

fn history(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let user = whom(actor, args)?;
    let page = args.find(&PAGE).and_then(|page| u32::try_from(page).ok()).unwrap_or(1);
    // One more than is shown tells whether there is another page.
    let mut rows = ledger::list_of(cx.tx.read(), guild, user, (page - 1) * PAGE_ROWS, PAGE_ROWS + 1)?;
    let more = rows.len() > PAGE_ROWS as usize;
    rows.truncate(PAGE_ROWS as usize);
    let name = name(cx, guild, user, actor)?;
    let answer = text::history(&name, page, &rows, more);
    if !cx.config.levels.card || page > 1 {
        return Ok(Plan::reply(answer));
    }
    let rows = ledger::list_of(cx.tx.read(), guild, user, 0, pictures::LINE_ROWS)?;
    Ok(Plan::reply(answer.with_picture(pictures::line(cx.config, &name, &rows))))
}

/// Whose: the asker's own, or for moderators anybody's.
fn whom(actor: &Actor, args: &Args) -> Result<UserId> {
    match args.find(&OF_WHOM) {
        Some(user) if user != actor.user && !Permission::ModerateMembers.allows(actor.permissions) => {
            Err(Refusal::new(text::OWN_ONLY).into())
        }
        Some(user) => Ok(user),
        None => Ok(actor.user),
    }
}

fn name(cx: &Cx<'_>, guild: GuildId, user: UserId, actor: &Actor) -> Result<String> {
    Ok(match people::find_name(cx.tx.read(), guild, user)? {
        Some(name) => name,
        None if user == actor.user => actor.name.clone(),
        None => text::UNNAMED.to_owned(),
    })
}
