//! The application's commands as Discord keeps them, and which of them a member is offered.

use serde_json::{Value, json};

use crate::model::{ApplicationId, GuildId, UserId};

use super::World;
use super::permissions::ADMINISTRATOR;
use super::state::Channel;

/// Where a command is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    Global,
    Guild(GuildId),
}

/// Discord's kinds of command options.
pub mod option_kind {
    pub const SUBCOMMAND: u8 = 1;
    pub const SUBCOMMAND_GROUP: u8 = 2;
    pub const STRING: u8 = 3;
    pub const INTEGER: u8 = 4;
    pub const BOOLEAN: u8 = 5;
    pub const USER: u8 = 6;
    pub const CHANNEL: u8 = 7;
    pub const ROLE: u8 = 8;
    pub const MENTIONABLE: u8 = 9;
    pub const NUMBER: u8 = 10;
    pub const ATTACHMENT: u8 = 11;
}

/// A registered command.
#[derive(Debug, Clone)]
pub struct Command {
    pub id: u64,
    pub version: u64,
    /// 1 a slash command, 2 on a user, 3 on a message.
    pub kind: u8,
    pub name: String,
    pub description: String,
    pub options: Vec<CommandOption>,
    /// Who is offered it: none everybody, 0 administrators alone.
    pub default_member_permissions: Option<u64>,
    /// Where it can be used (0 guilds, 1 private with the bot, 2 elsewhere); none everywhere.
    pub contexts: Option<Vec<u64>>,
    /// The definition as it was sent.
    pub definition: Value,
}

/// An option of a command, or a subcommand.
#[derive(Debug, Clone, Default)]
pub struct CommandOption {
    /// See [`option_kind`].
    pub kind: u8,
    pub name: String,
    pub description: String,
    pub required: bool,
    /// Shown name and value.
    pub choices: Vec<(String, Value)>,
    /// Of a subcommand or group.
    pub options: Vec<CommandOption>,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub channel_types: Vec<u64>,
}

impl CommandOption {
    /// From a definition that was checked before.
    pub(in crate::sim) fn from_definition(json: &Value) -> Self {
        let list = |name: &str| json[name].as_array().into_iter().flatten();
        let text = |json: &Value| json.as_str().unwrap_or_default().to_owned();
        Self {
            kind: json["type"].as_u64().unwrap_or(0) as u8,
            name: text(&json["name"]),
            description: text(&json["description"]),
            required: json["required"].as_bool().unwrap_or(false),
            choices: list("choices").map(|choice| (text(&choice["name"]), choice["value"].clone())).collect(),
            options: list("options").map(Self::from_definition).collect(),
            min_value: json["min_value"].as_f64(),
            max_value: json["max_value"].as_f64(),
            min_length: json["min_length"].as_u64(),
            max_length: json["max_length"].as_u64(),
            channel_types: list("channel_types").filter_map(Value::as_u64).collect(),
        }
    }

    /// Whether this is a subcommand or a group of them.
    pub fn is_branch(&self) -> bool {
        matches!(self.kind, option_kind::SUBCOMMAND | option_kind::SUBCOMMAND_GROUP)
    }
}

impl Command {
    /// From a definition that was checked before.
    pub(in crate::sim) fn from_definition(json: &Value, id: u64, version: u64) -> Self {
        let bits = &json["default_member_permissions"];
        Self {
            id,
            version,
            kind: json["type"].as_u64().unwrap_or(1) as u8,
            name: json["name"].as_str().unwrap_or_default().to_owned(),
            description: json["description"].as_str().unwrap_or_default().to_owned(),
            options: json["options"].as_array().into_iter().flatten().map(CommandOption::from_definition).collect(),
            default_member_permissions: bits.as_u64().or_else(|| bits.as_str()?.parse().ok()),
            contexts: json["contexts"].as_array().map(|list| list.iter().filter_map(Value::as_u64).collect()),
            definition: json.clone(),
        }
    }

    /// As Discord gives it back.
    pub(in crate::sim) fn json(&self, application: ApplicationId, scope: Scope) -> Value {
        let sent = &self.definition;
        let mut json = json!({
            "id": self.id.to_string(), "application_id": application, "version": self.version.to_string(),
            "default_member_permissions": self.default_member_permissions.map(|bits| bits.to_string()),
            "type": self.kind, "name": self.name, "name_localizations": sent["name_localizations"],
            "description": self.description, "description_localizations": sent["description_localizations"],
            "nsfw": sent["nsfw"].as_bool().unwrap_or(false),
        });
        if !self.options.is_empty() {
            json["options"] = sent["options"].clone();
        }
        match scope {
            Scope::Guild(guild) => json["guild_id"] = json!(guild),
            Scope::Global => {
                json["contexts"] = sent["contexts"].clone();
                json["dm_permission"] = sent["dm_permission"].as_bool().unwrap_or(true).into();
                let default = json!([0]);
                let types = &sent["integration_types"];
                json["integration_types"] = if types.is_array() { types.clone() } else { default };
            }
        }
        json
    }

    /// The commands that can be called under this one: itself, or each of its subcommands, with full names.
    pub fn leaves(&self) -> Vec<(String, &[CommandOption])> {
        let mut found = Vec::new();
        for option in self.options.iter().filter(|option| option.is_branch()) {
            let path = format!("{} {}", self.name, option.name);
            if option.kind == option_kind::SUBCOMMAND {
                found.push((path, option.options.as_slice()));
            } else {
                found.extend(option.options.iter().map(|sub| (format!("{path} {}", sub.name), sub.options.as_slice())));
            }
        }
        if found.is_empty() {
            found.push((self.name.clone(), self.options.as_slice()));
        }
        found
    }
}

impl World {
    /// The commands that a guild has: its own, and the global ones that it does not replace.
    pub fn commands_in(&self, guild: GuildId) -> Vec<&Command> {
        let own = self.commands.get(&Scope::Guild(guild)).map(Vec::as_slice).unwrap_or_default();
        let global = self.commands.get(&Scope::Global).map(Vec::as_slice).unwrap_or_default();
        let everywhere = |command: &&Command| command.contexts.as_ref().is_none_or(|list| list.contains(&0));
        let fresh =
            global.iter().filter(everywhere).filter(|c| own.iter().all(|o| (&o.name, o.kind) != (&c.name, c.kind)));
        own.iter().chain(fresh).collect()
    }

    /// The commands as they are registered in one place.
    pub fn registered(&self, scope: Scope) -> &[Command] {
        self.commands.get(&scope).map(Vec::as_slice).unwrap_or_default()
    }

    /// The guild's admins open the bot's commands to everybody, in the settings under Integrations, or no longer: as
    /// long as they are open, what the bot said of who is to be offered them does not count there.
    pub fn open_commands(&mut self, guild: GuildId, open: bool) {
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.commands_open = open;
        }
        self.touch();
    }

    /// Whether Discord offers a command to this member.
    pub fn is_offered(&self, command: &Command, user: UserId, channel: &Channel) -> bool {
        let home = channel.guild.and_then(|guild| self.guilds.get(&guild));
        if home.is_some_and(|home| home.commands_open) {
            return true;
        }
        let held = self.permissions_in(user, channel);
        match command.default_member_permissions {
            None => true,
            Some(0) => held & ADMINISTRATOR != 0,
            Some(bits) => held & bits == bits || held & ADMINISTRATOR != 0,
        }
    }
}
