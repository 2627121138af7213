//! A furnished guild: what the demo shows and most tests begin with.

use std::time::Duration;

use crate::model::{ChannelId, GuildId, RoleId, Timestamp, UserId};

use super::names::person;
use super::world::permissions::{
    ADD_REACTIONS, ADMINISTRATOR, ATTACH_FILES, BAN_MEMBERS, CONNECT, CREATE_PRIVATE_THREADS, CREATE_PUBLIC_THREADS,
    EMBED_LINKS, EVERYONE_DEFAULT, KICK_MEMBERS, MANAGE_CHANNELS, MANAGE_MESSAGES, MANAGE_NICKNAMES, MANAGE_ROLES,
    MANAGE_THREADS, MODERATE_MEMBERS, READ_MESSAGE_HISTORY, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, SPEAK,
    VIEW_AUDIT_LOG, VIEW_CHANNEL,
};
use super::world::{ChannelSpec, RoleSpec, World};

/// How old the oldest account is, and how much later each further person came to Discord.
const ELDEST: Duration = Duration::from_secs(1_827 * 86_400);
const BETWEEN_ACCOUNTS: Duration = Duration::from_secs(4 * 3_600);

/// What a well-invited bot may do.
pub const BOT_PERMISSIONS: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | SEND_MESSAGES_IN_THREADS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | MANAGE_THREADS
    | CONNECT
    | SPEAK
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | ADD_REACTIONS
    | MANAGE_MESSAGES
    | MANAGE_ROLES
    | MANAGE_CHANNELS
    | MANAGE_NICKNAMES
    | MODERATE_MEMBERS
    | KICK_MEMBERS
    | BAN_MEMBERS
    | VIEW_AUDIT_LOG;

/// The guild and everything in it that has a name.
#[derive(Debug, Clone)]
pub struct Inn {
    pub guild: GuildId,
    pub owner: UserId,
    /// Has the role Admin.
    pub admin: UserId,
    /// Has the role Moderator.
    pub moderator: UserId,
    /// Everybody else, in the order of their names' numbers.
    pub members: Vec<UserId>,
    pub general: ChannelId,
    pub introductions: ChannelId,
    pub show_and_tell: ChannelId,
    pub help: ChannelId,
    pub off_topic: ChannelId,
    pub bot_commands: ChannelId,
    /// Only staff (and the bot) see it.
    pub staff_room: ChannelId,
    /// As the staff's room: where cases are shown.
    pub mod_log: ChannelId,
    pub fireside: ChannelId,
    /// The voice channel of those who fell asleep.
    pub attic: ChannelId,
    /// Above the bot's role.
    pub admin_role: RoleId,
    pub bot_role: RoleId,
    pub moderator_role: RoleId,
    pub regular_role: RoleId,
    /// `Old hand (10)`.
    pub level_10: RoleId,
    /// `Regular (5)`.
    pub level_5: RoleId,
}

impl Inn {
    /// Builds the inn: an owner, an admin, a moderator, `members` more people, and the bot.
    pub fn furnish(world: &mut World, members: usize) -> Self {
        let owner = world.add_person(0);
        let guild = world.add_guild("The Lantern & Ladle", owner);
        let mut role = |name: &str, position, bits, colour| {
            world.add_role(
                guild,
                RoleSpec { hoist: position > 5, ..RoleSpec::named(name, position).with(bits).coloured(colour) },
            )
        };
        let admin_role = role("Admin", 9, ADMINISTRATOR, 0xe7_4c3c);
        let moderation = MANAGE_MESSAGES | MODERATE_MEMBERS | KICK_MEMBERS | BAN_MEMBERS | MANAGE_CHANNELS;
        let moderator_role = role("Moderator", 7, EVERYONE_DEFAULT | moderation | VIEW_AUDIT_LOG, 0x2e_cc71);
        let level_10 = role("Old hand (10)", 3, 0, 0xe6_7e22);
        let level_5 = role("Regular (5)", 2, 0, 0x34_98db);
        let regular_role = role("Regular", 1, 0, 0);
        let mut channel = |spec: ChannelSpec| world.add_channel(guild, spec);
        let general = channel(ChannelSpec::text("general"));
        let introductions = channel(ChannelSpec::text("introductions"));
        let show_and_tell = channel(ChannelSpec::text("show-and-tell"));
        let help = channel(ChannelSpec::text("help"));
        let off_topic = channel(ChannelSpec::text("off-topic"));
        let bot_commands = channel(ChannelSpec::text("bot-commands"));
        let staff_room = channel(ChannelSpec::text("staff-room"));
        let mod_log = channel(ChannelSpec::text("mod-log"));
        let fireside = channel(ChannelSpec::voice("Fireside"));
        let attic = channel(ChannelSpec::voice("Attic"));
        let bot_role = world.invite_bot(guild, BOT_PERMISSIONS, 8);
        for staff_only in [staff_room, mod_log] {
            world.overwrite_role(staff_only, guild.get(), 0, VIEW_CHANNEL);
            world.overwrite_role(staff_only, moderator_role.get(), VIEW_CHANNEL, 0);
            world.overwrite_role(staff_only, bot_role.get(), VIEW_CHANNEL, 0);
        }
        world.set_afk_channel(guild, Some(attic));
        let admin = world.add_guest(guild, 1);
        let moderator = world.add_guest(guild, 2);
        let _ = world.give_role(guild, admin, admin_role);
        let _ = world.give_role(guild, moderator, moderator_role);
        let members = (0..members).map(|number| world.add_guest(guild, number + 3)).collect();
        Self {
            guild,
            owner,
            admin,
            moderator,
            members,
            general,
            introductions,
            show_and_tell,
            help,
            off_topic,
            bot_commands,
            staff_room,
            mod_log,
            fireside,
            attic,
            admin_role,
            bot_role,
            moderator_role,
            regular_role,
            level_10,
            level_5,
        }
    }

    /// The channels in which everybody talks.
    pub fn talk(&self) -> [ChannelId; 5] {
        [self.general, self.introductions, self.show_and_tell, self.help, self.off_topic]
    }
}

impl World {
    /// The invented person with this number, as a user in no guild yet, whose account is months or years old.
    pub fn add_person(&mut self, number: usize) -> UserId {
        let person = person(number);
        let born = self.clock.now().ms() - millis(ELDEST) + millis(BETWEEN_ACCOUNTS) * number as i64;
        let id = self.account_id(Timestamp::from_ms(born.min(self.clock.now().ms())));
        self.insert_user(id, &person.username);
        if let Some(user) = self.users.get_mut(&id) {
            user.global_name = person.shown;
        }
        id
    }

    /// The invented person with this number, who has been a member for a while.
    fn add_guest(&mut self, guild: GuildId, number: usize) -> UserId {
        let user = self.add_person(number);
        self.insert_member(guild, user);
        let days = (number as u64 * 37) % 700 + 20;
        let now = self.clock.now();
        if let Some(member) = self.guilds.get_mut(&guild).and_then(|home| home.members.get_mut(&user)) {
            let joined = now.ms() - millis(Duration::from_secs(days * 86_400));
            member.joined_at = Timestamp::from_ms(joined.max(user.time().ms()));
            member.status = ["online", "online", "idle", "dnd", "offline"][number % 5].to_owned();
        }
        user
    }
}

fn millis(duration: Duration) -> i64 {
    duration.as_millis() as i64
}
