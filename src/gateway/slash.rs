//! Slash commands and buttons: an interaction becomes an [`Invocation`], and the engine's answer goes back. The first
//! answer comes within a second, before any disk is waited for; what takes longer takes the place of a deferral. The
//! answer to a button is for whoever pressed it.
//!
//! It refuses to know commands beyond their declarations.
//!
//! Source: Discord API documentation, "Receiving and Responding to Interactions" (first answer within 3 seconds, the
//! token lives 15 minutes).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use serde::Deserialize;
use serenity::model::application::{
    CommandDataOption, CommandDataOptionValue, CommandDataResolved, CommandInteraction, CommandType,
};
use serenity::model::user::User;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::attach::{self, File};
use super::body;
use super::menu;
use super::press::{self, GUILD_ONLY};
use super::raw::Raw;
use super::refusal::code;
use super::rest::Rest;
use super::wire::Call;
use crate::bot::Bot;
use crate::command::{Actor, Door, Given, Invocation, Value};
use crate::model::{ApplicationId, ChannelId, GuildId, Outgoing, Permissions, RoleId, Seen, Setback, UserId, id};

/// Commands that are answered at the same time.
const AT_ONCE_MAX: usize = 64;
/// Refusals for want of a place that are sent at the same time; beyond them Discord tells the person itself.
const REFUSALS_MAX: usize = 64;
/// Interactions that are remembered so that none is answered twice.
const TAKEN_MAX: usize = 256;
/// How long the first answer may take on its way: Discord waits three seconds in all.
const FIRST_ANSWER_PATIENCE: Duration = Duration::from_millis(2_500);
/// How often a later answer is tried, and the longest pause in between.
const LATER_TRIES_MAX: u32 = 5;
const LATER_PAUSE_MAX: Duration = Duration::from_secs(60);

const BUSY: &str = "I am answering too many commands at once. Please try again in a moment.";
const UNREADABLE: &str = "I could not read that command. Please try again; if it stays, tell whoever runs me.";

/// Answers slash commands; clones share the places.
#[derive(Clone)]
pub struct Slash {
    bot: Bot,
    rest: Rest,
    /// When to defer.
    first_answer_after: Duration,
    places: Arc<Semaphore>,
    refusals: Arc<Semaphore>,
    /// The newest interactions.
    taken: Arc<Mutex<VecDeque<u64>>>,
}

/// What an answer needs: it opens one interaction's door for fifteen minutes, so it is never printed.
struct Ticket {
    id: u64,
    token: String,
    application: ApplicationId,
    /// What was used: [`COMMAND`], [`COMPONENT`] or [`FORM`].
    kind: i64,
}

/// What an interaction asks for.
enum Asked {
    Run(Invocation),
    Question(menu::Question),
}

/// An answer with its picture drawn, where it has one.
struct Drawn {
    message: Outgoing,
    ephemeral: bool,
    file: Option<File>,
}

/// The fields without which nothing can be answered.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Glance<'a> {
    #[serde(borrow)]
    id: Raw<'a>,
    #[serde(borrow)]
    application_id: Raw<'a>,
    #[serde(borrow)]
    token: Raw<'a>,
    #[serde(borrow, rename = "type")]
    kind: Raw<'a>,
}

/// Discord's numbers for the use of a command, of a button or the like, and of a form.
const COMMAND: i64 = 2;
const COMPONENT: i64 = 3;
const FORM: i64 = 5;

impl Slash {
    pub fn new(bot: Bot, rest: Rest, first_answer_after: Duration) -> Self {
        let (places, refusals) = (Semaphore::new(AT_ONCE_MAX), Semaphore::new(REFUSALS_MAX));
        let (places, refusals, taken) = (Arc::new(places), Arc::new(refusals), Arc::default());
        Self { bot, rest, first_answer_after, places, refusals, taken }
    }

    /// Answers the interaction with this data in a task of its own.
    pub fn take(&self, data: &str) {
        let Some(ticket) = Ticket::read(data) else {
            tracing::debug!("an interaction that is neither command nor button, or cannot be answered");
            return;
        };
        if !self.is_new(ticket.id) {
            tracing::debug!(interaction = ticket.id, "an interaction that was taken before");
            return;
        }
        let slash = self.clone();
        let commands = self.bot.commands();
        let asked = match ticket.kind {
            COMPONENT => press::invocation(data, &commands).map(Asked::Run),
            FORM => menu::submitted(data, &commands).map(Asked::Run),
            _ if menu::is_on_message(data) => menu::question(data, &commands).map(Asked::Question),
            _ => invocation(data).map(Asked::Run),
        };
        match (self.places.clone().try_acquire_owned(), asked) {
            (Ok(place), Ok(Asked::Question(question))) => {
                tokio::spawn(async move {
                    slash.ask(&ticket, &question).await;
                    drop(place);
                });
            }
            (Ok(place), Ok(Asked::Run(invocation))) => {
                let mut answer = Box::pin(async move {
                    slash.answer(&ticket, invocation).await;
                    drop(place);
                });
                // The first look at it goes as far as the engine's queue.
                if (&mut answer).now_or_never().is_none() {
                    tokio::spawn(answer);
                }
            }
            (Ok(place), Err(words)) => {
                tokio::spawn(async move {
                    slash.refuse(&ticket, words).await;
                    drop(place);
                });
            }
            (Err(_), _) => {
                let Ok(place) = self.refusals.clone().try_acquire_owned() else { return };
                tokio::spawn(async move {
                    slash.refuse(&ticket, BUSY).await;
                    drop(place);
                });
            }
        }
    }

    /// Whether this interaction was not taken yet; a resumed session may bring it again.
    fn is_new(&self, id: u64) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.contains(&id) {
            return false;
        }
        if taken.len() >= TAKEN_MAX {
            taken.pop_front();
        }
        taken.push_back(id);
        true
    }

    /// Waits until every answer under way is given, at most so long.
    pub async fn finish(&self, within: Duration) {
        let all = u32::try_from(AT_ONCE_MAX).unwrap_or(u32::MAX);
        let _ = timeout(within, self.places.acquire_many(all)).await;
    }

    async fn answer(&self, ticket: &Ticket, invocation: Invocation) {
        let commands = self.bot.commands();
        let declared = commands.iter().find(|command| command.name == invocation.command);
        let deferred_ephemeral = ticket.is_press() || declared.is_none_or(|command| command.ephemeral);
        let command = invocation.command.clone();
        let mut work = std::pin::pin!(async {
            let answer = match self.bot.refuses(&invocation).await {
                Some(refusal) => refusal,
                None => self.bot.invoke(invocation.clone()).await,
            };
            let file = File::of(self.bot.studio(), &answer.message).await;
            Drawn { message: answer.message, ephemeral: answer.ephemeral || ticket.is_press(), file }
        });
        let told = tokio::select! {
            biased;
            answer = &mut work => match self.answer_first(ticket, &answer).await {
                // An earlier copy of this answer got through, or this is a replay of what was answered before.
                Err(Setback::Refused { code: code::ALREADY_ACKNOWLEDGED, .. }) => Ok(()),
                told => told,
            },
            () = sleep(self.first_answer_after) => {
                let deferral = body::deferral(deferred_ephemeral);
                let (deferred, answer) = tokio::join!(self.callback(ticket, &deferral, None), work);
                match deferred {
                    Ok(()) => self.answer_later(ticket, &answer, deferred_ephemeral).await,
                    Err(_) => self.answer_in_doubt(ticket, &answer, deferred_ephemeral).await,
                }
            }
        };
        if let Err(setback) = told {
            tracing::warn!(command, interaction = ticket.id, words = setback.words(), "an answer did not arrive");
        }
    }

    /// Shows a form, to whom the gate would let in.
    async fn ask(&self, ticket: &Ticket, question: &menu::Question) {
        let told = match self.bot.turns_away(&question.invocation) {
            Some(refusal) => self.callback(ticket, &body::answer(&refusal.message, true), None).await,
            None => self.callback(ticket, &question.form, None).await,
        };
        if let Err(setback) = told {
            tracing::warn!(interaction = ticket.id, words = setback.words(), "a form was not shown");
        }
    }

    async fn refuse(&self, ticket: &Ticket, words: &str) {
        let told = self.callback(ticket, &body::answer(&Outgoing::text(words), true), None).await;
        if let Err(setback) = told {
            tracing::debug!(interaction = ticket.id, words = setback.words(), "a refusal did not arrive");
        }
    }

    /// Answers when nobody knows whether the deferral got through.
    async fn answer_in_doubt(&self, ticket: &Ticket, answer: &Drawn, ephemeral: bool) -> Result<(), Setback> {
        match self.answer_first(ticket, answer).await {
            Err(Setback::Refused { code: code::ALREADY_ACKNOWLEDGED, .. }) => {
                self.answer_later(ticket, answer, ephemeral).await
            }
            told => told,
        }
    }

    async fn answer_first(&self, ticket: &Ticket, answer: &Drawn) -> Result<(), Setback> {
        let body = body::answer(&answer.message, answer.ephemeral);
        match self.callback(ticket, &body, answer.file.as_ref()).await {
            // Files may not be allowed where texts are.
            Err(setback) if answer.file.is_some() && File::is_refused(&setback) => {
                self.callback(ticket, &body, None).await
            }
            told => told,
        }
    }

    async fn answer_later(&self, ticket: &Ticket, answer: &Drawn, deferred_ephemeral: bool) -> Result<(), Setback> {
        let file = answer.file.as_ref();
        if !answer.ephemeral || deferred_ephemeral {
            let call = |file| attach::call(Call::patch(ticket.original()), &body::edit(&answer.message), file);
            return match self.later(call(file)).await {
                Err(setback) if file.is_some() && File::is_refused(&setback) => self.later(call(None)).await,
                told => told,
            };
        }
        // Everybody sees "thinking …"; the answer is for one person.
        self.later(Call::delete(ticket.original())).await?;
        let follow_up = format!("/webhooks/{}/{}", ticket.application, ticket.token);
        self.later(attach::call(Call::post(follow_up), &body::follow_up(&answer.message), file)).await
    }

    async fn callback(
        &self,
        ticket: &Ticket,
        body: &impl serde::Serialize,
        file: Option<&File>,
    ) -> Result<(), Setback> {
        let path = format!("/interactions/{}/{}/callback", ticket.id, ticket.token);
        // Discord takes one first answer and refuses a second, so repeating it does no harm.
        let call = Call::post(path).repeatable().patience(FIRST_ANSWER_PATIENCE);
        self.rest.call(attach::call(call, body, file)).await.map(drop)
    }

    async fn later(&self, call: Call) -> Result<(), Setback> {
        let mut tries = 1;
        loop {
            match self.rest.call(call.clone()).await {
                Err(Setback::Later { after, .. }) if tries < LATER_TRIES_MAX => {
                    tries += 1;
                    sleep(after.min(LATER_PAUSE_MAX)).await;
                }
                told => return told.map(drop),
            }
        }
    }
}

impl Ticket {
    fn read(data: &str) -> Option<Self> {
        let glance = Glance::deserialize(&mut serde_json::Deserializer::from_str(data)).ok()?;
        let token = glance.token.text().filter(|token| !token.is_empty() && token.bytes().all(is_plain))?;
        let kind = glance.kind.whole().filter(|kind| [COMMAND, COMPONENT, FORM].contains(kind))?;
        let application = glance.application_id.id()?;
        Some(Self { id: glance.id.bits()?, token: token.into_owned(), application, kind })
    }

    /// A button was pressed: the answer is for whoever did it.
    fn is_press(&self) -> bool {
        self.kind == COMPONENT
    }

    /// The path of the first answer.
    fn original(&self) -> String {
        format!("/webhooks/{}/{}/messages/@original", self.application, self.token)
    }
}

/// What may stand in a path as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:=+".contains(&byte)
}

/// The invocation that an interaction's data asks for, or words for the person who asked.
fn invocation(data: &str) -> Result<Invocation, &'static str> {
    let read = CommandInteraction::deserialize(&mut serde_json::Deserializer::from_str(data));
    let interaction = read.map_err(|error| {
        // The error tells a place and a field, never what was written.
        tracing::warn!(line = error.line(), column = error.column(), "an interaction has an unknown shape");
        UNREADABLE
    })?;
    if interaction.data.kind != CommandType::ChatInput {
        return Err(UNREADABLE);
    }
    let guild = interaction.guild_id.and_then(|guild| GuildId::new(guild.get()).ok()).ok_or(GUILD_ONLY)?;
    let actor = actor(&interaction).ok_or(GUILD_ONLY)?;
    let (command, given) = given(&interaction.data.name, &interaction.data.options);
    let key = interaction.id.get();
    Ok(Invocation {
        command,
        given: Given::Named(given),
        actor,
        guild,
        channel: ChannelId::new(interaction.channel_id.get()).ok(),
        door: Door::Slash,
        people: people(&interaction.data.resolved),
        key,
        at: id::time_of(key),
    })
}

fn actor(interaction: &CommandInteraction) -> Option<Actor> {
    let member = interaction.member.as_ref()?;
    let user = &member.user;
    let name = member.nick.as_ref().or(user.global_name.as_ref()).unwrap_or(&user.name);
    Some(Actor {
        user: UserId::new(user.id.get()).ok()?,
        name: name.clone(),
        roles: roles(&member.roles),
        permissions: member.permissions.map_or(Permissions::NONE, |held| Permissions(held.bits())),
    })
}

/// The users among the options, as Discord tells of them.
fn people(resolved: &CommandDataResolved) -> Vec<Seen> {
    let person = |user: &User| {
        let member = resolved.members.get(&user.id);
        let name = member.and_then(|member| member.nick.as_ref()).or(user.global_name.as_ref()).unwrap_or(&user.name);
        let roles = member.map(|member| roles(&member.roles));
        Some(Seen { id: UserId::new(user.id.get()).ok()?, name: name.clone(), bot: user.bot, roles })
    };
    resolved.users.values().filter_map(person).collect()
}

fn roles(ids: &[serenity::model::id::RoleId]) -> Vec<RoleId> {
    ids.iter().filter_map(|role| RoleId::new(role.get()).ok()).collect()
}

/// The command's full name and its options; a subcommand brings its own.
fn given(name: &str, options: &[CommandDataOption]) -> (String, Vec<(String, Value)>) {
    if let [CommandDataOption { name: sub, value, .. }] = options
        && let CommandDataOptionValue::SubCommand(inner) | CommandDataOptionValue::SubCommandGroup(inner) = value
    {
        return given(&format!("{name} {sub}"), inner);
    }
    let values = options.iter().filter_map(|option| Some((option.name.clone(), value(&option.value)?)));
    (name.to_owned(), values.collect())
}

fn value(given: &CommandDataOptionValue) -> Option<Value> {
    Some(match given {
        CommandDataOptionValue::String(text) => Value::Text(text.clone()),
        CommandDataOptionValue::Integer(number) => Value::Whole(*number),
        CommandDataOptionValue::Boolean(flag) => Value::Flag(*flag),
        CommandDataOptionValue::User(user) => Value::User(UserId::new(user.get()).ok()?),
        CommandDataOptionValue::Channel(channel) => Value::Channel(ChannelId::new(channel.get()).ok()?),
        CommandDataOptionValue::Role(role) => Value::Role(RoleId::new(role.get()).ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
