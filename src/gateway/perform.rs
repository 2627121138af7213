//! Performs effects: an [`Effect`] becomes a call to Discord, and Discord's answer a [`Delivered`] or a [`Setback`] in
//! words. What a moderator can mend stands on the status page until it works again.
//!
//! It refuses to know why an effect is wanted.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::act::{self, Act, ToldBefore};
use super::asking::Asking;
use super::attach::{self, File};
use super::body;
use super::clean::Clean;
use super::inbound::message;
use super::oauth;
use super::raw::Raw;
use super::refusal::{self, code};
use super::rest::Rest;
use super::webhook;
use super::wire::{Call, Reply, unreadable};
use crate::bot::{Attempt, BoxFuture, Discord};
use crate::model::oauth::{Grant, OauthClient, Person};
use crate::model::webhook::{Parcel, Posted};
use crate::model::{
    ChannelId, Delivered, Effect, GuildId, Guilds, MessageId, Outgoing, RoleId, Seen, Setback, Sight, UserId,
};
use crate::picture::Studio;
use crate::status::vitals::Vitals;

/// Direct-message channels that are remembered.
const CHANNELS_MAX: usize = 1_000;
/// Problems of this door on the page at the same time.
const PROBLEMS_MAX: usize = 20;

/// Performs effects over REST.
pub struct Performer {
    pub(super) rest: Rest,
    pub(super) vitals: Arc<Vitals>,
    pub(super) guilds: Guilds,
    studio: Studio,
    direct: Mutex<HashMap<UserId, ChannelId>>,
    /// Names of the problems that we put on the page.
    troubled: Mutex<HashSet<String>>,
    pub(super) told: Mutex<ToldBefore>,
    asking: Asking,
}

impl Performer {
    pub fn new(rest: Rest, vitals: Arc<Vitals>, guilds: Guilds, studio: Studio) -> Self {
        let (direct, troubled, told) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { rest, vitals, guilds, studio, direct, troubled, told, asking: Asking::default() }
    }

    /// Where it asks over the gateway.
    pub(super) fn asking(&self) -> &Asking {
        &self.asking
    }

    async fn send(
        &self,
        channel: ChannelId,
        message: &Outgoing,
        reply_to: Option<MessageId>,
        nonce: &str,
    ) -> Result<Delivered, Setback> {
        let body = body::message(message, reply_to.map(|message| (channel, message)), nonce);
        let call = Call::post(format!("/channels/{channel}/messages")).repeatable();
        let file = File::of(&self.studio, message).await;
        let sent = match self.rest.call(attach::call(call.clone(), &body, file.as_ref())).await {
            // Files may not be allowed where texts are.
            Err(setback) if file.is_some() && File::is_refused(&setback) => self.rest.call(call.json(&body)).await,
            sent => sent,
        };
        sent.map(|reply| Delivered { message: id_in(&reply), ..Delivered::default() })
    }

    /// Tells the channel as well.
    pub(super) async fn send_direct(
        &self,
        user: UserId,
        message: &Outgoing,
        nonce: &str,
    ) -> Result<(ChannelId, Delivered), Setback> {
        let channel = self.direct_channel(user).await?;
        let sent = self.send(channel, message, None, nonce).await;
        if matches!(sent, Err(Setback::Refused { code: code::UNKNOWN_CHANNEL, .. })) {
            lock(&self.direct).remove(&user);
        }
        sent.map(|sent| (channel, sent))
    }

    async fn edit(&self, channel: ChannelId, id: MessageId, message: &Outgoing) -> Result<Delivered, Setback> {
        let call = Call::patch(format!("/channels/{channel}/messages/{id}")).json(&body::edit_message(message));
        self.rest.call(call).await.map(|_| Delivered { message: Some(id), ..Delivered::default() })
    }

    async fn read_back(&self, guild: GuildId, channel: ChannelId, look_at: u16) -> Result<Delivered, Setback> {
        let reply = self.rest.call(Call::get(format!("/channels/{channel}/messages?limit={look_at}"))).await?;
        let text = std::str::from_utf8(&reply.body).map_err(|_| unreadable())?;
        let mut read = message::list(guild, text).ok_or_else(unreadable)?;
        read.sort_by_key(|message| message.id);
        Ok(Delivered { read, ..Delivered::default() })
    }

    async fn direct_channel(&self, user: UserId) -> Result<ChannelId, Setback> {
        if let Some(channel) = lock(&self.direct).get(&user) {
            return Ok(*channel);
        }
        let body = serde_json::json!({"recipient_id": user});
        // Discord gives the same channel for the same user, so asking twice does no harm.
        let reply = self.rest.call(Call::post("/users/@me/channels").json(&body).repeatable()).await?;
        let channel = id_in::<ChannelId>(&reply).ok_or_else(unreadable)?;
        let mut direct = lock(&self.direct);
        if direct.len() >= CHANNELS_MAX {
            direct.clear();
        }
        direct.insert(user, channel);
        Ok(channel)
    }

    async fn change_member(&self, call: Call, reason: &str) -> Result<Delivered, Setback> {
        self.rest.call(call.reason(reason)).await.map(|_| Delivered::default())
    }

    /// Keeps the page up to date about what a moderator can mend.
    fn note(&self, place: Place, outcome: &Result<Delivered, Setback>) {
        let name = place.name();
        let mut troubled = lock(&self.troubled);
        match outcome {
            Ok(_) => {
                if troubled.remove(&name) {
                    self.vitals.solved(&name);
                }
            }
            Err(Setback::Refused { status, code, .. }) if place.can_be_mended(*code) => {
                if troubled.len() < PROBLEMS_MAX || troubled.contains(&name) {
                    let words = refusal::words(*status, *code, "");
                    self.vitals.problem(&name, format!("{} {}", place.about(&self.guilds), words.what), words.remedy);
                    troubled.insert(name);
                }
            }
            Err(_) => {}
        }
    }
}

impl Discord for Performer {
    fn perform<'a>(&'a self, effect: &'a Effect, attempt: Attempt<'a>) -> BoxFuture<'a, Result<Delivered, Setback>> {
        Box::pin(async move {
            let Attempt { nonce, again } = attempt;
            let (place, outcome) = match effect {
                Effect::SendMessage { channel, message, reply_to } => {
                    (Place::Channel(*channel), self.send(*channel, message, *reply_to, nonce).await)
                }
                Effect::ChangeMessage { channel, id, message } => {
                    (Place::Channel(*channel), self.edit(*channel, *id, message).await)
                }
                Effect::CleanUp { channel, before, look_at, me, prefix, heads, reason } => {
                    let (channel, before, look_at, me) = (*channel, *before, *look_at, *me);
                    let now = self.vitals.clock.now();
                    let clean = Clean { channel, before, look_at, me, prefix, heads, reason, now };
                    (Place::Channel(channel), clean.run(&self.rest).await)
                }
                Effect::ReadBack { guild, channel, look_at } => {
                    return self.read_back(*guild, *channel, *look_at).await;
                }
                Effect::AskMembers { guild, users } => {
                    return self.asking.ask(*guild, users, self.vitals.sight() == Sight::Clear).await;
                }
                Effect::SendDirect { user, message } => {
                    return self.send_direct(*user, message, nonce).await.map(|(_, sent)| sent);
                }
                Effect::Webhook { url, body, until } => {
                    let tried = webhook::post(url, body).await;
                    return webhook::until(tried, *until, self.vitals.clock.now());
                }
                // The engine looks up where it goes, and asks for `deliver`.
                Effect::Deliver(_) => {
                    let words = "Nobody said where this goes.".to_owned();
                    return Err(Setback::Refused { status: 0, code: 0, words });
                }
                Effect::Act { guild, user, deed, reason, tell } => {
                    let (guild, user, deed, tell) = (*guild, *user, *deed, tell.as_ref());
                    return self.act(&Act { guild, user, deed, reason, tell, nonce, again }).await;
                }
                Effect::Lock { channel, shut, reason, .. } => return self.lock(*channel, shut, reason).await,
                Effect::Unlock { channel, shut, reason, .. } => return self.unlock(*channel, shut, reason).await,
                Effect::SetNickname { guild, user, nickname, reason } => {
                    let call = Call::patch(format!("/guilds/{guild}/members/{user}")).json(&json!({"nick": nickname}));
                    return self.change_member(call, reason).await;
                }
                Effect::Unsay { nonce, .. } => return self.unsay(nonce).await,
                Effect::AddRole { guild, user, role, reason } => {
                    let call = Call::put(format!("/guilds/{guild}/members/{user}/roles/{role}"));
                    (Place::Role(*guild, *role), self.change_member(call, reason).await)
                }
                Effect::RemoveRole { guild, user, role, reason } => {
                    let call = Call::delete(format!("/guilds/{guild}/members/{user}/roles/{role}"));
                    (Place::Role(*guild, *role), self.change_member(call, reason).await)
                }
            };
            self.note(place, &outcome);
            outcome
        })
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Posted> {
        Box::pin(webhook::deliver(parcel, self.vitals.clock.now()))
    }

    fn identify<'a>(&'a self, client: &'a OauthClient, grant: &'a Grant) -> BoxFuture<'a, Result<Person, Setback>> {
        Box::pin(oauth::identify(&self.rest, client, grant))
    }

    fn look_up(&self, guild: GuildId, user: UserId) -> BoxFuture<'_, Result<Option<Seen>, Setback>> {
        Box::pin(act::look_up(&self.rest, guild, user))
    }
}

/// What a problem is about.
#[derive(Debug, Clone, Copy)]
enum Place {
    Channel(ChannelId),
    Role(GuildId, RoleId),
}

impl Place {
    fn name(self) -> String {
        match self {
            Self::Channel(channel) => format!("channel.{channel}"),
            Self::Role(_, role) => format!("role.{role}"),
        }
    }

    fn can_be_mended(self, code: u32) -> bool {
        use code::{
            AUTOMOD_BLOCKED, AUTOMOD_BLOCKED_TITLE, GUILD_ROLES_MAX, MISSING_ACCESS, MISSING_PERMISSIONS,
            NOT_A_TEXT_CHANNEL, TWO_FACTOR_NEEDED, UNKNOWN_CHANNEL, UNKNOWN_ROLE,
        };
        match self {
            Self::Channel(_) => [
                AUTOMOD_BLOCKED,
                AUTOMOD_BLOCKED_TITLE,
                MISSING_ACCESS,
                MISSING_PERMISSIONS,
                NOT_A_TEXT_CHANNEL,
                UNKNOWN_CHANNEL,
            ]
            .contains(&code),
            Self::Role(..) => {
                [GUILD_ROLES_MAX, MISSING_ACCESS, MISSING_PERMISSIONS, TWO_FACTOR_NEEDED, UNKNOWN_ROLE].contains(&code)
            }
        }
    }

    fn about(self, guilds: &Guilds) -> String {
        match self {
            Self::Channel(id) => {
                let guilds = guilds.list();
                let name = guilds.iter().find_map(|guild| guild.channel(id)).map(|channel| channel.name.as_str());
                format!("I could not write in the channel {}.", name.map_or_else(|| id.to_string(), str::to_owned))
            }
            Self::Role(guild, id) => {
                let guild = guilds.find(guild);
                let name = guild.as_ref().and_then(|guild| guild.role(id)).map(|role| role.name.as_str());
                format!("I could not give or take the role {}.", name.map_or_else(|| id.to_string(), str::to_owned))
            }
        }
    }
}

/// The id of the object that an answer holds.
fn id_in<T: TryFrom<u64>>(reply: &Reply) -> Option<T> {
    #[derive(serde::Deserialize)]
    struct Made<'a> {
        #[serde(borrow)]
        id: Raw<'a>,
    }
    serde_json::from_slice::<Made<'_>>(&reply.body).ok()?.id.id()
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
