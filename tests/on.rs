//! Rules of the operator's own: something happens, and what the configuration says is done, once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use house::{House, Running};
use innkeeper::config::{Recipe, load};
use innkeeper::model::ChannelId;
use innkeeper::sim::Strike;
use innkeeper::sim::world::{Input, SayOptions, VoiceFlags};
use rusqlite::Connection;

/// A house with these rules; `$off`, `$regular` and the like stand for ids of the inn.
async fn open(rules: &str) -> (House, Running) {
    let mut house = House::new().await;
    let rules = with_ids(&house, rules);
    let file = house.config.store.path.with_file_name("rules.toml");
    std::fs::write(&file, rules).unwrap();
    house.config.rules = load(Some(&file), Vec::new()).unwrap().config.rules;
    let bot = house.start().await;
    (house, bot)
}

fn with_ids(house: &House, rules: &str) -> String {
    let inn = &house.inn;
    let ids = [
        ("$general", inn.general.to_string()),
        ("$off", inn.off_topic.to_string()),
        ("$help", inn.help.to_string()),
        ("$regular", inn.regular_role.to_string()),
        ("$moderator", inn.moderator_role.to_string()),
        ("$ten", inn.level_10.to_string()),
    ];
    ids.iter().fold(rules.to_owned(), |rules, (name, id)| rules.replace(name, id))
}

impl House {
    /// What the bot wrote in #off-topic, once nothing more is on its way.
    async fn said(&self, bot: &Running) -> Vec<String> {
        self.said_in(bot, self.inn.off_topic).await
    }

    async fn said_in(&self, bot: &Running, channel: ChannelId) -> Vec<String> {
        bot.settle(self).await;
        self.promises_kept().await;
        self.sim.world().bot_messages(channel).iter().map(|message| message.text()).collect()
    }

    fn promised(&self) -> i64 {
        let database = Connection::open(&self.config.store.path).unwrap();
        let sql = "SELECT count(*) FROM promise WHERE origin GLOB '*:on.*'";
        database.query_row(sql, (), |row| row.get(0)).unwrap()
    }
}

fn problems(bot: &Running) -> Vec<String> {
    let problems = bot.bot.vitals().problems();
    problems.iter().filter(|problem| problem.name.starts_with("on.")).map(|problem| problem.detail.clone()).collect()
}

#[tokio::test]
async fn a_message_under_conditions_leads_to_several_actions() {
    let (house, bot) = open(
        "[[on]]\nevent = \"message\"\nchannels = [\"$general\"]\ncontains = \"KEYS\"\nmatches = \"(?i)lost|found\"\n\
            do = [{ send = \"{member} {name} in {channel}: {text}\", channel = \"$off\" },\n\
            { add_role = \"$regular\" }]\n\
        [[on]]\nevent = \"message\"\ncontains = \"keys\"\ndo = [{ send = \"{name}, at the bar.\" }]",
    )
    .await;
    let ada = house.member(0);
    house.sim.world().say(house.inn.help, ada, "nothing here", SayOptions::default()).unwrap();
    house.say(house.member(1), "my keys are here");
    house.say(ada, "I Lost my keys, @everyone");
    let expected = format!("<@{ada}> Selo in <#{}>: I Lost my keys, \\@everyone", house.inn.general);
    assert_eq!(house.said(&bot).await, [expected]);
    assert!(house.sim.world().has_role(house.inn.guild, ada, house.inn.regular_role));
    let here = house.said_in(&bot, house.inn.general).await;
    assert!(here.len() == 2 && here[1] == "Selo, at the bar.", "{here:?}");
    assert_eq!(problems(&bot), Vec::<String>::new());
    bot.stop().await;
}

#[tokio::test]
async fn an_event_that_comes_again_is_no_second_occasion() {
    let (house, bot) = open("[[on]]\nevent = \"message\"\ndo = [{ send = \"heard\", channel = \"$off\" }]").await;
    house.say(house.member(0), "one");
    assert_eq!(house.said(&bot).await.len(), 1);
    house.sim.faults().strike(Strike::InvalidSession(true));
    house.say(house.member(0), "two");
    assert_eq!(house.said(&bot).await.len(), 2);
    bot.stop().await;
    let bot = house.start().await;
    assert_eq!((house.said(&bot).await.len(), house.promised()), (2, 2));
    bot.stop().await;
}

#[tokio::test]
async fn members_come_once_they_accepted_the_rules_and_leave() {
    let (house, bot) = open(
        "[[on]]\nevent = \"member_join\"\n\
            do = [{ send = \"in: {name}\", channel = \"$off\" }, { add_role = \"$regular\" }]\n\
        [[on]]\nevent = \"member_leave\"\ndo = [{ send = \"out: {name}\", channel = \"$off\" }]",
    )
    .await;
    let guild = house.inn.guild;
    let mira = house.sim.world().join_screened(guild, "Mira");
    assert!(house.said(&bot).await.is_empty());
    house.sim.world().accept_rules(guild, mira).unwrap();
    assert_eq!(house.said(&bot).await, ["in: Mira"]);
    assert!(house.sim.world().has_role(guild, mira, house.inn.regular_role));
    house.sim.world().leave(guild, mira).unwrap();
    assert_eq!(house.said(&bot).await, ["in: Mira", "out: Mira"]);
    let music = house.sim.world().add_bot("Music");
    house.sim.world().rejoin(guild, music);
    assert_eq!(house.said(&bot).await.len(), 2, "bots do not count");
    bot.stop().await;
}

#[tokio::test]
async fn reactions_and_voice_are_occasions() {
    let (house, bot) = open(
        "[[on]]\nevent = \"reaction\"\ncontains = \"🔑\"\n\
            do = [{ remove_role = \"$regular\" }, { send = \"{name} {emoji}\", \
            channel = \"$off\" }]\n\
        [[on]]\nevent = \"voice\"\ndo = [{ send = \"{name} sits at {channel}\", channel = \"$off\" }]",
    )
    .await;
    let (guild, ada) = (house.inn.guild, house.member(0));
    house.sim.world().give_role(guild, ada, house.inn.regular_role).unwrap();
    let message = house.say(house.member(1), "react!");
    house.sim.world().react(house.inn.general, message, ada, "👍").unwrap();
    house.sim.world().react(house.inn.general, message, ada, "🔑").unwrap();
    assert_eq!(house.said(&bot).await, ["Selo 🔑"]);
    assert!(!house.sim.world().has_role(guild, ada, house.inn.regular_role));
    let fireside = Some(house.inn.fireside);
    house.sim.world().voice(guild, ada, fireside, VoiceFlags::default()).unwrap();
    let muted = VoiceFlags { self_mute: true, ..VoiceFlags::default() };
    house.sim.world().voice(guild, ada, fireside, muted).unwrap();
    assert_eq!(house.said(&bot).await.len(), 2, "a mute is no coming");
    bot.stop().await;
}

#[tokio::test]
async fn what_rooms_tell_counts_too() {
    let (house, bot) = open(
        "[[on]]\nevent = \"level_up\"\ndo = [{ send = \"{name} is at {level}\", channel = \"$off\" }]\n\
        [[on]]\nevent = \"case\"\ncontains = \"spam\"\n\
            do = [{ send = \"{kind} {case}: {reason}\", channel = \"$off\" }]\n\
        [[on]]\nevent = \"kudos\"\ndo = [{ send = \"{amount} for {name}\", channel = \"$off\" }]\n\
        [[on]]\nevent = \"guild_join\"\ndo = [{ send = \"hello, {guild}\", channel = \"$off\" }]",
    )
    .await;
    assert_eq!(house.said(&bot).await, ["hello, The Lantern & Ladle"]);
    let ada = house.member(0);
    for _ in 0..34 {
        house.say_later(ada, "hello");
    }
    house.said(&bot).await;
    let warning = |reason: &'static str| [("member", Input::from(ada)), ("reason", Input::from(reason))];
    house.slash(house.inn.moderator, "warn", &warning("rude")).await;
    house.slash(house.inn.moderator, "warn", &warning("*spam*")).await;
    house.slash(house.inn.moderator, "note", &[("member", ada.into()), ("text", "spam, maybe".into())]).await;
    house.slash(house.member(1), "kudos give", &[("member", ada.into()), ("amount", 2.into())]).await;
    let mut said = house.said(&bot).await;
    said.retain(|line| !line.starts_with("hello"));
    assert_eq!(said, ["Selo is at 2", "warn 2: \\*spam\\*", "2 for Selo"]);
    bot.stop().await;
    let bot = house.start().await;
    assert_eq!(house.said(&bot).await.len(), 4, "the server was known");
    bot.stop().await;
}

#[tokio::test]
async fn an_action_that_fails_is_named_and_stops_no_other() {
    let (house, bot) = open(
        "[[on]]\nevent = \"message\"\nname = \"Keys\"\ndo = [\n{ add_role = \"$moderator\" },\n\
            { webhook = \"https://localhost:9/hook?key=hidden\" },\n{ send = \"done\", channel = \"$off\" } ]",
    )
    .await;
    house.say(house.member(0), "hello");
    assert_eq!(house.said(&bot).await, ["done"]);
    assert!(!house.sim.world().has_role(house.inn.guild, house.member(0), house.inn.moderator_role));
    let told = problems(&bot);
    assert!(told.len() == 2 && told[0].starts_with("The rule “Keys” could not do all it should: its role"), "{told:?}");
    assert!(told[1].ends_with("The webhook leads to a private address, and I post to none."), "{told:?}");
    let open = house.slash(house.inn.owner, "promises", &[]).await.text().replace('\\', "");
    assert!(open.contains("post to localhost because of the rule “Keys”"), "{open}");
    assert!(open.contains("The webhook leads to a private address, and I post to none."), "{open}");
    assert!(!open.contains("hidden"), "{open}");
    bot.stop().await;
}

#[tokio::test]
async fn two_bots_that_answer_each_other_do_not_loop() {
    let (house, bot) = open(
        "[[on]]\nevent = \"message\"\nfrom_bot = true\ndo = [{ send = \"what did you say?\" }]\n\
        [[on]]\nevent = \"message\"\ndo = [{ send = \"a person!\", channel = \"$off\" }]",
    )
    .await;
    let echo = house.sim.world().add_bot("Echo");
    house.sim.world().rejoin(house.inn.guild, echo);
    // It answers everything that we say.
    for turn in 1..=10_usize {
        house.say(echo, "say that again");
        let said = house.said_in(&bot, house.inn.general).await;
        assert_eq!(said.len(), turn.min(3), "our own words are no occasion, and three answers a minute are enough");
    }
    assert!(house.said(&bot).await.is_empty(), "without from_bot, bots do not count");
    assert!(problems(&bot)[0].contains("answers a bot again and again"), "{:?}", problems(&bot));
    bot.stop().await;
}

#[tokio::test]
async fn rules_change_with_the_settings_and_addresses_stay_secret() {
    let (house, bot) = open("[[on]]\nevent = \"message\"\ndo = [{ webhook = \"https://localhost/a-secret\" }]").await;
    let file = house.config.store.path.with_file_name("rules.toml");
    bot.bot.reads_again(Recipe { file: Some(file.clone()), environment: Vec::new() });
    // The rest of the file is the default, unlike the house.
    house.slash(house.inn.owner, "reload", &[]).await;
    std::fs::write(&file, "[[on]]\nevent = \"message\"\ndo = [{ webhook = \"https://localhost/b-secret\" }]").unwrap();
    let told = house.slash(house.inn.owner, "reload", &[]).await.text().replace('\\', "");
    assert!(told.contains("on: *** -> ***") && !told.contains("secret"), "{told}");
    let rule = "[[on]]\nevent = \"message\"\ndo = [{ send = \"new\", channel = \"$off\" }]";
    std::fs::write(&file, with_ids(&house, rule)).unwrap();
    let told = house.slash(house.inn.owner, "reload", &[]).await.text();
    assert!(told.contains("\\*\\*\\*") && !told.contains("secret"), "{told}");
    house.say(house.member(0), "hello");
    assert_eq!(house.said(&bot).await, ["new"]);
    std::fs::write(&file, "[[on]]\nevent = \"massage\"\ndo = [{ webhook = \"http://x/c-secret\" }]").unwrap();
    let told = house.slash(house.inn.owner, "reload", &[]).await.text().replace('\\', "");
    assert!(told.contains("rules.toml, line ") && !told.contains("secret"), "{told}");
    bot.stop().await;
}
