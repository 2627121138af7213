//! Discord's errors: status, JSON code, words, and the nested `errors` of a form.

use serde_json::{Map, Value, json};

/// An error as Discord answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    pub status: u16,
    pub code: u32,
    pub message: &'static str,
    /// For 50035: which field, and what is wrong with it.
    pub errors: Option<Value>,
}

macro_rules! known {
    ($($name:ident = $status:literal $code:literal $message:literal;)*) => {
        impl ApiError {
            $(pub(in crate::sim) const $name: Self =
                Self { status: $status, code: $code, message: $message, errors: None };)*
        }
    };
}

known! {
    UNKNOWN_CHANNEL = 404 10003 "Unknown Channel";
    UNKNOWN_GUILD = 404 10004 "Unknown Guild";
    UNKNOWN_MEMBER = 404 10007 "Unknown Member";
    UNKNOWN_MESSAGE = 404 10008 "Unknown Message";
    UNKNOWN_OVERWRITE = 404 10009 "Unknown Permission Overwrite";
    UNKNOWN_ROLE = 404 10011 "Unknown Role";
    UNKNOWN_USER = 404 10013 "Unknown User";
    UNKNOWN_WEBHOOK = 404 10015 "Unknown Webhook";
    UNKNOWN_BAN = 404 10026 "Unknown Ban";
    UNKNOWN_INTERACTION = 404 10062 "Unknown interaction";
    UNKNOWN_COMMAND = 404 10063 "Unknown application command";
    TOO_MANY_REACTIONS = 400 30010 "Maximum number of reactions reached (20)";
    ALREADY_ANSWERED = 400 40060 "Interaction has already been acknowledged.";
    MISSING_ACCESS = 403 50001 "Missing Access";
    NOT_IN_DM = 403 50003 "Cannot execute action on a DM channel";
    OTHERS_MESSAGE = 403 50005 "Cannot edit a message authored by another user";
    EMPTY_MESSAGE = 400 50006 "Cannot send an empty message";
    DMS_CLOSED = 403 50007 "Cannot send messages to this user";
    NOT_A_TEXT_CHANNEL = 400 50008 "Cannot send messages in a non-text channel";
    MISSING_PERMISSIONS = 403 50013 "Missing Permissions";
    BULK_COUNT = 400 50016 "Provided too few or too many messages to delete. Must provide at least 2 and fewer than \
        100 messages to delete.";
    INVALID_WEBHOOK_TOKEN = 401 50027 "Invalid Webhook Token";
    INVALID_RECIPIENTS = 400 50033 "Invalid Recipient(s)";
    TOO_OLD_TO_BULK_DELETE = 400 50034 "A message provided was too old to bulk delete";
    THREAD_ARCHIVED = 400 50083 "Thread is archived";
    INVALID_JSON = 400 50109 "The request body contains invalid JSON.";
    NO_MUTUAL_GUILDS = 403 50278 "Cannot send messages to this user due to having no mutual guilds";
    NO_HISTORY = 403 160002 "Cannot reply without permission to read message history";
}

impl ApiError {
    /// One field of a form is wrong. `path` goes down with dots: `embeds.0.title`.
    pub(in crate::sim) fn form(path: &str, code: &str, message: &str) -> Self {
        let mut form = FormErrors::default();
        form.add(path, code, message);
        form.into_error()
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let mut json = json!({"message": self.message, "code": self.code});
        if let Some(errors) = &self.errors {
            json["errors"] = errors.clone();
        }
        json
    }
}

/// What is wrong with the fields of a form.
#[derive(Debug, Default)]
pub(in crate::sim) struct FormErrors {
    errors: Map<String, Value>,
}

impl FormErrors {
    /// One more thing that is wrong. An empty path is the form itself.
    pub fn add(&mut self, path: &str, code: &str, message: &str) {
        let mut at = &mut self.errors;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let inner = at.entry(part).or_insert_with(|| json!({}));
            match inner {
                Value::Object(map) => at = map,
                _ => return,
            }
        }
        let list = at.entry("_errors").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!({"code": code, "message": message}));
        }
    }

    /// Ok when nothing is wrong.
    pub fn finish(self) -> Result<(), ApiError> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.into_error()) }
    }

    /// The error that tells of all of them.
    pub fn into_error(self) -> ApiError {
        ApiError { status: 400, code: 50035, message: "Invalid Form Body", errors: Some(self.errors.into()) }
    }
}
