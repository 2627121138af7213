//! The routes of the rooms: what the main door serves beside its pages.

use super::{bumps, kudos, levels, locks, moderation, roles};
use crate::http::api::Routes;

/// All of them, in the order of the document.
pub fn routes() -> Routes {
    Routes::new()
        .merge(levels::api::routes())
        .merge(kudos::api::routes())
        .merge(moderation::api::routes())
        .merge(roles::api::routes())
        .merge(locks::api::routes())
        .merge(bumps::api::routes())
}
