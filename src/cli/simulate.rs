//! `innkeeper simulate`: what another configuration would change of levels and roles, from the real balances.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::Stop;
use super::import::choose_guild;
use super::{ConfigFile, Exit, complain};
use crate::features::levels::simulate::{self, Changed, Comparison, Outcome, RoleOutcome};
use crate::model::text::{count, plain};
use crate::model::{Guild, GuildId, RoleId};
use crate::store::Guest;

/// Members that people are shown one by one; `--json` has more.
const SHOWN_MAX: usize = 20;

#[derive(Args)]
pub struct Options {
    /// The configuration to try.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The configuration that is in use; without it the one that the bot finds by itself.
    #[arg(long, value_name = "FILE")]
    present: Option<PathBuf>,
    /// The server, by id; without it the only one there is.
    #[arg(long, value_name = "ID")]
    guild: Option<GuildId>,
    /// As JSON, with up to 1,000 members by name.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> Exit {
    match compare(options) {
        Ok(text) => {
            println!("{text}");
            Exit::Ok
        }
        Err(Stop(words, exit)) => complain(&words, exit),
    }
}

fn compare(options: &Options) -> Result<String, Stop> {
    let load = |config: Option<PathBuf>| ConfigFile { config }.load().map(|loaded| loaded.config).map_err(Stop::usage);
    let then = load(Some(options.config.clone()))?;
    let now = load(options.present.clone())?;
    let guest = Guest::look(&now.store.path)?;
    let guild = choose_guild(&guest, &now, options.guild)?;
    let seen = simulate::find_guild(guest.read(), guild)?;
    let comparison = Comparison::new(&now.levels, &then.levels, seen.as_ref());
    let outcome = simulate::run(guest.read(), guild, comparison)?;
    Ok(if options.json {
        format!("{:#}", as_json(guild, seen.as_ref(), &outcome))
    } else {
        as_text(guild, seen.as_ref(), &outcome)
    })
}

fn as_json(guild: GuildId, seen: Option<&Guild>, outcome: &Outcome) -> Value {
    let role = |role: &RoleOutcome| {
        json!({
            "role": role.role,
            "level": role.level,
            "before": role.before,
            "after": role.after,
            "gain": role.gain,
            "lose": role.lose,
            "unreachable": simulate::why_unreachable(seen, role).map(|(why, action)| format!("{why} {action}")),
        })
    };
    let member = |changed: &Changed| {
        let Changed { user, name, xp, before, after, gain, lose } = changed;
        json!({ "user": user, "name": name, "xp": xp, "before": before, "after": after, "gain": gain, "lose": lose })
    };
    json!({
        "guild": guild,
        "members": outcome.members,
        "rise": outcome.rise,
        "fall": outcome.fall,
        "roles": outcome.roles.iter().map(role).collect::<Vec<_>>(),
        "changed": outcome.changed.iter().map(member).collect::<Vec<_>>(),
    })
}

fn as_text(guild: GuildId, seen: Option<&Guild>, outcome: &Outcome) -> String {
    let (members, rise, fall) = (number(outcome.members), number(outcome.rise), number(outcome.fall));
    let mut lines =
        vec![format!("In the server {guild}, of {members} members with XP, {rise} would rise and {fall} fall.")];
    for role in &outcome.roles {
        let level = role.level.map_or("no longer a level role".to_owned(), |level| format!("level {level}"));
        let (gain, lose, after) = (number(role.gain), number(role.lose), number(role.after));
        lines.push(format!(
            "  {}, {level}: {gain} gain it, {lose} lose it, {after} would have it",
            name(seen, role.role)
        ));
        lines.extend(simulate::why_unreachable(seen, role).map(|(why, action)| format!("    {why}\n    {action}")));
    }
    for changed in outcome.changed.iter().take(SHOWN_MAX) {
        let member = changed.name.as_deref().map_or_else(|| changed.user.to_string(), plain);
        let roles = |sign: char, roles: &[RoleId]| {
            roles.iter().map(|role| format!(", {sign}{}", name(seen, *role))).collect::<String>()
        };
        let (gain, lose) = (roles('+', &changed.gain), roles('-', &changed.lose));
        lines.push(format!("  {member}: level {} → {}{gain}{lose}", changed.before, changed.after));
    }
    if outcome.changed.len() > SHOWN_MAX {
        lines.push("  … and more; --json names up to 1,000.".to_owned());
    }
    lines.push("Nothing was changed.".to_owned());
    lines.join("\n")
}

fn name(guild: Option<&Guild>, role: RoleId) -> String {
    let found = guild.and_then(|guild| guild.role(role));
    found.map_or_else(|| format!("role {role}"), |found| format!("{} ({role})", plain(&found.name)))
}

fn number(amount: usize) -> String {
    count(i64::try_from(amount).unwrap_or(i64::MAX))
}
