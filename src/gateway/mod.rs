//! Door one: Discord.

mod budget;
mod inbound;
mod limits;
mod raw;
