//! Who is in a server, page by page in the order of their ids, and at Discord's pace.
//!
//! Source: Discord API documentation, "List Guild Members" (the intent for members has to be granted; it takes no
//! session).

use serde::Deserialize;

use super::history::not_understood;
use super::https::Https;
use super::rest::Rest;
use super::tempo::Tempo;
use super::wire::Call;
use crate::config::Config;
use crate::model::roll::Listed;
use crate::model::{Author, Avatar, Clock, GuildId, RoleId, Secret, Setback, UserId};
use crate::status::Vitals;

/// Members of one page; Discord gives no more.
const PAGE: usize = 1_000;

/// A server whose members are listed.
pub struct Members {
    rest: Rest,
    guild: GuildId,
    after: Option<UserId>,
    over: bool,
}

#[derive(Deserialize)]
struct Member {
    user: User,
    nick: Option<String>,
    avatar: Option<String>,
    #[serde(default)]
    roles: Vec<RoleId>,
}

#[derive(Deserialize)]
struct User {
    id: UserId,
    #[serde(default)]
    username: String,
    global_name: Option<String>,
    avatar: Option<String>,
    #[serde(default)]
    bot: bool,
}

impl Member {
    fn listed(self, guild: GuildId) -> Listed {
        let Self { user, nick, avatar, roles } = self;
        let names = [nick, user.global_name, Some(user.username)];
        let name = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or_default();
        let worn = avatar.and_then(|hash| Avatar::new(Some(guild), &hash));
        let avatar = worn.or_else(|| Avatar::new(None, &user.avatar?));
        Listed { author: Author { id: user.id, name, avatar, bot: user.bot }, roles }
    }
}

impl Members {
    /// # Errors
    /// A sentence where TLS cannot be set up.
    pub fn new(config: &Config, token: Secret, guild: GuildId) -> Result<Self, String> {
        let wire = Https::new(&config.discord.api_url).map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let rest = Rest::new(Box::new(wire), token, Vitals::new(Clock::real()), Tempo::default().retry_first);
        Ok(Self { rest, guild, after: None, over: false })
    }

    /// The next page; empty at the end.
    ///
    /// # Errors
    /// A setback in words; the same page may be asked for again.
    pub async fn next(&mut self) -> Result<Vec<Listed>, Setback> {
        if self.over {
            return Ok(Vec::new());
        }
        let after = self.after.map_or(0, UserId::get);
        let path = format!("/guilds/{}/members?limit={PAGE}&after={after}", self.guild);
        let reply = self.rest.call(Call::get(path)).await?;
        let page: Vec<Member> = serde_json::from_slice(&reply.body).map_err(not_understood)?;
        self.over = page.len() < PAGE;
        self.after = page.iter().map(|member| member.user.id).max().or(self.after);
        Ok(page.into_iter().map(|member| member.listed(self.guild)).collect())
    }
}
