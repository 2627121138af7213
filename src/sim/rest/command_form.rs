//! Whether Discord takes a command's definition.
//!
//! Source: Discord API documentation, "Application Commands", and the published API description.

use serde_json::Value;

use super::errors::FormErrors;
use super::form::{below, flag, list, number, required, text};
use crate::sim::world::option_kind as kind;

const NAME_CHARS_MAX: usize = 32;
const DESCRIPTION_CHARS_MAX: usize = 100;
const OPTIONS_MAX: usize = 25;
const CHOICES_MAX: usize = 25;
/// Of all names, descriptions and string values of a command together.
const COMMAND_CHARS_MAX: usize = 8_000;

/// Checks one definition; `path` is where it stands in what was sent.
pub fn check(errors: &mut FormErrors, path: &str, command: &Value) {
    if !command.is_object() {
        return errors.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
    }
    number(errors, &below(path, "type"), &command["type"], 1, 4);
    let is_slash = command["type"].as_u64().unwrap_or(1) == 1;
    check_name(errors, &below(path, "name"), &command["name"], is_slash);
    let description = &below(path, "description");
    if is_slash {
        text(errors, description, &command["description"], 1, DESCRIPTION_CHARS_MAX);
    } else if command["description"].as_str().is_some_and(|text| !text.is_empty()) {
        let message = "Context menu commands cannot have description";
        errors.add(description, "APPLICATION_COMMAND_INVALID_DESCRIPTION", message);
    }
    let bits = &command["default_member_permissions"];
    if !bits.is_null() && bits.as_u64().or_else(|| bits.as_str()?.parse().ok()).is_none() {
        let message = format!("Value {bits} is not int.");
        errors.add(&below(path, "default_member_permissions"), "NUMBER_TYPE_COERCE", &message);
    }
    for (name, max) in [("contexts", 2), ("integration_types", 1)] {
        let path = &below(path, name);
        for (index, item) in list(errors, path, &command[name], 3).iter().enumerate() {
            if item.is_null() {
                required(errors, &below(path, index));
            }
            number(errors, &below(path, index), item, 0, max);
        }
    }
    flag(errors, &below(path, "nsfw"), &command["nsfw"]);
    flag(errors, &below(path, "dm_permission"), &command["dm_permission"]);
    check_options(errors, &below(path, "options"), &command["options"], 0);
    if chars(command) > COMMAND_CHARS_MAX {
        let message = format!("Command exceeds maximum size ({COMMAND_CHARS_MAX})");
        errors.add(path, "APPLICATION_COMMAND_TOO_LARGE", &message);
    }
}

/// Checks that no two definitions of a list have the same name and type.
pub fn check_unique(errors: &mut FormErrors, commands: &[Value]) {
    let key = |command: &Value| (command["name"].clone(), command["type"].as_u64().unwrap_or(1));
    for (index, command) in commands.iter().enumerate() {
        if commands.iter().take(index).any(|earlier| key(earlier) == key(command)) {
            let message = "Application command names must be unique";
            errors.add(&index.to_string(), "APPLICATION_COMMANDS_DUPLICATE_NAME", message);
        }
    }
}

/// Letters, digits, `-`, `_` and `'` of any script, in lower case where there is one.
fn check_name(errors: &mut FormErrors, path: &str, name: &Value, strict: bool) {
    text(errors, path, name, 1, NAME_CHARS_MAX);
    let Some(name) = name.as_str().filter(|name| strict && !name.is_empty()) else { return };
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'');
    if !name.chars().all(allowed) || name.to_lowercase() != name {
        errors.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

fn check_options(errors: &mut FormErrors, path: &str, options: &Value, depth: usize) {
    let options = list(errors, path, options, OPTIONS_MAX);
    let is_branch = |option: &Value| matches!(option["type"].as_u64(), Some(1 | 2));
    let mixed = options.iter().any(is_branch) && !options.iter().all(is_branch);
    let mut optional_before = false;
    for (index, option) in options.iter().enumerate() {
        let path = &below(path, index);
        check_option(errors, path, option, depth);
        if mixed {
            let message = "Sub-command and sub-command group option types are mutually exclusive to all other types";
            errors.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
        }
        let is_required = option["required"].as_bool().unwrap_or(false);
        if is_required && optional_before {
            let message = "Required options must be placed before non-required options";
            errors.add(path, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
        }
        optional_before |= !is_required;
        if options.iter().take(index).any(|earlier| earlier["name"] == option["name"]) {
            errors.add(
                &below(path, "name"),
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                "Option name is already used",
            );
        }
    }
}

fn check_option(errors: &mut FormErrors, path: &str, option: &Value, depth: usize) {
    if !option.is_object() {
        return errors.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
    }
    let Some(of_kind) = option["type"].as_u64() else { return required(errors, &below(path, "type")) };
    number(errors, &below(path, "type"), &option["type"], 1, 11);
    check_name(errors, &below(path, "name"), &option["name"], true);
    text(errors, &below(path, "description"), &option["description"], 1, DESCRIPTION_CHARS_MAX);
    flag(errors, &below(path, "required"), &option["required"]);
    let of_kind = of_kind as u8;
    match of_kind {
        kind::SUBCOMMAND | kind::SUBCOMMAND_GROUP => {
            let too_deep = depth > 1 || depth == 1 && of_kind == kind::SUBCOMMAND_GROUP;
            if too_deep {
                let message = "Sub-commands and groups cannot be nested so deep";
                errors.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
            }
            let empty_group =
                of_kind == kind::SUBCOMMAND_GROUP && option["options"].as_array().is_none_or(Vec::is_empty);
            if empty_group {
                required(errors, &below(path, "options"));
            }
            let depth = if of_kind == kind::SUBCOMMAND { 2 } else { depth + 1 };
            check_options(errors, &below(path, "options"), &option["options"], depth);
        }
        _ if !option["options"].is_null() => {
            let message = "Options can only be used with sub-commands and groups";
            errors.add(&below(path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message);
        }
        _ => {}
    }
    check_choices(errors, &below(path, "choices"), option, of_kind);
    let (numeric, string) = (matches!(of_kind, kind::INTEGER | kind::NUMBER), of_kind == kind::STRING);
    for (name, fits) in [("min_value", numeric), ("max_value", numeric), ("min_length", string), ("max_length", string)]
    {
        if !option[name].is_null() && (!fits || !option[name].is_number()) {
            errors.add(&below(path, name), "NUMBER_TYPE_COERCE", "This option cannot have such a limit");
        }
    }
    number(errors, &below(path, "min_length"), &option["min_length"], 0, 6_000);
    number(errors, &below(path, "max_length"), &option["max_length"], 1, 6_000);
}

fn check_choices(errors: &mut FormErrors, path: &str, option: &Value, of_kind: u8) {
    let choices = list(errors, path, &option["choices"], CHOICES_MAX);
    if choices.is_empty() {
        return;
    }
    if !matches!(of_kind, kind::STRING | kind::INTEGER | kind::NUMBER) || option["autocomplete"] == true {
        return errors.add(path, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "This option cannot have choices");
    }
    for (index, choice) in choices.iter().enumerate() {
        let path = &below(path, index);
        text(errors, &below(path, "name"), &choice["name"], 1, 100);
        let value = &below(path, "value");
        match of_kind {
            kind::STRING => text(errors, value, &choice["value"], 1, 100),
            _ if choice["value"].is_number() => {}
            _ => errors.add(value, "NUMBER_TYPE_COERCE", &format!("Value {} is not int.", choice["value"])),
        }
        if choices.iter().take(index).any(|earlier| earlier["name"] == choice["name"]) {
            errors.add(
                path,
                "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
                "Option choice name is already used",
            );
        }
    }
}

/// The characters that count towards a command's size.
fn chars(json: &Value) -> usize {
    let own = ["name", "description", "value"].iter().filter_map(|key| json[*key].as_str());
    let own: usize = own.map(|text| text.chars().count()).sum();
    let below = ["options", "choices"].iter().flat_map(|key| json[*key].as_array().into_iter().flatten());
    own + below.map(chars).sum::<usize>()
}
