//! What is read on menus of roles, and about them.

use super::super::rules::Obstacle;
use super::super::text::COLOUR;
use super::store::{Menu, State};
use crate::model::text::{name, plain, quote};
use crate::model::{Button, Embed, Outgoing, Refusal, RoleId, Select};

const PART_CHARS_MAX: usize = 40;
const TITLE_CHARS_MAX: usize = 200;

pub const NO_CHANNEL: &str = "I cannot tell in which channel to post it. Please ask in the channel itself.";
pub const NO_TITLE: &str = "Say what the menu is about: `title` stands above it.";
pub const REMOVED: &str = "the menu was removed";
pub const CHANNEL_GONE: &str = "Its channel was deleted.";
pub const ONE_BUTTON: &str = "Press one button of the menu at a time.";
pub const NOTHING: &str = "Nothing to change: you hold what you chose.";
const NONE_LEFT: &str = "There is no role to choose from any more.";
const CHANGED: &str = "The menu is another by now; please look at it again.";

pub fn too_many(max: u32) -> String {
    format!("There are {max} menus already; remove one that nobody needs.")
}

pub fn names_no_role(part: &str) -> String {
    format!(
        "I find no role {}. Name roles as mentions or ids, or by name with commas between them.",
        quote(part, PART_CHARS_MAX)
    )
}

pub fn wrong_number_of_roles(max: usize) -> String {
    format!("A menu has 1 to {max} roles.")
}

pub fn no_such_menu(number: i64) -> String {
    format!("There is no menu {number} here any more.")
}

pub fn under_way(number: i64) -> String {
    format!("Menu {number} is just about to be posted. Please try again in a moment.")
}

/// The message from which one chooses.
pub fn message(menu: &Menu) -> Result<Outgoing, Refusal> {
    let title = quote(&menu.title, TITLE_CHARS_MAX);
    let footer = format!("Menu {}", menu.number);
    let embed = |description| Embed { title, description, colour: COLOUR, footer, ..Embed::default() };
    if menu.state == State::Removed {
        return Ok(Outgoing::embed(embed("This menu is closed.".to_owned())));
    }
    let how = match (menu.single, menu.is_list) {
        _ if menu.roles.is_empty() => NONE_LEFT,
        (true, _) => "Choose one; another takes its place.",
        (false, true) => "Choose as many as you like: you hold exactly those that you choose.",
        (false, false) => "Choose as many as you like; press again to give one back.",
    };
    let mut lines: Vec<String> = menu.roles.iter().map(|(role, _)| format!("<@&{role}>")).collect();
    lines.push(how.to_owned());
    lines.extend(menu.required.map(|role| format!("For members with <@&{role}>.")));
    let shown = Outgoing::embed(embed(lines.join("\n")));
    let label = |name: &str| plain(name);
    if menu.roles.is_empty() {
        return Ok(shown);
    }
    if menu.is_list {
        let entries = menu.roles.iter().map(|(role, name)| (label(name), role.to_string()));
        let at_most = if menu.single { 1 } else { menu.roles.len() };
        let select = Select::new(format!("pickrole {}", menu.number), "Choose", entries, at_most)?;
        return Ok(shown.with_select(select));
    }
    let buttons =
        menu.roles.iter().map(|(role, name)| Button::new(&label(name), format!("pickrole {} {role}", menu.number)));
    Ok(shown.with_buttons(buttons.collect::<Result<Vec<_>, _>>()?))
}

pub fn promise(menu: &Menu) -> String {
    let what = match (menu.state, menu.message) {
        (State::Removed, _) => "close",
        (_, None) => "post",
        _ => "change",
    };
    format!("{what} the menu {} ({})", menu.number, plain(&menu.title))
}

/// What became of posting, changing or closing it; `waits` while Discord was not heard of.
pub fn outcome(menu: &Menu, waits: bool) -> String {
    let (number, channel) = (menu.number, menu.channel);
    let words = menu.words.as_deref().unwrap_or_default();
    match menu.state {
        _ if waits => format!("Menu **{number}**: Discord has not answered yet; I go on trying."),
        State::Pending => format!("Menu **{number}**: its message was deleted; I post it anew in <#{channel}>."),
        State::Failed => format!("Menu **{number}** could not be posted in <#{channel}>. {words}"),
        State::Posted if words.is_empty() => format!("Menu **{number}** is in <#{channel}>."),
        State::Posted => format!("Menu **{number}** is changed, but its message in <#{channel}> is not. {words}"),
        State::Removed if words.is_empty() => format!("Menu **{number}** is closed. What was chosen stays."),
        State::Removed => {
            format!("Menu **{number}** is closed, but its message in <#{channel}> still shows it. {words}")
        }
    }
}

pub fn not_on_it(number: i64) -> String {
    format!("That role is not on menu {number} any more.")
}

/// Why a role cannot be chosen, for a member.
pub fn cannot_choose(obstacle: Obstacle, role: &str) -> String {
    let role = name(role);
    match obstacle {
        Obstacle::Gone => {
            format!("The role **{role}** was deleted, so nobody can choose it. Please tell a moderator of this menu.")
        }
        Obstacle::Powerful => {
            format!("The role **{role}** has moderation permissions by now, so nobody can choose it.")
        }
        Obstacle::Managed | Obstacle::Everyone => format!("Nobody can choose the role **{role}**."),
        Obstacle::NoPermission | Obstacle::AboveMe | Obstacle::AboveYou => format!(
            "I cannot give or take **{role}**: it is not below my role, or I may not manage roles. Please tell a \
             moderator."
        ),
    }
}

pub fn needs(role: Option<&str>) -> String {
    match role {
        Some(role) => format!("This menu is for members with the role **{}**.", name(role)),
        None => {
            "The role that this menu asks for was deleted, so nobody can choose. Please tell a moderator.".to_owned()
        }
    }
}

/// What became of a choice: what was given and taken, what is still to come, and what could not be, in words.
#[derive(Debug, Default)]
pub struct Picked {
    pub given: Vec<String>,
    pub taken: Vec<String>,
    pub giving: Vec<String>,
    pub taking: Vec<String>,
    pub refused: Vec<(String, String)>,
}

pub fn picked(picked: &Picked) -> String {
    let names =
        |roles: &[String]| roles.iter().map(|role| format!("**{}**", name(role))).collect::<Vec<_>>().join(", ");
    let mut lines = Vec::new();
    let mut add = |roles: &[String], line: fn(String) -> String| {
        if !roles.is_empty() {
            lines.push(line(names(roles)));
        }
    };
    add(&picked.given, |roles| format!("You have {roles} now."));
    add(&picked.taken, |roles| format!("You gave {roles} back."));
    add(&picked.giving, |roles| format!("Discord has not answered yet; I go on trying to give you {roles}."));
    add(&picked.taking, |roles| format!("{roles} goes."));
    for (role, words) in &picked.refused {
        lines.push(format!("**{}**: {words}", name(role)));
    }
    // What was chosen is known of roles that are still on it.
    if lines.is_empty() { CHANGED.to_owned() } else { lines.join("\n") }
}

pub fn promise_pick(role: &str, member: &str, gives: bool) -> String {
    let (role, member) = (plain(role), plain(member));
    if gives { format!("give {member} the role {role}") } else { format!("take the role {role} from {member}") }
}

pub fn audit(number: i64) -> String {
    format!("Chosen by themselves from menu {number}")
}

/// The name of a role of a menu.
pub fn name_of(menu: &Menu, role: RoleId) -> String {
    menu.roles.iter().find(|(known, _)| *known == role).map_or_else(|| role.to_string(), |(_, name)| name.clone())
}
