//! The prefix form: `!addxp @Ada 50`. Mentions or ids, quotes around texts with spaces, and the last text option takes
//! the rest of the line.

use super::{Command, Kind, Value};
use crate::model::{Refusal, UserId};

/// The longest command line that is looked at, in bytes.
const LINE_BYTES_MAX: usize = 2_000;

/// The command line in a message that begins with the prefix or with a mention of the bot.
pub fn strip<'a>(content: &'a str, prefix: &str, me: Option<UserId>) -> Option<&'a str> {
    if content.len() > LINE_BYTES_MAX {
        return None;
    }
    let line = match content.strip_prefix(prefix) {
        Some(line) if !prefix.is_empty() => line,
        _ => strip_mention(content, me?)?.trim_start(),
    };
    // "!!!" and "! hello" are people being people.
    line.starts_with(char::is_alphabetic).then_some(line)
}

/// The command that a line begins with, and the rest of the line. A name may have several words, so the longest one
/// that fits is meant, be it a name or an alias; where none fits, it is the first word.
pub fn split<'a>(line: &'a str, commands: &[&Command]) -> (&'a str, &'a str) {
    let called = commands.iter().flat_map(|command| command.aliases.iter().chain([&command.name]));
    let fitting = called.filter_map(|name| Some((*name, strip_words(line, name)?)));
    let (name, rest) = fitting.max_by_key(|(name, _)| name.len()).unwrap_or_else(|| {
        let end = line.find(char::is_whitespace).unwrap_or(line.len());
        line.split_at(end)
    });
    (name, rest.trim())
}

/// What follows these words, in whatever case and however far apart they are written.
fn strip_words<'a>(line: &'a str, words: &str) -> Option<&'a str> {
    words.split(' ').try_fold(line, |rest, word| {
        let (head, tail) = rest.trim_start().split_at_checked(word.len())?;
        let whole = tail.is_empty() || tail.starts_with(char::is_whitespace);
        (whole && head.eq_ignore_ascii_case(word)).then_some(tail)
    })
}

fn strip_mention(content: &str, me: UserId) -> Option<&str> {
    let inner = content.strip_prefix("<@")?;
    let inner = inner.strip_prefix('!').unwrap_or(inner);
    inner.strip_prefix(me.to_string().as_str())?.strip_prefix('>')
}

/// Gives the words of a line to the command's options, in order. An optional number that the next word cannot be is
/// left out where other options follow: `<@1> thanks a lot` has a reason and no amount.
///
/// # Errors
/// A refusal when a word does not fit its option or words are left over.
pub fn assign(command: &Command, line: &str) -> Result<Vec<(String, Value)>, Refusal> {
    let mut rest = line.trim();
    let mut values = Vec::new();
    let options: Vec<_> = command.options.iter().filter(|option| option.in_line()).collect();
    for (index, option) in options.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        let last = index + 1 == options.len();
        if !last && !option.required() && !may_be_meant(option.kind(), rest) {
            continue;
        }
        let word = match option.kind() {
            Kind::Text { .. } if last && !rest.starts_with('"') => std::mem::take(&mut rest).to_owned(),
            _ => take_word(&mut rest)?,
        };
        match read(option.kind(), &word) {
            Some(value) => values.push((option.name().to_owned(), value)),
            None => {
                let expected = expected(option.kind());
                let usage = command.usage();
                let words = format!("`{}` must be {expected}. Usage: `{usage}`", option.name());
                return Err(Refusal::new(words));
            }
        }
    }
    if rest.is_empty() {
        Ok(values)
    } else {
        Err(Refusal::new(format!("That is more than `{}` takes. Usage: `{}`", command.name, command.usage())))
    }
}

/// The same for programs that fill in whatever fits: what an option cannot be is left out, and what is left over falls
/// away. Whether an option is missing is for whoever checks the values.
pub fn fill(command: &Command, line: &str) -> Vec<(String, Value)> {
    let mut rest = line.trim();
    let mut values = Vec::new();
    let options: Vec<_> = command.options.iter().filter(|option| option.in_line()).collect();
    for (index, option) in options.iter().enumerate() {
        let last = index + 1 == options.len();
        if rest.is_empty() || !last && !option.required() && !may_be_meant(option.kind(), rest) {
            continue;
        }
        let word = match option.kind() {
            Kind::Text { .. } if last && !rest.starts_with('"') && option.fits(rest) != Some(false) => {
                std::mem::take(&mut rest).to_owned()
            }
            // A quotation that is never closed goes to the end.
            _ => take_word(&mut rest).unwrap_or_else(|_| std::mem::take(&mut rest)[1..].to_owned()),
        };
        let value = read(option.kind(), &word).filter(|_| option.fits(&word) != Some(false));
        values.extend(value.map(|value| (option.name().to_owned(), value)));
    }
    values
}

/// The digits of the shortest id that there is.
const ID_DIGITS_MIN: usize = 15;

/// Whether the next word may be meant for an option that can be left out: numbers begin like numbers, and a channel is
/// a mention or an id.
fn may_be_meant(kind: Kind, rest: &str) -> bool {
    match kind {
        Kind::Span { .. } => rest.starts_with(|c: char| c.is_ascii_digit()),
        Kind::Channel => {
            let word = rest.split(char::is_whitespace).next().unwrap_or_default();
            word.starts_with("<#") || word.len() >= ID_DIGITS_MIN && word.bytes().all(|byte| byte.is_ascii_digit())
        }
        Kind::Whole { .. } => rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')),
        _ => true,
    }
}

/// Takes the next word off the line; quotes hold words together.
fn take_word(rest: &mut &str) -> Result<String, Refusal> {
    let line = *rest;
    if let Some(quoted) = line.strip_prefix('"') {
        let Some(end) = quoted.find('"') else {
            return Err(Refusal::new("A quotation mark is open at the end of the line."));
        };
        *rest = quoted[end + 1..].trim_start();
        return Ok(quoted[..end].to_owned());
    }
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    *rest = line[end..].trim_start();
    Ok(line[..end].to_owned())
}

fn read(kind: Kind, word: &str) -> Option<Value> {
    let mention = |open: &str| word.strip_prefix(open).and_then(|rest| rest.strip_suffix('>')).unwrap_or(word);
    match kind {
        Kind::User => {
            let inner = mention("<@");
            inner.strip_prefix('!').unwrap_or(inner).parse().ok().map(Value::User)
        }
        Kind::Channel => mention("<#").parse().ok().map(Value::Channel),
        Kind::Role => mention("<@&").parse().ok().map(Value::Role),
        Kind::Text { .. } | Kind::Choice(_) => Some(Value::Text(word.to_owned())),
        // What it must be is said where it is checked, with how long it may be.
        Kind::Span { .. } => Some(word.parse().map_or_else(|_| Value::Text(word.to_owned()), Value::Span)),
        Kind::Whole { .. } => word.parse().ok().map(Value::Whole),
        Kind::Flag => match word.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" | "1" => Some(Value::Flag(true)),
            "no" | "false" | "off" | "0" => Some(Value::Flag(false)),
            _ => None,
        },
    }
}

fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "a member: a mention or an id",
        Kind::Channel => "a channel: a mention or an id",
        Kind::Role => "a role: a mention or an id",
        Kind::Whole { .. } => "a whole number",
        Kind::Flag => "yes or no",
        Kind::Text { .. } | Kind::Choice(_) | Kind::Span { .. } => "a text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Args, Declared, Given, Opt};

    static MEMBER: Opt<UserId> = Opt::user("member", "Whose").required();
    static AMOUNT: Opt<i64> = Opt::whole("amount", "How much", -10..=10);
    static REASON: Opt<String> = Opt::text("reason", "Why", 20);
    static OPTIONS: [&dyn Declared; 3] = [&MEMBER, &AMOUNT, &REASON];
    static COMMAND: Command = Command {
        aliases: &["g"],
        ..Command::open("give", "Gives", "Test", &OPTIONS, |_, _, _| Err(Refusal::new("never run").into()))
    };

    fn run(line: &str) -> Result<(UserId, Option<i64>, Option<String>), String> {
        let args = Args::check(&COMMAND, &Given::Text(line.to_owned()), &[]).map_err(|refusal| refusal.to_string())?;
        Ok((args.load(&MEMBER).unwrap(), args.find(&AMOUNT), args.find(&REASON)))
    }

    #[test]
    fn a_command_line_follows_the_prefix_or_a_mention() {
        let me = UserId::new(7).ok();
        assert_eq!(strip("!xp", "!", me), Some("xp"));
        assert_eq!(strip("!give  <@1> 5", "!", me), Some("give  <@1> 5"));
        assert_eq!(strip("<@7> rank", "!", me), Some("rank"));
        assert_eq!(strip("<@!7>rank x", "!", me), Some("rank x"));
        for talk in ["<@77> rank", "!!!", "! hello", "hello", "", "!"] {
            assert_eq!(strip(talk, "!", me), None, "{talk:?}");
        }
        assert_eq!(strip("rank", "", me), None);
        assert_eq!(strip(&format!("!{}", "x".repeat(LINE_BYTES_MAX)), "!", me), None);
    }

    const fn named(name: &'static str, aliases: &'static [&'static str]) -> Command {
        Command { aliases, ..Command::open(name, "x", "x", &[], |_, _, _| Err(Refusal::new("never run").into())) }
    }

    static LIST: Command = named("kudos list", &["kudos"]);
    static GIVE: Command = named("kudos give", &["thanks", "give kudos"]);
    static GIVEN: Command = named("kudos given", &[]);

    #[test]
    fn the_longest_name_that_fits_is_meant() {
        let of = |line| split(line, &[&LIST, &GIVE, &GIVEN, &COMMAND]);
        assert_eq!(of("kudos give <@1> 2"), ("kudos give", "<@1> 2"));
        assert_eq!(of("Kudos \t GIVE\n<@1>"), ("kudos give", "<@1>"));
        assert_eq!(of("kudos given"), ("kudos given", ""));
        assert_eq!(of("kudos <@1>"), ("kudos", "<@1>"));
        assert_eq!(of("kudos"), ("kudos", ""));
        assert_eq!(of("give kudos <@1>"), ("give kudos", "<@1>"));
        assert_eq!(of("give <@1>"), ("give", "<@1>"));
        assert_eq!(of("kudosgive x"), ("kudosgive", "x"));
        assert_eq!(of("äpfel  x y "), ("äpfel", "x y"));
        assert_eq!(split("rank", &[]), ("rank", ""));
    }

    #[test]
    fn words_go_to_their_options() {
        let ada = UserId::new(12).unwrap();
        assert_eq!(run("<@12> 5 for all the help"), Ok((ada, Some(5), Some("for all the help".to_owned()))));
        assert_eq!(run("12"), Ok((ada, None, None)));
        assert_eq!(run("<@!12> -3 \"a b\""), Ok((ada, Some(-3), Some("a b".to_owned()))));
        assert_eq!(run("<@12> thanks a lot"), Ok((ada, None, Some("thanks a lot".to_owned()))));
        assert_eq!(run("<@12> \"5 loaves\""), Ok((ada, None, Some("5 loaves".to_owned()))));
    }

    #[test]
    fn programs_that_fill_in_what_fits_are_not_refused() {
        let filled = |line: &str| -> Vec<_> { fill(&COMMAND, line).into_iter().map(|(_, value)| value).collect() };
        let (ada, text) = (Value::User(UserId::new(12).unwrap()), |text: &str| Value::Text(text.to_owned()));
        assert_eq!(filled("<@12> 5 \"for all\" the help"), [ada.clone(), Value::Whole(5), text("for all")]);
        assert_eq!(filled("12 -3 for all the help"), [ada.clone(), Value::Whole(-3), text("for all the help")]);
        assert_eq!(filled("Ada 5x \"an open end"), [text("an open end")]);
        assert_eq!(filled("12 thanks"), [ada, text("thanks")]);
        assert!(filled("").is_empty() && filled("x").is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        assert_eq!(run("").unwrap_err(), "`member` is missing: Whose. Usage: `give <member> [amount] [reason]`");
        assert!(run("Ada").unwrap_err().starts_with("`member` must be a member"));
        assert!(run("0").unwrap_err().starts_with("`member` must be a member"));
        assert_eq!(run("12 11").unwrap_err(), "`amount` must be a whole number from -10 to 10.");
        assert!(run("12 5x").unwrap_err().starts_with("`amount` must be a whole number."));
        assert!(run("12 99999999999999999999").unwrap_err().starts_with("`amount` must be a whole number"));
        assert_eq!(run("12 1 \"open").unwrap_err(), "A quotation mark is open at the end of the line.");
        assert!(run("12 1 \"a\" b").unwrap_err().starts_with("That is more"));
        assert!(run("12 1 123456789012345678901").unwrap_err().contains("at most 20 characters"));
    }
}
