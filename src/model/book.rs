//! The book of commands: how each guild sets them, and how they ended lately. It is in memory, so that the gate waits
//! for no disk; the room of commands keeps it in the database. It refuses to know commands beyond their names.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::{Day, Event, GuildId, Timestamp, UserId};

/// Tallies that may wait for the database; past it they are written at once.
const WAITING_MAX: usize = 2_048;
/// Running cooldowns that are remembered; past it those that are over make room.
const COOLDOWNS_MAX: usize = 4_096;

/// Through which door a command came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Slash,
    Text,
    Http,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    /// They lack the permission or the level.
    Denied,
    /// Its own words: a wrong value, or nothing to be done.
    Refused,
    /// It came too soon after the last time.
    Cooldown,
    /// It is switched off in this guild.
    Disabled,
    Fault,
}

impl Outcome {
    /// Every one, in the order of [`Tally::by_outcome`].
    pub const ALL: [Self; 6] = [Self::Ok, Self::Denied, Self::Refused, Self::Cooldown, Self::Disabled, Self::Fault];

    /// The word under which it is counted.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Cooldown => "cooldown",
            Self::Disabled => "disabled",
            Self::Fault => "fault",
        }
    }
}

/// What a guild set about a command; none: as the command declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommandRule {
    pub disabled: bool,
    pub cooldown_seconds: Option<u32>,
    /// The level from which on members may use it.
    pub level: Option<u32>,
}

/// Whose runs are counted together. `user` is none for those who are not to be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Counted {
    pub guild: GuildId,
    pub user: Option<UserId>,
    pub command: &'static str,
    pub day: Day,
}

/// How often, how it ended, how long it took in all, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub by_outcome: [u64; Outcome::ALL.len()],
    pub took_ms: u64,
    pub last_at: Option<Timestamp>,
}

impl Tally {
    /// Takes other runs in.
    pub fn add(&mut self, other: &Self) {
        for (mine, more) in self.by_outcome.iter_mut().zip(other.by_outcome) {
            *mine += more;
        }
        self.took_ms += other.took_ms;
        self.last_at = self.last_at.max(other.last_at);
    }

    /// All runs.
    pub fn runs(&self) -> u64 {
        self.by_outcome.iter().sum()
    }
}

/// What is in the book; clones share it.
#[derive(Debug, Clone, Default)]
pub struct CommandBook(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rules: RwLock<HashMap<GuildId, HashMap<String, CommandRule>>>,
    waiting: Mutex<HashMap<Counted, Tally>>,
    cooling: Mutex<HashMap<(GuildId, UserId, &'static str), Instant>>,
}

impl CommandBook {
    /// What the guild set about a command.
    pub fn rule(&self, guild: GuildId, command: &str) -> CommandRule {
        let rules = self.0.rules.read().unwrap_or_else(PoisonError::into_inner);
        rules.get(&guild).and_then(|rules| rules.get(command)).copied().unwrap_or_default()
    }

    /// Takes a rule over, as it is on the disk.
    pub fn put(&self, guild: GuildId, command: &str, rule: CommandRule) {
        let mut rules = self.0.rules.write().unwrap_or_else(PoisonError::into_inner);
        rules.entry(guild).or_default().insert(command.to_owned(), rule);
    }

    /// Follows what happened, once it is on the disk.
    pub fn follow(&self, event: &Event) {
        if let Event::CommandSet { guild, command, rule } = event {
            self.put(*guild, command, *rule);
        }
    }

    /// Counts a run. Returns whether so much waits that it has to be written.
    pub fn count(&self, counted: Counted, outcome: Outcome, took: Duration, at: Timestamp) -> bool {
        let mut tally = Tally { last_at: Some(at), ..Tally::default() };
        let nth = Outcome::ALL.iter().position(|known| *known == outcome).unwrap_or(0);
        tally.by_outcome[nth] = 1;
        tally.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.put_back(&[(counted, tally)]);
        self.waiting().len() > WAITING_MAX
    }

    /// Hands out what waits for the database.
    pub fn take(&self) -> Vec<(Counted, Tally)> {
        self.waiting().drain().collect()
    }

    /// What was handed out did not reach the disk.
    pub fn put_back(&self, tallies: &[(Counted, Tally)]) {
        let mut waiting = self.waiting();
        for (counted, tally) in tallies {
            waiting.entry(*counted).or_default().add(tally);
        }
    }

    /// What waits, without taking it.
    pub fn list_waiting(&self, guild: GuildId) -> Vec<(Counted, Tally)> {
        let waiting = self.waiting();
        waiting
            .iter()
            .filter(|(counted, _)| counted.guild == guild)
            .map(|(counted, tally)| (*counted, *tally))
            .collect()
    }

    /// Takes a member's name out of what waits.
    pub fn forget(&self, guild: GuildId, user: UserId) {
        let named: Vec<_> = {
            let mut waiting = self.waiting();
            let named = waiting.extract_if(|counted, _| counted.guild == guild && counted.user == Some(user));
            named.map(|(counted, tally)| (Counted { user: None, ..counted }, tally)).collect()
        };
        self.put_back(&named);
    }

    /// A member used a command that they cannot use again before this has passed.
    pub fn cool(&self, guild: GuildId, user: UserId, command: &'static str, period: Duration) {
        let mut cooling = self.0.cooling.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if cooling.len() >= COOLDOWNS_MAX {
            cooling.retain(|_, until| *until > now);
        }
        if cooling.len() < COOLDOWNS_MAX {
            cooling.insert((guild, user, command), now + period);
        }
    }

    /// How long it still takes until a member can use a command again.
    pub fn cools_for(&self, guild: GuildId, user: UserId, command: &'static str) -> Option<Duration> {
        let cooling = self.0.cooling.lock().unwrap_or_else(PoisonError::into_inner);
        let until = cooling.get(&(guild, user, command))?;
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<Counted, Tally>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_waits_and_comes_back_when_it_did_not_arrive() {
        let book = CommandBook::default();
        let (guild, user) = (GuildId::new(1).unwrap(), UserId::new(2).unwrap());
        let counted = Counted { guild, user: Some(user), command: "rank", day: Day::new(3) };
        let at = Timestamp::from_ms(4);
        assert!(!book.count(counted, Outcome::Ok, Duration::from_millis(5), at));
        book.count(counted, Outcome::Cooldown, Duration::from_millis(1), at);
        let taken = book.take();
        assert!(book.take().is_empty());
        book.put_back(&taken);
        book.forget(guild, user);
        let (told, tally) = book.take().pop().unwrap();
        assert_eq!((told.user, tally.runs(), tally.took_ms, tally.last_at), (None, 2, 6, Some(at)));
        assert_eq!(tally.by_outcome, [1, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_rule_is_one_guilds() {
        let book = CommandBook::default();
        let (here, there) = (GuildId::new(1).unwrap(), GuildId::new(2).unwrap());
        let rule = CommandRule { disabled: true, ..CommandRule::default() };
        book.follow(&Event::CommandSet { guild: here, command: "rank".to_owned(), rule });
        assert_eq!((book.rule(here, "rank"), book.rule(there, "rank")), (rule, CommandRule::default()));
    }
}
