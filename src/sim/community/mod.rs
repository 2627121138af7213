//! A lively community for the demo: an inn full of people who talk, use commands, come and go.
//!
//! [`script`] decides what happens and when; here it is done to the world, at the speed that was asked for.

mod due;
mod faces;
mod roles;
mod script;
mod words;

use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::model::{ChannelId, MessageId, RoleId, UserId};

use super::shared::SharedWorld;
use super::world::{SayOptions, VoiceFlags, World};
use super::{Inn, Sim, SimConfig};
use roles::Menu;
pub use script::{Beat, Deed, Script};

/// The owner, the admin and the moderator.
const STAFF: usize = 3;

/// Of so many people one has no avatar.
const FACELESS_EVERY: u64 = 3;

/// Of so many people one is deafened in voice.
const LISTENERS_EVERY: usize = 5;

/// So many messages back people still know what they answer.
const IN_VIEW: usize = 12;

/// The longest nap of the driver, so that it never oversleeps by much.
const NAP_MAX: Duration = Duration::from_secs(5);

/// The people of the inn.
pub struct Community {
    people: usize,
    seed: u64,
    inn: Option<Inn>,
    chosen_roles: Vec<RoleId>,
    helper_role: Option<RoleId>,
}

impl Community {
    /// So many people, staff included.
    pub fn new(people: u32, seed: u64) -> Self {
        Self { people: (people as usize).max(STAFF + 1), seed, inn: None, chosen_roles: Vec::new(), helper_role: None }
    }

    /// Starts a simulated Discord with the inn in it, and everybody at home.
    pub async fn start(&mut self, config: SimConfig) -> io::Result<Sim> {
        let sim = Sim::start(config).await?;
        let inn = Inn::furnish(&mut sim.world(), self.people - STAFF);
        for (user, number) in inn.members.iter().zip(self.seed..).filter(|(_, number)| number % FACELESS_EVERY != 0) {
            let (hash, file) = faces::face(number);
            sim.world().set_avatar(*user, &hash, &file);
        }
        sim.world().invite_listing_bot(inn.guild);
        self.chosen_roles = roles::furnish(&mut sim.world(), &inn);
        self.helper_role = Some(roles::appoint(&mut sim.world(), &inn));
        self.inn = Some(inn);
        Ok(sim)
    }

    /// The inn, once it was started.
    pub fn inn(&self) -> Option<&Inn> {
        self.inn.as_ref()
    }

    /// The roles that levels are to bring: level and role.
    pub fn level_roles(&self) -> Vec<(u32, RoleId)> {
        self.inn.iter().flat_map(|inn| [(5, inn.level_5), (10, inn.level_10)]).collect()
    }

    /// The role of those who help out behind the bar.
    pub fn helper_role(&self) -> Option<RoleId> {
        self.helper_role
    }

    /// The roles that people choose for themselves.
    pub fn chosen_roles(&self) -> &[RoleId] {
        &self.chosen_roles
    }

    /// Lets the evening unfold, `speed` times as fast as in reality, until the task is aborted.
    pub fn live(&self, sim: &Sim, speed: f64) -> JoinHandle<()> {
        let script = Script::new(self.people, self.seed);
        let stage = self.inn.clone().map(|inn| Stage::new(inn, sim.shared()));
        tokio::spawn(async move {
            if let Some(stage) = stage {
                stage.play(script, speed.max(0.001)).await;
            }
        })
    }
}

/// Where the script is played: who its numbers are.
struct Stage {
    inn: Inn,
    people: Vec<UserId>,
    world: SharedWorld,
    menu: Menu,
}

impl Stage {
    fn new(inn: Inn, world: SharedWorld) -> Self {
        let mut people = vec![inn.owner, inn.admin, inn.moderator];
        people.extend(&inn.members);
        Self { inn, people, world, menu: Menu::default() }
    }

    async fn play(mut self, mut script: Script, speed: f64) {
        let began = Instant::now();
        loop {
            let now = began.elapsed().mul_f64(speed);
            for beat in script.step(now) {
                self.perform(beat.deed);
            }
            let wait = script.next_at().saturating_sub(began.elapsed().mul_f64(speed)).div_f64(speed);
            tokio::time::sleep(wait.min(NAP_MAX)).await;
        }
    }

    /// Does a deed. What the rules forbid (somebody was silenced, thrown out, …) just does not happen.
    fn perform(&mut self, deed: Deed) {
        let world = self.world.clone();
        let mut world = world.lock();
        let guild = self.inn.guild;
        match deed {
            Deed::Say { who, room, text, other, reply } => self.say(&mut world, who, room, &text, other, reply),
            Deed::Command { who, line, other } => {
                self.command(&mut world, who, line, other);
                if let Some(user) = self.person(other) {
                    self.menu.visit(&mut world, &self.inn, user, other);
                }
            }
            Deed::Moderate { line, other } => {
                if let Some(other) = self.person(other) {
                    let line = line.replace("{other}", &format!("<@{other}>"));
                    let _ = world.type_slash(self.inn.staff_room, self.inn.moderator, &line);
                }
            }
            Deed::React { who, room, emoji } => {
                let channel = self.room(room);
                let newest = newest(&world, channel);
                if let (Some(who), Some(message)) = (self.person(who), newest) {
                    let _ = world.react(channel, message, who, emoji);
                }
            }
            Deed::Join { who } => {
                let user = self.person(who).unwrap_or_else(|| {
                    let user = world.add_person(who);
                    self.people.push(user);
                    user
                });
                world.rejoin(guild, user);
            }
            Deed::Leave { who } => {
                if let Some(who) = self.person(who) {
                    let _ = world.leave(guild, who);
                }
            }
            Deed::EnterVoice { who } => {
                // Some come to listen to the fire, and to nobody.
                let deaf = who.is_multiple_of(LISTENERS_EVERY);
                let flags = VoiceFlags { self_mute: deaf, self_deaf: deaf, ..VoiceFlags::default() };
                if let Some(who) = self.person(who) {
                    let _ = world.voice(guild, who, Some(self.inn.fireside), flags);
                }
            }
            Deed::LeaveVoice { who } => {
                if let Some(who) = self.person(who) {
                    let _ = world.voice(guild, who, None, VoiceFlags::default());
                }
            }
            Deed::Presence { who, status, doing, saying } => {
                let playing = doing.map(|name| json!({"id": "game", "name": name, "type": 0}));
                let custom =
                    saying.map(|text| json!({"id": "custom", "name": "Custom Status", "type": 4, "state": text}));
                let activities: Vec<_> = custom.into_iter().chain(playing).collect();
                if let Some(who) = self.person(who) {
                    world.set_presence_with(who, status, &activities);
                }
            }
        }
    }

    fn person(&self, who: usize) -> Option<UserId> {
        self.people.get(who).copied()
    }

    fn room(&self, room: usize) -> ChannelId {
        self.inn.talk().get(room).copied().unwrap_or(self.inn.general)
    }

    fn say(&self, world: &mut World, who: usize, room: usize, text: &str, other: usize, reply: bool) {
        let (Some(user), Some(other)) = (self.person(who), self.person(other)) else { return };
        let channel = self.room(room);
        // Most people call each other by name; only some ping.
        let name =
            if who.is_multiple_of(4) { format!("<@{other}>") } else { world.name_of(self.inn.guild, other).to_owned() };
        let text = text.replace("{other}", &name);
        let reply_to = newest_of(world, channel, other).filter(|_| reply);
        let _ = world.say(channel, user, &text, SayOptions { reply_to, ..SayOptions::default() });
    }

    fn command(&self, world: &mut World, who: usize, line: &str, other: usize) {
        let (Some(user), Some(other)) = (self.person(who), self.person(other)) else { return };
        let line = line.replace("{other}", &format!("<@{other}>"));
        let channel = self.inn.bot_commands;
        if line == "/bump" {
            let _ = world.bump(channel, user);
        } else if line.starts_with('/') {
            let _ = world.type_slash(channel, user, &line);
        } else {
            let _ = world.say(channel, user, &line, SayOptions::default());
        }
    }
}

/// The newest message of somebody in a channel, as far as one still has it in view; else the newest of all.
fn newest_of(world: &World, channel: ChannelId, author: UserId) -> Option<MessageId> {
    let in_view = world.channel(channel)?.messages.iter().rev().take(IN_VIEW);
    let theirs = in_view.filter(|message| message.author == author && message.only_for.is_none());
    theirs.map(|message| message.id).next().or_else(|| newest(world, channel))
}

/// The newest message of a channel that everybody sees.
fn newest(world: &World, channel: ChannelId) -> Option<MessageId> {
    world.channel(channel)?.messages.iter().rev().find(|message| message.only_for.is_none()).map(|message| message.id)
}
