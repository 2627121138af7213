//! `innkeeper api kudos`.

use clap::{Args, Subcommand};

use super::shown::{Shown, minute, name, said};
use super::{Paging, Stop, Where};
use crate::client::blocking::Client;
use crate::client::{Thanks, Window};
use crate::model::UserId;
use crate::model::text::count;

#[derive(Subcommand)]
pub enum What {
    /// Lists kudos, the newest first.
    List(List),
    /// Thanks a member, for the member that --act-as names.
    Give(Give),
    /// Shows who was given the most.
    Board(Board),
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    place: Where,
    /// Only what this member gave or was given.
    #[arg(long, value_name = "ID")]
    user: Option<UserId>,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Args)]
pub struct Give {
    #[command(flatten)]
    place: Where,
    /// Who is thanked.
    #[arg(long, value_name = "ID")]
    to: UserId,
    /// How many kudos; one, if nothing is said.
    #[arg(long, value_name = "N")]
    amount: Option<i64>,
    /// What for.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Args)]
pub struct Board {
    #[command(flatten)]
    place: Where,
    /// Given when: all, month, week.
    #[arg(long, default_value = "all")]
    window: String,
    #[command(flatten)]
    paging: Paging,
}

pub fn ask(client: &Client, what: &What) -> Result<Shown, Stop> {
    match what {
        What::List(List { place, user, paging }) => {
            let gifts = client.kudos(place.guild, *user, paging.part())?;
            Shown::table(&gifts, ["id", "when (UTC)", "from", "to", "kudos", "reason"], |gift| {
                let undone = if gift.undone_at.is_some() { " (taken back)" } else { "" };
                [
                    format!("K{}", gift.id),
                    minute(gift.awarded_at),
                    format!("{} ({})", gift.giver_name, gift.giver_id),
                    format!("{} ({})", name(gift.receiver_name.as_ref()), gift.receiver_id),
                    format!("{}{undone}", count(gift.amount)),
                    gift.reason.clone().unwrap_or_default(),
                ]
            })
        }
        What::Give(Give { place, to, amount, reason }) => {
            let thanks = Thanks { receiver_id: *to, amount: *amount, reason: reason.clone() };
            let given = client.give_kudos(place.guild, &thanks)?;
            Shown::new(&given, said(&given.said))
        }
        What::Board(Board { place, window, paging }) => {
            let window = match window.as_str() {
                "all" => Window::All,
                "month" => Window::Month,
                "week" => Window::Week,
                _ => return Err(Stop::usage("--window is all, month or week")),
            };
            let board = client.kudos_board(place.guild, window, paging.part())?;
            Shown::table(&board, ["rank", "member", "name", "kudos"], |placed| {
                let amount = count(placed.amount);
                [placed.rank.to_string(), placed.user_id.to_string(), name(placed.name.as_ref()), amount]
            })
        }
    }
}
