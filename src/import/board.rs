//! Boards that other bots show to everybody: the address of each page, and what an answer means. Politeness is decided
//! here; whoever carries the requests only waits as long as it is told.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{MEMBERS_MAX, Mistake, Reading, Source};
use crate::model::{GuildId, text};

/// Bytes of one answer that are read.
pub const PAGE_BYTES_MAX: usize = 8 << 20;
/// MEE6 gives no more rows at once.
const MEE6_ROWS: usize = 1_000;
/// As many as the hub gives without being asked for more.
const HUB_ROWS: usize = 100;

/// A board that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Board {
    /// MEE6's of a server, for as long as the server shows it to everybody.
    Mee6(GuildId),
    /// Everybody whom a Discord Bot Hub knows.
    Hub,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A page with so many rows.
    Page { rows: usize, is_last: bool },
    /// It is worth asking again: after so long, where that was said.
    Later { after: Option<Duration>, words: String },
    /// It is not.
    Never(String),
}

/// An answer, as far as it matters.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<&'a str>,
    pub body: &'a [u8],
}

/// Errors as MEE6 tells them, and as the hub does.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Refused {
    error: Message,
    detail: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    message: Option<String>,
}

impl Board {
    /// The format of its pages.
    pub fn source(self) -> Source {
        match self {
            Self::Mee6(_) => Source::Mee6,
            Self::Hub => Source::Hub,
        }
    }

    /// Where it is, unless it is said otherwise; a hub is somebody's own.
    pub fn usual_address(self) -> Option<&'static str> {
        match self {
            Self::Mee6(_) => Some("https://mee6.xyz"),
            Self::Hub => None,
        }
    }

    /// The path of a page; the first one is 0.
    pub fn path(self, page: usize) -> String {
        match self {
            Self::Mee6(guild) => format!("/api/plugins/levels/leaderboard/{guild}?limit={MEE6_ROWS}&page={page}"),
            Self::Hub => format!("/api/users/?limit={HUB_ROWS}&offset={}", page * HUB_ROWS),
        }
    }

    /// Pages that are asked for at most.
    pub fn pages_max(self) -> usize {
        MEMBERS_MAX / self.rows()
    }

    fn rows(self) -> usize {
        match self {
            Self::Mee6(_) => MEE6_ROWS,
            Self::Hub => HUB_ROWS,
        }
    }

    /// Judges an answer.
    pub fn judge(self, answer: Answer<'_>) -> Verdict {
        let is_json = serde_json::from_slice::<IgnoredAny>(answer.body).is_ok();
        let later = |words: String| Verdict::Later { after: answer.retry_after.and_then(seconds), words };
        match answer.status {
            200 if is_json => self.page(answer.body),
            // A page for people: of a guard before the server, or of somebody on the way.
            200 => later("it answered with something that is no JSON".to_owned()),
            300..=399 => Verdict::Never("it leads to another address, which is not followed".to_owned()),
            429 => later("it asks for a slower pace".to_owned()),
            500.. => later(format!("it answered with an error ({})", answer.status)),
            status if !is_json => later(format!("it answered with {status} and something that is no JSON")),
            status => Verdict::Never(self.refusal(status, answer.body)),
        }
    }

    fn page(self, body: &[u8]) -> Verdict {
        let mut reading = Reading::new(self.source(), None);
        match reading.add("its answer", body) {
            Ok(()) => {
                let rows = reading.rows();
                Verdict::Page { rows, is_last: rows < self.rows() }
            }
            Err(Mistake(words)) => Verdict::Never(words),
        }
    }

    fn refusal(self, status: u16, body: &[u8]) -> String {
        let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
        let said =
            refused.error.message.or(refused.detail).map_or_else(|| status.to_string(), |said| text::plain(&said));
        match (self, status) {
            (Self::Mee6(_), 401 | 403) => super::pages::mee6_is_private(&said),
            (Self::Mee6(guild), 404) => {
                format!("MEE6 knows nothing of the server {guild} ({said}): is the id right, and is MEE6 still in it?")
            }
            _ => format!("it refused ({said})"),
        }
    }
}

/// What `Retry-After` says in seconds; a date in it is not believed, since clocks differ.
fn seconds(header: &str) -> Option<Duration> {
    let seconds: f64 = header.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds.ceil()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mee6() -> Board {
        Board::Mee6(GuildId::new(7).unwrap())
    }

    fn judge(board: Board, status: u16, retry_after: Option<&str>, body: &str) -> Verdict {
        board.judge(Answer { status, retry_after, body: body.as_bytes() })
    }

    fn users(rows: usize) -> String {
        let rows: Vec<_> = (1..=rows).map(|id| format!("{{\"discord_id\": \"{id}\", \"xp\": 3}}")).collect();
        format!("[{}]", rows.join(","))
    }

    #[test]
    fn a_page_that_is_not_full_is_the_last() {
        assert_eq!(judge(Board::Hub, 200, None, &users(100)), Verdict::Page { rows: 100, is_last: false });
        assert_eq!(judge(Board::Hub, 200, None, &users(99)), Verdict::Page { rows: 99, is_last: true });
        assert_eq!(judge(mee6(), 200, None, "{\"players\": []}"), Verdict::Page { rows: 0, is_last: true });
        assert_eq!(mee6().path(3), "/api/plugins/levels/leaderboard/7?limit=1000&page=3");
        assert_eq!(Board::Hub.path(3), "/api/users/?limit=100&offset=300");
    }

    #[test]
    fn what_may_pass_is_asked_for_again_and_what_will_not_is_said() {
        let after = |status, header, body| match judge(mee6(), status, header, body) {
            Verdict::Later { after, .. } => after.map(|after| after.as_secs()),
            other => panic!("{status}: {other:?}"),
        };
        assert_eq!(after(429, Some("30"), "{}"), Some(30));
        assert_eq!(after(429, Some("0.5"), ""), Some(1));
        for strange in [None, Some("-1"), Some("Fri, 31 Dec 1999 23:59:59 GMT"), Some("1e400"), Some("nan")] {
            assert_eq!(after(429, strange, "{}"), None, "{strange:?}");
        }
        for (status, body) in [(200, "<!doctype html>"), (503, "{}"), (403, "<html>"), (200, "{\"players\": [")] {
            assert_eq!(after(status, None, body), None);
        }
        let words = |board, status, body| match judge(board, status, None, body) {
            Verdict::Never(words) => words,
            other => panic!("{status}: {other:?}"),
        };
        let private = words(mee6(), 401, "{\"error\": {\"message\": \"Private\\u202e\"}, \"status_code\": 401}");
        assert!(private.contains("Make my server's leaderboard public") && !private.contains('\u{202e}'), "{private}");
        assert!(words(mee6(), 404, "{}").contains("nothing of the server 7 (404)"));
        assert!(words(mee6(), 302, "").contains("another address"));
        assert!(words(mee6(), 200, "{\"gamers\": []}").contains("players: it is not there"));
        assert!(words(Board::Hub, 403, "{\"detail\": \"no\"}").contains("it refused (no)"));
    }
}
