//! Door one: Discord.

mod budget;
mod https;
mod inbound;
mod limits;
mod raw;
mod refusal;
mod rest;
