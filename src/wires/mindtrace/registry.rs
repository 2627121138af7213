//! `commands`: all that there are, also those that are hidden or switched off.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::let_in;
use crate::bot::Bot;
use crate::command::Command;
use crate::features::Feature;
use crate::http::api::{App, Problem, ReadingProgram};
use crate::model::{GuildId, Permission};
use crate::wires::fastapi::Fault;
use crate::wires::guild_of;

/// A command, and whether its room is switched on.
#[derive(Clone, Copy)]
pub struct Known {
    pub command: &'static Command,
    pub is_on: bool,
}

impl Known {
    /// What it is called, its own name first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.command.name).chain(self.command.aliases.iter().copied())
    }
}

/// All commands: those that are on, in the order of the roll call, and then the others.
pub fn known(bot: &Bot) -> Vec<Known> {
    let config = bot.config();
    let on = bot.commands().into_iter().map(|command| Known { command, is_on: true });
    let off = Feature::all().filter(|feature| !(feature.is_on)(&config)).flat_map(|feature| feature.commands);
    on.chain(off.map(|command| Known { command, is_on: false })).collect()
}

/// A permission as Discord's libraries call it.
pub fn permission_word(permission: Permission) -> &'static str {
    match permission {
        Permission::Everyone => "everyone",
        Permission::ManageMessages => "manage_messages",
        Permission::ManageRoles => "manage_roles",
        Permission::ManageChannels => "manage_channels",
        Permission::ModerateMembers => "moderate_members",
        Permission::KickMembers => "kick_members",
        Permission::BanMembers => "ban_members",
        Permission::ManageGuild => "manage_guild",
    }
}

#[derive(Serialize)]
pub struct Commands {
    commands: Vec<CommandInfo>,
}

/// A command as the service lists it.
#[derive(Serialize)]
struct CommandInfo {
    name: &'static str,
    description: &'static str,
    /// As it is executed: `/roll [dice]`.
    usage: String,
    aliases: &'static [&'static str],
    category: &'static str,
    /// In the server that is meant where none is named.
    enabled: bool,
    hidden: bool,
    /// Seconds between two runs by a member.
    cooldown: u32,
    permissions: Vec<&'static str>,
}

impl CommandInfo {
    fn of(bot: &Bot, guild: Option<GuildId>, known: Known) -> Self {
        let Known { command, is_on } = known;
        let rule = guild.filter(|_| command.can_be_set).map(|guild| bot.book().rule(guild, command.name));
        let rule = rule.unwrap_or_default();
        let asks = command.requires != Permission::Everyone;
        Self {
            name: command.name,
            description: command.about,
            usage: format!("/{}", command.usage()),
            aliases: command.aliases,
            category: command.category,
            enabled: is_on && !rule.disabled,
            hidden: command.hidden,
            cooldown: rule.cooldown_seconds.unwrap_or(command.cooldown_seconds),
            permissions: asks.then(|| permission_word(command.requires)).into_iter().collect(),
        }
    }
}

/// `GET` or `POST …/commands`.
pub async fn commands(
    State(app): State<App>,
    program: Result<ReadingProgram, Problem>,
) -> Result<Json<Commands>, Fault> {
    let caller = let_in(program.map(|ReadingProgram(caller)| caller))?;
    let guild = guild_of(&app, &caller).ok();
    let commands = known(app.bot()).into_iter().map(|known| CommandInfo::of(app.bot(), guild, known));
    Ok(Json(Commands { commands: commands.collect() }))
}
