//! Who stands above whom: every actor, bot and target of six levels through a real command, against the simulated
//! Discord's own reading of the same rules. What is refused is refused in words, and Discord is never asked for it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::House;
use innkeeper::model::{RoleId, UserId};
use innkeeper::sim::rest::Request;
use innkeeper::sim::world::permissions::{
    ADMINISTRATOR, BAN_MEMBERS, EVERYONE_DEFAULT, KICK_MEMBERS, MODERATE_MEMBERS, VIEW_AUDIT_LOG, outranks_member,
};
use innkeeper::sim::world::{Input, RoleSpec};
use serde_json::json;

/// What is done, with the permission that the bot needs for it, and how the done is told.
const DEEDS: [(&str, u64, &str); 3] =
    [("kick", KICK_MEMBERS, "kicked"), ("timeout", MODERATE_MEMBERS, "timed out"), ("ban", BAN_MEMBERS, "banned")];

/// A house whose members may all moderate, as far as their place allows it, and the roles of six levels: none, two at
/// the same position of which the older one is higher, one above, one that administrates, and one above that.
struct Ladder {
    house: House,
    levels: [Option<RoleId>; 6],
    /// Requests that the test itself made to see Discord refuse them.
    probes: u64,
}

impl Ladder {
    async fn new() -> Self {
        let house = House::new().await;
        let guild = house.inn.guild;
        let mut world = house.sim.world();
        let everyone = RoleId::new(guild.get()).unwrap();
        let all = EVERYONE_DEFAULT | KICK_MEMBERS | BAN_MEMBERS | MODERATE_MEMBERS | VIEW_AUDIT_LOG;
        world.edit_role(guild, everyone, |role| role.permissions.0 = all).unwrap();
        let mut role = |position, bits| world.add_role(guild, RoleSpec::named("a level", position).with(bits));
        // Older ones first, as ids go up with time.
        let (older, newer) = (role(20, 0), role(20, 0));
        let levels =
            [None, Some(newer), Some(older), Some(role(21, 0)), Some(role(22, ADMINISTRATOR)), Some(role(23, 0))];
        let me = world.me();
        world.take_role(guild, me, house.inn.bot_role).unwrap();
        drop(world);
        Self { house, levels, probes: 0 }
    }

    /// Puts a member on this level, in the guild and free to speak.
    fn place(&self, user: UserId, level: usize) {
        let guild = self.house.inn.guild;
        let mut world = self.house.sim.world();
        world.unban(guild, user);
        world.rejoin(guild, user);
        world.set_timeout(guild, user, None).unwrap();
        for role in self.levels.iter().flatten().filter(|role| Some(**role) != self.levels[level]) {
            world.take_role(guild, user, *role).unwrap();
        }
        if let Some(role) = self.levels[level] {
            world.give_role(guild, user, role).unwrap();
        }
    }

    /// By the simulated Discord's own reading: whether the actor stands above the target, and whether the bot may.
    fn allowed(&self, actor: UserId, target: UserId, deed: &str, permission: u64) -> (bool, bool) {
        let world = self.house.sim.world();
        let guild = world.guild(self.house.inn.guild).unwrap();
        let bot_holds = world.permissions_of(world.me(), guild.id) & permission != 0;
        let is_shielded = deed == "timeout" && world.permissions_of(target, guild.id) & ADMINISTRATOR != 0;
        let bot_may = bot_holds && outranks_member(guild, world.me(), target) && !is_shielded;
        (outranks_member(guild, actor, target), bot_may)
    }

    /// What Discord says when the bot asks for it all the same.
    fn probe(&mut self, target: UserId, deed: &str) -> u16 {
        self.probes += 1;
        let guild = self.house.inn.guild;
        let until = self.house.clock.now().plus(Duration::from_secs(60)).rfc3339();
        let mut world = self.house.sim.world();
        let member = format!("/guilds/{guild}/members/{target}");
        let request = match deed {
            "kick" => Request::new(&world, "DELETE", &member),
            "ban" => Request::new(&world, "PUT", &format!("/guilds/{guild}/bans/{target}")).json(&json!({})),
            _ => Request::new(&world, "PATCH", &member).json(&json!({"communication_disabled_until": until})),
        };
        world.request(&request).status
    }

    /// Whether it was done to them.
    fn is_done(&self, target: UserId, deed: &str) -> bool {
        let world = self.house.sim.world();
        let member = world.member(self.house.inn.guild, target);
        match deed {
            "timeout" => member.is_some_and(|member| member.timed_out_until.is_some()),
            _ => member.is_none(),
        }
    }

    /// Requests so far that change a member or tell them something.
    fn deeds(&self) -> usize {
        let world = self.house.sim.world();
        let changes = |method: &str, part: &str| world.count_requests(method, part);
        changes("DELETE", "/members/")
            + changes("PATCH", "/members/")
            + changes("PUT", "/bans/")
            + changes("POST", "/users/@me/channels")
    }

    /// The actor tries everything on the target, each of whom stands on their level or owns the guild.
    async fn try_all(&mut self, (actor, of_actor): (UserId, usize), me: usize, (target, of_target): (UserId, usize)) {
        let owner = self.house.inn.owner;
        for (deed, permission, done) in DEEDS {
            for (user, level) in [(actor, of_actor), (target, of_target)] {
                if user != owner {
                    self.place(user, level);
                }
            }
            let (actor_may, bot_may) = self.allowed(actor, target, deed, permission);
            let before = self.deeds();
            let mut options = vec![("member", Input::from(target)), ("reason", "x".into())];
            options.extend((deed == "timeout").then(|| ("duration", "1h".into())));
            let answer = self.house.slash(actor, deed, &options).await;
            let said = answer.text();
            let case = format!("{deed}: level {of_actor} through {me} on {of_target}: {said}");
            match (actor_may, bot_may) {
                (true, true) => assert!(said.starts_with("Case **") && said.contains(done), "{case}"),
                (true, false) => {
                    let refused = said.starts_with("I cannot ") || said.starts_with("Discord lets nobody");
                    assert!(refused, "{case}");
                    assert_eq!(self.probe(target, deed), 403, "{case}");
                }
                (false, _) if target == owner => assert!(said.starts_with("Nobody can"), "{case}"),
                (false, _) => assert!(said.starts_with("You cannot "), "{case}"),
            }
            let is_done = actor_may && bot_may;
            assert_eq!(self.is_done(target, deed), is_done, "{case}");
            let asked = self.deeds() - before - usize::from(actor_may && !bot_may);
            assert_eq!(asked > 0, is_done, "{case}");
        }
        assert_eq!(self.house.sim.world().invalid_requests(), self.probes, "only the test was ever turned away");
    }
}

#[tokio::test]
async fn every_actor_bot_and_target_of_six_levels_agrees_with_discord() {
    let mut ladder = Ladder::new().await;
    let bot = ladder.house.start().await;
    let (actor, target) = (ladder.house.member(0), ladder.house.member(1));
    let myself = ladder.house.sim.world().me();
    for me in 0..6 {
        ladder.place(myself, me);
        for (of_actor, of_target) in (0..6).flat_map(|a| (0..6).map(move |t| (a, t))) {
            ladder.try_all((actor, of_actor), me, (target, of_target)).await;
        }
    }
    assert!(ladder.probes > 0);
    bot.stop().await;
}

#[tokio::test]
async fn the_owner_stands_above_everybody_and_nobody_above_the_owner() {
    let mut ladder = Ladder::new().await;
    let bot = ladder.house.start().await;
    let (owner, other) = (ladder.house.inn.owner, ladder.house.member(1));
    let myself = ladder.house.sim.world().me();
    for me in 0..6 {
        ladder.place(myself, me);
        for level in 0..6 {
            ladder.try_all((owner, 0), me, (other, level)).await;
            ladder.try_all((other, level), me, (owner, 0)).await;
        }
    }
    bot.stop().await;
}
