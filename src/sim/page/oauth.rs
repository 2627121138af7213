//! The page that asks a person whether an application may know who they are. Here, it also asks who they are.
//!
//! Yes and no are links and no forms: where a form leads to another site, browsers stop it by the page's policy.

use axum::extract::{Query, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::html::Html;
use super::{SharedWorld, page};
use crate::model::UserId;
use crate::sim::world::permissions::top_role;
use crate::sim::world::{Authorization, World};

/// People who are offered.
const PEOPLE_MAX: usize = 80;

/// Who says yes, or that somebody says no.
#[derive(Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    member: String,
    #[serde(default)]
    answer: String,
}

pub(super) async fn ask(
    State(world): State<SharedWorld>,
    Query(asked): Query<Authorization>,
    Query(said): Query<Said>,
    RawQuery(query): RawQuery,
) -> Response {
    let mut world = world.lock();
    let next = match (said.answer.as_str(), said.member.parse::<UserId>()) {
        ("no", _) => world.decline(&asked),
        ("yes", Ok(user)) => world.consent(&asked, user),
        _ => match world.may_ask(&asked) {
            Ok(()) => return page(StatusCode::OK, question(&world, &asked, &query.unwrap_or_default())),
            Err(trouble) => Err(trouble),
        },
    };
    match next {
        Ok(address) => (StatusCode::FOUND, [(header::LOCATION, address)]).into_response(),
        Err(trouble) => page(StatusCode::BAD_REQUEST, super::view::nothing(&trouble.0)),
    }
}

/// What somebody is in the guild that they are in, as far as it is worth knowing.
fn standing(world: &World, user: UserId) -> &str {
    let Some(guild) = world.guilds().find(|guild| guild.members.contains_key(&user)) else { return "in no server" };
    match top_role(guild, user) {
        _ if guild.owner == user => "Owner",
        Some(role) if role.hoist => &role.name,
        _ => "",
    }
}

fn question(world: &World, asked: &Authorization, query: &str) -> String {
    let mut html = Html::default();
    html.raw("<!doctype html><html lang=en><head><meta charset=utf-8><title>Authorize – simulated Discord</title>");
    html.raw(
        "<meta name=viewport content=\"width=device-width, initial-scale=1\"><link rel=stylesheet href=/page.css>",
    );
    html.raw("<link rel=icon href=\"data:,\"></head><body class=consent><main><h1>").text(world.name_of_bot());
    html.raw(" wants to know who you are on Discord</h1><p class=note>It asks for <b>").text(&asked.scope);
    html.raw(
        "</b>: your name and your id, and nothing else. This is the simulated Discord, so say who you are.</p><ul>",
    );
    for (user, name) in world.people().into_iter().take(PEOPLE_MAX) {
        html.raw("<li><a class=command href=\"/oauth2/authorize?").text(query).raw("&amp;answer=yes&amp;member=");
        html.text(user).raw("\">I am <b>").text(name).raw("</b> <i>").text(standing(world, user)).raw("</i></a></li>");
    }
    html.raw("</ul><p><a class=command href=\"/oauth2/authorize?")
        .text(query)
        .raw("&amp;answer=no\">No, go back</a></p>");
    html.raw("</main></body></html>");
    html.into_string()
}
