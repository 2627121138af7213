//! The rules by example, and their caps under whatever people try.

use proptest::prelude::*;

use super::*;
use crate::model::{Author, GuildId};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

const LIMITS: Limits =
    Limits { cooldown: HOUR, back: HOUR, daily_amount: 10, amount_max: 5, account_age: DAY.saturating_mul(7) };

/// 2026-09-21T14:13:20Z.
fn noon() -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000)
}

fn later(wait: Duration) -> Timestamp {
    noon().plus(wait)
}

fn ago(wait: Duration) -> Timestamp {
    Timestamp::from_ms(noon().ms() - wait.as_millis() as i64)
}

/// An account that was made then.
fn account(born: Timestamp, number: u64) -> UserId {
    UserId::new(born.snowflake() + number).unwrap()
}

fn user(number: u64) -> UserId {
    account(ago(DAY * 400), number)
}

fn offer(amount: i64) -> Offer {
    Offer { giver: user(1), receiver: user(2), to_bot: false, present: true, amount, at: noon() }
}

#[test]
fn what_is_refused_and_why() {
    let judge = |offer: Offer, before: Before| judge(&LIMITS, &offer, &before);
    let none = Before::default();
    assert_eq!(judge(offer(1), none), Ok(()));
    assert_eq!(judge(Offer { receiver: user(1), ..offer(1) }, none), Err(No::ToOneself));
    assert_eq!(judge(Offer { to_bot: true, ..offer(1) }, none), Err(No::ToBot));
    assert_eq!(judge(Offer { present: false, ..offer(1) }, none), Err(No::NotHere));
    for amount in [i64::MIN, -1, 0, 6, i64::MAX] {
        assert_eq!(judge(offer(amount), none), Err(No::Amount(5)), "{amount}");
    }
    let young = account(ago(DAY * 6), 1);
    assert_eq!(judge(Offer { giver: young, ..offer(1) }, none), Err(No::TooYoung(later(DAY))));
    assert_eq!(judge(Offer { giver: young, at: later(DAY), ..offer(1) }, none), Ok(()));
}

#[test]
fn waits_end_to_the_second() {
    let judged = |before: Before| judge(&LIMITS, &offer(1), &before);
    let given = |wait| Before { last: Some(ago(wait)), ..Before::default() };
    let received = |wait| Before { last_back: Some(ago(wait)), ..Before::default() };
    assert_eq!(judged(given(Duration::ZERO)), Err(No::Again(HOUR)));
    assert_eq!(judged(given(MINUTE * 8)), Err(No::Again(MINUTE * 52)));
    assert_eq!(judged(given(HOUR)), Ok(()));
    assert_eq!(judged(received(MINUTE * 59)), Err(No::Back(MINUTE)));
    assert_eq!(judged(received(HOUR)), Ok(()));
    let free = Limits { cooldown: Duration::ZERO, back: Duration::ZERO, ..LIMITS };
    let both = Before { last: Some(noon()), last_back: Some(noon()), given_today: 0 };
    assert_eq!(judge(&free, &offer(1), &both), Ok(()), "0 is no wait");
    // What came later than this message, by a clock that went back, holds it up no longer than anything else.
    assert_eq!(judged(Before { last: Some(later(HOUR)), ..Before::default() }), Err(No::Again(HOUR)));
}

#[test]
fn the_day_has_so_much_and_no_more() {
    let judged = |amount, given_today| judge(&LIMITS, &offer(amount), &Before { given_today, ..Before::default() });
    assert_eq!(judged(5, 5), Ok(()));
    assert_eq!(judged(5, 6), Err(No::Spent(4)));
    assert_eq!(judged(1, 10), Err(No::Spent(0)));
    assert_eq!(judged(1, 99), Err(No::Spent(0)), "the allowance was larger this morning");
}

#[test]
fn a_reason_is_one_line_of_what_can_be_seen() {
    assert_eq!(reason("  for the\n\tsoup  ").as_deref(), Some("for the soup"));
    assert_eq!(reason("a\u{200b}\u{202e}b").as_deref(), Some("ab"));
    for nothing in ["", " \n ", "\u{200b}\u{2060}", "\0"] {
        assert_eq!(reason(nothing), None, "{nothing:?}");
    }
}

fn thanks(text: &str) -> bool {
    says_thanks(text, &["thanks", "thank you", "ty", "Süßen Dank"].map(str::to_owned))
}

#[test]
fn whole_words_in_whatever_case_are_a_thanks() {
    for text in [
        "thanks",
        "Thanks!",
        "that worked, THANK\n you so much",
        "ty <@5>",
        "(thanks)",
        "__thanks__ 'thanks' thanks…",
        "süßen   dank",
        "ah, thanks—again",
        "`code` thanks",
        "> quoted\nthanks",
        "a ` alone, thanks",
        "<@5>thanks",
        "1<2 thanks",
    ] {
        assert!(thanks(text), "{text:?}");
    }
}

#[test]
fn other_words_code_quotes_links_and_markup_are_none() {
    for text in [
        "",
        "thanksgiving",
        "party, ty-dye, ty's",
        "thank goodness, you",
        "thank me, you will",
        "`thanks`",
        "``a ` thanks``",
        "```\nthanks\n```",
        "```rust\nlet thanks = `ty`;\n```",
        "> thanks",
        "well\n> thanks\nno",
        "well\n>>> so\nthanks",
        "https://example.org/thanks/ty",
        "<:thanks:123456>",
        "<a:ty:1>",
        "dank",
    ] {
        assert!(!thanks(text), "{text:?}");
    }
    assert!(!says_thanks("anything", &[]) && !says_thanks("a !! b", &["!!".to_owned()]));
}

fn mentioned(number: u64, bot: bool) -> Seen {
    Seen { id: user(number), name: number.to_string(), bot, roles: Some(Vec::new()) }
}

fn message(replied_to: Option<Seen>, mentions: Vec<Seen>) -> Message {
    Message {
        id: "1".parse().unwrap(),
        guild: GuildId::new(2).unwrap(),
        channel: "3".parse().unwrap(),
        author: Author { id: user(1), name: "1".to_owned(), avatar: None, bot: false },
        roles: Vec::new(),
        mentions,
        replied_to,
        content: String::new(),
        kind: 19,
        used: None,
    }
}

#[test]
fn a_thanks_is_for_those_whom_it_answers_and_mentions_three_at_most() {
    let of = |message: &Message| thanked(message).iter().map(|person| person.name.clone()).collect::<Vec<_>>();
    assert!(of(&message(None, Vec::new())).is_empty());
    let away = Seen { roles: None, ..mentioned(2, false) };
    let both = message(Some(away.clone()), vec![mentioned(4, false), mentioned(2, false)]);
    assert_eq!(of(&both), ["2", "4"]);
    assert!(thanked(&both)[0].is_here(), "the mention tells more than the reply");
    assert_eq!(of(&message(Some(away), Vec::new())), ["2"]);
    let odd = vec![mentioned(1, false), mentioned(9, true), mentioned(3, false), mentioned(3, false)];
    assert_eq!(of(&message(Some(mentioned(1, false)), odd)), ["3"], "neither oneself nor bots, and nobody twice");
    let crowd = (2..9).map(|number| mentioned(number, number == 2)).collect();
    assert_eq!(of(&message(None, crowd)), ["3", "4", "5"]);
}

/// Everything that was given, as a list.
#[derive(Default)]
struct Book(Vec<Offer>);

impl Book {
    /// Days begin at noon here.
    fn day(at: Timestamp) -> u64 {
        at.since(noon()).as_secs() / DAY.as_secs()
    }

    fn tries(&mut self, limits: &Limits, offer: Offer) -> Result<(), No> {
        let last = |from: UserId, to: UserId| {
            self.0.iter().filter(|gift| (gift.giver, gift.receiver) == (from, to)).map(|gift| gift.at).max()
        };
        let today = self.0.iter().filter(|gift| gift.giver == offer.giver && Self::day(gift.at) == Self::day(offer.at));
        let before = Before {
            last: last(offer.giver, offer.receiver),
            last_back: last(offer.receiver, offer.giver),
            given_today: today.map(|gift| gift.amount).sum(),
        };
        judge(limits, &offer, &before).map(|()| self.0.push(offer))
    }

    /// What must hold of everything that was given.
    fn check(&self, limits: &Limits) -> Result<(), TestCaseError> {
        for (nth, gift) in self.0.iter().enumerate() {
            prop_assert!(gift.giver != gift.receiver && (1..=limits.amount_max).contains(&gift.amount));
            let by_them = |other: &&Offer| other.giver == gift.giver && Self::day(other.at) == Self::day(gift.at);
            let given: i64 = self.0.iter().filter(by_them).map(|other| other.amount).sum();
            prop_assert!(given <= limits.daily_amount, "{given} on a day");
            for earlier in &self.0[..nth] {
                let apart = gift.at.since(earlier.at);
                let pair = (gift.giver, gift.receiver);
                prop_assert!(pair != (earlier.giver, earlier.receiver) || apart >= limits.cooldown);
                prop_assert!(pair != (earlier.receiver, earlier.giver) || apart >= limits.back, "straight back");
            }
        }
        Ok(())
    }
}

fn any_limits() -> impl Strategy<Value = Limits> {
    (0_u64..7_200, 0_u64..7_200, 1_i64..20, 1_i64..8).prop_map(|(cooldown, back, daily_amount, amount_max)| Limits {
        cooldown: Duration::from_secs(cooldown),
        back: Duration::from_secs(back),
        daily_amount,
        amount_max,
        account_age: DAY * 7,
    })
}

proptest! {
    /// Four people give whomever whatever at any time: every cap holds.
    #[test]
    fn caps_hold_whatever_people_try(
        limits in any_limits(),
        tries in prop::collection::vec((1_u64..5, 1_u64..5, -2_i64..10, 0_u64..5_000), 1..150),
    ) {
        let (mut book, mut at) = (Book::default(), noon());
        for (giver, receiver, amount, pause) in tries {
            at = at.plus(Duration::from_secs(pause));
            let (giver, receiver) = (user(giver), user(receiver));
            let _ = book.tries(&limits, Offer { giver, receiver, to_bot: false, present: true, amount, at });
        }
        book.check(&limits)?;
    }

    /// A ring hands kudos round as fast as it can: nobody comes by more on a day than one member can give on one.
    #[test]
    fn a_ring_of_up_to_six_makes_nobody_rich(limits in any_limits(), size in 2_u64..=6, pause in 1_u64..600) {
        let (mut book, mut at) = (Book::default(), noon());
        while Book::day(at) == 0 {
            for member in 0..size {
                let (giver, receiver) = (user(member), user((member + 1) % size));
                let offer = Offer { giver, receiver, to_bot: false, present: true, amount: limits.amount_max, at };
                let _ = book.tries(&limits, offer);
            }
            at = at.plus(Duration::from_secs(pause));
        }
        book.check(&limits)?;
        for member in 0..size {
            let received = book.0.iter().filter(|gift| gift.receiver == user(member));
            let received: i64 = received.map(|gift| gift.amount).sum();
            prop_assert!(received <= limits.daily_amount, "{received} of a ring of {size}");
        }
    }

    /// Two people thank each other by turns: between a gift and one in the other direction lies the window.
    #[test]
    fn thanking_back_waits_for_the_window(back in 1_u64..7_200, pause in 1_u64..1_000) {
        let back = Duration::from_secs(back);
        let limits = Limits { cooldown: Duration::ZERO, back, daily_amount: 1_000, ..LIMITS };
        let mut book = Book::default();
        for nth in 0..60 {
            let (giver, receiver) = if nth % 2 == 0 { (user(1), user(2)) } else { (user(2), user(1)) };
            let at = later(Duration::from_secs(pause * nth));
            let told = book.tries(&limits, Offer { giver, receiver, to_bot: false, present: true, amount: 1, at });
            prop_assert!(matches!(told, Ok(()) | Err(No::Back(_))), "{told:?}");
        }
        book.check(&limits)?;
    }

    #[test]
    fn no_text_is_too_odd_to_be_looked_at(text in "[`> <@:/a-ty'\\-\\n]{0,60}|\\PC{0,60}") {
        let _ = thanks(&text);
        let after = format!("thanks {}", text.replace(['`', '<', '>', ':', '-', '_', '\'', '’'], " "));
        prop_assert!(thanks(&after));
    }
}
