//! What programs tell of guilds and of people: all that is known of those whom the bot has not seen.

pub mod store;

use self::store::{Person, ToldGuild};
use super::{forget, put};
use crate::cx::Cx;
use crate::model::{GuildId, Result, Timestamp, UserId};

/// What is told of somebody.
#[derive(Debug, Clone, Default)]
pub struct NewPerson {
    pub name: String,
    pub discriminator: Option<String>,
    pub picture: Option<String>,
}

/// What else is told of a guild or somebody; none: it stays as it is, an inner none: it goes.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub discriminator: Option<Option<String>>,
    /// Of the avatar, or of the icon.
    pub url: Option<Option<String>>,
}

/// Stores what is told of a guild of which nothing is. Returns it, and whether it is new.
///
/// # Errors
/// Faults of the database alone.
pub fn add_guild(
    cx: &mut Cx<'_>,
    guild: GuildId,
    name: &str,
    icon_url: Option<&str>,
    joined_at: Option<Timestamp>,
) -> Result<(ToldGuild, bool)> {
    if let Some(known) = store::find_guild(cx.tx.read(), guild)? {
        return Ok((known, false));
    }
    let told = ToldGuild {
        guild,
        name: Some(name.to_owned()),
        icon_url: icon_url.map(str::to_owned),
        joined_at: Some(joined_at.unwrap_or(cx.now)),
        created_at: Some(cx.now),
    };
    store::save_guild(cx.tx, &told)?;
    Ok((told, true))
}

/// Changes what is told of a guild.
///
/// # Errors
/// Faults of the database alone.
pub fn change_guild(cx: &mut Cx<'_>, guild: GuildId, change: &Change) -> Result<ToldGuild> {
    let before = store::find_guild(cx.tx.read(), guild)?;
    let nothing = ToldGuild { guild, name: None, icon_url: None, joined_at: None, created_at: None };
    let mut told = before.clone().unwrap_or(nothing);
    told.name = change.name.clone().or(told.name);
    told.icon_url = change.url.clone().unwrap_or(told.icon_url);
    if before.as_ref() != Some(&told) {
        told.created_at = told.created_at.or(Some(cx.now));
        store::save_guild(cx.tx, &told)?;
    }
    Ok(told)
}

/// Stores what is told of somebody in a guild, unless they are known in one of `seen`. Returns them, and whether they
/// are new.
///
/// # Errors
/// Faults of the database alone.
pub fn add_person(
    cx: &mut Cx<'_>,
    (guild, user): (GuildId, UserId),
    seen: &[GuildId],
    new: &NewPerson,
) -> Result<(Option<Person>, bool)> {
    if let Some(known) = store::find_person(cx.tx.read(), seen, user)? {
        return Ok((Some(known), false));
    }
    put(cx, guild, user, &new.name, new.picture.as_deref())?;
    store::save_person(cx.tx, (guild, user), new.discriminator.as_deref(), cx.now)?;
    Ok((store::find_person(cx.tx.read(), seen, user)?, true))
}

/// Changes what is told of somebody. Their name and picture are changed wherever they are known, until Discord tells
/// others. None: nobody of `seen` knows them.
///
/// # Errors
/// Faults of the database alone.
pub fn change_person(cx: &mut Cx<'_>, user: UserId, seen: &[GuildId], change: &Change) -> Result<Option<Person>> {
    let Some(before) = store::find_person(cx.tx.read(), seen, user)? else { return Ok(None) };
    let name = change.name.as_ref().filter(|name| **name != before.name);
    let picture = change.url.as_ref().filter(|picture| **picture != before.picture);
    if name.is_some() || picture.is_some() {
        for guild in store::list_guilds_of(cx.tx.read(), seen, user)? {
            forget(cx.tx, guild, user);
            if let Some(name) = name {
                store::save_name(cx.tx, guild, user, name)?;
            }
            if let Some(picture) = picture {
                store::save_picture(cx.tx, guild, user, picture.as_deref())?;
            }
        }
    }
    if let Some(discriminator) = change.discriminator.as_ref().filter(|told| **told != before.discriminator) {
        let since = before.created_at.unwrap_or(cx.now);
        store::save_person(cx.tx, (before.guild, user), discriminator.as_deref(), since)?;
    }
    store::find_person(cx.tx.read(), seen, user)
}
