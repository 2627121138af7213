//! The other bot's levels, and what XP on them becomes on ours.

use super::Member;
use crate::model::{Coefficients, Curve, LEVEL_MAX};

/// Divisors with which coefficients that have decimals may become whole numbers.
const DIVISORS: [i64; 14] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 60, 100, 1_000, 10_000, 100_000];
/// How near a whole number has to be to be meant.
const NEAR: f64 = 1e-6;

/// How XP is carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// Everybody keeps their level, and how far they are on the way to the next.
    KeepLevel,
    /// Everybody keeps their XP; levels are what our curve says.
    KeepXp,
    /// Everybody keeps both, because the other bot's curve is taken over.
    AdoptCurve,
}

impl Carry {
    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::KeepLevel => "keep-level",
            Self::KeepXp => "keep-xp",
            Self::AdoptCurve => "adopt-curve",
        }
    }
}

/// Another bot's curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Where each level begins, from level 0; never falls.
    totals: Vec<i64>,
    /// The same as a curve of ours, and as TOML, where our curves can say it.
    curve: Option<(Curve, String)>,
}

impl Scale {
    /// The scale that has a name with us.
    pub fn named(name: &str) -> Option<Self> {
        Curve::named(name).map(|curve| Self::of(curve, format!("{name:?}")))
    }

    fn of(curve: Curve, toml: String) -> Self {
        let totals = (0..=LEVEL_MAX).map(|level| curve.total(level)).collect();
        Self { totals, curve: Some((curve, toml)) }
    }

    /// `cubic·n³ + quadratic·n² + linear·n`, rounded to `round_to`.
    ///
    /// # Errors
    /// The level at which it falls.
    pub fn polynomial([cubic, quadratic, linear]: [f64; 3], round_to: i64) -> Result<Self, u32> {
        if let Some(scale) = whole([cubic, quadratic, linear], round_to) {
            return Ok(scale);
        }
        let round_to = round_to.max(1) as f64;
        let total = |n: f64| ((cubic * n * n * n + quadratic * n * n + linear * n) / round_to + 0.5).floor() * round_to;
        Self::of_totals(total)
    }

    /// `base · n^exponent`, rounded up.
    ///
    /// # Errors
    /// The level at which it falls.
    pub fn power(base: f64, exponent: f64) -> Result<Self, u32> {
        let powers = match exponent {
            1.0 => Some([0.0, 0.0, base]),
            2.0 => Some([0.0, base, 0.0]),
            3.0 => Some([base, 0.0, 0.0]),
            _ => None,
        };
        match powers {
            Some(powers) => Self::polynomial(powers, 1),
            None => Self::of_totals(|n| (base * n.powf(exponent)).ceil()),
        }
    }

    fn of_totals(total: impl Fn(f64) -> f64) -> Result<Self, u32> {
        let mut totals = vec![0_i64];
        for level in 1..=LEVEL_MAX {
            let total = total(f64::from(level));
            // Nobody gets further than that; the cast saturates.
            let begins = if total.is_nan() { -1 } else { total as i64 };
            if begins < totals[level as usize - 1] {
                return Err(level);
            }
            totals.push(begins);
        }
        Ok(Self { totals, curve: None })
    }

    /// The scale as a curve of ours, where there is one.
    pub fn curve(&self) -> Option<&Curve> {
        self.curve.as_ref().map(|(curve, _)| curve)
    }

    /// The same as it is written in the configuration.
    pub fn toml(&self) -> Option<&str> {
        self.curve.as_ref().map(|(_, toml)| toml.as_str())
    }

    /// The XP at which a level begins.
    pub fn total(&self, level: u32) -> i64 {
        self.totals.get(level as usize).or(self.totals.last()).copied().unwrap_or(0)
    }

    /// The level of an amount of XP, how much lies beyond its beginning, and how long the step to the next is.
    fn place(&self, xp: i64) -> (u32, i64, i64) {
        let level = self.totals.partition_point(|begins| *begins <= xp).saturating_sub(1) as u32;
        let begins = self.total(level);
        (level, xp - begins, self.total(level + 1) - begins)
    }
}

/// What a member of another bot has on our curve. None where only levels could be kept and there is neither a level nor
/// a scale.
pub fn carried(how: Carry, scale: Option<&Scale>, ours: &Curve, member: &Member) -> Option<i64> {
    if how != Carry::KeepLevel {
        return Some(member.xp);
    }
    let placed = scale.map(|scale| scale.place(member.xp));
    let (level, done, all) = match (member.level, placed) {
        // The level that the other bot shows is the one to keep, even where it is not what its XP would say.
        (Some(level), Some(placed)) if u32::from(level) != placed.0 => (u32::from(level), 0, 1),
        (_, Some(placed)) => placed,
        (Some(level), None) => (u32::from(level), 0, 1),
        (None, None) => return None,
    };
    let begins = ours.total(level);
    if level >= ours.highest_level() {
        return Some(begins);
    }
    let step = i128::from(ours.total(level + 1) - begins);
    let beyond = step * i128::from(done.max(0)) / i128::from(all.max(1));
    Some(begins + i64::try_from(beyond.min(step)).unwrap_or(0))
}

/// The scale as one of ours, where a divisor makes all coefficients whole.
fn whole(powers: [f64; 3], round_to: i64) -> Option<Scale> {
    let divisor = DIVISORS.into_iter().find(|divisor| {
        powers.iter().all(|power| {
            let times = power * *divisor as f64;
            times.abs() < 1e12 && (times - times.round()).abs() < NEAR
        })
    })?;
    let [cubic, quadratic, linear] = powers.map(|power| (power * divisor as f64).round() as i64);
    let formula = Coefficients { cubic, quadratic, linear, divisor, round_to, first_level: 0, ..Default::default() };
    let curve = Curve::new(formula).ok()?;
    let mut toml = String::from("{ ");
    for (name, value, usual) in [
        ("cubic", cubic, 0),
        ("quadratic", quadratic, 0),
        ("linear", linear, 0),
        ("divisor", divisor, 1),
        ("round_to", round_to, 1),
    ] {
        if value != usual {
            toml.push_str(&format!("{name} = {value}, "));
        }
    }
    toml.push_str("first_level = 0 }");
    let named = Curve::presets().find(|name| {
        Curve::named(name).is_some_and(|known| {
            known.first_level() == 0 && (0..=LEVEL_MAX).all(|level| known.total(level) == curve.total(level))
        })
    });
    match named {
        Some(name) => Scale::named(name),
        None => Some(Scale::of(curve, toml)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;
    use proptest::prelude::*;

    fn member(xp: i64, level: Option<u16>) -> Member {
        Member::new(UserId::new(1).unwrap(), xp, level)
    }

    fn kept(scale: &Scale, ours: &Curve, xp: i64) -> i64 {
        carried(Carry::KeepLevel, Some(scale), ours, &member(xp, None)).unwrap()
    }

    #[test]
    fn levels_are_kept_with_the_way_to_the_next() {
        let (mee6, ours) = (Scale::named("mee6").unwrap(), Curve::default());
        // Level 5 begins at 1,150 there and at 2,750 here; half of the way to level 6 stays half of it.
        assert_eq!((kept(&mee6, &ours, 1_150), kept(&mee6, &ours, 1_387)), (2_750, 3_323));
        assert_eq!((kept(&mee6, &ours, 0), kept(&mee6, &ours, 99), kept(&mee6, &ours, 100)), (0, 0, 0));
        assert_eq!(carried(Carry::KeepXp, Some(&mee6), &ours, &member(1_150, Some(5))), Some(1_150));
        let shown = member(1_150, Some(7));
        assert_eq!(carried(Carry::KeepLevel, Some(&mee6), &ours, &shown), Some(ours.total(7)), "as it was shown");
        assert_eq!(carried(Carry::KeepLevel, None, &ours, &member(9, None)), None);
        assert_eq!(kept(&mee6, &ours.clone().up_to(10), 1_899_250), 10_500);
    }

    #[test]
    fn formulas_of_other_bots_are_found_among_ours() {
        let toml = |scale: Scale| scale.toml().map(str::to_owned);
        assert_eq!(toml(Scale::polynomial([1.0, 50.0, 100.0], 100).unwrap()).unwrap(), "\"polaris\"");
        let mee6 = Scale::polynomial([1.666_666_666_7, 22.5, 75.833_333_333_3], 1).unwrap();
        assert_eq!(toml(mee6).unwrap(), "\"mee6\"");
        assert_eq!(toml(Scale::power(100.0, 2.0).unwrap()).unwrap(), "\"levelup\"");
        let own = Scale::polynomial([0.0, 12.5, 0.0], 1).unwrap();
        assert_eq!(toml(own).unwrap(), "{ quadratic = 25, divisor = 2, first_level = 0 }");
        let odd = Scale::power(100.0, 2.1).unwrap();
        assert_eq!((odd.total(1), odd.total(2), odd.toml()), (100, 429, None));
        assert_eq!(Scale::polynomial([0.0, -1.0, 1.0], 1).unwrap_err(), 2);
        assert!(Scale::power(f64::NAN, 2.0).is_err());
    }

    proptest! {
        /// Whoever has more there has no less here, and the level is the one that was kept.
        #[test]
        fn levels_are_kept_in_order(name in prop::sample::select(vec!["mee6", "polaris", "lurkr", "levelup", "hub"]),
            xp in 0_i64..3_000_000, more in 0_i64..10_000) {
            let (scale, ours) = (Scale::named(name).unwrap(), Curve::default());
            let (level, ..) = scale.place(xp);
            prop_assert_eq!(ours.level_of(kept(&scale, &ours, xp)), level.max(1));
            prop_assert!(kept(&scale, &ours, xp) <= kept(&scale, &ours, xp + more));
            if name == "hub" {
                prop_assert_eq!(kept(&scale, &ours, xp), xp);
            }
        }
    }
}
