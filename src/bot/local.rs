//! Local development: with `INNKEEPER_LOCAL=1` in the environment everybody at this computer may show one well-known
//! key. Which requests come from this computer, the door that took them knows.

use std::sync::atomic::Ordering::Relaxed;

use super::Bot;
use crate::model::Result;
use crate::model::access::ApiKey;
use crate::store::access;

/// The key that is no secret.
const LOCAL_KEY: &str = "TESTING";
const PROBLEM: &str = "access.local";
const DETAIL: &str =
    "INNKEEPER_LOCAL is set: whoever is at this computer may do everything over the API, with the key TESTING.";
const ACTION: &str =
    "That is for developers alone. Take INNKEEPER_LOCAL out of the environment and start Innkeeper again.";

impl Bot {
    /// From now on the well-known key is good at this computer. That is logged, and stands on the page.
    pub fn accept_local_key(&self) {
        self.0.is_local.store(true, Relaxed);
        tracing::warn!("{DETAIL} {ACTION}");
        self.0.vitals.problem(PROBLEM, DETAIL, ACTION);
    }

    /// From now on programs of other systems that know no key are let in at this computer, as if they had shown one.
    pub fn accept_keyless(&self) {
        self.0.is_keyless.store(true, Relaxed);
    }

    /// What stands for the key of a program that has none and asks at this computer; none: it is let in nowhere.
    pub fn keyless(&self) -> Option<ApiKey> {
        self.0.is_keyless.load(Relaxed).then(|| ApiKey::local(self.0.clock.now()))
    }

    /// Whether the well-known key is good where a request comes from.
    pub(super) fn is_local_key_good(&self, from_here: bool) -> bool {
        from_here && self.0.is_local.load(Relaxed)
    }

    /// The well-known key, if this text is it or a token of it, and it comes from where it is good.
    pub(super) async fn find_local_key(&self, text: &str, from_here: bool) -> Result<Option<ApiKey>> {
        if !self.is_local_key_good(from_here) {
            return Ok(None);
        }
        let (asked, now) = (text.to_owned(), self.0.clock.now());
        let is_it = match text {
            LOCAL_KEY => true,
            _ => self.0.store.read(move |reader| access::is_local_token(reader, &asked, now)).await?,
        };
        Ok(is_it.then(|| ApiKey::local(now)))
    }
}
