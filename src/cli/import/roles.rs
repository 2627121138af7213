//! `innkeeper import level-roles`: the roles that follow from levels, for everybody, after a question.

use std::io::{BufRead, Write};

use serde_json::json;

use super::options::LevelRoles;
use super::progress::Progress;
use super::{Reach, Stop, ask, choose_guild, load, open};
use crate::features::levels::import::{PACE, Rewarding, Rewards};
use crate::model::Clock;
use crate::model::text::{count, duration};

pub fn give(options: &LevelRoles) -> Result<(), Stop> {
    let place = &options.place;
    let loaded = load(&place.file)?;
    let config = &loaded.config;
    let mut guest = open(config, place.apply)?;
    let guild = choose_guild(&guest, config, place.guild)?;
    let mut notes = Vec::new();
    let reach = if options.offline { Reach::Offline } else { Reach::Discord };
    let roll = ask(&loaded, guild, reach, &mut notes)?;
    let asked = roll.is_some();
    let rewarding = Rewarding::new(&guest, config, guild, roll)?;
    let counted = rewarding.count(&guest)?;
    let in_earnest = place.apply && counted.roles > 0 && (options.yes || agreed(&counted, asked));
    let rewards = if in_earnest {
        let mut progress = Progress::new("promising", counted.members);
        let made = rewarding.promise(&mut guest, Clock::real().now(), |done| progress.at(done))?;
        progress.end();
        made
    } else {
        counted
    };
    if place.json {
        let Rewards { members, roles, held, known } = rewards;
        let held = asked.then_some(held);
        let outcome = json!({
            "members": members, "roles": roles, "held": held, "known": known, "notes": notes, "dry_run": !in_earnest,
        });
        println!("{outcome:#}");
        return Ok(());
    }
    println!("{}", words(&rewards, asked));
    notes.iter().for_each(|note| println!("Note: {note}"));
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

/// Who holds what is known where Discord was asked.
fn words(rewards: &Rewards, asked: bool) -> String {
    let number = |amount: usize| count(i64::try_from(amount).unwrap_or(i64::MAX));
    let length = duration(PACE.saturating_mul(u32::try_from(rewards.roles).unwrap_or(u32::MAX)));
    let held = match asked {
        true => format!("{} held already, ", number(rewards.held)),
        false => "those that are held already among them, ".to_owned(),
    };
    format!(
        "{} members have a level with a role: {} roles to give, {held}{} promised before. That takes about {length}.",
        number(rewards.members),
        number(rewards.roles),
        number(rewards.known)
    )
}

/// Asks on the terminal; only a "yes" is one.
fn agreed(rewards: &Rewards, asked: bool) -> bool {
    let mut err = std::io::stderr();
    let _ = write!(err, "{} Type yes to give them: ", words(rewards, asked));
    let _ = err.flush();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.is_ok() && line.trim().eq_ignore_ascii_case("yes")
}
