//! What a member may do with a tool: pure functions of the tool, the level and what was unlocked.

use crate::model::Timestamp;

/// Something that a level unlocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// A UUID; it stays when everything else changes.
    pub id: String,
    pub name: String,
    pub description: String,
    /// An emoji.
    pub icon: String,
    pub tier: String,
    pub required_level: u32,
    /// A tool that is switched off is neither shown nor unlocked; who has it keeps it for when it is back.
    pub enabled: bool,
    /// JSON, for whoever implements the tool.
    pub config: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A tool that a member unlocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlock {
    pub tool: String,
    pub at: Timestamp,
    pub usage_count: i64,
}

/// How a tool stands to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Unlocked(Timestamp),
    /// The level is reached; it is theirs for the asking.
    Available,
    Locked,
}

/// How a tool stands to a member of this level. What was unlocked stays so when the level falls.
pub fn standing(tool: &Tool, level: u32, unlocked: &[Unlock]) -> Standing {
    match unlocked.iter().find(|unlock| unlock.tool == tool.id) {
        Some(unlock) => Standing::Unlocked(unlock.at),
        None if level >= tool.required_level => Standing::Available,
        None => Standing::Locked,
    }
}

/// The tool that somebody means, by its id or, in whatever case, its name. Of two of the same name the first that is
/// switched on is meant.
pub fn find<'a>(tools: &'a [Tool], word: &str) -> Option<&'a Tool> {
    let wanted = word.trim().to_lowercase();
    let is_meant = |tool: &&Tool| tool.id == wanted || tool.name.to_lowercase() == wanted;
    let meant = || tools.iter().filter(is_meant);
    meant().find(|tool| tool.enabled).or_else(|| meant().next())
}

/// A random UUID (version 4) from 128 random bits.
///
/// Source: RFC 9562, section 5.4.
pub fn uuid(dice: u128) -> String {
    let bits = dice & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(id: &str, name: &str, required_level: u32, enabled: bool) -> Tool {
        let at = Timestamp::from_ms(0);
        let [id, name, description, icon, tier, config] = [id, name, "", "", "", "{}"].map(str::to_owned);
        Tool { id, name, description, icon, tier, required_level, enabled, config, created_at: at, updated_at: at }
    }

    #[test]
    fn a_level_makes_available_and_a_claim_lasts() {
        let poll = tool("a", "Poll Creator", 15, true);
        let unlocked = [Unlock { tool: "a".to_owned(), at: Timestamp::from_ms(7), usage_count: 0 }];
        assert_eq!(standing(&poll, 14, &[]), Standing::Locked);
        assert_eq!(standing(&poll, 15, &[]), Standing::Available);
        assert_eq!(standing(&poll, 1, &unlocked), Standing::Unlocked(Timestamp::from_ms(7)));
    }

    #[test]
    fn a_tool_is_found_by_id_or_name_in_any_case() {
        let tools = [tool("a", "Twin", 1, false), tool("b", "Twin", 2, true), tool("c", "ÜBER", 3, false)];
        let found = |word| find(&tools, word).map(|tool| tool.id.as_str());
        assert_eq!((found(" twin "), found("A"), found("über"), found("x")), (Some("b"), Some("a"), Some("c"), None));
    }

    #[test]
    fn uuids_are_of_version_four() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
