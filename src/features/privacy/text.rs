//! What members read about their own data.

use crate::model::text::count;
use crate::model::{Button, Embed, Look, Outgoing, Refusal, TextFile};

const COLOUR: u32 = 0xE0_A8_4E;
const TITLE: &str = "Your data";
pub const FILE_NAME: &str = "mydata.json";
pub const SLASH_ONLY: &str = "That is between you and me: use the slash command `/mydata`, whose answer you alone see.";
pub const TOO_MUCH: &str =
    "I keep more about you than fits into a file here. Ask whoever runs me: they can give it to you.";
pub const NOTE_IN_FILE: &str = "Everything in the database that names you, in every server that I serve. Times are \
    milliseconds since 1970 in UTC; ids are Discord's. Reasons why something earned nothing may still be in memory for \
    ten minutes.";
const BACKUPS: &str = "Copies of the database that were made before still hold it until they are replaced.";

pub fn export(file: String, records: i64, left_out: i64) -> Outgoing {
    let more = match left_out {
        0 => String::new(),
        more => format!(" {} older ones did not fit; the file says where.", count(more)),
    };
    let content = format!(
        "{} that I keep about you, in `{FILE_NAME}` beside this answer.{more}\n-# If you see no file, I am not allowed \
         to attach one in this channel: try in another.",
        records_of(records)
    );
    let file = TextFile { name: FILE_NAME.to_owned(), text: file };
    Outgoing { file: Some(Box::new(file)), ..Outgoing::text(content) }
}

pub fn line(rows: i64, what: &str, what_happens: Option<&str>) -> String {
    let words = what_happens.map_or(String::new(), |words| format!(" – {words}"));
    format!("· **{}** {what}{words}", count(rows))
}

fn records_of(rows: i64) -> String {
    if rows == 1 { "One record".to_owned() } else { format!("{} records", count(rows)) }
}

fn staying_in_words(staying: &[String]) -> String {
    if staying.is_empty() { String::new() } else { format!("\n**What stays**\n{}", staying.join("\n")) }
}

pub fn preview(goes: i64, going: &[String], staying: &[String], given: Option<i64>) -> Result<Outgoing, Refusal> {
    let changed = match given {
        Some(given) => format!("It is not {} any more, so nothing was deleted. Look again:\n", count(given)),
        None => String::new(),
    };
    let content = format!(
        "{changed}**What would be deleted** about you in this server, for good\n{}{}\n{BACKUPS} What you do from then \
         on is kept anew. `/mydata export` gives you a copy first.",
        going.join("\n"),
        staying_in_words(staying)
    );
    let label = format!("Delete {}", records_of(goes).to_lowercase());
    let button = Button::new(&label, format!("mydata delete {goes}"))?.look(Look::Danger);
    let embed = Embed { title: TITLE.to_owned(), description: content, colour: COLOUR, ..Embed::default() };
    Ok(Outgoing::embed(embed).with_buttons([button]))
}

pub fn deleted(goes: i64, staying: &[String]) -> Outgoing {
    Outgoing::text(format!(
        "Done: {} gone. {BACKUPS}{}",
        match goes {
            1 => "one record is".to_owned(),
            goes => format!("{} records are", count(goes)),
        },
        staying_in_words(staying)
    ))
}

pub fn nothing(staying: &[String]) -> Outgoing {
    Outgoing::text(format!("There is nothing to delete about you in this server.{}", staying_in_words(staying)))
}
