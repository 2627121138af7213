//! Logs: to stderr, as text for people or JSON for programs, one line an event.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged without `--log`: our own doings, and what others find alarming.
const DEFAULT: &str = "warn,innkeeper=info";

/// How logs look.
#[derive(Args)]
pub struct Options {
    /// What to log, as in `info` or `warn,innkeeper=debug`.
    #[arg(long, value_name = "FILTER", global = true, default_value = DEFAULT)]
    log: String,
    /// How to log.
    #[arg(long, value_name = "FORMAT", global = true, default_value = "text")]
    log_format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Options {
    /// Begins to log.
    pub fn begin(&self) -> Result<(), String> {
        let filter: Targets = self.log.parse().map_err(|error| format!("--log {:?}: {error}", self.log))?;
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
        let begun = match self.log_format {
            Format::Text => tracing_subscriber::registry().with(filter).with(lines).try_init(),
            Format::Json => tracing_subscriber::registry().with(filter).with(lines.json()).try_init(),
        };
        begun.map_err(|error| error.to_string())
    }
}
