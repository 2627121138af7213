//! What was said in a channel, from the newest message back, page by page and at Discord's pace.

use std::time::Duration;

use serde::Deserialize;

use super::https::Https;
use super::rest::Rest;
use super::tempo::Tempo;
use super::wire::Call;
use crate::config::Config;
use crate::model::{ChannelId, Clock, GuildId, MessageId, Secret, Setback};
use crate::status::Vitals;

/// Messages of one page; Discord gives no more.
const PAGE: usize = 100;

/// A message as far as it can be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub id: MessageId,
    /// A user's or a webhook's id.
    pub author: u64,
    /// Everything to read in it: its own words, then those of its embeds.
    pub text: String,
}

/// A channel that is read.
pub struct History {
    rest: Rest,
    channel: ChannelId,
    before: Option<MessageId>,
    over: bool,
}

#[derive(Deserialize)]
struct Message {
    id: MessageId,
    author: Author,
    #[serde(default)]
    content: String,
    #[serde(default)]
    embeds: Vec<Embed>,
}

#[derive(Deserialize)]
struct Author {
    id: MessageId,
}

#[derive(Deserialize)]
struct Embed {
    title: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Channel {
    guild_id: Option<GuildId>,
}

impl From<Message> for Said {
    fn from(message: Message) -> Self {
        let Message { id, author, content, embeds } = message;
        let embedded = embeds.into_iter().flat_map(|embed| [embed.title, embed.description]).flatten();
        let text: Vec<_> = std::iter::once(content).chain(embedded).filter(|text| !text.is_empty()).collect();
        Self { id, author: author.id.get(), text: text.join("\n") }
    }
}

impl History {
    /// Reads a channel from the message before `before` back, or from the newest.
    ///
    /// # Errors
    /// A sentence where TLS cannot be set up.
    pub fn new(config: &Config, token: Secret, channel: ChannelId, before: Option<MessageId>) -> Result<Self, String> {
        let wire = Https::new(&config.discord.api_url).map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let rest = Rest::new(Box::new(wire), token, Vitals::new(Clock::real()), Tempo::default().retry_first);
        Ok(Self { rest, channel, before, over: false })
    }

    /// The guild that the channel is in.
    ///
    /// # Errors
    /// A setback in words.
    pub async fn guild(&self) -> Result<Option<GuildId>, Setback> {
        let reply = self.rest.call(Call::get(format!("/channels/{}", self.channel))).await?;
        let channel: Channel = serde_json::from_slice(&reply.body).map_err(not_understood)?;
        Ok(channel.guild_id)
    }

    /// The next page, the newest message first; empty at the beginning of the channel.
    ///
    /// # Errors
    /// A setback in words; the same page may be asked for again.
    pub async fn next(&mut self) -> Result<Vec<Said>, Setback> {
        if self.over {
            return Ok(Vec::new());
        }
        let before = self.before.map_or(String::new(), |before| format!("&before={before}"));
        let path = format!("/channels/{}/messages?limit={PAGE}{before}", self.channel);
        let reply = self.rest.call(Call::get(path)).await?;
        let page: Vec<Message> = serde_json::from_slice(&reply.body).map_err(not_understood)?;
        self.over = page.len() < PAGE;
        self.before = page.iter().map(|message| message.id).min().or(self.before);
        Ok(page.into_iter().map(Said::from).collect())
    }

    /// The message before which the next page begins.
    pub fn before(&self) -> Option<MessageId> {
        self.before
    }
}

pub(super) fn not_understood(error: serde_json::Error) -> Setback {
    let words = format!("Discord answered in a way that was not understood: {error}");
    Setback::Later { after: Duration::from_secs(60), words }
}
