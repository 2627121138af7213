//! Everybody in a guild at one moment, as Discord lists them: for what cannot wait until each of them was seen.

use std::collections::BTreeMap;

use super::{Author, RoleId, UserId};

/// People by their ids; bots are not among them.
#[derive(Debug, Clone, Default)]
pub struct Roll(BTreeMap<UserId, Listed>);

/// Somebody on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub author: Author,
    /// Without `@everyone`.
    pub roles: Vec<RoleId>,
}

impl Roll {
    /// Adds a page of the list.
    pub fn add(&mut self, page: impl IntoIterator<Item = Listed>) {
        let people = page.into_iter().filter(|listed| !listed.author.bot);
        self.0.extend(people.map(|listed| (listed.author.id, listed)));
    }

    pub fn find(&self, user: UserId) -> Option<&Listed> {
        self.0.get(&user)
    }
}
