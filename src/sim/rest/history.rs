//! Reading a channel's messages, deleting many, reacting.

use std::time::Duration;

use serde_json::Value;

use crate::model::{ChannelId, MessageId};

use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::Message;
use crate::sim::world::events::intent;
use crate::sim::world::permissions::{ADD_REACTIONS, MANAGE_MESSAGES, READ_MESSAGE_HISTORY};
use crate::sim::world::state::AuditEntry;

/// Messages older than this cannot be deleted in bulk.
const BULK_AGE_MAX: Duration = Duration::from_secs(14 * 24 * 60 * 60);

pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let id: ChannelId = call.id(0, "channel_id")?;
    let held = world.may_see(id)?;
    let most = call.query_number("limit", 50, 100)?;
    let channel = world.channels.get(&id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
    if held & READ_MESSAGE_HISTORY == 0 {
        return Ok(Reply::Json(Value::Array(Vec::new())));
    }
    let bound = |name: &str| call.query(name).and_then(|text| text.parse::<MessageId>().ok());
    let open: Vec<&Message> = channel.messages.iter().filter(|message| message.only_for.is_none()).collect();
    let chosen: Vec<&Message> = if let Some(after) = bound("after") {
        let mut next: Vec<_> = open.into_iter().filter(|message| message.id > after).take(most).collect();
        next.reverse();
        next
    } else if let Some(around) = bound("around") {
        let middle = open.partition_point(|message| message.id < around);
        let start = middle.saturating_sub(most / 2);
        open.into_iter().skip(start).take(most).rev().collect()
    } else {
        let before = bound("before");
        open.into_iter().rev().filter(|message| before.is_none_or(|before| message.id < before)).take(most).collect()
    };
    Ok(Reply::Json(chosen.into_iter().map(|message| world.message_json(message)).collect()))
}

pub(super) fn find(world: &mut World, call: &Call) -> Outcome {
    let (channel, id) = world.message_of(call)?;
    world.found_message(channel, id).map(Reply::Json)
}

pub(super) fn bulk_delete(world: &mut World, call: &Call) -> Outcome {
    let channel: ChannelId = call.id(0, "channel_id")?;
    let held = world.may_see(channel)?;
    let Some(guild) = world.channels.get(&channel).and_then(|known| known.guild) else {
        return Err(ApiError::NOT_IN_DM);
    };
    if held & MANAGE_MESSAGES == 0 {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    let listed = call.json["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut ids: Vec<MessageId> = listed.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
    ids.sort();
    ids.dedup();
    if ids.len() < 2 || ids.len() > 100 {
        return Err(ApiError::BULK_COUNT);
    }
    let now = world.clock.now();
    if ids.iter().any(|id| now.since(id.time()) > BULK_AGE_MAX) {
        return Err(ApiError::TOO_OLD_TO_BULK_DELETE);
    }
    let gone: Vec<_> = ids.iter().filter_map(|id| world.remove_message(channel, *id)).map(|m| m.id).collect();
    if world.sees_channel(channel) && !gone.is_empty() {
        let json = serde_json::json!({"ids": gone, "channel_id": channel, "guild_id": guild});
        world.dispatch("MESSAGE_DELETE_BULK", intent::GUILD_MESSAGES, &json);
    }
    world.audit(guild, AuditEntry::by(world.me, 73, channel.get(), call.reason.clone()));
    Ok(Reply::NoContent)
}

pub(super) fn react(world: &mut World, call: &Call) -> Outcome {
    let (channel, id) = world.message_of(call)?;
    let emoji = call.param(2).to_owned();
    let held = world.may_see(channel)?;
    let message = world.channels.get(&channel).and_then(|c| c.message(id)).ok_or(ApiError::UNKNOWN_MESSAGE)?;
    if message.reactions.len() >= 20 && !message.reactions.contains_key(&emoji) {
        return Err(ApiError::TOO_MANY_REACTIONS);
    }
    if held & ADD_REACTIONS == 0 && !message.reactions.contains_key(&emoji) {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    let me = world.me;
    world.react(channel, id, me, &emoji).map_err(|_| ApiError::MISSING_PERMISSIONS)?;
    Ok(Reply::NoContent)
}

pub(super) fn unreact(world: &mut World, call: &Call) -> Outcome {
    let (channel, id) = world.message_of(call)?;
    let (me, emoji) = (world.me, call.param(2));
    if let Some(message) = world.channels.get_mut(&channel).and_then(|c| c.message_mut(id))
        && let Some(users) = message.reactions.get_mut(emoji)
    {
        users.retain(|user| *user != me);
        if users.is_empty() {
            message.reactions.remove(emoji);
        }
    }
    Ok(Reply::NoContent)
}
