//! Welcome: a greeting for those who come, a word about those who leave, and first roles. Newcomers who have to accept
//! the server's rules are invisible until then, and wait.

mod roles;
mod rules;
mod store;
mod text;

use super::Feature;
use crate::config::{Config, Occasion};
use crate::cx::{Cx, Promised};
use crate::model::saying::{MemberText, Said};
use crate::model::{ChannelId, Effect, Event, Guild, GuildId, Need, Outgoing, Result, RoleId, UserId};
use crate::store::personal::{Column, Personal};
use crate::store::{people, promises};

pub(super) static FEATURE: Feature = Feature {
    name: "welcome",
    // Rules on those who come wait for the same.
    is_on: |config| config.welcome.enabled || config.rules.iter().any(|rule| rule.event == Occasion::MemberJoin),
    needs,
    commands: &[],
    undoes: &[],
    start: None,
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: &[Personal::rows("welcome_waiting", "that you are to be greeted", &[Column::Id("user")])],
};

fn needs(_: &Config) -> &'static [Need] {
    &[Need::Members, Need::Messages]
}

/// Somebody who comes or leaves.
struct Guest<'a> {
    guild: GuildId,
    user: UserId,
    name: &'a str,
    bot: bool,
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::MemberSeen { guild, author, .. } if Some(author.id) == cx.me => look_over(cx, *guild),
        Event::MemberSeen { guild, author, roles, joined, pending, .. } => {
            let guest = Guest { guild: *guild, user: author.id, name: &author.name, bot: author.bot };
            match (*joined, *pending) {
                (true, true) => store::save_waiting(cx.tx, *guild, author.id, cx.now),
                (true, false) => came(cx, &guest, roles),
                (false, true) => Ok(()),
                (false, false) => accepted(cx, &guest, roles),
            }
        }
        // Who writes has accepted the rules, and nobody may have been there to hear of it.
        Event::MessageSent(message) if message.is_from_person() => {
            let author = &message.author;
            let guest = Guest { guild: message.guild, user: author.id, name: &author.name, bot: author.bot };
            accepted(cx, &guest, &message.roles)
        }
        Event::MemberLeft { guild, user, name, bot } => {
            left(cx, &Guest { guild: *guild, user: *user, name, bot: *bot })
        }
        Event::GuildLost { guild, removed: true } => store::remove_guild(cx.tx, *guild),
        Event::SettingsChanged => cx.guilds.list().iter().try_for_each(|guild| look_over(cx, guild.id)),
        Event::GuildSeen(guild) => look_over(cx, guild.id),
        Event::RoleSeen { guild, .. }
        | Event::RoleRemoved { guild, .. }
        | Event::ChannelSeen { guild, .. }
        | Event::ChannelRemoved { guild, .. } => look_over(cx, *guild),
        _ => Ok(()),
    }
}

/// Somebody came, or can be seen now.
fn came(cx: &mut Cx<'_>, guest: &Guest<'_>, held: &[RoleId]) -> Result<()> {
    arrived(cx, guest, held);
    if !is_for(cx, guest) {
        return Ok(());
    }
    greet(cx, guest)?;
    roles::give(cx, guest, held)
}

/// Tells the other rooms.
fn arrived(cx: &mut Cx<'_>, guest: &Guest<'_>, held: &[RoleId]) {
    let Guest { guild, user, name, bot } = *guest;
    cx.emit(Event::MemberArrived { guild, user, name: name.to_owned(), bot, roles: held.to_vec() });
}

/// Whether this room's own part is for them.
fn is_for(cx: &Cx<'_>, guest: &Guest<'_>) -> bool {
    let welcome = &cx.config.welcome;
    welcome.enabled && (welcome.bots || !guest.bot) && Some(guest.user) != cx.me
}

/// Somebody who may have been waiting can be seen now.
fn accepted(cx: &mut Cx<'_>, guest: &Guest<'_>, held: &[RoleId]) -> Result<()> {
    let Some(came_at) = store::find_waiting(cx.tx, guest.guild, guest.user)? else { return Ok(()) };
    store::remove_waiting(cx.tx, guest.guild, guest.user)?;
    arrived(cx, guest, held);
    if !is_for(cx, guest) {
        return Ok(());
    }
    if rules::is_in_time(came_at, cx.now) {
        greet(cx, guest)?;
    }
    roles::give(cx, guest, held)
}

fn left(cx: &mut Cx<'_>, guest: &Guest<'_>) -> Result<()> {
    roles::call_off(cx, guest)?;
    promises::call_off(cx.tx, &target_of_greeting(guest), text::LEFT, cx.now)?;
    // Nobody saw that they were there.
    if store::find_waiting(cx.tx, guest.guild, guest.user)?.is_some() {
        return store::remove_waiting(cx.tx, guest.guild, guest.user);
    }
    if !is_for(cx, guest) {
        return Ok(());
    }
    // Discord tells no nickname of who left; we may remember it.
    let known = people::find_name(cx.tx.read(), guest.guild, guest.user)?.filter(|name| !name.is_empty());
    let guest = Guest { name: known.as_deref().unwrap_or(guest.name), ..*guest };
    let welcome = &cx.config.welcome;
    let (channel, texts) = (welcome.leave_channel, &welcome.leave_messages);
    let Some((channel, words)) = words(cx, &guest, channel, texts) else { return Ok(()) };
    cx.promise(Promised {
        action: "welcome.left",
        target: None,
        guild: Some(guest.guild),
        about: text::promise_leave(guest.name),
        effect: Effect::SendMessage { channel, message: Outgoing::text(words), reply_to: None },
        due_at: cx.now,
        tells: None,
    })
}

fn greet(cx: &mut Cx<'_>, guest: &Guest<'_>) -> Result<()> {
    let welcome = &cx.config.welcome;
    let Some((channel, words)) = words(cx, guest, welcome.channel, &welcome.messages) else { return Ok(()) };
    let mut message = Outgoing::text(words);
    if welcome.ping {
        message.mentions.users.push(guest.user);
    }
    cx.promise(Promised {
        action: "welcome.greeting",
        target: Some(target_of_greeting(guest)),
        guild: Some(guest.guild),
        about: text::promise_greeting(guest.name),
        effect: Effect::SendMessage { channel, message, reply_to: None },
        due_at: cx.now,
        tells: None,
    })
}

/// One of the texts, and where to say it, unless the channel belongs to another guild.
fn words(
    cx: &Cx<'_>,
    guest: &Guest<'_>,
    channel: Option<ChannelId>,
    texts: &[MemberText],
) -> Option<(ChannelId, String)> {
    let guild = cx.guilds.find(guest.guild)?;
    let channel = channel.filter(|channel| guild.channel(*channel).is_some())?;
    let text = texts.get(rules::variant(&cx.source.to_string(), guest.user.get(), texts.len()))?;
    let said = Said { member: guest.user, name: guest.name, guild: &guild.name, count: guild.member_count };
    Some((channel, text.render(&said)))
}

fn target_of_greeting(guest: &Guest<'_>) -> String {
    format!("welcome:{}:{}", guest.guild, guest.user)
}

/// What was refused may be possible now; what cannot work stands on the page.
fn look_over(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    let welcome = &cx.config.welcome;
    if !welcome.enabled {
        return Ok(());
    }
    for (key, channel) in [("welcome.channel", welcome.channel), ("welcome.leave_channel", welcome.leave_channel)] {
        let has = |channel: ChannelId| {
            cx.guilds.list().iter().any(|guild: &std::sync::Arc<Guild>| guild.channel(channel).is_some())
        };
        match channel.filter(|channel| !has(*channel)) {
            Some(channel) => {
                let (detail, action) = text::explain_missing_channel(key, channel);
                cx.vitals.problem(key, detail, action);
            }
            None => cx.vitals.solved(key),
        }
    }
    promises::revive(cx.tx, &format!("welcome:{guild}:*"), cx.now)?;
    roles::look_over(cx, guild)
}
