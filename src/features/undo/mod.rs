//! `/undo`: taking back what was done, by its number. The letter before the number says which room keeps the record;
//! that room takes it back, and this one refuses to know how.

pub mod api;

use super::{Feature, Undoes};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::config::Config;
use crate::cx::Cx;
use crate::model::{Permission, Refusal, Result, text};

pub(super) static FEATURE: Feature = Feature {
    name: "undo",
    is_on: |config| records(config).next().is_some(),
    needs: |_| &[],
    commands: &[&UNDO],
    undoes: &[],
    start: None,
    observe: |_, _| Ok(()),
    card: None,
    verify: None,
    portrait: None,
    personal: &[],
};

const NUMBER_CHARS_MAX: u16 = 24;

static NUMBER: Opt<String> =
    Opt::text("id", "What to take back: L12 from /xphistory, B3 for a batch, K5 from /kudos list", NUMBER_CHARS_MAX)
        .required();
static OF_UNDO: [&dyn Declared; 1] = [&NUMBER];

static UNDO: Command = Command {
    can_be_set: false,
    ..Command::open("undo", "Takes back a change, or a whole batch", "General", &OF_UNDO, undo)
        .for_staff(Permission::ManageGuild)
};

fn undo(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let number = args.load(&NUMBER)?;
    let number = number.trim();
    let unknown = || Refusal::new(no_such_number(number));
    let (letter, digits) = number.split_at_checked(1).ok_or_else(unknown)?;
    let id: i64 = digits.parse().map_err(|_| unknown())?;
    let letter = letter.to_ascii_uppercase();
    let meant = records(cx.config).find(|undoes| letter.starts_with(undoes.letter));
    (meant.ok_or_else(unknown)?.undo)(cx, actor, id)
}

/// What the rooms that are switched on can take back.
fn records(config: &Config) -> impl Iterator<Item = &'static Undoes> {
    let with_records = Feature::all().filter(|feature| !feature.undoes.is_empty());
    with_records.filter(|feature| (feature.is_on)(config)).flat_map(|feature| feature.undoes)
}

fn no_such_number(number: &str) -> String {
    format!("There is no {} here. /xphistory shows the numbers, such as L12 or B3.", text::name(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_names_one_kind_of_record() {
        let mut letters: Vec<char> = Feature::all().flat_map(|feature| feature.undoes).map(|u| u.letter).collect();
        assert!(letters.iter().all(char::is_ascii_uppercase), "{letters:?}");
        letters.sort_unstable();
        let all = letters.len();
        letters.dedup();
        assert_eq!(letters.len(), all);
    }
}
