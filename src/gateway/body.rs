//! Our messages as Discord's bodies: cut at its limits, and always with `allowed_mentions`, so that nobody is pinged
//! whom the message does not name.
//!
//! Source of the limits: Discord API documentation, "Create Message" and "Embed Limits".

use serenity::builder::{
    CreateActionRow, CreateAllowedMentions, CreateButton, CreateEmbed, CreateEmbedFooter, CreateInteractionResponse,
    CreateInteractionResponseFollowup, CreateInteractionResponseMessage, CreateMessage, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, EditMessage,
};
use serenity::model::application::ButtonStyle;
use serenity::model::channel::{MessageReference, MessageReferenceKind, Nonce};
use serenity::model::{channel::MessageFlags, id as serenity_id};

use super::press;
use crate::model::button::{ROW_BUTTONS_MAX, ROWS_MAX};
use crate::model::{Button, ChannelId, Embed, Look, Mentions, MessageId, Outgoing, Select};

const CONTENT_MAX: usize = 2_000;
const EMBEDS_MAX: usize = 10;
const EMBEDS_TOTAL_MAX: usize = 6_000;
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 4_096;
const FIELDS_MAX: usize = 25;
const FIELD_NAME_MAX: usize = 256;
const FIELD_VALUE_MAX: usize = 1_024;
const FOOTER_MAX: usize = 2_048;
const MENTIONS_MAX: usize = 100;
const NONCE_MAX: usize = 25;
/// Where Discord insists on a text and there is none.
const BLANK: &str = "\u{200b}";

/// A message for a channel. Discord takes one with the same nonce once.
pub fn message(message: &Outgoing, reply_to: Option<(ChannelId, MessageId)>, nonce: &str) -> CreateMessage {
    let mut body = CreateMessage::new()
        .embeds(embeds(&message.embeds))
        .allowed_mentions(mentions(&message.mentions))
        .nonce(Nonce::String(nonce.chars().take(NONCE_MAX).collect()))
        .enforce_nonce(true);
    let components = components(message);
    if !components.is_empty() {
        body = body.components(components);
    }
    if let Some(content) = content(message) {
        body = body.content(content);
    }
    if let Some((channel, message)) = reply_to {
        let channel = serenity_id::ChannelId::new(channel.get());
        let reference = MessageReference::new(MessageReferenceKind::Default, channel)
            .message_id(serenity_id::MessageId::new(message.get()))
            .fail_if_not_exists(false);
        body = body.reference_message(reference);
    }
    body
}

/// A first answer to an interaction.
pub fn answer(message: &Outgoing, ephemeral: bool) -> CreateInteractionResponse {
    let mut body = CreateInteractionResponseMessage::new()
        .embeds(embeds(&message.embeds))
        .allowed_mentions(mentions(&message.mentions))
        .ephemeral(ephemeral);
    let components = components(message);
    if !components.is_empty() {
        body = body.components(components);
    }
    if let Some(content) = content(message) {
        body = body.content(content);
    }
    CreateInteractionResponse::Message(body)
}

/// "I am thinking": the first answer when the real one takes longer.
pub fn deferral(ephemeral: bool) -> CreateInteractionResponse {
    CreateInteractionResponse::Defer(
        CreateInteractionResponseMessage::new().allowed_mentions(mentions(&Mentions::default())).ephemeral(ephemeral),
    )
}

/// What takes the place of a deferral.
pub fn edit(message: &Outgoing) -> EditInteractionResponse {
    EditInteractionResponse::new()
        .content(content(message).unwrap_or_default())
        .embeds(embeds(&message.embeds))
        .components(components(message))
        .allowed_mentions(mentions(&message.mentions))
}

/// What becomes of a message in a channel.
pub fn edit_message(message: &Outgoing) -> EditMessage {
    EditMessage::new()
        .content(content(message).unwrap_or_default())
        .embeds(embeds(&message.embeds))
        .components(components(message))
        .allowed_mentions(mentions(&message.mentions))
}

/// A further answer, for the asker's eyes only.
pub fn follow_up(message: &Outgoing) -> CreateInteractionResponseFollowup {
    CreateInteractionResponseFollowup::new()
        .content(content(message).unwrap_or_default())
        .embeds(embeds(&message.embeds))
        .components(components(message))
        .allowed_mentions(mentions(&message.mentions))
        .flags(MessageFlags::EPHEMERAL)
}

/// The text within `max`, ended by an ellipsis where it was cut. Counted in UTF-16 units, which are never fewer than
/// what Discord counts.
pub fn cut(text: &str, max: usize) -> String {
    if text.encode_utf16().count() <= max {
        return text.to_owned();
    }
    let mut units = 0;
    let room = max.saturating_sub(1);
    let kept = text.chars().take_while(|character| {
        units += character.len_utf16();
        units <= room
    });
    let mut kept: String = kept.collect();
    if max > 0 {
        kept.push('…');
    }
    kept
}

fn content(message: &Outgoing) -> Option<String> {
    let empty = message.content.is_empty();
    match (empty, message.embeds.is_empty()) {
        (true, true) => Some(BLANK.to_owned()),
        (true, false) => None,
        _ => Some(cut(&message.content, CONTENT_MAX)),
    }
}

fn mentions(mentions: &Mentions) -> CreateAllowedMentions {
    let users = mentions.users.iter().take(MENTIONS_MAX).map(|user| serenity_id::UserId::new(user.get()));
    let roles = mentions.roles.iter().take(MENTIONS_MAX).map(|role| serenity_id::RoleId::new(role.get()));
    CreateAllowedMentions::new().users(users).roles(roles).replied_user(false)
}

/// What can be pressed or chosen below a message.
fn components(message: &Outgoing) -> Vec<CreateActionRow> {
    let select = message.select.as_deref().map(select);
    let room = ROWS_MAX - usize::from(select.is_some());
    let mut components = rows(&message.rows);
    components.truncate(room);
    components.extend(select);
    components
}

fn select(select: &Select) -> CreateActionRow {
    let option = |(label, value): &(String, String)| CreateSelectMenuOption::new(label, value);
    let options = select.entries().iter().map(option).collect();
    let menu = CreateSelectMenu::new(press::select_id(select), CreateSelectMenuKind::String { options })
        .placeholder(select.placeholder())
        .min_values(0)
        .max_values(select.at_most());
    CreateActionRow::SelectMenu(menu)
}

/// Buttons in their rows. A promise of another version may hold more than Discord takes.
fn rows(rows: &[Vec<Button>]) -> Vec<CreateActionRow> {
    let full = rows.iter().filter(|row| !row.is_empty()).take(ROWS_MAX);
    full.map(|row| CreateActionRow::Buttons(row.iter().take(ROW_BUTTONS_MAX).map(button).collect())).collect()
}

fn button(button: &Button) -> CreateButton {
    let style = match button.looks() {
        Look::Primary => ButtonStyle::Primary,
        Look::Secondary => ButtonStyle::Secondary,
        Look::Success => ButtonStyle::Success,
        Look::Danger => ButtonStyle::Danger,
    };
    CreateButton::new(press::custom_id(button)).label(button.label()).style(style)
}

fn embeds(embeds: &[Embed]) -> Vec<CreateEmbed> {
    let mut left = EMBEDS_TOTAL_MAX;
    embeds.iter().take(EMBEDS_MAX).map(|shown| embed(shown, &mut left)).collect()
}

/// An embed, with `left` characters for this one and those that follow.
fn embed(embed: &Embed, left: &mut usize) -> CreateEmbed {
    let mut fit = |text: &str, max: usize| {
        let fitted = cut(text, max.min(*left));
        *left = left.saturating_sub(fitted.encode_utf16().count());
        fitted
    };
    let (title, description) = (fit(&embed.title, TITLE_MAX), fit(&embed.description, DESCRIPTION_MAX));
    let footer = fit(&embed.footer, FOOTER_MAX);
    let mut body = CreateEmbed::new();
    if !title.is_empty() {
        body = body.title(title);
    }
    if !description.is_empty() {
        body = body.description(description);
    }
    for (name, value) in embed.fields.iter().take(FIELDS_MAX) {
        let (name, value) = (fit(or_blank(name), FIELD_NAME_MAX), fit(or_blank(value), FIELD_VALUE_MAX));
        if !name.is_empty() && !value.is_empty() {
            body = body.field(name, value, true);
        }
    }
    if !footer.is_empty() {
        body = body.footer(CreateEmbedFooter::new(footer));
    }
    if embed.colour != 0 {
        body = body.colour(embed.colour & 0xff_ffff);
    }
    body
}

fn or_blank(text: &str) -> &str {
    if text.trim().is_empty() { BLANK } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{RoleId, UserId};

    fn json_of(body: impl serde::Serialize) -> Value {
        serde_json::to_value(body).unwrap()
    }

    #[test]
    fn nobody_is_pinged_unless_named() {
        let hostile = Outgoing::text("@everyone <@5> <@&6>");
        let nobody = json!({"parse": [], "users": [], "roles": [], "replied_user": false});
        assert_eq!(json_of(message(&hostile, None, "n"))["allowed_mentions"], nobody);
        assert_eq!(json_of(answer(&hostile, false))["data"]["allowed_mentions"], nobody);
        assert_eq!(json_of(deferral(true))["data"]["allowed_mentions"], nobody);
        assert_eq!(json_of(edit(&hostile))["allowed_mentions"], nobody);
        assert_eq!(json_of(follow_up(&hostile))["allowed_mentions"], nobody);
        let mentions = Mentions { users: vec![UserId::new(5).unwrap()], roles: vec![RoleId::new(6).unwrap()] };
        let named = json_of(message(&Outgoing { mentions, ..hostile }, None, "n"));
        let five_and_six = json!({"parse": [], "users": ["5"], "roles": ["6"], "replied_user": false});
        assert_eq!(named["allowed_mentions"], five_and_six);
    }

    #[test]
    fn a_message_carries_its_nonce_and_what_it_answers() {
        let to = (ChannelId::new(20).unwrap(), MessageId::new(77).unwrap());
        let body = json_of(message(&Outgoing::text("hi"), Some(to), "a nonce that is much too long to be taken"));
        assert_eq!((&body["nonce"], &body["enforce_nonce"]), (&json!("a nonce that is much too "), &json!(true)));
        assert_eq!(body["message_reference"]["message_id"], "77");
        assert_eq!(body["message_reference"]["fail_if_not_exists"], false);
    }

    #[test]
    fn ephemeral_answers_are_marked() {
        assert_eq!(json_of(answer(&Outgoing::text("x"), true))["data"]["flags"], 64);
        assert_eq!(json_of(answer(&Outgoing::text("x"), true))["type"], 4);
        assert_eq!(json_of(deferral(true))["type"], 5);
        assert_eq!(json_of(deferral(true))["data"]["flags"], 64);
        assert_ne!(json_of(deferral(false))["data"]["flags"], 64);
        assert_eq!(json_of(follow_up(&Outgoing::text("x")))["flags"], 64);
    }

    #[test]
    fn buttons_carry_their_command_line_in_every_form() {
        let button = Button::new("Claim", "tools 7").unwrap().look(Look::Success);
        let shown = Outgoing::text("x").with_buttons([button, Button::new("Next", "leaderboard 2").unwrap()]);
        let row = json!([{"type": 1, "components": [
            {"type": 2, "style": 3, "label": "Claim", "custom_id": "run:tools 7", "disabled": false},
            {"type": 2, "style": 2, "label": "Next", "custom_id": "run:leaderboard 2", "disabled": false},
        ]}]);
        assert_eq!(json_of(message(&shown, None, "n"))["components"], row);
        assert_eq!(json_of(answer(&shown, true))["data"]["components"], row);
        assert_eq!(json_of(edit(&shown))["components"], row);
        assert_eq!(json_of(follow_up(&shown))["components"], row);
        assert_eq!(json_of(edit(&Outgoing::text("x")))["components"], json!([]));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("😀😀", 3), "😀…");
        assert_eq!(cut("😀😀", 4), "😀😀");
        assert_eq!(cut("ab", 0), "");
        let long = json_of(message(&Outgoing::text("ü".repeat(3_000)), None, "n"));
        assert_eq!(long["content"].as_str().unwrap().chars().count(), CONTENT_MAX);
        assert_eq!(json_of(message(&Outgoing::text(""), None, "n"))["content"], BLANK);
    }

    #[test]
    fn embeds_stay_within_discords_limits() {
        let embed = Embed {
            title: "t".repeat(500),
            description: "d".repeat(5_000),
            fields: (0..40).map(|_| (String::new(), "v".repeat(2_000))).collect(),
            colour: 0xff12_3456,
            footer: "f".repeat(3_000),
        };
        let body = json_of(message(&Outgoing { embeds: vec![embed; 12], ..Outgoing::default() }, None, "n"));
        let embeds = body["embeds"].as_array().unwrap();
        assert_eq!(embeds.len(), 10);
        assert_eq!(embeds[0]["color"], 0x12_3456);
        let mut total = 0;
        for embed in embeds {
            for text in [&embed["title"], &embed["description"], &embed["footer"]["text"]] {
                total += text.as_str().unwrap_or_default().chars().count();
            }
            for field in embed["fields"].as_array().into_iter().flatten() {
                let (name, value) = (field["name"].as_str().unwrap(), field["value"].as_str().unwrap());
                assert!(!name.is_empty() && !value.is_empty() && value.chars().count() <= FIELD_VALUE_MAX);
                total += name.chars().count() + value.chars().count();
            }
        }
        assert!(total <= EMBEDS_TOTAL_MAX, "{total}");
    }
}
