//! Prefix commands and the place in the session: what counts as seen has been answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;

use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::model::{Author, Event, Message, MessageId};
use innkeeper::store::{Progress, SessionKey, promises};
use support::{Folder, hand_clock, open_store};

fn says(id: u64, content: &str) -> Event {
    Event::MessageSent(Message {
        id: MessageId::new(1_500_000_000_000_000_000 + id).unwrap(),
        guild: "2".parse().unwrap(),
        channel: "3".parse().unwrap(),
        author: Author { id: "4".parse().unwrap(), name: "Ada".to_owned(), avatar: None, bot: false },
        roles: Vec::new(),
        mentions: Vec::new(),
        replied_to: None,
        content: content.to_owned(),
        kind: 0,
    })
}

fn at(sequence: u64) -> Progress {
    let session = SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() };
    Progress { session: Arc::new(session), sequence }
}

#[tokio::test]
async fn a_stop_right_after_a_prefix_command_does_not_lose_it() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, vitals) = open_store(&path);
    let bot = Bot::open(Config::default(), store.clone(), hand_clock(), vitals).await.unwrap();
    bot.observe(Some(says(1, "!ping")), at(7)).unwrap();
    // Nothing else has had its turn on this thread.
    store.close();
    let (store, _) = open_store(&path);
    assert_eq!(store.saved_session().await.unwrap().map(|saved| saved.sequence), Some(7));
    assert_eq!(store.read(|reader| promises::count(reader)).await.unwrap(), (1, 0));
    store.close();
}

#[tokio::test]
async fn who_goes_on_with_refused_commands_is_not_answered_each_time() {
    let folder = Folder::new();
    let (store, vitals) = open_store(&folder.file("a.db"));
    let bot = Bot::open(Config::default(), store.clone(), hand_clock(), vitals).await.unwrap();
    for nth in 1..=20 {
        bot.observe(Some(says(nth, "!rank somebody of that name")), at(nth)).unwrap();
        bot.settle().await;
    }
    assert_eq!(store.read(|reader| promises::count(reader)).await.unwrap(), (3, 0));
    store.close();
}
