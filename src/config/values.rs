//! Values of settings that are more than a number or a text: amounts that may be a range, multipliers, colours.

use std::fmt;
use std::str::FromStr;

use serde::de::value::SeqAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of XP, or a range of which each act draws one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XpRange {
    pub low: i64,
    /// At least `low`.
    pub high: i64,
}

impl From<i64> for XpRange {
    fn from(amount: i64) -> Self {
        Self { low: amount, high: amount }
    }
}

impl fmt::Display for XpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high { self.low.fmt(f) } else { write!(f, "{} to {}", self.low, self.high) }
    }
}

impl Serialize for XpRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.low == self.high { self.low.serialize(serializer) } else { [self.low, self.high].serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for XpRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AmountOrRange)
    }
}

struct AmountOrRange;

impl<'de> de::Visitor<'de> for AmountOrRange {
    type Value = XpRange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or two as in [15, 25]")
    }

    fn visit_i64<E: de::Error>(self, amount: i64) -> Result<XpRange, E> {
        Ok(amount.into())
    }

    fn visit_u64<E: de::Error>(self, amount: u64) -> Result<XpRange, E> {
        i64::try_from(amount).map(XpRange::from).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, numbers: A) -> Result<XpRange, A::Error> {
        match Vec::<i64>::deserialize(SeqAccessDeserializer::new(numbers))?[..] {
            [low, high] if low <= high => Ok(XpRange { low, high }),
            [_, _] => Err(de::Error::custom("the first number of a range is the smaller one")),
            _ => Err(de::Error::custom("a range has two numbers, as in [15, 25]")),
        }
    }
}

/// By how much XP is multiplied: from 0 to [`Multiplier::MAX`], to the thousandth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Multiplier(u32);

impl Multiplier {
    /// The largest that may be set.
    pub const MAX: u32 = 100;
    pub const ONE: Self = Self(1_000);

    /// In thousandths: 1500 is one and a half.
    pub const fn thousandths(self) -> u32 {
        self.0
    }
}

impl TryFrom<f64> for Multiplier {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        // What is not a number lies in no range.
        if !(0.0..=f64::from(Self::MAX)).contains(&number) {
            return Err(format!("a multiplier is a number from 0 to {}, not {number}", Self::MAX));
        }
        Ok(Self((number * 1_000.0).round() as u32))
    }
}

impl Serialize for Multiplier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (f64::from(self.0) / 1_000.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Multiplier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A value that may be missing, written as an empty text.
pub mod blank {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }

    pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.as_str().is_some_and(str::is_empty) {
            return Ok(None);
        }
        serde_json::from_value(value).map(Some).map_err(D::Error::custom)
    }
}

/// A colour, 0xRRGGBB; written as `"#2ecc71"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u32);

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:06x}", self.0)
    }
}

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.map(Self).ok_or_else(|| format!("a colour is written as \"#2ecc71\", not {text:?}"))
    }
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Colour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_digits_after_a_cross() {
        let colour: Colour = "#2eCC71".parse().unwrap();
        assert_eq!((colour, colour.to_string().as_str()), (Colour(0x2e_cc71), "#2ecc71"));
        for wrong in ["", "#", "2ecc71", "#2ecc7", "#2ecc711", "#2ecc7g", "#+ecc71", "green", "#ééé"] {
            assert!(wrong.parse::<Colour>().unwrap_err().contains("is written as"), "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_a_number_or_a_range() {
        let read = |text: &str| serde_json::from_str::<XpRange>(text).map_err(|error| error.to_string());
        assert_eq!(read("15").unwrap(), 15.into());
        assert_eq!(read("[15, 25]").unwrap(), XpRange { low: 15, high: 25 });
        assert!(read("[25, 15]").unwrap_err().contains("the smaller one"));
        assert!(read("[1, 2, 3]").unwrap_err().contains("two numbers"));
        assert!(read("\"x\"").unwrap_err().contains("a whole number, or two as in [15, 25]"));
        for text in ["15", "[15,25]"] {
            assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), text);
        }
        assert_eq!(read("[15, 25]").unwrap().to_string(), "15 to 25");
    }

    #[test]
    fn a_multiplier_is_a_number_within_bounds() {
        for (number, thousandths) in [(0.0, 0), (1.5, 1_500), (0.0004, 0), (100.0, 100_000)] {
            assert_eq!(Multiplier::try_from(number).map(Multiplier::thousandths), Ok(thousandths));
        }
        for number in [-0.1, 100.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Multiplier::try_from(number).unwrap_err().contains("from 0 to 100, not"));
        }
        assert_eq!(serde_json::from_str::<Multiplier>("2").unwrap().thousandths(), 2_000);
    }
}
