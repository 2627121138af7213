//! What is kept about members: each table is declared with the columns that name them, or with why it names nobody.
//! From that, what is kept about one member is listed, counted and taken out. A room declares its own tables; the ones
//! that every room stands on are [`OWN`].

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

use super::{Tx, happenings, ledger, promises};
use crate::model::{GuildId, Result, UserId};

/// Whole numbers beyond this are not exact in JavaScript: they are written as texts.
const EXACT_MAX: u64 = 1 << 53;

/// By which name and number a giver goes whose name was taken out. Discord has given this number to nobody.
pub const NOBODY: (i64, &str) = (1, "somebody");

/// A table, and what it holds about members.
#[derive(Debug)]
pub struct Personal {
    pub table: &'static str,
    pub holds: Holds,
}

#[derive(Debug)]
pub enum Holds {
    /// No member is named in it, and why that is so.
    Nobody(&'static str),
    Members(Members),
}

/// How members are named in a table, which has a column `guild`.
#[derive(Debug)]
pub struct Members {
    /// What a row is to the member: "your XP and your choices".
    pub what: &'static str,
    pub named_in: &'static [Column],
    pub forget: Forget,
    /// Drops what is remembered of them besides.
    pub memory: Option<fn(&Tx, GuildId, UserId)>,
}

/// A column that may name a member.
#[derive(Debug)]
pub enum Column {
    /// It holds their id.
    Id(&'static str),
    /// It is a text in which their id may stand.
    Within(&'static str),
}

/// What becomes of the rows of a member who is to be forgotten.
#[derive(Debug)]
pub enum Forget {
    /// They go.
    Rows,
    /// Some go, from others the name is taken; returns how many. What that means, in words.
    By(fn(&Tx, GuildId, UserId) -> Result<usize>, &'static str),
    /// They stay, and why.
    Stay(&'static str),
}

impl Personal {
    /// A table that names nobody.
    pub const fn nobody(table: &'static str, why: &'static str) -> Self {
        Self { table, holds: Holds::Nobody(why) }
    }

    /// A table whose rows go with the member.
    pub const fn rows(table: &'static str, what: &'static str, named_in: &'static [Column]) -> Self {
        Self { table, holds: Holds::Members(Members { what, named_in, forget: Forget::Rows, memory: None }) }
    }

    /// A table with another end.
    pub const fn otherwise(
        table: &'static str,
        what: &'static str,
        named_in: &'static [Column],
        forget: Forget,
    ) -> Self {
        Self { table, holds: Holds::Members(Members { what, named_in, forget, memory: None }) }
    }

    /// The same, where more is remembered than the table holds.
    pub const fn with_memory(self, memory: fn(&Tx, GuildId, UserId)) -> Self {
        match self.holds {
            Holds::Nobody(why) => Self { table: self.table, holds: Holds::Nobody(why) },
            Holds::Members(Members { what, named_in, forget, .. }) => {
                let members = Members { what, named_in, forget, memory: Some(memory) };
                Self { table: self.table, holds: Holds::Members(members) }
            }
        }
    }
}

const USER: &[Column] = &[Column::Id("user")];

/// The tables that belong to no room.
pub const OWN: &[Personal] = &[
    Personal::nobody("progress", "how far the bot is, and who it is itself"),
    Personal::nobody("downtime", "when the bot was not there"),
    Personal::nobody("identify", "when the bot logged in"),
    Personal::nobody("registration", "which commands Discord was told of"),
    Personal::nobody("done", "which messages and interactions were answered, by their numbers, for a day"),
    Personal::nobody("guild", "servers as Discord shows them: whom they name, Discord names"),
    Personal::otherwise(
        "promise",
        "messages and changes that I was to make about you",
        &[Column::Within("effect"), Column::Within("target"), Column::Within("lane"), Column::Within("origin")],
        Forget::By(promises::forget, "they go; what ends a case still happens"),
    ),
    // Behind the promises: what is told of those that went goes, too.
    Personal::otherwise(
        "happening",
        "what those who watch were told of you",
        &[Column::Within("fields")],
        Forget::By(happenings::forget, "they go"),
    ),
    Personal::otherwise(
        "ledger",
        "each change of your XP, and changes that you made of others' XP",
        &[Column::Id("user"), Column::Id("actor")],
        Forget::By(ledger::forget, "your own go; from those of others your name is taken"),
    ),
    Personal::otherwise(
        "batch",
        "changes of many members that you made",
        &[Column::Id("actor")],
        Forget::By(ledger::forget_batches, "your name is taken from them"),
    ),
    Personal::rows("hidden", "that you wish to be on no board", USER),
];

impl Members {
    /// The condition under which a row names the member: their id is `?1`, and as a text `?2`.
    fn names(&self) -> String {
        let name = |column: &Column| match column {
            Column::Id(column) => format!("{column} = ?1"),
            Column::Within(column) => format!("instr({column}, ?2) > 0"),
        };
        self.named_in.iter().map(name).collect::<Vec<_>>().join(" OR ")
    }
}

/// How many rows of a table name a member of a guild.
pub fn count(connection: &Connection, table: &str, members: &Members, guild: GuildId, user: UserId) -> Result<i64> {
    let sql =
        format!("SELECT count(*) FROM {table} WHERE guild = ?3 AND ?1 IS ?1 AND ?2 IS ?2 AND ({})", members.names());
    let values = params![user.sql(), user.to_string(), guild.sql()];
    Ok(connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?)
}

/// The rows of a table that name a user, in whichever guild: at most so many, the newest of those that are numbered.
/// With them, how many there are in all.
pub fn export(
    connection: &Connection,
    table: &str,
    members: &Members,
    user: UserId,
    at_most: u32,
) -> Result<(Vec<Value>, i64)> {
    let names = members.names();
    let (id, text) = (user.sql(), user.to_string());
    let total = connection
        .prepare(&format!("SELECT count(*) FROM {table} WHERE ?1 IS ?1 AND ?2 IS ?2 AND ({names})"))?
        .query_row(params![id, text], |row| row.get(0))?;
    let sql = format!("SELECT * FROM {table} WHERE ?1 IS ?1 AND ?2 IS ?2 AND ({names}) ORDER BY 1 DESC LIMIT ?3");
    let mut statement = connection.prepare(&sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query(params![id, text, at_most])?;
    let mut exported = Vec::new();
    while let Some(row) = rows.next()? {
        let mut object = Map::new();
        for (nth, column) in columns.iter().enumerate() {
            object.insert(column.clone(), as_json(row.get_ref(nth)?));
        }
        exported.push(Value::Object(object));
    }
    Ok((exported, total))
}

fn as_json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) if number.unsigned_abs() > EXACT_MAX => number.to_string().into(),
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
    }
}

/// Takes a member out of a table; returns how many rows that concerned.
pub fn forget(tx: &Tx, table: &str, members: &Members, guild: GuildId, user: UserId) -> Result<usize> {
    if let Some(memory) = members.memory {
        memory(tx, guild, user);
    }
    match members.forget {
        Forget::Stay(_) => Ok(0),
        Forget::By(forget, _) => forget(tx, guild, user),
        Forget::Rows => {
            let sql =
                format!("DELETE FROM {table} WHERE guild = ?3 AND ?1 IS ?1 AND ?2 IS ?2 AND ({})", members.names());
            let values = params![user.sql(), user.to_string(), guild.sql()];
            Ok(tx.write()?.prepare_cached(&sql)?.execute(values)?)
        }
    }
}
