//! The staff on the status page: each with a badge, which is *unknown* whenever presences cannot be seen.

use super::{day_and_time, named, plain};
use crate::model::{Sight, Status};
use crate::status::Present;

/// Rows that are shown; the rest are counted.
const ROWS_MAX: usize = 25;

pub(super) struct RosterView {
    pub(super) rows: Vec<PresentView>,
    pub(super) more: usize,
    /// Why nobody's status is known.
    pub(super) blind: Option<&'static str>,
    pub(super) there: usize,
    pub(super) total: usize,
}

pub(super) struct PresentView {
    pub(super) name: String,
    pub(super) rank: String,
    /// The word that colours it.
    pub(super) badge: &'static str,
    pub(super) status: &'static str,
    pub(super) note: String,
    /// For people, and for machines.
    pub(super) since: Option<(String, String)>,
    pub(super) on_leave: bool,
}

pub(super) fn view(all: &[Present], sight: Sight) -> RosterView {
    let is_there = |present: &&Present| present.status.is_some_and(|status| status != Status::Offline);
    let there = if sight == Sight::Clear { all.iter().filter(is_there).count() } else { 0 };
    RosterView {
        rows: all.iter().take(ROWS_MAX).map(|present| row(present, sight)).collect(),
        more: all.len().saturating_sub(ROWS_MAX),
        blind: blind(sight),
        there,
        total: all.len(),
    }
}

fn blind(sight: Sight) -> Option<&'static str> {
    match sight {
        Sight::Clear => None,
        Sight::NotAsked => Some("Innkeeper has only just asked Discord to tell who is there."),
        Sight::NotGranted => Some("Discord does not tell Innkeeper who is online: the Presence Intent is off."),
        Sight::NoSession => Some("Innkeeper is not connected to Discord, so it does not know who is there."),
    }
}

fn row(present: &Present, sight: Sight) -> PresentView {
    let known = present.status.filter(|_| sight == Sight::Clear);
    let (badge, status) = match known {
        Some(Status::Online) => ("online", "Online"),
        Some(Status::Idle) => ("idle", "Idle"),
        Some(Status::Dnd) => ("dnd", "Do not disturb"),
        Some(Status::Offline) => ("offline", "Offline"),
        None => ("unknown", "Unknown"),
    };
    let note = present.note.as_deref().filter(|_| known.is_some());
    let since = present.since.filter(|_| known.is_some());
    PresentView {
        name: named(&present.name),
        rank: plain(&present.rank),
        badge,
        status,
        note: note.map(plain).unwrap_or_default(),
        since: since.map(|since| (format!("since {}", day_and_time(since)), since.rfc3339())),
        on_leave: present.on_leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn present(status: Option<Status>) -> Present {
        Present {
            name: "\u{202e}<b>Ada".to_owned(),
            rank: "Moderator".to_owned(),
            status,
            note: Some("tea".to_owned()),
            since: Some(Timestamp::from_ms(0)),
            on_leave: false,
        }
    }

    #[test]
    fn who_cannot_be_seen_is_unknown_and_says_nothing() {
        let all = Status::ALL.map(|status| present(Some(status)));
        let seen = view(&all, Sight::Clear);
        assert_eq!(seen.rows.iter().map(|row| row.badge).collect::<Vec<_>>(), ["online", "idle", "dnd", "offline"]);
        assert_eq!((seen.there, seen.total, seen.blind), (3, 4, None));
        assert_eq!((seen.rows[0].name.as_str(), seen.rows[0].note.as_str()), ("<b>Ada", "tea"));
        assert_eq!(view(&[present(None)], Sight::Clear).rows[0].badge, "unknown");
        for sight in [Sight::NoSession, Sight::NotAsked, Sight::NotGranted] {
            let blind = view(&all, sight);
            assert!(blind.rows.iter().all(|row| row.badge == "unknown" && row.note.is_empty() && row.since.is_none()));
            assert!(blind.there == 0 && blind.blind.is_some());
        }
        let many = vec![present(None); ROWS_MAX + 3];
        assert_eq!((view(&many, Sight::Clear).rows.len(), view(&many, Sight::Clear).more), (ROWS_MAX, 3));
    }
}
