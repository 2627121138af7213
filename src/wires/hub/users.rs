//! `/api/users`: the members of the guild, by their Discord id.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::asked::Asked;
use super::{change, may_change, may_read};
use crate::command::Value;
use crate::config::Config;
use crate::features::guilds::store::{self as members, Member};
use crate::features::guilds::{self, told};
use crate::features::levels::records::{self, Profile, Wanted};
use crate::http::api::{App, Caller, Problem, Program};
use crate::model::{self, Day, GuildId, UserId, XP_MAX};
use crate::store::{Reader, hidden};
use crate::wires::fastapi::Fault;
use crate::wires::picture_of;

const NAME_CHARS_MAX: usize = 100;
const PICTURE_CHARS_MAX: usize = 500;
const LIMIT_USUAL: i64 = 100;
pub const LIMIT_MAX: i64 = 1_000;
pub const OFFSET_MAX: i64 = 10_000_000;

pub fn routes() -> Router<App> {
    Router::new().route("/api/users", get(list).post(put)).route("/api/users/{discord_id}", get(show).patch(update))
}

/// A user as the hub tells it.
#[derive(Debug, Serialize)]
pub struct User {
    id: String,
    pub discord_id: UserId,
    username: String,
    avatar_url: Option<String>,
    pub xp: i64,
    pub level: u32,
    pub rank_tier: String,
    streak_days: u32,
    unlocked_tools_count: usize,
    /// What is missing to the next level.
    next_level_xp: u64,
}

/// A user's UUID: the hub has one besides the Discord id, and nothing but the id makes ours.
///
/// Source: RFC 9562, section 5.8 (version 8 is for uses of one's own).
pub fn uuid_of(user: UserId) -> String {
    let hash = digest(&SHA256, format!("innkeeper user {user}").as_bytes());
    let bits = hash.as_ref().iter().take(16).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Reads users for one program.
pub struct Users {
    app: App,
    guild: GuildId,
    /// Whether it also sees those who are on no board.
    sees_hidden: bool,
}

impl Users {
    pub fn of(app: &App, guild: GuildId, caller: &Caller) -> Self {
        Self { app: app.clone(), guild, sees_hidden: caller.check_known().is_ok() }
    }

    /// The user with this id.
    ///
    /// # Errors
    /// There is none, as far as this program may know.
    pub async fn load(&self, discord_id: &str) -> Result<(UserId, User), Fault> {
        let user = discord_id.parse::<UserId>().map_err(|_| no_such_user(discord_id))?;
        // What was earned a moment ago may still wait for its commit.
        self.app.bot().settle().await;
        let reading = self.reading();
        let found = self.app.bot().store().read(move |reader| reading.find(reader, user)).await?;
        found.map(|found| (user, found)).ok_or_else(|| no_such_user(discord_id))
    }

    /// Those of this part of the list, by their ids.
    pub async fn list(&self, part: (u32, u32)) -> Result<Vec<User>, Fault> {
        self.app.bot().settle().await;
        let reading = self.reading();
        Ok(self.app.bot().store().read(move |reader| reading.list(reader, part)).await?)
    }

    /// What a reader needs.
    pub fn reading(&self) -> Reading {
        let bot = self.app.bot();
        let (config, now) = (bot.config(), bot.clock().now());
        let today = config.discord.timezone.day(now);
        Reading { config, today, guild: self.guild, me: bot.user(), sees_hidden: self.sees_hidden }
    }
}

/// What it takes to read users, on a reader's thread.
pub struct Reading {
    config: Arc<Config>,
    today: Day,
    guild: GuildId,
    me: Option<UserId>,
    sees_hidden: bool,
}

impl Reading {
    /// This user; none: there is none, as far as this program may know.
    pub fn find(&self, reader: &Reader, user: UserId) -> model::Result<Option<User>> {
        if Some(user) == self.me || !self.sees_hidden && hidden::is_hidden(reader, self.guild, user)? {
            return Ok(None);
        }
        let member = members::find_member(reader, self.guild, user)?.filter(|member| member.present);
        member.map(|member| self.tell(reader, member)).transpose()
    }

    /// The same without those who are on no board, whoever asks.
    pub fn on_boards(self) -> Self {
        Self { sees_hidden: false, ..self }
    }

    /// Those of this part of the list, by their ids.
    pub fn list(&self, reader: &Reader, part: (u32, u32)) -> model::Result<Vec<User>> {
        let here = members::list_here(reader, self.guild, (self.me, self.sees_hidden), part)?;
        here.into_iter().map(|member| self.tell(reader, member)).collect()
    }

    fn tell(&self, reader: &Reader, member: Member) -> model::Result<User> {
        let profile = records::profile(reader, &self.config, self.guild, member.user, self.today)?;
        Ok(user(&self.config.discord.cdn_url, member, profile))
    }
}

fn no_such_user(id: &str) -> Fault {
    Fault::Said(StatusCode::NOT_FOUND, format!("User with Discord ID {id} not found"))
}

fn user(cdn_url: &str, member: Member, profile: Profile) -> User {
    let Member { user, name, avatar, picture, .. } = member;
    User {
        id: uuid_of(user),
        discord_id: user,
        username: if name.is_empty() { user.to_string() } else { name },
        avatar_url: picture_of(cdn_url, user, picture, avatar),
        xp: profile.xp,
        // The hub's levels begin at 1.
        level: profile.level.max(1),
        rank_tier: profile.tier,
        streak_days: profile.streak_days,
        unlocked_tools_count: profile.unlocked,
        next_level_xp: profile.missing,
    }
}

/// `GET /api/users`.
async fn list(State(app): State<App>, program: Result<Program, Problem>, uri: Uri) -> Result<Json<Vec<User>>, Fault> {
    let (guild, caller) = may_read(&app, program)?;
    let mut asked = Asked::query(&uri);
    let limit = asked.whole("limit", 1..=LIMIT_MAX).unwrap_or(LIMIT_USUAL);
    let offset = asked.whole("offset", 0..=OFFSET_MAX).unwrap_or(0);
    asked.done()?;
    let part = (u32::try_from(offset).unwrap_or(0), u32::try_from(limit).unwrap_or(1));
    Users::of(&app, guild, &caller).list(part).await.map(Json)
}

/// `GET /api/users/{discord_id}`.
async fn show(
    State(app): State<App>,
    program: Result<Program, Problem>,
    Path(discord_id): Path<String>,
) -> Result<Json<User>, Fault> {
    let (guild, caller) = may_read(&app, program)?;
    let (_, user) = Users::of(&app, guild, &caller).load(&discord_id).await?;
    Ok(Json(user))
}

/// `POST /api/users`: makes somebody known, or says anew how they look; their XP stay.
async fn put(
    State(app): State<App>,
    program: Result<Program, Problem>,
    body: Bytes,
) -> Result<(StatusCode, Json<User>), Fault> {
    let (guild, caller) = may_change(&app, program)?;
    let mut asked = Asked::body(&body)?;
    let user = asked.user("discord_id");
    let name = asked.needed_text("username", NAME_CHARS_MAX);
    let picture = asked.text("avatar_url", PICTURE_CHARS_MAX);
    if user.is_some() && user == app.bot().user() {
        asked.refuse("discord_id", "value_error", "Value error, this is the bot itself");
    }
    asked.done()?;
    let Some(user) = user else { return Err(Fault::Wrong(Vec::new())) };
    let made = change(&app, &caller, guild, None, move |cx, _| {
        guilds::put(cx, guild, user, &name, picture.as_deref())?;
        records::bring_back(cx, guild, user)
    });
    made.await?;
    let (_, user) = Users::of(&app, guild, &caller).load(&user.to_string()).await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// `PATCH /api/users/{discord_id}`: what is null or absent stays. XP and level belong together: whichever is given, the
/// other follows; of both, XP count.
async fn update(
    State(app): State<App>,
    program: Result<Program, Problem>,
    Path(discord_id): Path<String>,
    body: Bytes,
) -> Result<Json<User>, Fault> {
    let (guild, caller) = may_change(&app, program)?;
    let mut asked = Asked::body(&body)?;
    let (name, picture) = (asked.text("username", NAME_CHARS_MAX), asked.text("avatar_url", PICTURE_CHARS_MAX));
    if name.as_deref() == Some("") {
        asked.refuse("username", "string_too_short", "String should have at least 1 character");
    }
    let highest = app.bot().config().levels.curve.highest_level();
    let (xp, level) = (asked.whole("xp", 0..=XP_MAX), asked.whole("level", 1..=i64::from(highest)));
    asked.done()?;
    let wanted = match (xp, level.and_then(|level| u32::try_from(level).ok())) {
        (Some(xp), _) => Some(Wanted::Xp(xp)),
        (None, level) => level.map(Wanted::Level),
    };
    if wanted.is_none() && name.is_none() && picture.is_none() {
        return Err(Fault::Said(StatusCode::BAD_REQUEST, "No fields to update".to_owned()));
    }
    let users = Users::of(&app, guild, &caller);
    let (user, before) = users.load(&discord_id).await?;
    let like = wanted.map(|wanted| match wanted {
        Wanted::Level(level) => {
            ("setlevel", vec![("member", Value::User(user)), ("level", Value::Whole(level.into()))])
        }
        Wanted::Xp(xp) => ("addxp", vec![("member", Value::User(user)), ("amount", Value::Whole(xp - before.xp))]),
    });
    let looks = told::Change { name, url: picture.map(Some), ..told::Change::default() };
    let made = change(&app, &caller, guild, like, move |cx, actor| {
        told::change_person(cx, user, &[guild], &looks)?;
        wanted.map_or(Ok(()), |wanted| records::set(cx, actor, (guild, user), wanted))
    });
    made.await?;
    let (_, user) = users.load(&discord_id).await?;
    Ok(Json(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_uuid_is_always_the_same_and_of_version_eight() {
        let of = |id: u64| uuid_of(UserId::new(id).unwrap());
        assert_eq!(of(42), of(42));
        assert_ne!(of(42), of(43));
        let id = of(42);
        assert_eq!((id.len(), &id[14..15]), (36, "8"));
        assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
    }
}
