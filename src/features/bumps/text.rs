//! Everything that members read about bumps.

use super::store::{Placed, Stat};
use crate::config::{Bumps, DISBOARD};
use crate::model::text::{count, name};
use crate::model::{Embed, Mentions, Outgoing, Timestamp, UserId};

const COLOUR: u32 = 0xE0_A8_4E;
/// Disboard's command, so that the reminder can be clicked.
const DISBOARD_BUMP: u64 = 947_088_344_167_366_698;

pub const OTHERS_ARE_NOT_SHOWN: &str = "Only your own bumps are shown to you: listing sites forbid to rank who bumps. \
    `/bumps` without a member shows yours.";

pub const OFF: &str = "Bumps are not counted here: `bumps.enabled` is off.";

pub fn promise_reminder() -> &'static str {
    "say that the server can be bumped again"
}

pub fn promise_look() -> &'static str {
    "look for bumps that I missed"
}

/// The command, as something to click where its id is known.
fn command(bumps: &Bumps) -> String {
    if bumps.bot.get() == DISBOARD && bumps.command == "bump" {
        return format!("</bump:{DISBOARD_BUMP}>");
    }
    format!("`/{}`", bumps.command)
}

/// It is time. Only the role that the configuration names is pinged.
pub fn reminder(bumps: &Bumps) -> Outgoing {
    let ping = bumps.ping_role.map(|role| format!("<@&{role}> ")).unwrap_or_default();
    let mentions = Mentions { roles: bumps.ping_role.into_iter().collect(), ..Mentions::default() };
    let text = format!("{ping}This server can be bumped again: {}.", command(bumps));
    Outgoing { mentions, ..Outgoing::text(text) }
}

/// How often somebody bumped, when the next bump is possible, and the board where there is one.
pub fn stat(
    bumps: &Bumps,
    (user, is_own): (UserId, bool),
    stat: Stat,
    next: Option<Timestamp>,
    board: &[Placed],
) -> Outgoing {
    let (who, times) = match (is_own, stat.bumps) {
        (true, 1) => ("You have".to_owned(), "once".to_owned()),
        (false, 1) => (format!("<@{user}> has"), "once".to_owned()),
        (true, many) => ("You have".to_owned(), format!("{} times", count(many))),
        (false, many) => (format!("<@{user}> has"), format!("{} times", count(many))),
    };
    let last = stat.last.map(|last| format!(", last <t:{}:R>", last.seconds())).unwrap_or_default();
    let next = match next {
        Some(next) => format!("The next bump is due <t:{}:R>.", next.seconds()),
        None => format!("It can be bumped now: {}.", command(bumps)),
    };
    let mut lines = vec![format!("{who} bumped this server **{times}**{last}."), next];
    if !board.is_empty() {
        lines.push(String::new());
        let place = |(rank, placed): (usize, &Placed)| {
            format!("{rank}. {} (<@{}>) — {}", name(&placed.name), placed.user, count(placed.bumps))
        };
        lines.extend((1..).zip(board).map(place));
    }
    let description = lines.join("\n");
    Outgoing::embed(Embed { title: "Bumps".to_owned(), description, colour: COLOUR, ..Embed::default() })
}
