//! Guilds and members as records: what a guild looks like, kept for resumed sessions, and by which name a member is to
//! be shown.

pub mod api;
pub mod store;
pub mod told;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering::Relaxed;

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

const PERSONAL: &[Personal] = &[
    Personal::rows("member", "the name and picture by which you are shown", &[Column::Id("user")]).with_memory(forget),
    Personal::rows("told_user", "what programs told of you besides your name", &[Column::Id("user")]),
    Personal::nobody("told_guild", "what programs told of servers"),
];

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
    for (state, members) in store::list(cx.tx.read())? {
        match serde_json::from_str::<Guild>(&state) {
            Ok(guild) if cx.config.discord.serves(guild.id) => {
                cx.guilds.put(Guild { member_count: members, ..guild });
            }
            Ok(_) => {}
            // Discord tells it again with the next new session; until then permissions are not known.
            Err(error) => tracing::warn!(%error, "a stored guild could not be read"),
        }
    }
    cx.vitals.guilds.store(cx.guilds.count() as u64, Relaxed);
    cx.vitals.members_seen.store(store::count_seen(cx.tx.read())?, Relaxed);
    Ok(())
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::VoiceSeen { guild, voice } => save_voice(cx, *guild, voice),
        Event::CommandRan { .. }
        | Event::MessagesDeleted { .. }
        | Event::MinutePassed
        | Event::Closing
        | Event::SessionResumed
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
            store::save_leaving(cx.tx, *guild, *user, cx.now)?;
            save_count(cx, *guild)
        }
        // Whom only a program told of, Discord never knew.
        Event::MemberMissing { guild, user } if people::is_told(cx.tx.read(), *guild, *user)? => Ok(()),
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
        | Event::CommandsCounted(_)
        | Event::PresenceSeen { .. }
        | Event::MembersTold { .. }
        | Event::WatchlistSet(_)
        | Event::StaffSeen { .. }
        | Event::MembersWanted { .. }
        | Event::PresencesSynced { .. } => Ok(()),
        Event::SessionBegan { guilds } => forget_others(cx, guilds),
        Event::GuildLost { removed: false, .. } => Ok(()),
        Event::GuildLost { guild, removed: true } => store::save_loss(cx.tx, *guild),
        Event::GuildSeen(guild) => {
            if !store::is_known(cx.tx.read(), guild.id)? {
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
    let known = store::list_known(cx.tx.read())?;
    known.into_iter().filter(|known| !ours.contains(known)).try_for_each(|gone| store::save_loss(cx.tx, gone))
}

/// Stores the guild as it looks now, where that is news.
fn save_guild(cx: &mut Cx<'_>, id: GuildId) -> Result<()> {
    let Some(guild) = cx.guilds.find(id) else { return Ok(()) };
    store::save(cx.tx, id, guild.member_count, &serde_json::to_string(&*guild)?)
}

/// Stores how many members the guild has.
fn save_count(cx: &mut Cx<'_>, id: GuildId) -> Result<()> {
    let Some(guild) = cx.guilds.find(id) else { return Ok(()) };
    store::save_count(cx.tx, id, guild.member_count)
}

/// Stores the name of somebody in voice: some never write a word.
fn save_voice(cx: &mut Cx<'_>, guild: GuildId, voice: &Voice) -> Result<()> {
    match &voice.member {
        Some(member) if voice.channel.is_some() && !member.author.bot => save_member(cx, guild, &member.author),
        _ => Ok(()),
    }
}

/// Somebody as a program tells that they look: they count as here until they are seen leaving, and look so until
/// Discord tells otherwise.
pub fn put(cx: &mut Cx<'_>, guild: GuildId, user: UserId, name: &str, picture: Option<&str>) -> Result<()> {
    forget(cx.tx, guild, user);
    if store::save_given(cx.tx, guild, user, name, picture)? {
        cx.vitals.members_seen.fetch_add(1, Relaxed);
    }
    Ok(())
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
