//! `innkeeper api xp` and `innkeeper api leaderboard`.

use clap::{Args, Subcommand};

use super::shown::{Shown, lines, minute, name, said};
use super::{Paging, Stop, Where};
use crate::client::blocking::Client;
use crate::model::UserId;
use crate::model::text::count;

#[derive(Subcommand)]
pub enum What {
    /// Shows a member's XP and level.
    Show(Whose),
    /// Gives a member XP, or takes some.
    Give(Give),
    /// Lists the changes of a member's XP, the newest first.
    History(History),
}

#[derive(Args)]
pub struct Whose {
    #[command(flatten)]
    place: Where,
    /// The member.
    #[arg(long, value_name = "ID")]
    user: UserId,
}

#[derive(Args)]
pub struct Give {
    #[command(flatten)]
    whose: Whose,
    /// How much; less than nothing takes some.
    #[arg(long, value_name = "XP", allow_hyphen_values = true)]
    amount: i64,
}

#[derive(Args)]
pub struct History {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Args)]
pub struct Leaderboard {
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    paging: Paging,
}

pub fn ask(client: &Client, what: &What) -> Result<Shown, Stop> {
    match what {
        What::Show(Whose { place, user }) => {
            let xp = client.xp(place.guild, *user)?;
            let text = lines([
                ("member", Some(xp.user_id.to_string())),
                ("level", Some(xp.level.to_string())),
                ("xp", Some(count(xp.xp))),
            ]);
            Shown::new(&xp, text)
        }
        What::Give(Give { whose: Whose { place, user }, amount }) => {
            let given = client.give_xp(place.guild, *user, *amount)?;
            Shown::new(&given, said(&given.said))
        }
        What::History(History { whose: Whose { place, user }, paging }) => {
            let changes = client.xp_history(place.guild, *user, paging.part())?;
            Shown::table(&changes, ["id", "when (UTC)", "what", "amount", "after", "by", "reason"], |change| {
                [
                    format!("L{}", change.id),
                    minute(change.at),
                    change.what.clone(),
                    count(change.amount),
                    count(change.after),
                    change.actor_id.map_or(String::new(), |actor| actor.to_string()),
                    change.reason.clone().unwrap_or_default(),
                ]
            })
        }
    }
}

pub fn leaderboard(client: &Client, Leaderboard { place, paging }: &Leaderboard) -> Result<Shown, Stop> {
    let board = client.leaderboard(place.guild, paging.part())?;
    Shown::table(&board, ["rank", "member", "name", "level", "xp"], |standing| {
        [
            standing.rank.to_string(),
            standing.user_id.to_string(),
            name(standing.name.as_ref()),
            standing.level.to_string(),
            count(standing.xp),
        ]
    })
}
