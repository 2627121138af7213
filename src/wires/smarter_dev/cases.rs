//! `/api/warnings` and `/api/moderation-cases`: two views of our cases. Warnings are those that were given as such,
//! cases the others; what a moderator notes to themselves is neither. Both have numbers of one series, so that a case's
//! number is the one that `/case show` takes.

use axum::Json;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde::Serialize;

use super::asked::{Asked, Filters, Nothing, TEXT_CHARS_MAX, invalid};
use super::asker::Asker;
use super::fault::Fault;
use super::{LISTED_MAX, Reply, moment};
use crate::features::moderation::recorded::store::{Only, Record, Wanted, find_any, list as list_wanted};
use crate::features::moderation::recorded::{Deed, Settling, record, settle};
use crate::model::access::Scope;
use crate::model::{GuildId, Timestamp};

const NO_WARNING: Fault = Fault::NotFound("Warning not found");
const NO_CASE: Fault = Fault::NotFound("Moderation case not found");
/// The longest that something lasts, in seconds: a hundred years.
const DURATION_SECONDS_MAX: i64 = 100 * 366 * 86_400;

#[derive(Serialize)]
struct Warning {
    id: i64,
    user_id: i64,
    mod_id: i64,
    guild_id: i64,
    reason: Option<String>,
    warned_at: String,
}

#[derive(Serialize)]
struct Warnings {
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Case {
    id: i64,
    case_number: i64,
    guild_id: i64,
    user_id: i64,
    mod_id: i64,
    action: String,
    reason: Option<String>,
    created_at: String,
    duration_sec: Option<i64>,
    resolved_at: Option<String>,
    resolution_note: Option<String>,
}

#[derive(Serialize)]
struct Cases {
    cases: Vec<Case>,
}

fn warning(asker: &Asker, record: Record) -> Warning {
    let case = record.case;
    Warning {
        id: record.id,
        user_id: case.user.sql(),
        mod_id: case.moderator.map_or_else(|| nobody(asker), |moderator| moderator.sql()),
        guild_id: case.guild.sql(),
        reason: Some(case.reason).filter(|reason| !reason.is_empty()),
        warned_at: moment::written(case.at),
    }
}

fn case(asker: &Asker, record: Record) -> Case {
    let action = record.action().to_owned();
    let case = record.case;
    let lasts = |end: Timestamp| (end.ms() - case.at.ms()).div_euclid(1_000);
    Case {
        id: record.id,
        case_number: case.number,
        guild_id: case.guild.sql(),
        user_id: case.user.sql(),
        mod_id: case.moderator.map_or_else(|| nobody(asker), |moderator| moderator.sql()),
        action,
        reason: Some(case.reason).filter(|reason| !reason.is_empty()),
        created_at: moment::written(case.at),
        duration_sec: case.ends_at.map(lasts),
        resolved_at: case.resolved.map(|resolved| moment::written(resolved.at)),
        resolution_note: record.resolution,
    }
}

/// Who stands for a rule of the configuration, where somebody has to: the bot.
fn nobody(asker: &Asker) -> i64 {
    asker.app.bot().user().map_or(0, |me| me.sql())
}

pub async fn list_warnings(asker: &Asker, uri: &Uri) -> Reply {
    let found = find_all(asker, uri, Only::Warnings).await?;
    let warnings = found.into_iter().map(|record| warning(asker, record)).collect();
    Ok(Json(Warnings { warnings }).into_response())
}

pub async fn list(asker: &Asker, uri: &Uri) -> Reply {
    let found = find_all(asker, uri, Only::Cases).await?;
    Ok(Json(Cases { cases: found.into_iter().map(|record| case(asker, record)).collect() }).into_response())
}

async fn find_all(asker: &Asker, uri: &Uri, only: Only) -> Result<Vec<Record>, Fault> {
    asker.need(Scope::Moderate)?;
    let guilds = asker.guilds().await?;
    let Ok((guild, wanted)) = wanted(&Filters::of(uri), only) else { return Ok(Vec::new()) };
    let guilds = guilds.into_iter().filter(|id| guild.is_none_or(|guild| guild == id.sql())).collect();
    let wanted = Wanted { guilds, nobody: Some(nobody(asker)), ..wanted };
    Ok(asker.app.bot().store().read(move |reader| list_wanted(reader, &wanted, LISTED_MAX)).await?)
}

/// Which cases are asked for: the guild, and the rest.
fn wanted(filters: &Filters, only: Only) -> Result<(Option<i64>, Wanted), Nothing> {
    let (user, moderator) = (filters.id("user_id")?, filters.id("mod_id")?);
    let wanted = Wanted { user, moderator, only: Some(only), ..Wanted::default() };
    let guild = filters.id("guild_id")?;
    Ok(match only {
        Only::Warnings => (guild, wanted),
        Only::Cases => {
            let action = filters.text("action").map(str::to_owned);
            (guild, Wanted { action, resolved: filters.flag("resolved"), ..wanted })
        }
    })
}

pub async fn show_warning(asker: &Asker, id: i64) -> Reply {
    let found = find(asker, id, Only::Warnings).await?;
    found.map(|record| Json(warning(asker, record)).into_response()).ok_or(NO_WARNING)
}

pub async fn show(asker: &Asker, id: i64) -> Reply {
    let found = find(asker, id, Only::Cases).await?;
    found.map(|record| Json(case(asker, record)).into_response()).ok_or(NO_CASE)
}

async fn find(asker: &Asker, id: i64, only: Only) -> Result<Option<Record>, Fault> {
    asker.need(Scope::Moderate)?;
    let guilds = asker.guilds().await?;
    let found = asker.app.bot().store().read(move |reader| find_any(reader, id)).await?;
    Ok(found.filter(|record| record.is_of(only) && guilds.contains(&record.case.guild)))
}

pub async fn warn(asker: &Asker, body: &Bytes) -> Reply {
    asker.need(Scope::Moderate)?;
    let asked = Asked::of(body)?;
    asked.need(&["user_id", "mod_id", "guild_id"])?;
    let deed = deed(&asked, None, None)?;
    make(asker, body, deed, |asker, record| Json(warning(asker, record)).into_response()).await
}

pub async fn create(asker: &Asker, body: &Bytes) -> Reply {
    asker.need(Scope::Moderate)?;
    let asked = Asked::of(body)?;
    asked.need(&["guild_id", "user_id", "mod_id", "action"])?;
    let action = asked.name("action")?.ok_or_else(|| invalid("action"))?;
    let lasts = asked.whole("duration_sec", 0..=DURATION_SECONDS_MAX)?;
    let deed = deed(&asked, Some(action), lasts.and_then(|seconds| u32::try_from(seconds).ok()))?;
    make(asker, body, deed, |asker, record| Json(case(asker, record)).into_response()).await
}

fn deed(asked: &Asked, action: Option<String>, lasts_seconds: Option<u32>) -> Result<Deed, Fault> {
    let reason = asked.text("reason", TEXT_CHARS_MAX)?.flatten().unwrap_or_default();
    let (guild, user): (GuildId, _) = (asked.id("guild_id")?, asked.id("user_id")?);
    // What its models begin with stands for nobody.
    let moderator = if asked.is_zero("mod_id") { None } else { Some(asked.id("mod_id")?) };
    Ok(Deed { guild, user, moderator, action, reason, lasts_seconds })
}

type Shown = fn(&Asker, Record) -> axum::response::Response;

async fn make(asker: &Asker, body: &Bytes, deed: Deed, shown: Shown) -> Reply {
    asker.see(deed.guild).await?;
    let (whose, by) = (asker.clone(), asker.key.actor_name());
    let made = async move {
        let made = whose.app.bot().put_on_record(move |cx| record(cx, &deed, &by)).await?;
        let mut answer = shown(&whose, made);
        *answer.status_mut() = StatusCode::CREATED;
        Ok(answer)
    };
    asker.once(body, made).await
}

pub async fn change(asker: &Asker, id: i64, body: &Bytes) -> Reply {
    let known = find(asker, id, Only::Cases).await?.ok_or(NO_CASE)?;
    let asked = Asked::of(body)?;
    let settling = Settling {
        at: asked.time("resolved_at")?,
        now: asked.is_true("resolve"),
        note: asked.text("resolution_note", TEXT_CHARS_MAX)?.map(|note| note.filter(|words| !words.is_empty())),
    };
    let (id, by) = (known.id, asker.key.actor_name());
    let changed = asker.app.bot().put_on_record(move |cx| settle(cx, id, &settling, &by)).await?;
    changed.map(|record| Json(case(asker, record)).into_response()).ok_or(NO_CASE)
}
