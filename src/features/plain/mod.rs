//! Plain commands that need nothing but themselves: a greeting, an echo, dice, what there is to say about the server
//! and about the bot. And `/cleanup`, which takes away what the bot and its commands left in a channel.

mod cleanup;
pub mod rules;
mod text;

use std::sync::atomic::Ordering::Relaxed;

use super::Feature;
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Outgoing, Refusal, Result};
use rules::Dice;

pub(super) static FEATURE: Feature = Feature {
    name: "plain",
    is_on: |_| true,
    needs: |_| &[],
    commands: &[&HELLO, &ECHO, &ROLL, &INFO, &SERVICE, &cleanup::CLEANUP],
    undoes: &[],
    start: None,
    observe: |_, _| Ok(()),
    card: None,
    verify: None,
    portrait: None,
    personal: &[],
};

const CATEGORY: &str = "General";
const ECHO_CHARS_MAX: u16 = 1_000;
const DICE_CHARS_MAX: u16 = 30;

static TEXT: Opt<String> = Opt::text("text", "What to say", ECHO_CHARS_MAX).required();
static DICE: Opt<String> =
    Opt::text("dice", "Which: 20, 2d6, 2d6+1; one with six sides without it", DICE_CHARS_MAX).like(rules::is_meant);
static OF_ECHO: [&dyn Declared; 1] = [&TEXT];
static OF_ROLL: [&dyn Declared; 1] = [&DICE];

static HELLO: Command = Command::open("hello", "Greets you", CATEGORY, &[], hello).also_for_visitors();
static ECHO: Command = Command::open("echo", "Says what you say", CATEGORY, &OF_ECHO, echo).also_for_visitors();
static ROLL: Command = Command::open("roll", "Rolls dice", CATEGORY, &OF_ROLL, roll).also_for_visitors();
static INFO: Command = Command {
    about_here: true,
    ..Command::open("info", "Tells about this server", CATEGORY, &[], info).also_for_visitors()
};
static SERVICE: Command =
    Command::open("service", "Tells whether I am well, in a line", CATEGORY, &[], service).also_for_visitors();

fn hello(_: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    Ok(Plan::reply(Outgoing::text(text::hello(&actor.name))))
}

fn echo(_: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let words = text::echo(&args.load(&TEXT)?);
    if words.trim().is_empty() {
        return Err(Refusal::new(text::NOTHING_TO_SAY).into());
    }
    Ok(Plan::reply(Outgoing::text(words)))
}

fn roll(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let dice = match args.find(&DICE) {
        Some(words) => Dice::read(&words).ok_or_else(|| Refusal::new(text::DICE_UNKNOWN))?,
        None => Dice::default(),
    };
    // The same message rolls the same, however often it comes.
    let rolled = dice.roll(cx.source.id(), cx.me.map_or(0, |me| me.get()));
    Ok(Plan::reply(Outgoing::text(text::rolled(&dice, &rolled))))
}

fn info(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    let guild = cx.guilds.find(cx.guild()?).ok_or_else(|| Refusal::new(text::SERVER_UNKNOWN))?;
    Ok(Plan::reply(Outgoing::embed(text::info(&guild))))
}

fn service(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    let vitals = cx.vitals;
    let awake = vitals.clock.wall().since(vitals.started);
    let (state, guilds) = (vitals.gateway().word(), vitals.guilds.load(Relaxed));
    Ok(Plan::reply(Outgoing::text(text::service(state, awake, guilds, vitals.problems().len()))))
}
