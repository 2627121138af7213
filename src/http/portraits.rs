//! `/members/{user_id}/card.png`: a member's card, for as long as their standing is for everybody. Whether it is, and
//! what the card shows, the bot says.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::sync::Semaphore;

use super::api::{Gate, Snowflake};
use super::{gate, pages};
use crate::bot::Bot;
use crate::model::UserId;

/// Cards that are looked up at the same time: the drawing is shared with answers on Discord, which go first.
const AT_ONCE_MAX: usize = 4;

#[derive(Clone)]
pub(super) struct Desk {
    bot: Bot,
    places: Arc<Semaphore>,
}

/// The route.
pub fn portraits(bot: Bot) -> Router {
    let desk = Desk { bot, places: Arc::new(Semaphore::new(AT_ONCE_MAX)) };
    Router::new().route("/members/{user_id}/card.png", get(card)).with_state(desk)
}

/// A member's card as a picture, for as long as the board that they stand on is for everybody.
#[utoipa::path(get, path = "/members/{user_id}/card.png", tag = "Levels", params(("user_id" = Snowflake, Path)),
    security(()), responses(
    Gate,
    (status = 200, description = "The card", body = String, content_type = "image/png"),
    (status = 404, description = "There is none, or it is not for everybody"),
    (status = 503, description = "Too many are asked for at once"),
))]
pub(super) async fn card(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let Ok(user) = id.parse::<UserId>() else { return pages::not_found(uri, headers).await };
    let Ok(_place) = desk.places.try_acquire() else {
        let text = "Too many cards are asked for at once. Try again in a moment.";
        return gate::notice(&headers, StatusCode::SERVICE_UNAVAILABLE, "Busy", text);
    };
    let png = match desk.bot.portrait(user).await {
        Ok(Some(png)) => png,
        Ok(None) => return pages::not_found(uri, headers).await,
        Err(fault) => {
            tracing::error!(%fault, "a card could not be read");
            let text = "Something went wrong on our side.";
            return gate::notice(&headers, StatusCode::INTERNAL_SERVER_ERROR, "Fault", text);
        }
    };
    let etag = etag(&png);
    let head = [
        (header::CONTENT_TYPE, "image/png".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, etag.clone()),
        // It may be shown on other people's pages.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
    ];
    match gate::is_kept(headers.get_all(header::IF_NONE_MATCH), &etag) {
        true => (StatusCode::NOT_MODIFIED, head).into_response(),
        false => (head, png.to_vec()).into_response(),
    }
}

/// A strong entity tag.
fn etag(png: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    png.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
