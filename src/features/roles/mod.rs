//! Roles that come and go: given for a while, back with a member who returns, chosen by members themselves. A role with
//! moderation permissions is none of these, ever.

pub mod api;
pub mod found;
mod menu;
mod persistent;
pub mod rules;
pub mod store;
mod temporary;
mod text;

use std::time::Duration;

use super::Feature;
use crate::command::Actor;
use crate::cx::Cx;
use crate::model::{Event, GuildId, Need, Refusal, Result, Role, RoleId, Timestamp};
use crate::store::personal::{Column, Forget, Personal};

pub(super) static FEATURE: Feature = Feature {
    name: "roles",
    is_on: |config| config.roles.enabled,
    needs: |config| if config.roles.remembers() { &[Need::Members, Need::Moderation] } else { &[] },
    commands: &[
        &temporary::GIVE,
        &temporary::TAKE,
        &temporary::LIST,
        &temporary::EXTEND,
        &menu::CREATE,
        &menu::EDIT,
        &menu::REMOVE,
        &menu::PICK,
    ],
    undoes: &[],
    start: None,
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: &[
        Personal::otherwise(
            "temporary_role",
            "roles that you held for a while, and those that you gave",
            &[Column::Id("user"), Column::Id("actor"), Column::Id("taken_by")],
            Forget::By(store::forget_member, "they go once they are over; from those of others your name is taken"),
        ),
        Personal::rows("persistent_role", "roles that come back with you", &[Column::Id("user")]),
        Personal::rows("nickname", "the name that comes back with you", &[Column::Id("user")]),
        Personal::rows("departure", "when you left, and how", &[Column::Id("user")]),
        Personal::otherwise(
            "role_menu",
            "menus of roles that you made",
            &[Column::Id("actor")],
            Forget::By(menu::forget, "your name is taken from them"),
        ),
        Personal::nobody("role_menu_role", "which roles a menu offers"),
    ],
};

const CATEGORY: &str = "Roles";

/// How far ahead of its turn a role goes that a moderator gives or takes, one that keeps somebody from writing, and one
/// that a member chose: a guild's roles are given one after another, the longest due first, and a crowd of newcomers
/// may be waiting for theirs.
const STAFF_AHEAD: Duration = Duration::from_secs(3 * 3_600);
const MUTES_AHEAD: Duration = Duration::from_secs(2 * 3_600);
const CHOICES_AHEAD: Duration = Duration::from_secs(3_600);

/// Discord's codes for who and what is not there any more.
const UNKNOWN_CHANNEL: u32 = 10_003;
const UNKNOWN_MEMBER: u32 = 10_007;
const UNKNOWN_MESSAGE: u32 = 10_008;
const UNKNOWN_ROLE: u32 = 10_011;
const UNKNOWN_USER: u32 = 10_013;

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::PromiseEnded { guild, tells, ending } => {
            temporary::ended(cx, *guild, tells, ending)?;
            persistent::ended(cx, *guild, tells, ending)?;
            menu::ended(cx, *guild, tells, ending)
        }
        Event::PromiseMoved { guild, tells, due_at } => temporary::moved(cx, *guild, tells, *due_at),
        Event::MessageSent(message) if message.is_from_person() => {
            persistent::seen(cx, message.guild, message.author.id, &message.roles)
        }
        Event::MemberSeen { guild, author, .. } if Some(author.id) == cx.me => look_over(cx, *guild),
        Event::MemberSeen { author, .. } if author.bot => Ok(()),
        Event::MemberSeen { guild, author, roles, nick, joined: false, .. } => {
            persistent::renamed(cx, *guild, author.id, nick.as_deref())?;
            persistent::seen(cx, *guild, author.id, roles)
        }
        Event::MemberSeen { guild, author, nick, joined: true, .. } => {
            persistent::returned(cx, *guild, author, nick.is_some())
        }
        Event::MemberLeft { guild, user, .. } => {
            temporary::left(cx, *guild, *user)?;
            persistent::left(cx, *guild, *user)
        }
        Event::MemberBanned { guild, user } => persistent::banned(cx, *guild, *user),
        Event::Audited(line) => persistent::audited(cx, line),
        Event::GuildSeen(guild) => {
            look_over(cx, guild.id)?;
            menu::look_over(cx, guild.id, None)
        }
        Event::RoleSeen { guild, role } => {
            look_over(cx, *guild)?;
            menu::look_over(cx, *guild, Some(role.id))
        }
        Event::RoleRemoved { guild, role } => {
            temporary::role_removed(cx, *guild, *role)?;
            look_over(cx, *guild)?;
            menu::look_over(cx, *guild, Some(*role))
        }
        Event::ChannelRemoved { guild, channel } => menu::channel_removed(cx, *guild, *channel),
        _ => Ok(()),
    }
}

/// What Discord refused may be possible now.
fn look_over(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    temporary::look_over(cx, guild)?;
    persistent::look_over(cx, guild)
}

/// The role, if it may be given; a refusal says why not.
fn givable(cx: &Cx<'_>, guild: GuildId, actor: Option<&Actor>, role: RoleId) -> Result<Role, Refusal> {
    let found = cx.guilds.find(guild).ok_or_else(|| Refusal::new(text::CANNOT_SEE_GUILD))?;
    let me = cx.me.ok_or_else(|| Refusal::new(text::CANNOT_SEE_GUILD))?;
    let actor = actor.map(|actor| (actor.user, actor.roles.as_slice()));
    let given = rules::givable(&found, me, actor, role);
    given.cloned().map_err(|obstacle| {
        let name = found.role(role).map_or_else(|| role.to_string(), |role| role.name.clone());
        Refusal::new(text::obstacle(obstacle, &name))
    })
}

fn ahead(now: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_ms(now.ms() - i64::try_from(by.as_millis()).unwrap_or(0))
}
