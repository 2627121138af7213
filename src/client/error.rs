//! How a call ends that brings nothing.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a call brought nothing. It prints as a sentence for people: where the server said something, in its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The server said no.
    Refused(Problem),
    /// Nobody answered, asked several times.
    Unreachable(String),
    /// What came back is not what the API says.
    Strange(String),
    /// The client was made or called in a way that cannot work.
    Unusable(String),
}

/// What the server said in place of what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status of HTTP.
    pub status: u16,
    pub code: Code,
    /// A sentence for people.
    pub detail: String,
    /// How long it wants not to be asked.
    pub retry_after: Option<Duration>,
}

/// The server's word for programs about why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request is not well-formed, or a value does not fit.
    Invalid,
    /// The key is not good (any more).
    Unauthenticated,
    /// The key may not.
    Forbidden,
    /// There is no such thing, or it is not for this key.
    NotFound,
    /// It cannot be done as things stand.
    Refused,
    /// Too often.
    TooMany,
    /// Not now: Discord or the database does not answer.
    Unavailable,
    /// The server's fault.
    Fault,
    /// Another word, or none: it was not the API that answered.
    #[serde(untagged)]
    Other(String),
}

impl Error {
    /// The status of HTTP, where the server said no.
    pub fn status(&self) -> Option<u16> {
        self.problem().map(|problem| problem.status)
    }

    /// The server's word, where it said no.
    pub fn code(&self) -> Option<&Code> {
        self.problem().map(|problem| &problem.code)
    }

    /// What the server said, where it said no.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => f.write_str(&problem.detail),
            Self::Unreachable(words) => write!(f, "the server cannot be reached: {words}"),
            Self::Strange(words) => write!(f, "the server's answer is not understood: {words}"),
            Self::Unusable(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for Error {}
