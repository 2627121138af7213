//! The application about itself: gateway address, who it is, its guilds, users, direct messages.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::model::{ChannelId, UserId};

use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::state::{Channel, channel_kind};
use crate::sim::world::wire;

pub(super) fn gateway(world: &mut World, _: &Call) -> Outcome {
    Ok(Reply::Json(json!({"url": world.gateway_url})))
}

pub(super) fn gateway_bot(world: &mut World, _: &Call) -> Outcome {
    let limit = world.session_start_limit();
    Ok(Reply::Json(json!({"url": world.gateway_url, "shards": 1, "session_start_limit": limit})))
}

pub(super) fn application(world: &mut World, _: &Call) -> Outcome {
    let flags = world.application_flags();
    let owner = world.guilds.values().next().map_or(world.me, |guild| guild.owner);
    Ok(Reply::Json(json!({
        "id": world.application, "name": world.config.bot_name, "icon": null, "description": "", "type": null,
        "bot": world.user_json(world.me), "bot_public": true, "bot_require_code_grant": false,
        "verify_key": "0".repeat(64), "flags": flags, "flags_new": flags.to_string(), "tags": [],
        "redirect_uris": [], "interactions_endpoint_url": null, "role_connections_verification_url": null,
        "approximate_guild_count": world.guilds.len(), "approximate_user_install_count": 0,
        "integration_types_config": {"0": {}}, "team": null, "event_webhooks_status": 1,
        "owner": world.user_json(owner), "approximate_user_authorization_count": 0, "explicit_content_filter": 0,
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
    })))
}

pub(super) fn me(world: &mut World, _: &Call) -> Outcome {
    let mut json = world.user_json(world.me);
    json["verified"] = true.into();
    json["mfa_enabled"] = false.into();
    json["locale"] = "en-US".into();
    json["email"] = Value::Null;
    Ok(Reply::Json(json))
}

pub(super) fn my_guilds(world: &mut World, _: &Call) -> Outcome {
    let mine = world.guilds.values().filter(|guild| guild.members.contains_key(&world.me));
    let brief = |guild: &crate::sim::world::state::Guild| {
        json!({"id": guild.id, "name": guild.name, "icon": null, "banner": null, "owner": guild.owner == world.me,
            "permissions": world.permissions_of(world.me, guild.id).to_string(), "features": []})
    };
    Ok(Reply::Json(mine.map(brief).collect()))
}

pub(super) fn user(world: &mut World, call: &Call) -> Outcome {
    let id: UserId = call.id(0, "user_id")?;
    let user = world.users.get(&id).ok_or(ApiError::UNKNOWN_USER)?;
    Ok(Reply::Json(wire::user(user)))
}

pub(super) fn open_direct(world: &mut World, call: &Call) -> Outcome {
    let recipient = &call.json["recipient_id"];
    let id = recipient.as_u64().or_else(|| recipient.as_str()?.parse().ok());
    let Some(id) = id.and_then(|id| UserId::new(id).ok()) else {
        return Err(ApiError::form("recipient_id", "BASE_TYPE_REQUIRED", "This field is required"));
    };
    if id == world.me {
        return Err(ApiError::INVALID_RECIPIENTS);
    }
    if !world.users.contains_key(&id) {
        return Err(ApiError::UNKNOWN_USER);
    }
    let channel = world.direct_channel(id);
    let json = world.channels.get(&channel).map(|channel| world.channel_json(channel));
    Ok(Reply::Json(json.unwrap_or_default()))
}

impl World {
    /// The direct channel between the bot and a user; made when there is none.
    pub(in crate::sim) fn direct_channel(&mut self, user: UserId) -> ChannelId {
        if let Some(known) = self.channels.values().find(|channel| channel.recipient == Some(user)) {
            return known.id;
        }
        let id = self.id();
        let channel = Channel {
            id,
            guild: None,
            kind: channel_kind::DM,
            name: String::new(),
            position: 0,
            parent: None,
            topic: None,
            overwrites: BTreeMap::new(),
            slowmode_seconds: 0,
            recipient: Some(user),
            owner: None,
            archived: false,
            locked: false,
            messages: VecDeque::new(),
            last_message: None,
            deleted: VecDeque::new(),
        };
        self.channels.insert(id, channel);
        id
    }
}
