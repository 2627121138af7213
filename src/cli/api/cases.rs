//! `innkeeper api cases`.

use clap::{Args, Subcommand};

use super::shown::{Shown, lines, minute, said};
use super::{Paging, Stop, Where};
use crate::client::blocking::Client;
use crate::client::{Case, CaseKind, CaseState, NewCase, Which};
use crate::model::{Span, UserId};

const KINDS: [(&str, CaseKind); 8] = [
    ("note", CaseKind::Note),
    ("warn", CaseKind::Warn),
    ("timeout", CaseKind::Timeout),
    ("untimeout", CaseKind::Untimeout),
    ("kick", CaseKind::Kick),
    ("ban", CaseKind::Ban),
    ("unban", CaseKind::Unban),
    ("softban", CaseKind::Softban),
];

#[derive(Subcommand)]
pub enum What {
    /// Lists cases, the newest first.
    List(List),
    /// Shows a case.
    Show(Number),
    /// Makes a case, and does what it says: a ban bans.
    Create(Create),
    /// Puts another reason into a case.
    Edit(Edit),
    /// Settles a case: it counts no longer.
    Resolve(Noted),
    /// Opens a case again.
    Reopen(Noted),
    /// Leaves a case out of histories.
    Hide(Hide),
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    place: Where,
    /// Only those about this member.
    #[arg(long, value_name = "ID")]
    user: Option<UserId>,
    /// Only those of this kind: note, warn, timeout, untimeout, kick, ban, unban, softban.
    #[arg(long)]
    kind: Option<String>,
    /// Only those that are resolved (true), or are not (false).
    #[arg(long, value_name = "BOOL")]
    resolved: Option<bool>,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Args)]
pub struct Number {
    /// The case's number.
    number: i64,
    #[command(flatten)]
    place: Where,
}

#[derive(Args)]
pub struct Create {
    /// note, warn, timeout, untimeout, kick, ban, unban, softban.
    kind: String,
    #[command(flatten)]
    place: Where,
    /// About whom.
    #[arg(long, value_name = "ID")]
    user: UserId,
    /// Why; only untimeout and unban do without.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// For how long, such as 10m or 7d: a timeout, a ban, a warning.
    #[arg(long, value_name = "TIME")]
    duration: Option<Span>,
    /// How far back a ban or softban deletes their messages, such as 1d.
    #[arg(long, value_name = "TIME")]
    delete: Option<Span>,
}

#[derive(Args)]
pub struct Edit {
    #[command(flatten)]
    case: Number,
    /// The new reason.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args)]
pub struct Noted {
    #[command(flatten)]
    case: Number,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Args)]
pub struct Hide {
    #[command(flatten)]
    case: Number,
    /// Shows it again instead.
    #[arg(long)]
    off: bool,
}

pub fn ask(client: &Client, what: &What) -> Result<Shown, Stop> {
    let case = match what {
        What::List(which) => return list(client, which),
        What::Create(new) => return create(client, new),
        What::Show(Number { number, place }) => client.case(place.guild, *number)?,
        What::Edit(Edit { case: Number { number, place }, reason }) => {
            client.edit_case(place.guild, *number, reason)?
        }
        What::Resolve(Noted { case: Number { number, place }, note }) => {
            client.resolve_case(place.guild, *number, note.as_deref())?
        }
        What::Reopen(Noted { case: Number { number, place }, note }) => {
            client.reopen_case(place.guild, *number, note.as_deref())?
        }
        What::Hide(Hide { case: Number { number, place }, off }) => client.hide_case(place.guild, *number, !off)?,
    };
    Shown::new(&case, as_lines(&case))
}

fn kind(word: &str) -> Result<CaseKind, Stop> {
    let known = KINDS.into_iter().find(|(known, _)| *known == word);
    known.map(|(_, kind)| kind).ok_or_else(|| {
        let words = KINDS.map(|(known, _)| known).join(", ");
        Stop::usage(format!("there is no kind {word}; there are {words}"))
    })
}

fn list(client: &Client, which: &List) -> Result<Shown, Stop> {
    let List { place, user, kind: word, resolved, paging } = which;
    let kind = word.as_deref().map(kind).transpose()?;
    let cases = client.cases(place.guild, &Which { user_id: *user, kind, resolved: *resolved }, paging.part())?;
    Shown::table(&cases, ["no", "kind", "member", "by", "when (UTC)", "state", "reason"], |case| {
        [
            case.number.to_string(),
            case.kind.word().to_owned(),
            format!("{} ({})", case.user_name, case.user_id),
            case.moderator_name.clone(),
            minute(case.created_at),
            state(case).to_owned(),
            case.reason.clone(),
        ]
    })
}

fn create(client: &Client, new: &Create) -> Result<Shown, Stop> {
    let Create { kind: word, place, user, reason, duration, delete } = new;
    let (reason, duration, delete) = (reason.clone(), *duration, *delete);
    let new = NewCase { kind: kind(word)?, user_id: *user, reason, duration, delete };
    let made = client.create_case(place.guild, &new)?;
    Shown::new(&made, said(&made.said))
}

/// What became of it, in a word.
fn state(case: &Case) -> &str {
    match &case.state {
        _ if case.resolution.is_some() => "resolved",
        CaseState::Done => "done",
        CaseState::Pending => "pending",
        CaseState::Failed => "failed",
        CaseState::Other(word) => word,
    }
}

fn as_lines(case: &Case) -> String {
    let yes = |is: bool| is.then(|| "yes".to_owned());
    lines([
        ("case", Some(case.number.to_string())),
        ("kind", Some(case.kind.word().to_owned())),
        ("member", Some(format!("{} ({})", case.user_name, case.user_id))),
        ("by", Some(case.moderator_name.clone())),
        ("by hand", yes(case.by_hand)),
        ("reason", Some(case.reason.clone())),
        ("when", Some(format!("{} UTC", minute(case.created_at)))),
        ("until", case.ends_at.map(|at| format!("{} UTC", minute(at)))),
        ("ended", case.ended_at.map(|at| format!("{} UTC", minute(at)))),
        ("state", Some(state(case).to_owned())),
        ("failed", case.words.clone()),
        ("told", case.told.map(|told| if told { "yes" } else { "no" }.to_owned())),
        ("link", case.link.clone()),
        ("resolved", case.resolution.as_ref().map(|at| format!("{} UTC by {}: {}", minute(at.at), at.by, at.note))),
        ("hidden", yes(case.hidden)),
        ("undone by", case.undone_by.map(|number| number.to_string())),
    ])
}
