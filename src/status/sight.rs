//! Whether it can be seen who is there: what was granted, and whether there is a session that tells it.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use super::vitals::{GatewayState, Vitals};
use crate::model::Sight;

const NOT_ASKED: u8 = 0;
const NOT_GRANTED: u8 = 1;
const GRANTED: u8 = 2;

/// What came of asking Discord to tell presences.
#[derive(Debug, Default)]
pub struct Presences(AtomicU8);

impl Presences {
    /// Sessions tell them, or not because that is not granted; none: nothing needs them.
    pub fn note(&self, granted: Option<bool>) {
        let noted = granted.map_or(NOT_ASKED, |granted| if granted { GRANTED } else { NOT_GRANTED });
        self.0.store(noted, Relaxed);
    }

    /// Whether sessions tell them, be there one at the moment or not.
    pub fn are_told(&self) -> bool {
        self.0.load(Relaxed) == GRANTED
    }
}

impl Vitals {
    /// Whether presences can be seen now.
    pub fn sight(&self) -> Sight {
        match (self.presences.0.load(Relaxed), self.gateway()) {
            (NOT_GRANTED, _) => Sight::NotGranted,
            (_, state) if state != GatewayState::Connected => Sight::NoSession,
            (GRANTED, _) => Sight::Clear,
            _ => Sight::NotAsked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clock, Timestamp};

    #[test]
    fn one_sees_what_is_granted_while_there_is_a_session() {
        let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
        assert_eq!(vitals.sight(), Sight::NoSession);
        let mut seen = Vec::new();
        for granted in [None, Some(true), Some(false)] {
            vitals.presences.note(granted);
            for state in [GatewayState::Connected, GatewayState::Resuming] {
                vitals.set_gateway(state);
                seen.push(vitals.sight());
            }
        }
        use Sight::{Clear, NoSession, NotAsked, NotGranted};
        assert_eq!(seen, [NotAsked, NoSession, Clear, NoSession, NotGranted, NotGranted]);
    }
}
