//! People using slash commands: what their client lets them send, and what the bot is told of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{ChannelId, MessageId, RoleId, UserId};

use super::commands::{Command, CommandOption, option_kind};
use super::permissions::{USE_APPLICATION_COMMANDS, VIEW_CHANNEL};
use super::state::{Channel, Guild, Interaction, InteractionId};
use super::{Impossible, World, wire};

/// A value that a person gives to an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Text(String),
    Whole(i64),
    Number(f64),
    Flag(bool),
    User(UserId),
    Channel(ChannelId),
    Role(RoleId),
}

macro_rules! input_from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Input {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}
input_from!(&str => Text, String => Text, i64 => Whole, i32 => Whole, f64 => Number, bool => Flag,
    UserId => User, ChannelId => Channel, RoleId => Role);

/// What somebody used.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    Command,
    /// A button below this message.
    Press(MessageId),
    Form,
}

impl Origin {
    /// Discord's number for it.
    const fn kind(self) -> u8 {
        match self {
            Self::Command => 2,
            Self::Press(_) => 3,
            Self::Form => 5,
        }
    }
}

/// Things that options name, as `resolved` brings them.
#[derive(Default)]
struct Resolved {
    users: Map<String, Value>,
    members: Map<String, Value>,
    roles: Map<String, Value>,
    channels: Map<String, Value>,
}

impl World {
    /// A member uses a slash command. `name` may go down to a subcommand: `"kudos give"`.
    ///
    /// The member's client offers only what is registered and open to them, and checks what they enter.
    pub fn slash(
        &mut self,
        channel: ChannelId,
        member: UserId,
        name: &str,
        options: &[(&str, Input)],
    ) -> Result<InteractionId, Impossible> {
        let Some(place) = self.channels.get(&channel) else { return Impossible::because("there is no such channel") };
        let Some(guild) = place.guild.and_then(|id| self.guilds.get(&id)) else {
            return Impossible::because("commands are for guilds here");
        };
        let held = self.permissions_in(member, place);
        if held & VIEW_CHANNEL == 0 || held & USE_APPLICATION_COMMANDS == 0 {
            return Impossible::because("they may not use commands in this channel");
        }
        let mut path = name.split_whitespace();
        let root = path.next().unwrap_or_default();
        let known = self.commands_in(guild.id);
        let Some(command) = known.into_iter().find(|command| command.kind == 1 && command.name == root) else {
            return Impossible::because(format!("there is no command /{root}"));
        };
        if !self.is_offered(command, member, place) {
            return Impossible::because(format!("/{root} is not open to them"));
        }
        let mut resolved = Resolved::default();
        let path: Vec<_> = path.collect();
        let filled = self.fill(&command.options, &path, options, guild, &mut resolved)?;
        let data = command_data(command, filled, resolved);
        Ok(self.send_interaction(channel, member, name, Origin::Command, data))
    }

    /// Descends to the subcommand and fills its options.
    fn fill(
        &self,
        known: &[CommandOption],
        path: &[&str],
        given: &[(&str, Input)],
        guild: &Guild,
        resolved: &mut Resolved,
    ) -> Result<Vec<Value>, Impossible> {
        let Some((step, rest)) = path.split_first() else {
            if known.iter().any(CommandOption::is_branch) {
                return Impossible::because("choose a subcommand");
            }
            return self.fill_values(known, given, guild, resolved);
        };
        let Some(branch) = known.iter().find(|option| option.is_branch() && option.name == *step) else {
            return Impossible::because(format!("there is no subcommand {step}"));
        };
        let inner = self.fill(&branch.options, rest, given, guild, resolved)?;
        Ok(vec![json!({"name": branch.name, "type": branch.kind, "options": inner})])
    }

    fn fill_values(
        &self,
        known: &[CommandOption],
        given: &[(&str, Input)],
        guild: &Guild,
        resolved: &mut Resolved,
    ) -> Result<Vec<Value>, Impossible> {
        if let Some((name, _)) = given.iter().find(|(name, _)| known.iter().all(|option| option.name != *name)) {
            return Impossible::because(format!("there is no option {name}"));
        }
        if let Some(option) = known.iter().find(|o| o.required && given.iter().all(|(name, _)| *name != o.name)) {
            return Impossible::because(format!("the option {} is required", option.name));
        }
        let mut filled = Vec::new();
        for (name, input) in given {
            let Some(option) = known.iter().find(|option| option.name == *name) else { continue };
            let value = self.value(option, input, guild, resolved)?;
            filled.push(json!({"name": option.name, "type": option.kind, "value": value}));
        }
        Ok(filled)
    }

    fn value(
        &self,
        option: &CommandOption,
        input: &Input,
        guild: &Guild,
        resolved: &mut Resolved,
    ) -> Result<Value, Impossible> {
        let name = &option.name;
        let value = match (option.kind, input) {
            (option_kind::STRING, Input::Text(text)) => {
                check_length(option, text)?;
                json!(text)
            }
            (option_kind::INTEGER, Input::Whole(number)) => {
                check_range(option, *number as f64)?;
                json!(number)
            }
            (option_kind::NUMBER, Input::Number(number)) => {
                check_range(option, *number)?;
                json!(number)
            }
            (option_kind::BOOLEAN, Input::Flag(flag)) => json!(flag),
            (option_kind::USER | option_kind::MENTIONABLE, Input::User(user)) => {
                self.resolve_user(*user, guild, resolved)?;
                json!(user)
            }
            (option_kind::ROLE | option_kind::MENTIONABLE, Input::Role(id)) => {
                let Some(role) = guild.roles.get(id) else { return Impossible::because("there is no such role") };
                resolved.roles.insert(id.to_string(), wire::role(role));
                json!(id)
            }
            (option_kind::CHANNEL, Input::Channel(id)) => {
                self.resolve_channel(option, *id, guild, resolved)?;
                json!(id)
            }
            _ => return Impossible::because(format!("{name} takes something else")),
        };
        let is_choice = option.choices.is_empty() || option.choices.iter().any(|(_, choice)| *choice == value);
        if is_choice { Ok(value) } else { Impossible::because(format!("{name} must be one of its choices")) }
    }

    fn resolve_user(&self, user: UserId, guild: &Guild, resolved: &mut Resolved) -> Result<(), Impossible> {
        if !self.users.contains_key(&user) {
            return Impossible::because("there is no such user");
        }
        resolved.users.insert(user.to_string(), self.user_json(user));
        if let Some(member) = guild.members.get(&user) {
            let mut json = wire::member_part(member);
            json["permissions"] = self.permissions_of(user, guild.id).to_string().into();
            resolved.members.insert(user.to_string(), json);
        }
        Ok(())
    }

    fn resolve_channel(
        &self,
        option: &CommandOption,
        id: ChannelId,
        guild: &Guild,
        resolved: &mut Resolved,
    ) -> Result<(), Impossible> {
        let Some(channel) = self.channels.get(&id).filter(|channel| channel.guild == Some(guild.id)) else {
            return Impossible::because("there is no such channel");
        };
        if !option.channel_types.is_empty() && !option.channel_types.contains(&u64::from(channel.kind)) {
            return Impossible::because(format!("{} takes other channels", option.name));
        }
        let mut json = self.channel_json(channel);
        json["permissions"] = self.permissions_in(self.me, channel).to_string().into();
        resolved.channels.insert(id.to_string(), json);
        Ok(())
    }

    /// Begins an interaction and tells the bot of it.
    pub(super) fn send_interaction(
        &mut self,
        channel: ChannelId,
        user: UserId,
        name: &str,
        origin: Origin,
        data: Value,
    ) -> InteractionId {
        let id = InteractionId(self.id::<UserId>().get());
        let alphabet = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        let random: String = (0..180).map(|_| alphabet[self.dice.usize(..alphabet.len())] as char).collect();
        let token = format!("aW50ZXJhY3Rpb246{random}");
        let place = self.channels.get(&channel);
        let home = place.and_then(|place| place.guild).and_then(|guild| self.guilds.get(&guild));
        let (Some(place), Some(home)) = (place, home) else { return id };
        let guild = home.id;
        let mut json = self.interaction_json(id, &token, user, place, home, data);
        json["type"] = origin.kind().into();
        let pressed_below = if let Origin::Press(message) = origin { Some(message) } else { None };
        if let Some(message) = pressed_below.and_then(|id| place.message(id)) {
            json["message"] = self.message_json(message);
        }
        let interaction = Interaction {
            id,
            token,
            command: name.to_owned(),
            kind: origin.kind(),
            pressed_below,
            user,
            guild,
            channel,
            at: self.clock.monotonic(),
            first_answer: None,
            original: None,
            original_deleted: false,
            followups: Vec::new(),
            other: None,
        };
        self.remember_interaction(interaction);
        if self.sees_guild(guild) {
            self.dispatch("INTERACTION_CREATE", 0, &json);
        }
        self.touch();
        id
    }

    fn interaction_json(
        &self,
        id: InteractionId,
        token: &str,
        user: UserId,
        place: &Channel,
        home: &Guild,
        data: Value,
    ) -> Value {
        let mut channel = self.channel_json(place);
        channel["permissions"] = self.permissions_in(user, place).to_string().into();
        let member = home.members.get(&user).map(|member| self.interaction_member_json(member, place));
        json!({
            "id": id.0.to_string(), "application_id": self.application, "type": 2, "version": 1, "token": token,
            "data": data, "guild_id": home.id, "channel_id": place.id, "channel": channel, "member": member,
            "guild": {"id": home.id, "locale": "en-US", "features": []}, "locale": "en-US", "guild_locale": "en-US",
            "app_permissions": self.permissions_in(self.me, place).to_string(), "entitlements": [], "context": 0,
            "authorizing_integration_owners": {"0": home.id}, "attachment_size_limit": 10_485_760,
            "entitlement_sku_ids": [],
        })
    }
}

fn command_data(command: &Command, options: Vec<Value>, resolved: Resolved) -> Value {
    let mut data = json!({"id": command.id.to_string(), "name": command.name, "type": command.kind});
    if !options.is_empty() {
        data["options"] = options.into();
    }
    let parts = BTreeMap::from([
        ("users", resolved.users),
        ("members", resolved.members),
        ("roles", resolved.roles),
        ("channels", resolved.channels),
    ]);
    for (name, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        data["resolved"][name] = part.into();
    }
    data
}

fn check_length(option: &CommandOption, text: &str) -> Result<(), Impossible> {
    let chars = text.chars().count() as u64;
    let fits = option.min_length.is_none_or(|min| chars >= min) && chars <= option.max_length.unwrap_or(6_000);
    if fits && chars > 0 { Ok(()) } else { Impossible::because(format!("{} has the wrong length", option.name)) }
}

fn check_range(option: &CommandOption, number: f64) -> Result<(), Impossible> {
    // Discord's whole numbers are those that a double holds exactly.
    let limit = 9_007_199_254_740_991_f64;
    let (min, max) = (option.min_value.unwrap_or(-limit), option.max_value.unwrap_or(limit));
    if (min..=max).contains(&number) {
        Ok(())
    } else {
        Impossible::because(format!("{} must be from {min} to {max}", option.name))
    }
}
