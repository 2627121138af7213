//! Stories about kudos: given by command and in members' own words, refused, listed, undone, on boards and the page.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use expect_test::expect;
use house::{House, Running};
use innkeeper::config::{Audience, Config};
use innkeeper::features;
use innkeeper::model::{MessageId, UserId};
use innkeeper::sim::Request;
use innkeeper::sim::world::{Answered, Input, Message, SayOptions};
use rusqlite::Connection;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

async fn give(house: &House, giver: UserId, receiver: UserId, more: &[(&str, Input)]) -> Answered {
    let mut options = vec![("member", Input::User(receiver))];
    options.extend(more.iter().cloned());
    house.slash(giver, "kudos give", &options).await
}

/// The same a few seconds later; what it says, to everybody or to the giver alone.
async fn told(house: &House, giver: UserId, receiver: UserId, more: &[(&str, Input)]) -> String {
    house.clock.advance(Duration::from_secs(5));
    give(house, giver, receiver, more).await.text()
}

/// A member says something as a reply.
fn reply(house: &House, member: UserId, to: MessageId, text: &str) -> MessageId {
    house.sim.world().say(house.inn.general, member, text, SayOptions::reply(to)).unwrap()
}

/// What is kept, oldest first: "K1 0>1 2", with the members' numbers, and how it was undone.
fn kept(house: &House) -> Vec<String> {
    let database = Connection::open(&house.config.store.path).unwrap();
    let sql = "SELECT id, giver, receiver, amount, undone_why, undone_by FROM kudos ORDER BY id";
    let mut statement = database.prepare(sql).unwrap();
    let nth = |id: i64| house.inn.members.iter().position(|member| member.sql() == id).unwrap_or(99);
    let rows = statement.query_map((), |row| {
        let (id, amount): (i64, i64) = (row.get(0)?, row.get(3)?);
        let how: Option<String> = row.get(4)?;
        let how = how.map_or(String::new(), |how| format!(" {how}"));
        let by = if row.get::<_, Option<i64>>(5)?.is_some() { " by somebody" } else { "" };
        Ok(format!("K{id} {}>{} {amount}{how}{by}", nth(row.get(1)?), nth(row.get(2)?)))
    });
    rows.unwrap().map(|row| row.unwrap()).collect()
}

fn thanks_count(config: &mut Config) {
    config.kudos.thanks = true;
}

fn labels(message: &Message) -> Vec<&str> {
    message.buttons().filter_map(|button| button["label"].as_str()).collect()
}

#[tokio::test]
async fn a_member_thanks_another_and_everybody_sees_it_while_nobody_is_pinged() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let reason = "  for **everything**,\n@everyone [x](http://y) <@1>  ";
    let answer = give(&house, ada, bea, &[("amount", 2.into()), ("reason", reason.into())]).await;
    let expected = format!(
        "<@{ada}> gives <@{bea}> **2 kudos**: for \\*\\*everything\\*\\*, \\@everyone \\[x\\]\\(http\\://y\\) \
         \\<\\@1\\>\n-# K1"
    );
    assert_eq!((answer.text(), answer.ephemeral), (expected, false));
    let pings = answer.message.unwrap().pings;
    assert!(pings.users.is_empty() && pings.roles.is_empty() && !pings.everyone, "{pings:?}");
    house.clock.advance(MINUTE);
    assert_eq!(
        give(&house, ada, house.member(2), &[]).await.text().lines().count(),
        2,
        "an amount and a reason are extra"
    );
    assert_eq!(kept(&house), ["K1 0>1 2", "K2 0>2 1"]);
    let database = Connection::open(&house.config.store.path).unwrap();
    let sql = "SELECT reason, giver_name, receiver_name, channel, message FROM kudos WHERE id = 1";
    let row: (String, String, String, i64, Option<i64>) = database
        .query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .unwrap();
    let world = house.sim.world();
    let names = (world.name_of(house.inn.guild, ada).to_owned(), world.name_of(house.inn.guild, bea).to_owned());
    drop(world);
    assert_eq!(row.0, "for **everything**, @everyone [x](http://y) <@1>", "kept as it was written, in one line");
    assert_eq!((row.1, row.2), names);
    assert_eq!((row.3, row.4), (house.inn.bot_commands.sql(), None));
    bot.stop().await;
}

#[tokio::test]
async fn the_receiver_is_pinged_where_the_owner_says_so() {
    let house = House::with(|config| config.kudos.ping = true).await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let answer = give(&house, ada, bea, &[("reason", format!("<@{}> too", house.member(2)).as_str().into())]).await;
    assert_eq!(answer.message.unwrap().pings.users, [bea]);
    bot.stop().await;
}

#[tokio::test]
async fn each_refusal_says_why() {
    let house = House::with(|config| config.kudos.daily_amount = 7).await;
    let bot = house.start().await;
    let (ada, bea, cleo) = (house.member(0), house.member(1), house.member(2));
    let robot = house.sim.world().me();
    let young = house.sim.world().add_user("newcomer");
    house.sim.world().rejoin(house.inn.guild, young);
    house.sim.world().leave(house.inn.guild, cleo).unwrap();
    let amount = |amount: i64| [("amount", Input::Whole(amount))];
    let myself = give(&house, ada, ada, &[]).await;
    assert_eq!(
        (myself.text().as_str(), myself.ephemeral),
        ("Kudos are for others: nobody thanks themselves here.", true)
    );
    assert_eq!(told(&house, ada, robot, &[]).await, "That is kind, but bots get no kudos.");
    assert_eq!(told(&house, ada, cleo, &[]).await, format!("As far as I know, <@{cleo}> is not in this server."));
    assert_eq!(told(&house, ada, bea, &amount(6)).await, "`amount` must be a whole number from 1 to 5.");
    let empty = "`reason` has nothing in it that could be read. Say what it is for, or leave it out.";
    assert_eq!(told(&house, ada, bea, &[("reason", " \u{200b} ".into())]).await, empty);
    let until = young.time().plus(DAY * 7).seconds();
    let too_young = told(&house, young, bea, &[]).await;
    assert!(too_young.contains(&format!("7 days are asked for. You can give from <t:{until}:f> on.")), "{too_young}");
    assert!(kept(&house).is_empty());

    assert!(told(&house, ada, bea, &amount(4)).await.contains("**4 kudos**"));
    let again = format!("You have just thanked <@{bea}>. You can do it again in 59 min 55 s.");
    assert_eq!(told(&house, ada, bea, &[]).await, again);
    let back = format!("<@{ada}> has just thanked you, and straight back is too easy. You can in 59 min 50 s.");
    assert_eq!(told(&house, bea, ada, &[]).await, back);
    let rest = told(&house, ada, house.member(3), &amount(4)).await;
    assert!(rest.starts_with("You have 3 kudos left to give today. There are new ones <t:"), "{rest}");
    told(&house, ada, house.member(3), &amount(3)).await;
    let spent = told(&house, ada, house.member(4), &[]).await;
    assert!(spent.starts_with("You have given all of your 7 kudos of today."), "{spent}");
    assert_eq!(kept(&house), ["K1 0>1 4", "K2 0>3 3"]);
    bot.stop().await;
}

#[tokio::test]
async fn messages_are_refused_in_the_same_words_as_slash_commands() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let long = "x".repeat(401);
    let stranger = 4_242;
    let lines = [
        (format!("!kudos give <@{ada}>"), "Kudos are for others: nobody thanks themselves here."),
        (format!("!kudos give {stranger} for nothing"), "As far as I know, <@4242> is not in this server."),
        (format!("!kudos give <@{bea}> {long}"), "`reason` must be at most 400 characters long."),
    ];
    for (nth, (line, words)) in lines.iter().enumerate() {
        house.clock.advance(MINUTE);
        house.say(house.member(nth), &line.replace(&ada.to_string(), &house.member(nth).to_string()));
        assert_eq!(house.bot_says(house.inn.general, nth + 1).await[nth], *words);
    }
    for (nth, amount) in ["0", "-3", "101"].iter().enumerate() {
        house.say(house.member(nth + 3), &format!("!kudos give <@{bea}> {amount}"));
        assert_eq!(
            house.bot_says(house.inn.general, nth + 4).await[nth + 3],
            "`amount` must be a whole number from 1 to 100."
        );
    }
    assert!(kept(&house).is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn a_new_day_of_the_community_brings_a_new_allowance() {
    // 2026-09-21T14:13:20Z is a Monday morning there.
    let house = House::with(|config| {
        config.discord.timezone = "America/Los_Angeles".parse().unwrap();
        config.kudos.daily_amount = 1;
    })
    .await;
    let bot = house.start().await;
    let ada = house.member(0);
    assert!(told(&house, ada, house.member(1), &[]).await.contains("**1 kudos**"));
    house.clock.advance(HOUR * 16);
    let midnight = innkeeper::model::Timestamp::from_ms(1_790_060_400_000);
    assert_eq!(midnight.rfc3339(), "2026-09-22T07:00:00.000Z");
    let spent =
        format!("You have given all of your 1 kudos of today. There are new ones <t:{}:R>.", midnight.seconds());
    assert_eq!(told(&house, ada, house.member(2), &[]).await, spent, "a new day in UTC is none there");
    house.clock.advance(midnight.since(house.clock.now()));
    assert!(told(&house, ada, house.member(2), &[]).await.contains("**1 kudos**"));
    bot.stop().await;
}

#[tokio::test]
async fn a_thanks_counts_only_where_that_is_switched_on() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let soup = house.say(bea, "there is soup");
    reply(&house, ada, soup, "thank you!");
    house.say(ada, &format!("thanks <@{bea}>"));
    bot.settle(&house).await;
    assert!(kept(&house).is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn a_thanks_counts_for_whom_it_answers_and_mentions() {
    let house = House::with(thanks_count).await;
    let bot = house.start().await;
    let (ada, bea, cleo) = (house.member(0), house.member(1), house.member(2));
    let soup = house.say(bea, "there is soup");
    let thanks = reply(&house, ada, soup, &format!("Thank you! You too <@{cleo}>."));
    let said = house.bot_says(house.inn.general, 1).await;
    assert_eq!(said, [format!("-# K1, K2: <@{ada}> thanks <@{bea}> and <@{cleo}>.")]);
    let world = house.sim.world();
    let answer = world.bot_messages(house.inn.general)[0].clone();
    drop(world);
    assert_eq!((answer.reply_to, answer.pings.users.as_slice()), (Some(thanks), [].as_slice()));
    for talk in [
        "and more talk".to_owned(),
        format!("<@{bea}> `thanks` is a word"),
        format!("> thanks\nis what you said, <@{bea}>"),
        format!("thanksgiving, <@{bea}>?"),
        "thanks everybody".to_owned(),
    ] {
        house.say_later(cleo, &talk);
    }
    bot.settle(&house).await;
    assert_eq!(kept(&house), ["K1 0>1 1", "K2 0>2 1"]);
    bot.stop().await;
}

#[tokio::test]
async fn a_thanks_that_the_rules_refuse_is_not_spoken_of() {
    let house = House::with(|config| {
        thanks_count(config);
        config.kudos.daily_amount = 4;
    })
    .await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let robot = house.sim.world().me();
    let mine = house.say(ada, "I wonder");
    reply(&house, ada, mine, "thanks to me");
    house.say(ada, &format!("thanks <@{robot}>"));
    house.say(ada, &format!("thanks <@{bea}>"));
    house.say(ada, &format!("thanks again <@{bea}>"));
    house.say(bea, &format!("thanks back <@{ada}>"));
    let crowd: String = house.inn.members[1..].iter().map(|member| format!(" <@{member}>")).collect();
    house.say(ada, &format!("thanks{crowd}"));
    house.say(ada, &format!("thanks <@{}>", house.member(4)));
    house.say(ada, &format!("thanks <@{}>", house.member(5)));
    bot.settle(&house).await;
    // The first of the crowd was thanked before, and it counts for three at most.
    assert_eq!(kept(&house), ["K1 0>1 1", "K2 0>2 1", "K3 0>3 1", "K4 0>4 1"]);
    let said = house.bot_says(house.inn.general, 3).await;
    assert_eq!(said.len(), 3, "{said:?}");
    bot.stop().await;
}

#[tokio::test]
async fn a_thanks_can_count_silently_and_a_command_is_none() {
    let house = House::with(|config| {
        thanks_count(config);
        config.kudos.thanks_answer = false;
    })
    .await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say(ada, &format!("thx <@{bea}>"));
    house.say(bea, &format!("!kudos give <@{}> thanks a lot", house.member(2)));
    let said = house.bot_says(house.inn.general, 1).await;
    assert_eq!(said, [format!("<@{bea}> gives <@{}> **1 kudos**: thanks a lot\n-# K2", house.member(2))]);
    bot.settle(&house).await;
    assert_eq!(kept(&house), ["K1 0>1 1", "K2 1>2 1"]);
    bot.stop().await;
}

#[tokio::test]
async fn what_came_from_a_message_goes_with_it() {
    let house = House::with(thanks_count).await;
    let bot = house.start().await;
    let (ada, bea, cleo, dan) = (house.member(0), house.member(1), house.member(2), house.member(3));
    let thanks = house.say(ada, &format!("thanks <@{bea}> and <@{cleo}>"));
    let command = house.say(bea, &format!("!kudos give <@{cleo}> 2 for the soup"));
    house.bot_says(house.inn.general, 2).await;
    give(&house, cleo, dan, &[]).await;
    let other = house.say(dan, "something else");
    bot.settle(&house).await;
    for message in [other, thanks, command] {
        house.sim.world().delete_message(house.inn.general, message).unwrap();
    }
    bot.settle(&house).await;
    let gone = ["K1 0>1 1 deleted", "K2 0>2 1 deleted", "K3 1>2 2 deleted", "K4 2>3 1"];
    assert_eq!(kept(&house), gone);
    // What was undone holds nobody up: it can be given again.
    house.clock.advance(MINUTE);
    house.say(ada, &format!("thanks, properly, <@{bea}>"));
    bot.settle(&house).await;
    assert_eq!(kept(&house)[4..], ["K5 0>1 1"]);
    let listed = house.slash(cleo, "kudos list", &[]).await.text();
    let seconds = house.clock.now().seconds() - 60;
    let undone = format!("~~**+2** from **quilia.juniper**~~: for the soup · its message was deleted <t:{seconds}:R>");
    assert!(listed.contains("**0** received · **1** given") && listed.contains(&undone), "{listed}");
    bot.stop().await;
}

#[tokio::test]
async fn messages_that_are_deleted_in_bulk_take_their_kudos_along() {
    let house = House::with(thanks_count).await;
    let bot = house.start().await;
    let messages: Vec<String> = (0..3)
        .map(|nth| house.say(house.member(nth), &format!("thanks <@{}>", house.member(nth + 3))).to_string())
        .collect();
    bot.settle(&house).await;
    assert_eq!(kept(&house).len(), 3);
    let body = serde_json::json!({"messages": messages[..2]});
    let path = format!("/channels/{}/messages/bulk-delete", house.inn.general);
    {
        let mut world = house.sim.world();
        let request = Request::new(&world, "POST", &path).json(&body);
        assert_eq!(world.request(&request).status, 204);
    }
    bot.settle(&house).await;
    assert_eq!(kept(&house), ["K1 0>3 1 deleted", "K2 1>4 1 deleted", "K3 2>5 1"]);
    bot.stop().await;
}

#[tokio::test]
async fn an_admin_takes_a_gift_back_and_a_second_one_is_told_who_did() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea, admin, owner) = (house.member(0), house.member(1), house.inn.admin, house.inn.owner);
    give(&house, ada, bea, &[("amount", 2.into())]).await;
    let back = house.slash(admin, "undo", &[("id", " k1 ".into())]).await;
    assert_eq!(back.text(), format!("K1 is taken back: 2 kudos from <@{ada}> to <@{bea}>."));
    let seconds = house.clock.now().seconds();
    house.clock.advance(HOUR);
    let again = house.slash(owner, "undo", &[("id", "K1".into())]).await;
    assert_eq!(again.text(), format!("K1 was taken back already, by <@{admin}> <t:{seconds}:R>."));
    let unknown = house.slash(admin, "undo", &[("id", "K99".into())]).await;
    assert_eq!(unknown.text(), "There is no K99 here. /kudos list shows the numbers, such as K12.");
    let unknown = house.slash(admin, "undo", &[("id", "X1".into())]).await;
    assert_eq!(unknown.text(), "There is no X1 here. /xphistory shows the numbers, such as L12 or B3.");
    assert_eq!(kept(&house), ["K1 0>1 2 undo by somebody"]);
    let listed = house.slash(bea, "kudos list", &[]).await.text();
    assert!(listed.contains("**0** received") && listed.contains(&format!("taken back by <@{admin}>")), "{listed}");
    // It counts for nothing any more, the allowance and the cooldown included.
    assert!(give(&house, ada, bea, &[("amount", 5.into())]).await.text().contains("5 kudos"));
    bot.stop().await;
}

#[tokio::test]
async fn what_a_deletion_took_back_is_not_taken_back_again() {
    let house = House::with(thanks_count).await;
    let bot = house.start().await;
    let thanks = house.say(house.member(0), &format!("thanks <@{}>", house.member(1)));
    bot.settle(&house).await;
    house.sim.world().delete_message(house.inn.general, thanks).unwrap();
    bot.settle(&house).await;
    let refused = house.slash(house.inn.admin, "undo", &[("id", "K1".into())]).await.text();
    assert!(refused.starts_with("K1 went already: its message was deleted <t:"), "{refused}");
    bot.stop().await;
}

#[tokio::test]
async fn with_levels_off_kudos_and_their_undo_are_there_all_the_same() {
    let house = House::with(|config| config.levels.enabled = false).await;
    let bot = house.start().await;
    give(&house, house.member(0), house.member(1), &[]).await;
    let back = house.slash(house.inn.admin, "undo", &[("id", "K1".into())]).await.text();
    assert!(back.starts_with("K1 is taken back"), "{back}");
    let unknown = house.slash(house.inn.admin, "undo", &[("id", "L1".into())]).await.text();
    assert!(unknown.starts_with("There is no L1 here."), "{unknown}");
    bot.stop().await;
}

#[tokio::test]
async fn with_kudos_off_nothing_of_them_is_there() {
    let house = House::with(|config| {
        thanks_count(config);
        config.kudos.enabled = false;
    })
    .await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say(ada, &format!("thanks <@{bea}>"));
    house.say(ada, &format!("!kudos give <@{bea}>"));
    bot.settle(&house).await;
    assert!(kept(&house).is_empty() && house.sim.world().bot_messages(house.inn.general).is_empty());
    assert!(house.sim.world().slash(house.inn.general, ada, "kudos give", &[("member", bea.into())]).is_err());
    bot.stop().await;
}

async fn board(house: &House, member: UserId, window: &str) -> String {
    house.clock.advance(Duration::from_secs(3));
    house.slash(member, "kudos board", &[("window", window.into())]).await.text()
}

#[tokio::test]
async fn boards_follow_the_communitys_own_calendar() {
    // Monday, 21 September 2026, 7:13 in the morning there.
    let house = House::with(|config| config.discord.timezone = "America/Los_Angeles".parse().unwrap()).await;
    let bot = house.start().await;
    let (ada, bea, cleo) = (house.member(0), house.member(1), house.member(2));
    give(&house, ada, bea, &[("amount", 2.into())]).await;
    house.clock.advance(DAY * 6);
    give(&house, ada, cleo, &[("amount", 3.into())]).await;
    // Sunday evening there, Monday in UTC.
    house.clock.advance(HOUR * 12);
    let week = board(&house, ada, "week").await;
    expect![[r#"
        Kudos of The Lantern & Ladle · this week
        **1.** Orard Wren · 3 kudos
        **2.** quilia.juniper · 2 kudos"#]]
    .assert_eq(&week);
    house.clock.advance(HOUR * 8);
    assert!(board(&house, ada, "week").await.ends_with("Nobody was thanked yet. /kudos give is how."));
    assert!(board(&house, ada, "month").await.contains("**1.** Orard Wren · 3 kudos"));
    // The last of September there; October in UTC.
    house.clock.advance(DAY * 2 + HOUR * 17);
    assert!(board(&house, ada, "month").await.contains("**1.** Orard Wren · 3 kudos"));
    house.clock.advance(HOUR * 5);
    assert!(board(&house, ada, "month").await.contains("Nobody was thanked yet"));
    let all = house.slash(bea, "kudos board", &[]).await;
    assert!(all.text().starts_with("Kudos of The Lantern & Ladle · all time\n**1.** Orard Wren"), "{}", all.text());
    let all = all.message.unwrap();
    assert_eq!(labels(&all), ["This month", "This week"]);
    house.clock.advance(MINUTE);
    assert!(house.press(bea, &all, "This week").await.text().contains("this week"));
    bot.stop().await;
}

#[tokio::test]
async fn equal_kudos_share_a_rank_and_what_was_undone_counts_for_nothing() {
    let house = House::new().await;
    let bot = house.start().await;
    for nth in 1..4 {
        give(&house, house.member(0), house.member(nth), &[("amount", 2.into())]).await;
        house.clock.advance(MINUTE);
    }
    house.slash(house.inn.admin, "undo", &[("id", "K2".into())]).await;
    let shown = board(&house, house.member(0), "all").await;
    assert_eq!(shown.matches("**1.**").count(), 2, "{shown}");
    assert_eq!(shown.lines().count(), 3, "{shown}");
    bot.stop().await;
}

#[tokio::test]
async fn who_left_or_hid_is_on_no_board_and_comes_back_with_what_they_had() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea, cleo) = (house.member(0), house.member(1), house.member(2));
    give(&house, ada, bea, &[]).await;
    house.clock.advance(MINUTE);
    give(&house, ada, cleo, &[]).await;
    let on_board = async || {
        let shown = board(&house, house.inn.admin, "all").await;
        (shown.contains("quilia.juniper"), shown.contains("Orard Wren"))
    };
    assert_eq!(on_board().await, (true, true), "also those who have never said a word");
    house.sim.world().leave(house.inn.guild, bea).unwrap();
    let told = house.slash(cleo, "privacy", &[("board", "off".into())]).await.text();
    assert!(told.contains("You are on **no** board."), "{told}");
    assert_eq!(on_board().await, (false, false));
    assert!(house.sim.world().rejoin(house.inn.guild, bea));
    bot.settle(&house).await;
    bot.stop().await;
    let bot = house.start().await;
    house.slash(cleo, "privacy", &[("board", "on".into())]).await;
    assert_eq!(on_board().await, (true, true));
    assert_eq!(kept(&house).len(), 2);
    bot.stop().await;
}

#[tokio::test]
async fn the_list_tells_both_directions_page_by_page() {
    let house = House::with(|config| {
        config.kudos.daily_amount = 100;
        config.kudos.cooldown_seconds = 60;
        config.kudos.back_seconds = 0;
    })
    .await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let nothing = house.slash(ada, "kudos list", &[]).await;
    assert_eq!(nothing.text(), "Kudos of Selo\nThere are none yet. /kudos give thanks somebody.\nPage 1");
    for nth in 0..9 {
        house.clock.advance(MINUTE);
        give(&house, ada, bea, &[("reason", format!("soup **{nth}** {}", "x".repeat(300)).as_str().into())]).await;
    }
    house.clock.advance(MINUTE);
    give(&house, bea, ada, &[("amount", 5.into())]).await;
    let first = house.slash(ada, "kudos list", &[("member", bea.into())]).await;
    let text = first.text();
    let seconds = house.clock.now().seconds();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["Kudos of quilia.juniper", "**9** received · **5** given"]);
    assert_eq!(lines[2], format!("`K10` <t:{seconds}:R> 5 to **Selo**"));
    assert!(lines[3].starts_with(&format!("`K9` <t:{}:R> **+1** from **Selo**: soup \\*\\*8\\*\\*", seconds - 60)));
    assert!(lines[3].ends_with("x…"), "{}", lines[3]);
    assert_eq!((lines.len(), *lines.last().unwrap()), (11, "Page 1"));
    let first = first.message.unwrap();
    assert_eq!(labels(&first), ["Older"]);
    house.clock.advance(MINUTE);
    let second = house.press(ada, &first, "Older").await;
    assert!(second.ephemeral && second.text().contains("`K2`") && second.text().contains("`K1`"));
    assert!(second.text().ends_with("Page 2") && !second.text().contains("`K3`"), "{}", second.text());
    assert_eq!(labels(&second.message.unwrap()), ["Newer"]);
    house.clock.advance(MINUTE);
    let beyond = house.slash(ada, "kudos list", &[("page", 7.into())]).await.text();
    assert!(beyond.contains("The list ends before this page."), "{beyond}");
    bot.stop().await;
}

#[tokio::test]
async fn a_gift_keeps_the_names_of_its_time_and_hostile_ones_stay_text() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea, guild) = (house.member(0), house.member(1), house.inn.guild);
    house.sim.world().set_nick(guild, ada, Some("**@here** [x](http://y)")).unwrap();
    house.sim.world().set_nick(guild, bea, Some("~~`<@1>`")).unwrap();
    give(&house, ada, bea, &[]).await;
    for member in [ada, bea] {
        house.sim.world().set_nick(guild, member, Some("Somebody else")).unwrap();
    }
    bot.settle(&house).await;
    let given = house.slash(ada, "kudos list", &[]).await.text();
    assert!(
        given.starts_with("Kudos of Somebody else") && given.contains("1 to **\\~\\~\\`\\<\\@1\\>\\`**"),
        "{given}"
    );
    let received = house.slash(bea, "kudos list", &[]).await.text();
    assert!(received.contains("from **\\*\\*\\@here\\*\\* \\[x\\]\\(http\\://y\\)**"), "{received}");
    bot.stop().await;
}

#[tokio::test]
async fn a_thanks_is_listed_with_a_way_to_its_message() {
    let house = House::with(thanks_count).await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let thanks = house.say(ada, &format!("thanks <@{bea}>"));
    bot.settle(&house).await;
    let listed = house.slash(bea, "kudos list", &[]).await.text();
    let link = format!("https://discord.com/channels/{}/{}/{thanks}", house.inn.guild, house.inn.general);
    assert!(listed.contains(&format!("**+1** from **Selo**, in [a message]({link})")), "{listed}");
    bot.stop().await;
}

#[tokio::test]
async fn help_knows_the_parts_of_a_command() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    let help = house.slash(ada, "help", &[("command", "kudos".into())]).await;
    expect![[r#"
        /kudos
        `/kudos give <member> [amount] [reason]` Thanks a member, and keeps it
        `/kudos list [member] [page]` Lists the kudos of a member, received and given
        `/kudos board [window]` Shows who was given the most kudos
        /help command:kudos give explains one."#]]
    .assert_eq(&help.text());
    let help = house.slash(house.member(1), "help", &[("command", "/kudos board".into())]).await;
    assert!(help.text().starts_with("/kudos board [window]\nShows who was given"), "{}", help.text());
    bot.stop().await;
}

/// The cards of all rooms, as one text.
async fn cards(house: &House, bot: &Running) -> String {
    let (config, guilds, now) = (house.config.clone(), bot.bot.guilds().list(), house.clock.now());
    let cards = bot.bot.store().read(move |reader| {
        let mut cards = Vec::new();
        for make in features::switched_on(&config).filter_map(|feature| feature.card) {
            cards.extend(make(reader, &config, &guilds, now)?);
        }
        Ok(format!("{cards:?}"))
    });
    cards.await.unwrap()
}

#[tokio::test]
async fn the_page_shows_the_kudos_of_the_week_only_when_the_owner_says_so() {
    for audience in [Audience::Off, Audience::Members, Audience::Public] {
        let house = House::with(|config| config.http.visibility.leaderboard = audience).await;
        let bot = house.start().await;
        let empty = cards(&house, &bot).await;
        assert_eq!(empty.contains("Kudos"), audience == Audience::Members, "{empty}");
        give(&house, house.member(0), house.member(1), &[("amount", 3.into())]).await;
        let shown = cards(&house, &bot).await;
        assert_eq!(
            shown.contains("List([(\"quilia.juniper\", \"3 kudos\")])"),
            audience == Audience::Public,
            "{shown}"
        );
        assert_eq!(shown.contains("members only"), audience == Audience::Members, "{shown}");
        house.clock.advance(DAY * 7);
        assert!(!cards(&house, &bot).await.contains("3 kudos"), "a new week");
        bot.stop().await;
    }
}

#[tokio::test]
async fn the_records_are_looked_over() {
    let house = House::new().await;
    let bot = house.start().await;
    let looked_over = async || {
        let verify = features::FEATURES.iter().find(|feature| feature.name == "kudos").unwrap().verify.unwrap();
        bot.bot.store().read(verify).await.unwrap()
    };
    give(&house, house.member(0), house.member(1), &[]).await;
    assert!(looked_over().await.is_empty());
    let database = Connection::open(&house.config.store.path).unwrap();
    assert!(database.execute("UPDATE kudos SET receiver = giver", ()).is_err(), "the table itself holds to it");
    assert!(database.execute("UPDATE kudos SET undone_at = 5", ()).is_err());
    database.execute_batch("PRAGMA ignore_check_constraints = 1; UPDATE kudos SET receiver = giver;").unwrap();
    assert_eq!(looked_over().await, ["K1 is no gift that can have been made"]);
    bot.stop().await;
}
