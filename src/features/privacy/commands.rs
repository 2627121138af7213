//! `/mydata export` and `/mydata delete`.

use serde_json::{Map, json};

use super::{Kept, forget, kept, naming, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Refusal, Result, UserId};
use crate::store::personal::{self, Forget};

const CATEGORY: &str = "Privacy";
/// Discord takes files of 10 MiB.
const FILE_BYTES_MAX: usize = 8 << 20;
/// Rows of a table in the file; where that makes it too long, fewer.
const ROWS_MAX: [u32; 4] = [20_000, 5_000, 1_000, 200];
/// Seconds between two files for the same member: making one reads much.
const EXPORT_COOLDOWN_SECONDS: u32 = 60;

static NUMBER: Opt<i64> = Opt::whole("number", "How many records, as the preview says it: then they go", 1..=i64::MAX);
static OF_DELETE: [&dyn Declared; 1] = [&NUMBER];

/// What one has a right to: it cannot be switched off.
const fn own(command: Command) -> Command {
    Command { ephemeral: true, can_be_set: false, untold: true, ..command }
}

pub static EXPORT: Command = Command {
    cooldown_seconds: EXPORT_COOLDOWN_SECONDS,
    ..own(Command::open(
        "mydata export",
        "Gives you everything that I keep about you, as a file",
        CATEGORY,
        &[],
        export,
    ))
};
pub static DELETE: Command = Command {
    // The button below the preview is pressed as soon as it is read.
    cooldown_seconds: 0,
    ..own(Command::open(
        "mydata delete",
        "Shows what would be deleted about you here, and deletes it",
        CATEGORY,
        &OF_DELETE,
        delete,
    ))
};

/// What is answered to a message is kept for a while as a promise, so that door is not the one for it.
fn refuse_messages(cx: &Cx<'_>) -> Result<(), Refusal> {
    if cx.message.is_some() { Err(Refusal::new(text::SLASH_ONLY)) } else { Ok(()) }
}

fn export(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    refuse_messages(cx)?;
    for rows_max in ROWS_MAX {
        let (file, records, left_out) = file(cx, actor.user, rows_max)?;
        if file.len() <= FILE_BYTES_MAX {
            return Ok(Plan::reply(text::export(file, records, left_out)));
        }
    }
    Err(Refusal::new(text::TOO_MUCH).into())
}

/// The file, how many records are in it and how many did not fit.
fn file(cx: &Cx<'_>, user: UserId, rows_max: u32) -> Result<(String, i64, i64)> {
    let (mut tables, mut records, mut left_out) = (Map::new(), 0, 0);
    for (table, members) in naming() {
        let (rows, total) = personal::export(cx.tx.read(), table, members, user, rows_max)?;
        let missing = total - rows.len() as i64;
        (records, left_out) = (records + rows.len() as i64, left_out + missing);
        let stays = match members.forget {
            Forget::Stay(why) => Some(why),
            Forget::Rows | Forget::By(..) => None,
        };
        let table_json =
            json!({"what": members.what, "stays_because": stays, "older_rows_left_out": missing, "rows": rows});
        tables.insert(table.to_owned(), table_json);
    }
    let file = json!({
        "user": user, "made_at": cx.now.rfc3339(), "note": text::NOTE_IN_FILE, "tables": tables,
    });
    Ok((serde_json::to_string_pretty(&file)?, records, left_out))
}

fn delete(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    refuse_messages(cx)?;
    let guild = cx.guild()?;
    let kept = kept(cx, guild, actor.user)?;
    let goes: i64 = kept.iter().filter(|kept| !kept.stays()).map(|kept| kept.rows).sum();
    let lines = |stays: bool| kept.iter().filter(|kept| kept.stays() == stays).map(line).collect::<Vec<_>>();
    let (going, staying) = (lines(false), lines(true));
    if goes == 0 {
        return Ok(Plan::reply(text::nothing(&staying)));
    }
    match args.find(&NUMBER) {
        Some(number) if number == goes => {
            forget(cx, guild, actor.user)?;
            Ok(Plan::reply(text::deleted(goes, &staying)))
        }
        given => Ok(Plan::reply(text::preview(goes, &going, &staying, given)?)),
    }
}

fn line(kept: &Kept) -> String {
    let what_happens = match kept.members.forget {
        Forget::Rows => None,
        Forget::By(_, words) | Forget::Stay(words) => Some(words),
    };
    text::line(kept.rows, kept.members.what, what_happens)
}
