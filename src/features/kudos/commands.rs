//! `/kudos give`, `/kudos list` and `/kudos board`, and what `/undo` does with a gift.

use super::store::Gift;
use super::{Giving, Verdict, give, rules, store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::config::KUDOS_AMOUNT_MAX;
use crate::cx::Cx;
use crate::model::{Refusal, Result, UserId};

pub const COMMANDS: &[&Command] = &[&GIVE, &LIST, &BOARD];

const CATEGORY: &str = "Kudos";
/// The longest reason.
const REASON_CHARS_MAX: u16 = 400;
const PAGE_ROWS: u32 = 8;
const PAGES_MAX: i64 = 100_000;
const BOARD_ROWS: u32 = 10;

static WHOM: Opt<UserId> = Opt::user("member", "Whom to thank").required();
static AMOUNT: Opt<i64> = Opt::whole("amount", "How many kudos; one without it", 1..=KUDOS_AMOUNT_MAX);
static REASON: Opt<String> = Opt::text("reason", "What for", REASON_CHARS_MAX);
static WHOSE: Opt<UserId> = Opt::user("member", "Whose kudos; your own without it");
static PAGE: Opt<i64> = Opt::whole("page", "Which page, from 1", 1..=PAGES_MAX);
static WINDOW: Opt<String> = Opt::choice("window", "Given when", &["all", "month", "week"]);
static OF_GIVE: [&dyn Declared; 3] = [&WHOM, &AMOUNT, &REASON];
static OF_LIST: [&dyn Declared; 2] = [&WHOSE, &PAGE];
static OF_BOARD: [&dyn Declared; 1] = [&WINDOW];

static GIVE: Command =
    quick(Command::open("kudos give", "Thanks a member, and keeps it", CATEGORY, &OF_GIVE, plan_gift));
static LIST: Command = Command {
    aliases: &["kudos"],
    ..quick(Command::open("kudos list", "Lists the kudos of a member, received and given", CATEGORY, &OF_LIST, list))
};
static BOARD: Command =
    quick(Command::open("kudos board", "Shows who was given the most kudos", CATEGORY, &OF_BOARD, board));

/// Without the usual cooldown: one thanks several people, or goes through pages by buttons, one after the other. How
/// much is given is limited by the rules.
const fn quick(command: Command) -> Command {
    Command { cooldown_seconds: 0, ..command }
}

fn plan_gift(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    if Some(actor.user) == cx.me {
        // A program with a key that acts in nobody's name.
        return Err(Refusal::new(text::I_THANK_NOBODY).into());
    }
    let (guild, receiver) = (cx.guild()?, args.load(&WHOM)?);
    let reason = match args.find(&REASON) {
        Some(given) => Some(rules::reason(&given).ok_or_else(|| Refusal::new(text::EMPTY_REASON))?),
        None => None,
    };
    let giving = Giving {
        guild,
        giver: actor.user,
        giver_name: &actor.name,
        receiver,
        told: args.find_person(receiver),
        amount: args.find(&AMOUNT).unwrap_or(1),
        reason: reason.as_deref(),
        channel: cx.channel,
        message: cx.message,
        at: cx.message.map_or(cx.now, |message| message.time()),
    };
    match give(cx, &giving)? {
        Verdict::Given(number) => {
            let mut answer = text::given(actor.user, receiver, giving.amount, giving.reason, number);
            if cx.config.kudos.ping {
                answer.mentions.users.push(receiver);
            }
            Ok(Plan::reply(answer))
        }
        Verdict::Known => Err(Refusal::new(text::GIVEN_BEFORE).into()),
        Verdict::Refused(no) => {
            let zone = &cx.config.discord.timezone;
            let tomorrow = zone.begin_of(zone.day(giving.at).plus(1));
            Err(Refusal::new(text::refused(&cx.config.kudos, receiver, no, tomorrow)).into())
        }
    }
}

fn list(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let user = args.find(&WHOSE).unwrap_or(actor.user);
    let page = args.find(&PAGE).and_then(|page| u32::try_from(page).ok()).unwrap_or(1);
    // One more than is shown tells whether there is another page.
    let mut gifts = store::list_of(cx.tx.read(), guild, user, (page - 1) * PAGE_ROWS, PAGE_ROWS + 1)?;
    let more = gifts.len() > PAGE_ROWS as usize;
    gifts.truncate(PAGE_ROWS as usize);
    let name = match store::find_member(cx.tx.read(), guild, user)? {
        Some((name, _)) if !name.is_empty() => Some(name),
        _ if user == actor.user => Some(actor.name.clone()),
        _ => args.find_person(user).map(|person| person.name.clone()).or_else(|| name_in(&gifts, user)),
    };
    let totals = store::count_of(cx.tx.read(), guild, user)?;
    Ok(Plan::reply(text::list(user, name.as_deref(), totals, &gifts, (page, more))?))
}

/// By which name somebody went when they last gave or received.
fn name_in(gifts: &[Gift], user: UserId) -> Option<String> {
    gifts.iter().find_map(|gift| match user == gift.giver {
        true => Some(gift.giver_name.clone()),
        false => gift.receiver_name.clone(),
    })
}

fn board(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let window = args.find(&WINDOW).unwrap_or_else(|| "all".to_owned());
    let from = rules::begin_of(&window, &cx.config.discord.timezone, cx.now);
    let board = store::list_top(cx.tx.read(), guild, from, BOARD_ROWS)?;
    let found = cx.guilds.find(guild);
    let name = found.as_ref().map_or("this server", |guild| &guild.name);
    Ok(Plan::reply(text::board(name, &window, &board)?))
}

/// Takes back a gift.
pub fn take_back(cx: &mut Cx<'_>, actor: &Actor, number: i64) -> Result<Plan> {
    let guild = cx.guild()?;
    let gift = store::find(cx.tx.read(), guild, number)?;
    let gift = gift.ok_or_else(|| Refusal::new(text::no_such_number(number)))?;
    if let Some(undone) = gift.undone {
        return Err(Refusal::new(text::undone_before(number, undone)).into());
    }
    store::save_undone(cx.tx, number, actor.user, cx.now)?;
    Ok(Plan::reply(text::taken_back(&gift)))
}
