//! The rules of roles that come and go: which may be given, by whom, and what a choice from a menu means. Pure
//! functions.

use crate::model::{Guild, Permissions, Role, RoleId, UserId};

/// Discord's limit for what one can choose from.
pub const MENU_ROLES_MAX: usize = 25;

/// Why a role cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It does not exist, or not any more.
    Gone,
    /// `@everyone`, which everybody has.
    Everyone,
    /// It belongs to an integration: nobody can give it.
    Managed,
    /// It carries moderation permissions.
    Powerful,
    /// The bot may not manage roles.
    NoPermission,
    /// It is not below the bot's own highest role.
    AboveMe,
    /// It is not below the highest role of who asks.
    AboveYou,
}

/// Somebody and the roles that they hold.
pub type Person<'a> = (UserId, &'a [RoleId]);

/// The role, if the bot `me` can give it, and `actor`, where somebody asks, may.
///
/// Source: Discord API documentation, "Permissions", "Permission Hierarchy". That who asks stands above the role is for
/// us to see to.
pub fn givable<'g>(
    guild: &'g Guild,
    me: UserId,
    actor: Option<Person<'_>>,
    role: RoleId,
) -> Result<&'g Role, Obstacle> {
    let role = guild.role(role).ok_or(Obstacle::Gone)?;
    let me = (me, guild.my_roles.as_slice());
    if role.id.get() == guild.id.get() {
        Err(Obstacle::Everyone)
    } else if role.managed {
        Err(Obstacle::Managed)
    } else if role.permissions.overlaps(Permissions::MODERATION) {
        Err(Obstacle::Powerful)
    } else if !guild.permissions_of(me.0, me.1).contains(Permissions::MANAGE_ROLES) {
        Err(Obstacle::NoPermission)
    } else if !guild.outranks_role(me, role) {
        Err(Obstacle::AboveMe)
    } else if actor.is_some_and(|actor| !guild.outranks_role(actor, role)) {
        Err(Obstacle::AboveYou)
    } else {
        Ok(role)
    }
}

/// The roles that a text names: mentions or ids, or a name, or names with commas between them, each once.
///
/// # Errors
/// The part that names no role.
pub fn named<'g>(guild: &'g Guild, text: &str) -> Result<Vec<&'g Role>, String> {
    // One name may have several words.
    if let Some(role) = find(guild, text.trim()) {
        return Ok(vec![role]);
    }
    let parts: Vec<&str> = if text.contains(',') { text.split(',').collect() } else { words(text) };
    let mut roles: Vec<&Role> = Vec::new();
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        let role = find(guild, part).ok_or_else(|| part.to_owned())?;
        if roles.iter().all(|known| known.id != role.id) {
            roles.push(role);
        }
    }
    Ok(roles)
}

/// Words; mentions may stand without a space between them.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive('>').flat_map(str::split_whitespace).collect()
}

fn find<'g>(guild: &'g Guild, part: &str) -> Option<&'g Role> {
    let id = part.strip_prefix("<@&").and_then(|rest| rest.strip_suffix('>')).unwrap_or(part);
    let by_id = id.parse().ok().and_then(|id| guild.role(id));
    let name = part.trim_start_matches('@').to_lowercase();
    by_id.or_else(|| guild.roles.iter().find(|role| role.name.to_lowercase() == name))
}

/// What a choice means for a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    pub give: Vec<RoleId>,
    pub take: Vec<RoleId>,
}

/// A press on the button of one role: whoever holds it gives it back. Where only one may be held, it takes the place of
/// the others of the menu.
pub fn press(menu: &[RoleId], single: bool, held: &[RoleId], role: RoleId) -> Choice {
    if held.contains(&role) {
        return Choice { give: Vec::new(), take: vec![role] };
    }
    let others = menu.iter().filter(|other| single && held.contains(other));
    Choice { give: vec![role], take: others.copied().collect() }
}

/// A choice from a list: exactly these of the menu's roles are to be held.
pub fn choose(menu: &[RoleId], held: &[RoleId], wanted: &[RoleId]) -> Choice {
    let give = wanted.iter().filter(|role| !held.contains(role)).copied().collect();
    let take = menu.iter().filter(|role| held.contains(role) && !wanted.contains(role)).copied().collect();
    Choice { give, take }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GuildId;

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    fn id(id: u64) -> RoleId {
        RoleId::new(id).unwrap()
    }

    fn role(number: u64, position: i64, permissions: Permissions) -> Role {
        Role { id: id(number), name: format!("Role {number}"), position, permissions, managed: false }
    }

    /// `@everyone` (10), then roles from 11 up by position; 15 is the bot's, 14 has power, 16 stands above the bot.
    fn guild() -> Guild {
        let manage = Permissions::MANAGE_ROLES;
        let mut roles = vec![role(10, 0, Permissions::NONE), role(14, 4, Permissions::KICK_MEMBERS)];
        roles.extend([11, 12, 13].map(|number| role(number, number as i64 - 10, Permissions::NONE)));
        roles.extend([role(15, 5, manage), role(16, 6, Permissions::NONE), role(17, 1, Permissions::NONE)]);
        roles.iter_mut().filter(|role| role.id == id(17)).for_each(|role| role.managed = true);
        Guild {
            id: GuildId::new(10).unwrap(),
            name: "Inn".to_owned(),
            owner: user(1),
            member_count: 3,
            my_roles: vec![id(15)],
            roles,
            channels: Vec::new(),
            afk_channel: None,
            voices: Vec::new(),
            watched: Vec::new(),
        }
    }

    #[test]
    fn a_role_is_given_by_who_stands_above_it_and_never_with_power() {
        let (mut guild, me) = (guild(), user(2));
        let (of_actor, of_owner) = ([id(12)], []);
        let actor = Some((user(3), of_actor.as_slice()));
        let by = |guild: &Guild, actor, role| givable(guild, me, actor, id(role)).map(|role| role.id.get());
        let cases = [
            (11, Ok(11)),
            (12, Err(Obstacle::AboveYou)),
            (13, Err(Obstacle::AboveYou)),
            (14, Err(Obstacle::Powerful)),
            (15, Err(Obstacle::Powerful)),
            (16, Err(Obstacle::AboveMe)),
            (17, Err(Obstacle::Managed)),
            (10, Err(Obstacle::Everyone)),
            (99, Err(Obstacle::Gone)),
        ];
        for (role, expected) in cases {
            assert_eq!(by(&guild, actor, role), expected, "{role}");
        }
        assert_eq!(by(&guild, Some((user(1), of_owner.as_slice())), 13), Ok(13), "the owner stands above all");
        assert_eq!(by(&guild, None, 13), Ok(13));
        guild.roles.retain(|role| role.id != id(15));
        assert_eq!(by(&guild, None, 11), Err(Obstacle::NoPermission));
    }

    #[test]
    fn of_two_roles_at_one_position_the_older_one_stands_above() {
        let mut guild = guild();
        guild.roles.push(role(9, 5, Permissions::NONE));
        guild.roles.push(role(20, 5, Permissions::NONE));
        assert_eq!(givable(&guild, user(2), None, id(9)), Err(Obstacle::AboveMe));
        assert!(givable(&guild, user(2), None, id(20)).is_ok());
    }

    #[test]
    fn roles_are_named_by_mention_id_or_name() {
        let guild = guild();
        let found = |text: &str| named(&guild, text).map(|roles| roles.iter().map(|r| r.id.get()).collect::<Vec<_>>());
        assert_eq!(found("<@&11> 12 <@&11><@&13>"), Ok(vec![11, 12, 13]));
        assert_eq!(found("role 11, @Role 13 , <@&12>,"), Ok(vec![11, 13, 12]));
        assert_eq!(found("<@&11> <@&99>"), Err("<@&99>".to_owned()));
        assert_eq!(found("Role 11, Nobody"), Err("Nobody".to_owned()));
        assert_eq!(found(" role 12 "), Ok(vec![12]));
        assert_eq!(found("  "), Ok(Vec::new()));
    }

    #[test]
    fn a_press_toggles_and_a_single_choice_takes_the_place_of_another() {
        let menu = [id(11), id(12), id(13)];
        let choice = |give: &[u64], take: &[u64]| {
            let ids = |list: &[u64]| list.iter().map(|number| id(*number)).collect();
            Choice { give: ids(give), take: ids(take) }
        };
        assert_eq!(press(&menu, false, &[id(12)], id(11)), choice(&[11], &[]));
        assert_eq!(press(&menu, true, &[id(12), id(16)], id(11)), choice(&[11], &[12]));
        assert_eq!(press(&menu, true, &[id(12)], id(12)), choice(&[], &[12]));
        assert_eq!(choose(&menu, &[id(12), id(16)], &[id(11), id(13)]), choice(&[11, 13], &[12]));
        assert_eq!(choose(&menu, &[id(12)], &[id(12)]), choice(&[], &[]));
        assert_eq!(choose(&menu, &[id(12), id(13)], &[]), choice(&[], &[12, 13]));
    }
}
