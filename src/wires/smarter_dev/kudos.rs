//! `/api/kudos`: the gifts that stand.

use axum::Json;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde::Serialize;

use super::asked::{Asked, Filters, Nothing, TEXT_CHARS_MAX};
use super::asker::Asker;
use super::fault::Fault;
use super::{LISTED_MAX, Reply, moment};
use crate::features::kudos::recorded::store::{Wanted, find_any, list as list_wanted};
use crate::features::kudos::recorded::{Told, record};
use crate::features::kudos::store::Gift;
use crate::model::access::Scope;

const NONE: Fault = Fault::NotFound("Kudos not found");
/// The most that one gift can be, or take away.
const AMOUNT_MAX: i64 = 1_000_000;

#[derive(Serialize)]
struct Kudos {
    id: i64,
    giver_id: i64,
    receiver_id: i64,
    guild_id: i64,
    amount: i64,
    reason: Option<String>,
    awarded_at: String,
}

#[derive(Serialize)]
struct Listed {
    kudos: Vec<Kudos>,
}

impl From<Gift> for Kudos {
    fn from(gift: Gift) -> Self {
        Self {
            id: gift.id,
            giver_id: gift.giver.sql(),
            receiver_id: gift.receiver.sql(),
            guild_id: gift.guild.sql(),
            amount: gift.amount,
            reason: gift.reason,
            awarded_at: moment::written(gift.at),
        }
    }
}

pub async fn list(asker: &Asker, uri: &Uri) -> Reply {
    let guilds = asker.guilds().await?;
    let gifts = match wanted(&Filters::of(uri)) {
        Ok((guild, wanted)) => {
            let guilds = guilds.into_iter().filter(|id| guild.is_none_or(|guild| guild == id.sql())).collect();
            let wanted = Wanted { guilds, ..wanted };
            asker.app.bot().store().read(move |reader| list_wanted(reader, &wanted, LISTED_MAX)).await?
        }
        Err(Nothing) => Vec::new(),
    };
    Ok(Json(Listed { kudos: gifts.into_iter().map(Kudos::from).collect() }).into_response())
}

/// Which kudos are asked for: the guild, and the rest.
fn wanted(filters: &Filters) -> Result<(Option<i64>, Wanted), Nothing> {
    let (user, giver) = (filters.id("user_id")?, filters.id("giver_id")?);
    let wanted = Wanted { guilds: Vec::new(), user, giver, receiver: filters.id("receiver_id")? };
    Ok((filters.id("guild_id")?, wanted))
}

pub async fn show(asker: &Asker, id: i64) -> Reply {
    let guilds = asker.guilds().await?;
    let found = asker.app.bot().store().read(move |reader| find_any(reader, id)).await?;
    let gift = found.filter(|gift| guilds.contains(&gift.guild)).ok_or(NONE)?;
    Ok(Json(Kudos::from(gift)).into_response())
}

pub async fn create(asker: &Asker, body: &Bytes) -> Reply {
    asker.need(Scope::Write)?;
    let asked = Asked::of(body)?;
    asked.need(&["giver_id", "receiver_id", "guild_id"])?;
    let told = Told {
        giver: asked.id("giver_id")?,
        receiver: asked.id("receiver_id")?,
        guild: asked.id("guild_id")?,
        amount: asked.whole("amount", -AMOUNT_MAX..=AMOUNT_MAX)?.unwrap_or(1),
        reason: asked.text("reason", TEXT_CHARS_MAX)?.flatten(),
    };
    if told.giver == told.receiver {
        return Err(Fault::Wrong("Nobody gives kudos to themselves".to_owned()));
    }
    asker.see(told.guild).await?;
    let bot = asker.app.bot().clone();
    let made = async move {
        let gift = bot.put_on_record(move |cx| record(cx, &told)).await?;
        Ok((StatusCode::CREATED, Json(Kudos::from(gift))).into_response())
    };
    asker.once(body, made).await
}
