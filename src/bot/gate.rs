//! The one gate: known → enabled → permission → level → cooldown, for every door alike.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{Quota, RateLimiter};

use super::Bot;
use crate::command::{Answer, Args, Command, Door, Invocation, Outcome};
use crate::features;
use crate::model::{CommandRule, GuildId, Outgoing, Refusal, UserId, text};
use crate::store::ledger;

/// After so many checks the limiter's memory of long-gone members is given back.
const CHECKS_BETWEEN_CLEANING: u32 = 1_024;

/// Why a command does not run.
pub(super) struct Denied {
    pub refusal: Refusal,
    pub outcome: Outcome,
    /// None: there is no such command, or not here.
    pub command: Option<&'static Command>,
}

impl Denied {
    fn new(command: &'static Command, outcome: Outcome, words: impl Into<String>) -> Self {
        Self { refusal: Refusal::new(words), outcome, command: Some(command) }
    }

    /// As an answer: only the asker sees it.
    pub fn answer(&self) -> Answer {
        Answer { outcome: self.outcome, ..refused(&self.refusal) }
    }
}

impl Bot {
    /// The gate without its cooldown, which only a run uses up: the refusal to give at once, if there is one.
    pub async fn refuses(&self, invocation: &Invocation) -> Option<Answer> {
        let denied = self.pass(invocation).await.err()?;
        self.count_run(invocation, denied.command, denied.outcome, Duration::ZERO);
        Some(denied.answer())
    }

    /// The same, whatever the arguments are: they may still have to be asked for.
    pub fn turns_away(&self, invocation: &Invocation) -> Option<Answer> {
        let denied = self.admit(invocation).err()?;
        self.count_run(invocation, denied.command, denied.outcome, Duration::ZERO);
        Some(denied.answer())
    }

    /// The command behind an invocation and its checked arguments, or why not.
    pub(super) async fn pass(&self, invocation: &Invocation) -> Result<(&'static Command, Args), Denied> {
        let command = self.admit(invocation)?;
        self.ask_for_level(command, invocation).await?;
        let args = Args::check(command, &invocation.given, &invocation.people).map_err(|refusal| Denied {
            refusal,
            outcome: Outcome::Refused,
            command: Some(command),
        })?;
        Ok((command, args))
    }

    fn admit(&self, invocation: &Invocation) -> Result<&'static Command, Denied> {
        let command = features::find_command(&self.0.config.load(), &invocation.command).map_err(|refusal| Denied {
            refusal,
            outcome: Outcome::Refused,
            command: None,
        })?;
        if !self.0.config.load().discord.serves(invocation.guild) {
            // It is counted nowhere: nothing is kept of people elsewhere.
            let refusal = Refusal::new("I do not serve this server.");
            return Err(Denied { refusal, outcome: Outcome::Refused, command: None });
        }
        if self.rule(command, invocation.guild).disabled {
            let words = format!(
                "`{0}` is switched off in this server. Whoever manages the server can switch it on again: \
                 `/commands enable command:{0}`.",
                command.name
            );
            return Err(Denied::new(command, Outcome::Disabled, words));
        }
        if !command.requires.allows(invocation.actor.permissions) {
            let needed = command.requires.name();
            let words = format!("`{}` is for members with the permission {needed}.", command.name);
            return Err(Denied::new(command, Outcome::Denied, words));
        }
        Ok(command)
    }

    /// Holds a member's level against what the guild asks for. Levels are on the disk as soon as they are reached.
    async fn ask_for_level(&self, command: &'static Command, invocation: &Invocation) -> Result<(), Denied> {
        let Some(needed) = self.rule(command, invocation.guild).level else { return Ok(()) };
        if !self.0.config.load().levels.enabled {
            return Ok(());
        }
        let (guild, user) = (invocation.guild, invocation.actor.user);
        let xp = self.0.store.read(move |reader| ledger::sum(reader, guild, user)).await.map_err(|fault| {
            tracing::error!(%fault, "a level could not be read");
            Denied::new(command, Outcome::Fault, "I could not read your level, so I did nothing. Try again in a while.")
        })?;
        let level = self.0.config.load().levels.curve.level_of(xp);
        if level >= needed {
            return Ok(());
        }
        let words = format!("`{}` is for members from level {needed} on; you are on level {level}.", command.name);
        Err(Denied::new(command, Outcome::Denied, words))
    }

    /// What the guild set about a command.
    fn rule(&self, command: &Command, guild: GuildId) -> CommandRule {
        if command.can_be_set { self.0.book.rule(guild, command.name) } else { CommandRule::default() }
    }

    /// Uses up the command's cooldown, or says how long it still runs.
    pub(super) fn cool_down(&self, command: &'static Command, invocation: &Invocation) -> Result<(), Denied> {
        let (guild, user) = (invocation.guild, invocation.actor.user);
        if invocation.door == Door::Http && Some(user) == self.user() {
            // A program that acts in nobody's name is no member: the door counts its requests.
            return Ok(());
        }
        let seconds = self.rule(command, guild).cooldown_seconds.unwrap_or(command.cooldown_seconds);
        let Some(period) = NonZeroU32::new(seconds) else { return Ok(()) };
        match self.0.cooldowns.take(command, period, guild, user) {
            Ok(()) => {
                self.0.book.cool(guild, user, command.name, Duration::from_secs(seconds.into()));
                Ok(())
            }
            Err(left) => {
                let left = text::duration(left.max(Duration::from_secs(1)));
                let words = format!("`{}` again in {left}, please.", command.name);
                Err(Denied::new(command, Outcome::Cooldown, words))
            }
        }
    }

    /// Whether a prefix command means us: a word that is not ours may be another bot's.
    pub(super) fn is_ours(&self, word: &str) -> bool {
        features::find_command(&self.0.config.load(), word).is_ok()
    }
}

/// A refusal as an answer: only the asker sees it.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    Answer { message: Outgoing::text(refusal.text()), ephemeral: true, outcome: Outcome::Refused }
}

/// The form in which an answer may be given at this door.
pub(super) fn is_private(door: Door, answer: &Answer) -> bool {
    door == Door::Text && answer.ephemeral && answer.outcome == Outcome::Ok
}

type Key = (usize, Option<GuildId>, UserId);
type Limiter = governor::DefaultKeyedRateLimiter<Key>;

/// The cooldowns of commands, on the monotonic clock: they limit the present and need not survive a restart.
#[derive(Default)]
pub(super) struct Cooldowns {
    /// A limiter for each pace (seconds, and how many at once) that something declares.
    by_pace: Mutex<Vec<((NonZeroU32, NonZeroU32), Limiter)>>,
    checks: AtomicU32,
}

/// A member is told this often in a row, in the open, that a prefix command is refused, …
const REFUSALS_BURST: NonZeroU32 = NonZeroU32::new(3).unwrap();
/// … and then once in so many seconds.
const REFUSAL_SECONDS: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// Stands for the refusals among the commands.
const REFUSALS: usize = 0;

impl Cooldowns {
    fn take(
        &self,
        command: &'static Command,
        period: NonZeroU32,
        guild: GuildId,
        user: UserId,
    ) -> Result<(), Duration> {
        // A command is a static value: its address names it.
        self.check(period, NonZeroU32::MIN, (std::ptr::from_ref(command).addr(), Some(guild), user))
    }

    /// Whether to answer a refused prefix command at all: who goes on all the same is not answered each time.
    pub(super) fn may_complain(&self, user: UserId) -> bool {
        self.check(REFUSAL_SECONDS, REFUSALS_BURST, (REFUSALS, None, user)).is_ok()
    }

    fn check(&self, period: NonZeroU32, burst: NonZeroU32, key: Key) -> Result<(), Duration> {
        let mut limiters = self.by_pace.lock().unwrap_or_else(PoisonError::into_inner);
        if self.checks.fetch_add(1, Relaxed).is_multiple_of(CHECKS_BETWEEN_CLEANING) {
            for (_, limiter) in limiters.iter() {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
            // A pace that nobody set any more is not kept either.
            limiters.retain(|(_, limiter)| !limiter.is_empty());
        }
        let index = limiters.iter().position(|(pace, _)| *pace == (period, burst)).unwrap_or_else(|| {
            limiters.push(((period, burst), new_limiter(period, burst)));
            limiters.len() - 1
        });
        let limiter = &limiters[index].1;
        limiter.check_key(&key).map_err(|until| until.wait_time_from(limiter.clock().now()))
    }
}

#[expect(clippy::expect_used, reason = "a period of at least a second is never zero")]
fn new_limiter(period: NonZeroU32, burst: NonZeroU32) -> Limiter {
    let period = Duration::from_secs(u64::from(period.get()));
    RateLimiter::keyed(Quota::with_period(period).expect("not zero").allow_burst(burst))
}
