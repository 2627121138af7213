//! The real program against a simulated Discord, to be killed.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::Path;
use std::process::{Child, Command, Stdio};

use innkeeper::sim::Sim;

/// Starts the bot on this database, with these settings beyond the usual.
pub fn start(sim: &Sim, database: &Path, settings: &[(&str, String)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_innkeeper"))
        .args(["run", "--log", "error"])
        .current_dir(database.parent().unwrap())
        .env("DISCORD_BOT_TOKEN", sim.token())
        .env("INNKEEPER_DISCORD__API_URL", sim.api_url())
        .env("INNKEEPER_DISCORD__CDN_URL", sim.api_url())
        .env("INNKEEPER_STORE__PATH", database)
        .env("INNKEEPER_HTTP__LISTEN", "")
        .env("INNKEEPER_LAMP__LISTEN", "")
        .env("INNKEEPER_LEVELS__ANNOUNCE", "off")
        .envs(settings.iter().map(|(name, value)| (format!("INNKEEPER_{name}"), value)))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// As `kill -9` does.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
