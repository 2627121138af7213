//! The tree of files as the rules of `tests/tidy.rs` see it: texts, and Rust cut into tokens, paths and functions.
//!
//! This is no parser of Rust. It knows comments, literals and matching brackets, which is enough to ask who names whom
//! without being fooled by a word in a comment, and little enough to be understood in one reading.

use std::path::Path;
use std::{env, fs};

/// What lies in the tree besides our own work.
const NOT_OURS: &[&str] = &["target", ".git", "node_modules"];

/// All files that the rules look at.
pub struct House {
    pub files: Vec<File>,
}

/// A text with its path from the top of the tree, with `/` in it on every machine.
pub struct File {
    pub path: String,
    pub text: String,
    /// Empty where the file is no Rust.
    pub tokens: Vec<Token>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word or a number.
    Word,
    /// A string or character, with its quotes.
    Literal,
    /// `::`, or a single character.
    Mark,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    /// Counted from 1.
    pub line: usize,
    /// It is compiled for tests only.
    pub test: bool,
}

/// Something that is named, as in `use crate::store::{self, Tx}` (two of them) or `crate::store::open(…)`.
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
    pub test: bool,
}

/// A function with a body: its tokens from `fn` to the last brace.
pub struct Function<'a> {
    pub name: &'a str,
    pub tokens: &'a [Token],
}

impl House {
    /// This repository, without what its `.gitignore` leaves out.
    pub fn ours() -> Self {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let ignored = fs::read_to_string(top.join(".gitignore")).unwrap_or_default();
        let mut files = Vec::new();
        collect(top, "", &ignored, &mut files);
        files.sort_by(|one: &File, other| one.path.cmp(&other.path));
        Self { files }
    }

    /// A made-up one, for showing that a rule can fail.
    pub fn of(samples: &[(&str, &str)]) -> Self {
        Self { files: samples.iter().map(|(path, text)| File::new(path, text)).collect() }
    }

    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// What is compiled into the library and the binary.
    pub fn sources(&self) -> impl Iterator<Item = &File> {
        self.rust().filter(|file| file.path.starts_with("src/"))
    }
}

fn collect(folder: &Path, prefix: &str, ignored: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if NOT_OURS.contains(&name.as_str()) || ignored.lines().any(|pattern| is_ignored(&path, &name, pattern)) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{path}/"), ignored, files);
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File::new(&path, &text));
        }
    }
}

/// The plain patterns: `/at/the/top`, `*.ending` and `name`.
fn is_ignored(path: &str, name: &str, pattern: &str) -> bool {
    let pattern = pattern.trim_end_matches('/');
    match (pattern.strip_prefix('/'), pattern.strip_prefix('*')) {
        (Some(top), _) => path == top,
        (_, Some(ending)) => !ending.is_empty() && name.ends_with(ending),
        _ => name == pattern,
    }
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        let mut tokens = if path.ends_with(".rs") { tokens(text) } else { Vec::new() };
        mark_tests(&mut tokens, is_all_test(path));
        Self { path: path.to_owned(), text: text.to_owned(), tokens }
    }

    /// `["store", "open"]` for `src/store/open.rs`; nothing for `src/lib.rs` and for files outside `src`.
    pub fn module(&self) -> Vec<&str> {
        let Some(path) = self.path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
            return Vec::new();
        };
        let mut module: Vec<&str> = path.split('/').collect();
        if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
            module.pop();
        }
        module
    }

    /// Lines that are not of tests alone.
    pub fn lines_without_tests(&self) -> usize {
        let mut test_lines = 0;
        let mut counted_to = 0;
        let mut run: Option<(usize, usize)> = None;
        for token in self.tokens.iter().chain([&Token { kind: Kind::Mark, text: String::new(), line: 0, test: false }])
        {
            match (&mut run, token.test) {
                (None, true) => run = Some((token.line, token.line)),
                (Some((_, last)), true) => *last = token.line,
                (Some((first, last)), false) => {
                    test_lines += *last - (*first).max(counted_to + 1) + 1;
                    counted_to = *last;
                    run = None;
                }
                (None, false) => {}
            }
        }
        self.text.lines().count() - test_lines
    }

    /// Everything that is named with at least two segments, `use` trees spread out.
    pub fn named(&self) -> Vec<Named> {
        let mut named = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            let token = &self.tokens[at];
            // `use<…>` bounds a type.
            if token.text == "use" && self.tokens.get(at + 1).is_some_and(|next| next.text != "<") {
                at = spread(&self.tokens, at + 1, &[], &mut named);
            } else if token.kind == Kind::Word {
                let end = path_end(&self.tokens, at);
                if end > at + 1 {
                    let segments = self.tokens[at..end].iter().filter(|part| part.text != "::");
                    let segments = segments.map(|part| part.text.clone()).collect();
                    named.push(Named { segments, line: token.line, test: token.test });
                }
                at = end;
            } else {
                at += 1;
            }
        }
        named
    }

    /// The module that is meant, from the top of the crate; nothing where another crate or a neighbour is named.
    pub fn resolve(&self, named: &Named) -> Option<Vec<String>> {
        let mut module: Vec<String> = self.module().into_iter().map(str::to_owned).collect();
        let mut rest = named.segments.as_slice();
        match rest.first()?.as_str() {
            "crate" | "innkeeper" => module.clear(),
            "self" => {}
            "super" => drop(module.pop()),
            _ => return None,
        }
        rest = &rest[1..];
        while rest.first().is_some_and(|segment| segment == "super") {
            module.pop();
            rest = &rest[1..];
        }
        module.extend(rest.iter().cloned());
        Some(module)
    }

    pub fn functions(&self) -> Vec<Function<'_>> {
        let tokens = &self.tokens;
        (1..tokens.len())
            .filter(|at| tokens[at - 1].text == "fn" && tokens[*at].kind == Kind::Word)
            .filter_map(|at| {
                let (body, end) = body(tokens, at)?;
                (body < end).then(|| Function { name: &tokens[at].text, tokens: &tokens[at - 1..=end] })
            })
            .collect()
    }

    /// Where these tokens stand one after another.
    pub fn find<'a>(&'a self, sequence: &'a [&str]) -> impl Iterator<Item = &'a Token> {
        self.tokens
            .windows(sequence.len())
            .filter(move |window| window.iter().zip(sequence).all(|(token, text)| token.text == *text))
            .map(|window| &window[0])
    }
}

fn is_all_test(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// Marks `#[cfg(test)]` items, attribute included, and `#[test]` functions.
fn mark_tests(tokens: &mut [Token], all: bool) {
    for at in 0..tokens.len() {
        let starts = |sequence: &[&str]| {
            tokens.len() >= at + sequence.len()
                && sequence.iter().zip(&tokens[at..]).all(|(text, token)| token.text == *text)
        };
        if starts(&["#", "[", "cfg", "(", "test"]) || starts(&["#", "[", "test", "]"]) {
            let end = item_end(tokens, at);
            tokens[at..=end].iter_mut().for_each(|token| token.test = true);
        }
    }
    if all {
        tokens.iter_mut().for_each(|token| token.test = true);
    }
}

/// The last token of the item that begins with these attributes.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at).is_some_and(|token| token.text == "#") {
        at = closing(tokens, at + 1) + 1;
    }
    match body(tokens, at) {
        // `use a::{b};`
        Some((_, end)) if tokens.get(end + 1).is_some_and(|token| token.text == ";") => end + 1,
        Some((_, end)) => end,
        None => tokens.len() - 1,
    }
}

/// The braces of an item's body; twice the place of the semicolon where it has none.
fn body(tokens: &[Token], mut at: usize) -> Option<(usize, usize)> {
    loop {
        match tokens.get(at)?.text.as_str() {
            "{" => return Some((at, closing(tokens, at))),
            ";" => return Some((at, at)),
            "(" | "[" => at = closing(tokens, at) + 1,
            _ => at += 1,
        }
    }
}

/// Where the bracket that opens at `open` closes.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open).filter(|(_, token)| token.kind == Kind::Mark) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

/// The end of `a::b::c` that begins at this word.
fn path_end(tokens: &[Token], mut at: usize) -> usize {
    while tokens.get(at + 1).is_some_and(|token| token.text == "::")
        && tokens.get(at + 2).is_some_and(|token| token.kind == Kind::Word)
    {
        at += 2;
    }
    at + 1
}

/// Spreads one `use` tree out; answers where it ends.
fn spread(tokens: &[Token], mut at: usize, before: &[String], named: &mut Vec<Named>) -> usize {
    let mut segments = before.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => at += 1,
            "{" => {
                let end = closing(tokens, at);
                at += 1;
                while at < end {
                    at = spread(tokens, at, &segments, named);
                }
                return end + 1;
            }
            // The renamed is what is named.
            "as" => at += 2,
            "," | ";" | "}" => break,
            _ => {
                segments.push(token.text.clone());
                at += 1;
            }
        }
    }
    if let Some(token) = tokens.get(at.saturating_sub(1)) {
        named.push(Named { segments, line: token.line, test: token.test });
    }
    at + 1
}

/// Cuts Rust into tokens, without its comments.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let (kind, end) = next(&chars, at);
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: chars[at..end].iter().collect(), line, test: false });
        }
        line += chars[at..end].iter().filter(|char| **char == '\n').count();
        at = end;
    }
    tokens
}

/// What begins here and where it ends; blanks and comments are nothing.
fn next(chars: &[char], at: usize) -> (Option<Kind>, usize) {
    let rest = &chars[at..];
    let word = rest.iter().take_while(|char| char.is_alphanumeric() || **char == '_').count();
    match rest {
        ['/', '/', ..] => (None, at + rest.iter().take_while(|char| **char != '\n').count()),
        ['/', '*', ..] => (None, at + block_comment(rest)),
        [char, ..] if char.is_whitespace() => (None, at + 1),
        ['"', ..] => (Some(Kind::Literal), at + string(rest)),
        ['\'', ..] => character_or_lifetime(rest, at),
        [':', ':', ..] => (Some(Kind::Mark), at + 2),
        ['r', '#', char, ..] if char.is_alphabetic() => (Some(Kind::Word), at + 2 + next(chars, at + 2).1 - (at + 2)),
        _ if word == 0 => (Some(Kind::Mark), at + 1),
        _ => {
            let prefix: String = rest[..word].iter().collect();
            let after = &rest[word..];
            match prefix.as_str() {
                "r" | "br" | "cr" if matches!(after, ['"' | '#', ..]) => (Some(Kind::Literal), at + word + raw(after)),
                "b" | "c" if after.starts_with(&['"']) => (Some(Kind::Literal), at + word + string(after)),
                "b" if after.starts_with(&['\'']) => (Some(Kind::Literal), character_or_lifetime(after, at + word).1),
                _ => (Some(Kind::Word), at + word),
            }
        }
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

fn raw(rest: &[char]) -> usize {
    let hashes = rest.iter().take_while(|char| **char == '#').count();
    let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let end: Vec<char> = end.chars().collect();
    let body = &rest[(hashes + 1).min(rest.len())..];
    let length = body.windows(end.len()).position(|window| window == end).unwrap_or(body.len());
    (hashes + 1 + length + end.len()).min(rest.len())
}

/// `'a'` and `'\n'` are characters, `'a` is a lifetime.
fn character_or_lifetime(rest: &[char], at: usize) -> (Option<Kind>, usize) {
    match rest {
        ['\'', '\\', ..] => {
            let end = rest.iter().skip(3).position(|char| *char == '\'').map_or(rest.len(), |more| more + 4);
            (Some(Kind::Literal), at + end)
        }
        ['\'', _, '\'', ..] => (Some(Kind::Literal), at + 3),
        _ => (Some(Kind::Mark), at + 1),
    }
}
