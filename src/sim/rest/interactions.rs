//! Answering interactions: the first answer within three seconds, then by the token for fifteen minutes.
//!
//! Source: Discord API documentation, "Receiving and Responding". After its fifteen minutes a token is answered with
//! 401 and code 50027, which says nothing about the bot's own token; before the first answer, with 404 and 10015.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{ChannelId, MessageId};

use super::errors::FormErrors;
use super::form::{number, text};
use super::message_form::{self, Draft};
use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::state::{FirstAnswer, Interaction, Webhook, message_flag};
use crate::sim::world::{InteractionId, Message};

/// How long the first answer may take.
pub const FIRST_ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// How long the token can be used.
pub const TOKEN_LIVES: Duration = Duration::from_secs(15 * 60);

/// What may be answered first: 4 a message, 5 "is thinking…", 9 a modal. 6 and 7, which change the message below which
/// a button was pressed, do not exist here; 8 is for completions.
const FIRST_ANSWERS: [u64; 3] = [4, 5, FORM];
const FORM: u64 = 9;

pub(super) fn callback(world: &mut World, call: &Call) -> Outcome {
    let id: u64 = call.param(0).parse().map_err(|_| ApiError::UNKNOWN_INTERACTION)?;
    let id = InteractionId(id);
    let now = world.clock.monotonic();
    let known = world.interactions.get(&id).filter(|known| known.token == call.param(1));
    let interaction = known.ok_or(ApiError::UNKNOWN_INTERACTION)?;
    if interaction.first_answer.is_some() {
        return Err(ApiError::ALREADY_ANSWERED);
    }
    let after = now.saturating_sub(interaction.at);
    if after > FIRST_ANSWER_WITHIN {
        return Err(ApiError::UNKNOWN_INTERACTION);
    }
    let Some(kind) = call.json["type"].as_u64().filter(|kind| FIRST_ANSWERS.contains(kind)) else {
        let message = "Value must be one of {4, 5, 9, 10, 12}.";
        return Err(ApiError::form("type", "BASE_TYPE_CHOICES", message));
    };
    if kind == FORM {
        // A form cannot be answered with another one.
        if interaction.kind == 5 {
            return Err(ApiError::form("type", "BASE_TYPE_CHOICES", "Value must be one of {4, 5, 10, 12}."));
        }
        check_form(&call.json["data"])?;
    }
    let message = if kind == FORM { &Value::Null } else { &call.json["data"] };
    let draft = message_form::read(message).map_err(below_data)?;
    if kind == 4 && draft.is_empty() && call.files.is_empty() {
        return Err(ApiError::EMPTY_MESSAGE);
    }
    let ephemeral = draft.flags & message_flag::EPHEMERAL != 0;
    let original = match kind {
        FORM => None,
        _ => Some(world.say_for(id, draft, call, ephemeral, kind == 5)?),
    };
    if let Some(interaction) = world.interactions.get_mut(&id) {
        interaction.first_answer = Some(FirstAnswer { kind: kind as u8, ephemeral, after });
        interaction.original = original;
        interaction.other = (kind == FORM).then(|| call.json["data"].clone());
    }
    world.touch();
    if call.query("with_response").as_deref() != Some("true") {
        return Ok(Reply::NoContent);
    }
    Ok(Reply::Json(world.callback_json(id, kind, ephemeral)))
}

/// A form needs a name, a title, and one to five rows of one text field each.
///
/// Source: Discord API documentation, "Receiving and Responding", "Modal"; "Component Reference", "Text Input".
fn check_form(form: &Value) -> Result<(), ApiError> {
    let mut errors = FormErrors::default();
    text(&mut errors, "data.custom_id", &form["custom_id"], 1, 100);
    text(&mut errors, "data.title", &form["title"], 1, 45);
    let rows = form["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !(1..=5).contains(&rows.len()) {
        errors.add("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    }
    for field in rows.iter().map(|row| &row["components"][0]) {
        text(&mut errors, "data.components.custom_id", &field["custom_id"], 1, 100);
        text(&mut errors, "data.components.label", &field["label"], 1, 45);
        number(&mut errors, "data.components.max_length", &field["max_length"], 1, 4_000);
        if field["type"] != 4 || !(field["style"] == 1 || field["style"] == 2) {
            errors.add("data.components", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (4,).");
        }
    }
    errors.finish()
}

/// Errors of a callback's message are told below `data`.
fn below_data(error: ApiError) -> ApiError {
    ApiError { errors: error.errors.map(|errors| json!({"data": errors})), ..error }
}

pub(super) fn follow_up(world: &mut World, call: &Call) -> Outcome {
    let id = world.interaction_of(call)?;
    let draft = message_form::read(&call.json)?;
    if draft.is_empty() && call.files.is_empty() {
        return Err(ApiError::EMPTY_MESSAGE);
    }
    // A follow-up to "is thinking…" becomes that answer, and keeps whether it is ephemeral.
    if let Some((channel, original)) = world.loading_original(id) {
        world.change_message(channel, original, draft, false, true)?;
        return world.found_message(channel, original).map(Reply::Json);
    }
    let ephemeral = draft.flags & message_flag::EPHEMERAL != 0;
    let message = world.say_for(id, draft, call, ephemeral, false)?;
    let Some(interaction) = world.interactions.get_mut(&id) else { return Err(ApiError::UNKNOWN_WEBHOOK) };
    interaction.followups.push(message);
    let channel = interaction.channel;
    world.touch();
    world.found_message(channel, message).map(Reply::Json)
}

pub(super) fn read(world: &mut World, call: &Call) -> Outcome {
    let (_, channel, message) = world.answer_of(call)?;
    world.found_message(channel, message).map(Reply::Json)
}

pub(super) fn edit(world: &mut World, call: &Call) -> Outcome {
    let (_, channel, message) = world.answer_of(call)?;
    let draft = message_form::read(&call.json)?;
    if !call.files.is_empty() {
        let files = world.keep_files(call);
        if let Some(known) = world.channels.get_mut(&channel).and_then(|c| c.message_mut(message)) {
            known.attachments.extend(files);
        }
    }
    world.change_message(channel, message, draft, false, true)?;
    world.found_message(channel, message).map(Reply::Json)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let (id, channel, message) = world.answer_of(call)?;
    if let Some(gone) = world.remove_message(channel, message) {
        world.dispatch_deletion(&gone);
    }
    if let Some(interaction) = world.interactions.get_mut(&id)
        && interaction.original == Some(message)
    {
        interaction.original_deleted = true;
    }
    world.touch();
    Ok(Reply::NoContent)
}

impl World {
    /// The answered interaction whose token is in the path.
    fn interaction_of(&self, call: &Call) -> Result<InteractionId, ApiError> {
        if call.param(0) != self.application.to_string() {
            return Err(ApiError::UNKNOWN_WEBHOOK);
        }
        let known = self.interactions.values().rev().find(|known| known.token == call.param(1));
        let interaction = known.ok_or(ApiError::INVALID_WEBHOOK_TOKEN)?;
        if self.clock.monotonic().saturating_sub(interaction.at) > TOKEN_LIVES {
            return Err(ApiError::INVALID_WEBHOOK_TOKEN);
        }
        if interaction.first_answer.is_none() {
            return Err(ApiError::UNKNOWN_WEBHOOK);
        }
        Ok(interaction.id)
    }

    /// The interaction, and the one of its messages that the path names: `@original` or an id.
    fn answer_of(&self, call: &Call) -> Result<(InteractionId, ChannelId, MessageId), ApiError> {
        let id = self.interaction_of(call)?;
        let interaction = self.interactions.get(&id).ok_or(ApiError::UNKNOWN_WEBHOOK)?;
        let message = match call.param(2) {
            "@original" => interaction.original,
            text => text.parse().ok().filter(|id| self.is_answer(interaction, *id)),
        };
        let message = message.ok_or(ApiError::UNKNOWN_MESSAGE)?;
        let stands = self.channels.get(&interaction.channel).is_some_and(|channel| channel.message(message).is_some());
        if stands { Ok((id, interaction.channel, message)) } else { Err(ApiError::UNKNOWN_MESSAGE) }
    }

    fn is_answer(&self, interaction: &Interaction, id: MessageId) -> bool {
        interaction.original == Some(id) || interaction.followups.contains(&id)
    }

    /// The first answer while it still says "is thinking…".
    fn loading_original(&self, id: InteractionId) -> Option<(ChannelId, MessageId)> {
        let interaction = self.interactions.get(&id)?;
        let message = self.channels.get(&interaction.channel)?.message(interaction.original?)?;
        message.is_loading().then_some((interaction.channel, message.id))
    }

    /// Puts an answer into the interaction's channel.
    fn say_for(
        &mut self,
        id: InteractionId,
        draft: Draft,
        call: &Call,
        ephemeral: bool,
        loading: bool,
    ) -> Result<MessageId, ApiError> {
        let interaction = self.interactions.get(&id).ok_or(ApiError::UNKNOWN_INTERACTION)?;
        let (channel, user) = (interaction.channel, interaction.user);
        if !self.channels.contains_key(&channel) {
            return Err(ApiError::UNKNOWN_CHANNEL);
        }
        let followed = interaction.original;
        let message_id: MessageId = self.id();
        let attachments = self.keep_files(call);
        let mut message = self.compose(message_id, channel, draft, None, false, true);
        message.attachments = attachments;
        message.interaction = Some(id);
        message.webhook = Some(Webhook { id: self.application.get(), name: self.config.bot_name.clone() });
        // The first answer is of type 20; those after it are replies to it.
        message.kind = if followed.is_some() { 19 } else { 20 };
        if loading {
            message = Message { content: String::new(), embeds: Vec::new(), components: Vec::new(), ..message };
            message.flags |= message_flag::LOADING;
        }
        if ephemeral {
            message.flags |= message_flag::EPHEMERAL;
            message.only_for = Some(user);
        }
        self.insert_message(message);
        Ok(message_id)
    }

    fn callback_json(&self, id: InteractionId, kind: u64, ephemeral: bool) -> Value {
        let Some(interaction) = self.interactions.get(&id) else { return Value::Null };
        let mut json = json!({"interaction": {"id": id.0.to_string(), "type": interaction.kind,
            "response_message_loading": kind == 5, "response_message_ephemeral": ephemeral}});
        if let Some(message) = interaction.original {
            json["interaction"]["response_message_id"] = json!(message);
            let message = self.found_message(interaction.channel, message).unwrap_or_default();
            json["resource"] = json!({"type": kind, "message": message});
        }
        json
    }
}
