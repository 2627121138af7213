//! Cards of difficult names, compared with pictures that somebody looked at; the limits of size; and bombs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use innkeeper::model::UserId;
use innkeeper::model::picture::{Bar, Bars, Card, Line, Picture};
use innkeeper::picture::{Fonts, png, unpack};
use resvg::tiny_skia::Pixmap;

/// The largest card with initials, and with a photo, in bytes.
const INITIALS_BYTES_MAX: usize = 60 * 1024;
const PHOTO_BYTES_MAX: usize = 120 * 1024;
/// The mean difference of a channel, of 255, at which two pictures are no longer the same one.
const DISTANCE_MAX: f64 = 0.2;

/// Names that are hard to draw, and what they are kept under.
const DIFFICULT: [(&str, &str); 10] = [
    ("cjk", "山田太郎 김철수"),
    ("arabic", "محمد عبد الله"),
    ("hebrew", "שלום כהן"),
    ("emoji", "Zoë 🦊👩‍🚀"),
    ("zero_width", "A\u{200b}d\u{200d}a\u{feff} L\u{2060}ovelace"),
    ("markup", "</text><script>&amp;\"'<![CDATA["),
    ("very_long", "Wolfeschlegelsteinhausenbergerdorffwelchevoraltern"),
    ("empty", ""),
    (
        "marks",
        "Z\u{351}\u{34a}\u{30e}\u{302}a\u{321}\u{328}\u{329}l\u{334}\u{335}\u{336}g\u{33f}\u{340}\u{341}o\u{360}",
    ),
    ("override", "\u{202e}drawkcab\u{202c} Ωμέγα Ж"),
];

fn card(name: &str) -> Card {
    Card {
        user: UserId::new(81).unwrap(),
        name: name.to_owned(),
        avatar: None,
        colour: 0xE0_A8_4E,
        note: "Advanced · 12 days in a row".to_owned(),
        facts: vec![("RANK".to_owned(), "#3".to_owned()), ("LEVEL".to_owned(), "27".to_owned())],
        progress: 640,
        below: ("77,412 XP".to_owned(), "1,188 XP to level 28".to_owned()),
    }
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cards").join(format!("{name}.png"))
}

/// Compares with the kept picture; where they differ, the new one is left beside the tests' other products.
fn compare(name: &str, drawn: &[u8]) -> Option<String> {
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    std::fs::write(&fresh, drawn).unwrap();
    let Ok(file) = std::fs::read(kept(name)) else { return Some(format!("{name}: nothing is kept; see {fresh:?}")) };
    let (old, new) = (Pixmap::decode_png(&file).unwrap(), Pixmap::decode_png(drawn).unwrap());
    if (old.width(), old.height()) != (new.width(), new.height()) {
        return Some(format!("{name}: another size; see {fresh:?}"));
    }
    let off: u64 = old.data().iter().zip(new.data()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let distance = off as f64 / old.data().len() as f64;
    (distance > DISTANCE_MAX).then(|| format!("{name}: {distance:.3} away; see {fresh:?}"))
}

#[test]
fn difficult_names_look_as_they_were_approved() {
    let fonts = Fonts::bundled();
    let mut off = Vec::new();
    for (kept_as, name) in DIFFICULT {
        let drawn = png(&fonts, &Picture::Card(card(name)), None).unwrap();
        assert!(drawn.len() <= INITIALS_BYTES_MAX, "{kept_as}: {} bytes", drawn.len());
        off.extend(compare(kept_as, &drawn));
    }
    assert!(off.is_empty(), "{off:#?}");
}

/// A noisy photo, the worst for a PNG.
fn photo() -> Pixmap {
    let mut noise = Pixmap::new(256, 256).unwrap();
    let mut state = 7_u32;
    for byte in noise.data_mut().iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    // Premultiplied: no colour is above its alpha.
    noise.data_mut().chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    unpack(&noise.encode_png().unwrap()).unwrap()
}

#[test]
fn a_photo_fits_too() {
    let drawn = png(&Fonts::bundled(), &Picture::Card(card("Ada Lovelace")), Some(&photo())).unwrap();
    assert!(drawn.len() <= PHOTO_BYTES_MAX, "{} bytes", drawn.len());
    let read = Pixmap::decode_png(&drawn).unwrap();
    assert_eq!((read.width(), read.height()), (934, 282));
}

#[test]
fn boards_and_lines_look_as_they_were_approved() {
    let fonts = Fonts::bundled();
    let names = DIFFICULT.iter().map(|(_, name)| (*name).to_owned());
    let rows = names.enumerate().map(|(nth, name)| Bar {
        place: format!("#{}", nth + 1),
        name,
        value: format!("level {} · {} XP", 40 - nth * 3, 90_000 - nth * 9_000),
        share: 1_000 - nth as u16 * 100,
    });
    let bars = Bars { title: "Leaderboard of The Inn <3".to_owned(), colour: 0x6f_b0_e8, rows: rows.collect() };
    let points = (0..40).map(|nth| (nth * 86_400_000, nth * nth * 10)).collect();
    let marks = vec![(0, "0".to_owned()), (7_600, "7,600".to_owned()), (15_210, "15,210".to_owned())];
    let ends = ("2026-08-01".to_owned(), "2026-09-09".to_owned());
    let line = Line { title: "XP of Ada".to_owned(), colour: 0x6f_b0_e8, points, marks, ends };
    let off: Vec<_> = [("board", Picture::Bars(bars)), ("line", Picture::Line(line))]
        .into_iter()
        .filter_map(|(name, picture)| compare(name, &png(&fonts, &picture, None).unwrap()))
        .collect();
    assert!(off.is_empty(), "{off:#?}");
}

#[test]
fn whatever_it_says_it_is_drawn() {
    let fonts = Fonts::bundled();
    let long = "x".repeat(100_000);
    let wide = "﷽".repeat(50);
    for text in ["", "]]>", "&#0;", "\u{0}\u{fffe}", "%s{{ name }}", &long, &wide] {
        let mut odd = card(text);
        (odd.note, odd.below, odd.progress) = (text.to_owned(), (text.to_owned(), text.to_owned()), u16::MAX);
        odd.facts = vec![(text.to_owned(), text.to_owned()); 3];
        assert!(png(&fonts, &Picture::Card(odd), None).is_some(), "{text:.20}");
    }
    let none = Bars { title: String::new(), colour: u32::MAX, rows: Vec::new() };
    assert!(png(&fonts, &Picture::Bars(none), None).is_some());
    let extreme = vec![(i64::MIN / 4, -1), (0, i64::MAX / 4), (i64::MAX / 4, 0)];
    for points in [extreme, vec![(5, 5)], vec![(5, 5), (5, 9)]] {
        let line = Line { title: long.clone(), colour: 0, points, marks: Vec::new(), ends: Default::default() };
        assert!(png(&fonts, &Picture::Line(line), None).is_some());
    }
    let nothing =
        Line { title: String::new(), colour: 0, points: Vec::new(), marks: Vec::new(), ends: Default::default() };
    assert!(png(&fonts, &Picture::Line(nothing), None).is_none());
}
