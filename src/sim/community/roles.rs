//! The roles that people of the inn choose for themselves, from a menu that the admin has the bot post.

use crate::model::{MessageId, RoleId, UserId};

use super::super::Inn;
use super::super::world::{RoleSpec, World};
use super::script::HELPERS;

/// What can be chosen, from the bottom up.
const ROLES: [(&str, u32); 3] = [("Storyteller", 0x9b_59b6), ("Dice roller", 0x1a_bc9c), ("Night owl", 0x34_495e)];
const ORDER: &str = "/rolemenu create title:What brings you here? roles:Storyteller, Dice roller, Night owl";
/// Every so many people choose something when it is their turn.
const CHOOSERS_EVERY: usize = 8;

/// Adds the roles.
pub(super) fn furnish(world: &mut World, inn: &Inn) -> Vec<RoleId> {
    ROLES.iter().map(|(name, colour)| world.add_role(inn.guild, RoleSpec::named(name, 1).coloured(*colour))).collect()
}

/// Adds the role of those who help out, and gives it to them.
pub(super) fn appoint(world: &mut World, inn: &Inn) -> RoleId {
    let role = world.add_role(inn.guild, RoleSpec::named("Helper", 4).coloured(0x7c_c6a4));
    for helper in inn.members.iter().take(HELPERS) {
        let _ = world.give_role(inn.guild, *helper, role);
    }
    role
}

/// The menu, once the admin asked for it.
#[derive(Default)]
pub(super) struct Menu {
    is_ordered: bool,
}

impl Menu {
    /// Somebody comes by; who is there first has the admin order the menu, where the bot knows such orders.
    pub fn visit(&mut self, world: &mut World, inn: &Inn, user: UserId, number: usize) {
        if !self.is_ordered {
            self.is_ordered = world.type_slash(inn.introductions, inn.admin, ORDER).is_ok();
        } else if number.is_multiple_of(CHOOSERS_EVERY)
            && world.member(inn.guild, user).is_some()
            && let Some((message, button)) = button(world, inn, number / CHOOSERS_EVERY)
        {
            let _ = world.press(message, user, &button);
        }
    }
}

/// One of the menu's buttons, if it is there.
fn button(world: &World, inn: &Inn, number: usize) -> Option<(MessageId, String)> {
    let (name, _) = ROLES.get(number % ROLES.len())?;
    world.bot_messages(inn.introductions).into_iter().find_map(|message| {
        let pressed = message.buttons().find(|button| button["label"] == *name)?;
        Some((message.id, pressed["custom_id"].as_str()?.to_owned()))
    })
}
