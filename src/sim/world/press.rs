//! People pressing buttons: what their client lets them press, and what the bot is told of it.

use serde_json::{Value, json};

use crate::model::{MessageId, UserId};

use super::permissions::VIEW_CHANNEL;
use super::slash::Origin;
use super::state::{InteractionId, Message};
use super::{Impossible, World};

/// A button that leads elsewhere; the bot is not told of it.
const LINK: u64 = 5;

impl Message {
    /// Its buttons, row by row, as they were sent.
    pub fn buttons(&self) -> impl Iterator<Item = &Value> {
        let rows = self.components.iter().filter_map(|row| row["components"].as_array());
        rows.flatten().filter(|component| component["type"] == 2)
    }
}

impl World {
    /// A member presses the button with this custom id below a message that they can see.
    pub fn press(&mut self, message: MessageId, member: UserId, custom_id: &str) -> Result<InteractionId, Impossible> {
        let places = self.channels.values();
        let Some((place, found)) = places.into_iter().find_map(|place| Some((place, place.message(message)?))) else {
            return Impossible::because("there is no such message");
        };
        if place.guild.is_none() {
            return Impossible::because("buttons are for guilds here");
        }
        let visible = self.permissions_in(member, place) & VIEW_CHANNEL != 0;
        if !visible || found.only_for.is_some_and(|only| only != member) {
            return Impossible::because("they cannot see this message");
        }
        let pressed = found.buttons().find(|button| button["custom_id"] == custom_id);
        let Some(button) = pressed.filter(|button| button["style"] != LINK) else {
            return Impossible::because("there is no such button below this message");
        };
        if button["disabled"] == true {
            return Impossible::because("this button is switched off");
        }
        let name = button["label"].as_str().unwrap_or("a button").to_owned();
        let data = json!({"custom_id": custom_id, "component_type": 2, "id": 2});
        let channel = place.id;
        Ok(self.send_interaction(channel, member, &name, Origin::Press(message), data))
    }
}
