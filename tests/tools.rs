//! Tools: what members see of them, claim by option and by button, and what those outside are told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use expect_test::expect;
use house::House;
use innkeeper::bot::Audience;
use innkeeper::config::LevelUpText;
use innkeeper::features::levels::tools;
use innkeeper::model::UserId;
use innkeeper::sim::world::Message;
use rusqlite::Connection;
use serde_json::Value;

async fn set_level(house: &House, member: UserId, level: i64) {
    house.slash(house.inn.admin, "setlevel", &[("member", member.into()), ("level", level.into())]).await;
}

fn labels(message: &Message) -> Vec<&str> {
    message.buttons().filter_map(|button| button["label"].as_str()).collect()
}

fn database(house: &House) -> Connection {
    Connection::open(&house.config.store.path).unwrap()
}

/// What is unlocked, as the names of tools.
fn unlocked(house: &House, member: UserId) -> Vec<String> {
    let database = database(house);
    let sql = "SELECT name FROM tool_unlock JOIN tool ON tool = id WHERE user = ?1 ORDER BY name";
    let mut statement = database.prepare(sql).unwrap();
    let names = statement.query_map([member.sql()], |row| row.get(0)).unwrap();
    names.map(|name| name.unwrap()).collect()
}

#[tokio::test]
async fn the_list_says_what_is_mine_what_i_can_have_and_what_comes_later() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    set_level(&house, ada, 5).await;
    house.slash(ada, "tools", &[("claim", "basic chat".into())]).await;
    let listed = house.slash(ada, "tools", &[]).await;
    assert!(!listed.ephemeral);
    expect![[r#"
        Tools
        **Basic**
        ✅ 💬 **Basic Chat** (unlocked): Chat with the bot
        🔓 🎨 **Profile Customization** (available): Make your profile your own
        🔓 🏆 **Leaderboard View** (available): See who stands where
        🔓 🎁 **Daily Rewards** (available): Something for coming back each day

        **Member**
        🔒 🎤 Voice Channels · level 11
        🔒 😀 Custom Emojis · level 11
        🔒 📊 Poll Creator · level 15
        🔒 🎵 Music Bot · level 20

        **Advanced**
        🔒 🤖 AI Chat Assistant · level 26
        🔒 💻 Code Helper · level 26
        🔒 🌄 Image Generation · level 30
        🔒 📈 Advanced Analytics · level 40

        **Elite**
        🔒 🔧 Custom Commands · level 51
        🔒 🔰 Auto\-Moderation · level 51
        🔒 🌐 Web Scraper · level 60
        🔒 📚 Database Access · level 70

        **Master**
        🔒 📋 Admin Dashboard · level 76
        🔒 🔩 Bot Configuration · level 76
        🔒 🧰 MCP Tools · level 80
        🔒 🔑 API Access · level 90

        You are at level 5 · 1 of 20 unlocked · a button, or /tools claim:, unlocks"#]]
    .assert_eq(&listed.text());
    let message = listed.message.unwrap();
    assert_eq!(labels(&message), ["🎨 Profile Customization", "🏆 Leaderboard View", "🎁 Daily Rewards"]);
    bot.stop().await;
}

#[tokio::test]
async fn whoever_reached_everything_has_a_button_for_each() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    set_level(&house, ada, 100).await;
    let listed = house.slash(ada, "tools", &[]).await.message.unwrap();
    assert_eq!(labels(&listed).len(), 20);
    assert_eq!(listed.components.len(), 4);
    bot.stop().await;
}

#[tokio::test]
async fn a_claim_by_option_unlocks_once_and_says_so_the_second_time() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    let mut happens = bot.bot.happenings().subscribe();
    let claimed = house.slash(ada, "tools", &[("claim", "BASIC chat ".into())]).await;
    assert_eq!(claimed.text(), "💬 **Basic Chat** is unlocked: Chat with the bot.");
    assert_eq!(unlocked(&house, ada), ["Basic Chat"], "what an answer tells is on the disk");
    let told = happens.recv().await.unwrap();
    assert_eq!((told.kind, told.guild, told.audience), ("tool_unlocked", house.inn.guild, Audience::Everybody));
    let json = told.json();
    assert_eq!((&json["tool_name"], &json["user_id"]), (&"Basic Chat".into(), &Value::String(ada.to_string())));
    house.say(ada, "!tools basic chat");
    let seconds = house.clock.now().ms() / 1_000;
    let again = house.bot_says(house.inn.general, 1).await;
    assert_eq!(again, [format!("**Basic Chat** is already unlocked, since <t:{seconds}:D>.")]);
    assert!(happens.try_recv().is_err(), "nothing happened the second time");
    assert_eq!(unlocked(&house, ada).len(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn what_the_level_does_not_bring_yet_or_nobody_knows_is_refused_in_words() {
    let house = House::new().await;
    let bot = house.start().await;
    let ada = house.member(0);
    for (word, words) in [
        ("poll creator", "**Poll Creator** comes with level 15; you are at level 1."),
        ("@everyone", "There is no tool “\\@everyone”. `/tools` lists those there are."),
    ] {
        let refused = house.slash(ada, "tools", &[("claim", word.into())]).await;
        assert_eq!((refused.text().as_str(), refused.ephemeral), (words, true));
    }
    database(&house).execute("UPDATE tool SET enabled = 0 WHERE name = 'Basic Chat'", ()).unwrap();
    let refused = house.slash(ada, "tools", &[("claim", "Basic Chat".into())]).await;
    assert_eq!(refused.text(), "**Basic Chat** is switched off here.");
    assert!(!house.slash(ada, "tools", &[]).await.text().contains("Basic Chat"));
    assert!(unlocked(&house, ada).is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn a_button_claims_for_whoever_presses_it_and_works_after_a_restart() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, bea) = (house.member(0), house.member(1));
    set_level(&house, ada, 15).await;
    let listed = house.slash(ada, "tools", &[]).await.message.unwrap();
    let claimed = house.press(ada, &listed, "📊 Poll Creator").await;
    assert!(claimed.ephemeral && claimed.text().starts_with("📊 **Poll Creator** is unlocked"), "{}", claimed.text());
    let refused = house.press(bea, &listed, "📊 Poll Creator").await;
    assert_eq!(refused.text(), "**Poll Creator** comes with level 15; you are at level 1.");
    let ids: Vec<String> = tool_ids(&house);
    bot.stop().await;
    let bot = house.start().await;
    assert_eq!(tool_ids(&house), ids, "the catalogue is read once");
    // Renamed meanwhile, it is still the same tool.
    database(&house).execute("UPDATE tool SET name = 'Chatter' WHERE name = 'Basic Chat'", ()).unwrap();
    let claimed = house.press(ada, &listed, "💬 Basic Chat").await;
    assert_eq!(claimed.text(), "💬 **Chatter** is unlocked: Chat with the bot.");
    assert!(house.press(ada, &listed, "📊 Poll Creator").await.text().contains("already unlocked"));
    assert_eq!(unlocked(&house, ada), ["Chatter", "Poll Creator"]);
    bot.stop().await;
}

fn tool_ids(house: &House) -> Vec<String> {
    let database = database(house);
    let mut statement = database.prepare("SELECT id FROM tool ORDER BY id").unwrap();
    let ids = statement.query_map((), |row| row.get(0)).unwrap();
    ids.map(|id| id.unwrap()).collect()
}

#[tokio::test]
async fn a_level_up_is_told_to_those_who_listen_once_it_is_on_the_disk() {
    let house = House::with(|config| config.levels.announce = innkeeper::config::Announce::Off).await;
    let bot = house.start().await;
    let ada = house.member(0);
    house.slash(house.inn.admin, "addxp", &[("member", ada.into()), ("amount", 490.into())]).await;
    let mut happens = bot.bot.happenings().subscribe();
    house.say(ada, "hello");
    let told = happens.recv().await.unwrap();
    assert!(house.xp(ada) >= 500);
    let json = told.json();
    assert_eq!((told.kind, &json["old_level"], &json["new_level"]), ("level_up", &1.into(), &2.into()));
    assert_eq!((&json["username"], &json["guild_id"]), (&"Selo".into(), &house.inn.guild.to_string().into()));
    house.say_later(ada, "and no level");
    bot.settle(&house).await;
    assert!(happens.try_recv().is_err());
    bot.stop().await;
}

#[tokio::test]
async fn the_announcement_can_name_what_a_level_makes_available() {
    let text = "{member} is at level {level}. New: {tools}";
    let house = House::with(|config| config.levels.message = LevelUpText::parse(text).unwrap()).await;
    let bot = house.start().await;
    let ada = house.member(0);
    let almost = house.config.levels.curve.total(5) - 1;
    house.slash(house.inn.admin, "addxp", &[("member", ada.into()), ("amount", almost.into())]).await;
    house.say(ada, "hello");
    let said = house.bot_says(house.inn.general, 1).await;
    assert_eq!(said, [format!("<@{ada}> is at level 5. New: Daily Rewards")]);
    bot.stop().await;
}

#[tokio::test]
async fn only_what_is_switched_on_becomes_available() {
    let house = House::new().await;
    let bot = house.start().await;
    let between = |before, after| tools::available_between(&database(&house), before, after).unwrap();
    assert_eq!(between(1, 5), ["Daily Rewards"]);
    assert_eq!(between(10, 15), ["Voice Channels", "Custom Emojis", "Poll Creator"]);
    assert!(between(5, 5).is_empty() && between(9, 3).is_empty());
    database(&house).execute("UPDATE tool SET enabled = 0 WHERE name = 'Daily Rewards'", ()).unwrap();
    assert!(between(1, 5).is_empty());
    bot.stop().await;
}
