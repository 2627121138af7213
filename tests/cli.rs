//! The command line as a process: exit codes, one clear sentence for whatever is wrong, and a demo that works.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use support::{Folder, open_store};

fn innkeeper(folder: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path());
    command
}

fn run(folder: &Folder, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let output: Output = innkeeper(folder).args(arguments).envs(environment.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Nobody answers there, quickly.
const NO_DISCORD: (&str, &str) = ("INNKEEPER_DISCORD__API_URL", "http://127.0.0.1:9");
const QUIET: [(&str, &str); 2] = [("INNKEEPER_HTTP__LISTEN", ""), ("INNKEEPER_LAMP__LISTEN", "")];

#[test]
fn without_a_token_there_is_one_sentence_and_code_2() {
    let folder = Folder::new();
    let (code, out, err) = run(&folder, &["run"], &[]);
    assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{err}");
    assert!(err.contains("DISCORD_BOT_TOKEN") && err.contains("innkeeper demo"), "{err}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn a_wrong_line_or_a_typo_in_the_config_is_code_2() {
    let folder = Folder::new();
    assert_eq!(run(&folder, &["dance"], &[]).0, 2);
    assert_eq!(run(&folder, &[], &[]).0, 2);
    assert_eq!(run(&folder, &["demo", "--members", "0"], &[]).0, 2);
    assert_eq!(run(&folder, &["demo", "--speed", "NaN"], &[]).0, 2);
    assert_eq!(run(&folder, &["version", "--log", "==="], &[]).0, 2);
    assert_eq!(run(&folder, &["--help"], &[]).0, 0);
    let (code, out, _) = run(&folder, &["version"], &[]);
    assert_eq!((code, out.trim()), (0, concat!("innkeeper ", env!("CARGO_PKG_VERSION"))));
    std::fs::write(folder.file("innkeeper.toml"), "[levels]\nmesage_xp = 3\n").unwrap();
    for verb in ["run", "check", "config"] {
        let (code, _, err) = run(&folder, &[verb], &[("DISCORD_BOT_TOKEN", "x")]);
        assert_eq!(code, 2);
        assert!(
            err.contains("innkeeper.toml, line 2: there is no key levels.mesage_xp; did you mean levels.message_xp?"),
            "{err}"
        );
    }
    let (code, _, err) = run(&folder, &["run", "--config", "missing.toml"], &[]);
    assert!(code == 2 && err.contains("There is no configuration file missing.toml."), "{err}");
}

#[test]
fn config_shows_values_origins_and_no_secret() {
    let folder = Folder::new();
    std::fs::write(folder.file("innkeeper.toml"), "[levels]\nmessage_xp = 20\n").unwrap();
    let environment = [("DISCORD_BOT_TOKEN", "very.secret.token"), ("INNKEEPER_STORE__BATCH_ROWS", "7")];
    let (code, out, err) = run(&folder, &["config"], &environment);
    assert_eq!(code, 0, "{err}");
    let line = |key: &str| out.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("levels.message_xp = 20 ").contains("innkeeper.toml"));
    assert!(line("store.batch_rows = 7 ").contains("INNKEEPER_STORE__BATCH_ROWS"));
    assert!(line("discord.prefix = \"!\"").ends_with("# default"));
    assert!(!out.contains("very.secret") && line("discord.token = ").contains("***"));
    let (_, json, _) = run(&folder, &["config", "--json"], &environment);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["levels.message_xp"]["value"], 20);
    assert!(!json.to_string().contains("very.secret"));
}

#[test]
fn check_looks_over_what_it_can_reach() {
    let folder = Folder::new();
    let (code, out, _) = run(&folder, &["check", "--offline"], &[]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("does not exist yet"), "{out}");
    open_store(&folder.file("innkeeper.db")).0.close();
    let (code, out, _) = run(&folder, &["check", "--offline", "--json"], &[]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["ok"]), (0, &true.into()), "{out}");
    let names: Vec<_> =
        json["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["config", "sqlite", "schema", "pages", "levels", "kudos", "moderation", "commands"]);
    let database = rusqlite::Connection::open(folder.file("innkeeper.db")).unwrap();
    database.execute("INSERT INTO xp (guild, user, xp, last_message) VALUES (1, 2, 30, 0)", ()).unwrap();
    let (code, out, _) = run(&folder, &["check", "--offline"], &[]);
    assert!(code == 1 && out.contains("FAIL levels: member 2 has 30 XP, but the ledger says 0"), "{out}");
    let newest =
        "DELETE FROM refinery_schema_history WHERE version = (SELECT max(version) FROM refinery_schema_history)";
    database.execute_batch(&format!("{newest}; DROP TABLE kudos;")).unwrap();
    drop(database);
    let (code, out, _) = run(&folder, &["check", "--offline"], &[]);
    assert!(
        code == 0 && out.contains("the next start brings it to"),
        "an older database is none that is broken: {out}"
    );
    let (id, secret) = (("INNKEEPER_OAUTH__CLIENT_ID", "7"), ("INNKEEPER_OAUTH__CLIENT_SECRET", "very.secret"));
    let (code, out, _) = run(&folder, &["check", "--offline"], &[id]);
    assert!(code == 1 && out.contains("FAIL oauth: oauth.client_id is set, but no client secret."), "{out}");
    let url = ("INNKEEPER_HTTP__PUBLIC_URL", "https://inn.example");
    let (code, out, _) = run(&folder, &["check", "--offline"], &[id, secret, url]);
    assert!(
        code == 0 && out.contains("https://inn.example/login/discord/callback") && !out.contains("secret"),
        "{out}"
    );
    let (code, out, _) = run(&folder, &["check"], &[]);
    assert!(code == 1 && out.contains("FAIL token: there is none"), "{out}");
    let (code, out, err) = run(&folder, &["check"], &[("DISCORD_BOT_TOKEN", "very.secret.token"), NO_DISCORD]);
    assert!(code == 1 && out.contains("FAIL network"), "{out}");
    assert!(!(out + &err).contains("secret"));
}

#[test]
fn a_database_that_cannot_be_used_is_named_and_left_alone() {
    let folder = Folder::new();
    let run_with = |path: &str| {
        let environment = [("DISCORD_BOT_TOKEN", "x"), NO_DISCORD, ("INNKEEPER_STORE__PATH", path), QUIET[0], QUIET[1]];
        run(&folder, &["run"], &environment)
    };
    std::fs::write(folder.file("damaged.db"), "no database at all, though long enough to look at it twice").unwrap();
    let (code, _, err) = run_with("damaged.db");
    assert!(code == 78 && err.contains("damaged.db is damaged or is no database"), "{code} {err}");
    std::fs::write(folder.file("file"), "").unwrap();
    let (code, _, err) = run_with("file/innkeeper.db");
    assert!(code == 1 && err.contains("cannot write in"), "{code} {err}");
}

#[test]
fn a_port_in_use_is_named() {
    let folder = Folder::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let environment = [("DISCORD_BOT_TOKEN", "x"), NO_DISCORD, ("INNKEEPER_HTTP__LISTEN", address.as_str()), QUIET[1]];
    let (code, _, err) = run(&folder, &["run"], &environment);
    assert!(code == 1 && err.contains(&address) && err.contains("http.listen"), "{code} {err}");
}

struct Demo {
    child: Child,
    pages: String,
    lamp: String,
    discord: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start_demo(folder: &Folder, more: &[&str]) -> Demo {
    start_demo_with(folder, more, &[])
}

fn start_demo_with(folder: &Folder, more: &[&str], environment: &[(&str, &str)]) -> Demo {
    let mut child = innkeeper(folder)
        .envs(environment.iter().copied())
        .args(["demo", "--listen", "127.0.0.1:0", "--members", "20", "--log", "error"])
        .args(more)
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let mut address = |word: &str| {
        let line = lines.next().unwrap();
        line.strip_prefix(&format!("{word} http://"))
            .unwrap_or_else(|| panic!("{line}"))
            .trim_end_matches('/')
            .to_owned()
    };
    let (pages, lamp, discord) = (address("ready"), address("lamp"), address("discord"));
    Demo { child, pages, lamp, discord }
}

fn get(address: &str, path: &str) -> String {
    get_with(address, path, "")
}

fn get_with(address: &str, path: &str, lines: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\n{lines}");
    write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks until the answer is as it should be; a demo that never gets there ends with the test runner's patience.
fn until(address: &str, path: &str, fits: impl Fn(&str) -> bool) -> String {
    loop {
        let answer = get(address, path);
        if fits(&answer) {
            return answer;
        }
    }
}

#[test]
fn the_demo_shows_a_living_community_and_ends_cleanly() {
    let folder = Folder::new();
    let mut demo = start_demo(&folder, &["--speed", "50"]);
    until(&demo.pages, "/readyz", |answer| answer.starts_with("HTTP/1.1 200"));
    until(&demo.pages, "/healthz", |answer| answer.contains(r#""status":"ok""#));
    until(&demo.lamp, "/healthz", |answer| answer.starts_with("HTTP/1.1 200"));
    let page = until(&demo.pages, "/", |answer| answer.contains("Leaderboard"));
    assert!(page.contains("The Lantern &amp; Ladle") || page.contains("The Lantern &#38; Ladle"), "{page}");
    until(&demo.pages, "/metrics", |answer| !answer.contains("innkeeper_xp_awards_total 0\n"));
    assert!(get(&demo.discord, "/").starts_with("HTTP/1.1 200"));
    let pid = demo.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn the_key_of_local_development_is_switched_on_by_the_environment_alone() {
    let ask = |value: &str| {
        let folder = Folder::new();
        let demo = start_demo_with(&folder, &[], &[("INNKEEPER_LOCAL", value)]);
        until(&demo.pages, "/readyz", |answer| answer.starts_with("HTTP/1.1 200"));
        let said = get_with(&demo.pages, "/api/guilds", "X-API-Key: TESTING\r\n");
        (said.split(' ').nth(1).unwrap().to_owned(), get(&demo.pages, "/").contains("INNKEEPER_LOCAL is set:"))
    };
    assert_eq!(ask("1"), ("200".to_owned(), true));
    assert_eq!(ask("0"), ("401".to_owned(), false));
    let folder = Folder::new();
    std::fs::write(folder.file("innkeeper.toml"), "local = true\n").unwrap();
    assert_eq!(run(&folder, &["config"], &[("INNKEEPER_LOCAL", "1")]).0, 2, "it is no setting");
}

#[test]
fn visitors_of_the_demo_sign_in_as_whoever_they_choose() {
    let folder = Folder::new();
    let demo = start_demo(&folder, &[]);
    until(&demo.pages, "/readyz", |answer| answer.starts_with("HTTP/1.1 200"));
    let header = |answer: &str, name: &str| {
        let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let path = |url: &str, host: &str| url.strip_prefix(&format!("http://{host}")).unwrap().to_owned();
    assert!(get(&demo.pages, "/login").contains(&format!("href=\"http://{}/login/discord\"", demo.pages)));
    let begun = get(&demo.pages, "/login/discord");
    let question = get(&demo.discord, &path(&header(&begun, "location"), &demo.discord));
    let (before, _) = question.split_once("\">I am <b>").unwrap();
    let choice = before.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&");
    let back = path(&header(&get(&demo.discord, &choice), "location"), &demo.pages);
    let cookie = header(&begun, "set-cookie");
    let cookie = cookie.split(';').next().unwrap();
    let signed_in = get_with(&demo.pages, &back, &format!("Cookie: {cookie}\r\n"));
    assert!(signed_in.starts_with("HTTP/1.1 303") && signed_in.contains("set-cookie: innkeeper="), "{signed_in}");
}

#[test]
fn a_second_bot_on_the_same_database_is_told_who_has_it() {
    let folder = Folder::new();
    let data = folder.file("data");
    let demo = start_demo(&folder, &["--data", data.to_str().unwrap()]);
    let database = data.join("innkeeper.db");
    let environment = [
        ("DISCORD_BOT_TOKEN", "x"),
        NO_DISCORD,
        ("INNKEEPER_STORE__PATH", database.to_str().unwrap()),
        QUIET[0],
        QUIET[1],
    ];
    let (code, _, err) = run(&folder, &["run"], &environment);
    assert_eq!(code, 1);
    assert!(err.contains(&format!("is in use by process {}", demo.child.id())), "{err}");
    let (code, out, _) = run(&folder, &["check", "--offline"], &environment);
    assert_eq!(code, 0, "a check works beside a running bot: {out}");
}

#[test]
fn a_key_is_printed_once_and_only_its_hash_is_kept() {
    let folder = Folder::new();
    let create = ["key", "create", "--name", "dashboard", "--scope", "read", "moderate", "--expires", "90d"];
    let (code, out, err) = run(&folder, &create, &[]);
    let key = out.trim();
    assert!(code == 0 && key.starts_with("ink_") && key.len() == 68 && out.lines().count() == 1, "{out}{err}");
    assert!(err.contains("dashboard (read moderate) is ready") && !err.contains(key), "{err}");
    let (code, _, err) = run(&folder, &create, &[]);
    assert!(code == 1 && err.contains("There is a key named dashboard already"), "{err}");
    let (_, listed, _) = run(&folder, &["key", "list"], &[]);
    assert!(listed.starts_with(&format!("dashboard  {}…  read moderate", &key[..10])), "{listed}");
    let (_, json, _) = run(&folder, &["key", "list", "--json"], &[]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["name"], &json[0]["scopes"][1]), (&"dashboard".into(), &"moderate".into()));
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "the key is on the disk");
    }
    let (code, _, err) = run(&folder, &["key", "revoke", "dashboard"], &[]);
    assert!(code == 0 && err.contains("out of use"), "{err}");
    assert_eq!(run(&folder, &["key", "revoke", "dashboard"], &[]).0, 1);
    assert_eq!(run(&folder, &["key", "list"], &[]).1, "");
    // The name is free again.
    assert_eq!(run(&folder, &create, &[]).0, 0);
}

#[test]
fn what_is_no_key_is_refused_in_words() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["--name", "a b", "--scope", "read"][..], "letters, digits"),
        (&["--name", "a", "--scope", "root"], "read, write, moderate, chat, admin, impersonate"),
        (&["--name", "a"], "--scope"),
        (&["--name", "a", "--scope", "read", "--expires", "soon"], "a length of time"),
        (&["--name", "a", "--scope", "read", "--guild", "inn"], "invalid value"),
    ] {
        let (code, out, err) = run(&folder, &[&["key", "create"], arguments].concat(), &[]);
        assert!(code == 2 && out.is_empty() && err.contains(words), "{arguments:?}: {out}{err}");
    }
    assert!(run(&folder, &["key", "list"], &[]).2.contains("There are no keys"));
}
