//! What the bot knows of itself, and how it says so.
//!
//! Every part writes into [`Vitals`] while it works. A [`Report`] is a reading of them at one moment, judged into
//! checks; nobody stores whether the bot is well. [`Board`] holds the cards that the rooms put on the status page.
//! `health`, `metrics`, `badge` and `page` are ways to write a report down: no door, no database, nothing that waits.

pub mod vitals;

pub mod watch;

pub mod report;
mod sight;

pub mod board;

pub mod face;

pub mod health;

pub mod metrics;

pub mod badge;

pub mod page;

pub mod assets;

pub use board::{Board, Card, CardKind, Present, Standing};
pub use face::{Face, FaceSettings};
pub use report::{Check, Health, Reading, Report};
pub use vitals::Vitals;

/// The version of this program, as every face of it says it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
