//! People in voice channels.

use crate::model::{ChannelId, GuildId, UserId};

use super::events::intent;
use super::permissions::CONNECT;
use super::state::{Voice, VoiceFlags};
use super::{Impossible, World, wire};

impl World {
    /// A member joins or changes a voice channel, or leaves voice (`None`).
    pub fn voice(
        &mut self,
        guild: GuildId,
        member: UserId,
        channel: Option<ChannelId>,
        flags: VoiceFlags,
    ) -> Result<(), Impossible> {
        if let Some(channel) = channel {
            let Some(known) = self.channels.get(&channel).filter(|known| known.guild == Some(guild)) else {
                return Impossible::because("there is no such channel");
            };
            if !known.is_voice() {
                return Impossible::because("that is no voice channel");
            }
            if self.permissions_in(member, known) & CONNECT == 0 {
                return Impossible::because("they may not connect to this channel");
            }
        }
        let session = format!("{:032x}", self.dice.u128(..));
        let Some(home) = self.guilds.get_mut(&guild) else { return Impossible::because("there is no such guild") };
        let Some(known) = home.members.get_mut(&member) else { return Impossible::because("they are no member") };
        if channel.is_none() && known.voice.is_none() {
            return Impossible::because("they are in no voice channel");
        }
        let session = known.voice.take().map_or(session, |before| before.session);
        known.voice = channel.map(|channel| Voice { channel, session, flags });
        self.dispatch_voice(guild, member);
        Ok(())
    }

    /// Tells where a member is in voice now.
    pub(in crate::sim) fn dispatch_voice(&mut self, guild: GuildId, member: UserId) {
        if !self.sees_guild(guild) {
            return self.touch();
        }
        let Some(home) = self.guilds.get(&guild) else { return };
        let Some(known) = home.members.get(&member) else { return };
        let mut json = wire::voice_state_of(home, known, known.voice.as_ref());
        json["member"] = self.member_json(known);
        self.dispatch("VOICE_STATE_UPDATE", intent::GUILD_VOICE_STATES, &json);
    }

    /// Whether a member is in voice, and where.
    pub fn voice_channel_of(&self, guild: GuildId, member: UserId) -> Option<ChannelId> {
        Some(self.guilds.get(&guild)?.members.get(&member)?.voice.as_ref()?.channel)
    }

    /// Sets the channel into which the idle are moved.
    pub fn set_afk_channel(&mut self, guild: GuildId, channel: Option<ChannelId>) {
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.afk_channel = channel;
        }
        self.dispatch_guild_update(guild);
    }
}
