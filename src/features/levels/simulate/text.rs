//! What `/simulate` answers.

use super::{Changed, Outcome, RoleOutcome, Unreachable};
use crate::features::levels::roles::explain as obstacle;
use crate::features::levels::text::UNNAMED;
use crate::model::text::{count, name};
use crate::model::{Embed, Guild, Outgoing};

const COLOUR: u32 = 0xE0_A8_4E;
/// Members and roles that an answer has room for.
const SHOWN_MAX: usize = 10;

pub const NO_SUCH_CURVE: &str = "I know no such curve.";
pub const SAY_WHAT: &str = "Say what would be different: a curve, a highest level, or how level roles are held. A whole \
    configuration is tried with `innkeeper simulate --config new.toml` on the server.";

/// What a change would change.
pub fn outcome(guild: Option<&Guild>, outcome: &Outcome) -> Outgoing {
    let mut lines: Vec<String> = outcome.roles.iter().take(SHOWN_MAX).map(|role| of_role(guild, role)).collect();
    if !outcome.changed.is_empty() && !lines.is_empty() {
        lines.push(String::new());
    }
    lines.extend(outcome.changed.iter().take(SHOWN_MAX).map(of_member));
    let (members, rise, fall) = (number(outcome.members), number(outcome.rise), number(outcome.fall));
    Outgoing::embed(Embed {
        title: format!("Of {members} members, {rise} would rise and {fall} fall"),
        description: if lines.is_empty() {
            "Nobody's level or role would change.".to_owned()
        } else {
            lines.join("\n")
        },
        fields: Vec::new(),
        colour: COLOUR,
        footer: "Nothing was changed.".to_owned(),
    })
}

fn of_role(guild: Option<&Guild>, role: &RoleOutcome) -> String {
    let level = role.level.map_or("no longer a level role".to_owned(), |level| format!("level {level}"));
    let why = why_unreachable(guild, role).map_or(String::new(), |(why, action)| format!(" {why} {action}"));
    let (gain, lose, after) = (number(role.gain), number(role.lose), number(role.after));
    format!("<@&{}> ({level}): {gain} gain it, {lose} lose it, {after} would have it.{why}", role.role)
}

fn of_member(changed: &Changed) -> String {
    let member = changed.name.as_deref().map_or(UNNAMED.to_owned(), name);
    format!("{member}: level {} → {}", changed.before, changed.after)
}

/// Why nobody would get a role, and what to do about it.
pub fn why_unreachable(guild: Option<&Guild>, role: &RoleOutcome) -> Option<(String, &'static str)> {
    let level = role.level.unwrap_or(0);
    Some(match role.unreachable? {
        Unreachable::Missing => ("The server has no such role.".to_owned(), "Correct its id in [[levels.role]]."),
        Unreachable::PastTheEnd => {
            (format!("The levels end before level {level}."), "Raise levels.max_level, or name a lower level.")
        }
        Unreachable::Obstacle(what) => {
            let found = guild.and_then(|guild| guild.role(role.role));
            obstacle(found.map_or("?", |role| &role.name), level, what)
        }
    })
}

fn number(amount: usize) -> String {
    count(i64::try_from(amount).unwrap_or(i64::MAX))
}
