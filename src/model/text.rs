//! Putting hostile texts (names, messages) into Discord's markdown, and counting for people.

/// The most characters of a name that we repeat.
const NAME_CHARS_MAX: usize = 40;

/// A name as plain text in Discord's markdown: nothing in it formats, links, mentions or breaks the line.
pub fn name(raw: &str) -> String {
    let safe = escape(raw, NAME_CHARS_MAX);
    if safe.trim().is_empty() { "(no name)".to_owned() } else { safe }
}

/// What somebody wrote as plain text in Discord's markdown, like a name; where it is longer than so many characters, it
/// is cut and ends so: `…`.
pub fn quote(raw: &str, chars_max: usize) -> String {
    let cut = raw.chars().filter(|c| *c == '\n' || !is_invisible(*c)).nth(chars_max).is_some();
    let kept = if cut { chars_max.saturating_sub(1) } else { chars_max };
    format!("{}{}", escape(raw, kept), if cut { "…" } else { "" })
}

fn escape(raw: &str, chars_max: usize) -> String {
    let mut safe = String::with_capacity(raw.len() + 8);
    let on_one_line = raw.chars().map(|c| if c == '\n' { ' ' } else { c });
    for character in on_one_line.filter(|c| !is_invisible(*c)).take(chars_max) {
        if "\\*_~`|><[]()#@:-".contains(character) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

/// A name for a terminal or a log line: one line, nothing that hides or reorders.
pub fn plain(raw: &str) -> String {
    let shown: String = raw.chars().filter(|c| !is_invisible(*c)).take(NAME_CHARS_MAX).collect();
    if shown.trim().is_empty() { "(no name)".to_owned() } else { shown }
}

/// Characters that would reorder, hide or break a line: controls, bidirectional marks, zero-width characters.
/// The zero-width joiner stays, since it makes emoji.
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A whole number with thousands set apart: `1,234,567`.
pub fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in its two largest units: `3 d 4 h`, `5 min 2 s`, `0 s`.
pub fn duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let from = parts.iter().position(|(amount, _)| *amount > 0).unwrap_or(3);
    let shown = parts[from..].iter().take(2).filter(|(amount, _)| *amount > 0);
    let text = shown.map(|(amount, unit)| format!("{amount} {unit}")).collect::<Vec<_>>().join(" ");
    if text.is_empty() { "0 s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_hostile_name_becomes_plain_text() {
        assert_eq!(name("@everyone"), "\\@everyone");
        assert_eq!(name("[free](http://x)"), "\\[free\\]\\(http\\://x\\)");
        assert_eq!(name("a\u{202e}b\nc"), "ab c");
        assert_eq!(name("\u{200b}"), "(no name)");
    }

    #[test]
    fn what_is_quoted_is_plain_and_cut_between_characters() {
        assert_eq!(quote("**so** @here\u{202e}", 400), "\\*\\*so\\*\\* \\@here");
        assert_eq!(quote("*üben*", 6), "\\*üben\\*");
        assert_eq!(quote("*üben*", 5), "\\*übe…");
        assert_eq!((quote("a", 0), quote("", 0)), ("…".to_owned(), String::new()));
    }

    #[test]
    fn numbers_and_durations_read_well() {
        assert_eq!(count(-1_234_567), "-1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(duration(Duration::from_secs(90_061)), "1 d 1 h");
        assert_eq!(duration(Duration::from_secs(60)), "1 min");
        assert_eq!(duration(Duration::ZERO), "0 s");
    }
}
