//! `/roster show` and `/roster me` for everybody; `add`, `remove`, `rank`, `loa`, `link` and `sync` for those who
//! manage the server.

use super::rules::{self, Entry, Leave, Staff};
use super::store::{self, NewEntry};
use super::{ENTRIES_MAX, text, watch};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::config::{Audience, RANK_CHARS_MAX};
use crate::cx::{Cx, Promised};
use crate::model::text::is_invisible;
use crate::model::{Effect, Event, GuildId, Outgoing, Permission, Refusal, Result, Sight, Span, UserId};
use crate::store::promises;

pub const COMMANDS: &[&Command] = &[&SHOW, &ME, &ADD, &REMOVE, &RANK, &LOA, &LINK, &SYNC];

const CATEGORY: &str = "Staff";
const PAGE_ROWS: usize = 20;
const PAGES_MAX: i64 = 100;
const NAME_CHARS_MAX: u16 = 64;
/// The longest leave that ends by itself.
const LEAVE_MAX: Span = Span::days(3_650);
const SYNC_WORD: &str = "roster.sync";

static PAGE: Opt<i64> = Opt::whole("page", "Which page", 1..=PAGES_MAX);
static MEMBER: Opt<UserId> = Opt::user("member", "Who it is");
static WHOM: Opt<UserId> = Opt::user("member", "Whose account it is").required();
static ENTRY: Opt<i64> = Opt::whole("entry", "The number of an entry, instead of a member", 1..=i64::MAX).by_name();
static WHICH: Opt<i64> = Opt::whole("entry", "The number of the entry", 1..=i64::MAX).required();
static RANK_NAME: Opt<String> = Opt::text("rank", "The name of the rank", RANK_CHARS_MAX).required();
static NAME: Opt<String> =
    Opt::text("name", "A name, for somebody whose account is linked later", NAME_CHARS_MAX).by_name();
static ON_OFF: Opt<String> = Opt::choice("state", "Whether the leave begins or ends", &["on", "off"]).required();
static DURATION: Opt<Span> = Opt::span("duration", "For how long: 2d, 14d; until it is ended without it", LEAVE_MAX);

static OF_SHOW: [&dyn Declared; 1] = [&PAGE];
static OF_ADD: [&dyn Declared; 3] = [&MEMBER, &NAME, &RANK_NAME];
static OF_REMOVE: [&dyn Declared; 2] = [&MEMBER, &ENTRY];
static OF_RANK: [&dyn Declared; 3] = [&MEMBER, &ENTRY, &RANK_NAME];
static OF_LOA: [&dyn Declared; 4] = [&MEMBER, &ENTRY, &ON_OFF, &DURATION];
static OF_LINK: [&dyn Declared; 2] = [&WHICH, &WHOM];

static SHOW: Command = Command {
    aliases: &["roster"],
    ephemeral: true,
    for_visitors: |config| config.http.visibility.roster == Audience::Public,
    ..Command::open("roster show", "Shows who of the staff is there", CATEGORY, &OF_SHOW, show)
};
static ME: Command =
    Command { ephemeral: true, ..Command::open("roster me", "Shows how you stand on the roster", CATEGORY, &[], me) };
static ADD: Command =
    Command { looks_at: Some(&MEMBER), ..staff("roster add", "Adds somebody to the roster", &OF_ADD, add) };
static REMOVE: Command = staff("roster remove", "Removes somebody from the roster", &OF_REMOVE, remove);
static RANK: Command = staff("roster rank", "Gives somebody on the roster a rank", &OF_RANK, rank);
static LOA: Command = staff("roster loa", "Begins or ends somebody's leave of absence", &OF_LOA, loa);
static LINK: Command = Command {
    looks_at: Some(&WHOM),
    ..staff("roster link", "Links an entry of the roster to a member's account", &OF_LINK, link)
};
static SYNC: Command = staff("roster sync", "Compares the roster with Discord now", &[], sync);

const fn staff(
    name: &'static str,
    about: &'static str,
    options: &'static [&'static dyn Declared],
    plan: crate::command::PlanFn,
) -> Command {
    Command::open(name, about, CATEGORY, options, plan).for_staff(Permission::ManageGuild)
}

/// What can be seen of a guild at the moment.
fn sight(cx: &Cx<'_>, guild: GuildId) -> Sight {
    super::sight_of(cx.vitals.sight(), cx.guilds.find(guild).is_some())
}

fn as_shown(cx: &Cx<'_>, entry: Entry) -> Staff {
    let sight = sight(cx, entry.guild);
    rules::staff(entry, &cx.config.roster, sight, cx.now)
}

fn show(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let sight = sight(cx, guild);
    let all = rules::all(store::list(cx.tx.read(), guild)?, &cx.config.roster, sight, cx.now);
    let page = usize::try_from(args.find(&PAGE).unwrap_or(1))?;
    Ok(Plan::reply(text::roster(&all, sight, PAGE_ROWS, page)))
}

fn me(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let own = store::find_of(cx.tx.read(), cx.guild()?, actor.user)?;
    let own = own.ok_or_else(|| Refusal::new(text::YOU_ARE_NOT_ON_IT))?;
    Ok(Plan::reply(text::entry("", &as_shown(cx, own))))
}

/// The entry that a command names.
fn named(cx: &Cx<'_>, args: &Args) -> Result<Entry> {
    let guild = cx.guild()?;
    let (found, words) = match (args.find(&ENTRY), args.find(&MEMBER)) {
        (Some(id), _) => (store::find(cx.tx.read(), guild, id)?, text::NO_SUCH_ENTRY),
        (None, Some(user)) => (store::find_of(cx.tx.read(), guild, user)?, text::NOT_ON_IT),
        (None, None) => (None, text::WHO),
    };
    Ok(found.ok_or_else(|| Refusal::new(words))?)
}

/// A text that shows something, without what surrounds it.
fn visible(given: &str, words: &'static str) -> Result<String, Refusal> {
    match given.chars().any(|c| !c.is_whitespace() && !is_invisible(c)) {
        true => Ok(given.trim().to_owned()),
        false => Err(Refusal::new(words)),
    }
}

/// A rank by the name that the configuration has for it, where it has one.
fn rank_name(cx: &Cx<'_>, args: &Args) -> Result<String, Refusal> {
    let given = visible(&args.load(&RANK_NAME)?, text::EMPTY_RANK)?;
    Ok(cx.config.roster.rank(&given).map_or(given, |known| known.rank.clone()))
}

fn add(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let (guild, rank) = (cx.guild()?, rank_name(cx, args)?);
    let user = args.find(&MEMBER);
    let seen = user.map(|_| args.seen()).transpose()?;
    let name = match (args.find(&NAME), seen) {
        (Some(given), None) => visible(&given, text::EMPTY_NAME)?,
        (_, Some(seen)) => seen.name.clone(),
        (None, None) => return Err(Refusal::new(text::NAME_NEEDED).into()),
    };
    if seen.is_some_and(|seen| seen.bot) {
        return Err(Refusal::new(text::NO_BOTS).into());
    }
    let known = user.map(|user| store::find_of(cx.tx.read(), guild, user)).transpose()?.flatten();
    let id = match known {
        Some(known) if known.by_hand => return Err(Refusal::new(text::ON_IT_ALREADY).into()),
        // Who is on it by a role stays without it, too.
        Some(known) => {
            store::save(cx.tx, &Entry { by_hand: true, rank: Some(rank), ..known.clone() })?;
            known.id
        }
        None if store::count(cx.tx.read(), guild)? >= ENTRIES_MAX => return Err(Refusal::new(text::is_full()).into()),
        None => {
            let (by_hand, here) = (true, seen.map(|seen| seen.is_here()));
            let new = NewEntry { guild, user, name: &name, role: None, by_hand, rank: Some(&rank), here, at: cx.now };
            store::insert(cx.tx, &new)?
        }
    };
    look_after(cx, guild, user)?;
    changed(cx, guild, id, "On the roster: ")
}

/// From now on somebody's presence is told, and asked for.
fn look_after(cx: &mut Cx<'_>, guild: GuildId, user: Option<UserId>) -> Result<()> {
    watch(cx)?;
    if let Some(user) = user {
        cx.emit(Event::MembersWanted { guild, users: vec![user] });
    }
    Ok(())
}

/// The answer to a change.
fn changed(cx: &Cx<'_>, guild: GuildId, id: i64, did: &str) -> Result<Plan> {
    let entry = store::find(cx.tx.read(), guild, id)?.ok_or_else(|| Refusal::new(text::NO_LONGER_THERE))?;
    Ok(Plan::reply(text::entry(did, &as_shown(cx, entry))))
}

fn remove(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let entry = named(cx, args)?;
    match (entry.by_hand, entry.role) {
        (false, _) => Err(Refusal::new(text::stays_by_role(&entry.name)).into()),
        (true, Some(_)) if entry.user.is_some() => {
            store::save(cx.tx, &Entry { by_hand: false, rank: None, ..entry.clone() })?;
            Ok(Plan::reply(text::stays(&entry.name)))
        }
        (true, _) => {
            store::remove(cx.tx, entry.id)?;
            watch(cx)?;
            Ok(Plan::reply(text::removed(&entry.name)))
        }
    }
}

fn rank(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let (entry, rank) = (named(cx, args)?, rank_name(cx, args)?);
    store::save(cx.tx, &Entry { rank: Some(rank), ..entry.clone() })?;
    changed(cx, entry.guild, entry.id, "")
}

fn loa(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let entry = named(cx, args)?;
    let leave = match args.load(&ON_OFF)?.as_str() {
        "on" => {
            let until = args.find(&DURATION).map(|span| cx.now.plus(span.duration()));
            Some(Leave { from: cx.now, until })
        }
        _ if entry.leave.is_none_or(|leave| !leave.is_on(cx.now)) => return Err(Refusal::new(text::NOT_AWAY).into()),
        _ => None,
    };
    store::save(cx.tx, &Entry { leave, ..entry.clone() })?;
    changed(cx, entry.guild, entry.id, "")
}

fn link(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let (guild, id, user, seen) = (cx.guild()?, args.load(&WHICH)?, args.load(&WHOM)?, args.seen()?);
    let entry = store::find(cx.tx.read(), guild, id)?.ok_or_else(|| Refusal::new(text::NO_SUCH_ENTRY))?;
    if seen.bot {
        return Err(Refusal::new(text::NO_BOTS).into());
    }
    if entry.user.is_some() {
        return Err(Refusal::new(text::HAS_ACCOUNT).into());
    }
    if store::find_of(cx.tx.read(), guild, user)?.is_some_and(|other| other.id != id) {
        return Err(Refusal::new(text::LINKED_ALREADY).into());
    }
    let role = rules::counting_role(&cx.config.roster, seen.roles.as_deref().unwrap_or_default());
    let (name, here) = (seen.name.clone(), Some(seen.is_here()));
    store::save(cx.tx, &Entry { user: Some(user), name, here, role, ..entry })?;
    look_after(cx, guild, Some(user))?;
    changed(cx, guild, id, "Linked: ")
}

fn sync(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    if sight(cx, guild) == Sight::NoSession {
        return Err(Refusal::new(text::NOT_CONNECTED).into());
    }
    let users = store::list_to_compare(cx.tx.read(), guild, cx.config.roster.has_roles())?;
    let users = users.ok_or_else(|| Refusal::new(text::NOBODY_TO_ASK_FOR))?;
    cx.promise(Promised {
        action: SYNC_WORD,
        target: Some(format!("{SYNC_WORD}:{guild}")),
        guild: Some(guild),
        about: text::promise_sync().to_owned(),
        effect: Effect::AskMembers { guild, users },
        due_at: cx.now,
        tells: None,
    })?;
    Ok(Plan::after(cx.origin(SYNC_WORD), 0, synced, Outgoing::text(text::SYNC_WAITS)))
}

/// The answer to a comparison, as far as Discord was heard of.
fn synced(cx: &mut Cx<'_>, _: i64) -> Result<Outgoing> {
    if promises::is_due(cx.tx.read(), &cx.origin(SYNC_WORD))? {
        return Ok(Outgoing::text(text::SYNC_WAITS));
    }
    Ok(text::synced(store::count(cx.tx.read(), cx.guild()?)?))
}
