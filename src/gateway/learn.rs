//! What Discord tells before a connection: who we are, what is granted to us, where to connect and how often.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::address;
use super::budget::StartLimit;
use super::raw::Raw;
use super::rest::Rest;
use super::wire::{Call, unreadable};
use crate::bot::Me;
use crate::model::Setback;

/// Discord resets the number of logins every 24 hours.
const RESET_MAX: Duration = Duration::from_secs(86_400);

/// The application behind our token.
pub struct Application {
    /// Its flags: which privileged intents the developer portal grants.
    pub flags: u64,
    /// Who we are.
    pub me: Option<Me>,
}

/// Where new sessions begin.
pub struct Gateway {
    pub address: String,
    pub limit: Option<StartLimit>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ApplicationFields<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    flags: Raw<'a>,
    #[serde(borrow)]
    bot: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UserFields<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    username: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct GatewayFields<'a> {
    #[serde(borrow)]
    url: Raw<'a>,
    #[serde(borrow)]
    session_start_limit: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LimitFields<'a> {
    #[serde(borrow)]
    remaining: Raw<'a>,
    /// Milliseconds.
    #[serde(borrow)]
    reset_after: Raw<'a>,
}

/// Asks about the application. Where Discord refuses to tell, everything counts as granted; a close code tells
/// otherwise.
pub async fn application(rest: &Rest) -> Result<Application, Setback> {
    let reply = match rest.call(Call::get("/applications/@me")).await {
        Ok(reply) => reply,
        Err(setback @ (Setback::Refused { status: 401, .. } | Setback::Later { .. })) => return Err(setback),
        Err(setback) => {
            tracing::warn!(words = setback.words(), "Discord does not tell what is granted; asking for all we need");
            return Ok(Application { flags: u64::MAX, me: None });
        }
    };
    let fields: ApplicationFields<'_> = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
    let user: UserFields<'_> = fields.bot.object();
    let me = user.id.id().zip(fields.id.id()).map(|(user_id, application)| Me {
        user: user_id,
        application,
        name: user.username.text().unwrap_or_default().into_owned(),
    });
    Ok(Application { flags: fields.flags.bits().unwrap_or(0), me })
}

/// Asks where to connect.
pub async fn gateway(rest: &Rest) -> Result<Gateway, Setback> {
    let reply = rest.call(Call::get("/gateway/bot")).await?;
    let fields: GatewayFields<'_> = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
    let limit: LimitFields<'_> = fields.session_start_limit.object();
    let limit = limit.remaining.bits().zip(limit.reset_after.bits()).map(|(remaining, reset_after)| StartLimit {
        remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
        reset_after: Duration::from_millis(reset_after).min(RESET_MAX),
        told: Instant::now(),
    });
    let address = fields.url.text().and_then(|url| address::checked(&url)).ok_or_else(unreadable)?;
    Ok(Gateway { address, limit })
}
