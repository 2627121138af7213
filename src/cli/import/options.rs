//! What may be said after `innkeeper import`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{fetch, scan};
use crate::cli::ConfigFile;
use crate::features::levels::import::Policy;
use crate::import::Carry;
use crate::model::GuildId;

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Subcommand)]
pub enum What {
    /// MEE6: its public board, fetched, or saved pages of
    /// https://mee6.xyz/api/plugins/levels/leaderboard/SERVER?limit=1000&page=0, 1, 2 …
    Mee6(Shown),
    /// Polaris: the file of its export button.
    Polaris(Files),
    /// Lurkr: the export of its dashboard, or saved pages of its API.
    Lurkr(Files),
    /// LevelUp for Red: its file of one server, or of all.
    Levelup(Files),
    /// Discord Bot Hub: fetched, or saved answers of /api/users/ or /api/leveling/leaderboard.
    Hub(Shown),
    /// A JSON list of members with id and xp or level, or a table of XP by id.
    Json(Files),
    /// A table with the columns user_id and xp or level.
    Csv(Files),
    /// Takes an import back, however large it is.
    Undo(Undo),
    /// Gives everybody in the server the level roles that they should have, one a second.
    LevelRoles(LevelRoles),
    /// Reads the announcements of a bot that has no export, and keeps the highest level of each member.
    ScanChannel(scan::ScanChannel),
}

#[derive(Args)]
pub struct LevelRoles {
    #[command(flatten)]
    pub place: Place,
    /// Ask nothing.
    #[arg(long, requires = "apply")]
    pub yes: bool,
    /// Do not ask Discord who is in the server and which roles they hold.
    #[arg(long)]
    pub offline: bool,
}

/// What to read, and what to do with it.
#[derive(Args)]
pub struct Files {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub carrying: Carrying,
}

/// What to read or fetch, and what to do with it.
#[derive(Args)]
pub struct Shown {
    /// Files that were saved.
    #[arg(value_name = "FILE", required_unless_present = "fetch", conflicts_with = "fetch")]
    pub files: Vec<PathBuf>,
    /// Fetch it, page by page. The pages are kept as files.
    #[arg(long)]
    pub fetch: bool,
    /// Where to fetch it; for MEE6 https://mee6.xyz without this.
    #[arg(long, value_name = "URL", requires = "fetch", conflicts_with = "files", value_parser = fetch::address)]
    pub address: Option<String>,
    /// The folder for the pages; without it one of their own in this folder.
    #[arg(long, value_name = "FOLDER", requires = "fetch", conflicts_with = "files")]
    pub into: Option<PathBuf>,
    /// Go on at this page, where an earlier fetch stopped; the pages before it are in the folder.
    #[arg(long, value_name = "NUMBER", requires = "fetch", conflicts_with = "files", default_value_t = 0)]
    pub page: usize,
    #[command(flatten)]
    pub carrying: Carrying,
}

/// How what was read is brought in.
#[derive(Args)]
pub struct Carrying {
    #[command(flatten)]
    pub place: Place,
    /// What is kept: levels (with the way to the next), XP, or both by taking over the other bot's curve. Without it
    /// levels, where the files tell any.
    #[arg(long = "as", value_name = "HOW")]
    pub how: Option<How>,
    /// Replace what members have; without it they only rise.
    #[arg(long, conflicts_with = "add")]
    replace: bool,
    /// Add to what members have; what was added from the same bot before is not added again.
    #[arg(long)]
    add: bool,
    /// Leave out the records that are invalid; without it nothing is imported while there are any.
    #[arg(long)]
    pub skip_invalid: bool,
    /// Do not ask Discord who is in the server.
    #[arg(long)]
    pub offline: bool,
}

impl Carrying {
    pub fn policy(&self) -> Policy {
        match (self.replace, self.add) {
            (true, _) => Policy::Replace,
            (_, true) => Policy::Add,
            _ => Policy::Raise,
        }
    }
}

#[derive(Args)]
pub struct Undo {
    /// The batch, as the import told it: B7.
    #[arg(value_name = "BATCH", value_parser = batch_number)]
    pub batch: i64,
    #[command(flatten)]
    pub place: Place,
}

/// Where, and whether in earnest.
#[derive(Args)]
pub struct Place {
    /// The server, by id; without it the only one there is.
    #[arg(long, value_name = "ID")]
    pub guild: Option<GuildId>,
    /// Change it. Without this nothing is written.
    #[arg(long)]
    pub apply: bool,
    /// The outcome as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub file: ConfigFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum How {
    KeepLevel,
    KeepXp,
    AdoptCurve,
}

impl From<How> for Carry {
    fn from(how: How) -> Self {
        match how {
            How::KeepLevel => Self::KeepLevel,
            How::KeepXp => Self::KeepXp,
            How::AdoptCurve => Self::AdoptCurve,
        }
    }
}

fn batch_number(given: &str) -> Result<i64, String> {
    let digits = given.strip_prefix(['B', 'b']).unwrap_or(given);
    digits.parse().map_err(|_| "a batch is written as B and a number, such as B7".to_owned())
}
