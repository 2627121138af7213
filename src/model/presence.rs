//! Whether and how somebody is there, as Discord shows it; and whose presence is looked after, so that everybody
//! else's costs next to nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{Author, Event, GuildId, RoleId, Timestamp, UserId};

/// The most characters of a custom status or of an activity's name that are kept.
pub const TEXT_CHARS_MAX: usize = 200;

/// How somebody is there. Who is invisible is offline to others.
///
/// Source: Discord API documentation, "Gateway Events", "Presence Update".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Online,
    Idle,
    /// Does not want to be disturbed.
    Dnd,
    Offline,
}

impl Status {
    pub const ALL: [Self; 4] = [Self::Online, Self::Idle, Self::Dnd, Self::Offline];

    /// Discord's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Idle => "idle",
            Self::Dnd => "dnd",
            Self::Offline => "offline",
        }
    }

    /// What this word means. Discord also writes `invisible`, of oneself alone.
    pub fn of_word(word: &str) -> Option<Self> {
        if word == "invisible" {
            return Some(Self::Offline);
        }
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// Whether and how somebody is there, and what they say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    pub status: Status,
    /// The text of their custom status, without its emoji; at most [`TEXT_CHARS_MAX`] characters.
    pub custom_status: Option<String>,
    /// The name of what they do: the last activity in Discord's list that is no custom status; as long at most.
    pub activity: Option<String>,
}

impl Presence {
    /// Not there. Discord tells no activities of who is not.
    pub const OFFLINE: Self = Self { status: Status::Offline, custom_status: None, activity: None };
}

/// A member as Discord tells of them together with their presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPresence {
    pub author: Author,
    /// Without `@everyone`.
    pub roles: Vec<RoleId>,
    /// None: nothing was told of it.
    pub presence: Option<Presence>,
}

/// Whether presences can be seen at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Clear,
    /// Nothing needed them until just now, so Discord was not asked to tell them.
    NotAsked,
    /// The intent is not switched on in the developer portal.
    NotGranted,
    /// There is no session with Discord's gateway at the moment.
    NoSession,
}

/// Whose presence is looked after: these users, and whoever holds one of these roles. A guild that does not stand here
/// has nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watchlist {
    pub roles: HashSet<RoleId>,
    pub users: HashMap<GuildId, HashSet<UserId>>,
}

impl Watchlist {
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.users.values().all(HashSet::is_empty)
    }

    /// Whether a member of a guild, who holds these roles, is one of those.
    pub fn names(&self, guild: GuildId, user: UserId, roles: &[RoleId]) -> bool {
        self.names_user(guild, user) || roles.iter().any(|role| self.roles.contains(role))
    }

    /// Whether this user is looked after in any guild: what decides about most of what comes.
    pub fn names_anywhere(&self, user: UserId) -> bool {
        self.users.values().any(|users| users.contains(&user))
    }

    /// Whether they are in this one, whatever their roles.
    pub fn names_user(&self, guild: GuildId, user: UserId) -> bool {
        self.users.get(&guild).is_some_and(|users| users.contains(&user))
    }
}

/// What is shared about presences: whose are looked after, which the gateway reads with every event, and when all of a
/// guild's were last compared with Discord. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Presences(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    watchlist: ArcSwap<Watchlist>,
    synced: ArcSwap<HashMap<GuildId, Timestamp>>,
}

impl Presences {
    /// Whose presence is looked after.
    pub fn watchlist(&self) -> arc_swap::Guard<Arc<Watchlist>> {
        self.0.watchlist.load()
    }

    /// From now on it is these people's.
    pub fn watch(&self, watchlist: Watchlist) {
        self.0.watchlist.store(Arc::new(watchlist));
    }

    /// When all of a guild's presences were last compared with Discord, by Discord's time; none since the start.
    pub fn synced_at(&self, guild: GuildId) -> Option<Timestamp> {
        self.0.synced.load().get(&guild).copied()
    }

    /// Follows what rooms emitted, after its commit.
    pub fn follow(&self, event: &Event) {
        match event {
            Event::WatchlistSet(watchlist) => self.watch(Watchlist::clone(watchlist)),
            Event::PresencesSynced { guild, at } => {
                self.0.synced.rcu(|synced| {
                    let mut synced = HashMap::clone(synced);
                    synced.insert(*guild, *at);
                    synced
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_discords() {
        for status in Status::ALL {
            assert_eq!(Status::of_word(status.word()), Some(status));
        }
        assert_eq!(Status::of_word("invisible"), Some(Status::Offline));
        assert_eq!(Status::of_word("Online"), None);
    }

    #[test]
    fn a_watchlist_names_people_by_guild_and_by_role() {
        let (guild, other) = (GuildId::new(1).unwrap(), GuildId::new(2).unwrap());
        let (ada, bert) = (UserId::new(10).unwrap(), UserId::new(11).unwrap());
        let role = RoleId::new(20).unwrap();
        let presences = Presences::default();
        assert!(presences.watchlist().is_empty());
        let users = HashMap::from([(guild, HashSet::from([ada]))]);
        presences.follow(&Event::WatchlistSet(Box::new(Watchlist { roles: HashSet::from([role]), users })));
        let watchlist = presences.watchlist();
        assert!(watchlist.names_user(guild, ada) && !watchlist.names_user(other, ada));
        assert!(watchlist.names(guild, bert, &[role]) && !watchlist.names(guild, bert, &[]));
        assert_eq!(presences.synced_at(guild), None);
        presences.follow(&Event::PresencesSynced { guild, at: Timestamp::from_ms(7) });
        assert_eq!(presences.synced_at(guild), Some(Timestamp::from_ms(7)));
    }
}
