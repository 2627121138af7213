//! How requests are read: bodies, queries and paths, each with a sentence about what is wrong.

use std::marker::PhantomData;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::Problem;

/// Items in a page of a list, unless asked otherwise; and at most.
const LIMIT_USUAL: u32 = 50;
const LIMIT_MAX: u32 = 200;
/// Every number of at most 18 digits, and those of 19 that fit for certain.
const SNOWFLAKE: &str = "^([1-9][0-9]{0,17}|[1-8][0-9]{18})$";
const OFFSET_MAX: u32 = 10_000_000;

/// A JSON body, which is read once it is certain that whoever sent it may ask at all.
pub struct Content<T> {
    request: Request,
    reads: PhantomData<fn() -> T>,
}

impl<T: Send, S: Send + Sync> FromRequest<S> for Content<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self { request, reads: PhantomData })
    }
}

impl<T: DeserializeOwned> Content<T> {
    /// # Errors
    /// It is no JSON, too long, or a field is missing, unknown or wrong.
    pub async fn read(self) -> Result<T, Problem> {
        match Json::<T>::from_request(self.request, &()).await {
            Ok(Json(value)) => Ok(value),
            Err(JsonRejection::JsonDataError(error)) => Err(Problem::invalid(inner(&error.body_text()))),
            Err(error) => Err(Problem::malformed(error.status(), inner(&error.body_text()))),
        }
    }
}

/// What follows the question mark, likewise.
pub struct Ask<T> {
    uri: Uri,
    reads: PhantomData<fn() -> T>,
}

impl<T: Send, S: Send + Sync> FromRequestParts<S> for Ask<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self { uri: parts.uri.clone(), reads: PhantomData })
    }
}

impl<T: DeserializeOwned> Ask<T> {
    /// # Errors
    /// A parameter is unknown or wrong.
    pub fn read(self) -> Result<T, Problem> {
        if !is_text(self.uri.query().unwrap_or_default()) {
            return Err(Problem::invalid("What follows the question mark is no text (UTF-8)."));
        }
        match Query::<T>::try_from_uri(&self.uri) {
            Ok(Query(value)) => Ok(value),
            Err(error) => Err(Problem::invalid(inner(&error.body_text()))),
        }
    }
}

/// Whether what is percent-encoded here is UTF-8. Who reads it without asking that puts other characters in place of
/// what is not.
fn is_text(encoded: &str) -> bool {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digit = |nth: usize| char::from(*after.get(nth)?).to_digit(16);
        let decoded = (*byte == b'%').then(|| Some(digit(0)? << 4 | digit(1)?)).flatten();
        match decoded.and_then(|decoded| u8::try_from(decoded).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// What stands in the path. What is no id there names nothing.
pub struct Place<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Place<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::not_found("thing")),
        }
    }
}

/// What a reader of JSON says, without what it says of itself first: "Failed to …: ".
fn inner(text: &str) -> String {
    let said = match text.split_once(": ") {
        Some((head, said)) if head.starts_with("Failed") => said,
        _ => text,
    };
    format!("{}.", said.trim_end_matches('.'))
}

/// Declares what may be asked of a list: its own parameters, and which part of it. Unknown ones are refused by name,
/// which serde cannot do for one struct inside another.
macro_rules! paged {
    ($(#[$about:meta])* $seen:vis struct $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(serde::Deserialize, utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        #[serde(deny_unknown_fields)]
        $seen struct $name {
            $($(#[$field_about])* $field: $type,)*
            /// How many items.
            #[param(minimum = 1, maximum = 200, default = 50)]
            limit: Option<u32>,
            /// How many items to pass over.
            #[param(minimum = 0, maximum = 10_000_000, default = 0)]
            offset: Option<u32>,
        }

        impl $name {
            /// How many to pass over, and how many to show.
            ///
            /// # Errors
            /// They are out of bounds.
            $seen fn part(&self) -> Result<(u32, u32), $crate::http::api::Problem> {
                $crate::http::api::part(self.limit, self.offset)
            }
        }
    };
}
pub(crate) use paged;

paged! {
    /// Which part of a list, and nothing else.
    pub struct Paging {}
}

/// How many items to pass over, and how many to show.
pub(crate) fn part(limit: Option<u32>, offset: Option<u32>) -> Result<(u32, u32), Problem> {
    let (limit, offset) = (limit.unwrap_or(LIMIT_USUAL), offset.unwrap_or(0));
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::invalid(format!("limit is from 1 to {LIMIT_MAX}.")));
    }
    if offset > OFFSET_MAX {
        return Err(Problem::invalid(format!("offset is at most {OFFSET_MAX}.")));
    }
    Ok((offset, limit))
}

/// An id of Discord's, for the document: a whole number that fits 63 bits, as a text.
pub struct Snowflake;

impl PartialSchema for Snowflake {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(SNOWFLAKE));
        text.examples(["175928847299117063"]).into()
    }
}

impl ToSchema for Snowflake {}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    pub has_more: bool,
}

impl<T> Listed<T> {
    pub fn new(items: Vec<T>, total: u64, (offset, limit): (u32, u32)) -> Self {
        let has_more = u64::from(offset) + (items.len() as u64) < total;
        Self { items, total, limit, offset, has_more }
    }

    /// The same of a list that is read as a whole.
    pub fn part_of(all: Vec<T>, (offset, limit): (u32, u32)) -> Self {
        let total = all.len() as u64;
        Self::new(all.into_iter().skip(offset as usize).take(limit as usize).collect(), total, (offset, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_not_made_one() {
        for text in ["", "query=a+b", "query=%C3%A9", "%", "%4", "%zz", "%+1", "é", "a%20b%"] {
            assert!(is_text(text), "{text}");
        }
        for none in ["%ff", "a=%C3", "%C3%28", "%ED%A0%80", "%C0%80", "é%A9"] {
            assert!(!is_text(none), "{none}");
        }
    }
}
