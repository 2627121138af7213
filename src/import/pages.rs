//! Formats that are lists of members: MEE6's leaderboard, Lurkr's export, the hub's answers, plain JSON.

use std::fmt;
use std::io::BufRead;

use serde::de::{self, value::MapAccessDeserializer, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer};

use super::json::{Few, Gathered, List, OneOrMany, Record, Table, read};
use super::scalar::Scalar;
use super::{Member, Mistake, Part, Reward, Scale, Settings, Wrong};
use crate::model::{ChannelId, GuildId, RoleId};

/// Levels that a reward may name.
const REWARD_LEVEL_MAX: i64 = 10_000;
const XP_PER_MESSAGE_MAX: i64 = 100_000;
const COOLDOWN_MS_MAX: i64 = 7 * 86_400_000;

/// MEE6 tells everything as it shows it; XP is the total.
pub fn mee6(file: impl BufRead) -> Result<Part, Mistake> {
    let OneOrMany(pages) = read::<OneOrMany<Mee6Page>>(file)?;
    let mut part = Part { scale: Scale::named("mee6"), ..Part::default() };
    for page in pages {
        if let Some(refused) = page.error {
            return Err(Mistake::new(format!("error: {}", mee6_is_private(&refused.message.to_string()))));
        }
        let Some(players) = page.players else { return Err(missing("players")) };
        part.guild = part.guild.or(page.guild.and_then(|guild| guild.id.id::<GuildId>()));
        let rewards = page.role_rewards.0.iter().filter_map(|reward| {
            let level = reward.rank.whole(REWARD_LEVEL_MAX)?;
            Some(Reward { level: level as u32, role: reward.role.id.id::<RoleId>()?, keep: false })
        });
        if part.settings.rewards.is_empty() {
            part.settings.rewards = rewards.collect();
        }
        if let [low, high] = &page.xp_per_message.0[..] {
            part.settings.message_xp = low.whole(XP_PER_MESSAGE_MAX).zip(high.whole(XP_PER_MESSAGE_MAX));
        }
        part.gather(players.0);
    }
    once(&mut part);
    Ok(part)
}

/// What to do about a board that MEE6 does not show.
pub fn mee6_is_private(said: &str) -> String {
    format!(
        "MEE6 does not show the board ({said}). In MEE6's dashboard, under Leveling, switch on “Make my server's \
         leaderboard public”, then take the page again"
    )
}

/// Pages that were saved one after another overlap where somebody moved meanwhile; the higher XP is the newer.
fn once(part: &mut Part) {
    part.members.sort_by_key(|member| (member.user, std::cmp::Reverse(member.xp)));
    part.members.dedup_by_key(|member| member.user);
}

fn missing(name: &str) -> Mistake {
    Mistake::new(format!("{name}: it is not there, so this is no such file"))
}

#[derive(Deserialize)]
struct Mee6Page {
    players: Option<List<Mee6Player>>,
    #[serde(default)]
    role_rewards: Few<Mee6Reward>,
    #[serde(default)]
    xp_per_message: Few<Scalar>,
    guild: Option<WithId>,
    error: Option<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(default)]
    message: Scalar,
}

#[derive(Deserialize)]
struct WithId {
    #[serde(default)]
    id: Scalar,
}

#[derive(Deserialize)]
struct Mee6Reward {
    #[serde(default)]
    rank: Scalar,
    role: WithId,
}

#[derive(Deserialize)]
struct Mee6Player {
    #[serde(default)]
    id: Scalar,
    #[serde(default)]
    xp: Scalar,
    #[serde(default)]
    level: Scalar,
}

impl Record for Mee6Player {
    const PLACE: &'static str = "players";

    fn member(self, _: Option<Member>) -> Result<Member, Wrong> {
        member("id", &self.id, self.xp.xp("xp")?, self.level.level("level")?)
    }
}

fn member(field: &'static str, id: &Scalar, xp: i64, level: Option<u16>) -> Result<Member, Wrong> {
    let found = id.member_id().map_err(|wrong| Wrong { field, ..wrong })?;
    Ok(Member { xp, level, ..found })
}

/// Lurkr's export has `levels`; pages of its API have multipliers and rewards as well.
pub fn lurkr(file: impl BufRead) -> Result<Part, Mistake> {
    let OneOrMany(pages) = read::<OneOrMany<LurkrPage>>(file)?;
    let mut part = Part { scale: Scale::named("lurkr"), ..Part::default() };
    for page in pages {
        if part.settings == Settings::default() {
            part.settings = page.settings();
        }
        let Some(levels) = page.levels else { return Err(missing("levels")) };
        part.gather(levels.0);
    }
    once(&mut part);
    Ok(part)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LurkrPage {
    levels: Option<List<LurkrMember>>,
    #[serde(default)]
    multipliers: Few<LurkrMultiplier>,
    #[serde(default)]
    role_rewards: Few<LurkrReward>,
    #[serde(default)]
    xp_gain_interval: Scalar,
    #[serde(default)]
    xp_per_message_min: Scalar,
    #[serde(default)]
    xp_per_message_max: Scalar,
}

#[derive(Deserialize)]
struct LurkrMultiplier {
    #[serde(default)]
    multiplier: Scalar,
    #[serde(default)]
    targets: Few<Scalar>,
    #[serde(default, rename = "type")]
    kind: Scalar,
}

#[derive(Deserialize)]
struct LurkrReward {
    #[serde(default)]
    level: Scalar,
    #[serde(default)]
    roles: Few<Scalar>,
}

impl LurkrPage {
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        let least = self.xp_per_message_min.whole(XP_PER_MESSAGE_MAX);
        settings.message_xp = least.zip(self.xp_per_message_max.whole(XP_PER_MESSAGE_MAX));
        settings.cooldown_seconds = self.xp_gain_interval.whole(COOLDOWN_MS_MAX).map(|ms| ms / 1_000);
        for reward in &self.role_rewards.0 {
            let Some(level) = reward.level.whole(REWARD_LEVEL_MAX) else { continue };
            let roles = reward.roles.0.iter().filter_map(Scalar::id::<RoleId>);
            settings.rewards.extend(roles.map(|role| Reward { level: level as u32, role, keep: false }));
        }
        for multiplier in &self.multipliers.0 {
            let Some(times) = multiplier.multiplier.number() else { continue };
            let targets = &multiplier.targets.0;
            match &multiplier.kind {
                Scalar::Text(kind) if kind.eq_ignore_ascii_case("role") => {
                    let roles = targets.iter().filter_map(Scalar::id::<RoleId>);
                    settings.role_multipliers.extend(roles.map(|role| (role, times)));
                }
                Scalar::Text(kind) if kind.eq_ignore_ascii_case("channel") => {
                    let channels = targets.iter().filter_map(Scalar::id::<ChannelId>);
                    settings.channel_multipliers.extend(channels.map(|channel| (channel, times)));
                }
                _ => {}
            }
        }
        settings
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LurkrMember {
    #[serde(default)]
    user_id: Scalar,
    #[serde(default)]
    xp: Scalar,
    #[serde(default)]
    level: Scalar,
}

impl Record for LurkrMember {
    const PLACE: &'static str = "levels";

    fn member(self, _: Option<Member>) -> Result<Member, Wrong> {
        member("userId", &self.user_id, self.xp.xp("xp")?, self.level.level("level")?)
    }
}

/// The hub answers with users, or with a board of them; its curve is ours.
pub fn hub(file: impl BufRead) -> Result<Part, Mistake> {
    let users = read::<List<HubUser>>(file)?.0;
    Ok(Part { scale: Scale::named("hub"), ..users.into() })
}

#[derive(Deserialize)]
struct HubUser {
    #[serde(default)]
    discord_id: Scalar,
    user: Option<HubName>,
    #[serde(default)]
    xp: Scalar,
    #[serde(default)]
    level: Scalar,
}

#[derive(Deserialize)]
struct HubName {
    #[serde(default)]
    discord_id: Scalar,
}

impl Record for HubUser {
    const PLACE: &'static str = "users";

    fn member(self, _: Option<Member>) -> Result<Member, Wrong> {
        let (xp, level) = (self.xp.xp("xp")?, self.level.level("level")?);
        match self.user {
            Some(user) if self.discord_id.is_nothing() => member("user.discord_id", &user.discord_id, xp, level),
            _ => member("discord_id", &self.discord_id, xp, level),
        }
    }
}

/// A list of members with an id each, or a table by id.
pub fn generic(file: impl BufRead) -> Result<Part, Mistake> {
    let Plain(members) = read(file)?;
    Ok(members.into())
}

struct Plain(Gathered);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of members, or a table of them by id")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Plain, A::Error> {
                Ok(Plain(List::<PlainMember>::deserialize(SeqAccessDeserializer::new(list))?.0))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Plain, A::Error> {
                Ok(Plain(Table::<PlainMember>::deserialize(MapAccessDeserializer::new(map))?.0))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// An object, or the XP alone in a table.
struct PlainMember(PlainFields);

#[derive(Deserialize)]
struct PlainFields {
    #[serde(default, alias = "user_id", alias = "userId", alias = "user", alias = "discord_id")]
    id: Scalar,
    #[serde(default, alias = "exp", alias = "score")]
    xp: Scalar,
    #[serde(default)]
    level: Scalar,
}

impl<'de> Deserialize<'de> for PlainMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = PlainMember;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member as an object with id and xp, or an amount of XP")
            }
            fn visit_i64<E: de::Error>(self, xp: i64) -> Result<PlainMember, E> {
                Ok(alone(Scalar::Whole(xp)))
            }
            fn visit_u64<E: de::Error>(self, xp: u64) -> Result<PlainMember, E> {
                Ok(alone(i64::try_from(xp).map_or(Scalar::Large(xp), Scalar::Whole)))
            }
            fn visit_f64<E: de::Error>(self, xp: f64) -> Result<PlainMember, E> {
                Ok(alone(Scalar::Float(xp)))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<PlainMember, A::Error> {
                PlainFields::deserialize(MapAccessDeserializer::new(map)).map(PlainMember)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn alone(xp: Scalar) -> PlainMember {
    PlainMember(PlainFields { id: Scalar::Nothing, xp, level: Scalar::Nothing })
}

impl Record for PlainMember {
    const PLACE: &'static str = "members";

    fn member(self, key: Option<Member>) -> Result<Member, Wrong> {
        let PlainFields { id, xp, level } = self.0;
        let level = level.level("level")?;
        let xp = if xp.is_nothing() && level.is_some() { 0 } else { xp.xp("xp")? };
        match key {
            Some(key) => Ok(Member { xp, level, ..key }),
            None => member("id", &id, xp, level),
        }
    }
}
