//! How the staff monitor says no, as Django REST framework and its token package do: `{"detail": …}`, the fields of a
//! form that are wrong, or `{"error": …}` where one of its own views speaks.

use axum::Json;
use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use crate::http::api::Problem;
use crate::model::Error;

/// What a 401 asks for.
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="api""#);
const NOT_GOOD: &str = "Token is invalid or expired";

/// Why something was not done.
#[derive(Debug)]
pub enum Fault {
    /// Nobody asks.
    NoCredentials,
    /// The header says `Bearer`, and then not one word.
    Header,
    /// The token or key is not good.
    Token,
    /// The refresh token is not good.
    Refresh,
    /// There is no key of this name, or it is another.
    NoAccount,
    NotFound,
    /// There is no page of this number.
    Page,
    /// Whoever asks has no entry of their own.
    NoEntry,
    /// What is wrong with each field of a form.
    Fields(Map<String, Value>),
    Said(StatusCode, String),
    /// What a view tells.
    View(StatusCode, Value),
    /// What our own API would say.
    Ours(Problem),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        match problem.status() {
            StatusCode::UNAUTHORIZED => Self::NoCredentials,
            StatusCode::FORBIDDEN => Self::forbidden(),
            _ => Self::Ours(problem),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Ours(error.into())
    }
}

impl Fault {
    pub fn forbidden() -> Self {
        Self::Said(StatusCode::FORBIDDEN, "You do not have permission to perform this action.".to_owned())
    }

    fn told(self) -> Result<(StatusCode, Value), Problem> {
        let detail = |status, words: &str| (status, json!({ "detail": words }));
        Ok(match self {
            Self::NoCredentials => detail(StatusCode::UNAUTHORIZED, "Authentication credentials were not provided."),
            Self::Header => {
                let words = "Authorization header must contain two space-delimited values";
                (StatusCode::UNAUTHORIZED, json!({"detail": words, "code": "bad_authorization_header"}))
            }
            Self::Token => {
                let message = json!({"token_class": "AccessToken", "token_type": "access", "message": NOT_GOOD});
                let words = "Given token not valid for any token type";
                let body = json!({"detail": words, "code": "token_not_valid", "messages": [message]});
                (StatusCode::UNAUTHORIZED, body)
            }
            Self::Refresh => (StatusCode::UNAUTHORIZED, json!({"detail": NOT_GOOD, "code": "token_not_valid"})),
            Self::NoAccount => detail(StatusCode::UNAUTHORIZED, "No active account found with the given credentials"),
            Self::NotFound => detail(StatusCode::NOT_FOUND, "Not found."),
            Self::Page => detail(StatusCode::NOT_FOUND, "Invalid page."),
            Self::NoEntry => (StatusCode::NOT_FOUND, json!({"message": "No staff profile found"})),
            Self::Fields(fields) => (StatusCode::BAD_REQUEST, fields.into()),
            Self::Said(status, words) => detail(status, &words),
            Self::View(status, body) => (status, body),
            Self::Ours(problem) => return Err(problem),
        })
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response<Body> {
        match self.told() {
            Ok((status, body)) => {
                let mut response = (status, Json(body)).into_response();
                if status == StatusCode::UNAUTHORIZED {
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
                }
                response
            }
            Err(problem) => problem.into_shape(|problem| json!({ "detail": problem.detail })),
        }
    }
}

/// What is answered where a path has no such method.
pub async fn method_not_allowed(method: Method) -> Fault {
    Fault::Said(StatusCode::METHOD_NOT_ALLOWED, format!("Method \"{method}\" not allowed."))
}
