//! Time zones and the civil days in them: on which day of the community something happened.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Timestamp;

const MS_PER_SECOND: i64 = 1_000;
const SECONDS_PER_DAY: i64 = 86_400;
const WEEK_DAYS: i64 = 7;
/// 1970-01-01 was a Thursday: so many days after a Monday.
const THURSDAY: i64 = 3;
/// Civil days end here, some five thousand years from now.
const DAY_MAX: i32 = 2_000_000;
/// How alike a known name must be to be suggested, from 0 to 1.
const SUGGEST_LIKENESS_MIN: f64 = 0.6;

/// A time zone with its name in the IANA database, which is part of the binary.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

/// A civil day, as days since 1970-01-01: what the calendar on the wall says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAZone {
    nearest: Option<String>,
}

impl fmt::Display for NotAZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.nearest {
            Some(name) => write!(f, "there is no such time zone; did you mean \"{name}\"?"),
            None => f.write_str("there is no such time zone; names are as in \"Europe/Berlin\" or \"UTC\""),
        }
    }
}

impl std::error::Error for NotAZone {}

impl Zone {
    /// The zone's name: `Europe/Berlin`.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = String> {
        jiff::tz::db().available().map(|name| name.as_str().to_owned())
    }

    /// The civil day of a moment. It can fall while time goes on: where clocks are set back over midnight.
    pub fn day(&self, at: Timestamp) -> Day {
        let offset = self.0.to_offset(instant(at)).seconds();
        let seconds = at.ms().div_euclid(MS_PER_SECOND).saturating_add(i64::from(offset));
        Day::new(seconds.div_euclid(SECONDS_PER_DAY))
    }

    /// When a civil day begins. Where it has no midnight, at the first moment after; a day that was left out altogether
    /// begins where the next one does.
    pub fn begin_of(&self, day: Day) -> Timestamp {
        let midnight = jiff::civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(day.0))
            .map(|date| date.to_datetime(jiff::civil::Time::midnight()));
        let begin = midnight.and_then(|midnight| self.0.to_ambiguous_timestamp(midnight).compatible());
        Timestamp::from_ms(begin.map_or(i64::from(day.0) * SECONDS_PER_DAY * MS_PER_SECOND, |at| at.as_millisecond()))
    }
}

/// The moment for jiff, whose years end at 9999.
fn instant(at: Timestamp) -> jiff::Timestamp {
    let end = if at.ms() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.ms()).unwrap_or(end)
}

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(name: &str) -> Result<Self, NotAZone> {
        TimeZone::get(name).map(Self).map_err(|_| NotAZone { nearest: nearest(name) })
    }
}

fn nearest(name: &str) -> Option<String> {
    let given = name.to_lowercase();
    // Who writes a city alone means the zone that ends so.
    let likeness = |known: &str| {
        let known = known.to_lowercase();
        let city = known.rsplit('/').next().unwrap_or(&known);
        strsim::jaro_winkler(&known, &given).max(strsim::jaro_winkler(city, &given))
    };
    let named = Zone::names().map(|known| (likeness(&known), known));
    let near = named.filter(|(likeness, _)| *likeness >= SUGGEST_LIKENESS_MIN);
    near.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Day {
    /// So many days after 1970-01-01; what no calendar has is brought to the nearest that one has.
    pub fn new(days: i64) -> Self {
        let end = i64::from(DAY_MAX);
        Self(i32::try_from(days.clamp(-end, end)).unwrap_or(DAY_MAX))
    }

    /// Days since 1970-01-01.
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// The day so many days later.
    pub fn plus(self, days: i64) -> Self {
        Self::new(self.number().saturating_add(days))
    }

    /// The first day of its month.
    pub fn first_of_month(self) -> Self {
        self.plus(1 - i64::from(self.date().day()))
    }

    /// The Monday of its week.
    pub fn first_of_week(self) -> Self {
        self.plus(-(self.number() + THURSDAY).rem_euclid(WEEK_DAYS))
    }

    fn date(self) -> jiff::civil::Date {
        let first = jiff::civil::date(1970, 1, 1);
        first.checked_add(jiff::Span::new().days(self.0)).unwrap_or(first)
    }
}

/// As in `2026-12-31`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

impl FromStr for Day {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let date: jiff::civil::Date = text.trim().parse()?;
        let since = date.since(jiff::civil::date(1970, 1, 1))?;
        Ok(Self::new(i64::from(since.get_days())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR_MS: i64 = 3_600_000;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    #[test]
    fn a_day_is_what_the_calendar_on_the_wall_says() {
        // 2024-03-31T00:30:00Z: the night in which Berlin goes over to summer time.
        let at = Timestamp::from_ms(1_711_845_000_000);
        let utc = Zone::default().day(at);
        assert_eq!(utc.number(), 19_813);
        assert_eq!(zone("Europe/Berlin").day(at), utc);
        assert_eq!(zone("America/New_York").day(at), utc.plus(-1));
        assert_eq!(zone("Pacific/Kiritimati").day(at), utc);
        assert_eq!(zone("Pacific/Kiritimati").day(Timestamp::from_ms(at.ms() + 10 * HOUR_MS)), utc.plus(1));
        assert_eq!(Zone::default().day(Timestamp::from_ms(-1)).number(), -1);
    }

    #[test]
    fn days_begin_where_clocks_say_so() {
        // The last Sunday of October 2024 has 25 hours in Berlin.
        let berlin = zone("Europe/Berlin");
        let day = Day::new(20_023);
        let length = berlin.begin_of(day.plus(1)).ms() - berlin.begin_of(day).ms();
        assert_eq!((berlin.day(berlin.begin_of(day)), length), (day, 25 * HOUR_MS));
        // Beirut goes over to summer time at midnight: 2024-03-31 begins at one o'clock.
        let beirut = zone("Asia/Beirut");
        let day = Day::new(19_813);
        assert_eq!(beirut.day(beirut.begin_of(day)), day);
        assert_eq!(beirut.day(Timestamp::from_ms(beirut.begin_of(day).ms() - 1)), day.plus(-1));
    }

    #[test]
    fn weeks_begin_on_mondays_and_months_on_the_first() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let begins = |text: &str| (day(text).first_of_week().to_string(), day(text).first_of_month().to_string());
        let begun = |week: &str, month: &str| (week.to_owned(), month.to_owned());
        assert_eq!(begins("2026-11-29"), begun("2026-11-23", "2026-11-01"));
        assert_eq!(begins("2026-11-30"), begun("2026-11-30", "2026-11-01"));
        assert_eq!(begins("2026-12-01"), begun("2026-11-30", "2026-12-01"));
        assert_eq!(begins("1969-12-28"), begun("1969-12-22", "1969-12-01"));
    }

    #[test]
    fn a_typo_is_refused_with_the_nearest_name() {
        let words = |name: &str| name.parse::<Zone>().unwrap_err().to_string();
        assert!(words("Europe/Berln").contains("did you mean \"Europe/Berlin\"?"));
        assert!(words("berlin").contains("\"Europe/Berlin\""));
        assert!(words("new york").contains("\"America/New_York\""));
        assert!(words("").contains("as in \"Europe/Berlin\""));
        assert_eq!(serde_json::to_string(&zone("europe/berlin")).unwrap(), "\"Europe/Berlin\"");
        assert_eq!(zone("UTC"), Zone::default());
    }

    proptest! {
        /// Any moment has a day, and the day has begun by then, in every zone.
        #[test]
        fn a_moment_lies_in_its_day(ms in any::<i64>(), recent in 1_420_000_000_000_i64..2_500_000_000_000) {
            for name in Zone::names() {
                let zone = zone(&name);
                let _ = (zone.day(Timestamp::from_ms(ms)), zone.begin_of(zone.day(Timestamp::from_ms(ms))));
                let at = Timestamp::from_ms(recent);
                let day = zone.day(at);
                prop_assert!(zone.begin_of(day) <= at, "{}", name);
                prop_assert!(zone.begin_of(day.plus(1)).ms() > at.ms() - 2 * HOUR_MS, "{}", name);
            }
        }
    }
}
