//! Whom a message really pings: Discord's reading of the text, and of `allowed_mentions`.
//!
//! Source: Discord API documentation, "Message", "Allowed Mentions Object".

use serde_json::Value;

use crate::model::{RoleId, UserId};

use super::state::{Guild, Pings};

/// What the text asks for, before anything is allowed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub everyone: bool,
    pub users: Vec<UserId>,
    pub roles: Vec<RoleId>,
}

/// The mentions in a text. Those in code do not count.
pub fn asked(content: &str) -> Asked {
    let mut asked = Asked::default();
    for piece in outside_code(content) {
        if piece.contains("@everyone") || piece.contains("@here") {
            asked.everyone = true;
        }
        for tag in piece.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
            if let Some(id) = tag.strip_prefix("@&").and_then(|id| id.parse().ok()) {
                push_once(&mut asked.roles, id);
            } else if let Some(id) = tag.strip_prefix("@!").or(tag.strip_prefix('@')).and_then(|id| id.parse().ok()) {
                push_once(&mut asked.users, id);
            }
        }
    }
    asked
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// The parts of a text that are not in a code span or block.
fn outside_code(content: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), content);
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].bytes().take_while(|byte| *byte == b'`').count();
        let fence = &rest[start..start + ticks];
        let Some(end) = rest[start + ticks..].find(fence) else { break };
        parts.push(&rest[..start]);
        rest = &rest[start + ticks + end + ticks..];
    }
    parts.push(rest);
    parts
}

/// Who is allowed to be pinged by a sender, apart from `allowed_mentions`.
pub struct Rights {
    /// The sender may ping everyone and every role.
    pub everyone: bool,
    /// The sender writes through an interaction or a webhook: without `allowed_mentions` only users are pinged.
    pub users_only: bool,
}

/// Whom a message pings: what its text asks for, as far as `allowed` and the sender's rights go.
pub fn pings(content: &str, allowed: Option<&Value>, rights: &Rights, guild: Option<&Guild>, replies: bool) -> Pings {
    let mut asked = asked(content);
    if let Some(guild) = guild {
        asked.roles.retain(|id| guild.roles.get(id).is_some_and(|role| rights.everyone || role.mentionable));
    } else {
        asked.roles.clear();
    }
    let everyone = asked.everyone && rights.everyone && guild.is_some();
    let Some(allowed) = allowed.filter(|allowed| allowed.is_object()) else {
        let bulk = !rights.users_only;
        let roles = if bulk { asked.roles } else { Vec::new() };
        return Pings { everyone: everyone && bulk, users: asked.users, roles, replied_user: replies };
    };
    let parses = |what: &str| allowed["parse"].as_array().is_some_and(|list| list.iter().any(|item| item == what));
    let is = |item: &Value, id: u64| item.as_u64().or_else(|| item.as_str()?.parse().ok()) == Some(id);
    let lists = |what: &str, id: u64| allowed[what].as_array().is_some_and(|list| list.iter().any(|item| is(item, id)));
    asked.users.retain(|id| parses("users") || lists("users", id.get()));
    asked.roles.retain(|id| parses("roles") || lists("roles", id.get()));
    Pings {
        everyone: everyone && parses("everyone"),
        users: asked.users,
        roles: asked.roles,
        replied_user: replies && allowed["replied_user"].as_bool().unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn mentions_in_code_do_not_count() {
        let found = asked("<@1> `<@2>` ```\n<@3> @everyone``` <@!4> <@&5> <@1>");
        assert_eq!(found.users, [user(1), user(4)]);
        assert_eq!(found.roles.len(), 1);
        assert!(!found.everyone);
        assert!(asked("hey @here").everyone);
    }

    #[test]
    fn an_empty_parse_list_pings_nobody_and_none_at_all_pings_all() {
        let rights = Rights { everyone: true, users_only: false };
        let none = json!({"parse": []});
        assert!(pings("<@1> @everyone", Some(&none), &rights, None, true).is_empty());
        let only = json!({"users": ["1"]});
        assert_eq!(pings("<@1> <@2>", Some(&only), &rights, None, false).users, [user(1)]);
        assert_eq!(pings("<@1> <@2>", None, &rights, None, false).users.len(), 2);
    }
}
