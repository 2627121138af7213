//! The API over real sockets: what each route answers to each kind of caller, and stories of programs that use it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "api/bad_input.rs"]
mod bad_input;
#[path = "support/client.rs"]
mod client;
#[path = "api/document.rs"]
mod document;
#[path = "support/door.rs"]
mod door;
#[path = "api/events.rs"]
mod events;
#[path = "support/house.rs"]
mod house;
#[path = "api/matrix.rs"]
mod matrix;
#[path = "api/more.rs"]
mod more;
#[path = "api/records.rs"]
mod records;
#[path = "api/rooms.rs"]
mod rooms;
mod support;
#[path = "api/webhooks.rs"]
mod webhooks;

use door::{open, sign_in};
