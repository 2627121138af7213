//! What the connection manager asks of any service, by `POST` alone. Its status is that of the service, which is there
//! when it answers; how the bot stands with Discord, `discord.status` tells.

use std::sync::OnceLock;

use axum::Json;
use axum::extract::State;
use axum::routing::MethodRouter;
use serde_json::{Value, json};

use super::{ask, let_in};
use crate::features::levels::tools::rules::uuid;
use crate::http::api::{App, Need, Problem, Program, ReadingProgram};
use crate::model::Permission;
use crate::wires::fastapi::Fault;
use crate::wires::guild_of;

/// What the manager makes methods of, with underscores for dots.
const ENDPOINTS: [&str; 10] = [
    "endpoints",
    "status",
    "heartbeat",
    "server_id",
    "class_name",
    "pid_file",
    "shutdown",
    "discord.execute",
    "discord.status",
    "discord.commands",
];
const AVAILABLE: &str = "Available";
const CLASS_NAME: &str = "CustomDiscordService";
const NO_SHUTDOWN: &str = "A bot that a community lives with is not ended by its programs. Whoever runs it can allow \
    that with `wires.mindtrace_shutdown`, for programs at its own computer.";

/// Every verb with its route.
pub fn verbs() -> [(&'static str, MethodRouter<App>); 7] {
    [
        ("status", told(|| json!({"status": AVAILABLE}))),
        ("heartbeat", told(heartbeat)),
        ("endpoints", told(|| json!({"endpoints": ENDPOINTS}))),
        ("server_id", told(|| json!({"server_id": server_id()}))),
        ("class_name", told(|| json!({"class_name": CLASS_NAME}))),
        // There is none: the process is looked after by whoever started it.
        ("pid_file", told(|| json!({"pid_file": ""}))),
        ("shutdown", ask(shutdown)),
    ]
}

/// A route that tells whoever may ask.
fn told(what: fn() -> Value) -> MethodRouter<App> {
    ask(move |program: Result<ReadingProgram, Problem>| async move {
        let_in(program.map(|ReadingProgram(caller)| caller)).map(|_| Json(what()))
    })
}

fn heartbeat() -> Value {
    json!({"heartbeat": {
        "status": AVAILABLE,
        "server_id": server_id(),
        "message": "Heartbeat check successful.",
        "details": null,
    }})
}

/// The same as long as the process lives.
fn server_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| uuid(fastrand::u128(..)))
}

/// `POST …/shutdown`: ends the bot in order, where its owner allows that, and from this computer alone.
async fn shutdown(State(app): State<App>, program: Result<Program, Problem>) -> Result<Json<Value>, Fault> {
    let caller = let_in(program.map(|Program(caller)| caller))?;
    if !app.bot().config().wires.mindtrace_shutdown || !caller.is_near() {
        return Err(Problem::forbidden(NO_SHUTDOWN).into());
    }
    if caller.has_shown() {
        // A key that may do less than nobody's program is none to end a bot with.
        caller.check(guild_of(&app, &caller)?, Need::Have(Permission::ManageGuild))?;
    }
    tracing::warn!("a program at this computer ends the bot, as wires.mindtrace_shutdown allows");
    app.bot().ask_to_end();
    Ok(Json(json!("The bot is being shut down.")))
}
