//! Kinds of cases, as requests and answers write them.

use serde::Deserialize;
use utoipa::ToSchema;

use super::rules::Kind;

/// What a case is about.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum CaseKind {
    Note,
    Warn,
    Timeout,
    Untimeout,
    Kick,
    Ban,
    Unban,
    Softban,
    /// Something that a program did and put on record by a name of its own: `action`.
    Other,
}

impl CaseKind {
    pub const fn kind(self) -> Kind {
        match self {
            Self::Note => Kind::Note,
            Self::Warn => Kind::Warn,
            Self::Timeout => Kind::Timeout,
            Self::Untimeout => Kind::Untimeout,
            Self::Kick => Kind::Kick,
            Self::Ban => Kind::Ban,
            Self::Unban => Kind::Unban,
            Self::Softban => Kind::Softban,
            Self::Other => Kind::Other,
        }
    }
}

/// What the bot does, or puts on record by itself.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum DeedKind {
    Note,
    Warn,
    Timeout,
    Untimeout,
    Kick,
    Ban,
    Unban,
    Softban,
}

impl DeedKind {
    pub const fn kind(self) -> Kind {
        match self {
            Self::Note => Kind::Note,
            Self::Warn => Kind::Warn,
            Self::Timeout => Kind::Timeout,
            Self::Untimeout => Kind::Untimeout,
            Self::Kick => Kind::Kick,
            Self::Ban => Kind::Ban,
            Self::Unban => Kind::Unban,
            Self::Softban => Kind::Softban,
        }
    }
}
