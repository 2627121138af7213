//! Guilds and members as records: what a guild looks like, kept for resumed sessions, and by which name a member is to
//! be shown.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::params;

use super::Feature;
use crate::config::Config;
use crate::cx::Cx;
use crate::model::{Author, Event, Guild, GuildId, Need, Result, UserId, Voice};
use crate::store::Tx;
use crate::store::people::{self, Saved};
use crate::store::personal::{Column, Personal};

pub(super) static FEATURE: Feature = Feature {
    name: "guilds",
    is_on: |_| true,
    needs,
    commands: &[],
    undoes: &[],
    start: Some(start),
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: PERSONAL,
};

const PERSONAL: &[Personal] =
    &[Personal::rows("member", "the name and picture by which you are shown", &[Column::Id("user")])
        .with_memory(forget)];

/// Names that are remembered as already stored; past it the memory begins anew.
const REMEMBERED_MAX: usize = 16_384;

/// What is stored of members, as a hash of name and avatar.
#[derive(Default)]
struct Stored(HashMap<(GuildId, UserId), u64>);

/// Their name is no longer known as stored.
fn forget(tx: &Tx, guild: GuildId, user: UserId) {
    tx.memo(|stored: &mut Stored| stored.0.remove(&(guild, user)));
}

fn needs(_: &Config) -> &'static [Need] {
    &[Need::Guilds]
}

/// A resumed session is not told of its guilds again: they come from the last run.
fn start(cx: &mut Cx<'_>) -> Result<()> {
    let mut statement = cx.tx.read().prepare("SELECT state, members FROM guild WHERE present = 1")?;
    let stored = statement.query_map((), |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    for stored in stored {
        let (state, members) = stored?;
        match serde_json::from_str::<Guild>(&state) {
            Ok(guild) if cx.config.discord.serves(guild.id) => {
                cx.guilds.put(Guild { member_count: members as u64, ..guild });
            }
            Ok(_) => {}
            // Discord tells it again with the next new session; until then permissions are not known.
            Err(error) => tracing::warn!(%error, "a stored guild could not be read"),
        }
    }
    cx.vitals.guilds.store(cx.guilds.count() as u64, Relaxed);
    let seen: i64 = cx.tx.read().query_row("SELECT count(*) FROM member", (), |row| row.get(0))?;
    cx.vitals.members_seen.store(seen as u64, Relaxed);
    Ok(())
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::VoiceSeen { guild, voice } => save_voice(cx, *guild, voice),
        Event::CommandRan { .. }
        | Event::MessagesDeleted { .. }
        | Event::MinutePassed
        | Event::Closing
        | Event::SettingsChanged => Ok(()),
        Event::MessageSent(message) if message.author.bot => Ok(()),
        Event::MessageSent(message) => save_member(cx, message.guild, &message.author),
        Event::MemberSeen { author, .. } if author.bot && Some(author.id) != cx.me => Ok(()),
        Event::MemberSeen { guild, author, joined, .. } => {
            match Some(author.id) == cx.me {
                true => save_guild(cx, *guild)?,
                false if *joined => save_count(cx, *guild)?,
                false => {}
            }
            save_member(cx, *guild, author)
        }
        Event::MemberLeft { guild, user, .. } => {
            forget(cx.tx, *guild, *user);
            // Somebody who was never seen may have left more than a name.
            let sql = "INSERT INTO member (guild, user, name, present, left_at) VALUES (?1, ?2, '', 0, ?3)
                ON CONFLICT (guild, user) DO UPDATE SET present = 0, left_at = excluded.left_at";
            cx.tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql(), cx.now.ms()])?;
            save_count(cx, *guild)
        }
        Event::MemberMissing { guild, user } => {
            forget(cx.tx, *guild, *user);
            people::save_missing(cx.tx, *guild, *user, cx.now)
        }
        // Nothing that Discord told: the member is known.
        Event::LevelReached { .. }
        | Event::ToolUnlocked { .. }
        | Event::MemberBanned { .. }
        | Event::MemberArrived { .. }
        | Event::ReactionAdded { .. }
        | Event::GuildJoined { .. }
        | Event::CaseOpened { .. }
        | Event::KudosGiven { .. }
        | Event::Audited(_)
        | Event::PromiseEnded { .. }
        | Event::PromiseMoved { .. }
        | Event::CommandSet { .. }
        | Event::CommandsCounted(_) => Ok(()),
        Event::SessionBegan { guilds } => forget_others(cx, guilds),
        Event::GuildLost { removed: false, .. } => Ok(()),
        Event::GuildLost { guild, removed: true } => {
            cx.tx.write()?.prepare_cached("UPDATE guild SET present = 0 WHERE guild = ?1")?.execute([guild.sql()])?;
            Ok(())
        }
        Event::GuildSeen(guild) => {
            let known = "SELECT 1 FROM guild WHERE guild = ?1 AND present = 1";
            if !cx.tx.read().prepare_cached(known)?.exists([guild.id.sql()])? {
                cx.emit(Event::GuildJoined { guild: guild.id });
            }
            save_guild(cx, guild.id)?;
            guild.voices.iter().try_for_each(|voice| save_voice(cx, guild.id, voice))
        }
        Event::GuildChanged(outline) => save_guild(cx, outline.id),
        Event::RoleSeen { guild, .. }
        | Event::RoleRemoved { guild, .. }
        | Event::ChannelSeen { guild, .. }
        | Event::ChannelRemoved { guild, .. } => save_guild(cx, *guild),
    }
}

/// Guilds that the bot is in no longer: it was removed while nobody could tell it.
fn forget_others(cx: &mut Cx<'_>, ours: &[GuildId]) -> Result<()> {
    let mut statement = cx.tx.read().prepare_cached("SELECT guild FROM guild WHERE present = 1")?;
    let known = statement.query_map((), |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    for gone in known.into_iter().filter(|known| !ours.iter().any(|guild| guild.sql() == *known)) {
        cx.tx.write()?.prepare_cached("UPDATE guild SET present = 0 WHERE guild = ?1")?.execute([gone])?;
    }
    Ok(())
}

/// Stores the guild as it looks now, where that is news.
fn save_guild(cx: &mut Cx<'_>, id: GuildId) -> Result<()> {
    let Some(guild) = cx.guilds.find(id) else { return Ok(()) };
    let state = serde_json::to_string(&*guild)?;
    let members = guild.member_count as i64;
    let known = "SELECT 1 FROM guild WHERE guild = ?1 AND present = 1 AND members = ?2 AND state = ?3";
    if cx.tx.read().prepare_cached(known)?.exists(params![id.sql(), members, state])? {
        return Ok(());
    }
    let sql = "INSERT INTO guild (guild, present, members, state) VALUES (?1, 1, ?2, ?3)
        ON CONFLICT (guild) DO UPDATE SET present = 1, members = excluded.members, state = excluded.state";
    cx.tx.write()?.prepare_cached(sql)?.execute(params![id.sql(), members, state])?;
    Ok(())
}

/// Stores how many members the guild has.
fn save_count(cx: &mut Cx<'_>, id: GuildId) -> Result<()> {
    let Some(guild) = cx.guilds.find(id) else { return Ok(()) };
    let sql = "UPDATE guild SET members = ?2 WHERE guild = ?1";
    cx.tx.write()?.prepare_cached(sql)?.execute(params![id.sql(), guild.member_count as i64])?;
    Ok(())
}

/// Stores the name of somebody in voice: some never write a word.
fn save_voice(cx: &mut Cx<'_>, guild: GuildId, voice: &Voice) -> Result<()> {
    match &voice.member {
        Some(member) if voice.channel.is_some() && !member.author.bot => save_member(cx, guild, &member.author),
        _ => Ok(()),
    }
}

fn save_member(cx: &mut Cx<'_>, guild: GuildId, author: &Author) -> Result<()> {
    let mut hasher = DefaultHasher::new();
    (&author.name, &author.avatar).hash(&mut hasher);
    let (key, looks) = ((guild, author.id), hasher.finish());
    if cx.tx.memo(|stored: &mut Stored| stored.0.get(&key) == Some(&looks)) {
        return Ok(());
    }
    if people::save(cx.tx, guild, author)? == Saved::New {
        cx.vitals.members_seen.fetch_add(1, Relaxed);
    }
    cx.tx.memo(|stored: &mut Stored| {
        if stored.0.len() >= REMEMBERED_MAX {
            stored.0.clear();
        }
        stored.0.insert(key, looks);
    });
    Ok(())
}
