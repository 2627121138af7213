//! Stories about the plain commands, and about cleaning up after the bot.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::House;
use innkeeper::sim::World;
use innkeeper::sim::world::Input;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn hello_echo_info_and_service_say_what_they_are_asked() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    let name = house.sim.world().name_of(house.inn.guild, ada).to_owned();
    assert_eq!(house.slash(ada, "hello", &[]).await.text(), format!("Hello, {name}!"));
    let said = house.slash(ada, "echo", &[("text", "**hi** @everyone".into())]).await;
    assert_eq!(said.text(), "\\*\\*hi\\*\\* \\@everyone");
    assert!(!said.message.unwrap().pings.everyone);
    let info = house.slash(ada, "info", &[]).await.text();
    assert!(info.starts_with("The Lantern & Ladle") && info.contains(&format!("<@{}>", house.inn.owner)), "{info}");
    let service = house.slash(ada, "service", &[]).await.text();
    assert!(service.contains(": connected, awake for") && service.ends_with("Nothing is wrong."), "{service}");
    bot.stop().await;
}

#[tokio::test]
async fn dice_are_rolled_and_odd_ones_refused() {
    let house = House::new().await;
    let bot = house.start().await;
    let members = house.inn.members.clone();
    let one = house.slash(members[0], "roll", &[]).await.text();
    assert!(one.starts_with("You rolled a ") && one.ends_with(" (1-6)"), "{one}");
    let two = house.slash(members[1], "roll", &[("dice", "2d6+1".into())]).await.text();
    assert!(two.contains("(2d6+1: "), "{two}");
    let many = house.slash(members[2], "roll", &[("dice", "100d1000000".into())]).await.text();
    assert!(many.ends_with(" + …)") && many.len() < 400, "{many}");
    let none = house.slash(members[3], "roll", &[("dice", "0".into())]).await;
    assert!(none.text().starts_with("Those are no dice that I have") && none.ephemeral);
    bot.stop().await;
}

fn contents(world: &World, house: &House) -> Vec<String> {
    let channel = world.channel(house.inn.general).unwrap();
    channel.messages.iter().map(|message| message.text()).collect()
}

#[tokio::test]
async fn cleanup_takes_what_the_bot_and_its_commands_left_and_says_what_it_did() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    house.say(ada, "!ping");
    house.bot_says(house.inn.general, 1).await;
    house.clock.advance(15 * DAY);
    house.say(ada, "!hello");
    house.bot_says(house.inn.general, 2).await;
    house.say(bea, "hello!");
    house.say(bea, "!play something that is another bot's");
    house.say(bea, "!!!");
    house.promises_kept().await;
    let clean = |amount: i64| [("amount", Input::Whole(amount))];
    // In #bot-commands there is nothing to clean.
    let nothing = house.slash(house.inn.moderator, "cleanup", &clean(50)).await;
    assert!(nothing.ephemeral);
    assert!(nothing.text().starts_with("Nothing to delete: I looked at "), "{}", nothing.text());
    let asked = house.say(house.inn.moderator, "!cleanup 50");
    house.promises_kept().await;
    let told = house
        .sim
        .until(|world| {
            let direct = world.direct_messages(house.inn.moderator);
            direct.last().map(|message| message.text())
        })
        .await;
    assert_eq!(
        told,
        "Deleted 2 messages: 1 of mine, 1 to me. I looked at 7. 2 messages stay: Discord deletes nothing older than 14 \
         days at once.\n-# Kudos given in a deleted message go with it."
    );
    let left = contents(&house.sim.world(), &house);
    assert_eq!(left.len(), 6, "{left:?}");
    assert!(left.contains(&"!!!".to_owned()) && left.contains(&"!play something that is another bot's".to_owned()));
    assert!(house.sim.world().channel(house.inn.general).unwrap().message(asked).is_some(), "what came later stays");
    bot.stop().await;
}

#[tokio::test]
async fn where_the_bot_may_not_delete_it_says_so() {
    let house = House::new().await;
    let bot = house.start().await;
    let denied = 1_u64 << 13;
    house.sim.world().overwrite_role(house.inn.bot_commands, house.inn.bot_role.get(), 0, denied);
    let answer = house.slash(house.member(0), "hello", &[]).await;
    assert!(answer.text().starts_with("Hello"));
    house.slash(house.member(1), "hello", &[]).await;
    let told = house.slash(house.inn.moderator, "cleanup", &[]).await.text();
    assert!(told.starts_with("Nothing is deleted, as far as I know. "), "{told}");
    bot.stop().await;
}
