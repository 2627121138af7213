//! `innkeeper import`: levels from another bot. Reads files, shows what would change and, with `--apply`, changes it as
//! one batch that can be taken back, beside a running bot where there is one.

mod progress;
mod roles;
mod scan;
mod words;

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigFile, Exit, complain, house};
use crate::config::Config;
use crate::features::levels::import::{self as levels, Counts, Ended, Order, Policy};
use crate::import::{Carry, Extract, Reading, Source, carried, fragment};
use crate::model::{Clock, Curve, Error, GuildId, UserId};
use crate::store::{Guest, OpenError};
use progress::Progress;
use words::Report;

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// MEE6: saved pages of https://mee6.xyz/api/plugins/levels/leaderboard/SERVER?limit=1000&page=0, 1, 2 …
    Mee6(Files),
    /// Polaris: the file of its export button.
    Polaris(Files),
    /// Lurkr: the export of its dashboard, or saved pages of its API.
    Lurkr(Files),
    /// LevelUp for Red: its file of one server, or of all.
    Levelup(Files),
    /// Discord Bot Hub: saved answers of /api/users/ or /api/leveling/leaderboard.
    Hub(Files),
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
struct LevelRoles {
    #[command(flatten)]
    place: Place,
    /// Ask nothing.
    #[arg(long, requires = "apply")]
    yes: bool,
}

/// What to read, and what to do with it.
#[derive(Args)]
struct Files {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// What is kept: levels (with the way to the next), XP, or both by taking over the other bot's curve. Without it
    /// levels, where the files tell any.
    #[arg(long = "as", value_name = "HOW")]
    how: Option<How>,
    /// Replace what members have; without it they only rise.
    #[arg(long, conflicts_with = "add")]
    replace: bool,
    /// Add to what members have; what was added from the same bot before is not added again.
    #[arg(long)]
    add: bool,
}

#[derive(Args)]
struct Undo {
    /// The batch, as the import told it: B7.
    #[arg(value_name = "BATCH", value_parser = batch_number)]
    batch: i64,
    #[command(flatten)]
    place: Place,
}

/// Where, and whether in earnest.
#[derive(Args)]
struct Place {
    /// The server, by id; without it the only one there is.
    #[arg(long, value_name = "ID")]
    guild: Option<GuildId>,
    /// Change it. Without this nothing is written.
    #[arg(long)]
    apply: bool,
    /// The outcome as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
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

/// Why a verb stops, in a sentence, and how.
pub(super) struct Stop(pub String, pub Exit);

impl Stop {
    pub(super) fn failed(words: impl std::fmt::Display) -> Self {
        Self(words.to_string(), Exit::Failed)
    }

    pub(super) fn usage(words: impl std::fmt::Display) -> Self {
        Self(words.to_string(), Exit::Usage)
    }
}

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        let exit = if error.permanent { Exit::DoNotRestart } else { Exit::Failed };
        Self(error.to_string(), exit)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::failed(error)
    }
}

pub fn run(options: &Options) -> Exit {
    let done = match &options.what {
        What::Mee6(files) => bring_in(Source::Mee6, files),
        What::Polaris(files) => bring_in(Source::Polaris, files),
        What::Lurkr(files) => bring_in(Source::Lurkr, files),
        What::Levelup(files) => bring_in(Source::LevelUp, files),
        What::Hub(files) => bring_in(Source::Hub, files),
        What::Json(files) => bring_in(Source::Json, files),
        What::Csv(files) => bring_in(Source::Csv, files),
        What::Undo(undo) => take_back(undo),
        What::LevelRoles(options) => roles::give(options),
        What::ScanChannel(options) => scan_channel(options),
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(Stop(words, exit)) => complain(&words, exit),
    }
}

/// Reads files, and brings in what they say.
fn bring_in(source: Source, files: &Files) -> Result<(), Stop> {
    let config = load(&files.place.file)?;
    let extract = read(source, &files.files, files.place.guild)?;
    let policy = match (files.replace, files.add) {
        (true, _) => Policy::Replace,
        (_, true) => Policy::Add,
        _ => Policy::Raise,
    };
    let how = files.how.map_or_else(|| usual(&extract), Carry::from);
    carry_out(&config, &files.place, extract, how, policy, files.files.len())
}

/// Reads a channel, and brings in what was announced there. Levels only rise by that.
fn scan_channel(options: &scan::ScanChannel) -> Result<(), Stop> {
    let loaded = options.place.file.load().map_err(Stop::usage)?;
    let extract = scan::read(options, &loaded)?;
    carry_out(&loaded.config, &options.place, extract, Carry::KeepLevel, Policy::Raise, 0)
}

/// Shows and, in earnest, imports.
fn carry_out(
    config: &Config,
    place: &Place,
    extract: Extract,
    how: Carry,
    policy: Policy,
    files: usize,
) -> Result<(), Stop> {
    let mut guest = open(config, place.apply)?;
    let guild = choose_guild(&guest, config, place.guild.or(extract.guild))?;
    let order = order(&extract, config, guild, how, policy)?;
    let mut report = Report::new(&extract, &order, how, files);
    report.toml = fragment(&extract, how, order.curve.as_ref().unwrap_or(&config.levels.curve));
    report.before = levels::find_before(&guest, &order)?;
    report.counts = preview(&guest, config, &order)?;
    if !place.apply {
        for other in [Carry::KeepLevel, Carry::KeepXp, Carry::AdoptCurve].into_iter().filter(|other| *other != how) {
            // What cannot be done is not shown.
            let order = self::order(&extract, config, guild, other, policy);
            if let (Ok(order), true) = (order, files > 0) {
                report.others.push((other, preview(&guest, config, &order)?));
            }
        }
    } else if report.before.is_none() && report.counts.changes(policy) > 0 {
        drop(extract);
        let mut progress = Progress::new("importing", order.targets.len());
        let ended = levels::apply(&mut guest, &order, Clock::real().now(), |done| progress.at(done))?;
        progress.end();
        match ended {
            Ended::Imported { batch, changes } => report.imported = Some((batch, changes)),
            Ended::Before(batch) => report.before = Some(batch),
        }
    }
    report.print(place.apply, place.json);
    Ok(())
}

fn load(file: &ConfigFile) -> Result<Config, Stop> {
    file.load().map(|loaded| loaded.config).map_err(Stop::usage)
}

fn open(config: &Config, in_earnest: bool) -> Result<Guest, Stop> {
    let path = &config.store.path;
    Ok(if in_earnest { Guest::open(path)? } else { Guest::look(path)? })
}

fn read(source: Source, files: &[PathBuf], guild: Option<GuildId>) -> Result<Extract, Stop> {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |meta| meta.len() as usize);
    let mut progress = Progress::new("reading", files.iter().map(size).sum());
    let mut reading = Reading::new(source, guild);
    for path in files {
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let file = open_file(path)?;
        reading.add(&name, progress.follow(file)).map_err(Stop::failed)?;
    }
    progress.end();
    reading.end().map_err(Stop::failed)
}

fn open_file(path: &Path) -> Result<File, Stop> {
    let fault = |error| Stop::failed(format!("cannot read {}: {error}", path.display()));
    let file = File::open(path).map_err(fault)?;
    match file.metadata().map_err(fault)?.len() {
        bytes if bytes > crate::import::FILE_BYTES_MAX => {
            Err(Stop::failed(format!("{} is larger than any such file", path.display())))
        }
        _ => Ok(file),
    }
}

/// The server that is meant.
pub(super) fn choose_guild(guest: &Guest, config: &Config, given: Option<GuildId>) -> Result<GuildId, Stop> {
    if let Some(guild) = given {
        return Ok(guild);
    }
    let known = match &config.discord.guilds[..] {
        [] => levels::list_guilds(guest.read())?,
        configured => configured.to_vec(),
    };
    match known[..] {
        [guild] => Ok(guild),
        [] => Err(Stop::usage("say with --guild which server is meant: I know none yet")),
        _ => {
            let ids: Vec<_> = known.iter().take(20).map(GuildId::to_string).collect();
            Err(Stop::usage(format!("say with --guild which server is meant: {}", ids.join(", "))))
        }
    }
}

/// Levels are kept where there are any.
fn usual(extract: &Extract) -> Carry {
    let levels = extract.scale.is_some() || extract.members.iter().any(|member| member.level.is_some());
    if levels { Carry::KeepLevel } else { Carry::KeepXp }
}

fn order(extract: &Extract, config: &Config, guild: GuildId, how: Carry, policy: Policy) -> Result<Order, Stop> {
    let ours = &config.levels.curve;
    let mut targets: Vec<(UserId, i64)> = Vec::with_capacity(extract.members.len());
    for member in &extract.members {
        let xp = carried(how, extract.scale.as_ref(), ours, member);
        let none = || Stop::usage("these files tell no levels: keep the XP with --as keep-xp");
        targets.push((member.user, xp.ok_or_else(none)?));
    }
    let curve = match how {
        Carry::AdoptCurve => Some(adopted(extract, ours)?),
        Carry::KeepLevel | Carry::KeepXp => None,
    };
    let word = extract.source.word();
    let origin = format!("{word} {} {} {:016x}", how.word(), policy.word(), fingerprint(&targets));
    Ok(Order { guild, source: word, origin, policy, targets, curve })
}

fn adopted(extract: &Extract, ours: &Curve) -> Result<Curve, Stop> {
    let curve = extract.scale.as_ref().and_then(|scale| scale.curve());
    let curve = curve.ok_or_else(|| Stop::usage("these files tell no curve that can be taken over"))?;
    Ok(curve.clone().up_to(ours.highest_level()))
}

/// A number that stands for what is imported, the same on every machine (FNV-1a).
fn fingerprint(targets: &[(UserId, i64)]) -> u64 {
    let numbers = targets.iter().flat_map(|(user, xp)| [user.get(), *xp as u64]);
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    numbers.flat_map(u64::to_le_bytes).fold(0xcbf2_9ce4_8422_2325, mix)
}

fn preview(guest: &Guest, config: &Config, order: &Order) -> Result<Counts, Stop> {
    let mut progress = Progress::new("comparing", order.targets.len());
    let counts = levels::preview(guest, config, order, |done| progress.at(done))?;
    progress.end();
    Ok(counts)
}

fn take_back(undo: &Undo) -> Result<(), Stop> {
    let config = load(&undo.place.file)?;
    let mut guest = open(&config, undo.place.apply)?;
    let guild = choose_guild(&guest, &config, undo.place.guild)?;
    let rows = levels::count_batch(&guest, guild, undo.batch)?;
    if !undo.place.apply {
        words::would_undo(undo.batch, rows, undo.place.json);
        return Ok(());
    }
    let mut progress = Progress::new("taking back", rows);
    let (by, rows) = levels::undo(&mut guest, guild, undo.batch, Clock::real().now(), |done| progress.at(done))?;
    progress.end();
    words::undone(undo.batch, by, rows, undo.place.json);
    Ok(())
}
