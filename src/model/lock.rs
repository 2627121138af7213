//! What a lock changes in a channel, and how that is taken back: bit by bit, so that what somebody else changed
//! meanwhile stays, and everything else is exactly as it was.

use serde::{Deserialize, Serialize};

use super::{Overwrite, Permissions};

/// What an overwrite allows and denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Halves {
    pub allow: Permissions,
    pub deny: Permissions,
}

impl Halves {
    pub const NEUTRAL: Self = Self { allow: Permissions::NONE, deny: Permissions::NONE };

    /// The bits of `bits` that stand here as they stand there.
    fn alike(self, other: Self, bits: Permissions) -> Permissions {
        let differing = (self.allow.0 ^ other.allow.0) | (self.deny.0 ^ other.deny.0);
        bits.without(Permissions(differing))
    }

    /// The same with these bits as they stand in `other`.
    fn with(self, other: Self, bits: Permissions) -> Self {
        let take = |mine: Permissions, theirs: Permissions| mine.without(bits) | Permissions(theirs.0 & bits.0);
        Self { allow: take(self.allow, other.allow), deny: take(self.deny, other.deny) }
    }
}

/// A change of one overwrite that can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// A role's or a member's id.
    pub target: u64,
    pub for_member: bool,
    /// The overwrite as it was; none: there was none.
    pub before: Option<Halves>,
    /// The bits that were changed, as they stand since then. Each was otherwise before.
    pub set: Halves,
}

/// Somebody changed the bits of a bar in the moment in which they were to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedMeanwhile;

/// Bits of an overwrite that somebody changed while they were locked. They are left as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub target: u64,
    pub for_member: bool,
    pub bits: Permissions,
}

impl Bar {
    /// What has to change so that these bits are allowed and denied; none where they are.
    pub fn new((target, for_member): (u64, bool), before: Option<Halves>, wanted: Halves) -> Option<Self> {
        let was = before.unwrap_or_default();
        let all = wanted.allow | wanted.deny;
        let bits = all.without(was.alike(wanted, all));
        let set = Halves::NEUTRAL.with(wanted, bits);
        (bits != Permissions::NONE).then_some(Self { target, for_member, before, set })
    }

    /// The bits that it changes.
    pub fn bits(&self) -> Permissions {
        self.set.allow | self.set.deny
    }

    /// The overwrite with these bits changed, from how it stands now. Doing it twice does nothing more.
    fn close(&self, now: Option<Halves>) -> Result<Halves, ChangedMeanwhile> {
        let (now, bits) = (now.unwrap_or_default(), self.bits());
        let expected = now.alike(self.before.unwrap_or_default(), bits) | now.alike(self.set, bits);
        if expected == bits { Ok(now.with(self.set, bits)) } else { Err(ChangedMeanwhile) }
    }

    /// The overwrite with these bits as they were, from how it stands now, and which of them somebody changed
    /// meanwhile. An overwrite that did not exist before and would say nothing is gone again.
    fn open(&self, now: Option<Halves>) -> (Option<Halves>, Permissions) {
        let (bits, before) = (self.bits(), self.before.unwrap_or_default());
        let stands = now.unwrap_or_default();
        let ours = stands.alike(self.set, bits);
        let left = bits.without(ours | stands.alike(before, bits));
        let opened = now.map(|now| now.with(before, ours));
        (opened.filter(|opened| self.before.is_some() || *opened != Halves::NEUTRAL), left)
    }
}

/// The overwrites of a channel with these bars in place.
///
/// # Errors
/// Somebody changed the same bits since the bars were thought of; nothing is to be done then.
pub fn close(overwrites: &[Overwrite], bars: &[Bar]) -> Result<Vec<Overwrite>, ChangedMeanwhile> {
    let mut closed = overwrites.to_vec();
    for bar in bars {
        let halves = bar.close(find(&closed, bar))?;
        put(&mut closed, bar, Some(halves));
    }
    Ok(closed)
}

/// The overwrites of a channel with these bars taken away again, and what somebody changed meanwhile.
pub fn open(overwrites: &[Overwrite], bars: &[Bar]) -> (Vec<Overwrite>, Vec<Left>) {
    let (mut opened, mut left) = (overwrites.to_vec(), Vec::new());
    for bar in bars {
        let (halves, bits) = bar.open(find(&opened, bar));
        put(&mut opened, bar, halves);
        if bits != Permissions::NONE {
            left.push(Left { target: bar.target, for_member: bar.for_member, bits });
        }
    }
    (opened, left)
}

fn find(overwrites: &[Overwrite], bar: &Bar) -> Option<Halves> {
    let found = overwrites.iter().find(|o| o.id == bar.target && o.for_member == bar.for_member)?;
    Some(Halves { allow: found.allow, deny: found.deny })
}

fn put(overwrites: &mut Vec<Overwrite>, bar: &Bar, to: Option<Halves>) {
    let at = overwrites.iter().position(|o| o.id == bar.target && o.for_member == bar.for_member);
    let fresh = to.map(|to| Overwrite { id: bar.target, for_member: bar.for_member, allow: to.allow, deny: to.deny });
    match (at, fresh) {
        (Some(at), Some(fresh)) => overwrites[at] = fresh,
        (None, Some(fresh)) => overwrites.push(fresh),
        (Some(at), None) => drop(overwrites.remove(at)),
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A handful of bits, so that they meet.
    fn halves() -> impl Strategy<Value = Halves> {
        (0_u64..256, 0_u64..256)
            .prop_map(|(allow, deny)| Halves { allow: Permissions(allow & !deny), deny: Permissions(deny) })
    }

    fn overwrites(before: &[Option<Halves>]) -> Vec<Overwrite> {
        let of = |(id, halves): (u64, &Option<Halves>)| {
            halves.map(|h| Overwrite { id, for_member: id == 2, allow: h.allow, deny: h.deny })
        };
        (1..).zip(before).filter_map(of).collect()
    }

    fn sorted(mut overwrites: Vec<Overwrite>) -> Vec<Overwrite> {
        overwrites.sort_by_key(|overwrite| overwrite.id);
        overwrites
    }

    fn bars(before: &[Option<Halves>], wanted: [Halves; 2]) -> Vec<Bar> {
        let bar = |index: usize| Bar::new((index as u64 + 1, index == 1), before[index], wanted[index]);
        (0..2).filter_map(bar).collect()
    }

    proptest! {
        #[test]
        fn what_was_locked_is_afterwards_as_it_was(
            before in prop::collection::vec(prop::option::of(halves()), 4), wanted in [halves(), halves()],
        ) {
            let bars = bars(&before, wanted);
            let closed = close(&overwrites(&before), &bars).unwrap();
            prop_assert_eq!(&close(&closed, &bars).unwrap(), &closed, "twice is once");
            for (bar, wanted) in bars.iter().map(|bar| (bar, wanted[bar.target as usize - 1])) {
                let stands = find(&closed, bar).unwrap();
                prop_assert!(stands.allow.contains(wanted.allow) && stands.deny.contains(wanted.deny));
            }
            let (opened, left) = open(&closed, &bars);
            prop_assert_eq!(&sorted(opened.clone()), &overwrites(&before));
            prop_assert!(left.is_empty());
            let (again, left) = open(&opened, &bars);
            prop_assert_eq!((sorted(again), left.len()), (overwrites(&before), 0), "twice is once");
        }

        #[test]
        fn what_changed_meanwhile_stays(
            before in prop::collection::vec(prop::option::of(halves()), 4), wanted in [halves(), halves()],
            meanwhile in prop::collection::vec(prop::option::of(prop::option::of(halves())), 4),
        ) {
            let bars = bars(&before, wanted);
            let mut stands = close(&overwrites(&before), &bars).unwrap();
            for (id, change) in (1..).zip(&meanwhile) {
                if let Some(change) = change {
                    let anybody = Bar { target: id, for_member: id == 2, before: None, set: Halves::NEUTRAL };
                    put(&mut stands, &anybody, *change);
                }
            }
            let (opened, left) = open(&stands, &bars);
            for id in 1_u64..=4 {
                let whole = Bar { target: id, for_member: id == 2, before: None, set: Halves::NEUTRAL };
                let (was, now) = (find(&stands, &whole), find(&opened, &whole));
                let bar = bars.iter().find(|bar| bar.target == id);
                let bits = bar.map_or(Permissions::NONE, Bar::bits);
                let (was_bits, now_bits) = (was.unwrap_or_default(), now.unwrap_or_default());
                // Bits that are none of ours are never touched.
                let others = Permissions(255).without(bits);
                prop_assert_eq!(was_bits.alike(now_bits, others), others);
                // Each of ours is as it was before the lock, or as somebody left it.
                if let Some(bar) = bar {
                    let before = bar.before.unwrap_or_default();
                    let told = left.iter().find(|l| l.target == id).map_or(Permissions::NONE, |l| l.bits);
                    prop_assert_eq!(now_bits.alike(before, bits), bits.without(told));
                    prop_assert_eq!(now_bits.alike(was_bits, told), told);
                }
            }
        }

        #[test]
        fn a_change_in_the_same_moment_is_noticed(
            before in prop::option::of(halves()), wanted in halves(), now in prop::option::of(halves()),
        ) {
            let Some(bar) = Bar::new((1, false), before, wanted) else { return Ok(()) };
            let (was, stands) = (before.unwrap_or_default(), now.unwrap_or_default());
            let expected = (0..8).map(|bit| Permissions(1 << bit)).filter(|bit| bar.bits().contains(*bit)).all(|bit| {
                stands.alike(was, bit) == bit || stands.alike(bar.set, bit) == bit
            });
            prop_assert_eq!(bar.close(now).is_ok(), expected);
        }
    }

    #[test]
    fn an_overwrite_that_existed_empty_stays_and_one_that_did_not_goes() {
        let wanted = Halves { allow: Permissions::NONE, deny: Permissions(1) };
        for before in [None, Some(Halves::NEUTRAL)] {
            let bars: Vec<_> = Bar::new((1, false), before, wanted).into_iter().collect();
            let there = overwrites(&[before]);
            let closed = close(&there, &bars).unwrap();
            assert_eq!(closed.len(), 1);
            assert_eq!(open(&closed, &bars).0, there);
        }
    }
}
