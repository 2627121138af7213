//! The real program against a simulated Discord, to be killed.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use innkeeper::sim::Sim;

/// The program, as long as somebody has this: a test that fails leaves none behind.
pub struct Process(Child);

impl Process {
    pub fn of(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.0.wait().unwrap()
    }
}

/// As `kill -9` does.
pub fn kill(mut process: Process) {
    process.0.kill().unwrap();
    process.0.wait().unwrap();
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the bot on this database, with these settings beyond the usual.
pub fn start(sim: &Sim, database: &Path, settings: &[(&str, String)]) -> Process {
    Process::of(
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
            .envs(settings.iter().map(|(name, value)| (format!("INNKEEPER_{name}"), value))),
    )
}
