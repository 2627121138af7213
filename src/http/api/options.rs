//! Commands and their options as JSON: what the document says of each, and how an option becomes what its declaration
//! takes, or a sentence about why it does not.

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::values::{Length, exact};
use super::{Invoke, Problem, Snowflake};
use crate::command::{Command, Declared, Kind, Value};

/// A command to run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandRun {
    /// Its name, such as `kudos give`.
    pub command: String,
    /// Its options by name. Ids and lengths of time are texts.
    #[serde(default)]
    pub options: Map<String, Json>,
}

impl PartialSchema for CommandRun {
    /// Of no command in particular; the document has [`CommandRun::schema_of`] in its place.
    fn schema() -> RefOr<Schema> {
        Self::schema_of(&[])
    }
}

impl ToSchema for CommandRun {}

impl CommandRun {
    /// One of these commands, with the options that it takes.
    pub(super) fn schema_of(commands: &[&Command]) -> RefOr<Schema> {
        let about = "A command by its name, with its options; ids and lengths of time are texts. Its other names, and \
             either case, are understood as well.";
        let each = commands.iter().map(|command| described(command));
        each.fold(OneOfBuilder::new().description(Some(about)), OneOfBuilder::item).into()
    }
}

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

/// What the document says of a command.
fn described(command: &Command) -> Schema {
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([command.name]));
    let closed = || ObjectBuilder::new().additional_properties(Some(AdditionalProperties::FreeForm(false)));
    let required = || command.options.iter().filter(|option| option.required()).map(|option| option.name());
    let options = command.options.iter().fold(closed(), |all, option| all.property(option.name(), of_option(*option)));
    let options = required().fold(options, ObjectBuilder::required);
    let run = closed().title(Some(command.name)).description(Some(command.about)).property("command", name);
    let run = run.property("options", options).required("command");
    if required().next().is_some() { run.required("options") } else { run }.into()
}

/// What the document says of an option. One that may be left out may be null.
fn of_option(option: &dyn Declared) -> RefOr<Schema> {
    let (required, none) = (option.required(), (!option.required()).then_some(Json::Null));
    let of_type = |kind: Type| match required {
        true => SchemaType::new(kind),
        false => SchemaType::from_iter([kind, Type::Null]),
    };
    let plain = |kind| ObjectBuilder::new().schema_type(of_type(kind)).description(Some(option.about()));
    let named = |name: &str| match required {
        true => Ref::from_schema_name(name).into(),
        false => {
            let null = ObjectBuilder::new().schema_type(Type::Null);
            OneOfBuilder::new().item(null).item(Ref::from_schema_name(name)).into()
        }
    };
    match option.kind() {
        Kind::User | Kind::Channel | Kind::Role => named(&Snowflake::name()),
        Kind::Span { .. } => named(&Length::name()),
        Kind::Flag => plain(Type::Boolean).into(),
        Kind::Whole { min, max } => plain(Type::Integer).minimum(Some(min as isize)).maximum(Some(max as isize)).into(),
        Kind::Text { chars_max } => plain(Type::String).max_length(Some(chars_max.into())).into(),
        Kind::Choice(words) => {
            let words = words.iter().map(|word| Json::from(*word)).chain(none);
            plain(Type::String).enum_values(Some(words)).into()
        }
    }
}

/// The value, if it is one of this kind.
fn read(kind: Kind, json: &Json) -> Option<Value> {
    match kind {
        Kind::User => json.as_str()?.parse().ok().map(Value::User),
        Kind::Channel => json.as_str()?.parse().ok().map(Value::Channel),
        Kind::Role => json.as_str()?.parse().ok().map(Value::Role),
        Kind::Flag => json.as_bool().map(Value::Flag),
        Kind::Whole { min, max } => {
            let number = json.as_i64().or_else(|| exact(json.as_f64()?));
            number.filter(|number| (min..=max).contains(number)).map(Value::Whole)
        }
        Kind::Text { chars_max } => {
            let fits = |text: &&str| text.chars().count() <= usize::from(chars_max);
            json.as_str().filter(fits).map(|text| Value::Text(text.to_owned()))
        }
        Kind::Choice(words) => {
            let text = json.as_str()?;
            words.iter().find(|word| word.eq_ignore_ascii_case(text)).map(|word| Value::Text((*word).to_owned()))
        }
        // That it is too long for this command the gate says, as the document cannot.
        Kind::Span { .. } => json.as_str()?.parse().ok().map(Value::Span),
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
        assert_eq!(taken(json!("2d12h")), [7], "the gate says that it is too long");
        assert_eq!(taken(json!("WEEK")), [6]);
        assert_eq!(taken(json!(5)), [4]);
        assert_eq!(taken(json!(5.0)), [4]);
        assert_eq!(taken(json!(true)), [3]);
        for nothing in [json!(6), json!(1.5), json!(u64::MAX), json!(1e18), json!([]), json!({}), json!(null)] {
            assert!(taken(nothing.clone()).is_empty(), "{nothing}");
        }
        assert_eq!(read(choice, &json!("WEEK")), Some(Value::Text("week".to_owned())));
    }
}
