//! Who may name whom: the arrows between modules, and which module knows which crate.

use super::source::{File, House, Named};
use super::{Finding, Rule, at};

/// A module and those it may name besides itself. A new module takes its place here, and so does a new arrow: with it,
/// the map in ARCHITECTURE.md changes.
const MODULES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("config", &["model"]),
    ("status", &["config", "model"]),
    ("door", &[]),
    ("import", &["model"]),
    ("picture", &["model"]),
    ("store", &["model", "status"]),
    ("cx", &["config", "model", "status", "store"]),
    ("command", &["config", "cx", "model", "status", "store"]),
    ("features", &["command", "config", "cx", "model", "status", "store"]),
    ("bot", &["command", "config", "cx", "features", "model", "picture", "status", "store"]),
    ("gateway", &["bot", "command", "config", "model", "picture", "status", "store"]),
    ("http", &["bot", "command", "config", "door", "model", "picture", "status", "store"]),
    ("wires", &["bot", "command", "config", "cx", "features", "http", "model", "status", "store"]),
    ("lamp", &["config", "door", "model", "status"]),
    ("sim", &["model"]),
    ("client", &["model"]),
    (
        "cli",
        &[
            "bot", "client", "command", "config", "door", "features", "gateway", "http", "import", "lamp", "model",
            "sim", "status", "store", "wires",
        ],
    ),
    ("main", &["cli"]),
];

/// What a room's own part of the main door may name on top: `features/*/api.rs` and `features/*/page.rs`.
const DOOR_OF_A_ROOM: &[&str] = &["bot", "http"];

/// A crate and whether a path may know it.
type KnownBy = (&'static str, fn(&str) -> bool);

/// Crates that not everybody may know.
const CRATES: &[KnownBy] = &[
    ("serenity", is_gateway),
    ("twilight_gateway", is_gateway),
    ("twilight_gateway_queue", is_gateway),
    ("twilight_model", is_gateway),
    ("axum", is_http),
    ("tiny_http", |path| is_in(path, "lamp")),
    ("rusqlite", is_store),
    ("refinery", |path| is_in(path, "store")),
    ("jiff", |path| path == "src/model/zone.rs"),
    ("resvg", |path| is_in(path, "picture")),
    ("fontdb", |path| is_in(path, "picture")),
    ("png", |path| is_in(path, "picture")),
    ("skrifa", |path| is_in(path, "picture")),
];

/// From one room to another, where nothing else will do, with the reason.
const BETWEEN_ROOMS: &[(&str, &str, &str)] = &[];

pub const RULES: &[Rule] = &[
    Rule {
        name: "modules name only what lies below them",
        advice: "turn the dependency around: pass a value down, return a value up, or move the shared word to model",
        check: modules,
        bad: &[
            &[("src/store/open.rs", "use crate::{model::Result, bot::Bot};")],
            &[("src/model/id.rs", "fn f() { super::super::store::open() }")],
            &[("src/lamp/mod.rs", "use crate::store::Store;")],
            &[("src/attic.rs", "//! A module that nobody gave a place.")],
        ],
        good: &[
            &[("src/bot/mod.rs", "use crate::{model::Result, features, bot::invoke};")],
            &[("src/store/open.rs", "// crate::bot\n#[cfg(test)]\nmod tests { use crate::bot::Bot; }")],
            &[("src/features/levels/api.rs", "use crate::bot::Bot;")],
        ],
    },
    Rule {
        name: "a crate is known where it belongs",
        advice: "only gateway knows serenity and twilight, only http, wires, sim and a room's api.rs and page.rs know \
                 axum, only lamp knows tiny_http, only store and a room's store.rs know rusqlite, only \
                 model/zone.rs knows jiff, only picture draws: let that place give you a word of ours",
        check: crates,
        bad: &[
            &[("src/bot/mod.rs", "use serenity::all::Message;")],
            &[("src/http/mod.rs", "fn f() { tiny_http::Server::http(1); }")],
            &[("src/features/levels/commands.rs", "use rusqlite::{params, Connection};")],
            &[("src/features/mod.rs", "use rusqlite as sql;")],
            &[("src/lamp/mod.rs", "pub fn f(request: ::axum::Request) {}")],
            &[("src/sim/mod.rs", "use {std::io, twilight_model::id::Id};")],
        ],
        good: &[
            &[("src/gateway/inbound.rs", "use serenity::all::Message;")],
            &[("src/features/levels/store.rs", "use rusqlite::params;")],
            &[("src/features/guilds.rs", "use rusqlite::params;")],
            &[("src/features/levels/page.rs", "use axum::Router;")],
            &[("src/bot/mod.rs", "//! serenity::all\nconst WHY: &str = \"use axum::Router\";")],
        ],
    },
    Rule {
        name: "no door names a room",
        advice: "ask the bot: it knows the rooms, so that adding one never edits gateway, http, lamp or sim",
        check: doors,
        bad: &[
            &[("src/gateway/slash.rs", "use crate::features::FEATURES;")],
            &[("src/http/server.rs", "fn f() { crate::features::levels::api::routes() }")],
        ],
        good: &[&[("src/bot/mod.rs", "use crate::features::FEATURES;")]],
    },
    Rule {
        name: "a room does not import another room",
        advice: "let both read an event or a record of the store; a needed exception goes, with its reason, into \
                 BETWEEN_ROOMS in tests/tidy/arrows.rs",
        check: rooms,
        bad: &[
            &[("src/features/kudos.rs", "use super::levels::rules;")],
            &[("src/features/levels/mod.rs", "use crate::features::{Feature, kudos};")],
        ],
        good: &[
            &[("src/features/levels/mod.rs", "use crate::features::{Feature, levels::rules};\nuse super::Feature;")],
            &[("src/features/mod.rs", "pub mod levels;\nuse self::levels::FEATURE;")],
        ],
    },
    Rule {
        name: "a wire does not import another wire",
        advice: "what two wires need belongs to wires/mod.rs or wires/fastapi.rs, or to the room whose records it is \
                 about",
        check: wires,
        bad: &[
            &[("src/wires/hub/users.rs", "use crate::wires::staff::roster;"), ("src/wires/staff.rs", "")],
            &[("src/wires/fastapi.rs", "use super::hub::users;"), ("src/wires/hub/users.rs", "")],
        ],
        good: &[&[
            ("src/wires/hub/users.rs", "use super::asked::Asked;\nuse crate::wires::{fastapi, guild_of, hub::tools};"),
            ("src/wires/fastapi.rs", ""),
        ]],
    },
    Rule {
        name: "rules.rs sees model alone",
        advice: "rules are pure functions: hand time, chance and rows in as arguments, return what was decided",
        check: rules,
        bad: &[
            &[("src/features/levels/rules.rs", "use super::store::load;")],
            &[("src/features/levels/rules.rs", "use crate::store::Tx;")],
            &[("src/features/levels/rules.rs", "use std::time::Instant;")],
            &[("src/features/levels/rules.rs", "use crate::model::Clock;")],
            &[("src/features/levels/rules.rs", "pub async fn earn() {}")],
            &[("src/features/levels/rules.rs", "fn f() -> u8 { fastrand::u8(..) }")],
        ],
        good: &[&[("src/features/levels/rules.rs", "use crate::model::Timestamp;\nuse super::config::Curve;")]],
    },
];

fn is_in(path: &str, module: &str) -> bool {
    path.strip_prefix("src/")
        .and_then(|path| path.strip_prefix(module))
        .is_some_and(|rest| rest.starts_with(['/', '.']))
}

fn is_gateway(path: &str) -> bool {
    is_in(path, "gateway")
}

fn is_http(path: &str) -> bool {
    ["http", "wires", "sim"].iter().any(|module| is_in(path, module)) || is_door_of_a_room(path)
}

fn is_door_of_a_room(path: &str) -> bool {
    path.starts_with("src/features/") && (path.ends_with("/api.rs") || path.ends_with("/page.rs"))
}

fn is_store(path: &str) -> bool {
    let Some(room) = path.strip_prefix("src/features/") else { return is_in(path, "store") };
    room.ends_with("/store.rs") || !room.contains('/') && room != "mod.rs"
}

/// What the code that ships names.
fn shipped(file: &File) -> impl Iterator<Item = Named> {
    file.named().into_iter().filter(|named| !named.test)
}

fn modules(house: &House) -> Vec<Finding> {
    house.sources().flat_map(modules_of).collect()
}

fn modules_of(file: &File) -> Vec<Finding> {
    let from = match file.path.as_str() {
        "src/lib.rs" => return Vec::new(),
        "src/main.rs" => "main",
        _ => file.module()[0],
    };
    let Some((_, below)) = MODULES.iter().find(|(module, _)| *module == from) else {
        return vec![at(file, 1, format!("{from} has no place in MODULES in tests/tidy/arrows.rs"))];
    };
    let more = if is_door_of_a_room(&file.path) { DOOR_OF_A_ROOM } else { &[] };
    shipped(file)
        .filter_map(|named| Some((file.resolve(&named)?.into_iter().next()?, named.line)))
        .filter(|(to, _)| MODULES.iter().any(|(module, _)| module == to))
        .filter(|(to, _)| to != from && !below.contains(&to.as_str()) && !more.contains(&to.as_str()))
        .map(|(to, line)| at(file, line, format!("{from} names {to}")))
        .collect()
}

fn crates(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in house.sources() {
        for named in shipped(file) {
            let known = CRATES.iter().find(|(name, _)| named.segments.first().is_some_and(|first| first == name));
            if let Some((name, may)) = known
                && !may(&file.path)
            {
                findings.push(at(file, named.line, format!("it knows {name}")));
            }
        }
    }
    findings
}

fn doors(house: &House) -> Vec<Finding> {
    let doors = |path: &str| ["gateway", "http", "lamp", "sim"].iter().any(|door| is_in(path, door));
    let mut findings = Vec::new();
    for file in house.sources().filter(|file| doors(&file.path)) {
        for named in shipped(file) {
            if file.resolve(&named).is_some_and(|module| module.first().is_some_and(|first| first == "features")) {
                findings.push(at(file, named.line, format!("it names {}", named.segments.join("::"))));
            }
        }
    }
    findings
}

fn rooms(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = vec![false; BETWEEN_ROOMS.len()];
    // The roll call of rooms, and that of their routes.
    for file in house.sources().filter(|file| file.path != "src/features/api.rs") {
        let ["features", from, ..] = file.module()[..] else { continue };
        for named in shipped(file) {
            let Some(module) = file.resolve(&named) else { continue };
            let [first, to, ..] = &module[..] else { continue };
            // What begins with a capital is no room but a word that all rooms share.
            if first != "features" || to == from || !to.starts_with(|first: char| first.is_ascii_lowercase()) {
                continue;
            }
            match BETWEEN_ROOMS.iter().position(|(one, other, _)| *one == from && other == to) {
                Some(exception) => used[exception] = true,
                None => findings.push(at(file, named.line, format!("{from} imports {to}"))),
            }
        }
    }
    let unused = BETWEEN_ROOMS.iter().zip(used).filter(|(_, used)| !used);
    findings.extend(unused.map(|((from, to, _), _)| Finding {
        place: "tests/tidy/arrows.rs".to_owned(),
        what: format!("the exception from {from} to {to} is not needed any more: remove it"),
    }));
    findings
}

/// Below `wires`, what is no wire but a manner of speaking that several of them have.
const MANNERS: &[&str] = &["fastapi"];

fn wires(house: &House) -> Vec<Finding> {
    let wires: Vec<&File> =
        house.sources().filter(|file| file.module().len() > 1 && is_in(&file.path, "wires")).collect();
    let mut findings = Vec::new();
    for file in &wires {
        let own = file.module()[1];
        let is_another =
            |name: &str| name != own && !MANNERS.contains(&name) && wires.iter().any(|wire| wire.module()[1] == name);
        for named in shipped(file) {
            let Some(module) = file.resolve(&named) else { continue };
            if let [first, to, ..] = &module[..]
                && first == "wires"
                && is_another(to)
            {
                findings.push(at(file, named.line, format!("{own} imports {to}")));
            }
        }
    }
    findings
}

fn rules(house: &House) -> Vec<Finding> {
    let files =
        house.sources().filter(|file| file.path.starts_with("src/features/") && file.path.ends_with("/rules.rs"));
    files.flat_map(rules_of).collect()
}

fn rules_of(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let room = &file.module()[..2];
    for named in shipped(file) {
        let pure = match file.resolve(&named) {
            Some(module) => is_for_rules(&module, room),
            None => !is_impure(&named.segments),
        };
        if !pure {
            findings.push(at(file, named.line, format!("it names {}", named.segments.join("::"))));
        }
    }
    let waits = file.find(&["async"]).filter(|token| !token.test);
    findings.extend(waits.map(|token| at(file, token.line, "it is async".to_owned())));
    findings
}

/// Words of all, settings as plain data, and the rules themselves.
fn is_for_rules(module: &[String], room: &[&str]) -> bool {
    match module.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => true,
        ["model", .., "Clock"] => false,
        ["model" | "config", ..] => true,
        [first, second, "rules" | "config", ..] => [first, second] == room,
        _ => false,
    }
}

fn is_impure(segments: &[String]) -> bool {
    let clock = segments.windows(2).any(|pair| pair[0] == "time" && ["Instant", "SystemTime"].contains(&&*pair[1]));
    clock || ["fastrand", "rusqlite", "tokio", "tracing"].contains(&&*segments[0])
}
