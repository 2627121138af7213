//! Who may come in through the main door: `/apikey` gives programs a key, `/login` gives a person a link that signs
//! their browser in. Programs may have hooks, which are told what happens.
//!
//! A key or link is shown once, to whoever asked, and only its hash is kept. So it is never the answer to a message:
//! that would wait in the database until Discord took it.

pub mod api;
mod hooks;

use super::Feature;
use crate::command::{Actor, Args, Command, Declared, Door, Opt, Plan};
use crate::cx::Cx;
use crate::model::access::{LINK_LIFE, Scope, Scopes, key_name, new_key, new_pass};
use crate::model::text::{name, quote};
use crate::model::{Embed, Outgoing, Permission, Permissions, Refusal, Result, Span, Timestamp};
use crate::store::access::{self, Comer, NewKey};
use crate::store::personal::{Column, Forget, Personal};

pub(super) static FEATURE: Feature = Feature {
    name: "access",
    is_on: |config| !config.http.listen.is_empty(),
    needs: |_| &[],
    commands: &[&LOGIN, &LOGOUT, &CREATE, &LIST, &REVOKE],
    undoes: &[],
    start: None,
    observe: hooks::observe,
    card: None,
    verify: None,
    portrait: None,
    personal: PERSONAL,
};

const PERSONAL: &[Personal] = &[
    Personal::rows("web_session", "browsers in which you are signed in", &[Column::Id("user")]),
    Personal::rows("login_link", "links to sign in that you asked for", &[Column::Id("user")]),
    Personal::otherwise(
        "api_key",
        "keys for programs that you made",
        &[Column::Id("created_by")],
        Forget::By(access::forget_maker, "they go on working, without your name"),
    ),
    Personal::nobody("webhook", "where programs are told what happens; what they are told is among the promises"),
    Personal::nobody("token_secret", "what programs' tokens are signed with"),
];

const COLOUR: u32 = 0xE0_A8_4E;
const NAME_CHARS_MAX: u16 = 40;
const SCOPES_CHARS_MAX: u16 = 80;
const LIFE_MAX: Span = Span::days(3_650);
/// Keys that are listed.
const LISTED_MAX: usize = 25;
const CATEGORY: &str = "Access";

static NAME: Opt<String> =
    Opt::text("name", "What it is for: letters, digits, dots, dashes", NAME_CHARS_MAX).required();
static SCOPES: Opt<String> =
    Opt::text("scopes", "read, write, moderate, chat, admin, impersonate; without it, read", SCOPES_CHARS_MAX);
static EXPIRES: Opt<Span> = Opt::span("expires", "When it ends by itself, such as 90d", LIFE_MAX);
static OF_CREATE: [&dyn Declared; 3] = [&NAME, &SCOPES, &EXPIRES];
static OF_REVOKE: [&dyn Declared; 1] = [&NAME];

static LOGIN: Command = Command {
    cooldown_seconds: 0,
    ephemeral: true,
    untold: true,
    ..Command::open("login", "Gives you a link that signs your browser in to the pages", CATEGORY, &[], login)
};
static LOGOUT: Command = Command {
    cooldown_seconds: 0,
    ephemeral: true,
    untold: true,
    ..Command::open("logout", "Signs you out of the pages in every browser", CATEGORY, &[], logout)
};
static CREATE: Command =
    Command::open("apikey create", "Makes a key for a program; it is shown once", CATEGORY, &OF_CREATE, create)
        .for_staff(Permission::ManageGuild);
static LIST: Command = Command::open("apikey list", "Shows the keys of this server", CATEGORY, &[], list)
    .for_staff(Permission::ManageGuild);
static REVOKE: Command = Command::open("apikey revoke", "Puts a key out of use, at once", CATEGORY, &OF_REVOKE, revoke)
    .for_staff(Permission::ManageGuild);

fn login(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    only_by_slash(cx, "login")?;
    let (base, elsewhere) = base(cx);
    let comer = Comer { guild: cx.guild()?, user: actor.user, name: actor.name.clone() };
    let pass = new_pass();
    let ends = cx.now.plus(cx.vitals.clock.as_theirs(LINK_LIFE));
    access::add_link(cx.tx, &comer, &pass, cx.now, ends)?;
    let link = format!("{base}/login/{}", pass.reveal());
    let words = format!(
        "<{link}>\nThis link is yours alone: it signs in one browser, once, and ends <t:{}:R>.{elsewhere}",
        ends.seconds()
    );
    Ok(Plan::reply(Outgoing::text(words)))
}

fn logout(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    Ok(Plan::reply(Outgoing::text(match access::end_sessions(cx.tx, actor.user)? {
        0 => "You were signed in nowhere.".to_owned(),
        1 => "You are signed out: one browser was signed in.".to_owned(),
        browsers => format!("You are signed out: {browsers} browsers were signed in."),
    })))
}

fn create(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    only_by_slash(cx, "apikey create")?;
    let name = key_name(&args.load(&NAME)?)?;
    let scopes: Scopes = args.find(&SCOPES).as_deref().unwrap_or(Scope::Read.word()).parse()?;
    hold_to(actor, scopes)?;
    let expires_at = args.find(&EXPIRES).map(|span| cx.now.plus(span.duration()));
    let (guild, key) = (cx.guild()?, new_key());
    let new = NewKey { name: &name, scopes, guild: Some(guild), created_by: Some(actor.user), expires_at };
    access::create_key(cx.tx, &new, &key, cx.now)?;
    tracing::info!(key = %name, %scopes, by = %actor.user, "a key was made");
    let until = expires_at.map_or("until it is revoked".to_owned(), |end| format!("until <t:{}:f>", end.seconds()));
    let words = format!(
        "||`{}`||\nThis is the key **{name}** ({scopes}), for this server, good {until}. I show it once and keep no \
         copy: put it where the program finds it, and nowhere else.",
        key.reveal()
    );
    Ok(Plan::reply(Outgoing::text(words)))
}

fn list(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    let keys = access::list_keys(cx.tx.read(), Some(cx.guild()?))?;
    let lines: Vec<_> = keys
        .iter()
        .take(LISTED_MAX)
        .map(|key| {
            let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("used <t:{}:R>", at.seconds()));
            let end = key.expires_at.map(|at| ends(at, cx.now)).unwrap_or_default();
            let by = key.created_by.map(|user| format!(", made by <@{user}>")).unwrap_or_default();
            format!("**{}** `{}…` {} — {used}{end}{by}", quote(&key.name, 40), key.prefix, key.scopes)
        })
        .collect();
    let description = match lines.is_empty() {
        true => "There are no keys for this server. `/apikey create` makes one.".to_owned(),
        false => lines.join("\n"),
    };
    let more = keys.len().saturating_sub(LISTED_MAX);
    let footer = if more > 0 { format!("and {more} more: innkeeper key list") } else { String::new() };
    let embed = Embed { title: "Keys".to_owned(), description, colour: COLOUR, footer, ..Embed::default() };
    Ok(Plan::reply(Outgoing::embed(embed)))
}

fn ends(at: Timestamp, now: Timestamp) -> String {
    let word = if at <= now { "ended" } else { "ends" };
    format!(", {word} <t:{}:R>", at.seconds())
}

fn revoke(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (asked, guild) = (args.load(&NAME)?, cx.guild()?);
    if !access::revoke_key(cx.tx, asked.trim(), Some(guild), cx.now)? {
        let words = format!("There is no key {} for this server. `/apikey list` shows them.", name(&asked));
        return Err(Refusal::new(words).into());
    }
    tracing::info!(key = %asked.trim(), by = %actor.user, "a key was revoked");
    Ok(Plan::reply(Outgoing::text(format!("{} is out of use, and so are its tokens.", name(&asked)))))
}

/// A key does no more than whoever makes it.
fn hold_to(actor: &Actor, scopes: Scopes) -> Result<(), Refusal> {
    let held = actor.permissions;
    if held.contains(Permissions::ADMINISTRATOR) {
        return Ok(());
    }
    if scopes.contains(Scope::Impersonate) {
        return Err(Refusal::new("Only an administrator makes a key that may act as others (`impersonate`)."));
    }
    if !held.contains(scopes.permissions()) {
        return Err(Refusal::new("A key may do no more than you may: you lack some of what `moderate` allows."));
    }
    Ok(())
}

/// What is secret in the answer is for a slash command's answer alone.
fn only_by_slash(cx: &Cx<'_>, command: &str) -> Result<(), Refusal> {
    match cx.door {
        Some(Door::Slash) => Ok(()),
        _ => Err(Refusal::new(format!("Use the slash command `/{command}`: only you see its answer."))),
    }
}

/// Where the pages are, and what to say where others may not reach them there.
fn base(cx: &Cx<'_>) -> (String, &'static str) {
    let http = &cx.config.http;
    if !http.public_url.is_empty() {
        return (http.public_url.trim_end_matches('/').to_owned(), "");
    }
    let here = match http.listen.parse::<std::net::SocketAddr>() {
        Ok(listen) if listen.ip().is_unspecified() => format!("localhost:{}", listen.port()),
        _ => http.listen.clone(),
    };
    (format!("http://{here}"), "\nIt works on the computer that I run on; my owner can set `http.public_url`.")
}
