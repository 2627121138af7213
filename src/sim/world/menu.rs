//! People choosing a command from the menu of a message, and filling in the form that comes back.
//!
//! Source: Discord API documentation, "Application Commands", "Message Commands"; "Receiving and Responding", modals.

use serde_json::{Map, Value, json};

use crate::model::{MessageId, UserId};

use super::permissions::{USE_APPLICATION_COMMANDS, VIEW_CHANNEL};
use super::slash::Origin;
use super::state::InteractionId;
use super::{Impossible, World};

/// Discord's number for a command in the menu of a message.
const ON_MESSAGE: u8 = 3;

impl World {
    /// A member chooses the command with this name from the menu of a message that they can see.
    pub fn choose(&mut self, message: MessageId, member: UserId, name: &str) -> Result<InteractionId, Impossible> {
        let places = self.channels.values();
        let Some((place, found)) = places.into_iter().find_map(|place| Some((place, place.message(message)?))) else {
            return Impossible::because("there is no such message");
        };
        let Some(guild) = place.guild else { return Impossible::because("commands are for guilds here") };
        let held = self.permissions_in(member, place);
        if held & VIEW_CHANNEL == 0 || held & USE_APPLICATION_COMMANDS == 0 {
            return Impossible::because("they may not use commands in this channel");
        }
        let known = self.commands_in(guild);
        let Some(command) = known.into_iter().find(|command| command.kind == ON_MESSAGE && command.name == name) else {
            return Impossible::because(format!("there is no entry {name}"));
        };
        if !self.is_offered(command, member, place) {
            return Impossible::because(format!("{name} is not open to them"));
        }
        let messages = Map::from_iter([(message.to_string(), self.message_json(found))]);
        let data = json!({"id": command.id.to_string(), "name": name, "type": ON_MESSAGE, "target_id": message,
            "resolved": {"messages": messages}});
        let channel = place.id;
        Ok(self.send_interaction(channel, member, name, Origin::Command, data))
    }

    /// The form that an interaction was answered with.
    pub fn form(&self, id: InteractionId) -> Option<&Value> {
        self.interactions.get(&id)?.other.as_ref()
    }

    /// The member fills in the form that an interaction was answered with, and sends it: these texts, by field.
    pub fn submit(&mut self, id: InteractionId, texts: &[(&str, &str)]) -> Result<InteractionId, Impossible> {
        let Some(interaction) = self.interactions.get(&id) else {
            return Impossible::because("there is no such interaction");
        };
        let Some(form) = interaction.other.clone() else { return Impossible::because("there is no form") };
        let (channel, user, name) = (interaction.channel, interaction.user, interaction.command.clone());
        let mut rows = Vec::new();
        let fields = form["components"].as_array().into_iter().flatten();
        for field in fields.filter_map(|row| row["components"].get(0)) {
            let given = texts.iter().find(|(name, _)| field["custom_id"] == *name).map_or("", |(_, text)| *text);
            let length = given.chars().count() as u64;
            let least = u64::from(field["required"] != false);
            if length < field["min_length"].as_u64().unwrap_or(least)
                || length > field["max_length"].as_u64().unwrap_or(4_000)
            {
                return Impossible::because(format!("{} has the wrong length", field["custom_id"]));
            }
            let filled = json!({"type": 4, "id": 2, "custom_id": field["custom_id"], "value": given});
            rows.push(json!({"type": 1, "id": 1, "components": [filled]}));
        }
        let data = json!({"custom_id": form["custom_id"], "components": rows});
        Ok(self.send_interaction(channel, user, &name, Origin::Form, data))
    }
}
