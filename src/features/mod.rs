//! The rooms, and the roll call. A room is one feature: what it observes, the commands it declares, its card on the
//! page. Rooms do not know each other; what two of them need belongs to `cx`, `store` or `model`.

mod access;
pub mod api;
pub mod bumps;
mod commands;
pub mod guilds;
mod health;
pub mod kudos;
pub mod levels;
pub mod locks;
pub mod moderation;
mod occasions;
mod own;
mod plain;
mod privacy;
mod promises;
pub mod roles;
mod settings;
mod undo;
mod welcome;

use std::sync::{Arc, OnceLock};

use crate::command::{Actor, Command, Plan};
use crate::config::{Action, Config};
use crate::cx::Cx;
use crate::model::{Event, Guild, GuildId, Need, Permissions, Picture, Refusal, Result, Timestamp, UserId};
use crate::status::Card;
use crate::store::Reader;
use crate::store::check::Verify;
use crate::store::personal::Personal;

/// A room.
pub struct Feature {
    pub name: &'static str,
    pub is_on: fn(&Config) -> bool,
    /// What it has to be told by Discord.
    pub needs: fn(&Config) -> &'static [Need],
    pub commands: &'static [&'static Command],
    /// Which of its records `/undo` takes back.
    pub undoes: &'static [Undoes],
    /// Reads what the last run left, before the first event.
    pub start: Option<fn(&mut Cx<'_>) -> Result<()>>,
    pub observe: Observe,
    /// Its part of the status page.
    pub card: Option<MakeCards>,
    /// What must hold in its tables, for `innkeeper check`.
    pub verify: Option<Verify>,
    /// Its picture of a member, for whoever may see one.
    pub portrait: Option<MakePortrait>,
    /// Its tables, each with what it holds about members: for `/mydata`.
    pub personal: &'static [Personal],
}

/// What a room makes of an event. It runs in a savepoint of its own: a fault takes back its own part alone.
pub type Observe = fn(&mut Cx<'_>, &Event) -> Result<()>;

/// Records of a room that can be taken back, by number.
pub struct Undoes {
    /// What stands before their numbers, upper case: L in `L12`.
    pub letter: char,
    /// Takes back the record of this number, or refuses in words.
    pub undo: fn(&mut Cx<'_>, &Actor, i64) -> Result<Plan>,
}

/// Reads a room's picture of a member of a guild, as of now.
pub type MakePortrait = fn(&Reader, &Config, (GuildId, UserId), Timestamp) -> Result<Option<Picture>>;

/// Reads a room's cards for these guilds, as of now.
pub type MakeCards = fn(&Reader, &Config, &[Arc<Guild>], Timestamp) -> Result<Vec<Card>>;

/// The roll call, in the order in which rooms see an event: names and guilds first, for the others to refer to.
pub const FEATURES: &[&Feature] = &[
    &guilds::FEATURE,
    &levels::FEATURE,
    &levels::tools::FEATURE,
    &kudos::FEATURE,
    &moderation::FEATURE,
    &locks::FEATURE,
    &bumps::FEATURE,
    &roles::FEATURE,
    // Behind every room that gives back roles or mutes: what everybody is given comes after them.
    &welcome::FEATURE,
    &occasions::FEATURE,
    &promises::FEATURE,
    &undo::FEATURE,
    &privacy::FEATURE,
    &own::FEATURE,
    &commands::FEATURE,
    &settings::FEATURE,
    &health::FEATURE,
    &plain::FEATURE,
    &access::FEATURE,
];

/// The cards that the rooms put up about these guilds.
pub fn cards(reader: &Reader, config: &Config, guilds: &[Arc<Guild>], now: Timestamp) -> Result<Vec<Card>> {
    let mut cards = Vec::new();
    for make in switched_on(config).filter_map(|feature| feature.card) {
        cards.extend(make(reader, config, guilds, now)?);
    }
    Ok(cards)
}

/// What the program that runs has added, if it is one of somebody's own. Set once, before anything is opened.
static ADDED: OnceLock<Vec<&'static Feature>> = OnceLock::new();

impl Feature {
    /// A feature that is on and has nothing yet, for a program of one's own:
    /// `Feature { commands, ..Feature::named("kitchen") }`. The rooms of the house say everything themselves, so that
    /// none of them can forget something.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            is_on: |_| true,
            needs: |_| &[],
            commands: &[],
            undoes: &[],
            start: None,
            observe: |_, _| Ok(()),
            card: None,
            verify: None,
            portrait: None,
            personal: &[],
        }
    }

    /// The roll call, and then what the program added.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        FEATURES.iter().chain(ADDED.get().into_iter().flatten()).copied()
    }
}

/// Adds features of a program's own, once and before the bot is opened.
///
/// # Errors
/// A sentence, when something is called like something that is there, or they come too late.
pub fn add(added: Vec<&'static Feature>) -> Result<(), Refusal> {
    let mut known: Vec<&Feature> = FEATURES.to_vec();
    for feature in &added {
        if known.iter().any(|other| other.name == feature.name) {
            return Err(Refusal::new(format!("there are two features called {}", feature.name)));
        }
        known.push(feature);
    }
    let mut names: Vec<_> = known.iter().flat_map(|feature| feature.commands).map(|command| command.name).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Refusal::new(format!("there are two commands called {}", twice[0])));
    }
    ADDED.set(added).map_err(|_| Refusal::new("features were added before: give all of them at once"))
}

/// The rooms that are switched on.
pub fn switched_on(config: &Config) -> impl Iterator<Item = &'static Feature> {
    Feature::all().filter(|feature| (feature.is_on)(config))
}

/// The commands of the rooms that are switched on, in the order of the roll call.
pub fn commands(config: &Config) -> Vec<&'static Command> {
    let ours = switched_on(config).flat_map(|feature| feature.commands.iter().copied());
    ours.chain(own::commands(config)).collect()
}

/// The command that a person's word names.
///
/// # Errors
/// A refusal, in different words for a command that is switched off and one that nobody knows.
pub fn find_command(config: &Config, word: &str) -> Result<&'static Command, Refusal> {
    let mut all = Feature::all().flat_map(|feature| feature.commands.iter().map(move |command| (feature, *command)));
    match all.find(|(_, command)| command.is_called(word)) {
        Some((feature, command)) if (feature.is_on)(config) => Ok(command),
        Some((feature, command)) => {
            let words = format!("`{}` is switched off here, with everything of `{}`.", command.name, feature.name);
            Err(Refusal::new(words))
        }
        None if let Some(command) = own::commands(config).into_iter().find(|command| command.is_called(word)) => {
            Ok(command)
        }
        None => Err(Refusal::new("I know no such command. `/help` lists what there is.")),
    }
}

/// What is wrong with a configuration that each of its sections finds fine: a key, and a sentence.
pub fn mistakes(config: &Config) -> Vec<(String, String)> {
    let ours: Vec<_> = FEATURES.iter().flat_map(|feature| feature.commands.iter().copied()).collect();
    own::mistakes(config, &ours)
}

/// What the bot has to be allowed in a server for what is switched on, by the name that Discord's settings show: one
/// list for the invite link and for `innkeeper check`.
pub fn permissions(config: &Config) -> Vec<(Permissions, &'static str)> {
    let mut wanted = vec![
        (Permissions::VIEW_CHANNEL, "View Channels"),
        (Permissions::SEND_MESSAGES, "Send Messages"),
        (Permissions::EMBED_LINKS, "Embed Links"),
        (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
        (Permissions::MANAGE_MESSAGES, "Manage Messages"),
    ];
    if config.levels.enabled && config.levels.card {
        wanted.push((Permissions::ATTACH_FILES, "Attach Files"));
    }
    let is_role = |action: &Action| action.add_role.is_some() || action.remove_role.is_some();
    let gives_roles = config.locks.enabled
        || config.roles.enabled
        || config.levels.enabled && !config.levels.roles.is_empty()
        || config.welcome.enabled && !config.welcome.autorole.is_empty()
        || config.rules.iter().any(|rule| rule.actions.iter().any(is_role));
    if gives_roles {
        wanted.push((Permissions::MANAGE_ROLES, "Manage Roles"));
    }
    if config.roles.enabled && config.roles.restore_nickname {
        wanted.push((Permissions::MANAGE_NICKNAMES, "Manage Nicknames"));
    }
    if config.locks.enabled {
        // What a bot may not do itself it cannot deny.
        wanted.extend([
            (Permissions::MANAGE_CHANNELS, "Manage Channels"),
            (Permissions::MANAGE_THREADS, "Manage Threads"),
            (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
            (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads"),
            (Permissions::CREATE_PRIVATE_THREADS, "Create Private Threads"),
            (Permissions::ADD_REACTIONS, "Add Reactions"),
            (Permissions::CONNECT, "Connect"),
            (Permissions::SPEAK, "Speak"),
        ]);
    }
    if config.moderation.enabled {
        wanted.extend([
            (Permissions::MODERATE_MEMBERS, "Timeout Members"),
            (Permissions::KICK_MEMBERS, "Kick Members"),
            (Permissions::BAN_MEMBERS, "Ban Members"),
        ]);
    }
    if config.moderation.enabled && config.moderation.record_by_hand || config.roles.remembers() {
        wanted.push((Permissions::VIEW_AUDIT_LOG, "View Audit Log"));
    }
    wanted
}

/// What the rooms that are switched on have to be told by Discord.
pub fn needs(config: &Config) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for need in switched_on(config).flat_map(|feature| (feature.needs)(config)) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    needs
}
