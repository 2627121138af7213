//! Bumps that nobody told of, because the bot was off: where one of the server is known, the newest messages of the
//! channel are read once after the start and with every new session. That comes before anything that is still to be
//! said there, so that nobody is reminded of a bump that was made meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use super::{count, store, text};
use crate::cx::{Cx, Promised};
use crate::model::{Effect, Ending, Guild, GuildId, Permissions, Result, Timestamp};
use crate::store::promises;

/// The promise's word.
pub const WORD: &str = "bumps.look";
/// As many as Discord gives at once.
const LOOK_AT: u16 = 100;
/// A session that begins so soon after a look brings nothing that was missed.
const JUST_NOW: Duration = Duration::from_secs(60);

/// When a guild's channel was last read.
#[derive(Default)]
struct Looked(HashMap<GuildId, Timestamp>);

/// Promises a look at what was missed while the bot was off, before anything else is due.
pub fn start(cx: &mut Cx<'_>) -> Result<()> {
    cx.guilds.list().iter().try_for_each(|guild| look(cx, guild))
}

/// Promises a look, where there is something to miss.
pub fn look(cx: &mut Cx<'_>, guild: &Guild) -> Result<()> {
    let (id, target) = (guild.id, target(guild.id));
    let Some(last) = store::find_last(cx.tx.read(), id)?.filter(|_| may_read(cx, guild)) else { return Ok(()) };
    let looked = cx.tx.memo(|looked: &mut Looked| looked.0.get(&id).copied());
    let is_fresh = looked.is_some_and(|looked| cx.now.since(looked) < JUST_NOW);
    let Some(channel) = cx.config.bumps.channel.filter(|_| !is_fresh) else { return Ok(()) };
    if promises::is_open(cx.tx.read(), &target)? {
        return Ok(());
    }
    cx.promise(Promised {
        action: &format!("{WORD}.{id}"),
        target: Some(target),
        guild: Some(id),
        about: text::promise_look().to_owned(),
        effect: Effect::ReadBack { guild: id, channel, look_at: LOOK_AT },
        // A channel's promises are kept in the order of their times, and no reminder is due as early as that.
        due_at: last,
        tells: Some(WORD.to_owned()),
    })
}

/// Whether the channel is one of this guild, whose messages of the past the bot may read.
fn may_read(cx: &Cx<'_>, guild: &Guild) -> bool {
    let channel = cx.config.bumps.channel.and_then(|channel| guild.channel(channel));
    let needed = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
    match (channel, cx.me) {
        (Some(channel), Some(me)) => guild.permissions_in(me, &guild.my_roles, channel).contains(needed),
        _ => false,
    }
}

fn target(guild: GuildId) -> String {
    format!("{WORD}:{guild}")
}

/// The messages were read, or could not be, and then nobody has to see to it.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, ending: &Ending) -> Result<()> {
    match ending {
        Ending::Kept { read, .. } => {
            cx.tx.memo(|looked: &mut Looked| looked.0.insert(guild, cx.now));
            read.iter().try_for_each(|message| count(cx, message))
        }
        Ending::Refused { words, .. } => promises::call_off(cx.tx, &target(guild), words, cx.now),
        Ending::CalledOff(_) => Ok(()),
    }
}
