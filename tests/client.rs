//! The typed client, over real sockets: what it asks of the real door, what it does when a server fails, and the same
//! on the command line.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "client/calls.rs"]
mod calls;
#[path = "support/client.rs"]
mod client;
#[path = "support/door.rs"]
mod door;
#[path = "../examples/client.rs"]
#[allow(dead_code, reason = "its main is another's")]
mod example;
#[path = "client/failing.rs"]
mod failing;
#[path = "support/house.rs"]
mod house;
#[path = "client/line.rs"]
mod line;
#[path = "client/server.rs"]
mod server;
mod support;

use door::{OpenDoor, open};
use house::Running;
use innkeeper::client::Client;
use innkeeper::model::Secret;

/// A client of that door, with a new key.
async fn with_key(bot: &Running, door: &OpenDoor, scopes: &str) -> Client {
    let key = client::key(&bot.bot, "k", scopes, None, None).await;
    Client::builder(format!("http://{}", door.addr), Secret::new(key)).build().unwrap()
}
