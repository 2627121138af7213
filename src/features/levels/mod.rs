//! Levels: messages earn XP, XP makes levels, levels bring roles, and everybody can ask where they stand.

mod announce;
pub mod api;
mod ask;
mod award;
pub mod board;
mod change;
mod commands;
pub mod days;
mod explain;
pub mod import;
mod message;
mod own;
mod pictures;
pub mod records;
pub mod roles;
pub mod rules;
pub mod similar;
pub mod simulate;
mod standings;
pub mod store;
pub mod template;
mod text;
pub mod tools;
pub mod voice;
mod why;

use std::sync::Arc;

use super::{Feature, Undoes};
use crate::config::{Audience, Config};
use crate::cx::Cx;
use crate::model::{Event, Guild, GuildId, Message, Need, Result, Timestamp, UserId};
use crate::status::{Card, CardKind, Standing};
use crate::store::personal::{Column, Personal};
use crate::store::{Reader, fold, people};
use rules::Row;

pub(super) static FEATURE: Feature = Feature {
    name: "levels",
    is_on: |config| config.levels.enabled,
    needs,
    commands: commands::COMMANDS,
    undoes: &[Undoes { letter: 'L', undo: change::undo_row }, Undoes { letter: 'B', undo: change::undo_batch }],
    start: Some(voice::start),
    observe,
    card: Some(card),
    verify: Some(verify),
    portrait: Some(pictures::portrait),
    personal: PERSONAL,
};

const USER: &[Column] = &[Column::Id("user")];
const PERSONAL: &[Personal] = &[
    Personal::rows("xp", "your XP, your streak and what you chose", USER).with_memory(store::drop_memory),
    Personal::rows("why", "why something earned nothing lately", USER).with_memory(why::drop_memory),
    Personal::rows("said", "sketches of your last messages, where repeats are looked for", USER),
    Personal::rows("voice_state", "that you are in voice, and how long", USER).with_memory(voice::store::drop_memory),
    Personal::nobody("voice_afk", "which voice channel the idle are moved to"),
];

/// Members shown on the page.
const CARD_ROWS: u32 = 10;
/// Guilds with a board on the page.
const CARDS_MAX: usize = 5;
const IMBALANCES_SHOWN_MAX: u32 = 5;

fn needs(config: &Config) -> &'static [Need] {
    // Who leaves disappears from the board, and who comes back is given their roles at once.
    let all = &[Need::Messages, Need::Members, Need::Voice];
    if voice::is_on(config) { all } else { &all[..2] }
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    voice::observe(cx, event)?;
    match event {
        Event::MessageSent(message) if message.is_from_person() => on_message(cx, message),
        Event::MemberSeen { guild, author, roles: held, joined: true, .. } if !author.bot => {
            set_away(cx, *guild, author.id, false)?;
            let level = cx.config.levels.curve.level_of(store::load(cx.tx, *guild, author.id)?.xp);
            roles::repair(cx, *guild, author.id, level, held)
        }
        // A role, or the bot's own place among them, changed: what was refused may be possible now.
        Event::RoleSeen { guild, .. } | Event::RoleRemoved { guild, .. } => roles::look_over(cx, *guild),
        Event::MemberSeen { guild, author, .. } if Some(author.id) == cx.me => roles::look_over(cx, *guild),
        // It may have changed while nobody could tell us.
        Event::GuildSeen(guild) => roles::look_over(cx, guild.id),
        Event::SettingsChanged => cx.guilds.list().iter().try_for_each(|guild| roles::look_over(cx, guild.id)),
        Event::MinutePassed => fold(cx),
        Event::Closing => why::spill(cx.tx, cx.now),
        Event::CommandRan { .. } => message::on_command(cx, event),
        // Who comes back is given what they should hold then.
        Event::MemberMissing { guild, user } if people::is_told(cx.tx.read(), *guild, *user)? => Ok(()),
        Event::MemberMissing { guild, user } => set_away(cx, *guild, *user, true),
        Event::MemberLeft { guild, user, .. } => {
            set_away(cx, *guild, *user, true)?;
            roles::call_off(cx, *guild, *user)
        }
        _ => Ok(()),
    }
}

/// Folds one old day of the ledger, where that is asked for.
fn fold(cx: &mut Cx<'_>) -> Result<()> {
    let (days, zone) = (cx.config.levels.fold_after_days, &cx.config.discord.timezone);
    let Some(oldest) = fold::oldest(cx.tx.read())?.filter(|_| days > 0) else { return Ok(()) };
    let day = zone.day(oldest);
    if day.plus(i64::from(days)) < zone.day(cx.now) {
        fold::fold(cx.tx, zone.begin_of(day.plus(1)))?;
    }
    Ok(())
}

/// Who left is on no board; who comes back has what they had.
fn set_away(cx: &mut Cx<'_>, guild: GuildId, user: UserId, away: bool) -> Result<()> {
    let before = store::load(cx.tx, guild, user)?;
    if before.away != away && before != Row::default() {
        store::save(cx.tx, guild, user, &before, Row { away, ..before })?;
    }
    Ok(())
}

fn on_message(cx: &mut Cx<'_>, message: &Message) -> Result<()> {
    let (guild, user) = (message.guild, message.author.id);
    let mut before = store::load(cx.tx, guild, user)?;
    if before.away {
        // Who writes is here.
        let back = Row { away: false, ..before };
        store::save(cx.tx, guild, user, &before, back)?;
        before = back;
    }
    // A command is answered, not paid as a message.
    let after = if cx.is_command { before } else { message::earn(cx, message, before)? };
    if cx.config.levels.roles.is_empty() {
        return Ok(());
    }
    let level = cx.config.levels.curve.level_of(after.xp);
    roles::repair(cx, guild, user, level, &message.roles)
}

fn card(reader: &Reader, config: &Config, guilds: &[Arc<Guild>], _: Timestamp) -> Result<Vec<Card>> {
    let audience = config.http.visibility.leaderboard;
    if audience != Audience::Public {
        let kind = CardKind::Text(text::BOARD_IS_FOR_MEMBERS.to_owned());
        let note = Card { title: text::BOARD.to_owned(), kind, audience: Audience::Public };
        return Ok(if audience == Audience::Members { vec![note] } else { Vec::new() });
    }
    let mut cards = Vec::new();
    for guild in guilds.iter().take(CARDS_MAX) {
        let board = store::list_top(reader, guild.id, CARD_ROWS)?;
        let standing = |placed: store::Placed| Standing {
            rank: placed.rank,
            name: placed.name.unwrap_or_else(|| text::UNNAMED.to_owned()),
            level: u64::from(config.levels.curve.level_of(placed.xp)),
            xp: placed.xp,
            progress: config.levels.curve.steps(placed.xp),
        };
        let kind = CardKind::Leaderboard(board.into_iter().map(standing).collect());
        cards.push(Card { title: guild.name.clone(), kind, audience });
    }
    Ok(cards)
}

/// Every balance is the sum of its ledger rows.
fn verify(reader: &Reader) -> Result<Vec<String>> {
    let wrong = store::list_imbalances(reader, IMBALANCES_SHOWN_MAX)?;
    let words = |(user, xp, sum): (i64, i64, i64)| format!("member {user} has {xp} XP, but the ledger says {sum}");
    Ok(wrong.into_iter().map(words).collect())
}
