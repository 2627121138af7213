//! Sessions that are polled, and whose they are: their ids stand in addresses, which others may get to see.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The sessions, each with a print of what was shown when it began, for as long as its `T` is held.
pub struct Sessions<T> {
    random: RandomState,
    known: Mutex<HashMap<String, (u64, Weak<T>)>>,
}

impl<T> Default for Sessions<T> {
    fn default() -> Self {
        Self { random: RandomState::new(), known: Mutex::default() }
    }
}

impl<T> Sessions<T> {
    /// What somebody shows, as a number that tells nothing of it.
    pub fn print(&self, shown: &[&[u8]]) -> u64 {
        self.random.hash_one(shown)
    }

    /// A session has begun. Those that ended are forgotten.
    pub fn begin(&self, sid: &str, print: u64, held: &Arc<T>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, held)| held.strong_count() > 0);
        known.insert(sid.to_owned(), (print, Arc::downgrade(held)));
    }

    /// Whether a session is somebody else's than theirs who show this.
    pub fn is_anothers(&self, sid: &str, print: u64) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(sid).is_some_and(|(own, _)| *own != print)
    }
}

/// The id in what a client is told of its new session.
///
/// Source: "Engine.IO protocol, version 4", "Handshake".
pub fn sid_of(open: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(open).ok()?;
    let (_, rest) = text.split_once("\"sid\":\"")?;
    rest.split_once('"').map(|(sid, _)| sid.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_theirs_who_show_the_same_until_it_ends() {
        let (sessions, held) = (Sessions::default(), Arc::new(()));
        let own: &[&[u8]] = &[b"one"];
        sessions.begin("a", sessions.print(own), &held);
        assert!(!sessions.is_anothers("a", sessions.print(own)));
        let others: [&[&[u8]]; 3] = [&[], &[b"two"], &[b"one", b"one"]];
        for other in others {
            assert!(sessions.is_anothers("a", sessions.print(other)), "{other:?}");
        }
        assert!(!sessions.is_anothers("b", 0), "nobody's is not another's");
        drop(held);
        sessions.begin("b", 0, &Arc::new(()));
        assert!(!sessions.is_anothers("a", sessions.print(&[])), "it has ended");
    }

    #[test]
    fn an_id_is_found_in_an_open_packet() {
        assert_eq!(sid_of(b"0{\"sid\":\"Ab1\",\"upgrades\":[]}\x1e2").as_deref(), Some("Ab1"));
        for other in [&b"0{}"[..], b"0{\"sid\":7}", b"\xff"] {
            assert_eq!(sid_of(other), None);
        }
    }
}
