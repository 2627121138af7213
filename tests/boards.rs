//! Stories about the board: of all time, of a month or week, as it was on a date, and around oneself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::House;
use rusqlite::Connection;

const DAY: Duration = Duration::from_secs(86_400);

/// 25 further members with XP of their own, and one with as much as the one before.
fn crowd(house: &House) {
    let database = Connection::open(&house.config.store.path).unwrap();
    for nth in 1..=25_i64 {
        let xp = if nth == 8 { 700 } else { nth * 100 };
        let values = (house.inn.guild.sql(), nth, xp);
        database.execute("INSERT INTO xp (guild, user, xp, last_message) VALUES (?1, ?2, ?3, 0)", values).unwrap();
        let sql =
            "INSERT INTO ledger (guild, user, what, amount, after, source, at) VALUES (?1, ?2, 'add', ?3, ?3, 0, 0)";
        database.execute(sql, values).unwrap();
    }
}

#[tokio::test]
async fn pages_follow_one_another_and_around_me_is_the_one_that_i_am_on() {
    let house = House::new().await;
    house.start().await.stop().await;
    crowd(&house);
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    let second = house.slash(house.inn.admin, "leaderboard", &[("page", 2.into())]).await.text();
    assert!(second.contains("**11.** \\(not seen yet\\) · level 3 · 1,500 XP"), "{second}");
    assert!(
        second.contains("**18.** \\(not seen yet\\) · level 2 · 700 XP\n**18.**"),
        "equal XP shares a rank: {second}"
    );
    assert!(second.ends_with("Page 2 · next: page 3"), "{second}");
    let mine = house.slash(ada, "leaderboard", &[("around", "me".into())]).await.text();
    assert!(mine.contains("Selo") && mine.ends_with("Page 3"), "{mine}");
    let refused = house.slash(house.member(1), "leaderboard", &[("around", "me".into())]).await;
    assert_eq!(refused.text(), "You are not on this board.");
    bot.stop().await;
}

#[tokio::test]
async fn a_week_a_month_and_a_date_are_read_from_the_ledger() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea, admin) = (house.member(0), house.member(1), house.inn.admin);
    let start = house.clock.now();
    house.say(ada, "hello");
    house.clock.advance(DAY * 3);
    house.say(bea, "hello");
    house.clock.advance(DAY * 40);
    house.say(bea, "hello");
    bot.settle(&house).await;
    let text = async |member, options: &[(&str, _)]| house.slash(member, "leaderboard", options).await.text();
    let month = text(ada, &[("window", "month".into())]).await;
    assert!(month.starts_with("Leaderboard of The Lantern & Ladle · this month") && !month.contains("Selo"), "{month}");
    let week = text(bea, &[("window", "week".into())]).await;
    assert!(week.contains("this week") && week.contains("**1.**") && !week.contains("**2.**"), "{week}");
    let day = start.rfc3339()[..10].to_owned();
    let then = text(admin, &[("date", day.as_str().into())]).await;
    assert!(then.contains(&format!("as of {day}")) && then.contains("Selo") && !then.contains("**2.**"), "{then}");
    let refused = text(house.member(2), &[("date", "31.12.2026".into())]).await;
    assert_eq!(refused, "A date is written as in 2026-12-31.");
    let both = text(house.member(3), &[("date", "2026-12-31".into()), ("window", "week".into())]).await;
    assert!(both.contains("name one of them"), "{both}");
    bot.stop().await;
}
