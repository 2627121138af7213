//! What can be said of the page's looks without eyes: contrast, landmarks, labels, and no request to anybody else.

use innkeeper::status::assets;

use crate::html::elements;
use crate::support::{House, get};

/// The colours of the two schemes, by name.
fn palettes() -> [Vec<(String, [f64; 3])>; 2] {
    let roots: Vec<_> =
        assets::STYLE.body.split(":root {").skip(1).map(|root| root.split('}').next().unwrap()).collect();
    let read = |root: &str| {
        let colours =
            root.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';')?.split_once(": #"));
        let parse = |hex: &str, at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        let colours = colours.filter(|(_, hex)| hex.len() == 6);
        colours.map(|(name, hex)| (name.to_owned(), [parse(hex, 0), parse(hex, 2), parse(hex, 4)])).collect()
    };
    [read(roots[0]), read(roots[1])]
}

/// Source: WCAG 2.2, "relative luminance" and "contrast ratio".
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    let luminance = |[r, g, b]: [f64; 3]| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn text_stands_out_in_light_and_dark() {
    let pairs = [
        ("ink", "page"),
        ("ink", "sheet"),
        ("faint", "page"),
        ("faint", "sheet"),
        ("amber", "page"),
        ("amber", "sheet"),
        ("good", "good-sheet"),
        ("ink", "warn-sheet"),
        ("ink", "bad-sheet"),
        ("faint", "warn-sheet"),
        ("faint", "bad-sheet"),
    ];
    for palette in palettes() {
        let colour = |name: &str| palette.iter().find(|(known, _)| known == name).unwrap().1;
        for (text, ground) in pairs {
            let ratio = contrast(colour(text), colour(ground));
            assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
        }
        assert!(contrast(colour("bar"), colour("sheet")) >= 2.5, "bars have to be seen");
    }
}

#[tokio::test]
async fn the_page_can_be_found_ones_way_about_without_eyes() {
    let house = House::open().await;
    let page = get(house.addr, "/").await.body;
    let elements = elements(&page);
    let count = |name: &str| elements.iter().filter(|element| element.name == name).count();
    assert_eq!((count("main"), count("header"), count("footer"), count("h1")), (1, 1, 1, 1));
    assert!(elements.iter().any(|element| element.name == "html" && element.attribute("lang") == Some("en")));
    assert!(elements.iter().any(|element| element.attribute("aria-live") == Some("polite")));
    let ids: Vec<_> = elements.iter().filter_map(|element| element.attribute("id")).collect();
    for element in &elements {
        if let Some(label) = element.attribute("aria-labelledby") {
            assert!(ids.contains(&label), "{label} labels nothing");
        }
        let needs_label = element.name == "progress" || element.attribute("role") == Some("img");
        assert!(!needs_label || element.attribute("aria-label").is_some(), "{element:?}");
        let is_header = element.name == "th";
        assert!(!is_header || element.attribute("scope").is_some(), "{element:?}");
    }
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id stands twice");
}

#[test]
fn motion_stops_for_those_who_ask() {
    assert!(assets::STYLE.body.contains("prefers-reduced-motion: reduce"));
    assert!(assets::STYLE.body.contains("prefers-color-scheme: dark"));
}
