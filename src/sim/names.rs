//! Invented people: names put together from parts, a different one for each number up to ten thousand.

/// How many different people there are.
pub const PEOPLE_MAX: usize = STARTS.len() * ENDS.len() * FAMILIES.len();

const STARTS: [&str; 24] = [
    "Al", "Bren", "Cal", "Dor", "El", "Fen", "Gar", "Hal", "Iv", "Jor", "Kel", "Lin", "Mar", "Nel", "Or", "Per",
    "Quil", "Ros", "Sel", "Tam", "Ul", "Ves", "Wil", "Yan",
];
const ENDS: [&str; 14] = ["a", "an", "ard", "e", "eth", "ia", "in", "is", "o", "on", "ra", "ric", "wen", "y"];
const FAMILIES: [&str; 30] = [
    "Alder",
    "Barley",
    "Birch",
    "Bramble",
    "Brook",
    "Candle",
    "Clover",
    "Cooper",
    "Dale",
    "Ember",
    "Fairweather",
    "Fern",
    "Fletcher",
    "Gale",
    "Harrow",
    "Hazel",
    "Heath",
    "Juniper",
    "Kettle",
    "Larch",
    "Linden",
    "Marsh",
    "Moss",
    "Oakes",
    "Pepper",
    "Quill",
    "Reed",
    "Sorrel",
    "Thistle",
    "Wren",
];

/// Has no divisor in common with [`PEOPLE_MAX`], so that it visits everybody, and neighbours share no name.
const STRIDE: usize = 4_001;

/// A person's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Unique.
    pub username: String,
    /// What they let others see; not unique, and sometimes absent.
    pub shown: Option<String>,
}

/// The person with this number.
pub fn person(number: usize) -> Person {
    let at = (number * STRIDE + 17) % PEOPLE_MAX;
    let givens = STARTS.len() * ENDS.len();
    let (given, family) = (at % givens, FAMILIES[at / givens]);
    let given = format!("{}{}", STARTS[given / ENDS.len()], ENDS[given % ENDS.len()]);
    let username = format!("{given}.{family}").to_lowercase();
    let shown = match number % 5 {
        0 | 1 => Some(format!("{given} {family}")),
        2 | 3 => Some(given),
        _ => None,
    };
    Person { username, shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ten_thousand_people_have_ten_thousand_user_names() {
        let names: HashSet<_> = (0..PEOPLE_MAX).map(|number| person(number).username).collect();
        assert_eq!(names.len(), PEOPLE_MAX);
        const { assert!(PEOPLE_MAX >= 10_000) };
        assert_eq!(person(PEOPLE_MAX), person(0));
    }
}
