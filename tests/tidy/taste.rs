//! Sizes, words and habits: what a reader of any file may rely on.

use super::source::{File, Function, House, Kind, Token};
use super::{Finding, Rule, at};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARS_MAX: usize = 120;

/// The one file that may ask the machine what time it is.
const CLOCK: &str = "src/model/time.rs";

/// Words that promise work instead of doing it. In pieces, so that this file does not hold them itself.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Where somebody's machine shows through.
const MACHINE_PATHS: &[&str] =
    &[concat!("/ro", "ot"), concat!("/ho", "me"), concat!("/wo", "rk"), concat!("/tm", "p"), concat!("/Us", "ers")];

/// What a member reads on Discord is made of these.
const MESSAGE_BUILDERS: &[&str] = &[
    "CreateMessage",
    "EditMessage",
    "CreateInteractionResponseMessage",
    "CreateInteractionResponseFollowup",
    "EditInteractionResponse",
    "ExecuteWebhook",
    "EditWebhookMessage",
];

pub const RULES: &[Rule] = &[
    Rule {
        name: "only model/time.rs reads the wall clock",
        advice: "ask model::Clock, which tests can move and which knows Discord's time",
        check: wall_clock,
        bad: &[
            &[("src/bot/mod.rs", "fn f() { std::time::SystemTime::now(); }")],
            &[("src/cli/run.rs", "let now = chrono::Utc::now();")],
            &[("tests/story.rs", "let now = Local::now();")],
            &[("src/bot/mod.rs", "#[allow(clippy::disallowed_methods)]\nfn f() {}")],
        ],
        good: &[
            &[("src/model/time.rs", "#[allow(clippy::disallowed_methods)]\nfn f() { SystemTime::now(); }")],
            &[("src/lamp/mod.rs", "let since = std::time::Instant::now(); // not Utc::now()")],
        ],
    },
    Rule {
        name: "nobody sleeps on a thread, and no test waits for time to pass",
        advice: "wait for what you wait for: a channel, a condition; in a test of timers, pause tokio's clock",
        check: sleeping,
        bad: &[
            &[("src/lamp/mod.rs", "std::thread::sleep(wait);")],
            &[("tests/doors.rs", "use std::thread;\nfn f() { thread::sleep(wait) }")],
            &[("tests/doors.rs", "async fn f() { tokio::time::sleep(wait).await }")],
        ],
        good: &[
            &[("src/bot/promises.rs", "async fn f() { tokio::time::sleep(wait).await }")],
            &[(
                "src/a.rs",
                "#[cfg(test)]\nmod tests { #[tokio::test(start_paused = true)] async fn f() { sleep(wait).await } }",
            )],
        ],
    },
    Rule {
        name: "a file opens by saying what it is",
        advice: "begin with `//!`: what the file is, and what it refuses to know",
        check: opening,
        bad: &[&[("src/a.rs", "use std::fs;\n//! Late.")], &[("tests/a.rs", "// Not for the documentation.")]],
        good: &[&[("src/a.rs", "//! What it is.\n\nfn f() {}")], &[("build.rs", "\n//! What it is.")]],
    },
    Rule {
        name: "a file has at most 400 lines besides its tests",
        advice: "split it where its parts know least of one another, or move the tests to a file of their own",
        check: file_sizes,
        bad: &[&[("src/a.rs", LONG)]],
        good: &[&[("src/a.rs", "fn f() {}\n")], &[("tests/a.rs", LONG)], &[("docs/a.md", LONG)]],
    },
    Rule {
        name: "a function has at most 70 lines",
        advice: "leave the decisions where they are and move plain work into functions below",
        check: function_sizes,
        bad: &[&[("src/a.rs", LONG)], &[("tests/a.rs", LONG)]],
        good: &[&[("src/a.rs", "fn f() {\n}\nfn g();\n")]],
    },
    Rule {
        name: "a line has at most 120 characters",
        advice: "break it, or say less in it",
        check: line_lengths,
        bad: &[&[("src/a.rs", WIDE)], &[("migrations/V001__a.sql", WIDE)], &[("install.sh", WIDE)]],
        good: &[&[("README.md", WIDE)], &[("src/a.rs", "//! Short, with äöü.")], &[("src/a.rs", WIDE_TEXT)]],
    },
    Rule {
        name: "no test is switched off, and nothing is left half done",
        advice: "finish it, or take it out; a test of a panic asks for the error instead",
        check: half_done,
        bad: &[
            &[("tests/a.rs", "#[test]\n#[ignore]\nfn f() {}")],
            &[("tests/a.rs", "#[ignore = \"slow\"]")],
            &[("src/a.rs", "#[should_panic(expected = \"x\")]")],
            &[("src/a.rs", "fn f() { todo!() }")],
            &[("src/a.rs", "fn f() { unimplemented!() }")],
            &[("src/a.rs", "fn f() { dbg!(1); }")],
        ],
        good: &[&[("src/a.rs", "// dbg!(1)\nfn ignore() { let todo = \"todo!()\"; }")]],
    },
    Rule {
        name: "no marker stands for work that is not done",
        advice: "do it, or open an issue and leave the text as it is true today",
        check: markers,
        bad: &[
            &[("src/a.rs", concat!("// TO", "DO: later"))],
            &[("README.md", concat!("FIX", "ME"))],
            &[(".ci/run", concat!("# XX", "X"))],
        ],
        good: &[&[("src/a.rs", concat!("// TO", "DOS, V", "XX", "XI"))]],
    },
    Rule {
        name: "no text shows somebody's machine",
        advice: "name the place by what it is, or relative to the top of the tree",
        check: machine_paths,
        bad: &[
            &[("README.md", concat!("cd /ho", "me/somebody/innkeeper"))],
            &[(".ci/run", concat!("cp \"/wo", "rk/main/x\" ."))],
            &[("src/a.rs", concat!("const A: &str = \"/tm", "p/a\";"))],
        ],
        good: &[&[("README.md", concat!("https://example.org/ho", "me/a, ~/wo", "rk/b, /wo", "rks"))]],
    },
    Rule {
        name: "a page that is named exists",
        advice: "write what the reader needs in place, or name a page of this repository",
        check: named_pages,
        bad: &[&[("src/a.rs", "//! As HOUSE.md says.")], &[("README.md", "[more](docs/more.md)")]],
        good: &[&[("src/a.rs", "//! As docs/house.md says."), ("docs/house.md", "[back](../src/a.rs) *.md")]],
    },
    Rule {
        name: "migrations are numbered without gaps, say why, and make strict tables",
        advice: "name it V<next three digits>__<what>.sql, open it with a `--` comment, end its tables with STRICT",
        check: migrations,
        bad: &[
            &[("migrations/V002__a.sql", "-- Why.\n")],
            &[("migrations/V001__a.sql", "-- Why.\n"), ("migrations/V001__b.sql", "-- Why.\n")],
            &[("migrations/1_a.sql", "-- Why.\n")],
            &[("migrations/V001__a.sql", "CREATE INDEX a ON b (c);")],
            &[("migrations/V001__a.sql", "-- Why, STRICT.\nCREATE TABLE a (b INTEGER) WITHOUT ROWID; -- STRICT\n")],
        ],
        good: &[&[
            ("migrations/V001__a.sql", "-- Why.\ncreate table a (b INTEGER) STRICT, WITHOUT ROWID;\n"),
            ("migrations/V002__b.sql", "-- Why; and how.\nCREATE TABLE c (d TEXT) WITHOUT ROWID, STRICT;\n"),
        ]],
    },
    Rule {
        name: "every message that the gateway sends says whom it may ping",
        advice: "set allowed_mentions where the body is made, even if nobody may be pinged",
        check: mentions,
        bad: &[
            &[("src/gateway/perform.rs", "fn f() { CreateMessage::new().content(text) }")],
            &[("src/gateway/perform.rs", "fn f() { json!({\"content\": text}) }")],
            &[("src/gateway/perform.rs", "#[derive(Serialize)]\nstruct Body<'a> { content: &'a str }")],
        ],
        good: &[
            &[("src/gateway/perform.rs", "fn f() { CreateMessage::new().allowed_mentions(nobody()) }")],
            &[(
                "src/gateway/perform.rs",
                "#[derive(Serialize)]\nstruct Body { content: String, allowed_mentions: Allowed }",
            )],
            &[("src/gateway/inbound.rs", "#[derive(Deserialize)]\nstruct Message { content: String }")],
        ],
    },
];

/// More than 400 lines, all of one function.
const LONG: &str = concat!("fn f() {", include_str!("taste.rs"), include_str!("source.rs"), "}");

/// A line of 130 characters, in a comment of any language.
const WIDE: &str = "//! 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 \
                    0123456789 0123456789 0123456789 0123456789 0123456789 0123456789";

const WIDE_TEXT: &str = "const A: &str = \"//! 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 \
                         0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\";";

fn wall_clock(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in house.rust().filter(|file| file.path != CLOCK) {
        for clock in ["SystemTime", "Utc", "Local"] {
            let asked = [clock, "::", "now"];
            findings.extend(file.find(&asked).map(|token| at(file, token.line, format!("it asks {clock}::now"))));
        }
        let allowed = file.find(&["disallowed_methods"]);
        findings.extend(allowed.map(|token| at(file, token.line, "it allows itself what clippy.toml bans".to_owned())));
    }
    findings
}

fn sleeping(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in house.rust() {
        let threads = file.find(&["thread", "::", "sleep"]);
        findings.extend(threads.map(|token| at(file, token.line, "a thread sleeps".to_owned())));
        if ["start_paused", "pause"].iter().any(|word| file.find(&[word]).next().is_some()) {
            continue;
        }
        let waits = file.find(&["time", "::", "sleep"]).chain(file.find(&["sleep", "("])).filter(|token| token.test);
        findings.extend(waits.map(|token| at(file, token.line, "a test sleeps".to_owned())));
    }
    findings
}

fn opening(house: &House) -> Vec<Finding> {
    let opens = |file: &&File| !file.text.trim_start().starts_with("//!");
    house.rust().filter(opens).map(|file| at(file, 1, "it does not open with //!".to_owned())).collect()
}

fn file_sizes(house: &House) -> Vec<Finding> {
    let sized = house.sources().map(|file| (file, file.lines_without_tests()));
    sized
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(file, lines)| at(file, 1, format!("{lines} lines without tests")))
        .collect()
}

fn function_sizes(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in house.rust() {
        for Function { name, tokens } in file.functions() {
            let (first, last) = (tokens[0].line, tokens[tokens.len() - 1].line);
            if last - first + 1 > FUNCTION_LINES_MAX {
                findings.push(at(file, first, format!("{name} has {} lines", last - first + 1)));
            }
        }
    }
    findings
}

fn line_lengths(house: &House) -> Vec<Finding> {
    let ours = |path: &str| [".rs", ".sql", ".sh", ".ci/run"].iter().any(|ending| path.ends_with(ending));
    let mut findings = Vec::new();
    for file in house.files.iter().filter(|file| ours(&file.path)) {
        for (number, line) in file.text.lines().enumerate() {
            let chars = line.chars().count();
            // A text that fills a line by itself may stay whole.
            let literal = |token: &Token| token.kind == Kind::Literal && token.text.len() > LINE_CHARS_MAX;
            if chars > LINE_CHARS_MAX && !file.tokens.iter().any(|token| token.line == number + 1 && literal(token)) {
                findings.push(at(file, number + 1, format!("{chars} characters")));
            }
        }
    }
    findings
}

fn half_done(house: &House) -> Vec<Finding> {
    let sequences: &[&[&str]] =
        &[&["#", "[", "ignore"], &["#", "[", "should_panic"], &["todo", "!"], &["unimplemented", "!"], &["dbg", "!"]];
    let mut findings = Vec::new();
    for file in house.rust() {
        for sequence in sequences {
            findings.extend(file.find(sequence).map(|token| at(file, token.line, sequence.concat())));
        }
    }
    findings
}

fn markers(house: &House) -> Vec<Finding> {
    in_lines(house, |line| {
        let mut words = line.split(|char: char| !char.is_alphanumeric());
        words.find(|word| MARKERS.contains(word)).map(str::to_owned)
    })
}

fn machine_paths(house: &House) -> Vec<Finding> {
    in_lines(house, |line| {
        MACHINE_PATHS
            .iter()
            .find(|path| line.match_indices(**path).any(|(at, _)| is_whole(line, at, path.len())))
            .map(|path| (*path).to_owned())
    })
}

/// It begins a path, and its last word ends where it ends.
fn is_whole(line: &str, at: usize, length: usize) -> bool {
    let before = line[..at].chars().next_back();
    let after = line[at + length..].chars().next();
    !before.is_some_and(|char| char.is_alphanumeric() || "~.}/_-%".contains(char))
        && !after.is_some_and(|char| char.is_alphanumeric() || "_-".contains(char))
}

fn named_pages(house: &House) -> Vec<Finding> {
    let exists = |name: &str| {
        let name = name.trim_start_matches("../").trim_start_matches("./");
        house.files.iter().any(|file| file.path == name || file.path.ends_with(&format!("/{name}")))
    };
    in_lines(house, |line| {
        let words = line.split(|char: char| !(char.is_alphanumeric() || "_-./".contains(char)));
        let pages = words.map(|word| word.trim_end_matches('.')).filter(|word| word.ends_with(".md") && word.len() > 3);
        pages
            .filter(|page| !page.starts_with("//"))
            .find(|page| !exists(page))
            .map(|page| format!("there is no {page}"))
    })
}

/// Asks every line of every text but those of cargo's lock and of this rule book.
fn in_lines(house: &House, found: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in
        house.files.iter().filter(|file| !file.path.ends_with("Cargo.lock") && file.path != "tests/tidy/taste.rs")
    {
        for (number, line) in file.text.lines().enumerate() {
            findings.extend(found(line).map(|what| at(file, number + 1, what)));
        }
    }
    findings
}

fn migrations(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = house.files.iter().filter(|file| file.path.starts_with("migrations/"));
    for (number, file) in (1..).zip(files) {
        let wanted = format!("migrations/V{number:03}__");
        if !file.path.starts_with(&wanted) || !file.path.ends_with(".sql") {
            findings.push(at(file, 1, format!("the next one is {wanted}….sql")));
        }
        if !file.text.starts_with("--") {
            findings.push(at(file, 1, "it does not say why".to_owned()));
        }
        findings.extend(loose_tables(file));
    }
    findings
}

fn loose_tables(file: &File) -> Vec<Finding> {
    let code = file.text.lines().map(|line| line.split("--").next().unwrap_or_default().to_uppercase());
    let code: Vec<String> = code.collect();
    let code = code.join(" ");
    let tables = code.split(';').filter(|statement| statement.trim_start().starts_with("CREATE TABLE"));
    let loose = tables.filter(|table| !table.rsplit(')').next().is_some_and(|end| end.contains("STRICT")));
    loose
        .map(|table| at(file, 1, format!("not strict: {}", table.split('(').next().unwrap_or_default().trim())))
        .collect()
}

fn mentions(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in house.sources().filter(|file| file.path.starts_with("src/gateway/")) {
        for function in file.functions() {
            let has = |text: &str| function.tokens.iter().any(|token| !token.test && token.text == text);
            let sends = MESSAGE_BUILDERS.iter().any(|builder| has(builder)) || has("json") && has("\"content\"");
            if sends && !has("allowed_mentions") && !has("\"allowed_mentions\"") {
                findings.push(at(file, function.tokens[0].line, format!("{} does not", function.name)));
            }
        }
        findings.extend(silent_bodies(file));
    }
    findings
}

/// Structures that are written as JSON with a `content`, and no `allowed_mentions`.
fn silent_bodies(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (start, token) in file.tokens.iter().enumerate().filter(|(_, token)| token.text == "struct" && !token.test) {
        let before: Vec<&str> = file.tokens[..start]
            .iter()
            .rev()
            .map(|token| token.text.as_str())
            .take_while(|text| !matches!(*text, "}" | ";"))
            .collect();
        let fields: Vec<&str> = file.tokens[start..]
            .iter()
            .map(|token| token.text.as_str())
            .take_while(|text| !matches!(*text, "}" | ";"))
            .collect();
        let field = |name: &str| fields.windows(2).any(|pair| pair[0] == name && pair[1] == ":");
        if before.contains(&"Serialize") && field("content") && !field("allowed_mentions") {
            findings.push(at(file, token.line, "this body does not".to_owned()));
        }
    }
    findings
}

#[test]
fn the_long_sample_is_one() {
    assert!(LONG.lines().count() > FILE_LINES_MAX);
    let kinds = File::new("src/a.rs", LONG);
    assert!(kinds.tokens.iter().any(|token| token.kind == Kind::Literal));
}
