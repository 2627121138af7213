//! Messages with a picture: it is drawn when the message is sent, and a message whose picture could not be drawn goes
//! out as its text.
//!
//! Source: Discord API documentation, "Uploading Files" (`payload_json`, `files[n]`, `attachments[].description`).

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::body::cut;
use super::refusal::code;
use super::wire::Call;
use crate::model::{Outgoing, Setback};
use crate::picture::Studio;

/// The longest description of an attachment.
const ALT_MAX: usize = 1_024;

/// The parts of a message in whose place a picture may stand.
const TEXTS: [&str; 2] = ["content", "embeds"];

/// A file, ready to be sent: a picture, or a text.
pub struct File {
    name: String,
    kind: &'static str,
    alt: String,
    bytes: Arc<[u8]>,
    replaces_text: bool,
}

const PNG: &str = "image/png";
const TEXT: &str = "application/json; charset=utf-8";

impl File {
    /// Draws the picture of a message, if it has one and that can be done; else its file.
    pub async fn of(studio: &Studio, message: &Outgoing) -> Option<Self> {
        if let Some(file) = message.file.as_deref() {
            let (name, bytes) = (file.name.clone(), Arc::from(file.text.as_bytes()));
            return Some(Self { name, kind: TEXT, alt: String::new(), bytes, replaces_text: false });
        }
        let illustration = message.illustration.as_deref()?;
        let png = studio.draw(&illustration.picture).await?;
        let name = illustration.picture.file_name().to_owned();
        let (alt, replaces_text) = (cut(&illustration.alt, ALT_MAX), illustration.replaces_text);
        Some(Self { name, kind: PNG, alt, bytes: png, replaces_text })
    }

    /// Whether a refusal may be for the picture's sake, so that the text alone is worth a try.
    pub fn is_refused(setback: &Setback) -> bool {
        matches!(
            setback,
            Setback::Refused { status: 413, .. } | Setback::Refused { code: code::MISSING_PERMISSIONS, .. }
        )
    }

    /// Shows the picture in the body of a message: in its embed, or in place of its texts.
    fn describe(&self, message: &mut Value) {
        message["attachments"] = json!([{"id": 0, "filename": self.name, "description": self.alt}]);
        if self.replaces_text {
            if let Some(parts) = message.as_object_mut() {
                TEXTS.into_iter().for_each(|part| drop(parts.remove(part)));
            }
        } else if self.kind == PNG && message["embeds"][0].is_object() {
            message["embeds"][0]["image"] = json!({"url": format!("attachment://{}", self.name)});
        }
    }
}

/// The call with this message as its body, and with its picture, if there is one.
pub fn call(call: Call, body: &impl Serialize, file: Option<&File>) -> Call {
    let Some(file) = file else { return call.json(body) };
    let mut body = serde_json::to_value(body).unwrap_or_default();
    // A first answer to an interaction carries its message below `data`.
    match body.get_mut("data").filter(|data| data.is_object()) {
        Some(message) => file.describe(message),
        None => file.describe(&mut body),
    }
    let fence = format!("innkeeper-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
    let mut form = format!(
        "--{fence}\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n\
         {body}\r\n--{fence}\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"{}\"\r\n\
         Content-Type: {}\r\n\r\n",
        file.name, file.kind
    )
    .into_bytes();
    form.extend_from_slice(&file.bytes);
    form.extend_from_slice(format!("\r\n--{fence}--\r\n").as_bytes());
    call.form(&fence, form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::body;
    use crate::model::Embed;

    fn file(replaces_text: bool) -> File {
        File {
            name: "card.png".to_owned(),
            kind: PNG,
            alt: "a \"card\"\r\n".to_owned(),
            bytes: Arc::from(&b"\x89PNG\r\n--\0"[..]),
            replaces_text,
        }
    }

    fn json_in(call: &Call) -> Value {
        let form = String::from_utf8_lossy(call.body.as_ref().unwrap()).into_owned();
        let (_, rest) = form.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(rest.split_once("\r\n").unwrap().0).unwrap()
    }

    #[test]
    fn a_picture_stands_in_the_embed_or_in_place_of_the_text() {
        let message = Outgoing::embed(Embed { title: "Board".to_owned(), ..Embed::default() });
        let beside = json_in(&call(Call::post("/x"), &body::message(&message, None, "n"), Some(&file(false))));
        assert_eq!(beside["embeds"][0]["image"]["url"], "attachment://card.png");
        assert_eq!(beside["attachments"][0]["description"], "a \"card\"\r\n");
        let instead = json_in(&call(Call::post("/x"), &body::answer(&message, true), Some(&file(true))));
        assert_eq!((&instead["data"]["embeds"], &instead["data"]["content"]), (&Value::Null, &Value::Null));
        assert_eq!((&instead["data"]["attachments"][0]["id"], &instead["data"]["flags"]), (&json!(0), &json!(64)));
        assert_eq!(instead["data"]["allowed_mentions"]["parse"], json!([]));
    }

    #[test]
    fn without_a_picture_it_is_plain_json() {
        let plain = call(Call::post("/x"), &body::edit(&Outgoing::text("x")), None);
        assert_eq!(plain.content_type, "application/json");
        assert!(serde_json::from_slice::<Value>(&plain.body.unwrap()).unwrap()["content"] == "x");
    }
}
