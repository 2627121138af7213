//! The API over real sockets: what each route answers to each kind of caller, and stories of programs that use it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/client.rs"]
mod client;
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

use door::{Browser, OpenDoor};
use house::{House, Running};
use innkeeper::model::UserId;

/// A house with its main door open.
async fn open(house: &House) -> (Running, OpenDoor) {
    let bot = house.start().await;
    bot.settle(house).await;
    let door = OpenDoor::of(&bot.bot, &house.config);
    (bot, door)
}

/// Somebody's browser, signed in.
async fn sign_in(house: &House, door: &OpenDoor, member: UserId) -> Browser {
    let told = house.slash(member, "login", &[]).await.text();
    let (_, rest) = told.split_once("http://127.0.0.1:8080").unwrap_or_else(|| panic!("no link: {told}"));
    let mut browser = door.browser();
    assert_eq!(browser.post(rest.split_once('>').unwrap().0, &[]).await.status, 303);
    browser
}
