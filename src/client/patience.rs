//! When something is asked for again, and after how long: pure rules.

use std::time::Duration;

use super::Error;

/// How often something is asked for again where nobody answers, or the server says that it is at fault.
const TRIES_MORE: u32 = 3;
/// The longest pause before the second try; it doubles. Drawn from zero to that ("full jitter"), so that programs that
/// failed together do not come back together.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// How long one call waits in all for a server that wants to be asked less often.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// What is left of it for one call.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failed: u32,
    waited: Duration,
}

impl Patience {
    /// The pause before the next try, if there is to be one. Chance is from 0 to 1.
    pub fn before_next(&mut self, error: &Error, chance: f64) -> Option<Duration> {
        let asked = error.problem().and_then(|problem| problem.retry_after);
        match error {
            Error::Refused(problem) if problem.status == 429 => {
                let least = asked.unwrap_or_default().max(PAUSE_FIRST);
                let pause = least.saturating_add(PAUSE_FIRST.mul_f64(chance));
                self.waited = self.waited.saturating_add(pause);
                (self.waited <= WAIT_MAX).then_some(pause)
            }
            Error::Refused(problem) if problem.status < 500 => None,
            Error::Refused(_) | Error::Unreachable(_) => {
                if self.failed == TRIES_MORE || asked > Some(WAIT_MAX) {
                    return None;
                }
                let pause = (PAUSE_FIRST * 2_u32.pow(self.failed)).mul_f64(chance);
                self.failed += 1;
                Some(asked.unwrap_or_default() + pause)
            }
            Error::Strange(_) | Error::Unusable(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Problem};
    use super::*;

    fn refused(status: u16, seconds: Option<u64>) -> Error {
        let retry_after = seconds.map(Duration::from_secs);
        Error::Refused(Problem { status, code: Code::Fault, detail: String::new(), retry_after })
    }

    #[test]
    fn pauses_double_and_the_third_is_the_last() {
        let mut patience = Patience::default();
        let mut pauses = Vec::new();
        let lost = Error::Unreachable(String::new());
        for error in [&refused(500, None), &lost, &refused(503, None), &lost] {
            pauses.push(patience.before_next(error, 1.0).map(|pause| pause.as_millis()));
        }
        assert_eq!(pauses, [Some(500), Some(1_000), Some(2_000), None]);
        assert_eq!(Patience::default().before_next(&lost, 0.0), Some(Duration::ZERO));
        assert_eq!(Patience::default().before_next(&refused(503, Some(7)), 0.0), Some(Duration::from_secs(7)));
        assert_eq!(Patience::default().before_next(&refused(503, Some(7_000)), 0.0), None);
    }

    #[test]
    fn a_server_that_wants_a_pause_gets_it_within_bounds() {
        let mut patience = Patience::default();
        let long = refused(429, Some(25));
        assert_eq!(patience.before_next(&long, 0.0), Some(Duration::from_secs(25)));
        assert_eq!(patience.before_next(&long, 1.0), Some(Duration::from_millis(25_500)));
        assert_eq!(patience.before_next(&long, 0.0), None, "a minute in all");
        assert_eq!(Patience::default().before_next(&refused(429, Some(u64::MAX)), 1.0), None);
        assert_eq!(Patience::default().before_next(&refused(429, None), 0.0), Some(PAUSE_FIRST));
    }

    #[test]
    fn what_would_be_the_same_again_is_not_asked_again() {
        for error in [refused(401, None), refused(409, Some(1)), refused(308, None), Error::Strange(String::new())] {
            assert_eq!(Patience::default().before_next(&error, 0.5), None, "{error:?}");
        }
    }
}
