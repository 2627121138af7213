//! Users and members as REST answers bring them.

use super::{MemberFields, UserFields, fields, ids, shown};
use crate::gateway::raw::Raw;
use crate::model::Seen;

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
