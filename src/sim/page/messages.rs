//! The newest messages of a channel, as one member sees them.

use crate::model::UserId;

use super::Seat;
use super::html::Html;
use super::markdown::{Context, render};
use super::{list as lists, menu};
use crate::sim::world::permissions::compare_roles;
use crate::sim::world::state::{Attachment, Channel};
use crate::sim::world::{Message, World};
use serde_json::Value;

/// Messages shown at once.
const SHOWN_MAX: usize = 60;

/// Messages of one author closer than this are shown as one block.
const BLOCK_MS: u128 = 5 * 60 * 1_000;

/// The list's items, oldest first.
pub(super) fn list(world: &World, seat: Seat) -> Html {
    let mut html = Html::default();
    let Some(channel) = world.channel(seat.channel) else { return html };
    let messages = world.read(seat.channel, seat.member, SHOWN_MAX);
    if messages.is_empty() {
        html.raw("<li id=empty data-v=0 class=empty>Nothing to read here yet.</li>");
    }
    let mut last: Option<&Message> = None;
    for message in messages {
        let mut item = Html::default();
        let is_fresh = last.is_none_or(|last| begins_block(last, message));
        body(&mut item, world, seat, channel, message, is_fresh);
        html.raw("<li id=\"m").text(message.id).raw("\" data-v=\"").text(version(&item)).raw("\" class=\"message");
        if is_fresh {
            html.raw(" fresh");
        }
        if message.only_for.is_some() {
            html.raw(" private");
        } else if message.pings.users.contains(&seat.member) || message.pings.everyone {
            html.raw(" pinged");
        }
        html.raw("\">").add(&item).raw("</li>");
        last = Some(message);
    }
    html
}

/// A short name for what a piece shows.
pub(super) fn version(html: &Html) -> String {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    format!("{:x}", html.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, fold))
}

fn begins_block(last: &Message, message: &Message) -> bool {
    last.author != message.author
        || last.only_for != message.only_for
        || message.reply_to.is_some()
        || message.interaction.is_some()
        || last.kind == 7
        || message.id.time().since(last.id.time()).as_millis() > BLOCK_MS
}

fn body(html: &mut Html, world: &World, seat: Seat, channel: &Channel, message: &Message, is_fresh: bool) {
    let context = Context { world, guild: seat.guild };
    if message.kind == 7 {
        let name = world.name_of(seat.guild, message.author);
        html.raw("<span></span><div class=\"body system\">→ <b>").text(name).raw("</b> came in.</div>");
        return;
    }
    above(html, world, seat, channel, message);
    if is_fresh {
        face(html, world, seat, message.author);
    } else {
        html.raw("<span></span>");
    }
    html.raw("<div class=body>");
    if is_fresh {
        author(html, world, seat, message);
    }
    if message.is_loading() {
        html.raw("<div class=thinking>is thinking…</div>");
    }
    if !message.content.is_empty() {
        html.raw("<div>");
        render(html, context, &message.content);
        html.raw("</div>");
    }
    for embed in &message.embeds {
        draw_embed(html, context, channel, message, embed);
    }
    for file in &message.attachments {
        draw_file(html, channel, file, message);
    }
    if message.buttons().next().is_some() {
        buttons(html, seat, message);
    }
    lists::draw(html, seat, message);
    if !message.reactions.is_empty() {
        html.raw("<div class=reactions>");
        for (emoji, users) in &message.reactions {
            html.raw("<span>").text(emoji).raw(" ").text(users.len()).raw("</span>");
        }
        html.raw("</div>");
    }
    if message.only_for.is_some() {
        html.raw("<div class=only>Only you can see this.</div>");
    }
    menu::entries(html, world, seat, message);
    html.raw("</div>");
}

/// A form whose every button presses one of the message's.
fn buttons(html: &mut Html, seat: Seat, message: &Message) {
    html.raw("<form class=buttons method=post action=/press><input type=hidden name=message value=\"");
    html.text(message.id).raw("\">");
    hidden_seat(html, seat);
    for row in message.components.iter().filter_map(|row| row["components"].as_array()) {
        html.raw("<div>");
        for button in row.iter().filter(|part| part["type"] == 2) {
            html.raw("<button name=button class=\"").raw(match button["style"].as_u64() {
                Some(1) => "primary",
                Some(3) => "success",
                Some(4) => "danger",
                _ => "secondary",
            });
            html.raw("\" value=\"").text(button["custom_id"].as_str().unwrap_or_default()).raw("\"");
            html.raw(if button["disabled"] == true { " disabled>" } else { ">" });
            html.text(button["label"].as_str().unwrap_or_default()).raw("</button>");
        }
        html.raw("</div>");
    }
    html.raw("</form>");
}

/// Who one is and where, in a form.
pub(super) fn hidden_seat(html: &mut Html, seat: Seat) {
    html.raw("<input type=hidden name=member value=\"").text(seat.member).raw("\">");
    html.raw("<input type=hidden name=channel value=\"").text(seat.channel).raw("\">");
}

/// What the message answers: another message, or a command.
fn above(html: &mut Html, world: &World, seat: Seat, channel: &Channel, message: &Message) {
    if let Some(interaction) = message.interaction.and_then(|id| world.interaction(id)) {
        html.raw("<span></span><div class=above>↱ <b>").text(world.name_of(seat.guild, interaction.user));
        match interaction.pressed_below {
            Some(_) => html.raw("</b> pressed “").text(&interaction.command).raw("”</div>"),
            None => html.raw("</b> used /").text(&interaction.command).raw("</div>"),
        };
    } else if let Some(target) = message.reply_to {
        html.raw("<span></span><div class=above>↱ ");
        match channel.message(target) {
            Some(original) => {
                let start: String = original.content.chars().take(80).collect();
                html.raw("<b>").text(world.name_of(seat.guild, original.author)).raw("</b> ").text(start);
            }
            None => {
                html.raw("a message that was deleted");
            }
        }
        html.raw("</div>");
    }
}

fn author(html: &mut Html, world: &World, seat: Seat, message: &Message) {
    let hook = message.webhook.as_ref().filter(|_| message.interaction.is_none());
    let name = hook.map_or_else(|| world.name_of(seat.guild, message.author), |hook| &hook.name);
    html.raw("<div><span class=who style=\"color:#").text(format!("{:06x}", colour(world, seat, message.author)));
    html.raw("\">").text(name).raw("</span>");
    if world.user(message.author).is_some_and(|user| user.bot) || hook.is_some() {
        html.raw("<span class=badge>BOT</span>");
    }
    let at = message.id.time().utc();
    html.raw("<time class=at datetime=\"").text(message.id.time().rfc3339()).raw("\">").text(at.format("%H:%M:%S"));
    html.raw("</time>");
    if message.edited.is_some() {
        html.raw("<span class=at>(edited)</span>");
    }
    html.raw("</div>");
}

/// The colour of a name: that of the highest role that has one.
pub(super) fn colour(world: &World, seat: Seat, user: UserId) -> u32 {
    const PLAIN: u32 = 0xe4_e7ec;
    let Some(guild) = world.guild(seat.guild) else { return PLAIN };
    let roles = world.roles_of(seat.guild, user);
    let coloured = roles.iter().filter_map(|id| guild.roles.get(id)).filter(|role| role.colour != 0);
    coloured.max_by(|a, b| compare_roles(a, b)).map_or(PLAIN, |role| role.colour)
}

/// The user's avatar, or a circle with initials, in a colour of their own.
pub(super) fn face(html: &mut Html, world: &World, seat: Seat, user: UserId) {
    if let Some(hash) = world.user(user).and_then(|known| known.avatar.as_deref()) {
        html.raw("<img class=face alt=\"\" src=\"/avatars/").text(user).raw("/").text(super::html::percent(hash));
        html.raw(".png\">");
        return;
    }
    // Multiplying by the golden ratio spreads neighbours around the circle.
    let hue = ((user.get().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) * 360) >> 24;
    let name = world.name_of(seat.guild, user);
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter_map(|part| part.chars().next());
    let initials: String = parts.take(2).flat_map(char::to_uppercase).collect();
    html.raw("<span class=face aria-hidden=true style=\"background:hsl(").text(hue).raw(" 45% 68%)\">");
    html.text(initials).raw("</span>");
}

fn draw_embed(html: &mut Html, context: Context<'_>, channel: &Channel, message: &Message, embed: &Value) {
    html.raw("<div class=embed");
    if let Some(colour) = embed["color"].as_u64() {
        html.raw(" style=\"border-left-color:#").text(format!("{colour:06x}")).raw("\"");
    }
    html.raw(">");
    let mut part = |class: &'static str, text: &Value, is_markdown: bool| {
        let Some(text) = text.as_str().filter(|text| !text.is_empty()) else { return };
        html.raw("<div class=").raw(class).raw(">");
        if is_markdown {
            render(html, context, text);
        } else {
            html.text(text);
        }
        html.raw("</div>");
    };
    part("foot", &embed["author"]["name"], false);
    part("title", &embed["title"], true);
    part("text", &embed["description"], true);
    let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !fields.is_empty() {
        html.raw("<div class=fields>");
        for field in fields {
            html.raw(if field["inline"] == true { "<div><b>" } else { "<div class=wide><b>" });
            render(html, context, field["name"].as_str().unwrap_or_default());
            html.raw("</b>");
            render(html, context, field["value"].as_str().unwrap_or_default());
            html.raw("</div>");
        }
        html.raw("</div>");
    }
    let wanted = embed["image"]["url"].as_str().and_then(|url| url.strip_prefix("attachment://"));
    if let Some(file) = message.attachments.iter().find(|file| Some(file.filename.as_str()) == wanted) {
        draw_image(html, channel, file);
    }
    if let Some(text) = embed["footer"]["text"].as_str() {
        html.raw("<div class=foot>").text(text).raw("</div>");
    }
    html.raw("</div>");
}

/// A file beside the message; one that an embed shows is not shown twice.
fn draw_file(html: &mut Html, channel: &Channel, file: &Attachment, message: &Message) {
    let name = format!("attachment://{}", file.filename);
    if message.embeds.iter().any(|embed| embed["image"]["url"] == name) {
        return;
    }
    if file.content_type.as_deref().is_some_and(|kind| kind.starts_with("image/")) && !file.bytes.is_empty() {
        draw_image(html, channel, file);
    } else {
        html.raw("<div class=above>📎 <a href=\"/attachments/").text(channel.id).raw("/").text(file.id).raw("/");
        html.text(super::html::percent(&file.filename)).raw("\">").text(&file.filename).raw("</a></div>");
    }
}

fn draw_image(html: &mut Html, channel: &Channel, file: &Attachment) {
    let alt = file.description.as_deref().unwrap_or(&file.filename);
    html.raw("<img class=card alt=\"").text(alt).raw("\" src=\"/attachments/").text(channel.id);
    html.raw("/").text(file.id).raw("/").text(super::html::percent(&file.filename)).raw("\">");
}
