//! Locks: nobody talks in a channel for a while, and afterwards it is exactly as it was.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use expect_test::expect;
use house::{House, Running};
use innkeeper::model::{ChannelId, MessageId, Permissions, UserId};
use innkeeper::sim::world::permissions::{
    ADD_REACTIONS, CONNECT, MANAGE_CHANNELS, MENTION_EVERYONE, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, SPEAK,
    VIEW_CHANNEL,
};
use innkeeper::sim::world::{Answered, ChannelSpec, Input, Overwrite, RoleSpec, SayOptions, VoiceFlags};
use innkeeper::sim::{Act, Fate, Response};
use rusqlite::Connection;
use serde_json::json;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

async fn open() -> (House, Running) {
    let house = House::new().await;
    let bot = house.start().await;
    (house, bot)
}

impl House {
    /// The moderator uses a command about a channel.
    async fn on(&self, command: &str, channel: ChannelId, more: &[(&str, Input)]) -> Answered {
        let mut options = vec![("channel", Input::from(channel))];
        options.extend(more.iter().cloned());
        self.slash(self.inn.moderator, command, &options).await
    }

    /// What the moderator reads in the list of locks.
    async fn locks(&self) -> String {
        self.slash(self.inn.moderator, "locks", &[]).await.text()
    }

    fn try_to_say(&self, channel: ChannelId, member: UserId) -> Result<MessageId, String> {
        let said = self.sim.world().say(channel, member, "hello", SayOptions::default());
        said.map_err(|impossible| impossible.to_string())
    }

    fn overwrites(&self, channel: ChannelId) -> BTreeMap<u64, Overwrite> {
        self.sim.world().overwrites(channel)
    }

    fn everyone(&self) -> u64 {
        self.inn.guild.get()
    }

    /// Each lock as "channel state", oldest first.
    fn states(&self) -> Vec<String> {
        let database = Connection::open(&self.config.store.path).unwrap();
        let mut statement = database.prepare("SELECT channel_name, state FROM channel_lock ORDER BY id").unwrap();
        let rows = statement.query_map((), |row| {
            let (name, state): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!("{name} {state}"))
        });
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    /// Requests that changed this channel.
    fn changes(&self, channel: ChannelId) -> usize {
        self.sim.world().count_requests("PATCH", &format!("/channels/{channel}"))
    }
}

/// The text with the numbers of this house's channels, members and times made plain.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut digits = 0;
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits += 1;
            continue;
        }
        plain.push_str(["", "N"][usize::from(digits > 0)]);
        digits = 0;
        plain.push(character);
    }
    plain
}

#[tokio::test]
async fn a_locked_channel_is_silent_and_afterwards_exactly_as_it_was() {
    let (house, bot) = open().await;
    let (ada, general) = (house.member(0), house.inn.general);
    house.sim.world().overwrite_role(general, house.inn.guild.get(), ADD_REACTIONS, MENTION_EVERYONE);
    bot.settle(&house).await;
    let before = house.overwrites(general);
    let answer = house.on("lock", general, &[("message", "Calm *down*".into())]).await;
    assert!(answer.ephemeral);
    expect![[r#"
        <#N> is locked until somebody unlocks it.
        Administrators can still write there: **Admin**."#]]
    .assert_eq(&plain(&answer.text()).replace("\nUnlock", ""));
    let refused = house.try_to_say(general, ada).unwrap_err();
    assert!(refused.contains("permission"), "{refused}");
    let says = house.bot_says(general, 1).await;
    assert_eq!(says, ["**This channel is locked.**\nCalm \\*down\\*"]);
    let answer = house.on("unlock", general, &[]).await;
    assert_eq!(plain(&answer.text()), "<#N> is unlocked: its permissions are as they were before.");
    assert_eq!(house.overwrites(general), before);
    house.try_to_say(general, ada).unwrap();
    house.promises_kept().await;
    let says = house.bot_says(general, 1).await;
    assert!(says[0].starts_with("Open again since"), "{says:?}");
    assert_eq!(house.states(), ["general opened"]);
    bot.stop().await;
}
