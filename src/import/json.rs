//! JSON as a stream: lists and tables of members become records one by one, whatever else is there is passed over, and
//! an error knows its line. An entry that is wrong by itself is noted and left out. Nesting is bounded by the parser.

use std::collections::HashSet;
use std::fmt;
use std::io::BufRead;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::scalar::Scalar;
use super::{Invalid, LIST_MAX, MEMBERS_MAX, Member, Mistake, Wrong, too_many};
use crate::model::{UserId, text};

/// What of the parser's words is repeated.
const WORDS_CHARS_MAX: usize = 300;

/// Reads one value and nothing after it.
pub fn read<T: DeserializeOwned>(file: impl BufRead) -> Result<T, Mistake> {
    let mut parser = serde_json::Deserializer::from_reader(file);
    let value = T::deserialize(&mut parser).map_err(explain)?;
    parser.end().map_err(explain)?;
    Ok(value)
}

fn explain(error: serde_json::Error) -> Mistake {
    let (line, column) = (error.line(), error.column());
    let words = error.to_string();
    let place = format!(" at line {line} column {column}");
    let shown = visible(words.strip_suffix(&place).unwrap_or(&words));
    Mistake(match error.classify() {
        Category::Eof => format!("line {line}: the file ends in the middle ({shown})"),
        Category::Io => format!("cannot be read: {shown}"),
        Category::Syntax => format!("line {line}, column {column}: no valid JSON ({shown})"),
        Category::Data => format!("line {line}: {shown}"),
    })
}

/// The parser's words with their line in front.
fn placed(error: &impl fmt::Display) -> String {
    let words = error.to_string();
    match words.rsplit_once(" at line ") {
        Some((words, place)) => format!("line {}: {}", place.split(' ').next().unwrap_or_default(), visible(words)),
        None => visible(&words),
    }
}

fn visible(words: &str) -> String {
    words.chars().filter(|c| !text::is_invisible(*c)).take(WORDS_CHARS_MAX).collect()
}

/// One entry of a list or table of members.
pub trait Record: DeserializeOwned {
    /// Under which name such entries are found, for the words of a mistake.
    const PLACE: &'static str;

    /// The member; `key` is the entry's key in a table.
    fn member(self, key: Option<Member>) -> Result<Member, Wrong>;
}

/// A list of members.
pub struct List<R>(pub Gathered, PhantomData<fn() -> R>);

/// The same as a table by id.
pub struct Table<R>(pub Gathered, PhantomData<fn() -> R>);

impl<R> Default for List<R> {
    fn default() -> Self {
        Self(Gathered::default(), PhantomData)
    }
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self(Gathered::default(), PhantomData)
    }
}

impl<'de, R: Record> Deserialize<'de> for List<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut gathered = Gathered::default();
        deserializer.deserialize_seq(Members::<R>(&mut gathered, PhantomData))?;
        Ok(Self(gathered.ended(), PhantomData))
    }
}

impl<'de, R: Record> Deserialize<'de> for Table<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut gathered = Gathered::default();
        deserializer.deserialize_map(Members::<R>(&mut gathered, PhantomData))?;
        Ok(Self(gathered.ended(), PhantomData))
    }
}

/// Members so far, each once, and what was no member.
#[derive(Default)]
pub struct Gathered {
    pub members: Vec<Member>,
    pub invalid: Invalid,
    seen: HashSet<UserId>,
}

/// The key of an entry in a table, as the member that it names.
pub type Key = Option<Result<Member, Wrong>>;

impl Gathered {
    /// The seed that takes the next entry; `place` names it where something is wrong.
    pub fn next<R: Record, P: Fn() -> String>(&mut self, key: Key, place: P) -> Entry<'_, R, P> {
        Entry { gathered: self, key, place, record: PhantomData }
    }

    /// As it is kept, without what it took to find out who came twice.
    pub fn ended(self) -> Self {
        Self { seen: HashSet::new(), ..self }
    }

    /// How many entries there were.
    pub fn count(&self) -> usize {
        self.members.len() + self.invalid.count()
    }

    fn take<R: Record>(&mut self, record: R, key: Key) -> Result<(), Wrong> {
        let member = record.member(key.transpose()?)?;
        if !self.seen.insert(member.user) {
            return Err(Wrong::new("", format!("the member {} is here a second time", member.user)));
        }
        self.members.push(member);
        Ok(())
    }
}

/// One entry on its way in.
pub struct Entry<'g, R, P> {
    gathered: &'g mut Gathered,
    key: Key,
    place: P,
    record: PhantomData<fn() -> R>,
}

impl<'de, R: Record, P: Fn() -> String> DeserializeSeed<'de> for Entry<'_, R, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { gathered, key, place, record } = self;
        if gathered.count() >= MEMBERS_MAX {
            return Err(de::Error::custom(too_many()));
        }
        let mut is_whole = false;
        let visit = Visit { gathered: &mut *gathered, key, place, record, is_whole: &mut is_whole };
        match deserializer.deserialize_any(visit) {
            // The file is sound and goes on after it.
            Err(error) if is_whole => {
                gathered.invalid.note(|| placed(&error));
                Ok(())
            }
            told => told,
        }
    }
}

/// An entry is judged inside of the parser's own visit, which puts the line to the words.
struct Visit<'v, R, P> {
    gathered: &'v mut Gathered,
    key: Key,
    place: P,
    record: PhantomData<fn() -> R>,
    /// Becomes true once the entry was read to its end: what is wrong then is wrong with this entry alone.
    is_whole: &'v mut bool,
}

impl<'de, R: Record, P: Fn() -> String> Visit<'_, R, P> {
    fn judge<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        let record = R::deserialize(value)?;
        *self.is_whole = true;
        let place = self.place;
        self.gathered.take(record, self.key).map_err(|Wrong { field, words }| {
            let dot = if field.is_empty() { "" } else { "." };
            de::Error::custom(format_args!("{}{dot}{field}: {words}", place()))
        })
    }
}

impl<'de, R: Record, P: Fn() -> String> de::Visitor<'de> for Visit<'_, R, P> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a member at {}, as an object", (self.place)())
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.judge(number.into_deserializer())
    }
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.judge(number.into_deserializer())
    }
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        self.judge(number.into_deserializer())
    }
    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.judge(MapAccessDeserializer::new(map))
    }
}

struct Members<'g, R>(&'g mut Gathered, PhantomData<fn() -> R>);

impl<'de, R: Record> de::Visitor<'de> for Members<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the members under {:?}", R::PLACE)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        loop {
            let nth = self.0.count();
            let entry = self.0.next::<R, _>(None, || format!("{}[{nth}]", R::PLACE));
            if list.next_element_seed(entry)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut table: A) -> Result<(), A::Error> {
        while let Some(key) = table.next_key::<String>()? {
            let member = Scalar::Text(key.clone()).member_id();
            let place = || format!("{}.{}", R::PLACE, text::plain(&key));
            table.next_value_seed(self.0.next::<R, _>(Some(member), place))?;
        }
        Ok(())
    }
}

/// A value, or a list of such values: a page, or several pages in one file.
pub struct OneOrMany<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<fn() -> T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page, or a list of pages")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
                Ok(vec![T::deserialize(MapAccessDeserializer::new(map))?])
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Vec<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list))
            }
        }
        deserializer.deserialize_any(Visitor(PhantomData)).map(Self)
    }
}

/// A list of a few things; more than anybody has are refused.
pub struct Few<T>(pub Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<fn() -> T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Vec<T>, E> {
                Ok(Vec::new())
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                let mut few = Vec::new();
                while let Some(one) = list.next_element()? {
                    if few.len() >= LIST_MAX {
                        return Err(de::Error::custom(format_args!("a list with more than {LIST_MAX} entries")));
                    }
                    few.push(one);
                }
                Ok(few)
            }
        }
        deserializer.deserialize_any(Visitor(PhantomData)).map(Self)
    }
}
