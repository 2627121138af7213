//! What is not done any more when its time has come, whoever promised it: the guild may look different by then.

use crate::model::text::quote;
use crate::model::{Effect, Guilds, Permissions};

const NAME_CHARS_MAX: usize = 100;

/// Why an effect must not be performed in the guilds as they are now; none where it may.
///
/// A role with moderation permissions is never given: what was harmless when it was promised may have got power since.
pub(super) fn forbids(guilds: &Guilds, effect: &Effect) -> Option<String> {
    let Effect::AddRole { guild, role, .. } = effect else { return None };
    let guild = guilds.find(*guild)?;
    let role = guild.role(*role).filter(|role| role.permissions.overlaps(Permissions::MODERATION))?;
    let name = quote(&role.name, NAME_CHARS_MAX);
    Some(format!("The role {name} has moderation permissions by now, so I did not give it."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Guild, GuildId, Role, RoleId, UserId};

    #[test]
    fn a_role_that_got_power_is_not_given_any_more_but_can_be_taken() {
        let (id, user) = (GuildId::new(10).unwrap(), UserId::new(30).unwrap());
        let role = |id: u64, permissions| {
            let id = RoleId::new(id).unwrap();
            Role { id, name: "Helper".to_owned(), position: 1, permissions, managed: false }
        };
        let guilds = Guilds::default();
        guilds.put(Guild {
            id,
            name: String::new(),
            owner: user,
            member_count: 1,
            my_roles: Vec::new(),
            roles: vec![role(41, Permissions::NONE), role(42, Permissions::KICK_MEMBERS)],
            channels: Vec::new(),
            afk_channel: None,
            voices: Vec::new(),
            watched: Vec::new(),
        });
        let give = |role: u64| {
            let role = RoleId::new(role).unwrap();
            Effect::AddRole { guild: id, user, role, reason: String::new() }
        };
        assert_eq!(forbids(&guilds, &give(41)), None);
        assert_eq!(forbids(&guilds, &give(43)), None, "whether it exists is for Discord to say");
        assert!(forbids(&guilds, &give(42)).unwrap().contains("The role Helper has moderation permissions"));
        let take = Effect::RemoveRole { guild: id, user, role: RoleId::new(42).unwrap(), reason: String::new() };
        assert_eq!(forbids(&guilds, &take), None);
    }
}
