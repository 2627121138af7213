//! The menu of a message on the page: choosing one of its commands, and the form that the bot answers with.

use std::time::Duration;

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::html::Html;
use super::messages::hidden_seat;
use super::{Seat, Wish, after, is_foreign, take_seat};
use crate::model::MessageId;
use crate::sim::shared::SharedWorld;
use crate::sim::world::{Impossible, InteractionId, Message, World};

/// How long the bot may take to answer with a form: as long as Discord waits for any first answer.
const FORM_WITHIN: Duration = Duration::from_secs(3);
/// Discord's number for a command in the menu of a message.
const ON_MESSAGE: u8 = 3;

/// The commands that a member finds in the menu of a message, as buttons.
pub(super) fn entries(html: &mut Html, world: &World, seat: Seat, message: &Message) {
    let Some(place) = world.channel(seat.channel) else { return };
    let known = world.commands_in(seat.guild);
    let offered = known.into_iter().filter(|c| c.kind == ON_MESSAGE && world.is_offered(c, seat.member, place));
    let names: Vec<_> = offered.map(|command| &command.name).collect();
    if names.is_empty() || message.interaction.is_some() {
        return;
    }
    html.raw("<details class=menu><summary aria-label=\"More\">⋯</summary>");
    html.raw("<form class=entries method=post action=/choose><input type=hidden name=message value=\"");
    html.text(message.id).raw("\">");
    hidden_seat(html, seat);
    for name in names {
        html.raw("<button name=entry value=\"").text(name).raw("\">").text(name).raw("</button>");
    }
    html.raw("</form></details>");
}

/// The form that waits to be filled in by this member, in place of the line to write in.
pub(super) fn form(html: &mut Html, world: &World, seat: Seat, id: &str) -> bool {
    let Some((id, form)) = waiting(world, seat, id) else { return false };
    html.raw("<form class=ask method=post action=/submit autocomplete=off><input type=hidden name=id value=\"");
    html.text(id.0).raw("\">");
    hidden_seat(html, seat);
    html.raw("<b>").text(form["title"].as_str().unwrap_or_default()).raw("</b>");
    // A form with one field is all that the page knows.
    let field = &form["components"][0]["components"][0];
    html.raw("<label>").text(field["label"].as_str().unwrap_or_default());
    html.raw("<textarea name=text rows=2 autofocus maxlength=\"").text(field["max_length"].as_u64().unwrap_or(4_000));
    html.raw("\"></textarea></label><input type=hidden name=field value=\"");
    html.text(field["custom_id"].as_str().unwrap_or_default()).raw("\">");
    html.raw("<div><button class=go>Submit</button> <a href=\"").text(seat.address()).raw("\">Cancel</a></div></form>");
    true
}

fn waiting<'w>(world: &'w World, seat: Seat, id: &str) -> Option<(InteractionId, &'w Value)> {
    let id = InteractionId(id.parse().ok()?);
    world.interaction(id).filter(|interaction| interaction.user == seat.member)?;
    Some((id, world.form(id)?))
}

#[derive(Deserialize)]
pub(super) struct Choice {
    member: String,
    channel: String,
    message: String,
    /// The command's name.
    #[serde(default)]
    entry: String,
}

/// A member chooses a command from a message's menu; the page then shows the form that comes back.
pub(super) async fn choose(
    State(world): State<SharedWorld>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Response {
    if is_foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let wish = Wish { member: choice.member, channel: choice.channel, ..Wish::default() };
    let (seat, chosen, mut changes) = {
        let mut world = world.lock();
        let seat = match take_seat(&world, &wish) {
            Ok((seat, _)) => seat,
            Err(trouble) => return (StatusCode::NOT_FOUND, trouble.0).into_response(),
        };
        let chosen = match choice.message.parse::<MessageId>() {
            Ok(message) => world.choose(message, seat.member, &choice.entry),
            Err(_) => Impossible::because("there is no such message"),
        };
        (seat, chosen, world.changes())
    };
    let id = match chosen {
        Ok(id) => id,
        Err(trouble) => return after(seat, &headers, Err(trouble), ""),
    };
    let answered = async {
        while world.lock().interaction(id).is_some_and(|interaction| interaction.first_answer.is_none()) {
            if changes.changed().await.is_err() {
                break;
            }
        }
    };
    let _ = timeout(FORM_WITHIN, answered).await;
    Redirect::to(&format!("{}&form={}", seat.address(), id.0)).into_response()
}

#[derive(Deserialize)]
pub(super) struct Filled {
    member: String,
    channel: String,
    id: String,
    #[serde(default)]
    field: String,
    #[serde(default)]
    text: String,
}

/// A member sends a form that they filled in.
pub(super) async fn submit(
    State(world): State<SharedWorld>,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Response {
    if is_foreign(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut world = world.lock();
    let wish = Wish { member: filled.member, channel: filled.channel, ..Wish::default() };
    let seat = match take_seat(&world, &wish) {
        Ok((seat, _)) => seat,
        Err(trouble) => return (StatusCode::NOT_FOUND, trouble.0).into_response(),
    };
    let waiting = waiting(&world, seat, &filled.id).map(|(id, _)| id);
    let done = match waiting {
        Some(id) => world.submit(id, &[(&filled.field, &filled.text)]).map(|_| ()),
        None => Impossible::because("there is no such form"),
    };
    after(seat, &headers, done, "")
}
