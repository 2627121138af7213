//! What keeps somebody from a command, step by step in the gate's order, and how `/help` is cut into pages.

use std::time::Duration;

use crate::model::{CommandRule, Permission, Permissions};

/// What the gate would go by.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// They are known to be in the server.
    pub is_here: bool,
    pub is_bot: bool,
    pub rule: CommandRule,
    pub requires: Permission,
    pub held: Permissions,
    /// None: levels are off.
    pub level: Option<u32>,
    /// As it holds here.
    pub cooldown_seconds: u32,
    pub cools_for: Option<Duration>,
}

/// A step of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// People of the server use commands.
    Here,
    SwitchedOn,
    Permission,
    Level,
    Cooldown,
}

/// Every step with whether it lets them through, in the gate's order.
pub fn steps(facts: &Facts) -> [(Step, bool); 5] {
    let level = match (facts.rule.level, facts.level) {
        (Some(needed), Some(level)) => level >= needed,
        _ => true,
    };
    [
        (Step::Here, facts.is_here && !facts.is_bot),
        (Step::SwitchedOn, !facts.rule.disabled),
        (Step::Permission, facts.requires.allows(facts.held)),
        (Step::Level, level),
        (Step::Cooldown, facts.cools_for.is_none()),
    ]
}

/// Cuts a list of groups into pages of about so many entries; a group goes on on the next page where it must.
pub fn pages<T: Copy>(groups: &[(&'static str, Vec<T>)], page_max: usize) -> Vec<Vec<(&'static str, Vec<T>)>> {
    let mut pages: Vec<Vec<(&'static str, Vec<T>)>> = Vec::new();
    let mut room = 0;
    for (name, entries) in groups {
        // A group that fits a page is not torn.
        if entries.len() > room && entries.len() <= page_max {
            room = 0;
        }
        let mut rest = &entries[..];
        while !rest.is_empty() {
            if room == 0 {
                pages.push(Vec::new());
                room = page_max;
            }
            let (now, later) = rest.split_at(rest.len().min(room));
            if let Some(page) = pages.last_mut() {
                page.push((name, now.to_vec()));
            }
            (rest, room) = (later, room - now.len());
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_that_says_no_is_the_reason() {
        let open = Facts {
            is_here: true,
            is_bot: false,
            rule: CommandRule::default(),
            requires: Permission::Everyone,
            held: Permissions::NONE,
            level: Some(3),
            cooldown_seconds: 0,
            cools_for: None,
        };
        let no = |facts: &Facts| steps(facts).iter().find(|(_, fine)| !fine).map(|(step, _)| *step);
        assert_eq!(no(&open), None);
        let rule = CommandRule { level: Some(4), ..CommandRule::default() };
        assert_eq!(no(&Facts { rule, ..open }), Some(Step::Level));
        assert_eq!(no(&Facts { rule, level: None, ..open }), None, "without levels nobody is asked for one");
        let off = CommandRule { disabled: true, ..rule };
        assert_eq!(no(&Facts { rule: off, requires: Permission::ManageGuild, ..open }), Some(Step::SwitchedOn));
        assert_eq!(no(&Facts { requires: Permission::ManageGuild, ..open }), Some(Step::Permission));
        assert_eq!(no(&Facts { cools_for: Some(Duration::from_secs(1)), ..open }), Some(Step::Cooldown));
        assert_eq!(no(&Facts { is_bot: true, ..open }), Some(Step::Here));
    }

    #[test]
    fn a_group_stays_whole_where_it_can() {
        let groups = [("a", vec![1, 2, 3]), ("b", vec![4, 5]), ("c", (6..16).collect())];
        let cut = pages(&groups, 4);
        let sizes: Vec<Vec<_>> =
            cut.iter().map(|page| page.iter().map(|(name, entries)| (*name, entries.len())).collect()).collect();
        assert_eq!(sizes, [vec![("a", 3)], vec![("b", 2), ("c", 2)], vec![("c", 4)], vec![("c", 4)]]);
        assert!(pages::<u8>(&[], 4).is_empty());
    }
}
