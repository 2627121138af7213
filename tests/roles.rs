//! Roles that come and go: for a while, back with a member who returns, chosen by members themselves.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
#[path = "roles/menus.rs"]
mod menus;
#[path = "roles/persistent.rs"]
mod persistent;
mod support;
#[path = "roles/temporary.rs"]
mod temporary;

use std::time::Duration;

use house::{House, Running};
use innkeeper::config::Config;
use innkeeper::model::{Permissions, RoleId, UserId};
use innkeeper::sim::world::RoleSpec;

pub const DAY: Duration = Duration::from_secs(86_400);
pub const MINUTE: Duration = Duration::from_secs(60);

/// A house with a bot in it, and three more roles.
pub async fn open_with(change: impl FnOnce(&mut House)) -> (House, Running) {
    open_as(|_| {}, change).await
}

pub async fn open_as(config: impl FnOnce(&mut Config), change: impl FnOnce(&mut House)) -> (House, Running) {
    let mut house = House::with(config).await;
    change(&mut house);
    let bot = house.start().await;
    bot.settle(&house).await;
    (house, bot)
}

impl House {
    /// A role of this name, below the bot's.
    pub fn role(&self, name: &str) -> RoleId {
        self.sim.world().add_role(self.inn.guild, RoleSpec::named(name, 1))
    }

    pub fn has(&self, member: UserId, role: RoleId) -> bool {
        self.sim.world().has_role(self.inn.guild, member, role)
    }

    pub async fn until_has(&self, member: UserId, role: RoleId, has: bool) {
        let guild = self.inn.guild;
        self.sim.until(move |world| (world.has_role(guild, member, role) == has).then_some(())).await;
    }

    /// Somebody gives a role power.
    pub fn empower(&self, role: RoleId) {
        self.sim.world().edit_role(self.inn.guild, role, |role| role.permissions = Permissions::KICK_MEMBERS).unwrap();
    }

    /// Somebody puts a role above the bot's.
    pub fn lift(&self, role: RoleId, position: i64) {
        self.sim.world().edit_role(self.inn.guild, role, |role| role.position = position).unwrap();
    }

    /// How often the bot gave (`PUT`) or took (`DELETE`) this role.
    pub fn changes(&self, method: &str, role: RoleId) -> usize {
        self.sim.world().count_requests(method, &format!("/roles/{role}"))
    }
}
