//! The rules of levels, as pure functions: what something is worth, when it earns, and which roles follow a
//! level.
//!
//! XP is a function of the stream of messages alone: a message is judged by its own time, which its id carries.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use serde::{Deserialize, Serialize};

use crate::config::{LevelRole, Levels, Multiplier, Multipliers, RoleMode, XpRange};
use crate::model::time::DISCORD_EPOCH_MS;
use crate::model::{ChannelId, Curve, Day, MessageId, RoleId, Timestamp, XP_MAX, mix};

const NANOSECONDS_PER_MS: u64 = 1_000_000;

/// What the store knows of a member's XP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Row {
    pub xp: i64,
    /// The newest message that earned; 0 for none.
    pub last_message: u64,
    /// The limiter's state: when the next message may earn, in nanoseconds since Discord's epoch.
    pub cooldown: Option<u64>,
    /// The same for commands.
    pub command_cooldown: Option<u64>,
    /// The last civil day with an earning act, in days since 1970.
    pub day: Option<i32>,
    /// Days with an earning act in a row, up to `day`.
    pub streak: u32,
    pub choices: Choices,
    /// The member has left the guild.
    pub away: bool,
}

impl Row {
    /// Whether the member is on the board.
    pub fn is_shown(&self) -> bool {
        !self.away && !self.choices.off_board
    }

    /// The member's days in a row.
    pub fn streak(&self) -> Streak {
        Streak { day: self.day.map(|day| Day::new(i64::from(day))), days: self.streak }
    }

    /// The same row with other days in a row.
    pub fn with_streak(self, streak: Streak) -> Self {
        let day = streak.day.and_then(|day| i32::try_from(day.number()).ok());
        Self { day, streak: streak.days, ..self }
    }
}

/// Civil days with an earning act in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streak {
    /// The last day with an earning act; none before the first.
    pub day: Option<Day>,
    /// How many there were in a row, up to `day`.
    pub days: u32,
}

/// What a member chose for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choices {
    /// Earns nothing.
    pub no_xp: bool,
    /// Is on no board.
    pub off_board: bool,
    /// Level-ups are not announced.
    pub quiet: bool,
}

impl Choices {
    /// As one number for the store.
    pub fn bits(self) -> u8 {
        u8::from(self.no_xp) | u8::from(self.off_board) << 1 | u8::from(self.quiet) << 2
    }

    /// What [`Choices::bits`] made; unknown bits mean nothing.
    pub fn from_bits(bits: u8) -> Self {
        Self { no_xp: bits & 1 != 0, off_board: bits & 2 != 0, quiet: bits & 4 != 0 }
    }
}

/// Why something earned nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Cooldown,
    CommandCooldown,
    ChannelIgnored,
    RoleIgnored,
    TooShort,
    Repeated,
    /// A multiplier, or the configuration, makes it worth nothing.
    WorthNothing,
    OptedOut,
    /// It came after a newer one that earned.
    Late,
    /// Its id tells a time that has not come yet.
    Future,
    VoiceMuted,
    VoiceDeafened,
    VoiceAlone,
    VoiceAfk,
    /// The bot was not connected and saw nothing.
    VoiceUnseen,
}

impl Reason {
    /// Whether its amount counts minutes and not times.
    pub fn is_of_voice(self) -> bool {
        use Reason::{VoiceAfk, VoiceAlone, VoiceDeafened, VoiceMuted, VoiceUnseen};
        matches!(self, VoiceMuted | VoiceDeafened | VoiceAlone | VoiceAfk | VoiceUnseen)
    }
}

/// What comes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Earned(Gain),
    /// The last earning message is too recent; so long until another earns.
    CoolingDown(Duration),
    /// It comes after a newer message that earned: a replay, or late.
    Late,
}

/// A gain and what the member's row is after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain {
    pub amount: i64,
    pub before: Row,
    pub after: Row,
}

impl Gain {
    /// The level reached with this gain, if one was.
    pub fn level_up(&self, curve: &Curve) -> Option<u32> {
        let level = curve.level_of(self.after.xp);
        (level > curve.level_of(self.before.xp)).then_some(level)
    }
}

/// A message as far as its worth goes.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub id: MessageId,
    pub text: &'a str,
    /// The author's.
    pub roles: &'a [RoleId],
    /// Where it was said, and what that lies in: thread, channel, category.
    pub channels: &'a [ChannelId],
}

/// What a message is worth if it earns; of a range, what its id draws with this seed, so that a replay draws the same.
///
/// # Errors
/// The reason why it is worth nothing. A message without text (a picture, say) has no length to be judged by.
pub fn worth_of_message(levels: &Levels, seed: u64, said: &Said<'_>) -> Result<i64, Reason> {
    let XpRange { low, high } = levels.message_xp;
    let sides = u64::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
    let drawn = low.saturating_add_unsigned(mix::draw(seed, said.id.get(), sides));
    let worth = worth(levels, drawn, said.roles, said.channels)?;
    let is_short = levels.min_length > 0 && (1..levels.min_length as usize).contains(&said.text.chars().count());
    if is_short { Err(Reason::TooShort) } else { Ok(worth) }
}

/// What an amount is worth to a member with these roles, in this line of channels (thread, channel, category): nothing
/// where one of them is ignored, else the amount times its multipliers, to the nearest whole number. The bonuses of
/// days are not multiplied.
///
/// # Errors
/// The reason why it is worth nothing.
pub fn worth(levels: &Levels, amount: i64, roles: &[RoleId], channels: &[ChannelId]) -> Result<i64, Reason> {
    if channels.iter().any(|channel| levels.ignored_channels.contains(channel)) {
        return Err(Reason::ChannelIgnored);
    }
    if roles.iter().any(|role| levels.ignored_roles.contains(role)) {
        return Err(Reason::RoleIgnored);
    }
    let Multipliers { roles: by_role, channels: by_channel } = &levels.multipliers;
    let role = roles.iter().filter_map(|role| by_role.get(role)).max();
    let channel = channels.iter().find_map(|channel| by_channel.get(channel));
    let times = |amount: i64, multiplier: Option<&Multiplier>| {
        amount.saturating_mul(i64::from(multiplier.unwrap_or(&Multiplier::ONE).thousandths()))
    };
    let millionths = times(times(amount.clamp(0, XP_MAX), role), channel);
    let worth = millionths.saturating_add(500_000) / 1_000_000;
    if worth == 0 { Err(Reason::WorthNothing) } else { Ok(worth) }
}

/// Decides whether a message earns. Late and equal ids never do, so a replay changes nothing.
pub fn earn(before: Row, message: MessageId, amount: i64, cooldown: NonZeroU32) -> Decision {
    if message.get() <= before.last_message {
        return Decision::Late;
    }
    let cooldown = match cool_down(before.cooldown, message.time(), cooldown) {
        Ok(next) => next,
        Err(left) => return Decision::CoolingDown(left),
    };
    let xp = before.xp.saturating_add(amount).clamp(0, XP_MAX);
    let after = Row { xp, last_message: message.get(), cooldown: Some(cooldown), ..before };
    Decision::Earned(Gain { amount: xp - before.xp, before, after })
}

/// Whether a member of this level should hold a level role: it was reached, and where only the highest is held, it is
/// one of the highest that were reached or one to keep.
pub fn is_wanted(role: &LevelRole, roles: &[LevelRole], mode: RoleMode, level: u32) -> bool {
    let is_passed = |other: &LevelRole| other.level > role.level && other.level <= level;
    role.level <= level && (mode == RoleMode::Stack || role.keep || !roles.iter().any(is_passed))
}

/// What is amiss about the level roles that a member of this level holds, as roles to give (`true`) and to take. A role
/// that was not reached was given by hand, and stays.
pub fn amiss_roles(roles: &[LevelRole], mode: RoleMode, level: u32, held: &[RoleId]) -> Vec<(LevelRole, bool)> {
    let reached = roles.iter().filter(|role| role.level <= level);
    let wanted = reached.map(|role| (*role, is_wanted(role, roles, mode, level)));
    wanted.filter(|(role, wanted)| held.contains(&role.role) != *wanted).collect()
}

/// The roles that a change of level brings (`true`) or takes (`false`).
pub fn changed_roles(roles: &[LevelRole], mode: RoleMode, before: u32, after: u32) -> Vec<(RoleId, bool)> {
    let [old, new] = [before, after].map(|level| move |role: &LevelRole| is_wanted(role, roles, mode, level));
    roles.iter().filter(|role| old(role) != new(role)).map(|role| (role.role, new(role))).collect()
}

/// A command's XP, or how long until another command earns. A replayed command comes at the same time, and too soon.
pub fn earn_by_command(before: Row, at: Timestamp, amount: i64, cooldown: NonZeroU32) -> Result<Row, Duration> {
    let next = cool_down(before.command_cooldown, at, cooldown)?;
    let xp = before.xp.saturating_add(amount).clamp(0, XP_MAX);
    Ok(Row { xp, command_cooldown: Some(next), ..before })
}

/// How many messages bring so much XP, from the luckiest to the unluckiest draw; none where messages bring nothing.
pub fn messages_for(xp: i64, worth: XpRange) -> Option<(i64, i64)> {
    let messages = |each: i64| (xp + each - 1) / each;
    (worth.low > 0).then(|| (messages(worth.high), messages(worth.low)))
}

/// Asks the limiter: the state after an earning message, or how long the cooldown still runs.
///
/// governor decides; its clock is the message's time and its memory is the member's row, so that state and row are
/// one thing and a rollback undoes both. One message per period, exactly one period apart at the closest.
fn cool_down(state: Option<u64>, at: Timestamp, period: NonZeroU32) -> Result<u64, Duration> {
    let since_epoch = u64::try_from(at.ms() - DISCORD_EPOCH_MS).unwrap_or(0);
    let clock = MessageTime(Cell::new(Nanos::new(0)));
    let row = Memory(Cell::new(state.map(Nanos::new)));
    let period = Duration::from_secs(u64::from(period.get()));
    let quota = Quota::with_period(period).map(|quota| quota.allow_burst(NonZeroU32::MIN));
    let Some(quota) = quota else { return Ok(0) };
    let limiter: Limiter<'_> = RateLimiter::new(quota, &row, &clock);
    let now = Nanos::new(since_epoch.saturating_mul(NANOSECONDS_PER_MS));
    clock.0.set(now);
    match limiter.check() {
        Ok(()) => Ok(row.0.get().map_or(0, Nanos::as_u64)),
        Err(until) => Err(until.wait_time_from(now)),
    }
}

type Limiter<'a> = RateLimiter<NotKeyed, &'a Memory, &'a MessageTime, NoOpMiddleware<Nanos>>;

/// Reads Discord's epoch while the limiter is made, then the message's time.
#[derive(Clone)]
struct MessageTime(Cell<Nanos>);

impl Clock for &MessageTime {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        self.0.get()
    }
}

/// The member's row as the limiter's memory.
struct Memory(Cell<Option<Nanos>>);

impl StateStore for &Memory {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, next) = decide(self.0.get())?;
        self.0.set(Some(next));
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
    const START_MS: i64 = 1_700_000_000_000;

    fn message_at(ms: i64, nth: u64) -> MessageId {
        MessageId::new(Timestamp::from_ms(START_MS + ms).snowflake() + nth).unwrap()
    }

    fn gain(row: Row, message: MessageId) -> Option<Gain> {
        match earn(row, message, 15, MINUTE) {
            Decision::Earned(gain) => Some(gain),
            _ => None,
        }
    }

    #[test]
    fn exactly_a_cooldown_later_earns_and_a_millisecond_sooner_does_not() {
        let first = gain(Row::default(), message_at(0, 0)).unwrap().after;
        assert_eq!(earn(first, message_at(59_999, 0), 15, MINUTE), Decision::CoolingDown(Duration::from_millis(1)));
        assert_eq!(gain(first, message_at(60_000, 0)).unwrap().after.xp, 30);
    }

    #[test]
    fn the_same_and_older_messages_never_earn() {
        let first = gain(Row::default(), message_at(90_000, 5)).unwrap().after;
        assert_eq!(earn(first, message_at(90_000, 5), 15, MINUTE), Decision::Late);
        assert_eq!(earn(first, message_at(0, 0), 15, MINUTE), Decision::Late);
    }

    fn role(id: u64) -> RoleId {
        RoleId::new(id).unwrap()
    }

    fn channel(id: u64) -> ChannelId {
        ChannelId::new(id).unwrap()
    }

    fn times(number: f64) -> Multiplier {
        Multiplier::try_from(number).unwrap()
    }

    #[test]
    fn the_nearest_channel_and_the_highest_role_multiply() {
        let mut levels = Levels::default();
        levels.multipliers.roles = [(role(1), times(0.5)), (role(2), times(3.0))].into();
        levels.multipliers.channels = [(channel(10), times(2.0)), (channel(12), times(0.0))].into();
        let worth = |roles: &[u64], channels: &[u64]| {
            let roles: Vec<_> = roles.iter().copied().map(role).collect();
            worth(&levels, 15, &roles, &channels.iter().copied().map(channel).collect::<Vec<_>>())
        };
        assert_eq!(worth(&[], &[99]), Ok(15));
        assert_eq!(worth(&[1, 7], &[99]), Ok(8));
        assert_eq!(worth(&[1, 2], &[99]), Ok(45));
        assert_eq!(worth(&[2], &[10, 11, 12]), Ok(90));
        assert_eq!(worth(&[2], &[11, 12]), Err(Reason::WorthNothing));
        let dust = Levels { multipliers: Multipliers::default(), ..levels.clone() };
        assert_eq!(super::worth(&dust, 0, &[], &[]), Err(Reason::WorthNothing));
    }

    #[test]
    fn what_is_ignored_or_too_short_is_worth_nothing() {
        let levels = Levels {
            ignored_channels: vec![channel(12)],
            ignored_roles: vec![role(3)],
            min_length: 5,
            ..Levels::default()
        };
        let worth = |text: &str, roles: &[RoleId], channels: &[ChannelId]| {
            worth_of_message(&levels, 0, &Said { id: message_at(0, 0), text, roles, channels })
        };
        assert_eq!(worth("héllö", &[], &[channel(10)]), Ok(15));
        assert_eq!(worth("four", &[], &[]), Err(Reason::TooShort));
        assert_eq!(worth("", &[], &[]), Ok(15));
        assert_eq!(worth("hello", &[role(3)], &[]), Err(Reason::RoleIgnored));
        assert_eq!(worth("hello", &[], &[channel(10), channel(11), channel(12)]), Err(Reason::ChannelIgnored));
    }

    #[test]
    fn a_gain_tells_the_level_it_reaches() {
        let curve = Curve::default();
        let row = Row { xp: 490, ..Row::default() };
        assert_eq!(gain(row, message_at(0, 0)).unwrap().level_up(&curve), Some(2));
        assert_eq!(gain(Row::default(), message_at(0, 0)).unwrap().level_up(&curve), None);
    }

    #[test]
    fn xp_stops_at_its_limit() {
        let row = Row { xp: XP_MAX - 3, ..Row::default() };
        assert_eq!(gain(row, message_at(0, 0)).map(|gain| (gain.amount, gain.after.xp)), Some((3, XP_MAX)));
    }

    fn level_role(level: u32, id: u64, keep: bool) -> LevelRole {
        LevelRole { level, role: role(id), keep }
    }

    #[test]
    fn roles_follow_the_level() {
        let [a, b] = [1, 2].map(role);
        let roles = [level_role(2, 1, false), level_role(5, 2, false)];
        assert_eq!(amiss_roles(&roles, RoleMode::Stack, 5, &[a]), [(roles[1], true)]);
        assert_eq!(amiss_roles(&roles, RoleMode::Stack, 5, &[a, b]), []);
        assert_eq!(amiss_roles(&roles, RoleMode::Stack, 4, &[a, b]), [], "given by hand");
        assert_eq!(changed_roles(&roles, RoleMode::Stack, 1, 7), [(a, true), (b, true)]);
        assert_eq!(changed_roles(&roles, RoleMode::Stack, 7, 2), [(b, false)]);
        assert_eq!(changed_roles(&roles, RoleMode::Stack, 3, 4), []);
    }

    #[test]
    fn only_the_highest_role_is_held_and_what_is_to_be_kept() {
        let [a, b, c] = [1, 2, 3].map(role);
        let roles = [level_role(2, 1, false), level_role(5, 2, true), level_role(9, 3, false)];
        assert_eq!(changed_roles(&roles, RoleMode::Highest, 1, 3), [(a, true)]);
        assert_eq!(changed_roles(&roles, RoleMode::Highest, 3, 6), [(a, false), (b, true)]);
        assert_eq!(changed_roles(&roles, RoleMode::Highest, 6, 9), [(c, true)]);
        assert_eq!(changed_roles(&roles, RoleMode::Highest, 9, 2), [(a, true), (b, false), (c, false)]);
        assert_eq!(amiss_roles(&roles, RoleMode::Highest, 6, &[a, c]), [(roles[0], false), (roles[1], true)]);
    }

    fn some_level_roles() -> impl Strategy<Value = Vec<LevelRole>> {
        let parts = prop::collection::vec((1_u32..8, any::<bool>()), 0..8);
        parts.prop_map(|parts| (1..).zip(parts).map(|(id, (level, keep))| level_role(level, id, keep)).collect())
    }

    proptest! {
        /// Whoever does what is said to be amiss finds nothing amiss after it, and a change of level leads to the same
        /// roles as a repair at the new level.
        #[test]
        fn planning_roles_settles(
            roles in some_level_roles(),
            (before, after) in (1_u32..9, 1_u32..9),
            by_hand in prop::collection::vec(1_u64..9, 0..5),
            highest in any::<bool>(),
        ) {
            let mode = if highest { RoleMode::Highest } else { RoleMode::Stack };
            let follow = |held: &mut Vec<RoleId>, role: RoleId, give: bool| {
                held.retain(|one| *one != role);
                held.extend(give.then_some(role));
            };
            let mut held: Vec<_> = by_hand.into_iter().map(role).collect();
            for (role, give) in amiss_roles(&roles, mode, before, &held) {
                follow(&mut held, role.role, give);
            }
            prop_assert_eq!(amiss_roles(&roles, mode, before, &held), []);
            // What was given by hand is no part of the plan until its level is reached.
            held.retain(|held| roles.iter().all(|role| role.role != *held || role.level <= before));
            for (role, give) in changed_roles(&roles, mode, before, after) {
                follow(&mut held, role, give);
            }
            prop_assert_eq!(amiss_roles(&roles, mode, after, &held), []);
        }
    }

    proptest! {
        /// Whatever the stream, no two awards are closer than the cooldown and a replay of it awards nothing.
        #[test]
        fn awards_keep_their_distance(steps in prop::collection::vec((0_i64..200_000, 0_u64..4), 1..60)) {
            let mut row = Row::default();
            let mut awards = Vec::new();
            let mut at = 0;
            let stream: Vec<_> = steps.iter().map(|(step, nth)| { at += step; message_at(at, *nth) }).collect();
            for message in &stream {
                if let Some(gain) = gain(row, *message) {
                    row = gain.after;
                    awards.push(message.time().ms());
                }
            }
            prop_assert_eq!(row.xp, awards.len() as i64 * 15);
            prop_assert!(awards.windows(2).all(|pair| pair[1] - pair[0] >= 60_000));
            for message in &stream {
                prop_assert!(gain(row, *message).is_none() || message.get() > row.last_message);
            }
        }

        /// A draw lies in its range, is the same in a replay, and ranges are used to both ends.
        #[test]
        fn a_message_draws_its_own_amount(seed in any::<u64>(), low in 0_i64..100_000, more in 0_i64..20) {
            let levels = Levels { message_xp: XpRange { low: low + 1, high: low + 1 + more }, ..Levels::default() };
            let drawn = |nth| {
                let said = Said { id: message_at(nth, 0), text: "", roles: &[], channels: &[] };
                worth_of_message(&levels, seed, &said).unwrap()
            };
            let all: Vec<_> = (0..400).map(drawn).collect();
            prop_assert_eq!(all.iter().min(), Some(&levels.message_xp.low));
            prop_assert_eq!(all.iter().max(), Some(&levels.message_xp.high));
            prop_assert_eq!(drawn(7), all[7]);
        }

        /// Whatever is configured, worth is neither negative nor overflows.
        #[test]
        fn any_amount_has_a_worth(amount in any::<i64>(), by_role in 0.0..=100.0, by_channel in 0.0..=100.0) {
            let mut levels = Levels::default();
            levels.multipliers.roles.insert(role(1), times(by_role));
            levels.multipliers.channels.insert(channel(1), times(by_channel));
            let worth = worth(&levels, amount, &[role(1)], &[channel(1)]);
            prop_assert!(worth.is_err() || worth.is_ok_and(|worth| worth > 0));
        }

        /// Any id that Discord could send is judged without overflow.
        #[test]
        fn any_id_is_judged(id in 1_u64..=(i64::MAX as u64), xp in any::<i64>(), cooldown in any::<Option<u64>>()) {
            let row = Row { xp, cooldown, ..Row::default() };
            let _ = earn(row, MessageId::new(id).unwrap(), i64::MAX, MINUTE);
        }
    }
}
