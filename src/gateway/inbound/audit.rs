//! Lines of a guild's audit log about members.
//!
//! Source: Discord API documentation, "Audit Logs Resource", "Audit Log Events" and "Audit Log Change Object".

use super::{AuditFields, ChangeFields, Reading, fields};
use crate::model::{AuditLine, Deed, Event, Timestamp};

const KICK: i64 = 20;
const BAN: i64 = 22;
const UNBAN: i64 = 23;
const MEMBER_CHANGED: i64 = 24;
const TIMEOUT: &str = "communication_disabled_until";

/// A line that some room needs.
pub fn line(data: &str) -> Reading {
    let fields: AuditFields = fields(data)?;
    let deed = match fields.action_type.whole() {
        Some(KICK) => Deed::Kick,
        Some(BAN) => Deed::Ban { delete_seconds: 0 },
        Some(UNBAN) => Deed::Unban,
        Some(MEMBER_CHANGED) => match timeout(&fields) {
            Some(deed) => deed,
            None => return Some(None),
        },
        _ => return Some(None),
    };
    Some(Some(Event::Audited(AuditLine {
        id: fields.id.bits()?,
        guild: fields.guild_id.id()?,
        actor: fields.user_id.id()?,
        target: fields.target_id.id()?,
        deed,
        reason: fields.reason.text().unwrap_or_default().into_owned(),
    })))
}

/// What a change of a member means for whether they may speak; most changes mean nothing.
fn timeout(fields: &AuditFields<'_>) -> Option<Deed> {
    let changes = fields.changes.list::<ChangeFields<'_>>();
    let change = changes.into_iter().find(|change| change.key.text().as_deref() == Some(TIMEOUT))?;
    let until = change.new_value.text().and_then(|text| Timestamp::parse(&text));
    Some(until.map_or(Deed::LiftTimeout, |until| Deed::Timeout { until }))
}
