//! People pressing buttons and choosing from lists: what their client lets them do, and what the bot is told of it.

use serde_json::{Value, json};

use crate::model::{ChannelId, MessageId, UserId};

use super::permissions::VIEW_CHANNEL;
use super::slash::Origin;
use super::state::{InteractionId, Message};
use super::{Impossible, World};

/// A button that leads elsewhere; the bot is not told of it.
const LINK: u64 = 5;

impl Message {
    /// Its buttons, row by row, as they were sent.
    pub fn buttons(&self) -> impl Iterator<Item = &Value> {
        self.parts().filter(|component| component["type"] == 2)
    }

    /// Its lists to choose from, as they were sent.
    pub fn lists(&self) -> impl Iterator<Item = &Value> {
        self.parts().filter(|component| component["type"] == 3)
    }

    fn parts(&self) -> impl Iterator<Item = &Value> {
        let rows = self.components.iter().filter_map(|row| row["components"].as_array());
        rows.flatten()
    }
}

impl World {
    /// A member presses the button with this custom id below a message that they can see.
    pub fn press(&mut self, message: MessageId, member: UserId, custom_id: &str) -> Result<InteractionId, Impossible> {
        let (channel, found) = self.below(message, member)?;
        let pressed = found.buttons().find(|button| button["custom_id"] == custom_id);
        let Some(button) = pressed.filter(|button| button["style"] != LINK) else {
            return Impossible::because("there is no such button below this message");
        };
        if button["disabled"] == true {
            return Impossible::because("this button is switched off");
        }
        let name = button["label"].as_str().unwrap_or("a button").to_owned();
        let data = json!({"custom_id": custom_id, "component_type": 2, "id": 2});
        Ok(self.send_interaction(channel, member, &name, Origin::Press(message), data))
    }
    /// A member chooses these values, maybe none, from the list with this custom id below a message that they can see.
    pub fn select(
        &mut self,
        message: MessageId,
        member: UserId,
        custom_id: &str,
        values: &[&str],
    ) -> Result<InteractionId, Impossible> {
        let (channel, found) = self.below(message, member)?;
        let Some(list) = found.lists().find(|list| list["custom_id"] == custom_id) else {
            return Impossible::because("there is no such list below this message");
        };
        let known = list["options"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !values.iter().all(|value| known.iter().any(|option| option["value"] == *value)) {
            return Impossible::because("that cannot be chosen from this list");
        }
        let within = |key: &str, usual: u64| list[key].as_u64().unwrap_or(usual);
        if !(within("min_values", 1)..=within("max_values", 1)).contains(&(values.len() as u64)) {
            return Impossible::because("so many cannot be chosen from this list");
        }
        let data = json!({"custom_id": custom_id, "component_type": 3, "id": 2, "values": values});
        Ok(self.send_interaction(channel, member, "a list", Origin::Press(message), data))
    }

    /// A message of a guild that a member can see, and where it is.
    fn below(&self, message: MessageId, member: UserId) -> Result<(ChannelId, &Message), Impossible> {
        let mut places = self.channels.values();
        let Some((place, found)) = places.find_map(|place| Some((place, place.message(message)?))) else {
            return Impossible::because("there is no such message");
        };
        if place.guild.is_none() {
            return Impossible::because("buttons are for guilds here");
        }
        let visible = self.permissions_in(member, place) & VIEW_CHANNEL != 0;
        if !visible || found.only_for.is_some_and(|only| only != member) {
            return Impossible::because("they cannot see this message");
        }
        Ok((place.id, found))
    }
}
