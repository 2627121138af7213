//! The prefix form: `!addxp @Ada 50`. Mentions or ids, quotes around texts with spaces, and the last text option takes
//! the rest of the line.

use super::{Command, Kind, Value};
use crate::model::{Refusal, UserId};

/// The longest command line that is looked at, in bytes.
const LINE_BYTES_MAX: usize = 2_000;

/// The command's word and the rest of the line, when `content` begins with the prefix or with a mention of the bot.
pub fn split<'a>(content: &'a str, prefix: &str, me: Option<UserId>) -> Option<(&'a str, &'a str)> {
    if content.len() > LINE_BYTES_MAX {
        return None;
    }
    let rest = match content.strip_prefix(prefix) {
        Some(rest) if !prefix.is_empty() => rest,
        _ => strip_mention(content, me?)?.trim_start(),
    };
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(end);
    // "!!!" and "! hello" are people being people.
    let fine = word.starts_with(|c: char| c.is_alphabetic());
    fine.then_some((word, rest.trim()))
}

fn strip_mention(content: &str, me: UserId) -> Option<&str> {
    let inner = content.strip_prefix("<@")?;
    let inner = inner.strip_prefix('!').unwrap_or(inner);
    inner.strip_prefix(me.to_string().as_str())?.strip_prefix('>')
}

/// Gives the words of a line to the command's options, in order.
///
/// # Errors
/// A refusal when a word does not fit its option or words are left over.
pub fn assign(command: &Command, line: &str) -> Result<Vec<(String, Value)>, Refusal> {
    let mut rest = line.trim();
    let mut values = Vec::new();
    for (index, option) in command.options.iter().enumerate() {
        if rest.is_empty() {
            break;
        }
        let last = index + 1 == command.options.len();
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
        Kind::Text { .. } | Kind::Choice(_) => "a text",
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
    fn a_line_is_split_into_command_and_rest() {
        let me = UserId::new(7).ok();
        assert_eq!(split("!xp", "!", me), Some(("xp", "")));
        assert_eq!(split("!give  <@1> 5", "!", me), Some(("give", "<@1> 5")));
        assert_eq!(split("<@7> rank", "!", me), Some(("rank", "")));
        assert_eq!(split("<@!7>rank x", "!", me), Some(("rank", "x")));
        assert_eq!(split("<@77> rank", "!", me), None);
        assert_eq!(split("!!!", "!", me), None);
        assert_eq!(split("! hello", "!", me), None);
        assert_eq!(split("hello", "!", me), None);
        assert_eq!(split("rank", "", me), None);
    }

    #[test]
    fn words_go_to_their_options() {
        let ada = UserId::new(12).unwrap();
        assert_eq!(run("<@12> 5 for all the help"), Ok((ada, Some(5), Some("for all the help".to_owned()))));
        assert_eq!(run("12"), Ok((ada, None, None)));
        assert_eq!(run("<@!12> -3 \"a b\""), Ok((ada, Some(-3), Some("a b".to_owned()))));
    }

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        assert_eq!(run("").unwrap_err(), "`member` is missing: Whose. Usage: `give <member> [amount] [reason]`");
        assert!(run("Ada").unwrap_err().starts_with("`member` must be a member"));
        assert!(run("0").unwrap_err().starts_with("`member` must be a member"));
        assert_eq!(run("12 11").unwrap_err(), "`amount` must be a whole number from -10 to 10.");
        assert!(run("12 99999999999999999999").unwrap_err().starts_with("`amount` must be a whole number"));
        assert_eq!(run("12 1 \"open").unwrap_err(), "A quotation mark is open at the end of the line.");
        assert!(run("12 1 \"a\" b").unwrap_err().starts_with("That is more"));
        assert!(run("12 1 123456789012345678901").unwrap_err().contains("at most 20 characters"));
    }
}
