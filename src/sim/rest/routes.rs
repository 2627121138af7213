//! Every route of the simulated Discord, with who may call it and which limit it counts against.
//!
//! The first pattern that fits wins, so the literal ones stand before the open ones.

use std::time::Duration;

use super::{
    Call, Outcome, World, app, channels, commands, guilds, history, interactions, members, messages, moderation, oauth,
};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// The bot, by its token.
    Bot,
    /// The bot, or a person by a token that they let it have.
    Person,
    /// Whoever knows the interaction's token, which is in the path.
    Path,
}

/// A limit that requests count against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub name: &'static str,
    /// How many of the path's open parts tell buckets of this name apart.
    pub majors: usize,
    pub limit: u32,
    pub per: Duration,
    pub counts_globally: bool,
}

const fn bucket(name: &'static str, majors: usize, limit: u32, per_ms: u64) -> Option<Bucket> {
    Some(Bucket { name, majors, limit, per: Duration::from_millis(per_ms), counts_globally: true })
}

/// A limit of an interaction's own, outside the global one.
const fn own(name: &'static str, majors: usize, limit: u32, per_ms: u64) -> Option<Bucket> {
    Some(Bucket { name, majors, limit, per: Duration::from_millis(per_ms), counts_globally: false })
}

pub(super) struct Route {
    pub method: &'static str,
    pub pattern: &'static str,
    pub access: Access,
    /// None is not limited at all.
    pub bucket: Option<Bucket>,
    pub handle: fn(&mut World, &Call) -> Outcome,
}

macro_rules! routes {
    ($($method:ident $pattern:literal $access:ident $bucket:expr => $handle:path;)*) => {
        &[$(Route {
            method: stringify!($method), pattern: $pattern, access: Access::$access, bucket: $bucket, handle: $handle,
        }),*]
    };
}

const GUILD_READ: Option<Bucket> = bucket("guild-read", 1, 20, 5_000);
const COMMANDS: Option<Bucket> = bucket("commands", 1, 5, 20_000);
const MESSAGE_EDIT: Option<Bucket> = bucket("message-edit", 1, 5, 5_000);
const REACTIONS: Option<Bucket> = bucket("reactions", 1, 4, 1_000);
const ROLES_OF_MEMBERS: Option<Bucket> = bucket("member-roles", 1, 10, 10_000);
const MEMBER_EDIT: Option<Bucket> = bucket("member-edit", 1, 10, 10_000);
const BANS: Option<Bucket> = bucket("bans", 1, 10, 10_000);
const CHANNEL_EDIT: Option<Bucket> = bucket("channel-edit", 1, 5, 15_000);
const OVERWRITES: Option<Bucket> = bucket("overwrites", 1, 10, 15_000);
const BY_TOKEN: Option<Bucket> = own("webhook-token", 2, 5, 2_000);

pub(super) const ROUTES: &[Route] = routes! {
    GET "gateway" Path bucket("gateway", 0, 20, 1_000) => app::gateway;
    GET "gateway/bot" Bot bucket("gateway-bot", 0, 5, 5_000) => app::gateway_bot;
    GET "applications/@me" Bot bucket("application", 0, 20, 5_000) => app::application;
    POST "oauth2/token" Path bucket("oauth2-token", 0, 20, 5_000) => oauth::token;
    GET "oauth2/applications/@me" Bot bucket("application", 0, 20, 5_000) => app::application;
    GET "users/@me" Person bucket("me", 0, 20, 5_000) => oauth::me;
    GET "users/@me/guilds" Bot bucket("my-guilds", 0, 5, 1_000) => app::my_guilds;
    POST "users/@me/channels" Bot bucket("direct", 0, 10, 10_000) => app::open_direct;
    GET "users/{}" Bot bucket("user", 0, 30, 30_000) => app::user;

    GET "applications/{}/commands" Bot COMMANDS => commands::list_global;
    PUT "applications/{}/commands" Bot COMMANDS => commands::overwrite_global;
    POST "applications/{}/commands" Bot COMMANDS => commands::create_global;
    GET "applications/{}/commands/{}" Bot COMMANDS => commands::find_global;
    DELETE "applications/{}/commands/{}" Bot COMMANDS => commands::delete_global;
    GET "applications/{}/guilds/{}/commands" Bot COMMANDS => commands::list_guild;
    PUT "applications/{}/guilds/{}/commands" Bot COMMANDS => commands::overwrite_guild;
    POST "applications/{}/guilds/{}/commands" Bot COMMANDS => commands::create_guild;
    GET "applications/{}/guilds/{}/commands/{}" Bot COMMANDS => commands::find_guild;
    DELETE "applications/{}/guilds/{}/commands/{}" Bot COMMANDS => commands::delete_guild;

    POST "interactions/{}/{}/callback" Path None => interactions::callback;
    POST "webhooks/{}/{}" Path BY_TOKEN => interactions::follow_up;
    GET "webhooks/{}/{}/messages/{}" Path BY_TOKEN => interactions::read;
    PATCH "webhooks/{}/{}/messages/{}" Path BY_TOKEN => interactions::edit;
    DELETE "webhooks/{}/{}/messages/{}" Path BY_TOKEN => interactions::delete;

    GET "channels/{}/messages" Bot bucket("message-list", 1, 5, 5_000) => history::list;
    POST "channels/{}/messages" Bot bucket("message-create", 1, 5, 5_000) => messages::create;
    POST "channels/{}/messages/bulk-delete" Bot bucket("bulk-delete", 1, 1, 1_000) => history::bulk_delete;
    GET "channels/{}/messages/{}" Bot bucket("message-read", 1, 10, 5_000) => history::find;
    PATCH "channels/{}/messages/{}" Bot MESSAGE_EDIT => messages::edit;
    DELETE "channels/{}/messages/{}" Bot bucket("message-delete", 1, 5, 1_000) => messages::delete;
    PUT "channels/{}/messages/{}/reactions/{}/@me" Bot REACTIONS => history::react;
    DELETE "channels/{}/messages/{}/reactions/{}/@me" Bot REACTIONS => history::unreact;
    POST "channels/{}/typing" Bot bucket("typing", 1, 5, 5_000) => channels::typing;
    GET "channels/{}" Bot bucket("channel-read", 1, 20, 5_000) => channels::find;
    PATCH "channels/{}" Bot CHANNEL_EDIT => channels::edit;
    DELETE "channels/{}" Bot CHANNEL_EDIT => channels::delete;
    PUT "channels/{}/permissions/{}" Bot OVERWRITES => channels::set_overwrite;
    DELETE "channels/{}/permissions/{}" Bot OVERWRITES => channels::delete_overwrite;

    GET "guilds/{}" Bot GUILD_READ => guilds::find;
    GET "guilds/{}/channels" Bot GUILD_READ => guilds::channels;
    POST "guilds/{}/channels" Bot CHANNEL_EDIT => guilds::create_channel;
    GET "guilds/{}/roles" Bot GUILD_READ => guilds::roles;
    POST "guilds/{}/roles" Bot bucket("role-create", 1, 10, 10_000) => guilds::create_role;
    GET "guilds/{}/audit-logs" Bot bucket("audit", 1, 10, 10_000) => guilds::audit_log;
    GET "guilds/{}/members" Bot bucket("member-list", 1, 10, 10_000) => members::list;
    GET "guilds/{}/members/search" Bot bucket("member-search", 1, 10, 10_000) => members::search;
    GET "guilds/{}/members/{}" Bot bucket("member-read", 1, 5, 1_000) => members::find;
    PUT "guilds/{}/members/{}/roles/{}" Bot ROLES_OF_MEMBERS => members::add_role;
    DELETE "guilds/{}/members/{}/roles/{}" Bot ROLES_OF_MEMBERS => members::remove_role;
    PATCH "guilds/{}/members/{}" Bot MEMBER_EDIT => moderation::edit_member;
    DELETE "guilds/{}/members/{}" Bot bucket("kick", 1, 5, 5_000) => moderation::kick;
    GET "guilds/{}/bans" Bot BANS => moderation::bans;
    GET "guilds/{}/bans/{}" Bot BANS => moderation::find_ban;
    PUT "guilds/{}/bans/{}" Bot BANS => moderation::ban;
    DELETE "guilds/{}/bans/{}" Bot BANS => moderation::unban;
};
