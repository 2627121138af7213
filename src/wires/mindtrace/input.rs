//! What a program wants executed, read as Pydantic reads it: numbers may be texts, what is unknown is ignored, and all
//! that is wrong is told at once.

use serde_json::{Value, json};

use crate::wires::fastapi::{Fault, mistake, object};

/// A command, and where and by whom it is said to be given. The ids are claims: 0 and what is missing name nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CommandInput {
    pub content: String,
    pub author: Option<i128>,
    pub channel: Option<i128>,
    pub guild: Option<i128>,
}

/// The least and the largest id that a program may send: 64 bits, with or without a sign.
const ID_MIN: i128 = i64::MIN as i128;
const ID_MAX: i128 = u64::MAX as i128;

impl CommandInput {
    /// # Errors
    /// It is no JSON object, or fields are missing or of another type.
    pub fn read(body: &[u8]) -> Result<Self, Fault> {
        let values = object(body)?;
        let mut wrong = Vec::new();
        let content = match values.get("content") {
            Some(Value::String(content)) => content.clone(),
            Some(other) => {
                wrong.push(refusal("string_type", "content", "Input should be a valid string", other));
                String::new()
            }
            None => {
                wrong.push(refusal("missing", "content", "Field required", &Value::Object(values.clone())));
                String::new()
            }
        };
        let mut id = |name: &str| match whole(name, values.get(name)) {
            Ok(id) => id.filter(|id| *id != 0),
            Err(refusal) => {
                wrong.push(refusal);
                None
            }
        };
        let (author, channel, guild, _) = (id("author_id"), id("channel_id"), id("guild_id"), id("message_id"));
        if wrong.is_empty() { Ok(Self { content, author, channel, guild }) } else { Err(Fault::Wrong(wrong)) }
    }
}

fn refusal(kind: &str, name: &str, msg: &str, input: &Value) -> Value {
    mistake(kind, &json!(["body", name]), msg, input)
}

/// A whole number, or a text that is one; none: it was not given.
fn whole(name: &str, value: Option<&Value>) -> Result<Option<i128>, Value> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let refuse = |kind: &str, msg: &str| Err(refusal(kind, name, msg, value));
    let number = match value {
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Some(number.into()),
            (None, Some(number), _) => Some(number.into()),
            (_, _, Some(number)) if number.fract() != 0.0 => {
                return refuse(
                    "int_from_float",
                    "Input should be a valid integer, got a number with a fractional part",
                );
            }
            // Beyond the 53 bits in which whole numbers are exact, nobody knows which id was meant.
            (_, _, number) => number.filter(|number| number.abs() < 2_f64.powi(53)).map(|number| number as i128),
        },
        Value::String(text) => match text.trim().parse::<i128>() {
            Ok(number) => Some(number),
            Err(_) => {
                let msg = "Input should be a valid integer, unable to parse string as an integer";
                return refuse("int_parsing", msg);
            }
        },
        _ => return refuse("int_type", "Input should be a valid integer"),
    };
    match number.filter(|number| (ID_MIN..=ID_MAX).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => refuse("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(body: &str) -> Vec<String> {
        let Err(Fault::Wrong(wrong)) = CommandInput::read(body.as_bytes()) else { return Vec::new() };
        wrong.iter().map(|one| format!("{} {}", one["type"].as_str().unwrap(), one["loc"])).collect()
    }

    #[test]
    fn ids_are_whole_numbers_or_texts_of_such_and_all_may_be_missing() {
        let body = r#"{"content": "/x", "author_id": 1234567890123456789, "guild_id": " 7 ", "channel_id": 0,
            "message_id": null, "more": []}"#;
        let read = CommandInput::read(body.as_bytes()).unwrap();
        let author = Some(1_234_567_890_123_456_789);
        assert_eq!(read, CommandInput { content: "/x".to_owned(), author, channel: None, guild: Some(7) });
        let largest = CommandInput::read(br#"{"content": "", "author_id": 18446744073709551615}"#).unwrap();
        assert_eq!(largest.author, Some(u64::MAX.into()));
        assert_eq!(CommandInput::read(br#"{"content": "x", "guild_id": 5.0}"#).unwrap().guild, Some(5));
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        assert_eq!(wrong(""), ["missing [\"body\"]"]);
        assert_eq!(wrong("{"), ["json_invalid [\"body\",1]"]);
        assert_eq!(wrong("[]"), ["model_attributes_type [\"body\"]"]);
        assert_eq!(wrong("{}"), ["missing [\"body\",\"content\"]"]);
        let all = r#"{"content": 5, "author_id": "Ada", "channel_id": 1.5, "guild_id": [], "message_id": 1e30}"#;
        assert_eq!(
            wrong(all),
            [
                "string_type [\"body\",\"content\"]",
                "int_parsing [\"body\",\"author_id\"]",
                "int_from_float [\"body\",\"channel_id\"]",
                "int_type [\"body\",\"guild_id\"]",
                "int_parsing_size [\"body\",\"message_id\"]",
            ]
        );
        assert_eq!(wrong(&"[".repeat(100_000)).len(), 1, "no depth is too deep");
    }
}
