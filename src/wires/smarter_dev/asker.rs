//! Who asks: a program with a token of its key, or with the key itself.

use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::fault::Fault;
use super::replays::Replays;
use super::{App, Reply, Served};
use crate::features::guilds::told::store::{find_guild, list_guilds};
use crate::http::api::{Problem, Program};
use crate::model::access::{ApiKey, Scope};
use crate::model::{GuildId, Permission};

const NO_HEADER: Fault = Fault::Unauthenticated("Missing Authorization header");
const WRONG_HEADER: Fault = Fault::Unauthenticated("Invalid Authorization header format");
const NOT_GOOD: Fault = Fault::Unauthenticated("Invalid or expired token");

/// What is only a little too often waits for its turn: the client takes a 429 for the end, and has no more than three
/// requests under way. A single wait for a key's pace is shorter than this, one for guesses longer …
const TURN_WAIT_MAX: Duration = Duration::from_secs(1);
/// … and all waits of a request together are no longer than this, which the door's patience outlasts.
const TURNS_WAIT_MAX: Duration = Duration::from_secs(8);

/// A program whose key is good.
#[derive(Clone)]
pub struct Asker {
    pub app: App,
    pub key: ApiKey,
    replays: Replays,
    /// What makes a request the same as an earlier one whose answer was lost.
    print: u64,
}

impl Asker {
    /// Who sent a request. A key that stands before the path will do where there is no header; where there is one, that
    /// counts.
    pub async fn find(served: &Served, parts: &mut Parts) -> Result<Self, Fault> {
        let mut shown = parts.headers.get_all(header::AUTHORIZATION).iter();
        match (shown.next(), shown.next()) {
            (Some(one), None) => {
                let token = one.to_str().ok().and_then(|line| line.strip_prefix("Bearer "));
                if token.is_none_or(|token| token.trim().is_empty()) {
                    return Err(WRONG_HEADER);
                }
                parts.headers.remove("x-api-key");
            }
            (Some(_), Some(_)) => return Err(WRONG_HEADER),
            (None, _) if parts.headers.contains_key("x-api-key") => {}
            (None, _) => return Err(NO_HEADER),
        }
        let Program(caller) = in_turn(parts, &served.app)
            .await
            .map_err(|problem| if problem.status() == StatusCode::UNAUTHORIZED { NOT_GOOD } else { problem.into() })?;
        let key = caller.key().cloned().ok_or(NOT_GOOD)?;
        let mut hasher = DefaultHasher::new();
        (key.id, parts.method.as_str(), parts.uri.path()).hash(&mut hasher);
        let (app, replays) = (served.app.clone(), served.replays.clone());
        Ok(Self { app, key, replays, print: hasher.finish() })
    }

    /// That the key has this scope.
    pub fn need(&self, scope: Scope) -> Result<(), Fault> {
        let has = match scope {
            // Every key reads.
            Scope::Read => true,
            Scope::Moderate => Permission::ModerateMembers.allows(self.key.scopes.permissions()),
            scope => self.key.scopes.contains(scope),
        };
        let words = || format!("This is for keys with the scope `{}`.", scope.word());
        if has { Ok(()) } else { Err(Problem::forbidden(words()).into()) }
    }

    /// Whether the bot is in this guild, and serves it.
    pub fn is_live(&self, guild: GuildId) -> bool {
        self.app.bot().config().discord.serves(guild) && self.app.bot().guilds().find(guild).is_some()
    }

    /// The guilds that there are for this key: those that the bot is in, and those that a program told of.
    pub async fn guilds(&self) -> Result<Vec<GuildId>, Fault> {
        let told = self.app.bot().store().read(|reader| list_guilds(reader)).await?;
        let mut guilds: Vec<_> = self.app.bot().guilds().list().iter().map(|guild| guild.id).collect();
        guilds.retain(|guild| self.is_live(*guild));
        guilds.extend(told.into_iter().map(|told| told.guild));
        guilds.retain(|guild| self.key.is_for(*guild));
        guilds.sort_unstable();
        guilds.dedup();
        Ok(guilds)
    }

    /// That there is this guild for this key. One that is another's is one that there is not.
    pub async fn see(&self, guild: GuildId) -> Result<(), Fault> {
        let foreign = Fault::NotFound("Guild not found");
        if !self.key.is_for(guild) {
            return Err(foreign);
        }
        if self.is_live(guild) {
            return Ok(());
        }
        let told = self.app.bot().store().read(move |reader| find_guild(reader, guild)).await?;
        told.map(|_| ()).ok_or(foreign)
    }

    /// The guild in which people are known of whom no guild is said: the key's, the configured one, or
    /// the first, of those that the bot is in before others.
    pub async fn home(&self) -> Result<GuildId, Fault> {
        let config = self.app.bot().config();
        let named = self.key.guild.or(config.wires.guild).or_else(|| config.discord.guilds.first().copied());
        let home = match named {
            Some(guild) => Some(guild),
            None => {
                let guilds = self.guilds().await?;
                guilds.iter().find(|guild| self.is_live(**guild)).or(guilds.first()).copied()
            }
        };
        home.ok_or_else(|| Problem::unavailable("There is no guild yet: Discord has told me of none.").into())
    }

    /// Does something that must not be done twice where its answer is lost.
    pub async fn once(&self, body: &Bytes, work: impl Future<Output = Reply> + Send + 'static) -> Reply {
        let mut hasher = DefaultHasher::new();
        (self.print, &body[..]).hash(&mut hasher);
        self.replays.once(hasher.finish(), work).await
    }
}

/// Who asks, once it is their key's turn.
async fn in_turn(parts: &mut Parts, app: &App) -> Result<Program, Problem> {
    let mut left = TURNS_WAIT_MAX;
    loop {
        let problem = match Program::from_request_parts(parts, app).await {
            Ok(program) => return Ok(program),
            Err(problem) => problem,
        };
        match problem.wait().filter(|wait| *wait <= TURN_WAIT_MAX.min(left)) {
            Some(wait) => {
                left = left.saturating_sub(wait);
                tokio::time::sleep(wait).await;
            }
            None => return Err(problem),
        }
    }
}
