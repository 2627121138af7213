//! How somebody takes part in voice, as Discord tells it. What that is worth is for a room to say.

use super::{Author, ChannelId, RoleId, UserId};

/// Somebody's place in voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    pub user: UserId,
    /// The voice channel they are in; none for somebody who left.
    pub channel: Option<ChannelId>,
    pub flags: VoiceFlags,
    /// Who they are, where Discord said it along with this.
    pub member: Option<VoiceMember>,
}

/// Who is in voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceMember {
    pub author: Author,
    /// Without `@everyone`.
    pub roles: Vec<RoleId>,
}

/// How they can hear and be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoiceFlags {
    /// Muted, by themselves or by the guild.
    pub muted: bool,
    /// Deafened, by themselves or by the guild.
    pub deafened: bool,
    /// Kept silent by the channel: the audience of a stage.
    pub suppressed: bool,
}
