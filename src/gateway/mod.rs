//! Door one: Discord. [`run`] keeps the bot connected, hands what happens to the engine in order, answers slash
//! commands and performs what the engine promised. It decides nothing about what any of it means.
//!
//! The socket is twilight-gateway's shard, read as raw text; builders and interactions are serenity's; REST is our own
//! ([`rest`], [`limits`]). Nobody else in the program knows these crates.

mod act;
mod address;
mod asking;
mod attach;
mod body;
mod budget;
mod clean;
mod closing;
mod connection;
mod ear;
mod guard;
mod history;
mod https;
mod inbound;
mod intents;
mod learn;
mod limits;
mod locks;
mod look;
mod members;
mod menu;
mod oauth;
mod perform;
mod press;
mod raw;
mod refusal;
mod registration;
mod rest;
#[cfg(test)]
mod scratch;
mod session;
mod slash;
mod tempo;
mod time_told;
mod webhook;
mod wire;

use std::sync::Arc;

use tokio::sync::watch;

pub use budget::Pace;
pub use history::{History, Said};
pub use https::{Https, install_tls};
pub use look::{Found, Wanted, look_over};
pub use members::Members;
pub use perform::Performer;
pub use rest::Rest;
pub use tempo::Tempo;
pub use wire::{Call, Reply, Request, Unreachable, Wire};

use crate::bot::Bot;
use crate::model::Secret;
use budget::Budget;
use guard::{Guard, Halt};
use session::{Session, Shared};

/// How the door was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to; the session can be resumed.
    Stopped,
    /// Trying again would end the same way: what is wrong and what to do. The process ends with 78, so that nothing
    /// restarts it.
    Fatal(String),
}

/// Keeps the bot on Discord until `stop` becomes true (or its sender is dropped).
pub async fn run(bot: Bot, token: Secret, tempo: Tempo, stop: watch::Receiver<bool>) -> Ended {
    match Https::new(&bot.config().discord.api_url) {
        Ok(wire) => run_over(Box::new(wire), bot, token, tempo, stop).await,
        Err(error) => Ended::Fatal(format!("TLS cannot be set up: {error}.")),
    }
}

/// The same with REST over another wire.
pub async fn run_over(
    wire: Box<dyn Wire>,
    bot: Bot,
    token: Secret,
    tempo: Tempo,
    stop: watch::Receiver<bool>,
) -> Ended {
    let vitals = bot.vitals().clone();
    let rest = Rest::new(wire, token.clone(), vitals.clone(), tempo.retry_first);
    let performer = Performer::new(rest.clone(), vitals.clone(), bot.guilds().clone(), bot.studio().clone());
    let performer = Arc::new(performer);
    bot.meet(performer.clone());
    let budget = Budget::new(bot.store().clone(), vitals.clone(), tempo.identify);
    let recount = budget.clone();
    let guard = Guard { vitals, stop, token_lost: rest.token_lost(), tick: tempo.tick };
    let registering = (bot.clone(), rest.clone());
    let time_again = tempo.time_again;
    let mut shared = Shared::new(bot.clone(), rest.clone(), tempo);
    shared.asking = performer.asking().clone();
    let went_live = shared.went_live.clone();
    let session = Session::new(shared, guard, budget, token);
    let (over, is_over) = watch::channel(false);
    let connected = async {
        let halt = tokio::select! {
            halt = session.run() => halt,
            never = recount.keep_counting() => match never {},
            never = time_told::keep_told(rest, &bot, time_again, &went_live) => match never {},
        };
        over.send_replace(true);
        halt
    };
    // Promises and time are kept until the session has ended, so that its last events still lead to something.
    let (halt, (), (), ()) = tokio::join!(
        connected,
        bot.keep_promises(&*performer, is_over.clone()),
        bot.keep_time(is_over.clone()),
        registration::follow_settings(registering.0, registering.1, is_over),
    );
    match halt {
        Halt::Stopped => Ended::Stopped,
        Halt::TokenLost => Ended::Fatal(format!("{} {}", rest::TOKEN_WORDS, rest::TOKEN_ACTION)),
        Halt::Fatal(words, action) => Ended::Fatal(format!("{words} {action}")),
    }
}
