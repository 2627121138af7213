//! `status`: who the bot is, and how it stands with Discord.

use std::sync::atomic::Ordering::Relaxed;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::let_in;
use crate::bot::Bot;
use crate::http::api::{App, Problem, ReadingProgram};
use crate::status::vitals::GatewayState;
use crate::wires::fastapi::Fault;

#[derive(Serialize)]
pub struct Status {
    /// None exactly when it is not started.
    bot_name: Option<String>,
    guild_count: usize,
    /// The members of all its servers; who is in two counts twice.
    user_count: u64,
    /// Seconds to Discord and back; 0 as long as it was not measured.
    latency: f64,
    /// `not_started`, `online`, or `offline` while the connection is lost.
    status: &'static str,
}

impl Status {
    fn of(bot: &Bot) -> Self {
        let me = bot.me().filter(|_| is_started(bot));
        let config = bot.config();
        let guilds: Vec<_> = bot.guilds().list().into_iter().filter(|guild| config.discord.serves(guild.id)).collect();
        let status = match bot.vitals().gateway() {
            _ if me.is_none() => "not_started",
            GatewayState::Connected => "online",
            _ => "offline",
        };
        Self {
            bot_name: me.map(|me| me.name.clone()),
            guild_count: guilds.len(),
            user_count: guilds.iter().map(|guild| guild.member_count).sum(),
            // Milliseconds as a whole number divide into a number that JSON has.
            latency: bot.vitals().latency_ms.load(Relaxed) as f64 / 1_000.0,
            status,
        }
    }
}

/// Whether Discord let the bot in since it runs.
pub fn is_started(bot: &Bot) -> bool {
    bot.vitals().was_ready.load(Relaxed)
}

/// `GET` or `POST …/status`.
pub async fn status(State(app): State<App>, program: Result<ReadingProgram, Problem>) -> Result<Json<Status>, Fault> {
    let_in(program.map(|ReadingProgram(caller)| caller))?;
    Ok(Json(Status::of(app.bot())))
}
