//! Moving in from another bot: for each format a dry run, the import, the same again, and back; what is wrong with a
//! file; and all of it beside a bot that runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering::Relaxed;

use expect_test::expect;
use house::House;
use innkeeper::model::UserId;
use innkeeper::sim::world::{Input, SayOptions};
use rusqlite::Connection;
use serde_json::Value;
use support::{Folder, open_store};

const GUILD: i64 = 700_000_000_000_000_001;
/// Two are in the server, one has left, and one was never seen.
const MOSSY: i64 = 700_000_000_000_000_011;
const UNAL: i64 = 700_000_000_000_000_012;
const GONE: i64 = 700_000_000_000_000_013;

fn sample(name: &str) -> String {
    format!("{}/tests/data/import/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A folder with a database in which a bot has seen a little, and a configuration with two level roles.
struct Moving {
    folder: Folder,
}

impl Moving {
    fn new() -> Self {
        let folder = Folder::new();
        open_store(&folder.file("innkeeper.db")).0.close();
        let roles = "[[levels.role]]\nlevel = 5\nrole = \"700000000000000021\"\n\
            [[levels.role]]\nlevel = 15\nrole = \"700000000000000022\"\n";
        std::fs::write(folder.file("innkeeper.toml"), roles).unwrap();
        let moving = Self { folder };
        let sql = format!(
            "INSERT INTO member (guild, user, name, present) VALUES ({GUILD}, {MOSSY}, 'mossy', 1),
                ({GUILD}, {UNAL}, 'ünal', 1), ({GUILD}, {GONE}, 'gone', 0);
            INSERT INTO xp (guild, user, xp, last_message) VALUES ({GUILD}, {UNAL}, 12000, 0);
            INSERT INTO ledger (guild, user, what, amount, after, source, at)
                VALUES ({GUILD}, {UNAL}, 'message', 12000, 12000, 0, 0)"
        );
        moving.database().execute_batch(&sql).unwrap();
        moving
    }

    fn database(&self) -> Connection {
        Connection::open(self.folder.file("innkeeper.db")).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        run(self.folder.path(), arguments)
    }

    /// The outcome as JSON; the verb has to succeed.
    fn json(&self, arguments: &[&str]) -> Value {
        let (code, out, err) = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    }

    /// Everybody's XP, and whether they are hidden.
    fn balances(&self) -> Vec<(i64, i64, bool)> {
        let database = self.database();
        let mut statement = database.prepare("SELECT user % 100, xp, away FROM xp ORDER BY user").unwrap();
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(|row| row.unwrap()).collect()
    }

    fn rows(&self) -> i64 {
        self.database().query_row("SELECT count(*) FROM ledger", (), |row| row.get(0)).unwrap()
    }

    fn copies(&self) -> usize {
        let names = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains(".before-")).count()
    }
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    run_with(folder, arguments, &[])
}

fn run_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
    command.current_dir(folder).env_clear().env("HOME", folder).envs(environment.iter().copied());
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A dry run, the import, the same again, with --add as well, and all of it back.
fn story(source: &str, files: &[&str], balances: [i64; 3]) {
    let moving = Moving::new();
    let files: Vec<String> = files.iter().map(|name| sample(name)).collect();
    let mut import: Vec<&str> = vec!["import", source];
    import.extend(files.iter().map(String::as_str));
    import.extend(["--guild", "700000000000000001"]);
    let start = moving.balances();

    let dry = moving.json(&import);
    let counts = &dry["counts"];
    let count = |name: &str| counts[name].as_i64().unwrap();
    assert_eq!((count("members"), count("matched"), count("not_in_guild")), (4, 2, 2), "{source}");
    assert_eq!(count("invalid"), 0, "{source}");
    assert_eq!((count("raised"), count("lowered"), count("unchanged")), (2, 1, 1), "{source}: {dry}");
    assert_eq!((count("roles_to_add"), count("roles_to_remove")), (2, 0), "{source}");
    assert_eq!((moving.balances(), moving.copies(), moving.rows()), (start.clone(), 0, 1), "a dry run writes nothing");

    let apply = [&import[..], &["--apply"]].concat();
    let done = moving.json(&apply);
    assert_eq!((&done["batch"], &done["changes"]), (&"B1".into(), &2.into()), "{source}: {done}");
    let [mossy, unal, gone] = balances;
    assert_eq!(moving.balances(), [(11, mossy, false), (12, unal, false), (13, gone, true)], "{source}");
    assert_eq!(moving.copies(), 1, "there is a backup");
    let (code, out, _) = moving.run(&["check", "--offline"]);
    assert_eq!(code, 0, "{out}");

    let again = moving.json(&apply);
    assert_eq!((&again["changes"], &again["imported_before"]), (&0.into(), &"B1".into()), "{source}");
    let add = [&apply[..], &["--add"]].concat();
    let added = moving.json(&add);
    // What rose by the import came from this source already, so that only the member who kept more gains by adding.
    assert_eq!(added["changes"], 1, "{source}: {added}");
    assert_eq!(moving.json(&add)["changes"], 0, "{source}");

    let (code, out, err) = moving.run(&["import", "undo", "B2", "--guild", "700000000000000001", "--apply"]);
    assert_eq!(code, 0, "{out}{err}");
    let undo = ["import", "undo", "B1", "--guild", "700000000000000001"];
    assert_eq!(moving.json(&undo)["changes"], 2);
    assert_eq!(moving.json(&[&undo[..], &["--apply"]].concat())["undone_by"], "B4");
    assert_eq!(moving.balances(), [(11, 0, false), (12, start[0].1, false), (13, 0, true)], "{source}");
    assert_eq!(moving.run(&["check", "--offline"]).0, 0);
    let (code, _, err) = moving.run(&[&undo[..], &["--apply"]].concat());
    assert!(code == 1 && err.contains("B1 was taken back already, by B4"), "{err}");
    let anew = moving.json(&apply);
    assert_eq!((&anew["batch"], &anew["changes"]), (&"B5".into(), &2.into()), "what was taken back may come again");
}

#[test]
fn mee6_moves_in_and_out() {
    story("mee6", &["mee6-page-0.json", "mee6-page-1.json"], [41_000, 12_000, 2_750]);
}

#[test]
fn polaris_moves_in_and_out() {
    story("polaris", &["polaris.json"], [41_000, 12_000, 2_750]);
}

#[test]
fn lurkr_moves_in_and_out() {
    story("lurkr", &["lurkr.json"], [41_000, 12_000, 2_750]);
}

#[test]
fn levelup_moves_in_and_out() {
    story("levelup", &["levelup.json"], [41_000, 12_000, 2_750]);
}

#[test]
fn the_hub_moves_in_and_out() {
    story("hub", &["hub-users.json"], [41_000, 12_000, 2_750]);
}

#[test]
fn plain_json_moves_in_and_out() {
    story("json", &["members.json"], [41_000, 12_000, 2_750]);
}

#[test]
fn a_table_moves_in_and_out() {
    story("csv", &["members.csv"], [41_000, 12_000, 2_750]);
}

#[test]
fn people_are_shown_what_would_change_in_each_of_the_three_ways_and_what_to_paste() {
    let moving = Moving::new();
    let (code, out, err) = moving.run(&["import", "polaris", &sample("polaris.json"), "--guild", "700000000000000001"]);
    assert_eq!(code, 0, "{err}");
    expect![[r#"
        polaris: 4 members in 1 file, for the server 700000000000000001 (--as keep-level, raise only)
          seen in the server             2
          not seen there                 2   hidden until they are seen
          invalid                        0
          would rise                     2
          would fall                     1   they keep what they have; --replace lowers them
          unchanged                      1
          roles to add                   2
          roles to remove                0
          with --as keep-xp: 3 rise, 1 fall, 2 roles to add, 0 to remove
          with --as adopt-curve: 3 rise, 1 fall, 2 roles to add, 0 to remove
        Nothing was changed. The same with --apply imports it.

        # As in polaris; paste what you want to keep into the configuration.
        [levels]
        message_xp = [50, 100]
        message_cooldown_seconds = 60
        max_level = 200
        role_mode = "highest"

        [levels.multipliers]
        roles = { "700000000000000023" = 1.5 }
        channels = { "700000000000000031" = 0 }

        [[levels.role]]
        level = 5
        role = "700000000000000021"
        keep = true

        [[levels.role]]
        level = 10
        role = "700000000000000022"
    "#]]
    .assert_eq(&out);
    let toml = out.split_once("# As in").unwrap().1.split_once('\n').unwrap().1;
    std::fs::write(moving.folder.file("pasted.toml"), toml).unwrap();
    let (code, out, err) = moving.run(&["config", "--config", "pasted.toml"]);
    assert!(code == 0 && out.contains("levels.max_level = 200"), "{err}");
}

#[test]
fn replacing_lowers_and_the_other_ways_carry_xp_over() {
    let moving = Moving::new();
    let file = sample("polaris.json");
    let import = ["import", "polaris", &file, "--guild", "700000000000000001", "--apply"];
    let replaced = moving.json(&[&import[..], &["--as", "keep-xp", "--replace"]].concat());
    assert_eq!((&replaced["counts"]["lowered"], &replaced["changes"]), (&1.into(), &4.into()));
    assert_eq!(moving.balances(), [(11, 30_000, false), (12, 7_000, false), (13, 1_900, true), (14, 90, true)]);
    let adopted = moving.json(&["import", "polaris", &file, "--guild", "700000000000000001", "--as", "adopt-curve"]);
    assert!(adopted["toml"].as_str().unwrap().contains("curve = \"polaris\""), "{adopted}");
    assert_eq!(moving.run(&["check", "--offline"]).0, 0);
}

#[test]
fn what_is_wrong_is_one_sentence_and_writes_nothing() {
    let moving = Moving::new();
    let start = (moving.balances(), moving.rows());
    let write = |name: &str, text: &str| std::fs::write(moving.folder.file(name), text).unwrap();
    let good = std::fs::read_to_string(sample("mee6-page-0.json")).unwrap();
    write("negative.json", &good.replace("\"xp\": 4675", "\"xp\": -4675"));
    write("cut.json", &good[..good.len() / 2]);
    write("private.json", r#"{"error": {"message": "This server's leaderboard is private"}, "status_code": 401}"#);
    write("sums.csv", "user_id,xp\n700000000000000011,=SUM(A1)\n");
    let cases: [(&[&str], i32, &str); 10] = [
        (&["mee6", "negative.json"], 1, "negative.json, line 9: players[1].xp: must be a whole number from 0 to"),
        (&["mee6", "cut.json", "--skip-invalid"], 1, "the file ends in the middle"),
        (&["mee6", "cut.json"], 1, "the file ends in the middle"),
        (&["mee6", "private.json"], 1, "switch on “Make my server's leaderboard public”"),
        (&["csv", "sums.csv"], 1, "sums.csv, line 2: xp: \"=SUM(A1)\" is a formula, not a value"),
        (&["mee6", "missing.json"], 1, "cannot read missing.json"),
        (&["mee6"], 2, "required"),
        (&["csv", "sums.csv", "--add", "--replace"], 2, "cannot be used with"),
        (&["undo", "B9", "--guild", "5"], 1, "There is no batch B9 in the server 5"),
        (&["undo", "L9"], 2, "a batch is written as B and a number"),
    ];
    for (arguments, exit, words) in cases {
        let (code, _, err) = moving.run(&[&["import"], arguments, &["--apply"]].concat());
        assert!(code == exit && err.contains(words), "{arguments:?}: {code} {err}");
    }
    let (code, _, err) = moving.run(&["import", "csv", &sample("members.csv")]);
    assert!(code == 2 && err.contains("say with --guild which server is meant"), "{err}");
    let (code, _, err) = moving.run(&["import", "csv", &sample("members.csv"), "--guild", "5", "--as", "keep-level"]);
    assert!(code == 2 && err.contains("these files tell no levels"), "{err}");
    assert_eq!(((moving.balances(), moving.rows()), moving.copies()), (start, 0));
}

#[test]
fn records_that_are_invalid_are_counted_and_told_and_left_out_where_somebody_says_so() {
    let moving = Moving::new();
    let start = (moving.balances(), moving.rows());
    let rows = [
        (MOSSY.to_string(), "2750"),
        (UNAL.to_string(), "-5"),
        (MOSSY.to_string(), "9"),
        ("'../x".to_owned(), "1"),
        (GONE.to_string(), "=SUM(A1)"),
        ("0".to_owned(), "1"),
        ("7.00E+17".to_owned(), "1"),
        (GONE.to_string(), ""),
    ];
    let rows: String = rows.iter().map(|(id, xp)| format!("{id},{xp}\n")).collect();
    std::fs::write(moving.folder.file("odd.csv"), format!("user_id,xp\n{rows}")).unwrap();
    let import = ["import", "csv", "odd.csv", "--guild", "700000000000000001"];
    let (code, out, err) = moving.run(&import);
    assert_eq!(code, 0, "{err}");
    let (_, told) = out.split_once("  invalid ").unwrap();
    expect![[r#"
                               7   --apply refuses them; --skip-invalid leaves them out
          would rise                     1
          would fall                     0
          unchanged                      0
          roles to add                   1
          roles to remove                0
        Invalid: odd.csv, line 3: xp: must be a whole number from 0 to 1000000000000, not "-5"
        Invalid: odd.csv, line 4: user_id: the member 700000000000000011 is here a second time
        Invalid: odd.csv, line 5: user_id: "../x" is no id; an id is a whole number, best as a text in quotes
        Invalid: odd.csv, line 6: xp: "=SUM(A1)" is a formula, not a value
        Invalid: odd.csv, line 7: user_id: "0" is no id; an id is a whole number, best as a text in quotes
        Invalid: and 2 more
        Nothing was changed. The same with --apply imports it.
    "#]]
    .assert_eq(told);
    let apply = [&import[..], &["--apply"]].concat();
    let (code, _, err) = moving.run(&apply);
    assert!(
        code == 1 && err.contains("7 records are invalid, so nothing was written") && err.contains("line 3"),
        "{err}"
    );
    assert_eq!(((moving.balances(), moving.rows()), moving.copies()), (start, 0));
    let skipped = moving.json(&[&apply[..], &["--skip-invalid"]].concat());
    assert_eq!((&skipped["counts"]["invalid"], &skipped["changes"]), (&7.into(), &1.into()), "{skipped}");
    assert!(skipped["invalid"][0].as_str().unwrap().starts_with("odd.csv, line 3"), "{skipped}");
    assert_eq!(moving.balances(), [(11, 2_750, false), (12, 12_000, false)]);
}

#[test]
fn without_a_database_a_dry_run_makes_none_and_an_import_does() {
    let folder = Folder::new();
    let file = sample("hub-users.json");
    let import = ["import", "hub", &file, "--guild", "700000000000000001"];
    let (code, out, err) = run(folder.path(), &import);
    assert!(code == 0 && out.contains("not seen there"), "{err}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing was made");
    let (code, out, err) = run(folder.path(), &[&import[..], &["--apply"]].concat());
    assert!(code == 0 && out.contains("Imported as B1: 3 changes."), "{out}{err}");
}

#[test]
fn an_import_that_was_broken_off_goes_on_as_the_same_batch() {
    let moving = Moving::new();
    let file = sample("hub-users.json");
    let import = ["import", "hub", &file, "--guild", "700000000000000001", "--apply", "--replace"];
    moving.json(&import);
    // As if the end had never come: one member is not written yet, and another one has earned since.
    let sql = format!(
        "UPDATE batch SET finished = 0; DELETE FROM ledger WHERE user = {GONE}; DELETE FROM xp WHERE user = {GONE};
        UPDATE xp SET xp = xp + 5 WHERE user = {MOSSY};
        INSERT INTO ledger (guild, user, what, amount, after, source, at)
            VALUES ({GUILD}, {MOSSY}, 'message', 5, 41005, 0, 0)"
    );
    moving.database().execute_batch(&sql).unwrap();
    let rest = moving.json(&import);
    assert_eq!((&rest["batch"], &rest["changes"]), (&"B1".into(), &1.into()));
    assert_eq!(moving.balances(), [(11, 41_005, false), (12, 10_500, false), (13, 2_750, true)]);
    assert_eq!(moving.json(&import)["imported_before"], "B1");
}

#[tokio::test]
async fn an_import_beside_a_running_bot_is_seen_at_once_announces_nothing_and_can_be_undone_there() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, ben) = (house.member(0), house.member(1));
    house.say(ada, "hello");
    bot.settle(&house).await;
    house.say_later(ada, "hello again");
    // This gain waits for company in an open transaction.
    while bot.bot.vitals().xp_awards.load(Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    let stranger: UserId = "900000000000000009".parse().unwrap();
    let folder = house.config.store.path.parent().unwrap().to_owned();
    let table = format!("user_id,xp\n{ada},2750\n{stranger},9000\n");
    std::fs::write(folder.join("members.csv"), table).unwrap();
    let guild = house.inn.guild.to_string();
    let import = move |folder: PathBuf| run(&folder, &["import", "csv", "members.csv", "--guild", &guild, "--apply"]);
    let (code, out, err) = tokio::task::spawn_blocking(move || import(folder)).await.unwrap();
    assert!(code == 0 && out.contains("Imported as B1: 2 changes."), "{out}{err}");
    let rank = house.slash(ada, "rank", &[]).await.text();
    assert!(rank.contains("2,750"), "{rank}");
    house.say_later(ada, "and on it goes");
    bot.settle(&house).await;
    assert_eq!(house.xp(ada), 2_765, "nothing was lost on either side");
    let board = house.slash(ben, "leaderboard", &[]).await.text();
    assert!(!board.contains("9,000"), "who was never seen is hidden: {board}");
    assert!(house.sim.world().bot_messages(house.inn.general).is_empty(), "nothing is announced");
    let undone = house.slash(house.inn.owner, "undo", &[("id", Input::Text("B1".to_owned()))]).await.text();
    assert!(undone.contains("B1 is taken back"), "{undone}");
    assert_eq!((house.xp(ada), house.xp(stranger)), (45, 0));
    house.sim.world().say(house.inn.general, ada, "still here", SayOptions::default()).unwrap();
    bot.stop().await;
}

#[tokio::test]
async fn after_an_import_everybody_is_given_their_level_roles_once_agreed() {
    let house = House::new().await;
    let bot = house.start().await;
    let (ada, inn) = (house.member(0), house.inn.clone());
    house.say(ada, "hello");
    bot.settle(&house).await;
    let folder = house.config.store.path.parent().unwrap().to_owned();
    let role = format!("[[levels.role]]\nlevel = 5\nrole = \"{}\"\n", inn.level_5);
    std::fs::write(folder.join("innkeeper.toml"), role).unwrap();
    std::fs::write(folder.join("members.csv"), format!("user_id,level\n{ada},7\n")).unwrap();
    let guild = inn.guild.to_string();
    let verbs = move |verbs: &'static [&'static str]| {
        let (folder, guild) = (folder.clone(), guild.clone());
        async move {
            let arguments = [&["import"], verbs, &["--guild", &guild]].concat();
            tokio::task::spawn_blocking({
                let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
                move || run(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
            })
            .await
            .unwrap()
        }
    };
    let (code, out, err) = verbs(&["csv", "members.csv", "--apply"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let (_, out, _) = verbs(&["level-roles"]).await;
    assert!(out.contains("1 roles to give") && out.contains("The same with --apply"), "{out}");
    // Nobody says yes at the end of the input.
    let (_, out, err) = verbs(&["level-roles", "--apply"]).await;
    assert!(out.contains("Nothing was changed") && err.contains("Type yes"), "{out}{err}");
    let (code, out, err) = verbs(&["level-roles", "--apply", "--yes"]).await;
    assert!(code == 0 && out.contains("They are promised"), "{out}{err}");
    // The program beside us goes by the computer's clock, and this world's is behind.
    house.clock.advance(std::time::Duration::from_secs(4_000 * 86_400));
    house.say(house.member(1), "what is new?");
    bot.settle(&house).await;
    house.sim.until(|world| world.has_role(inn.guild, ada, inn.level_5).then_some(())).await;
    let (_, out, _) = verbs(&["level-roles", "--apply", "--yes"]).await;
    assert!(out.contains("0 roles to give") && out.contains("1 promised before"), "{out}");
    bot.stop().await;
}

/// Runs a verb of `import` in the house's folder, with its token and its Discord.
async fn import_at(house: &House, verb: &[&str]) -> (i32, String, String) {
    let (folder, url) = (house.config.store.path.parent().unwrap().to_owned(), house.sim.api_url());
    let (token, guild) = (house.sim.token(), house.inn.guild.to_string());
    let verb: Vec<String> = verb.iter().map(|word| (*word).to_owned()).collect();
    let run = move || {
        let environment = [("INNKEEPER_DISCORD__API_URL", url.as_str()), ("DISCORD_BOT_TOKEN", &token)];
        let verb: Vec<&str> = verb.iter().map(String::as_str).collect();
        run_with(&folder, &[&["import"], &verb[..], &["--guild", &guild]].concat(), &environment)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn discord_is_asked_who_is_in_the_server_and_they_are_shown_at_once() {
    let house = House::new().await;
    let (ada, guild, level_5) = (house.member(0), house.inn.guild, house.inn.level_5);
    let folder = house.config.store.path.parent().unwrap().to_owned();
    // Who never wrote, who has the role already, and who left before the bot came.
    let (quiet, regular, gone) = (house.member(1), house.member(2), house.member(3));
    {
        let mut world = house.sim.world();
        world.set_nick(guild, quiet, Some("Quiet Quince")).unwrap();
        world.give_role(guild, regular, level_5).unwrap();
        world.leave(guild, gone).unwrap();
    }
    let bot = house.start().await;
    house.say(ada, "hello");
    bot.settle(&house).await;
    std::fs::write(folder.join("innkeeper.toml"), format!("[[levels.role]]\nlevel = 5\nrole = \"{level_5}\"\n"))
        .unwrap();
    let rows: String = [ada, quiet, regular, gone].iter().map(|member| format!("{member},7\n")).collect();
    std::fs::write(folder.join("members.csv"), format!("user_id,level\n{rows}")).unwrap();
    let (code, out, err) = import_at(&house, &["csv", "members.csv"]).await;
    assert_eq!(code, 0, "{err}");
    let rows: Vec<&str> = out.lines().map(str::trim).collect();
    for row in ["in the server                  3", "not in the server              1   hidden until they are seen"] {
        assert!(rows.contains(&row), "{row}: {out}");
    }
    assert!(rows.contains(&"roles to add                   2"), "one is held already: {out}");
    let (_, out, _) = import_at(&house, &["csv", "members.csv", "--offline"]).await;
    assert!(out.contains("seen in the server             1"), "{out}");
    let (code, out, err) = import_at(&house, &["csv", "members.csv", "--apply"]).await;
    assert!(code == 0 && out.contains("Imported as B1: 4 changes."), "{out}{err}");
    let board = house.slash(ada, "leaderboard", &[]).await.text();
    assert!(board.contains("Quiet Quince") && board.matches("5,250").count() == 3, "{board}");
    let (_, out, err) = import_at(&house, &["level-roles", "--apply", "--yes"]).await;
    assert!(
        out.contains("3 members have a level with a role: 2 roles to give, 1 held already, 0 promised"),
        "{out}{err}"
    );
    let promised = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let database = Connection::open(&house.config.store.path).unwrap();
    let mut targets = database.prepare("SELECT target FROM promise WHERE origin LIKE 'import:role.%'").unwrap();
    let targets: Vec<String> = targets.query_map((), promised).unwrap().map(|target| target.unwrap()).collect();
    assert!(targets.len() == 2 && !targets.iter().any(|target| target.contains(&regular.to_string())), "{targets:?}");
    bot.stop().await;
}

#[tokio::test]
async fn where_discord_does_not_tell_what_the_bot_has_seen_counts() {
    let house = House::new().await;
    let ada = house.member(0);
    let folder = house.config.store.path.parent().unwrap().to_owned();
    std::fs::write(folder.join("members.csv"), format!("user_id,xp\n{ada},7\n")).unwrap();
    house.sim.world().grant_intents(0);
    let (code, out, err) = import_at(&house, &["csv", "members.csv"]).await;
    assert!(code == 0 && out.contains("seen in the server             0"), "{out}{err}");
    assert!(out.contains("Note: Whom the bot has seen counts") && out.contains("Server Members Intent"), "{out}");
}

/// Serves these answers over loopback, one a connection, and tells what was asked for.
fn serve(answers: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let answer_one = |answer: String| {
            let (mut socket, _) = listener.accept().unwrap();
            let mut line = String::new();
            let mut reader = BufReader::new(socket.try_clone().unwrap());
            reader.read_line(&mut line).unwrap();
            let mut rest = String::new();
            while rest != "\r\n" {
                rest.clear();
                reader.read_line(&mut rest).unwrap();
            }
            socket.write_all(answer.as_bytes()).unwrap();
            line.split(' ').nth(1).unwrap().to_owned()
        };
        answers.into_iter().map(answer_one).collect()
    });
    (address, serving)
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_public_board_is_fetched_shown_and_imported() {
    let moving = Moving::new();
    let board = std::fs::read_to_string(sample("mee6-page-0.json")).unwrap();
    let refused = r#"{"error": {"message": "Private leaderboard"}, "status_code": 401}"#;
    let (address, serving) = serve(vec![answer("200 OK", &board), answer("401 Unauthorized", refused)]);
    let fetch = ["import", "mee6", "--fetch", "--address", &address, "--guild", "700000000000000001"];
    let (code, out, err) = moving.run(&fetch);
    assert!(code == 0 && out.contains("in 1 file, for the server 700000000000000001"), "{out}{err}");
    assert!(out.contains("`import mee6 mee6-700000000000000001/*` reads them again"), "{out}");
    let kept = moving.folder.file("mee6-700000000000000001/page-0.json");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), board);
    // What was looked at is what is imported: nothing is asked for again.
    let done = moving.json(&["import", "mee6", kept.to_str().unwrap(), "--apply"]);
    assert_eq!((&done["batch"], &done["source"]), (&"B1".into(), &"mee6".into()));
    let (code, _, err) = moving.run(&fetch);
    assert!(code == 1 && err.contains("switch on “Make my server's leaderboard public”"), "{err}");
    assert_eq!(serving.join().unwrap(), ["/api/plugins/levels/leaderboard/700000000000000001?limit=1000&page=0"; 2]);
    for (arguments, words) in [
        (&["mee6", "--fetch"][..], "say with --guild which server is meant"),
        (&["hub", "--fetch", "--guild", "5"], "say with --address where it is"),
        (&["mee6", "--page", "3", "x.json"], "cannot be used with"),
        (&["mee6", "--fetch", "--guild", "5", "--page", "3"], "page 0 is not in mee6-5"),
        (&["mee6", "--fetch", "--address", "mee6.xyz"], "an address is written as"),
    ] {
        let (code, _, err) = moving.run(&[&["import"], arguments].concat());
        assert!(code == 2 && err.contains(words), "{arguments:?}: {code} {err}");
    }
}

#[test]
fn a_hub_is_fetched_too() {
    let moving = Moving::new();
    let users = std::fs::read_to_string(sample("hub-users.json")).unwrap();
    let (address, serving) = serve(vec![answer("200 OK", &users)]);
    let fetch = ["import", "hub", "--fetch", "--address", &address, "--guild", "700000000000000001", "--apply"];
    assert_eq!(moving.json(&fetch)["changes"], 2);
    assert_eq!(serving.join().unwrap(), ["/api/users/?limit=100&offset=0"]);
    assert_eq!(moving.balances(), [(11, 41_000, false), (12, 12_000, false), (13, 2_750, true)]);
}

#[tokio::test]
async fn a_bot_without_an_export_is_moved_by_what_it_announced() {
    let house = House::new().await;
    let (ada, ben, general) = (house.member(0), house.member(1), house.inn.general);
    {
        let mut world = house.sim.world();
        let mut announce = |text: &str| world.say(general, ada, text, SayOptions::webhook("levels")).unwrap();
        for level in 1..=120 {
            announce(&format!("GG <@{ada}>, you just advanced to level {level}!"));
        }
        announce(&format!("GG <@!{ben}>, you just advanced to level 4!"));
        announce("GG somebody, you just advanced to level 90!");
        world
            .say(general, ben, &format!("GG <@{ben}>, you just advanced to level 99!"), SayOptions::default())
            .unwrap();
    }
    let folder = house.config.store.path.parent().unwrap().to_owned();
    // The simulation's webhooks go by an id of their own.
    let (channel, author) = (general.to_string(), (general.get() ^ 1).to_string());
    let (url, token) = (house.sim.api_url(), house.sim.token());
    let scan = move |more: &'static [&'static str]| {
        let (folder, channel, author) = (folder.clone(), channel.clone(), author.clone());
        let (url, token) = (url.clone(), token.clone());
        async move {
            tokio::task::spawn_blocking(move || {
                let pattern = "GG {member}, * to level {level}!";
                let verb = ["import", "scan-channel", "--channel", &channel, "--author", &author, "--pattern", pattern];
                let environment = [("INNKEEPER_DISCORD__API_URL", url.as_str()), ("DISCORD_BOT_TOKEN", &token)];
                run_with(&folder, &[&verb[..], more].concat(), &environment)
            })
            .await
            .unwrap()
        }
    };
    let (code, out, err) = scan(&[]).await;
    assert!(code == 0 && out.contains("122 announcements") && out.contains("somebody"), "{out}{err}");
    let (code, out, err) = scan(&["--apply"]).await;
    assert!(code == 0 && out.contains("Imported as B1: 2 changes."), "{out}{err}");
    assert_eq!((house.xp(ada), house.xp(ben)), (100 * 120 * 120 + 50 * 120, 1_800));
    let (_, out, _) = scan(&["--apply"]).await;
    assert!(out.contains("nothing was changed"), "{out}");
}
