//! `innkeeper import level-roles`: the roles that follow from levels, for everybody, after a question.

use std::io::{BufRead, Write};

use serde_json::json;

use super::options::LevelRoles;
use super::progress::Progress;
use super::{Stop, choose_guild, load, open};
use crate::features::levels::import::{PACE, Rewarding, Rewards};
use crate::model::Clock;
use crate::model::text::{count, duration};

pub fn give(options: &LevelRoles) -> Result<(), Stop> {
    let place = &options.place;
    let config = load(&place.file)?.config;
    let mut guest = open(&config, place.apply)?;
    let guild = choose_guild(&guest, &config, place.guild)?;
    let rewarding = Rewarding::new(&guest, &config, guild)?;
    let counted = rewarding.count(&guest)?;
    let in_earnest = place.apply && counted.roles > 0 && (options.yes || agreed(&counted));
    let rewards = if in_earnest {
        let mut progress = Progress::new("promising", counted.members);
        let made = rewarding.promise(&mut guest, Clock::real().now(), |done| progress.at(done))?;
        progress.end();
        made
    } else {
        counted
    };
    if place.json {
        let Rewards { members, roles, known } = rewards;
        let outcome = json!({ "members": members, "roles": roles, "known": known, "dry_run": !in_earnest });
        println!("{outcome:#}");
        return Ok(());
    }
    println!("{}", words(&rewards));
    println!(
        "{}",
        match (in_earnest, rewards.roles) {
            (true, _) =>
                "They are promised; the bot gives them while it runs, and the status page shows how far it is.",
            (false, 0) => "Nothing was changed.",
            (false, _) => "Nothing was changed. The same with --apply gives them.",
        }
    );
    Ok(())
}

fn words(rewards: &Rewards) -> String {
    let number = |amount: usize| count(i64::try_from(amount).unwrap_or(i64::MAX));
    let length = duration(PACE.saturating_mul(u32::try_from(rewards.roles).unwrap_or(u32::MAX)));
    format!(
        "{} members have a level with a role: {} roles to give, {} promised before. That takes about {length}.",
        number(rewards.members),
        number(rewards.roles),
        number(rewards.known)
    )
}

/// Asks on the terminal; only a "yes" is one.
fn agreed(rewards: &Rewards) -> bool {
    let mut err = std::io::stderr();
    let _ = write!(err, "{} Type yes to give them: ", words(rewards));
    let _ = err.flush();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.is_ok() && line.trim().eq_ignore_ascii_case("yes")
}
