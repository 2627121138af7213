//! `/cleanup`: the bot's messages and the commands to it go from the end of a channel. The plan promises it; what
//! Discord really deleted is told.

use super::text;
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::{Cx, Promised};
use crate::features::Feature;
use crate::model::{Effect, MessageId, Outgoing, Permission, Refusal, Result};
use crate::store::promises::{self, Outcome};

/// Discord lists and deletes a hundred at once.
const AMOUNT_MAX: i64 = 100;
const AMOUNT: i64 = 10;
const ACTION: &str = "cleanup";

static HOW_MANY: Opt<i64> =
    Opt::whole("amount", "How many of the last messages to look at; 10 without it", 1..=AMOUNT_MAX);
static OF_CLEANUP: [&dyn Declared; 1] = [&HOW_MANY];

pub static CLEANUP: Command = Command::open(
    "cleanup",
    "Deletes what I and commands to me left among the last messages",
    "Moderation",
    &OF_CLEANUP,
    cleanup,
)
.for_staff(Permission::ManageMessages);

fn cleanup(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let channel = cx.channel.ok_or_else(|| Refusal::new(text::NO_CHANNEL))?;
    let look_at = u16::try_from(args.find(&HOW_MANY).unwrap_or(AMOUNT)).unwrap_or(1);
    let commands = Feature::all().filter(|room| (room.is_on)(cx.config)).flat_map(|room| room.commands);
    let names = commands.flat_map(|command| command.aliases.iter().chain([&command.name]));
    let mut heads: Vec<String> = names.filter_map(|name| name.split(' ').next()).map(str::to_owned).collect();
    heads.sort_unstable();
    heads.dedup();
    let effect = Effect::CleanUp {
        channel,
        // What comes later is not what was meant.
        before: MessageId::new(cx.source.id())?,
        look_at,
        me: cx.me.ok_or_else(|| Refusal::new(text::SERVER_UNKNOWN))?,
        prefix: cx.config.discord.prefix.clone(),
        heads,
        reason: format!("cleanup by {}", crate::model::text::plain(&actor.name)),
    };
    cx.promise(Promised {
        action: ACTION,
        target: None,
        guild: Some(guild),
        about: text::promise_cleanup(look_at),
        effect,
        due_at: cx.now,
        tells: None,
    })?;
    Ok(Plan::after(cx.origin(ACTION), 0, answer, Outgoing::text(text::ON_ITS_WAY)))
}

/// What came of it, as the gateway counted.
fn answer(cx: &mut Cx<'_>, _: i64) -> Result<Outgoing> {
    Ok(match promises::find_outcome(cx.tx.read(), &cx.origin(ACTION))? {
        Some(Outcome::Done(words)) => text::cleaned(&words),
        Some(Outcome::Refused(words) | Outcome::CalledOff(words)) => text::not_cleaned(&words),
        Some(Outcome::Due) | None => Outgoing::text(text::ON_ITS_WAY),
    })
}
