//! Door one: Discord.

mod body;
mod budget;
mod https;
mod inbound;
mod intents;
mod limits;
mod perform;
mod raw;
mod refusal;
mod registration;
mod rest;
#[cfg(test)]
mod scratch;
mod slash;
mod tempo;
