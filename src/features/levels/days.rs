//! Civil days: the bonus for the first earning act of a day, and streaks of days in a row. Pure: which day it is, and
//! whether the bot was away on one, are arguments.

pub use super::rules::Streak;
use crate::config::Levels;
use crate::model::Day;

/// A streak ends with a longer gap, whatever excuses its days.
const GAP_DAYS_MAX: i64 = 366;

/// What the first earning act of a day brings on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Morning {
    pub after: Streak,
    /// XP for the day; 0 where that is switched off.
    pub daily: i64,
    /// XP for the streak; 0 on its first day and where that is switched off.
    pub streak: i64,
}

/// An earning act on this day: what it brings on top if it is the day's first, and nothing otherwise. An act on a day
/// before the last one comes late and changes nothing.
///
/// A missed day neither counts nor breaks the streak if it is excused, or one of so many as the configuration forgives.
pub fn wake(before: Streak, today: Day, levels: &Levels, is_excused: impl Fn(Day) -> bool) -> Option<Morning> {
    let days = match before.day {
        Some(last) if today <= last => return None,
        Some(last) if goes_on(last, today, levels.streak_grace_days, is_excused) => before.days.saturating_add(1),
        _ => 1,
    };
    let paid_days = if days >= 2 { days.min(levels.streak_cap) } else { 0 };
    let streak = levels.streak_bonus.saturating_mul(i64::from(paid_days));
    Some(Morning { after: Streak { day: Some(today), days }, daily: levels.daily_bonus, streak })
}

/// Whether a streak whose last day was `last` still runs on `today`, be it with an earning act or without one so far.
pub fn goes_on(last: Day, today: Day, grace_days: u32, is_excused: impl Fn(Day) -> bool) -> bool {
    let gap = today.number() - last.number();
    if gap > GAP_DAYS_MAX {
        return false;
    }
    let missed = (1..gap).filter(|nth| !is_excused(last.plus(*nth)));
    missed.take(grace_days as usize + 1).count() <= grace_days as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, Zone};
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// Each case goes through all of some six hundred zones.
    const CASES_OF_ALL_ZONES: u32 = 24;

    /// What a member gets who earns on these days, and the streak at the end.
    fn live(days: &[i64], excused: &[i64], levels: &Levels) -> (Vec<(i64, i64)>, Streak) {
        let mut streak = Streak::default();
        let mut paid = Vec::new();
        for day in days {
            let morning = wake(streak, Day::new(*day), levels, |day| excused.contains(&day.number()));
            if let Some(morning) = morning {
                paid.push((morning.daily, morning.streak));
                streak = morning.after;
            }
        }
        (paid, streak)
    }

    #[test]
    fn a_streak_pays_from_its_second_day_up_to_the_cap() {
        let (paid, streak) = live(&(1..=12).collect::<Vec<_>>(), &[], &Levels::default());
        let expected = [0, 20, 30, 40, 50, 60, 70, 80, 90, 100, 100, 100];
        assert_eq!(paid, expected.map(|streak| (50, streak)));
        assert_eq!((streak.day.map(Day::number), streak.days), (Some(12), 12));
    }

    #[test]
    fn only_the_first_act_of_a_day_pays_and_a_late_one_changes_nothing() {
        let (paid, streak) = live(&[5, 5, 6, 5, 4, 6], &[], &Levels::default());
        assert_eq!((paid, streak.days), (vec![(50, 0), (50, 20)], 2));
    }

    #[test]
    fn a_grace_day_neither_counts_nor_breaks_and_a_second_one_breaks() {
        let levels = Levels::default();
        assert_eq!(live(&[1, 3], &[], &levels).1.days, 2);
        assert_eq!(live(&[1, 3, 5], &[], &levels).1.days, 3);
        assert_eq!(live(&[1, 4], &[], &levels).1.days, 1);
        let strict = Levels { streak_grace_days: 0, ..Levels::default() };
        assert_eq!(live(&[1, 3], &[], &strict).1.days, 1);
    }

    #[test]
    fn days_on_which_the_bot_was_away_never_break_a_streak() {
        let levels = Levels::default();
        assert_eq!(live(&[1, 9], &[2, 3, 4, 5, 6, 7, 8], &levels).1.days, 2);
        assert_eq!(live(&[1, 9], &[2, 3, 4, 6, 7, 8], &levels).1.days, 2);
        assert_eq!(live(&[1, 9], &[2, 3, 4, 6, 7], &levels).1.days, 1);
        let away: Vec<_> = (0..1_000).collect();
        assert_eq!((live(&[1, 367], &away, &levels).1.days, live(&[1, 368], &away, &levels).1.days), (2, 1));
    }

    #[test]
    fn zero_switches_either_off() {
        let levels = Levels { daily_bonus: 0, streak_bonus: 0, ..Levels::default() };
        assert_eq!(live(&[1, 2], &[], &levels), (vec![(0, 0); 2], Streak { day: Some(Day::new(2)), days: 2 }));
    }

    proptest! {
        /// Whatever the days, a plain walk over the calendar comes to the same streak.
        #[test]
        fn streaks_agree_with_a_walk_over_the_calendar(
            mut acts in prop::collection::vec(0_i64..60, 1..60),
            excused in prop::collection::vec(0_i64..60, 0..30),
            grace in 0_u32..4,
        ) {
            let levels = Levels { streak_grace_days: grace, ..Levels::default() };
            let (_, streak) = live(&acts, &excused, &levels);
            // Late acts count for nothing, so only days that were the newest so far are left.
            let mut newest = -1;
            acts.retain(|day| {
                let is_newest = *day > newest;
                newest = newest.max(*day);
                is_newest
            });
            let (mut days, mut missed) = (0, 0);
            for day in 0..=newest {
                match acts.contains(&day) {
                    true if missed <= grace => (days, missed) = (days + 1, 0),
                    true => (days, missed) = (1, 0),
                    false if days > 0 && !excused.contains(&day) => missed += 1,
                    false => {}
                }
            }
            prop_assert_eq!(streak.days, days);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES_OF_ALL_ZONES))]

        /// In every zone and over every change of its clocks, a civil day is paid at most once, and an act on the
        /// newest day so far is paid.
        #[test]
        fn the_daily_bonus_comes_once_per_civil_day(
            start_hour in 394_464_i64..600_000,
            steps_minutes in prop::collection::vec(0_i64..2_000, 1..20),
        ) {
            let levels = Levels::default();
            for name in Zone::names() {
                let zone: Zone = name.parse().unwrap();
                let (mut streak, mut paid) = (Streak::default(), HashSet::new());
                let mut at = start_hour * 3_600_000;
                for step in &steps_minutes {
                    at += step * 60_000;
                    let today = zone.day(Timestamp::from_ms(at));
                    let is_newest = streak.day.is_none_or(|last| today > last);
                    let morning = wake(streak, today, &levels, |_| false);
                    prop_assert_eq!(morning.is_some(), is_newest, "{}", name);
                    if let Some(morning) = morning {
                        prop_assert!(paid.insert(today), "{}", name);
                        streak = morning.after;
                    }
                }
            }
        }
    }

    /// Every third hour of 400 days, in zones whose clocks change in the strangest ways.
    #[test]
    fn no_change_of_the_clocks_pays_a_day_twice_or_leaves_one_out() {
        let zones = [
            "Europe/Berlin",
            "America/Havana",
            "Asia/Beirut",
            "America/Scoresbysund",
            "Africa/Casablanca",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "America/St_Johns",
            "Africa/Cairo",
            "America/Asuncion",
        ];
        for name in zones {
            let zone: Zone = name.parse().unwrap();
            let mut streak = Streak::default();
            let mut paid = 0;
            for nth in 0..400 * 8 {
                let today = zone.day(Timestamp::from_ms(1_704_067_200_000 + nth * 3 * 3_600_000));
                if let Some(morning) = wake(streak, today, &Levels::default(), |_| false) {
                    (streak, paid) = (morning.after, paid + 1);
                }
            }
            assert_eq!(streak.days, paid, "{name}: a day was left out");
            assert!((400..=401).contains(&paid), "{name}: {paid}");
        }
    }
}
