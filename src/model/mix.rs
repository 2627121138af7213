//! Chance without dice: numbers that look random and are the same every time.

/// Spreads the bits of a number over all of them: the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
pub fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number below `sides` that follows from a seed and from what it is drawn for; 0 where there are no sides.
pub fn draw(seed: u64, what: u64, sides: u64) -> u64 {
    // The upper half of a product is below its factor; the shares differ by less than one in 2⁶⁴ / sides.
    ((u128::from(mix(mix(seed) ^ what)) * u128::from(sides)) >> u64::BITS) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_side_comes_up_about_as_often() {
        let mut seen = [0_u32; 11];
        for nth in 0..11_000_u64 {
            // Ids as Discord makes them: milliseconds apart, with the same low bits.
            seen[draw(7, (1_000_000 + nth) << 22, 11) as usize] += 1;
        }
        assert!(seen.iter().all(|times| (850..1_150).contains(times)), "{seen:?}");
    }

    proptest! {
        #[test]
        fn a_draw_is_below_its_sides_and_stays(seed in any::<u64>(), what in any::<u64>(), sides in any::<u64>()) {
            let drawn = draw(seed, what, sides);
            prop_assert!(drawn < sides || (drawn, sides) == (0, 0));
            prop_assert_eq!(drawn, draw(seed, what, sides));
        }
    }
}
