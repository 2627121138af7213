//! Prefix commands: names of several words, and the place in the session, where what counts as seen has been answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::sync::Arc;

use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::model::{Author, Event, Message, MessageId, Seen};
use innkeeper::store::{Progress, SessionKey, promises};
use rusqlite::Connection;
use support::{Folder, hand_clock, open_store};

fn says(id: u64, content: &str) -> Event {
    Event::MessageSent(message(id, content))
}

fn message(id: u64, content: &str) -> Message {
    Message {
        id: MessageId::new(1_500_000_000_000_000_000 + id).unwrap(),
        guild: "2".parse().unwrap(),
        channel: "3".parse().unwrap(),
        author: Author { id: "4".parse().unwrap(), name: "Ada".to_owned(), avatar: None, bot: false },
        roles: Vec::new(),
        mentions: Vec::new(),
        replied_to: None,
        content: content.to_owned(),
        kind: 0,
        used: None,
    }
}

/// The same, mentioning Bea.
fn says_of_bea(id: u64, content: &str) -> Event {
    let bea = Seen { id: "5".parse().unwrap(), name: "Bea".to_owned(), bot: false, roles: Some(Vec::new()) };
    Event::MessageSent(Message { mentions: vec![bea], ..message(id, content) })
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

/// Gifts as "amount reason (state)", oldest first.
fn gifts(path: &Path) -> Vec<String> {
    let database = Connection::open(path).unwrap();
    let sql = "SELECT amount, coalesce(reason, '-'), coalesce(undone_why, 'stands') FROM kudos ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| {
        Ok(format!("{} {} ({})", row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    });
    rows.unwrap().map(|row| row.unwrap()).collect()
}

/// A bot that nothing holds back from giving.
async fn generous(path: &Path) -> Bot {
    let (store, vitals) = open_store(path);
    let mut config = Config::default();
    config.kudos.thanks = true;
    config.kudos.cooldown_seconds = 0;
    config.kudos.daily_amount = 100;
    Bot::open(config, store, hand_clock(), vitals).await.unwrap()
}

/// What was promised to be said, oldest first.
fn answers(path: &Path) -> Vec<String> {
    let database = Connection::open(path).unwrap();
    let mut statement = database.prepare("SELECT effect ->> '$.message.content' FROM promise ORDER BY id").unwrap();
    let said = statement.query_map((), |row| row.get(0)).unwrap();
    said.map(|text| text.unwrap()).collect()
}

#[tokio::test]
async fn a_command_of_two_words_is_understood_as_people_write_it() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let bot = generous(&path).await;
    let lines = [
        "!kudos give <@5> 2 for the soup",
        "!kudos give <@5> thanks a lot",
        "!Kudos   GIVE\n<@!5>",
        "!kudos give <@5> 3",
        "!kudos give 5 +1 \"two words\"",
    ];
    for (nth, line) in lines.iter().enumerate() {
        bot.observe(Some(says_of_bea(nth as u64, line)), at(nth as u64 + 1)).unwrap();
        bot.settle().await;
    }
    let expected = ["2 for the soup", "1 thanks a lot", "1 -", "3 -", "1 two words"];
    assert_eq!(gifts(&path), expected.map(|gift| format!("{gift} (stands)")));
    bot.store().close();
}

#[tokio::test]
async fn what_is_no_command_of_two_words_is_one_of_one_or_none() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let bot = generous(&path).await;
    for (nth, line) in ["!kudosgive <@5>", "!kudos-give <@5>", "!give <@5>", "kudos give <@5>"].iter().enumerate() {
        bot.observe(Some(says_of_bea(nth as u64, line)), at(nth as u64 + 1)).unwrap();
    }
    bot.settle().await;
    assert!(answers(&path).is_empty() && gifts(&path).is_empty(), "that may be another bot's");
    for (nth, line) in ["!kudos gave <@5>", "!kudos give", "!kudos give <@5> 2x"].iter().enumerate() {
        bot.observe(Some(says_of_bea(nth as u64 + 10, line)), at(nth as u64 + 10)).unwrap();
        bot.settle().await;
    }
    let usage = "Usage: `kudos give <member> [amount] [reason]`";
    let expected = [
        "`member` must be a member: a mention or an id. Usage: `kudos list [member] [page]`".to_owned(),
        format!("`member` is missing: Whom to thank. {usage}"),
        format!("`amount` must be a whole number. {usage}"),
    ];
    assert_eq!(answers(&path), expected);
    bot.store().close();
}

#[tokio::test]
async fn a_replay_gives_once_and_brings_back_nothing_that_was_deleted() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let bot = generous(&path).await;
    let (command, thanks) = (says_of_bea(1, "!kudos give <@5> 2 for all"), says_of_bea(2, "thank you <@5>!"));
    let gone = Event::MessagesDeleted {
        guild: "2".parse().unwrap(),
        channel: "3".parse().unwrap(),
        messages: vec![message(1, "").id, message(2, "").id],
    };
    let mut sequence = 0;
    let mut happens = async |event: &Event| {
        sequence += 1;
        bot.observe(Some(event.clone()), at(sequence)).unwrap();
        bot.settle().await;
    };
    for event in [&command, &thanks, &command, &thanks, &thanks] {
        happens(event).await;
    }
    assert_eq!(gifts(&path), ["2 for all (stands)", "1 - (stands)"]);
    for event in [&gone, &gone, &command, &thanks] {
        happens(event).await;
    }
    assert_eq!(gifts(&path), ["2 for all (deleted)", "1 - (deleted)"]);
    bot.store().close();
}

#[tokio::test]
async fn a_deletion_in_another_server_takes_nothing_along() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let bot = generous(&path).await;
    bot.observe(Some(says_of_bea(1, "ty <@5>")), at(1)).unwrap();
    let messages = vec![message(1, "").id];
    let gone = Event::MessagesDeleted { guild: "9".parse().unwrap(), channel: "3".parse().unwrap(), messages };
    bot.observe(Some(gone), at(2)).unwrap();
    bot.settle().await;
    assert_eq!(gifts(&path), ["1 - (stands)"]);
    bot.store().close();
}
