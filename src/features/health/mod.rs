//! How the bot is doing, for those in Discord: `/ping` and `/botstats`.

pub mod api;

use std::sync::atomic::Ordering::Relaxed;

use super::Feature;
use crate::command::{Actor, Args, Command, Plan};
use crate::cx::Cx;
use crate::model::text::{self, count, duration};
use crate::model::{Embed, Event, Outgoing, Permission, Result};
use crate::status::vitals::GatewayState;
use crate::store::{downtime, promises};

pub(super) static FEATURE: Feature = Feature {
    name: "health",
    is_on: |_| true,
    needs: |_| &[],
    commands: &[&PING, &BOT_STATS],
    undoes: &[],
    start: Some(|cx| downtime::note(cx.tx, cx.now)),
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: &[],
};

/// Remembers when the bot was last alive, so that nobody pays for its absence.
fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::SessionBegan { .. } => downtime::stamp(cx.tx, cx.now),
        Event::MinutePassed if cx.vitals.gateway() == GatewayState::Connected => downtime::stamp(cx.tx, cx.now),
        _ => Ok(()),
    }
}

const COLOUR: u32 = 0xE0_A8_4E;
/// Problems shown, and things that Discord refused.
const SHOWN_MAX: usize = 5;

static PING: Command =
    Command::open("ping", "Tells whether I am awake, and how far Discord is", "General", &[], ping).also_for_visitors();
static BOT_STATS: Command =
    Command::open("botstats", "Shows how I am doing", "General", &[], bot_stats).for_staff(Permission::ManageGuild);

fn ping(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    let latency = match cx.vitals.latency_ms.load(Relaxed) {
        0 => "not measured yet".to_owned(),
        latency => format!("{latency} ms"),
    };
    Ok(Plan::reply(Outgoing::text(format!("Awake. To Discord and back: {latency}."))))
}

fn bot_stats(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    let vitals = cx.vitals;
    let number = |value: u64| count(i64::try_from(value).unwrap_or(i64::MAX));
    let minutes = vitals.messages_by_minute();
    let last_hour: u64 = minutes.iter().sum();
    let rows = [
        ("Awake for", duration(vitals.clock.wall().since(vitals.started))),
        ("Gateway", vitals.gateway().word().to_owned()),
        ("Latency", format!("{} ms", vitals.latency_ms.load(Relaxed))),
        ("Servers", number(vitals.guilds.load(Relaxed))),
        ("Members seen", number(vitals.members_seen.load(Relaxed))),
        ("Messages in the last hour", number(last_hour)),
        ("Database", format!("{} KB", number(vitals.store_bytes.load(Relaxed) / 1024))),
        ("Promises due", number(vitals.promises_due.load(Relaxed))),
        ("Version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let problems = vitals.problems();
    let mut said: Vec<_> = problems.iter().take(SHOWN_MAX).map(|p| format!("{} {}", p.detail, p.action)).collect();
    let refused = promises::list_failed(cx.tx.read(), cx.guild()?, SHOWN_MAX)?;
    said.extend(refused.iter().map(|p| {
        format!("I could not {}: {}", text::name(&p.about), p.words.as_deref().unwrap_or("Discord refused."))
    }));
    let description = if said.is_empty() { "Nothing is wrong.".to_owned() } else { said.join("\n") };
    let fields = rows.into_iter().map(|(label, value)| (label.to_owned(), value)).collect();
    let embed = Embed { title: "Innkeeper".to_owned(), description, fields, colour: COLOUR, footer: String::new() };
    Ok(Plan::reply(Outgoing::embed(embed)))
}
