//! Trying a change before saving it: whose level another configuration would change, who would gain or lose which role,
//! and which roles nobody could get. Everybody's real balance is looked at, and nothing is changed.

pub mod api;
mod store;
mod text;

use std::collections::BTreeMap;

use super::roles::{self, Obstacle};
use super::rules::is_wanted;
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::config::{LevelRole, Levels, RoleMode};
use crate::cx::Cx;
use crate::model::{Curve, Guild, GuildId, LEVEL_MAX, Permission, Refusal, Result, RoleId, UserId};
pub use store::{find_guild, run};

/// Members who are named one by one: those with the most XP among those who change.
pub const NAMED_MAX: usize = 1_000;

/// What another configuration would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Members with XP who are here.
    pub members: usize,
    pub rise: usize,
    pub fall: usize,
    /// Every level role of either configuration, by level.
    pub roles: Vec<RoleOutcome>,
    /// Those who change the most visibly: the ones with the most XP.
    pub changed: Vec<Changed>,
}

/// What becomes of a level role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleOutcome {
    pub role: RoleId,
    /// The level that brings it then; none where the other configuration no longer names it.
    pub level: Option<u32>,
    /// Members who should have it now, and then.
    pub before: usize,
    pub after: usize,
    pub gain: usize,
    pub lose: usize,
    pub unreachable: Option<Unreachable>,
}

/// Why nobody would get a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// The server has no such role.
    Missing,
    /// The levels end before it.
    PastTheEnd,
    Obstacle(Obstacle),
}

/// A member whose level or roles change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub user: UserId,
    pub name: Option<String>,
    pub xp: i64,
    pub before: u32,
    pub after: u32,
    pub gain: Vec<RoleId>,
    pub lose: Vec<RoleId>,
}

/// Compares two configurations for one guild.
pub struct Comparison<'l> {
    now: &'l Levels,
    then: &'l Levels,
    guild: Option<&'l Guild>,
    /// Members by their levels now and then.
    levels: BTreeMap<(u32, u32), usize>,
    changed: Vec<Changed>,
}

impl<'l> Comparison<'l> {
    /// `guild` is the guild as it was last seen.
    pub fn new(now: &'l Levels, then: &'l Levels, guild: Option<&'l Guild>) -> Self {
        Self { now, then, guild, levels: BTreeMap::new(), changed: Vec::new() }
    }

    /// Takes a member in; those with the most XP come first. Whether they are to be named.
    fn take(&mut self, user: UserId, xp: i64) -> bool {
        let (before, after) = (self.now.curve.level_of(xp), self.then.curve.level_of(xp));
        *self.levels.entry((before, after)).or_default() += 1;
        if self.changed.len() >= NAMED_MAX {
            return false;
        }
        let (gain, lose) = self.roles_of(before, after);
        let is_changed = before != after || !gain.is_empty() || !lose.is_empty();
        if is_changed {
            self.changed.push(Changed { user, name: None, xp, before, after, gain, lose });
        }
        is_changed
    }

    /// The roles that somebody with these levels gains and loses.
    fn roles_of(&self, before: u32, after: u32) -> (Vec<RoleId>, Vec<RoleId>) {
        let held = self.held(self.now, before);
        let wanted = self.held(self.then, after);
        let without = |all: &[RoleId], others: &[RoleId]| -> Vec<RoleId> {
            all.iter().filter(|role| !others.contains(role)).copied().collect()
        };
        (without(&wanted, &held), without(&held, &wanted))
    }

    fn held(&self, levels: &Levels, level: u32) -> Vec<RoleId> {
        let rewards = self.rewards(levels);
        let wanted = rewards.iter().filter(|role| is_wanted(role, &rewards, levels.role_mode, level));
        wanted.map(|role| role.role).collect()
    }

    /// The level roles that can be given here. Where the guild was never seen, all of them.
    fn rewards(&self, levels: &Levels) -> Vec<LevelRole> {
        levels.roles.iter().filter(|role| self.obstacle(role, levels).is_none()).copied().collect()
    }

    fn obstacle(&self, role: &LevelRole, levels: &Levels) -> Option<Unreachable> {
        if role.level > levels.curve.highest_level() {
            return Some(Unreachable::PastTheEnd);
        }
        let guild = self.guild?;
        match guild.role(role.role) {
            None => Some(Unreachable::Missing),
            Some(_) => roles::obstacle(guild, role.role).map(Unreachable::Obstacle),
        }
    }

    fn end(self) -> Outcome {
        let count = |is: fn(&(u32, u32)) -> bool| {
            self.levels.iter().filter(|(levels, _)| is(levels)).map(|(_, members)| members).sum()
        };
        let mut outcome = Outcome {
            members: count(|_| true),
            rise: count(|(before, after)| after > before),
            fall: count(|(before, after)| after < before),
            roles: Vec::new(),
            changed: Vec::new(),
        };
        let mut named: Vec<(RoleId, Option<u32>)> =
            self.then.roles.iter().map(|role| (role.role, Some(role.level))).collect();
        let dropped = self.now.roles.iter().filter(|role| self.then.roles.iter().all(|other| other.role != role.role));
        named.extend(dropped.map(|role| (role.role, None)));
        named.sort_by_key(|(role, level)| (level.unwrap_or(u32::MAX), *role));
        let each: Vec<_> = self
            .levels
            .iter()
            .map(|((before, after), members)| (self.held(self.now, *before), self.held(self.then, *after), *members))
            .collect();
        outcome.roles = named.into_iter().map(|(role, level)| self.outcome_of(role, level, &each)).collect();
        outcome.changed = self.changed;
        outcome.changed.sort_by_key(|changed| std::cmp::Reverse(changed.xp));
        outcome
    }

    fn outcome_of(&self, role: RoleId, level: Option<u32>, each: &[(Vec<RoleId>, Vec<RoleId>, usize)]) -> RoleOutcome {
        let of = self.then.roles.iter().find(|entry| entry.role == role);
        let unreachable = of.and_then(|entry| self.obstacle(entry, self.then));
        let mut outcome = RoleOutcome { role, level, before: 0, after: 0, gain: 0, lose: 0, unreachable };
        for (held, wanted, members) in each {
            let (had, has) = (held.contains(&role), wanted.contains(&role));
            outcome.before += if had { *members } else { 0 };
            outcome.after += if has { *members } else { 0 };
            outcome.gain += if has && !had { *members } else { 0 };
            outcome.lose += if had && !has { *members } else { 0 };
        }
        outcome
    }
}

/// Why a role cannot be had, and what to do, for whoever reads the outcome.
pub fn why_unreachable(guild: Option<&Guild>, role: &RoleOutcome) -> Option<(String, &'static str)> {
    text::why_unreachable(guild, role)
}

/// What is to be different; none: it stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The name of a curve.
    pub curve: Option<String>,
    pub max_level: Option<u32>,
    pub role_mode: Option<RoleMode>,
}

/// The configuration as it would be.
///
/// # Errors
/// A refusal where there is no such curve, or nothing would be different.
fn wished(now: &Levels, wish: &Wish) -> Result<Levels> {
    let mut then = now.clone();
    if let Some(name) = &wish.curve {
        then.curve = Curve::named(name).ok_or_else(|| Refusal::new(text::NO_SUCH_CURVE))?;
    }
    then.max_level = wish.max_level.unwrap_or(then.max_level);
    then.curve = then.curve.up_to(then.max_level);
    then.role_mode = wish.role_mode.unwrap_or(then.role_mode);
    if then == *now { Err(Refusal::new(text::SAY_WHAT).into()) } else { Ok(then) }
}

const CATEGORY: &str = "Levels";
const CURVES: &[&str] = &["hub", "mee6", "polaris", "arcane", "levelup", "lurkr", "linear"];
const MODES: &[&str] = &["stack", "highest"];

static CURVE: Opt<String> = Opt::choice("curve", "As if the levels followed this curve", CURVES);
static MAX_LEVEL: Opt<i64> = Opt::whole("max_level", "As if the levels ended there", 1..=LEVEL_MAX as i64);
static MODE: Opt<String> = Opt::choice("role_mode", "As if all level roles were held, or the highest alone", MODES);
static OF_SIMULATE: [&dyn Declared; 3] = [&CURVE, &MAX_LEVEL, &MODE];

pub static SIMULATE: Command = Command::open(
    "simulate",
    "Shows whose levels and roles a change would change, without changing any",
    CATEGORY,
    &OF_SIMULATE,
    simulate,
)
.for_staff(Permission::ManageGuild);

fn simulate(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let guild: GuildId = cx.guild()?;
    let mode = |word: String| if word == "stack" { RoleMode::Stack } else { RoleMode::Highest };
    let wish = Wish {
        curve: args.find(&CURVE),
        max_level: args.find(&MAX_LEVEL).map(u32::try_from).transpose()?,
        role_mode: args.find(&MODE).map(mode),
    };
    let then = wished(&cx.config.levels, &wish)?;
    let seen = cx.guilds.find(guild);
    let outcome = run(cx.tx.read(), guild, Comparison::new(&cx.config.levels, &then, seen.as_deref()))?;
    Ok(Plan::reply(text::outcome(seen.as_deref(), &outcome)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn levels_and_roles_are_compared_member_by_member() {
        let [five, ten] = [5, 10].map(|id| RoleId::new(id).unwrap());
        let level_role = |level, role| LevelRole { level, role, keep: false };
        let now = Levels { roles: vec![level_role(5, five), level_role(10, ten)], ..Levels::default() };
        let then = Levels {
            curve: Curve::named("mee6").unwrap().up_to(12),
            roles: vec![level_role(5, five), level_role(13, ten)],
            ..Levels::default()
        };
        let mut comparison = Comparison::new(&now, &then, None);
        // Levels by the hub's curve and MEE6's: 10 and 12 (where it ends), 5 and 7, 1 and 1.
        assert!(comparison.take(user(1), 10_500) && comparison.take(user(2), 2_750) && !comparison.take(user(3), 120));
        let outcome = comparison.end();
        assert_eq!((outcome.members, outcome.rise, outcome.fall), (3, 2, 0));
        let of_ten = outcome.roles.iter().find(|role| role.role == ten).unwrap();
        assert_eq!((of_ten.before, of_ten.after, of_ten.lose), (1, 0, 1));
        assert_eq!(of_ten.unreachable, Some(Unreachable::PastTheEnd));
        let first = &outcome.changed[0];
        assert_eq!((first.before, first.after, &first.lose[..]), (10, 12, &[ten][..]));
    }
}
