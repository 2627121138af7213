//! Everything that people read about locks.

use super::rules::{No, Place, Speakers};
use super::store::{Lock, State};
use crate::model::text::{count, name, plain, quote};
use crate::model::{
    Button, Channel, ChannelId, Embed, Guild, Left, Look, Outgoing, Permissions, Refusal, Result, RoleId, Timestamp,
    UserId,
};

const COLOUR: u32 = 0xE0_A8_4E;
/// The longest message about a lock.
pub const MESSAGE_CHARS_MAX: u16 = 1_000;
/// Of a message, where it is repeated.
const MESSAGE_SHOWN_CHARS_MAX: usize = 120;
/// Of a message in full, with what makes it harmless.
const MESSAGE_FULL_CHARS_MAX: usize = 1_000;
/// Names that are listed; more are counted.
const NAMES_MAX: usize = 12;
/// Of what Discord, or somebody who called off a promise, said.
const WORDS_CHARS_MAX: usize = 300;
/// Lines of an answer about many channels.
const LINES_MAX: usize = 12;
/// An answer ends here, well within Discord's 2,000 characters.
const ANSWER_CHARS_MAX: usize = 1_900;
/// Discord's limit for a reason in the audit log is 512.
const REASON_CHARS_MAX: usize = 300;

pub const CANNOT_SEE_GUILD: &str = "I cannot see this server at the moment; please try again soon.";
pub const WHICH_CHANNEL: &str = "Say which channel: `channel` is a mention or an id.";
pub const NO_SUCH_CHANNEL: &str = "I see no such channel in this server. Is it hidden from me?";
pub const NOTHING_TO_LOCK: &str = "There is no channel left in which everybody can talk: I locked nothing.";
pub const NOTHING_TO_UNLOCK: &str = "Nothing is locked. `/locks` shows what was.";
pub const CHANNEL_GONE: &str = "The channel was deleted.";
pub const NOTICE_GONE: &str = "the message was deleted";
pub const OVER: &str = "the lock is over";
pub const REASON_OF_END: &str = "The time of the lock is up";
pub const OUT_OF_STEP: &str =
    "\nIts category has other permissions by now, so the channel is not in step with it any more.";

pub fn promise_lock(channel: &str) -> String {
    format!("lock #{}", plain(channel))
}

pub fn promise_unlock(channel: &str) -> String {
    format!("unlock #{}", plain(channel))
}

pub fn promise_notice(channel: &str) -> String {
    format!("say in #{} that it is locked", plain(channel))
}

pub fn promise_notice_over(channel: &str) -> String {
    format!("say in #{} that it is open again", plain(channel))
}

/// For the audit log.
pub fn audit_reason(by: &str, message: Option<&str>) -> String {
    let message = message.map_or(String::new(), |message| format!(": {message}"));
    format!("{}{message}", plain(by)).chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect()
}

/// Why a channel is not locked.
pub fn refused(no: No, channel: &Channel) -> String {
    let id = channel.id;
    match no {
        No::Category => format!(
            "<#{id}> is a category: nobody writes in it. Lock its channels one by one with /lock, or every open channel \
             of the server with /lockall."
        ),
        No::Kind => format!("<#{id}> is of a kind that I cannot lock."),
        No::Lacks(missing) => format!(
            "I may not lock <#{id}>: I lack {} there. Give my role that in the channel's settings, Permissions.",
            permissions(missing)
        ),
        No::ClosedAlready => format!(
            "In <#{id}> everybody is denied already all that a lock would deny, so there is nothing to lock. \
             Who can talk there can by a role or an exception of their own."
        ),
        No::LockedByHand => format!("The thread <#{id}> was locked by hand; I leave it so."),
    }
}

/// A channel is locked already.
pub fn locked_before(lock: &Lock) -> String {
    let what = if lock.state == State::Pending { "is just being locked" } else { "is locked already" };
    format!("<#{}> {what}: {}", lock.channel, facts(lock))
}

pub fn not_locked(channel: ChannelId) -> String {
    format!("<#{channel}> is not locked by me. `/locks` shows what is.")
}

pub fn opening(lock: &Lock) -> String {
    format!("<#{}> is just being unlocked; Discord has not answered yet.", lock.channel)
}

/// Who locked it, when, until when and why.
fn facts(lock: &Lock) -> String {
    let until = match lock.unlock_at {
        Some(at) => format!("until <t:{0}:f> (<t:{0}:R>)", at.seconds()),
        None => "until somebody unlocks it".to_owned(),
    };
    let message = lock.message.as_ref().map(|message| format!(" — {}", quote(message, MESSAGE_SHOWN_CHARS_MAX)));
    let (by, since) = (name(&lock.locked_by_name), lock.locked_at.seconds());
    format!("by {by} (<@{}>) since <t:{since}:f>, {until}{}", lock.locked_by, message.unwrap_or_default())
}

/// What became of a lock, and who can talk all the same.
pub fn outcome(lock: &Lock, speakers: &Speakers) -> Result<Outgoing> {
    let channel = lock.channel;
    let mut lines = vec![state(lock)];
    if lock.state == State::Locked {
        lines.extend(who_can(lock.place, speakers));
        if lock.unclosed != Permissions::NONE {
            let bits = permissions(lock.unclosed);
            lines.push(format!("Still open to all, because I may not do it myself here: {bits}."));
        }
        let button = Button::new("Unlock", format!("unlock {channel}"))?;
        return Ok(Outgoing::text(together(&lines)).with_buttons([button]));
    }
    Ok(Outgoing::text(together(&lines)))
}

fn state(lock: &Lock) -> String {
    let channel = lock.channel;
    let words = lock.words.as_deref().map(|words| quote(words, WORDS_CHARS_MAX)).unwrap_or_default();
    match (lock.state, lock.unlock_at) {
        (State::Pending, _) => {
            format!("Discord has not answered yet whether <#{channel}> is locked. I go on trying; `/locks` tells more.")
        }
        (State::Locked, Some(at)) => format!("<#{channel}> is locked until <t:{0}:f> (<t:{0}:R>).", at.seconds()),
        (State::Locked, None) => format!("<#{channel}> is locked until somebody unlocks it."),
        (State::Opening, _) => format!("<#{channel}> is being unlocked again."),
        (State::Failed, _) => format!("I could not lock <#{channel}>, and changed nothing. {words}"),
        (State::Opened, _) => format!("<#{channel}> is open again. {words}"),
    }
}

/// Who can talk all the same: one line for each sort of them.
fn who_can(place: Place, speakers: &Speakers) -> Vec<String> {
    let can = match place {
        Place::Text | Place::Thread => "can still write there",
        Place::Forum => "can still post there",
        Place::Voice => "can still get in or speak there",
    };
    let mut lines = Vec::new();
    if !speakers.roles.is_empty() {
        lines.push(format!("With these roles one {can}: {}.", names(&speakers.roles)));
    }
    if !speakers.administrators.is_empty() {
        lines.push(format!("Administrators {can}: {}.", names(&speakers.administrators)));
    }
    match speakers.members {
        0 => {}
        1 => lines.push(format!("One member with an exception of their own {can}.")),
        many => lines.push(format!("{} members with an exception of their own {can}.", count(many as i64))),
    }
    lines
}

fn names(names: &[String]) -> String {
    let mut shown: Vec<_> = names.iter().take(NAMES_MAX).map(|role| format!("**{}**", name(role))).collect();
    if names.len() > NAMES_MAX {
        shown.push(format!("{} more", count((names.len() - NAMES_MAX) as i64)));
    }
    shown.join(", ")
}

/// What became of several locks.
pub fn outcome_of_all(locks: &[Lock]) -> Result<Outgoing> {
    if locks.iter().all(|lock| lock.state == State::Pending) {
        let many = count(locks.len() as i64);
        let words =
            format!("I am locking {many} channels; Discord has not answered for all of them. `/locks` tells more.");
        return Ok(Outgoing::text(words));
    }
    let locked = locks.iter().filter(|lock| lock.state == State::Locked).count();
    let mut lines = vec![format!("Locked: {} of {} channels.", count(locked as i64), count(locks.len() as i64))];
    lines.extend(locks.iter().filter(|lock| lock.state != State::Locked).map(state));
    if let Some(until) = locks.first().and_then(|lock| lock.unlock_at) {
        lines.insert(1, format!("They open again <t:{0}:f> (<t:{0}:R>).", until.seconds()));
    }
    let button = Button::new("Unlock all", "unlockall")?;
    Ok(Outgoing::text(together(&lines)).with_buttons((locked > 0).then_some(button)))
}

/// What became of the end of a lock.
pub fn unlocked(lock: &Lock) -> String {
    let channel = lock.channel;
    let words = lock.words.as_deref().map(|words| quote(words, WORDS_CHARS_MAX));
    match (lock.state, words) {
        (State::Opened, None) if lock.place == Place::Thread => format!("The thread <#{channel}> is open again."),
        (State::Opened, None) => format!("<#{channel}> is unlocked: its permissions are as they were before."),
        (State::Opened, Some(words)) => format!("The lock of {} is over. {words}", name(&lock.channel_name)),
        (State::Locked, Some(words)) => {
            format!("I could not unlock <#{channel}>; it is locked as before. {words}")
        }
        _ => format!("Discord has not answered yet whether <#{channel}> is unlocked. I go on trying."),
    }
}

/// What somebody changed meanwhile, as an addition to a line.
pub fn left(guild: &Guild, left: &[Left]) -> String {
    if left.is_empty() {
        return String::new();
    }
    format!("\nLeft as somebody changed it meanwhile: {}.", changes(guild, left))
}

fn changes(guild: &Guild, left: &[Left]) -> String {
    let one = |left: &Left| {
        let whose = match (left.for_member, RoleId::new(left.target)) {
            (true, _) => UserId::new(left.target).map_or_else(|_| "a member".to_owned(), |user| format!("<@{user}>")),
            (false, _) if left.target == guild.id.get() => "everybody".to_owned(),
            (false, Ok(role)) => guild.role(role).map_or_else(|| "a role".to_owned(), |role| name(&role.name)),
            (false, Err(_)) => "a role".to_owned(),
        };
        format!("{} of {whose}", permissions(left.bits))
    };
    left.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Permissions by the names that Discord's settings show.
fn permissions(bits: Permissions) -> String {
    const NAMES: [(Permissions, &str); 12] = [
        (Permissions::VIEW_CHANNEL, "View Channel"),
        (Permissions::MANAGE_CHANNELS, "Manage Channel"),
        (Permissions::MANAGE_ROLES, "Manage Permissions"),
        (Permissions::MANAGE_THREADS, "Manage Threads"),
        (Permissions::SEND_MESSAGES, "Send Messages"),
        (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
        (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads"),
        (Permissions::CREATE_PRIVATE_THREADS, "Create Private Threads"),
        (Permissions::ADD_REACTIONS, "Add Reactions"),
        (Permissions::CONNECT, "Connect"),
        (Permissions::SPEAK, "Speak"),
        (Permissions::NONE, ""),
    ];
    let mut named: Vec<_> = NAMES.iter().filter(|(bit, _)| bit.overlaps(bits)).map(|(_, name)| *name).collect();
    if named.is_empty() {
        named.push("other permissions");
    }
    named.join(", ")
}

/// Lines in one answer, as many as fit.
pub fn together(lines: &[String]) -> String {
    let mut answer = String::new();
    let lines: Vec<_> = lines.iter().filter(|line| !line.is_empty()).collect();
    for (index, line) in lines.iter().enumerate() {
        if index >= LINES_MAX || answer.chars().count() + line.chars().count() > ANSWER_CHARS_MAX {
            answer.push_str(&format!("\n… and {} more: `/locks`.", count((lines.len() - index) as i64)));
            break;
        }
        if index > 0 {
            answer.push('\n');
        }
        answer.push_str(line.trim_end());
    }
    answer
}

/// The message in a channel that is locked; none where it takes none.
pub fn notice(lock: &Lock) -> Option<Outgoing> {
    if lock.place == Place::Forum {
        return None;
    }
    let what = match (lock.place, lock.unlock_at) {
        (Place::Thread, None) => "**This thread is locked.**".to_owned(),
        (Place::Thread, Some(at)) => format!("**This thread is locked** until <t:{0}:f> (<t:{0}:R>).", at.seconds()),
        (_, None) => "**This channel is locked.**".to_owned(),
        (_, Some(at)) => format!("**This channel is locked** until <t:{0}:f> (<t:{0}:R>).", at.seconds()),
    };
    let message = lock.message.as_ref().map(|message| format!("\n{}", quote(message, MESSAGE_FULL_CHARS_MAX)));
    let text = format!("{what}{}", message.unwrap_or_default());
    // What makes a text harmless may make it longer than Discord takes.
    Some(Outgoing::text(text.chars().take(ANSWER_CHARS_MAX).collect::<String>()))
}

/// What that message says afterwards.
pub fn notice_over(now: Timestamp) -> Outgoing {
    Outgoing::text(format!("Open again since <t:{}:f>.", now.seconds()))
}

/// The list of what is locked, and of what lately was.
pub fn list(
    guild: &Guild,
    locks: &[(&Lock, Vec<Left>)],
    ended: &[(Lock, Vec<Left>)],
    (page, pages, all): (usize, usize, usize),
) -> Result<Outgoing, Refusal> {
    let mut lines: Vec<_> = locks.iter().map(|(lock, changed)| line(guild, lock, changed)).collect();
    if lines.is_empty() {
        lines.push("Nothing is locked.".to_owned());
    }
    if !ended.is_empty() {
        lines.push("**Open again**".to_owned());
        lines.extend(ended.iter().map(|(lock, left_so)| {
            let at = lock.ended_at.unwrap_or(lock.locked_at).seconds();
            let words = lock.words.as_deref().map(|words| format!(" {}", quote(words, WORDS_CHARS_MAX)));
            let (channel, words) = (name(&lock.channel_name), words.unwrap_or_default());
            format!("\\#{channel} since <t:{at}:R>.{words}{}", left(guild, left_so))
        }));
    }
    let mut footer = format!("{} locked", count(all as i64));
    if pages > 1 {
        footer.push_str(&format!(" · page {page} of {pages}: /locks page:{}", page % pages + 1));
    }
    let description = lines.join("\n");
    let embed = Embed { title: "Locks".to_owned(), description, colour: COLOUR, footer, ..Embed::default() };
    let open = |(lock, _): &(&Lock, Vec<Left>)| {
        Button::new(&format!("Unlock #{}", plain(&lock.channel_name)), format!("unlock {}", lock.channel))
    };
    let mut buttons = locks.iter().map(open).collect::<Result<Vec<_>, Refusal>>()?;
    if all > 1 {
        buttons.push(Button::new("Unlock all", "unlockall")?.look(Look::Danger));
    }
    Ok(Outgoing::embed(embed).with_buttons(buttons))
}

fn line(guild: &Guild, lock: &Lock, changed: &[Left]) -> String {
    let words = lock.words.as_deref().map(|words| format!(" {}", quote(words, WORDS_CHARS_MAX)));
    let state = match lock.state {
        State::Pending => " Discord has not answered yet.",
        State::Opening => " It is being unlocked.",
        State::Locked | State::Failed | State::Opened => "",
    };
    let changed = match changed {
        [] => String::new(),
        changed => format!("\nChanged meanwhile, and will be left so: {}.", changes(guild, changed)),
    };
    format!("<#{}> {}.{state}{}{changed}", lock.channel, facts(lock), words.unwrap_or_default())
}
