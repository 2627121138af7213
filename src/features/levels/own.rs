//! What members set for themselves: whether they earn, whether they are on the board, whether level-ups are told.

use super::rules::{Choices, Row};
use super::{store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::Result;
use crate::store::hidden;

const CATEGORY: &str = "Levels";
const ON_OFF: &[&str] = &["on", "off"];

static XP: Opt<String> = Opt::choice("xp", "Whether you earn XP", ON_OFF);
static BOARD: Opt<String> = Opt::choice("board", "Whether you are on the boards", ON_OFF);
static NOTIFY: Opt<String> = Opt::choice("announce", "Whether your level-ups are announced", ON_OFF).required();
static OF_PRIVACY: [&dyn Declared; 2] = [&XP, &BOARD];
static OF_NOTIFY: [&dyn Declared; 1] = [&NOTIFY];

pub static PRIVACY: Command = Command {
    ephemeral: true,
    ..Command::open("privacy", "Shows and sets what levels may do with you", CATEGORY, &OF_PRIVACY, privacy)
};
pub static LEVEL_NOTIFY: Command = Command {
    ephemeral: true,
    ..Command::open("levelnotify", "Switches the announcements of your level-ups", CATEGORY, &OF_NOTIFY, level_notify)
};

fn privacy(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let is_off = |option| args.find(option).map(|given: String| given == "off");
    let (no_xp, off_board) = (is_off(&XP), is_off(&BOARD));
    choose(cx, actor, |choices| Choices {
        no_xp: no_xp.unwrap_or(choices.no_xp),
        off_board: off_board.unwrap_or(choices.off_board),
        ..choices
    })
}

fn level_notify(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let quiet = args.load(&NOTIFY)? == "off";
    choose(cx, actor, |choices| Choices { quiet, ..choices })
}

fn choose(cx: &mut Cx<'_>, actor: &Actor, to: impl Fn(Choices) -> Choices) -> Result<Plan> {
    let guild = cx.guild()?;
    let before = store::load(cx.tx, guild, actor.user)?;
    let choices = to(before.choices);
    if choices.off_board != before.choices.off_board {
        hidden::save(cx.tx, guild, actor.user, choices.off_board)?;
    }
    if choices != before.choices {
        store::save(cx.tx, guild, actor.user, &before, Row { choices, ..before })?;
    }
    Ok(Plan::reply(text::choices(choices)))
}
