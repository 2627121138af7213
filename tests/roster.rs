//! Stories about the roster: who of the staff is there, and what happens where that cannot be seen.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "roster/answers.rs"]
mod answers;
#[path = "support/client.rs"]
mod client;
#[path = "support/door.rs"]
mod door;
#[path = "support/house.rs"]
mod house;
#[path = "roster/presences.rs"]
mod presences;
#[path = "roster/staff.rs"]
mod staff;
mod support;

use std::time::Duration;

use client::{Client, key};
use door::OpenDoor;
use house::{House, Running};
use innkeeper::config::StaffRole;
use innkeeper::model::{RoleId, UserId};
use innkeeper::sim::world::Input;
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn rank(role: Option<RoleId>, rank: &str, priority: u16) -> StaffRole {
    StaffRole { role, rank: rank.to_owned(), priority, colour: None }
}

/// A house whose moderators and admins are staff.
async fn staffed() -> House {
    let mut house = House::new().await;
    let inn = &house.inn;
    house.config.roster.roles = vec![
        rank(Some(inn.moderator_role), "Moderator", 90),
        rank(Some(inn.admin_role), "Admin", 10),
        rank(None, "Helper", 200),
    ];
    house
}

/// The roster over HTTP.
struct Roster {
    client: Client,
    path: String,
    _door: OpenDoor,
}

impl Roster {
    async fn of(house: &House, bot: &Running) -> Self {
        let door = OpenDoor::of(&bot.bot, &house.config);
        let key = key(&bot.bot, &format!("key-{}", fastrand::u32(..)), "admin read", None, None).await;
        let path = format!("/api/guilds/{}/roster", house.inn.guild);
        Self { client: Client::with_key(&door, &key), path, _door: door }
    }

    async fn items(&mut self) -> Vec<Value> {
        let said = self.client.get(&self.path).await;
        assert_eq!(said.status, 200, "{said:?}");
        said.json["items"].as_array().unwrap().clone()
    }

    /// Name, rank, status, and why it is unknown or what they say or do, of each.
    async fn lines(&mut self) -> Vec<String> {
        let line = |item: &Value| {
            let text = |name: &str| item[name].as_str().unwrap_or("-").to_owned();
            let more = ["unknown_because", "custom_status", "activity"].map(text).join("/");
            format!("{} · {} · {} · {more}", text("name"), text("rank"), text("status"))
        };
        self.items().await.iter().map(line).collect()
    }

    /// Waits until the roster reads so.
    async fn until(&mut self, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        loop {
            let lines = self.lines().await;
            if wanted(&lines) {
                return lines;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn state(&mut self) -> Value {
        let path = format!("{}/state", self.path);
        self.client.get(&path).await.json
    }
}

impl House {
    fn name(&self, user: UserId) -> String {
        self.sim.world().name_of(self.inn.guild, user).to_owned()
    }

    async fn roster(&self, who: UserId, command: &str, options: &[(&str, Input)]) -> String {
        self.slash(who, &format!("roster {command}"), options).await.text()
    }

    /// Everything that the table holds, without when.
    fn stored(&self) -> Vec<String> {
        self.rows("SELECT name, user, by_hand, status FROM roster ORDER BY id")
    }
}

fn playing(name: &str) -> Value {
    json!({"id": "a", "name": name, "type": 0})
}

fn saying(text: &str) -> Value {
    json!({"id": "custom", "name": "Custom Status", "type": 4, "state": text})
}
