//! Whether a message says nearly the same as an earlier one, judged by sketches of 64 bits: no text is kept, and none
//! can be read back from a sketch.
//!
//! A sketch holds one bit of the smallest of 64 hashes over all groups of three letters: two texts that share the part
//! J of their groups agree in (1 + J) / 2 of the bits (Li and König 2010, "b-Bit minwise hashing").

pub mod store;

use crate::model::mix::mix;

/// Messages of a member that a new one is compared with.
pub const RECENT_MAX: usize = 5;
/// Texts whose sketches differ in at most so many bits are nearly the same: about two thirds of their groups agree.
/// Of unrelated pairs of texts, about one in two million comes so near.
const NEAR_BITS_MAX: u32 = 12;
/// Letters of a group.
const GROUP: usize = 3;
/// Of a text no more than this is looked at.
const CHARS_MAX: usize = 500;

/// What is kept of a message's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sketch(u64);

impl Sketch {
    /// The sketch of a text; none for one without anything to compare. Case, white space and punctuation do not matter,
    /// unless there is nothing else.
    pub fn of(text: &str) -> Option<Self> {
        let letters = letters_of(text);
        if letters.is_empty() {
            return None;
        }
        let mut groups: Vec<u64> = letters.windows(GROUP.min(letters.len())).map(hash_of).collect();
        groups.sort_unstable();
        groups.dedup();
        let mut bits = 0;
        for nth in 0..u64::BITS {
            let seed = mix(u64::from(nth) + 1);
            let smallest = groups.iter().map(|group| mix(group ^ seed)).min().unwrap_or(0);
            bits |= (smallest & 1) << nth;
        }
        Some(Self(bits))
    }

    /// The sketch as a number, and back.
    pub fn bits(self) -> u64 {
        self.0
    }

    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Whether two texts are the same or nearly so.
    pub fn is_near(self, other: Self) -> bool {
        (self.0 ^ other.0).count_ones() <= NEAR_BITS_MAX
    }
}

/// Sketches of a member's last few messages, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recent(Vec<Sketch>);

impl Recent {
    pub fn new(mut sketches: Vec<Sketch>) -> Self {
        sketches.drain(..sketches.len().saturating_sub(RECENT_MAX));
        Self(sketches)
    }

    pub fn sketches(&self) -> &[Sketch] {
        &self.0
    }

    /// Whether one of them said nearly the same.
    pub fn said(&self, sketch: Sketch) -> bool {
        self.0.iter().any(|earlier| earlier.is_near(sketch))
    }

    /// The same with this one, in place of the oldest where there are many.
    pub fn with(&self, sketch: Sketch) -> Self {
        Self::new(self.0.iter().copied().chain([sketch]).collect())
    }
}

/// What of a text is compared: letters and digits in lower case; where it has none (a smile, an emoji), everything that
/// can be seen.
fn letters_of(text: &str) -> Vec<char> {
    let lower = text.chars().flat_map(char::to_lowercase);
    let letters: Vec<_> = lower.clone().filter(|c| c.is_alphanumeric()).take(CHARS_MAX).collect();
    if letters.is_empty() { lower.filter(|c| !c.is_whitespace()).take(CHARS_MAX).collect() } else { letters }
}

fn hash_of(group: &[char]) -> u64 {
    group.iter().fold(group.len() as u64, |hash, letter| mix(hash ^ u64::from(*letter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SENTENCES: [&str; 10] = [
        "Does anybody know when the tavern opens tomorrow?",
        "I finally finished the second chapter, what a ride!",
        "The new map is beautiful but far too large for four players.",
        "Good morning everyone, coffee is ready.",
        "Can someone help me with my sword build tonight?",
        "lol that was the worst dodge I have ever seen",
        "We are looking for a healer for the raid on Friday.",
        "My cat just walked over the keyboard and bought a castle.",
        "How do I change my nickname on this server?",
        "Danke für die schnelle Hilfe gestern Abend!",
    ];

    fn are_near(one: &str, other: &str) -> bool {
        Sketch::of(one).unwrap().is_near(Sketch::of(other).unwrap())
    }

    #[test]
    fn variants_of_a_text_are_near_and_other_texts_are_not() {
        assert!(are_near("Good morning, all!", "good MORNING   all ..."));
        assert!(are_near("lol", "LOL!"));
        assert!(are_near("this server is really great", "this server is realy great"));
        assert!(are_near("hellooooo there everyone", "hellooooooooooooo there everyone"));
        assert!(!are_near("yes", "no"));
        assert!(!are_near(":)", ":("));
        assert!(!are_near("\u{1f389}", "\u{1f525}"));
        assert_eq!((Sketch::of(""), Sketch::of(" \n")), (None, None));
        for (nth, one) in SENTENCES.iter().enumerate() {
            assert!(SENTENCES[..nth].iter().all(|other| !are_near(one, other)), "{one}");
        }
    }

    /// Sketches are stored, so what makes them may not change unnoticed.
    #[test]
    fn a_sketch_is_the_same_in_every_version() {
        expect_test::expect!["6bd0e312922a2ecd"]
            .assert_eq(&format!("{:016x}", Sketch::of("Good morning, all!").unwrap().bits()));
    }

    #[test]
    fn only_the_last_few_are_compared() {
        let sketch = |nth: usize| Sketch::of(SENTENCES[nth]).unwrap();
        let recent = (0..RECENT_MAX).fold(Recent::default(), |recent, nth| recent.with(sketch(nth)));
        assert!(recent.said(sketch(0)) && !recent.said(sketch(RECENT_MAX)));
        let recent = recent.with(sketch(RECENT_MAX));
        assert!(!recent.said(sketch(0)) && recent.said(sketch(1)));
        assert_eq!(recent.sketches().len(), RECENT_MAX);
    }

    fn words(dice: &mut fastrand::Rng, count: usize) -> String {
        let word = |dice: &mut fastrand::Rng| {
            (0..dice.usize(2..9)).map(|_| char::from(b'a' + dice.u8(..26))).collect::<String>()
        };
        (0..count).map(|_| word(dice)).collect::<Vec<_>>().join(" ")
    }

    /// A letter changed, left out or added in a text of six words and more is seen through, and texts that have nothing
    /// to do with each other are told apart. The dice have one seed: what is tested are shares of many.
    #[test]
    fn small_edits_are_near_and_unrelated_texts_are_not() {
        let mut dice = fastrand::Rng::with_seed(7);
        let (mut seen_through, mut mistaken) = (0, 0);
        let mut last = words(&mut dice, 9);
        for _ in 0..2_000 {
            let count = dice.usize(6..30);
            let text = words(&mut dice, count);
            let mut edited: Vec<char> = text.chars().collect();
            let at = dice.usize(..edited.len());
            match dice.u8(..3) {
                0 => edited[at] = 'x',
                1 => drop(edited.remove(at)),
                _ => edited.insert(at, 'q'),
            }
            seen_through += u32::from(are_near(&text, &edited.into_iter().collect::<String>()));
            mistaken += u32::from(are_near(&text, &last));
            last = text;
        }
        assert!(seen_through >= 1_960, "{seen_through} of 2000 edits were seen through");
        assert_eq!(mistaken, 0);
    }

    proptest! {
        #[test]
        fn the_same_text_is_near_whatever_its_case_spaces_and_marks(
            words in prop::collection::vec("[a-zäöéж0-9]{1,9}", 1..30),
            marks in "[ .,!?;:\n-]{1,5}",
        ) {
            let plain = words.join(" ");
            let dressed = words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join(&marks);
            prop_assert_eq!(Sketch::of(&plain), Sketch::of(&format!("{dressed}{marks}")));
        }

        #[test]
        fn any_text_has_a_sketch_or_nothing_to_see(text in "\\PC{0,300}|\\s{0,9}") {
            prop_assert_eq!(Sketch::of(&text).is_none(), text.chars().all(char::is_whitespace));
        }
    }
}
