//! Level roles for everybody at once, after an import: promises at a pace that Discord does not mind. The bot keeps
//! them while it runs; each is promised once, however often it is asked for.

use std::time::Duration;

use super::store::{self, Earner};
use crate::config::{Config, LevelRole};
use crate::features::levels::rules::is_wanted;
use crate::features::levels::{roles, text};
use crate::model::{Effect, Guild, GuildId, Refusal, Result, RoleId, Roll, Timestamp, UserId};
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
    /// Held already; nobody knows where Discord was not asked.
    pub held: usize,
    /// Promised before, or waiting already.
    pub known: usize,
}

/// Gives level roles to everybody in a guild.
pub struct Rewarding<'c> {
    config: &'c Config,
    guild: Guild,
    /// The level roles that can be given there.
    rewards: Vec<LevelRole>,
    /// Who is there and holds which roles, where Discord was asked.
    roll: Option<Roll>,
}

/// Somebody who is here.
struct Here {
    user: UserId,
    name: String,
    xp: i64,
}

impl<'c> Rewarding<'c> {
    /// # Errors
    /// A refusal where the bot has not seen the server yet, or no role can be given there.
    pub fn new(guest: &Guest, config: &'c Config, guild: GuildId, roll: Option<Roll>) -> Result<Self> {
        let seen = store::find_guild(guest.read(), guild)?;
        let guild = seen.ok_or_else(|| Refusal::new("I have not seen this server yet: let the bot run once first."))?;
        let can_be_given =
            |entry: &&LevelRole| guild.role(entry.role).is_some() && roles::obstacle(&guild, entry.role).is_none();
        let rewards: Vec<_> = config.levels.roles.iter().filter(can_be_given).copied().collect();
        if rewards.is_empty() {
            let words = "No level role can be given in this server: see [[levels.role]], and the status page for why.";
            return Err(Refusal::new(words).into());
        }
        Ok(Self { config, guild, rewards, roll })
    }

    /// Counts the roles that members should have by their levels.
    pub fn count(&self, guest: &Guest) -> Result<Rewards> {
        let mut counted = Rewards::default();
        let mut last = None;
        while let Some(here) = self.next(guest, &mut last)? {
            for member in &here {
                for entry in self.wanted(member) {
                    let (origin, target) = self.names(member.user, entry);
                    if self.holds(member.user, entry.role) {
                        counted.held += 1;
                    } else if store::is_promised(guest.read(), &origin, &target)? {
                        counted.known += 1;
                    } else {
                        counted.roles += 1;
                    }
                }
            }
            counted.members += here.len();
        }
        Ok(counted)
    }

    /// Promises these roles, one a second from `now` on. `progress` is told of how many members are done.
    pub fn promise(&self, guest: &mut Guest, now: Timestamp, mut progress: impl FnMut(usize)) -> Result<Rewards> {
        let mut made = Rewards::default();
        let mut last = None;
        while let Some(here) = self.next(guest, &mut last)? {
            made =
                guest.write(|tx| here.iter().try_fold(made, |made, member| self.promise_to(tx, member, made, now)))?;
            progress(made.members);
            guest.step_aside();
        }
        Ok(made)
    }

    fn promise_to(&self, tx: &Tx, member: &Here, made: Rewards, now: Timestamp) -> Result<Rewards> {
        let mut made = Rewards { members: made.members + 1, ..made };
        for entry in self.wanted(member) {
            let (origin, target) = self.names(member.user, entry);
            if self.holds(member.user, entry.role) {
                made.held += 1;
                continue;
            }
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

    /// The next members who are here and have a level that brings a role, by their ids; none when all were seen.
    fn next(&self, guest: &Guest, last: &mut Option<UserId>) -> Result<Option<Vec<Here>>> {
        let lowest = self.rewards.iter().map(|entry| entry.level).min().unwrap_or(1);
        let xp = self.config.levels.curve.total(lowest);
        let earners = store::list_earners(guest.read(), self.guild.id, xp, *last, MEMBERS_AT_ONCE)?;
        let Some(end) = earners.last() else { return Ok(None) };
        *last = Some(end.user);
        Ok(Some(earners.into_iter().filter_map(|earner| self.here(earner)).collect()))
    }

    /// Discord's list goes before what the bot has seen.
    fn here(&self, earner: Earner) -> Option<Here> {
        let Earner { user, name, xp, is_here } = earner;
        let name = match &self.roll {
            Some(roll) => roll.find(user)?.author.name.clone(),
            None => name.filter(|_| is_here)?,
        };
        Some(Here { user, name, xp })
    }

    fn holds(&self, user: UserId, role: RoleId) -> bool {
        let listed = self.roll.as_ref().and_then(|roll| roll.find(user));
        listed.is_some_and(|listed| listed.roles.contains(&role))
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
