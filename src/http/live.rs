//! Live updates by server-sent events.
//!
//! There is one drawing of the page for all watchers, made at most once a second and only while somebody watches. A
//! watcher is a seat and the number of the last drawing that it saw: it is sent what differs between that and the
//! present one. So a slow watcher skips drawings instead of gathering them, and one that comes back, whatever it saw
//! last, has the present state at once.
//!
//! What happens is told in events of their own names: to strangers, where the board is for everybody, what everybody
//! may know (a level reached, a tool unlocked), as it happens; to a key or somebody who is signed in what they may
//! know, with what they missed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::api::{App, Ask, Hearing, Problem, Usual};
use super::feed::{self, Asked, Feed, Kinds, News, Seat, Seats, UPDATE};
use super::pages::{self, Pages};
use super::who::{self, Whence};
use super::{Door, Limits};
use crate::bot::{self, Happening, Happenings};
use crate::config::Audience;
use crate::status::Face;
use crate::status::page::{self, AS_OF};
use crate::store::happenings::LIVE;

/// When nothing else changes, the time of the drawing is renewed this often.
const AS_OF_EVERY: Duration = Duration::from_secs(10);
/// What a browser waits before it opens a broken stream again.
const RETRY: Duration = Duration::from_secs(2);

type Parts = Vec<(&'static str, String)>;

/// One drawing of what changes on the page.
struct Drawing {
    number: u64,
    at: Instant,
    parts: Parts,
}

/// The live page.
pub(super) struct Live {
    face: Face,
    pages: Pages,
    /// Knows who asks; none: everybody is a stranger.
    pub app: Option<App>,
    pub limits: Limits,
    pub seats: Seats,
    watched: Notify,
    drawing: watch::Sender<Arc<Drawing>>,
    /// For strangers.
    happenings: Option<Happenings>,
    pub stop: watch::Receiver<bool>,
}

impl Live {
    pub(super) fn new(door: &Door, pages: Pages, app: Option<App>, stop: watch::Receiver<bool>) -> Self {
        let (face, limits, happenings) = (door.face.clone(), door.limits.clone(), door.happenings.clone());
        let drawing = Drawing { number: 0, at: Instant::now(), parts: page::fragments(&face) };
        Self {
            face,
            pages,
            app,
            seats: Seats::new(limits.watchers, limits.listeners_per_caller),
            limits,
            watched: Notify::new(),
            drawing: watch::Sender::new(Arc::new(drawing)),
            happenings,
            stop,
        }
    }

    /// Draws for as long as anybody watches, and waits while nobody does.
    pub(super) async fn keep_drawing(&self) {
        loop {
            if self.drawing.receiver_count() == 0 {
                self.watched.notified().await;
            }
            self.draw();
            sleep(self.limits.update_every).await;
        }
    }

    /// Makes a new drawing if it would show something new.
    fn draw(&self) {
        let parts = page::fragments(&self.face);
        self.drawing.send_if_modified(|drawing| {
            let news = parts.iter().zip(&drawing.parts).any(|(new, old)| new.0 != AS_OF && new != old);
            if !news && drawing.at.elapsed() < AS_OF_EVERY {
                return false;
            }
            *drawing = Arc::new(Drawing { number: drawing.number + 1, at: Instant::now(), parts });
            true
        });
    }

    /// Where a request comes from.
    pub fn whence(&self, peer: SocketAddr, headers: &HeaderMap) -> Whence {
        Whence::of(peer.ip(), headers, &self.pages.trusted_proxies)
    }

    /// Whether a browser says that the request comes from a page of ours.
    pub fn is_from_here(&self, headers: &HeaderMap) -> bool {
        who::is_from_here(headers, &self.pages.public_url)
    }

    /// The events of one watcher: all parts first, then what changes, until its time is over or the door closes.
    fn events(
        self: Arc<Self>,
        seat: Seat,
        kinds: Kinds,
        feed: Option<Feed>,
    ) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        let drawings = self.drawing.subscribe();
        self.watched.notify_one();
        let until = Instant::now() + self.limits.watch_life;
        let happens = match feed {
            Some(feed) => Happens::For(Box::new(feed)),
            None => Happens::Public(self.happenings.as_ref().map(Happenings::subscribe), kinds.clone()),
        };
        let sees_page = kinds.has(UPDATE) && self.face.settings.status != Audience::Off;
        let watcher =
            Watcher { live: self, drawings, happens, sees_page, greeted: false, seen: None, until, _seat: seat };
        stream::unfold(watcher, |mut watcher| async move { Some((Ok(watcher.next().await?), watcher)) })
    }
}

/// One browser that watches.
struct Watcher {
    live: Arc<Live>,
    drawings: watch::Receiver<Arc<Drawing>>,
    happens: Happens,
    sees_page: bool,
    greeted: bool,
    seen: Option<(Instant, Arc<Drawing>)>,
    until: Instant,
    _seat: Seat,
}

/// Where a watcher hears what happens.
enum Happens {
    Public(Option<broadcast::Receiver<Arc<Happening>>>, Kinds),
    For(Box<Feed>),
}

impl Watcher {
    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            if !self.sees_page {
                return Some(Event::default().retry(RETRY).comment("listening"));
            }
        }
        let sent = self.seen.as_ref().map(|(sent, _)| *sent);
        if !self.sees_page || sent.is_some() {
            let mut stop = self.live.stop.clone();
            let changed = async {
                // A watcher that came between two drawings waits as long as everybody for its second one.
                sleep_until(sent.unwrap_or(self.until) + self.live.limits.update_every).await;
                self.drawings.changed().await
            };
            tokio::select! {
                changed = changed, if self.sees_page => changed.ok()?,
                news = self.happens.next() => return Some(self.told(&news?)),
                () = sleep_until(self.until) => return None,
                _ = stop.wait_for(|stop| *stop) => return None,
            }
        }
        let drawing = self.drawings.borrow_and_update().clone();
        let event = self.event(&drawing);
        self.seen = Some((Instant::now(), drawing));
        Some(event)
    }

    /// News as an event of its own name. Whom we know may go on behind it later; to strangers it has no id.
    fn told(&self, news: &News) -> Event {
        let (kind, id, data) = match news {
            News::Missed(from, to) => ("missed", *to, json!({"from": from, "to": to})),
            News::Happened(happening) => (happening.kind, happening.id, happening.json()),
        };
        let event = Event::default().event(kind).data(data.to_string());
        match self.happens {
            // What is not kept leaves them where they are.
            Happens::For(ref feed) if id == LIVE => event.id(feed.told().to_string()),
            Happens::For(_) => event.id(id.to_string()),
            Happens::Public(..) => event,
        }
    }

    /// What `drawing` shows and the last one that was sent did not.
    fn event(&self, drawing: &Drawing) -> Event {
        let old = self.seen.as_ref().map(|(_, seen)| &seen.parts);
        let is_new = |index: usize, part| old.and_then(|old| old.get(index)) != Some(part);
        let parts = drawing.parts.iter().enumerate().filter(|(index, part)| is_new(*index, *part));
        let parts: serde_json::Map<_, _> =
            parts.map(|(_, (id, html))| ((*id).to_owned(), html.clone().into())).collect();
        let started = self.live.face.vitals.started.ms();
        let id = format!("{started}-{}", drawing.number);
        let id = match &self.happens {
            Happens::For(feed) => feed::update_id(&id, feed.told()),
            Happens::Public(..) => id,
        };
        let event = Event::default().event(UPDATE).id(id);
        let event = if old.is_none() { event.retry(RETRY) } else { event };
        event.data(serde_json::Value::Object(parts).to_string())
    }
}

impl Happens {
    /// The next thing that they may know; none: they may not listen any more.
    async fn next(&mut self) -> Option<News> {
        match self {
            Self::Public(listening, kinds) => Some(News::Happened(next_public(listening, kinds).await)),
            Self::For(feed) => feed.next().await,
        }
    }
}

/// The next thing that happens and everybody may know. A watcher that is too slow misses some: they are news, and the
/// page has what they led to.
async fn next_public(listening: &mut Option<broadcast::Receiver<Arc<Happening>>>, kinds: &Kinds) -> Arc<Happening> {
    while let Some(happens) = listening {
        match happens.recv().await {
            Ok(happening) if happening.audience == bot::Audience::Everybody && kinds.has(happening.kind) => {
                return happening;
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => *listening = None,
        }
    }
    std::future::pending().await
}

/// Follows what happens as server-sent events: to a key or somebody who is signed in what they may know, to strangers
/// what everybody may, where the status page is public. The events are named by their kinds, their data is JSON;
/// `update` brings the parts of the status page that changed.
#[utoipa::path(get, path = "/events", tag = "Live",
    params(Asked, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that is known")),
    security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "A stream", body = String, content_type = "text/event-stream"),
    Usual,
))]
pub(super) async fn events(
    State(live): State<Arc<Live>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    asked: Ask<Asked>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    open(&live, peer, asked, request.headers()).await
}

async fn open(
    live: &Arc<Live>,
    peer: SocketAddr,
    asked: Ask<Asked>,
    headers: &HeaderMap,
) -> Result<Response<Body>, Problem> {
    let hearing = match &live.app {
        Some(app) => known(app, headers, live.whence(peer, headers)).await?,
        None => None,
    };
    if hearing.is_none()
        && let Some(closed) = pages::closed(&live.face, headers)
    {
        return Ok(closed);
    }
    let asked = asked.read()?;
    let kinds = asked.kinds()?;
    let who = hearing.as_ref().map(Hearing::who);
    let Some(seat) = live.seats.take().and_then(|seat| match who {
        Some(who) => seat.of(who, &live.seats),
        None => Some(seat),
    }) else {
        let head = [(header::RETRY_AFTER, "15")];
        let words = "Too many are watching; the page itself still works.\n";
        return Ok((StatusCode::SERVICE_UNAVAILABLE, head, words).into_response());
    };
    let feed = match (&live.app, hearing) {
        (Some(app), Some(hearing)) => {
            let every = live.limits.listener_check_every;
            Some(Feed::open(app.bot(), hearing, kinds.clone(), asked.last(headers), every).await?)
        }
        _ => None,
    };
    // Somebody who comes after a while sees the present, not the last drawing that was made for others.
    live.draw();
    let heartbeat = KeepAlive::new().interval(live.limits.heartbeat_every).text("");
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let stream = Sse::new(live.clone().events(seat, kinds, feed)).keep_alive(heartbeat);
    Ok((unbuffered, stream).into_response())
}

/// Who listens, if we know them. Where Discord does not say what somebody may who is signed in, they are a stranger for
/// now: a browser whose stream is refused would not try again.
async fn known(app: &App, headers: &HeaderMap, whence: Whence) -> Result<Option<Hearing>, Problem> {
    match Hearing::of(app, headers, whence).await {
        Err(problem) if problem.is_for_later() => Ok(None),
        known => known,
    }
}
