//! The simulated Discord under test: as a world in this process, and over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod buttons;
mod client;
mod faults;
mod gateway;
mod lists;
mod moderation;
mod page;
mod people;
mod rest;
mod sockets;
