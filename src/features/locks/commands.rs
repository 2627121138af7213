//! `/lock`, `/lockall`, `/unlock`, `/unlockall` and `/locks`.

use std::time::Duration;

use super::deeds::{self, LOCK, Wanted, scene};
use super::rules::{self, Place};
use super::store::{self, Lock, State};
use super::text::{self, MESSAGE_CHARS_MAX};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{ChannelId, Guild, Permission, Refusal, Result, Shut, Span, Timestamp, lock};
use crate::store::promises;

pub const COMMANDS: &[&Command] = &[&LOCK_ONE, &LOCK_ALL, &UNLOCK_ONE, &UNLOCK_ALL, &LIST];

const CATEGORY: &str = "Moderation";
/// The longest lock that ends by itself.
const SPAN_MAX: Span = Span::days(3_650);
/// Locks on a page of the list.
const PAGE_ROWS: usize = 8;
const PAGES_MAX: i64 = 100_000;
/// Locks that are over are listed for this long, and so many of them.
const ENDED_SHOWN: Duration = Duration::from_secs(86_400);
const ENDED_ROWS: u32 = 4;

static CHANNEL: Opt<ChannelId> = Opt::channel("channel", "Which channel or thread; this one without it");
static DURATION: Opt<Span> = Opt::span("duration", "For how long: 30m, 2h, 7d; until /unlock without it", SPAN_MAX);
static MESSAGE: Opt<String> = Opt::text("message", "What to say in the channel about it", MESSAGE_CHARS_MAX);
static PAGE: Opt<i64> = Opt::whole("page", "Which page of the list", 1..=PAGES_MAX);
static OF_LOCK: [&dyn Declared; 3] = [&CHANNEL, &DURATION, &MESSAGE];
static OF_LOCK_ALL: [&dyn Declared; 2] = [&DURATION, &MESSAGE];
static OF_UNLOCK: [&dyn Declared; 1] = [&CHANNEL];
static OF_LIST: [&dyn Declared; 1] = [&PAGE];

static LOCK_ONE: Command =
    Command::open("lock", "Lets nobody write or speak in a channel for a while", CATEGORY, &OF_LOCK, lock_one)
        .for_staff(Permission::ManageChannels);
static LOCK_ALL: Command =
    Command::open("lockall", "Locks every channel in which everybody can talk", CATEGORY, &OF_LOCK_ALL, lock_all)
        .for_staff(Permission::ManageChannels);
static UNLOCK_ONE: Command =
    Command::open("unlock", "Puts a locked channel back exactly as it was", CATEGORY, &OF_UNLOCK, unlock_one)
        .for_staff(Permission::ManageChannels);
static UNLOCK_ALL: Command =
    Command::open("unlockall", "Puts every locked channel back exactly as it was", CATEGORY, &[], unlock_all)
        .for_staff(Permission::ManageChannels);
static LIST: Command = Command::open("locks", "Lists the channels that are locked", CATEGORY, &OF_LIST, list)
    .for_staff(Permission::ManageChannels);

/// The message that was given, if it says something.
fn message(args: &Args) -> Option<String> {
    let message = args.find(&MESSAGE)?;
    let says_something = message.chars().any(|c| !c.is_whitespace() && !crate::model::text::is_invisible(c));
    says_something.then(|| message.trim().to_owned())
}

/// The channel that a command is about.
fn channel(cx: &Cx<'_>, args: &Args) -> Result<ChannelId, Refusal> {
    args.find(&CHANNEL).or(cx.channel).ok_or_else(|| Refusal::new(text::WHICH_CHANNEL))
}

fn lock_one(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (guild, _) = scene(cx)?;
    let channel = channel(cx, args)?;
    let channel = guild.channel(channel).ok_or_else(|| Refusal::new(text::NO_SUCH_CHANNEL))?;
    if let Some(standing) = store::find_standing(cx.tx.read(), channel.id)? {
        return Err(Refusal::new(text::locked_before(&standing)).into());
    }
    let message = message(args);
    let wanted = Wanted { span: args.find(&DURATION), message: message.as_deref() };
    match deeds::begin(cx, (&guild, channel), actor, &wanted)? {
        Ok(id) => deeds::answer_when_locked(cx, &[id]),
        Err(no) => Err(Refusal::new(text::refused(no, channel)).into()),
    }
}

fn lock_all(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (guild, _) = scene(cx)?;
    let message = message(args);
    let wanted = Wanted { span: args.find(&DURATION), message: message.as_deref() };
    let (mut locks, mut why_not) = (Vec::new(), None);
    for channel in &guild.channels {
        let spared = cx.config.locks.spared_channels.iter().any(|spared| guild.line_of(channel.id).contains(spared));
        let is_thread = Place::of(channel.kind) == Ok(Place::Thread);
        if spared || is_thread || !rules::is_open(&guild, channel) {
            continue;
        }
        if store::find_standing(cx.tx.read(), channel.id)?.is_some() {
            continue;
        }
        match deeds::begin(cx, (&guild, channel), actor, &wanted)? {
            Ok(id) => locks.push(id),
            Err(no) => why_not = Some(text::refused(no, channel)),
        }
    }
    if locks.is_empty() {
        return Err(Refusal::new(why_not.unwrap_or_else(|| text::NOTHING_TO_LOCK.to_owned())).into());
    }
    deeds::answer_when_locked(cx, &locks)
}

fn unlock_one(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let channel = channel(cx, args)?;
    let lock = store::find_standing(cx.tx.read(), channel)?.filter(|lock| lock.guild == guild);
    let lock = lock.ok_or_else(|| Refusal::new(text::not_locked(channel)))?;
    if lock.state == State::Opening {
        return Err(Refusal::new(text::opening(&lock)).into());
    }
    end(cx, actor, &lock)?;
    deeds::answer_when_unlocked(cx, &[lock.id])
}

fn unlock_all(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let mut ended = Vec::new();
    for lock in store::list_standing(cx.tx.read(), guild)? {
        if lock.state != State::Opening {
            end(cx, actor, &lock)?;
            ended.push(lock.id);
        }
    }
    if ended.is_empty() {
        return Err(Refusal::new(text::NOTHING_TO_UNLOCK).into());
    }
    deeds::answer_when_unlocked(cx, &ended)
}

fn end(cx: &mut Cx<'_>, actor: &Actor, lock: &Lock) -> Result<()> {
    if lock.state == State::Pending {
        // It may be under way at this moment; what it does is taken back after it.
        let target = format!("{LOCK}:{}:{}", lock.guild, lock.channel);
        promises::call_off(cx.tx, &target, text::OVER, cx.now)?;
    }
    deeds::end_now(cx, actor, lock)
}

fn list(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let (guild, _) = scene(cx)?;
    let all = store::list_standing(cx.tx.read(), guild.id)?;
    let pages = all.len().div_ceil(PAGE_ROWS).max(1);
    let page = usize::try_from(args.find(&PAGE).unwrap_or(1))?.clamp(1, pages);
    let mut shown = Vec::new();
    for lock in all.iter().skip((page - 1) * PAGE_ROWS).take(PAGE_ROWS) {
        shown.push((lock, changed_by_now(cx, &guild, lock)?));
    }
    let since = Timestamp::from_ms(cx.now.ms() - ENDED_SHOWN.as_millis() as i64);
    let mut ended = Vec::new();
    for lock in store::list_ended(cx.tx.read(), guild.id, since, ENDED_ROWS)? {
        let left = store::list_left(cx.tx.read(), lock.id)?;
        ended.push((lock, left));
    }
    Ok(Plan::reply(text::list(&guild, &shown, &ended, (page, pages, all.len()))?))
}

/// What somebody has changed since a channel was locked, and would be left as it is.
fn changed_by_now(cx: &Cx<'_>, guild: &Guild, lock: &Lock) -> Result<Vec<crate::model::Left>> {
    let channel = guild.channel(lock.channel).filter(|_| lock.state == State::Locked);
    match (channel, store::load_shut(cx.tx.read(), lock)?) {
        (Some(channel), Shut::Overwrites(bars)) => Ok(lock::open(&channel.overwrites, &bars).1),
        _ => Ok(Vec::new()),
    }
}
