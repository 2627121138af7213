//! Deeds about members: what is done, and that they are told of it. Also what Discord says of a user before anybody
//! acts.
//!
//! Who is thrown out cannot be reached afterwards, so they are told first; where the deed is refused then, what they
//! were told is taken back.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use super::perform::{Performer, lock};
use super::raw::Raw;
use super::refusal::code;
use super::rest::Rest;
use super::wire::{Call, unreadable};
use crate::model::{
    ChannelId, Deed, Delivered, GuildId, MessageId, Outgoing, RoleId, Seen, Setback, Timestamp, Told, UserId,
};

/// What was told before deeds that have to be tried again; past it the memory begins anew.
const REMEMBERED_MAX: usize = 256;

/// What a deed needs.
pub struct Act<'a> {
    pub guild: GuildId,
    pub user: UserId,
    pub deed: Deed,
    pub reason: &'a str,
    pub tell: Option<&'a Outgoing>,
    pub nonce: &'a str,
}

/// Who was told what before a deed that did not work yet, by nonce, so that nobody is told twice.
pub type ToldBefore = HashMap<String, Telling>;

/// Whether somebody was told, and in which message.
#[derive(Clone)]
pub struct Telling {
    told: Told,
    message: Option<(ChannelId, MessageId)>,
}

impl Performer {
    /// Does it and tells them.
    pub(super) async fn act(&self, act: &Act<'_>) -> Result<Delivered, Setback> {
        if act.deed.parts() {
            return self.tell_and_part(act).await;
        }
        do_it(&self.rest, act).await?;
        let told = match act.tell {
            // Where telling is all there is to do, it is tried again until it is known.
            Some(message) if act.deed == Deed::Tell => Some(self.tell(act, message).await?),
            Some(message) => Some(self.tell_once(act, message).await),
            None => None,
        };
        Ok(Delivered { told: told.map(|telling| telling.told), ..Delivered::default() })
    }

    /// Tells them first. That they cannot be told, for whatever reason, holds up nothing.
    async fn tell_and_part(&self, act: &Act<'_>) -> Result<Delivered, Setback> {
        let before = lock(&self.told).get(act.nonce).cloned();
        let telling = match (before, act.tell) {
            (Some(telling), _) => Some(telling),
            (None, Some(message)) => Some(self.tell_once(act, message).await),
            (None, None) => None,
        };
        match do_it(&self.rest, act).await {
            Ok(()) => {
                lock(&self.told).remove(act.nonce);
                Ok(Delivered { told: telling.map(|telling| telling.told), ..Delivered::default() })
            }
            Err(setback @ Setback::Later { .. }) => {
                let mut told = lock(&self.told);
                if told.len() >= REMEMBERED_MAX {
                    told.clear();
                }
                told.extend(telling.map(|telling| (act.nonce.to_owned(), telling)));
                Err(setback)
            }
            Err(refused) => {
                lock(&self.told).remove(act.nonce);
                if let Some((channel, message)) = telling.and_then(|telling| telling.message) {
                    self.take_back(channel, message).await;
                }
                Err(refused)
            }
        }
    }

    /// What was told did not happen.
    async fn take_back(&self, channel: ChannelId, message: MessageId) {
        if let Err(setback) = self.rest.call(Call::delete(format!("/channels/{channel}/messages/{message}"))).await {
            tracing::warn!(words = setback.words(), "what a member was told could not be taken back");
        }
    }

    async fn tell_once(&self, act: &Act<'_>, message: &Outgoing) -> Telling {
        let told = self.tell(act, message).await;
        told.unwrap_or_else(|setback| Telling { told: Told::No(setback.words().to_owned()), message: None })
    }

    /// A refusal is an outcome; only what may work later is a setback.
    async fn tell(&self, act: &Act<'_>, message: &Outgoing) -> Result<Telling, Setback> {
        match self.send_direct(act.user, message, act.nonce).await {
            Ok((channel, sent)) => {
                Ok(Telling { told: Told::Yes, message: sent.message.map(|message| (channel, message)) })
            }
            Err(Setback::Refused { words, .. }) => Ok(Telling { told: Told::No(words), message: None }),
            Err(later) => Err(later),
        }
    }
}

async fn do_it(rest: &Rest, act: &Act<'_>) -> Result<(), Setback> {
    let Act { guild, user, deed, reason, .. } = act;
    let member = format!("/guilds/{guild}/members/{user}");
    let ban = format!("/guilds/{guild}/bans/{user}");
    let call = |call: Call| async move { rest.call(call.reason(reason)).await.map(drop) };
    let timeout = |until: Option<Timestamp>| {
        let until = until.map(Timestamp::rfc3339);
        Call::patch(member.clone()).json(&json!({"communication_disabled_until": until}))
    };
    match *deed {
        Deed::Tell => Ok(()),
        Deed::Timeout { until } => call(timeout(Some(until))).await,
        Deed::LiftTimeout => call(timeout(None)).await,
        Deed::Kick => call(Call::delete(member)).await,
        Deed::Ban { delete_seconds } => {
            call(Call::put(ban).json(&json!({"delete_message_seconds": delete_seconds}))).await
        }
        Deed::Unban => call(Call::delete(ban)).await,
        Deed::Softban { delete_seconds } => {
            call(Call::put(ban.clone()).json(&json!({"delete_message_seconds": delete_seconds}))).await?;
            match call(Call::delete(ban)).await {
                // Somebody was faster.
                Err(Setback::Refused { code: code::UNKNOWN_BAN, .. }) => Ok(()),
                lifted => lifted,
            }
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MemberFields<'a> {
    #[serde(borrow)]
    user: Raw<'a>,
    #[serde(borrow)]
    nick: Raw<'a>,
    #[serde(borrow)]
    roles: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UserFields<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    username: Raw<'a>,
    #[serde(borrow)]
    global_name: Raw<'a>,
    #[serde(borrow)]
    bot: Raw<'a>,
}

/// A user as Discord shows them now; none when there is no such user.
pub async fn look_up(rest: &Rest, guild: GuildId, user: UserId) -> Result<Option<Seen>, Setback> {
    match rest.call(Call::get(format!("/guilds/{guild}/members/{user}"))).await {
        Ok(reply) => {
            let member: MemberFields<'_> = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
            seen(member.user, Some(member)).map(Some).ok_or_else(unreadable)
        }
        Err(Setback::Refused { code: code::UNKNOWN_MEMBER, .. }) => {
            match rest.call(Call::get(format!("/users/{user}"))).await {
                Ok(reply) => {
                    let user: Raw<'_> = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
                    seen(user, None).map(Some).ok_or_else(unreadable)
                }
                Err(Setback::Refused { code: code::UNKNOWN_USER, .. }) => Ok(None),
                Err(setback) => Err(setback),
            }
        }
        Err(Setback::Refused { code: code::UNKNOWN_USER, .. }) => Ok(None),
        Err(setback) => Err(setback),
    }
}

/// A user object, and what makes them a member where they are one.
fn seen(user: Raw<'_>, member: Option<MemberFields<'_>>) -> Option<Seen> {
    let user: UserFields<'_> = user.object();
    let nick = member.as_ref().and_then(|member| member.nick.text());
    let name = nick.or_else(|| user.global_name.text()).or_else(|| user.username.text());
    Some(Seen {
        id: user.id.id()?,
        name: name.unwrap_or_default().into_owned(),
        bot: user.bot.flag(),
        roles: member.map(|member| member.roles.list::<Raw<'_>>().into_iter().filter_map(Raw::id::<RoleId>).collect()),
    })
}
