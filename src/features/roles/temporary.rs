//! Roles for a while: Discord is asked to give one, and once it did, its end is promised.

use super::store::{self, NewTemporary, State, Temporary};
use super::text::{self, REASON_CHARS_MAX};
use super::{CATEGORY, STAFF_AHEAD, UNKNOWN_MEMBER, UNKNOWN_ROLE, UNKNOWN_USER, ahead, givable};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::{Cx, Promised};
use crate::model::{
    Button, Effect, Ending, GuildId, Outgoing, Permission, Refusal, Result, RoleId, Span, Timestamp, UserId,
};
use crate::store::{people, promises};

/// The longest that a role can be given for.
const SPAN_MAX: Span = Span::days(3_650);
const PAGE_ROWS: u32 = 10;
const PAGES_MAX: i64 = 100_000;
/// Rows of one member that are shown.
const HISTORY_ROWS: u32 = 15;

/// A promise's word for giving, ending and taking early, before the row's number.
const GIVE_WORD: &str = "temprole.give";
const END_WORD: &str = "temprole.end";
const TAKE_WORD: &str = "temprole.take";

static MEMBER: Opt<UserId> = Opt::user("member", "Whom").required();
static WHOSE: Opt<UserId> = Opt::user("member", "Whose, with those that are over");
static ROLE: Opt<RoleId> = Opt::role("role", "Which role").required();
static HOW_LONG: Opt<Span> = Opt::span("duration", "For how long: 2h, 7d, 1d12h", SPAN_MAX).required();
static HOW_MUCH_LONGER: Opt<Span> = Opt::span("duration", "How much longer: 2h, 7d", SPAN_MAX).required();
static REASON: Opt<String> = Opt::text("reason", "Why", REASON_CHARS_MAX);
static PAGE: Opt<i64> = Opt::whole("page", "Which page", 1..=PAGES_MAX);

static OF_GIVE: [&dyn Declared; 4] = [&MEMBER, &ROLE, &HOW_LONG, &REASON];
static OF_TAKE: [&dyn Declared; 2] = [&MEMBER, &ROLE];
static OF_LIST: [&dyn Declared; 2] = [&PAGE, &WHOSE];
static OF_EXTEND: [&dyn Declared; 3] = [&MEMBER, &ROLE, &HOW_MUCH_LONGER];

const STAFF: Permission = Permission::ManageRoles;

pub static GIVE: Command = Command {
    looks_at: Some(&MEMBER),
    ..Command::open("temprole give", "Gives a member a role for a while", CATEGORY, &OF_GIVE, give).for_staff(STAFF)
};
pub static TAKE: Command =
    Command::open("temprole take", "Takes a role before its time is up", CATEGORY, &OF_TAKE, take).for_staff(STAFF);
pub static LIST: Command =
    Command::open("temprole list", "Lists the roles that are held for a while", CATEGORY, &OF_LIST, list)
        .for_staff(STAFF);
pub static EXTEND: Command =
    Command::open("temprole extend", "Puts off the end of a role", CATEGORY, &OF_EXTEND, extend).for_staff(STAFF);

fn give(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (guild, seen, id, span) = (cx.guild()?, args.seen()?, args.load(&ROLE)?, args.load(&HOW_LONG)?);
    let held = seen.roles.as_ref().ok_or_else(|| Refusal::new(text::NOT_HERE))?;
    let role = givable(cx, guild, Some(actor), id)?;
    let open = store::find_in(cx.tx.read(), (guild, seen.id, id), &[State::Pending, State::Held])?;
    match open.map(|open| open.state) {
        Some(State::Pending) => return Err(Refusal::new(text::under_way(&role.name)).into()),
        None if held.contains(&id) => return Err(Refusal::new(text::held_for_good(&role.name)).into()),
        _ => {}
    }
    let reason = args.find(&REASON).map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let number = store::insert(
        cx.tx,
        &NewTemporary {
            guild,
            user: seen.id,
            user_name: &seen.name,
            role: id,
            role_name: &role.name,
            actor: actor.user,
            actor_name: &actor.name,
            reason: reason.as_deref(),
            assigned_at: cx.now,
            expires_at: cx.now.plus(span.duration()),
        },
    )?;
    cx.promise(Promised {
        action: GIVE_WORD,
        target: Some(target(GIVE_WORD, guild, seen.id, id)),
        guild: Some(guild),
        about: text::promise_give(&role.name, &seen.name),
        effect: Effect::AddRole {
            guild,
            user: seen.id,
            role: id,
            reason: text::audit_give(&actor.name, span, reason.as_deref()),
        },
        due_at: ahead(cx.now, STAFF_AHEAD),
        tells: Some(format!("{GIVE_WORD}:{number}")),
    })?;
    Ok(Plan::after(cx.origin(GIVE_WORD), number, given, given(cx, number)?))
}

/// The answer to giving, as far as Discord was heard of.
fn given(cx: &mut Cx<'_>, number: i64) -> Result<Outgoing> {
    let guild = cx.guild()?;
    let row = store::find(cx.tx.read(), guild, number)?.ok_or_else(|| Refusal::new(text::NONE_HELD))?;
    Ok(Outgoing::text(text::given(&row)))
}

fn take(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let row = load(cx, args)?;
    store::save_taken_by(cx.tx, row.id, actor.user, &actor.name)?;
    if row.state == State::Away {
        store::save_state(cx.tx, row.id, State::Over, None, cx.now)?;
        store::remove_persistent(cx.tx, row.guild, row.user, row.role)?;
        return Ok(Plan::reply(Outgoing::text(text::not_given_back(&row))));
    }
    let Temporary { guild, user, role, .. } = row;
    cx.promise(Promised {
        action: TAKE_WORD,
        target: Some(target(TAKE_WORD, guild, user, role)),
        guild: Some(guild),
        about: text::promise_end(&row),
        effect: Effect::RemoveRole { guild, user, role, reason: text::audit_take(&actor.name) },
        due_at: ahead(cx.now, STAFF_AHEAD),
        tells: Some(format!("{TAKE_WORD}:{}", row.id)),
    })?;
    Ok(Plan::after(cx.origin(TAKE_WORD), row.id, taken, taken(cx, row.id)?))
}

/// The answer to taking, as far as Discord was heard of.
fn taken(cx: &mut Cx<'_>, number: i64) -> Result<Outgoing> {
    let guild = cx.guild()?;
    let row = store::find(cx.tx.read(), guild, number)?.ok_or_else(|| Refusal::new(text::NONE_HELD))?;
    let waits = promises::is_due(cx.tx.read(), &cx.origin(TAKE_WORD))?;
    Ok(Outgoing::text(text::taken(&row, waits)))
}

fn extend(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (row, span) = (load(cx, args)?, args.load(&HOW_MUCH_LONGER)?);
    if row.state == State::Away {
        return Err(Refusal::new(text::NOT_HERE).into());
    }
    givable(cx, row.guild, Some(actor), row.role)?;
    let expires_at = row.expires_at.max(cx.now).plus(span.duration());
    if expires_at > cx.now.plus(SPAN_MAX.duration()) {
        return Err(Refusal::new(text::too_long(SPAN_MAX)).into());
    }
    store::save_state(cx.tx, row.id, State::Held, None, cx.now)?;
    store::save_end(cx.tx, row.id, expires_at)?;
    let row = Temporary { expires_at, ..row };
    promise_end(cx, &row)?;
    Ok(Plan::reply(Outgoing::text(text::extended(&row))))
}

fn list(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    if let Some(user) = args.find(&WHOSE) {
        let rows = store::list_of(cx.tx.read(), guild, user, HISTORY_ROWS)?;
        let known = people::find_name(cx.tx.read(), guild, user)?;
        let name = known.or_else(|| rows.first().map(|row| row.user_name.clone())).unwrap_or_else(|| user.to_string());
        return Ok(Plan::reply(text::history(&name, &rows)));
    }
    let all = store::count_held(cx.tx.read(), guild)?;
    let last = all.div_ceil(PAGE_ROWS).max(1);
    let page = u32::try_from(args.find(&PAGE).unwrap_or(1))?.clamp(1, last);
    let rows = store::list_held(cx.tx.read(), guild, (page - 1) * PAGE_ROWS, PAGE_ROWS)?;
    let newer = (page > 1).then(|| Button::new("Sooner", format!("temprole list {}", page - 1)));
    let older = (page < last).then(|| Button::new("Later", format!("temprole list {}", page + 1)));
    let buttons = newer.into_iter().chain(older).filter_map(Result::ok);
    Ok(Plan::reply(text::held(&rows, all, page, last).with_buttons(buttons)))
}

/// What is held of the role and member that a command names.
fn load(cx: &Cx<'_>, args: &Args) -> Result<Temporary> {
    let key = (cx.guild()?, args.load(&MEMBER)?, args.load(&ROLE)?);
    let states = [State::Pending, State::Held, State::Away];
    match store::find_in(cx.tx.read(), key, &states)? {
        Some(row) if row.state == State::Pending => Err(Refusal::new(text::under_way(&row.role_name)).into()),
        Some(row) => Ok(row),
        None => Err(Refusal::new(text::NONE_HELD).into()),
    }
}

fn target(word: &str, guild: GuildId, user: UserId, role: RoleId) -> String {
    format!("{word}:{guild}:{user}:{role}")
}

/// Promises the end of a role that is held, in place of any other end.
pub fn promise_end(cx: &mut Cx<'_>, row: &Temporary) -> Result<()> {
    let Temporary { id, guild, user, role, .. } = *row;
    cx.promise(Promised {
        action: &format!("{END_WORD}.{id}"),
        target: Some(target(END_WORD, guild, user, role)),
        guild: Some(guild),
        about: text::promise_end(row),
        effect: Effect::RemoveRole { guild, user, role, reason: text::AUDIT_END.to_owned() },
        due_at: row.expires_at,
        tells: Some(format!("{END_WORD}:{id}")),
    })
}

/// A promise about such a role ended.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, tells: &str, ending: &Ending) -> Result<()> {
    let Some((word, number)) = tells.split_once(':') else { return Ok(()) };
    if ![GIVE_WORD, END_WORD, TAKE_WORD].contains(&word) {
        return Ok(());
    }
    let Ok(number) = number.parse() else { return Ok(()) };
    let Some(row) = store::find(cx.tx.read(), guild, number)? else { return Ok(()) };
    match word {
        GIVE_WORD => give_ended(cx, &row, ending),
        END_WORD if row.state == State::Held => end_ended(cx, &row, ending),
        TAKE_WORD if row.state == State::Held => take_ended(cx, &row, ending),
        _ => Ok(()),
    }
}

fn give_ended(cx: &mut Cx<'_>, row: &Temporary, ending: &Ending) -> Result<()> {
    if !matches!(row.state, State::Pending | State::Failed) {
        return Ok(());
    }
    match ending {
        Ending::Kept { .. } => {
            let key = (row.guild, row.user, row.role);
            if let Some(before) = store::find_in(cx.tx.read(), key, &[State::Held, State::Away])? {
                store::save_state(cx.tx, before.id, State::Over, Some(text::REPLACED), cx.now)?;
            }
            store::save_state(cx.tx, row.id, State::Held, None, cx.now)?;
            promise_end(cx, row)
        }
        Ending::Refused { code, words } => {
            if is_gone(*code) {
                let target = target(GIVE_WORD, row.guild, row.user, row.role);
                promises::call_off(cx.tx, &target, words, cx.now)?;
            }
            store::save_state(cx.tx, row.id, State::Failed, Some(words), cx.now)
        }
        Ending::CalledOff(words) => store::save_state(cx.tx, row.id, State::Failed, Some(words), cx.now),
    }
}

fn end_ended(cx: &mut Cx<'_>, row: &Temporary, ending: &Ending) -> Result<()> {
    match ending {
        Ending::Kept { .. } => over(cx, row, None),
        Ending::Refused { code, words } if is_gone(*code) => over(cx, row, Some(words)),
        // It stays among the promises, and is tried again once the role can be taken.
        Ending::Refused { words, .. } => store::save_state(cx.tx, row.id, State::Held, Some(words), cx.now),
        Ending::CalledOff(words) => {
            store::save_state(cx.tx, row.id, State::Over, Some(&text::end_called_off(words)), cx.now)
        }
    }
}

fn take_ended(cx: &mut Cx<'_>, row: &Temporary, ending: &Ending) -> Result<()> {
    match ending {
        Ending::Kept { .. } => over(cx, row, None),
        Ending::Refused { code, words } if is_gone(*code) => over(cx, row, Some(words)),
        // The role stays until its end, as if nobody had asked.
        Ending::Refused { words, .. } => {
            let target = target(TAKE_WORD, row.guild, row.user, row.role);
            promises::call_off(cx.tx, &target, words, cx.now)?;
            store::save_state(cx.tx, row.id, State::Held, Some(words), cx.now)
        }
        Ending::CalledOff(_) => Ok(()),
    }
}

/// Whether a code says that member or role are not there any more.
fn is_gone(code: u32) -> bool {
    [UNKNOWN_MEMBER, UNKNOWN_ROLE, UNKNOWN_USER].contains(&code)
}

/// Nobody holds it any more: nothing of it is left to do, or to give back.
fn over(cx: &mut Cx<'_>, row: &Temporary, words: Option<&str>) -> Result<()> {
    store::save_state(cx.tx, row.id, State::Over, words, cx.now)?;
    store::remove_persistent(cx.tx, row.guild, row.user, row.role)?;
    for word in [END_WORD, TAKE_WORD] {
        let target = target(word, row.guild, row.user, row.role);
        promises::call_off(cx.tx, &target, words.unwrap_or(text::OVER), cx.now)?;
    }
    Ok(())
}

/// Somebody moved the end of a role with `/promises`.
pub fn moved(cx: &mut Cx<'_>, guild: GuildId, tells: &str, due_at: Timestamp) -> Result<()> {
    let Some((END_WORD, number)) = tells.split_once(':') else { return Ok(()) };
    let Ok(number) = number.parse() else { return Ok(()) };
    match store::find(cx.tx.read(), guild, number)? {
        Some(row) if row.state == State::Held => store::save_end(cx.tx, row.id, due_at),
        _ => Ok(()),
    }
}

/// Who left holds nothing any more. What comes back with them goes on then, if there is time left.
pub fn left(cx: &mut Cx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    for row in store::list_of(cx.tx.read(), guild, user, u32::MAX)? {
        let (word, state) = match row.state {
            State::Pending => (GIVE_WORD, State::Failed),
            State::Held if cx.config.roles.comes_back(row.role) => (END_WORD, State::Away),
            State::Held => (END_WORD, State::Over),
            _ => continue,
        };
        promises::call_off(cx.tx, &target(word, guild, user, row.role), text::LEFT, cx.now)?;
        promises::call_off(cx.tx, &target(TAKE_WORD, guild, user, row.role), text::LEFT, cx.now)?;
        store::save_state(cx.tx, row.id, state, Some(text::LEFT), cx.now)?;
    }
    Ok(())
}

/// Nobody holds a role that was deleted.
pub fn role_removed(cx: &mut Cx<'_>, guild: GuildId, role: RoleId) -> Result<()> {
    for row in store::list_of_role(cx.tx.read(), guild, role)? {
        over(cx, &row, Some(text::ROLE_DELETED))?;
    }
    Ok(())
}

/// A role came back with its member: whether it may, and the end that it has.
pub fn of_returned(cx: &Cx<'_>, guild: GuildId, user: UserId, role: RoleId) -> Result<Option<Temporary>> {
    store::find_in(cx.tx.read(), (guild, user, role), &[State::Away])
}

/// The time of a role goes on where it came back.
pub fn came_back(cx: &mut Cx<'_>, guild: GuildId, user: UserId, role: RoleId) -> Result<()> {
    let Some(row) = of_returned(cx, guild, user, role)? else { return Ok(()) };
    store::save_state(cx.tx, row.id, State::Held, None, cx.now)?;
    promise_end(cx, &row)
}

/// What did not come back with a member is over.
pub fn stays_away(cx: &mut Cx<'_>, guild: GuildId, user: UserId, given_back: &[RoleId]) -> Result<()> {
    for row in store::list_of(cx.tx.read(), guild, user, u32::MAX)? {
        if row.state == State::Away && !given_back.contains(&row.role) {
            store::save_state(cx.tx, row.id, State::Over, Some(text::LEFT), cx.now)?;
        }
    }
    Ok(())
}

/// Takes ends up again that Discord refused, where the role can be taken by now.
pub fn look_over(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    for role in store::list_refused(cx.tx.read(), guild)? {
        let (Some(found), Some(me)) = (cx.guilds.find(guild), cx.me) else { return Ok(()) };
        let is_below = |role| found.outranks_role((me, &found.my_roles), role);
        if found.role(role).is_some_and(is_below) {
            promises::revive(cx.tx, &format!("{END_WORD}:{guild}:*:{role}"), cx.now)?;
        }
    }
    Ok(())
}
