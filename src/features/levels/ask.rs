//! Questions about days, amounts and roles: `/daily`, `/calculate`, `/sync`, and `/levelpreview` for admins.

use super::{announce, award, days, roles, rules, store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{LEVEL_MAX, Outgoing, Permission, Refusal, Result, XP_MAX};

const CATEGORY: &str = "Levels";

static LEVEL: Opt<i64> = Opt::whole("level", "What it takes to reach this level", 1..=LEVEL_MAX as i64);
static XP: Opt<i64> = Opt::whole("xp", "Which level this much XP is", 0..=XP_MAX);
static OF_CALCULATE: [&dyn Declared; 2] = [&LEVEL, &XP];

pub static DAILY: Command =
    Command { ephemeral: true, ..Command::open("daily", "Shows today's bonus and your streak", CATEGORY, &[], daily) };
pub static CALCULATE: Command = Command {
    ephemeral: true,
    ..Command::open(
        "calculate",
        "Tells what a level takes, or which level some XP is",
        CATEGORY,
        &OF_CALCULATE,
        calculate,
    )
};
pub static SYNC: Command =
    Command { ephemeral: true, ..Command::open("sync", "Repairs your level roles", CATEGORY, &[], sync) };
pub static LEVEL_PREVIEW: Command =
    Command::open("levelpreview", "Shows you how a level-up is announced", CATEGORY, &[], level_preview)
        .for_staff(Permission::ManageGuild);

fn daily(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let levels = &cx.config.levels;
    if levels.daily_bonus == 0 && levels.streak_bonus == 0 {
        return Err(Refusal::new(text::NO_DAILY).into());
    }
    let row = store::load(cx.tx, cx.guild()?, actor.user)?;
    let zone = &cx.config.discord.timezone;
    let today = zone.day(cx.now);
    let next = zone.begin_of(today.plus(1));
    let before = row.streak();
    let waiting = days::wake(before, today, levels, |day| award::is_excused(cx, day));
    Ok(Plan::reply(waiting.map_or_else(|| text::daily_had(before.days, next), |morning| text::daily_waits(&morning))))
}

fn calculate(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let levels = &cx.config.levels;
    let curve = &levels.curve;
    let own = store::load(cx.tx, cx.guild()?, actor.user)?.xp;
    let level = match (args.find(&LEVEL), args.find(&XP)) {
        (_, Some(xp)) => return Ok(Plan::reply(text::level_of_xp(curve, xp))),
        (Some(level), None) => u32::try_from(level)?,
        (None, None) => curve.level_of(own) + 1,
    };
    if level > curve.highest_level() {
        return Err(Refusal::new(text::no_such_level(curve.highest_level())).into());
    }
    let missing = (curve.total(level) - own).max(0);
    Ok(Plan::reply(text::level_takes(curve, level, missing, rules::messages_for(missing, levels.message_xp))))
}

fn sync(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let level = cx.config.levels.curve.level_of(store::load(cx.tx, guild, actor.user)?.xp);
    let plan = roles::plan(cx, guild, level, &actor.roles);
    roles::repair(cx, guild, actor.user, level, &actor.roles)?;
    Ok(Plan::reply(text::synced(&plan)))
}

fn level_preview(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let (guild, curve) = (cx.guild()?, &cx.config.levels.curve);
    let before = curve.level_of(store::load(cx.tx, guild, actor.user)?.xp);
    let next = (before + 1).min(curve.highest_level());
    let words = announce::words(cx, guild, actor.user, next - 1, curve.total(next))?;
    // An example pings nobody.
    Ok(Plan::reply(Outgoing::text(words)))
}
