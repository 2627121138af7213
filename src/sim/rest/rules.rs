//! What a test plans for requests to come: answers that are no answers, and answers that never arrive.

use super::{Fate, Request, Response};
use crate::sim::world::World;

/// What happens to a request that a rule fits.
#[derive(Debug, Clone)]
pub enum Act {
    /// It is answered so, and nothing is done.
    Answer(Response),
    /// Nothing is done, and the answer has this fate.
    Lose(Fate),
    /// It is done, and the answer has this fate: the sender cannot know whether it was.
    PerformThen(Fate),
    /// It is done, and answered so.
    PerformThenAnswer(Response),
}

/// A plan for requests to come.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Empty fits every method.
    pub method: String,
    /// A part of the path from `/api/v10` on; empty fits every path.
    pub path_part: String,
    /// How many requests it is for; none is for all.
    pub left: Option<u32>,
    pub act: Act,
}

impl World {
    /// Plans what happens to the next `times` requests (none: to all) of this method whose path contains this part.
    /// Rules are tried in the order in which they were made.
    pub fn plan(&mut self, method: &str, path_part: &str, times: Option<u32>, act: Act) {
        let rule = Rule { method: method.to_owned(), path_part: path_part.to_owned(), left: times, act };
        self.rules.push(rule);
    }

    /// Forgets all plans.
    pub fn clear_plans(&mut self) {
        self.rules.clear();
    }

    /// How many plans wait for requests still.
    pub fn plans_left(&self) -> usize {
        self.rules.iter().filter(|rule| rule.left.is_some()).count()
    }

    pub(super) fn take_rule(&mut self, request: &Request) -> Option<Act> {
        let fits = |rule: &Rule| {
            (rule.method.is_empty() || rule.method == request.method) && request.path.contains(&rule.path_part)
        };
        let at = self.rules.iter().position(fits)?;
        let rule = self.rules.get_mut(at)?;
        let act = rule.act.clone();
        if let Some(left) = rule.left.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.rules.remove(at);
            }
        }
        Some(act)
    }
}
