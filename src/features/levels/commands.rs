//! The commands of levels: where one stands, the board, what levels need.

use super::ask::{CALCULATE, DAILY, LEVEL_PREVIEW, SYNC};
use super::board::LEADERBOARD;
use super::change::{ADD_XP, RESET_XP, SET_LEVEL};
use super::explain::{HISTORY, WHY};
use super::own::{LEVEL_NOTIFY, PRIVACY};
use super::pictures::{self, Standing};
use super::simulate::SIMULATE;
use super::{roles, store, text, tools};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Result, UserId};
use crate::store::people;

pub const COMMANDS: &[&Command] = &[
    &RANK,
    &LEADERBOARD,
    &LEVELS,
    &DAILY,
    &CALCULATE,
    &WHY,
    &HISTORY,
    &SYNC,
    &PRIVACY,
    &LEVEL_NOTIFY,
    &ADD_XP,
    &SET_LEVEL,
    &RESET_XP,
    &SIMULATE,
    &LEVEL_PREVIEW,
];

const CATEGORY: &str = "Levels";

static MEMBER: Opt<UserId> = Opt::user("member", "Whose rank; your own without it");

static OF_RANK: [&dyn Declared; 1] = [&MEMBER];

static RANK: Command = Command {
    aliases: &["xp", "level"],
    ..Command::open("rank", "Shows level, XP and rank", CATEGORY, &OF_RANK, rank)
};
static LEVELS: Command =
    Command::open("levels", "Shows what each level needs and brings", CATEGORY, &[], levels).also_for_visitors();
fn rank(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let user = args.find(&MEMBER).unwrap_or(actor.user);
    let row = store::load(cx.tx, guild, user)?;
    let rank = store::rank(cx.tx, guild, row.xp)?;
    let tools = tools::count_unlocked(cx.tx.read(), guild, user)?;
    let among = store::count_shown(cx.tx, guild)?;
    let (name, avatar) = match people::find_look(cx.tx.read(), guild, user)? {
        Some(look) => look,
        None if user == actor.user => (actor.name.clone(), None),
        None => (text::UNNAMED.to_owned(), None),
    };
    let answer = text::rank(&cx.config.levels, &name, &row, rank, among, tools);
    if !cx.config.levels.card {
        return Ok(Plan::reply(answer));
    }
    let standing = Standing { user, name: &name, avatar, row, rank, among };
    Ok(Plan::reply(answer.with_picture(pictures::card(cx.config, standing, cx.now))))
}

fn levels(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let levels = &cx.config.levels;
    let own = levels.curve.level_of(store::load(cx.tx, guild, actor.user)?.xp);
    let earn = text::how_to_earn(levels.message_xp, levels.message_cooldown_seconds);
    Ok(Plan::reply(text::levels(&levels.curve, own, &levels.tiers, &roles::of(cx, guild), &earn)))
}
