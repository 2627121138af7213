//! The gate: every command, for everybody who may ask, through every door, against a table that is written here anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use house::House;
use innkeeper::bot::Bot;
use innkeeper::command::{Actor, Command, Door, Given, Invocation, Outcome};
use innkeeper::config::Config;
use innkeeper::features;
use innkeeper::model::{
    Author, ChannelId, Event, Guild, GuildId, Message, MessageId, Permissions, Role, RoleId, UserId,
};
use innkeeper::sim::world::permissions::{
    ADMINISTRATOR, BAN_MEMBERS, EVERYONE_DEFAULT, KICK_MEMBERS, MANAGE_CHANNELS, MANAGE_GUILD, MANAGE_MESSAGES,
    MANAGE_ROLES, MODERATE_MEMBERS,
};
use innkeeper::sim::world::{CommandOption, Input, RoleSpec, Scope, option_kind};
use innkeeper::sim::{SayOptions, Strike};
use innkeeper::store::{Progress, SessionKey};
use rusqlite::Connection;
use serde_json::{Value, json};
use support::{Folder, hand_clock, open_store};
use tokio::sync::watch;

/// Who may use what: the permission that is needed (0: none), and the commands.
const TABLE: [(u64, &[&str]); 8] = [
    (
        0,
        &[
            "rank",
            "leaderboard",
            "levels",
            "daily",
            "calculate",
            "why",
            "xphistory",
            "sync",
            "privacy",
            "levelnotify",
            "tools",
            "kudos give",
            "kudos list",
            "kudos board",
            "warnings",
            "pickrole",
            "roster show",
            "roster me",
            "mydata export",
            "mydata delete",
            "can",
            "help",
            "ping",
            "hello",
            "echo",
            "roll",
            "info",
            "service",
            "login",
            "logout",
        ],
    ),
    (MANAGE_MESSAGES, &["cleanup"]),
    (
        MANAGE_ROLES,
        &[
            "temprole give",
            "temprole take",
            "temprole list",
            "temprole extend",
            "rolemenu create",
            "rolemenu edit",
            "rolemenu remove",
        ],
    ),
    (MANAGE_CHANNELS, &["lock", "lockall", "unlock", "unlockall", "locks"]),
    (
        MANAGE_GUILD,
        &[
            "addxp",
            "setlevel",
            "resetxp",
            "simulate",
            "levelpreview",
            "undo",
            "botstats",
            "reload",
            "apikey create",
            "apikey list",
            "apikey revoke",
            "commands list",
            "commands enable",
            "commands disable",
            "commands cooldown",
            "commands level",
            "commands usage",
            "roster add",
            "roster remove",
            "roster rank",
            "roster loa",
            "roster link",
            "roster sync",
        ],
    ),
    (
        MODERATE_MEMBERS,
        &[
            "warn",
            "note",
            "timeout",
            "untimeout",
            "case show",
            "case list",
            "case edit",
            "case resolve",
            "case reopen",
            "case hide",
            "history",
            "promises",
        ],
    ),
    (KICK_MEMBERS, &["kick"]),
    (BAN_MEMBERS, &["ban", "unban", "softban"]),
];

/// What the gate says to who may not, after the command's name.
const NOT_YOURS: &str = "is for members with the permission";
const NOT_SERVED: &str = "I do not serve this server.";
const GUILD_ONLY: &str = "That works in a server only.";

/// Somebody who asks: the permissions that their role brings, and whether the guild is theirs.
#[derive(Clone, Copy)]
struct Person {
    name: &'static str,
    bits: u64,
    owns: bool,
}

const MODERATOR: u64 = MANAGE_MESSAGES | MODERATE_MEMBERS | KICK_MEMBERS | BAN_MEMBERS | MANAGE_CHANNELS;

const fn person(name: &'static str, bits: u64) -> Person {
    Person { name, bits, owns: false }
}

const OWNER: Person = Person { name: "the owner", bits: 0, owns: true };

/// The people of an ordinary server, and somebody with each single permission that a command may ask for.
const PEOPLE: [Person; 11] = [
    OWNER,
    person("an admin", ADMINISTRATOR),
    person("a moderator", MODERATOR),
    person("a member", 0),
    person("who manages messages", MANAGE_MESSAGES),
    person("who manages roles", MANAGE_ROLES),
    person("who manages channels", MANAGE_CHANNELS),
    person("who manages the server", MANAGE_GUILD),
    person("who moderates members", MODERATE_MEMBERS),
    person("who kicks", KICK_MEMBERS),
    person("who bans", BAN_MEMBERS),
];

impl Person {
    fn may(self, needed: u64) -> bool {
        self.owns || needed == 0 || self.bits & (needed | ADMINISTRATOR) != 0
    }

    /// As Discord tells of them with an interaction: of an owner or administrator, everything.
    fn told(self) -> Permissions {
        let all = self.owns || self.bits & ADMINISTRATOR != 0;
        Permissions(if all { (1 << 51) - 1 } else { EVERYONE_DEFAULT | self.bits })
    }
}

fn commands() -> Vec<&'static Command> {
    features::commands(&Config::default())
}

fn needed(name: &str) -> u64 {
    let row = TABLE.iter().find(|(_, names)| names.contains(&name));
    row.unwrap_or_else(|| panic!("who may use {name}? Enter it into the table of this test")).0
}

#[test]
fn every_command_stands_in_the_table_once_and_nothing_else_does() {
    let mut listed: Vec<&str> = TABLE.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let mut there: Vec<&str> = commands().iter().map(|command| command.name).collect();
    listed.sort_unstable();
    there.sort_unstable();
    assert_eq!(listed, there);
}

fn id<T: TryFrom<u64>>(id: u64) -> T {
    T::try_from(id).ok().unwrap()
}

fn home() -> GuildId {
    id(100)
}

fn here() -> ChannelId {
    id(200)
}

/// The guild as it is for a person who asks: theirs, or one in which their role brings these permissions.
fn guild_of(person: Person, user: UserId) -> Guild {
    let role = |number: u64, position, bits| Role {
        id: id(number),
        name: format!("role {number}"),
        position,
        permissions: Permissions(bits),
        managed: false,
    };
    Guild {
        id: home(),
        name: "Inn".to_owned(),
        owner: if person.owns { user } else { id(9) },
        member_count: 3,
        my_roles: Vec::new(),
        roles: vec![role(home().get(), 0, EVERYONE_DEFAULT), role(300, 1, person.bits)],
        channels: Vec::new(),
        afk_channel: None,
        voices: Vec::new(),
        watched: Vec::new(),
    }
}

/// The one role that a person holds.
fn roles_of(person: Person) -> Vec<RoleId> {
    if person.bits == 0 { Vec::new() } else { vec![id(300)] }
}

/// A command that nobody has filled in.
fn asked(command: &str, guild: GuildId, door: Door, person: Person, key: u64) -> Invocation {
    Invocation {
        command: command.to_owned(),
        given: Given::Named(Vec::new()),
        actor: Actor {
            user: id(1_000 + key),
            name: "Ada".to_owned(),
            roles: roles_of(person),
            permissions: person.told(),
        },
        guild,
        channel: Some(here()),
        door,
        people: Vec::new(),
        key,
        at: hand_clock().now(),
    }
}

/// How many rows each table has, apart from those that count how often a command was asked for.
fn rows(path: &Path) -> BTreeMap<String, i64> {
    let database = Connection::open(path).unwrap();
    let mut tables =
        database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'command_*'").unwrap();
    let tables: Vec<String> = tables.query_map((), |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect();
    let count = |table: &String| database.query_row(&format!("SELECT count(*) FROM \"{table}\""), (), |row| row.get(0));
    tables.iter().map(|table| (table.clone(), count(table).unwrap())).collect()
}

#[tokio::test]
async fn whoever_may_not_is_told_so_at_every_door_and_nothing_is_done() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, vitals) = open_store(&path);
    let config = Config { discord: discord_for(home()), ..Config::default() };
    let bot = Bot::open(config, store, hand_clock(), vitals).await.unwrap();
    let before = rows(&path);
    let mut key = 1;
    for (command, person) in commands().into_iter().flat_map(|command| PEOPLE.map(|person| (command, person))) {
        let (name, may) = (command.name, person.may(needed(command.name)));
        for door in [Door::Slash, Door::Http] {
            key += 1;
            let turned_away = bot.turns_away(&asked(name, home(), door, person, key));
            assert_eq!(turned_away.is_none(), may, "/{name} for {} at {door:?}", person.name);
            if !may {
                let answer = bot.invoke(asked(name, home(), door, person, key)).await;
                assert!(answer.message.content.contains(NOT_YOURS), "/{name}: {}", answer.message.content);
                assert!(answer.ephemeral && answer.outcome == Outcome::Denied, "/{name} for {}", person.name);
            }
            // Elsewhere not even an owner may.
            let answer = bot.invoke(asked(name, id(101), door, person, key)).await;
            assert_eq!(answer.message.content, NOT_SERVED, "/{name} for {} at {door:?}", person.name);
            assert!(answer.ephemeral && answer.outcome == Outcome::Refused, "/{name} for {}", person.name);
        }
    }
    bot.settle().await;
    assert_eq!(rows(&path), before);
    // What was counted in memory is written with the bot's last minute.
    let (_, stop) = watch::channel(false);
    bot.keep_time(stop).await;
    bot.settle().await;
    let guilds = "SELECT group_concat(DISTINCT guild) FROM command_usage";
    let counted: String = Connection::open(&path).unwrap().query_row(guilds, (), |row| row.get(0)).unwrap();
    assert_eq!(counted, home().to_string(), "nothing is counted where the bot does not serve");
    bot.store().close();
}

fn discord_for(guild: GuildId) -> innkeeper::config::Discord {
    innkeeper::config::Discord { guilds: vec![guild], ..Config::default().discord }
}

/// What is promised to be answered to the message with this id, once it is.
async fn answer_to(path: &Path, message: u64) -> String {
    let database = Connection::open(path).unwrap();
    let sql = "SELECT coalesce(effect ->> '$.message.content', '') FROM promise WHERE origin GLOB ?1 || ':answer*'";
    loop {
        match database.query_row(sql, [message.to_string()], |row| row.get(0)) {
            Ok(answer) => return answer,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn a_message_is_judged_by_the_roles_of_its_author_under_every_name_of_a_command() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, vitals) = open_store(&path);
    let bot = Bot::open(Config::default(), store, hand_clock(), vitals).await.unwrap();
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    let happens = |event, sequence| {
        bot.observe(Some(event), Progress { session: session.clone(), sequence }).unwrap();
    };
    let mut sequence = 0;
    for command in commands() {
        let names = command.aliases.iter().chain([&command.name]);
        for (name, person) in names.flat_map(|name| PEOPLE.map(|person| (name, person))) {
            sequence += 2;
            // Everybody asks once: who is refused again and again is not answered each time.
            let author = Author { id: id(1_000 + sequence), name: "Ada".to_owned(), avatar: None, bot: false };
            happens(Event::GuildSeen(Box::new(guild_of(person, author.id))), sequence - 1);
            let message = 1_500_000_000_000_000_000 + sequence;
            let sent = Message {
                id: MessageId::new(message).unwrap(),
                guild: home(),
                channel: here(),
                author,
                roles: roles_of(person),
                mentions: Vec::new(),
                replied_to: None,
                used: None,
                content: format!("!{name}"),
                kind: 0,
            };
            happens(Event::MessageSent(sent), sequence);
            let answer = answer_to(&path, message).await;
            let refused = answer.contains(NOT_YOURS);
            assert_eq!(refused, !person.may(needed(command.name)), "!{name} for {}: {answer}", person.name);
        }
    }
    bot.store().close();
}

/// What somebody may enter for an option that has to be given.
fn entry(option: &CommandOption, house: &House, member: UserId) -> Input {
    match option.kind {
        option_kind::USER => member.into(),
        option_kind::ROLE => house.inn.regular_role.into(),
        option_kind::CHANNEL => house.inn.general.into(),
        option_kind::INTEGER => Input::Whole(option.min_value.unwrap_or(1.0) as i64),
        _ if option.name == "duration" => "1h".into(),
        _ => option.choices.first().and_then(|(_, value)| value.as_str()).unwrap_or("because").into(),
    }
}

/// The commands that Discord knows, each with what has to be entered for it about this member.
fn forms(house: &House, member: UserId) -> Vec<(String, Vec<(String, Input)>)> {
    let world = house.sim.world();
    let known = world.registered(Scope::Global).iter().filter(|command| command.kind == 1);
    let filled = |options: &[CommandOption]| {
        let required = options.iter().filter(|option| option.required);
        required.map(|option| (option.name.clone(), entry(option, house, member))).collect::<Vec<_>>()
    };
    let leaves = known.flat_map(|command| command.leaves());
    leaves.map(|(name, options)| (name.to_owned(), filled(options))).collect()
}

/// Discord knows one permission for all commands of one word: where they differ, it offers all to whom one is for.
fn is_offered(name: &str, person: Person) -> bool {
    let head = |name: &'static str| name.split(' ').next();
    let same = |command: &&&Command| name.split(' ').next() == head(command.name);
    commands().iter().filter(same).any(|command| person.may(needed(command.name)))
}

#[tokio::test]
async fn discord_offers_each_command_to_whom_the_gate_lets_in_and_the_gate_needs_no_discord_for_that() {
    let house = House::new().await;
    let bot = house.start().await;
    let (guild, place) = (house.inn.guild, house.inn.bot_commands);
    let ask = |person: UserId, name: &str, options: &[(String, Input)]| {
        let options: Vec<_> = options.iter().map(|(name, input)| (name.as_str(), input.clone())).collect();
        house.sim.world().slash(place, person, name, &options)
    };
    house.sim.until(|world| (!world.registered(Scope::Global).is_empty()).then_some(())).await;
    let target = house.sim.world().join(guild, "Target");
    let forms = forms(&house, target);
    assert_eq!(forms.len(), commands().len());
    for (nth, person) in PEOPLE.into_iter().enumerate() {
        let user = if person.owns { house.inn.owner } else { house.sim.world().join(guild, &format!("Person {nth}")) };
        if person.bits != 0 {
            let mut world = house.sim.world();
            let role = world.add_role(guild, RoleSpec::named(person.name, 6).with(person.bits));
            world.give_role(guild, user, role).unwrap();
        }
        for (name, options) in &forms {
            let may = person.may(needed(name));
            let offered = is_offered(name, person);
            let mut sent = ask(user, name, options);
            assert_eq!(sent.is_ok(), offered, "Discord offers /{name} to {}: {sent:?}", person.name);
            if !offered {
                house.sim.world().open_commands(guild, true);
                sent = ask(user, name, options);
                house.sim.world().open_commands(guild, false);
            }
            let sent = sent.unwrap();
            let answer = house.sim.until(|world| world.finished_answer(sent)).await;
            assert_eq!(answer.text().contains(NOT_YOURS), !may, "/{name} for {}: {}", person.name, answer.text());
            assert!(may || answer.ephemeral, "/{name} for {}", person.name);
            house.sim.world().unban(guild, target);
            house.sim.world().rejoin(guild, target);
        }
        let said = house.say(house.member(0), "something");
        let chosen = house.sim.world().choose(said, user, "Warn");
        assert_eq!(chosen.is_ok(), person.may(needed("warn")), "the menu of a message for {}", person.name);
    }
    bot.stop().await;
}

#[tokio::test]
async fn what_is_another_members_business_is_for_moderators() {
    let house = House::new().await;
    let bot = house.start().await;
    house.say(house.member(0), "hello");
    bot.settle(&house).await;
    let of = |member: UserId| [("member", Input::from(member))];
    for name in ["why", "xphistory", "warnings"] {
        let own = house.slash(house.member(0), name, &of(house.member(0))).await;
        let others = house.slash(house.member(1), name, &of(house.member(0))).await;
        let moderators = house.slash(house.inn.moderator, name, &of(house.member(0))).await;
        assert_ne!(others.text(), own.text(), "{name}");
        assert_eq!(moderators.text(), own.text(), "{name}");
        assert!(own.ephemeral && others.ephemeral && moderators.ephemeral, "{name}");
    }
    bot.stop().await;
}

/// A command as Discord sends it where there is no guild.
fn in_private(name: &str, nth: u64) -> Value {
    let (head, sub) = name.split_once(' ').unwrap_or((name, ""));
    let options = if sub.is_empty() { json!([]) } else { json!([{"name": sub, "type": 1, "options": []}]) };
    let user = json!({"id": "77", "username": "ada", "discriminator": "0", "global_name": null, "avatar": null});
    let id = (nth << 30).to_string();
    json!({
        "id": id, "application_id": "6", "type": 2, "version": 1, "token": format!("private{nth}"), "user": user,
        "channel_id": "88", "locale": "en-US", "entitlements": [], "context": 1, "attachment_size_limit": 1,
        "authorizing_integration_owners": {"1": "77"}, "entitlement_sku_ids": [], "app_permissions": "0",
        "data": {"id": "5", "name": head, "type": 1, "options": options},
    })
}

#[tokio::test]
async fn in_private_there_is_a_sentence_and_nothing_else() {
    let house = House::new().await;
    let bot = house.start().await;
    bot.settle(&house).await;
    let before = rows(&house.config.store.path);
    for (command, nth) in commands().iter().zip(1..) {
        let data = in_private(command.name, nth);
        let frame = json!({"t": "INTERACTION_CREATE", "s": 1, "op": 0, "d": data});
        house.sim.faults().strike(Strike::Text(frame.to_string()));
        let path = format!("/interactions/{}/private{nth}/callback", nth << 30);
        let said = house
            .sim
            .until(|world| world.requests().find(|seen| seen.path.ends_with(&path)).map(|seen| seen.body.clone()))
            .await;
        assert_eq!(said["data"]["content"], GUILD_ONLY, "/{}", command.name);
        assert_eq!(said["data"]["flags"], 64, "/{}", command.name);
        // What is written to the bot in private is no command either.
        house.sim.world().whisper(house.member(0), &format!("!{}", command.name)).unwrap();
    }
    bot.bot.settle().await;
    assert!(house.sim.world().direct_messages(house.member(0)).is_empty());
    assert_eq!(rows(&house.config.store.path), before);
    bot.stop().await;
}

#[tokio::test]
async fn in_a_server_that_is_not_served_nobody_is_offered_anything_and_messages_are_not_read() {
    let mut house = House::new().await;
    house.config.discord.guilds = vec![house.inn.guild];
    let (guild, place, owner) = {
        let mut world = house.sim.world();
        let owner = world.add_user("Somebody");
        let guild = world.add_guild("Elsewhere", owner);
        let place = world.add_channel(guild, innkeeper::sim::world::ChannelSpec::text("general"));
        world.invite_bot(guild, innkeeper::sim::BOT_PERMISSIONS, 5);
        (guild, place, owner)
    };
    let bot = house.start().await;
    bot.settle(&house).await;
    let before = rows(&house.config.store.path);
    assert!(house.sim.world().commands_in(guild).is_empty());
    for command in commands() {
        house.sim.world().say(place, owner, &format!("!{}", command.name), SayOptions::default()).unwrap();
    }
    house.sim.connected().await;
    bot.bot.settle().await;
    assert!(house.sim.world().bot_messages(place).is_empty());
    assert_eq!(rows(&house.config.store.path), before);
    bot.stop().await;
}
