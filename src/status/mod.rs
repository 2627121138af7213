//! What the bot knows of itself, and how it says so.

pub mod vitals;
