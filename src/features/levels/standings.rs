//! How many members have more XP than an amount, in a few steps whatever the size of the guild: a Fenwick tree over
//! buckets of XP (Fenwick 1994, "A new data structure for cumulative frequency tables").
//!
//! Buckets are one XP wide up to [`EXACT_XP`] and grow in proportion after that, where members are few; what lies
//! inside the amount's own bucket is left to be counted in SQL.

use std::cmp::Reverse;
use std::collections::HashMap;

/// Below this, every amount has a bucket of its own.
const EXACT_XP: i64 = 1 << 16;
/// Buckets for each doubling above it: 1/4096 of the amount wide.
const BITS_PER_DOUBLING: u32 = 12;
/// Doublings from [`EXACT_XP`] to 2⁴¹, past the limit of XP.
const DOUBLINGS: usize = 25;
const BUCKETS: usize = EXACT_XP as usize + (DOUBLINGS << BITS_PER_DOUBLING);

/// In a crowded bucket every so manieth member is remembered, so that none is far from one that is.
const MILESTONES_APART: u32 = 512;

/// The counts of one guild; 0.6 MB.
pub struct Standings {
    tree: Vec<u32>,
    members: u64,
    crowds: HashMap<usize, Crowd>,
}

/// A member's place in the order of the board: more XP first, then the smaller id.
type Key = (Reverse<i64>, i64);

/// A bucket with many members.
#[derive(Default)]
struct Crowd {
    /// Members counted while the guild was counted.
    counted: u32,
    /// Keys in the order of the board, each with how many members of the bucket come before it. Whoever gave a
    /// milestone its key may be elsewhere by now.
    milestones: Vec<(Key, u32)>,
}

/// Where on the board a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where to begin: at the first member with at most so much XP, and where it is just that, with at least this id.
    pub xp: i64,
    pub user: i64,
    /// How many members to skip from there.
    pub skip: u64,
}

impl Place {
    /// So many members below the top of the board.
    pub fn top(skip: u64) -> Self {
        Self { xp: i64::MAX, user: 0, skip }
    }
}

impl Default for Standings {
    fn default() -> Self {
        Self { tree: vec![0; BUCKETS + 1], members: 0, crowds: HashMap::new() }
    }
}

impl Standings {
    /// Counts a member, in the order of the board; those without XP are not counted.
    pub fn add(&mut self, xp: i64, user: i64) {
        self.change(xp, 1);
        if xp > 0 {
            let crowd = self.crowds.entry(bucket_of(xp)).or_default();
            if crowd.counted > 0 && crowd.counted.is_multiple_of(MILESTONES_APART) {
                crowd.milestones.push(((Reverse(xp), user), crowd.counted));
            }
            crowd.counted += 1;
        }
    }

    /// All are counted: only crowds need milestones.
    pub fn counted(mut self) -> Self {
        self.crowds.retain(|_, crowd| !crowd.milestones.is_empty());
        self.crowds.shrink_to_fit();
        self
    }

    /// A member's amount changed.
    pub fn moved(&mut self, user: i64, before: i64, after: i64) {
        for (xp, by) in [(before, -1), (after, 1)] {
            self.change(xp, by);
            if xp > 0
                && let Some(crowd) = self.crowds.get_mut(&bucket_of(xp))
            {
                let later = crowd.milestones.iter_mut().filter(|(key, _)| *key > (Reverse(xp), user));
                later.for_each(|(_, before)| *before = before.saturating_add_signed(by));
            }
        }
    }

    /// How many members have XP.
    pub fn members(&self) -> u64 {
        self.members
    }

    /// How many members lie in buckets above this amount, and the range `(low, high]` inside its own bucket in which
    /// there may be more.
    pub fn above(&self, xp: i64) -> (u64, Option<(i64, i64)>) {
        let bucket = bucket_of(xp.max(0));
        let mut index = bucket + 1;
        let mut up_to = 0_u64;
        while index > 0 {
            up_to += u64::from(self.tree[index]);
            index &= index - 1;
        }
        let top = top_of(bucket);
        (self.members.saturating_sub(up_to), (xp < top).then_some((xp, top)))
    }

    /// Where the member with `before` others above them is; none past the end of the board.
    pub fn at(&self, before: u64) -> Option<Place> {
        // The same place counted from the bottom, which is how the tree counts.
        let mut below = self.members.checked_sub(before + 1)?;
        let mut index = 0;
        let mut step = BUCKETS.next_power_of_two() / 2;
        while step > 0 {
            if let Some(count) = self.tree.get(index + step).map(|count| u64::from(*count))
                && count <= below
            {
                index += step;
                below -= count;
            }
            step /= 2;
        }
        let top = top_of(index.min(BUCKETS - 1));
        let skip = before - self.above(top).0;
        let milestones = self.crowds.get(&index).map_or(&[][..], |crowd| &crowd.milestones);
        let passed = milestones.iter().take_while(|(_, before)| u64::from(*before) <= skip).last();
        Some(match passed {
            Some(((xp, user), before)) => Place { xp: xp.0, user: *user, skip: skip - u64::from(*before) },
            None => Place { xp: top, user: 0, skip },
        })
    }

    fn change(&mut self, xp: i64, by: i32) {
        if xp <= 0 {
            return;
        }
        self.members = self.members.saturating_add_signed(i64::from(by));
        let mut index = bucket_of(xp) + 1;
        while index <= BUCKETS {
            self.tree[index] = self.tree[index].saturating_add_signed(by);
            index += index & index.wrapping_neg();
        }
    }
}

fn bucket_of(xp: i64) -> usize {
    if xp < EXACT_XP {
        return usize::try_from(xp).unwrap_or(0);
    }
    let doubling = xp.ilog2() - EXACT_XP.ilog2();
    let inside = (xp >> (xp.ilog2() - BITS_PER_DOUBLING)) as usize & ((1 << BITS_PER_DOUBLING) - 1);
    (EXACT_XP as usize + ((doubling as usize) << BITS_PER_DOUBLING) + inside).min(BUCKETS - 1)
}

/// The largest amount in a bucket.
fn top_of(bucket: usize) -> i64 {
    let Some(above) = bucket.checked_sub(EXACT_XP as usize) else { return bucket as i64 };
    let (doubling, inside) = (above >> BITS_PER_DOUBLING, above & ((1 << BITS_PER_DOUBLING) - 1));
    let width_bits = EXACT_XP.ilog2() - BITS_PER_DOUBLING + doubling as u32;
    (((1 << BITS_PER_DOUBLING) + inside as i64 + 1) << width_bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::XP_MAX;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_agree_with_a_plain_count(
            amounts in prop::collection::vec(prop_oneof![0_i64..200, 0_i64..400_000, 0_i64..=XP_MAX], 0..200),
            moves in prop::collection::vec((any::<prop::sample::Index>(), 0_i64..=XP_MAX), 0..50),
            asked in prop_oneof![0_i64..200, 0_i64..400_000, 0_i64..=XP_MAX],
        ) {
            let mut amounts = amounts;
            let mut standings = Standings::default();
            amounts.iter().zip(1..).for_each(|(xp, user)| standings.add(*xp, user));
            if !amounts.is_empty() {
                for (index, to) in moves {
                    let place = index.index(amounts.len());
                    let before = std::mem::replace(&mut amounts[place], to);
                    standings.moved(place as i64 + 1, before, to);
                }
            }
            let asked = amounts.first().copied().unwrap_or(asked);
            let (counted, range) = standings.above(asked);
            let inside = range.map_or(0, |(low, high)| amounts.iter().filter(|xp| **xp > low && **xp <= high).count());
            prop_assert_eq!(counted + inside as u64, amounts.iter().filter(|xp| **xp > asked).count() as u64);
        }

        /// Whoever is at a place is found from where it says, in crowds too, whatever moved since they were counted.
        #[test]
        fn places_agree_with_a_sorted_list(
            crowd in 0_i64..2_000,
            others in prop::collection::vec(prop_oneof![1_i64..20, 1_i64..400_000, 1_i64..=XP_MAX], 1..50),
            moves in prop::collection::vec((any::<prop::sample::Index>(), 1_i64..20), 0..80),
        ) {
            let amounts = (0..crowd).map(|_| 15).chain(others);
            let mut members: Vec<Key> = amounts.zip(1..).map(|(xp, user)| (Reverse(xp), user)).collect();
            members.sort_unstable();
            let mut standings = Standings::default();
            members.iter().for_each(|(xp, user)| standings.add(xp.0, *user));
            let mut standings = standings.counted();
            for (index, to) in moves {
                let member = index.get_mut(&mut members);
                standings.moved(member.1, member.0.0, to);
                member.0 = Reverse(to);
            }
            members.sort_unstable();
            for (place, member) in members.iter().enumerate() {
                let Place { xp, user, skip } = standings.at(place as u64).unwrap();
                let begin = members.partition_point(|key| *key < (Reverse(xp), user));
                prop_assert_eq!(&members[begin + skip as usize], member);
                prop_assert!(skip < u64::from(MILESTONES_APART) + 200);
            }
            prop_assert_eq!(standings.at(members.len() as u64), None);
        }

        #[test]
        fn an_amount_lies_in_its_bucket(xp in 0_i64..=XP_MAX) {
            let bucket = bucket_of(xp);
            prop_assert!(bucket < BUCKETS - 1);
            prop_assert!(xp <= top_of(bucket));
            prop_assert!(bucket == 0 || xp > top_of(bucket - 1));
        }
    }
}
