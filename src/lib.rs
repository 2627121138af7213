//! Innkeeper: the self-hosted bot that looks after a small Discord community, and explains itself.

pub mod config;
pub mod model;
pub mod status;
pub mod store;
