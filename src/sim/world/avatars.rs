//! Avatars: the pictures that people have, and the part of Discord that gives them out.
//!
//! Source: Discord API documentation, "Image Formatting". Whoever asks gets it: there is no token and no limit.

use std::sync::Arc;

use crate::model::{GuildId, UserId};

use super::{Impossible, World};
use crate::sim::rest::Response;

impl World {
    /// A user takes this picture, a PNG, as their avatar. The hash is whatever Discord might have made of it.
    pub fn set_avatar(&mut self, user: UserId, hash: &str, png: &[u8]) {
        if let Some(known) = self.users.get_mut(&user) {
            known.avatar = Some(hash.to_owned());
        }
        self.avatars.insert((None, user), Arc::from(png));
        let guilds: Vec<GuildId> =
            self.guilds.values().filter(|guild| guild.members.contains_key(&user)).map(|guild| guild.id).collect();
        for guild in guilds {
            self.dispatch_member(guild, user);
        }
        self.touch();
    }

    /// A member takes this picture, a PNG, as their avatar in a guild.
    pub fn set_guild_avatar(&mut self, guild: GuildId, user: UserId, hash: &str, png: &[u8]) -> Result<(), Impossible> {
        self.avatars.insert((Some(guild), user), Arc::from(png));
        self.edit_member(guild, user, |member| member.avatar = Some(hash.to_owned()))
    }

    /// Answers for the address of an avatar: `/avatars/<user>/<hash>.png`, or that of a member in a guild,
    /// `/guilds/<guild>/users/<user>/avatars/<hash>.png`. None for every other address.
    pub(in crate::sim) fn avatar(&self, path: &str) -> Option<Response> {
        let parts: Vec<&str> = path.split('/').collect();
        let (guild, user, file) = match parts[..] {
            ["", "avatars", user, file] => (None, user, file),
            ["", "guilds", guild, "users", user, "avatars", file] => (Some(guild), user, file),
            _ => return None,
        };
        let png = self.find_avatar(guild, user, file.strip_suffix(".png").unwrap_or_default());
        Some(match png {
            Some(png) => Response::new(200, "image/png", png.to_vec()),
            None => Response::new(404, "text/plain", "not found"),
        })
    }

    fn find_avatar(&self, guild: Option<&str>, user: &str, hash: &str) -> Option<&[u8]> {
        let user: UserId = user.parse().ok()?;
        let guild: Option<GuildId> = guild.map(str::parse).transpose().ok()?;
        let worn = match guild {
            Some(guild) => self.guilds.get(&guild)?.members.get(&user)?.avatar.as_deref(),
            None => self.users.get(&user)?.avatar.as_deref(),
        };
        self.avatars.get(&(guild, user)).filter(|_| worn == Some(hash)).map(|png| &png[..])
    }
}
