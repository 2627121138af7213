//! The ledger: what is folded, replayed or undone leaves every balance the sum of its rows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::sync::Arc;
use std::time::Duration;

use house::House;
use innkeeper::bot::Bot;
use innkeeper::command::{Actor, Door, Given, Invocation};
use innkeeper::config::Config;
use innkeeper::model::{Author, Event, Message, MessageId, Permissions, Timestamp, UserId};
use innkeeper::store::{Progress, SessionKey, Store};
use proptest::prelude::*;
use rusqlite::Connection;
use support::{Folder, hand_clock, open_store};

fn one<T: rusqlite::types::FromSql>(house: &House, sql: &str) -> T {
    Connection::open(&house.config.store.path).unwrap().query_row(sql, (), |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn old_days_are_folded_and_every_balance_stays() {
    let house = House::with(|config| config.levels.fold_after_days = 7).await;
    let bot = house.start().await;
    let (ada, bea, admin) = (house.member(0), house.member(1), house.inn.admin);
    for day in 0..3 {
        for nth in 0..10 {
            house.say_later(ada, &format!("{day}.{nth}"));
            house.say(bea, &format!("{day}.{nth}"));
        }
        bot.settle(&house).await;
        house.clock.advance(Duration::from_secs(86_400));
    }
    house.slash(admin, "undo", &[("id", "L3".into())]).await;
    let (xp, rows): (i64, i64) = (house.xp(ada), one(&house, "SELECT count(*) FROM ledger"));
    assert_eq!((xp, rows), (15 * 29, 61), "one of Ada's is taken back");
    for day in 0..10 {
        house.clock.advance(Duration::from_secs(86_400));
        house.say(bea, &format!("later.{day}"));
        bot.settle(&house).await;
        bot.bot.pass_minute();
        bot.bot.settle().await;
    }
    // Three days of two members, the row that was taken back and what took it back, and what is not old yet.
    assert_eq!(one::<i64>(&house, "SELECT count(*) FROM ledger"), 3 * 2 + 2 + 10);
    assert_eq!((house.xp(ada), house.xp(bea)), (15 * 29, 15 * 40));
    let sum = "SELECT count(*) FROM xp WHERE xp <> (SELECT sum(amount) FROM ledger WHERE ledger.user = xp.user)";
    assert_eq!(one::<i64>(&house, sum), 0);
    let last = "SELECT count(*) FROM xp WHERE xp <> (SELECT after FROM ledger WHERE ledger.user = xp.user
        ORDER BY id DESC LIMIT 1)";
    assert_eq!(one::<i64>(&house, last), 0, "the newest row tells the balance");
    let history = house.slash(admin, "xphistory", &[("member", ada.into())]).await.text();
    assert!(history.contains("**+150** message (10 together) → "), "{history}");
    bot.stop().await;
}

/// What is done to a few members.
#[derive(Debug, Clone)]
enum Deed {
    Say(u64),
    Add(u64, i64),
    Set(u64, i64),
    Reset(u64),
    /// Of one of the rows there are.
    Undo(prop::sample::Index),
    Fold,
    /// The process is killed and comes back.
    Reopen,
}

fn deed() -> impl Strategy<Value = Deed> {
    let member = 1_u64..4;
    prop_oneof![
        4 => member.clone().prop_map(Deed::Say),
        2 => (member.clone(), prop_oneof![-900_i64..900, Just(i64::MIN / 4), Just(1_000_000_000_000)])
            .prop_map(|(member, amount)| Deed::Add(member, amount)),
        1 => (member.clone(), 1_i64..1_001).prop_map(|(member, level)| Deed::Set(member, level)),
        1 => member.prop_map(Deed::Reset),
        3 => any::<prop::sample::Index>().prop_map(Deed::Undo),
        1 => Just(Deed::Fold),
        1 => Just(Deed::Reopen),
    ]
}

/// An engine without a Discord, on a folder of its own.
struct Alone {
    folder: Folder,
    store: Store,
    bot: Bot,
    at: u64,
}

impl Alone {
    async fn open(folder: Folder, at: u64) -> Self {
        let (store, vitals) = open_store(&folder.file("a.db"));
        let mut config = Config::default();
        config.levels.fold_after_days = 1;
        let bot = Bot::open(config, store.clone(), hand_clock(), vitals).await.unwrap();
        Self { folder, store, bot, at }
    }

    async fn reopen(self) -> Self {
        let Self { folder, store, bot, at } = self;
        store.close();
        drop((store, bot));
        Self::open(folder, at).await
    }

    /// A day and a bit later, so that everything is old soon.
    fn next_id(&mut self) -> u64 {
        self.at += 1;
        let days = Duration::from_secs(90_000 * self.at);
        Timestamp::from_ms(1_700_000_000_000).plus(days).snowflake() + self.at
    }

    fn say(&mut self, member: u64) {
        let id = self.next_id();
        let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
        let message = Message {
            id: MessageId::new(id).unwrap(),
            guild: "100".parse().unwrap(),
            channel: "200".parse().unwrap(),
            author: Author { id: UserId::new(member).unwrap(), name: "m".to_owned(), avatar: None, bot: false },
            roles: Vec::new(),
            mentions: Vec::new(),
            replied_to: None,
            content: "hello".to_owned(),
            kind: 0,
            used: None,
        };
        for _ in 0..2 {
            // Whatever comes twice counts once.
            let progress = Progress { session: session.clone(), sequence: self.at };
            self.bot.observe(Some(Event::MessageSent(message.clone())), progress).unwrap();
        }
    }

    async fn ask(&mut self, line: &str) {
        let (command, rest) = line.split_once(' ').unwrap();
        let actor = Actor {
            user: "9".parse().unwrap(),
            name: "admin".to_owned(),
            roles: Vec::new(),
            permissions: Permissions::ALL,
        };
        let key = self.next_id();
        let invocation = Invocation {
            command: command.to_owned(),
            given: Given::Text(rest.to_owned()),
            actor,
            guild: "100".parse().unwrap(),
            channel: None,
            door: Door::Http,
            people: Vec::new(),
            key,
            at: Timestamp::from_ms(0),
        };
        for _ in 0..2 {
            self.bot.invoke(invocation.clone()).await;
        }
    }

    async fn rows(&self) -> Vec<i64> {
        self.list("SELECT id, 0 FROM ledger ORDER BY id").await.into_iter().map(|(id, _)| id).collect()
    }

    async fn list(&self, sql: &'static str) -> Vec<(i64, i64)> {
        self.bot.settle().await;
        let query = move |reader: &innkeeper::store::Reader| {
            let mut statement = reader.prepare(sql)?;
            let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        };
        self.store.read(query).await.unwrap()
    }
}

async fn live(deeds: &[Deed]) -> Result<(), TestCaseError> {
    let mut inn = Alone::open(Folder::new(), 0).await;
    for deed in deeds {
        match deed {
            Deed::Say(member) => inn.say(*member),
            Deed::Add(member, amount) => inn.ask(&format!("addxp <@{member}> {amount}")).await,
            Deed::Set(member, level) => inn.ask(&format!("setlevel <@{member}> {level}")).await,
            Deed::Reset(member) => inn.ask(&format!("resetxp <@{member}>")).await,
            Deed::Undo(index) => {
                let rows = inn.rows().await;
                if !rows.is_empty() {
                    inn.ask(&format!("undo L{}", index.get(&rows))).await;
                }
            }
            Deed::Fold => inn.bot.pass_minute(),
            Deed::Reopen => inn = inn.reopen().await,
        }
    }
    let sums = inn.list("SELECT user, sum(amount) FROM ledger GROUP BY user ORDER BY user").await;
    let balances = inn.list("SELECT user, xp FROM xp ORDER BY user").await;
    prop_assert_eq!(
        &sums,
        &balances.iter().copied().filter(|(user, _)| sums.iter().any(|(u, _)| u == user)).collect::<Vec<_>>()
    );
    prop_assert!(balances.iter().all(|(_, xp)| (0..=1_000_000_000_000).contains(xp)));
    let newest = "SELECT user, (SELECT after FROM ledger WHERE ledger.user = xp.user ORDER BY id DESC LIMIT 1) FROM xp
        WHERE user IN (SELECT user FROM ledger) ORDER BY user";
    prop_assert_eq!(&inn.list(newest).await, &sums, "the newest row tells the balance");
    if !deeds.iter().any(|deed| matches!(deed, Deed::Undo(_))) {
        for id in inn.rows().await.into_iter().rev() {
            inn.ask(&format!("undo L{id}")).await;
        }
        let balances = inn.list("SELECT user, xp FROM xp WHERE xp <> 0").await;
        prop_assert_eq!(balances, vec![], "whatever was done is undone");
    }
    inn.store.close();
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_the_ledger_adds_up(deeds in prop::collection::vec(deed(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&deeds))?;
    }

    #[test]
    fn undoing_everything_backwards_leaves_nothing(
        deeds in prop::collection::vec(deed().prop_filter("no undo", |deed| !matches!(deed, Deed::Undo(_))), 1..25)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&deeds))?;
    }
}
