//! A canary for each secret: the real program works with them, is asked wrongly and fails at things, and then they are
//! looked for wherever somebody might read: its log at its most talkative, its pages and figures, what it exports and
//! copies, what its other verbs print, and its list of arguments.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use innkeeper::model::UserId;
use innkeeper::sim::world::Input;
use innkeeper::sim::world::state::Message;
use innkeeper::sim::{Act, Fate, Inn, Response, Sim, SimConfig};
use serde_json::{Value, json};
use support::Folder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of a secret, so many of its last characters are looked for: the first ones of a key may be shown.
const TAIL_CHARS: usize = 24;
/// As Discord's look.
const TOKEN: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4.canary.the-token-of-this-bot-is-here";
/// Nobody listens there.
const HOOK: &str = "http://127.0.0.1:9/hook/canary-in-the-address-of-a-hook";
const RULE_HOOK: &str = "https://127.0.0.1:9/hook/canary-in-the-address-of-a-rule";

/// The program, at work.
struct Scene {
    sim: Sim,
    inn: Inn,
    folder: Folder,
    child: Child,
    /// What must not be found, each with its name.
    secrets: Vec<(&'static str, String)>,
    /// What was shown to somebody, each with where.
    shown: Vec<(String, Vec<u8>)>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(folder: &Folder, sim: &Sim) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
    command
        .current_dir(folder.path())
        .env_clear()
        .env("DISCORD_BOT_TOKEN", sim.token())
        .env("INNKEEPER_DISCORD__API_URL", sim.api_url())
        .env("INNKEEPER_DISCORD__CDN_URL", sim.api_url())
        .env("INNKEEPER_HTTP__LISTEN", "127.0.0.1:0")
        .env("INNKEEPER_LAMP__LISTEN", "")
        .env("INNKEEPER_HTTP__WEBHOOK_ALLOW", format!("[\"{HOOK}\"]"));
    command
}

impl Scene {
    async fn open() -> Self {
        let sim = Sim::start(SimConfig { rate_limits: false, token: TOKEN.to_owned(), ..SimConfig::default() })
            .await
            .unwrap();
        let inn = Inn::furnish(&mut sim.world(), 5);
        let folder = Folder::new();
        let rule =
            format!("[[on]]\nevent = \"message\"\ncontains = \"bell\"\ndo = [{{ webhook = \"{RULE_HOOK}\" }}]\n");
        std::fs::write(folder.file("innkeeper.toml"), rule).unwrap();
        let log = || File::options().create(true).append(true).open(folder.file("log")).unwrap();
        let child = program(&folder, &sim)
            .args(["run", "--log", "trace"])
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn()
            .unwrap();
        sim.connected().await;
        let secrets = vec![
            ("the bot's token", sim.token()),
            ("the address of a hook", HOOK.to_owned()),
            ("the address of a rule's hook", RULE_HOOK.to_owned()),
        ];
        Self { sim, inn, folder, child, secrets, shown: Vec::new() }
    }

    /// Where the program's pages are, as its log tells.
    fn address(&self) -> String {
        let log = std::fs::read_to_string(self.folder.file("log")).unwrap();
        let (_, rest) = log.split_once("pages at http://").unwrap();
        rest.split_once('/').unwrap().0.to_owned()
    }

    fn keep(&mut self, name: &'static str, secret: &str) {
        assert!(secret.len() >= TAIL_CHARS, "{name}: {secret}");
        self.secrets.push((name, secret.to_owned()));
    }

    /// What another verb prints; kept as shown.
    fn verb(&mut self, arguments: &[&str]) -> String {
        let output: Output = program(&self.folder, &self.sim).args(arguments).output().unwrap();
        let printed = [output.stdout.as_slice(), &output.stderr].concat();
        self.shown.push((arguments.join(" "), printed));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A request with these header lines, and the answer.
    async fn ask(&self, method: &str, path: &str, lines: &str, body: &str) -> String {
        let address = self.address();
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n{lines}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn show(&mut self, path: &str, lines: &str) {
        let answer = self.ask("GET", path, lines, "").await;
        self.shown.push((path.to_owned(), answer.into_bytes()));
    }

    async fn slash(&self, by: UserId, name: &str, options: &[(&str, Input)]) -> Message {
        let place = self.inn.bot_commands;
        let id = self.sim.until(|world| world.slash(place, by, name, options).ok()).await;
        let answer = self.sim.until(|world| world.finished_answer(id)).await;
        answer.message.or(answer.followups.into_iter().next()).unwrap()
    }

    /// Looks for every secret in this.
    fn look_through(&self, place: &str, bytes: &[u8], also: &[&str]) {
        for (name, secret) in self.secrets.iter().filter(|(name, _)| !also.contains(name)) {
            let tail = &secret.as_bytes()[secret.len() - TAIL_CHARS..];
            let at = bytes.windows(tail.len()).position(|window| window == tail);
            assert!(at.is_none(), "{name} is in {place}, at {}", at.unwrap_or_default());
        }
    }
}

fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
}

fn between<'t>(text: &'t str, before: &str, after: char) -> &'t str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).map_or(rest, |(found, _)| found)
}

/// Signs in, and has keys, tokens and hooks made.
async fn collect(scene: &mut Scene) -> (String, String) {
    let key = scene.verb(&["key", "create", "--name", "programs", "--scope", "read", "write", "moderate", "admin"]);
    let key = key.trim().to_owned();
    // It is shown there, once.
    scene.shown.pop();
    scene.keep("a key", &key);
    let made = scene.slash(scene.inn.owner, "apikey create", &[("name", "mine".into())]).await;
    scene.keep("a key made in Discord", &format!("ink_{}", between(&made.text(), "ink_", '`')));
    let link = scene.slash(scene.inn.owner, "login", &[]).await.text();
    let pass = between(&link, "/login/", '>').to_owned();
    scene.keep("a link", &pass);
    let answer = scene.ask("POST", &format!("/login/{pass}"), "", "").await;
    let cookie = between(&answer, "set-cookie: ", ';').to_owned();
    scene.keep("a session", &cookie);
    let answer = scene.ask("POST", "/api/token", "", &json!({"api_key": key}).to_string()).await;
    let token = json_of(&answer)["token"].as_str().unwrap().to_owned();
    scene.keep("a program's token", &token);
    let lines = format!("authorization: Bearer {key}\r\n");
    let path = format!("/api/guilds/{}/webhooks", scene.inn.guild);
    let body = json!({"url": HOOK, "kinds": ["case", "promise"]}).to_string();
    let secret = json_of(&scene.ask("POST", &path, &lines, &body).await);
    scene.keep("what signs for a hook", secret["secret"].as_str().unwrap());
    (key, cookie)
}

/// Shows secrets where they do not belong, and lets things fail.
async fn provoke(scene: &mut Scene, key: &str, cookie: &str) {
    let guild = scene.inn.guild;
    let asked = [
        ("GET", format!("/api/guilds?api_key={key}"), String::new(), String::new()),
        ("GET", format!("/{key}"), String::new(), String::new()),
        ("GET", "/api/guilds".to_owned(), format!("authorization: Basic {key}\r\n"), String::new()),
        ("GET", "/api/guilds".to_owned(), format!("authorization: Bearer {key} {key}\r\n"), String::new()),
        (
            "GET",
            "/api/guilds".to_owned(),
            format!("x-api-key: {key}\r\nauthorization: Bearer {key}\r\n"),
            String::new(),
        ),
        ("GET", "/api/guilds".to_owned(), format!("cookie: {cookie}\r\nx-act-as: {key}\r\n"), String::new()),
        ("POST", format!("/api/guilds/{guild}/kudos"), format!("x-api-key: {key}\r\n"), format!("{{\"{key}\": {key}")),
        ("POST", "/api/token".to_owned(), String::new(), format!("{{\"api_key\": \"{key}x\"}}")),
        ("POST", "/api/token".to_owned(), String::new(), format!("{{\"{key}\": 1}}")),
    ];
    for (method, path, lines, body) in &asked {
        let answer = scene.ask(method, path, lines, body).await;
        assert!(answer.starts_with("HTTP/1.1 4") || path.contains("?api_key"), "{method} {path}: {answer}");
    }
    // What Discord refuses, answers with nonsense, or cuts.
    for act in [
        Act::Answer(Response::json(500, &json!({}))),
        Act::Answer(Response::json(403, &json!({"code": 50013, "message": "Missing Permissions"}))),
        Act::Answer(Response::json(400, &json!({"code": 50035, "message": "Invalid Form Body", "errors": {}}))),
        Act::Lose(Fate::Cut),
    ] {
        scene.sim.world().plan("POST", "/messages", Some(1), act);
        let options = [("member", Input::from(scene.inn.members[1])), ("reason", "too loud".into())];
        scene.slash(scene.inn.moderator, "warn", &options).await;
    }
    let say = innkeeper::sim::world::SayOptions::default();
    scene.sim.world().say(scene.inn.general, scene.inn.members[0], "ring the bell", say).unwrap();
    // Both hooks are tried in vain, which is told of.
    let tried = async {
        let lines = format!("authorization: Bearer {key}\r\n");
        loop {
            let hooks = scene.ask("GET", &format!("/api/guilds/{guild}/webhooks"), &lines, "").await;
            let promises = scene.ask("GET", &format!("/api/guilds/{guild}/promises"), &lines, "").await;
            if hooks.contains("server cannot be reached") && promises.contains("leads to a private address") {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, tried).await.unwrap();
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_nowhere_to_be_read() {
    let mut scene = Scene::open().await;
    let (key, cookie) = collect(&mut scene).await;
    provoke(&mut scene, &key, &cookie).await;
    let guild = scene.inn.guild;
    let lines = format!("authorization: Bearer {key}\r\n");
    for part in ["promises", "cases", "ledger", "webhooks", "members", "commands"] {
        scene.show(&format!("/api/guilds/{guild}/{part}"), &lines).await;
    }
    for path in ["/metrics", "/healthz", "/readyz", "/openapi.json", "/api/health", "/docs", "/nowhere"] {
        scene.show(path, &lines).await;
    }
    scene.show("/", &format!("cookie: {cookie}\r\n")).await;
    for (name, by) in
        [("mydata export", scene.inn.owner), ("apikey list", scene.inn.owner), ("promises", scene.inn.moderator)]
    {
        let message = scene.slash(by, name, &[]).await;
        scene.shown.push((name.to_owned(), message.text().into_bytes()));
        scene.shown.extend(message.attachments.iter().map(|file| (file.filename.clone(), file.bytes.to_vec())));
    }
    let levels = format!("user_id,xp\n{},500\n", scene.inn.members[2]);
    std::fs::write(scene.folder.file("levels.csv"), levels).unwrap();
    let guild = guild.to_string();
    scene.verb(&["import", "csv", "levels.csv", "--guild", &guild, "--apply", "--log", "trace"]);
    for arguments in
        [&["config"][..], &["config", "--json"], &["check", "--json"], &["key", "list", "--json"], &["run"]]
    {
        scene.verb(&[arguments, &["--log", "trace"]].concat());
    }
    let cmdline = std::fs::read(format!("/proc/{}/cmdline", scene.child.id())).unwrap();
    scene.shown.push(("the list of arguments".to_owned(), cmdline));
    for (place, bytes) in &scene.shown {
        scene.look_through(place, bytes, &[]);
    }
    // Hooks cannot be told without these; promises name no hook's address.
    let of_hooks = ["the address of a hook", "what signs for a hook", "the address of a rule's hook"];
    let mut copies = 0;
    for file in files_in(scene.folder.path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let is_database = name.starts_with("innkeeper.db");
        copies += usize::from(name.contains("before-import"));
        let known: &[&str] = match name.as_str() {
            "innkeeper.toml" => &["the address of a rule's hook"],
            _ if is_database => &of_hooks,
            _ => &[],
        };
        scene.look_through(&name, &std::fs::read(&file).unwrap_or_default(), known);
    }
    assert_eq!(copies, 1, "the import made a copy, which was looked through");
    let log = std::fs::read_to_string(scene.folder.file("log")).unwrap();
    assert!(log.contains("TRACE") && log.lines().count() > 100, "the log is a talkative one");
}
