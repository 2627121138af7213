//! What is said on the page, on promises and in the audit log.

use crate::model::text::plain;
use crate::model::{ChannelId, Obstacle, RoleId};

pub const LEFT: &str = "they left";
pub const POWERFUL: &str = "the role has moderation permissions now";
pub const REASON: &str = "Every newcomer has this role.";

pub fn promise_greeting(name: &str) -> String {
    format!("greet {}", plain(name))
}

pub fn promise_leave(name: &str) -> String {
    format!("say that {} has left", plain(name))
}

pub fn promise_role(role: &str, name: &str) -> String {
    format!("give the newcomer {} the role {}", plain(name), plain(role))
}

/// What is wrong with a role for newcomers, and what to do about it.
pub fn explain(role: &str, obstacle: Obstacle) -> (String, &'static str) {
    let role = format!("The role {} for newcomers", plain(role));
    match obstacle {
        Obstacle::Powerful => (
            format!("{role} has moderation permissions, so nobody is given it."),
            "Take those permissions from the role, or take it out of welcome.autorole.",
        ),
        Obstacle::Managed => (
            format!("{role} belongs to an integration, so nobody can give it."),
            "Name another role in welcome.autorole.",
        ),
        Obstacle::Above => (
            format!("{role} is above my own role, so I cannot give it."),
            "In the server's settings under Roles, drag my role above it.",
        ),
        Obstacle::NoPermission => (
            format!("{role} cannot be given: I may not manage roles here."),
            "Give my role the permission Manage Roles.",
        ),
    }
}

pub fn explain_missing_role(role: RoleId) -> (String, &'static str) {
    (format!("The role {role} for newcomers is in no server that I see."), "Correct its id in welcome.autorole.")
}

pub fn explain_missing_channel(key: &str, channel: ChannelId) -> (String, String) {
    (format!("The channel {channel} is in no server that I see."), format!("Correct its id in {key}."))
}
