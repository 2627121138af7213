//! What happens: one event, every room in the order of the roll call, each in a savepoint of its own.

use std::sync::atomic::Ordering::Relaxed;

use futures_util::FutureExt;

use super::happenings::{follow_up, set_down};
use super::invoke::TextCommand;
use super::{Bot, QueueFull};
use crate::cx::{Cx, Source};
use crate::features;
use crate::model::{Error, Event, GuildId, Result, Timestamp, id};
use crate::status::watch::Watched;
use crate::store::{Progress, Tx, Work};

/// In what light an event is shown.
pub(super) struct Setting {
    pub source: Source,
    /// As of the event's arrival: it may wait in the queue, and run again.
    pub watched: Watched,
    pub is_command: bool,
}

impl Bot {
    /// Takes in one dispatch of the gateway without waiting; calls come in the order of the stream. `event` is none
    /// when no room needs the dispatch, which still moves the sequence.
    ///
    /// # Errors
    /// The queue is full and nothing was taken.
    pub fn observe(&self, event: Option<Event>, progress: Progress) -> Result<(), QueueFull> {
        let config = self.0.config.load();
        let serves = |guild| config.discord.serves(guild);
        let event = event.filter(|event| guild_of(event).is_none_or(serves));
        let command = event.as_ref().and_then(|event| self.command_in(event));
        if let Some(event) = &event {
            self.follow(event);
        }
        let is_command = command.is_some();
        if let Some(command) = command {
            self.begin_answer(command);
        }
        self.0.store.submit(Box::new(Observe::new(self.clone(), event, progress, is_command)))
    }

    /// Puts a prefix command into the writer's queue before its message: where the message counts as seen, the command
    /// has run, and where it does not, Discord sends it again and the command runs but once.
    fn begin_answer(&self, command: TextCommand) {
        let bot = self.clone();
        let mut answer = Box::pin(async move { bot.answer_text(command).await });
        // The first look at it goes as far as the queue.
        if (&mut answer).now_or_never().is_none() {
            tokio::spawn(answer);
        }
    }

    /// Hands over something of our own that happened: on the clock, or because a command ran. By itself it neither
    /// commits nor moves the session.
    pub(super) fn submit_own(&self, event: Event, source: Source) -> Result<(), QueueFull> {
        let setting = Setting { source, watched: self.0.vitals.watched(), is_command: false };
        self.0.store.submit(Box::new(Own { bot: self.clone(), event, setting, emitted: Vec::new(), wrote: false }))
    }

    /// What has to be known at once, before the writer comes to the event.
    fn follow(&self, event: &Event) {
        match event {
            Event::MessageSent(_) => self.0.vitals.note_message(),
            event => {
                self.0.guilds.follow(event, self.user());
                self.0.vitals.guilds.store(self.0.guilds.count() as u64, Relaxed);
            }
        }
    }

    /// Lets every room see what a piece of work emitted. Returns all of it, which is told after the commit.
    pub(super) fn show_what_came_of(&self, tx: &Tx, cx: &mut Cx<'_>) -> Result<Vec<Event>> {
        let setting = Setting { source: cx.source.clone(), watched: cx.watched, is_command: false };
        self.show_emitted(tx, std::mem::take(&mut cx.emitted), &setting)
    }

    /// Lets every room see the events that rooms emitted, and what follows from these. Returns all of them.
    pub(super) fn show_emitted(&self, tx: &Tx, emitted: Vec<Event>, setting: &Setting) -> Result<Vec<Event>> {
        follow_up(emitted, |event| self.show(tx, event, setting))
    }

    /// Lets every room see the event, and returns what they emitted. A room that fails loses its own part alone.
    pub(super) fn show(&self, tx: &Tx, event: &Event, setting: &Setting) -> Result<Vec<Event>> {
        let Setting { watched, is_command, .. } = *setting;
        let now = self.time(time_of(event));
        let mut emitted = Vec::new();
        let config = self.config();
        // One for all rooms: there are many of them, and most have nothing to do with most events.
        let mut cx = Cx { is_command, ..self.cx(tx, &config, setting.source.clone(), (now, watched)) };
        for feature in features::switched_on(&config) {
            // A room that failed may have left both as they were in the middle of its work.
            (cx.source, cx.emitted) = (setting.source.clone(), Vec::new());
            match tx.scope(|| (feature.observe)(&mut cx, event)) {
                Ok(()) => emitted.append(&mut cx.emitted),
                Err(Error::Refusal(refusal)) => tracing::debug!(feature = feature.name, %refusal, "refused an event"),
                Err(Error::Fault(fault)) if tx.must_start_over() => return Err(Error::Fault(fault)),
                Err(Error::Fault(fault)) => {
                    tracing::error!(feature = feature.name, fault = %format!("{fault:#}"), "failed at an event");
                    self.0.vitals.problem(
                        &format!("feature.{}", feature.name),
                        format!("The part “{}” failed at an event; the others went on.", feature.name),
                        "This is a mistake in Innkeeper: please report it with the lines of the log around it.",
                    );
                }
            }
        }
        match set_down(tx, event, now) {
            Ok(()) => Ok(emitted),
            Err(Error::Fault(fault)) if tx.must_start_over() => Err(Error::Fault(fault)),
            Err(fault) => {
                tracing::error!(%fault, "what happened could not be stored for those outside");
                Ok(emitted)
            }
        }
    }
}

/// When Discord says that an event happened, where it does.
fn time_of(event: &Event) -> Option<Timestamp> {
    match event {
        Event::MessageSent(message) => Some(message.id.time()),
        Event::CommandRan { at, .. } => Some(*at),
        Event::Audited(line) => Some(id::time_of(line.id)),
        _ => None,
    }
}

/// The guild that an event happened in, unless it is about all of them.
fn guild_of(event: &Event) -> Option<GuildId> {
    Some(match event {
        Event::SessionBegan { .. }
        | Event::SessionResumed
        | Event::WatchlistSet(_)
        | Event::MinutePassed
        | Event::Closing
        | Event::SettingsChanged
        | Event::CommandsCounted(_) => return None,
        Event::MessageSent(message) => message.guild,
        Event::GuildSeen(guild) => guild.id,
        Event::GuildChanged(outline) => outline.id,
        Event::Audited(line) => line.guild,
        Event::MessagesDeleted { guild, .. }
        | Event::GuildLost { guild, .. }
        | Event::RoleSeen { guild, .. }
        | Event::RoleRemoved { guild, .. }
        | Event::ChannelSeen { guild, .. }
        | Event::ChannelRemoved { guild, .. }
        | Event::MemberSeen { guild, .. }
        | Event::MemberLeft { guild, .. }
        | Event::MemberMissing { guild, .. }
        | Event::MemberBanned { guild, .. }
        | Event::VoiceSeen { guild, .. }
        | Event::PresenceSeen { guild, .. }
        | Event::StaffSeen { guild, .. }
        | Event::MembersTold { guild, .. }
        | Event::MembersWanted { guild, .. }
        | Event::PresencesSynced { guild, .. }
        | Event::CommandRan { guild, .. }
        | Event::CommandSet { guild, .. }
        | Event::PromiseEnded { guild, .. }
        | Event::PromiseMoved { guild, .. }
        | Event::LevelReached { guild, .. }
        | Event::MemberArrived { guild, .. }
        | Event::ReactionAdded { guild, .. }
        | Event::GuildJoined { guild }
        | Event::CaseOpened { guild, .. }
        | Event::KudosGiven { guild, .. }
        | Event::ToolUnlocked { guild, .. } => *guild,
    })
}

/// One dispatch on its way through the writer.
struct Observe {
    bot: Bot,
    event: Option<Event>,
    progress: Progress,
    /// As of its arrival: it may wait here, and run again.
    watched: Watched,
    is_command: bool,
    /// Whether something may have become due by it.
    wakes: bool,
    /// What followed.
    emitted: Vec<Event>,
}

impl Observe {
    fn new(bot: Bot, event: Option<Event>, progress: Progress, is_command: bool) -> Self {
        let watched = bot.0.vitals.watched();
        Self { bot, event, progress, watched, is_command, wakes: true, emitted: Vec::new() }
    }
}

impl Work for Observe {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        if let Some(event) = &self.event {
            let source = match event {
                Event::MessageSent(message) => Source::Id(message.id.get()),
                _ => Source::Dispatch(self.progress.session.clone(), self.progress.sequence),
            };
            let setting = Setting { source, watched: self.watched, is_command: self.is_command };
            let emitted = self.bot.show(tx, event, &setting)?;
            self.emitted = self.bot.show_emitted(tx, emitted, &setting)?;
        }
        // A message that wrote nothing promised nothing; looking for promises costs more than the message itself.
        self.wakes = tx.has_written() || !matches!(self.event, Some(Event::MessageSent(_)));
        tx.note_progress(self.progress.clone());
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<()>) {
        match result {
            Ok(()) => self.bot.tell(&self.emitted),
            Err(fault) => tracing::error!(%fault, "an event was lost"),
        }
        if self.wakes {
            self.bot.0.promised.notify_one();
        }
    }
}

/// An event of our own on its way through the writer.
struct Own {
    bot: Bot,
    event: Event,
    setting: Setting,
    /// What followed.
    emitted: Vec<Event>,
    wrote: bool,
}

impl Work for Own {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        let emitted = self.bot.show(tx, &self.event, &self.setting)?;
        self.emitted = self.bot.show_emitted(tx, emitted, &self.setting)?;
        self.wrote = tx.has_written();
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<()>) {
        match result {
            Ok(()) => self.bot.tell(&self.emitted),
            Err(fault) => tracing::error!(%fault, "an event of our own was lost"),
        }
        if self.wrote {
            self.bot.0.promised.notify_one();
        }
    }
}
