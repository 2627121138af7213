//! A report as a small picture for other pages: `innkeeper | ok`.

use super::{Health, Report};

/// Width of a letter of the badge's font, as near as a badge needs it.
const LETTER_WIDTH: usize = 7;
const PADDING: usize = 10;
const NAME: &str = "innkeeper";

/// The picture as SVG.
pub fn svg(report: &Report) -> String {
    let word = report.health.word();
    let colour = match report.health {
        Health::Ok => "#2f7d4f",
        Health::Degraded => "#9a5b00",
        Health::Down => "#b3261e",
    };
    let (left, right) = (NAME.len() * LETTER_WIDTH + PADDING, word.len() * LETTER_WIDTH + PADDING);
    let (width, middle_left, middle_right) = (left + right, left / 2, left + right / 2);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{NAME}: {word}"><title>{NAME}: {word}</title><clipPath id="r"><rect width="{width}" height="20" rx="4"/></clipPath><g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3a3340"/><rect x="{left}" width="{right}" height="20" fill="{colour}"/></g><g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><text x="{middle_left}" y="14">{NAME}</text><text x="{middle_right}" y="14">{word}</text></g></svg>"##
    )
}
