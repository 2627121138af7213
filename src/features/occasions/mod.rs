//! Rules of the operator's own: on this occasion, under these conditions, do that. Each action is a promise of its own,
//! made once for an event; one that fails is named on the page and stops no other.

mod actions;
mod happened;
pub mod rules;
mod store;
mod text;

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::Regex;

use super::Feature;
use crate::config::{Config, Occasion, Rule};
use crate::cx::Cx;
use crate::model::{ChannelId, Ending, Event, Need, Result, Timestamp};
use crate::store::personal::{Column, Personal};
use rules::Happened;

pub(super) static FEATURE: Feature = Feature {
    name: "on",
    is_on: |config| !config.rules.is_empty(),
    needs,
    commands: &[],
    undoes: &[],
    start: None,
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: &[Personal::rows("occasion_voice", "in which voice channel you are", &[Column::Id("user")])],
};

/// What rules may have to be told; a set of them is a number with a bit for each.
const NEEDS: [Need; 5] = [Need::Members, Need::Messages, Need::MessageContent, Need::Voice, Need::Reactions];
/// Channels in which bots were answered that are remembered; past it the memory begins anew.
const REMEMBERED_MAX: usize = 1_024;

/// Patterns, compiled when they are first looked for.
#[derive(Default)]
struct Patterns(HashMap<String, Option<Regex>>);

/// When a rule last answered to a bot in a channel.
#[derive(Default)]
struct Answered(HashMap<(usize, Option<ChannelId>), Vec<Timestamp>>);

fn needs(config: &Config) -> &'static [Need] {
    static SETS: [OnceLock<Vec<Need>>; 1 << NEEDS.len()] = [const { OnceLock::new() }; 1 << NEEDS.len()];
    let set = config.rules.iter().flat_map(needs_of).filter_map(|need| NEEDS.iter().position(|known| *known == need));
    let set = set.fold(0, |set, bit| set | 1 << bit);
    SETS[set].get_or_init(|| (0..NEEDS.len()).filter(|bit| set & 1 << bit != 0).map(|bit| NEEDS[bit]).collect())
}

fn needs_of(rule: &Rule) -> Vec<Need> {
    match rule.event {
        Occasion::MemberJoin => vec![Need::Members, Need::Messages],
        Occasion::MemberLeave => vec![Need::Members],
        Occasion::Message => vec![Need::Messages, Need::MessageContent],
        Occasion::Reaction => vec![Need::Reactions],
        Occasion::Voice => vec![Need::Voice],
        // What other rooms tell, they ask for.
        Occasion::LevelUp | Occasion::Case | Occasion::Kudos | Occasion::GuildJoin => Vec::new(),
    }
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::PromiseEnded { tells, ending, .. } => {
            ended(cx, tells, ending);
            Ok(())
        }
        Event::GuildSeen(guild) if asks_for(cx.config, Occasion::Voice) => {
            store::save_voices(cx.tx, guild.id, &guild.voices)
        }
        Event::VoiceSeen { guild, voice } if asks_for(cx.config, Occasion::Voice) => {
            let moved = store::save_voice(cx.tx, *guild, voice)?;
            if moved { consider(cx, event) } else { Ok(()) }
        }
        Event::VoiceSeen { .. } => Ok(()),
        event => consider(cx, event),
    }
}

fn asks_for(config: &Config, occasion: Occasion) -> bool {
    config.rules.iter().any(|rule| rule.event == occasion)
}

/// Does what the rules say about this event, if it is an occasion.
fn consider(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    let config = cx.config;
    let Some(occasion) = happened::occasion_of(event).filter(|occasion| asks_for(config, *occasion)) else {
        return Ok(());
    };
    let guilds = cx.guilds;
    let Some(happened) = happened::read(guilds, event, occasion) else { return Ok(()) };
    // What we do ourselves is no occasion: a rule must not answer to itself.
    if happened.member.is_some() && happened.member == cx.me {
        return Ok(());
    }
    for (nth, rule) in config.rules.iter().enumerate() {
        if rules::fits(rule, &happened, |text| matches(cx, rule, text)) && may_answer(cx, (nth, rule), &happened) {
            actions::promise_all(cx, (nth, rule), &happened)?;
        }
    }
    Ok(())
}

fn matches(cx: &Cx<'_>, rule: &Rule, text: &str) -> bool {
    cx.tx.memo(|patterns: &mut Patterns| {
        if patterns.0.len() >= REMEMBERED_MAX {
            patterns.0.clear();
        }
        let compile = || rule.pattern().ok().flatten();
        let pattern = patterns.0.entry(rule.matches.clone()).or_insert_with(compile);
        pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    })
}

/// Bots are answered a few times a minute at most, or two that answer each other would never end.
fn may_answer(cx: &Cx<'_>, (nth, rule): (usize, &Rule), happened: &Happened<'_>) -> bool {
    if !happened.from_bot {
        return true;
    }
    let too_often = cx.tx.memo(|answered: &mut Answered| {
        if answered.0.len() >= REMEMBERED_MAX {
            answered.0.clear();
        }
        rules::is_too_often(answered.0.entry((nth, happened.channel)).or_default(), cx.now)
    });
    if too_often {
        let words = text::too_often(&text::name(nth, rule));
        cx.vitals.problem(&format!("on.{nth}.loop"), words, text::LOOP_ACTION);
    }
    !too_often
}

/// An action was done, or refused.
fn ended(cx: &Cx<'_>, tells: &str, ending: &Ending) {
    let Some((nth, index)) = tells.strip_prefix("on:").and_then(|which| which.split_once(':')) else { return };
    let (Ok(nth), Ok(index)) = (nth.parse::<usize>(), index.parse::<usize>()) else { return };
    let Some(rule) = cx.config.rules.get(nth) else { return };
    match ending {
        Ending::Kept { .. } => cx.vitals.solved(&actions::problem_name(nth, index)),
        Ending::Refused { words, .. } => actions::complain(cx, (nth, index, rule), words),
        Ending::CalledOff(_) => {}
    }
}
