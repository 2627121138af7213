//! Door one: Discord.

mod inbound;
mod raw;
