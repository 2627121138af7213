//! What the other bot was set up to do, as TOML for whoever runs this one to paste. Nothing of it is applied.

use std::fmt::Display;

use super::{Carry, Extract, Reward, Settings};
use crate::model::{Curve, LEVEL_MAX};

/// Multipliers are from 0 to this.
const MULTIPLIER_MAX: f64 = 100.0;

/// The fragment, or nothing where there is nothing to say. `ours` is the curve on which levels will be counted.
pub fn fragment(extract: &Extract, how: Carry, ours: &Curve) -> Option<String> {
    let settings = &extract.settings;
    let mut levels = Vec::new();
    if let (Carry::AdoptCurve, Some(toml)) = (how, extract.scale.as_ref().and_then(|scale| scale.toml())) {
        levels.push(format!("curve = {toml}"));
    }
    levels.extend(scalars(settings));
    levels.extend(list("ignored_channels", &settings.ignored_channels));
    levels.extend(list("ignored_roles", &settings.ignored_roles));
    let multipliers: Vec<_> = table("roles", &settings.role_multipliers)
        .into_iter()
        .chain(table("channels", &settings.channel_multipliers))
        .collect();
    let roles = roles(extract, how, ours);
    if levels.is_empty() && multipliers.is_empty() && roles.is_empty() {
        return None;
    }
    let mut text = format!("# As in {}; paste what you want to keep into the configuration.\n", extract.source.word());
    if !levels.is_empty() {
        text.push_str(&format!("[levels]\n{}\n", levels.join("\n")));
    }
    if !multipliers.is_empty() {
        text.push_str(&format!("\n[levels.multipliers]\n{}\n", multipliers.join("\n")));
    }
    for Reward { level, role, keep } in roles {
        let keep = if keep { "keep = true\n" } else { "" };
        text.push_str(&format!("\n[[levels.role]]\nlevel = {level}\nrole = \"{role}\"\n{keep}"));
    }
    Some(text)
}

fn scalars(settings: &Settings) -> impl Iterator<Item = String> {
    let xp = settings.message_xp.filter(|(low, high)| low <= high);
    let xp = xp.map(|(low, high)| match low == high {
        true => format!("message_xp = {low}"),
        false => format!("message_xp = [{low}, {high}]"),
    });
    let cooldown = settings.cooldown_seconds.filter(|seconds| (1..=604_800).contains(seconds));
    let cooldown = cooldown.map(|seconds| format!("message_cooldown_seconds = {seconds}"));
    let voice = settings.voice_xp_per_minute.map(|xp| format!("voice_xp_per_minute = {xp}"));
    let highest = settings.max_level.filter(|level| (1..LEVEL_MAX).contains(level));
    let highest = highest.map(|level| format!("max_level = {level}"));
    let mode = settings.only_highest_role.then(|| "role_mode = \"highest\"".to_owned());
    [xp, cooldown, voice, highest, mode].into_iter().flatten()
}

/// Rewards on our scale, each role once: the lowest level that brings it is enough.
fn roles(extract: &Extract, how: Carry, ours: &Curve) -> Vec<Reward> {
    let highest = extract.settings.max_level.unwrap_or(LEVEL_MAX).min(ours.highest_level());
    let level_here = |level: u32| match (how, &extract.scale) {
        (Carry::KeepXp, Some(scale)) => ours.level_of(scale.total(level)),
        _ => level,
    };
    let mut rewards: Vec<_> = extract.settings.rewards.clone();
    for reward in &mut rewards {
        reward.level = level_here(reward.level);
    }
    rewards.retain(|reward| (1..=highest).contains(&reward.level));
    rewards.sort_by_key(|reward| (reward.level, reward.role));
    let mut seen = Vec::new();
    rewards.retain(|reward| {
        let first = !seen.contains(&reward.role);
        seen.push(reward.role);
        first
    });
    rewards
}

fn list(key: &str, ids: &[impl Display + PartialEq]) -> Option<String> {
    let ids: Vec<_> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    (!ids.is_empty()).then(|| format!("{key} = [{}]", ids.join(", ")))
}

fn table(key: &str, entries: &[(impl Display + PartialEq, f64)]) -> Option<String> {
    let fine = entries.iter().enumerate().filter(|(nth, (id, times))| {
        (0.0..=MULTIPLIER_MAX).contains(times) && entries[..*nth].iter().all(|(other, _)| other != id)
    });
    let entries: Vec<_> = fine.map(|(_, (id, times))| format!("\"{id}\" = {times}")).collect();
    (!entries.is_empty()).then(|| format!("{key} = {{ {} }}", entries.join(", ")))
}
