//! Cleaning up a channel: of its last messages, the bot's own and the commands to it are deleted, in one call, and what
//! was deleted is counted.
//!
//! Source: Discord API documentation, "Bulk Delete Messages" (2 to 100 messages, none older than two weeks).

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::raw::Raw;
use super::rest::Rest;
use super::wire::{Call, unreadable};
use crate::command::prefix;
use crate::model::{ChannelId, Delivered, MessageId, Setback, Timestamp, UserId};

/// Discord deletes nothing older in bulk; a minute less, since time passes on the way.
const AGE_MAX: Duration = Duration::from_secs(14 * 86_400 - 60);
/// Discord may have done it or not, and doing it again would reach further back.
const IN_DOUBT: &str = "Discord did not say whether it deleted them. Look into the channel before you ask again.";

/// What is to be cleaned.
pub struct Clean<'a> {
    pub channel: ChannelId,
    pub before: MessageId,
    pub look_at: u16,
    pub prefix: &'a str,
    pub heads: &'a [String],
    pub reason: &'a str,
    pub me: UserId,
    pub now: Timestamp,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Listed<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    author: Raw<'a>,
    #[serde(borrow)]
    content: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Author<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
}

impl Clean<'_> {
    /// Does it, and says in words what was deleted.
    pub async fn run(&self, rest: &Rest) -> Result<Delivered, Setback> {
        let Self { channel, before, look_at, .. } = self;
        let path = format!("/channels/{channel}/messages?before={before}&limit={look_at}");
        let reply = rest.call(Call::get(path)).await?;
        let listed: Vec<Listed<'_>> = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
        let (mut mine, mut commands, mut old) = (Vec::new(), Vec::new(), 0_usize);
        for message in &listed {
            let Some(id) = message.id.id::<MessageId>() else { continue };
            let author = message.author.object::<Author<'_>>().id.id::<UserId>();
            let is_mine = author == Some(self.me);
            if !is_mine && !self.is_command(message.content.text().as_deref().unwrap_or_default()) {
                continue;
            }
            match self.now.since(id.time()) <= AGE_MAX {
                true if is_mine => mine.push(id),
                true => commands.push(id),
                false => old += 1,
            }
        }
        let all: Vec<_> = mine.iter().chain(&commands).copied().collect();
        self.delete(rest, &all).await.map_err(|setback| match setback {
            Setback::Later { .. } => Setback::Refused { status: 0, code: 0, words: IN_DOUBT.to_owned() },
            refused => refused,
        })?;
        let words = words(listed.len(), mine.len(), commands.len(), old);
        Ok(Delivered { words: Some(words), ..Delivered::default() })
    }

    /// A line of somebody's that was a command to us.
    fn is_command(&self, content: &str) -> bool {
        let Some(line) = prefix::strip(content, self.prefix, Some(self.me)) else { return false };
        let head = line.split_whitespace().next().unwrap_or_default();
        self.heads.iter().any(|known| known.eq_ignore_ascii_case(head))
    }

    async fn delete(&self, rest: &Rest, ids: &[MessageId]) -> Result<(), Setback> {
        let channel = self.channel;
        let call = match ids {
            [] => return Ok(()),
            [one] => Call::delete(format!("/channels/{channel}/messages/{one}")),
            many => Call::post(format!("/channels/{channel}/messages/bulk-delete")).json(&json!({"messages": many})),
        };
        rest.call(call.reason(self.reason)).await.map(drop)
    }
}

/// What was done, truthfully.
fn words(looked_at: usize, mine: usize, commands: usize, old: usize) -> String {
    let messages = |so_many: usize| if so_many == 1 { "1 message".to_owned() } else { format!("{so_many} messages") };
    let mut words = match mine + commands {
        0 => format!("Nothing to delete: I looked at {}.", messages(looked_at)),
        all => format!("Deleted {}: {mine} of mine, {commands} to me. I looked at {looked_at}.", messages(all)),
    };
    if old > 0 {
        let stay = if old == 1 { "stays" } else { "stay" };
        words.push_str(&format!(" {} {stay}: Discord deletes nothing older than 14 days at once.", messages(old)));
    }
    if commands > 0 {
        words.push_str("\n-# Kudos given in a deleted message go with it.");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_was_done() {
        assert_eq!(words(10, 0, 0, 0), "Nothing to delete: I looked at 10 messages.");
        let told = words(10, 2, 1, 1);
        assert!(told.starts_with("Deleted 3 messages: 2 of mine, 1 to me. I looked at 10. 1 message stays"), "{told}");
    }
}
