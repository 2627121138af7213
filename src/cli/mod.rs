//! Door three: the command line. One file for each verb; results go to stdout, logs and mistakes to stderr.

mod api;
mod builder;
mod check;
mod config;
mod demo;
mod house;
mod import;
mod key;
mod logs;
mod run;
mod shed;
mod simulate;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use builder::{Builder, builder};

use crate::config::{ConfigError, Loaded, Recipe};
use crate::features;
use crate::model::Error;

/// How a verb ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Ok,
    Failed,
    /// The command line or the configuration is wrong.
    Usage,
    /// A restart cannot help: a bad token, forbidden intents, a database that cannot be used.
    DoNotRestart,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::DoNotRestart => 78,
        })
    }
}

/// Looks after a small Discord community, and explains itself.
#[derive(Parser)]
#[command(name = "innkeeper", version, arg_required_else_help = true)]
struct Line {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    logs: logs::Options,
}

#[derive(Subcommand)]
enum Verb {
    /// Runs the bot.
    Run(ConfigFile),
    /// Shows everything without a token: a simulated Discord, the bot, the pages.
    Demo(demo::Options),
    /// Looks everything over: configuration, database and, online, token, intents and permissions.
    Check(check::Options),
    /// Shows every setting and where it comes from.
    Config(config::Options),
    /// Keys for programs: create, list, revoke.
    Key(key::Options),
    /// Asks a running instance, here or elsewhere, with a key.
    Api(Box<api::Options>),
    /// Brings levels in from another bot. Changes nothing without --apply.
    Import(import::Options),
    /// Shows whose levels and roles another configuration would change, without changing any.
    Simulate(simulate::Options),
    /// Shows the version.
    Version,
}

/// Which configuration to use.
#[derive(Args, Clone)]
pub struct ConfigFile {
    /// The configuration; without it ./innkeeper.toml, $XDG_CONFIG_HOME/innkeeper/innkeeper.toml, then
    /// /etc/innkeeper/innkeeper.toml, if there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    fn load(&self) -> Result<Loaded, ConfigError> {
        let loaded = recipe(self.config.clone()).load()?;
        match features::mistakes(&loaded.config) {
            mistakes if mistakes.is_empty() => Ok(loaded),
            mistakes => Err(loaded.refuse(mistakes)),
        }
    }
}

/// How to read this file, or the one in the usual places.
fn recipe(file: Option<PathBuf>) -> Recipe {
    Recipe { file, environment: environment() }
}

/// The environment's variables. One that is no text cannot be one of ours.
fn environment() -> Vec<(String, String)> {
    let texts = |(key, value): (OsString, OsString)| Some((key.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(texts).collect()
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(help) => {
            let _ = help.print();
            return if help.use_stderr() { Exit::Usage.into() } else { Exit::Ok.into() };
        }
    };
    if let Err(sentence) = line.logs.begin() {
        return complain(&sentence, Exit::Usage).into();
    }
    let exit = match line.verb {
        Verb::Run(file) => run::run(&file),
        Verb::Demo(options) => demo::run(&options),
        Verb::Check(options) => check::run(&options),
        Verb::Config(options) => config::run(&options),
        Verb::Key(options) => key::run(&options),
        Verb::Api(options) => api::run(&options),
        Verb::Import(options) => import::run(&options),
        Verb::Simulate(options) => simulate::run(&options),
        Verb::Version => {
            println!("innkeeper {}", env!("CARGO_PKG_VERSION"));
            Exit::Ok
        }
    };
    exit.into()
}

/// Why a verb stops, in a sentence, and how.
struct Stop(String, Exit);

impl Stop {
    fn failed(words: impl std::fmt::Display) -> Self {
        Self(words.to_string(), Exit::Failed)
    }

    fn usage(words: impl std::fmt::Display) -> Self {
        Self(words.to_string(), Exit::Usage)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::failed(error)
    }
}

/// Says what is wrong, on stderr.
fn complain(words: &dyn std::fmt::Display, exit: Exit) -> Exit {
    eprintln!("innkeeper: {words}");
    exit
}
