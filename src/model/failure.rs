//! The two ways to fail. A [`Refusal`] is written for the person who asked and is shown to them. A fault is ours: it
//! is logged once, at the door, and the person sees only a short reference.

use std::fmt;

/// What came of it: a value, a refusal or a fault.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A "no" in a sentence that the person who asked can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    /// A refusal in this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// The sentence.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A refusal or a fault.
#[derive(Debug)]
pub enum Error {
    /// Theirs: shown to the person who asked.
    Refusal(Refusal),
    /// Ours: logged at the door with its chain.
    Fault(anyhow::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refusal(refusal) => refusal.fmt(f),
            Self::Fault(fault) => write!(f, "{fault:#}"),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Error {
    fn from(fault: E) -> Self {
        Self::Fault(fault.into())
    }
}
