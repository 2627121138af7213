//! How the hub reads requests: like Pydantic, which tells of everything that is wrong at once, and ignores what it does
//! not know.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use axum::body::Bytes;
use axum::http::Uri;
use serde_json::{Map, Value, json};

use crate::model::UserId;
use crate::wires::fastapi::{self, Fault, mistake};

const ID_CHARS_MAX: usize = 20;

/// A request's values by name, and what is wrong with those that were asked for so far.
pub struct Asked {
    /// Where the values come from: `query` or `body`.
    place: &'static str,
    values: Map<String, Value>,
    wrong: Vec<Value>,
}

impl Asked {
    /// What follows the question mark. Of several values of one name the last one counts.
    pub fn query(uri: &Uri) -> Self {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let pairs: HashMap<String, String> = pairs.into_owned().collect();
        let values = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self { place: "query", values, wrong: Vec::new() }
    }

    /// A JSON object.
    ///
    /// # Errors
    /// The body is none.
    pub fn body(bytes: &Bytes) -> Result<Self, Fault> {
        Ok(Self { place: "body", values: fastapi::object(bytes)?, wrong: Vec::new() })
    }

    /// The same with what another part of the request says where this one is silent.
    pub fn or(mut self, other: Self) -> Self {
        for (name, value) in other.values {
            self.values.entry(name).or_insert(value);
        }
        self
    }

    /// Whether a value was given that is not null.
    pub fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// Notes what is wrong with a value.
    pub fn refuse(&mut self, name: &str, kind: &str, msg: impl Into<String>) {
        let input = match self.values.get(name) {
            Some(value) => value.clone(),
            None if self.place == "query" => Value::Null,
            None => Value::Object(self.values.clone()),
        };
        self.wrong.push(mistake(kind, &json!([self.place, name]), &msg.into(), &input));
    }

    /// A text of at most so many characters; none: it was not given.
    pub fn text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        let text = match self.values.get(name)? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            _ => {
                self.refuse(name, "string_type", "Input should be a valid string");
                return None;
            }
        };
        if text.chars().count() > chars_max {
            self.refuse(name, "string_too_long", format!("String should have at most {chars_max} characters"));
            return None;
        }
        Some(text)
    }

    /// The same of one that has to be given, and not be empty.
    pub fn needed_text(&mut self, name: &str, chars_max: usize) -> String {
        if !self.values.contains_key(name) {
            self.refuse(name, "missing", "Field required");
        } else if self.values.get(name).is_some_and(Value::is_null) {
            self.refuse(name, "string_type", "Input should be a valid string");
        }
        let text = self.text(name, chars_max);
        if text.as_deref() == Some("") {
            self.refuse(name, "string_too_short", "String should have at least 1 character");
        }
        text.unwrap_or_default()
    }

    /// The same of one in a single line, as programs name kinds and places.
    pub fn line(&mut self, name: &str, chars_max: usize) -> Option<String> {
        let line = self.text(name, chars_max)?;
        if line.chars().any(char::is_control) {
            self.refuse(name, "string_pattern_mismatch", "String should match pattern '^[^\\x00-\\x1f\\x7f]*$'");
            return None;
        }
        Some(line)
    }

    /// A member's id, which has to be given.
    pub fn user(&mut self, name: &str) -> Option<UserId> {
        let text = self.needed_text(name, ID_CHARS_MAX);
        let user = text.parse().ok();
        if user.is_none() && !text.is_empty() {
            self.refuse(name, "value_error", "Value error, this is no id of Discord's");
        }
        user
    }

    /// A whole number in these bounds; none: it was not given.
    pub fn whole(&mut self, name: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| whole_of(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let (least, most) = (*bounds.start(), *bounds.end());
        match number {
            None => self.refuse(name, "int_parsing", "Input should be a valid integer"),
            Some(number) if number < least => {
                self.refuse(name, "greater_than_equal", format!("Input should be greater than or equal to {least}"));
            }
            Some(number) if number > most => {
                self.refuse(name, "less_than_equal", format!("Input should be less than or equal to {most}"));
            }
            Some(number) => return Some(number),
        }
        None
    }

    /// The same of one that has to be given; nothing else comes of it where it is not.
    pub fn needed_whole(&mut self, name: &str, bounds: RangeInclusive<i64>) -> i64 {
        let least = *bounds.start();
        match self.values.get(name) {
            None => self.refuse(name, "missing", "Field required"),
            Some(Value::Null) => self.refuse(name, "int_type", "Input should be a valid integer"),
            Some(_) => {}
        }
        self.whole(name, bounds).unwrap_or(least)
    }

    /// An object, which as JSON has at most so many bytes; an empty one where none is given.
    pub fn object(&mut self, name: &str, bytes_max: usize) -> Value {
        match self.values.get(name) {
            Some(Value::Object(object)) => {
                let object = Value::Object(object.clone());
                if object.to_string().len() > bytes_max {
                    self.refuse(name, "too_long", format!("Input should have at most {bytes_max} bytes"));
                }
                object
            }
            None | Some(Value::Null) => json!({}),
            Some(_) => {
                self.refuse(name, "dict_type", "Input should be a valid dictionary");
                json!({})
            }
        }
    }

    /// Yes or no, in the words that Pydantic takes; none: it was not given.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        let flag = match value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => number.as_i64().and_then(|number| flag_of(&number.to_string())),
            Value::String(text) => flag_of(&text.to_ascii_lowercase()),
            _ => None,
        };
        if flag.is_none() {
            self.refuse(name, "bool_parsing", "Input should be a valid boolean, unable to interpret input");
        }
        flag
    }

    /// # Errors
    /// All that was found wrong.
    pub fn done(self) -> Result<(), Fault> {
        if self.wrong.is_empty() { Ok(()) } else { Err(Fault::Wrong(self.wrong)) }
    }
}

/// A number without a fraction, as JSON writers of some languages send whole ones.
fn whole_of(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 2_f64.powi(53)).then_some(number as i64)
}

fn flag_of(word: &str) -> Option<bool> {
    match word {
        "1" | "true" | "t" | "yes" | "y" | "on" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// What is told of a path that names nothing of the kind.
pub fn wrong_path(name: &str, kind: &str, msg: &str, input: &str) -> Fault {
    Fault::Wrong(vec![mistake(kind, &json!(["path", name]), msg, &input.into())])
}
