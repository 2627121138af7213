//! Everything that members read about tools.

use super::rules::{Standing, Tool};
use super::store::TOOLS_MAX;
use crate::model::text::{name, plain};
use crate::model::{Button, Embed, Look, Outgoing, Refusal, Result, Timestamp};

const COLOUR: u32 = 0xE0_A8_4E;

pub const NONE: &str = "There are no tools here.";

/// The tools by tier, each with how it stands to the member, and a button for each that is theirs for the asking.
pub fn list(level: u32, tools: &[(&Tool, Standing)]) -> Result<Outgoing> {
    let mut description = String::new();
    let mut tier = None;
    for (tool, standing) in tools {
        if tier != Some(&tool.tier) {
            description.push_str(&format!("\n**{}**\n", name(&tool.tier)));
            tier = Some(&tool.tier);
        }
        description.push_str(&line(tool, *standing));
    }
    let unlocked = tools.iter().filter(|(_, standing)| matches!(standing, Standing::Unlocked(_))).count();
    let available = tools.iter().filter(|(_, standing)| *standing == Standing::Available);
    let buttons = available.map(|(tool, _)| claim_button(tool)).collect::<Result<Vec<_>, _>>()?;
    let how = if buttons.is_empty() { "" } else { " · a button, or /tools claim:, unlocks" };
    let embed = Embed {
        title: "Tools".to_owned(),
        description: if tools.is_empty() { NONE.to_owned() } else { description.trim_start().to_owned() },
        fields: Vec::new(),
        colour: COLOUR,
        footer: format!("You are at level {level} · {unlocked} of {} unlocked{how}", tools.len()),
    };
    Ok(Outgoing::embed(embed).with_buttons(buttons))
}

fn line(tool: &Tool, standing: Standing) -> String {
    let (shown, about) = (name(&tool.name), name(&tool.description));
    let icon = plain(&tool.icon);
    match standing {
        Standing::Unlocked(_) => format!("✅ {icon} **{shown}** (unlocked): {about}\n"),
        Standing::Available => format!("🔓 {icon} **{shown}** (available): {about}\n"),
        Standing::Locked => format!("🔒 {icon} {shown} · level {}\n", tool.required_level),
    }
}

/// By its id, so that the button means the same tool when its name changes.
fn claim_button(tool: &Tool) -> Result<Button, Refusal> {
    let label = format!("{} {}", plain(&tool.icon), plain(&tool.name));
    Ok(Button::new(&label, format!("tools {}", tool.id))?.look(Look::Success))
}

pub fn unlocked(tool: &Tool) -> Outgoing {
    Outgoing::text(format!("{} **{}** is unlocked: {}.", plain(&tool.icon), name(&tool.name), name(&tool.description)))
}

pub fn already(tool: &Tool, at: Timestamp) -> Outgoing {
    let (shown, seconds) = (name(&tool.name), at.ms() / 1_000);
    Outgoing::text(format!("**{shown}** is already unlocked, since <t:{seconds}:D>."))
}

pub fn too_low(tool: &Tool, level: u32) -> Refusal {
    let (shown, needed) = (name(&tool.name), tool.required_level);
    Refusal::new(format!("**{shown}** comes with level {needed}; you are at level {level}."))
}

pub fn switched_off(tool: &Tool) -> Refusal {
    Refusal::new(format!("**{}** is switched off here.", name(&tool.name)))
}

pub fn full() -> Refusal {
    Refusal::new(format!("The catalogue is full: it holds {TOOLS_MAX} tools."))
}

pub fn unknown(word: &str) -> Refusal {
    Refusal::new(format!("There is no tool “{}”. `/tools` lists those there are.", name(word)))
}
