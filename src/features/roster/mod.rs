//! The roster: who of the staff is in. Staff are the holders of the roles that the configuration names, and whom
//! somebody added; of them alone a presence is stored, as Discord tells it. Whether that can be trusted is never
//! stored: without a session, or without the intent, everybody is unknown.

pub mod api;
mod commands;
mod members;
pub mod rules;
pub mod store;
mod text;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::Feature;
use crate::config::{Audience, Config};
use crate::cx::Cx;
use crate::model::{Event, Guild, GuildId, MemberPresence, Need, Part, Result, Sight, Timestamp, UserId, Watchlist};
use crate::status::{Card, CardKind, Present};
use crate::store::Reader;
use crate::store::personal::{Column, Personal};
use rules::{Pace, Shown, Staff};

pub(super) static FEATURE: Feature = Feature {
    name: "roster",
    is_on: |config| config.roster.enabled,
    needs: |config| if config.roster.has_roles() { NEEDS } else { &[Need::Guilds] },
    commands: commands::COMMANDS,
    undoes: &[],
    start: Some(start),
    observe,
    card: Some(card),
    verify: None,
    portrait: None,
    personal: &[Personal::rows("roster", "that you are of the staff, and how you are there", &[Column::Id("user")])],
};

const NEEDS: &[Need] = &[Need::Guilds, Need::Members, Need::Presences];
/// Entries of one guild: as many members as can be asked for at once.
pub const ENTRIES_MAX: usize = 100;
/// Guilds with a card on the page.
const CARDS_MAX: usize = 5;

/// How each guild is kept up with Discord.
#[derive(Default)]
struct Syncs(HashMap<GuildId, Sync>);

#[derive(Default, Clone, Copy)]
struct Sync {
    /// Asking for those on the roster.
    roster: Pace,
    /// Asking for all members, as long as that is needed.
    all: Pace,
    /// All were told in this session, or one that it continues.
    is_listed: bool,
}

/// Whether presences are told at the moment.
pub fn is_running(sight: Sight) -> bool {
    sight == Sight::Clear
}

/// What can be seen of one guild, where the bot sees the guild at all or not.
pub fn sight_of(sight: Sight, guild_is_seen: bool) -> Sight {
    if guild_is_seen || sight == Sight::NotGranted { sight } else { Sight::NoSession }
}

/// The roster of a guild in its order, as it is to be shown with what can be seen at the moment.
pub fn list(reader: &Reader, config: &Config, guild: GuildId, sight: Sight, now: Timestamp) -> Result<Vec<Staff>> {
    Ok(rules::all(store::list(reader, guild)?, &config.roster, sight, now))
}

/// Takes up whose presence is looked after.
fn start(cx: &mut Cx<'_>) -> Result<()> {
    let watchlist = watchlist(cx)?;
    if !watchlist.is_empty() {
        cx.needs.extend(NEEDS);
    }
    cx.presences.watch(watchlist);
    Ok(())
}

fn watchlist(cx: &Cx<'_>) -> Result<Watchlist> {
    let roles = cx.config.roster.roles.iter().filter_map(|rank| rank.role).collect();
    let mut users: HashMap<GuildId, HashSet<UserId>> = HashMap::new();
    for (guild, user) in store::list_users(cx.tx.read())? {
        if cx.config.discord.serves(guild) {
            users.entry(guild).or_default().insert(user);
        }
    }
    Ok(Watchlist { roles, users })
}

/// Somebody came onto the roster, or went from it.
fn watch(cx: &mut Cx<'_>) -> Result<()> {
    let watchlist = watchlist(cx)?;
    let is_full = |users: &HashSet<UserId>| users.len() >= ENTRIES_MAX;
    if cx.vitals.problems().iter().any(|problem| problem.name == members::FULL)
        && !watchlist.users.values().any(is_full)
    {
        // Who found no place may find one now.
        cx.vitals.solved(members::FULL);
        cx.tx.memo(|syncs: &mut Syncs| syncs.0.values_mut().for_each(|sync| sync.is_listed = false));
    }
    cx.emit(Event::WatchlistSet(Box::new(watchlist)));
    Ok(())
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::PresenceSeen { guild, user, presence } => members::presence_seen(cx, *guild, *user, presence),
        Event::GuildSeen(guild) => {
            members::take_all(cx, guild.id, &guild.watched, &[])?;
            begin_anew(cx, guild.id)
        }
        Event::SessionResumed => of_all_guilds(cx, |cx, guild| {
            list_all(cx, guild);
            ask(cx, guild)
        }),
        Event::MembersTold { guild, members, missing, all } => {
            members::take_all(cx, *guild, members, missing)?;
            let told = members.iter().map(|member| member.author.id).chain(missing.iter().copied()).collect();
            note_answer(cx, *guild, &told, *all)
        }
        Event::MemberSeen { guild, author, roles, joined, .. } => {
            if !cx.presences.watchlist().names(*guild, author.id, roles) {
                return Ok(());
            }
            let member = MemberPresence { author: author.clone(), roles: roles.clone(), presence: None };
            let came = members::take(cx, *guild, &member)?;
            if came {
                watch(cx)?;
            }
            if came || *joined {
                cx.emit(Event::MembersWanted { guild: *guild, users: vec![author.id] });
            }
            Ok(())
        }
        Event::MemberLeft { guild, user, .. } | Event::MemberMissing { guild, user } => {
            let is_watched = cx.presences.watchlist().names_user(*guild, *user);
            if is_watched && members::is_gone(cx, *guild, *user)? { watch(cx) } else { Ok(()) }
        }
        // Who held it is not told one by one.
        Event::RoleRemoved { guild, role } if cx.config.roster.rank_of(*role).is_some() => ask(cx, *guild),
        Event::SettingsChanged => {
            watch(cx)?;
            of_all_guilds(cx, begin_anew)
        }
        Event::MinutePassed => minute(cx),
        _ => Ok(()),
    }
}

fn of_all_guilds(cx: &mut Cx<'_>, mut act: impl FnMut(&mut Cx<'_>, GuildId) -> Result<()>) -> Result<()> {
    let guilds = cx.guilds.list();
    guilds.iter().try_for_each(|guild| act(cx, guild.id))
}

/// A minute is over: leaves may be, and presences may have to be compared with Discord.
fn minute(cx: &mut Cx<'_>) -> Result<()> {
    if store::end_leaves(cx.tx, cx.now)? {
        cx.tx.hurry();
    }
    if !is_running(cx.vitals.sight()) {
        return Ok(());
    }
    let every = Duration::from_secs(cx.config.roster.sync_seconds.into());
    of_all_guilds(cx, |cx, guild| {
        let (now, sync) = (cx.now, sync_of(cx, guild, |sync| *sync));
        if sync.all.is_due(now, every) {
            list_all(cx, guild);
        }
        if sync.roster.is_due(now, every) { ask(cx, guild) } else { Ok(()) }
    })
}

fn sync_of<T>(cx: &Cx<'_>, guild: GuildId, use_it: impl FnOnce(&mut Sync) -> T) -> T {
    cx.tx.memo(|syncs: &mut Syncs| use_it(syncs.0.entry(guild).or_default()))
}

/// Nothing is known of who is there: Discord is asked for everything.
fn begin_anew(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    sync_of(cx, guild, |sync| *sync = Sync::default());
    list_all(cx, guild);
    ask(cx, guild)
}

/// Discord answered. Whether that was about everybody on the roster, is seen by those whom it named.
fn note_answer(cx: &mut Cx<'_>, guild: GuildId, told: &HashSet<UserId>, all: Option<Part>) -> Result<()> {
    if all == Some(Part::Last) {
        sync_of(cx, guild, |sync| sync.is_listed = true);
    }
    let is_whole = match all {
        Some(part) => part == Part::Last,
        None => users_of(cx, guild)?.iter().all(|user| told.contains(user)),
    };
    if is_whole {
        sync_of(cx, guild, |sync| sync.roster.answered());
        cx.emit(Event::PresencesSynced { guild, at: cx.now });
    }
    Ok(())
}

/// Whose account is on a guild's roster.
fn users_of(cx: &Cx<'_>, guild: GuildId) -> Result<Vec<UserId>> {
    Ok(store::list(cx.tx.read(), guild)?.into_iter().filter_map(|entry| entry.user).collect())
}

/// Has Discord asked how everybody on a guild's roster is there.
fn ask(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    let (users, now) = (users_of(cx, guild)?, cx.now);
    if users.is_empty() {
        return Ok(());
    }
    sync_of(cx, guild, |sync| sync.roster.asked(now));
    cx.emit(Event::MembersWanted { guild, users });
    Ok(())
}

/// Has Discord asked for all members of a guild, where roles make staff and they were not told yet: who holds a role is
/// told in no other way.
fn list_all(cx: &mut Cx<'_>, guild: GuildId) {
    let (now, is_listed) = (cx.now, sync_of(cx, guild, |sync| sync.is_listed));
    if is_listed || !cx.config.roster.has_roles() {
        return;
    }
    sync_of(cx, guild, |sync| sync.all.asked(now));
    cx.emit(Event::MembersWanted { guild, users: Vec::new() });
}

/// The staff, for those who may see them; a roster without anybody has no card.
fn card(reader: &Reader, config: &Config, guilds: &[Arc<Guild>], now: Timestamp) -> Result<Vec<Card>> {
    let audience = config.http.visibility.roster;
    let mut cards = Vec::new();
    for guild in guilds.iter().take(CARDS_MAX) {
        // What can be seen at the moment, the page knows when it is drawn.
        let staff = list(reader, config, guild.id, Sight::Clear, now)?;
        if staff.is_empty() || audience == Audience::Off {
            continue;
        }
        let title = text::card_title(&guild.name, guilds.len());
        let (kind, audience) = match audience {
            Audience::Public => (CardKind::Roster(staff.iter().map(present).collect()), audience),
            _ => (CardKind::Text(text::ROSTER_IS_FOR_MEMBERS.to_owned()), Audience::Public),
        };
        cards.push(Card { title, kind, audience });
    }
    Ok(cards)
}

fn present(staff: &Staff) -> Present {
    Present {
        name: staff.entry.name.clone(),
        rank: staff.rank.clone(),
        status: if let Shown::Is(status) = staff.shown { Some(status) } else { None },
        note: staff.note().map(str::to_owned),
        since: staff.since(),
        on_leave: staff.on_leave,
    }
}
