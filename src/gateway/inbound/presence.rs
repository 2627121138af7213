//! Presences as the gateway tells them: with a guild, one by one as they change, and as the answer to a question.
//!
//! In a large guild they are most of what comes, and nearly all are about people whom nobody looks after: whose one is
//! is found out before anything else of it is read.

use std::collections::HashMap;

use super::super::raw::Raw;
use super::{
    ActivityFields, ChunkFields, GuildFields, IdFields, Incoming, MemberFields, PresenceFields, WhoseFields, author,
    fields, ids,
};
use crate::model::presence::TEXT_CHARS_MAX;
use crate::model::{Event, GuildId, MemberPresence, Part, Presence, Status, UserId, Watchlist};

/// Discord's activity type of a custom status.
///
/// Source: Discord API documentation, "Gateway Events", "Activity Types".
const CUSTOM: i64 = 4;
/// Of larger guilds no presences are told with the guild.
///
/// Source: Discord API documentation, "Gateway Events", "Guild Create".
const TOLD_WITH_GUILD_MEMBERS_MAX: u64 = 75_000;
/// What stands before the number of a question for all members of a guild.
pub const OF_ALL: &str = "all-";
/// How Discord begins a presence.
const BEGINNING: &str = r#"{"user":{"id":""#;

/// Members that were asked for, and which answer to which question this is.
#[derive(Debug)]
pub struct Chunk {
    pub event: Event,
    /// The question's own number, where it had one.
    pub number: Option<u64>,
    pub is_last: bool,
}

/// A presence that changed.
pub(super) fn seen(data: &str, watchlist: &Watchlist) -> Incoming<'static> {
    match whose(data) {
        None => Incoming::Unusable,
        Some(user) if !watchlist.names_anywhere(user) => Incoming::Unwatched,
        Some(user) => of_watched(data, user, watchlist).unwrap_or(Incoming::Unusable),
    }
}

fn whose(data: &str) -> Option<UserId> {
    let leading = data.strip_prefix(BEGINNING).and_then(|rest| rest.split_once('"')?.0.parse().ok());
    leading.or_else(|| fields::<WhoseFields>(data)?.user.object::<IdFields>().id.id())
}

fn of_watched(data: &str, user: UserId, watchlist: &Watchlist) -> Option<Incoming<'static>> {
    let fields: PresenceFields = fields(data)?;
    let guild: GuildId = fields.guild_id.id()?;
    if !watchlist.names_user(guild, user) {
        return Some(Incoming::Unwatched);
    }
    let (user, presence) = read(&fields)?;
    Some(Incoming::Happened(Event::PresenceSeen { guild, user, presence }))
}

/// Those of a guild's list of members whose presence is looked after.
pub(super) fn in_guild(
    guild: GuildId,
    told: &GuildFields<'_>,
    members: &[MemberFields<'_>],
    watchlist: &Watchlist,
) -> Vec<MemberPresence> {
    if watchlist.is_empty() {
        return Vec::new();
    }
    let count = told.member_count.whole().and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let presences = if count > TOLD_WITH_GUILD_MEMBERS_MAX { Raw::default() } else { told.presences };
    watched(guild, members, presences, watchlist)
}

/// Members that were asked for.
pub(super) fn chunk(data: &str, watchlist: &Watchlist) -> Option<Chunk> {
    let fields: ChunkFields = fields(data)?;
    let guild = fields.guild_id.id()?;
    let members = watched(guild, &fields.members.list::<MemberFields>(), fields.presences, watchlist);
    let missing = fields.not_found.list::<Raw<'_>>().into_iter().filter_map(|id| id.id()).collect();
    let (index, count) = (fields.chunk_index.whole().unwrap_or(0), fields.chunk_count.whole().unwrap_or(1));
    let is_last = index + 1 >= count;
    let nonce = fields.nonce.text().unwrap_or_default();
    let (is_of_all, number) = match nonce.strip_prefix(OF_ALL) {
        Some(number) => (true, number),
        None => (false, &*nonce),
    };
    let all = is_of_all.then_some(if is_last { Part::Last } else { Part::More });
    Some(Chunk { event: Event::MembersTold { guild, members, missing, all }, number: number.parse().ok(), is_last })
}

/// Who is not among the presences is offline, where there are any at all.
fn watched(
    guild: GuildId,
    members: &[MemberFields<'_>],
    presences: Raw<'_>,
    watchlist: &Watchlist,
) -> Vec<MemberPresence> {
    let watched: Vec<_> = members.iter().filter_map(|member| named(guild, member, watchlist)).collect();
    if watched.is_empty() || presences.is_missing() {
        return watched;
    }
    let told: HashMap<UserId, Presence> = presences.list::<PresenceFields>().iter().filter_map(read).collect();
    let of = |user: UserId| Some(told.get(&user).cloned().unwrap_or(Presence::OFFLINE));
    watched.into_iter().map(|member| MemberPresence { presence: of(member.author.id), ..member }).collect()
}

fn named(guild: GuildId, member: &MemberFields<'_>, watchlist: &Watchlist) -> Option<MemberPresence> {
    let (user, roles) = (member.user_id()?, ids(member.roles));
    if !watchlist.names(guild, user, &roles) {
        return None;
    }
    Some(MemberPresence { author: author(guild, member.user.object(), member)?, roles, presence: None })
}

fn read(fields: &PresenceFields<'_>) -> Option<(UserId, Presence)> {
    let user = fields.user.object::<IdFields>().id.id()?;
    let status = Status::of_word(&fields.status.text()?)?;
    if status == Status::Offline {
        return Some((user, Presence::OFFLINE));
    }
    let (customs, others): (Vec<_>, Vec<_>) =
        fields.activities.list::<ActivityFields>().into_iter().partition(|one| one.kind.whole() == Some(CUSTOM));
    let custom_status = customs.iter().find_map(|one| text(one.state));
    let activity = others.iter().rev().find_map(|one| text(one.name));
    Some((user, Presence { status, custom_status, activity }))
}

fn text(raw: Raw<'_>) -> Option<String> {
    let text: String = raw.text()?.trim().chars().take(TEXT_CHARS_MAX).collect();
    (!text.is_empty()).then_some(text)
}
