//! The commands that do something about a member.

use super::deeds::{self, Wanted};
use super::rules::Kind;
use super::text::{self, REASON_CHARS_MAX};
use super::{cases, store, trail};
use crate::command::{Actor, Args, Command, Declared, OnMessage, Opt, Plan};
use crate::config::TIMEOUT_MAX;
use crate::cx::Cx;
use crate::model::{Permission, Place, Refusal, Result, Span, UserId};

pub const COMMANDS: &[&Command] = &[
    &WARN,
    &cases::WARNINGS,
    &NOTE,
    &TIMEOUT,
    &UNTIMEOUT,
    &KICK,
    &BAN,
    &UNBAN,
    &SOFTBAN,
    &cases::SHOW,
    &cases::LIST,
    &cases::EDIT,
    &cases::RESOLVE,
    &cases::REOPEN,
    &cases::HIDE,
    &cases::HISTORY,
];

pub const CATEGORY: &str = "Moderation";
const LINK_CHARS_MAX: u16 = 120;
/// The longest that a warning counts or a ban lasts, if it ends at all.
const SPAN_MAX: Span = Span::days(3_650);
/// Discord's limit for the messages that a ban deletes.
const DELETE_MAX: Span = Span::days(7);
/// What a softban deletes unless told otherwise.
const SOFTBAN_DELETES_SECONDS: u32 = 86_400;

static MEMBER: Opt<UserId> = Opt::user("member", "Whom").required();
static USER: Opt<UserId> = Opt::user("member", "Whom; an id does where they left").required();
static REASON: Opt<String> = Opt::text("reason", "Why", REASON_CHARS_MAX).required();
static MAYBE: Opt<String> = Opt::text("reason", "Why", REASON_CHARS_MAX);
static NOTE_TEXT: Opt<String> = Opt::text("text", "What to remember", REASON_CHARS_MAX).required();
static EXPIRES: Opt<Span> = Opt::span("expires", "After how long it stops counting: 30d", SPAN_MAX);
static LINK: Opt<String> = Opt::text("message", "A link to the message it is about", LINK_CHARS_MAX).by_name();
static HOW_LONG: Opt<Span> = Opt::span("duration", "For how long: 10m, 2h, 7d", TIMEOUT_MAX).required();
static BAN_LASTS: Opt<Span> = Opt::span("duration", "When to lift it again: 7d; for good without it", SPAN_MAX);
static DELETES: Opt<Span> = Opt::span("delete", "Delete their messages of the last: 1h, 7d", DELETE_MAX).by_name();

static OF_WARN: [&dyn Declared; 4] = [&MEMBER, &EXPIRES, &REASON, &LINK];
static OF_NOTE: [&dyn Declared; 2] = [&USER, &NOTE_TEXT];
static OF_TIMEOUT: [&dyn Declared; 3] = [&MEMBER, &HOW_LONG, &REASON];
static OF_LIFTING: [&dyn Declared; 2] = [&USER, &MAYBE];
static OF_KICK: [&dyn Declared; 2] = [&MEMBER, &REASON];
static OF_BAN: [&dyn Declared; 4] = [&USER, &BAN_LASTS, &REASON, &DELETES];
static OF_SOFTBAN: [&dyn Declared; 3] = [&MEMBER, &REASON, &DELETES];

static WARN: Command = Command {
    looks_at: Some(&MEMBER),
    on_message: Some(OnMessage { label: "Warn", author: &MEMBER, link: &LINK, ask: &REASON }),
    ..Command::open("warn", "Warns a member, and tells them", CATEGORY, &OF_WARN, warn)
        .for_staff(Permission::ModerateMembers)
};
static NOTE: Command = Command {
    looks_at: Some(&USER),
    ..Command::open("note", "Puts a note about somebody on record; they are not told", CATEGORY, &OF_NOTE, note)
        .for_staff(Permission::ModerateMembers)
};
static TIMEOUT: Command = Command {
    looks_at: Some(&MEMBER),
    ..Command::open("timeout", "Lets a member write nothing for a while", CATEGORY, &OF_TIMEOUT, timeout)
        .for_staff(Permission::ModerateMembers)
};
static UNTIMEOUT: Command = Command {
    looks_at: Some(&USER),
    ..Command::open("untimeout", "Lifts a timeout before its end", CATEGORY, &OF_LIFTING, untimeout)
        .for_staff(Permission::ModerateMembers)
};
static KICK: Command = Command {
    looks_at: Some(&MEMBER),
    ..Command::open("kick", "Throws a member out; they may come back", CATEGORY, &OF_KICK, kick)
        .for_staff(Permission::KickMembers)
};
static BAN: Command = Command {
    looks_at: Some(&USER),
    ..Command::open("ban", "Bans somebody, for a while or for good", CATEGORY, &OF_BAN, ban)
        .for_staff(Permission::BanMembers)
};
static UNBAN: Command = Command {
    looks_at: Some(&USER),
    ..Command::open("unban", "Lifts a ban", CATEGORY, &OF_LIFTING, unban).for_staff(Permission::BanMembers)
};
static SOFTBAN: Command = Command {
    looks_at: Some(&MEMBER),
    ..Command::open("softban", "Throws a member out and deletes what they wrote", CATEGORY, &OF_SOFTBAN, softban)
        .for_staff(Permission::BanMembers)
};

fn warn(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let reason = reason(args, &REASON)?;
    let guild = cx.guild()?;
    let link = args.find(&LINK).map(|link| match Place::of_link(&link) {
        Some(place) if place.guild == guild => Ok(place.link()),
        _ => Err(Refusal::new(text::LINK_UNKNOWN)),
    });
    let link = link.transpose()?;
    let wanted = Wanted { span: args.find(&EXPIRES), link: link.as_deref(), ..Wanted::new(Kind::Warn, &reason) };
    deeds::plan(cx, actor, args.seen()?, wanted)
}

fn note(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    deeds::plan(cx, actor, args.seen()?, Wanted::new(Kind::Note, &reason(args, &NOTE_TEXT)?))
}

fn timeout(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let reason = reason(args, &REASON)?;
    let wanted = Wanted { span: Some(args.load(&HOW_LONG)?), ..Wanted::new(Kind::Timeout, &reason) };
    deeds::plan(cx, actor, args.seen()?, wanted)
}

fn untimeout(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let reason = args.find(&MAYBE).unwrap_or_default();
    deeds::plan(cx, actor, args.seen()?, Wanted::new(Kind::Untimeout, reason.trim()))
}

fn kick(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    deeds::plan(cx, actor, args.seen()?, Wanted::new(Kind::Kick, &reason(args, &REASON)?))
}

fn ban(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let reason = reason(args, &REASON)?;
    let (span, delete_seconds) = (args.find(&BAN_LASTS), deletes(args).unwrap_or(0));
    deeds::plan(cx, actor, args.seen()?, Wanted { span, delete_seconds, ..Wanted::new(Kind::Ban, &reason) })
}

fn unban(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let reason = args.find(&MAYBE).unwrap_or_default();
    deeds::plan(cx, actor, args.seen()?, Wanted::new(Kind::Unban, reason.trim()))
}

fn softban(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let reason = reason(args, &REASON)?;
    let delete_seconds = deletes(args).unwrap_or(SOFTBAN_DELETES_SECONDS);
    deeds::plan(cx, actor, args.seen()?, Wanted { delete_seconds, ..Wanted::new(Kind::Softban, &reason) })
}

/// A reason that says something.
fn reason(args: &Args, option: &Opt<String>) -> Result<String> {
    let reason = args.load(option)?;
    let reason = reason.trim();
    let says_something = reason.chars().any(|c| !c.is_whitespace() && !crate::model::text::is_invisible(c));
    if says_something { Ok(reason.to_owned()) } else { Err(Refusal::new(text::NO_REASON).into()) }
}

fn deletes(args: &Args) -> Option<u32> {
    args.find(&DELETES).and_then(|span| u32::try_from(span.duration().as_secs()).ok())
}

/// `/undo C12`: a ban or timeout is lifted, a note or warning no longer counts.
pub fn undo(cx: &mut Cx<'_>, actor: &Actor, number: i64) -> Result<Plan> {
    let guild = cx.guild()?;
    let case = store::find(cx.tx.read(), guild, number)?.ok_or_else(|| Refusal::new(text::no_such_case(number)))?;
    if let Some(by) = case.undone_by {
        return Err(Refusal::new(text::undone_before(number, by)).into());
    }
    let weight = case.weight();
    let lifting = match case.kind {
        Kind::Note | Kind::Warn | Kind::Other => None,
        Kind::Timeout if !weight.counts(cx.now) => None,
        Kind::Ban if !weight.counts(cx.now) => None,
        Kind::Timeout => Some(Kind::Untimeout),
        Kind::Ban => Some(Kind::Unban),
        kind => return Err(Refusal::new(text::not_to_be_undone(number, kind)).into()),
    };
    let by = (Some(actor.user), actor.name.as_str());
    let reason = text::reason_of_undo(number);
    match lifting {
        None => {
            store::save_undone(cx.tx, guild, number, Some(number))?;
            trail::note(cx, (guild, number), "taken back", by, "", None)?;
            super::log::follow(cx, guild, number)?;
            Ok(Plan::reply(crate::model::Outgoing::text(text::undone(number, case.kind))))
        }
        Some(kind) => {
            deeds::refuse_twice(cx, guild, case.user, kind)?;
            let whom = (case.user, case.user_name.as_str(), false);
            let lifted = deeds::begin(cx, guild, actor.into(), whom, Wanted::new(kind, &reason), 0)?;
            store::save_undone(cx.tx, guild, number, Some(lifted))?;
            trail::note(cx, (guild, number), "taken back", by, "", None)?;
            deeds::answer_when_done(cx, guild, lifted, lifted)
        }
    }
}
