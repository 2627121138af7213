//! Keeps Discord's time known. Each of its answers tells it, so with every new connection anything is asked: a session
//! may be resumed without a word from REST, and a computer that slept counts that time as none.
//!
//! It refuses to know what the time is needed for.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::rest::Rest;
use super::wire::Call;
use crate::bot::Bot;

/// Asks whenever `went_live` is told, and then until the time is known, so long apart.
pub async fn keep_told(rest: Rest, bot: &Bot, apart: Duration, went_live: &Notify) -> Infallible {
    loop {
        went_live.notified().await;
        loop {
            if let Err(setback) = rest.call(Call::get("/gateway")).await {
                tracing::debug!(words = setback.words(), "asking for the time alone was vain");
            }
            if bot.clock().is_told() {
                bot.look_at_promises();
                break;
            }
            sleep(apart).await;
        }
    }
}
