//! Curves: how much XP each level needs, in whole numbers.
//!
//! A [`Curve`] that exists rises: its totals are computed once, when it is made, and one that falls somewhere or leaves
//! the range of XP is refused with the level where it does.

use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// XP stops here, far from where arithmetic would overflow.
pub const XP_MAX: i64 = 1_000_000_000_000;
/// No level is higher than this; XP goes on counting.
pub const LEVEL_MAX: u32 = 1_000;
/// Where our own levels begin; curves of bots that know a level 0 begin there.
const FIRST_LEVEL: u32 = 1;

/// The total XP at which each level begins. Clones share the table.
#[derive(Clone)]
pub struct Curve {
    shape: Shape,
    /// The formula's own value for each level from 0 to [`LEVEL_MAX`].
    values: Arc<[i64]>,
    highest: u32,
}

/// A curve's formula: the total for level n is
/// `(cubic·n³ + quadratic·n² + linear·n + constant) / divisor`, rounded to the nearest multiple of `round_to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Coefficients {
    pub cubic: i64,
    pub quadratic: i64,
    pub linear: i64,
    pub constant: i64,
    /// At least 1.
    pub divisor: i64,
    /// At least 1; halves are rounded up.
    pub round_to: i64,
    /// The level of somebody without XP: 1, or 0 for scales whose level 1 has to be earned.
    pub first_level: u32,
}

impl Default for Coefficients {
    fn default() -> Self {
        Self { cubic: 0, quadratic: 0, linear: 0, constant: 0, divisor: 1, round_to: 1, first_level: FIRST_LEVEL }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Preset(&'static Preset),
    Own(Coefficients),
}

#[derive(Debug, PartialEq, Eq)]
struct Preset {
    name: &'static str,
    formula: Coefficients,
}

const fn preset(name: &'static str, powers: [i64; 4], divisor: i64, round_to: i64, first_level: u32) -> Preset {
    let [cubic, quadratic, linear, constant] = powers;
    Preset { name, formula: Coefficients { cubic, quadratic, linear, constant, divisor, round_to, first_level } }
}

/// The curves that have a name, ours first. The others are those of known bots, as published by them (a step of
/// 5n² + 50n + 100 in MEE6, of 100n + 75 in Arcane, and so on, summed up), so that totals can be carried over; those
/// bots know a level 0.
static PRESETS: [Preset; 7] = [
    preset("hub", [0, 100, 50, 0], 1, 1, FIRST_LEVEL),
    preset("mee6", [10, 135, 455, 0], 6, 1, 0),
    preset("polaris", [1, 50, 100, 0], 1, 100, 0),
    preset("arcane", [0, 50, 25, 0], 1, 1, 0),
    preset("levelup", [0, 100, 0, 0], 1, 1, 0),
    preset("lurkr", [0, 50, -100, 150], 1, 1, 0),
    preset("linear", [0, 0, 1_000, 0], 1, 1, FIRST_LEVEL),
];

/// Why a formula is no curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotACurve {
    /// `divisor` or `round_to` below 1.
    NoDivisor,
    /// `first_level` is neither 0 nor 1.
    FirstLevel(u32),
    /// The level does not need more than the one before it, or more than nothing.
    Falls { level: u32, needs: i64, before: i64 },
    /// The level needs more XP than anybody can have.
    TooSteep { level: u32 },
}

impl fmt::Display for NotACurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDivisor => f.write_str("divisor and round_to of a curve are whole numbers from 1"),
            Self::FirstLevel(given) => write!(f, "first_level of a curve is 0 or 1, not {given}"),
            Self::Falls { level, needs, before } => write!(
                f,
                "the curve does not rise: level {level} would begin at {needs} XP, and the level before it at {before}"
            ),
            Self::TooSteep { level } => {
                write!(f, "the curve is too steep: level {level} would begin above {XP_MAX} XP, the most one can have")
            }
        }
    }
}

impl std::error::Error for NotACurve {}

impl Curve {
    /// The names of the presets.
    pub fn presets() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|preset| preset.name)
    }

    /// The curve with this name.
    pub fn named(name: &str) -> Option<Self> {
        let preset = PRESETS.iter().find(|preset| preset.name == name)?;
        Self::of(Shape::Preset(preset), &preset.formula).ok()
    }

    /// A curve of one's own.
    ///
    /// # Errors
    /// A formula that does not rise from level 1 up to [`LEVEL_MAX`], or that passes [`XP_MAX`] on the way.
    pub fn new(formula: Coefficients) -> Result<Self, NotACurve> {
        Self::of(Shape::Own(formula), &formula)
    }

    /// The same curve that ends at this level, at the latest at [`LEVEL_MAX`].
    pub fn up_to(self, highest: u32) -> Self {
        Self { highest: highest.clamp(FIRST_LEVEL, LEVEL_MAX), ..self }
    }

    fn of(shape: Shape, formula: &Coefficients) -> Result<Self, NotACurve> {
        let values = formula.values()?;
        Ok(Self { shape, values: values.into(), highest: LEVEL_MAX })
    }

    /// The name of its preset; none: it is one of one's own.
    pub fn name(&self) -> Option<&'static str> {
        match self.shape {
            Shape::Preset(preset) => Some(preset.name),
            Shape::Own(_) => None,
        }
    }

    pub fn formula(&self) -> Coefficients {
        match self.shape {
            Shape::Preset(preset) => preset.formula,
            Shape::Own(formula) => formula,
        }
    }

    /// The level of somebody without XP: 1, and 0 on the scales of bots that have it.
    pub fn first_level(&self) -> u32 {
        self.formula().first_level
    }

    /// The highest level that can be reached.
    pub fn highest_level(&self) -> u32 {
        self.highest
    }

    /// The total XP at which a level begins: 0 for the first one. Levels past the highest stand for the highest.
    pub fn total(&self, level: u32) -> i64 {
        if level <= self.first_level() { 0 } else { self.value(level.min(self.highest)) }
    }

    /// What the formula itself says for a level, which for a first level is no threshold.
    pub fn value(&self, level: u32) -> i64 {
        self.values.get(level as usize).or(self.values.last()).copied().unwrap_or(0)
    }

    /// The level of an amount of XP: the largest that begins at or below it.
    pub fn level_of(&self, xp: i64) -> u32 {
        let first = self.first_level();
        let thresholds = self.values.get(first as usize + 1..=self.highest as usize).unwrap_or_default();
        first + thresholds.partition_point(|begins| *begins <= xp) as u32
    }

    /// XP since the member's level began, and from its beginning to the next; none at the highest level.
    pub fn steps(&self, xp: i64) -> Option<(u64, u64)> {
        let level = self.level_of(xp);
        let from = self.total(level);
        let within = |xp: i64| u64::try_from(xp.saturating_sub(from)).unwrap_or(0);
        (level < self.highest).then(|| (within(xp), within(self.total(level + 1))))
    }

    /// XP still missing to the next level; none at the highest.
    pub fn missing(&self, xp: i64) -> Option<u64> {
        self.steps(xp).map(|(done, all)| all.saturating_sub(done))
    }

    /// How far a member is between their level and the next, from 0 to 1.
    pub fn progress(&self, xp: i64) -> f64 {
        self.steps(xp).map_or(1.0, |(done, all)| done as f64 / all as f64)
    }
}

impl Coefficients {
    fn values(&self) -> Result<Vec<i64>, NotACurve> {
        if self.divisor < 1 || self.round_to < 1 {
            return Err(NotACurve::NoDivisor);
        }
        if self.first_level > FIRST_LEVEL {
            return Err(NotACurve::FirstLevel(self.first_level));
        }
        let mut values = vec![0];
        for level in 1..=LEVEL_MAX {
            let needs = self.value(level);
            if needs > i128::from(XP_MAX) {
                return Err(NotACurve::TooSteep { level });
            }
            let needs = i64::try_from(needs).unwrap_or(i64::MIN);
            let is_threshold = level > self.first_level;
            let before = if level == FIRST_LEVEL { 0 } else { values[level as usize - 1] };
            if level > FIRST_LEVEL && needs <= before || is_threshold && needs <= 0 {
                return Err(NotACurve::Falls { level, needs, before: before.max(0) });
            }
            values.push(needs);
        }
        Ok(values)
    }

    /// 128 bits hold any of it: 2⁶³ · 1000³ is below 2⁹³, and twice a divisor and a rounding below 2¹²⁷.
    fn value(&self, level: u32) -> i128 {
        let n = i128::from(level);
        let sum = i128::from(self.cubic) * n * n * n
            + i128::from(self.quadratic) * n * n
            + i128::from(self.linear) * n
            + i128::from(self.constant);
        let multiple = i128::from(self.divisor) * i128::from(self.round_to);
        (2 * sum + multiple).div_euclid(2 * multiple) * i128::from(self.round_to)
    }
}

impl Default for Curve {
    /// 100·n² + 50·n.
    fn default() -> Self {
        let hub = &PRESETS[0];
        let values = hub.formula.values().unwrap_or_default();
        Self { shape: Shape::Preset(hub), values: values.into(), highest: LEVEL_MAX }
    }
}

impl PartialEq for Curve {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.highest == other.highest
    }
}

impl fmt::Debug for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} up to level {}", self.shape, self.highest)
    }
}

impl Serialize for Curve {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.shape {
            Shape::Preset(preset) => serializer.serialize_str(preset.name),
            Shape::Own(formula) => formula.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Curve {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrFormula)
    }
}

struct NameOrFormula;

impl<'de> de::Visitor<'de> for NameOrFormula {
    type Value = Curve;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a curve, or a table with its coefficients")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Curve, E> {
        Curve::named(name).ok_or_else(|| {
            let known = Curve::presets().collect::<Vec<_>>().join(", ");
            E::custom(format_args!("there is no curve {name:?}; known: {known}, or a table of coefficients"))
        })
    }

    fn visit_map<A: de::MapAccess<'de>>(self, table: A) -> Result<Curve, A::Error> {
        let formula = Coefficients::deserialize(MapAccessDeserializer::new(table))?;
        Curve::new(formula).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all() -> impl Iterator<Item = Curve> {
        Curve::presets().map(|name| Curve::named(name).unwrap())
    }

    /// As each of these bots shows them: for levels 1, 2, 3, 4, 5, 10, 20, 30, 50 and 100.
    #[test]
    fn the_presets_have_the_totals_of_the_bots_they_are_named_after() {
        let levels = [1, 2, 3, 4, 5, 10, 20, 30, 50, 100];
        let known = [
            ("mee6", [100, 255, 475, 770, 1_150, 4_675, 23_850, 67_525, 268_375, 1_899_250]),
            ("hub", [150, 500, 1_050, 1_800, 2_750, 10_500, 41_000, 91_500, 252_500, 1_005_000]),
            ("polaris", [200, 400, 800, 1_300, 1_900, 7_000, 30_000, 75_000, 255_000, 1_510_000]),
            ("arcane", [75, 250, 525, 900, 1_375, 5_250, 20_500, 45_750, 126_250, 502_500]),
            ("levelup", [100, 400, 900, 1_600, 2_500, 10_000, 40_000, 90_000, 250_000, 1_000_000]),
            ("lurkr", [100, 150, 300, 550, 900, 4_150, 18_150, 42_150, 120_150, 490_150]),
        ];
        for (name, totals) in known {
            let curve = Curve::named(name).unwrap();
            assert_eq!(levels.map(|level| curve.value(level)), totals, "{name}");
        }
    }

    #[test]
    fn a_total_is_where_its_level_begins_in_every_preset() {
        for curve in all() {
            for level in 2..=LEVEL_MAX {
                let total = curve.total(level);
                assert_eq!((curve.level_of(total), curve.level_of(total - 1)), (level, level - 1), "{curve:?}");
            }
            let first = curve.first_level();
            assert_eq!((curve.total(first), curve.level_of(0), curve.level_of(i64::MIN)), (0, first, first));
            assert_eq!((curve.level_of(i64::MAX), curve.steps(i64::MAX)), (LEVEL_MAX, None));
        }
        assert_eq!(Curve::default().level_of(499), 1);
        let mee6 = Curve::named("mee6").unwrap();
        assert_eq!((mee6.level_of(99), mee6.level_of(100), mee6.total(1)), (0, 1, 100));
    }

    #[test]
    fn a_curve_ends_at_its_highest_level() {
        let short = Curve::default().up_to(10);
        assert_eq!((short.level_of(10_499), short.level_of(XP_MAX)), (9, 10));
        assert_eq!((short.total(11), short.steps(10_500), short.progress(10_500)), (10_500, None, 1.0));
        assert_eq!((short.steps(8_600), short.missing(8_600)), (Some((50, 1_950)), Some(1_900)));
        assert_eq!(Curve::default().up_to(1).level_of(XP_MAX), 1);
        assert_eq!(Curve::default().up_to(0).level_of(XP_MAX), 1);
        assert_eq!(Curve::named("mee6").unwrap().up_to(1).level_of(100), 1);
    }

    #[test]
    fn what_does_not_rise_is_refused_with_the_level() {
        let words = |formula| Curve::new(formula).unwrap_err().to_string();
        let none = Coefficients::default();
        assert!(words(Coefficients { linear: 0, constant: 5, ..none }).contains("level 2 would begin at 5 XP"));
        assert!(words(Coefficients { quadratic: -1, linear: 100, ..none }).contains("level 51 would begin at 2499"));
        assert!(words(Coefficients { linear: 100, constant: -200, ..none }).contains("level 2 would begin at 0 XP"));
        assert!(words(Coefficients { linear: 1, round_to: 100, ..none }).contains("level 2 "));
        assert!(words(Coefficients { linear: 9, divisor: 0, ..none }).contains("divisor"));
        assert!(words(Coefficients { linear: 9, first_level: 2, ..none }).contains("0 or 1, not 2"));
        assert!(words(Coefficients { linear: 9, constant: -9, first_level: 0, ..none }).contains("level 1 would"));
        let steep = Coefficients { cubic: 1_001, ..none };
        assert_eq!(Curve::new(steep), Err(NotACurve::TooSteep { level: 1_000 }));
        for huge in [i64::MAX, i64::MIN] {
            assert!(Curve::new(Coefficients { cubic: huge, quadratic: huge, linear: huge, ..none }).is_err());
            assert!(Curve::new(Coefficients { linear: huge, divisor: i64::MAX, round_to: i64::MAX, ..none }).is_err());
        }
    }

    #[test]
    fn a_curve_is_written_as_it_was_read() {
        for given in ["\"hub\"", "\"lurkr\""] {
            let curve: Curve = serde_json::from_str(given).unwrap();
            assert_eq!(serde_json::to_string(&curve).unwrap(), given);
        }
        let own: Curve = serde_json::from_str("{\"quadratic\": 7, \"round_to\": 5}").unwrap();
        let again: Curve = serde_json::from_str(&serde_json::to_string(&own).unwrap()).unwrap();
        assert_eq!((again.total(10), &again), (700, &own));
        let words = serde_json::from_str::<Curve>("\"mee7\"").unwrap_err().to_string();
        assert!(words.contains("no curve \"mee7\"; known: hub, mee6, polaris"), "{words}");
        assert!(serde_json::from_str::<Curve>("{\"cubik\": 7}").is_err());
    }

    proptest! {
        /// Whatever is let in keeps what is promised of the presets.
        #[test]
        fn own_curves_are_refused_or_rise(
            powers in prop::array::uniform4(-200_i64..1_000),
            divisor in 1_i64..50,
            round_to in 1_i64..200,
            first_level in 0_u32..=1,
            xp in 0_i64..=XP_MAX,
        ) {
            let [cubic, quadratic, linear, constant] = powers;
            let formula = Coefficients { cubic, quadratic, linear, constant, divisor, round_to, first_level };
            if let Ok(curve) = Curve::new(formula) {
                for level in 2..=LEVEL_MAX {
                    let total = curve.total(level);
                    prop_assert_eq!((curve.level_of(total), curve.level_of(total - 1)), (level, level - 1));
                }
                let level = curve.level_of(xp);
                prop_assert!(curve.total(level) <= xp);
                prop_assert!(level == LEVEL_MAX || xp < curve.total(level + 1));
                prop_assert!((0.0..=1.0).contains(&curve.progress(xp)));
            }
        }
    }
}
