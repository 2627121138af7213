//! `/api/leveling`: XP that programs give, the board, and what a user was given.

use std::collections::HashSet;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value as Json_, json};

use super::asked::Asked;
use super::users::{LIMIT_MAX, User, Users, uuid_of};
use super::{change, may_change, may_read, moment};
use crate::command::Value;
use crate::features::levels::board::store::list_committed;
use crate::features::levels::records::{self, Deed, Gained};
use crate::http::api::{App, Caller, Need, Problem, Program};
use crate::model::{GuildId, Permission, UserId, XP_MAX};
use crate::store::ledger;
use crate::wires::fastapi::{Fault, mistake};

const BOARD_USUAL: i64 = 10;
const HISTORY_USUAL: i64 = 50;
const KIND_CHARS_MAX: usize = 50;
const PLACE_CHARS_MAX: usize = 50;
/// What an event is worth where no amount is given, by its kind; others are worth nothing.
const WORTH: [(&str, i64); 5] =
    [("message", 15), ("voice_minute", 10), ("command", 5), ("daily_bonus", 50), ("streak_bonus", 10)];

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/leveling/xp", post(give))
        .route("/api/leveling/leaderboard", get(leaderboard))
        .route("/api/leveling/xp-history/{discord_id}", get(history))
}

/// What came of an event.
#[derive(Serialize)]
struct XpGain {
    success: bool,
    xp_gained: i64,
    total_xp: i64,
    current_level: u32,
    leveled_up: bool,
    /// None: the level is the same.
    new_level: Option<u32>,
    /// Names of the tools that are there for the asking since.
    unlocked_tools: Vec<String>,
}

/// `POST /api/leveling/xp`: writes down that something happened, with what it is worth. No cooldown: whoever tells of
/// it has seen to that. The values stand in the query, or in a body.
async fn give(
    State(app): State<App>,
    program: Result<Program, Problem>,
    uri: Uri,
    body: Bytes,
) -> Result<Json<XpGain>, Fault> {
    let (guild, caller) = may_change(&app, program)?;
    let mut asked = Asked::query(&uri);
    // The hub's own front end sends `null`.
    if let Ok(body) = Asked::body(&body) {
        asked = asked.or(body);
    }
    let user = asked.needed_text("discord_id", PLACE_CHARS_MAX);
    if !asked.has("event_type") {
        asked.refuse("event_type", "missing", "Field required");
    }
    let kind = asked.line("event_type", KIND_CHARS_MAX).unwrap_or_default();
    let (amount, place) = (asked.whole("xp_amount", -XP_MAX..=XP_MAX), asked.line("channel_id", PLACE_CHARS_MAX));
    let place = place.filter(|place| !place.is_empty());
    asked.done()?;
    let (user, before) = Users::of(&app, guild, &caller).load(&user).await?;
    let usual = || WORTH.iter().find(|(known, _)| *known == kind).map_or(0, |(_, worth)| *worth);
    let amount = amount.unwrap_or_else(usual);
    let like = Some(("addxp", vec![("member", Value::User(user)), ("amount", Value::Whole(amount))]));
    let deed = Deed { kind, place, amount };
    let made = change(&app, &caller, guild, like, move |cx, actor| records::give(cx, actor, (guild, user), &deed));
    let gained = match made.await? {
        Some(Some(gained)) => gained,
        Some(None) => {
            let said = format!("Value error, there are {} XP: {amount} would leave less than nothing", before.xp);
            let loc = json!(["query", "xp_amount"]);
            return Err(Fault::Wrong(vec![mistake("value_error", &loc, &said, &amount.into())]));
        }
        // The same request came before: nothing is gained by it, and the answer is how things stand.
        None => Gained { before: before.level, after: before.level, xp: before.xp, available: Vec::new() },
    };
    let leveled_up = gained.after > gained.before;
    let current_level = gained.after.max(1);
    Ok(Json(XpGain {
        success: true,
        xp_gained: amount,
        total_xp: gained.xp,
        current_level,
        leveled_up,
        new_level: leveled_up.then_some(current_level),
        unlocked_tools: gained.available,
    }))
}

/// A user on the board.
#[derive(Serialize)]
struct LeaderboardEntry {
    rank: u64,
    user: User,
    xp: i64,
    level: u32,
}

/// `GET /api/leveling/leaderboard`: places from 1 on, no two alike; of equal XP, the older account comes first.
async fn leaderboard(
    State(app): State<App>,
    program: Result<Program, Problem>,
    uri: Uri,
) -> Result<Json<Vec<LeaderboardEntry>>, Fault> {
    let (guild, caller) = may_read(&app, program)?;
    let mut asked = Asked::query(&uri);
    let limit = asked.whole("limit", 1..=LIMIT_MAX).unwrap_or(BOARD_USUAL);
    asked.done()?;
    app.bot().settle().await;
    let reading = Users::of(&app, guild, &caller).reading();
    let limit = u32::try_from(limit).unwrap_or(1);
    let found = app.bot().store().read(move |reader| {
        let board = list_committed(reader, guild, 0, limit)?;
        let users = board.iter().filter_map(|placed| reading.find(reader, placed.user).transpose());
        let mut users = users.collect::<crate::model::Result<Vec<_>>>()?;
        let left = limit as usize - users.len();
        if left > 0 {
            // Behind them are those who have nothing yet, who are on no board of ours.
            let placed: HashSet<UserId> = board.iter().map(|placed| placed.user).collect();
            let others = reading.on_boards().list(reader, (0, limit.saturating_mul(2)))?.into_iter();
            users.extend(others.filter(|user| !placed.contains(&user.discord_id)).take(left));
        }
        Ok(users)
    });
    let entry = |(rank, user): (u64, User)| LeaderboardEntry { rank, xp: user.xp, level: user.level, user };
    Ok(Json((1..).zip(found.await?).map(entry).collect()))
}

/// Something that was worth XP.
#[derive(Serialize)]
struct XpEvent {
    user_id: String,
    event_type: String,
    xp_amount: i64,
    channel_id: Option<String>,
    /// Nothing is kept of it.
    metadata: Json_,
    created_at: String,
}

impl XpEvent {
    fn of(row: &ledger::Row) -> Self {
        let Deed { kind, place, amount } = Deed::of(row);
        // What the house pays by itself, in the hub's words.
        let event_type = match kind.as_str() {
            "voice" => "voice_minute".to_owned(),
            "daily" => "daily_bonus".to_owned(),
            "streak" => "streak_bonus".to_owned(),
            _ => kind,
        };
        Self {
            user_id: uuid_of(row.user),
            event_type,
            xp_amount: amount,
            channel_id: place,
            metadata: Json_::Null,
            created_at: moment(row.at),
        }
    }
}

/// When and where somebody was active is for themselves, for moderators, and for who manages the server.
fn may_look_back(caller: &Caller, guild: GuildId, discord_id: &str) -> Result<(), Problem> {
    let own = discord_id.parse().ok().filter(|user: &UserId| caller.person() == Some(*user));
    let manages = || caller.check(guild, Need::Have(Permission::ManageGuild)).is_ok();
    match own.is_some() || manages() {
        true => Ok(()),
        false => caller.check(guild, Need::Have(Permission::ModerateMembers)),
    }
}

/// `GET /api/leveling/xp-history/{discord_id}`: the newest first.
async fn history(
    State(app): State<App>,
    program: Result<Program, Problem>,
    Path(discord_id): Path<String>,
    uri: Uri,
) -> Result<Json<Vec<XpEvent>>, Fault> {
    let (guild, caller) = may_read(&app, program)?;
    may_look_back(&caller, guild, &discord_id)?;
    let mut asked = Asked::query(&uri);
    let limit = asked.whole("limit", 1..=LIMIT_MAX).unwrap_or(HISTORY_USUAL);
    asked.done()?;
    let (user, _) = Users::of(&app, guild, &caller).load(&discord_id).await?;
    let limit = u32::try_from(limit).unwrap_or(1);
    let rows = app.bot().store().read(move |reader| ledger::list_of(reader, guild, user, 0, limit)).await?;
    Ok(Json(rows.iter().map(XpEvent::of).collect()))
}
