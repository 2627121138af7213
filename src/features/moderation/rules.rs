//! The rules of moderation: who may act on whom, when a warning counts, what warnings lead to. Pure functions.

use crate::model::{Deed, Guild, Permissions, RoleId, Timestamp, UserId};

/// What a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Note,
    Warn,
    Timeout,
    Untimeout,
    Kick,
    Ban,
    Unban,
    Softban,
    /// Something that a program did and calls by a name of its own.
    Other,
}

impl Kind {
    /// Everything that the bot itself does.
    pub const ALL: [Self; 8] =
        [Self::Note, Self::Warn, Self::Timeout, Self::Untimeout, Self::Kick, Self::Ban, Self::Unban, Self::Softban];

    /// The word under which it is stored, and typed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Timeout => "timeout",
            Self::Untimeout => "untimeout",
            Self::Kick => "kick",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Softban => "softban",
            Self::Other => "other",
        }
    }

    /// The kind of a stored word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Other]).find(|kind| kind.word() == word)
    }

    /// The kind of what a program calls its deed by this name.
    pub fn of_action(action: &str) -> Self {
        Self::ALL.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(action)).unwrap_or(Self::Other)
    }

    /// The kind of something that was done by hand; none for what makes no case.
    pub const fn of_deed(deed: Deed) -> Option<Self> {
        match deed {
            Deed::Tell => None,
            Deed::Timeout { .. } => Some(Self::Timeout),
            Deed::LiftTimeout => Some(Self::Untimeout),
            Deed::Kick => Some(Self::Kick),
            Deed::Ban { .. } => Some(Self::Ban),
            Deed::Unban => Some(Self::Unban),
            Deed::Softban { .. } => Some(Self::Softban),
        }
    }

    /// Whether it is done to somebody who has to be there.
    pub const fn needs_member(self) -> bool {
        matches!(self, Self::Warn | Self::Timeout | Self::Untimeout | Self::Kick | Self::Softban)
    }

    /// Whether it speaks for or against them as long as nobody settles it.
    pub const fn can_be_open(self) -> bool {
        !matches!(self, Self::Untimeout | Self::Unban)
    }

    /// What the bot needs for it.
    pub const fn permission(self) -> Option<(Permissions, &'static str)> {
        match self {
            Self::Note | Self::Warn | Self::Other => None,
            Self::Timeout | Self::Untimeout => Some((Permissions::MODERATE_MEMBERS, "Moderate Members")),
            Self::Kick => Some((Permissions::KICK_MEMBERS, "Kick Members")),
            Self::Ban | Self::Unban | Self::Softban => Some((Permissions::BAN_MEMBERS, "Ban Members")),
        }
    }
}

/// Somebody who takes part: who they are, and the roles that they hold.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    pub user: UserId,
    pub roles: &'a [RoleId],
}

/// Whom something is to be done to.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub user: UserId,
    pub bot: bool,
    /// None when they are not in the guild.
    pub roles: Option<&'a [RoleId]>,
}

/// Why something cannot be done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    Yourself,
    Me,
    Owner,
    /// Warnings are for people.
    Bot,
    NotHere,
    /// They are there, so there is no ban to lift.
    NotBanned,
    /// They are not below who asks.
    AboveYou,
    /// They are not below the bot.
    AboveMe,
    /// Discord lets nobody time out an administrator.
    Administrator,
    /// The bot lacks this permission.
    NoPermission(&'static str),
}

/// Whether `kind` may be done to `target` by `actor` (none: by a rule of the configuration), through a bot `me`.
/// Discord judges the bot alone; that who asks stands above who suffers is for us to see to.
///
/// Source: Discord API documentation, "Permissions", "Permission Hierarchy"; "Modify Guild Member" for timeouts.
pub fn check(
    guild: &Guild,
    kind: Kind,
    actor: Option<Person<'_>>,
    me: Person<'_>,
    target: Target<'_>,
) -> Result<(), Obstacle> {
    let user = target.user;
    if actor.is_some_and(|actor| actor.user == user) && kind != Kind::Note {
        return Err(Obstacle::Yourself);
    }
    if user == me.user {
        return Err(Obstacle::Me);
    }
    if kind == Kind::Note {
        return Ok(());
    }
    if target.bot && kind == Kind::Warn {
        return Err(Obstacle::Bot);
    }
    if kind.needs_member() && target.roles.is_none() {
        return Err(Obstacle::NotHere);
    }
    if kind == Kind::Unban && target.roles.is_some() {
        return Err(Obstacle::NotBanned);
    }
    if user == guild.owner {
        return Err(Obstacle::Owner);
    }
    if let Some((permission, name)) = kind.permission()
        && !guild.permissions_of(me.user, me.roles).contains(permission)
    {
        return Err(Obstacle::NoPermission(name));
    }
    let Some(roles) = target.roles else { return Ok(()) };
    let stands = |person: Person<'_>| guild.outranks((person.user, person.roles), (user, roles));
    if actor.is_some_and(|actor| !stands(actor)) {
        return Err(Obstacle::AboveYou);
    }
    if kind.permission().is_some() && !stands(me) {
        return Err(Obstacle::AboveMe);
    }
    if kind == Kind::Timeout && guild.permissions_by(roles).contains(Permissions::ADMINISTRATOR) {
        return Err(Obstacle::Administrator);
    }
    Ok(())
}

/// What a case says of itself that decides whether it still counts.
#[derive(Debug, Clone, Copy)]
pub struct Weight {
    pub kind: Kind,
    pub failed: bool,
    /// Resolved, taken back, or over before its time.
    pub settled: bool,
    pub ends_at: Option<Timestamp>,
}

impl Weight {
    /// Whether it still speaks for or against somebody.
    pub fn counts(self, now: Timestamp) -> bool {
        self.kind.can_be_open() && !self.failed && !self.settled && self.ends_at.is_none_or(|end| end > now)
    }
}

/// The highest of these thresholds that is reached. `count` tells how many warnings count of the last so long (none: of
/// all time).
pub fn reached<T>(thresholds: &[T], warnings: impl Fn(&T) -> u32, count: impl Fn(&T) -> u32) -> Option<&T> {
    let reached = thresholds.iter().filter(|threshold| count(threshold) >= warnings(threshold));
    reached.max_by_key(|threshold| warnings(threshold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GuildId, Role};

    const OWNER: u64 = 1;
    const ME: u64 = 2;
    const ACTOR: u64 = 3;
    const TARGET: u64 = 4;

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    fn role(id: u64, position: i64, permissions: Permissions) -> Role {
        Role { id: RoleId::new(id).unwrap(), name: String::new(), position, permissions, managed: false }
    }

    /// Levels 0 to 5: no role, two roles at the same position of which the older one is higher, then higher ones, of
    /// which the last but one administrates. Level 6 is the owner.
    fn guild() -> Guild {
        let all = Permissions::ALL.without(Permissions::ADMINISTRATOR);
        Guild {
            id: GuildId::new(10).unwrap(),
            name: "Inn".to_owned(),
            owner: user(OWNER),
            member_count: 4,
            my_roles: Vec::new(),
            roles: vec![
                role(10, 0, all),
                role(12, 1, Permissions::NONE),
                role(11, 1, Permissions::NONE),
                role(13, 2, Permissions::NONE),
                role(14, 3, Permissions::ADMINISTRATOR),
                role(15, 4, Permissions::NONE),
            ],
            channels: Vec::new(),
            afk_channel: None,
            voices: Vec::new(),
            watched: Vec::new(),
        }
    }

    const LEVELS: [Option<u64>; 6] = [None, Some(12), Some(11), Some(13), Some(14), Some(15)];

    /// An own reading of the same rules: the number of the level decides.
    fn expected(kind: Kind, actor: usize, me: usize, target: usize) -> Result<(), Obstacle> {
        let acts = kind.permission().is_some();
        match kind {
            Kind::Note => Ok(()),
            Kind::Unban => Err(Obstacle::NotBanned),
            _ if actor <= target => Err(Obstacle::AboveYou),
            _ if acts && me <= target => Err(Obstacle::AboveMe),
            Kind::Timeout if target == 4 => Err(Obstacle::Administrator),
            _ => Ok(()),
        }
    }

    #[test]
    fn six_levels_of_actor_bot_and_target() {
        let guild = guild();
        let roles = |level: usize| LEVELS[level].map(|id| RoleId::new(id).unwrap()).into_iter().collect::<Vec<_>>();
        for kind in Kind::ALL {
            for (actor, me, target) in (0..6).flat_map(|a| (0..6).flat_map(move |m| (0..6).map(move |t| (a, m, t)))) {
                let (of_actor, of_me, of_target) = (roles(actor), roles(me), roles(target));
                let found = check(
                    &guild,
                    kind,
                    Some(Person { user: user(ACTOR), roles: &of_actor }),
                    Person { user: user(ME), roles: &of_me },
                    Target { user: user(TARGET), bot: false, roles: Some(&of_target) },
                );
                assert_eq!(found, expected(kind, actor, me, target), "{kind:?}: {actor} through {me} on {target}");
            }
        }
    }

    #[test]
    fn some_are_never_acted_on_and_some_need_not_be_there() {
        let guild = guild();
        let top = [RoleId::new(15).unwrap()];
        let (actor, me) = (Person { user: user(ACTOR), roles: &top }, Person { user: user(ME), roles: &top });
        let on = |id: u64, bot: bool, roles: Option<&'static [RoleId]>| Target { user: user(id), bot, roles };
        let by = |kind, actor, target| check(&guild, kind, Some(actor), me, target);
        assert_eq!(by(Kind::Ban, actor, on(ACTOR, false, Some(&[]))), Err(Obstacle::Yourself));
        assert_eq!(by(Kind::Kick, actor, on(ME, true, Some(&[]))), Err(Obstacle::Me));
        assert_eq!(by(Kind::Kick, actor, on(OWNER, false, Some(&[]))), Err(Obstacle::Owner));
        assert_eq!(by(Kind::Note, actor, on(OWNER, false, Some(&[]))), Ok(()));
        assert_eq!(by(Kind::Warn, actor, on(TARGET, true, Some(&[]))), Err(Obstacle::Bot));
        assert_eq!(by(Kind::Kick, actor, on(TARGET, true, Some(&[]))), Ok(()));
        for kind in Kind::ALL {
            let gone = by(kind, actor, on(TARGET, false, None));
            let may = matches!(kind, Kind::Note | Kind::Ban | Kind::Unban);
            assert_eq!(gone, if may { Ok(()) } else { Err(Obstacle::NotHere) }, "{kind:?}");
        }
        // The owner stands above everybody, whatever roles they hold.
        let owner = Person { user: user(OWNER), roles: &[] };
        assert_eq!(by(Kind::Ban, owner, on(TARGET, false, Some(&[]))), Ok(()));
        // A rule of the configuration stands above nobody, but the bot has to.
        assert_eq!(check(&guild, Kind::Kick, None, me, on(TARGET, false, Some(&[]))), Ok(()));
    }

    #[test]
    fn a_bot_without_the_permission_says_which() {
        let mut guild = guild();
        guild.roles[0].permissions = Permissions::NONE;
        let top = [RoleId::new(15).unwrap()];
        let (actor, me) = (Person { user: user(ACTOR), roles: &top }, Person { user: user(ME), roles: &top });
        for kind in Kind::ALL {
            // Who is there is not banned.
            let roles = (kind != Kind::Unban).then_some(&[][..]);
            let target = Target { user: user(TARGET), bot: false, roles };
            let expected = kind.permission().map_or(Ok(()), |(_, name)| Err(Obstacle::NoPermission(name)));
            assert_eq!(check(&guild, kind, Some(actor), me, target), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_case_counts_until_it_ends_or_is_settled() {
        let now = Timestamp::from_ms(1_000);
        let warn = Weight { kind: Kind::Warn, failed: false, settled: false, ends_at: None };
        assert!(warn.counts(now));
        assert!(Weight { ends_at: Some(Timestamp::from_ms(1_001)), ..warn }.counts(now));
        assert!(!Weight { ends_at: Some(now), ..warn }.counts(now));
        assert!(!Weight { settled: true, ..warn }.counts(now));
        assert!(!Weight { failed: true, ..warn }.counts(now));
        assert!(!Weight { kind: Kind::Unban, ..warn }.counts(now));
    }

    #[test]
    fn the_highest_threshold_that_is_reached_is_meant() {
        let thresholds = [3, 5, 4];
        let of = |count: u32| reached(&thresholds, |warnings| *warnings, |_| count).copied();
        assert_eq!((of(2), of(3), of(4), of(9)), (None, Some(3), Some(4), Some(5)));
        let none: [u32; 0] = [];
        assert_eq!(reached(&none, |warnings| *warnings, |_| 9), None);
    }
}
