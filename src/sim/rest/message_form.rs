//! Whether Discord takes a message: lengths, embeds, mentions, all of it before anything is done.
//!
//! Source: Discord API documentation, "Message", "Embed Limits", and the published API description.

use serde_json::Value;

use super::component_form;
use super::errors::{ApiError, FormErrors};
use super::form::{below, flag, list, number, required, text};

pub const CONTENT_CHARS_MAX: usize = 2_000;
const EMBEDS_MAX: usize = 10;
const EMBED_CHARS_MAX: usize = 6_000;
const FILES_MAX: usize = 10;
const ALT_CHARS_MAX: usize = 1_024;
const NONCE_CHARS_MAX: usize = 25;
const MENTION_IDS_MAX: usize = 100;

/// The parts of a message that was found well-formed. What is absent is none, so that an edit can tell it from empty.
pub struct Draft {
    pub content: Option<String>,
    pub embeds: Option<Vec<Value>>,
    pub components: Option<Vec<Value>>,
    pub allowed_mentions: Option<Value>,
    pub flags: u64,
    pub tts: bool,
    pub nonce: Option<Value>,
}

/// Checks the form of a message.
pub fn read(json: &Value) -> Result<Draft, ApiError> {
    let mut errors = FormErrors::default();
    if !json.is_object() && !json.is_null() {
        return Err(ApiError::form("", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"));
    }
    text(&mut errors, "content", &json["content"], 0, CONTENT_CHARS_MAX);
    flag(&mut errors, "tts", &json["tts"]);
    flag(&mut errors, "enforce_nonce", &json["enforce_nonce"]);
    number(&mut errors, "flags", &json["flags"], 0, i64::from(u32::MAX));
    check_nonce(&mut errors, &json["nonce"]);
    check_embeds(&mut errors, &json["embeds"]);
    component_form::check(&mut errors, &json["components"]);
    check_mentions(&mut errors, &json["allowed_mentions"]);
    for (index, file) in list(&mut errors, "attachments", &json["attachments"], FILES_MAX).iter().enumerate() {
        let path = below(&below("attachments", index), "description");
        text(&mut errors, &path, &file["description"], 0, ALT_CHARS_MAX);
    }
    errors.finish()?;
    Ok(Draft {
        content: json["content"].as_str().map(str::to_owned),
        embeds: json["embeds"].as_array().map(|embeds| embeds.iter().map(normal_embed).collect()),
        components: json["components"].as_array().cloned(),
        allowed_mentions: json.get("allowed_mentions").filter(|value| !value.is_null()).cloned(),
        flags: json["flags"].as_u64().unwrap_or(0),
        tts: json["tts"].as_bool().unwrap_or(false),
        nonce: json.get("nonce").filter(|value| !value.is_null()).cloned(),
    })
}

impl Draft {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.content.as_deref().is_none_or(|content| content.trim().is_empty())
            && self.embeds.as_ref().is_none_or(Vec::is_empty)
            && self.components.as_ref().is_none_or(Vec::is_empty)
    }
}

fn check_nonce(errors: &mut FormErrors, nonce: &Value) {
    let fits = match nonce {
        Value::Null => true,
        Value::Number(number) => number.is_i64(),
        Value::String(text) => text.chars().count() <= NONCE_CHARS_MAX,
        _ => false,
    };
    if !fits {
        errors.add("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.");
    }
}

fn check_mentions(errors: &mut FormErrors, allowed: &Value) {
    if allowed.is_null() {
        return;
    }
    if !allowed.is_object() {
        return errors.add("allowed_mentions", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
    }
    let path = "allowed_mentions.parse";
    for (index, kind) in list(errors, path, &allowed["parse"], 3).iter().enumerate() {
        if !matches!(kind.as_str(), Some("users" | "roles" | "everyone")) {
            let message = "Value must be one of {'users', 'everyone', 'roles'}.";
            errors.add(&below(path, index), "BASE_TYPE_CHOICES", message);
        }
    }
    let parses = |what: &str| allowed["parse"].as_array().is_some_and(|list| list.iter().any(|kind| kind == what));
    for what in ["users", "roles"] {
        let path = below("allowed_mentions", what);
        let ids = list(errors, &path, &allowed[what], MENTION_IDS_MAX);
        for (index, id) in ids.iter().enumerate() {
            if id.as_u64().or_else(|| id.as_str()?.parse().ok()).is_none() {
                errors.add(&below(&path, index), "NUMBER_TYPE_COERCE", &format!("Value {id} is not snowflake."));
            }
        }
        if parses(what) && !ids.is_empty() {
            let message = format!("parse:[\"{what}\"] and {what}: [ids...] are mutually exclusive.");
            errors.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", &message);
        }
    }
    flag(errors, "allowed_mentions.replied_user", &allowed["replied_user"]);
}

fn check_embeds(errors: &mut FormErrors, embeds: &Value) {
    let embeds = list(errors, "embeds", embeds, EMBEDS_MAX);
    for (index, embed) in embeds.iter().enumerate() {
        check_embed(errors, &below("embeds", index), embed);
    }
    let chars: usize = embeds.iter().map(embed_chars).sum();
    if chars > EMBED_CHARS_MAX {
        let message = format!("Embed size exceeds maximum size of {EMBED_CHARS_MAX}");
        errors.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", &message);
    }
}

fn check_embed(errors: &mut FormErrors, path: &str, embed: &Value) {
    if !embed.is_object() {
        return errors.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
    }
    text(errors, &below(path, "title"), &embed["title"], 0, 256);
    text(errors, &below(path, "description"), &embed["description"], 0, 4_096);
    number(errors, &below(path, "color"), &embed["color"], 0, 0xff_ffff);
    if !embed["footer"].is_null() {
        text(errors, &below(path, "footer.text"), &embed["footer"]["text"], 1, 2_048);
    }
    if !embed["author"].is_null() {
        text(errors, &below(path, "author.name"), &embed["author"]["name"], 1, 256);
    }
    super::form::moment(errors, &below(path, "timestamp"), &embed["timestamp"]);
    for (place, link) in [("url", &embed["url"]), ("image.url", &embed["image"]["url"])] {
        check_link(errors, &below(path, place), link, place != "url");
    }
    check_link(errors, &below(path, "thumbnail.url"), &embed["thumbnail"]["url"], true);
    let fields = &below(path, "fields");
    for (index, field) in list(errors, fields, &embed["fields"], 25).iter().enumerate() {
        let path = below(fields, index);
        for (part, max) in [("name", 256), ("value", 1_024)] {
            let value = &field[part];
            if value.as_str().is_some_and(|text| text.trim().is_empty()) {
                required(errors, &below(&path, part));
            } else {
                text(errors, &below(&path, part), value, 1, max);
            }
        }
    }
}

fn check_link(errors: &mut FormErrors, path: &str, link: &Value, attachments: bool) {
    let Some(link) = link.as_str() else { return };
    let schemes = ["http://", "https://", "attachment://"];
    let known = &schemes[..if attachments { 3 } else { 2 }];
    if !known.iter().any(|scheme| link.starts_with(scheme)) {
        let message = format!("Scheme must be one of ('http', 'https'). Not a well formed URL: \"{link}\"");
        errors.add(path, "URL_TYPE_INVALID_SCHEME", &message);
    }
}

fn embed_chars(embed: &Value) -> usize {
    let chars = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let fields = embed["fields"].as_array().into_iter().flatten();
    let in_fields: usize = fields.map(|field| chars(&field["name"]) + chars(&field["value"])).sum();
    in_fields
        + chars(&embed["title"])
        + chars(&embed["description"])
        + chars(&embed["footer"]["text"])
        + chars(&embed["author"]["name"])
}

/// An embed as Discord gives it back.
fn normal_embed(embed: &Value) -> Value {
    let mut embed = embed.clone();
    embed["type"] = "rich".into();
    if let Some(map) = embed.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    for field in embed.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
        field["inline"] = field["inline"].as_bool().unwrap_or(false).into();
    }
    embed
}
