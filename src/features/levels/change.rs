//! What admins change: XP given, set and reset, for one member or for all, and any of it taken back.

use super::rules::Row;
use super::{roles, store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{GuildId, LEVEL_MAX, Permission, Refusal, Result, UserId, XP_MAX};
use crate::store::ledger::{self, Entry};

const CATEGORY: &str = "Levels";
/// Members that one command may change; more need a program.
const BATCH_MAX: usize = 100_000;
const GUILD_NAME_CHARS_MAX: u16 = 100;

static WHOM: Opt<UserId> = Opt::user("member", "Whose XP to change").required();
static AMOUNT: Opt<i64> = Opt::whole("amount", "How much XP; a negative number takes", -XP_MAX..=XP_MAX).required();
static LEVEL: Opt<i64> = Opt::whole("level", "The level to be at", 1..=LEVEL_MAX as i64).required();
static ONE: Opt<UserId> = Opt::user("member", "Whose XP to reset");
static EVERYONE: Opt<String> =
    Opt::text("everyone", "To reset all members: the server's name, typed out", GUILD_NAME_CHARS_MAX);

static OF_ADD: [&dyn Declared; 2] = [&WHOM, &AMOUNT];
static OF_SET: [&dyn Declared; 2] = [&WHOM, &LEVEL];
static OF_RESET: [&dyn Declared; 2] = [&ONE, &EVERYONE];

pub static ADD_XP: Command = Command::open("addxp", "Gives XP to a member, or takes some", CATEGORY, &OF_ADD, add_xp)
    .for_staff(Permission::ManageGuild);
pub static SET_LEVEL: Command =
    Command::open("setlevel", "Sets a member's level", CATEGORY, &OF_SET, set_level).for_staff(Permission::ManageGuild);
pub static RESET_XP: Command = Command {
    backup_first: |guild, args| args.find(&EVERYONE).is_some_and(|typed| typed.trim() == guild.name.trim()),
    ..Command::open("resetxp", "Sets a member's XP to nothing, or everybody's", CATEGORY, &OF_RESET, reset_xp)
        .for_staff(Permission::ManageGuild)
};

fn add_xp(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let amount = args.load(&AMOUNT)?;
    one(cx, actor, args, args.load(&WHOM)?, "add", |before| Row { xp: before.xp.saturating_add(amount), ..before })
}

fn set_level(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (level, curve) = (u32::try_from(args.load(&LEVEL)?)?, &cx.config.levels.curve);
    if level > curve.highest_level() {
        return Err(Refusal::new(text::no_such_level(curve.highest_level())).into());
    }
    let xp = curve.total(level);
    one(cx, actor, args, args.load(&WHOM)?, "set_level", |before| Row { xp, ..before })
}

fn reset_xp(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    match (args.find(&ONE), args.find(&EVERYONE)) {
        (Some(user), None) => one(cx, actor, args, user, "reset", without_xp),
        (None, Some(typed)) => reset_all(cx, actor, &typed),
        _ => Err(Refusal::new(text::RESET_WHOM).into()),
    }
}

/// Days stay as they were: today's bonus is not paid twice, and an undo brings back all that was taken.
fn without_xp(before: Row) -> Row {
    Row { xp: 0, ..before }
}

/// A change of one member. Nothing is announced; roles follow the level.
fn one(cx: &mut Cx<'_>, actor: &Actor, args: &Args, user: UserId, what: &str, to: impl Fn(Row) -> Row) -> Result<Plan> {
    let guild = cx.guild()?;
    if cx.me == Some(user) || args.is_bot(user) {
        return Err(Refusal::new(text::BOTS_HAVE_NO_LEVELS).into());
    }
    let before = store::load(cx.tx, guild, user)?;
    let made = Made { actor, what, reason: None, batch: None, undoes: None };
    let (after, row) = change(cx, guild, user, before, to(before), &made)?;
    Ok(Plan::reply(text::changed(&cx.config.levels.curve, user, before.xp, after.xp, row)))
}

fn reset_all(cx: &mut Cx<'_>, actor: &Actor, typed: &str) -> Result<Plan> {
    let guild = cx.guild()?;
    let found = cx.guilds.find(guild).ok_or_else(|| Refusal::new("I cannot see this server right now."))?;
    if typed.trim() != found.name.trim() {
        return Err(Refusal::new(text::type_the_name(&found.name)).into());
    }
    let members = store::list_with_xp(cx.tx.read(), guild, BATCH_MAX + 1)?;
    if members.len() > BATCH_MAX {
        return Err(Refusal::new(text::too_many(BATCH_MAX)).into());
    }
    let batch = ledger::insert_batch(cx.tx, guild, "reset", actor.user, cx.source.id(), cx.now, None)?;
    let made = Made { actor, what: "reset", reason: None, batch: Some(batch), undoes: None };
    for user in &members {
        let before = store::load(cx.tx, guild, *user)?;
        change(cx, guild, *user, before, without_xp(before), &made)?;
    }
    Ok(Plan::reply(text::reset_all(members.len(), batch)))
}

/// Takes back a row of the ledger.
pub fn undo_row(cx: &mut Cx<'_>, actor: &Actor, id: i64) -> Result<Plan> {
    let guild = cx.guild()?;
    let unknown = || Refusal::new(text::no_such_number(&format!("L{id}")));
    let row = ledger::find(cx.tx.read(), guild, id)?.ok_or_else(unknown)?;
    if row.is_folded() {
        return Err(Refusal::new(text::folded(id)).into());
    }
    if let Some(by) = ledger::find_undo(cx.tx.read(), id)? {
        return Err(Refusal::new(text::undone_before('L', id, by)).into());
    }
    let before = store::load(cx.tx, guild, row.user)?;
    let made = Made { actor, what: "undo", reason: None, batch: None, undoes: Some(id) };
    let after = Row { xp: before.xp.saturating_sub(row.amount), ..before };
    let (after, undone) = change(cx, guild, row.user, before, after, &made)?;
    Ok(Plan::reply(text::undone(&cx.config.levels.curve, &row, before.xp, after.xp, undone)))
}

/// Takes back everything of a batch.
pub fn undo_batch(cx: &mut Cx<'_>, actor: &Actor, id: i64) -> Result<Plan> {
    let guild = cx.guild()?;
    let unknown = || Refusal::new(text::no_such_number(&format!("B{id}")));
    let found = ledger::find_batch(cx.tx.read(), guild, id)?.ok_or_else(unknown)?;
    if let Some(by) = found.undone_by {
        return Err(Refusal::new(text::undone_before('B', id, by)).into());
    }
    if ledger::count_batch(cx.tx.read(), id)? > BATCH_MAX {
        return Err(Refusal::new(text::too_many_to_undo(id, BATCH_MAX)).into());
    }
    let rows = ledger::list_batch(cx.tx.read(), id)?;
    let batch = ledger::insert_batch(cx.tx, guild, "undo", actor.user, cx.source.id(), cx.now, Some(id))?;
    for row in &rows {
        let before = store::load(cx.tx, guild, row.user)?;
        let made = Made { actor, what: "undo", reason: None, batch: Some(batch), undoes: Some(row.id) };
        let after = Row { xp: before.xp.saturating_sub(row.amount), ..before };
        change(cx, guild, row.user, before, after, &made)?;
    }
    Ok(Plan::reply(text::undone_batch(&found, rows.len(), batch)))
}

/// Who made a change, and as what it stands in the ledger.
pub struct Made<'a> {
    pub actor: &'a Actor,
    pub what: &'a str,
    pub reason: Option<&'a str>,
    pub batch: Option<i64>,
    pub undoes: Option<i64>,
}

/// Brings a member's row to `after`, within the limits of XP, with its ledger row and the roles that the change of
/// level brings or takes. Returns the row as stored and its number in the ledger; none where nothing changed.
pub fn change(
    cx: &mut Cx<'_>,
    guild: GuildId,
    user: UserId,
    before: Row,
    after: Row,
    made: &Made<'_>,
) -> Result<(Row, Option<i64>)> {
    let after = Row { xp: after.xp.clamp(0, XP_MAX), ..after };
    if after == before && made.undoes.is_none() {
        return Ok((after, None));
    }
    store::save(cx.tx, guild, user, &before, after)?;
    let entry = Entry {
        guild,
        user,
        what: made.what,
        amount: after.xp - before.xp,
        after: after.xp,
        actor: Some(made.actor.user),
        source: cx.source.id(),
        reason: made.reason,
        at: cx.now,
        batch: made.batch,
        undoes: made.undoes,
    };
    let number = ledger::insert(cx.tx, &entry)?;
    let curve = &cx.config.levels.curve;
    let (old, new) = (curve.level_of(before.xp), curve.level_of(after.xp));
    roles::follow(cx, guild, user, (old, new), &text::reason_role_changed(&made.actor.name, old, new))?;
    Ok((after, Some(number)))
}
