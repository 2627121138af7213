//! Commands of a community's own: declared in the configuration, and like all others in every respect.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use house::{House, Running};
use innkeeper::config::{OwnCommand, Recipe, load};
use innkeeper::model::saying::MemberText;

fn rules() -> OwnCommand {
    let reply = MemberText::parse("Be kind, {name}. {guild} has {count} members. @everyone").unwrap();
    let aliases = vec!["law".to_owned()];
    OwnCommand { about: "Tells the rules".to_owned(), aliases, ..OwnCommand::new("rules", reply) }
}

async fn open(command: OwnCommand) -> (House, Running) {
    let house = House::with(|config| config.commands.push(command)).await;
    let bot = house.start().await;
    (house, bot)
}

#[tokio::test]
async fn it_answers_by_slash_and_by_prefix_and_pings_nobody() {
    let (house, bot) = open(rules()).await;
    let members = house.sim.world().guild(house.inn.guild).unwrap().members.len();
    let expected = format!("Be kind, Selo. The Lantern & Ladle has {members} members. @everyone");
    assert_eq!(house.slash(house.member(0), "rules", &[]).await.text(), expected);
    house.say(house.member(1), "!law");
    let said = house.bot_says(house.inn.general, 1).await;
    assert!(said[0].starts_with("Be kind, ") && said[0].ends_with("@everyone"), "{said:?}");
    let message = house.sim.world().bot_messages(house.inn.general)[0].clone();
    assert!(!message.pings.everyone && message.pings.users.is_empty());
    bot.stop().await;
}

#[tokio::test]
async fn it_is_in_help_and_passes_the_gate() {
    let (house, bot) = open(OwnCommand { ephemeral: true, cooldown_seconds: 30, ..rules() }).await;
    let help = house.slash(house.member(0), "help", &[("command", "2".into())]).await.text();
    assert!(help.contains("This server") && help.contains("`/rules` Tells the rules"), "{help}");
    assert!(house.slash(house.member(0), "rules", &[]).await.ephemeral);
    let again = house.slash(house.member(0), "rules", &[]).await.text();
    assert!(again.contains("`rules` again in"), "{again}");
    bot.stop().await;
}

#[tokio::test]
async fn names_that_are_taken_are_refused_with_their_line() {
    let (house, bot) = open(rules()).await;
    let file = house.config.store.path.with_file_name("innkeeper.toml");
    let recipe = Recipe { file: Some(file.clone()), environment: Vec::new() };
    let entry = |name: &str, more: &str| format!("[[command]]\nname = \"{name}\"\nreply = \"x\"\n{more}");
    let own = [
        (entry("rank", ""), "line 2: command.0.name has \"rank\", which is a command of Innkeeper's own"),
        (entry("kudos", ""), "line 2: command.0.name has \"kudos\""),
        (entry("fine", "aliases = [\"xp\"]"), "line 4: command.0.aliases has \"xp\""),
    ];
    bot.bot.reads_again(recipe);
    for (toml, expected) in own {
        std::fs::write(&file, &toml).unwrap();
        let said = house.slash(house.inn.owner, "reload", &[]).await.text().replace('\\', "");
        assert!(said.contains(expected), "{toml}: {said}");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_innkeeper"))
            .args(["config", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && told.contains(expected), "{told}");
    }
    let wrong = [
        (entry("Two Words", ""), "command.0.name has \"Two Words\"; a name is one word"),
        (entry("a", "") + &entry("a", ""), "line 5: command.1.name has \"a\", which another command is called already"),
        (entry("a", "cooldown_seconds = 90000"), "line 4: command.0.cooldown_seconds must be between 0 and 86400"),
        ("[[command]]\nname = \"a\"\nreply = \"hi {nmae}\"\n".to_owned(), "did you mean {name}?"),
        ("[[command]]\nname = \"a\"\n".to_owned(), "line 1: "),
    ];
    for (toml, expected) in wrong {
        std::fs::write(&file, &toml).unwrap();
        let words = load(Some(&file), Vec::new()).map(|loaded| loaded.config).unwrap_err().to_string();
        assert!(words.contains(expected), "{toml}: {words}");
    }
    bot.stop().await;
}

#[tokio::test]
async fn a_reload_brings_changes_and_takes_it_away() {
    let (house, bot) = open(rules()).await;
    let file = house.config.store.path.with_file_name("innkeeper.toml");
    bot.bot.reads_again(Recipe { file: Some(file.clone()), environment: Vec::new() });
    house.slash(house.member(0), "rules", &[]).await;
    std::fs::write(&file, "[[command]]\nname = \"rules\"\nreply = \"Sleep well.\"\nabout = \"Tells the rules\"\n")
        .unwrap();
    house.slash(house.inn.owner, "reload", &[]).await;
    assert_eq!(house.slash(house.member(1), "rules", &[]).await.text(), "Sleep well.");
    std::fs::write(&file, "").unwrap();
    house.slash(house.inn.owner, "reload", &[]).await;
    let guild = house.inn.guild;
    house.sim.until(|world| world.commands_in(guild).iter().all(|command| command.name != "rules").then_some(())).await;
    house.say(house.member(2), "!rules");
    bot.settle(&house).await;
    house.promises_kept().await;
    assert!(house.sim.world().bot_messages(house.inn.general).is_empty());
    bot.stop().await;
}
