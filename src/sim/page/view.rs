//! The frame around the messages: places, the line to write in, who one is, the commands.

use super::Seat;
use super::html::{Html, percent};
use super::menu;
use super::messages::{colour, face, hidden_seat, list, version};
use crate::model::UserId;
use crate::sim::world::permissions::{VIEW_CHANNEL, compare_roles, top_role};
use crate::sim::world::state::{Channel, channel_kind};
use crate::sim::world::{CommandOption, World, option_kind};

/// People offered beside the staff: those who spoke last.
const TALKERS_MAX: usize = 24;

/// The whole page.
pub(super) fn page(world: &World, seat: Seat, text: &str, trouble: &str, form: &str) -> String {
    let mut html = Html::default();
    let channel = world.channel(seat.channel);
    let name = channel.map_or("", |channel| channel.name.as_str());
    html.raw("<!doctype html><html lang=en><head><meta charset=utf-8><title>#").text(name);
    html.raw(" – simulated Discord</title><meta name=viewport content=\"width=device-width, initial-scale=1\">");
    html.raw("<link rel=stylesheet href=/page.css><link rel=icon href=\"data:,\"></head><body>");
    places(&mut html, world, seat);
    html.raw("<main class=talk><header><h1>#").text(name).raw("</h1><span class=note>you are <b style=\"color:#");
    html.text(format!("{:06x}", colour(world, seat, seat.member))).raw("\">");
    html.text(world.name_of(seat.guild, seat.member)).raw("</b></span></header>");
    let messages = list(world, seat);
    html.raw("<ol id=messages data-version=\"").text(version(&messages)).raw("\" data-source=\"/messages?member=");
    html.text(seat.member).raw("&amp;channel=").text(seat.channel).raw("\">").add(&messages).raw("</ol>");
    if !menu::form(&mut html, world, seat, form) {
        composer(&mut html, seat, name, text, trouble);
    }
    html.raw("</main>");
    side(&mut html, world, seat);
    html.raw("<script src=/page.js></script></body></html>");
    html.into_string()
}

/// The page of a world without anything in it.
pub(super) fn nothing(trouble: &str) -> String {
    let mut html = Html::default();
    html.raw("<!doctype html><html lang=en><head><meta charset=utf-8><title>Simulated Discord</title>");
    html.raw("<link rel=stylesheet href=/page.css></head><body><p class=empty>")
        .text(trouble)
        .raw("</p></body></html>");
    html.into_string()
}

fn places(html: &mut Html, world: &World, seat: Seat) {
    let Some(guild) = world.guild(seat.guild) else { return };
    html.raw("<nav class=places aria-label=Channels><h1>").text(&guild.name).raw("</h1>");
    html.raw("<p class=note>Simulated Discord, ").text(guild.members.len()).raw(" members</p><h2>Channels</h2><ul>");
    let visible = |channel: &&Channel| world.permissions_in(seat.member, channel) & VIEW_CHANNEL != 0;
    let known = || guild.channels.iter().filter_map(|id| world.channel(*id)).filter(visible);
    for channel in known().filter(|channel| !channel.is_voice() && channel.kind != channel_kind::CATEGORY) {
        html.raw("<li><a href=\"/?member=").text(seat.member).raw("&amp;channel=").text(channel.id).raw("\"");
        if channel.id == seat.channel {
            html.raw(" class=here aria-current=page");
        }
        html.raw("># ").text(&channel.name).raw("</a></li>");
    }
    html.raw("</ul><h2>Voice</h2><ul>");
    for channel in known().filter(|channel| channel.is_voice()) {
        voice_channel(html, world, seat, channel);
    }
    html.raw("</ul></nav>");
}

fn voice_channel(html: &mut Html, world: &World, seat: Seat, channel: &Channel) {
    let Some(guild) = world.guild(seat.guild) else { return };
    html.raw("<li><a>♪ ").text(&channel.name).raw("</a><div class=voice>");
    let is_here = |user: UserId| world.voice_channel_of(seat.guild, user) == Some(channel.id);
    for member in guild.members.values().filter(|member| is_here(member.user)) {
        html.raw("<div>").text(world.name_of(seat.guild, member.user)).raw("</div>");
    }
    html.raw("<form method=post action=/voice>");
    hidden_seat(html, seat);
    html.raw("<button name=to value=\"");
    if is_here(seat.member) {
        html.raw("\">leave</button>");
    } else {
        html.text(channel.id).raw("\">join</button>");
    }
    html.raw("</form></div></li>");
}

fn composer(html: &mut Html, seat: Seat, channel: &str, text: &str, trouble: &str) {
    html.raw("<div class=composer><p class=trouble id=trouble role=alert>").text(trouble).raw("</p>");
    html.raw("<form id=composer method=post action=/say autocomplete=off>");
    hidden_seat(html, seat);
    html.raw("<input type=text name=text id=line maxlength=2000 autofocus aria-label=Message placeholder=\"Message #");
    html.text(channel).raw(", or a /command\" value=\"").text(text).raw("\"><button class=go>Send</button></form>");
    html.raw("<noscript><p class=only>Without scripts, new messages appear when you <a href=\"");
    html.text(seat.address()).raw("\">look again</a>.</p></noscript></div>");
}

fn side(html: &mut Html, world: &World, seat: Seat) {
    html.raw("<aside class=side><h2>Commands</h2>");
    commands(html, world, seat);
    html.raw("<h2>Be somebody else</h2><form method=get action=/><input type=hidden name=channel value=\"");
    html.text(seat.channel)
        .raw("\"><input type=text name=member aria-label=\"Name or id\" placeholder=\"name or id\">");
    html.raw("<button>Be</button></form><ul>");
    for user in people(world, seat) {
        html.raw("<li><a class=\"person");
        if user == seat.member {
            html.raw(" here");
        }
        html.raw("\" href=\"/?member=").text(user).raw("&amp;channel=").text(seat.channel).raw("\">");
        face(html, world, seat, user);
        html.raw("<span style=\"color:#").text(format!("{:06x}", colour(world, seat, user))).raw("\">");
        html.text(world.name_of(seat.guild, user)).raw("</span><small>");
        if let Some(guild) = world.guild(seat.guild) {
            let role =
                if guild.owner == user { Some("Owner") } else { top_role(guild, user).map(|role| role.name.as_str()) };
            html.text(role.unwrap_or_default());
        }
        html.raw("</small></a></li>");
    }
    html.raw("</ul></aside>");
}

/// The staff, and those who spoke last.
fn people(world: &World, seat: Seat) -> Vec<UserId> {
    let Some(guild) = world.guild(seat.guild) else { return Vec::new() };
    let is_person = |user: &UserId| world.user(*user).is_some_and(|known| !known.bot);
    let mut staff: Vec<_> = guild.members.keys().copied().filter(is_person).collect();
    staff.retain(|user| *user == guild.owner || top_role(guild, *user).is_some_and(|role| role.hoist));
    staff.sort_by(|a, b| match (top_role(guild, *a), top_role(guild, *b)) {
        (Some(a), Some(b)) => compare_roles(b, a),
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
    let mut spoken: Vec<_> = guild.channels.iter().filter_map(|id| world.channel(*id)).collect::<Vec<_>>();
    spoken.retain(|channel| !channel.is_voice());
    let mut recent: Vec<_> =
        spoken.iter().flat_map(|channel| channel.messages.iter().rev().take(TALKERS_MAX)).collect();
    recent.sort_by_key(|message| std::cmp::Reverse(message.id));
    let mut people = staff;
    if !people.contains(&seat.member) {
        people.push(seat.member);
    }
    let most = people.len() + TALKERS_MAX;
    let candidates = recent.iter().map(|message| message.author).chain(guild.members.keys().copied());
    for user in candidates.filter(is_person) {
        if people.len() >= most {
            break;
        }
        if guild.members.contains_key(&user) && !people.contains(&user) {
            people.push(user);
        }
    }
    people
}

fn commands(html: &mut Html, world: &World, seat: Seat) {
    let Some(place) = world.channel(seat.channel) else { return };
    let known = world.commands_in(seat.guild);
    let mut offered: Vec<_> = known
        .into_iter()
        .filter(|command| command.kind == 1 && world.is_offered(command, seat.member, place))
        .collect();
    offered.sort_by(|a, b| a.name.cmp(&b.name));
    if offered.is_empty() {
        html.raw("<p class=only>None are open to you here.</p>");
    }
    for command in offered {
        for (name, options) in command.leaves() {
            let about = branch_description(&command.options, &name).unwrap_or(&command.description);
            let required = options.iter().filter(|option| option.required).map(|option| format!(" {}:", option.name));
            let line = format!("/{name}{}", required.collect::<String>());
            let line = if options.is_empty() || line.ends_with(':') { line } else { format!("{line} ") };
            html.raw("<a class=command href=\"").text(seat.address()).raw("&amp;text=").text(percent(&line));
            html.raw("\" data-insert=\"").text(&line).raw("\"><b>/").text(&name).raw("</b>");
            for option in options {
                html.raw(" <i>").text(shape(option)).raw("</i>");
            }
            html.raw("<small>").text(about).raw("</small></a>");
        }
    }
}

/// What a subcommand says about itself.
fn branch_description<'a>(options: &'a [CommandOption], name: &str) -> Option<&'a str> {
    let mut found = None;
    let mut level = options;
    for step in name.split(' ').skip(1) {
        let branch = level.iter().find(|option| option.is_branch() && option.name == step)?;
        found = Some(branch.description.as_str());
        level = &branch.options;
    }
    found
}

/// An option's name and what it takes: `member:@who`, `[amount:number]`.
fn shape(option: &CommandOption) -> String {
    let takes = match option.kind {
        option_kind::INTEGER | option_kind::NUMBER => "number",
        option_kind::BOOLEAN => "yes/no",
        option_kind::USER | option_kind::MENTIONABLE => "@who",
        option_kind::CHANNEL => "#where",
        option_kind::ROLE => "@role",
        _ => "text",
    };
    let choices: Vec<_> = option.choices.iter().take(4).map(|(name, _)| name.as_str()).collect();
    let takes = if choices.is_empty() { takes.to_owned() } else { choices.join("|") };
    if option.required { format!("{}:{takes}", option.name) } else { format!("[{}:{takes}]", option.name) }
}
