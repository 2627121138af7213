//! The simulated Discord under test: as a world in this process, and over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod client;
mod gateway;
mod people;
mod rest;
mod sockets;
