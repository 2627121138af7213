//! Draws sample pages into a folder (a helper for looking at them).
use innkeeper::config::Audience;
use innkeeper::model::{Clock, Timestamp};
use innkeeper::status::vitals::*;
use innkeeper::status::*;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

fn sample(mode: &str) -> Face {
    let clock = Clock::hand(Timestamp::from_ms(1_788_000_000_000));
    let vitals = Vitals::new(clock.clone());
    clock.learn(clock.wall());
    let board = Board::new(clock.clone());
    vitals.set_gateway(GatewayState::Connected);
    for minute in 0..192u64 {
        let n = (8.0 + 7.0 * ((minute as f64) / 9.0).sin() + (minute * 7919 % 11) as f64) as u64;
        for _ in 0..n {
            vitals.note_message();
        }
        clock.advance(Duration::from_secs(60));
    }
    vitals.guilds.store(1, Relaxed);
    vitals.members_seen.store(248, Relaxed);
    vitals.latency_ms.store(42, Relaxed);
    vitals.promises_due.store(3, Relaxed);
    vitals.store_bytes.store(1_843_200, Relaxed);
    vitals.note_dispatch();
    if mode != "down" {
        vitals.note_ack();
    }
    vitals.note_commit(Duration::from_millis(3));
    let names = [
        "Marigold",
        "Old Tom",
        "عبد الرحمن",
        "quill",
        "Bramble & Co.",
        "Ōkami",
        "the_baker",
        "Wren",
        "x".repeat(32).leak(),
        "Perpetua",
    ];
    let rows = names.iter().enumerate().map(|(i, name)| {
        let xp = 12_650 - 1_130 * i as i64;
        Standing {
            rank: i as u64 + 1,
            name: name.to_string(),
            level: 11 - i as u64,
            xp,
            progress: Some((130 + 97 * i as u64, 2_250 - 200 * i as u64)),
        }
    });
    let mut cards = vec![Card {
        title: "Leaderboard".into(),
        kind: CardKind::Leaderboard(rows.collect()),
        audience: Audience::Public,
    }];
    if mode != "narrow" {}
    if mode == "empty" {
        cards[0].kind = CardKind::Leaderboard(vec![]);
    }
    if mode == "degraded" {
        cards.push(Card {
            title: "Level roles".into(),
            kind: CardKind::List(vec![
                ("Regular".into(), "from level 5".into()),
                ("Veteran".into(), "from level 20".into()),
            ]),
            audience: Audience::Public,
        });
        cards.push(Card {
            title: "A word from the keeper".into(),
            kind: CardKind::Text("Quiz night on Friday at eight. Bring a pencil.".into()),
            audience: Audience::Public,
        });
    }
    board.put(cards);
    match mode {
        "degraded" => {
            vitals.problem(
                "role.7.above",
                "The role “Regular” stands above mine, so I cannot give it.",
                "In the server settings, under Roles, drag “Innkeeper” above “Regular”.",
            );
            vitals.problem(
                "intent.message_content",
                "Discord does not show me what people write, so prefix commands do nothing.",
                "Switch on “Message Content Intent” in the Developer Portal, under Bot.",
            );
            clock.advance(Duration::from_secs(50));
        }
        "down" => {
            vitals.set_gateway(GatewayState::BackingOff);
            clock.advance(Duration::from_secs(420));
        }
        _ => {}
    }
    Face {
        vitals,
        board,
        settings: Arc::new(FaceSettings {
            demo: (mode == "demo").then(|| "http://127.0.0.1:9000/".into()),
            ..Default::default()
        }),
    }
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    for mode in ["ok", "demo", "degraded", "down", "empty"] {
        let mut html = page::html(&sample(mode), page::Place::Door);
        html = html.replace("\"/assets/", "\"assets/");
        std::fs::write(format!("{folder}/{mode}.html"), html).unwrap();
    }
    std::fs::create_dir_all(format!("{folder}/assets")).unwrap();
    for asset in &assets::ASSETS {
        std::fs::write(format!("{folder}{}", asset.path), asset.body).unwrap();
    }
}
