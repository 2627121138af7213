//! Hooks over HTTP: made by a key, listed, deleted, tried and asked to be told again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::http::api::{
    App, Ask, Caller, Content, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Taken, Usual,
};
use crate::model::access::{Scope, new_hook_secret};
use crate::model::internet::is_surely_private;
use crate::model::webhook::{self, Delivery, WebhookUrl};
use crate::model::{GuildId, Permission, Refusal, Secret, Timestamp};
use crate::store::webhooks::{self, NewHook, Order};
use crate::store::{Tx, done, promises};

const ADMIN: Need = Need::Have(Permission::ManageGuild);
const PRIVATE: &str = "The address is a private one. My owner can allow it in http.webhook_allow, as a whole.";
const NO_KEY: &str = "A webhook belongs to a key that is kept: make it with one, not in a browser.";
const NOTHING_TO_SEND: &str = "Nothing was sent to this webhook yet, or not lately.";
const REPLACED: &str = "sent again on request";

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list, create)).routes(routes!(remove)).routes(routes!(resend)).routes(routes!(test))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HookKind {
    LevelUp,
    ToolUnlocked,
    Kudos,
    /// For keys with the scope `moderate`.
    Case,
    /// Somebody came (`pending`: they have yet to accept the rules) or left.
    Member,
    /// For keys with the scope `moderate`: a promise was made, moved, kept, refused or called off.
    Promise,
}

impl HookKind {
    const fn kind(self) -> webhook::HookKind {
        match self {
            Self::LevelUp => webhook::HookKind::LevelUp,
            Self::ToolUnlocked => webhook::HookKind::ToolUnlocked,
            Self::Kudos => webhook::HookKind::Kudos,
            Self::Case => webhook::HookKind::Case,
            Self::Member => webhook::HookKind::Member,
            Self::Promise => webhook::HookKind::Promise,
        }
    }
}

/// Where a program is told what happens.
#[derive(Serialize, ToSchema)]
struct Webhook {
    number: i64,
    /// The name of the key that it belongs to.
    key: String,
    #[schema(value_type = Vec<HookKind>)]
    kinds: Vec<&'static str>,
    /// Of its address no more than the server is shown.
    host: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// `working`, `disabled` (deliveries were given up; a test that works ends that), or `key_over` (its key is revoked
    /// or over).
    state: &'static str,
    /// When it was last posted to.
    #[schema(format = DateTime)]
    last_at: Option<String>,
    /// What was answered; none: nothing.
    last_status: Option<u16>,
    /// What is wrong; none: it worked.
    last_words: Option<String>,
    /// Deliveries that were given up since the last one that worked.
    failures: i64,
    /// Deliveries that are still to be made.
    waiting: i64,
    /// Happenings that were not delivered because too many waited.
    dropped: i64,
}

impl From<webhooks::Hook> for Webhook {
    fn from(hook: webhooks::Hook) -> Self {
        Self {
            number: hook.id,
            key: hook.key,
            kinds: hook.kinds.iter().map(|kind| kind.word()).collect(),
            host: hook.host,
            created_at: hook.created_at.rfc3339(),
            state: match (hook.key_is_alive, hook.disabled) {
                (false, _) => "key_over",
                (true, true) => "disabled",
                (true, false) => "working",
            },
            last_at: hook.last_at.map(Timestamp::rfc3339),
            last_status: hook.last_status,
            last_words: hook.last_words,
            failures: hook.failures,
            waiting: hook.waiting,
            dropped: hook.dropped,
        }
    }
}

/// Lists the webhooks of a guild, of all keys, the oldest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/webhooks", tag = "Webhooks",
    params(("guild_id" = Snowflake, Path), Paging), security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The webhooks", body = Listed<Webhook>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Webhook>>, Problem> {
    caller.check(guild, ADMIN)?;
    let part = paging.read()?.part()?;
    let now = app.bot().clock().now();
    let all = app.bot().store().read(move |reader| webhooks::list(reader, guild, now)).await?;
    Ok(Json(Listed::part_of(all.into_iter().map(Webhook::from).collect(), part)))
}

/// Where to post what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    /// An https address of the internet, or one that `http.webhook_allow` has; what is neither is refused (409).
    #[schema(max_length = 2000, pattern = "^https?://[!-~]+$")]
    url: String,
    #[schema(min_items = 1)]
    kinds: Vec<HookKind>,
}

/// A webhook that was made, and what its deliveries are signed with, which is shown here and never again.
#[derive(Serialize, ToSchema)]
struct MadeWebhook {
    webhook: Webhook,
    /// `X-Innkeeper-Signature` is `sha256=` and HMAC-SHA256 under this of `X-Innkeeper-Timestamp`, a dot and the body.
    secret: String,
}

/// Makes a webhook for the key that asks: what happens is posted there, as JSON.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/webhooks", tag = "Webhooks", params(("guild_id" = Snowflake, Path)),
    request_body = NewWebhook, security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 201, description = "The webhook, and its secret", body = MadeWebhook),
    Usual,
    Taken,
))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    new: Content<NewWebhook>,
) -> Result<(StatusCode, Json<MadeWebhook>), Problem> {
    caller.check(guild, ADMIN)?;
    let NewWebhook { url, kinds } = new.read().await?;
    let key = caller.key().filter(|key| !key.is_local()).ok_or_else(|| Problem::refused(NO_KEY))?;
    let kinds: Vec<_> =
        webhook::HookKind::ALL.into_iter().filter(|kind| kinds.iter().any(|wanted| wanted.kind() == *kind)).collect();
    if kinds.is_empty() {
        return Err(Problem::invalid("kinds names at least one kind."));
    }
    if let Some(kind) = kinds.iter().find(|kind| kind.is_for_moderators() && !key.scopes.contains(Scope::Moderate)) {
        return Err(Problem::forbidden(format!("`{}` is for keys with the scope `moderate`.", kind.word())));
    }
    let allowed = app.bot().config().http.webhook_allow.clone();
    let (url, trusted) =
        WebhookUrl::judge(&url, &allowed).map_err(|expected| Problem::refused(format!("url: {expected}.")))?;
    if !trusted && is_surely_private(url.reveal()) {
        return Err(Problem::refused(PRIVATE));
    }
    let (secret, now, key, name) = (new_hook_secret(), app.bot().clock().now(), key.id, key.name.clone());
    let (host, request) = (url.host().to_owned(), caller.request());
    let made = app.bot().store().write(move |tx: &Tx| {
        let new = NewHook { api_key: key, guild, url: &url, kinds: &kinds, secret: &secret };
        // Whose answer was lost gets it once more: without the secret the webhook is of no use.
        let own = match is_first(tx, request, now)? {
            true => Some((webhooks::insert(tx, &new, now)?, new.secret.clone())),
            false => webhooks::find_own(tx.read(), &new)?,
        };
        let Some((id, secret)) = own else { return Ok(None) };
        Ok(webhooks::find(tx.read(), guild, id, now)?.map(|hook| (hook, secret)))
    });
    let (hook, secret) = made.await?.ok_or_else(|| Problem::not_found("webhook"))?;
    tracing::info!(hook = hook.id, key = name, host, "a webhook was made");
    Ok((StatusCode::CREATED, Json(MadeWebhook { webhook: hook.into(), secret: shown(&secret) })))
}

/// Whether a request comes for the first time, which is noted. One that does not say by what to know it always does.
fn is_first(tx: &Tx, request: Option<u64>, now: Timestamp) -> crate::model::Result<bool> {
    let Some(request) = request else { return Ok(true) };
    if done::is_noted(tx.read(), request)? {
        return Ok(false);
    }
    done::note(tx, request, now)?;
    Ok(true)
}

/// What is secret, for the one answer that shows it.
fn shown(secret: &Secret) -> String {
    secret.reveal().to_owned()
}

/// Deletes a webhook, with what still waits for it.
#[utoipa::path(delete, path = "/api/guilds/{guild_id}/webhooks/{number}", tag = "Webhooks",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 204, description = "It is gone"),
    Usual,
))]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<StatusCode, Problem> {
    caller.check(guild, ADMIN)?;
    let (now, request) = (app.bot().clock().now(), caller.request());
    let gone = move |tx: &Tx| match webhooks::remove(tx, guild, number, now)? {
        true => is_first(tx, request, now).map(|_| true),
        false => request.map_or(Ok(false), |request| done::is_noted(tx.read(), request)),
    };
    match app.bot().store().write(gone).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("webhook")),
    }
}

/// A delivery that is on its way.
#[derive(Serialize, ToSchema)]
struct Sent {
    /// As `X-Innkeeper-Id` tells it.
    id: String,
}

/// Sends the latest delivery once more, with the same id and body; also where the webhook is disabled.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/webhooks/{number}/resend", tag = "Webhooks",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 202, description = "It is on its way", body = Sent),
    (status = 409, description = "There is nothing to send again, or its key is over", body = Problem),
    Usual,
))]
async fn resend(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    caller.check(guild, ADMIN)?;
    let (now, asked, request) = (app.bot().clock().now(), caller.request(), app.bot().next_request());
    let again = move |tx: &Tx| {
        let Some(hook) = find_working(tx, guild, number, now)? else { return Ok(None) };
        let Some((promise, last)) = webhooks::find_last(tx.read(), number)? else {
            return Err(Refusal::new(NOTHING_TO_SEND).into());
        };
        if !is_first(tx, asked, now)? {
            return Ok(Some(last.id));
        }
        promises::cancel(tx, promise, REPLACED, now)?;
        send(tx, &hook, format!("{request}:hook.{number}.resend"), last.again(now), now).map(Some)
    };
    sent(&app, app.bot().store().write(again).await?)
}

/// Sends something to try a webhook, of the kind `test`. One that was disabled and takes it is in use again.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/webhooks/{number}/test", tag = "Webhooks",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 202, description = "It is on its way", body = Sent),
    (status = 409, description = "Its key is over", body = Problem),
    Usual,
))]
async fn test(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    caller.check(guild, ADMIN)?;
    let (now, asked) = (app.bot().clock().now(), caller.request());
    let request = asked.unwrap_or_else(|| app.bot().next_request());
    let tried = move |tx: &Tx| {
        let Some(hook) = find_working(tx, guild, number, now)? else { return Ok(None) };
        let origin = format!("{request}:hook.{number}.test");
        let delivery = Delivery::new(number, &origin, ("test", guild), json!({}), now);
        if !is_first(tx, asked, now)? {
            return Ok(Some(delivery.id));
        }
        send(tx, &hook, origin, delivery.again(now), now).map(Some)
    };
    sent(&app, app.bot().store().write(tried).await?)
}

/// A webhook of a key that is good.
fn find_working(tx: &Tx, guild: GuildId, number: i64, now: Timestamp) -> crate::model::Result<Option<webhooks::Hook>> {
    let hook = webhooks::find(tx.read(), guild, number, now)?;
    match hook {
        Some(hook) if !hook.key_is_alive => {
            Err(Refusal::new("The key of this webhook is revoked or over: it gets nothing any more.").into())
        }
        hook => Ok(hook),
    }
}

fn send(
    tx: &Tx,
    hook: &webhooks::Hook,
    origin: String,
    delivery: Delivery,
    now: Timestamp,
) -> crate::model::Result<String> {
    let (id, about) = (delivery.id.clone(), format!("tell {} something on request", hook.host));
    webhooks::promise(tx, Order { guild: hook.guild, origin, about: &about, delivery }, now)?;
    Ok(id)
}

fn sent(app: &App, id: Option<String>) -> Result<(StatusCode, Json<Sent>), Problem> {
    let id = id.ok_or_else(|| Problem::not_found("webhook"))?;
    app.bot().look_at_promises();
    Ok((StatusCode::ACCEPTED, Json(Sent { id })))
}
