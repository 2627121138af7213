//! Names as they can be drawn: nothing that hides, reorders, piles up or breaks XML, and never too long. Escaping is
//! the template's.

use crate::model::text::is_invisible;

/// The most characters of a text that are drawn.
const CHARS_MAX: usize = 48;
/// Marks on one letter; more of them climb over everything around.
const MARKS_MAX: usize = 2;
const UNNAMED: &str = "(no name)";

/// A text on one line, of what can be seen.
pub fn tidy(raw: &str) -> String {
    let mut shown = String::new();
    let (mut chars, mut marks) = (0, 0);
    for character in raw.chars().map(|c| if c.is_whitespace() { ' ' } else { plain_letter(c) }) {
        if is_invisible(character) || is_blank(character) || is_no_character(character) {
            continue;
        }
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if marks > MARKS_MAX || character == ' ' && (shown.is_empty() || shown.ends_with(' ')) {
            continue;
        }
        if chars == CHARS_MAX {
            shown.push('…');
            break;
        }
        shown.push(character);
        chars += 1;
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// A name: as [`tidy`], and never empty.
pub fn name(raw: &str) -> String {
    let shown = tidy(raw);
    if shown.chars().all(|c| is_mark(c) || c == '\u{200d}') { UNNAMED.to_owned() } else { shown }
}

/// The first letters of the first two words of a name.
pub fn initials(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter_map(|word| word.chars().next());
    let initials: String = words.filter(|c| !is_mark(*c)).take(2).flat_map(char::to_uppercase).collect();
    let first = || name.chars().find(|c| !c.is_whitespace() && !is_mark(*c) && *c != '(').map(String::from);
    if initials.is_empty() { first().unwrap_or_default() } else { initials }
}

/// Whether it is written as a part of what stands before it, or takes up room alone.
pub fn joins(character: char) -> bool {
    is_mark(character) || matches!(character, ' ' | '\u{200d}' | '\u{fe0e}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// Whether a letter belongs to a script that runs from right to left, of those that we have fonts for.
pub fn is_right_to_left(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// Letters dressed up as mathematics or in full width, as the letters that they are: fonts for them are rare.
fn plain_letter(character: char) -> char {
    let code = u32::from(character);
    let plain = match code {
        0xff01..=0xff5e => code - 0xfee0,
        // Thirteen alphabets of 26 capitals and 26 small letters.
        0x1d400..=0x1d6a3 => match (code - 0x1d400) % 52 {
            capital @ 0..=25 => capital + u32::from('A'),
            small => small - 26 + u32::from('a'),
        },
        // Five sets of ten digits.
        0x1d7ce..=0x1d7ff => (code - 0x1d7ce) % 10 + u32::from('0'),
        _ => code,
    };
    char::from_u32(plain).unwrap_or(character)
}

/// Combining marks of the scripts in which they are piled up; those of other scripts are part of their letters.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'
        | '\u{5c1}' | '\u{5c2}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe2f}')
}

/// Letters and signs without any ink, with which people write names that are not there.
fn is_blank(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180e}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{fffc}' | '\u{1d173}'..='\u{1d17a}')
}

/// Codes that are no characters; XML takes none of the first two.
fn is_no_character(character: char) -> bool {
    u32::from(character) & 0xfffe == 0xfffe || matches!(character, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_hides_or_piles_up_is_left_out() {
        assert_eq!(tidy("  a\u{202e}b\u{0}\n\tc\u{fffe}\u{200b}  d "), "ab c d");
        assert_eq!(tidy("Z\u{300}\u{301}\u{302}\u{303}a"), "Z\u{300}\u{301}a");
        assert_eq!(tidy("𝓕𝒶𝐧𝖼𝕪 ＡＢ１ 𝟘𝟿"), "Fancy AB1 09");
        assert_eq!(tidy("<b>&amp;</b>"), "<b>&amp;</b>");
        assert_eq!(tidy(&"x".repeat(60)).chars().count(), CHARS_MAX + 1);
    }

    #[test]
    fn a_name_is_never_empty() {
        for empty in ["", " ", "\u{200b}\u{200d}", "\u{3164}\u{2800}", "\u{301}", "\u{fe0f}"] {
            assert_eq!(name(empty), UNNAMED, "{empty:?}");
        }
    }

    #[test]
    fn initials_are_the_first_letters() {
        assert_eq!(initials("ada lovelace the first"), "AL");
        assert_eq!(initials("-_-"), "-");
        assert_eq!(initials("(no name)"), "NN");
        assert_eq!(initials("ß"), "SS");
        assert_eq!(initials(""), "");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_one_short_line(raw in any::<String>()) {
            let shown = name(&raw);
            prop_assert!(!shown.is_empty() && shown.chars().count() <= CHARS_MAX + 1);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c) || is_no_character(c)));
            initials(&shown);
        }
    }
}
