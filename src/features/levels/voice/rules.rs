//! The rules of voice, as pure functions: whether a moment in voice counts, and who has how many whole minutes.
//!
//! Time is what the bot could see ([`Mark`]), in milliseconds: first everybody is settled up to now in the state that
//! held since the last time, then what changed is applied. So nothing is ever paid for a state that did not hold, nor
//! for time that nobody saw.

use std::collections::HashMap;

use crate::config;
use crate::model::{ChannelId, RoleId, UserId, Voice, VoiceFlags};

const MINUTE_MS: u64 = 60_000;

/// Somebody in a voice channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub user: UserId,
    /// The name to show; empty where it is not known.
    pub name: String,
    /// Without `@everyone`, as of when Discord last told.
    pub roles: Vec<RoleId>,
    /// Who Discord did not call a bot is a person.
    pub is_bot: bool,
    pub channel: ChannelId,
    pub flags: VoiceFlags,
    /// The channel is the guild's AFK channel.
    pub is_afk: bool,
    /// Up to where this stay in voice is settled.
    pub settled: Mark,
    pub tally: Tally,
}

/// A moment, as the time that the bot has seen, and has missed, since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    pub seen_ms: u64,
    pub missed_ms: u64,
}

/// What a moment in voice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counted,
    Muted,
    Deafened,
    /// Without another person.
    Alone,
    /// In the AFK channel.
    Afk,
    /// The bot was not connected.
    Unseen,
}

impl Kind {
    /// In the order of a [`Tally`].
    pub const ALL: [Self; 6] = [Self::Counted, Self::Muted, Self::Deafened, Self::Alone, Self::Afk, Self::Unseen];
}

/// The milliseconds of a stay in voice by [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally(pub [u64; Kind::ALL.len()]);

impl Tally {
    /// Adds to a kind; how many whole minutes it has more by that.
    fn add(&mut self, kind: Kind, ms: u64) -> u64 {
        let total = &mut self.0[kind as usize];
        let before = *total;
        *total = before.saturating_add(ms);
        *total / MINUTE_MS - before / MINUTE_MS
    }
}

/// Whole minutes that somebody has more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minutes {
    /// The place in the list of seats.
    pub seat: usize,
    pub kind: Kind,
    pub minutes: u64,
}

/// What a moment is to a person in this state.
///
/// Discord's clients mute whoever deafens themselves, so who is deafened is judged by that alone. The audience of a
/// stage cannot be heard and counts as muted.
pub fn judge(seat: &Seat, has_company: bool, rules: &config::Voice) -> Kind {
    let VoiceFlags { muted, deafened, suppressed } = seat.flags;
    if seat.is_afk && !rules.count_afk {
        Kind::Afk
    } else if deafened && !rules.count_deafened {
        Kind::Deafened
    } else if (suppressed || muted && !deafened) && !rules.count_muted {
        Kind::Muted
    } else if !has_company && !rules.count_alone {
        Kind::Alone
    } else {
        Kind::Counted
    }
}

/// Settles everybody in voice in one guild up to `now`. Returns who has whole minutes more, and of what.
pub fn settle(seats: &mut [Seat], now: Mark, rules: &config::Voice) -> Vec<Minutes> {
    let mut people: HashMap<ChannelId, u32> = HashMap::new();
    for seat in seats.iter().filter(|seat| !seat.is_bot) {
        *people.entry(seat.channel).or_default() += 1;
    }
    let mut gained = Vec::new();
    for (place, seat) in seats.iter_mut().enumerate() {
        let seen = now.seen_ms.saturating_sub(seat.settled.seen_ms);
        let missed = now.missed_ms.saturating_sub(seat.settled.missed_ms);
        seat.settled = seat.settled.max(now);
        if seat.is_bot {
            continue;
        }
        let has_company = people.get(&seat.channel).is_some_and(|people| *people > 1);
        for (kind, ms) in [(judge(seat, has_company, rules), seen), (Kind::Unseen, missed)] {
            let minutes = seat.tally.add(kind, ms);
            if minutes > 0 {
                gained.push(Minutes { seat: place, kind, minutes });
            }
        }
    }
    gained
}

/// Applies what somebody's state is now. Everybody must be settled up to `now` before. A stay lasts from coming into
/// voice to leaving it: who moves, or mutes themselves, goes on with the same one.
pub fn seat(seats: &mut Vec<Seat>, voice: &Voice, afk: Option<ChannelId>, now: Mark) {
    let known = seats.iter().position(|seat| seat.user == voice.user);
    let Some(channel) = voice.channel else {
        known.map(|place| seats.remove(place));
        return;
    };
    let place = known.unwrap_or_else(|| {
        seats.push(Seat::new(voice.user, channel, now));
        seats.len() - 1
    });
    let seat = &mut seats[place];
    (seat.channel, seat.flags, seat.is_afk) = (channel, voice.flags, Some(channel) == afk);
    if let Some(member) = &voice.member {
        seat.name.clone_from(&member.author.name);
        seat.roles.clone_from(&member.roles);
        seat.is_bot = member.author.bot;
    }
}

impl Seat {
    fn new(user: UserId, channel: ChannelId, settled: Mark) -> Self {
        Self {
            user,
            name: String::new(),
            roles: Vec::new(),
            is_bot: false,
            channel,
            flags: VoiceFlags::default(),
            is_afk: false,
            settled,
            tally: Tally::default(),
        }
    }
}

impl Mark {
    /// The later of both, in each of its times.
    fn max(self, other: Self) -> Self {
        Self { seen_ms: self.seen_ms.max(other.seen_ms), missed_ms: self.missed_ms.max(other.missed_ms) }
    }
}
