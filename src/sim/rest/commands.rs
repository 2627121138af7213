//! Registering the application's commands.

use serde_json::Value;

use crate::model::GuildId;

use super::command_form::{check, check_unique};
use super::errors::FormErrors;
use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::{Command, Scope};

/// Slash commands that a scope can have.
const COMMANDS_MAX: usize = 100;

pub(super) fn list_global(world: &mut World, call: &Call) -> Outcome {
    world.own_application(call)?;
    Ok(Reply::Json(world.commands_json(Scope::Global)))
}

pub(super) fn overwrite_global(world: &mut World, call: &Call) -> Outcome {
    world.own_application(call)?;
    world.overwrite_commands(Scope::Global, &call.json)
}

pub(super) fn create_global(world: &mut World, call: &Call) -> Outcome {
    world.own_application(call)?;
    world.create_command(Scope::Global, &call.json)
}

pub(super) fn find_global(world: &mut World, call: &Call) -> Outcome {
    world.own_application(call)?;
    world.find_command(Scope::Global, call.param(1))
}

pub(super) fn delete_global(world: &mut World, call: &Call) -> Outcome {
    world.own_application(call)?;
    world.delete_command(Scope::Global, call.param(1))
}

pub(super) fn list_guild(world: &mut World, call: &Call) -> Outcome {
    let scope = world.guild_scope(call)?;
    Ok(Reply::Json(world.commands_json(scope)))
}

pub(super) fn overwrite_guild(world: &mut World, call: &Call) -> Outcome {
    let scope = world.guild_scope(call)?;
    world.overwrite_commands(scope, &call.json)
}

pub(super) fn create_guild(world: &mut World, call: &Call) -> Outcome {
    let scope = world.guild_scope(call)?;
    world.create_command(scope, &call.json)
}

pub(super) fn find_guild(world: &mut World, call: &Call) -> Outcome {
    let scope = world.guild_scope(call)?;
    world.find_command(scope, call.param(2))
}

pub(super) fn delete_guild(world: &mut World, call: &Call) -> Outcome {
    let scope = world.guild_scope(call)?;
    world.delete_command(scope, call.param(2))
}

impl World {
    fn own_application(&self, call: &Call) -> Result<(), ApiError> {
        if call.param(0) == self.application.to_string() { Ok(()) } else { Err(ApiError::MISSING_ACCESS) }
    }

    fn guild_scope(&self, call: &Call) -> Result<Scope, ApiError> {
        self.own_application(call)?;
        let guild: GuildId = call.id(1, "guild_id")?;
        let known = self.guilds.get(&guild).is_some_and(|guild| guild.members.contains_key(&self.me));
        if known { Ok(Scope::Guild(guild)) } else { Err(ApiError::MISSING_ACCESS) }
    }

    fn commands_json(&self, scope: Scope) -> Value {
        self.registered(scope).iter().map(|command| command.json(self.application, scope)).collect()
    }

    fn overwrite_commands(&mut self, scope: Scope, sent: &Value) -> Outcome {
        let mut errors = FormErrors::default();
        let Some(list) = sent.as_array() else {
            return Err(ApiError::form("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"));
        };
        for (index, command) in list.iter().enumerate() {
            check(&mut errors, &index.to_string(), command);
        }
        check_unique(&mut errors, list);
        if list.iter().filter(|command| command["type"].as_u64().unwrap_or(1) == 1).count() > COMMANDS_MAX {
            errors.add("", "BASE_TYPE_MAX_LENGTH", &format!("Must be {COMMANDS_MAX} or fewer in length."));
        }
        errors.finish()?;
        let commands: Vec<_> = list.iter().map(|definition| self.command_of(scope, definition)).collect();
        self.commands.insert(scope, commands);
        self.touch();
        Ok(Reply::Json(self.commands_json(scope)))
    }

    fn create_command(&mut self, scope: Scope, definition: &Value) -> Outcome {
        let mut errors = FormErrors::default();
        check(&mut errors, "", definition);
        errors.finish()?;
        let command = self.command_of(scope, definition);
        let json = command.json(self.application, scope);
        let list = self.commands.entry(scope).or_default();
        let known = list.iter().position(|old| (&old.name, old.kind) == (&command.name, command.kind));
        match known.and_then(|at| list.get_mut(at)) {
            Some(old) => *old = command,
            None => list.push(command),
        }
        self.touch();
        Ok(if known.is_some() { Reply::Json(json) } else { Reply::Created(json) })
    }

    /// A command of this definition: with the old id if there was one of its name, and a new version if it changed.
    fn command_of(&mut self, scope: Scope, definition: &Value) -> Command {
        let kind = definition["type"].as_u64().unwrap_or(1);
        let old =
            self.registered(scope).iter().find(|old| definition["name"] == *old.name && u64::from(old.kind) == kind);
        let old = old.map(|old| (old.id, old.version, old.definition == *definition));
        match old {
            Some((id, version, true)) => Command::from_definition(definition, id, version),
            old => {
                let version = self.id::<GuildId>().get();
                let id = old.map_or_else(|| self.id::<GuildId>().get(), |(id, ..)| id);
                Command::from_definition(definition, id, version)
            }
        }
    }

    fn find_command(&self, scope: Scope, id: &str) -> Outcome {
        let command = self.registered(scope).iter().find(|command| command.id.to_string() == id);
        let command = command.ok_or(ApiError::UNKNOWN_COMMAND)?;
        Ok(Reply::Json(command.json(self.application, scope)))
    }

    fn delete_command(&mut self, scope: Scope, id: &str) -> Outcome {
        let list = self.commands.entry(scope).or_default();
        let at = list.iter().position(|command| command.id.to_string() == id).ok_or(ApiError::UNKNOWN_COMMAND)?;
        list.remove(at);
        self.touch();
        Ok(Reply::NoContent)
    }
}
