//! Kudos that programs put on record: given by their own rules, so that ours do not judge them again.

pub mod store;

use super::rules;
use super::store::{Gift, NewGift, find_member, insert};
use crate::cx::Cx;
use crate::model::{Error, Event, GuildId, Result, UserId};

/// A gift that a program tells of. Nobody gives to themselves; where the amount is negative, something is taken away.
#[derive(Debug, Clone)]
pub struct Told {
    pub guild: GuildId,
    pub giver: UserId,
    pub receiver: UserId,
    pub amount: i64,
    pub reason: Option<String>,
}

/// Puts a gift on record.
///
/// # Errors
/// Faults of the database alone.
pub fn record(cx: &mut Cx<'_>, told: &Told) -> Result<Gift> {
    let Told { guild, giver, receiver, amount, ref reason } = *told;
    let name = |user: UserId| -> Result<Option<String>> {
        Ok(find_member(cx.tx.read(), guild, user)?.map(|(name, _)| name).filter(|name| !name.is_empty()))
    };
    let (giver_name, receiver_name) = (name(giver)?.unwrap_or_else(|| giver.to_string()), name(receiver)?);
    let reason = reason.as_deref().filter(|reason| !reason.is_empty());
    let new = NewGift {
        guild,
        giver,
        receiver,
        amount,
        reason,
        giver_name: &giver_name,
        receiver_name: receiver_name.as_deref(),
        source: cx.source.id(),
        channel: None,
        message: None,
        at: cx.now,
    };
    let number = insert(cx.tx, &new)?;
    // Who was given nothing was not thanked.
    if amount > 0 {
        let name = receiver_name.unwrap_or_default();
        let reason = reason.and_then(rules::reason).unwrap_or_default();
        cx.emit(Event::KudosGiven { guild, number, giver, receiver, name, amount, reason, channel: None });
    }
    let gift = store::find_any(cx.tx.read(), number)?;
    gift.ok_or_else(|| Error::Fault(anyhow::anyhow!("kudos were recorded and are not there")))
}
