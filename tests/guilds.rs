//! The guilds that the bot is in, from one run to the next.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::sync::Arc;

use innkeeper::bot::Bot;
use innkeeper::command::{Actor, Door, Given, Invocation};
use innkeeper::config::{Config, LevelRole};
use innkeeper::model::{Effect, Event, Guild, GuildId, Permissions, Role, RoleId, UserId};
use innkeeper::store::promises::{self, NewPromise};
use innkeeper::store::{Progress, SessionKey};
use support::{Folder, hand_clock, open_store};

fn guild(id: u64) -> GuildId {
    GuildId::new(id).unwrap()
}

fn seen(id: u64) -> Event {
    let role = |id: u64, position| Role {
        id: RoleId::new(id).unwrap(),
        name: format!("role {id}"),
        position,
        permissions: Permissions::NONE,
        managed: false,
    };
    Event::GuildSeen(Box::new(Guild {
        id: guild(id),
        name: format!("guild {id}"),
        owner: "9".parse().unwrap(),
        member_count: 3,
        my_roles: vec![RoleId::new(100).unwrap()],
        roles: vec![role(7, 1), Role { permissions: Permissions::MANAGE_ROLES, ..role(100, 2) }, role(8, 3)],
        channels: Vec::new(),
        afk_channel: None,
        voices: Vec::new(),
        watched: Vec::new(),
    }))
}

/// A run of the bot that sees these events; the guilds it knew at its start and at its end.
async fn run(path: &Path, config: Config, events: Vec<Event>) -> (Vec<GuildId>, Vec<GuildId>) {
    let (store, vitals) = open_store(path);
    let bot = Bot::open(config, store.clone(), hand_clock(), vitals).await.unwrap();
    let known = || bot.guilds().list().iter().map(|guild| guild.id).collect();
    let before = known();
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    for (event, sequence) in events.into_iter().zip(1..) {
        bot.observe(Some(event), Progress { session: session.clone(), sequence }).unwrap();
    }
    bot.settle().await;
    let after = known();
    store.close();
    (before, after)
}

#[tokio::test]
async fn a_guild_that_removed_the_bot_while_it_was_away_is_forgotten_with_the_next_session() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let both = vec![guild(1), guild(2)];
    assert_eq!(run(&path, Config::default(), vec![seen(1), seen(2)]).await, (vec![], both.clone()));
    let began = Event::SessionBegan { guilds: vec![guild(2), guild(3)] };
    assert_eq!(run(&path, Config::default(), vec![began]).await, (both, vec![guild(2)]));
    assert_eq!(run(&path, Config::default(), vec![]).await.0, [guild(2)]);
}

#[tokio::test]
async fn a_role_that_was_refused_is_tried_again_when_the_guild_is_seen_anew() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, _) = open_store(&path);
    let now = hand_clock().now();
    let refused = move |role: u64, user: u64| NewPromise {
        origin: format!("5:role.{role}.{user}"),
        target: Some(format!("role:1:{user}:{role}")),
        guild: Some(guild(1)),
        about: "give Ada the role Regular".to_owned(),
        effect: Effect::AddRole {
            guild: guild(1),
            user: UserId::new(user).unwrap(),
            role: RoleId::new(role).unwrap(),
            reason: String::new(),
        },
        due_at: now,
        tells: None,
    };
    for (role, user, id) in [(7, 4, 1), (7, 5, 2), (8, 4, 3)] {
        store.write(move |tx| promises::insert(tx, &refused(role, user), now)).await.unwrap();
        store.write(move |tx| promises::note_failed(tx, id, "above me", now)).await.unwrap();
    }
    store.close();
    let mut config = Config::default();
    config.levels.roles =
        [7, 8].map(|role| LevelRole { level: 2, role: RoleId::new(role).unwrap(), keep: false }).to_vec();
    // Role 8 is above the bot's own: asking again would be refused again.
    run(&path, config.clone(), vec![seen(2), seen(1)]).await;
    let counts = async || {
        let (store, _) = open_store(&path);
        let counts = store.read(|reader| promises::count(reader)).await.unwrap();
        store.close();
        counts
    };
    assert_eq!(counts().await, (2, 1));
    let left = Event::MemberLeft { guild: guild(1), user: UserId::new(4).unwrap(), name: String::new(), bot: false };
    run(&path, config, vec![left]).await;
    assert_eq!(counts().await, (1, 0));
}

#[tokio::test]
async fn a_guild_that_is_served_no_longer_is_not_taken_over_and_gets_no_commands() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    run(&path, Config::default(), vec![seen(1), seen(2)]).await;
    let mut config = Config::default();
    config.discord.guilds = vec![guild(2)];
    assert_eq!(run(&path, config.clone(), vec![]).await.0, [guild(2)]);
    let (store, vitals) = open_store(&path);
    let bot = Bot::open(config, store.clone(), hand_clock(), vitals).await.unwrap();
    let invocation = |id| Invocation {
        command: "ping".to_owned(),
        given: Given::Named(Vec::new()),
        actor: Actor {
            user: "4".parse().unwrap(),
            name: "Ada".to_owned(),
            roles: Vec::new(),
            permissions: Permissions::ALL,
        },
        guild: guild(id),
        channel: None,
        door: Door::Slash,
        people: Vec::new(),
        key: id,
        at: bot.clock().now(),
    };
    assert!(bot.refuses(&invocation(1)).await.is_some());
    assert!(bot.refuses(&invocation(2)).await.is_none());
    store.close();
}
