//! The example configuration shows every key with its default.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use innkeeper::config::{Config, load};

#[test]
fn the_example_holds_every_key_with_its_default() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let loaded = load(Some(&file), Vec::new()).unwrap();
    let mut expected = Config::default();
    expected.store.path = file.parent().unwrap().join(&expected.store.path);
    assert_eq!(loaded.config, expected);
    let text = std::fs::read_to_string(&file).unwrap();
    for (key, _, _) in loaded.list() {
        let name = key.rsplit('.').next().unwrap().to_owned();
        assert!(text.lines().any(|line| line.starts_with(&format!("{name} = "))), "{key} is missing");
    }
}

#[test]
fn rules_and_commands_that_are_commented_out_are_right() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let folder = std::env::temp_dir().join(format!("innkeeper-example-rules-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut toml = String::new();
    for begin in ["# [[on]]", "# [[command]]"] {
        let rest = text.split_once(begin).unwrap().1.split("\n\n").next().unwrap();
        toml.push_str(&format!("{}{}\n", begin.trim_start_matches("# "), rest.replace("\n# ", "\n")));
    }
    std::fs::write(folder.join("innkeeper.toml"), toml).unwrap();
    let loaded = load(Some(&folder.join("innkeeper.toml")), Vec::new());
    std::fs::remove_dir_all(&folder).unwrap();
    let config = loaded.unwrap().config;
    assert_eq!((config.rules.len(), config.rules[0].actions.len(), config.commands.len()), (1, 3, 1));
}

#[test]
fn what_is_commented_out_is_right_too() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let table = |name: &str| {
        let (_, keys) = text.split_once(&format!("# {name}\n")).unwrap();
        format!("{name}\n{}\n", keys.split("\n\n").next().unwrap().replace("# ", ""))
    };
    let toml = table("[[levels.role]]") + &table("[[roster.role]]");
    let folder = std::env::temp_dir().join(format!("innkeeper-example-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("innkeeper.toml"), toml).unwrap();
    let loaded = load(Some(&folder.join("innkeeper.toml")), Vec::new());
    std::fs::remove_dir_all(&folder).unwrap();
    let config = loaded.unwrap().config;
    assert_eq!((config.levels.roles.len(), config.roster.roles.len()), (1, 1));
}
