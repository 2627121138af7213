//! `innkeeper api get`, `post` and the like: whatever the API has, as it is. Always JSON.

use clap::Args;
use serde_json::Value;

use super::shown::Shown;
use super::{Stop, What};
use crate::client::Method;
use crate::client::blocking::Client;

#[derive(Args)]
pub struct Bare {
    /// Such as /api/guilds/1/cases?limit=5.
    path: String,
}

#[derive(Args)]
pub struct Full {
    /// Such as /api/guilds/1/members/2/xp.
    path: String,
    /// The body, as JSON; `-` reads it from stdin.
    body: String,
}

/// The body that the line says, if it says one.
pub fn body(what: &What) -> Result<Option<Value>, Stop> {
    let (What::Post(Full { body, .. }) | What::Put(Full { body, .. }) | What::Patch(Full { body, .. })) = what else {
        return Ok(None);
    };
    let read = match body.as_str() {
        "-" => serde_json::from_reader(std::io::stdin().lock()),
        json => serde_json::from_str(json),
    };
    read.map(Some).map_err(|error| Stop::usage(format!("the body is no JSON: {error}")))
}

pub fn ask(client: &Client, what: &What, body: Option<&Value>) -> Result<Shown, Stop> {
    let (method, path) = match what {
        What::Post(full) => (Method::Post, &full.path),
        What::Put(full) => (Method::Put, &full.path),
        What::Patch(full) => (Method::Patch, &full.path),
        What::Delete(bare) => (Method::Delete, &bare.path),
        What::Get(bare) => (Method::Get, &bare.path),
        What::Cases(_) | What::Kudos(_) | What::Xp(_) | What::Leaderboard(_) => {
            return Err(Stop::usage("this has a command of its own"));
        }
    };
    let said = client.send(method, path, body)?;
    Shown::new(&said, format!("{said:#}\n"))
}
