//! `[levels]`: what earns XP, how levels follow from it, and what they bring.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Mistake;
use super::values::{Colour, Multiplier, XpRange};
use crate::model::{ChannelId, Curve, LEVEL_MAX, RoleId, Template};

/// `[levels]`: XP, levels and their roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Levels {
    pub enabled: bool,
    /// XP for a message that earns; of a range, each message draws its own. Nothing that earns 0 is paid.
    pub message_xp: XpRange,
    /// Seconds until the same member's next message earns.
    pub message_cooldown_seconds: u32,
    /// Messages with fewer characters earn nothing.
    pub min_length: u32,
    /// Whether messages like the member's last few earn nothing.
    pub repeat_check: bool,
    pub voice_xp_per_minute: i64,
    pub command_xp: i64,
    pub command_cooldown_seconds: u32,
    /// For the first earning act of a civil day.
    pub daily_bonus: i64,
    /// Times the days in a row, from the second day.
    pub streak_bonus: i64,
    /// The bonus of a streak grows up to this day of it.
    pub streak_cap: u32,
    /// So many missed days do not break a streak.
    pub streak_grace_days: u32,
    /// How much XP each level needs.
    pub curve: Curve,
    /// Where the curve ends.
    pub max_level: u32,
    /// Channels and categories in which nothing is earned.
    pub ignored_channels: Vec<ChannelId>,
    /// Roles whose holders earn nothing.
    pub ignored_roles: Vec<RoleId>,
    pub role_mode: RoleMode,
    pub announce: Announce,
    /// Whether the announcement pings the member.
    pub announce_ping: bool,
    /// What the announcement says.
    pub message: LevelUpText,
    /// Whether answers come as pictures.
    pub card: bool,
    /// Days after which message rows of the ledger are folded into daily sums; 0: never.
    pub fold_after_days: u32,
    pub multipliers: Multipliers,
    pub voice: Voice,
    /// Names of ranges of levels, the lowest first.
    #[serde(rename = "tier")]
    pub tiers: Vec<Tier>,
    #[serde(rename = "role", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<LevelRole>,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            enabled: true,
            message_xp: XpRange::from(15),
            message_cooldown_seconds: 60,
            min_length: 0,
            repeat_check: false,
            voice_xp_per_minute: 10,
            command_xp: 5,
            command_cooldown_seconds: 30,
            daily_bonus: 50,
            streak_bonus: 10,
            streak_cap: 10,
            streak_grace_days: 1,
            curve: Curve::default(),
            max_level: LEVEL_MAX,
            ignored_channels: Vec::new(),
            ignored_roles: Vec::new(),
            role_mode: RoleMode::Stack,
            announce: Announce::Channel,
            announce_ping: false,
            message: LevelUpText::default(),
            card: true,
            fold_after_days: 0,
            multipliers: Multipliers::default(),
            voice: Voice::default(),
            tiers: Tier::usual(),
            roles: Vec::new(),
        }
    }
}

/// `[[levels.role]]`: a role that a level brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRole {
    pub level: u32,
    pub role: RoleId,
    /// Whether it stays when only the highest role is held.
    #[serde(default)]
    pub keep: bool,
}

/// Which of the roles that were reached are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleMode {
    /// All of them.
    Stack,
    /// The highest, and those that are kept.
    Highest,
}

/// `[[levels.tier]]`: a name for the levels from this one up to the next tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    pub name: String,
    pub from: u32,
    /// On pictures; without it, the one of [`TIER_COLOURS`] that the tier's place has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
}

/// The colours of tiers that say none, from the lowest up; the last one is that of all above.
const TIER_COLOURS: [Colour; 6] = [
    Colour(0x9F_B3_C8),
    Colour(0x7C_C6_A4),
    Colour(0x6F_B0_E8),
    Colour(0xB3_92_F0),
    Colour(0xE0_A8_4E),
    Colour(0xF0_7F_6E),
];

impl Tier {
    fn usual() -> Vec<Self> {
        let tiers = [("Basic", 1), ("Member", 11), ("Advanced", 26), ("Elite", 51), ("Master", 76)];
        let tiers = tiers.into_iter().zip(TIER_COLOURS);
        tiers.map(|((name, from), colour)| Self { name: name.to_owned(), from, colour: Some(colour) }).collect()
    }
}

/// `[levels.multipliers]`: where and for whom XP counts more or less.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Multipliers {
    /// Of a member's roles, the highest one counts.
    pub roles: BTreeMap<RoleId, Multiplier>,
    /// A thread's own counts before its channel's, a channel's before its category's.
    pub channels: BTreeMap<ChannelId, Multiplier>,
}

/// `[levels.voice]`: which minutes in voice count all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Voice {
    pub count_muted: bool,
    pub count_deafened: bool,
    /// Without another person; bots do not count.
    pub count_alone: bool,
    /// In the guild's AFK channel.
    pub count_afk: bool,
}

/// Where level-ups are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announce {
    Off,
    /// Where the message was.
    Channel,
    /// To the member, in private.
    Direct,
    /// In this channel.
    In(ChannelId),
}

impl Serialize for Announce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Channel => serializer.serialize_str("channel"),
            Self::Direct => serializer.serialize_str("dm"),
            Self::In(channel) => serializer.collect_str(channel),
        }
    }
}

impl<'de> Deserialize<'de> for Announce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Id(ChannelId),
            Word(String),
        }
        match Given::deserialize(deserializer) {
            Ok(Given::Id(channel)) => Ok(Self::In(channel)),
            Ok(Given::Word(word)) => match word.as_str() {
                "off" => Ok(Self::Off),
                "channel" => Ok(Self::Channel),
                "dm" => Ok(Self::Direct),
                _ => Err(de::Error::custom("expected \"off\", \"channel\", \"dm\" or a channel's id")),
            },
            Err(_) => Err(de::Error::custom("expected \"off\", \"channel\", \"dm\" or a channel's id")),
        }
    }
}

/// What an announcement can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelUpWord {
    Member,
    Level,
    Tier,
    Xp,
    Guild,
    Role,
    Tools,
}

/// The announcement of a level, with its placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelUpText(pub Template<LevelUpWord>);

const LEVEL_UP_WORDS: &[(&str, LevelUpWord)] = &[
    ("member", LevelUpWord::Member),
    ("level", LevelUpWord::Level),
    ("tier", LevelUpWord::Tier),
    ("xp", LevelUpWord::Xp),
    ("guild", LevelUpWord::Guild),
    ("role", LevelUpWord::Role),
    ("tools", LevelUpWord::Tools),
];
const LEVEL_UP: &str = "{member} has reached level **{level}**.";

impl LevelUpText {
    /// Reads an announcement.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Template::parse(text, LEVEL_UP_WORDS).map(Self).map_err(|error| error.to_string())
    }
}

impl Default for LevelUpText {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, read in every test")]
        Self::parse(LEVEL_UP).expect("the text above is a template")
    }
}

impl Serialize for LevelUpText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for LevelUpText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Limits of numbers, so that a typo does not pay a million levels a minute.
const XP_OF_AN_ACT_MAX: i64 = 100_000;
const COOLDOWN_SECONDS_MAX: u32 = 86_400 * 7;
const MIN_LENGTH_MAX: u32 = 2_000;
const STREAK_CAP_MAX: u32 = 1_000;
const GRACE_DAYS_MAX: u32 = 30;
const FOLD_DAYS_MAX: u32 = 36_500;
const TIERS_MAX: usize = 20;
const TIER_NAME_CHARS_MAX: usize = 32;
const LIST_MAX: usize = 500;

impl Levels {
    /// The name of the tier that a level is in.
    pub fn tier_of(&self, level: u32) -> &str {
        self.tiers.get(self.place_of_tier(level)).map_or("", |tier| &tier.name)
    }

    /// The colour of the tier that a level is in.
    pub fn colour_of(&self, level: u32) -> Colour {
        let place = self.place_of_tier(level);
        let own = self.tiers.get(place).and_then(|tier| tier.colour);
        own.unwrap_or(TIER_COLOURS[place.min(TIER_COLOURS.len() - 1)])
    }

    /// Below the first tier is the first tier.
    fn place_of_tier(&self, level: u32) -> usize {
        self.tiers.iter().filter(|tier| tier.from <= level).count().saturating_sub(1)
    }

    pub(super) fn settle(&mut self) {
        self.curve = self.curve.clone().up_to(self.max_level);
    }

    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let xp = self.message_xp;
        let outside = if xp.low < 0 { xp.low } else { xp.high };
        within(&mut found, "levels.message_xp", outside, 0, XP_OF_AN_ACT_MAX);
        within(&mut found, "levels.voice_xp_per_minute", self.voice_xp_per_minute, 0, XP_OF_AN_ACT_MAX);
        within(&mut found, "levels.command_xp", self.command_xp, 0, XP_OF_AN_ACT_MAX);
        within(&mut found, "levels.daily_bonus", self.daily_bonus, 0, XP_OF_AN_ACT_MAX);
        within(&mut found, "levels.streak_bonus", self.streak_bonus, 0, XP_OF_AN_ACT_MAX);
        within(&mut found, "levels.message_cooldown_seconds", self.message_cooldown_seconds, 1, COOLDOWN_SECONDS_MAX);
        within(&mut found, "levels.command_cooldown_seconds", self.command_cooldown_seconds, 1, COOLDOWN_SECONDS_MAX);
        within(&mut found, "levels.min_length", self.min_length, 0, MIN_LENGTH_MAX);
        within(&mut found, "levels.streak_cap", self.streak_cap, 1, STREAK_CAP_MAX);
        within(&mut found, "levels.streak_grace_days", self.streak_grace_days, 0, GRACE_DAYS_MAX);
        within(&mut found, "levels.fold_after_days", self.fold_after_days, 0, FOLD_DAYS_MAX);
        within(&mut found, "levels.max_level", self.max_level, 1, LEVEL_MAX);
        let lists = [
            ("levels.ignored_channels", self.ignored_channels.len()),
            ("levels.ignored_roles", self.ignored_roles.len()),
            ("levels.role", self.roles.len()),
            ("levels.multipliers.roles", self.multipliers.roles.len()),
            ("levels.multipliers.channels", self.multipliers.channels.len()),
        ];
        let too_long = lists.into_iter().filter(|(_, entries)| *entries > LIST_MAX);
        found.extend(too_long.map(|(key, _)| (key, format!("has more than {LIST_MAX} entries"))));
        found.extend(self.mistakes_of_roles().map(|sentence| ("levels.role", sentence)));
        found.extend(self.mistakes_of_tiers().map(|sentence| ("levels.tier", sentence)));
        found
    }

    fn mistakes_of_roles(&self) -> impl Iterator<Item = String> {
        let roles = &self.roles;
        let outside = roles.iter().find(|role| !(1..=self.max_level).contains(&role.level));
        let outside = outside.map(|role| match role.level {
            0 => "names level 0; everybody has that, so give the role to everybody".to_owned(),
            level => format!("names level {level}, but levels.max_level is {}", self.max_level),
        });
        let twice = roles.iter().enumerate().any(|(nth, a)| roles[..nth].iter().any(|b| a.role == b.role));
        let twice = twice.then(|| "names the same role twice; the lowest level that brings it is enough".to_owned());
        outside.into_iter().chain(twice)
    }

    fn mistakes_of_tiers(&self) -> impl Iterator<Item = String> {
        let tiers = &self.tiers;
        let count = (1..=TIERS_MAX).contains(&tiers.len());
        let count = (!count).then(|| format!("has to name between 1 and {TIERS_MAX} tiers"));
        let first = tiers.first().filter(|tier| tier.from > 1);
        let first = first.map(|tier| format!("begins at level {}; the first tier is from 1", tier.from));
        let falls = tiers.windows(2).find(|pair| pair[0].from >= pair[1].from);
        let falls =
            falls.map(|pair| format!("has {:?} after {:?}, but not from a higher level", pair[1].name, pair[0].name));
        let fine = |name: &str| !name.trim().is_empty() && name.chars().count() <= TIER_NAME_CHARS_MAX;
        let unnamed = tiers.iter().any(|tier| !fine(&tier.name));
        let unnamed = unnamed.then(|| format!("needs names of 1 to {TIER_NAME_CHARS_MAX} characters"));
        [count, first, falls, unnamed].into_iter().flatten()
    }
}

/// Notes a number that is outside of its limits.
pub(super) fn within<N: PartialOrd + Display>(found: &mut Vec<Mistake>, key: &'static str, value: N, low: N, high: N) {
    if value < low || value > high {
        found.push((key, format!("must be between {low} and {high}")));
    }
}
