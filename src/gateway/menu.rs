//! Commands in the menu of a message: choosing one asks for its text in a small form, and sending that asks for the
//! command, about the message and its author.
//!
//! It refuses to know commands beyond their declarations, and keeps nothing between the two: what the form is about
//! stands in its custom id.
//!
//! Source: Discord API documentation, "Application Commands", "Message Commands"; "Component Reference", "Text Input".

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::press::Interaction;
use super::raw::Raw;
use crate::command::{Command, Given, Invocation, Kind, OnMessage, Value};
use crate::model::{ChannelId, GuildId, MessageId, Place, UserId};

/// What a custom id of ours begins with.
const MARK: &str = "ask:";
/// Discord's limits.
const TITLE_CHARS_MAX: usize = 45;
const LABEL_CHARS_MAX: usize = 45;
/// A field of several lines.
const PARAGRAPH: u8 = 2;

const UNKNOWN: &str = "I no longer know what this does. Please choose it from the message's menu again.";
/// Discord's number for a command in the menu of a message.
const ON_MESSAGE: i64 = 3;

/// A form to show, and the invocation that it may lead to, for the gate to look at.
pub struct Question {
    pub invocation: Invocation,
    pub form: Json,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow, rename = "type")]
    kind: Raw<'a>,
    #[serde(borrow)]
    name: Raw<'a>,
    #[serde(borrow)]
    target_id: Raw<'a>,
    #[serde(borrow)]
    resolved: Raw<'a>,
    #[serde(borrow)]
    custom_id: Raw<'a>,
    #[serde(borrow)]
    components: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resolved<'a> {
    #[serde(borrow)]
    messages: HashMap<&'a str, Message<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    channel_id: Raw<'a>,
    #[serde(borrow)]
    author: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Author<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
}

/// A row with fields, a label with one field, or a field: Discord has written them in both ways.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Component<'a> {
    #[serde(borrow)]
    components: Raw<'a>,
    #[serde(borrow)]
    component: Raw<'a>,
    #[serde(borrow)]
    custom_id: Raw<'a>,
    #[serde(borrow)]
    value: Raw<'a>,
}

/// Whether a command was chosen from the menu of a message.
pub fn is_on_message(data: &str) -> bool {
    Interaction::read(data).is_ok_and(|chosen| chosen.data.object::<Data<'_>>().kind.whole() == Some(ON_MESSAGE))
}

/// The form that a choice from the menu leads to, or words for the person who chose.
pub fn question(data: &str, commands: &[&Command]) -> Result<Question, &'static str> {
    let chosen = Interaction::read(data)?;
    let guild = chosen.guild()?;
    let data: Data<'_> = chosen.data.object();
    let name = data.name.text().unwrap_or_default();
    let (command, on) = find(commands, |_, on| on.label == name).ok_or(UNKNOWN)?;
    let message: MessageId = data.target_id.id().ok_or(UNKNOWN)?;
    let resolved: Resolved<'_> = data.resolved.object();
    let target = resolved.messages.get(message.to_string().as_str()).ok_or(UNKNOWN)?;
    let author: UserId = target.author.object::<Author<'_>>().id.id().ok_or(UNKNOWN)?;
    let channel: ChannelId = target.channel_id.id().ok_or(UNKNOWN)?;
    let place = Place { guild, channel, message };
    let invocation = chosen.invokes(command.name, Given::Named(about(on, author, place)))?;
    let custom_id = format!("{MARK}{} {author} {channel} {message}", command.name);
    Ok(Question { invocation, form: form(command, on, &custom_id) })
}

/// The invocation that a form asks for, or words for the person who sent it.
pub fn submitted(data: &str, commands: &[&Command]) -> Result<Invocation, &'static str> {
    let sent = Interaction::read(data)?;
    let guild = sent.guild()?;
    let data: Data<'_> = sent.data.object();
    let custom_id = data.custom_id.text().ok_or(UNKNOWN)?;
    // From the end: a command's name may have a space in it.
    let mut parts = custom_id.strip_prefix(MARK).ok_or(UNKNOWN)?.rsplitn(4, ' ');
    let (message, channel, author) = (parts.next(), parts.next(), parts.next());
    let name = parts.next().ok_or(UNKNOWN)?;
    let (command, on) = find(commands, |command, _| command.name == name).ok_or(UNKNOWN)?;
    let place = place(guild, channel, message).ok_or(UNKNOWN)?;
    let author = author.and_then(|author| author.parse().ok()).ok_or(UNKNOWN)?;
    let mut given = about(on, author, place);
    let text = fields(data.components).into_iter().find(|(id, _)| id == on.ask.name());
    given.extend(text.map(|(id, text)| (id, Value::Text(text))));
    sent.invokes(command.name, Given::Named(given))
}

fn find<'c>(
    commands: &[&'c Command],
    fits: impl Fn(&Command, &OnMessage) -> bool,
) -> Option<(&'c Command, &'c OnMessage)> {
    commands.iter().find_map(|command| {
        let on = command.on_message.as_ref()?;
        fits(command, on).then_some((*command, on))
    })
}

/// What the message itself answers.
fn about(on: &OnMessage, author: UserId, place: Place) -> Vec<(String, Value)> {
    vec![(on.author.name().to_owned(), Value::User(author)), (on.link.name().to_owned(), Value::Text(place.link()))]
}

fn place(guild: GuildId, channel: Option<&str>, message: Option<&str>) -> Option<Place> {
    Some(Place { guild, channel: channel?.parse().ok()?, message: message?.parse().ok()? })
}

/// The body of the answer that shows a form.
fn form(command: &Command, on: &OnMessage, custom_id: &str) -> Json {
    let most = if let Kind::Text { chars_max } = on.ask.kind() { chars_max } else { u16::MAX };
    let field = json!({
        "type": 4,
        "custom_id": on.ask.name(),
        "style": PARAGRAPH,
        "label": within(on.ask.about(), LABEL_CHARS_MAX),
        "required": on.ask.required(),
        "max_length": most.clamp(1, 4_000),
    });
    json!({
        "type": 9,
        "data": {
            "custom_id": custom_id,
            "title": within(command.about, TITLE_CHARS_MAX),
            "components": [{"type": 1, "components": [field]}],
        },
    })
}

fn within(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

/// Names and texts of the fields of a form.
fn fields(components: Raw<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for component in components.list::<Component<'_>>() {
        let inner = component.components.list::<Component<'_>>();
        for field in inner.iter().chain([&component.component.object(), &component]) {
            found.extend(Option::zip(field.custom_id.text(), field.value.text()));
        }
    }
    found.into_iter().map(|(id, text)| (id.into_owned(), text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Declared, Opt};
    use crate::model::Refusal;

    static MEMBER: Opt<UserId> = Opt::user("member", "Whom").required();
    static REASON: Opt<String> = Opt::text("reason", "Why", 400).required();
    static MESSAGE: Opt<String> = Opt::text("message", "A link", 100).by_name();
    static OPTIONS: [&dyn Declared; 3] = [&MEMBER, &REASON, &MESSAGE];
    static SCOLD: Command = Command {
        on_message: Some(OnMessage { label: "Scold", author: &MEMBER, link: &MESSAGE, ask: &REASON }),
        ..Command::open("scold hard", "Scolds somebody", "Test", &OPTIONS, |_, _, _| Err(Refusal::new("no").into()))
    };

    fn interaction(data: Json) -> String {
        let member = json!({"user": {"id": "30", "username": "ada"}, "roles": [], "permissions": "8"});
        json!({"id": "900", "guild_id": "10", "channel_id": "20", "member": member, "data": data}).to_string()
    }

    fn chosen(name: &str) -> String {
        let message = json!({"id": "77", "channel_id": "20", "author": {"id": "40", "strange": {}}, "type": "odd"});
        interaction(json!({"name": name, "type": 3, "target_id": "77", "resolved": {"messages": {"77": message}}}))
    }

    fn named(given: &Given) -> Vec<(String, Value)> {
        if let Given::Named(named) = given { named.clone() } else { Vec::new() }
    }

    #[test]
    fn a_choice_shows_a_form_that_leads_to_the_command() {
        assert!(is_on_message(&chosen("Scold")) && !is_on_message(&interaction(json!({"type": 1}))));
        let question = question(&chosen("Scold"), &[&SCOLD]).unwrap();
        assert_eq!((question.invocation.command.as_str(), question.invocation.actor.user.get()), ("scold hard", 30));
        let custom_id = question.form["data"]["custom_id"].as_str().unwrap();
        assert_eq!(custom_id, "ask:scold hard 40 20 77");
        let text = json!({"type": 4, "custom_id": "reason", "value": "not nice"});
        for components in [json!([{"type": 1, "components": [text]}]), json!([{"type": 18, "component": text}])] {
            let sent = interaction(json!({"custom_id": custom_id, "components": components}));
            let asked = submitted(&sent, &[&SCOLD]).unwrap();
            let link = "https://discord.com/channels/10/20/77".to_owned();
            let expected = [
                ("member".to_owned(), Value::User(UserId::new(40).unwrap())),
                ("message".to_owned(), Value::Text(link)),
                ("reason".to_owned(), Value::Text("not nice".to_owned())),
            ];
            assert_eq!((asked.command.as_str(), named(&asked.given)), ("scold hard", expected.to_vec()));
        }
    }

    #[test]
    fn what_is_not_ours_gets_a_sentence() {
        assert_eq!(question(&chosen("Praise"), &[&SCOLD]).err(), Some(UNKNOWN));
        assert_eq!(question(&interaction(json!({"name": "Scold", "type": 3})), &[&SCOLD]).err(), Some(UNKNOWN));
        for custom_id in ["", "run:scold hard", "ask:scold hard", "ask:scold hard x 20 77", "ask:praise 40 20 77"] {
            let sent = interaction(json!({"custom_id": custom_id}));
            assert_eq!(submitted(&sent, &[&SCOLD]).err(), Some(UNKNOWN), "{custom_id}");
        }
    }
}
