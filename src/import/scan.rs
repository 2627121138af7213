//! Levels from what another bot has said: its announcements, one after another, and the highest level of each member.

use std::collections::{BTreeMap, BTreeSet};

use super::{Extract, Invalid, LEVEL_BELIEVED_MAX, MEMBERS_MAX, Member, Settings, Source};
use crate::model::{GuildId, UserId, text};

/// Names without a mention that are kept to be shown.
const UNMATCHED_MAX: usize = 50;

/// What the other bot's announcements look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Member,
    Level,
    Anything,
}

impl Pattern {
    /// Reads a pattern: `{member}` and `{level}` stand for themselves, `*` for anything, all else for its letters.
    ///
    /// # Errors
    /// A sentence where it cannot find anything.
    pub fn parse(given: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = given;
        while !rest.is_empty() {
            let words = [("{member}", Piece::Member), ("{level}", Piece::Level), ("*", Piece::Anything)];
            if let Some((word, piece)) = words.into_iter().find(|(word, _)| rest.starts_with(word)) {
                pieces.push(piece);
                rest = &rest[word.len()..];
                continue;
            }
            let end =
                ["{member}", "{level}", "*"].iter().filter_map(|word| rest.find(word)).min().unwrap_or(rest.len());
            pieces.push(Piece::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        let count = |wanted: Piece| pieces.iter().filter(|piece| **piece == wanted).count();
        if count(Piece::Member) != 1 || count(Piece::Level) != 1 {
            return Err(
                "a pattern has {member} and {level} in it, once each: \"{member} reached level {level}\"".into()
            );
        }
        let is_text = |piece: &Piece| matches!(piece, Piece::Text(_));
        // Members and levels are looked for in all that lies between two texts, so a `*` beside them adds nothing.
        let mut kept: Vec<Piece> = Vec::new();
        for (nth, piece) in pieces.iter().enumerate() {
            let beside = pieces.get(nth + 1).is_none_or(is_text) && kept.last().is_none_or(is_text);
            if *piece != Piece::Anything || beside {
                kept.push(piece.clone());
            }
        }
        let pieces = kept;
        if pieces.windows(2).any(|pair| !is_text(&pair[0]) && !is_text(&pair[1])) {
            return Err("a pattern needs some text between {member}, {level} and *".into());
        }
        Ok(Self(pieces))
    }

    /// What stands for the member and for the level, where a text is an announcement.
    fn find<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let (mut member, mut level, mut open) = (None, None, Some(&Piece::Anything));
        let mut rest = text;
        let mut close = |open: Option<&Piece>, found: &'t str| match open {
            Some(Piece::Member) => member = Some(found),
            Some(Piece::Level) => level = Some(found),
            _ => {}
        };
        for piece in &self.0 {
            match piece {
                Piece::Text(wanted) => {
                    let at = rest.find(wanted.as_str())?;
                    close(open.take(), &rest[..at]);
                    rest = &rest[at + wanted.len()..];
                }
                other => open = Some(other),
            }
        }
        close(open, rest);
        member.zip(level)
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Scan {
    levels: BTreeMap<UserId, u16>,
    /// Names that are no mentions, as far as they are shown.
    unmatched: BTreeSet<String>,
    /// Announcements.
    pub found: usize,
}

impl Scan {
    /// Looks at a message of the other bot.
    pub fn see(&mut self, pattern: &Pattern, message: &str) {
        let Some((member, level)) = pattern.find(message) else { return };
        let Some(level) = number_in(level) else { return };
        self.found += 1;
        match mention_in(member) {
            Some(user) if self.levels.len() < MEMBERS_MAX || self.levels.contains_key(&user) => {
                let highest = self.levels.entry(user).or_default();
                *highest = level.max(*highest);
            }
            Some(_) => {}
            None if self.unmatched.len() < UNMATCHED_MAX => {
                self.unmatched.insert(text::plain(member.trim()));
            }
            None => {}
        }
    }

    /// Everybody's highest level.
    pub fn end(self, guild: Option<GuildId>) -> Extract {
        let unmatched: Vec<_> = self.unmatched.into_iter().collect();
        let mut notes = vec![format!("{} announcements were found.", self.found)];
        if !unmatched.is_empty() {
            notes.push(format!("These names are no mentions, so nobody is known by them: {}.", unmatched.join(", ")));
        }
        let members = self.levels.into_iter().map(|(user, level)| Member::new(user, 0, Some(level)));
        Extract {
            source: Source::Scan,
            guild,
            members: members.collect(),
            twice: 0,
            invalid: Invalid::default(),
            scale: None,
            settings: Settings::default(),
            notes,
        }
    }
}

/// The first whole number.
fn number_in(text: &str) -> Option<u16> {
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|level| *level <= LEVEL_BELIEVED_MAX)
}

/// The member of the first mention: `<@1>` or `<@!1>`.
fn mention_in(text: &str) -> Option<UserId> {
    let (_, rest) = text.split_once("<@")?;
    let (id, _) = rest.split_once('>')?;
    id.trim_start_matches('!').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn levels(pattern: &str, messages: &[&str]) -> (Vec<(u64, u16)>, Vec<String>) {
        let pattern = Pattern::parse(pattern).unwrap();
        let mut scan = Scan::default();
        messages.iter().for_each(|message| scan.see(&pattern, message));
        let extract = scan.end(None);
        let levels = extract.members.iter().map(|member| (member.user.get(), member.level.unwrap())).collect();
        (levels, extract.notes)
    }

    #[test]
    fn the_highest_level_of_each_member_is_kept() {
        let (found, notes) = levels(
            "GG {member}, you just advanced to level {level}!",
            &[
                "GG <@11>, you just advanced to level 4!",
                "GG <@!11>, you just advanced to level **3**!",
                "GG <@12>, you just advanced to level 12!",
                "GG mossy, you just advanced to level 9!",
                "<@13> says hello",
                "GG <@14>, you just advanced to level many!",
                "GG <@15>, you just advanced to level 99999999999!",
            ],
        );
        assert_eq!(found, [(11, 4), (12, 12)]);
        assert!(notes[0].contains("4 announcements") && notes[1].contains("mossy"), "{notes:?}");
        assert_eq!(levels("level {level}*for {member}", &["at last: level 7 is there for <@9>"]).0, [(9, 7)]);
        assert_eq!(levels("{member} * level {level}", &["<@9> has reached level 7"]).0, [(9, 7)]);
    }

    #[test]
    fn a_pattern_that_cannot_find_anything_is_refused() {
        assert!(Pattern::parse("level {level}").unwrap_err().contains("{member}"));
        assert!(Pattern::parse("{member}{level}").unwrap_err().contains("between"));
        assert!(Pattern::parse("").is_err());
    }

    proptest! {
        #[test]
        fn no_message_brings_the_scan_down(pattern in "[{}a-z* ]{0,20}", message in any::<String>()) {
            for given in [pattern.clone(), format!("{pattern}{{member}} x {{level}}")] {
                if let Ok(pattern) = Pattern::parse(&given) {
                    Scan::default().see(&pattern, &message);
                }
            }
        }
    }
}
