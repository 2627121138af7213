//! Telling of new levels: in the configured words, where the configuration says, and many at once as one message.

use std::collections::HashMap;
use std::time::Duration;

use super::award::Earner;
use super::template::{self, LevelUp};
use super::{roles, text, tools};
use crate::config::Announce;
use crate::cx::{Cx, Promised};
use crate::model::{ChannelId, Effect, GuildId, Outgoing, Result, Timestamp, UserId};

/// Level-ups that follow one in the same channel within this time share a message …
const TOGETHER: Duration = Duration::from_secs(1);
/// … which is sent so long after the first.
const GATHERED_FOR: Duration = Duration::from_secs(3);
/// A message so close to being sent takes in no more: a commit may take its time.
const CLOSED_BEFORE: Duration = Duration::from_millis(1_500);
/// Discord takes no longer message.
const MESSAGE_CHARS_MAX: usize = 2_000;
/// Channels that are remembered; past it the memory begins anew.
const CHANNELS_MAX: usize = 1_024;

/// What was last announced in each channel.
#[derive(Default)]
struct Lately(HashMap<ChannelId, Last>);

#[derive(Clone)]
struct Last {
    at: Timestamp,
    gathering: Option<Gathering>,
}

/// A message that waits for more.
#[derive(Clone)]
struct Gathering {
    target: String,
    due_at: Timestamp,
    message: Outgoing,
    members: usize,
}

/// Announces that a member rose from level `before` to the level of `xp`, once however many levels that is.
pub fn announce(cx: &mut Cx<'_>, earner: &Earner<'_>, before: u32, xp: i64) -> Result<()> {
    let Earner { guild, user, name, channel } = *earner;
    let mut message = Outgoing::text(words(cx, guild, user, before, xp)?);
    if cx.config.levels.announce_ping {
        message.mentions.users.push(user);
    }
    let about = text::promise_level_up(name, cx.config.levels.curve.level_of(xp));
    // One channel for all announcements is one for those of its own guild.
    let announce = match cx.config.levels.announce {
        Announce::In(there) if cx.guilds.find(guild).is_some_and(|guild| guild.channel(there).is_none()) => {
            Announce::Channel
        }
        announce => announce,
    };
    match (announce, channel) {
        (Announce::Off, _) | (Announce::Channel, None) => Ok(()),
        (Announce::In(channel), _) | (Announce::Channel, Some(channel)) => say(cx, guild, channel, message, about),
        (Announce::Direct, _) => promise(cx, guild, None, about, Effect::SendDirect { user, message }, cx.now),
    }
}

/// The announcement of a rise from level `before` to the level of `xp`.
pub fn words(cx: &Cx<'_>, guild: GuildId, member: UserId, before: u32, xp: i64) -> Result<String> {
    let levels = &cx.config.levels;
    let level = levels.curve.level_of(xp);
    let brought = roles::of(cx, guild).into_iter().filter(|entry| (before + 1..=level).contains(&entry.level));
    let roles: Vec<_> = brought.map(|entry| entry.role).collect();
    let found = cx.guilds.find(guild);
    let guild = found.as_ref().map_or("this server", |guild| &guild.name);
    let tools = tools::available_between(cx.tx.read(), before, level)?;
    let level_up = LevelUp { member, level, tier: levels.tier_of(level), xp, guild, roles: &roles, tools: &tools };
    Ok(template::render(&levels.message, &level_up))
}

/// The first is said at once. Those that follow hard upon it are gathered into one message.
fn say(cx: &mut Cx<'_>, guild: GuildId, channel: ChannelId, message: Outgoing, about: String) -> Result<()> {
    let now = cx.now;
    let last = cx.tx.memo(|lately: &mut Lately| lately.0.get(&channel).cloned());
    let gathering = last.as_ref().and_then(|last| last.gathering.clone());
    let is_open = |gathering: &Gathering| gathering.due_at > now.plus(CLOSED_BEFORE);
    let joined = gathering.filter(is_open).and_then(|gathering| gathering.with(&message));
    let fresh = || {
        let target = format!("level_ups:{channel}:{}", cx.source);
        Gathering { target, due_at: now.plus(GATHERED_FOR), message: message.clone(), members: 1 }
    };
    let follows = last.is_some_and(|last| now.since(last.at) < TOGETHER && last.at <= now);
    let gathering = joined.or_else(|| follows.then(fresh));
    cx.tx.memo(|lately: &mut Lately| {
        if lately.0.len() >= CHANNELS_MAX {
            lately.0.clear();
        }
        lately.0.insert(channel, Last { at: now, gathering: gathering.clone() });
    });
    let Some(Gathering { target, due_at, message, members }) = gathering else {
        return promise(cx, guild, None, about, Effect::SendMessage { channel, message, reply_to: None }, now);
    };
    let about = if members > 1 { text::promise_level_ups(members) } else { about };
    // The promise of the longer message takes the place of that of the shorter.
    promise(cx, guild, Some(target), about, Effect::SendMessage { channel, message, reply_to: None }, due_at)
}

impl Gathering {
    /// The same message with one more line; none where it would be too long.
    fn with(mut self, more: &Outgoing) -> Option<Self> {
        let content = format!("{}\n{}", self.message.content, more.content);
        if content.chars().count() > MESSAGE_CHARS_MAX {
            return None;
        }
        self.message.content = content;
        // Discord refuses a message that names somebody twice.
        let known = self.message.mentions.users.clone();
        self.message.mentions.users.extend(more.mentions.users.iter().filter(|user| !known.contains(user)));
        self.members += 1;
        Some(self)
    }
}

fn promise(
    cx: &mut Cx<'_>,
    guild: GuildId,
    target: Option<String>,
    about: String,
    effect: Effect,
    due_at: Timestamp,
) -> Result<()> {
    cx.promise(Promised { action: "level_up", target, guild: Some(guild), about, effect, due_at, tells: None })
}
