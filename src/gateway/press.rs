//! Buttons and menus to choose from: a press becomes an [`Invocation`] of the command line that the button carries, a
//! choice one of the menu's command line with the chosen values behind it.
//!
//! Only the fields that are needed are read, as with events; the message that the button stands below is not looked
//! at, so a press works however old the message is. It refuses to know commands beyond their names.
//!
//! Source: Discord API documentation, "Component Reference" (a custom id has 1 to 100 characters) and "Interaction
//! Object".

use serde::Deserialize;

use super::raw::Raw;
use crate::command::{Actor, Command, Door, Given, Invocation, prefix};
use crate::model::button::LINE_UNITS_MAX;
use crate::model::{Button, GuildId, Permissions, Select, UserId, id};

/// What stands before the command line in a custom id, so that another kind of button can be told from these.
const MARK: &str = "run:";
const CUSTOM_ID_UNITS_MAX: usize = 100;
const _: () = assert!(MARK.len() + LINE_UNITS_MAX <= CUSTOM_ID_UNITS_MAX);

const UNREADABLE: &str = "I could not read that press. Please try again; if it stays, tell whoever runs me.";
const UNKNOWN_BUTTON: &str = "I no longer know what this button does. The command it came from makes a new one.";
pub(super) const GUILD_ONLY: &str = "That works in a server only.";

/// The custom id of a button.
pub fn custom_id(button: &Button) -> String {
    format!("{MARK}{}", button.line())
}

/// The custom id of a menu to choose from.
pub fn select_id(select: &Select) -> String {
    format!("{MARK}{}", select.line())
}

/// What every interaction has.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Interaction<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    guild_id: Raw<'a>,
    #[serde(borrow)]
    channel_id: Raw<'a>,
    #[serde(borrow)]
    member: Raw<'a>,
    #[serde(borrow)]
    pub data: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    custom_id: Raw<'a>,
    /// What was chosen; a button has none.
    #[serde(borrow)]
    values: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Member<'a> {
    #[serde(borrow)]
    user: Raw<'a>,
    #[serde(borrow)]
    nick: Raw<'a>,
    #[serde(borrow)]
    roles: Raw<'a>,
    #[serde(borrow)]
    permissions: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    username: Raw<'a>,
    #[serde(borrow)]
    global_name: Raw<'a>,
}

impl<'a> Interaction<'a> {
    pub fn read(data: &'a str) -> Result<Self, &'static str> {
        Self::deserialize(&mut serde_json::Deserializer::from_str(data)).map_err(|_| UNREADABLE)
    }

    pub fn guild(&self) -> Result<GuildId, &'static str> {
        self.guild_id.id().ok_or(GUILD_ONLY)
    }

    /// The invocation of this command by whoever acted.
    pub fn invokes(&self, command: &str, given: Given) -> Result<Invocation, &'static str> {
        let guild = self.guild()?;
        let actor = actor(self.member.object()).ok_or(UNREADABLE)?;
        let key = self.id.bits().ok_or(UNREADABLE)?;
        Ok(Invocation {
            command: command.to_owned(),
            given,
            actor,
            guild,
            channel: self.channel_id.id(),
            door: Door::Slash,
            people: Vec::new(),
            key,
            at: id::time_of(key),
        })
    }
}

/// The invocation that a press asks for, or words for the person who pressed.
pub fn invocation(data: &str, commands: &[&Command]) -> Result<Invocation, &'static str> {
    let press = Interaction::read(data)?;
    press.guild()?;
    let data: Data<'_> = press.data.object();
    let custom_id = data.custom_id.text();
    let chosen = data.values.list::<Raw<'_>>().into_iter().filter_map(Raw::text);
    let line = custom_id.as_deref().and_then(|id| id.strip_prefix(MARK));
    let line = line.map(|line| chosen.fold(line.to_owned(), |line, value| format!("{line} {value}")));
    let (command, rest) = prefix::split(line.as_deref().unwrap_or_default(), commands);
    // Whose press cannot be read is told so, whatever was pressed.
    let asked = press.invokes(command, Given::Text(rest.to_owned()))?;
    line.map(|_| asked).ok_or(UNKNOWN_BUTTON)
}

fn actor(member: Member<'_>) -> Option<Actor> {
    let user: User<'_> = member.user.object();
    let id: UserId = user.id.id()?;
    let name = member.nick.text().or_else(|| user.global_name.text()).or_else(|| user.username.text());
    Some(Actor {
        user: id,
        name: name.unwrap_or_default().into_owned(),
        roles: member.roles.list::<Raw<'_>>().into_iter().filter_map(Raw::id).collect(),
        permissions: Permissions(member.permissions.bits().unwrap_or(0)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Refusal;

    const fn named(name: &'static str) -> Command {
        Command::open(name, "x", "x", &[], |_, _, _| Err(Refusal::new("no").into()))
    }

    static KUDOS: Command = named("kudos");
    static GIVE: Command = named("kudos give");

    fn press(custom_id: &str) -> Value {
        json!({"id": (9_u64 << 30).to_string(), "type": 3, "guild_id": "10", "channel_id": "20",
            "message": {"id": "77", "strange": [{}]}, "data": {"custom_id": custom_id, "component_type": 2},
            "member": {"user": {"id": "30", "username": "ada", "global_name": "Ada"}, "nick": null,
                "roles": ["41", "x"], "permissions": "8"}})
    }

    #[test]
    fn a_press_is_the_command_line_on_the_button() {
        let asked = invocation(&press("run:tools Poll Creator").to_string(), &[]).unwrap();
        assert_eq!((asked.command.as_str(), asked.key, asked.guild.get()), ("tools", 9 << 30, 10));
        assert!(matches!(&asked.given, Given::Text(rest) if rest == "Poll Creator"));
        assert_eq!((asked.actor.name.as_str(), asked.actor.user.get()), ("Ada", 30));
        assert_eq!((asked.actor.roles.len(), asked.actor.permissions.0, asked.door), (1, 8, Door::Slash));
        let bare = invocation(&press("run:tools").to_string(), &[]).unwrap();
        assert!(matches!(&bare.given, Given::Text(rest) if rest.is_empty()));
    }

    #[test]
    fn a_choice_is_the_command_line_with_what_was_chosen_behind_it() {
        let mut chosen = press("run:pickrole 3");
        chosen["data"]["values"] = json!(["41", 5, "42"]);
        let asked = invocation(&chosen.to_string(), &[]).unwrap();
        assert!(matches!(&asked.given, Given::Text(rest) if rest == "3 41 42"));
        chosen["data"]["values"] = json!([]);
        let asked = invocation(&chosen.to_string(), &[]).unwrap();
        assert!(matches!(&asked.given, Given::Text(rest) if rest == "3"));
    }

    #[test]
    fn the_longest_command_that_fits_is_meant() {
        let of = |line: &str| invocation(&press(line).to_string(), &[&KUDOS, &GIVE]).unwrap().command;
        assert_eq!(of("run:kudos give <@5> 2"), "kudos give");
        assert_eq!(of("run:kudos given"), "kudos");
        assert_eq!(of("run:kudosgive x"), "kudosgive");
    }

    #[test]
    fn what_is_not_ours_gets_a_sentence() {
        let told = |data: Value| invocation(&data.to_string(), &[]).unwrap_err();
        assert_eq!(told(press("other:thing")), UNKNOWN_BUTTON);
        assert_eq!(told(json!({"id": "1", "guild_id": "10", "member": press("")["member"]})), UNKNOWN_BUTTON);
        let mut private = press("run:tools");
        private["guild_id"] = Value::Null;
        assert_eq!(told(private), GUILD_ONLY);
        let mut nobody = press("run:tools");
        nobody["member"] = json!([]);
        assert_eq!(told(nobody), UNREADABLE);
    }
}
