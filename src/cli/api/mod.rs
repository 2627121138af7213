//! `innkeeper api`: asks a running instance, here or elsewhere, through its API. Tables for people, JSON for programs.
//!
//! The key is never an argument, because everybody on a computer may read those.

mod cases;
mod kudos;
mod raw;
mod shown;
mod xp;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConfigFile, Exit, Stop, complain};
use crate::client::blocking::Client;
use crate::client::{self, Error, Part};
use crate::model::{GuildId, Secret, UserId};
use shown::{Shown, plain_line};

const KEY_VARIABLE: &str = "INNKEEPER_API_KEY";
const URL_VARIABLE: &str = "INNKEEPER_URL";
const NO_KEY: &str = "there is no key. Set INNKEEPER_API_KEY, or name a file that holds it: --key-file FILE; \
    `innkeeper key create` makes one.";
const NO_URL: &str = "where is the instance? Say --url URL or set INNKEEPER_URL: the configuration has no http.public_url and no \
    http.listen.";
/// A key is far shorter.
const KEY_FILE_BYTES_MAX: usize = 4_096;

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    reach: Reach,
}

/// Which instance, and as whom. May stand anywhere behind `api`.
#[derive(Args)]
struct Reach {
    /// The instance; without it $INNKEEPER_URL, else the configuration's http.public_url or http.listen.
    #[arg(long, global = true)]
    url: Option<String>,
    /// A file with the key; without it $INNKEEPER_API_KEY.
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Acts as this member, with a key that has the scope `impersonate`.
    #[arg(long, global = true, value_name = "ID")]
    act_as: Option<UserId>,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
    /// The configuration that tells where the instance is.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// Cases: list, show, create, edit, resolve, reopen, hide.
    #[command(subcommand)]
    Cases(cases::What),
    /// Kudos: list, give, board.
    #[command(subcommand)]
    Kudos(kudos::What),
    /// XP of a member: show, give, history.
    #[command(subcommand)]
    Xp(xp::What),
    /// Shows who has the most XP.
    Leaderboard(xp::Leaderboard),
    /// Asks for anything else that the API has.
    Get(raw::Bare),
    /// Sends JSON to anything else.
    Post(raw::Full),
    /// The same by PUT.
    Put(raw::Full),
    /// The same by PATCH.
    Patch(raw::Full),
    /// Sends DELETE to anything else.
    Delete(raw::Bare),
}

/// Of which server.
#[derive(Args)]
struct Where {
    /// The server.
    #[arg(long, value_name = "ID")]
    guild: GuildId,
}

/// Which part of a list.
#[derive(Args)]
struct Paging {
    /// How many, at most 200.
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// How many to pass over.
    #[arg(long, value_name = "N")]
    offset: Option<u32>,
}

impl Paging {
    fn part(&self) -> Part {
        Part { limit: self.limit, offset: self.offset }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        let exit = if matches!(error, Error::Unusable(_)) { Exit::Usage } else { Exit::Failed };
        Self(error.to_string(), exit)
    }
}

pub fn run(options: &Options) -> Exit {
    match ask(options) {
        Ok(shown) => shown.say(options.reach.json),
        Err(Stop(words, exit)) => complain(&plain_line(&words), exit),
    }
}

fn ask(options: &Options) -> Result<Shown, Stop> {
    let (what, reach) = (&options.what, &options.reach);
    // What is wrong with the line is told before anything is looked for.
    let body = raw::body(what)?;
    let client = client::Client::builder(reach.address()?, reach.key()?);
    let mut client = Client::new(client)?;
    if let Some(member) = reach.act_as {
        client = client.acting_as(member);
    }
    match what {
        What::Cases(what) => cases::ask(&client, what),
        What::Kudos(what) => kudos::ask(&client, what),
        What::Xp(what) => xp::ask(&client, what),
        What::Leaderboard(which) => xp::leaderboard(&client, which),
        What::Get(_) | What::Post(_) | What::Put(_) | What::Patch(_) | What::Delete(_) => {
            raw::ask(&client, what, body.as_ref())
        }
    }
}

impl Reach {
    fn key(&self) -> Result<Secret, Stop> {
        let key = match &self.key_file {
            Some(file) => {
                let read = std::fs::read_to_string(file);
                read.map_err(|error| Stop::usage(format!("the key cannot be read from {}: {error}", file.display())))?
            }
            None => std::env::var(KEY_VARIABLE).unwrap_or_default(),
        };
        match key.trim() {
            "" => Err(Stop::usage(NO_KEY)),
            key if key.len() > KEY_FILE_BYTES_MAX || key.contains(char::is_whitespace) => {
                Err(Stop::usage("this is no key: a key is one word, as `innkeeper key create` prints it"))
            }
            key => Ok(Secret::new(key)),
        }
    }

    fn address(&self) -> Result<String, Stop> {
        let said = self.url.clone().or_else(|| std::env::var(URL_VARIABLE).ok()).filter(|url| !url.is_empty());
        if let Some(url) = said {
            return Ok(url);
        }
        let loaded = ConfigFile { config: self.config.clone() }.load().map_err(Stop::usage)?;
        let http = &loaded.config.http;
        if !http.public_url.is_empty() {
            return Ok(http.public_url.clone());
        }
        http.listen.parse().map(near).map_err(|_| Stop::usage(NO_URL))
    }
}

/// Where something that listens there is reached from here.
fn near(mut listens: SocketAddr) -> String {
    match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listens.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listens.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("http://{listens}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_nearby() {
        let near = |listens: &str| near(listens.parse().unwrap());
        assert_eq!(near("0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(near("[::]:80"), "http://[::1]:80");
        assert_eq!(near("192.168.1.2:8080"), "http://192.168.1.2:8080");
    }
}
