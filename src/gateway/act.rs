//! Deeds about members: what is done, and that they are told of it. Also what Discord says of a user before anybody
//! acts.
//!
//! Who is thrown out cannot be reached afterwards, so they are told first; where the deed is refused then, what they
//! were told is taken back. Where there turns out to be nothing to do, the audit log tells whether we did it ourselves,
//! in an attempt whose answer was lost.
//!
//! Source: Discord API documentation, "Guild Resource", "Audit Logs Resource".

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::inbound::people;
use super::perform::{Performer, lock};
use super::raw::Raw;
use super::refusal::code;
use super::rest::Rest;
use super::wire::{Call, PATIENCE, Reply, unreadable};
use crate::model::{
    ChannelId, Deed, Delivered, GuildId, MessageId, Outgoing, Permissions, Seen, Setback, Timestamp, Told, UserId,
};

/// What was told before deeds that have to be tried again; past it the memory begins anew.
const REMEMBERED_MAX: usize = 256;
/// Lines of the audit log that are looked through: as many as Discord gives at once.
const AUDIT_LINES_MAX: u32 = 100;

const TOO_LATE: &str = "Its time was over before Discord could be asked.";

/// What a deed needs.
pub struct Act<'a> {
    pub guild: GuildId,
    pub user: UserId,
    pub deed: Deed,
    pub reason: &'a str,
    pub tell: Option<&'a Outgoing>,
    pub nonce: &'a str,
    /// An earlier attempt may have done it.
    pub again: bool,
}

/// Who was told what before a deed that did not work yet, by nonce, so that nobody is told twice.
pub type ToldBefore = HashMap<String, Telling>;

/// Whether somebody was told, and in which message.
#[derive(Clone)]
pub struct Telling {
    told: Told,
    message: Option<(ChannelId, MessageId)>,
}

/// When a deed was done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Now,
    /// By an earlier attempt of ours, whose answer was lost.
    Before,
}

/// Why a deed was not done.
struct Stumble {
    setback: Setback,
    /// The member is out all the same.
    halfway: bool,
}

impl From<Setback> for Stumble {
    fn from(setback: Setback) -> Self {
        Self { setback, halfway: false }
    }
}

impl Performer {
    /// Does it, unless an earlier attempt of ours did, and tells them.
    pub(super) async fn act(&self, act: &Act<'_>) -> Result<Delivered, Setback> {
        let is_done = act.again && self.was_done(act).await?;
        if act.deed.parts() {
            return self.tell_and_part(act, is_done).await;
        }
        if !is_done {
            self.do_it(act).await.map_err(|stumble| stumble.setback)?;
        }
        let told = match act.tell {
            // Where telling is all there is to do, it is tried again until it is known.
            Some(message) if act.deed == Deed::Tell => Some(self.tell(act, message).await?),
            Some(message) => Some(self.tell_once(act, message).await),
            None => None,
        };
        Ok(Delivered { told: told.map(|telling| telling.told), ..Delivered::default() })
    }

    /// Tells them first. That they cannot be told, for whatever reason, holds up nothing.
    async fn tell_and_part(&self, act: &Act<'_>, is_done: bool) -> Result<Delivered, Setback> {
        let before = lock(&self.told).remove(act.nonce);
        let telling = match (before, act.tell) {
            (Some(telling), _) => Some(telling),
            (None, Some(message)) if !is_done => Some(self.tell_once(act, message).await),
            (None, _) => None,
        };
        let done = if is_done { Ok(Done::Before) } else { self.do_it(act).await };
        match done {
            Ok(done) => {
                // Who is out already cannot be told now, but may have been then.
                let told = telling.map(|telling| telling.told);
                let told = told.filter(|told| done == Done::Now || *told == Told::Yes);
                Ok(Delivered { told, ..Delivered::default() })
            }
            Err(Stumble { setback, halfway }) => {
                if halfway || matches!(setback, Setback::Later { .. }) {
                    self.remember(act.nonce, telling);
                } else if let Some((channel, message)) = telling.and_then(|telling| telling.message) {
                    self.take_back(channel, message).await;
                }
                Err(setback)
            }
        }
    }

    fn remember(&self, nonce: &str, telling: Option<Telling>) {
        let mut told = lock(&self.told);
        if told.len() >= REMEMBERED_MAX {
            told.clear();
        }
        told.extend(telling.map(|telling| (nonce.to_owned(), telling)));
    }

    /// A deed was called off: takes back what was told before it, as far as that is remembered.
    pub(super) async fn unsay(&self, nonce: &str) -> Result<Delivered, Setback> {
        let telling = lock(&self.told).remove(nonce);
        if let Some((channel, message)) = telling.and_then(|telling| telling.message) {
            self.take_back(channel, message).await;
        }
        Ok(Delivered::default())
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

    /// Does it, in a few tries. A try without an answer may have done it, and somebody may have undone it since: so the
    /// audit log is asked before the next.
    async fn do_it(&self, act: &Act<'_>) -> Result<Done, Stumble> {
        let deadline = Instant::now() + PATIENCE;
        let (mut tries, mut halfway) = (1, false);
        loop {
            let setback = match self.try_it(act).await {
                Err(stumble) => {
                    halfway |= stumble.halfway;
                    stumble.setback
                }
                done => return done,
            };
            let (Setback::Later { .. }, Some(pause)) = (&setback, self.rest.pause_after(tries, deadline)) else {
                return Err(Stumble { setback, halfway });
            };
            sleep(pause).await;
            if self.was_done(act).await.map_err(|setback| Stumble { setback, halfway })? {
                return Ok(Done::Now);
            }
            tries += 1;
        }
    }

    async fn try_it(&self, act: &Act<'_>) -> Result<Done, Stumble> {
        let Act { guild, user, deed, reason, .. } = act;
        let member = format!("/guilds/{guild}/members/{user}");
        let ban = format!("/guilds/{guild}/bans/{user}");
        let call = |call: Call| async move { self.rest.call(call.reason(reason).once()).await.map(|_| Done::Now) };
        let timeout = |until: Option<Timestamp>| {
            let until = until.map(Timestamp::rfc3339);
            Call::patch(member.clone()).json(&json!({"communication_disabled_until": until}))
        };
        let banned =
            |delete_seconds: u32| Call::put(ban.clone()).json(&json!({"delete_message_seconds": delete_seconds}));
        Ok(match *deed {
            Deed::Tell => Done::Now,
            Deed::Timeout { until } if until <= self.vitals.clock.now() => {
                return Err(Setback::Refused { status: 0, code: 0, words: TOO_LATE.to_owned() }.into());
            }
            Deed::Timeout { until } => call(timeout(Some(until))).await?,
            Deed::LiftTimeout => call(timeout(None)).await?,
            Deed::Kick => match call(Call::delete(member)).await {
                Err(setback) if is(&setback, code::UNKNOWN_MEMBER) => self.done_before(act, setback).await?,
                done => done?,
            },
            Deed::Ban { delete_seconds } => call(banned(delete_seconds)).await?,
            Deed::Unban => match call(Call::delete(ban)).await {
                Err(setback) if is(&setback, code::UNKNOWN_BAN) => self.done_before(act, setback).await?,
                done => done?,
            },
            Deed::Softban { delete_seconds } => {
                call(banned(delete_seconds)).await?;
                match call(Call::delete(ban)).await {
                    // Somebody was faster.
                    Err(setback) if is(&setback, code::UNKNOWN_BAN) => Done::Now,
                    lifted => lifted.map_err(|setback| Stumble { setback: halfway(setback), halfway: true })?,
                }
            }
        })
    }

    /// There was nothing to do: then an earlier try of ours did it, or somebody was faster.
    async fn done_before(&self, act: &Act<'_>, refused: Setback) -> Result<Done, Setback> {
        if self.was_done(act).await? { Ok(Done::Before) } else { Err(refused) }
    }

    /// Whether we did it already, as the audit log tells; where we may not look, we did not.
    async fn was_done(&self, act: &Act<'_>) -> Result<bool, Setback> {
        let guild = self.guilds.find(act.guild);
        let may_look =
            guild.is_some_and(|guild| guild.permissions_by(&guild.my_roles).contains(Permissions::VIEW_AUDIT_LOG));
        let Some(action) = action_of(act.deed).filter(|_| may_look) else { return Ok(false) };
        let path = format!("/guilds/{}/audit-logs?action_type={action}&limit={AUDIT_LINES_MAX}", act.guild);
        match self.rest.call(Call::get(path)).await {
            Ok(reply) => Ok(stands_in(&reply.body, act)),
            Err(Setback::Refused { .. }) => Ok(false),
            Err(later) => Err(later),
        }
    }
}

/// Discord's number for the line of the audit log that proves a deed: of several the last.
const fn action_of(deed: Deed) -> Option<u32> {
    match deed {
        Deed::Tell => None,
        Deed::Kick => Some(20),
        Deed::Ban { .. } => Some(22),
        Deed::Unban | Deed::Softban { .. } => Some(23),
        Deed::Timeout { .. } | Deed::LiftTimeout => Some(24),
    }
}

fn is(setback: &Setback, wanted: u32) -> bool {
    matches!(setback, Setback::Refused { code, .. } if *code == wanted)
}

/// The words about a ban that was to be lifted at once, and stands.
fn halfway(setback: Setback) -> Setback {
    match setback {
        Setback::Refused { status, code, words } => {
            Setback::Refused { status, code, words: format!("They are banned now, and lifting that failed. {words}") }
        }
        later => later,
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AuditFields<'a> {
    #[serde(borrow)]
    audit_log_entries: Raw<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LineFields<'a> {
    #[serde(borrow)]
    target_id: Raw<'a>,
    #[serde(borrow)]
    reason: Raw<'a>,
}

/// Whether a page of the audit log has this deed, which its reason tells from all others.
fn stands_in(page: &[u8], act: &Act<'_>) -> bool {
    let page: AuditFields<'_> = serde_json::from_slice(page).unwrap_or_default();
    let lines = page.audit_log_entries.list::<LineFields<'_>>();
    lines.iter().any(|line| {
        line.target_id.id() == Some(act.user) && line.reason.text().is_some_and(|told| told.trim() == act.reason.trim())
    })
}

/// A user as Discord shows them now; none when there is no such user.
pub async fn look_up(rest: &Rest, guild: GuildId, user: UserId) -> Result<Option<Seen>, Setback> {
    match rest.call(Call::get(format!("/guilds/{guild}/members/{user}"))).await {
        Ok(reply) => seen(&reply, people::member),
        Err(Setback::Refused { code: code::UNKNOWN_MEMBER, .. }) => {
            match rest.call(Call::get(format!("/users/{user}"))).await {
                Ok(reply) => seen(&reply, people::user),
                Err(Setback::Refused { code: code::UNKNOWN_USER, .. }) => Ok(None),
                Err(setback) => Err(setback),
            }
        }
        Err(Setback::Refused { code: code::UNKNOWN_USER, .. }) => Ok(None),
        Err(setback) => Err(setback),
    }
}

fn seen(reply: &Reply, read: fn(&str) -> Option<Seen>) -> Result<Option<Seen>, Setback> {
    let text = std::str::from_utf8(&reply.body).map_err(|_| unreadable())?;
    read(text).map(Some).ok_or_else(unreadable)
}
