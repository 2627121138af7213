//! What the files of other bots say, as records: who has how much XP on which scale, what roles it brings there.
//!
//! Everything here is a function of bytes. It refuses to know where the bytes come from, what XP means to us, and the
//! database. Whatever is wrong with a file as a whole is one sentence with its line, and then there is no record. A
//! record that is wrong by itself is left out and told of, with line and field.

mod board;
mod bots;
mod csv;
mod invalid;
mod json;
mod pages;
mod paste;
mod scalar;
mod scale;
mod scan;

use std::fmt;
use std::io::{BufRead, Read};

use crate::model::{ChannelId, GuildId, RoleId, UserId, XP_MAX, text};

use json::Gathered;

pub use board::{Answer, Board, PAGE_BYTES_MAX, Verdict};
pub use invalid::Invalid;
pub use paste::fragment;
pub use scale::{Carry, Scale, carried};
pub use scan::{Pattern, Scan};

/// Members that one import may bring.
pub const MEMBERS_MAX: usize = 2_000_000;
/// Bytes of one file.
pub const FILE_BYTES_MAX: u64 = 4 << 30;
/// Levels of other bots are believed up to here.
const LEVEL_BELIEVED_MAX: u16 = 10_000;
/// Role rewards, ignored places and multipliers of one file.
const LIST_MAX: usize = 500;

/// A bot, or a plain format, whose files can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Saved pages of `GET /api/plugins/levels/leaderboard/{guild}`.
    Mee6,
    /// The file that Polaris's export button makes.
    Polaris,
    /// Lurkr's export from its dashboard, or saved pages of its API.
    Lurkr,
    /// LevelUp's file of one guild, or of all; fields that are left out have that format's defaults.
    LevelUp,
    /// Saved answers of Discord Bot Hub's `GET /api/users/` or `GET /api/leveling/leaderboard`.
    Hub,
    /// `[{"id": "…", "xp": 1}]`, or `{"<id>": 1}`.
    Json,
    /// `user_id,xp` or `user_id,level`, with a line of names.
    Csv,
    /// Announcements in a channel; no file.
    Scan,
}

impl Source {
    /// Its word on the command line and in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Mee6 => "mee6",
            Self::Polaris => "polaris",
            Self::Lurkr => "lurkr",
            Self::LevelUp => "levelup",
            Self::Hub => "hub",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Scan => "scan",
        }
    }
}

/// What a file says of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    /// On the other bot's scale.
    pub xp: i64,
    /// As the other bot counts, where the file says it.
    pub level: Option<u16>,
    /// The id was a number of the kind that programs round.
    id_is_large_number: bool,
}

impl Member {
    /// A member with an id that is beyond doubt.
    pub fn new(user: UserId, xp: i64, level: Option<u16>) -> Self {
        Self { user, xp, level, id_is_large_number: false }
    }
}

/// A role that a level brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reward {
    pub level: u32,
    pub role: RoleId,
    pub keep: bool,
}

/// How the other bot was set up, as far as it has a counterpart here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    pub message_xp: Option<(i64, i64)>,
    pub cooldown_seconds: Option<i64>,
    pub voice_xp_per_minute: Option<i64>,
    pub max_level: Option<u32>,
    pub only_highest_role: bool,
    pub rewards: Vec<Reward>,
    pub ignored_channels: Vec<ChannelId>,
    pub ignored_roles: Vec<RoleId>,
    pub role_multipliers: Vec<(RoleId, f64)>,
    pub channel_multipliers: Vec<(ChannelId, f64)>,
}

/// Everything that was read.
#[derive(Debug, Clone)]
pub struct Extract {
    pub source: Source,
    /// The guild that the files say they are of.
    pub guild: Option<GuildId>,
    /// In the order of their ids, each once.
    pub members: Vec<Member>,
    /// Members that several files named; the higher XP was kept.
    pub twice: usize,
    /// Records that are not among the members.
    pub invalid: Invalid,
    pub scale: Option<Scale>,
    pub settings: Settings,
    /// What is in the files and is not carried over, in sentences.
    pub notes: Vec<String>,
}

/// What is wrong with a file, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake(String);

impl Mistake {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

/// Reads files one after another.
pub struct Reading {
    extract: Extract,
    wanted: Option<GuildId>,
    rows: usize,
}

impl Reading {
    /// Begins to read files of a source; `wanted` chooses among the guilds of files that hold several.
    pub fn new(source: Source, wanted: Option<GuildId>) -> Self {
        let extract = Extract {
            source,
            guild: None,
            members: Vec::new(),
            twice: 0,
            invalid: Invalid::default(),
            scale: None,
            settings: Settings::default(),
            notes: Vec::new(),
        };
        Self { extract, wanted, rows: 0 }
    }

    /// Reads one file; `name` is for the words of a mistake.
    ///
    /// # Errors
    /// A sentence that names file, line and field.
    pub fn add(&mut self, name: &str, file: impl Read) -> Result<(), Mistake> {
        let placed = |mistake: Mistake| Mistake(format!("{}, {mistake}", text::plain(name)));
        let mut file = std::io::BufReader::with_capacity(1 << 16, file.take(FILE_BYTES_MAX));
        skip_mark(&mut file).map_err(placed)?;
        let read = match self.extract.source {
            Source::Mee6 => pages::mee6(file),
            Source::Lurkr => pages::lurkr(file),
            Source::Hub => pages::hub(file),
            Source::Json => pages::generic(file),
            Source::Polaris => bots::polaris(file),
            Source::LevelUp => bots::levelup(file, self.wanted),
            Source::Csv => csv::read(file),
            Source::Scan => Err(Mistake::new("a channel is no file")),
        };
        let mut read = read.map_err(placed)?;
        read.invalid.place(name);
        self.take(read).map_err(placed)
    }

    /// The records that were read so far, those that are invalid included.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn take(&mut self, mut read: Part) -> Result<(), Mistake> {
        let extract = &mut self.extract;
        if let (Some(one), Some(other)) = (extract.guild, read.guild)
            && one != other
        {
            let words = format!("guild: this file is of the server {other}, and another one of {one}");
            return Err(Mistake(words));
        }
        if extract.members.len() + read.members.len() > MEMBERS_MAX {
            return Err(Mistake(too_many()));
        }
        self.rows += read.members.len() + read.invalid.count();
        extract.invalid.add(read.invalid);
        extract.guild = extract.guild.or(read.guild);
        match extract.members.is_empty() {
            true => extract.members = read.members,
            false => extract.members.append(&mut read.members),
        }
        extract.scale = extract.scale.take().or(read.scale);
        extract.notes.append(&mut read.notes);
        if extract.settings == Settings::default() {
            extract.settings = read.settings;
        }
        Ok(())
    }

    /// Everything that was read, once all files are in.
    ///
    /// # Errors
    /// A sentence where the ids cannot be believed.
    pub fn end(self) -> Result<Extract, Mistake> {
        let Self { mut extract, .. } = self;
        refuse_rounded(&extract.members)?;
        let before = extract.members.len();
        extract.members.sort_unstable_by_key(|member| (member.user, std::cmp::Reverse(member.xp)));
        extract.members.dedup_by_key(|member| member.user);
        extract.twice = before - extract.members.len();
        Ok(extract)
    }
}

/// What one file, or one page, brings.
#[derive(Default)]
struct Part {
    guild: Option<GuildId>,
    members: Vec<Member>,
    invalid: Invalid,
    scale: Option<Scale>,
    settings: Settings,
    notes: Vec<String>,
}

impl Part {
    fn gather(&mut self, gathered: Gathered) {
        match self.members.is_empty() {
            true => self.members = gathered.members,
            false => self.members.extend(gathered.members),
        }
        self.invalid.add(gathered.invalid);
    }
}

impl From<Gathered> for Part {
    fn from(gathered: Gathered) -> Self {
        Self { members: gathered.members, invalid: gathered.invalid, ..Self::default() }
    }
}

/// What is wrong with a field.
struct Wrong {
    field: &'static str,
    words: String,
}

impl Wrong {
    fn new(field: &'static str, words: impl Into<String>) -> Self {
        Self { field, words: words.into() }
    }
}

fn too_many() -> String {
    format!("more than {MEMBERS_MAX} members: that is no community for this bot, or no file of one")
}

fn xp_range() -> String {
    format!("must be a whole number from 0 to {XP_MAX}")
}

/// Programs that keep ids as floating-point numbers round them; what is left then ends in zero bits everywhere, which
/// true ids do one time in a hundred.
fn refuse_rounded(members: &[Member]) -> Result<(), Mistake> {
    let mut large = members.iter().filter(|member| member.id_is_large_number).peekable();
    let is_rounded = |member: &Member| member.user.get() as f64 as u64 == member.user.get();
    if large.peek().is_some() && large.all(is_rounded) {
        return Err(Mistake::new(
            "the ids are numbers that another program has rounded, so they belong to nobody: write them as texts, in \
             quotes, and export again",
        ));
    }
    Ok(())
}

/// Skips the mark of UTF-8, and refuses files that are in another encoding.
fn skip_mark(file: &mut impl BufRead) -> Result<(), Mistake> {
    let unreadable = |error: std::io::Error| Mistake(format!("cannot be read: {error}"));
    let begin = file.fill_buf().map_err(unreadable)?;
    match begin {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] => {
            Err(Mistake::new("line 1: this is UTF-16 or no text at all; save the file as UTF-8"))
        }
        [0x1F, 0x8B, ..] | [b'P', b'K', 3, 4, ..] => Err(Mistake::new("line 1: this is packed; unpack it first")),
        [0xEF, 0xBB, 0xBF, ..] => {
            file.consume(3);
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
