//! A story about the library: the example, opened against the simulated Discord.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../examples/greeter.rs"]
#[allow(dead_code, reason = "its main is another's")]
mod greeter;
#[path = "support/house.rs"]
mod house;
mod support;

use std::time::Duration;

use house::House;
use innkeeper::command::{Command, Plan};
use innkeeper::model::Outgoing;

fn twin(name: &'static str) -> Command {
    Command::open(name, "Is there twice", "x", &[], |_, _, _| Ok(Plan::reply(Outgoing::text("x"))))
}

const BROKEN: Command = Command::open("broken", "Never works", "x", &[], |cx, _, _| {
    cx.tx.write()?.execute("INSERT INTO nowhere VALUES (1)", ())?;
    Ok(Plan::reply(Outgoing::text("x")))
});

#[tokio::test]
async fn a_program_of_ones_own_has_commands_handlers_and_features() {
    let told = innkeeper::builder().command(twin("rank")).install().unwrap_err();
    assert_eq!(told.text(), "there are two commands called rank");
    let told = innkeeper::Bot::builder().on("levels", |_| &[], |_, _| Ok(())).install().unwrap_err();
    assert_eq!(told.text(), "there are two features called levels");
    greeter::builder().command(BROKEN).install().unwrap();
    assert!(innkeeper::builder().command(twin("late")).install().unwrap_err().text().contains("were added before"));

    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    let name = house.sim.world().name_of(house.inn.guild, ada).to_owned();
    let soup = house.slash(ada, "soup", &[("guests", 4.into())]).await.text();
    assert_eq!(soup, format!("{name}: leek and potato for 4."));
    let refused = house.slash(bea, "soup", &[("guests", 30.into())]).await;
    assert_eq!((refused.text().as_str(), refused.ephemeral), ("The pot is not that large: ask for at most 20.", true));

    house.say(bea, "good evening");
    assert_eq!(house.bot_says(house.inn.general, 1).await, ["Good evening! The fire is lit."]);
    house.say_later(ada, "and to you");
    bot.settle(&house).await;
    assert_eq!(house.slash(ada, "regulars", &[]).await.text(), "2 people wrote 2 messages.");

    // What the house does for its own commands, it does for these.
    house.slash(house.inn.owner, "commands disable", &[("command", "soup".into())]).await;
    assert!(house.slash(bea, "soup", &[]).await.text().starts_with("`soup` is switched off in this server."));
    let broken = house.slash(ada, "broken", &[]).await;
    assert!(broken.ephemeral && broken.text().starts_with("Something went wrong on my side"), "{}", broken.text());
    let usage = house.slash(house.inn.owner, "commands usage", &[]).await.text();
    assert!(usage.contains("`/broken` **1** (1 fault) · "), "{usage}");
    house.clock.advance(Duration::from_secs(60));
    let mine = house.slash(bea, "mydata delete", &[]).await.text();
    assert!(mine.contains("**1** how often you wrote"), "{mine}");
    bot.stop().await;
}
