//! What a picture costs: one rank card with initials and one with a photo, and a board of ten, on one thread.
//!
//! `cargo bench --bench cards`. The goal is 10 ms for a card. Where others work on the machine, the quickest tells what
//! it costs.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]

use std::time::{Duration, Instant};

use innkeeper::model::UserId;
use innkeeper::model::picture::{Bar, Bars, Card, Picture};
use innkeeper::picture::{Fonts, png, unpack};
use resvg::tiny_skia::Pixmap;

const ROUNDS: u32 = 200;

fn card(nth: u32) -> Picture {
    Picture::Card(Card {
        user: UserId::new(81).unwrap(),
        name: format!("Ada Lovelace {nth}"),
        avatar: None,
        colour: 0xE0_A8_4E,
        note: "Advanced · 12 days in a row".to_owned(),
        facts: vec![("RANK".to_owned(), "#3".to_owned()), ("LEVEL".to_owned(), "27".to_owned())],
        progress: 640,
        below: ("77,412 XP".to_owned(), "1,188 XP to level 28".to_owned()),
    })
}

fn board(nth: u32) -> Picture {
    let row = |place: u32| Bar {
        place: format!("#{place}"),
        name: format!("Member {nth} of the inn"),
        value: format!("level {place} · 12,345 XP"),
        share: 1_000 - place as u16 * 50,
    };
    Picture::Bars(Bars { title: "Leaderboard".to_owned(), colour: 0xE0_A8_4E, rows: (1..=10).map(row).collect() })
}

fn measure(what: &str, mut draw: impl FnMut(u32) -> Vec<u8>) {
    let mut times: Vec<Duration> = Vec::new();
    let mut bytes = 0;
    let cpu = cpu_time();
    for nth in 0..ROUNDS {
        let begun = Instant::now();
        bytes = draw(nth).len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (best, middle, worst) = (times[0], times[times.len() / 2], times[times.len() * 99 / 100]);
    let cpu = (cpu_time() - cpu) / ROUNDS;
    let size = bytes as f64 / 1024.0;
    println!("{what}: {cpu:.2?} CPU; quickest {best:.2?}, median {middle:.2?}, 99 % within {worst:.2?}; {size:.1} KB");
}

/// What this thread has used of a processor so far, by Linux's own account in nanoseconds.
fn cpu_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0))
}

fn main() {
    let begun = Instant::now();
    let fonts = Fonts::bundled();
    println!("fonts loaded in {:.2?}", begun.elapsed());
    let mut photo = Pixmap::new(256, 256).unwrap();
    for (nth, pixel) in photo.data_mut().chunks_exact_mut(4).enumerate() {
        let (x, y) = (nth % 256, nth / 256);
        pixel.copy_from_slice(&[(x ^ y) as u8, (x * y / 97) as u8, (y * y / 131) as u8, 255]);
    }
    let file = photo.encode_png().unwrap();
    let face = unpack(&file).unwrap();
    measure("a card with initials", |nth| png(&fonts, &card(nth), None).unwrap());
    measure("a card with a photo", |nth| png(&fonts, &card(nth), Some(&face)).unwrap());
    measure("a board of ten", |nth| png(&fonts, &board(nth), None).unwrap());
    measure("an avatar unpacked", |_| unpack(&file).unwrap().data().to_vec());
}
