//! A slash command as somebody types it: `/rank member:@name`, `/kudos give member:<@42> reason:thanks a lot`.

use crate::model::{ChannelId, GuildId, RoleId, UserId};

use super::commands::{CommandOption, option_kind};
use super::slash::Input;
use super::state::InteractionId;
use super::{Impossible, World};

impl World {
    /// A member types a slash command. Options are `name:value`; a lone value goes to the first option.
    pub fn type_slash(&mut self, channel: ChannelId, member: UserId, line: &str) -> Result<InteractionId, Impossible> {
        let (name, options) = self.read_slash(channel, line)?;
        let options: Vec<_> = options.iter().map(|(name, input)| (name.as_str(), input.clone())).collect();
        self.slash(channel, member, &name, &options)
    }

    fn read_slash(&self, channel: ChannelId, line: &str) -> Result<(String, Vec<(String, Input)>), Impossible> {
        let guild = self.channels.get(&channel).and_then(|channel| channel.guild);
        let Some(guild) = guild else { return Impossible::because("commands are for guilds here") };
        let line = line.trim().trim_start_matches('/');
        let commands = self.commands_in(guild);
        let leaves = commands.iter().filter(|command| command.kind == 1).flat_map(|command| command.leaves());
        // The longest name that fits: a subcommand before its command.
        let fits = |name: &str| line.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let Some((name, known)) = leaves.filter(|(name, _)| fits(name)).max_by_key(|(name, _)| name.len()) else {
            let root = line.split_whitespace().next().unwrap_or_default();
            return Impossible::because(format!("there is no command /{root}, or it needs a subcommand"));
        };
        let rest = line.get(name.len()..).unwrap_or_default().trim();
        let given = split_options(rest, known);
        let read = |(option, text): (&CommandOption, &str)| {
            self.read_value(guild, option, text).map(|input| (option.name.clone(), input))
        };
        let options = given.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok((name, options))
    }

    /// What a text means as the value of an option.
    pub(in crate::sim) fn read_value(
        &self,
        guild: GuildId,
        option: &CommandOption,
        text: &str,
    ) -> Result<Input, Impossible> {
        let name = &option.name;
        if let Some((_, value)) = option.choices.iter().find(|(shown, value)| shown == text || value == text) {
            return Ok(match (value.as_i64(), value.as_f64()) {
                (Some(whole), _) if option.kind == option_kind::INTEGER => Input::Whole(whole),
                (_, Some(number)) if option.kind == option_kind::NUMBER => Input::Number(number),
                _ => Input::Text(value.as_str().unwrap_or(text).to_owned()),
            });
        }
        let wrong = |what: &str| Impossible(format!("{name} takes {what}"));
        match option.kind {
            option_kind::INTEGER => text.parse().map(Input::Whole).map_err(|_| wrong("a whole number")),
            option_kind::NUMBER => text.parse().map(Input::Number).map_err(|_| wrong("a number")),
            option_kind::BOOLEAN => match text.to_lowercase().as_str() {
                "true" | "yes" | "on" => Ok(Input::Flag(true)),
                "false" | "no" | "off" => Ok(Input::Flag(false)),
                _ => Err(wrong("yes or no")),
            },
            option_kind::USER => self.find_user(guild, text).map(Input::User),
            option_kind::ROLE => self.find_role(guild, text).map(Input::Role).ok_or_else(|| wrong("a role")),
            option_kind::CHANNEL => {
                self.find_channel(guild, text).map(Input::Channel).ok_or_else(|| wrong("a channel"))
            }
            option_kind::MENTIONABLE => match self.find_role(guild, text) {
                Some(role) => Ok(Input::Role(role)),
                None => self.find_user(guild, text).map(Input::User),
            },
            _ => Ok(Input::Text(text.to_owned())),
        }
    }

    /// The member that a text means: an id, a mention, or a name if only one has it.
    pub fn find_user(&self, guild: GuildId, text: &str) -> Result<UserId, Impossible> {
        let bare = text.trim_start_matches("<@").trim_start_matches('!').trim_end_matches('>').trim_start_matches('@');
        if let Ok(id) = bare.parse::<UserId>()
            && self.users.contains_key(&id)
        {
            return Ok(id);
        }
        let home = self.guilds.get(&guild).ok_or_else(|| Impossible("there is no such guild".to_owned()))?;
        let wanted = bare.to_lowercase();
        let username = |id: &UserId| self.users.get(id).is_some_and(|user| user.username.to_lowercase() == wanted);
        if let Some(id) = home.members.keys().find(|id| username(id)) {
            return Ok(*id);
        }
        let mut named = home.members.keys().filter(|id| self.name_of(guild, **id).to_lowercase() == wanted);
        match (named.next(), named.count()) {
            (Some(id), 0) => Ok(*id),
            (Some(_), more) => Impossible::because(format!("{} members are called {bare}: use the id", more + 1)),
            (None, _) => Impossible::because(format!("there is no member {bare}")),
        }
    }

    fn find_role(&self, guild: GuildId, text: &str) -> Option<RoleId> {
        let bare = text.trim_start_matches("<@&").trim_end_matches('>').trim_start_matches('@');
        let known = bare.parse().ok().filter(|id| self.guilds.get(&guild).is_some_and(|g| g.roles.contains_key(id)));
        known.or_else(|| self.role_named(guild, bare))
    }

    fn find_channel(&self, guild: GuildId, text: &str) -> Option<ChannelId> {
        let bare = text.trim_start_matches("<#").trim_end_matches('>').trim_start_matches('#');
        let known = bare.parse().ok().filter(|id| self.channels.contains_key(id));
        known.or_else(|| self.channel_named(guild, bare))
    }
}

/// Takes a line apart at the names of options: `member:@a b amount:5` has two. What stands before the first name goes
/// to the first option.
fn split_options<'a>(line: &'a str, known: &'a [CommandOption]) -> Vec<(&'a CommandOption, &'a str)> {
    let mut marks: Vec<(usize, usize, &CommandOption)> = Vec::new();
    for option in known {
        let mark = format!("{}:", option.name);
        let starts = line.match_indices(&mark).map(|(at, _)| at);
        let begins = |at: &usize| *at == 0 || line.get(..*at).is_some_and(|before| before.ends_with(' '));
        if let Some(at) = starts.into_iter().find(begins) {
            marks.push((at, at + mark.len(), option));
        }
    }
    marks.sort_by_key(|(at, ..)| *at);
    let mut given = Vec::new();
    let lead = line.get(..marks.first().map_or(line.len(), |(at, ..)| *at)).unwrap_or_default().trim();
    if let Some(first) = known.first().filter(|_| !lead.is_empty()) {
        given.push((first, lead));
    }
    for (index, (_, start, option)) in marks.iter().enumerate() {
        let end = marks.get(index + 1).map_or(line.len(), |(next, ..)| *next);
        let value = line.get(*start..end).unwrap_or_default().trim();
        if !value.is_empty() {
            given.push((*option, value));
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_at_the_names_of_options() {
        let option = |name: &str| CommandOption { name: name.to_owned(), ..CommandOption::default() };
        let known = [option("member"), option("amount"), option("reason")];
        let split = |line: &'static str| -> Vec<(String, String)> {
            let given = split_options(line, &known).into_iter();
            given.map(|(option, value)| (option.name.clone(), value.to_owned())).collect()
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(split("member:@a b amount:5"), [pair("member", "@a b"), pair("amount", "5")]);
        assert_eq!(split("@a reason:so much: thanks"), [pair("member", "@a"), pair("reason", "so much: thanks")]);
        assert_eq!(split(""), []);
    }
}
