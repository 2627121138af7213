//! Formats that are a whole server's settings with a table of members: Polaris, and LevelUp for Red.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use serde::de::{self, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::json::{Few, Gathered, Record, Table, read};
use super::scalar::Scalar;
use super::{Member, Mistake, Part, Reward, Scale, Settings, Wrong};
use crate::model::{ChannelId, GuildId, RoleId, text};

const LEVEL_MAX: i64 = 1_000;
const XP_PER_ACT_MAX: i64 = 100_000;
const COOLDOWN_SECONDS_MAX: i64 = 31_536_000;

/// Polaris exports `{settings, users}`, and takes `{xp}` or the users alone as well.
pub fn polaris(file: impl BufRead) -> Result<Part, Mistake> {
    let Polaris { settings, members } = read(file)?;
    let mut part = Part::from(members);
    let known = settings.is_some();
    let settings = settings.unwrap_or_default();
    part.scale = Some(settings.scale()?);
    if known {
        part.settings = settings.carried();
    } else {
        part.notes.push("The file has no settings, so its levels are counted with Polaris's usual curve.".to_owned());
    }
    Ok(part)
}

struct Polaris {
    settings: Option<PolarisSettings>,
    members: Gathered,
}

impl<'de> Deserialize<'de> for Polaris {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Polaris;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("Polaris's export, as an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Polaris, A::Error> {
                let mut settings = None;
                let mut members = None;
                let mut bare = Gathered::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "settings" => settings = Some(map.next_value()?),
                        "users" | "xp" => members = Some(map.next_value::<Table<PolarisMember>>()?.0),
                        "_id" | "info" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        id => {
                            let member = Scalar::Text(id.to_owned()).member_id();
                            map.next_value_seed(bare.next::<PolarisMember, _>(Some(member), || text::plain(id)))?;
                        }
                    }
                }
                match members {
                    Some(_) if bare.count() > 0 => Err(de::Error::custom("users: there are some outside too")),
                    Some(members) => Ok(Polaris { settings, members }),
                    None if bare.members.is_empty() && settings.is_none() => {
                        Err(de::Error::custom("users: it is not there, so this is no such file"))
                    }
                    None => Ok(Polaris { settings, members: bare.ended() }),
                }
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[derive(Deserialize)]
struct PolarisMember {
    #[serde(default)]
    xp: Scalar,
}

impl Record for PolarisMember {
    const PLACE: &'static str = "users";

    fn member(self, key: Option<Member>) -> Result<Member, Wrong> {
        let key = key.ok_or_else(|| Wrong::new("", "must be a table by id, not a list"))?;
        Ok(Member { xp: self.xp.xp("xp")?, ..key })
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PolarisSettings {
    gain: PolarisGain,
    curve: BTreeMap<String, Scalar>,
    rounding: Scalar,
    max_level: Scalar,
    multipliers: PolarisMultipliers,
    rewards: Few<PolarisReward>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PolarisGain {
    min: Scalar,
    max: Scalar,
    time: Scalar,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PolarisMultipliers {
    roles: Few<PolarisBoost>,
    channels: Few<PolarisBoost>,
}

#[derive(Deserialize)]
struct PolarisBoost {
    #[serde(default)]
    id: Scalar,
    #[serde(default)]
    boost: Scalar,
}

#[derive(Deserialize)]
struct PolarisReward {
    #[serde(default)]
    id: Scalar,
    #[serde(default)]
    level: Scalar,
    #[serde(default)]
    keep: Scalar,
}

impl PolarisSettings {
    /// Total XP is c3·n³ + c2·n² + c1·n, rounded; usually 1, 50, 100 and 100.
    fn scale(&self) -> Result<Scale, Mistake> {
        let power = |name: &str, usual: f64| match self.curve.get(name) {
            None | Some(Scalar::Nothing) => Ok(usual),
            Some(given) => given
                .number()
                .ok_or_else(|| Mistake::new(format!("settings.curve.{name}: must be a number, not {given}"))),
        };
        let powers = [power("3", 1.0)?, power("2", 50.0)?, power("1", 100.0)?];
        let round_to = self.rounding.whole(1_000).unwrap_or(100).max(1);
        Scale::polynomial(powers, round_to)
            .map_err(|level| Mistake::new(format!("settings.curve: it falls at level {level}")))
    }

    fn carried(&self) -> Settings {
        let rewards = self.rewards.0.iter().filter_map(|reward| {
            let level = reward.level.whole(LEVEL_MAX)? as u32;
            Some(Reward { level, role: reward.id.id()?, keep: reward.keep.is_true() })
        });
        let roles = &self.multipliers.roles.0;
        let channels = &self.multipliers.channels.0;
        Settings {
            message_xp: self.gain.min.whole(XP_PER_ACT_MAX).zip(self.gain.max.whole(XP_PER_ACT_MAX)),
            cooldown_seconds: self.gain.time.whole(COOLDOWN_SECONDS_MAX),
            max_level: self.max_level.whole(LEVEL_MAX).map(|level| level as u32),
            // There, the highest role is held alone, besides those that are kept.
            only_highest_role: !self.rewards.0.is_empty(),
            rewards: rewards.collect(),
            role_multipliers: roles.iter().filter_map(|one| Some((one.id.id()?, one.boost.number()?))).collect(),
            channel_multipliers: channels.iter().filter_map(|one| Some((one.id.id()?, one.boost.number()?))).collect(),
            ..Settings::default()
        }
    }
}

/// LevelUp writes a server's settings, or all servers' under `configs`; what it leaves out is as it comes.
pub fn levelup(file: impl BufRead, wanted: Option<GuildId>) -> Result<Part, Mistake> {
    let mut root: LevelUp = read(file)?;
    let mut guild = None;
    if let Some(configs) = root.configs.take() {
        let (id, config) = choose(configs, wanted)?;
        (guild, root) = (Some(id), config);
    }
    let scale = root.scale()?;
    let settings = root.settings();
    let Some(users) = root.users else {
        return Err(Mistake::new("users: it is not there, so this is no such file, or nobody had earned anything"));
    };
    let notes = root.prestige.notes();
    Ok(Part { guild, scale: Some(scale), settings, notes, ..users.0.into() })
}

fn choose(mut configs: BTreeMap<String, LevelUp>, wanted: Option<GuildId>) -> Result<(GuildId, LevelUp), Mistake> {
    let ids = || configs.keys().take(10).map(|id| text::plain(id)).collect::<Vec<_>>().join(", ");
    let key = match wanted {
        Some(wanted) => wanted.to_string(),
        None if configs.len() == 1 => configs.keys().next().cloned().unwrap_or_default(),
        None => return Err(Mistake::new(format!("configs: say with --guild which server is meant: {}", ids()))),
    };
    let words = format!("configs: there is no server {} among {}", text::plain(&key), ids());
    let config = configs.remove(&key).ok_or_else(|| Mistake::new(words))?;
    let id = key.parse().map_err(|_| Mistake::new(format!("configs: {} is no id", text::plain(&key))))?;
    Ok((id, config))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LevelUp {
    configs: Option<BTreeMap<String, LevelUp>>,
    users: Option<Table<LevelUpMember>>,
    algorithm: Algorithm,
    levelroles: BTreeMap<String, Scalar>,
    autoremove: Scalar,
    xp: Few<Scalar>,
    cooldown: Scalar,
    voicexp: Scalar,
    ignoredchannels: Few<Scalar>,
    ignoredroles: Few<Scalar>,
    #[serde(rename = "prestigedata")]
    prestige: Prestige,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Algorithm {
    base: Scalar,
    exp: Scalar,
}

#[derive(Deserialize, Default)]
struct Prestige(BTreeMap<String, IgnoredAny>);

impl Prestige {
    fn notes(&self) -> Vec<String> {
        let words = "Prestige has no counterpart here: everybody keeps the level of their present round.";
        if self.0.is_empty() { Vec::new() } else { vec![words.to_owned()] }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LevelUpMember {
    xp: Scalar,
    level: Scalar,
}

impl Record for LevelUpMember {
    const PLACE: &'static str = "users";

    /// A field that is left out is 0.
    fn member(self, key: Option<Member>) -> Result<Member, Wrong> {
        let key = key.ok_or_else(|| Wrong::new("", "must be a table by id, not a list"))?;
        let xp = if self.xp.is_nothing() { 0 } else { self.xp.xp("xp")? };
        Ok(Member { xp, level: Some(self.level.level("level")?.unwrap_or(0)), ..key })
    }
}

impl LevelUp {
    /// Total XP is base · n^exp; 100 and 2 unless it is said.
    fn scale(&self) -> Result<Scale, Mistake> {
        let number = |given: &Scalar, usual: f64, field: &str| match given {
            Scalar::Nothing => Ok(usual),
            given => given
                .number()
                .filter(|number| *number > 0.0)
                .ok_or_else(|| Mistake::new(format!("algorithm.{field}: must be a number above 0, not {given}"))),
        };
        let (base, exp) = (number(&self.algorithm.base, 100.0, "base")?, number(&self.algorithm.exp, 2.0, "exp")?);
        Scale::power(base, exp).map_err(|level| Mistake::new(format!("algorithm: it falls at level {level}")))
    }

    fn settings(&self) -> Settings {
        let message_xp = match &self.xp.0[..] {
            [low, high] => low.whole(XP_PER_ACT_MAX).zip(high.whole(XP_PER_ACT_MAX)),
            _ => Some((3, 6)),
        };
        let rewards = self.levelroles.iter().filter_map(|(level, role)| {
            Some(Reward { level: level.parse().ok()?, role: role.id::<RoleId>()?, keep: false })
        });
        let mut rewards: Vec<_> = rewards.collect();
        rewards.sort_by_key(|reward| reward.level);
        Settings {
            message_xp,
            cooldown_seconds: Some(self.cooldown.whole(COOLDOWN_SECONDS_MAX).unwrap_or(60)),
            voice_xp_per_minute: Some(self.voicexp.whole(XP_PER_ACT_MAX).unwrap_or(2)),
            only_highest_role: self.autoremove.is_true(),
            rewards,
            ignored_channels: self.ignoredchannels.0.iter().filter_map(Scalar::id::<ChannelId>).collect(),
            ignored_roles: self.ignoredroles.0.iter().filter_map(Scalar::id::<RoleId>).collect(),
            ..Settings::default()
        }
    }
}
