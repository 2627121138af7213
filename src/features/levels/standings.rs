//! How many members have more XP than an amount, in a few steps whatever the size of the guild: a Fenwick tree over
//! buckets of XP (Fenwick 1994, "A new data structure for cumulative frequency tables").
//!
//! Buckets are one XP wide up to [`EXACT_XP`] and grow in proportion after that, where members are few; what lies
//! inside the amount's own bucket is left to be counted in SQL.

/// Below this, every amount has a bucket of its own.
const EXACT_XP: i64 = 1 << 16;
/// Buckets for each doubling above it: 1/4096 of the amount wide.
const BITS_PER_DOUBLING: u32 = 12;
/// Doublings from [`EXACT_XP`] to 2⁴¹, past the limit of XP.
const DOUBLINGS: usize = 25;
const BUCKETS: usize = EXACT_XP as usize + (DOUBLINGS << BITS_PER_DOUBLING);

/// The counts of one guild; 0.6 MB.
pub struct Standings {
    tree: Vec<u32>,
    members: u64,
}

impl Default for Standings {
    fn default() -> Self {
        Self { tree: vec![0; BUCKETS + 1], members: 0 }
    }
}

impl Standings {
    /// Counts a member with this amount; those with none are not counted.
    pub fn add(&mut self, xp: i64) {
        self.change(xp, 1);
    }

    /// A member's amount changed.
    pub fn moved(&mut self, before: i64, after: i64) {
        self.change(before, -1);
        self.change(after, 1);
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

    /// Where the member with `before` others above them is: the largest amount in their bucket, and how many are in
    /// buckets above it. None past the end of the board.
    pub fn at(&self, before: u64) -> Option<(i64, u64)> {
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
        let bucket = index.min(BUCKETS - 1);
        Some((top_of(bucket), self.above(top_of(bucket)).0))
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
            amounts.iter().for_each(|xp| standings.add(*xp));
            if !amounts.is_empty() {
                for (index, to) in moves {
                    let before = std::mem::replace(index.get_mut(&mut amounts), to);
                    standings.moved(before, to);
                }
            }
            let asked = amounts.first().copied().unwrap_or(asked);
            let (counted, range) = standings.above(asked);
            let inside = range.map_or(0, |(low, high)| amounts.iter().filter(|xp| **xp > low && **xp <= high).count());
            prop_assert_eq!(counted + inside as u64, amounts.iter().filter(|xp| **xp > asked).count() as u64);
        }

        /// Whoever is at a place lies in the bucket that is found, after as many as it says.
        #[test]
        fn places_agree_with_a_sorted_list(
            amounts in prop::collection::vec(prop_oneof![1_i64..200, 1_i64..400_000, 1_i64..=XP_MAX], 1..200),
        ) {
            let mut amounts = amounts;
            let mut standings = Standings::default();
            amounts.iter().for_each(|xp| standings.add(*xp));
            amounts.sort_unstable_by(|a, b| b.cmp(a));
            for (place, xp) in amounts.iter().enumerate() {
                let (top, above) = standings.at(place as u64).unwrap();
                prop_assert_eq!(top, top_of(bucket_of(*xp)));
                prop_assert_eq!(above, amounts.iter().filter(|other| **other > top).count() as u64);
            }
            prop_assert_eq!(standings.at(amounts.len() as u64), None);
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
