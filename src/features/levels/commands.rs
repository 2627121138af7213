//! The commands of levels: where one stands, the board, what levels need.

use super::change::{ADD_XP, RESET_XP, SET_LEVEL, UNDO};
use super::explain::{HISTORY, WHY};
use super::own::{LEVEL_NOTIFY, PRIVACY};
use super::{roles_of, store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Result, UserId};

pub const COMMANDS: &[&Command] =
    &[&RANK, &LEADERBOARD, &LEVELS, &WHY, &HISTORY, &PRIVACY, &LEVEL_NOTIFY, &ADD_XP, &SET_LEVEL, &RESET_XP, &UNDO];

const CATEGORY: &str = "Levels";
const PAGE_ROWS: u32 = 10;
const PAGES_MAX: i64 = 100_000;
/// Ranks are said "of so many" up to here; past it counting would cost more than it tells.
const AMONG_MAX: i64 = 1_000_000;

static MEMBER: Opt<UserId> = Opt::user("member", "Whose rank; your own without it");
static PAGE: Opt<i64> = Opt::whole("page", "Which page, from 1", 1..=PAGES_MAX);

static OF_RANK: [&dyn Declared; 1] = [&MEMBER];
static OF_BOARD: [&dyn Declared; 1] = [&PAGE];

static RANK: Command = Command {
    aliases: &["xp", "level"],
    ..Command::open("rank", "Shows level, XP and rank", CATEGORY, &OF_RANK, rank)
};
static LEADERBOARD: Command = Command {
    aliases: &["top", "lb"],
    ..Command::open("leaderboard", "Shows who has the most XP", CATEGORY, &OF_BOARD, leaderboard)
};
static LEVELS: Command = Command::open("levels", "Shows what each level needs and brings", CATEGORY, &[], levels);
fn rank(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let user = args.find(&MEMBER).unwrap_or(actor.user);
    let xp = store::load(cx.tx, guild, user)?.xp;
    let rank = store::rank(cx.tx, guild, xp)?;
    let among = store::count(cx.tx.read(), guild, AMONG_MAX)?;
    let name = match store::find_name(cx.tx.read(), guild, user)? {
        Some(name) => name,
        None if user == actor.user => actor.name.clone(),
        None => text::UNNAMED.to_owned(),
    };
    Ok(Plan::reply(text::rank(&cx.config.levels.curve, &name, xp, rank, among)))
}

fn leaderboard(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let page = args.find(&PAGE).and_then(|page| u32::try_from(page).ok()).unwrap_or(1);
    // One more than is shown tells whether there is another page.
    let mut board = store::list_top(cx.tx.read(), guild, (page - 1) * PAGE_ROWS, PAGE_ROWS + 1)?;
    let more = board.len() > PAGE_ROWS as usize;
    board.truncate(PAGE_ROWS as usize);
    let guild = cx.guilds.find(guild);
    let guild = guild.as_ref().map_or("this server", |guild| &guild.name);
    Ok(Plan::reply(text::leaderboard(&cx.config.levels.curve, guild, page, &board, more)))
}

fn levels(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let levels = &cx.config.levels;
    let own = levels.curve.level_of(store::load(cx.tx, guild, actor.user)?.xp);
    let earn = text::how_to_earn(levels.message_xp, levels.message_cooldown_seconds);
    Ok(Plan::reply(text::levels(&levels.curve, own, &roles_of(cx, guild), &earn)))
}
