//! Level roles for everybody at once, after an import: promises at a pace that Discord does not mind. The bot keeps
//! them while it runs; each is promised once, however often it is asked for.

use std::time::Duration;

use super::store::{self, Here};
use crate::config::{Config, LevelRole};
use crate::features::levels::rules::is_wanted;
use crate::features::levels::{roles, text};
use crate::model::{Effect, Guild, GuildId, Refusal, Result, Timestamp, UserId};
use crate::store::promises::{self, NewPromise};
use crate::store::{Guest, Tx};

/// One role after another, so far apart: Discord allows about one a second in a server.
pub const PACE: Duration = Duration::from_secs(1);
/// Members that one transaction looks at.
const MEMBERS_AT_ONCE: usize = 1_000;

/// Roles to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rewards {
    /// Members who are here and have a level that brings a role.
    pub members: usize,
    pub roles: usize,
    /// Promised before, or waiting already.
    pub known: usize,
}

/// Gives level roles to everybody in a guild.
pub struct Rewarding<'c> {
    config: &'c Config,
    guild: Guild,
    /// The level roles that can be given there.
    rewards: Vec<LevelRole>,
}

impl<'c> Rewarding<'c> {
    /// # Errors
    /// A refusal where the bot has not seen the server yet, or no role can be given there.
    pub fn new(guest: &Guest, config: &'c Config, guild: GuildId) -> Result<Self> {
        let seen = store::find_guild(guest.read(), guild)?;
        let guild = seen.ok_or_else(|| Refusal::new("I have not seen this server yet: let the bot run once first."))?;
        let can_be_given =
            |entry: &&LevelRole| guild.role(entry.role).is_some() && roles::obstacle(&guild, entry.role).is_none();
        let rewards: Vec<_> = config.levels.roles.iter().filter(can_be_given).copied().collect();
        if rewards.is_empty() {
            let words = "No level role can be given in this server: see [[levels.role]], and the status page for why.";
            return Err(Refusal::new(words).into());
        }
        Ok(Self { config, guild, rewards })
    }

    /// Counts the roles that members should have by their levels and that were not promised yet.
    pub fn count(&self, guest: &Guest) -> Result<Rewards> {
        let mut counted = Rewards::default();
        let mut last = None;
        loop {
            let members = self.next(guest, last)?;
            let Some(end) = members.last() else { return Ok(counted) };
            last = Some(end.user);
            for member in &members {
                for entry in self.wanted(member) {
                    let (origin, target) = self.names(member.user, entry);
                    let known = store::is_promised(guest.read(), &origin, &target)?;
                    *(if known { &mut counted.known } else { &mut counted.roles }) += 1;
                }
            }
            counted.members += members.len();
        }
    }

    /// Promises these roles, one a second from `now` on. `progress` is told of how many members are done.
    pub fn promise(&self, guest: &mut Guest, now: Timestamp, mut progress: impl FnMut(usize)) -> Result<Rewards> {
        let mut made = Rewards::default();
        let mut last = None;
        loop {
            let members = self.next(guest, last)?;
            let Some(end) = members.last() else { return Ok(made) };
            last = Some(end.user);
            made = guest
                .write(|tx| members.iter().try_fold(made, |made, member| self.promise_to(tx, member, made, now)))?;
            progress(made.members);
            guest.step_aside();
        }
    }

    fn promise_to(&self, tx: &Tx, member: &Here, made: Rewards, now: Timestamp) -> Result<Rewards> {
        let mut made = Rewards { members: made.members + 1, ..made };
        for entry in self.wanted(member) {
            let (origin, target) = self.names(member.user, entry);
            if store::is_promised(tx.read(), &origin, &target)? {
                made.known += 1;
                continue;
            }
            let (guild, user, role) = (self.guild.id, member.user, entry.role);
            let role_name = self.guild.role(role).map_or("a role", |role| &role.name);
            let nth = u32::try_from(made.roles).unwrap_or(u32::MAX);
            let promise = NewPromise {
                origin,
                target: Some(target),
                guild: Some(guild),
                about: text::promise_role(Some(&member.name), role_name, true),
                effect: Effect::AddRole { guild, user, role, reason: text::reason_role(entry.level) },
                due_at: now.plus(PACE.saturating_mul(nth)),
                tells: None,
            };
            promises::insert(tx, &promise, now)?;
            made.roles += 1;
        }
        Ok(made)
    }

    /// The next members who have a level that brings a role, by their ids.
    fn next(&self, guest: &Guest, after: Option<UserId>) -> Result<Vec<Here>> {
        let lowest = self.rewards.iter().map(|entry| entry.level).min().unwrap_or(1);
        let xp = self.config.levels.curve.total(lowest);
        store::list_here(guest.read(), self.guild.id, xp, after, MEMBERS_AT_ONCE)
    }

    fn wanted(&self, member: &Here) -> impl Iterator<Item = &LevelRole> {
        let levels = &self.config.levels;
        let level = levels.curve.level_of(member.xp);
        self.rewards.iter().filter(move |entry| is_wanted(entry, &self.rewards, levels.role_mode, level))
    }

    /// The origin and the target of a promise.
    fn names(&self, user: UserId, entry: &LevelRole) -> (String, String) {
        let (guild, role) = (self.guild.id, entry.role);
        (format!("import:role.{guild}.{user}.{role}"), roles::target(guild, user, role))
    }
}
