//! What members choose from a menu: a press on a button, or a choice from a list, becomes roles given and taken. Who
//! may choose, and whether a role may be given, is looked at with each press.

use super::super::rules::{self, Choice, Obstacle};
use super::super::{CATEGORY, CHOICES_AHEAD, ahead};
use super::store::{self, Menu, State};
use super::text::{self, Picked};
use super::{NUMBER, ROLES_CHARS_MAX};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Effect, Ending, GuildId, Outgoing, Refusal, Result, RoleId, UserId};
use crate::store::people;
use crate::store::promises::{self, NewPromise, Outcome};

/// A promise's word for what was chosen.
pub const WORD: &str = "rolemenu.pick";

static CHOSEN: Opt<String> = Opt::text("roles", "Which roles, by mention or id", ROLES_CHARS_MAX);
static OF_PICK: [&dyn Declared; 2] = [&NUMBER, &CHOSEN];

pub static PICK: Command = Command {
    hidden: true,
    ephemeral: true,
    // One presses several buttons in a row; a newer choice of a role takes the place of an older one.
    cooldown_seconds: 0,
    ..Command::open("pickrole", "Chooses from a menu of roles, as its buttons do", CATEGORY, &OF_PICK, pick)
};

fn pick(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (guild, number) = (cx.guild()?, args.load(&NUMBER)?);
    let menu = store::find(cx.tx.read(), guild, number)?.filter(|menu| menu.state != State::Removed);
    let menu = menu.ok_or_else(|| Refusal::new(text::no_such_menu(number)))?;
    let choice = choice(&menu, &actor.roles, &chosen(&menu, &args.find(&CHOSEN).unwrap_or_default())?)?;
    let choice = allowed(cx, &menu, actor, choice)?;
    let Choice { give, take } = &choice;
    let picker = Picker { key: cx.source.id(), user: actor.user, name: &actor.name };
    // One that is to take the place of others comes first, and they go once it is there.
    let in_place = menu.single && !give.is_empty();
    let mut last = None;
    for role in give {
        let then = if in_place { take.as_slice() } else { &[] };
        last = Some(promise(cx, &menu, picker, (*role, true), then)?);
    }
    for role in take.iter().filter(|_| !in_place) {
        last = Some(promise(cx, &menu, picker, (*role, false), &[])?);
    }
    let Some(origin) = last else { return Ok(Plan::reply(Outgoing::text(text::NOTHING.to_owned()))) };
    let reply = answer(cx, number)?;
    Ok(Plan::after(origin, number, answer, reply))
}

/// The roles that a line names, all of which have to be on the menu.
fn chosen(menu: &Menu, line: &str) -> Result<Vec<RoleId>, Refusal> {
    let mut roles = Vec::new();
    for word in line.split_whitespace() {
        let id = word.strip_prefix("<@&").and_then(|rest| rest.strip_suffix('>')).unwrap_or(word);
        let role = id.parse().ok().filter(|role| menu.roles.iter().any(|(known, _)| known == role));
        roles.push(role.ok_or_else(|| Refusal::new(text::not_on_it(menu.number)))?);
    }
    Ok(roles)
}

fn choice(menu: &Menu, held: &[RoleId], chosen: &[RoleId]) -> Result<Choice, Refusal> {
    let all: Vec<RoleId> = menu.roles.iter().map(|(role, _)| *role).collect();
    match (menu.is_list, chosen) {
        (true, [_, _, ..]) if menu.single => Err(Refusal::new(text::ONE_BUTTON)),
        (true, chosen) => Ok(rules::choose(&all, held, chosen)),
        (false, [role]) => Ok(rules::press(&all, menu.single, held, *role)),
        (false, _) => Err(Refusal::new(text::ONE_BUTTON)),
    }
}

/// The choice, if its roles may be given to this member; of those that are to go, what the bot can take.
fn allowed(cx: &Cx<'_>, menu: &Menu, actor: &Actor, choice: Choice) -> Result<Choice, Refusal> {
    let cannot_see = || Refusal::new(super::super::text::CANNOT_SEE_GUILD);
    let found = cx.guilds.find(menu.guild).ok_or_else(cannot_see)?;
    let me = cx.me.ok_or_else(cannot_see)?;
    let obstacle = |role: RoleId| rules::givable(&found, me, None, role).err();
    let refusal = |obstacle: Obstacle, role| Refusal::new(text::cannot_choose(obstacle, &text::name_of(menu, role)));
    if let Some(required) = menu.required.filter(|required| !choice.give.is_empty() && !actor.roles.contains(required))
    {
        return Err(Refusal::new(text::needs(found.role(required).map(|role| role.name.as_str()))));
    }
    for role in &choice.give {
        if let Some(obstacle) = obstacle(*role) {
            return Err(refusal(obstacle, *role));
        }
    }
    let (take, stuck): (Vec<RoleId>, Vec<RoleId>) = choice.take.iter().partition(|role| obstacle(**role).is_none());
    match stuck.first() {
        Some(role) if choice.give.is_empty() && take.is_empty() => {
            Err(refusal(obstacle(*role).unwrap_or(Obstacle::Gone), *role))
        }
        _ => Ok(Choice { give: choice.give, take }),
    }
}

/// Who chose, and by which invocation.
#[derive(Clone, Copy)]
struct Picker<'a> {
    key: u64,
    user: UserId,
    name: &'a str,
}

fn origin(key: u64, role: RoleId, gives: bool) -> String {
    format!("{key}:{WORD}.{}.{role}", if gives { "give" } else { "take" })
}

fn target(guild: GuildId, user: UserId, role: RoleId) -> String {
    format!("{WORD}:{guild}:{user}:{role}")
}

/// Promises that a role is given or taken, after which others go; returns the origin of the promise. It is always the
/// invocation's, even where it follows later, so that the answer finds it.
fn promise(
    cx: &Cx<'_>,
    menu: &Menu,
    picker: Picker<'_>,
    (role, gives): (RoleId, bool),
    then: &[RoleId],
) -> Result<String> {
    let (guild, Picker { key, user, name }) = (menu.guild, picker);
    let (origin, reason) = (origin(key, role, gives), text::audit(menu.number));
    let then: Vec<_> = then.iter().map(RoleId::to_string).collect();
    let new = NewPromise {
        origin: origin.clone(),
        target: Some(target(guild, user, role)),
        guild: Some(guild),
        about: text::promise_pick(&text::name_of(menu, role), name, gives),
        effect: match gives {
            true => Effect::AddRole { guild, user, role, reason },
            false => Effect::RemoveRole { guild, user, role, reason },
        },
        due_at: ahead(cx.now, CHOICES_AHEAD),
        tells: Some(format!("{WORD}:{key}:{}:{user}:{role}:{}", menu.number, then.join(","))),
    };
    promises::insert(cx.tx, &new, cx.now)?;
    Ok(origin)
}

/// What was chosen was given or taken: what it takes the place of goes. Or it was refused, which its answer says;
/// nobody else has to see to it.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, rest: &str, ending: &Ending) -> Result<()> {
    let mut parts = rest.split(':');
    let mut next = || parts.next().unwrap_or_default();
    let (key, number, user, role, then) = (next(), next(), next(), next(), next());
    let (Ok(key), Ok(number), Ok(user)) = (key.parse(), number.parse(), user.parse::<UserId>()) else {
        return Ok(());
    };
    if let (Ending::Refused { words, .. }, Ok(role)) = (ending, role.parse()) {
        return promises::call_off(cx.tx, &target(guild, user, role), words, cx.now);
    }
    let Some(menu) = store::find(cx.tx.read(), guild, number)?.filter(|_| matches!(ending, Ending::Kept { .. })) else {
        return Ok(());
    };
    let name = people::find_name(cx.tx.read(), guild, user)?.unwrap_or_else(|| user.to_string());
    let picker = Picker { key, user, name: &name };
    for role in then.split(',').filter_map(|role| role.parse().ok()) {
        promise(cx, &menu, picker, (role, false), &[])?;
    }
    Ok(())
}

/// The answer, as far as Discord was heard of.
fn answer(cx: &mut Cx<'_>, number: i64) -> Result<Outgoing> {
    let guild = cx.guild()?;
    let menu = store::find(cx.tx.read(), guild, number)?;
    let menu = menu.ok_or_else(|| Refusal::new(text::no_such_menu(number)))?;
    let mut picked = Picked::default();
    for (role, name) in &menu.roles {
        for gives in [true, false] {
            let origin = origin(cx.source.id(), *role, gives);
            let Some(outcome) = promises::find_outcome(cx.tx.read(), &origin)? else { continue };
            match (outcome, gives) {
                (Outcome::Done(_), true) => picked.given.push(name.clone()),
                (Outcome::Done(_), false) => picked.taken.push(name.clone()),
                (Outcome::Due, true) => picked.giving.push(name.clone()),
                (Outcome::Due, false) => picked.taking.push(name.clone()),
                (Outcome::Refused(words) | Outcome::CalledOff(words), _) => picked.refused.push((name.clone(), words)),
            }
        }
    }
    Ok(Outgoing::text(text::picked(&picked)))
}
