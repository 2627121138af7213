//! Options of a command as JSON: each becomes what its declaration takes, or a sentence about why it does not.

use serde_json::{Map, Value as Json};

use super::{Invoke, Problem};
use crate::command::{Command, Declared, Kind, Value};

impl Invoke {
    /// A command with options as JSON has them: ids and lengths of time are texts. What is null is not given.
    ///
    /// # Errors
    /// An option is unknown, missing, or not what the command takes.
    pub fn from_json(command: &'static Command, options: Map<String, Json>) -> Result<Self, Problem> {
        let mut order = Self::new(command.name);
        let given = options.into_iter().filter(|(_, json)| !json.is_null());
        let given: Vec<_> = given.collect();
        let is_given = |option: &dyn Declared| given.iter().any(|(name, _)| name == option.name());
        if let Some(missing) = command.options.iter().find(|option| option.required() && !is_given(**option)) {
            return Err(Problem::invalid(format!("`{}` is missing: {}.", missing.name(), missing.about())));
        }
        for (name, json) in given {
            let Some(option) = command.options.iter().find(|option| option.name() == name) else {
                let known: Vec<_> = command.options.iter().map(|option| option.name()).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(Problem::invalid(format!("`{}` has no option {name:?}; it has {known}.", command.name)));
            };
            let value = read(option.kind(), &json);
            let wrong = || Problem::invalid(format!("`{}` must be {}.", option.name(), expected(option.kind())));
            order = order.with(option.name(), value.ok_or_else(wrong)?);
        }
        Ok(order)
    }
}

/// The value, if it is one of this kind.
fn read(kind: Kind, json: &Json) -> Option<Value> {
    match kind {
        Kind::User => json.as_str()?.parse().ok().map(Value::User),
        Kind::Channel => json.as_str()?.parse().ok().map(Value::Channel),
        Kind::Role => json.as_str()?.parse().ok().map(Value::Role),
        Kind::Flag => json.as_bool().map(Value::Flag),
        Kind::Whole { min, max } => json.as_i64().filter(|number| (min..=max).contains(number)).map(Value::Whole),
        Kind::Text { chars_max } => {
            let fits = |text: &&str| text.chars().count() <= usize::from(chars_max);
            json.as_str().filter(fits).map(|text| Value::Text(text.to_owned()))
        }
        Kind::Choice(words) => {
            let text = json.as_str()?;
            words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| Value::Text((*word).to_owned()))
        }
        Kind::Span { max } => json.as_str()?.parse().ok().filter(|span| *span <= max).map(Value::Span),
    }
}

fn expected(kind: Kind) -> String {
    match kind {
        Kind::User => "a member's id, as a text".to_owned(),
        Kind::Channel => "a channel's id, as a text".to_owned(),
        Kind::Role => "a role's id, as a text".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Whole { min, max } => format!("a whole number from {min} to {max}"),
        Kind::Text { chars_max } => format!("a text of at most {chars_max} characters"),
        Kind::Choice(words) => format!("one of {}", words.join(", ")),
        Kind::Span { max } => format!("a length of time such as \"30m\", \"2h\" or \"1d12h\", at most {max}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;
    use serde_json::json;

    #[test]
    fn each_kind_takes_its_own_and_nothing_else() {
        let whole = Kind::Whole { min: -2, max: 5 };
        let span = Kind::Span { max: Span::days(1) };
        let choice = Kind::Choice(&["all", "week"]);
        let kinds =
            [Kind::User, Kind::Channel, Kind::Role, Kind::Flag, whole, Kind::Text { chars_max: 3 }, choice, span];
        let taken = |json: Json| -> Vec<usize> {
            kinds.iter().enumerate().filter(|(_, kind)| read(**kind, &json).is_some()).map(|(nth, _)| nth).collect()
        };
        assert_eq!(taken(json!("12")), [0, 1, 2, 5]);
        assert_eq!(taken(json!("12h")), [5, 7]);
        assert_eq!(taken(json!("WEEK")), [6]);
        assert_eq!(taken(json!(5)), [4]);
        assert_eq!(taken(json!(true)), [3]);
        for nothing in [json!(6), json!(1.5), json!(u64::MAX), json!("2d12h"), json!([]), json!({}), json!(null)] {
            assert!(taken(nothing.clone()).is_empty(), "{nothing}");
        }
        assert_eq!(read(choice, &json!("WEEK")), Some(Value::Text("week".to_owned())));
    }
}
