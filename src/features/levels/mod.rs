//! Levels: messages earn XP, XP makes levels, levels bring roles, and everybody can ask where they stand.

mod award;
mod board;
mod change;
mod commands;
pub mod days;
mod explain;
mod message;
mod own;
pub mod rules;
pub mod similar;
mod standings;
pub mod store;
pub mod template;
mod text;
pub mod tools;
pub mod voice;
mod why;

use std::fmt::Display;
use std::sync::Arc;

use super::Feature;
use crate::config::{Announce, Audience, Config, LevelRole};
use crate::cx::{Cx, Promised};
use crate::model::{Effect, Event, Guild, GuildId, Message, Need, Outgoing, Result, RoleId, UserId};
use crate::status::{Card, CardKind, Standing};
use crate::store::{Reader, promises};
use award::Earner;
use rules::Row;
use template::LevelUp;

pub(super) static FEATURE: Feature = Feature {
    name: "levels",
    is_on: |config| config.levels.enabled,
    needs,
    commands: commands::COMMANDS,
    start: Some(voice::start),
    observe,
    card: Some(card),
    verify: Some(verify),
};

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
        Event::MemberSeen { guild, author, roles, joined: true } if !author.bot => {
            set_away(cx, *guild, author.id, false)?;
            let level = cx.config.levels.curve.level_of(store::load(cx.tx, *guild, author.id)?.xp);
            mend_roles(cx, *guild, author.id, level, roles)
        }
        // A role, or the bot's own place among them, changed: what was refused may be possible now.
        Event::RoleSeen { guild, .. } | Event::MemberSeen { guild, .. } if is_about_me(cx, event) => {
            take_up_refused(cx, *guild)
        }
        // It may have changed while nobody could tell us.
        Event::GuildSeen(guild) => take_up_refused(cx, guild.id),
        // Who comes back is given what they should hold then.
        Event::MemberLeft { guild, user } => {
            set_away(cx, *guild, *user, true)?;
            promises::call_off(cx.tx, &role_target(*guild, user, "*"), text::LEFT, cx.now)
        }
        _ => Ok(()),
    }
}

/// Who left is on no board; who comes back has what they had.
fn set_away(cx: &mut Cx<'_>, guild: GuildId, user: UserId, away: bool) -> Result<()> {
    let before = store::load(cx.tx, guild, user)?;
    if before.away != away && before != Row::default() {
        store::save(cx.tx, guild, user, &before, Row { away, ..before })?;
    }
    Ok(())
}

/// Asks again for the roles that Discord refused, as far as the bot may give them now.
fn take_up_refused(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    let Some(seen) = cx.guilds.find(guild) else { return Ok(()) };
    let top = seen.top_position(&seen.my_roles);
    for (_, role) in roles_of(cx, guild) {
        if seen.role(role).is_some_and(|role| role.position < top && !role.managed) {
            promises::revive(cx.tx, &role_target(guild, "*", role), cx.now)?;
        }
    }
    Ok(())
}

fn is_about_me(cx: &Cx<'_>, event: &Event) -> bool {
    match event {
        Event::MemberSeen { author, .. } => Some(author.id) == cx.me,
        _ => true,
    }
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
    mend_roles(cx, guild, user, level, &message.roles)
}

/// Announces that a member rose from level `before` to the level of `xp`, once however many levels that is.
fn announce(cx: &mut Cx<'_>, earner: &Earner<'_>, before: u32, xp: i64) -> Result<()> {
    let Earner { guild, user, name, channel } = *earner;
    let levels = &cx.config.levels;
    let level = levels.curve.level_of(xp);
    let roles = rules::changed_roles(&level_roles(cx, guild), levels.role_mode, before, level);
    let roles: Vec<_> = roles.into_iter().filter(|(_, give)| *give).map(|(role, _)| role).collect();
    let found = cx.guilds.find(guild);
    let guild_name = found.as_ref().map_or("this server", |guild| &guild.name);
    let tier = levels.tier_of(level);
    let level_up = LevelUp { member: user, level, tier, xp, guild: guild_name, roles: &roles, tools: &[] };
    let mut words = Outgoing::text(template::render(&levels.message, &level_up));
    if levels.announce_ping {
        words.mentions.users.push(user);
    }
    let effect = match (cx.config.levels.announce, channel) {
        (Announce::Off, _) | (Announce::Channel, None) => return Ok(()),
        (Announce::In(channel), _) | (Announce::Channel, Some(channel)) => {
            Effect::SendMessage { channel, message: words, reply_to: None }
        }
        (Announce::Direct, _) => Effect::SendDirect { user, message: words },
    };
    cx.promise(Promised {
        action: "level_up",
        target: None,
        guild: Some(guild),
        about: text::promise_level_up(name, level),
        effect,
        due_at: cx.now,
    })
}

/// The level roles of this guild: a role counts in the guild that has it.
fn level_roles(cx: &Cx<'_>, guild: GuildId) -> Vec<LevelRole> {
    let Some(guild) = cx.guilds.find(guild) else { return Vec::new() };
    cx.config.levels.roles.iter().filter(|entry| guild.role(entry.role).is_some()).copied().collect()
}

/// The same as level and role.
fn roles_of(cx: &Cx<'_>, guild: GuildId) -> Vec<(u32, RoleId)> {
    level_roles(cx, guild).into_iter().map(|entry| (entry.level, entry.role)).collect()
}

/// Promises what is amiss about the level roles that a member holds: those that should be held and are not, and those
/// that a higher one has replaced. What an admin gave by hand above the level stays.
fn mend_roles(cx: &mut Cx<'_>, guild: GuildId, user: UserId, level: u32, held: &[RoleId]) -> Result<()> {
    let roles = level_roles(cx, guild);
    for (LevelRole { level, role, .. }, give) in rules::amiss_roles(&roles, cx.config.levels.role_mode, level, held) {
        // One that Discord refused waits for somebody to act; asking again with every message would not help.
        if !promises::is_open(cx.tx.read(), &role_target(guild, user, role))? {
            let reason = if give { text::reason_role(level) } else { text::reason_role_passed(level) };
            promise_role(cx, guild, user, role, give, &reason)?;
        }
    }
    Ok(())
}

fn promise_role(cx: &mut Cx<'_>, guild: GuildId, user: UserId, role: RoleId, give: bool, reason: &str) -> Result<()> {
    let reason = reason.to_owned();
    let effect = match give {
        true => Effect::AddRole { guild, user, role, reason },
        false => Effect::RemoveRole { guild, user, role, reason },
    };
    let found = cx.guilds.find(guild);
    let role_name = found.as_ref().and_then(|guild| guild.role(role)).map_or("a role", |role| &role.name);
    let name = store::find_name(cx.tx.read(), guild, user)?;
    cx.promise(Promised {
        action: &format!("role.{role}"),
        target: Some(role_target(guild, user, role)),
        guild: Some(guild),
        about: text::promise_role(name.as_deref(), role_name, give),
        effect,
        due_at: cx.now,
    })
}

/// What a role promise is about; with `*` for member or role, the pattern of all of them.
fn role_target(guild: GuildId, user: impl Display, role: impl Display) -> String {
    format!("role:{guild}:{user}:{role}")
}

fn card(reader: &Reader, config: &Config, guilds: &[Arc<Guild>]) -> Result<Vec<Card>> {
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
