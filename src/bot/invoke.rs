//! What is asked: the gate, the plan in a transaction, the answer after its commit.

use std::time::{Duration, Instant};

use super::Bot;
use super::gate::{is_private, refused};
use super::observe::Setting;
use crate::command::{Actor, Answer, Args, Awaited, Command, Door, Given, Invocation, Outcome, prefix};
use crate::config::Config;
use crate::cx::{Cx, Promised, Source};
use crate::model::{
    Author, ChannelId, Effect, Error, Event, GuildId, Message, MessageId, Outgoing, Permission, Refusal, Result, Seen,
    Timestamp, UserId,
};
use crate::store::{Tx, done, promises};

/// How long an answer waits for what Discord makes of a promise; then it says that nothing is known yet.
const AWAIT_MAX: Duration = Duration::from_secs(10);

/// Which answer to a prefix command it is.
enum Turn {
    /// The only one.
    Only,
    /// The one to give at this time, if nothing better is known by then.
    Meanwhile(Timestamp),
    /// The one that takes its place.
    Final,
}

/// Where the answer to a prefix command goes.
type ReplyTo = Option<(ChannelId, MessageId)>;

/// What a plan came to: the answer, what its events were, and what the answer still waits for.
struct Planned {
    answer: Answer,
    emitted: Vec<Event>,
    awaited: Option<Awaited>,
}

/// A prefix command in a message.
pub(super) struct TextCommand {
    invocation: Invocation,
    channel: ChannelId,
    message: MessageId,
}

impl Bot {
    /// Runs a command: the gate, then the plan, then the commit. A fault becomes an answer with a reference.
    pub async fn invoke(&self, invocation: Invocation) -> Answer {
        self.run(invocation, None).await
    }

    /// The prefix command that a message is, if it is one of ours.
    pub(super) fn command_in(&self, event: &Event) -> Option<TextCommand> {
        let Event::MessageSent(message) = event else { return None };
        if !message.is_from_person() || message.content.is_empty() {
            return None;
        }
        let line = prefix::strip(&message.content, &self.0.config.load().discord.prefix, self.user())?;
        let (word, rest) = prefix::split(line, &self.commands());
        self.is_ours(word).then(|| TextCommand {
            invocation: self.invocation_of(message, word, rest),
            channel: message.channel,
            message: message.id,
        })
    }

    fn invocation_of(&self, message: &Message, word: &str, rest: &str) -> Invocation {
        let Message { author, roles, .. } = message;
        let guild = self.0.guilds.find(message.guild);
        let permissions = guild.map(|guild| match guild.channel(message.channel) {
            Some(channel) => guild.permissions_in(author.id, roles, channel),
            None => guild.permissions_of(author.id, roles),
        });
        Invocation {
            command: word.to_owned(),
            given: Given::Text(rest.to_owned()),
            actor: Actor {
                user: author.id,
                name: author.name.clone(),
                roles: roles.clone(),
                permissions: permissions.unwrap_or_default(),
            },
            guild: message.guild,
            channel: Some(message.channel),
            door: Door::Text,
            people: message.mentions.clone(),
            key: message.id.get(),
            at: message.id.time(),
        }
    }

    /// Runs a prefix command; its answer is a promise, made in the same transaction as its plan.
    pub(super) async fn answer_text(&self, command: TextCommand) {
        let TextCommand { invocation, channel, message } = command;
        self.run(invocation, Some((channel, message))).await;
        self.0.promised.notify_one();
    }

    async fn run(&self, invocation: Invocation, reply_to: ReplyTo) -> Answer {
        let began = Instant::now();
        let passed = self.pass(&invocation).await.and_then(|(command, args)| {
            self.cool_down(command, &invocation)?;
            Ok((command, args))
        });
        let (command, answer) = match passed {
            Err(denied) => {
                let answer = denied.answer();
                self.reply_later(&invocation, &answer, reply_to).await;
                (denied.command, answer)
            }
            Ok((command, args)) => {
                let answer = match self.look_up(command, args, &invocation).await {
                    Ok(args) => self.plan(command, args, &invocation, reply_to).await,
                    Err(refusal) => {
                        let answer = refused(&refusal);
                        self.reply_later(&invocation, &answer, reply_to).await;
                        answer
                    }
                };
                (Some(command), answer)
            }
        };
        self.count_run(&invocation, command, answer.outcome, began.elapsed());
        answer
    }

    /// Discord's own commands bring along whom they name; whom a request names is asked for. Who cannot be looked up is
    /// as unknown as in a message.
    async fn meet_the_others(&self, args: &mut Args, guild: GuildId, looked_at: Option<UserId>) {
        let Some(discord) = self.discord() else { return };
        let others: Vec<_> = args.users().filter(|user| Some(*user) != looked_at).collect();
        for user in others {
            if let Ok(Some(seen)) = discord.look_up(guild, user).await {
                args.meet(seen);
            }
        }
    }

    /// Adds to the arguments how the user looks that the command is about: as the door was shown them, else as Discord
    /// says when asked.
    async fn look_up(&self, command: &Command, mut args: Args, invocation: &Invocation) -> Result<Args, Refusal> {
        let looked_at = command.looks_at.and_then(|option| args.find(option));
        if invocation.door == Door::Http {
            self.meet_the_others(&mut args, invocation.guild, looked_at).await;
        }
        let Some(user) = looked_at else { return Ok(args) };
        // Who is shown without roles may be out of the guild, or nobody knows.
        let shown = args.find_person(user).filter(|seen| seen.is_here()).cloned();
        let seen = match (shown, self.discord()) {
            (Some(seen), _) => Some(seen),
            (None, Some(discord)) => discord.look_up(invocation.guild, user).await.map_err(|setback| {
                Refusal::new(format!("I could not look them up, so I did nothing. {}", setback.words()))
            })?,
            (None, None) => return Err(Refusal::new("I am not connected to Discord, so I did nothing.")),
        };
        if !seen.as_ref().is_some_and(Seen::is_here) {
            self.tell_of_missing(invocation, user);
        }
        args.look(seen.ok_or_else(|| Refusal::new("There is no such user."))?);
        Ok(args)
    }

    /// Tells the rooms that Discord was asked for a member whom the guild has not.
    fn tell_of_missing(&self, invocation: &Invocation, user: UserId) {
        let missing = Event::MemberMissing { guild: invocation.guild, user };
        if self.submit_own(missing, Source::Id(invocation.key)).is_err() {
            tracing::debug!("that a member is missing is not told of: the queue is full");
        }
    }

    /// Tells the rooms that an open command was answered; who asked does not wait for what they make of it.
    fn tell_of_command(&self, invocation: &Invocation) {
        if self.submit_own(ran(invocation), Source::Id(invocation.key)).is_err() {
            tracing::debug!("a command is not told of: the queue is full");
        }
    }

    async fn plan(&self, command: &'static Command, args: Args, invocation: &Invocation, reply_to: ReplyTo) -> Answer {
        let guild = self.0.guilds.find(invocation.guild);
        if guild.is_some_and(|guild| (command.backup_first)(&guild, &args))
            && let Err(fault) = self.0.store.backup(command.name).await
        {
            let answer = refused(&Refusal::new("No backup could be made, so I did nothing. The log says why."));
            tracing::error!(%fault, "no backup could be made");
            self.reply_later(invocation, &answer, reply_to).await;
            return answer;
        }
        if command.reads_settings {
            self.reload().await;
        }
        let (bot, asked) = (self.clone(), invocation.clone());
        let planned = self.0.store.write(move |tx: &Tx| bot.plan_here(tx, command, &args, &asked, reply_to)).await;
        self.0.promised.notify_one();
        let answer = match planned {
            Ok(Planned { answer, emitted, awaited }) => {
                self.tell(&emitted);
                // A program that acts in nobody's name is no member whom anything follows from.
                let is_told = reply_to.is_some() || Some(invocation.actor.user) == self.user();
                if is_told_of(command) && answer.outcome == Outcome::Ok && !is_told {
                    self.tell_of_command(invocation);
                }
                return match awaited {
                    Some(awaited) => self.finish(command, answer, awaited, invocation, reply_to).await,
                    None => answer,
                };
            }
            Err(Error::Refusal(refusal)) => refused(&refusal),
            Err(Error::Fault(fault)) => self.explain_fault(command, &fault),
        };
        self.reply_later(invocation, &answer, reply_to).await;
        answer
    }

    /// The answer once Discord was asked for what the plan promised. Where that takes too long, or what came of it
    /// cannot be read, the answer stays what the plan said.
    async fn finish(
        &self,
        command: &'static Command,
        answer: Answer,
        awaited: Awaited,
        invocation: &Invocation,
        reply_to: ReplyTo,
    ) -> Answer {
        if !self.were_tried(&awaited.origins).await {
            return answer;
        }
        let (bot, asked) = (self.clone(), invocation.clone());
        let finished = self.0.store.write(move |tx: &Tx| {
            let config = bot.config();
            let mut cx = bot.cx_of(tx, &config, &asked);
            cx.asked_in = Some(asked.guild);
            let message = (awaited.answer)(&mut cx, awaited.about)?;
            let answer = Answer { message, ephemeral: command.ephemeral, outcome: Outcome::Ok };
            if let Some(to) = reply_to {
                bot.promise_reply(&mut cx, &asked, &answer, to, Turn::Final)?;
            }
            Ok(answer)
        });
        match finished.await {
            Ok(finished) => {
                self.0.promised.notify_one();
                finished
            }
            Err(fault) => {
                tracing::error!(command = command.name, %fault, "what came of a command could not be read");
                answer
            }
        }
    }

    /// Waits until Discord was asked for the promises of these origins, at most [`AWAIT_MAX`]; whether it was.
    async fn were_tried(&self, origins: &[String]) -> bool {
        let mut tried = self.0.tried.subscribe();
        let waiting = async {
            let mut left = origins.to_vec();
            loop {
                let asked = left.clone();
                let open = self.0.store.read(move |reader| {
                    let mut open = Vec::new();
                    for origin in asked {
                        if !promises::was_tried(reader, &origin)? {
                            open.push(origin);
                        }
                    }
                    Ok(open)
                });
                left = open.await.unwrap_or(left);
                if left.is_empty() {
                    return true;
                }
                if tried.changed().await.is_err() {
                    return false;
                }
            }
        };
        tokio::time::timeout(AWAIT_MAX, waiting).await.unwrap_or(false)
    }

    fn cx_of<'a>(&'a self, tx: &'a Tx, config: &'a Config, invocation: &Invocation) -> Cx<'a> {
        let at = (self.time(Some(invocation.at)), self.0.vitals.watched());
        self.cx(tx, config, Source::Id(invocation.key), at)
    }

    /// Inside the writer: the plan, what follows from it and, at the text door, the promise of its answer.
    fn plan_here(
        &self,
        tx: &Tx,
        command: &'static Command,
        args: &Args,
        invocation: &Invocation,
        reply_to: ReplyTo,
    ) -> Result<Planned> {
        if done::is_noted(tx.read(), invocation.key)? {
            let answer = refused(&Refusal::new("That was done already."));
            return Ok(Planned { answer, emitted: Vec::new(), awaited: None });
        }
        let config = self.config();
        let mut cx = self.cx_of(tx, &config, invocation);
        cx.asked_in = Some(invocation.guild);
        (cx.door, cx.command) = (Some(invocation.door), Some(command.name));
        cx.reloaded = self.reloaded().filter(|_| command.reads_settings);
        (cx.channel, cx.message) = (invocation.channel, reply_to.map(|(_, message)| message));
        let plan = (command.plan)(&mut cx, &invocation.actor, args)?;
        let answer = Answer { message: plan.reply, ephemeral: command.ephemeral, outcome: Outcome::Ok };
        if let Some(to) = reply_to {
            // What waits for Discord takes the place of this answer, unless it takes too long or we stop.
            let patience = self.0.clock.as_theirs(AWAIT_MAX);
            let turn = plan.awaited.as_ref().map_or(Turn::Only, |_| Turn::Meanwhile(cx.now.plus(patience)));
            self.promise_reply(&mut cx, invocation, &answer, to, turn)?;
        }
        if reply_to.is_some() && is_told_of(command) {
            // The answer waits for its commit in any case, so the rooms are told within the same.
            let setting = Setting { source: cx.source.clone(), watched: cx.watched, is_command: false };
            cx.emitted.extend(self.show(tx, &ran(invocation), &setting)?);
        }
        let emitted = self.show_what_came_of(tx, &mut cx)?;
        if tx.has_written() {
            done::note(tx, invocation.key, cx.now)?;
        }
        Ok(Planned { answer, emitted, awaited: plan.awaited })
    }

    /// The answer to a prefix command that planned nothing.
    async fn reply_later(&self, invocation: &Invocation, answer: &Answer, reply_to: ReplyTo) {
        let Some(to) = reply_to else { return };
        if !matches!(answer.outcome, Outcome::Ok | Outcome::Fault)
            && !self.0.cooldowns.may_complain(invocation.actor.user)
        {
            return;
        }
        let (bot, invocation, answer) = (self.clone(), invocation.clone(), answer.clone());
        let promised = self.0.store.write(move |tx: &Tx| {
            let config = bot.config();
            let mut cx = bot.cx_of(tx, &config, &invocation);
            bot.promise_reply(&mut cx, &invocation, &answer, to, Turn::Only)
        });
        if let Err(fault) = promised.await {
            tracing::error!(%fault, "an answer could not be promised");
        }
        self.0.promised.notify_one();
    }

    fn promise_reply(
        &self,
        cx: &mut Cx<'_>,
        invocation: &Invocation,
        answer: &Answer,
        (channel, message): (ChannelId, MessageId),
        turn: Turn,
    ) -> Result<()> {
        let user = invocation.actor.user;
        let target = Some(promises::answer_to(invocation.key, user));
        let (action, due_at) = match turn {
            Turn::Only => ("answer", cx.now),
            Turn::Meanwhile(due_at) => ("answer", due_at),
            Turn::Final => ("answer.final", cx.now),
        };
        let effect = if is_private(invocation.door, answer) {
            Effect::SendDirect { user, message: answer.message.clone() }
        } else {
            Effect::SendMessage { channel, message: answer.message.clone(), reply_to: Some(message) }
        };
        cx.promise(Promised {
            action,
            target,
            guild: Some(invocation.guild),
            about: format!("answer {} to {}", invocation.command, invocation.actor.name),
            effect,
            due_at,
            tells: None,
        })
    }

    fn explain_fault(&self, command: &Command, fault: &anyhow::Error) -> Answer {
        let reference = format!("{:06x}", fastrand::u32(..0x100_0000));
        tracing::error!(command = command.name, reference, fault = %format!("{fault:#}"), "a command failed");
        let words =
            format!("Something went wrong on my side; nothing was changed. The log tells more under `{reference}`.");
        Answer { message: Outgoing::text(words), ephemeral: true, outcome: Outcome::Fault }
    }
}

/// Whether the rooms are told that this command ran.
fn is_told_of(command: &Command) -> bool {
    command.requires == Permission::Everyone && !command.untold
}

/// What the rooms are told of an open command.
fn ran(invocation: &Invocation) -> Event {
    let Invocation { actor, guild, channel, key, at, .. } = invocation;
    let author = Author { id: actor.user, name: actor.name.clone(), avatar: None, bot: false };
    Event::CommandRan { guild: *guild, author, channel: *channel, roles: actor.roles.clone(), key: *key, at: *at }
}
