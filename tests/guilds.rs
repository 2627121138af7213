//! The guilds that the bot is in, from one run to the next.

mod support;

use std::path::Path;
use std::sync::Arc;

use innkeeper::bot::Bot;
use innkeeper::command::{Actor, Door, Given, Invocation};
use innkeeper::config::Config;
use innkeeper::model::{Event, Guild, GuildId, Permissions};
use innkeeper::store::{Progress, SessionKey};
use support::{Folder, hand_clock, open_store};

fn guild(id: u64) -> GuildId {
    GuildId::new(id).unwrap()
}

fn seen(id: u64) -> Event {
    Event::GuildSeen(Box::new(Guild {
        id: guild(id),
        name: format!("guild {id}"),
        owner: "9".parse().unwrap(),
        member_count: 3,
        my_roles: Vec::new(),
        roles: Vec::new(),
        channels: Vec::new(),
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
        key: id,
        at: bot.clock().now(),
    };
    assert!(bot.refuses(&invocation(1)).await.is_some());
    assert!(bot.refuses(&invocation(2)).await.is_none());
    store.close();
}
