//! Innkeeper: the self-hosted bot that looks after a small Discord community, and explains itself.

pub mod config;
pub mod door;
pub mod http;
pub mod lamp;
pub mod model;
pub mod status;
pub mod store;
