//! Events as occasions: who, where, and what can be told of it.

use crate::config::{Occasion, OccasionWord};
use crate::model::text::{count, name, quote};
use crate::model::{ChannelId, Event, GuildId, Guilds, UserId};

use super::rules::Happened;

/// Of what somebody wrote, this much is repeated.
const TEXT_CHARS_MAX: usize = 500;

/// Which occasion an event is.
pub fn occasion_of(event: &Event) -> Option<Occasion> {
    Some(match event {
        Event::MemberArrived { .. } => Occasion::MemberJoin,
        Event::MemberLeft { .. } => Occasion::MemberLeave,
        Event::MessageSent(_) => Occasion::Message,
        Event::ReactionAdded { .. } => Occasion::Reaction,
        Event::VoiceSeen { voice, .. } if voice.channel.is_some() => Occasion::Voice,
        Event::LevelReached { .. } => Occasion::LevelUp,
        Event::CaseOpened { .. } => Occasion::Case,
        Event::KudosGiven { .. } => Occasion::Kudos,
        Event::GuildJoined { .. } => Occasion::GuildJoin,
        _ => return None,
    })
}

/// What rules may ask about it; none where too little is known.
pub fn read<'a>(guilds: &Guilds, event: &'a Event, occasion: Occasion) -> Option<Happened<'a>> {
    use OccasionWord::{Amount, Case, Emoji, Kind, Level, Reason, Text};
    let who = |guild: GuildId, member: UserId, name: &'a str| Happened {
        occasion,
        guild,
        member: Some(member),
        name,
        channel: None,
        line: Vec::new(),
        roles: &[],
        from_bot: false,
        text: "",
        more: Vec::new(),
    };
    let happened = match event {
        Event::MemberArrived { guild, user, name, bot, roles } => {
            Happened { roles, from_bot: *bot, ..who(*guild, *user, name) }
        }
        Event::MemberLeft { guild, user, name, bot } => Happened { from_bot: *bot, ..who(*guild, *user, name) },
        // What the system says is nobody's message.
        Event::MessageSent(message) if !matches!(message.kind, 0 | 19) => return None,
        Event::MessageSent(message) => Happened {
            channel: Some(message.channel),
            roles: &message.roles,
            from_bot: message.author.bot,
            text: &message.content,
            more: vec![(Text, quote(&message.content, TEXT_CHARS_MAX))],
            ..who(message.guild, message.author.id, &message.author.name)
        },
        Event::ReactionAdded { guild, channel, author, roles, emoji, .. } => Happened {
            channel: Some(*channel),
            roles,
            from_bot: author.bot,
            text: emoji,
            more: vec![(Emoji, name(emoji))],
            ..who(*guild, author.id, &author.name)
        },
        Event::VoiceSeen { guild, voice } => {
            let member = voice.member.as_ref()?;
            let who = who(*guild, voice.user, &member.author.name);
            Happened { channel: voice.channel, roles: &member.roles, from_bot: member.author.bot, ..who }
        }
        Event::LevelReached { guild, user, name, after, channel, .. } => {
            Happened { channel: *channel, more: vec![(Level, after.to_string())], ..who(*guild, *user, name) }
        }
        Event::CaseOpened { guild, number, kind, user, name, reason } => Happened {
            text: reason,
            more: vec![(Case, number.to_string()), (Kind, (*kind).to_owned()), (Reason, quote(reason, TEXT_CHARS_MAX))],
            ..who(*guild, *user, name)
        },
        Event::KudosGiven { guild, receiver, name, amount, reason, channel, .. } => Happened {
            channel: *channel,
            text: reason,
            more: vec![(Amount, count(*amount)), (Reason, quote(reason, TEXT_CHARS_MAX))],
            ..who(*guild, *receiver, name)
        },
        Event::GuildJoined { guild } => Happened { member: None, ..who(*guild, UserId::new(1).ok()?, "") },
        _ => return None,
    };
    Some(with_place(guilds, happened))
}

/// Adds where it was, and the words that every occasion has.
fn with_place<'a>(guilds: &Guilds, mut happened: Happened<'a>) -> Happened<'a> {
    use OccasionWord::{Channel, Count, Guild, Member, Name};
    let guild = guilds.find(happened.guild);
    let line = |channel: ChannelId| guild.as_ref().map_or(vec![channel], |guild| guild.line_of(channel));
    happened.line = happened.channel.map(line).unwrap_or_default();
    let (title, members) = guild.as_ref().map_or(("this server", 0), |guild| (guild.name.as_str(), guild.member_count));
    happened.more.push((Guild, name(title)));
    happened.more.push((Count, count(i64::try_from(members).unwrap_or(i64::MAX))));
    happened.more.push((Name, name(happened.name)));
    happened.more.extend(happened.member.map(|member| (Member, format!("<@{member}>"))));
    happened.more.extend(happened.channel.map(|channel| (Channel, format!("<#{channel}>"))));
    happened
}
