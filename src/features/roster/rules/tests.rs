//! The rules of the roster, by example and at random.

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn id<T: TryFrom<u64>>(id: u64) -> T {
    T::try_from(id).ok().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1_000)
}

fn rank(role: u64, rank: &str, priority: u16) -> StaffRole {
    StaffRole { role: Some(id(role)), rank: rank.to_owned(), priority, colour: None }
}

fn roster() -> Roster {
    let by_hand = StaffRole { role: None, colour: Some(Colour(0x2e_cc71)), ..rank(1, "Helper", 200) };
    Roster {
        roles: vec![rank(5, "Moderator", 90), rank(6, "Admin", 10), by_hand, rank(7, "Second", 90)],
        ..Roster::default()
    }
}

fn entry() -> Entry {
    Entry {
        id: 1,
        guild: id(10),
        user: Some(id(30)),
        name: "Ada".to_owned(),
        role: None,
        by_hand: true,
        rank: None,
        added_at: at(0),
        leave: None,
        here: Some(true),
        presence: Some(Presence { status: Status::Idle, custom_status: None, activity: Some("Chess".to_owned()) }),
        changed_at: Some(at(7)),
    }
}

fn shown_as(entry: Entry, sight: Sight) -> Staff {
    staff(entry, &roster(), sight, at(100))
}

#[test]
fn the_highest_of_several_roles_counts_and_of_equal_ones_the_first() {
    let counting = |held: &[u64]| {
        let held: Vec<RoleId> = held.iter().map(|role| id(*role)).collect();
        counting_role(&roster(), &held).map(RoleId::get)
    };
    assert_eq!(
        [counting(&[5]), counting(&[5, 6]), counting(&[7, 5]), counting(&[99])],
        [Some(5), Some(6), Some(5), None]
    );
    assert_eq!(counting(&[]), None);
}

#[test]
fn a_rank_that_was_given_goes_before_the_roles() {
    let by_role = shown_as(Entry { role: Some(id(5)), by_hand: false, ..entry() }, Sight::Clear);
    assert_eq!((by_role.rank.as_str(), by_role.priority, by_role.colour), ("Moderator", 90, RANK_COLOUR));
    let given = Entry { role: Some(id(5)), rank: Some("helper".to_owned()), ..entry() };
    let given = shown_as(given, Sight::Clear);
    assert_eq!((given.rank.as_str(), given.priority, given.colour), ("helper", 200, Colour(0x2e_cc71)));
    let unknown = shown_as(Entry { rank: Some("Elder".to_owned()), ..entry() }, Sight::Clear);
    assert_eq!((unknown.rank.as_str(), unknown.priority), ("Elder", PRIORITY_LAST));
    // The role was taken out of the configuration, and nobody has compared yet.
    let gone = shown_as(Entry { role: Some(id(99)), by_hand: false, ..entry() }, Sight::Clear);
    assert_eq!((gone.rank.as_str(), gone.priority), (RANK_UNKNOWN, PRIORITY_LAST));
}

#[test]
fn what_cannot_be_seen_is_unknown_and_says_why() {
    let why = |entry: Entry, sight| match shown_as(entry, sight).shown {
        Shown::Unknown(why) => Some(why),
        Shown::Is(_) => None,
    };
    assert_eq!(why(entry(), Sight::Clear), None);
    assert_eq!(why(entry(), Sight::NoSession), Some(Why::NoSession));
    assert_eq!(why(entry(), Sight::NotGranted), Some(Why::NotGranted));
    assert_eq!(why(entry(), Sight::NotAsked), Some(Why::NotAsked));
    let away = || Entry { here: Some(false), ..entry() };
    assert_eq!(why(away(), Sight::Clear), Some(Why::NotInGuild));
    assert_eq!(why(away(), Sight::NoSession), Some(Why::NoSession), "they may have come back");
    assert_eq!(why(Entry { presence: None, ..entry() }, Sight::Clear), Some(Why::NotTold));
    for sight in [Sight::Clear, Sight::NoSession] {
        assert_eq!(why(Entry { user: None, ..entry() }, sight), Some(Why::NotLinked));
    }
    let seen = shown_as(entry(), Sight::Clear);
    assert_eq!((seen.note(), seen.since()), (Some("Chess"), Some(at(7))));
    let blind = shown_as(entry(), Sight::NoSession);
    assert_eq!((blind.note(), blind.since()), (None, None), "what they did then is not what they do");
}

#[test]
fn a_leave_is_on_until_its_end() {
    let leave = |until: Option<i64>| Leave { from: at(0), until: until.map(at) };
    assert!(leave(None).is_on(at(i64::from(u32::MAX))));
    assert!(leave(Some(100)).is_on(at(99)) && !leave(Some(100)).is_on(at(100)));
    assert!(shown_as(Entry { leave: Some(leave(Some(101))), ..entry() }, Sight::Clear).on_leave);
    assert!(!shown_as(Entry { leave: Some(leave(Some(100))), ..entry() }, Sight::Clear).on_leave);
}

#[test]
fn the_lowest_priority_stands_first_and_equals_stand_by_name() {
    let named =
        |id: i64, name: &str, rank: &str| Entry { id, name: name.to_owned(), rank: Some(rank.to_owned()), ..entry() };
    let entries =
        vec![named(1, "zoe", "Helper"), named(2, "Bert", "Helper"), named(3, "Xu", "Admin"), named(4, "a", "?")];
    let order: Vec<_> = all(entries, &roster(), Sight::Clear, at(0)).iter().map(|staff| staff.entry.id).collect();
    assert_eq!(order, [3, 2, 1, 4]);
}

#[test]
fn who_is_not_answered_asks_less_often() {
    let mut pace = Pace::default();
    let due_after =
        |pace: Pace, asked: i64| (1..10_000).find(|minute| pace.is_due(at(asked + minute * 60), MINUTE * 2));
    assert!(pace.is_due(at(0), MINUTE * 2), "nobody was asked yet");
    let mut waits = Vec::new();
    for _ in 0..7 {
        pace.asked(at(0));
        waits.push(due_after(pace, 0).unwrap());
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 32, 32]);
    pace.answered();
    pace.asked(at(0));
    assert_eq!(due_after(pace, 0), Some(2));
}

proptest! {
    #[test]
    fn nobody_is_said_to_be_there_who_cannot_be_seen(
        here in prop::option::of(any::<bool>()),
        linked in any::<bool>(),
        status in prop::option::of(prop::sample::select(Status::ALL.to_vec())),
        sight in prop::sample::select(vec![Sight::Clear, Sight::NotAsked, Sight::NotGranted, Sight::NoSession]),
    ) {
        let presence = status.map(|status| Presence { status, ..Presence::OFFLINE });
        let entry = Entry { here, presence, user: linked.then(|| id(30)), ..entry() };
        let staff = shown_as(entry, sight);
        let known = sight == Sight::Clear && linked && here != Some(false) && status.is_some();
        prop_assert_eq!(matches!(staff.shown, Shown::Is(_)), known);
        prop_assert!(known || staff.note().is_none() && staff.since().is_none());
    }

    #[test]
    fn the_order_does_not_depend_on_what_came_first(
        names in prop::collection::vec("[a-cA-C]{0,2}", 0..12),
        seed in any::<u64>(),
    ) {
        let named = |(name, id): (&String, i64)| Entry { id, name: name.clone(), ..entry() };
        let entries: Vec<_> = names.iter().zip(1..).map(named).collect();
        let mut shuffled = entries.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        let ids = |entries| {
            let all = all(entries, &roster(), Sight::Clear, at(0));
            all.iter().map(|staff| staff.entry.id).collect::<Vec<_>>()
        };
        prop_assert_eq!(ids(entries), ids(shuffled));
    }
}
