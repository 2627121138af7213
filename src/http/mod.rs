//! The main door: axum on hyper, with a limit on everything.
//!
//! A connection is let in by the crowd's caps, read by hyper within bounds of size and time, held to the host names we
//! go by, and answered by the routes of [`pages`], the live updates of [`live`], or what the rooms add. What is
//! answered is decided elsewhere: this room knows sockets, routes and headers.

pub mod api;
mod connection;
mod feed;
mod gate;
mod limits;
mod live;
mod oauth;
mod pages;
mod patience;
mod portraits;
mod sockets;
mod visitors;
mod who;
mod wired;

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

/// The routes that a room adds to the main door.
pub use axum::Router as Routes;
pub use gate::prefers_json;
pub use limits::Limits;
pub use portraits::portraits;
pub use wired::{Ear, Wired, Wires};

use crate::bot::{Bot, Happenings};
use crate::config::{Audience, Config};
use crate::door::Hosts;
use crate::status::{Face, page};
use live::Live;

/// What the main door needs.
#[derive(Clone)]
pub struct Door {
    pub face: Face,
    pub hosts: Hosts,
    /// Proxies in front of many people: they are not held to the cap of one address.
    pub trusted_proxies: Vec<IpAddr>,
    pub limits: Limits,
    /// What watchers are told of members, where that is for everybody.
    pub happenings: Option<Happenings>,
    /// How people reach us; empty: as they do.
    pub public_url: String,
    /// Knows who is signed in; without it everybody is a stranger, and there is no API.
    pub bot: Option<Bot>,
    /// The routes of the rooms.
    pub rooms: fn() -> api::Routes,
    /// What other systems' programs are answered.
    pub wires: Wires,
}

impl Door {
    /// A door as the config describes it. Who stands on a board that everybody may see is also named in the stream.
    pub fn new(face: Face, config: &Config, happenings: &Happenings) -> Self {
        let http = &config.http;
        let hosts = Hosts::new(http.listen.parse().ok(), &http.public_url, &http.allowed_hosts);
        let open = http.visibility.leaderboard == Audience::Public;
        let happenings = open.then(|| happenings.clone());
        let (trusted_proxies, public_url) = (http.trusted_proxies.clone(), http.public_url.clone());
        Self {
            face,
            hosts,
            trusted_proxies,
            limits: Limits::default(),
            happenings,
            public_url,
            bot: None,
            rooms: api::Routes::default,
            wires: Wires::default(),
        }
    }
}

/// Serves until `stop` is true, then finishes the answers that are under way. `extra` are the rooms' own routes.
///
/// # Errors
/// When the listener cannot be used at all; a failing connection is nobody else's business.
pub async fn serve(
    listener: TcpListener,
    door: Door,
    extra: Router,
    stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let pages = pages::Pages::of(&door);
    let app = door.bot.clone().map(|bot| api::App::new(bot, pages.clone()));
    let live = Arc::new(Live::new(&door, pages.clone(), app.clone(), stop.clone()));
    let wired = app.clone().map(|app| {
        let (limits, seats) = (door.limits.clone(), live.seats.clone());
        Wired::new(app, limits, stop.clone(), pages.clone(), seats)
    });
    let wires = wired.map(|wired| api::open_across((door.wires.routes)(&wired), wired.app)).unwrap_or_default();
    let api = app.map(|app| api::router(app, door.rooms)).unwrap_or_default();
    let router = pages::router(pages.clone(), live.clone()).merge(visitors::router(pages)).merge(api).merge(wires);
    let router = router.merge(extra);
    let router = router.fallback(pages::not_found).method_not_allowed_fallback(pages::method_not_allowed);
    let shared = Arc::new(connection::Shared { door, router });
    tokio::select! {
        () = connection::accept_all(&listener, &shared, stop) => {}
        () = live.keep_drawing() => {}
    }
    Ok(())
}
