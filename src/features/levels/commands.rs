//! The commands of levels: where one stands, the board, what levels need, and the admins' changes.

use super::explain::{HISTORY, WHY};
use super::{promise_role, roles_of, rules, store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{LEVEL_MAX, Permission, Result, UserId, XP_MAX};
use crate::store::ledger::{self, Entry};

pub const COMMANDS: &[&Command] = &[&RANK, &LEADERBOARD, &LEVELS, &WHY, &HISTORY, &ADD_XP, &SET_LEVEL, &RESET_XP];

const CATEGORY: &str = "Levels";
const PAGE_ROWS: u32 = 10;
const PAGES_MAX: i64 = 100_000;
/// Ranks are said "of so many" up to here; past it counting would cost more than it tells.
const AMONG_MAX: i64 = 1_000_000;

static MEMBER: Opt<UserId> = Opt::user("member", "Whose rank; your own without it");
static WHOM: Opt<UserId> = Opt::user("member", "Whose XP to change").required();
static PAGE: Opt<i64> = Opt::whole("page", "Which page, from 1", 1..=PAGES_MAX);
static AMOUNT: Opt<i64> = Opt::whole("amount", "How much XP; a negative number takes", -XP_MAX..=XP_MAX).required();
static LEVEL: Opt<i64> = Opt::whole("level", "The level to be at", 1..=LEVEL_MAX as i64).required();

static OF_RANK: [&dyn Declared; 1] = [&MEMBER];
static OF_BOARD: [&dyn Declared; 1] = [&PAGE];
static OF_ADD: [&dyn Declared; 2] = [&WHOM, &AMOUNT];
static OF_SET: [&dyn Declared; 2] = [&WHOM, &LEVEL];
static OF_RESET: [&dyn Declared; 1] = [&WHOM];

static RANK: Command = Command {
    aliases: &["xp", "level"],
    ..Command::open("rank", "Shows level, XP and rank", CATEGORY, &OF_RANK, rank)
};
static LEADERBOARD: Command = Command {
    aliases: &["top", "lb"],
    ..Command::open("leaderboard", "Shows who has the most XP", CATEGORY, &OF_BOARD, leaderboard)
};
static LEVELS: Command = Command::open("levels", "Shows what each level needs and brings", CATEGORY, &[], levels);
static ADD_XP: Command = Command::open("addxp", "Gives XP to a member, or takes some", CATEGORY, &OF_ADD, add_xp)
    .for_staff(Permission::ManageGuild);
static SET_LEVEL: Command =
    Command::open("setlevel", "Sets a member's level", CATEGORY, &OF_SET, set_level).for_staff(Permission::ManageGuild);
static RESET_XP: Command = Command::open("resetxp", "Sets a member's XP to nothing", CATEGORY, &OF_RESET, reset_xp)
    .for_staff(Permission::ManageGuild);

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

fn add_xp(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let amount = args.load(&AMOUNT)?;
    change(cx, actor, args, "add", |xp| xp.saturating_add(amount))
}

fn set_level(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let level = u32::try_from(args.load(&LEVEL)?)?;
    let curve = cx.config.levels.curve.clone();
    if level > curve.highest_level() {
        return Err(crate::model::Refusal::new(text::no_such_level(curve.highest_level())).into());
    }
    change(cx, actor, args, "set_level", |_| curve.total(level))
}

fn reset_xp(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    change(cx, actor, args, "reset", |_| 0)
}

/// An admin's change: the balance, its ledger row, and the roles that the change of level brings or takes. Nothing is
/// announced.
fn change(cx: &mut Cx<'_>, actor: &Actor, args: &Args, what: &str, to: impl Fn(i64) -> i64) -> Result<Plan> {
    let guild = cx.guild()?;
    let user = args.load(&WHOM)?;
    if cx.me == Some(user) || args.is_bot(user) {
        return Err(crate::model::Refusal::new(text::BOTS_HAVE_NO_LEVELS).into());
    }
    let curve = &cx.config.levels.curve;
    let before = store::load(cx.tx, guild, user)?;
    let xp = to(before.xp).clamp(0, XP_MAX);
    if xp != before.xp {
        store::save(cx.tx, guild, user, &before, rules::Row { xp, ..before })?;
        let entry = Entry {
            guild,
            user,
            what,
            amount: xp - before.xp,
            after: xp,
            actor: Some(actor.user),
            source: cx.source.id(),
            reason: None,
            at: cx.now,
            batch: None,
            undoes: None,
        };
        ledger::insert(cx.tx, &entry)?;
        let (old, new) = (curve.level_of(before.xp), curve.level_of(xp));
        let reason = text::reason_role_changed(&actor.name, old, new);
        for (role, give) in rules::changed_roles(&roles_of(cx, guild), old, new) {
            promise_role(cx, guild, user, role, give, &reason)?;
        }
    }
    Ok(Plan::reply(text::changed(&cx.config.levels.curve, user, before.xp, xp)))
}
