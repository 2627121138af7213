//! Voice: whole minutes in a call are paid while the call goes on.
//!
//! It follows who is in voice, settles everybody before anything changes and once a minute, and leaves to the rules
//! what counts.

pub mod rules;
pub(super) mod store;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::award::{self, Act, Earner};
use super::rules::{Row, worth};
use super::why::{self, Note, Reason};
use super::{roles, store as members};
use crate::config::Config;
use crate::cx::{Cx, Source};
use crate::model::{ChannelId, Event, GuildId, Result, UserId, XP_MAX};
use rules::{Kind, Mark, Minutes, Seat};

/// Whether minutes in voice earn at all.
pub(super) fn is_on(config: &Config) -> bool {
    config.levels.voice_xp_per_minute > 0
}

/// Takes up what the last run knew. What happened in between was not seen.
pub(super) fn start(cx: &mut Cx<'_>) -> Result<()> {
    let known = store::list_guilds(cx.tx.read())?;
    let (kept, dropped): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|guild| is_on(cx.config) && cx.config.discord.serves(*guild));
    dropped.into_iter().try_for_each(|guild| store::remove_all(cx.tx, guild))?;
    if kept.is_empty() { Ok(()) } else { store::begin_anew(cx.tx) }
}

pub(super) fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    if !is_on(cx.config) {
        return Ok(());
    }
    let me = cx.me;
    match event {
        Event::MinutePassed => in_every_guild(cx, settle),
        Event::VoiceSeen { guild, voice } => {
            let afk = store::find_afk(cx.tx, *guild)?;
            change(cx, *guild, |seats, now| {
                rules::seat(seats, voice, afk, now);
                mark_me(seats, me);
            })
        }
        // Whoever was in voice before may have left it unseen and come back: all begin anew.
        Event::GuildSeen(guild) => {
            store::save_afk(cx.tx, guild.id, guild.afk_channel)?;
            change(cx, guild.id, |seats, now| {
                seats.clear();
                guild.voices.iter().for_each(|voice| rules::seat(seats, voice, guild.afk_channel, now));
                mark_me(seats, me);
            })
        }
        Event::SessionBegan { .. } => in_every_guild(cx, |cx, guild| change(cx, guild, |seats, _| seats.clear())),
        Event::GuildLost { guild, .. } => change(cx, *guild, |seats, _| seats.clear()),
        Event::GuildChanged(outline) => {
            store::save_afk(cx.tx, outline.id, outline.afk_channel)?;
            change(cx, outline.id, |seats, _| {
                seats.iter_mut().for_each(|seat| seat.is_afk = Some(seat.channel) == outline.afk_channel);
            })
        }
        Event::ChannelRemoved { guild, channel } => {
            change(cx, *guild, |seats, _| seats.retain(|seat| seat.channel != *channel))
        }
        Event::MemberSeen { guild, author, roles, .. } => change(cx, *guild, |seats, _| {
            if let Some(seat) = seats.iter_mut().find(|seat| seat.user == author.id) {
                seat.name.clone_from(&author.name);
                seat.roles.clone_from(roles);
            }
        }),
        Event::MemberLeft { guild, user, .. } => change(cx, *guild, |seats, _| seats.retain(|seat| seat.user != *user)),
        _ => Ok(()),
    }
}

fn in_every_guild(cx: &mut Cx<'_>, mut act: impl FnMut(&mut Cx<'_>, GuildId) -> Result<()>) -> Result<()> {
    let guilds = store::list_guilds(cx.tx.read())?;
    guilds.into_iter().try_for_each(|guild| act(cx, guild))
}

/// We may be in voice ourselves one day, and are no company.
fn mark_me(seats: &mut [Seat], me: Option<UserId>) {
    seats.iter_mut().filter(|seat| Some(seat.user) == me).for_each(|seat| seat.is_bot = true);
}

/// Settles everybody of a guild in the state that held until now, then changes it.
fn change(cx: &mut Cx<'_>, guild: GuildId, apply: impl FnOnce(&mut Vec<Seat>, Mark)) -> Result<()> {
    let mut seats = settled(cx, guild)?;
    let before = seats.clone();
    apply(&mut seats, mark(cx));
    save_changes(cx, guild, &before, &seats)?;
    store::keep(cx.tx, guild, seats);
    Ok(())
}

fn settle(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    let seats = settled(cx, guild)?;
    store::keep(cx.tx, guild, seats);
    Ok(())
}

/// Everybody of a guild, with what they earned until now paid.
fn settled(cx: &mut Cx<'_>, guild: GuildId) -> Result<Vec<Seat>> {
    let mut seats = store::take(cx.tx, guild)?;
    for Minutes { seat, kind, minutes } in rules::settle(&mut seats, mark(cx), &cx.config.levels.voice) {
        let seat = &seats[seat];
        match reason(kind) {
            None => pay(cx, guild, seat, minutes)?,
            Some(reason) => note(cx, guild, seat, reason, minutes)?,
        }
    }
    Ok(seats)
}

fn mark(cx: &Cx<'_>) -> Mark {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Mark { seen_ms: ms(cx.watched.seen), missed_ms: ms(cx.watched.missed) }
}

fn pay(cx: &mut Cx<'_>, guild: GuildId, seat: &Seat, minutes: u64) -> Result<()> {
    // In any case the minutes are settled: who opts in later is not paid for them.
    store::save(cx.tx, guild, seat)?;
    let user = seat.user;
    let before = members::load(cx.tx, guild, user)?;
    if before.choices.no_xp {
        return note(cx, guild, seat, Reason::OptedOut, 1);
    }
    let channels = cx.guilds.find(guild).map_or_else(|| vec![seat.channel], |guild| guild.line_of(seat.channel));
    let levels = &cx.config.levels;
    // Each minute by itself, so that it does not matter how many come at once.
    let each = match worth(levels, levels.voice_xp_per_minute, &seat.roles, &channels) {
        Ok(each) => each,
        Err(reason) => return note(cx, guild, seat, reason, 1),
    };
    let amount = each.saturating_mul(i64::try_from(minutes).unwrap_or(i64::MAX));
    let xp = before.xp.saturating_add(amount).clamp(0, XP_MAX);
    // Who is in voice is here.
    let after = Row { xp, away: false, ..before };
    let earner = Earner { guild, user, name: &seat.name, channel: Some(seat.channel) };
    let act = Act { what: "voice", source: 0, at: cx.now };
    // One minute may bring several members to a level.
    let source = cx.source.clone();
    cx.source = Source::Of(Box::new(source.clone()), guild, user);
    let paid = award::pay(cx, &earner, &before, after, act).and_then(|row| {
        let curve = &cx.config.levels.curve;
        let (old, new) = (curve.level_of(before.xp), curve.level_of(row.xp));
        if new > old { roles::repair(cx, guild, user, new, &seat.roles) } else { Ok(()) }
    });
    cx.source = source;
    paid
}

/// Why a minute that did not count did not; none for one that did.
fn reason(kind: Kind) -> Option<Reason> {
    Some(match kind {
        Kind::Counted => return None,
        Kind::Muted => Reason::VoiceMuted,
        Kind::Deafened => Reason::VoiceDeafened,
        Kind::Alone => Reason::VoiceAlone,
        Kind::Afk => Reason::VoiceAfk,
        Kind::Unseen => Reason::VoiceUnseen,
    })
}

fn note(cx: &Cx<'_>, guild: GuildId, seat: &Seat, reason: Reason, amount: u64) -> Result<()> {
    let amount = u32::try_from(amount).unwrap_or(u32::MAX);
    why::note(cx.tx, guild, seat.user, Note { reason, amount, left_seconds: 0, at: cx.now })
}

/// Stores what changed, and everybody in the channels where something did: what company they had ends there.
fn save_changes(cx: &Cx<'_>, guild: GuildId, before: &[Seat], after: &[Seat]) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let by_user =
        |seats: &'_ [Seat]| -> HashMap<UserId, Seat> { seats.iter().map(|seat| (seat.user, seat.clone())).collect() };
    let (then, now) = (by_user(before), by_user(after));
    for gone in then.keys().filter(|user| !now.contains_key(user)) {
        store::remove(cx.tx, guild, *gone)?;
    }
    let moved = |user: &&UserId| then.get(user) != now.get(user);
    let users: HashSet<&UserId> = then.keys().chain(now.keys()).filter(moved).collect();
    let places = users.into_iter().flat_map(|user| [then.get(user), now.get(user)]).flatten();
    let channels: HashSet<ChannelId> = places.map(|seat| seat.channel).collect();
    let mut concerned = after.iter().filter(|seat| channels.contains(&seat.channel));
    concerned.try_for_each(|seat| store::save(cx.tx, guild, seat))
}
