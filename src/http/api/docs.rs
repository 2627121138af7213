//! The API's description: for programs as an OpenAPI document, for people as a page that needs nothing from elsewhere.

use askama::Template;
use axum::Json;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use axum::response::{Html, IntoResponse};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi};
use utoipa::{PartialSchema, ToSchema};

use super::Snowflake;
use super::problem::{Code, Problem};

use crate::status::VERSION;

/// What the description says of the whole.
fn complete(api: &mut OpenApi) {
    api.info = InfoBuilder::new()
        .title("Innkeeper")
        .version(VERSION)
        .description(Some(
            "The records of a community. Ids are texts, times RFC 3339 in UTC. A key is shown as `Authorization: \
             Bearer` or `X-API-Key`, or exchanged for a token; a person signs in with /login in Discord.",
        ))
        .build();
    let components = api.components.get_or_insert_with(Components::new);
    // What `Usual` and `Taken` refer to.
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    components.schemas.insert(Snowflake::name().into_owned(), Snowflake::schema());
    components.schemas.insert(Code::name().into_owned(), Code::schema());
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    components.add_security_scheme("bearer", bearer);
    components.add_security_scheme("key", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))));
}

pub(super) fn json(api: &mut OpenApi) -> Response<Body> {
    complete(api);
    Json(&*api).into_response()
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

pub(super) fn page(api: &mut OpenApi) -> Response<Body> {
    complete(api);
    let page = serde_json::to_value(&*api).map(|json| DocsPage { groups: groups(&json) }.render());
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
