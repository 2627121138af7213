//! Menus of roles: a message from whose buttons or list members choose for themselves. What stands on it is a command
//! line, so it works after a restart, and everything is looked at anew with each press.

mod pick;
mod store;
mod text;

pub use pick::PICK;
pub use store::forget;
use store::{Menu, State};

use super::rules::{self, MENU_ROLES_MAX};
use super::{CATEGORY, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, givable};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::{Cx, Promised};
use crate::model::{
    ChannelId, Effect, Ending, Guild, GuildId, Outgoing, Permission, Refusal, Result, RoleId, text as model_text,
};
use crate::store::promises;

/// Menus of a guild that were not removed.
const MENUS_MAX: u32 = 100;
const NUMBER_MAX: i64 = 1_000_000_000;
const TITLE_CHARS_MAX: u16 = 100;
/// As many mentions as a menu has roles, and names of some length.
const ROLES_CHARS_MAX: u16 = 2_000;
/// Up to so many roles have a button each, unless one says otherwise.
const BUTTONS_USUAL_MAX: usize = 10;

/// A promise's word for posting a menu and for changing it, before its number.
const POST_WORD: &str = "rolemenu.post";
const EDIT_WORD: &str = "rolemenu.edit";

const SINGLE: &str = "single";
const LIST: &str = "list";

static TITLE: Opt<String> = Opt::text("title", "What it is about", TITLE_CHARS_MAX).required();
static ROLES: Opt<String> =
    Opt::text("roles", "Which roles: mentions or ids, or names with commas", ROLES_CHARS_MAX).required();
static CHOICE: Opt<String> =
    Opt::choice("choice", "How many one can hold at a time; multiple without it", &[SINGLE, "multiple"]).by_name();
static REQUIRED: Opt<RoleId> =
    Opt::role("required", "Only members with this role can choose; @everyone: all can").by_name();
static LOOK: Opt<String> = Opt::choice("look", "Buttons, or a list to choose from", &["buttons", LIST]).by_name();
pub(super) static NUMBER: Opt<i64> = Opt::whole("menu", "The menu's number, at its bottom", 1..=NUMBER_MAX).required();
static NEW_TITLE: Opt<String> = Opt::text("title", "What it is about", TITLE_CHARS_MAX).by_name();
static NEW_ROLES: Opt<String> = Opt::text("roles", "All its roles from now on", ROLES_CHARS_MAX).by_name();

static OF_CREATE: [&dyn Declared; 5] = [&TITLE, &ROLES, &CHOICE, &REQUIRED, &LOOK];
static OF_EDIT: [&dyn Declared; 6] = [&NUMBER, &NEW_TITLE, &NEW_ROLES, &CHOICE, &REQUIRED, &LOOK];
static OF_REMOVE: [&dyn Declared; 1] = [&NUMBER];

const STAFF: Permission = Permission::ManageRoles;

pub static CREATE: Command =
    Command::open("rolemenu create", "Posts a menu of roles here, to choose from", CATEGORY, &OF_CREATE, create)
        .for_staff(STAFF);
pub static EDIT: Command =
    Command::open("rolemenu edit", "Changes a menu, or draws it anew", CATEGORY, &OF_EDIT, edit).for_staff(STAFF);
pub static REMOVE: Command =
    Command::open("rolemenu remove", "Closes a menu; what was chosen stays", CATEGORY, &OF_REMOVE, remove)
        .for_staff(STAFF);

fn create(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let channel = cx.channel.ok_or_else(|| Refusal::new(text::NO_CHANNEL))?;
    if store::count(cx.tx.read(), guild)? >= MENUS_MAX {
        return Err(Refusal::new(text::too_many(MENUS_MAX)).into());
    }
    let roles = roles(cx, guild, actor, &args.load(&ROLES)?)?;
    let is_list = args.find(&LOOK).map_or(roles.len() > BUTTONS_USUAL_MAX, |look| look == LIST);
    let menu = Menu {
        guild,
        number: store::next_number(cx.tx.read(), guild)?,
        channel,
        message: None,
        title: title(&args.load(&TITLE)?)?,
        single: args.find(&CHOICE).is_some_and(|choice| choice == SINGLE),
        is_list,
        required: required(cx, guild, args.find(&REQUIRED))?,
        state: State::Pending,
        words: None,
        roles,
    };
    store::save(cx.tx, &menu, actor.user, cx.now)?;
    post(cx, &menu)?;
    answer_when_done(cx, &menu, POST_WORD)
}

fn edit(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let before = load(cx, args)?;
    let guild = before.guild;
    // The names may be others by now.
    let named = match args.find(&NEW_ROLES) {
        Some(named) => named,
        None => before.roles.iter().map(|(role, _)| format!("<@&{role}>")).collect::<Vec<_>>().join(" "),
    };
    let roles = roles(cx, guild, actor, &named)?;
    let required = match args.find(&REQUIRED) {
        Some(role) => required(cx, guild, Some(role))?,
        None => before.required,
    };
    let is_list = args.find(&LOOK).map_or(before.is_list, |look| look == LIST);
    let single = args.find(&CHOICE).map_or(before.single, |choice| choice == SINGLE);
    let title = args.find(&NEW_TITLE).map_or(Ok(before.title.clone()), |new| title(&new))?;
    // A message that is gone comes back where one asks for it.
    let channel = before.message.map_or(cx.channel.unwrap_or(before.channel), |_| before.channel);
    let menu = Menu { channel, title, single, is_list, required, words: None, roles, ..before };
    store::save(cx.tx, &menu, actor.user, cx.now)?;
    let word = draw(cx, &menu)?;
    answer_when_done(cx, &menu, word)
}

fn remove(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let menu = Menu { state: State::Removed, words: None, ..load(cx, args)? };
    store::save(cx.tx, &menu, actor.user, cx.now)?;
    promises::call_off(cx.tx, &target(menu.guild, menu.number), text::REMOVED, cx.now)?;
    if menu.message.is_none() {
        return Ok(Plan::reply(Outgoing::text(text::outcome(&menu, false))));
    }
    let word = draw(cx, &menu)?;
    answer_when_done(cx, &menu, word)
}

/// The menu that a command names, where Discord was heard of it.
fn load(cx: &Cx<'_>, args: &Args) -> Result<Menu> {
    let (guild, number) = (cx.guild()?, args.load(&NUMBER)?);
    match store::find(cx.tx.read(), guild, number)? {
        Some(menu) if menu.state == State::Pending => Err(Refusal::new(text::under_way(number)).into()),
        Some(menu) if menu.state != State::Removed => Ok(menu),
        _ => Err(Refusal::new(text::no_such_menu(number)).into()),
    }
}

fn title(given: &str) -> Result<String, Refusal> {
    let says_something = given.chars().any(|c| !c.is_whitespace() && !model_text::is_invisible(c));
    if says_something { Ok(given.trim().to_owned()) } else { Err(Refusal::new(text::NO_TITLE)) }
}

/// The roles that are named, each of which the one who asks may give; or why not.
fn roles(cx: &Cx<'_>, guild: GuildId, actor: &Actor, named: &str) -> Result<Vec<(RoleId, String)>, Refusal> {
    let found = cx.guilds.find(guild).ok_or_else(|| Refusal::new(super::text::CANNOT_SEE_GUILD))?;
    let roles = rules::named(&found, named).map_err(|part| Refusal::new(text::names_no_role(&part)))?;
    if !(1..=MENU_ROLES_MAX).contains(&roles.len()) {
        return Err(Refusal::new(text::wrong_number_of_roles(MENU_ROLES_MAX)));
    }
    let checked = roles.into_iter().map(|role| givable(cx, guild, Some(actor), role.id));
    checked.map(|role| role.map(|role| (role.id, role.name))).collect()
}

/// The role that one needs to choose; `@everyone` stands for none.
fn required(cx: &Cx<'_>, guild: GuildId, role: Option<RoleId>) -> Result<Option<RoleId>, Refusal> {
    let Some(role) = role.filter(|role| role.get() != guild.get()) else { return Ok(None) };
    let exists = cx.guilds.find(guild).is_some_and(|guild| guild.role(role).is_some());
    if exists { Ok(Some(role)) } else { Err(Refusal::new(text::names_no_role(&role.to_string()))) }
}

/// Brings its message up to date, or posts it where there is none. Returns the word of the promise.
fn draw(cx: &mut Cx<'_>, menu: &Menu) -> Result<&'static str> {
    let Some(id) = menu.message else {
        post(cx, menu)?;
        return Ok(POST_WORD);
    };
    let effect = Effect::ChangeMessage { channel: menu.channel, id, message: text::message(menu)? };
    promise(cx, menu, EDIT_WORD, effect)?;
    Ok(EDIT_WORD)
}

fn post(cx: &mut Cx<'_>, menu: &Menu) -> Result<()> {
    let channel: ChannelId = menu.channel;
    let effect = Effect::SendMessage { channel, message: text::message(menu)?, reply_to: None };
    store::save_message(cx.tx, (menu.guild, menu.number), State::Pending, None, None)?;
    promise(cx, menu, POST_WORD, effect)
}

fn promise(cx: &mut Cx<'_>, menu: &Menu, word: &str, effect: Effect) -> Result<()> {
    cx.promise(Promised {
        action: &action(word, menu.number),
        target: Some(target(menu.guild, menu.number)),
        guild: Some(menu.guild),
        about: text::promise(menu),
        effect,
        due_at: cx.now,
        tells: Some(format!("{word}:{}", menu.number)),
    })
}

/// Several menus may follow from one event.
fn action(word: &str, number: i64) -> String {
    format!("{word}.{number}")
}

fn target(guild: GuildId, number: i64) -> String {
    format!("rolemenu:{guild}:{number}")
}

fn answer_when_done(cx: &mut Cx<'_>, menu: &Menu, word: &str) -> Result<Plan> {
    let reply = answer(cx, menu.number)?;
    Ok(Plan::after(cx.origin(&action(word, menu.number)), menu.number, answer, reply))
}

fn answer(cx: &mut Cx<'_>, number: i64) -> Result<Outgoing> {
    let guild = cx.guild()?;
    let menu = store::find(cx.tx.read(), guild, number)?;
    let menu = menu.ok_or_else(|| Refusal::new(text::no_such_menu(number)))?;
    let is_due = |word: &str| promises::is_due(cx.tx.read(), &cx.origin(&action(word, number)));
    let waits = is_due(POST_WORD)? || is_due(EDIT_WORD)?;
    Ok(Outgoing::text(text::outcome(&menu, waits)))
}

/// A promise about a menu, or about what was chosen from one, ended.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, tells: &str, ending: &Ending) -> Result<()> {
    let Some((word, rest)) = tells.split_once(':') else { return Ok(()) };
    if word == pick::WORD {
        return pick::ended(cx, guild, rest, ending);
    }
    if ![POST_WORD, EDIT_WORD].contains(&word) {
        return Ok(());
    }
    let Ok(number) = rest.parse() else { return Ok(()) };
    let Some(menu) = store::find(cx.tx.read(), guild, number)? else { return Ok(()) };
    let key = (guild, number);
    match (word, ending) {
        (POST_WORD, Ending::Kept { message, .. }) if menu.state == State::Removed => {
            store::save_message(cx.tx, key, State::Removed, *message, None)?;
            draw(cx, &Menu { message: *message, ..menu }).map(drop)
        }
        (POST_WORD, Ending::Kept { message, .. }) => {
            store::save_message(cx.tx, key, State::Posted, *message, None)?;
            // Its roles may have changed on the way.
            let Some(found) = cx.guilds.find(guild) else { return Ok(()) };
            follow(cx, &found, Menu { state: State::Posted, message: *message, ..menu })
        }
        (POST_WORD, Ending::Refused { words, .. } | Ending::CalledOff(words)) if menu.state == State::Pending => {
            store::save_message(cx.tx, key, State::Failed, None, Some(words))
        }
        (EDIT_WORD, Ending::Kept { .. }) => store::save_words(cx.tx, key, None),
        (EDIT_WORD, Ending::Refused { code: UNKNOWN_MESSAGE, words }) => {
            promises::call_off(cx.tx, &target(guild, number), words, cx.now)?;
            match menu.state {
                State::Removed => Ok(()),
                _ => post(cx, &menu),
            }
        }
        // With its channel; the next change posts it where one asks.
        (EDIT_WORD, Ending::Refused { code: UNKNOWN_CHANNEL, words }) if menu.state != State::Removed => {
            promises::call_off(cx.tx, &target(guild, number), words, cx.now)?;
            store::save_message(cx.tx, key, State::Failed, None, Some(words))
        }
        (EDIT_WORD, Ending::Refused { words, .. } | Ending::CalledOff(words)) => {
            store::save_words(cx.tx, key, Some(words))
        }
        _ => Ok(()),
    }
}

/// Roles of the guild, or one of them, may have another name or be gone: the menus that offer them are drawn anew.
pub fn look_over(cx: &mut Cx<'_>, guild: GuildId, role: Option<RoleId>) -> Result<()> {
    let Some(found) = cx.guilds.find(guild) else { return Ok(()) };
    for number in store::list_offering(cx.tx.read(), guild, role)? {
        if let Some(menu) = store::find(cx.tx.read(), guild, number)? {
            follow(cx, &found, menu)?;
        }
    }
    Ok(())
}

/// A menu offers its roles by the names that they have now, and none that is gone.
fn follow(cx: &mut Cx<'_>, found: &Guild, menu: Menu) -> Result<()> {
    let there = menu.roles.iter().filter_map(|(role, _)| found.role(*role));
    let roles: Vec<_> = there.map(|role| (role.id, role.name.clone())).collect();
    if roles == menu.roles {
        return Ok(());
    }
    let menu = Menu { roles, ..menu };
    store::save_roles(cx.tx, &menu)?;
    if menu.message.is_some() { draw(cx, &menu).map(drop) } else { Ok(()) }
}

/// What was posted in a channel went with it.
pub fn channel_removed(cx: &mut Cx<'_>, guild: GuildId, channel: ChannelId) -> Result<()> {
    store::save_channel_gone(cx.tx, guild, channel, text::CHANNEL_GONE)
}
