//! `/bumps`.

use super::{store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Permission, Refusal, Result, UserId};

pub const COMMANDS: &[&Command] = &[&BUMPS];

const BOARD_ROWS: u32 = 10;

static WHOSE: Opt<UserId> = Opt::user("member", "Whose; your own without it");
static OPTIONS: [&dyn Declared; 1] = [&WHOSE];
static BUMPS: Command = Command {
    ephemeral: true,
    ..Command::open("bumps", "Shows how often somebody bumped this server", "General", &OPTIONS, bumps)
};

fn bumps(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let whose = args.find(&WHOSE);
    let (user, boards) = (whose.unwrap_or(actor.user), cx.config.bumps.boards);
    if user != actor.user && !boards && !Permission::ManageGuild.allows(actor.permissions) {
        return Err(Refusal::new(text::OTHERS_ARE_NOT_SHOWN).into());
    }
    let stat = store::count_of(cx.tx.read(), guild, user)?;
    let next = store::find_last(cx.tx.read(), guild)?.map(|last| last.plus(cx.config.bumps.wait.duration()));
    let next = next.filter(|next| *next > cx.now);
    let board = match boards && whose.is_none() {
        true => store::list_top(cx.tx.read(), guild, BOARD_ROWS)?,
        false => Vec::new(),
    };
    Ok(Plan::reply(text::stat(&cx.config.bumps, (user, user == actor.user), stat, next, &board)))
}
