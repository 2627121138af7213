//! Innkeeper: the self-hosted bot that looks after a small Discord community, and explains itself.
//!
//! What happens on Discord comes through [`gateway`] as events, goes through the one engine ([`bot`]) to the rooms
//! ([`features`]), and leaves as effects and promises, kept by the [`store`]. `ARCHITECTURE.md` walks through a
//! message.
//!
//! A program of one's own adds to it through [`builder`]: commands, event handlers and whole features. See
//! `examples/greeter.rs`, which `cargo run --example greeter -- demo` shows against a simulated Discord. A program that
//! stays apart from it asks its API through [`client`]: see `examples/client.rs`.

pub mod bot;
pub mod cli;
pub mod client;
pub mod command;
pub mod config;
pub mod cx;
pub mod door;
pub mod features;
pub mod gateway;
pub mod http;
pub mod import;
pub mod lamp;
pub mod model;
pub mod picture;
pub mod sim;
pub mod status;
pub mod store;
pub mod wires;

pub use bot::Bot;
pub use cli::{Builder, builder};
