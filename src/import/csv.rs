//! A table as text: a line of names with `user_id` and `xp` or `level`, then a line for each member. Commas, semicolons
//! or tabs; cells may be in quotes.

use std::collections::HashSet;
use std::io::BufRead;

use super::scalar::Scalar;
use super::{MEMBERS_MAX, Member, Mistake, Part, Wrong, too_many};
use crate::model::UserId;

/// No line of numbers is longer.
const LINE_BYTES_MAX: usize = 4_096;
const CELLS_MAX: usize = 64;
/// What a spreadsheet would carry out instead of showing it.
const FORMULA: [char; 4] = ['=', '@', '+', '-'];

pub fn read(mut file: impl BufRead) -> Result<Part, Mistake> {
    let mut line = String::new();
    if !next_line(&mut file, &mut line, 1)? {
        return Err(Mistake::new("line 1: the file is empty"));
    }
    let columns = Columns::find(&line)?;
    let mut part = Part::default();
    let mut seen: HashSet<UserId> = HashSet::new();
    for number in 2_u64.. {
        if !next_line(&mut file, &mut line, number)? {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        if part.members.len() + part.invalid.count() >= MEMBERS_MAX {
            return Err(Mistake::new(format!("line {number}: {}", too_many())));
        }
        let cells = cells(&line, columns.separator);
        let cells = cells.map_err(|words| Mistake::new(format!("line {number}: cells: {words}")))?;
        let once = |member: Member| match seen.insert(member.user) {
            true => Ok(member),
            false => Err(Wrong::new("user_id", format!("the member {} is here a second time", member.user))),
        };
        match columns.member(&cells).and_then(once) {
            Ok(member) => part.members.push(member),
            Err(Wrong { field, words }) => part.invalid.note(|| format!("line {number}: {field}: {words}")),
        }
    }
    Ok(part)
}

/// Reads the next line into `line`, without its end; false at the end of the file.
fn next_line(file: &mut impl BufRead, line: &mut String, number: u64) -> Result<bool, Mistake> {
    let mut bytes = Vec::new();
    let mut limited = std::io::Read::take(file, LINE_BYTES_MAX as u64 + 1);
    let read = limited.read_until(b'\n', &mut bytes);
    let read = read.map_err(|error| Mistake::new(format!("line {number}: cannot be read: {error}")))?;
    if read > LINE_BYTES_MAX {
        return Err(Mistake::new(format!("line {number}: it is longer than {LINE_BYTES_MAX} bytes")));
    }
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Mistake::new(format!("line {number}: this is not UTF-8; save the file as UTF-8")))?;
    line.clear();
    line.push_str(text.trim_end_matches(['\n', '\r']));
    Ok(read > 0)
}

/// Where the columns are.
struct Columns {
    separator: char,
    user: usize,
    xp: Option<usize>,
    level: Option<usize>,
}

impl Columns {
    fn find(line: &str) -> Result<Self, Mistake> {
        let separator = [',', ';', '\t'].into_iter().max_by_key(|one| line.matches(*one).count()).unwrap_or(',');
        let placed = |words: &str| Mistake::new(format!("line 1: {words}"));
        let names = cells(line, separator).map_err(placed)?;
        let column = |known: &[&str]| names.iter().position(|name| known.contains(&&*name.trim().to_lowercase()));
        let user = column(&["user_id", "id", "user", "userid", "discord_id"]);
        let user = user.ok_or_else(|| placed("there is no column user_id; the first line has to name the columns"))?;
        let (xp, level) = (column(&["xp", "exp", "score"]), column(&["level"]));
        if xp.is_none() && level.is_none() {
            return Err(placed("there is no column xp, and none called level"));
        }
        Ok(Self { separator, user, xp, level })
    }

    fn member(&self, cells: &[String]) -> Result<Member, Wrong> {
        let cell = |column: usize, field: &'static str| {
            let text = cells.get(column).map(|text| text.trim()).filter(|text| !text.is_empty());
            match text {
                None => Ok(Scalar::Nothing),
                Some(text) if is_formula(text) => {
                    Err(Wrong::new(field, format!("{} is a formula, not a value", Scalar::Text(text.to_owned()))))
                }
                // Spreadsheets put an apostrophe before a number that is meant as text.
                Some(text) => Ok(value(text.strip_prefix('\'').unwrap_or(text))),
            }
        };
        let found = cell(self.user, "user_id")?.member_id().map_err(|wrong| Wrong { field: "user_id", ..wrong })?;
        let level = self.level.map_or(Ok(Scalar::Nothing), |column| cell(column, "level"))?.level("level")?;
        let xp = self.xp.map_or(Ok(Scalar::Nothing), |column| cell(column, "xp"))?;
        let xp = if xp.is_nothing() && level.is_some() { 0 } else { xp.xp("xp")? };
        Ok(Member { xp, level, ..found })
    }
}

/// A cell as a value: ids stay texts, and what a spreadsheet wrote as `1.5E+17` is told as the float that it is.
fn value(text: &str) -> Scalar {
    let is_float = text.contains(['.', 'e', 'E']);
    match text.parse::<f64>() {
        Ok(number) if is_float => Scalar::Float(number),
        _ => Scalar::Text(text.to_owned()),
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(FORMULA) && text.parse::<f64>().is_err()
}

/// The cells of a line, unquoted.
fn cells(line: &str, separator: char) -> Result<Vec<String>, &'static str> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted || cell.trim().is_empty() => quoted = !quoted,
            letter if letter == separator && !quoted => {
                if cells.len() >= CELLS_MAX {
                    return Err("it has more columns than any such file");
                }
                cells.push(String::new());
            }
            letter => cell.push(letter),
        }
    }
    if quoted { Err("a quote is opened and never closed") } else { Ok(cells) }
}
