//! Taste as a test: who may name whom, how large things may grow, and what is not written here.
//!
//! The rules read texts alone, so they run everywhere in a moment. Each one carries samples that it must refuse and
//! samples that it must let pass; what it refuses comes with an advice.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/taste.rs"]
mod taste;

use std::fmt::Write;

use source::{File, House, Kind};

/// Something that is asked of every file.
pub struct Rule {
    pub name: &'static str,
    /// What to do when it fails.
    pub advice: &'static str,
    pub check: fn(&House) -> Vec<Finding>,
    /// Small trees that it must find fault with.
    pub bad: &'static [&'static [Sample]],
    /// Small trees that it must like.
    pub good: &'static [&'static [Sample]],
}

/// A path and its text.
pub type Sample = (&'static str, &'static str);

/// Where a rule is broken, and by what.
#[derive(Debug)]
pub struct Finding {
    pub place: String,
    pub what: String,
}

/// A finding in a line of a file.
pub fn at(file: &File, line: usize, what: String) -> Finding {
    Finding { place: format!("{}:{line}", file.path), what }
}

fn all() -> impl Iterator<Item = &'static Rule> {
    arrows::RULES.iter().chain(taste::RULES)
}

#[test]
fn the_house_is_tidy() {
    let house = House::ours();
    assert!(house.sources().count() > 10, "the sources were not found");
    let mut report = String::new();
    for rule in all() {
        let findings = (rule.check)(&house);
        if findings.is_empty() {
            continue;
        }
        writeln!(report, "\n{}\n  what to do: {}", rule.name, rule.advice).unwrap();
        for finding in findings {
            writeln!(report, "  {}: {}", finding.place, finding.what).unwrap();
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn every_rule_finds_its_bad_samples_and_likes_its_good_ones() {
    for rule in all() {
        assert!(!rule.bad.is_empty(), "{} cannot be shown to fail", rule.name);
        for sample in rule.bad {
            assert!(!(rule.check)(&House::of(sample)).is_empty(), "{}: it should refuse {sample:?}", rule.name);
        }
        for sample in rule.good {
            let findings = (rule.check)(&House::of(sample));
            assert!(findings.is_empty(), "{}: it should like {sample:?}, but found {findings:?}", rule.name);
        }
        assert!((rule.check)(&House::of(&[])).is_empty(), "{}: an empty house is tidy", rule.name);
    }
}

fn words(text: &str) -> Vec<String> {
    File::new("src/x.rs", text).tokens.into_iter().map(|token| token.text).collect()
}

#[test]
fn comments_are_no_code_and_literals_are_one_word() {
    assert_eq!(words("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
    assert_eq!(words(r##"("a \" b", r#"c " d"#, b"e", '"', '\'', b'"', 'x')"##).len(), 15);
    assert_eq!(words("fn f<'a>(x: &'a str) {}").last().unwrap(), "}");
    let literals = File::new("src/x.rs", "let a = \"// no comment\"; // one\nlet b = 'c';");
    let literals: Vec<_> = literals.tokens.iter().filter(|token| token.kind == Kind::Literal).collect();
    assert_eq!((literals[0].text.as_str(), literals[1].line), ("\"// no comment\"", 2));
}

#[test]
fn use_trees_are_spread_and_paths_resolved() {
    let file = File::new(
        "src/features/levels/store.rs",
        "use crate::{model::{Result, id}, store::{self, Tx as T}};\nfn f() { super::super::kudos::g::<u8>(self::h()) }",
    );
    let named: Vec<String> = file.named().iter().filter_map(|named| Some(file.resolve(named)?.join("::"))).collect();
    let wanted =
        ["model::Result", "model::id", "store::self", "store::Tx", "features::kudos::g", "features::levels::store::h"];
    assert!(wanted.iter().all(|path| named.iter().any(|named| named == path)), "{named:?}");
}

#[test]
fn tests_are_told_from_what_ships() {
    let text =
        "use a::b;\n#[cfg(test)]\nuse c::{d};\nfn e() {}\n#[cfg(test)]\nmod tests {\n    fn f() {}\n}\nfn g() {}\n";
    let file = File::new("src/x.rs", text);
    let shipped: Vec<&str> = file
        .tokens
        .iter()
        .filter(|token| !token.test)
        .map(|token| token.text.as_str())
        .filter(|t| t.len() == 1)
        .collect();
    assert_eq!(shipped.concat(), "ab;e(){}g(){}");
    assert_eq!(file.lines_without_tests(), 3);
    let functions = file.functions();
    assert_eq!(functions.iter().map(|function| function.name).collect::<Vec<_>>(), ["e", "f", "g"]);
}
