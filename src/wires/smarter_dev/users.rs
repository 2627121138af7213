//! `/api/users`: the members of all guilds that the key sees, each once.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;

use super::asked::{Asked, SHORT_CHARS_MAX};
use super::asker::Asker;
use super::fault::Fault;
use super::{LISTED_MAX, Reply, moment};
use crate::features::guilds::told::store::{Person, find_person, list_people};
use crate::features::guilds::told::{self, Change, NewPerson};
use crate::http::api::Problem;
use crate::model::UserId;
use crate::model::access::Scope;
use crate::wires::picture_of;

const NONE: Fault = Fault::NotFound("User not found");

#[derive(Serialize)]
struct User {
    id: i64,
    discord_id: i64,
    username: String,
    discriminator: Option<String>,
    avatar_url: Option<String>,
    created_at: Option<String>,
}

#[derive(Serialize)]
struct Users {
    users: Vec<User>,
}

impl User {
    fn of(asker: &Asker, person: Person) -> Self {
        let avatar_url =
            picture_of(&asker.app.bot().config().discord.cdn_url, person.user, person.picture, person.avatar);
        Self {
            id: person.user.sql(),
            discord_id: person.user.sql(),
            username: Some(person.name).filter(|name| !name.is_empty()).unwrap_or_else(|| person.user.to_string()),
            discriminator: person.discriminator,
            avatar_url,
            created_at: person.created_at.map(moment::written),
        }
    }
}

pub async fn list(asker: &Asker) -> Reply {
    let seen = asker.guilds().await?;
    // What happened a moment ago may still wait for its commit.
    asker.app.bot().settle().await;
    let people = asker.app.bot().store().read(move |reader| list_people(reader, &seen, LISTED_MAX)).await?;
    Ok(Json(Users { users: people.into_iter().map(|person| User::of(asker, person)).collect() }).into_response())
}

pub async fn show(asker: &Asker, id: i64) -> Reply {
    let user = UserId::try_from(id).map_err(|_| NONE)?;
    let seen = asker.guilds().await?;
    asker.app.bot().settle().await;
    let found = asker.app.bot().store().read(move |reader| find_person(reader, &seen, user)).await?;
    found.map(|person| Json(User::of(asker, person)).into_response()).ok_or(NONE)
}

pub async fn create(asker: &Asker, body: &Bytes) -> Reply {
    asker.need(Scope::Write)?;
    let asked = Asked::of(body)?;
    asked.need(&["discord_id", "username"])?;
    let user: UserId = asked.id("discord_id")?;
    let new = NewPerson {
        name: asked.name("username")?.unwrap_or_default(),
        discriminator: asked.text("discriminator", SHORT_CHARS_MAX)?.flatten(),
        picture: asked.text("avatar_url", SHORT_CHARS_MAX)?.flatten(),
    };
    let (home, mut seen) = (asker.home().await?, asker.guilds().await?);
    if !seen.contains(&home) {
        seen.push(home);
    }
    let made = asker.app.bot().put_on_record(move |cx| told::add_person(cx, (home, user), &seen, &new)).await?;
    let (person, is_new) = made;
    let person = person.ok_or_else(|| Problem::fault("somebody was recorded and is not there"))?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(User::of(asker, person))).into_response())
}

pub async fn change(asker: &Asker, id: i64, body: &Bytes) -> Reply {
    asker.need(Scope::Write)?;
    let user = UserId::try_from(id).map_err(|_| NONE)?;
    let asked = Asked::of(body)?;
    let change = Change {
        name: asked.name("username")?,
        discriminator: asked.text("discriminator", SHORT_CHARS_MAX)?,
        url: asked.text("avatar_url", SHORT_CHARS_MAX)?,
    };
    let seen = asker.guilds().await?;
    let changed = asker.app.bot().put_on_record(move |cx| told::change_person(cx, user, &seen, &change)).await?;
    changed.map(|person| Json(User::of(asker, person)).into_response()).ok_or(NONE)
}
