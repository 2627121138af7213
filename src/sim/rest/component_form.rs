//! Whether Discord takes the components of a message: rows of buttons, and lists to choose from.
//!
//! Source: Discord API documentation, "Component Reference" ("Action Row", "Button", "String Select").

use std::collections::BTreeSet;

use serde_json::Value;

use super::errors::FormErrors;
use super::form::{below, flag, list, number, required, text};

const ROWS_MAX: usize = 5;
const ROW_BUTTONS_MAX: usize = 5;
const LABEL_CHARS_MAX: usize = 80;
const CUSTOM_ID_CHARS_MAX: usize = 100;

const ACTION_ROW: u64 = 1;
const BUTTON: u64 = 2;
const STRING_SELECT: u64 = 3;
const OPTIONS_MAX: usize = 25;
const OPTION_CHARS_MAX: usize = 100;
const PLACEHOLDER_CHARS_MAX: usize = 150;
/// A button that leads to an address and tells nobody.
const LINK: i64 = 5;
/// 1 to 4 tell the bot; 5 is a link. The sixth, which sells something, does not exist here.
const STYLE_MAX: i64 = 5;

/// Checks the rows and what is in them.
pub fn check(errors: &mut FormErrors, components: &Value) {
    let mut taken = BTreeSet::new();
    for (nth, row) in list(errors, "components", components, ROWS_MAX).iter().enumerate() {
        let path = below("components", nth);
        if !is_type(errors, &path, row, ACTION_ROW) {
            continue;
        }
        let path = below(&path, "components");
        let buttons = list(errors, &path, &row["components"], ROW_BUTTONS_MAX);
        if buttons.is_empty() {
            errors.add(&path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
        }
        for (nth, button) in buttons.iter().enumerate() {
            let path = below(&path, nth);
            if button["type"] == STRING_SELECT {
                if buttons.len() > 1 {
                    errors.add(&path, "BASE_TYPE_BAD_LENGTH", "A select takes a row of its own.");
                }
                check_select(errors, &path, button, &mut taken);
            } else if is_type(errors, &path, button, BUTTON) {
                check_button(errors, &path, button, &mut taken);
            }
        }
    }
}

fn check_button<'a>(errors: &mut FormErrors, path: &str, button: &'a Value, taken: &mut BTreeSet<&'a str>) {
    let at = |part: &str| below(path, part);
    if button["style"].is_null() {
        required(errors, &at("style"));
    }
    number(errors, &at("style"), &button["style"], 1, STYLE_MAX);
    text(errors, &at("label"), &button["label"], 0, LABEL_CHARS_MAX);
    flag(errors, &at("disabled"), &button["disabled"]);
    if button["label"].as_str().is_none_or(str::is_empty) && button["emoji"].is_null() {
        required(errors, &at("label"));
    }
    if button["style"].as_i64() == Some(LINK) {
        text(errors, &at("url"), &button["url"], 1, 512);
        return;
    }
    text(errors, &at("custom_id"), &button["custom_id"], 1, CUSTOM_ID_CHARS_MAX);
    if button["custom_id"].as_str().is_some_and(|id| !taken.insert(id)) {
        errors.add(&at("custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
    }
}

fn check_select<'a>(errors: &mut FormErrors, path: &str, select: &'a Value, taken: &mut BTreeSet<&'a str>) {
    let at = |part: &str| below(path, part);
    text(errors, &at("custom_id"), &select["custom_id"], 1, CUSTOM_ID_CHARS_MAX);
    text(errors, &at("placeholder"), &select["placeholder"], 0, PLACEHOLDER_CHARS_MAX);
    number(errors, &at("min_values"), &select["min_values"], 0, OPTIONS_MAX as i64);
    number(errors, &at("max_values"), &select["max_values"], 1, OPTIONS_MAX as i64);
    if select["custom_id"].as_str().is_none_or(|id| !taken.insert(id)) {
        errors.add(&at("custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
    }
    let path = at("options");
    let options = list(errors, &path, &select["options"], OPTIONS_MAX);
    if options.is_empty() || select["max_values"].as_u64().is_some_and(|max| max > options.len() as u64) {
        errors.add(&path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length, and at least max_values.");
    }
    let mut values = BTreeSet::new();
    for (nth, option) in options.iter().enumerate() {
        let path = below(&path, nth);
        for part in ["label", "value"] {
            if option[part].as_str().is_none_or(str::is_empty) {
                required(errors, &below(&path, part));
            }
            text(errors, &below(&path, part), &option[part], 1, OPTION_CHARS_MAX);
        }
        if option["value"].as_str().is_some_and(|value| !values.insert(value)) {
            errors.add(&below(&path, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The value is taken.");
        }
    }
}

fn is_type(errors: &mut FormErrors, path: &str, component: &Value, wanted: u64) -> bool {
    let fits = component["type"].as_u64() == Some(wanted);
    if !fits {
        errors.add(&below(path, "type"), "BASE_TYPE_CHOICES", &format!("Value must be one of {{{wanted}}}."));
    }
    fits
}
