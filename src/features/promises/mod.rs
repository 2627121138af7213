//! What the bot has promised to do, for those who may call it off: `/promises`, and a card on the status page.

pub mod api;

use std::sync::Arc;
use std::time::Duration;

use super::Feature;
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::config::{Audience, Config};
use crate::cx::{Cx, Promised};
use crate::model::text::{count, name, plain, quote};
use crate::model::{
    Button, Effect, Embed, Ending, Event, Guild, Look, Outgoing, Permission, Refusal, Result, Timestamp,
};
use crate::status::{Card, CardKind};
use crate::store::Reader;
use crate::store::promises::{self, Promise};

pub(super) static FEATURE: Feature = Feature {
    name: "promises",
    is_on: |_| true,
    needs: |_| &[],
    commands: &[&PROMISES],
    undoes: &[],
    start: None,
    observe: |_, _| Ok(()),
    card: Some(card),
    verify: None,
    portrait: None,
    personal: &[],
};

const COLOUR: u32 = 0xE0_A8_4E;
/// Promises on a page: each has a row of buttons, and a message has five.
const PAGE_ROWS: u32 = 5;
const PAGES_MAX: i64 = 100_000;
const CARD_ROWS: u32 = 8;
/// Guilds whose promises are on the page.
const CARDS_MAX: usize = 5;
const NUMBER_CHARS_MAX: u16 = 16;
/// How far `later` puts a promise off.
const LATER: Duration = Duration::from_secs(3_600);
const WORDS_CHARS_MAX: usize = 300;
const HOW_TO_CHANGE: &str =
    "Moderators who sign in do them here now, an hour later, or not at all; in Discord, /promises does.";

const ACTIONS: &[&str] = &["now", "cancel", "later"];

static ACTION: Opt<String> = Opt::choice("action", "now, cancel, or later by an hour", ACTIONS);
static NUMBER: Opt<String> = Opt::text("id", "Which promise, for an action: P12", NUMBER_CHARS_MAX);
static PAGE: Opt<i64> = Opt::whole("page", "Which page of the list", 1..=PAGES_MAX).by_name();
static OF_PROMISES: [&dyn Declared; 3] = [&ACTION, &NUMBER, &PAGE];

static PROMISES: Command = Command::open(
    "promises",
    "Shows what I have promised to do, to be done now, later or not at all",
    "Moderation",
    &OF_PROMISES,
    answer,
)
.for_staff(Permission::ModerateMembers);

fn answer(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    match (args.find(&ACTION).as_deref(), args.find(&NUMBER)) {
        (None, None) => list(cx, u32::try_from(args.find(&PAGE).unwrap_or(1))?),
        (Some(action), Some(number)) => act(cx, actor, action, &number),
        (Some(_), None) => Err(Refusal::new("Say which promise: `id` is its number, such as P12.").into()),
        (None, Some(_)) => Err(Refusal::new("Say what to do with it: `action` is now, cancel or later.").into()),
    }
}

fn list(cx: &mut Cx<'_>, page: u32) -> Result<Plan> {
    let guild = cx.guild()?;
    let (due, failed) = promises::count_open(cx.tx.read(), guild)?;
    let last = (due + failed).div_ceil(PAGE_ROWS).max(1);
    let page = page.clamp(1, last);
    let open = promises::list_open(cx.tx.read(), guild, (page - 1) * PAGE_ROWS, PAGE_ROWS)?;
    let lines: Vec<_> = open.iter().map(|promise| line(promise, cx.now)).collect();
    let description = match lines.is_empty() {
        true => "I have promised nothing that is still to come.".to_owned(),
        false => lines.join("\n"),
    };
    let mut footer = format!("{} to come, {} refused by Discord", count(i64::from(due)), count(i64::from(failed)));
    if last > 1 {
        footer.push_str(&format!(" · page {page} of {last}: /promises page:{}", page % last + 1));
    }
    let embed = Embed { title: "Promises".to_owned(), description, colour: COLOUR, footer, ..Embed::default() };
    let rows = open.iter().map(buttons).collect::<Result<_, Refusal>>()?;
    Ok(Plan::reply(Outgoing { rows, ..Outgoing::embed(embed) }))
}

fn line(promise: &Promise, now: Timestamp) -> String {
    let about = name_of(promise);
    let words = promise.words.as_deref().map(|words| format!(" {}", quote(words, WORDS_CHARS_MAX)));
    let words = words.unwrap_or_default();
    match promise.failed {
        true => format!("**P{}** {about} — Discord refused.{words}", promise.id),
        false if promise.due_at <= now => format!("**P{}** {about} — now.{words}", promise.id),
        false => format!("**P{}** {about} — <t:{}:R>.{words}", promise.id, promise.due_at.seconds()),
    }
}

fn name_of(promise: &Promise) -> String {
    quote(&promise.about, WORDS_CHARS_MAX)
}

fn buttons(promise: &Promise) -> Result<Vec<Button>, Refusal> {
    let id = promise.id;
    Ok(vec![
        Button::new(&format!("P{id} now"), format!("promises now P{id}"))?.look(Look::Primary),
        Button::new("+1 h", format!("promises later P{id}"))?,
        Button::new("Cancel", format!("promises cancel P{id}"))?.look(Look::Danger),
    ])
}

fn act(cx: &mut Cx<'_>, actor: &Actor, action: &str, number: &str) -> Result<Plan> {
    let guild = cx.guild()?;
    let unknown = || Refusal::new(format!("There is no promise {} here any more.", name(number)));
    let digits = number.trim().trim_start_matches(['P', 'p']);
    let id: i64 = digits.parse().map_err(|_| unknown())?;
    let promise = promises::find_open(cx.tx.read(), guild, id)?.ok_or_else(unknown)?;
    let about = name_of(&promise);
    let said = match action {
        "cancel" => {
            let words = format!("called off by {}", plain(&actor.name));
            promises::cancel(cx.tx, id, &words, cx.now)?;
            tell(cx, &promise, |guild, tells| Event::PromiseEnded { guild, tells, ending: Ending::CalledOff(words) });
            unsay(cx, &promise)?;
            format!("**P{id}** is called off: I will not {about}.")
        }
        "later" => {
            let due_at = promise.due_at.max(cx.now).plus(LATER);
            promises::move_to(cx.tx, id, due_at, cx.now)?;
            tell(cx, &promise, |guild, tells| Event::PromiseMoved { guild, tells, due_at });
            format!("**P{id}** is put off: I will {about} <t:{}:R>.", due_at.seconds())
        }
        _ => {
            promises::move_to(cx.tx, id, cx.now, cx.now)?;
            let due_at = cx.now;
            tell(cx, &promise, |guild, tells| Event::PromiseMoved { guild, tells, due_at });
            format!("**P{id}** is up now: I will {about}.")
        }
    };
    tracing::info!(promise = id, action, by = %actor.user, "a promise was changed");
    Ok(Plan::reply(Outgoing::text(said)))
}

/// Who is to be thrown out is told before it: that does not stand where it is called off.
fn unsay(cx: &mut Cx<'_>, promise: &Promise) -> Result<()> {
    let Ok(Effect::Act { guild, user, deed, tell: Some(_), .. }) = promise.effect() else { return Ok(()) };
    if !deed.parts() {
        return Ok(());
    }
    cx.promise(Promised {
        action: &format!("unsay.{}", promise.id),
        target: None,
        guild: Some(guild),
        about: format!("take back what was said before I was to {}", promise.about),
        effect: Effect::Unsay { guild, user, nonce: promise.nonce() },
        due_at: cx.now,
        tells: None,
    })
}

/// Tells the room that made the promise, where it asked for that.
fn tell(cx: &mut Cx<'_>, promise: &Promise, event: impl FnOnce(crate::model::GuildId, String) -> Event) {
    if let (Some(guild), Some(tells)) = (promise.guild, promise.tells.clone()) {
        cx.emit(event(guild, tells));
    }
}

/// What is still to come, and what Discord refused, as far as visitors may see it.
fn card(reader: &Reader, config: &Config, guilds: &[Arc<Guild>], _: Timestamp) -> Result<Vec<Card>> {
    let audience = config.http.visibility.promises;
    if audience != Audience::Public {
        return Ok(Vec::new());
    }
    let mut cards = Vec::new();
    for guild in guilds.iter().take(CARDS_MAX) {
        let open = promises::list_open(reader, guild.id, 0, CARD_ROWS)?;
        if open.is_empty() {
            continue;
        }
        let rows = open.into_iter().map(|promise| {
            let when = match promise.failed {
                true => "refused by Discord".to_owned(),
                false => format!("{} UTC", promise.due_at.utc().format("%-d %b %H:%M")),
            };
            (format!("P{} · {}", promise.id, promise.about), when)
        });
        let how = (HOW_TO_CHANGE.to_owned(), String::new());
        let title = if guilds.len() == 1 { "Promises".to_owned() } else { format!("Promises of {}", guild.name) };
        cards.push(Card { title, kind: CardKind::List(rows.chain([how]).collect()), audience });
    }
    Ok(cards)
}
