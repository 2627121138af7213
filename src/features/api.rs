//! The routes of the rooms: what the main door serves beside its pages.

use super::{access, bumps, commands, guilds, health, kudos, levels, locks, moderation, promises, roles, roster, undo};
use crate::http::api::Routes;

/// All of them, in the order of the document.
pub fn routes() -> Routes {
    Routes::new()
        .merge(guilds::api::routes())
        .merge(levels::api::routes())
        .merge(kudos::api::routes())
        .merge(moderation::api::routes())
        .merge(promises::api::routes())
        .merge(undo::api::routes())
        .merge(commands::api::routes())
        .merge(health::api::routes())
        .merge(access::api::routes())
        .merge(roles::api::routes())
        .merge(locks::api::routes())
        .merge(bumps::api::routes())
        .merge(roster::api::routes())
}
