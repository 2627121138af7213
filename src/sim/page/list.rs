//! Lists to choose from below a message, as forms: what is chosen is sent with a button of its own.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::html::Html;
use super::messages::hidden_seat;
use super::{Seat, SharedWorld, Wish, after, is_foreign, take_seat};
use crate::model::MessageId;
use crate::sim::world::{Impossible, Message};

/// The lists of a message.
pub(super) fn draw(html: &mut Html, seat: Seat, message: &Message) {
    for list in message.lists() {
        html.raw("<form class=buttons method=post action=/select><input type=hidden name=message value=\"");
        html.text(message.id).raw("\"><input type=hidden name=list value=\"");
        html.text(list["custom_id"].as_str().unwrap_or_default()).raw("\">");
        hidden_seat(html, seat);
        let most = list["max_values"].as_u64().unwrap_or(1);
        html.raw("<div><select name=chosen aria-label=\"").text(list["placeholder"].as_str().unwrap_or("Choose"));
        html.raw("\"").raw(if most > 1 { " multiple>" } else { "><option value=\"\"></option>" });
        for option in list["options"].as_array().into_iter().flatten() {
            html.raw("<option value=\"").text(option["value"].as_str().unwrap_or_default()).raw("\">");
            html.text(option["label"].as_str().unwrap_or_default()).raw("</option>");
        }
        html.raw("</select><button class=secondary>Choose</button></div></form>");
    }
}

/// Somebody chose. The same field comes once for each thing that was chosen, so the form is read field by field.
pub(super) async fn select(
    State(world): State<SharedWorld>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if is_foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let all = |name: &str| -> Vec<&str> {
        let named = fields.iter().filter(|(known, value)| known == name && !value.is_empty());
        named.map(|(_, value)| value.as_str()).collect()
    };
    let first = |name: &str| all(name).first().map(|value| (*value).to_owned()).unwrap_or_default();
    let mut world = world.lock();
    let wish = Wish { member: first("member"), channel: first("channel"), ..Wish::default() };
    let seat = match take_seat(&world, &wish) {
        Ok((seat, _)) => seat,
        Err(trouble) => return (StatusCode::NOT_FOUND, trouble.0).into_response(),
    };
    let done = match first("message").parse::<MessageId>() {
        Ok(message) => world.select(message, seat.member, &first("list"), &all("chosen")).map(|_| ()),
        Err(_) => Impossible::because("there is no such message"),
    };
    after(seat, &headers, done, "")
}
