//! What happens, told to the hooks of API keys: each a promise of its own, made once for an event.

use serde_json::json;

use crate::cx::Cx;
use crate::model::webhook::HookKind;
use crate::model::{Event, Result};
use crate::store::webhooks::{self, Told};

pub fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    // Our own coming and going is nobody's.
    let about_us = match event {
        Event::MemberSeen { author, .. } => Some(author.id) == cx.me,
        Event::MemberLeft { user, .. } => Some(*user) == cx.me,
        _ => false,
    };
    let Some(told) = told(event).filter(|_| !about_us) else { return Ok(()) };
    webhooks::tell(cx.tx, &cx.source.to_string(), &told, cx.now)
}

fn told(event: &Event) -> Option<Told> {
    let (kind, guild, which, fields) = match event {
        Event::LevelReached { guild, user, name, before, after, channel, hidden } => {
            let fields = json!({"user_id": user, "username": name, "old_level": before, "new_level": after,
                "channel_id": channel, "hidden": hidden});
            (HookKind::LevelUp, guild, format!("{user}.{after}"), fields)
        }
        Event::ToolUnlocked { guild, user, tool_id, name, hidden } => {
            let fields = json!({"user_id": user, "tool_id": tool_id, "tool_name": name, "hidden": hidden});
            (HookKind::ToolUnlocked, guild, format!("{user}.{tool_id}"), fields)
        }
        Event::KudosGiven { guild, giver, receiver, name, amount, reason, channel, .. } => {
            let fields = json!({"giver_id": giver, "receiver_id": receiver, "receiver_name": name, "amount": amount,
                "reason": some(reason), "channel_id": channel});
            (HookKind::Kudos, guild, format!("{giver}.{receiver}"), fields)
        }
        Event::CaseOpened { guild, number, kind, user, name, reason } => {
            let fields = json!({"number": number, "case_kind": kind, "user_id": user, "user_name": name,
                "reason": some(reason)});
            (HookKind::Case, guild, number.to_string(), fields)
        }
        Event::MemberSeen { guild, author, joined: true, pending, .. } => {
            let fields = json!({"change": "joined", "user_id": author.id, "username": author.name, "bot": author.bot,
                "pending": pending});
            (HookKind::Member, guild, format!("{}.joined", author.id), fields)
        }
        Event::MemberLeft { guild, user, name, bot } => {
            let fields = json!({"change": "left", "user_id": user, "username": name, "bot": bot});
            (HookKind::Member, guild, format!("{user}.left"), fields)
        }
        _ => return None,
    };
    Some(Told { kind, guild: *guild, which, fields })
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
