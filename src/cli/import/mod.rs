//! `innkeeper import`: levels from another bot. Reads files, shows what would change and, with `--apply`, changes it as
//! one batch that can be taken back, beside a running bot where there is one.

mod ask;
mod fetch;
mod options;
mod progress;
mod roles;
mod scan;
mod words;

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{ConfigFile, Exit, Stop, complain, house};
use crate::config::{Config, Loaded};
use crate::features::levels::import::{self as levels, Counts, Ended, Order, Policy};
use crate::import::{Board, Carry, Extract, Invalid, Reading, Source, carried, fragment};
use crate::model::{Clock, Curve, GuildId, Roll, UserId};
use crate::store::{Guest, OpenError};
use fetch::Fetch;
pub use options::Options;
use options::{Carrying, Files, Place, Shown, Undo, What};
use progress::Progress;
use words::Report;

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        let exit = if error.permanent { Exit::DoNotRestart } else { Exit::Failed };
        Self(error.to_string(), exit)
    }
}

pub fn run(options: &Options) -> Exit {
    let done = match &options.what {
        What::Mee6(shown) => bring_in_shown(Source::Mee6, shown),
        What::Polaris(files) => bring_in(Source::Polaris, files),
        What::Lurkr(files) => bring_in(Source::Lurkr, files),
        What::Levelup(files) => bring_in(Source::LevelUp, files),
        What::Hub(shown) => bring_in_shown(Source::Hub, shown),
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
    let loaded = load(&files.carrying.place.file)?;
    let extract = read(source, &files.files, files.carrying.place.guild)?;
    carry_in(&loaded, &files.carrying, extract, files.files.len())
}

/// The same, of files that may have to be fetched first.
fn bring_in_shown(source: Source, shown: &Shown) -> Result<(), Stop> {
    let (loaded, guild) = (load(&shown.carrying.place.file)?, shown.carrying.place.guild);
    if !shown.fetch {
        return carry_in(&loaded, &shown.carrying, read(source, &shown.files, guild)?, shown.files.len());
    }
    let board = match source {
        Source::Mee6 => Board::Mee6(choose_guild(&open(&loaded.config, false)?, &loaded.config, guild)?),
        _ => Board::Hub,
    };
    let address = shown.address.clone().or_else(|| board.usual_address().map(str::to_owned));
    let address = address.ok_or_else(|| Stop::usage("say with --address where it is"))?;
    let folder = shown.into.clone().unwrap_or_else(|| fetch::usual_folder(board));
    let fetching = Fetch { board, address, folder, first: shown.page, pace: fetch::Pace::default() };
    let files = house::runtime().map_err(Stop::failed)?.block_on(fetching.run())?;
    let mut extract = read(source, &files, guild)?;
    let folder = fetching.folder.display();
    extract.notes.push(format!(
        "The pages are kept in {folder}: `import {} {folder}/*` reads them again; delete them when all is done.",
        source.word()
    ));
    carry_in(&loaded, &shown.carrying, extract, files.len())
}

/// Brings in what some files say, as it is asked for.
fn carry_in(loaded: &Loaded, carrying: &Carrying, extract: Extract, files: usize) -> Result<(), Stop> {
    let how = carrying.how.map_or_else(|| usual(&extract), Carry::from);
    if carrying.place.apply && !carrying.skip_invalid {
        refuse_invalid(&extract.invalid)?;
    }
    let reach = if carrying.offline { Reach::Offline } else { Reach::Discord };
    carry_out(loaded, &carrying.place, extract, (how, carrying.policy()), files, reach)
}

/// What is not understood is not imported in part, unless somebody who has seen it says so.
fn refuse_invalid(invalid: &Invalid) -> Result<(), Stop> {
    if invalid.count() == 0 {
        return Ok(());
    }
    let told = words::of_invalid(invalid).join("\n");
    let way_out = "correct the file, or leave them out with --skip-invalid";
    Err(Stop::failed(format!("{} records are invalid, so nothing was written: {way_out}\n{told}", invalid.count())))
}

/// Reads a channel, and brings in what was announced there. Levels only rise by that.
fn scan_channel(options: &scan::ScanChannel) -> Result<(), Stop> {
    let loaded = load(&options.place.file)?;
    let extract = scan::read(options, &loaded)?;
    carry_out(&loaded, &options.place, extract, (Carry::KeepLevel, Policy::Raise), 0, Reach::Discord)
}

/// Whether Discord is asked who is in the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Discord,
    Offline,
}

/// Shows and, in earnest, imports.
fn carry_out(
    loaded: &Loaded,
    place: &Place,
    mut extract: Extract,
    (how, policy): (Carry, Policy),
    files: usize,
    reach: Reach,
) -> Result<(), Stop> {
    let config = &loaded.config;
    let mut guest = open(config, place.apply)?;
    let guild = choose_guild(&guest, config, place.guild.or(extract.guild))?;
    let roll = ask(loaded, guild, reach, &mut extract.notes)?;
    let mut order = order(&extract, config, guild, how, policy)?;
    order.roll = roll;
    let mut report = Report::new(&extract, &order, how, files);
    report.toml = fragment(&extract, how, order.curve.as_ref().unwrap_or(&config.levels.curve));
    report.before = levels::find_before(&guest, &order)?;
    report.counts = preview(&guest, config, &order)?;
    if !place.apply {
        for other in [Carry::KeepLevel, Carry::KeepXp, Carry::AdoptCurve].into_iter().filter(|other| *other != how) {
            // What cannot be done is not shown.
            let Ok(mut other_order) = self::order(&extract, config, guild, other, policy) else { continue };
            if files > 0 {
                other_order.roll = order.roll.take();
                report.others.push((other, preview(&guest, config, &other_order)?));
                order.roll = other_order.roll;
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

fn load(file: &ConfigFile) -> Result<Loaded, Stop> {
    file.load().map_err(Stop::usage)
}

/// Everybody in the server, where Discord is asked and tells; why it does not is a note.
pub(super) fn ask(
    loaded: &Loaded,
    guild: GuildId,
    reach: Reach,
    notes: &mut Vec<String>,
) -> Result<Option<Roll>, Stop> {
    if reach == Reach::Offline {
        return Ok(None);
    }
    let (roll, why) = ask::roll(loaded, guild)?;
    notes.extend(why);
    Ok(roll)
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
    Ok(Order { guild, source: word, origin, policy, targets, curve, roll: None })
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
    let config = load(&undo.place.file)?.config;
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
