//! Prefix commands and the place in the session: what counts as seen has been answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;

use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::model::{Author, Event, Message};
use innkeeper::store::{Progress, SessionKey, promises};
use support::{Folder, hand_clock, open_store};

#[tokio::test]
async fn a_stop_right_after_a_prefix_command_does_not_lose_it() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, vitals) = open_store(&path);
    let bot = Bot::open(Config::default(), store.clone(), hand_clock(), vitals).await.unwrap();
    let author = Author { id: "4".parse().unwrap(), name: "Ada".to_owned(), avatar: None, bot: false };
    let message = Message {
        id: "1500000000000000000".parse().unwrap(),
        guild: "2".parse().unwrap(),
        channel: "3".parse().unwrap(),
        author,
        roles: Vec::new(),
        content: "!ping".to_owned(),
        kind: 0,
    };
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    bot.observe(Some(Event::MessageSent(message)), Progress { session, sequence: 7 }).unwrap();
    // Nothing else has had its turn on this thread.
    store.close();
    let (store, _) = open_store(&path);
    assert_eq!(store.saved_session().await.unwrap().map(|saved| saved.sequence), Some(7));
    assert_eq!(store.read(|reader| promises::count(reader)).await.unwrap(), (1, 0));
    store.close();
}
