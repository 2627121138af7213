//! The checks that many forms share, each with Discord's code and words.

use serde_json::Value;

use super::errors::FormErrors;

/// A path one level down.
pub fn below(path: &str, part: impl std::fmt::Display) -> String {
    if path.is_empty() { part.to_string() } else { format!("{path}.{part}") }
}

/// A text of so many characters; absent or null is fine unless `min` asks for more than nothing.
pub fn text(errors: &mut FormErrors, path: &str, value: &Value, min: usize, max: usize) {
    if value.is_null() {
        if min > 0 {
            required(errors, path);
        }
        return;
    }
    let Some(text) = value.as_str() else {
        let message = format!("Could not interpret \"{value}\" as string.");
        return errors.add(path, "STRING_TYPE_CONVERT", &message);
    };
    let chars = text.chars().count();
    if min > 0 && text.is_empty() {
        required(errors, path);
    } else if (chars < min || chars > max) && min > 0 {
        errors.add(path, "BASE_TYPE_BAD_LENGTH", &format!("Must be between {min} and {max} in length."));
    } else if chars > max {
        errors.add(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {max} or fewer in length."));
    }
}

/// A field that must be there.
pub fn required(errors: &mut FormErrors, path: &str) {
    errors.add(path, "BASE_TYPE_REQUIRED", "This field is required");
}

/// A whole number within limits; absent or null is fine.
pub fn number(errors: &mut FormErrors, path: &str, value: &Value, min: i64, max: i64) {
    if value.is_null() {
        return;
    }
    match value.as_i64().or_else(|| value.as_str()?.parse().ok()) {
        None => errors.add(path, "NUMBER_TYPE_COERCE", &format!("Value \"{value}\" is not int.")),
        Some(n) if n > max => {
            errors.add(path, "NUMBER_TYPE_MAX", &format!("int value should be less than or equal to {max}."));
        }
        Some(n) if n < min => {
            errors.add(path, "NUMBER_TYPE_MIN", &format!("int value should be greater than or equal to {min}."));
        }
        Some(_) => {}
    }
}

/// A list of at most `max`; absent or null is an empty one.
pub fn list<'a>(errors: &mut FormErrors, path: &str, value: &'a Value, max: usize) -> &'a [Value] {
    if value.is_null() {
        return &[];
    }
    let Some(list) = value.as_array() else {
        errors.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        return &[];
    };
    if list.len() > max {
        errors.add(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {max} or fewer in length."));
    }
    list
}

/// A yes or no; absent or null is fine.
pub fn flag(errors: &mut FormErrors, path: &str, value: &Value) {
    if !value.is_null() && !value.is_boolean() {
        errors.add(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
    }
}

/// A moment as ISO 8601; absent or null is fine.
pub fn moment(errors: &mut FormErrors, path: &str, value: &Value) -> Option<crate::model::Timestamp> {
    let text = value.as_str()?;
    match chrono::DateTime::parse_from_rfc3339(text) {
        Ok(at) => Some(crate::model::Timestamp::from_ms(at.timestamp_millis())),
        Err(_) => {
            errors.add(path, "DATE_TIME_TYPE_PARSE", &format!("Could not parse {text}. Should be ISO8601."));
            None
        }
    }
}
