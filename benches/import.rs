//! What moving in costs: a million members in one file, looked at, imported and simulated by the program itself.
//!
//! `cargo bench --bench import`

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MEMBERS: u64 = 1_000_000;
const GUILD: &str = "700000000000000001";
const LOOK_EVERY: Duration = Duration::from_millis(5);

fn main() {
    let folder = std::env::temp_dir().join(format!("innkeeper-bench-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    write_board(&folder.join("board.json"));
    std::fs::write(folder.join("new.toml"), "[levels]\ncurve = \"mee6\"\n").expect("a configuration");
    let import = ["import", "mee6", "board.json", "--guild", GUILD];
    measure(&folder, "dry run", &import);
    measure(&folder, "import", &[&import[..], &["--apply"]].concat());
    measure(&folder, "the same again", &[&import[..], &["--apply"]].concat());
    show_everybody(&folder.join("innkeeper.db"));
    measure(&folder, "simulate", &["simulate", "--config", "new.toml", "--guild", GUILD]);
    measure(&folder, "undo", &["import", "undo", "B1", "--guild", GUILD, "--apply"]);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

/// A board as MEE6 tells it, sorted by XP: most people wrote a little, a few very much.
fn write_board(path: &Path) {
    let mut dice = fastrand::Rng::with_seed(7);
    let mut members: Vec<(u64, u64)> = (0..MEMBERS)
        .map(|nth| (700_000_000_000_000_000 + nth * 7_919, 150 + (20.0 / (dice.f64() + 1e-5).powf(1.2)) as u64))
        .collect();
    members.sort_unstable_by_key(|(_, xp)| std::cmp::Reverse(*xp));
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    write!(file, "{{\"page\": 0, \"guild\": {{\"id\": \"{GUILD}\"}}, \"players\": [").expect("a write");
    for (nth, (id, xp)) in members.into_iter().enumerate() {
        let comma = if nth == 0 { "" } else { "," };
        write!(
            file,
            "{comma}\n{{\"avatar\": \"0123456789abcdef0123456789abcdef\", \"discriminator\": \"0\", \"guild_id\": \
             \"{GUILD}\", \"id\": \"{id}\", \"message_count\": {}, \"username\": \"member {nth}\", \"xp\": {xp}}}",
            xp / 20
        )
        .expect("a write");
    }
    file.write_all(b"], \"role_rewards\": [], \"xp_per_message\": [15, 25]}\n").expect("a write");
    file.flush().expect("a write");
}

/// As if everybody had been seen, so that there is something to simulate.
fn show_everybody(database: &Path) {
    let database = rusqlite::Connection::open(database).expect("a database");
    database.execute("UPDATE xp SET away = 0, shown = 1", ()).expect("an update");
}

/// Runs the program and says how long it took and how much memory it held at most.
fn measure(folder: &Path, name: &str, arguments: &[&str]) {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_innkeeper"))
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(held.unwrap_or(0));
        match child.try_wait().expect("a process") {
            Some(ended) => break ended,
            None => std::thread::park_timeout(LOOK_EVERY),
        }
    };
    assert!(ended.success(), "{name} failed");
    println!("{name} of {MEMBERS} members: {:.1} s, {} MB at most", begun.elapsed().as_secs_f64(), most / 1024);
}
