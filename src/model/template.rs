//! Texts with named placeholders, as in `{member} has reached level {level}`. `{{` and `}}` are the braces themselves.

use std::fmt;

/// A text with placeholders `P`; it cannot hold one that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template<P> {
    text: String,
    parts: Vec<Part<P>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<P> {
    Text(String),
    Value(P),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotATemplate {
    /// A placeholder that there is not, and those that there are.
    Unknown {
        name: String,
        known: Vec<&'static str>,
    },
    /// A `{` without its `}`.
    NotClosed,
    /// A `}` without its `{`.
    NotOpened,
    Empty,
    TooLong {
        chars_max: usize,
    },
}

impl fmt::Display for NotATemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, known } => {
                write!(f, "there is no placeholder {{{name}}}; known:")?;
                known.iter().try_for_each(|known| write!(f, " {{{known}}}"))?;
                match nearest(name, known) {
                    Some(nearest) => write!(f, "; did you mean {{{nearest}}}?"),
                    None => Ok(()),
                }
            }
            Self::NotClosed => f.write_str("a { is not closed; {{ stands for the brace itself"),
            Self::NotOpened => f.write_str("a } closes nothing; }} stands for the brace itself"),
            Self::Empty => f.write_str("the text is empty"),
            Self::TooLong { chars_max } => write!(f, "the text has more than {chars_max} characters"),
        }
    }
}

impl std::error::Error for NotATemplate {}

/// How alike a known placeholder must be to be suggested, from 0 to 1.
const SUGGEST_LIKENESS_MIN: f64 = 0.75;

fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let alike = known.iter().map(|known| (strsim::jaro_winkler(&name.to_lowercase(), known), *known));
    let alike = alike.filter(|(likeness, _)| *likeness >= SUGGEST_LIKENESS_MIN);
    alike.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// The most characters of a template; with its values it has to fit a message of 2,000.
const CHARS_MAX: usize = 1_000;
/// Of an unknown placeholder no more than this is repeated.
const SHOWN_CHARS_MAX: usize = 40;

impl<P: Copy> Template<P> {
    /// Reads a text that may hold the placeholders that are known by these names.
    ///
    /// # Errors
    /// An unknown placeholder, a brace without its other one, a text that is empty or has over 1,000 characters.
    pub fn parse(text: &str, known: &[(&'static str, P)]) -> Result<Self, NotATemplate> {
        if text.trim().is_empty() {
            return Err(NotATemplate::Empty);
        }
        if text.chars().count() > CHARS_MAX {
            return Err(NotATemplate::TooLong { chars_max: CHARS_MAX });
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err(NotATemplate::NotOpened);
            }
            let (name, after) = after.split_once('}').ok_or(NotATemplate::NotClosed)?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Value(find(name, known)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text with its values, which are taken as they are: who gives them has escaped them.
    pub fn render(&self, value: impl Fn(P) -> String) -> String {
        let part = |part: &Part<P>| match part {
            Part::Text(text) => text.clone(),
            Part::Value(placeholder) => value(*placeholder),
        };
        self.parts.iter().map(part).collect()
    }
}

fn find<P: Copy>(name: &str, known: &[(&'static str, P)]) -> Result<P, NotATemplate> {
    let found = known.iter().find(|(known, _)| *known == name);
    found.map(|(_, placeholder)| *placeholder).ok_or_else(|| NotATemplate::Unknown {
        name: name.chars().take(SHOWN_CHARS_MAX).collect(),
        known: known.iter().map(|(name, _)| *name).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: &[(&str, u8)] = &[("member", 1), ("level", 2)];

    fn rendered(text: &str) -> Result<String, String> {
        let value = |placeholder| if placeholder == 1 { "{level}".to_owned() } else { "7".to_owned() };
        Template::parse(text, KNOWN).map(|template| template.render(value)).map_err(|error| error.to_string())
    }

    #[test]
    fn values_take_their_places_and_are_not_read_again() {
        assert_eq!(rendered("{member} is at {level}{level}!").unwrap(), "{level} is at 77!");
        assert_eq!(rendered("no braces").unwrap(), "no braces");
        assert_eq!(rendered("{{level}} = {level}, }}{{{level}}}").unwrap(), "{level} = 7, }{7}");
    }

    #[test]
    fn what_is_no_template_is_refused_in_words() {
        let words = |text: &str| rendered(text).unwrap_err();
        assert_eq!(words("{user} x"), "there is no placeholder {user}; known: {member} {level}");
        assert!(words("{Level}").contains("no placeholder {Level}"));
        assert!(words("{}").contains("no placeholder {}"));
        assert!(words("a {level").contains("not closed"));
        assert!(words("level}").contains("closes nothing"));
        assert!(words(" ").contains("empty"));
        assert!(words(&"x".repeat(1_001)).contains("more than 1000 characters"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}a-c ]{0,12}|\\PC{0,40}") {
            let _ = rendered(&text);
        }

        /// What has its braces doubled comes out as it was.
        #[test]
        fn doubled_braces_stand_for_themselves(text in "[{}a-c]{1,12}") {
            let doubled = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(rendered(&doubled).unwrap(), text);
        }
    }
}
