//! Whether and how to greet: pure decisions.

use std::time::Duration;

use crate::model::Timestamp;
use crate::model::mix::draw;

/// Who takes longer to accept the rules is not greeted any more: nobody remembers that they came.
pub const GREETED_WITHIN: Duration = Duration::from_secs(24 * 3_600);

/// Whether somebody who came at `came_at` and can be seen from `now` on is still to be greeted.
pub fn is_in_time(came_at: Timestamp, now: Timestamp) -> bool {
    now.since(came_at) <= GREETED_WITHIN
}

/// Which of so many variants is said for this event: the same one, however often it comes.
pub fn variant(source: &str, user: u64, variants: usize) -> usize {
    // FNV-1a: the event's name as a number.
    let event = source
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(draw(event, user, variants as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_one_variant_and_all_come_up() {
        let chosen: Vec<_> = (0..60).map(|nth| variant(&format!("session/{nth}"), 7, 3)).collect();
        let again: Vec<_> = (0..60).map(|nth| variant(&format!("session/{nth}"), 7, 3)).collect();
        assert_eq!(chosen, again);
        assert!((0..3).all(|variant| chosen.iter().filter(|chosen| **chosen == variant).count() > 8));
        assert_eq!(variant("x", 7, 1), 0);
    }

    #[test]
    fn a_day_is_the_longest_wait() {
        let at = |ms| Timestamp::from_ms(ms);
        assert!(is_in_time(at(0), at(86_400_000)) && !is_in_time(at(0), at(86_400_001)));
        assert!(is_in_time(at(10), at(0)), "a clock that was set back is no reason to be rude");
    }
}
