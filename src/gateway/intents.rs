//! Which events to ask Discord for: what the switched-on features need, as far as the developer portal grants it.
//!
//! Source: Discord API documentation, "Gateway", "List of Intents" and "Privileged Intents"; "Application Resource",
//! "Application Flags".

use twilight_gateway::Intents;

use crate::model::Need;
use crate::status::vitals::Vitals;

/// Application flags; of each pair, the second one is for bots in fewer than a hundred guilds.
const MEMBERS_GRANTED: u64 = 1 << 14 | 1 << 15;
const MESSAGE_CONTENT_GRANTED: u64 = 1 << 18 | 1 << 19;
const PRESENCES_GRANTED: u64 = 1 << 12 | 1 << 13;

/// An intent that has to be switched on in the developer portal.
struct Privileged {
    need: Need,
    flags: u64,
    problem: &'static str,
    detail: &'static str,
    action: &'static str,
}

const PRIVILEGED: [Privileged; 3] = [
    Privileged {
        need: Need::MessageContent,
        flags: MESSAGE_CONTENT_GRANTED,
        problem: "intent.message_content",
        detail: "Discord does not show the bot what messages say. Prefix commands do not work; slash commands do.",
        action: "Open discord.com/developers/applications, your application, Bot; switch Message Content Intent on, \
            save, and restart Innkeeper. Or set discord.prefix to \"\" in the configuration.",
    },
    Privileged {
        need: Need::Members,
        flags: MEMBERS_GRANTED,
        problem: "intent.members",
        detail: "Discord does not tell the bot who comes and goes. What reacts to that does not work.",
        action: "Open discord.com/developers/applications, your application, Bot; switch Server Members Intent on, \
            save, and restart Innkeeper.",
    },
    Privileged {
        need: Need::Presences,
        flags: PRESENCES_GRANTED,
        problem: "intent.presences",
        detail: "Discord does not tell the bot who is online. The roster shows everybody's status as unknown.",
        action: "Open discord.com/developers/applications, your application, Bot; switch Presence Intent on, save, and \
            restart Innkeeper. Or set roster.enabled to false in the configuration.",
    },
];

impl Privileged {
    fn is_missing(&self, needs: &[Need], flags: u64) -> bool {
        needs.contains(&self.need) && self.flags & flags == 0
    }
}

/// What is needed and not granted: its name, what does not work, and what to do.
pub fn missing(needs: &[Need], flags: u64) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let absent = PRIVILEGED.iter().filter(move |intent| intent.is_missing(needs, flags));
    absent.map(|intent| (intent.problem, intent.detail, intent.action))
}

/// The intents to ask for. `flags` are the application's. What is needed and not granted stands on the page.
pub fn granted(needs: &[Need], flags: u64, vitals: &Vitals) -> Intents {
    let mut intents = Intents::empty();
    for need in needs {
        let missing = PRIVILEGED.iter().find(|intent| intent.need == *need && intent.flags & flags == 0);
        if missing.is_none() {
            intents |= intent_of(*need);
        }
    }
    for intent in &PRIVILEGED {
        if intent.is_missing(needs, flags) {
            tracing::warn!(intent = intent.problem, detail = intent.detail, action = intent.action, "not granted");
            vitals.problem(intent.problem, intent.detail, intent.action);
        } else {
            vitals.solved(intent.problem);
        }
    }
    vitals.presences.note(needs.contains(&Need::Presences).then(|| intents.contains(Intents::GUILD_PRESENCES)));
    intents
}

fn intent_of(need: Need) -> Intents {
    match need {
        Need::Guilds => Intents::GUILDS,
        Need::Messages => Intents::GUILD_MESSAGES,
        Need::MessageContent => Intents::MESSAGE_CONTENT,
        Need::Members => Intents::GUILD_MEMBERS,
        Need::Voice => Intents::GUILD_VOICE_STATES,
        Need::Moderation => Intents::GUILD_MODERATION,
        Need::Reactions => Intents::GUILD_MESSAGE_REACTIONS,
        Need::Presences => Intents::GUILD_PRESENCES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clock, Timestamp};

    const ALL: [Need; 5] = [Need::Guilds, Need::Messages, Need::MessageContent, Need::Members, Need::Voice];

    #[test]
    fn only_what_is_needed_and_granted_is_asked_for() {
        let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
        let plain = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES;
        assert_eq!(granted(&ALL, 0, &vitals), plain);
        let names: Vec<_> = vitals.problems().iter().map(|problem| problem.name.clone()).collect();
        assert_eq!(names, ["intent.message_content", "intent.members"]);
        assert_eq!(granted(&ALL, 1 << 19, &vitals), plain | Intents::MESSAGE_CONTENT);
        assert_eq!(
            granted(&ALL, 1 << 18 | 1 << 15, &vitals),
            plain | Intents::MESSAGE_CONTENT | Intents::GUILD_MEMBERS
        );
        assert!(vitals.problems().is_empty());
        assert_eq!(granted(&[Need::Guilds], u64::MAX, &vitals), Intents::GUILDS);
        granted(&[Need::Guilds, Need::Messages], 0, &vitals);
        assert!(vitals.problems().is_empty(), "what nobody needs is no problem");
    }
}
