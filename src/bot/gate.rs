//! The one gate: known → enabled → permission → cooldown, for every door alike.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::{Quota, RateLimiter};

use super::Bot;
use crate::command::{Answer, Args, Command, Door, Invocation, Outcome};
use crate::features;
use crate::model::{Outgoing, Refusal, UserId, text};

/// After so many checks the limiter's memory of long-gone members is given back.
const CHECKS_BETWEEN_CLEANING: u32 = 1_024;

impl Bot {
    /// The gate without its cooldown, which only a run uses up: the refusal to give at once, if there is one.
    pub async fn refuses(&self, invocation: &Invocation) -> Option<Answer> {
        self.pass(invocation).err().map(|refusal| refused(&refusal))
    }

    /// The same, whatever the arguments are: they may still have to be asked for.
    pub fn turns_away(&self, invocation: &Invocation) -> Option<Answer> {
        self.admit(invocation).err().map(|refusal| refused(&refusal))
    }

    /// The command behind an invocation and its checked arguments, or why not.
    pub(super) fn pass(&self, invocation: &Invocation) -> Result<(&'static Command, Args), Refusal> {
        let command = self.admit(invocation)?;
        let args = Args::check(command, &invocation.given, &invocation.people)?;
        Ok((command, args))
    }

    fn admit(&self, invocation: &Invocation) -> Result<&'static Command, Refusal> {
        let command = features::find_command(&self.0.config.load(), &invocation.command)?;
        if !self.0.config.load().discord.serves(invocation.guild) {
            return Err(Refusal::new("I do not serve this server."));
        }
        if !command.requires.allows(invocation.actor.permissions) {
            let needed = command.requires.name();
            return Err(Refusal::new(format!("`{}` is for members with the permission {needed}.", command.name)));
        }
        Ok(command)
    }

    /// Uses up the command's cooldown, or says how long it still runs.
    pub(super) fn cool_down(&self, command: &'static Command, user: UserId) -> Result<(), Refusal> {
        self.0.cooldowns.take(command, user).map_err(|left| {
            let left = text::duration(left.max(Duration::from_secs(1)));
            Refusal::new(format!("`{}` again in {left}, please.", command.name))
        })
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

type Limiter = governor::DefaultKeyedRateLimiter<(usize, UserId)>;

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
    fn take(&self, command: &'static Command, user: UserId) -> Result<(), Duration> {
        let Some(period) = NonZeroU32::new(command.cooldown_seconds) else { return Ok(()) };
        // A command is a static value: its address names it.
        self.check(period, NonZeroU32::MIN, (std::ptr::from_ref(command).addr(), user))
    }

    /// Whether to answer a refused prefix command at all: who goes on all the same is not answered each time.
    pub(super) fn may_complain(&self, user: UserId) -> bool {
        self.check(REFUSAL_SECONDS, REFUSALS_BURST, (REFUSALS, user)).is_ok()
    }

    fn check(&self, period: NonZeroU32, burst: NonZeroU32, key: (usize, UserId)) -> Result<(), Duration> {
        let mut limiters = self.by_pace.lock().unwrap_or_else(PoisonError::into_inner);
        let index = limiters.iter().position(|(pace, _)| *pace == (period, burst)).unwrap_or_else(|| {
            limiters.push(((period, burst), new_limiter(period, burst)));
            limiters.len() - 1
        });
        let limiter = &limiters[index].1;
        if self.checks.fetch_add(1, Relaxed).is_multiple_of(CHECKS_BETWEEN_CLEANING) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(&key).map_err(|until| until.wait_time_from(limiter.clock().now()))
    }
}

#[expect(clippy::expect_used, reason = "a period of at least a second is never zero")]
fn new_limiter(period: NonZeroU32, burst: NonZeroU32) -> Limiter {
    let period = Duration::from_secs(u64::from(period.get()));
    RateLimiter::keyed(Quota::with_period(period).expect("not zero").allow_burst(burst))
}
