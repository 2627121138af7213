//! What is on record: one case, all of them, those of one member, and what may be changed about them.

use super::commands::CATEGORY;
use super::rules::Kind;
use super::store::{self, Case, Resolved};
use super::text::{self, REASON_CHARS_MAX};
use super::{log, trail};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Button, GuildId, Outgoing, Permission, Refusal, Result, UserId};
use crate::store::people;

const PAGE_ROWS: u32 = 10;
const PAGES_MAX: i64 = 1_000_000;
const NUMBER_MAX: i64 = 1_000_000_000;
/// Changes of a case that are shown.
const CHANGES_SHOWN_MAX: u32 = 6;
const WARNINGS_SHOWN_MAX: u32 = 15;
const ON_OFF: &[&str] = &["on", "off"];

static NUMBER: Opt<i64> = Opt::whole("number", "The case's number", 1..=NUMBER_MAX).required();
static PAGE: Opt<i64> = Opt::whole("page", "Which page", 1..=PAGES_MAX);
static WHOSE: Opt<UserId> = Opt::user("member", "Only theirs");
static OF: Opt<UserId> = Opt::user("member", "Whose; an id does where they left").required();
static WARNINGS_OF: Opt<UserId> = Opt::user("member", "Whose, for moderators; your own without it");
static REASON: Opt<String> = Opt::text("reason", "What is to stand there", REASON_CHARS_MAX).required();
static WORDS: Opt<String> = Opt::text("note", "How, or why", REASON_CHARS_MAX);
static HIDDEN: Opt<String> = Opt::choice("hidden", "on hides it (without it, too), off shows it again", ON_OFF);

static OF_SHOW: [&dyn Declared; 1] = [&NUMBER];
static OF_LIST: [&dyn Declared; 2] = [&PAGE, &WHOSE];
static OF_EDIT: [&dyn Declared; 2] = [&NUMBER, &REASON];
static OF_RESOLVE: [&dyn Declared; 2] = [&NUMBER, &WORDS];
static OF_HIDE: [&dyn Declared; 2] = [&NUMBER, &HIDDEN];
static OF_HISTORY: [&dyn Declared; 2] = [&OF, &PAGE];
static OF_WARNINGS: [&dyn Declared; 1] = [&WARNINGS_OF];

const STAFF: Permission = Permission::ModerateMembers;

pub static SHOW: Command =
    Command::open("case show", "Shows everything about a case", CATEGORY, &OF_SHOW, show).for_staff(STAFF);
pub static LIST: Command =
    Command::open("case list", "Lists cases, the newest first", CATEGORY, &OF_LIST, list).for_staff(STAFF);
pub static EDIT: Command =
    Command::open("case edit", "Puts another reason into a case", CATEGORY, &OF_EDIT, edit).for_staff(STAFF);
pub static RESOLVE: Command =
    Command::open("case resolve", "Settles a case: it counts no longer", CATEGORY, &OF_RESOLVE, resolve)
        .for_staff(STAFF);
pub static REOPEN: Command =
    Command::open("case reopen", "Opens a case again", CATEGORY, &OF_RESOLVE, reopen).for_staff(STAFF);
pub static HIDE: Command =
    Command::open("case hide", "Leaves a case out of histories, or shows it again", CATEGORY, &OF_HIDE, hide)
        .for_staff(STAFF);
pub static HISTORY: Command =
    Command::open("history", "Lists a member's cases: notes, warnings and all else", CATEGORY, &OF_HISTORY, history)
        .for_staff(STAFF);
pub static WARNINGS: Command = Command {
    ephemeral: true,
    ..Command::open("warnings", "Shows your warnings, or a member's", CATEGORY, &OF_WARNINGS, warnings)
};

fn show(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let case = load(cx, args)?;
    let changes = trail::list(cx.tx.read(), case.guild, case.number, CHANGES_SHOWN_MAX)?;
    Ok(Plan::reply(Outgoing::embed(text::case(&case, &changes, Some(cx.now)))))
}

fn list(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let (guild, page) = (cx.guild()?, page_of(args)?);
    match args.find(&WHOSE) {
        Some(user) => page_of_member(cx, guild, user, page, |page| format!("case list {page} <@{user}>")),
        None => {
            let all = store::count(cx.tx.read(), guild)?;
            let cases = store::list(cx.tx.read(), guild, None, page.skip(all), PAGE_ROWS)?;
            let lines: Vec<_> = cases.iter().map(|case| text::line(case, cx.now, true)).collect();
            let reply = text::page(text::LIST_TITLE.to_owned(), &lines, page.shown(all), all, None);
            Ok(Plan::reply(reply.with_buttons(page.buttons(all, |page| format!("case list {page}")))))
        }
    }
}

fn history(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let (guild, user) = (cx.guild()?, args.load(&OF)?);
    page_of_member(cx, guild, user, page_of(args)?, |page| format!("history <@{user}> {page}"))
}

fn page_of_member(
    cx: &mut Cx<'_>,
    guild: GuildId,
    user: UserId,
    page: Page,
    line: impl Fn(u32) -> String,
) -> Result<Plan> {
    let (all, hidden) = store::count_of(cx.tx.read(), guild, user)?;
    let cases = store::list(cx.tx.read(), guild, Some(user), page.skip(all), PAGE_ROWS)?;
    let lines: Vec<_> = cases.iter().map(|case| text::line(case, cx.now, false)).collect();
    let title = text::history_title(&name_of(cx, guild, user, cases.first())?);
    let reply = text::page(title, &lines, page.shown(all), all, text::hidden_note(hidden));
    Ok(Plan::reply(reply.with_buttons(page.buttons(all, line))))
}

fn warnings(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let user = args.find(&WARNINGS_OF).unwrap_or(actor.user);
    if user != actor.user && !STAFF.allows(actor.permissions) {
        return Err(Refusal::new(text::NOT_THE_MEMBERS).into());
    }
    let cases = store::list_of_kind(cx.tx.read(), guild, user, Kind::Warn, WARNINGS_SHOWN_MAX)?;
    let counting = cases.iter().filter(|case| case.weight().counts(cx.now)).count();
    let lines: Vec<_> = cases.iter().map(|case| text::line(case, cx.now, false)).collect();
    let title = text::warnings_title(&name_of(cx, guild, user, cases.first())?, counting);
    Ok(Plan::reply(text::page(title, &lines, (0, 0), 0, None)))
}

/// By which name somebody is known.
fn name_of(cx: &Cx<'_>, guild: GuildId, user: UserId, newest: Option<&Case>) -> Result<String> {
    let known = people::find_name(cx.tx.read(), guild, user)?;
    Ok(known.or_else(|| newest.map(|case| case.user_name.clone())).unwrap_or_else(|| user.to_string()))
}

fn edit(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (case, reason) = (load(cx, args)?, args.load(&REASON)?);
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::new(text::NO_REASON).into());
    }
    store::save_reason(cx.tx, case.guild, case.number, reason)?;
    changed(cx, &case, actor, "reason changed", reason, Some(&case.reason), text::edited(case.number))
}

fn resolve(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (case, words) = (load(cx, args)?, args.find(&WORDS).unwrap_or_default());
    if case.resolved.is_some() {
        return Err(Refusal::new(text::is_so_already(case.number, "resolved")).into());
    }
    let resolved = Resolved { at: cx.now, by: actor.name.clone(), note: words.trim().to_owned() };
    store::save_resolved(cx.tx, case.guild, case.number, Some(&resolved))?;
    changed(cx, &case, actor, "resolved", words.trim(), None, text::resolved(case.number))
}

fn reopen(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (case, words) = (load(cx, args)?, args.find(&WORDS).unwrap_or_default());
    let Some(was) = &case.resolved else {
        return Err(Refusal::new(text::is_so_already(case.number, "open")).into());
    };
    store::save_resolved(cx.tx, case.guild, case.number, None)?;
    changed(cx, &case, actor, "reopened", words.trim(), Some(&was.note), text::reopened(case.number))
}

fn hide(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let case = load(cx, args)?;
    let hidden = args.find(&HIDDEN).is_none_or(|word| word == "on");
    let how = if hidden { "hidden" } else { "shown" };
    if case.hidden == hidden {
        return Err(Refusal::new(text::is_so_already(case.number, how)).into());
    }
    store::save_hidden(cx.tx, case.guild, case.number, hidden)?;
    changed(cx, &case, actor, how, "", None, text::hidden(case.number, hidden))
}

/// Takes down a change of a case, lets the modlog follow, and answers.
fn changed(
    cx: &mut Cx<'_>,
    case: &Case,
    actor: &Actor,
    what: &str,
    words: &str,
    before: Option<&str>,
    reply: String,
) -> Result<Plan> {
    trail::note(cx, (case.guild, case.number), what, (Some(actor.user), &actor.name), words, before)?;
    log::follow(cx, case.guild, case.number)?;
    Ok(Plan::reply(Outgoing::text(reply)))
}

fn load(cx: &Cx<'_>, args: &Args) -> Result<Case> {
    let (guild, number) = (cx.guild()?, args.load(&NUMBER)?);
    let case = store::find(cx.tx.read(), guild, number)?;
    case.ok_or_else(|| Refusal::new(text::no_such_case(number)).into())
}

/// A page that was asked for; one behind the last means the last.
#[derive(Debug, Clone, Copy)]
struct Page(u32);

fn page_of(args: &Args) -> Result<Page> {
    Ok(Page(u32::try_from(args.find(&PAGE).unwrap_or(1))?))
}

impl Page {
    fn number(self, of: u32) -> u32 {
        self.0.clamp(1, of.div_ceil(PAGE_ROWS).max(1))
    }

    fn skip(self, of: u32) -> u32 {
        (self.number(of) - 1) * PAGE_ROWS
    }

    /// The first and the last row that are shown.
    fn shown(self, of: u32) -> (u32, u32) {
        let skipped = self.skip(of);
        ((skipped + 1).min(of), (skipped + PAGE_ROWS).min(of))
    }

    /// Buttons to the pages beside this one.
    fn buttons(self, of: u32, line: impl Fn(u32) -> String) -> Vec<Button> {
        let (page, last) = (self.number(of), of.div_ceil(PAGE_ROWS).max(1));
        let newer = (page > 1).then(|| Button::new("Newer", line(page - 1)));
        let older = (page < last).then(|| Button::new("Older", line(page + 1)));
        newer.into_iter().chain(older).filter_map(Result::ok).collect()
    }
}
