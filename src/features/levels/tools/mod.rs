//! Tools: what a level makes available, and a claim unlocks. A feature of its own that lives inside the room of levels,
//! because each needs the other: a claim the member's level, a level-up the tools that it makes available.
//!
//! It refuses to know what a tool does: the catalogue says what a member holds, others act on it.

pub mod api;
mod catalogue;
pub mod rules;
pub mod store;
mod text;

use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::features::Feature;
use crate::model::{Event, GuildId, Result, UserId};
use crate::store::personal::{Column, Personal};
use catalogue::CATALOGUE;
use rules::{Standing, Tool};
pub use store::{available_between, count_unlocked};

pub(in crate::features) static FEATURE: Feature = Feature {
    name: "tools",
    is_on: |config| config.levels.enabled,
    needs: |_| &[],
    commands: &[&TOOLS],
    undoes: &[],
    start: Some(start),
    observe: |_, _| Ok(()),
    card: None,
    verify: None,
    portrait: None,
    personal: &[
        Personal::nobody("tool", "the catalogue of tools"),
        Personal::rows("tool_unlock", "which tools you unlocked", &[Column::Id("user")]),
    ],
};

/// The longest name of a tool that can be asked for; an id has 36.
const NAME_CHARS_MAX: u16 = 100;

static CLAIM: Opt<String> = Opt::text("claim", "The tool to unlock, by its name", NAME_CHARS_MAX);
static OF_TOOLS: [&dyn Declared; 1] = [&CLAIM];

static TOOLS: Command = Command {
    // Whoever reached several at once presses one button after the other.
    cooldown_seconds: 0,
    ..Command::open("tools", "Shows the tools that levels bring, and unlocks them", "Levels", &OF_TOOLS, tools)
};

/// A house without any tool begins with the catalogue. Tools are switched off rather than removed, so this happens
/// once.
fn start(cx: &mut Cx<'_>) -> Result<()> {
    if store::count(cx.tx.read())? > 0 {
        return Ok(());
    }
    CATALOGUE.iter().try_for_each(|seed| {
        let tool = Tool {
            id: rules::uuid(fastrand::u128(..)),
            name: seed.name.to_owned(),
            description: seed.description.to_owned(),
            icon: seed.icon.to_owned(),
            tier: cx.config.levels.tier_of(seed.required_level).to_owned(),
            required_level: seed.required_level,
            enabled: true,
            config: seed.config.to_owned(),
            created_at: cx.now,
            updated_at: cx.now,
        };
        store::insert(cx.tx, &tool)
    })
}

/// Takes a tool into the catalogue.
///
/// # Errors
/// The catalogue is full, or faults of the database.
pub fn add(cx: &mut Cx<'_>, tool: &Tool) -> Result<()> {
    if store::count(cx.tx.read())? >= store::TOOLS_MAX.into() {
        return Err(text::full().into());
    }
    store::insert(cx.tx, tool)
}

fn tools(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let (guild, user) = (cx.guild()?, actor.user);
    let level = cx.config.levels.curve.level_of(super::store::load(cx.tx, guild, user)?.xp);
    let tools = store::list(cx.tx.read())?;
    let Some(word) = args.find(&CLAIM) else {
        let unlocked = store::list_unlocked(cx.tx.read(), guild, user)?;
        let shown = tools.iter().filter(|tool| tool.enabled);
        let shown: Vec<_> = shown.map(|tool| (tool, rules::standing(tool, level, &unlocked))).collect();
        return Ok(Plan::reply(text::list(level, &shown)?));
    };
    let tool = rules::find(&tools, &word).ok_or_else(|| text::unknown(&word))?;
    claim(cx, guild, user, level, tool)
}

/// Unlocks a tool for a member of this level. Who has it already is told so, and nothing changes.
fn claim(cx: &mut Cx<'_>, guild: GuildId, user: UserId, level: u32, tool: &Tool) -> Result<Plan> {
    if !tool.enabled {
        return Err(text::switched_off(tool).into());
    }
    match unlock(cx, guild, user, tool)? {
        Standing::Unlocked(at) => Ok(Plan::reply(text::already(tool, at))),
        Standing::Locked => Err(text::too_low(tool, level).into()),
        Standing::Available => Ok(Plan::reply(text::unlocked(tool))),
    }
}

/// Unlocks a tool for a member, if it is there for the asking; how it stood before.
pub fn unlock(cx: &mut Cx<'_>, guild: GuildId, user: UserId, tool: &Tool) -> Result<Standing> {
    let level = cx.config.levels.curve.level_of(super::store::load(cx.tx, guild, user)?.xp);
    let unlocked = store::list_unlocked(cx.tx.read(), guild, user)?;
    let standing = rules::standing(tool, level, &unlocked);
    if standing != Standing::Available {
        return Ok(standing);
    }
    store::insert_unlock(cx.tx, guild, user, &tool.id, cx.now)?;
    let choices = super::store::load(cx.tx, guild, user)?.choices;
    cx.emit(Event::ToolUnlocked {
        guild,
        user,
        tool_id: tool.id.clone(),
        name: tool.name.clone(),
        hidden: choices.quiet || choices.off_board,
    });
    Ok(standing)
}
