//! What is a bump, and when one counts: pure functions.

use std::time::Duration;

use crate::config::Bumps;
use crate::model::{Message, Timestamp, Used, UserId};

/// The site's clock begins a moment before its answer.
const SLACK: Duration = Duration::from_secs(60);

/// The use of the listing bot's command that a message answers, if it is one.
pub fn bump<'m>(bumps: &Bumps, message: &'m Message) -> Option<&'m Used> {
    let used = message.used.as_deref()?;
    let is_it = message.author.id == bumps.bot && Some(message.channel) == bumps.channel;
    let is_bump = used.command.split(' ').next() == Some(bumps.command.as_str());
    (is_it && is_bump && used.answered_with_embed && !used.by.bot).then_some(used)
}

/// Whether a bump at this time can have worked: sooner than the site allows, the answer was a refusal.
pub fn counts(last: Option<Timestamp>, at: Timestamp, wait: Duration) -> bool {
    last.is_none_or(|last| at >= last.plus(wait.saturating_sub(SLACK)))
}

/// Whose bumps somebody is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    All,
    /// Those of everybody who may be on a board.
    Boards,
    /// Their own.
    Own(UserId),
}

/// Who manages the server is told everything. Members see each other's where there are boards; programs whose person is
/// not known see what a board would show.
pub fn told(boards: bool, manages: bool, person: Option<UserId>) -> Told {
    match person {
        _ if manages => Told::All,
        Some(user) if !boards => Told::Own(user),
        _ => Told::Boards,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_counts_once_the_site_allows_the_next() {
        let wait = Duration::from_secs(7_200);
        let at = |seconds: i64| Timestamp::from_ms(seconds * 1_000);
        assert!(counts(None, at(0), wait));
        assert!(!counts(Some(at(0)), at(0), wait));
        assert!(!counts(Some(at(0)), at(7_139), wait));
        assert!(counts(Some(at(0)), at(7_140), wait));
        assert!(!counts(Some(at(9_000)), at(100), wait), "an answer of long ago");
    }

    #[test]
    fn members_are_told_of_each_other_where_there_are_boards() {
        let ada = UserId::new(7).unwrap();
        assert_eq!(told(false, false, Some(ada)), Told::Own(ada));
        assert_eq!((told(true, false, Some(ada)), told(false, false, None)), (Told::Boards, Told::Boards));
        assert_eq!((told(false, true, Some(ada)), told(true, true, None)), (Told::All, Told::All));
    }
}
