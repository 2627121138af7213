//! What one listener is told: first what it missed, then what happens, as far as it may know. And who has a seat.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::header::HeaderMap;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::{sleep, timeout};
use utoipa::IntoParams;

use super::api::{Hearing, Problem, Who};
use crate::bot::{Bot, Happening};
use crate::store::happenings::{self, KINDS, LIVE};

/// The parts of the page that changed, as an event.
pub(super) const UPDATE: &str = "update";
/// What was missed is read so many at once: a listener holds no more than that.
const READ_AT_ONCE: usize = 64;
/// Who cannot be looked up in this time may not listen any more.
const CHECK_WAIT: Duration = Duration::from_secs(10);
/// The longest `kinds` that is looked at.
const KINDS_BYTES_MAX: usize = 256;

/// What a listener may ask for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// What to tell of, with commas between: `case`, `kudos`, `level_up`, `member`, `presence`, `promise`,
    /// `tool_unlocked`, `update`. All of it, if nothing is said.
    #[param(max_length = 256)]
    kinds: Option<String>,
    /// The id of the last event that is known, where the header of this name cannot be sent: what came after it is told
    /// first.
    last_event_id: Option<String>,
}

impl Asked {
    /// The kinds that it wants to be told of.
    pub fn kinds(&self) -> Result<Kinds, Problem> {
        let Some(asked) = self.kinds.as_deref().filter(|asked| !asked.is_empty()) else { return Ok(Kinds(None)) };
        let known = |word: &str| KINDS.into_iter().chain([UPDATE]).find(|known| *known == word.trim());
        let kinds = (asked.len() <= KINDS_BYTES_MAX).then(|| asked.split(',').map(known).collect()).flatten();
        let words = || format!("kinds is a list, with commas, of: {}, {UPDATE}.", KINDS.join(", "));
        kinds.map(|kinds| Kinds(Some(kinds))).ok_or_else(|| Problem::invalid(words()))
    }

    /// The number of the last happening that it knows; none where it names none of ours.
    pub fn last(&self, headers: &HeaderMap) -> Option<i64> {
        let named = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        read_id(named.filter(|id| !id.is_empty()).or(self.last_event_id.as_deref())?)
    }
}

/// Which kinds somebody wants to be told of; none named: all.
#[derive(Debug, Clone)]
pub(super) struct Kinds(Option<Vec<&'static str>>);

impl Kinds {
    pub fn has(&self, kind: &str) -> bool {
        self.0.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// What an update of the page is known by, to somebody who was told everything up to the happening of this number: a
/// browser keeps the last id alone, whatever it was of.
pub(super) fn update_id(drawing: &str, told: i64) -> String {
    format!("{drawing}-{told}")
}

/// A happening's number, or that in an update's id.
fn read_id(id: &str) -> Option<i64> {
    let parts: Vec<_> = id.split('-').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [told] | [_, _, told] if parts.iter().all(is_number) => told.parse().ok(),
        _ => None,
    }
}

/// What a listener is told.
#[derive(Debug)]
pub(super) enum News {
    /// From one number to another, nothing is known any more.
    Missed(i64, i64),
    Happened(Arc<Happening>),
}

/// What somebody known is told.
pub(super) struct Feed {
    bot: Bot,
    /// None: they may not listen any more.
    hearing: watch::Receiver<Option<Hearing>>,
    kinds: Kinds,
    happens: broadcast::Receiver<Arc<Happening>>,
    /// The newest that was looked at, whether it was for them or not.
    told: i64,
    missed: Option<(i64, i64)>,
    /// What was read and is to be told before anything else …
    page: VecDeque<Happening>,
    /// … and whether there is more.
    is_behind: bool,
}

impl Feed {
    /// From the happening of this number on, or from now on.
    pub async fn open(
        bot: &Bot,
        hearing: Hearing,
        kinds: Kinds,
        last: Option<i64>,
        check_every: Duration,
    ) -> Result<Self, Problem> {
        // What happens between these two lines comes twice, and is told once.
        let happens = bot.happenings().subscribe();
        let newest = bot.store().read(|reader| happenings::newest(reader)).await?;
        // A number that was not given yet is of another life of this database.
        let last = last.filter(|last| *last <= newest);
        let gone = happenings::gone_by(newest);
        let missed = last.filter(|last| *last < gone).map(|last| (last + 1, gone));
        let told = missed.map_or_else(|| last.unwrap_or(newest), |(_, gone)| gone);
        Ok(Self {
            bot: bot.clone(),
            hearing: keep_looking(hearing, check_every, || ()),
            kinds,
            happens,
            told,
            missed,
            page: VecDeque::new(),
            is_behind: told < newest,
        })
    }

    /// The newest that they were told, or that was not for them.
    pub fn told(&self) -> i64 {
        self.told
    }

    /// The next thing for them; none: they may not listen any more, or are too slow.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            if self.hearing.borrow_and_update().is_none() {
                return None;
            }
            if let Some((from, to)) = self.missed.take() {
                return Some(News::Missed(from, to));
            }
            let happened = match self.page.pop_front() {
                Some(happened) => Arc::new(happened),
                None if self.is_behind => {
                    self.read_on().await?;
                    continue;
                }
                None => tokio::select! {
                    happened = self.happens.recv() => match happened {
                        Ok(happened) => happened,
                        Err(RecvError::Lagged(_)) => {
                            self.is_behind = true;
                            continue;
                        }
                        Err(RecvError::Closed) => return None,
                    },
                    known = self.hearing.changed() => {
                        known.ok()?;
                        continue;
                    }
                },
            };
            if happened.id != LIVE {
                if happened.id <= self.told {
                    continue;
                }
                self.told = happened.id;
            }
            let may_hear = |hearing: &Hearing| hearing.may_hear(&happened);
            if self.kinds.has(happened.kind) && self.hearing.borrow().as_ref().is_some_and(may_hear) {
                return Some(News::Happened(happened));
            }
        }
    }

    /// Reads what comes next from the store; none: they are so slow that it is gone.
    async fn read_on(&mut self) -> Option<()> {
        let told = self.told;
        let read = self.bot.store().read(move |reader| {
            // In this order: what goes between the two is noticed.
            Ok((happenings::list_after(reader, told, READ_AT_ONCE)?, happenings::newest(reader)?))
        });
        let (page, newest) = match read.await {
            Ok(read) => read,
            Err(fault) => {
                tracing::error!(%fault, "what a listener missed could not be read");
                return None;
            }
        };
        if happenings::gone_by(newest) > told {
            return None;
        }
        self.is_behind = page.len() == READ_AT_ONCE;
        self.page = page.into();
        Some(())
    }
}

/// Looks again and again whether somebody may listen still, on its own: who waits for news may stop waiting any time.
pub(super) fn keep_looking(
    hearing: Hearing,
    every: Duration,
    at_end: impl FnOnce() + Send + 'static,
) -> watch::Receiver<Option<Hearing>> {
    let (tell, known) = watch::channel(Some(hearing.clone()));
    tokio::spawn(async move {
        let mut hearing = Some(hearing);
        while let Some(known) = hearing {
            tokio::select! {
                () = sleep(every) => {}
                () = tell.closed() => return,
            }
            hearing = timeout(CHECK_WAIT, known.look_again()).await.ok().flatten();
            tell.send_replace(hearing.clone());
        }
        at_end();
    });
    known
}

/// Places for those who watch and listen: so many in all, and of one key or person.
#[derive(Clone)]
pub(super) struct Seats {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<Who, usize>>>,
    of_one: usize,
}

/// A place that is held until this is dropped.
pub(super) struct Seat {
    _place: OwnedSemaphorePermit,
    whose: Option<(Who, Seats)>,
}

impl Seats {
    pub fn new(all: usize, of_one: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), taken: Arc::default(), of_one }
    }

    /// A place, if one is free.
    pub fn take(&self) -> Option<Seat> {
        Some(Seat { _place: self.all.clone().try_acquire_owned().ok()?, whose: None })
    }

    fn with<T>(&self, look: impl FnOnce(&mut HashMap<Who, usize>) -> T) -> T {
        look(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seat {
    /// The same as the place of somebody known; none: they hold too many.
    pub fn of(mut self, who: Who, seats: &Seats) -> Option<Self> {
        let has_room = seats.with(|taken| {
            let held = taken.entry(who).or_default();
            let has_room = *held < seats.of_one;
            *held += usize::from(has_room);
            has_room
        });
        has_room.then(|| {
            self.whose = Some((who, seats.clone()));
            self
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((who, seats)) = self.whose.take() else { return };
        seats.with(|taken| {
            if let Some(held) = taken.get_mut(&who) {
                *held -= 1;
                if *held == 0 {
                    taken.remove(&who);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_not_ours_resumes_nothing() {
        for (id, told) in [
            ("0", Some(0)),
            ("41", Some(41)),
            ("1800000000000-3-41", Some(41)),
            ("1800000000000-3", None),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("4 1", None),
            ("a-b-41", None),
            ("1-2-3-4", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(read_id(id), told, "{id}");
        }
        assert_eq!(read_id(&update_id("1800-3", 41)), Some(41));
    }

    #[test]
    fn kinds_are_known_words() {
        let asked = |kinds: &str| Asked { kinds: Some(kinds.to_owned()), last_event_id: None }.kinds();
        let some = asked("case, kudos").unwrap();
        assert!(some.has("case") && some.has("kudos") && !some.has("member") && !some.has(UPDATE));
        assert!(asked("").unwrap().has("member"));
        for wrong in ["cases", "case,", ",", &"case,".repeat(1_000)] {
            assert!(asked(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nobody_holds_more_seats_than_their_own() {
        let seats = Seats::new(3, 2);
        let (one, two) = (Who::Key(1), Who::Key(2));
        let sit = |who| seats.take().and_then(|seat| seat.of(who, &seats));
        let held = [sit(one).unwrap(), sit(one).unwrap()];
        assert!(sit(one).is_none(), "a third");
        let third = sit(two).unwrap();
        assert!(seats.take().is_none(), "all are taken");
        drop((held, third));
        assert!(sit(one).is_some() && seats.with(|taken| taken.is_empty()));
    }
}
