//! Mindtrace's Discord service: its documented paths `/discord/…`, the published ones `/discord.…`, and below
//! `/mindtrace/` the same beside what its connection manager asks of any service.
//!
//! Its programs send no headers. At this computer they need no key: what they execute is run for a visitor who is no
//! member, so that open commands run and the others are refused in words. From elsewhere they show one (`/k/KEY/…`).
//!
//! Source: Mindtrace's document of the service, and the package `mindtrace-services`, 0.12.0 to 0.16.0.

mod execute;
mod input;
mod line;
mod registry;
mod service;
mod status;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::http::Wired;
use crate::http::api::{App, Caller, Problem};
use crate::wires::fastapi::{Fault, method_not_allowed};

/// Where the service is for its connection manager, whose base address this is with a slash at its end.
const HOME: &str = "/mindtrace";
/// What its paths begin with.
pub const ROOTS: [&str; 5] = ["mindtrace", "discord", "discord.status", "discord.commands", "discord.execute"];

const FROM_ELSEWHERE: &str = "Only programs at the bot's own computer come without a key. Show one as \
    `Authorization: Bearer KEY` or `X-API-Key: KEY`, or write it before the path: `/k/KEY/mindtrace/`.";

pub fn routes(wired: &Wired) -> Router {
    let mut router = Router::new();
    let wires = &wired.app.bot().config().wires;
    for (home, _) in [("", wires.mindtrace), (HOME, wires.mindtrace_manager)].into_iter().filter(|(_, is_on)| *is_on) {
        for between in ['/', '.'] {
            let path = |name: &str| format!("{home}/discord{between}{name}");
            router = router
                .route(&path("status"), read(status::status))
                .route(&path("commands"), read(registry::commands))
                .route(&path("execute"), ask(execute::execute));
        }
    }
    for (name, route) in service::verbs().into_iter().filter(|_| wires.mindtrace_manager) {
        router = router.route(&format!("{HOME}/{name}"), route);
    }
    router.with_state(wired.app.clone())
}

/// A route that the document reads and the published programs post to; what they send is of no interest.
fn read<H, T>(handler: H) -> MethodRouter<App>
where
    H: axum::handler::Handler<T, App> + Copy,
    T: 'static,
{
    get(handler).post(handler).fallback(method_not_allowed)
}

/// A route that is posted to.
fn ask<H, T>(handler: H) -> MethodRouter<App>
where
    H: axum::handler::Handler<T, App>,
    T: 'static,
{
    post(handler).fallback(method_not_allowed)
}

/// Who asks, if they may ask anything at all: who shows a key or is signed in, or anybody at this computer.
fn let_in(caller: Result<Caller, Problem>) -> Result<Caller, Fault> {
    let caller = caller?;
    if caller.has_shown() || caller.is_near() {
        Ok(caller)
    } else {
        Err(Problem::unauthenticated(FROM_ELSEWHERE).into())
    }
}
