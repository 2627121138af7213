//! What wires are given: the bot behind the door, its limits, and places for those who listen for long.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::header::{self, HeaderMap, HeaderName};
use tokio::sync::watch;

use super::api::{App, Hearing, Problem, Who, allowed_origin};
use super::feed::{Seat, Seats, keep_looking};
use super::pages::Pages;
use super::who::{self, Whence, network};
use super::{Limits, api};
use crate::bot::{Audience, Happening};
use crate::config;
use crate::model::GuildId;

/// Where keys are shown.
const SHOWN: [HeaderName; 2] = [header::AUTHORIZATION, HeaderName::from_static("x-api-key")];

/// Other systems' dialects, as the door takes them: it knows none of them.
#[derive(Clone, Copy)]
pub struct Wires {
    /// The routes, with everything that they need already in them.
    pub routes: fn(&Wired) -> Router,
    /// What their paths begin with, wire by wire, beside those of the API: there a slash at the end means nothing.
    pub roots: &'static [&'static [&'static str]],
    /// Paths where a request may wait for news: there it has [`Limits::long_poll`].
    pub long_polls: &'static [&'static str],
    /// As which service, and version of it, the front door greets programs; none: as ourselves.
    pub service: fn(&config::Wires) -> Option<(&'static str, &'static str)>,
}

impl Default for Wires {
    fn default() -> Self {
        Self { routes: |_| Router::new(), roots: &[], long_polls: &[], service: |_| None }
    }
}

/// What wires are given.
#[derive(Clone)]
pub struct Wired {
    pub app: api::App,
    pub limits: Limits,
    /// Becomes true when the door closes.
    pub stop: watch::Receiver<bool>,
    pub(super) pages: Pages,
    pub(super) seats: Seats,
}

/// Somebody who listens for long, on a place that is held until this is dropped.
pub struct Ear {
    /// None: what they showed is not good any more, and others may have the place.
    _seat: Arc<Mutex<Option<Seat>>>,
    /// None: a stranger, who hears what everybody may.
    known: Option<watch::Receiver<Option<Hearing>>>,
    home: Option<GuildId>,
}

impl Wired {
    /// Whether a request comes from no page at all, one of ours, or one of an origin that the owner names.
    pub fn is_welcome(&self, headers: &HeaderMap) -> bool {
        let is_ours = || who::is_from_here(headers, &self.pages.public_url);
        !headers.contains_key(header::ORIGIN) || is_ours() || allowed_origin(&self.app, headers).is_some()
    }

    /// What these headers show of who sends them.
    pub fn shown<'a>(&self, headers: &'a HeaderMap) -> Vec<&'a [u8]> {
        let lines = headers.iter().filter(|(name, _)| SHOWN.contains(*name));
        let keys = lines.map(|(_, value)| value.as_bytes());
        keys.chain(self.pages.cookie.read(headers).map(str::as_bytes)).collect()
    }

    /// Takes away whatever could show who sends these headers.
    pub fn hide(&self, headers: &mut HeaderMap) {
        for name in SHOWN.iter().chain([&header::COOKIE]) {
            headers.remove(name);
        }
    }

    /// A place for who sends these headers, if there is one. Strangers have one where the board is for everybody.
    ///
    /// # Errors
    /// They may not listen, come too often, or hold too many places.
    pub async fn admit(&self, peer: SocketAddr, headers: &HeaderMap) -> Result<Ear, Problem> {
        let whence = Whence::of(peer.ip(), headers, &self.pages.trusted_proxies);
        let mut headers = headers.clone();
        if headers.contains_key(header::ORIGIN) && !who::is_from_here(&headers, &self.pages.public_url) {
            // Browsers send cookies along whichever page it is.
            headers.remove(header::COOKIE);
        }
        let hearing = Hearing::of(&self.app, &headers, whence).await?;
        let who = match &hearing {
            Some(hearing) => hearing.who(),
            None => self.admit_stranger(whence)?,
        };
        let seat = self.seats.take().and_then(|seat| seat.of(who, &self.seats));
        let seat = seat.ok_or_else(|| Problem::unavailable("Too many are listening."))?;
        let home = hearing.as_ref().and_then(Hearing::home);
        let seat = Arc::new(Mutex::new(Some(seat)));
        let held = Arc::downgrade(&seat);
        let leave = move || {
            if let Some(seat) = held.upgrade() {
                seat.lock().unwrap_or_else(PoisonError::into_inner).take();
            }
        };
        let known = hearing.map(|hearing| keep_looking(hearing, self.limits.listener_check_every, leave));
        Ok(Ear { _seat: seat, known, home })
    }

    fn admit_stranger(&self, whence: Whence) -> Result<Who, Problem> {
        self.app.slow_down(whence)?;
        match self.app.bot().config().http.visibility.leaderboard {
            config::Audience::Public => Ok(Who::Stranger(network(whence.client))),
            _ => Err(Problem::unauthenticated("What happens here is told to those who show a key.")),
        }
    }
}

impl Ear {
    /// The only guild that is theirs; none: there may be several, or it is a stranger.
    pub fn home(&self) -> Option<GuildId> {
        self.home
    }

    pub fn is_stranger(&self) -> bool {
        self.known.is_none()
    }

    /// Whether they may listen still.
    pub fn is_good(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.borrow().is_some())
    }

    /// Whether they may know of this.
    pub fn may_hear(&self, happening: &Happening) -> bool {
        match &self.known {
            Some(known) => known.borrow().as_ref().is_some_and(|hearing| hearing.may_hear(happening)),
            None => happening.audience == Audience::Everybody,
        }
    }
}

impl Wired {
    pub(super) fn new(app: App, limits: Limits, stop: watch::Receiver<bool>, pages: Pages, seats: Seats) -> Self {
        Self { app, limits, stop, pages, seats }
    }
}
