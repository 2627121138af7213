//! Innkeeper as a library: a program of one's own adds commands, event handlers and features, and has the same command
//! line, doors and pages.

use std::process::ExitCode;

use super::{Exit, complain};
use crate::bot::Bot;
use crate::command::Command;
use crate::config::Config;
use crate::features::{self, Feature, Observe};
use crate::model::{Need, Refusal};

/// What a program adds. Nothing is done before [`Builder::main`] or [`Builder::install`].
#[must_use]
#[derive(Default)]
pub struct Builder {
    commands: Vec<&'static Command>,
    features: Vec<&'static Feature>,
}

/// The feature that the commands of a program stand in which belong to no other.
const OWN_COMMANDS: &str = "program";

/// Begins a program of one's own.
///
/// ```
/// use innkeeper::command::{Command, Plan};
/// use innkeeper::model::Outgoing;
///
/// let soup = Command::open("soup", "Tells what is in the pot", "Kitchen", &[], |_, _, _| {
///     Ok(Plan::reply(Outgoing::text("Leek and potato.")))
/// });
/// innkeeper::builder().command(soup).install().unwrap();
/// ```
pub fn builder() -> Builder {
    Builder::default()
}

impl Bot {
    /// The same as [`builder`], for whoever looks for it at the bot.
    pub fn builder() -> Builder {
        builder()
    }
}

impl Builder {
    /// Adds a command. It is registered with Discord, stands in `/help`, works as a message too, and passes the gate
    /// like any other.
    pub fn command(mut self, command: Command) -> Self {
        self.commands.push(Box::leak(Box::new(command)));
        self
    }

    /// Adds an event handler under a name of its own, with what Discord has to tell for it. Handlers see an event one
    /// after another, after the rooms of the house; one that fails is logged, stands on the status page, and stops no
    /// other. What it wants done on Discord it promises through its `Cx`.
    pub fn on(self, name: &'static str, needs: fn(&Config) -> &'static [Need], observe: Observe) -> Self {
        self.feature(Feature { needs, observe, ..Feature::named(name) })
    }

    /// Adds a feature: commands, events, a card on the page, tables and what they hold about members.
    pub fn feature(mut self, feature: Feature) -> Self {
        // The house keeps features for as long as the process lives, like its own.
        self.features.push(Box::leak(Box::new(feature)));
        self
    }

    /// Adds everything to this process, for programs that open the bot themselves. It can be done once.
    ///
    /// # Errors
    /// A sentence, when something is called like something that is there, or something was added before.
    pub fn install(self) -> Result<(), Refusal> {
        let Self { commands, mut features } = self;
        if !commands.is_empty() {
            let commands = Box::leak(commands.into_boxed_slice());
            features.push(Box::leak(Box::new(Feature { commands, ..Feature::named(OWN_COMMANDS) })));
        }
        features::add(features)
    }

    /// Adds everything, then reads the command line and does what it says: `run`, `demo`, `check` and the others.
    pub fn main(self) -> ExitCode {
        match self.install() {
            Ok(()) => super::main(),
            Err(refusal) => complain(&refusal, Exit::Usage).into(),
        }
    }
}
