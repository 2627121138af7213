//! A JSON value that has not been looked into yet, and ways to look that cannot fail: what does not fit is missing.
//!
//! It refuses to know which object it stands in.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The text of one JSON value.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a>(&'a str);

impl Default for Raw<'_> {
    fn default() -> Self {
        Self("null")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'a RawValue>::deserialize(deserializer).map(|raw| Self(raw.get()))
    }
}

impl<'a> Raw<'a> {
    /// The value as JSON.
    pub fn json(self) -> &'a str {
        self.0
    }

    /// Not there, or `null`.
    pub fn is_missing(self) -> bool {
        self.0 == "null"
    }

    /// A text; half of a surrogate pair in it becomes the replacement character.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.quoted()?;
        if !inner.contains('\\') {
            return Some(Cow::Borrowed(inner));
        }
        let text = serde_json::from_str(self.0).or_else(|_| serde_json::from_str(&mend(self.0)));
        text.ok().map(Cow::Owned)
    }

    /// An id, written as text or as a number; 0 and what does not fit 63 bits are none.
    pub fn id<T: TryFrom<u64>>(self) -> Option<T> {
        T::try_from(self.bits()?).ok()
    }

    /// A whole number without a sign, written as text or as a number.
    pub fn bits(self) -> Option<u64> {
        self.quoted().unwrap_or(self.0).parse().ok()
    }

    /// A whole number.
    pub fn whole(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Whether this is `true`.
    pub fn flag(self) -> bool {
        self.0 == "true"
    }

    /// An object's fields; all of them missing when this is no object.
    pub fn object<T: Deserialize<'a> + Default>(self) -> T {
        serde_json::from_str(self.0).unwrap_or_default()
    }

    /// A list's elements, without those that are not what is asked for; empty when this is no list.
    pub fn list<T: Deserialize<'a>>(self) -> Vec<T> {
        let elements: Vec<Raw<'a>> = serde_json::from_str(self.0).unwrap_or_default();
        elements.into_iter().filter_map(|element| serde_json::from_str(element.0).ok()).collect()
    }

    fn quoted(self) -> Option<&'a str> {
        self.0.strip_prefix('"')?.strip_suffix('"')
    }
}

/// Replaces escaped surrogates that stand alone, which strict readers refuse, by the replacement character.
fn mend(json: &str) -> String {
    let mut mended = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        let escape = &rest[at..];
        let taken = match (surrogate(escape), escape.get(6..).and_then(surrogate)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(_), _) => {
                mended.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            // An escape is two bytes, and what follows the backslash is ASCII in valid JSON.
            (None, _) => escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end),
        };
        mended.push_str(&escape[..taken]);
        rest = &escape[taken..];
    }
    mended.push_str(rest);
    mended
}

/// The surrogate that this text starts with, as `\ud83d`.
fn surrogate(text: &str) -> Option<u32> {
    let unit = u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
    (0xd800..=0xdfff).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lonely_surrogate_costs_one_character() {
        let text = |json| Raw(json).text().unwrap().into_owned();
        assert_eq!(text(r#""a\ud83db""#), "a\u{fffd}b");
        assert_eq!(text(r#""\ude00\ud83d\ude00""#), "\u{fffd}😀");
        assert_eq!(text(r#""\ud83d\ud83d\ude00 \\ud800 ü""#), "\u{fffd}😀 \\ud800 ü");
        assert_eq!(text(r#""plain""#), "plain");
        assert_eq!(text(r#""a\nb""#), "a\nb");
    }

    #[test]
    fn what_does_not_fit_is_missing() {
        assert!(Raw("5").text().is_none());
        assert!(Raw(r#""0""#).id::<crate::model::UserId>().is_none());
        assert!(Raw("18446744073709551615").id::<crate::model::UserId>().is_none());
        assert_eq!(Raw("7").id::<crate::model::UserId>().unwrap().get(), 7);
        assert_eq!(Raw("1e999").whole(), None);
        assert!(!Raw("\"true\"").flag());
        assert!(Raw("{}").list::<Raw<'_>>().is_empty());
    }
}
