//! The board by the door: cards that the rooms put up, as one snapshot that every page is drawn from.
//!
//! The main runtime puts new cards up ([`Board::keep`]); the doors and the lamp only look. Looking takes no lock and
//! asks no database, so a board that is no longer kept can still be read, and says how old it is.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::Audience;
use crate::model::{Clock, Status, Timestamp};

/// The board is redrawn at most this often.
pub const REDRAW_EVERY: Duration = Duration::from_secs(1);
/// When nothing changes, the board is confirmed to be current this often.
pub const CONFIRM_EVERY: Duration = Duration::from_secs(10);
/// A board that nobody confirmed for this long is stale, and the page says so.
pub const STALE_AFTER: Duration = Duration::from_secs(45);
/// Rows of a card that are shown.
pub const ROWS_MAX: usize = 25;
/// Cards that are shown.
pub const CARDS_MAX: usize = 12;

/// A room's part of the status page. Its texts may be hostile: the page escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub title: String,
    pub kind: CardKind,
    /// Who may see it.
    pub audience: Audience,
}

/// What is on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardKind {
    /// Members by XP, best first.
    Leaderboard(Vec<Standing>),
    /// The staff, in the order of their ranks, as Discord told of them last. Whether that can be trusted at the moment,
    /// the page finds out when it is drawn.
    Roster(Vec<Present>),
    /// Lines, each with a value at its end (which may be empty).
    List(Vec<(String, String)>),
    /// One paragraph.
    Text(String),
}

/// One line of a leaderboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub rank: u64,
    pub name: String,
    pub level: u64,
    pub xp: i64,
    /// XP since this level began, and from its beginning to the next; none at the last level.
    pub progress: Option<(u64, u64)>,
}

/// Somebody of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub name: String,
    pub rank: String,
    /// None: it is not known.
    pub status: Option<Status>,
    /// What they say of themselves, else what they do.
    pub note: Option<String>,
    pub since: Option<Timestamp>,
    pub on_leave: bool,
}

/// The cards at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub cards: Vec<Card>,
    /// When they were last known to be current, by this computer's clock.
    pub as_of: Timestamp,
    /// The same moment on the monotonic clock.
    confirmed: Duration,
}

/// Where the cards hang.
pub struct Board {
    clock: Clock,
    snapshot: ArcSwap<Snapshot>,
}

impl Board {
    /// An empty board, current now.
    pub fn new(clock: Clock) -> Arc<Self> {
        let snapshot = Snapshot { cards: Vec::new(), as_of: clock.wall(), confirmed: clock.monotonic() };
        Arc::new(Self { snapshot: ArcSwap::from_pointee(snapshot), clock })
    }

    /// Hangs up these cards instead of the old ones.
    pub fn put(&self, cards: Vec<Card>) {
        let snapshot = Snapshot { cards, as_of: self.clock.wall(), confirmed: self.clock.monotonic() };
        self.snapshot.store(Arc::new(snapshot));
    }

    /// The cards that hang are still right.
    pub fn confirm(&self) {
        self.put(self.snapshot.load().cards.clone());
    }

    /// What hangs there.
    pub fn look(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// How long nobody has said that the cards are right, if that is too long.
    pub fn stale_for(&self) -> Option<Duration> {
        let age = self.clock.monotonic().saturating_sub(self.snapshot.load().confirmed);
        (age > STALE_AFTER).then_some(age)
    }

    /// Keeps the board current until `stop` is true: draws it with `draw` now and after each change of `version`, at
    /// most every [`REDRAW_EVERY`]. What fails to be drawn stays as it was, and grows stale.
    pub async fn keep<Draw, Drawing>(
        &self,
        mut version: watch::Receiver<u64>,
        mut stop: watch::Receiver<bool>,
        mut draw: Draw,
    ) where
        Draw: FnMut() -> Drawing,
        Drawing: Future<Output = crate::model::Result<Vec<Card>>>,
    {
        let mut changed = true;
        loop {
            let next = Instant::now() + REDRAW_EVERY;
            match changed {
                false => self.confirm(),
                true => match draw().await {
                    Ok(cards) => self.put(cards),
                    Err(fault) => tracing::warn!(%fault, "the cards of the status page could not be drawn"),
                },
            }
            let pause = async {
                sleep_until(next).await;
                match timeout(CONFIRM_EVERY, version.changed()).await {
                    Ok(Ok(())) => Some(true),
                    Ok(Err(_)) => None,
                    Err(_) => Some(false),
                }
            };
            changed = tokio::select! {
                changed = pause => match changed {
                    Some(changed) => changed,
                    None => return,
                },
                _ = stop.wait_for(|stop| *stop) => return,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn card(title: String) -> Card {
        Card { title, kind: CardKind::Text(String::new()), audience: Audience::Public }
    }

    #[tokio::test(start_paused = true)]
    async fn the_board_is_redrawn_on_change_and_at_most_once_a_second() {
        let board = Board::new(Clock::hand(Timestamp::from_ms(0)));
        let (version, seen) = watch::channel(0);
        let (stop, stopped) = watch::channel(false);
        let drawn = Cell::new(0);
        let draw = || {
            drawn.set(drawn.get() + 1);
            let title = drawn.get().to_string();
            async move { Ok(vec![card(title)]) }
        };
        let bustle = async {
            for _ in 0..5_000 {
                version.send_modify(|version| *version += 1);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
            stop.send_replace(true);
        };
        tokio::join!(board.keep(seen, stopped, draw), bustle);
        assert!((5..=7).contains(&drawn.get()), "drawn {} times in five seconds", drawn.get());
        assert_eq!(board.look().cards[0].title, drawn.get().to_string());
    }

    #[tokio::test(start_paused = true)]
    async fn a_board_that_is_not_kept_grows_stale_and_a_quiet_one_does_not() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let board = Board::new(clock.clone());
        let (_version, seen) = watch::channel(0);
        let (stop, stopped) = watch::channel(false);
        let quiet = async {
            for _ in 0..100 {
                clock.advance(CONFIRM_EVERY);
                tokio::time::sleep(CONFIRM_EVERY + REDRAW_EVERY).await;
                assert_eq!(board.stale_for(), None);
            }
            stop.send_replace(true);
        };
        tokio::join!(board.keep(seen, stopped, || async { Ok(Vec::new()) }), quiet);
        clock.advance(STALE_AFTER + Duration::from_secs(1));
        assert_eq!(board.stale_for(), Some(STALE_AFTER + Duration::from_secs(1)));
    }
}
