//! What a rule does: each action a promise, made once for an event however often it comes.

use std::time::Duration;

use serde_json::json;

use super::rules::{Happened, render};
use super::text;
use crate::config::{Action, OccasionWord, Rule};
use crate::cx::{Cx, Promised};
use crate::model::webhook::WebhookUrl;
use crate::model::{ChannelId, Effect, Obstacle, Outgoing, Result, RoleId, obstacle};

/// How long a webhook that does not answer is tried.
const WEBHOOK_TRIED_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Of what somebody wrote, a webhook gets this much.
const TEXT_CHARS_MAX: usize = 4_000;

/// The effect of an action and what it is called; an error says why there is none.
type Planned = Result<Option<(Effect, String)>, String>;

/// Promises every action of the rule. One that cannot work is named on the page and stops no other.
pub fn promise_all(cx: &mut Cx<'_>, (nth, rule): (usize, &Rule), happened: &Happened<'_>) -> Result<()> {
    let called = text::name(nth, rule);
    for (index, action) in rule.actions.iter().enumerate() {
        let (effect, what) = match plan(cx, rule, action, happened, &called) {
            Ok(Some(planned)) => planned,
            Ok(None) => continue,
            Err(words) => {
                tracing::warn!(rule = called, words, "a rule cannot do what it should");
                complain(cx, (nth, index, rule), &words);
                continue;
            }
        };
        // One event may be several occasions of a kind: many members can be meant.
        let number =
            happened.more.iter().find(|(word, _)| *word == OccasionWord::Case).map(|(_, value)| value.as_str());
        let (member, number) = (happened.member.map_or(0, |member| member.get()), number.unwrap_or_default());
        cx.promise(Promised {
            action: &format!("on.{nth}.{index}.{member}.{number}"),
            target: None,
            guild: Some(happened.guild),
            about: text::promise(&called, &what),
            effect,
            due_at: cx.now,
            tells: Some(format!("on:{nth}:{index}")),
        })?;
    }
    Ok(())
}

fn plan(cx: &Cx<'_>, rule: &Rule, action: &Action, happened: &Happened<'_>, called: &str) -> Planned {
    if let Some(words) = &action.send {
        return send(cx, rule, words, action.channel, happened);
    }
    if let Some(url) = &action.webhook {
        return Ok(Some(post(cx, url, happened)));
    }
    match (action.add_role, action.remove_role) {
        (Some(role), _) => change_role(cx, role, true, happened, called),
        (None, Some(role)) => change_role(cx, role, false, happened, called),
        (None, None) => Ok(None),
    }
}

fn send(cx: &Cx<'_>, rule: &Rule, words: &str, channel: Option<ChannelId>, happened: &Happened<'_>) -> Planned {
    // A level may be reached without a channel; then there is nowhere to say so.
    let Some(channel) = channel.or(happened.channel) else { return Ok(None) };
    let guilds = cx.guilds.list();
    match guilds.iter().find(|guild| guild.channel(channel).is_some()) {
        None => return Err(text::NO_CHANNEL.to_owned()),
        // A channel counts in the guild that has it.
        Some(guild) if guild.id != happened.guild => return Ok(None),
        Some(_) => {}
    }
    let message = Outgoing::text(render(&rule.template(words)?, &happened.more));
    Ok(Some((Effect::SendMessage { channel, message, reply_to: None }, "send a message".to_owned())))
}

fn change_role(cx: &Cx<'_>, id: RoleId, give: bool, happened: &Happened<'_>, called: &str) -> Planned {
    let guilds = cx.guilds.list();
    let Some(guild) = guilds.iter().find(|guild| guild.role(id).is_some()) else {
        return Err(text::NO_ROLE.to_owned());
    };
    let (true, Some(user)) = (guild.id == happened.guild, happened.member) else { return Ok(None) };
    match obstacle(guild, id) {
        Some(Obstacle::Powerful) => return Err(text::POWERFUL.to_owned()),
        Some(Obstacle::Managed) => return Err(text::MANAGED.to_owned()),
        _ => {}
    }
    let (guild, reason) = (guild.id, text::reason(called));
    Ok(Some(match give {
        true => (Effect::AddRole { guild, user, role: id, reason }, "give a role".to_owned()),
        false => (Effect::RemoveRole { guild, user, role: id, reason }, "take a role".to_owned()),
    }))
}

fn post(cx: &Cx<'_>, url: &WebhookUrl, happened: &Happened<'_>) -> (Effect, String) {
    let value = |word| happened.more.iter().find(|(known, _)| *known == word).map(|(_, value)| value);
    let text: String = happened.text.chars().take(TEXT_CHARS_MAX).collect();
    let body = json!({
        "event": happened.occasion.word(),
        "guild_id": happened.guild,
        "user_id": happened.member,
        "username": happened.member.map(|_| happened.name),
        "channel_id": happened.channel,
        "text": (!text.is_empty()).then_some(text),
        "level": value(OccasionWord::Level),
        "case": value(OccasionWord::Case),
        "kind": value(OccasionWord::Kind),
        "amount": value(OccasionWord::Amount),
        "timestamp": cx.now.rfc3339(),
    });
    let effect = Effect::Webhook { url: url.clone(), body: body.to_string(), until: cx.now.plus(WEBHOOK_TRIED_FOR) };
    (effect, format!("post to {}", url.host()))
}

/// An action, by its rule's number and its own.
pub fn problem_name(nth: usize, index: usize) -> String {
    format!("on.{nth}.{index}")
}

/// Names the rule on the page until this action of it works again.
pub fn complain(cx: &Cx<'_>, (nth, index, rule): (usize, usize, &Rule), words: &str) {
    let detail = text::failed(&text::name(nth, rule), words);
    cx.vitals.problem(&problem_name(nth, index), detail, text::ACTION);
}
