//! Users and members: as the gateway tells that they come, change and go, and as REST answers bring them.

use std::borrow::Cow;

use super::{MemberFields, Reading, UserFields, author, fields, ids, shown};
use crate::gateway::raw::Raw;
use crate::model::{Author, Event, Seen};

/// A member of the guild that was asked about.
pub fn member(data: &str) -> Option<Seen> {
    let member: MemberFields = fields(data)?;
    let user: UserFields = member.user.object();
    let (id, name, bot) = (user.id.id()?, shown(&user, member.nick), user.bot.flag());
    Some(Seen { id, name, bot, roles: Some(ids(member.roles)) })
}

/// A user who is in no guild that matters.
pub fn user(data: &str) -> Option<Seen> {
    let user: UserFields = fields(data)?;
    Some(Seen { id: user.id.id()?, name: shown(&user, Raw::default()), bot: user.bot.flag(), roles: None })
}

pub(super) fn member_seen(data: &str, joined: bool) -> Reading {
    let fields: MemberFields = fields(data)?;
    let guild = fields.guild_id.id()?;
    let author = author(guild, fields.user.object(), &fields)?;
    let nick = fields.nick.text().filter(|nick| !nick.is_empty()).map(Cow::into_owned);
    let pending = fields.pending.flag();
    Some(Some(Event::MemberSeen { guild, author, roles: ids(fields.roles), nick, joined, pending }))
}

pub(super) fn member_left(data: &str) -> Reading {
    let fields: MemberFields = fields(data)?;
    let guild = fields.guild_id.id()?;
    let Author { id, name, bot, .. } = author(guild, fields.user.object(), &fields)?;
    Some(Some(Event::MemberLeft { guild, user: id, name, bot }))
}

pub(super) fn member_banned(data: &str) -> Reading {
    let fields: MemberFields = fields(data)?;
    Some(Some(Event::MemberBanned { guild: fields.guild_id.id()?, user: fields.user_id()? }))
}
