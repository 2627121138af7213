//! The ledger: what is folded, replayed or undone leaves every balance the sum of its rows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::House;
use rusqlite::Connection;

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
