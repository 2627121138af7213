//! What the API says, as types: ids are `model`'s, times are in RFC 3339. What a later server says besides is passed
//! over; a word that is not known yet is kept as it is.

use serde::{Deserialize, Serialize};

use crate::model::{GuildId, Span, Timestamp, UserId};

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    pub has_more: bool,
}

/// Which part of a list. Without more, its first 50 items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// How many items, from 1 to 200.
    pub limit: Option<u32>,
    /// How many items to pass over.
    pub offset: Option<u32>,
}

/// A member by their XP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Equal XP, equal rank.
    pub rank: u64,
    pub user_id: UserId,
    /// None: their name is not known.
    pub name: Option<String>,
    pub level: u32,
    pub xp: i64,
}

/// A member's XP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Xp {
    pub user_id: UserId,
    pub xp: i64,
    pub level: u32,
}

/// XP that was given, or taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct XpGiven {
    /// The member as they are now.
    pub member: Xp,
    /// What the command answered.
    pub said: String,
    /// The same request came before, and was done then.
    pub repeated: bool,
}

/// A change of a member's XP, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct XpChange {
    /// As `/undo` takes it, with an L before it.
    pub id: i64,
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    pub amount: i64,
    /// The balance after it.
    pub after: i64,
    /// What kind of change: `message`, `add`, `set_level` …
    pub what: String,
    pub reason: Option<String>,
    /// Who did it; none: the member earned it.
    pub actor_id: Option<UserId>,
}

/// Kudos that somebody gave somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// As `/undo` takes it, with a K before it.
    pub id: i64,
    pub giver_id: UserId,
    pub giver_name: String,
    pub receiver_id: UserId,
    pub receiver_name: Option<String>,
    pub amount: i64,
    pub reason: Option<String>,
    #[serde(with = "rfc3339")]
    pub awarded_at: Timestamp,
    /// When it was taken back, or went with its message.
    #[serde(default, with = "rfc3339::maybe")]
    pub undone_at: Option<Timestamp>,
}

/// A thanks to be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thanks {
    pub receiver_id: UserId,
    /// One, if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A thanks that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KudosGiven {
    pub kudos: Gift,
    /// What the command answered.
    pub said: String,
}

/// A member by the kudos that they were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KudosPlace {
    pub rank: u64,
    pub user_id: UserId,
    pub name: Option<String>,
    pub amount: i64,
}

/// Given when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// Ever.
    #[default]
    All,
    /// In this month.
    Month,
    /// In this week.
    Week,
}

impl Window {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Month => "month",
            Self::Week => "week",
        }
    }
}

/// What a case is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseKind {
    Note,
    Warn,
    Timeout,
    Untimeout,
    Kick,
    Ban,
    Unban,
    Softban,
    /// One that this version does not know.
    #[serde(untagged)]
    Other(String),
}

impl CaseKind {
    /// Its word.
    pub fn word(&self) -> &str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Timeout => "timeout",
            Self::Untimeout => "untimeout",
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Softban => "softban",
            Self::Other(word) => word,
        }
    }
}

/// Whether Discord did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaseState {
    Pending,
    Done,
    Failed,
    /// A state that this version does not know.
    #[serde(untagged)]
    Other(String),
}

/// A case: a note, a warning, or something that was done about a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub guild_id: GuildId,
    /// Counts up in each guild, without gaps.
    pub number: i64,
    pub kind: CaseKind,
    pub user_id: UserId,
    /// Their name at the time.
    pub user_name: String,
    /// What a program calls it that put it on record; none: the bot knows of it by itself.
    #[serde(default)]
    pub action: Option<String>,
    /// None: a rule of the configuration.
    pub moderator_id: Option<UserId>,
    pub moderator_name: String,
    pub reason: String,
    #[serde(with = "rfc3339")]
    pub created_at: Timestamp,
    /// When a timeout or ban ends, or a warning stops counting.
    #[serde(default, with = "rfc3339::maybe")]
    pub ends_at: Option<Timestamp>,
    /// When it ended before that, or without it.
    #[serde(default, with = "rfc3339::maybe")]
    pub ended_at: Option<Timestamp>,
    pub state: CaseState,
    /// Why it failed.
    pub words: Option<String>,
    /// Whether the member was told; none: nobody tried (yet).
    pub told: Option<bool>,
    pub link: Option<String>,
    /// A moderator did it by hand in Discord.
    pub by_hand: bool,
    pub resolution: Option<Resolution>,
    pub hidden: bool,
    /// The number of the case that took it back.
    pub undone_by: Option<i64>,
}

/// How a case was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    pub by: String,
    pub note: String,
}

/// Which cases. Without more, all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Only those about this member.
    pub user_id: Option<UserId>,
    pub kind: Option<CaseKind>,
    /// Only those that are resolved, or are not.
    pub resolved: Option<bool>,
}

/// Something to put on record, or to do about a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewCase {
    pub kind: CaseKind,
    pub user_id: UserId,
    /// Required but for `untimeout` and `unban`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For how long: a timeout (required), a ban (for good without it), a warning (how long it counts).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// How far back a ban or softban deletes their messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<Span>,
}

impl NewCase {
    /// A case about this member, for this reason.
    pub fn new(kind: CaseKind, user_id: UserId, reason: impl Into<String>) -> Self {
        Self { kind, user_id, reason: Some(reason.into()), duration: None, delete: None }
    }
}

/// A case that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseMade {
    pub case: Case,
    /// What the command answered.
    pub said: String,
}

/// Times as they are written on the wire.
mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::model::Timestamp;

    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.rfc3339())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).ok_or_else(|| de::Error::custom(format!("{text:?} is no time in RFC 3339")))
    }

    pub mod maybe {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        use crate::model::Timestamp;

        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Time(#[serde(with = "super")] Timestamp);

        pub fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
            at.map(Timestamp::rfc3339).serialize(serializer)
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
            Ok(Option::<Time>::deserialize(deserializer)?.map(|Time(at)| at))
        }
    }
}
