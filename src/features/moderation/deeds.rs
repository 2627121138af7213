//! What moderators do about members: the case is written, Discord is asked, and the answer says what came of it.

use std::time::Duration;

use super::rules::{self, Kind, Person, Target};
use super::store::{self, Case, NewCase, State};
use super::{log, text, trail};
use crate::command::{Actor, Plan};
use crate::config::{Punishment, Threshold};
use crate::cx::{Cx, Promised};
use crate::model::{
    Button, Deed, Effect, Error, Event, GuildId, Look, Outgoing, Refusal, Result, Seen, Span, Timestamp, UserId,
};
use crate::store::promises;

/// A promise's word for the deed of a case, and for the end of a ban: `act:12`, `end:12`.
pub const ACT: &str = "act";
pub const END: &str = "end";
/// Which of the cases of one command a rule made.
const BY_RULE_PART: u8 = 1;

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub kind: Kind,
    pub reason: &'a str,
    /// How long it lasts, where it ends.
    pub span: Option<Span>,
    pub delete_seconds: u32,
    pub link: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    pub const fn new(kind: Kind, reason: &'a str) -> Self {
        Self { kind, reason, span: None, delete_seconds: 0, link: None }
    }
}

/// Who wants it: a member, or a rule of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub user: Option<UserId>,
    pub name: &'a str,
}

impl<'a> From<&'a Actor> for By<'a> {
    fn from(actor: &'a Actor) -> Self {
        Self { user: Some(actor.user), name: &actor.name }
    }
}

/// Plans a deed of a moderator, and answers once Discord was asked.
pub fn plan(cx: &mut Cx<'_>, actor: &Actor, seen: &Seen, wanted: Wanted<'_>) -> Result<Plan> {
    let guild = cx.guild()?;
    check(cx, guild, Some(actor), seen, wanted.kind)?;
    refuse_twice(cx, guild, seen.id, wanted.kind)?;
    let number = begin(cx, guild, actor.into(), (seen.id, &seen.name, seen.bot), wanted, 0)?;
    let last = match wanted.kind {
        Kind::Warn => act_on_warnings(cx, seen, number)?.unwrap_or(number),
        _ => number,
    };
    answer_when_done(cx, guild, number, last)
}

/// The plan whose answer tells what became of a case that was just begun, once the deed of `last` was tried.
pub fn answer_when_done(cx: &mut Cx<'_>, guild: GuildId, number: i64, last: i64) -> Result<Plan> {
    // What Discord is asked for shows in the modlog with what it answered.
    if !promises::is_known(cx.tx.read(), &cx.origin(&action(number)))? {
        log::post(cx, guild, number)?;
    }
    let origin = cx.origin(&action(last));
    let is_awaited = promises::is_known(cx.tx.read(), &origin)?;
    let reply = answer(cx, number)?;
    Ok(if is_awaited { Plan::after(origin, number, answer, reply) } else { Plan::reply(reply) })
}

fn action(number: i64) -> String {
    format!("{ACT}.{number}")
}

/// The answer as the case stands now.
fn answer(cx: &mut Cx<'_>, number: i64) -> Result<Outgoing> {
    let guild = cx.guild()?;
    let case = store::find(cx.tx.read(), guild, number)?.ok_or_else(|| Refusal::new(text::no_such_case(number)))?;
    let mut lines = vec![text::outcome(&case)];
    if case.told.is_none() && case.state == State::Done && promises::is_due(cx.tx.read(), &cx.origin(&action(number)))?
    {
        lines.push(text::STILL_TELLING.to_owned());
    }
    let mut buttons = Vec::new();
    if case.kind == Kind::Warn {
        match store::find_part(cx.tx.read(), guild, cx.source.id(), BY_RULE_PART)? {
            Some(followed) => lines.push(text::by_rule(&text::outcome(&followed))),
            None => {
                let (line, button) = what_follows(cx, &case)?;
                lines.push(line);
                buttons.extend(button);
            }
        }
    }
    lines.retain(|line| !line.is_empty());
    Ok(Outgoing::text(lines.join("\n")).with_buttons(buttons))
}

/// Whether it may be done; a refusal says why not.
pub fn check(cx: &Cx<'_>, guild: GuildId, actor: Option<&Actor>, seen: &Seen, kind: Kind) -> Result<()> {
    let found = cx.guilds.find(guild).ok_or_else(|| Refusal::new(text::CANNOT_SEE_GUILD))?;
    let me = cx.me.ok_or_else(|| Refusal::new(text::CANNOT_SEE_GUILD))?;
    let actor = actor.map(|actor| Person { user: actor.user, roles: &actor.roles });
    let me = Person { user: me, roles: &found.my_roles };
    let target = Target { user: seen.id, bot: seen.bot, roles: seen.roles.as_deref() };
    let checked = rules::check(&found, kind, actor, me, target);
    checked.map_err(|obstacle| Refusal::new(text::obstacle(obstacle, kind)).into())
}

/// What is under way already is refused: of two promises about the same, the newer would take the older one's place,
/// and nobody would learn what became of the older case.
pub fn refuse_twice(cx: &Cx<'_>, guild: GuildId, user: UserId, kind: Kind) -> Result<()> {
    let number = match store::find_pending(cx.tx.read(), guild, user, kind)? {
        Some(number) => Some(number),
        // The audit log proved it, but whether they could be told is not known yet.
        None => {
            let word = promises::find_due_word(cx.tx.read(), &target_of_deed(guild, user, kind))?;
            word.and_then(|word| word.strip_prefix(ACT)?.strip_prefix(':')?.parse().ok())
        }
    };
    number.map_or(Ok(()), |number| Err(Refusal::new(text::under_way(kind, number)).into()))
}

/// Writes the case and promises the deed. Returns the case's number.
pub fn begin(
    cx: &mut Cx<'_>,
    guild: GuildId,
    by: By<'_>,
    (user, name, bot): (UserId, &str, bool),
    wanted: Wanted<'_>,
    part: u8,
) -> Result<i64> {
    let Wanted { kind, reason, span, delete_seconds, link } = wanted;
    let span = span.or(cx.config.moderation.warnings_expire_after.filter(|_| kind == Kind::Warn));
    let ends_at = span.map(|span| cx.now.plus(span.duration()));
    // A warning or note stands by being written; everything else by Discord's word.
    let is_record = matches!(kind, Kind::Note | Kind::Warn | Kind::Other);
    let state = if is_record { State::Done } else { State::Pending };
    let number = store::insert(
        cx.tx,
        &NewCase {
            guild,
            kind,
            user,
            user_name: name,
            moderator: by.user,
            moderator_name: by.name,
            reason,
            at: cx.now,
            ends_at,
            state,
            link,
            source: cx.source.id(),
            part,
            by_hand: false,
            action: None,
        },
    )?;
    opened(cx, guild, (number, kind), (user, name), reason)?;
    let deed = match kind {
        Kind::Note | Kind::Other => return Ok(number),
        Kind::Warn => Deed::Tell,
        Kind::Timeout => Deed::Timeout { until: ends_at.ok_or_else(|| Refusal::new(text::IN_THE_PAST))? },
        Kind::Untimeout => Deed::LiftTimeout,
        Kind::Kick => Deed::Kick,
        Kind::Ban => Deed::Ban { delete_seconds },
        Kind::Unban => Deed::Unban,
        Kind::Softban => Deed::Softban { delete_seconds },
    };
    let settings = &cx.config.moderation;
    // Bots read nothing, and whoever is banned shares no server with us.
    let can_be_told = settings.tell_members && !bot && kind != Kind::Unban;
    let found = cx.guilds.find(guild);
    let guild_name = found.as_ref().map_or("this server", |guild| &guild.name);
    let named = settings.name_moderator.then_some(by.name);
    let tell = can_be_told.then(|| text::to_member(kind, guild_name, reason, ends_at, named));
    if deed == Deed::Tell && tell.is_none() {
        return Ok(number);
    }
    let reason = text::audit_reason(by.name, number, reason);
    cx.promise(Promised {
        action: &action(number),
        // Each warning is told; of everything else the newest counts.
        target: (kind != Kind::Warn).then(|| target_of_deed(guild, user, kind)),
        guild: Some(guild),
        about: text::promise_act(kind, name, number),
        effect: Effect::Act { guild, user, deed, reason, tell },
        due_at: cx.now,
        tells: Some(format!("{ACT}:{number}")),
    })?;
    Ok(number)
}

/// What a deed's promise is about.
pub fn target_of_deed(guild: GuildId, user: UserId, kind: Kind) -> String {
    format!("act:{guild}:{user}:{}", kind.word())
}

/// What so many warnings lead to: a line for the answer, and a button where it is only suggested.
fn what_follows(cx: &mut Cx<'_>, warned: &Case) -> Result<(String, Option<Button>)> {
    let Some((threshold, warnings)) = reached(cx, warned)? else { return Ok((String::new(), None)) };
    if threshold.act {
        // It was tried with the warning, and could not be done.
        let changes = trail::list(cx.tx.read(), warned.guild, warned.number, 1)?;
        let why = changes.into_iter().find(|change| change.what == text::RULE_FAILED);
        return Ok((why.map(|change| change.words).unwrap_or_default(), None));
    }
    let kind = kind_of(threshold.action);
    let action = text::punishment(kind, threshold.duration.map(Span::duration));
    let span = threshold.duration.map(|span| format!("{span} ")).unwrap_or_default();
    let line = format!("{} <@{}> {span}{warnings} warnings", kind.word(), warned.user);
    let button = Button::new(&capital(&action), line)?.look(Look::Danger);
    Ok((text::suggestion(warnings, &action), Some(button)))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const fn kind_of(punishment: Punishment) -> Kind {
    match punishment {
        Punishment::Timeout => Kind::Timeout,
        Punishment::Kick => Kind::Kick,
        Punishment::Ban => Kind::Ban,
    }
}

/// The highest threshold that a member's warnings reach, and how many of them count.
fn reached(cx: &Cx<'_>, warned: &Case) -> Result<Option<(Threshold, u32)>> {
    let mut counted = Vec::new();
    for threshold in &cx.config.moderation.thresholds {
        let all = Timestamp::from_ms(0);
        let since = threshold.within.map_or(all, |span| Timestamp::from_ms(cx.now.ms() - ms(span.duration())));
        let count = store::count_warnings(cx.tx.read(), warned.guild, warned.user, since, cx.now)?;
        counted.push((threshold, count));
    }
    let reached = rules::reached(&counted, |(threshold, _)| threshold.warnings, |(_, count)| *count);
    Ok(reached.map(|(threshold, count)| ((*threshold).clone(), *count)))
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Does what so many warnings lead to, where the configuration says so. Returns the number of the case that this makes;
/// why it could not be done is noted with the warning.
fn act_on_warnings(cx: &mut Cx<'_>, seen: &Seen, warning: i64) -> Result<Option<i64>> {
    let guild = cx.guild()?;
    let Some(warned) = store::find(cx.tx.read(), guild, warning)? else { return Ok(None) };
    let Some((threshold, warnings)) = reached(cx, &warned)?.filter(|(threshold, _)| threshold.act) else {
        return Ok(None);
    };
    let kind = kind_of(threshold.action);
    let may = check(cx, guild, None, seen, kind).and_then(|()| refuse_twice(cx, guild, seen.id, kind));
    match may {
        Ok(()) => {}
        Err(Error::Refusal(why)) => {
            let action = text::punishment(kind, threshold.duration.map(Span::duration));
            let words = text::could_not_act(warnings, &action, why.text());
            trail::note(cx, (guild, warning), text::RULE_FAILED, (None, text::BY_RULE), &words, None)?;
            return Ok(None);
        }
        Err(fault) => return Err(fault),
    }
    let reason = text::reason_by_rule(warnings, warning);
    let wanted = Wanted { span: threshold.duration, ..Wanted::new(kind, &reason) };
    let by = By { user: None, name: text::BY_RULE };
    begin(cx, guild, by, (seen.id, &seen.name, seen.bot), wanted, BY_RULE_PART).map(Some)
}

/// Tells other rooms of a new case, and those outside; a note is for moderators alone.
pub fn opened(
    cx: &mut Cx<'_>,
    guild: GuildId,
    case: (i64, Kind),
    (user, name): (UserId, &str),
    reason: &str,
) -> Result<()> {
    let (number, kind) = (case.0, case.1.word());
    log::tell(cx, guild, number, "made")?;
    if case.1 != Kind::Note {
        cx.emit(Event::CaseOpened { guild, number, kind, user, name: name.to_owned(), reason: reason.to_owned() });
    }
    Ok(())
}
