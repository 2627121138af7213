//! How requests are read: what is not known is ignored, and the first thing that is wrong is said.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::http::Uri;
use serde_json::{Map, Value};

use super::fault::Fault;
use super::moment;
use crate::model::Timestamp;

/// The longest name, action or address.
pub const SHORT_CHARS_MAX: usize = 500;
/// The longest reason or note.
pub const TEXT_CHARS_MAX: usize = 4_000;

/// A body that is a JSON object.
pub fn object(body: &Bytes) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Fault::Wrong("Invalid request body".to_owned())),
        Err(_) => Err(Fault::Wrong("Invalid JSON".to_owned())),
    }
}

/// The fields of a request.
pub struct Asked(Map<String, Value>);

impl Asked {
    pub fn of(body: &Bytes) -> Result<Self, Fault> {
        object(body).map(Self)
    }

    /// That these fields are there, of which the first missing one is named. Null is as good as missing.
    pub fn need(&self, names: &[&str]) -> Result<(), Fault> {
        match names.iter().find(|name| self.0.get(**name).is_none_or(Value::is_null)) {
            Some(missing) => Err(Fault::Wrong(format!("Missing required field: {missing}"))),
            None => Ok(()),
        }
    }

    /// A whole number within these bounds, if there is one.
    pub fn whole(&self, name: &str, bounds: RangeInclusive<i64>) -> Result<Option<i64>, Fault> {
        let Some(value) = self.0.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| bounds.contains(number)).map(Some).ok_or_else(|| invalid(name))
    }

    /// One of Discord's ids, which has to be there.
    pub fn id<T: TryFrom<i64>>(&self, name: &str) -> Result<T, Fault> {
        let number = self.whole(name, 1..=i64::MAX)?.ok_or_else(|| invalid(name))?;
        T::try_from(number).map_err(|_| invalid(name))
    }

    /// A text of at most so many characters: none is given, or (inner none) null is.
    pub fn text(&self, name: &str, chars_max: usize) -> Result<Option<Option<String>>, Fault> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) if text.chars().count() <= chars_max => Ok(Some(Some(text.clone()))),
            Some(_) => Err(invalid(name)),
        }
    }

    /// The same of one that says something, if it is there at all.
    pub fn name(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.text(name, SHORT_CHARS_MAX)? {
            None => Ok(None),
            Some(Some(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err(invalid(name)),
        }
    }

    /// A time: none is given, or (inner none) null is.
    pub fn time(&self, name: &str) -> Result<Option<Option<Timestamp>>, Fault> {
        match self.text(name, SHORT_CHARS_MAX)? {
            Some(Some(text)) => moment::read(&text).map(|at| Some(Some(at))).ok_or_else(|| invalid(name)),
            other => Ok(other.map(|_| None)),
        }
    }

    /// Whether this is given, and zero.
    pub fn is_zero(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_i64) == Some(0)
    }

    /// Whether this is given, and true.
    pub fn is_true(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }
}

pub fn invalid(name: &str) -> Fault {
    Fault::Wrong(format!("Invalid value for field: {name}"))
}

/// What a list is filtered by.
pub struct Filters(HashMap<String, String>);

/// No row has the id that is asked for.
pub struct Nothing;

impl Filters {
    /// What follows the question mark; of several values of one name the last one counts.
    pub fn of(uri: &Uri) -> Self {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// A value that says something, if there is one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// An id, if one is asked for.
    ///
    /// # Errors
    /// It is no number, so that nothing has it.
    pub fn id(&self, name: &str) -> Result<Option<i64>, Nothing> {
        self.text(name).map(|text| text.trim().parse().map_err(|_| Nothing)).transpose()
    }

    /// Yes or no in either case; any other word is no filter.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        ["true", "false"].iter().position(|word| word.eq_ignore_ascii_case(text)).map(|place| place == 0)
    }
}
