//! Looking over what Discord says of us, for `innkeeper check`: the token, the privileged intents, and in each server
//! what the bot may do. Asks little, changes nothing, and does not identify.

use std::time::Duration;

use serde::Deserialize;

use super::https::Https;
use super::intents::missing;
use super::rest::{Rest, TOKEN_ACTION};
use super::tempo::Tempo;
use super::wire::Call;
use crate::config::Config;
use crate::model::{Clock, GuildId, Need, Permissions, RoleId, Secret, Setback, UserId, text};
use crate::status::Vitals;

/// Servers that are looked at one by one.
const GUILDS_MAX: usize = 20;

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    pub ok: bool,
    pub detail: String,
    /// The one thing to do when it is not well.
    pub action: String,
}

impl Found {
    fn good(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), ok: true, detail: detail.into(), action: String::new() }
    }

    fn bad(name: impl Into<String>, detail: impl Into<String>, action: impl Into<String>) -> Self {
        Self { name: name.into(), ok: false, detail: detail.into(), action: action.into() }
    }
}

#[derive(Deserialize)]
struct Application {
    #[serde(default)]
    flags: u64,
}

#[derive(Deserialize)]
struct Account {
    id: UserId,
    username: String,
}

#[derive(Deserialize)]
struct Invited {
    id: GuildId,
    name: String,
    permissions: Permissions,
}

#[derive(Deserialize)]
struct RoleThere {
    id: RoleId,
    name: String,
    position: i64,
    permissions: Permissions,
    #[serde(default)]
    managed: bool,
}

#[derive(Deserialize)]
struct MyMember {
    roles: Vec<RoleId>,
}

/// What the features want: to be told, to be allowed (by the name in Discord's settings), and the roles that levels
/// bring.
pub struct Wanted<'w> {
    pub needs: &'w [Need],
    pub permissions: &'w [(Permissions, &'static str)],
    pub roles: &'w [RoleId],
}

/// Asks Discord.
pub async fn look_over(config: &Config, token: Secret, wanted: &Wanted<'_>) -> Vec<Found> {
    let Wanted { needs, roles, .. } = *wanted;
    let wire = match Https::new(&config.discord.api_url) {
        Ok(wire) => wire,
        Err(error) => return vec![tls_fails(&error)],
    };
    let time = Clock::real();
    let rest = Rest::new(Box::new(wire), token, Vitals::new(time.clone()), Tempo::default().retry_first);
    let account: Account = match ask(&rest, "/users/@me").await {
        Ok(account) => account,
        Err(Setback::Refused { status: 401, .. }) => {
            return vec![Found::bad("token", "Discord does not accept it: it is wrong, or was reset", TOKEN_ACTION)];
        }
        Err(setback) => {
            let action = "See whether this machine reaches discord.com, and whether its clock is right.";
            return vec![Found::bad("network", setback.words(), action)];
        }
    };
    let mut found = vec![Found::good("token", format!("accepted; the bot is {}", text::plain(&account.username)))];
    found.push(clock(&time));
    if let Ok(Application { flags }) = ask(&rest, "/applications/@me").await {
        found.extend(missing(needs, flags).map(|(name, detail, action)| Found::bad(name, detail, action)));
    }
    match ask::<Vec<Invited>>(&rest, "/users/@me/guilds").await {
        Ok(guilds) if guilds.is_empty() => {
            found.push(Found::bad("servers", "the bot is in none", "Invite it: the README has the link."));
        }
        Ok(guilds) => {
            let (all_seen, mut missing) = (guilds.len() <= GUILDS_MAX, roles.to_vec());
            for guild in guilds.into_iter().take(GUILDS_MAX) {
                found.extend(look_at(&rest, &guild, account.id, wanted, &mut missing).await);
            }
            for role in missing.into_iter().filter(|_| all_seen) {
                let detail = format!("the role {role} of [[levels.role]] is in no server that the bot is in");
                found.push(Found::bad("levels", detail, "Correct its id, or remove it there."));
            }
        }
        Err(setback) => found.push(Found::bad("servers", setback.words(), "Try again in a while.")),
    }
    found
}

/// Looks at one guild; of the roles that no guild had so far, those that it has are taken out of `missing`.
async fn look_at(
    rest: &Rest,
    guild: &Invited,
    me: UserId,
    wanted: &Wanted<'_>,
    missing: &mut Vec<RoleId>,
) -> Vec<Found> {
    let roles = wanted.roles;
    let place = format!("server {}", text::plain(&guild.name));
    let mut found = Vec::new();
    let all = guild.permissions.contains(Permissions::ADMINISTRATOR);
    for (bits, name) in wanted.permissions {
        if !all && !guild.permissions.contains(*bits) {
            let action = format!("Give the bot's role the permission {name} in the server's settings.");
            found.push(Found::bad(&place, format!("the bot lacks the permission {name}"), action));
        }
    }
    let there: Vec<RoleThere> = ask(rest, &format!("/guilds/{}/roles", guild.id)).await.unwrap_or_default();
    let mine: Option<MyMember> = ask(rest, &format!("/guilds/{}/members/{me}", guild.id)).await.ok();
    if let Some(mine) = mine {
        let held = there.iter().filter(|role| mine.roles.contains(&role.id));
        let top = held.map(|role| role.position).max().unwrap_or(0);
        for role in there.iter().filter(|role| roles.contains(&role.id) && role.position >= top) {
            let detail = format!("the role {} is not below the bot's own", text::plain(&role.name));
            found.push(Found::bad(&place, detail, "Drag the bot's role above it in the server's settings, Roles."));
        }
    }
    for role in there.iter().filter(|role| roles.contains(&role.id)) {
        let name = text::plain(&role.name);
        if role.permissions.overlaps(Permissions::MODERATION) {
            let detail = format!("the role {name} has moderation permissions, so it is never given as a reward");
            found.push(Found::bad(
                &place,
                detail,
                "Take those permissions from it, or name another in [[levels.role]].",
            ));
        }
        if role.managed {
            let detail = format!("the role {name} belongs to an integration, so nobody can give it");
            found.push(Found::bad(&place, detail, "Name another role in [[levels.role]]."));
        }
    }
    missing.retain(|role| there.iter().all(|known| known.id != *role));
    if found.is_empty() {
        found.push(Found::good(place, "the bot may do what it has to"));
    }
    found
}

/// Calls have told Discord's time by now.
fn clock(clock: &Clock) -> Found {
    match clock.skew_ms() {
        Some(skew) if skew.abs() > 60_000 => {
            let detail = format!("this computer's clock is {} s off", skew / 1_000);
            Found::bad("clock", detail, "Switch on time synchronisation (timedatectl set-ntp true).")
        }
        _ => Found::good("clock", "agrees with Discord's"),
    }
}

fn tls_fails(error: &dyn std::fmt::Display) -> Found {
    Found::bad("network", format!("TLS cannot be set up: {error}"), "This is a mistake in Innkeeper: please report it.")
}

async fn ask<T: serde::de::DeserializeOwned>(rest: &Rest, path: &str) -> Result<T, Setback> {
    let reply = rest.call(Call::get(path)).await?;
    serde_json::from_slice(&reply.body).map_err(|error| {
        let words = format!("Discord answered in a way that was not understood: {error}");
        Setback::Later { after: Duration::from_secs(60), words }
    })
}
