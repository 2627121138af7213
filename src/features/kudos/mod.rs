//! Kudos: members thank each other, by command or, where that is switched on, in their own words. Every gift is a row
//! that can be asked about and taken back; boards and sums follow from the rows that stand.

pub mod api;
mod commands;
pub mod recorded;
pub mod rules;
pub mod store;
mod text;

use std::sync::Arc;
use std::time::Duration;

use super::{Feature, Undoes};
use crate::config::{Audience, Config};
use crate::cx::{Cx, Promised};
use crate::model::{
    ChannelId, Effect, Event, Guild, GuildId, Message, MessageId, Need, Result, Seen, Timestamp, UserId,
};
use crate::status::{Card, CardKind};
use crate::store::Reader;
use crate::store::personal::{Column, Forget, Personal};
use rules::{Limits, No, Offer};
use store::NewGift;

pub(super) static FEATURE: Feature = Feature {
    name: "kudos",
    is_on: |config| config.kudos.enabled,
    needs,
    commands: commands::COMMANDS,
    undoes: &[Undoes { letter: 'K', undo: commands::take_back }],
    start: None,
    observe,
    card: Some(card),
    verify: Some(verify),
    portrait: None,
    personal: PERSONAL,
};

const PERSONAL: &[Personal] = &[Personal::otherwise(
    "kudos",
    "kudos that you gave and were given",
    &[Column::Id("giver"), Column::Id("receiver"), Column::Id("undone_by")],
    Forget::By(
        store::forget,
        "what you were given goes; what you gave stays with whom you gave it to, without your name and words",
    ),
)];

/// Members shown on the page.
const CARD_ROWS: u32 = 10;
/// Guilds with a board on the page.
const CARDS_MAX: usize = 5;
const WRONG_SHOWN_MAX: u32 = 5;
const DAY: Duration = Duration::from_secs(86_400);

fn needs(config: &Config) -> &'static [Need] {
    // Who leaves disappears from the board, and what came with a message goes with it.
    let all = &[Need::Members, Need::Messages, Need::MessageContent];
    if config.kudos.thanks { all } else { &all[..2] }
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::MessageSent(message) if cx.config.kudos.thanks => on_message(cx, message),
        Event::MessagesDeleted { guild, messages, .. } => {
            for message in messages {
                if store::save_deleted(cx.tx, *guild, *message, cx.now)? {
                    cx.tx.hurry();
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A thanks in a message counts for those whom the rules allow, and is not spoken of for the others.
fn on_message(cx: &mut Cx<'_>, message: &Message) -> Result<()> {
    let thanked = rules::thanked(message);
    let is_talk = message.is_from_person() && !cx.is_command;
    if !is_talk || thanked.is_empty() || !rules::says_thanks(&message.content, &cx.config.kudos.thanks_words) {
        return Ok(());
    }
    let mut given = Vec::new();
    for person in thanked {
        let giving = Giving {
            guild: message.guild,
            giver: message.author.id,
            giver_name: &message.author.name,
            receiver: person.id,
            told: Some(person),
            amount: 1,
            reason: None,
            channel: Some(message.channel),
            message: Some(message.id),
            at: message.id.time(),
        };
        if let Verdict::Given(number) = give(cx, &giving)? {
            given.push((number, person.id));
        }
    }
    if given.is_empty() || !cx.config.kudos.thanks_answer {
        return Ok(());
    }
    cx.promise(Promised {
        action: "thanks",
        target: None,
        guild: Some(message.guild),
        about: text::promise_answer(&message.author.name),
        effect: Effect::SendMessage {
            channel: message.channel,
            message: text::counted(message.author.id, &given),
            reply_to: Some(message.id),
        },
        due_at: cx.now,
        tells: None,
    })
}

/// Somebody gives, as a command or a message brings it.
struct Giving<'a> {
    guild: GuildId,
    giver: UserId,
    giver_name: &'a str,
    receiver: UserId,
    /// What Discord told of the receiver along with it.
    told: Option<&'a Seen>,
    amount: i64,
    reason: Option<&'a str>,
    channel: Option<ChannelId>,
    message: Option<MessageId>,
    at: Timestamp,
}

/// What became of it.
enum Verdict {
    /// It is a gift, with this number.
    Given(i64),
    /// It came before, and what became of it then stands.
    Known,
    Refused(No),
}

/// Makes a gift of it, if the rules allow.
fn give(cx: &mut Cx<'_>, giving: &Giving<'_>) -> Result<Verdict> {
    let Giving { guild, giver, receiver, told, amount, at, .. } = *giving;
    let source = cx.source.id();
    if store::is_known(cx.tx.read(), source, receiver)? {
        return Ok(Verdict::Known);
    }
    let seen = store::find_member(cx.tx.read(), guild, receiver)?;
    let (seen_name, seen_here) = seen.map_or((None, false), |(name, here)| (Some(name), here));
    let offer = Offer {
        giver,
        receiver,
        to_bot: cx.me == Some(receiver) || told.is_some_and(|told| told.bot),
        present: told.is_some_and(Seen::is_here) || seen_here,
        amount,
        at,
    };
    let zone = &cx.config.discord.timezone;
    let today = zone.day(at);
    let day = (zone.begin_of(today), zone.begin_of(today.plus(1)));
    let before = store::load_before(cx.tx.read(), guild, (giver, receiver), day)?;
    if let Err(no) = rules::judge(&limits(cx.config), &offer, &before) {
        return Ok(Verdict::Refused(no));
    }
    let number = store::insert(
        cx.tx,
        &NewGift {
            guild,
            giver,
            receiver,
            amount,
            reason: giving.reason,
            giver_name: giving.giver_name,
            receiver_name: told.map(|told| told.name.as_str()).or(seen_name.as_deref()),
            source,
            channel: giving.channel,
            message: giving.message,
            at,
        },
    )?;
    let name = told.map(|told| told.name.clone()).or(seen_name).unwrap_or_default();
    let (reason, channel) = (giving.reason.unwrap_or_default().to_owned(), giving.channel);
    cx.emit(Event::KudosGiven { guild, number, giver, receiver, name, amount, reason, channel });
    Ok(Verdict::Given(number))
}

fn limits(config: &Config) -> Limits {
    let kudos = &config.kudos;
    Limits {
        cooldown: Duration::from_secs(kudos.cooldown_seconds.into()),
        back: Duration::from_secs(kudos.back_seconds.into()),
        daily_amount: kudos.daily_amount,
        amount_max: kudos.amount_max,
        account_age: DAY * kudos.account_age_days,
    }
}

/// The board of the week, for those who may see boards; a week without kudos has none.
fn card(reader: &Reader, config: &Config, guilds: &[Arc<Guild>], now: Timestamp) -> Result<Vec<Card>> {
    let audience = config.http.visibility.leaderboard;
    if audience != Audience::Public {
        let kind = CardKind::Text(text::BOARD_IS_FOR_MEMBERS.to_owned());
        let note = Card { title: text::CARD.to_owned(), kind, audience: Audience::Public };
        return Ok(if audience == Audience::Members { vec![note] } else { Vec::new() });
    }
    let zone = &config.discord.timezone;
    let monday = Some(zone.begin_of(zone.day(now).first_of_week()));
    let mut cards = Vec::new();
    for guild in guilds.iter().take(CARDS_MAX) {
        let board = store::list_top(reader, guild.id, monday, CARD_ROWS)?;
        if !board.is_empty() {
            let kind = CardKind::List(board.iter().map(text::card_row).collect());
            cards.push(Card { title: text::card_title(&guild.name, guilds.len()), kind, audience });
        }
    }
    Ok(cards)
}

/// Nobody thanks themselves, and what was taken back says how.
fn verify(reader: &Reader) -> Result<Vec<String>> {
    let wrong = store::list_wrong(reader, WRONG_SHOWN_MAX)?;
    Ok(wrong.into_iter().map(|number| format!("K{number} is no gift that can have been made")).collect())
}
