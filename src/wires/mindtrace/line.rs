//! Which command a content means: its name, exactly as it is written, after `/` or the prefix or nothing.

use super::registry::Known;

/// A content without what stands before its command.
pub fn bare<'a>(content: &'a str, prefix: &str) -> &'a str {
    let line = content.trim();
    let behind_prefix = line.strip_prefix(prefix).filter(|_| !prefix.is_empty());
    line.strip_prefix('/').or(behind_prefix).unwrap_or(line).trim()
}

/// The command that a line begins with, and what follows its name. Of names of several words the longest that fits is
/// meant; every name counts in its own case alone.
pub fn find<'a>(line: &'a str, known: &[Known]) -> Option<(Known, &'a str)> {
    let named = known.iter().flat_map(|known| known.names().map(move |name| (*known, name)));
    let fitting = named.filter_map(|(known, name)| Some((name.len(), (known, behind(line, name)?))));
    fitting.max_by_key(|(length, _)| *length).map(|(_, found)| found)
}

/// What follows these words, however far apart they are written.
fn behind<'a>(line: &'a str, words: &str) -> Option<&'a str> {
    let rest = words.split(' ').try_fold(line, |rest, word| {
        let rest = rest.trim_start().strip_prefix(word)?;
        (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
    });
    rest.map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_the_prefix_or_nothing_stands_before_a_command() {
        for content in ["/roll 6", "!roll 6", "roll 6", "  / roll 6\n"] {
            assert_eq!(bare(content, "!"), "roll 6", "{content:?}");
        }
        assert_eq!(bare("//roll", "!"), "/roll");
        assert_eq!((bare("!roll", ""), bare(" ", "!"), bare("/", "!")), ("!roll", "", ""));
    }

    #[test]
    fn words_are_whole_and_in_their_own_case() {
        assert_eq!(behind("kudos  give\t<@1> 2 ", "kudos give"), Some("<@1> 2"));
        assert_eq!(behind("roll", "roll"), Some(""));
        for other in ["rolls", "Roll", "rol", ""] {
            assert_eq!(behind(other, "roll"), None, "{other}");
        }
    }
}
