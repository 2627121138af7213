//! The main door over real sockets: what its pages say, what hostile texts and clients can do to them, and how they
//! stay live.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "pages/attacks.rs"]
mod attacks;
#[path = "pages/crowd.rs"]
mod crowd;
#[path = "pages/hostile.rs"]
mod hostile;
#[path = "pages/html.rs"]
mod html;
#[path = "pages/live.rs"]
mod live;
#[path = "pages/looks.rs"]
mod looks;
#[path = "pages/routes.rs"]
mod routes;
#[path = "pages/support.rs"]
mod support;
