//! `innkeeper key`: keys for programs, made, shown and put out of use on the command line. Works beside a running bot.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{ConfigFile, Exit, Stop, complain};
use crate::model::access::{ApiKey, Scopes, key_name, new_key};
use crate::model::{Clock, GuildId, Span, Timestamp};
use crate::store::Guest;
use crate::store::access::{self, NewKey};

#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Makes a key and prints it, once: only its hash is kept.
    Create(Create),
    /// Shows the keys that are not revoked.
    List(List),
    /// Puts a key out of use, and with it its tokens, at once.
    Revoke(Revoke),
}

#[derive(Args)]
struct Create {
    /// What it is for: letters, digits, dots, dashes, underscores.
    #[arg(long)]
    name: String,
    /// What it may do: read, write, moderate, chat, admin, impersonate. May be given several times.
    #[arg(long, value_name = "SCOPE", required = true, num_args = 1..)]
    scope: Vec<String>,
    /// The only server that it is for; without it, all.
    #[arg(long, value_name = "ID")]
    guild: Option<GuildId>,
    /// When it ends by itself, such as 90d.
    #[arg(long, value_name = "TIME")]
    expires: Option<Span>,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(Args)]
struct List {
    /// As JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(Args)]
struct Revoke {
    name: String,
    #[command(flatten)]
    file: ConfigFile,
}

pub fn run(options: &Options) -> Exit {
    let done = match &options.what {
        What::Create(create) => self::create(create),
        What::List(list) => self::list(list),
        What::Revoke(revoke) => self::revoke(revoke),
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(Stop(words, exit)) => complain(&words, exit),
    }
}

fn create(create: &Create) -> Result<(), Stop> {
    let name = key_name(&create.name).map_err(Stop::usage)?;
    let scopes: Scopes = create.scope.join(" ").parse().map_err(Stop::usage)?;
    let (now, key) = (Clock::real().now(), new_key());
    let expires_at = create.expires.map(|span| now.plus(span.duration()));
    let new = NewKey { name: &name, scopes, guild: create.guild, created_by: None, expires_at };
    open(&create.file)?.write(|tx| access::create_key(tx, &new, &key, now))?;
    println!("{}", key.reveal());
    eprintln!("{name} ({scopes}) is ready. The key is shown this once; only its hash is kept.");
    Ok(())
}

fn list(list: &List) -> Result<(), Stop> {
    let keys = access::list_keys(look(&list.file)?.read(), None)?;
    if list.json {
        println!("{:#}", keys.iter().map(as_json).collect::<serde_json::Value>());
        return Ok(());
    }
    for key in &keys {
        let ApiKey { name, prefix, scopes, .. } = key;
        let day = |at: Timestamp| at.utc().format("%Y-%m-%d").to_string();
        let guild = key.guild.map_or("all servers".to_owned(), |guild| format!("server {guild}"));
        let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", day(at)));
        let end = key.expires_at.map(|at| format!(", until {}", day(at))).unwrap_or_default();
        println!("{name}  {prefix}…  {scopes}  {guild}, {used}{end}");
    }
    if keys.is_empty() {
        eprintln!("There are no keys. `innkeeper key create` makes one.");
    }
    Ok(())
}

fn as_json(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>(),
        "guild_id": key.guild,
        "created_at": key.created_at.rfc3339(),
        "created_by": key.created_by,
        "expires_at": key.expires_at.map(Timestamp::rfc3339),
        "last_used_at": key.last_used_at.map(Timestamp::rfc3339),
    })
}

fn revoke(revoke: &Revoke) -> Result<(), Stop> {
    let now = Clock::real().now();
    match open(&revoke.file)?.write(|tx| access::revoke_key(tx, &revoke.name, None, now))? {
        true => eprintln!("{} is out of use.", revoke.name),
        false => {
            return Err(Stop::failed("there is no key of that name: innkeeper key list shows them"));
        }
    }
    Ok(())
}

fn open(file: &ConfigFile) -> Result<Guest, Stop> {
    let loaded = file.load().map_err(Stop::usage)?;
    Guest::open(&loaded.config.store.path).map_err(Stop::failed)
}

fn look(file: &ConfigFile) -> Result<Guest, Stop> {
    let loaded = file.load().map_err(Stop::usage)?;
    Guest::look(&loaded.config.store.path).map_err(Stop::failed)
}
