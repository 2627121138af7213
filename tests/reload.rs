//! Reading the configuration again while the bot runs: by /reload and by SIGHUP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
#[path = "support/process.rs"]
mod process;
mod support;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use house::{House, Running};
use innkeeper::config::{Recipe, load};
use process::{Process, kill};

/// A house whose configuration is a file.
struct Written {
    house: House,
    file: PathBuf,
}

impl Written {
    /// The file has these lines besides those that a simulated house needs.
    async fn open(lines: &str) -> (Self, Running) {
        let mut house = House::new().await;
        let file = house.config.store.path.with_file_name("innkeeper.toml");
        let written = |house| Self { house, file: file.clone() };
        let this = written(house);
        this.write(lines);
        house = this.house;
        house.config = load(Some(&file), Vec::new()).unwrap().config;
        let this = written(house);
        let bot = this.house.start().await;
        bot.bot.reads_again(Recipe { file: Some(file.clone()), environment: Vec::new() });
        (this, bot)
    }

    fn write(&self, lines: &str) {
        let url = self.house.sim.api_url();
        let head = format!("[discord]\napi_url = \"{url}\"\ncdn_url = \"{url}\"\n[store]\nbatch_seconds = 3600\n");
        std::fs::write(&self.file, format!("{head}{lines}")).unwrap();
    }

    async fn reload(&self) -> String {
        let answer = self.house.slash(self.house.inn.owner, "reload", &[]).await;
        assert!(answer.ephemeral);
        answer.text()
    }
}

fn problems(bot: &Running) -> Vec<String> {
    let problems = bot.bot.vitals().problems();
    problems.iter().map(|problem| format!("{}: {}", problem.name, problem.detail)).collect()
}

#[tokio::test]
async fn a_valid_file_is_taken_over_and_the_answer_says_what_changed() {
    let (written, bot) = Written::open("[levels]\nmessage_xp = 15\ndaily_bonus = 0\n").await;
    let house = &written.house;
    house.say(house.member(0), "before");
    bot.settle(house).await;
    assert_eq!(house.xp(house.member(0)), 15);
    written.write("[levels]\nmessage_xp = 20\ndaily_bonus = 0\n");
    let answer = written.reload().await;
    assert!(answer.contains("Changed") && answer.contains("levels.message\\_xp\\: 15 \\-\\> 20"), "{answer}");
    house.say_later(house.member(0), "after");
    bot.settle(house).await;
    assert_eq!(house.xp(house.member(0)), 35);
    assert!(written.reload().await.ends_with("nothing changed."));
    assert_eq!(problems(&bot), Vec::<String>::new());
    bot.stop().await;
}

#[tokio::test]
async fn an_invalid_file_changes_nothing_and_page_and_answer_show_file_and_line() {
    let (written, bot) = Written::open("[levels]\nmessage_xp = 15\ndaily_bonus = 0\n").await;
    let house = &written.house;
    for (lines, expected) in [
        ("[levels]\nmessage_xp = -3\ndaily_bonus = 0\n", "line 7: levels.message_xp must be between"),
        ("[levels]\nmessage_xp = 20\ndayly_bonus = 0\n", "line 8: there is no key levels.dayly_bonus"),
        ("[levels\n", "line 6"),
    ] {
        written.write(lines);
        let answer = written.reload().await.replace('\\', "");
        assert!(answer.starts_with("The configuration cannot be used, so everything stays as it was."), "{answer}");
        assert!(answer.contains("innkeeper.toml") && answer.contains(expected), "{answer}");
        let problems = problems(&bot);
        assert!(problems.len() == 1 && problems[0].contains("innkeeper.toml"), "{problems:?}");
        assert!(problems[0].starts_with("config.reload: ") && problems[0].contains(expected), "{problems:?}");
    }
    house.say(house.member(0), "still as before");
    bot.settle(house).await;
    assert_eq!(house.xp(house.member(0)), 15);
    written.write("[levels]\nmessage_xp = 15\ndaily_bonus = 0\n");
    assert!(written.reload().await.ends_with("nothing changed."));
    assert_eq!(problems(&bot), Vec::<String>::new());
    bot.stop().await;
}

/// Rooms that have to be told of members are off.
const QUIET: &str = "[moderation]\nenabled = false\n[levels]\nenabled = false\n[kudos]\nenabled = false\n";

#[tokio::test]
async fn what_needs_a_restart_is_named_and_the_rest_is_taken_over() {
    let (written, bot) = Written::open(QUIET).await;
    let lines = "[http]\nlisten = \"\"\n[welcome]\nenabled = true\nping = true\n";
    // What it brings takes a new session, and no two begin in a moment.
    written.house.clock.advance(Duration::from_secs(60));
    written.write(&format!("{QUIET}{lines}"));
    let answer = written.reload().await.replace('\\', "");
    let (changed, restart) = answer.split_once("Only after a restart").unwrap();
    assert!(changed.contains("welcome.ping: false -> true"), "{answer}");
    assert!(restart.contains("http.listen: \"127.0.0.1:8080\" -> \"\""), "{answer}");
    assert_eq!(bot.bot.config().http.listen, "127.0.0.1:8080");
    let told = problems(&bot);
    assert!(told.len() == 1 && told[0].starts_with("config.restart: Changed, but only after a restart"), "{told:?}");
    // Who comes and goes is told in a session that begins for it.
    written.house.sim.until(|world| (world.identifies() == 2).then_some(())).await;
    written.house.sim.connected().await;
    written.write(QUIET);
    written.reload().await;
    assert_eq!(problems(&bot), Vec::<String>::new());
    bot.stop().await;
}

#[tokio::test]
async fn whom_a_role_makes_staff_is_seen_once_the_role_is_in_the_settings() {
    let (written, bot) = Written::open("").await;
    let house = &written.house;
    house.clock.advance(Duration::from_secs(60));
    let (admin, role) = (house.inn.admin, house.inn.admin_role);
    written.write(&format!("[[roster.role]]\nrole = \"{role}\"\nrank = \"Admin\"\npriority = 10\n"));
    let answer = written.reload().await;
    assert!(answer.contains("Changed") && !answer.contains("restart"), "{answer}");
    while house.rows("SELECT user FROM roster WHERE status IS NOT NULL") != [admin.to_string()] {
        bot.settle(house).await;
    }
    // One that is switched on by the settings has those who were on it before.
    written.write("[roster]\nenabled = false\n");
    written.reload().await;
    written.write("");
    written.reload().await;
    assert_eq!(problems(&bot), Vec::<String>::new());
    bot.stop().await;
}

#[tokio::test]
async fn rooms_and_their_commands_come_and_go() {
    let (written, bot) = Written::open("").await;
    let house = &written.house;
    let registered = async |wanted: bool| {
        let guild = house.inn.guild;
        let has =
            |world: &innkeeper::sim::World| world.commands_in(guild).iter().any(|command| command.name == "levels");
        house.sim.until(move |world| (has(world) == wanted).then_some(())).await;
    };
    registered(true).await;
    written.write("[levels]\nenabled = false\n");
    written.reload().await;
    registered(false).await;
    written.write("[levels]\nenabled = true\n");
    written.reload().await;
    registered(true).await;
    bot.stop().await;
}

#[tokio::test]
async fn a_problem_of_the_old_settings_goes_with_them() {
    let (written, bot) = Written::open("[welcome]\nenabled = true\nchannel = \"123456789012345678\"\n").await;
    bot.settle(&written.house).await;
    assert!(problems(&bot)[0].starts_with("welcome.channel: "), "{:?}", problems(&bot));
    let wrong = "[welcome]\nenabled = true\nleave_channel = \"123456789012345678\"\n";
    written.write(wrong);
    written.reload().await;
    let told = problems(&bot);
    assert!(told.len() == 1 && told[0].starts_with("welcome.leave_channel: "), "{told:?}");
    written.write("");
    written.reload().await;
    assert_eq!(problems(&bot), Vec::<String>::new());
    bot.stop().await;
}

#[tokio::test]
async fn reload_is_for_those_who_manage_the_server() {
    let (written, bot) = Written::open("").await;
    let house = &written.house;
    house.say(house.member(0), "!reload");
    let said = house.bot_says(house.inn.general, 1).await;
    assert!(said[0].contains("for members with the permission Manage Server"), "{said:?}");
    bot.stop().await;
}

#[tokio::test]
async fn a_house_without_a_file_says_so() {
    let house = House::new().await;
    let bot = house.start().await;
    let answer = house.slash(house.inn.owner, "reload", &[]).await;
    assert!(answer.text().contains("not started from a configuration file"), "{}", answer.text());
    assert!(bot.bot.vitals().problems().is_empty(), "that is nothing to correct");
    bot.stop().await;
}

#[tokio::test]
async fn sighup_does_the_same_for_the_process() {
    let house = House::new().await;
    let file = house.config.store.path.with_file_name("innkeeper.toml");
    let url = house.sim.api_url();
    let write = |prefix: &str| {
        let toml = format!(
            "[discord]\napi_url = \"{url}\"\ncdn_url = \"{url}\"\nprefix = \"{prefix}\"\n[http]\nlisten = \"\"\n\
                [lamp]\nlisten = \"\"\n"
        );
        std::fs::write(&file, toml).unwrap();
    };
    write("!");
    let mut program = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
    program.args(["run", "--log", "error", "--config"]).arg(&file).env("DISCORD_BOT_TOKEN", house.sim.token());
    let process = Process::of(&mut program);
    house.sim.connected().await;
    house.say(house.member(0), "!ping");
    house.bot_says(house.inn.general, 1).await;
    let hang_up = || Command::new("kill").args(["-HUP", &process.id().to_string()]).status().unwrap();
    // What cannot be used ends nothing.
    std::fs::write(&file, "[discord\n").unwrap();
    assert!(hang_up().success());
    write("?");
    assert!(hang_up().success());
    // The signal is heard a moment later.
    let mut asked = 1;
    while house.sim.world().bot_messages(house.inn.general).len() < 2 {
        house.clock.advance(std::time::Duration::from_secs(10));
        house.say(house.member(asked % house::MEMBERS), "?ping");
        asked += 1;
        let answered = house.sim.until(|world| (world.bot_messages(house.inn.general).len() > 1).then_some(()));
        let _ = tokio::time::timeout(std::time::Duration::from_millis(200), answered).await;
        assert!(asked < 100, "the new prefix is never heard");
    }
    kill(process);
}
