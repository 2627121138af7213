//! What a lively community does, and when: a pure generator. The same seed tells the same evening.
//!
//! Talk comes in bursts of a few people in one channel, more in the evening; who takes part follows Zipf: a few people
//! write most of it. People are numbers here; the driver knows who they are.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::f64::consts::TAU;
use std::time::Duration;

use super::due::Due;
use super::words::{
    ASIDES, COMMANDS, DOINGS, EMOJI, INTRODUCTIONS_ROOM, ORDERS, SAYINGS, STATUSES, TOPICS, Topic, introductions,
};

/// The channels that people talk in, in the order of [`crate::sim::Inn::talk`], and how often each is chosen.
pub const ROOMS: [u32; 5] = [8, 1, 3, 4, 6];

/// Owner, admin and moderator: they stay.
const STAFF: usize = 3;
/// Those behind them help out.
pub const HELPERS: usize = 4;

/// Messages a minute that sixty people write at the height of the evening, about.
const MESSAGES_PER_MINUTE: f64 = 14.0;
const CROWD: f64 = 60.0;

/// A larger crowd writes more, but not in proportion.
const CROWD_POWER: f64 = 0.6;

/// Messages of a burst, on average.
const BURST_MESSAGES: f64 = 9.0;
const BURST_MESSAGES_MAX: usize = 30;

/// The evening begins at half past seven, and is at its liveliest an hour later.
const BEGINS_AT_HOUR: f64 = 19.5;
const PEAK_HOUR: f64 = 20.5;

/// How much of the peak is left in the dead of night.
const NIGHT: f64 = 0.12;

/// So many lines are not said again at once.
const SAID_MAX: usize = 40;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// In one of the talking channels; `reply` answers the last message there.
    Say {
        who: usize,
        room: usize,
        text: String,
        other: usize,
        reply: bool,
    },
    /// In the channel for commands, after a slash or a prefix.
    Command {
        who: usize,
        line: &'static str,
        other: usize,
    },
    /// A moderator's command, in the staff's room.
    Moderate {
        line: &'static str,
        other: usize,
    },
    React {
        who: usize,
        room: usize,
        emoji: &'static str,
    },
    Join {
        who: usize,
    },
    Leave {
        who: usize,
    },
    EnterVoice {
        who: usize,
    },
    LeaveVoice {
        who: usize,
    },
    Presence {
        who: usize,
        status: &'static str,
        /// What they play or hear.
        doing: Option<&'static str>,
        /// Their custom status.
        saying: Option<&'static str>,
    },
}

/// A deed and its time since the beginning, in the community's own time.
#[derive(Debug, Clone, PartialEq)]
pub struct Beat {
    pub at: Duration,
    pub deed: Deed,
}

/// What is to come: a deed, or something that leads to deeds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spark {
    Deed(Deed),
    Burst,
    Commands,
    Order,
    Arrival,
    Departure,
    Voice,
    Moods,
}

/// The evening as it unfolds.
pub struct Script {
    dice: fastrand::Rng,
    due: BinaryHeap<Reverse<Due>>,
    number: u64,
    /// How talkative each person is; 0 for those who left.
    weights: Vec<f64>,
    total_weight: f64,
    people_at_first: usize,
    /// Lines that were said lately.
    said: VecDeque<&'static str>,
}

impl Script {
    /// An evening of so many people.
    pub fn new(people: usize, seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut weights: Vec<f64> =
            (0..people.max(STAFF + 1)).map(|rank| 1.0 / (rank as f64 + 2.0).powf(0.9)).collect();
        dice.shuffle(&mut weights);
        let total_weight = weights.iter().sum();
        let people_at_first = weights.len();
        let mut script = Self {
            dice,
            due: BinaryHeap::new(),
            number: 0,
            weights,
            total_weight,
            people_at_first,
            said: VecDeque::new(),
        };
        // Three conversations are under way when the curtain rises.
        for _ in 0..3 {
            script.begin_burst(Duration::ZERO);
        }
        use Spark::{Arrival, Burst, Commands, Departure, Moods, Order, Voice};
        for spark in [Burst, Commands, Order, Arrival, Departure, Voice, Moods] {
            script.schedule(Duration::from_secs(5), spark);
        }
        script
    }

    /// Everything up to a moment that was not told yet, in order.
    pub fn step(&mut self, until: Duration) -> Vec<Beat> {
        let mut beats = Vec::new();
        while self.due.peek().is_some_and(|due| due.0.at <= until) {
            let Some(Reverse(due)) = self.due.pop() else { break };
            match due.spark {
                Spark::Deed(deed) => beats.push(Beat { at: due.at, deed }),
                spark => self.kindle(due.at, spark),
            }
        }
        beats
    }

    /// When the next thing is due.
    pub fn next_at(&self) -> Duration {
        self.due.peek().map_or(DAY, |due| due.0.at)
    }

    fn kindle(&mut self, at: Duration, spark: Spark) {
        let crowd = (self.weights.len() as f64 / CROWD).powf(CROWD_POWER);
        let pace = crowd * rhythm(at);
        let seconds = match spark {
            Spark::Burst => {
                self.begin_burst(at);
                60.0 * BURST_MESSAGES / MESSAGES_PER_MINUTE / pace
            }
            Spark::Commands => {
                self.command(at);
                40.0 / pace
            }
            Spark::Order => {
                self.keep_order(at);
                600.0 / pace
            }
            Spark::Arrival => {
                self.arrive(at);
                400.0 / pace
            }
            Spark::Departure => {
                self.depart(at);
                900.0 / pace
            }
            Spark::Voice => {
                self.visit_fireside(at);
                180.0 / pace
            }
            Spark::Moods => {
                self.change_mood(at);
                30.0 / pace
            }
            Spark::Deed(_) => return,
        };
        let gap = self.exponential(seconds);
        self.schedule(at + gap, spark);
    }

    fn schedule(&mut self, at: Duration, spark: Spark) {
        self.number += 1;
        self.due.push(Reverse(Due { at, number: self.number, spark }));
    }

    fn deed(&mut self, at: Duration, deed: Deed) {
        self.schedule(at, Spark::Deed(deed));
    }

    /// A waiting time with this mean.
    fn exponential(&mut self, mean_seconds: f64) -> Duration {
        let draw = -(1.0 - self.dice.f64()).ln();
        Duration::from_secs_f64((draw * mean_seconds).clamp(0.05, 86_400.0))
    }

    /// Somebody, by how talkative they are.
    fn anybody(&mut self) -> usize {
        let mut point = self.dice.f64() * self.total_weight;
        for (who, weight) in self.weights.iter().enumerate() {
            point -= weight;
            if point <= 0.0 && *weight > 0.0 {
                return who;
            }
        }
        0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        if list.is_empty() { None } else { list.get(self.dice.usize(..list.len())).copied() }
    }

    /// A conversation of a few people in one channel.
    fn begin_burst(&mut self, at: Duration) {
        let room = self.room();
        let fitting: Vec<&Topic> = TOPICS.iter().filter(|topic| topic.rooms.contains(&room)).collect();
        let Some(topic) = self.pick(&fitting) else { return };
        let size = 2 + self.dice.usize(..4);
        let speakers = self.circle(size);
        let wanted = self.exponential(BURST_MESSAGES - 2.0).as_secs() as usize + 2;
        let mut time = at;
        let mut last = speakers[0];
        for turn in 0..wanted.min(BURST_MESSAGES_MAX) {
            let who = if turn == 0 { last } else { self.next_speaker(&speakers, last) };
            self.speak(time, room, topic, who, last, turn);
            last = who;
            time += Duration::from_millis(1_500) + self.exponential(6.0);
        }
    }

    /// Different people, as far as chance finds them.
    fn circle(&mut self, size: usize) -> Vec<usize> {
        let mut speakers = vec![self.anybody()];
        for _ in 0..size * 4 {
            let who = self.anybody();
            if speakers.len() < size && !speakers.contains(&who) {
                speakers.push(who);
            }
        }
        speakers
    }

    /// Mostly somebody else; now and then the last one adds a word.
    fn next_speaker(&mut self, speakers: &[usize], last: usize) -> usize {
        let who = self.pick(speakers).unwrap_or(last);
        if who == last && self.dice.u32(..3) > 0 { self.pick(speakers).unwrap_or(last) } else { who }
    }

    /// Something to say: nobody speaks to themselves by name, and no conversation begins like one of the last.
    fn line(&mut self, topic: &Topic, is_alone: bool, turn: usize) -> Option<&'static str> {
        let lines = match turn {
            0 => topic.openers,
            _ if self.dice.u32(..6) == 0 => ASIDES,
            _ => topic.replies,
        };
        let fits = |line: &&str| !(is_alone && line.contains("{other}"));
        let fresh: Vec<&'static str> = lines.iter().copied().filter(fits).filter(|l| !self.said.contains(l)).collect();
        let text = if fresh.is_empty() { self.pick(lines) } else { self.pick(&fresh) }?;
        self.said.push_back(text);
        if self.said.len() > SAID_MAX {
            self.said.pop_front();
        }
        Some(text)
    }

    fn speak(&mut self, at: Duration, room: usize, topic: &Topic, who: usize, other: usize, turn: usize) {
        let Some(text) = self.line(topic, who == other, turn) else { return };
        // A thanks is for somebody.
        let is_thanks = text.contains("thank");
        let reply = turn > 0 && who != other && (is_thanks || self.dice.u32(..5) == 0);
        self.deed(at, Deed::Say { who, room, text: text.to_owned(), other, reply });
        if self.dice.u32(..8) == 0
            && let Some(emoji) = self.pick(EMOJI)
        {
            let fan = self.anybody();
            let later = at + self.exponential(4.0);
            self.deed(later, Deed::React { who: fan, room, emoji });
        }
    }

    fn room(&mut self) -> usize {
        let mut point = self.dice.u32(..ROOMS.iter().sum::<u32>());
        for (room, share) in ROOMS.iter().enumerate() {
            if point < *share {
                return room;
            }
            point -= share;
        }
        0
    }

    fn command(&mut self, at: Duration) {
        let (who, other) = (self.anybody(), self.anybody());
        if let Some(line) = self.pick(COMMANDS) {
            self.deed(at, Deed::Command { who, line, other });
        }
    }

    /// A moderator sees to somebody who is not of the staff.
    fn keep_order(&mut self, at: Duration) {
        let guests = self.guests();
        if let (Some(other), Some(line)) = (self.pick(&guests), self.pick(ORDERS)) {
            self.deed(at, Deed::Moderate { line, other });
        }
    }

    /// Somebody new comes, or one who left comes back.
    fn arrive(&mut self, at: Duration) {
        let gone: Vec<usize> = (STAFF..self.weights.len()).filter(|who| self.weights[*who] <= 0.0).collect();
        let back = self.pick(&gone).filter(|_| self.dice.bool());
        let who = back.unwrap_or(self.weights.len());
        let weight = 1.0 / (self.dice.f64() * 40.0 + 3.0);
        match back {
            Some(who) => self.weights[who] = weight,
            None => self.weights.push(weight),
        }
        self.total_weight += weight;
        self.deed(at, Deed::Join { who });
        let later = at + Duration::from_secs(10) + self.exponential(20.0);
        if let Some(topic) = introductions() {
            let greeter = self.anybody();
            self.speak(later, INTRODUCTIONS_ROOM, topic, who, greeter, 0);
            let even_later = later + self.exponential(15.0);
            self.speak(even_later, INTRODUCTIONS_ROOM, topic, greeter, who, 1);
        }
    }

    /// Somebody who is not of the staff leaves, if there are more people than at first.
    fn depart(&mut self, at: Duration) {
        let leavers = self.guests();
        if leavers.len() + STAFF <= self.people_at_first {
            return;
        }
        if let Some(who) = self.pick(&leavers) {
            self.total_weight -= self.weights[who];
            self.weights[who] = 0.0;
            self.deed(at, Deed::Leave { who });
        }
    }

    fn guests(&self) -> Vec<usize> {
        (STAFF..self.weights.len()).filter(|who| self.weights[*who] > 0.0).collect()
    }

    fn visit_fireside(&mut self, at: Duration) {
        let who = self.anybody();
        let until = at + Duration::from_secs(120) + self.exponential(1_500.0);
        self.deed(at, Deed::EnterVoice { who });
        self.deed(until, Deed::LeaveVoice { who });
    }

    fn change_mood(&mut self, at: Duration) {
        // The staff comes and goes before everybody's eyes.
        let who = if self.dice.bool() { self.dice.usize(..STAFF + HELPERS) } else { self.anybody() };
        let (doing, saying) = (self.pick(DOINGS).flatten(), self.pick(SAYINGS).flatten());
        if let Some(status) = self.pick(STATUSES) {
            self.deed(at, Deed::Presence { who, status, doing, saying });
        }
    }
}

/// How lively it is at a moment, from [`NIGHT`] to 1.
fn rhythm(at: Duration) -> f64 {
    let hour = BEGINS_AT_HOUR + at.as_secs_f64() / 3_600.0;
    let wave = ((hour - PEAK_HOUR) / 24.0 * TAU).cos();
    NIGHT + (1.0 - NIGHT) * (wave + 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evening(seed: u64) -> Vec<Beat> {
        Script::new(60, seed).step(Duration::from_secs(3_600))
    }

    #[test]
    fn the_same_seed_tells_the_same_evening_however_it_is_cut() {
        let whole = evening(7);
        let mut script = Script::new(60, 7);
        let mut pieces = Vec::new();
        for second in 0..=3_600 {
            pieces.extend(script.step(Duration::from_secs(second)));
        }
        assert_eq!(whole, pieces);
        assert_ne!(whole, evening(8));
        assert!(whole.is_sorted_by_key(|beat| beat.at));
    }

    #[test]
    fn it_is_lively_from_the_beginning_and_a_few_say_most() {
        let talk = |beats: &[Beat]| -> Vec<usize> {
            let said = beats.iter().filter_map(|beat| match beat.deed {
                Deed::Say { who, .. } => Some(who),
                _ => None,
            });
            said.collect()
        };
        let first = talk(&Script::new(60, 7).step(Duration::from_secs(60)));
        assert!(first.len() >= 8, "{} messages in the first minute", first.len());
        let mut counts = vec![0; 200];
        let hour = talk(&evening(7));
        hour.iter().for_each(|who| counts[*who] += 1);
        counts.sort_unstable_by(|a, b| b.cmp(a));
        assert!((350..1_200).contains(&hour.len()), "{} messages in an hour", hour.len());
        let top: usize = counts.iter().take(10).sum();
        assert!(top * 3 > hour.len(), "the ten most talkative wrote {top} of {}", hour.len());
    }

    #[test]
    fn people_thank_those_whom_they_answer_and_give_kudos() {
        let hour = evening(7);
        let thanks = hour.iter().filter(|beat| match &beat.deed {
            Deed::Say { text, who, other, reply, .. } => text.contains("thank") && who != other && *reply,
            _ => false,
        });
        let kudos = hour.iter().filter(|beat| match beat.deed {
            Deed::Command { line, .. } => line.contains("kudos give"),
            _ => false,
        });
        let (thanks, kudos) = (thanks.count(), kudos.count());
        assert!((5..200).contains(&thanks) && (5..60).contains(&kudos), "{thanks} thanks, {kudos} kudos in an hour");
    }

    #[test]
    fn order_is_kept_among_guests() {
        let orders: Vec<_> = evening(7)
            .into_iter()
            .filter_map(|beat| if let Deed::Moderate { other, .. } = beat.deed { Some(other) } else { None })
            .collect();
        assert!((2..30).contains(&orders.len()) && orders.iter().all(|who| *who >= STAFF), "{orders:?}");
    }

    #[test]
    fn nights_are_quieter_than_evenings() {
        assert!(rhythm(Duration::from_secs(3_600)) > 0.99);
        assert!(rhythm(Duration::from_secs(13 * 3_600)) < 0.13);
    }
}
