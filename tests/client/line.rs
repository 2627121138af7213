//! `innkeeper api` as a process, against the real door.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::door::OpenDoor;
use crate::house::House;
use crate::open;
use crate::support::Folder;

/// What came of a line.
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Somebody at a terminal.
struct Terminal {
    folder: Folder,
    environment: Vec<(&'static str, String)>,
}

impl Terminal {
    fn at(door: &OpenDoor, key: &str) -> Self {
        let url = format!("http://{}", door.addr);
        Self { folder: Folder::new(), environment: vec![("INNKEEPER_URL", url), ("INNKEEPER_API_KEY", key.to_owned())] }
    }

    fn bare() -> Self {
        Self { folder: Folder::new(), environment: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// `innkeeper api` and this.
    async fn api(&self, line: &str) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
        command.arg("api").args(line.split(' ').map(|word| word.replace('+', " ")));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path()).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What it prints where it goes well.
    async fn out(&self, line: &str) -> String {
        let Said { code, out, err } = self.api(line).await;
        assert_eq!(code, 0, "{line}: {out}{err}");
        out
    }

    async fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.out(line).await).unwrap()
    }
}

#[tokio::test]
async fn records_are_shown_and_changed_on_the_command_line() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = crate::client::key(&bot.bot, "k", "moderate admin write impersonate", None, None).await;
    let (guild, ada, bea) = (house.inn.guild, house.member(0), house.member(1));
    let me = Terminal::at(&door, &key);

    let none = me.api(&format!("cases list --guild {guild}")).await;
    assert_eq!((none.code, none.out.as_str(), none.err.as_str()), (0, "", "There are none.\n"));
    let said = me.out(&format!("cases create warn --guild {guild} --user {ada} --reason off+topic")).await;
    assert!(said.contains("Case **1**"), "{said}");
    me.out(&format!("cases create note --guild {guild} --user {bea} --reason x")).await;
    let list = me.api(&format!("cases list --guild {guild} --limit 1")).await;
    assert!(list.out.starts_with("no  kind  member") && list.out.contains("\n2   note  "), "{}", list.out);
    assert_eq!(list.err, "There are more: --offset 1 goes on.\n");
    let json = me.json(&format!("cases list --guild {guild} --user {ada} --kind warn --json")).await;
    assert_eq!((&json["total"], &json["items"][0]["reason"]), (&json!(1), &json!("off topic")));
    me.out(&format!("cases edit 1 --guild {guild} --reason loud")).await;
    let resolved = me.out(&format!("cases resolve 1 --guild {guild} --note sorry")).await;
    assert!(resolved.contains("reason    loud\n") && resolved.contains(": sorry\n"), "{resolved}");
    assert!(!me.out(&format!("cases reopen 1 --guild {guild}")).await.contains("sorry"));
    assert!(me.out(&format!("cases hide 1 --guild {guild}")).await.contains("hidden  yes"));
    assert_eq!(me.json(&format!("cases hide 1 --off --guild {guild} --json")).await["hidden"], false);
    assert_eq!(me.json(&format!("--json cases show 1 --guild {guild}")).await["kind"], "warn");

    me.out(&format!("xp give --guild {guild} --user {ada} --amount 1500")).await;
    me.out(&format!("xp give --guild {guild} --user {ada} --amount -100")).await;
    assert!(me.out(&format!("xp show --guild {guild} --user {ada}")).await.contains("xp      1,400\n"));
    assert!(me.out(&format!("xp history --guild {guild} --user {ada}")).await.contains("-100    1,400"));
    assert!(me.out(&format!("leaderboard --guild {guild}")).await.contains(&format!("1     {ada}  ")));

    let thanks = format!("kudos give --guild {guild} --to {bea} --reason soup --act-as {ada}");
    assert!(!me.out(&thanks).await.is_empty());
    assert!(me.out(&format!("kudos list --guild {guild} --user {ada}")).await.contains("soup"));
    assert_eq!(me.json(&format!("kudos board --guild {guild} --window week --json")).await["items"][0]["amount"], 1);

    let got = me.json(&format!("get /api/guilds/{guild}/cases?kind=note")).await;
    assert_eq!(got["items"][0]["number"], 2);
    let xp = me.json(&format!(r#"post /api/guilds/{guild}/members/{bea}/xp {{"amount":7}}"#)).await;
    assert_eq!(xp["member"]["xp"], 7);
    let edited = me.json(&format!(r#"patch /api/guilds/{guild}/cases/2 {{"reason":"y"}}"#)).await;
    assert_eq!(edited["reason"], "y");
    assert_eq!(me.api(&format!("delete /api/guilds/{guild}/cases/2")).await.code, 1, "no case goes");
    bot.stop().await;
}

#[tokio::test]
async fn a_no_is_told_in_the_servers_words() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let guild = house.inn.guild;
    let key = crate::client::key(&bot.bot, "k", "read", None, None).await;
    let me = Terminal::at(&door, &key);
    let forbidden = me.api(&format!("cases list --guild {guild} --json")).await;
    assert_eq!((forbidden.code, forbidden.out.as_str()), (1, ""));
    assert_eq!(forbidden.err, "innkeeper: This is for keys with the scope `moderate`.\n");
    let wrong = Terminal::at(&door, "ink_wrong").api(&format!("leaderboard --guild {guild}")).await;
    assert_eq!((wrong.code, wrong.err.as_str()), (1, "innkeeper: This key is not good.\n"));
    let missing = me.api("get /api/nothing").await;
    assert!(missing.code == 1 && !missing.err.contains(&key), "{}", missing.err);
    bot.stop().await;
}

#[tokio::test]
async fn the_key_comes_from_a_file_and_the_address_from_the_configuration() {
    let house = House::new().await;
    let (bot, door) = open(&house).await;
    let key = crate::client::key(&bot.bot, "k", "read", None, None).await;
    let board = format!("leaderboard --guild {}", house.inn.guild);
    let me = Terminal::bare();
    std::fs::write(me.folder.file("key"), format!("{key}\n")).unwrap();
    std::fs::write(me.folder.file("two"), "two keys").unwrap();
    std::fs::write(me.folder.file("innkeeper.toml"), format!("[http]\nlisten = \"{}\"\n", door.addr)).unwrap();
    std::fs::write(me.folder.file("deaf.toml"), "[http]\nlisten = \"\"\n").unwrap();
    let public = format!("[http]\nlisten = \"\"\npublic_url = \"http://{}\"\n", door.addr);
    std::fs::write(me.folder.file("public.toml"), public).unwrap();
    me.out(&format!("--key-file key {board}")).await;
    me.out(&format!("{board} --key-file key --config public.toml")).await;
    // What is only for the client is no setting.
    let me = me.with("INNKEEPER_API_KEY", key.as_str());
    me.out(&board).await;
    for (line, words) in [
        ("--url inn.example", "written as https://inn.example"),
        ("--key-file none", "the key cannot be read from none"),
        ("--key-file two", "a key is one word"),
        ("--config deaf.toml", "where is the instance?"),
        ("--config none.toml", "There is no configuration file none.toml."),
    ] {
        let said = me.api(&format!("{board} {line}")).await;
        assert!(said.code == 2 && said.err.contains(words), "{line}: {}", said.err);
    }
    bot.stop().await;
}

#[tokio::test]
async fn a_line_that_is_wrong_is_code_2_and_one_that_reaches_nobody_is_code_1() {
    let nowhere = Terminal::bare().with("INNKEEPER_URL", "http://127.0.0.1:9").with("INNKEEPER_API_KEY", "ink_x");
    for line in [
        "",
        "cases list",
        "cases list --guild x",
        "cases list --guild 1 --kind hug",
        "cases create hug --guild 1 --user 2",
        "cases create ban --guild 1 --user 2 --duration soon",
        "kudos board --guild 1 --window year",
        "xp give --guild 1 --user 2",
        "get api",
        "post /api/x {",
        "post /api/x -",
    ] {
        let said = nowhere.api(line).await;
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}: {}", said.err);
    }
    let said = Terminal::bare().with("INNKEEPER_URL", "http://127.0.0.1:9").api("leaderboard --guild 1").await;
    assert!(
        said.code == 2 && said.err.contains("INNKEEPER_API_KEY") && said.err.contains("--key-file"),
        "{}",
        said.err
    );
    let said = nowhere.api("leaderboard --guild 1").await;
    assert!(said.code == 1 && said.err.starts_with("innkeeper: the server cannot be reached: "), "{}", said.err);
}
