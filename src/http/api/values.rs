//! Values as the document has them, where JSON Schema and what reads them do not agree by themselves: whole numbers,
//! and lengths of time.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Up to here every whole number is exact as a double, which is how JSON may have it: 2⁵³.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// What [`crate::model::Span`] takes for certain: up to three numbers, each with its unit and no longer than thirty
/// years: together that is less than the hundred that end there. Commands end sooner.
const LENGTH: &str = "^([1-9][0-9]{0,2}w|[1-9][0-9]{0,3}d|[1-9][0-9]{0,4}h|[1-9][0-9]{0,6}m|[1-9][0-9]{0,7}s){1,3}$";

/// Reads a whole number, also where it is written as `5.0`: that is the same number to JSON Schema, and to whoever has
/// none but doubles.
///
/// # Errors
/// It is none, or does not fit.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(deserializer: D) -> Result<T, D::Error> {
    Whole::deserialize(deserializer).map(|whole: Whole<T>| whole.0)
}

/// The same of one that may be left out, or null.
///
/// # Errors
/// Likewise.
pub fn maybe_whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer).map(|whole| whole.map(|whole: Whole<T>| whole.0))
}

struct Whole<T>(T);

impl<'de, T: TryFrom<i64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeNumber(PhantomData))
    }
}

struct WholeNumber<T>(PhantomData<fn() -> T>);

impl<T: TryFrom<i64>> Visitor<'_> for WholeNumber<T> {
    type Value = Whole<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number within its bounds")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Whole<T>, E> {
        let fits = T::try_from(number).map(Whole);
        fits.map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Whole<T>, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Whole<T>, E> {
        match exact(number) {
            Some(number) => self.visit_i64(number),
            None => Err(E::invalid_value(Unexpected::Float(number), &self)),
        }
    }
}

/// The whole number that this is, if it is exactly one.
pub(super) fn exact(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}

/// A length of time, for the document: such as `30m`, `2h` or `1d12h`.
pub struct Length;

impl PartialSchema for Length {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).pattern(Some(LENGTH)).examples(["1d12h"]).into()
    }
}

impl ToSchema for Length {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    struct Numbers {
        #[serde(deserialize_with = "whole")]
        given: u32,
        #[serde(default, deserialize_with = "maybe_whole")]
        maybe: Option<i64>,
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point_and_is_never_rounded() {
        let read = |given: &str, maybe: &str| -> Option<(u32, Option<i64>)> {
            let numbers: Numbers = serde_json::from_str(&format!(r#"{{"given": {given}, "maybe": {maybe}}}"#)).ok()?;
            Some((numbers.given, numbers.maybe))
        };
        assert_eq!(read("5", "null"), Some((5, None)));
        assert_eq!(read("5.0", "-3.0"), Some((5, Some(-3))));
        assert_eq!(read("5e2", "9007199254740992.0"), Some((500, Some(1 << 53))));
        assert_eq!(read("0", &i64::MAX.to_string()), Some((0, Some(i64::MAX))), "what is written as one is exact");
        for wrong in ["5.5", "-1", "-1.0", "4294967296", "4294967296.0", "1e300", "\"5\"", "true", "[]", "null"] {
            assert_eq!(read(wrong, "1"), None, "{wrong}");
        }
        for wrong in ["9007199254740994.0", "1e18", "18446744073709551615", "1e-1", "\"1\""] {
            assert_eq!(read("1", wrong), None, "{wrong}");
        }
        assert_eq!(serde_json::from_value::<Numbers>(json!({"given": 1})).unwrap().maybe, None);
    }

    /// What the document says of lengths: the longest and the shortest of each unit, in any order, three times.
    #[test]
    fn every_length_of_the_document_is_read() {
        let parts = ["1w", "999w", "1d", "9999d", "1h", "99999h", "1m", "9999999m", "1s", "99999999s"];
        assert!(parts.iter().all(|part| LENGTH.contains(part.trim_start_matches(char::is_numeric))));
        for first in parts {
            assert!(first.parse::<Span>().is_ok(), "{first}");
            for (second, third) in parts.iter().flat_map(|second| parts.map(|third| (*second, third))) {
                assert!(format!("{first}{second}{third}").parse::<Span>().is_ok(), "{first}{second}{third}");
            }
        }
    }
}
