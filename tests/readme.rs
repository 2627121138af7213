//! The README's table of commands is what the program declares.
//!
//! `UPDATE_EXPECT=1 cargo test --test readme` writes it anew.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use innkeeper::command::Command;
use innkeeper::config::{Config, LevelRole};
use innkeeper::features;
use innkeeper::model::Permission;

const BEGIN: &str = "<!-- commands: written by tests/readme.rs -->\n";
const END: &str = "<!-- end of commands -->\n";

fn row(command: &Command) -> String {
    let others: String = command.aliases.iter().map(|alias| format!(", `!{alias}`")).collect();
    let who = match command.requires {
        Permission::Everyone => "everyone",
        requires => requires.name(),
    };
    format!("| `/{}` | `!{}`{others} | {who} | {} |\n", command.usage_in_full(), command.name, command.about)
}

#[test]
fn the_table_of_commands_is_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let mut commands = features::commands(&Config::default());
    commands.retain(|command| !command.hidden);
    // Those for everybody first, each as in `/help`.
    commands.sort_by_key(|command| command.requires != Permission::Everyone);
    let rows: String = commands.iter().map(|command| row(command)).collect();
    let fresh = format!("\n| command | as a message | who | what |\n|---|---|---|---|\n{rows}\n");
    if std::env::var_os("UPDATE_EXPECT").is_some() && table != fresh {
        std::fs::write(&path, format!("{before}{BEGIN}{fresh}{END}{after}")).unwrap();
    } else {
        assert_eq!(table, fresh, "UPDATE_EXPECT=1 cargo test --test readme writes it anew");
    }
}

#[test]
fn the_invite_link_asks_for_what_the_bot_needs() {
    let mut config = Config::default();
    let role = "1".parse().unwrap();
    config.levels.roles = vec![LevelRole { level: 2, role, keep: false }];
    let wanted = features::permissions(&config).iter().fold(0, |bits, (wanted, _)| bits | wanted.0);
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    assert!(readme.contains(&format!("&permissions={wanted}`")), "the link should have permissions={wanted}");
}
