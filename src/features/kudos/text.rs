//! Everything that members read about kudos.

use std::time::Duration;

use super::rules::No;
use super::store::{Gift, Placed, Undone};
use crate::config::Kudos;
use crate::model::text::{count, duration, name, plain, quote};
use crate::model::{Button, Embed, Outgoing, Refusal, Timestamp, UserId};

const COLOUR: u32 = 0xE0_A8_4E;
/// Of a reason, where many stand below each other; all of it is said when it is given.
const REASON_SHOWN_CHARS_MAX: usize = 140;
/// Of a reason in full.
const REASON_CHARS_MAX: usize = 400;
/// Shown for somebody whose name was never seen.
const UNNAMED: &str = "(not seen yet)";

/// What a member was given. Nobody is pinged by it.
pub fn given(giver: UserId, receiver: UserId, amount: i64, reason: Option<&str>, number: i64) -> Outgoing {
    let reason = reason.map_or(String::new(), |reason| format!(": {}", quote(reason, REASON_CHARS_MAX)));
    Outgoing::text(format!("<@{giver}> gives <@{receiver}> **{}**{reason}\n-# K{number}", kudos(amount)))
}

/// A thanks in a message counted.
pub fn counted(giver: UserId, given: &[(i64, UserId)]) -> Outgoing {
    let numbers: Vec<_> = given.iter().map(|(number, _)| format!("K{number}")).collect();
    let receivers: Vec<_> = given.iter().map(|(_, receiver)| format!("<@{receiver}>")).collect();
    let receivers = match receivers.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    };
    Outgoing::text(format!("-# {}: <@{giver}> thanks {receivers}.", numbers.join(", ")))
}

pub fn promise_answer(member: &str) -> String {
    format!("say that the thanks of {member} counted")
}

/// Why something was not given.
pub fn refused(kudos: &Kudos, receiver: UserId, no: No, tomorrow: Timestamp) -> String {
    let left = |left: Duration| duration(left.max(Duration::from_secs(1)));
    let tomorrow = tomorrow.seconds();
    match no {
        No::ToOneself => "Kudos are for others: nobody thanks themselves here.".to_owned(),
        No::ToBot => "That is kind, but bots get no kudos.".to_owned(),
        No::NotHere => format!("As far as I know, <@{receiver}> is not in this server."),
        No::TooYoung(until) => {
            let (days, until) = (kudos.account_age_days, until.seconds());
            format!("Your Discord account is too young: {days} days are asked for. You can give from <t:{until}:f> on.")
        }
        No::Amount(1) => "One can be given at a time: `amount` must be 1.".to_owned(),
        No::Amount(at_most) => format!("`amount` must be a whole number from 1 to {at_most}."),
        No::Again(wait) => {
            format!("You have just thanked <@{receiver}>. You can do it again in {}.", left(wait))
        }
        No::Back(wait) => {
            format!("<@{receiver}> has just thanked you, and straight back is too easy. You can in {}.", left(wait))
        }
        No::Spent(0) => {
            let daily = count(kudos.daily_amount);
            format!("You have given all of your {daily} kudos of today. There are new ones <t:{tomorrow}:R>.")
        }
        No::Spent(rest) => {
            format!("You have {} left to give today. There are new ones <t:{tomorrow}:R>.", self::kudos(rest))
        }
    }
}

/// What somebody was given and gave, the newest first, each with the number that `/undo` takes.
pub fn list(
    user: UserId,
    member: Option<&str>,
    (received, sent): (i64, i64),
    gifts: &[Gift],
    (page, more): (u32, bool),
) -> Result<Outgoing, Refusal> {
    let lines: Vec<_> = gifts.iter().map(|gift| line(user, gift)).collect();
    let sums = format!("**{}** received · **{}** given", count(received), count(sent));
    let mut buttons = Vec::new();
    if page > 1 {
        buttons.push(Button::new("Newer", format!("kudos list {user} {}", page - 1))?);
    }
    if more {
        buttons.push(Button::new("Older", format!("kudos list {user} {}", page + 1))?);
    }
    let description = match (lines.is_empty(), page) {
        (true, 1) => NOTHING_YET.to_owned(),
        (true, _) => "The list ends before this page.".to_owned(),
        (false, _) => format!("{sums}\n{}", lines.join("\n")),
    };
    let embed = Embed {
        title: format!("Kudos of {}", name(member.unwrap_or(UNNAMED))),
        description,
        fields: Vec::new(),
        colour: COLOUR,
        footer: format!("Page {page}"),
    };
    Ok(Outgoing::embed(embed).with_buttons(buttons))
}

fn line(user: UserId, gift: &Gift) -> String {
    let what = if gift.giver == user {
        let to = gift.receiver_name.as_deref().map_or_else(|| format!("<@{}>", gift.receiver), name);
        format!("{} to **{to}**", count(gift.amount))
    } else {
        // A program may also take away.
        let plus = if gift.amount < 0 { "" } else { "+" };
        format!("**{plus}{}** from **{}**", count(gift.amount), name(&gift.giver_name))
    };
    let reason = match (&gift.reason, gift.message, gift.channel) {
        (Some(reason), _, _) => format!(": {}", quote(reason, REASON_SHOWN_CHARS_MAX)),
        (None, Some(message), Some(channel)) if gift.undone.is_none() => {
            format!(", in [a message](https://discord.com/channels/{}/{channel}/{message})", gift.guild)
        }
        _ => String::new(),
    };
    let (number, when) = (gift.id, when(gift.at));
    match gift.undone {
        None => format!("`K{number}` {when} {what}{reason}"),
        Some(undone) => format!("`K{number}` {when} ~~{what}~~{reason} · {}", how(undone)),
    }
}

/// How a gift was taken back.
fn how(undone: Undone) -> String {
    match undone {
        Undone::Deleted(at) => format!("its message was deleted {}", when(at)),
        Undone::By(by, at) => format!("taken back by <@{by}> {}", when(at)),
    }
}

/// Who was given most, and buttons for the other boards.
pub fn board(guild: &str, window: &str, board: &[Placed]) -> Result<Outgoing, Refusal> {
    let line = |placed: &Placed| {
        let shown = name(placed.name.as_deref().unwrap_or(UNNAMED));
        format!("**{}.** {shown} · {}", placed.rank, kudos(placed.amount))
    };
    let lines: Vec<_> = board.iter().map(line).collect();
    let windows = [("all", "All time"), ("month", "This month"), ("week", "This week")];
    let others = windows.iter().filter(|(word, _)| *word != window);
    let buttons = others.map(|(word, label)| Button::new(label, format!("kudos board {word}")));
    let shown = windows.iter().find(|(word, _)| *word == window).map_or("All time", |(_, label)| label);
    let embed = Embed {
        title: format!("Kudos of {} · {}", name(guild), shown.to_lowercase()),
        description: if lines.is_empty() { NOBODY_YET.to_owned() } else { lines.join("\n") },
        fields: Vec::new(),
        colour: COLOUR,
        footer: String::new(),
    };
    Ok(Outgoing::embed(embed).with_buttons(buttons.collect::<Result<Vec<_>, _>>()?))
}

pub fn taken_back(gift: &Gift) -> Outgoing {
    let Gift { id, giver, receiver, amount, .. } = gift;
    Outgoing::text(format!("K{id} is taken back: {} from <@{giver}> to <@{receiver}>.", kudos(*amount)))
}

pub fn no_such_number(number: i64) -> String {
    format!("There is no K{number} here. /kudos list shows the numbers, such as K12.")
}

pub fn undone_before(number: i64, undone: Undone) -> String {
    match undone {
        Undone::Deleted(at) => format!("K{number} went already: its message was deleted {}.", when(at)),
        Undone::By(by, at) => format!("K{number} was taken back already, by <@{by}> {}.", when(at)),
    }
}

pub fn card_title(guild: &str, guilds: usize) -> String {
    if guilds > 1 { format!("{CARD}: {}", plain(guild)) } else { CARD.to_owned() }
}

pub fn card_row(placed: &Placed) -> (String, String) {
    (placed.name.clone().unwrap_or_else(|| UNNAMED.to_owned()), kudos(placed.amount))
}

pub const CARD: &str = "Kudos this week";
pub const BOARD_IS_FOR_MEMBERS: &str = "They are shown to members only: in Discord, /kudos board has them.";
pub const I_THANK_NOBODY: &str = "I thank nobody myself: say in whose name.";
pub const EMPTY_REASON: &str = "`reason` has nothing in it that could be read. Say what it is for, or leave it out.";
pub const GIVEN_BEFORE: &str = "That was given already.";
const NOTHING_YET: &str = "There are none yet. /kudos give thanks somebody.";
const NOBODY_YET: &str = "Nobody was thanked yet. /kudos give is how.";

fn kudos(amount: i64) -> String {
    format!("{} kudos", count(amount))
}

/// A moment, as every reader's own client shows it.
fn when(at: Timestamp) -> String {
    format!("<t:{}:R>", at.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GuildId, MessageId};

    /// Discord's limits for a message and for the description of an embed, in UTF-16 units.
    const CONTENT_UNITS_MAX: usize = 2_000;
    const DESCRIPTION_UNITS_MAX: usize = 4_096;

    fn units(text: &str) -> usize {
        text.encode_utf16().count()
    }

    /// A gift about which everything is as long as it can be.
    fn longest(letter: char, reason: bool) -> Gift {
        let user = UserId::new(i64::MAX as u64).unwrap();
        let name: String = std::iter::repeat_n(letter, 200).collect();
        let at = Timestamp::from_ms(9_999_999_999_999);
        Gift {
            id: 999_999_999,
            guild: GuildId::new(i64::MAX as u64).unwrap(),
            giver: UserId::new(1).unwrap(),
            receiver: user,
            amount: 100,
            reason: reason.then(|| std::iter::repeat_n(letter, 400).collect()),
            giver_name: name.clone(),
            receiver_name: Some(name),
            channel: "9223372036854775807".parse().ok(),
            message: MessageId::new(i64::MAX as u64).ok(),
            at,
            undone: reason.then_some(Undone::By(user, at)),
        }
    }

    #[test]
    fn the_longest_texts_fit_into_a_message() {
        for letter in ['*', '😀', 'x'] {
            for reason in [true, false] {
                let gifts: Vec<Gift> = (0..8).map(|_| longest(letter, reason)).collect();
                let user = gifts[0].receiver;
                let shown =
                    list(user, Some(&gifts[0].giver_name), (i64::MAX, i64::MAX), &gifts, (99_999, true)).unwrap();
                let description = &shown.embeds[0].description;
                assert!(units(description) <= DESCRIPTION_UNITS_MAX, "{}: {description}", units(description));
                assert_eq!(shown.rows[0].len(), 2);
            }
            let gift = longest(letter, true);
            let said = given(gift.giver, gift.receiver, gift.amount, gift.reason.as_deref(), gift.id).content;
            assert!(units(&said) <= CONTENT_UNITS_MAX, "{}", units(&said));
        }
    }

    #[test]
    fn a_thanks_of_several_is_said_in_one_line() {
        let user = |id: u64| UserId::new(id).unwrap();
        let said = |given: &[(i64, UserId)]| counted(user(9), given).content;
        assert_eq!(said(&[(1, user(5))]), "-# K1: <@9> thanks <@5>.");
        assert_eq!(said(&[(1, user(5)), (2, user(6))]), "-# K1, K2: <@9> thanks <@5> and <@6>.");
        let three = [(1, user(5)), (2, user(6)), (3, user(7))];
        assert_eq!(said(&three), "-# K1, K2, K3: <@9> thanks <@5>, <@6> and <@7>.");
    }

    #[test]
    fn what_is_unknown_has_words_and_one_guild_of_several_its_name() {
        let placed = Placed { rank: 1, user: UserId::new(5).unwrap(), name: None, amount: 1_234 };
        assert_eq!(card_row(&placed), (UNNAMED.to_owned(), "1,234 kudos".to_owned()));
        assert_eq!((card_title("Inn", 1), card_title("Inn", 2)), (CARD.to_owned(), format!("{CARD}: Inn")));
        let gift = Gift { receiver_name: None, reason: None, message: None, undone: None, ..longest('x', true) };
        assert!(line(gift.giver, &gift).ends_with(" 100 to **<@9223372036854775807>**"));
    }
}
