//! The API's description: for programs as an OpenAPI document, for people as a page that needs nothing from elsewhere.

use askama::Template;
use axum::Json;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::response::{Html, IntoResponse};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, InfoBuilder, OpenApi};
use utoipa::{OpenApi as _, PartialSchema, ToSchema};

use super::problem::{Code, Problem};
use super::{App, CommandRun, Length, Snowflake};

use crate::http::pages;
use crate::status::VERSION;

/// How the document calls the cookie.
const SESSION: &str = "session";

/// What the description says of the whole, and what the rooms do not know: the door's own routes, its cookie, and the
/// commands that there are.
fn complete(api: &mut OpenApi, app: &App) {
    let (commands, cookie) = (app.bot().commands(), app.0.pages.cookie);
    let_people_in(api);
    api.merge(pages::Described::openapi());
    api.info = InfoBuilder::new()
        .title("Innkeeper")
        .version(VERSION)
        .description(Some(
            "The records of a community. Ids are texts, times RFC 3339 in UTC. A key is shown as `Authorization: \
             Bearer` or `X-API-Key`, or exchanged for a token; a person signs in with /login in Discord. What changes \
             something takes an `Idempotency-Key` (1 to 255 bytes), under which it is done once, and of a key with \
             the scope `impersonate` the id of the member in whose name (`X-Act-As`).",
        ))
        .build();
    let components = api.components.get_or_insert_with(Components::new);
    // What `Usual` and `Taken` refer to.
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    components.schemas.insert(Snowflake::name().into_owned(), Snowflake::schema());
    components.schemas.insert(Code::name().into_owned(), Code::schema());
    components.schemas.insert(Length::name().into_owned(), Length::schema());
    components.schemas.insert(CommandRun::name().into_owned(), CommandRun::schema_of(&commands));
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("bearer", bearer);
    components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))));
    let about = "Of a browser that is signed in. What changes something has to say that it comes from a page of ours, \
        too (`Origin`), and bring the word of its forms (`X-Form-Word`).";
    let session = ApiKey::Cookie(ApiKeyValue::with_description(cookie.name(), about));
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(session));
}

/// Whatever asks for a key, people may ask for as well: what they may, their permissions say.
fn let_people_in(api: &mut OpenApi) {
    for item in api.paths.paths.values_mut() {
        let each = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for demands in each.into_iter().flatten().filter_map(|operation| operation.security.as_mut()) {
            demands.push(SecurityRequirement::new::<_, _, String>(SESSION, []));
        }
    }
}

pub(super) fn json(mut api: OpenApi, app: &App) -> Response<Body> {
    complete(&mut api, app);
    Json(api).into_response()
}

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    groups: Vec<Group>,
}

struct Group {
    name: String,
    routes: Vec<Route>,
}

struct Route {
    method: String,
    path: String,
    about: String,
    more: String,
    takes: Vec<(String, String)>,
    answers: Vec<(String, String)>,
}

pub(super) fn page(mut api: OpenApi, app: &App) -> Response<Body> {
    complete(&mut api, app);
    let page = serde_json::to_value(api).map(|json| DocsPage { groups: groups(&json) }.render());
    match page {
        Ok(Ok(html)) => Html(html).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The routes by what they are about, in the order of the document.
fn groups(api: &serde_json::Value) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let paths = api["paths"].as_object().into_iter().flatten();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let name = text(&operation["tags"][0]);
            let route = route(path, method, operation);
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.routes.push(route),
                None => groups.push(Group { name, routes: vec![route] }),
            }
        }
    }
    groups
}

fn route(path: &str, method: &str, operation: &serde_json::Value) -> Route {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let takes = parameters.map(|parameter| {
        let place = text(&parameter["in"]);
        (format!("{} ({place})", text(&parameter["name"])), text(&parameter["description"]))
    });
    let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    let body = body.as_str().map(|name| ("body".to_owned(), name.rsplit('/').next().unwrap_or(name).to_owned()));
    let responses = operation["responses"].as_object().into_iter().flatten();
    Route {
        method: method.to_uppercase(),
        path: path.to_owned(),
        about: text(&operation["summary"]),
        more: text(&operation["description"]),
        takes: takes.chain(body).collect(),
        answers: responses.map(|(status, answer)| (status.clone(), text(&answer["description"]))).collect(),
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
