//! A bot of one's own on top of Innkeeper: a command, an event handler, and a feature with a table.
//!
//! `cargo run --example greeter -- demo` shows it against a simulated Discord, without a token: try `/soup` and
//! `/regulars` on the page of the simulation. `cargo run --example greeter -- run` is the real thing.

use std::process::ExitCode;

use innkeeper::command::{Actor, Args, Command, Declared, Opt, Plan};
use innkeeper::cx::{Cx, Promised};
use innkeeper::features::Feature;
use innkeeper::model::{Effect, Event, Need, Outgoing, Refusal, Result, text};
use innkeeper::store::personal::{Column, Personal};

/// What the example is made of. `main` runs it; a test opens it against the simulated Discord.
pub fn builder() -> innkeeper::Builder {
    innkeeper::builder().command(SOUP).on("wave", |_| &[Need::Messages, Need::MessageContent], wave).feature(VISITS)
}

fn main() -> ExitCode {
    builder().main()
}

// A command: its options are values, its plan decides inside a transaction and answers after the commit.
static GUESTS: Opt<i64> = Opt::whole("guests", "For how many", 1..=50);
static OF_SOUP: [&dyn Declared; 1] = [&GUESTS];
const SOUP: Command = Command::open("soup", "Tells what is in the pot", "Kitchen", &OF_SOUP, soup);

fn soup(_: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guests = args.find(&GUESTS).unwrap_or(1);
    if guests > 20 {
        // A refusal is for whoever asked, in words that they can act on.
        return Err(Refusal::new("The pot is not that large: ask for at most 20.").into());
    }
    Ok(Plan::reply(Outgoing::text(format!("{}: leek and potato for {guests}.", text::name(&actor.name)))))
}

// An event handler: what it wants done is promised, so that it survives a crash and happens once.
fn wave(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    let Event::MessageSent(message) = event else { return Ok(()) };
    if !message.is_from_person() || message.content.trim() != "good evening" {
        return Ok(());
    }
    cx.promise(Promised {
        action: "wave",
        target: None,
        guild: Some(message.guild),
        about: "wave back".to_owned(),
        effect: Effect::SendMessage {
            channel: message.channel,
            message: Outgoing::text("Good evening! The fire is lit."),
            reply_to: Some(message.id),
        },
        due_at: cx.now,
        tells: None,
    })
}

// A feature: a table of its own (made where it is missing), what it holds about members, events and a command.
const VISITS: Feature = Feature {
    needs: |_| &[Need::Messages],
    commands: &[&REGULARS],
    start: Some(make_table),
    observe: note_visit,
    personal: &[Personal::rows("visit", "how often you wrote", &[Column::Id("user")])],
    ..Feature::named("visits")
};

static REGULARS: Command = Command::open("regulars", "Counts who wrote here", "Kitchen", &[], regulars);

fn make_table(cx: &mut Cx<'_>) -> Result<()> {
    let sql = "CREATE TABLE IF NOT EXISTS visit (guild INTEGER NOT NULL, user INTEGER NOT NULL, times INTEGER NOT NULL,
        PRIMARY KEY (guild, user)) STRICT, WITHOUT ROWID";
    cx.tx.write()?.execute(sql, ())?;
    Ok(())
}

fn note_visit(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    let Event::MessageSent(message) = event else { return Ok(()) };
    if message.is_from_person() {
        let sql = "INSERT INTO visit (guild, user, times) VALUES (?1, ?2, 1)
            ON CONFLICT (guild, user) DO UPDATE SET times = times + 1";
        cx.tx.write()?.execute(sql, [message.guild.sql(), message.author.id.sql()])?;
    }
    Ok(())
}

fn regulars(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    let sql = "SELECT count(*), coalesce(sum(times), 0) FROM visit WHERE guild = ?1";
    let guild = cx.guild()?.sql();
    let (people, times): (i64, i64) = cx.tx.read().query_row(sql, [guild], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Plan::reply(Outgoing::text(format!("{people} people wrote {times} messages."))))
}
