//! Deliveries to hooks of API keys: where one goes is looked up when it is due, so that a hook that is gone, disabled
//! or of a key that is over gets nothing any more.

use super::promises::Outcome;
use super::{Bot, Discord};
use crate::model::webhook::{Delivery, Parcel, Posted, WebhookUrl};
use crate::store::webhooks::{self, Addressed};

const GONE: &str = "This hook was deleted.";
const KEY_OVER: &str = "The key of this hook is revoked or over, so it gets nothing any more.";
const DISABLED: &str = "This hook is disabled: what it was sent could not be delivered.";
const NOT_TRUSTED: &str = "The address is no https address, and my owner does not list it in http.webhook_allow.";
const NOT_READ: &str = "Where this goes could not be read.";

impl Bot {
    /// Posts what is due, if it may still go there.
    pub(super) async fn deliver(&self, discord: &dyn Discord, delivery: Delivery) -> Outcome {
        let (hook, now) = (delivery.hook, self.0.clock.now());
        let found = match self.0.store.read(move |reader| webhooks::find_address(reader, hook, now)).await {
            Ok(found) => found,
            Err(fault) => {
                tracing::error!(hook, %fault, "a hook could not be read");
                let setback =
                    crate::model::Setback::Later { after: super::promises::FAULT_WAIT, words: NOT_READ.to_owned() };
                return Outcome::Tried(Err(setback));
            }
        };
        let (url, secret) = match found {
            Addressed::Gone => return Outcome::Forbidden(GONE.to_owned()),
            Addressed::KeyOver => return Outcome::Forbidden(KEY_OVER.to_owned()),
            Addressed::Disabled { .. } if !delivery.asked => return Outcome::Forbidden(DISABLED.to_owned()),
            Addressed::Disabled { url, secret } | Addressed::Found { url, secret } => (url, secret),
        };
        let posted = match WebhookUrl::judge(&url, &self.config().http.webhook_allow) {
            Ok((url, trusted)) => discord.deliver(&Parcel { delivery, url, trusted, secret }).await,
            Err(_) => Posted::refused(NOT_TRUSTED),
        };
        Outcome::Posted(hook, posted)
    }
}
