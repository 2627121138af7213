//! A listing site's bot, as Disboard's: it takes `/bump` every two hours, answers in the channel, and what it answers
//! names who asked. Our own bot sees nothing of it but that message.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{ChannelId, GuildId, MessageId, Timestamp, UserId};

use super::permissions::{USE_APPLICATION_COMMANDS, VIEW_CHANNEL};
use super::state::Message;
use super::{Impossible, World, wire};

/// Disboard's user.
const BOT: u64 = 302_050_872_383_242_240;
/// How long a server waits for its next bump.
const WAIT: Duration = Duration::from_secs(7_200);
/// The type of a message that answers a slash command.
const ANSWER: u8 = 20;

/// Who used which command of another bot, for the message that answers it.
#[derive(Debug, Clone)]
pub struct UsedElsewhere {
    pub id: u64,
    pub command: String,
    pub user: UserId,
}

impl World {
    /// The listing site's bot becomes a member.
    pub fn invite_listing_bot(&mut self, guild: GuildId) -> UserId {
        let bot = listing_bot();
        self.insert_user(bot, "DISBOARD");
        if let Some(user) = self.users.get_mut(&bot) {
            user.bot = true;
        }
        self.insert_member(guild, bot);
        bot
    }

    /// A member uses the listing bot's `/bump`; the answer says that it is done, or how long to wait.
    pub fn bump(&mut self, channel: ChannelId, member: UserId) -> Result<MessageId, Impossible> {
        let guild = self.channels.get(&channel).and_then(|known| known.guild);
        let is_there = |guild: GuildId| self.guilds.get(&guild).is_some_and(|g| g.members.contains_key(&listing_bot()));
        if !guild.is_some_and(is_there) {
            return Impossible::because("there is no command /bump");
        }
        let now = self.clock.now();
        let since = self.last_bump(guild).map(|last| now.since(last));
        let text = match since.filter(|since| *since < WAIT) {
            None => "Bump done! Check it out on DISBOARD.".to_owned(),
            Some(since) => format!("Please wait another {} minutes.", (WAIT - since).as_secs().div_ceil(60)),
        };
        self.answer_elsewhere(channel, member, "bump", vec![json!({"type": "rich", "description": text})])
    }

    /// Whether our own bot has a command of this name where somebody types.
    pub(in crate::sim) fn has_command(&self, channel: ChannelId, name: &str) -> bool {
        let guild = self.channels.get(&channel).and_then(|known| known.guild);
        guild.is_some_and(|guild| self.commands_in(guild).iter().any(|command| command.name == name))
    }

    /// When a bump last worked.
    fn last_bump(&self, guild: Option<GuildId>) -> Option<Timestamp> {
        let here = self.channels.values().filter(|channel| channel.guild == guild);
        let done = |message: &&Message| {
            message.used_elsewhere.is_some()
                && message.embeds.iter().any(|embed| embed["description"].as_str().is_some_and(|d| d.contains("done")))
        };
        here.flat_map(|channel| channel.messages.iter().filter(done)).map(|message| message.id.time()).max()
    }

    /// The listing bot answers a member's command of this name.
    pub fn answer_elsewhere(
        &mut self,
        channel: ChannelId,
        member: UserId,
        command: &str,
        embeds: Vec<Value>,
    ) -> Result<MessageId, Impossible> {
        let Some(known) = self.channels.get(&channel) else { return Impossible::because("there is no such channel") };
        let (held, guild) = (self.permissions_in(member, known), known.guild);
        if held & VIEW_CHANNEL == 0 || held & USE_APPLICATION_COMMANDS == 0 {
            return Impossible::because("they may not use commands in this channel");
        }
        let used = self.id::<MessageId>().get();
        let id: MessageId = self.id();
        let used_elsewhere = Some(UsedElsewhere { id: used, command: command.to_owned(), user: member });
        let plain = Message::plain(id, channel, guild, listing_bot(), "", ANSWER);
        self.insert_message(Message { embeds, used_elsewhere, ..plain });
        Ok(id)
    }

    pub(super) fn add_use_elsewhere(&self, json: &mut Value, message: &Message) {
        let Some(used) = &message.used_elsewhere else { return };
        let user = self.user_json(used.user);
        let home = message.guild.and_then(|guild| self.guilds.get(&guild));
        let member = home.and_then(|home| home.members.get(&used.user)).map(wire::member_part);
        json["application_id"] = message.author.to_string().into();
        json["webhook_id"] = message.author.to_string().into();
        json["interaction"] = json!({"id": used.id.to_string(), "type": 2, "name": used.command, "user": user,
            "member": member});
        json["interaction_metadata"] = json!({"id": used.id.to_string(), "type": 2, "user": user,
            "authorizing_integration_owners": {"0": message.guild}});
    }
}

#[expect(clippy::expect_used, reason = "it is a number between 1 and 2⁶³")]
fn listing_bot() -> UserId {
    UserId::new(BOT).expect("an id")
}
