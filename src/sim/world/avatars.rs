//! Avatars: the pictures that people have, and the part of Discord that gives them out.
//!
//! Source: Discord API documentation, "Image Formatting". Whoever asks gets it: there is no token and no limit.

use std::sync::Arc;

use crate::model::{GuildId, UserId};

use super::World;
use crate::sim::rest::Response;

/// Where avatars are, before the id of the user.
pub(in crate::sim) const PATH: &str = "/avatars/";

impl World {
    /// A user takes this picture, a PNG, as their avatar. The hash is whatever Discord might have made of it.
    pub fn set_avatar(&mut self, user: UserId, hash: &str, png: &[u8]) {
        if let Some(known) = self.users.get_mut(&user) {
            known.avatar = Some(hash.to_owned());
        }
        self.avatars.insert(user, Arc::from(png));
        let guilds: Vec<GuildId> =
            self.guilds.values().filter(|guild| guild.members.contains_key(&user)).map(|guild| guild.id).collect();
        for guild in guilds {
            self.dispatch_member(guild, user);
        }
        self.touch();
    }

    /// Answers for the address of an avatar, after [`PATH`]: `<user>/<hash>.png`.
    pub(in crate::sim) fn avatar(&self, path: &str) -> Response {
        let found = path.split_once('/').and_then(|(user, file)| {
            let user: UserId = user.parse().ok()?;
            let hash = self.users.get(&user)?.avatar.as_deref()?;
            self.avatars.get(&user).filter(|_| file.strip_suffix(".png") == Some(hash))
        });
        match found {
            Some(png) => Response::new(200, "image/png", png.to_vec()),
            None => Response::new(404, "text/plain", "not found"),
        }
    }
}
