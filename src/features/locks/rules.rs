//! What a lock of a channel changes, whether it can be done at all, and who can talk all the same: pure functions of
//! the guild as it is.

use crate::model::{Bar, Channel, Guild, Halves, Overwrite, Permissions, RoleId, Shut, UserId};

/// What can be locked, each in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Text,
    /// Made of threads; it takes no message of its own.
    Forum,
    Voice,
    Thread,
}

/// Why a channel cannot be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// A category: nobody writes there.
    Category,
    /// A kind of channel in which nobody talks, or that we do not know.
    Kind,
    /// These permissions are missing.
    Lacks(Permissions),
    /// `@everyone` may not talk there anyway.
    ClosedAlready,
    /// A thread that somebody locked by hand.
    LockedByHand,
}

/// How a channel is to be locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    pub place: Place,
    pub shut: Shut,
    /// What stays open, because a bot can only deny what it is allowed itself.
    pub unclosed: Permissions,
    /// The channel has its category's permissions at the moment.
    pub synced: bool,
}

/// Who can talk in a locked channel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Speakers {
    /// Roles that are allowed it in the channel, or by nature.
    pub roles: Vec<String>,
    /// Roles that are administrators.
    pub administrators: Vec<String>,
    /// How many members have an exception of their own.
    pub members: usize,
}

impl Place {
    /// What a channel of Discord's is to us.
    ///
    /// Source: Discord API documentation, "Channel Resource", "Channel Types".
    pub const fn of(kind: u8) -> Result<Self, No> {
        match kind {
            0 | 5 => Ok(Self::Text),
            2 | 13 => Ok(Self::Voice),
            4 => Err(No::Category),
            10..=12 => Ok(Self::Thread),
            15 | 16 => Ok(Self::Forum),
            _ => Err(No::Kind),
        }
    }

    /// What makes it a lock: without the right to deny this, there is none.
    const fn core(self) -> Permissions {
        match self {
            Self::Text | Self::Forum => Permissions::SEND_MESSAGES,
            Self::Voice => Permissions::CONNECT,
            Self::Thread => Permissions::MANAGE_THREADS,
        }
    }

    /// All by which one is heard there.
    fn talk(self) -> Permissions {
        match self {
            Self::Text | Self::Forum => {
                Permissions::SEND_MESSAGES
                    | Permissions::SEND_MESSAGES_IN_THREADS
                    | Permissions::CREATE_PUBLIC_THREADS
                    | Permissions::CREATE_PRIVATE_THREADS
            }
            // A voice channel has a chat.
            Self::Voice => Permissions::CONNECT | Permissions::SPEAK | Permissions::SEND_MESSAGES,
            Self::Thread => Permissions::MANAGE_THREADS,
        }
    }

    /// All that a lock denies.
    fn closes(self) -> Permissions {
        self.talk() | Permissions::ADD_REACTIONS
    }
}

/// How a channel is to be locked by `me`, who stays able to do there all that they can do now.
pub fn design(guild: &Guild, channel: &Channel, me: UserId) -> Result<Design, No> {
    let place = Place::of(channel.kind)?;
    let home = home(guild, channel);
    let held = guild.permissions_in(me, &guild.my_roles, home);
    let needed = match place {
        Place::Thread => Permissions::VIEW_CHANNEL | Permissions::MANAGE_THREADS,
        _ => Permissions::VIEW_CHANNEL | Permissions::MANAGE_CHANNELS | Permissions::MANAGE_ROLES | place.core(),
    };
    if !held.contains(needed) {
        return Err(No::Lacks(needed.without(held)));
    }
    if place == Place::Thread {
        let (shut, unclosed) = (Shut::Thread, Permissions::NONE);
        return if channel.locked {
            Err(No::LockedByHand)
        } else {
            Ok(Design { place, shut, unclosed, synced: false })
        };
    }
    let unclosed = place.closes().without(held);
    let deny = place.closes().without(unclosed);
    let everyone = (guild.id.get(), false);
    let closed = Bar::new(everyone, find(channel, everyone), Halves { allow: Permissions::NONE, deny });
    let closed = closed.ok_or(No::ClosedAlready)?;
    let shut = lock_of(channel, &[closed]);
    let lost = held.without(guild.permissions_in(me, &guild.my_roles, &shut));
    let mine = (me.get(), true);
    let kept = Bar::new(mine, find(channel, mine), Halves { allow: lost, deny: Permissions::NONE });
    let bars = kept.into_iter().chain([closed]).collect();
    Ok(Design { place, shut: Shut::Overwrites(bars), unclosed, synced: is_synced(guild, channel, &channel.overwrites) })
}

/// The channel as it would be with these bars. Bars that are made of it as it is always fit.
fn lock_of(channel: &Channel, bars: &[Bar]) -> Channel {
    let overwrites = crate::model::lock::close(&channel.overwrites, bars);
    Channel { overwrites: overwrites.unwrap_or_else(|_| channel.overwrites.clone()), ..channel.clone() }
}

/// Whose overwrites count: for a thread, those of its channel.
fn home<'g>(guild: &'g Guild, channel: &'g Channel) -> &'g Channel {
    let parent = channel.parent.filter(|_| matches!(Place::of(channel.kind), Ok(Place::Thread)));
    parent.and_then(|parent| guild.channel(parent)).unwrap_or(channel)
}

fn find(channel: &Channel, (target, for_member): (u64, bool)) -> Option<Halves> {
    let found = channel.overwrites.iter().find(|o| o.id == target && o.for_member == for_member)?;
    Some(Halves { allow: found.allow, deny: found.deny })
}

/// Whether a channel with these overwrites would have its category's permissions.
pub fn is_synced(guild: &Guild, channel: &Channel, overwrites: &[Overwrite]) -> bool {
    let Some(parent) = channel.parent.and_then(|parent| guild.channel(parent)) else { return false };
    parent.overwrites.len() == overwrites.len() && parent.overwrites.iter().all(|own| overwrites.contains(own))
}

/// Whether a member without roles sees the channel and is heard there.
pub fn is_open(guild: &Guild, channel: &Channel) -> bool {
    let Ok(place) = Place::of(channel.kind) else { return false };
    let own = find(channel, (guild.id.get(), false)).unwrap_or_default();
    let held = guild.permissions_by(&[]).without(own.deny) | own.allow;
    held.contains(Permissions::VIEW_CHANNEL | place.core())
}

/// Who can talk there once it is locked; `me` is not told of.
pub fn speakers(guild: &Guild, channel: &Channel, me: UserId) -> Speakers {
    let Ok(place) = Place::of(channel.kind) else { return Speakers::default() };
    let (talk, everyone) = (place.talk(), guild.id.get());
    let exceptions = || home(guild, channel).overwrites.iter().filter(|own| own.allow.overlaps(talk));
    let is_mine = |role: RoleId| guild.role(role).is_some_and(|role| role.managed) && guild.my_roles.contains(&role);
    let mut found = Speakers::default();
    let mut roles: Vec<_> = guild.roles.iter().filter(|role| !is_mine(role.id)).collect();
    roles.sort_by_key(|role| std::cmp::Reverse(role.position));
    for role in roles {
        let excepted = exceptions().any(|own| !own.for_member && own.id == role.id.get() && own.id != everyone);
        let by_nature = place == Place::Thread && role.permissions.overlaps(talk);
        if role.permissions.contains(Permissions::ADMINISTRATOR) {
            found.administrators.push(role.name.clone());
        } else if excepted || by_nature {
            found.roles.push(role.name.clone());
        }
    }
    found.members = exceptions().filter(|own| own.for_member && own.id != me.get()).count();
    found
}

#[cfg(test)]
mod tests;
