//! How answers are shown: JSON for programs, tables and lines for people. What came from Discord is shown on one line,
//! without anything that a terminal would obey.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::{Exit, Stop};
use crate::client::Listed;
use crate::model::Timestamp;
use crate::model::text::is_invisible;

/// An answer in both forms.
pub struct Shown {
    json: Value,
    text: String,
    /// What is no part of the answer, for stderr.
    aside: Option<String>,
}

impl Shown {
    pub fn new(of: &impl Serialize, text: String) -> Result<Self, Stop> {
        let json = serde_json::to_value(of).map_err(|error| Stop(error.to_string(), Exit::Failed))?;
        Ok(Self { json, text, aside: None })
    }

    /// A list as a table.
    pub fn table<T: Serialize, const N: usize>(
        listed: &Listed<T>,
        head: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Result<Self, Stop> {
        let rows: Vec<_> = listed.items.iter().map(row).collect();
        let next = u64::from(listed.offset) + listed.items.len() as u64;
        let aside = match (rows.is_empty(), listed.has_more) {
            (true, _) => Some("There are none.".to_owned()),
            (false, true) => Some(format!("There are more: --offset {next} goes on.")),
            (false, false) => None,
        };
        let text = if rows.is_empty() { String::new() } else { table(head, &rows) };
        Ok(Self { aside, ..Self::new(listed, text)? })
    }

    /// Says it. Whoever reads may have read enough before the end, which is no failure.
    pub fn say(&self, as_json: bool) -> Exit {
        let mut out = std::io::stdout().lock();
        let said = if as_json { writeln!(out, "{:#}", self.json) } else { write!(out, "{}", self.text) };
        if !as_json && let Some(aside) = &self.aside {
            eprintln!("{aside}");
        }
        match said.and_then(|()| out.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed,
            _ => Exit::Ok,
        }
    }
}

/// Rows below their head, each column as wide as its widest cell.
fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| plain_line(cell))).collect();
    let all = || std::iter::once(&head).chain(&rows);
    let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    all().map(line).collect()
}

/// Names and values, a line each; those without a value are left out.
pub fn lines<const N: usize>(all: [(&str, Option<String>); N]) -> String {
    let shown: Vec<_> = all.into_iter().filter_map(|(name, value)| Some((name, plain_line(&value?)))).collect();
    let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    shown.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
}

/// A text on one line, with nothing that a terminal would obey.
pub fn plain_line(text: &str) -> String {
    let words = text.split(['\n', '\r', '\t']).map(|line| line.chars().filter(|c| !is_invisible(*c)).collect());
    words.collect::<Vec<String>>().join(" ")
}

/// What the command answered, as a line.
pub fn said(words: &str) -> String {
    format!("{}\n", plain_line(words))
}

/// A time to the minute, in UTC.
pub fn minute(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%d %H:%M").to_string()
}

/// A name that may not be known.
pub fn name(known: Option<&String>) -> String {
    known.map_or("?".to_owned(), String::clone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_it_has_to_be_and_obeys_no_name() {
        let rows = [["1".to_owned(), "Åsa".to_owned()], ["12".to_owned(), "\u{1b}[2Jb\n\u{202e}c".to_owned()]];
        assert_eq!(table(["no", "name"], &rows), "no  name\n1   Åsa\n12  [2Jb c\n");
        assert_eq!(
            lines([("a", Some("1".to_owned())), ("b", None), ("long", Some("2".to_owned()))]),
            "a     1\nlong  2\n"
        );
    }
}
