//! Trying a change before saving it: on the command line with a whole configuration, as a command with a part of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/house.rs"]
mod house;
mod support;

use std::path::Path;
use std::process::Command;

use expect_test::expect;
use house::House;
use innkeeper::config::LevelRole;
use innkeeper::sim::world::Input;
use rusqlite::Connection;
use serde_json::Value;
use support::{Folder, open_store};

fn simulate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
    command.current_dir(folder).env_clear().env("HOME", folder).args(["simulate", "--config", "new.toml"]);
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_new_configuration_is_tried_against_the_real_balances_and_changes_nothing() {
    let folder = Folder::new();
    let path = folder.file("innkeeper.db");
    open_store(&path).0.close();
    let role = |id: u32, name: &str, position: u32| {
        format!(r#"{{"id":"{id}","name":"{name}","position":{position},"permissions":"0","managed":false}}"#)
    };
    let roles = [
        role(21, "Regular", 1),
        role(22, "Old hand", 2).replace("false", "true"),
        role(30, "Inn", 5).replace("\"0\"", "\"268435456\""),
    ];
    let state = format!(
        r#"{{"id":"1","name":"Inn","owner":"2","my_roles":["30"],"roles":[{}],"channels":[]}}"#,
        roles.join(",")
    );
    let database = Connection::open(&path).unwrap();
    database.execute("INSERT INTO guild (guild, present, members, state) VALUES (1, 1, 9, ?1)", [state]).unwrap();
    database
        .execute_batch(
            "INSERT INTO member (guild, user, name, present) VALUES (1, 11, 'mossy', 1), (1, 12, 'ben', 1), (1, 13, 'g', 0);
            INSERT INTO xp (guild, user, xp, last_message, away, choices, shown) VALUES (1, 11, 10500, 0, 0, 0, 1),
                (1, 12, 2750, 0, 0, 2, 0), (1, 13, 90000, 0, 1, 0, 0), (1, 14, 500, 0, 0, 0, 1)",
        )
        .unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.file(name), text).unwrap();
    write("innkeeper.toml", "[[levels.role]]\nlevel = 5\nrole = \"21\"\n");
    write(
        "new.toml",
        "[levels]\ncurve = \"mee6\"\n[[levels.role]]\nlevel = 10\nrole = \"21\"\n[[levels.role]]\nlevel = 12\n\
            role = \"22\"\n[[levels.role]]\nlevel = 3\nrole = \"23\"\n",
    );
    let (code, out, err) = simulate(folder.path(), &[]);
    assert_eq!(code, 0, "{err}");
    expect![[r#"
        In the server 1, of 3 members with XP, 3 would rise and 0 fall.
          role 23, level 3: 0 gain it, 0 lose it, 0 would have it
            The server has no such role.
            Correct its id in [[levels.role]].
          Regular (21), level 10: 0 gain it, 1 lose it, 1 would have it
          Old hand (22), level 12: 0 gain it, 0 lose it, 0 would have it
            The role Old hand of level 12 belongs to an integration, so nobody can give it.
            Name another role in [[levels.role]].
          mossy: level 10 → 14
          ben: level 5 → 7, -Regular (21)
          14: level 2 → 3
        Nothing was changed.
    "#]]
    .assert_eq(&out);
    let (_, out, _) = simulate(folder.path(), &["--json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&json["members"], &json["rise"], &json["fall"]), (&3.into(), &3.into(), &0.into()));
    assert_eq!(json["changed"][0]["name"], "mossy");
    assert_eq!(json["changed"][1]["lose"][0], "21");
    let sum: i64 = database.query_row("SELECT sum(xp) FROM xp", (), |row| row.get(0)).unwrap();
    assert_eq!(sum, 103_750, "nothing is changed");

    write("new.toml", "[levels]\ncurv = \"mee6\"\n");
    let (code, _, err) = simulate(folder.path(), &[]);
    assert!(code == 2 && err.contains("did you mean levels.curve?"), "{err}");
    let (code, _, err) = simulate(folder.path(), &["--present", "missing.toml"]);
    assert_eq!(code, 2, "{err}");
    std::fs::remove_file(folder.file("new.toml")).unwrap();
    assert_eq!(simulate(folder.path(), &[]).0, 2);
}

#[tokio::test]
async fn admins_try_another_curve_with_a_command() {
    let mut house = House::with(|config| config.levels.message_xp = 2_750.into()).await;
    house.config.levels.roles = vec![LevelRole { level: 8, role: house.inn.level_5, keep: false }];
    let bot = house.start().await;
    let ada = house.member(0);
    house.say(ada, "hello");
    let curve = [("curve", Input::Text("mee6".to_owned()))];
    let owner = house.inn.owner;
    let told = house.slash(owner, "simulate", &curve).await;
    expect![[r#"
        Of 1 members, 1 would rise and 0 fall
        <@&the role> (level 8): 0 gain it, 0 lose it, 0 would have it.

        Selo: level 5 → 7
        Nothing was changed."#]]
    .assert_eq(&told.text().replace(&house.inn.level_5.to_string(), "the role"));
    let bare = house.slash(owner, "simulate", &[]).await;
    assert!(bare.text().contains("Say what would be different"), "{}", bare.text());
    assert_eq!(house.xp(ada), 2_750);
    bot.stop().await;
}
