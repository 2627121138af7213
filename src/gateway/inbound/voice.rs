//! Who is in voice, as the gateway writes it down.

use std::collections::HashMap;

use super::super::raw::Raw;
use super::{MemberFields, Reading, VoiceFields, author, fields, ids};
use crate::model::voice::VoiceMember;
use crate::model::{Event, GuildId, UserId, Voice, VoiceFlags};

/// Who is in voice; a guild's list of that names no members, so they are looked up in its list of members.
pub(super) fn list(guild: GuildId, states: Raw<'_>, members: &[MemberFields<'_>]) -> Vec<Voice> {
    let states = states.list::<VoiceFields>();
    if states.is_empty() {
        return Vec::new();
    }
    let by_id: HashMap<UserId, &MemberFields<'_>> =
        members.iter().filter_map(|member| Some((member.user_id()?, member))).collect();
    let told = |voice: Voice| {
        let known = by_id.get(&voice.user).and_then(|known| member(guild, known));
        Voice { member: voice.member.or(known), ..voice }
    };
    states.into_iter().filter_map(|fields| state(guild, &fields)).map(told).collect()
}

/// A voice state that changed.
pub(super) fn seen(data: &str) -> Reading {
    let fields: VoiceFields = fields(data)?;
    if fields.guild_id.is_missing() {
        return Some(None);
    }
    let guild = fields.guild_id.id()?;
    Some(Some(Event::VoiceSeen { guild, voice: state(guild, &fields)? }))
}

fn state(guild: GuildId, fields: &VoiceFields<'_>) -> Option<Voice> {
    Some(Voice {
        user: fields.user_id.id()?,
        channel: fields.channel_id.id(),
        flags: VoiceFlags {
            muted: fields.mute.flag() || fields.self_mute.flag(),
            deafened: fields.deaf.flag() || fields.self_deaf.flag(),
            suppressed: fields.suppress.flag(),
        },
        member: member(guild, &fields.member.object()),
    })
}

fn member(guild: GuildId, fields: &MemberFields<'_>) -> Option<VoiceMember> {
    Some(VoiceMember { author: author(guild, fields.user.object(), fields)?, roles: ids(fields.roles) })
}
