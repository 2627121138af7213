//! Op 8: a bot asks for the members of a guild, and is told them in chunks.

use serde_json::{Value, json};

use crate::model::{GuildId, UserId};

use super::World;
use super::events::intent;
use super::wire::presence;

/// The most members of one chunk.
const CHUNK_MEMBERS: usize = 1_000;

/// What bots asked for by op 8.
#[derive(Debug, Default)]
pub(in crate::sim) struct MemberRequests {
    asked: usize,
    ignored: bool,
}

impl World {
    /// How often members were asked for.
    pub fn member_requests(&self) -> usize {
        self.member_requests.asked
    }

    /// Whether nobody answers such requests from now on, as happens to who asks too often.
    pub fn ignore_member_requests(&mut self, ignored: bool) {
        self.member_requests.ignored = ignored;
    }

    /// Tells a session the members that it asked for.
    pub(in crate::sim) fn send_member_chunks(&mut self, session: &str, wanted: &Value) {
        self.member_requests.asked += 1;
        self.touch();
        if self.member_requests.ignored {
            return;
        }
        let guild = wanted["guild_id"].as_str().or_else(|| wanted["guild_id"][0].as_str());
        let Some(guild) = guild.and_then(|id| id.parse::<GuildId>().ok()).filter(|id| self.sees_guild(*id)) else {
            return;
        };
        let Some(intents) = self.sessions.get(session).map(|session| session.intents) else { return };
        let chunks = self.member_chunks(guild, wanted, intents);
        for chunk in chunks {
            self.tell(session, "GUILD_MEMBERS_CHUNK", &chunk);
        }
    }

    fn member_chunks(&self, guild: GuildId, wanted: &Value, intents: u64) -> Vec<Value> {
        let Some(home) = self.guilds.get(&guild) else { return Vec::new() };
        let ids: Vec<UserId> = match &wanted["user_ids"] {
            Value::Array(list) => list.iter().filter_map(|id| id.as_str()?.parse().ok()).collect(),
            Value::String(id) => id.parse().into_iter().collect(),
            _ => Vec::new(),
        };
        let query = wanted["query"].as_str().unwrap_or_default().to_lowercase();
        let limit = wanted["limit"].as_u64().unwrap_or(0) as usize;
        // The whole list, and none less, needs the intent.
        let whole = ids.is_empty() && query.is_empty() && limit == 0;
        if whole && intents & intent::GUILD_MEMBERS == 0 {
            return Vec::new();
        }
        let fits = |user: UserId| {
            if ids.is_empty() {
                self.name_of(guild, user).to_lowercase().starts_with(&query)
            } else {
                ids.contains(&user)
            }
        };
        let most = if limit == 0 { usize::MAX } else { limit.min(100) };
        let members: Vec<_> = home.members.values().filter(|member| fits(member.user)).take(most).collect();
        let missing: Vec<_> = ids.iter().filter(|id| !home.members.contains_key(id)).collect();
        let count = members.len().div_ceil(CHUNK_MEMBERS).max(1);
        let chunk = |index: usize| {
            let part = members.iter().skip(index * CHUNK_MEMBERS).take(CHUNK_MEMBERS);
            let mut json = json!({"guild_id": guild, "chunk_index": index, "chunk_count": count,
                "members": part.clone().map(|member| self.member_json(member)).collect::<Vec<_>>()});
            if !missing.is_empty() {
                json["not_found"] = json!(missing);
            }
            if wanted["presences"] == true && intents & intent::GUILD_PRESENCES != 0 {
                json["presences"] = part.map(|member| presence(member)).collect();
            }
            if let Some(nonce) = wanted["nonce"].as_str() {
                json["nonce"] = nonce.into();
            }
            json
        };
        (0..count).map(chunk).collect()
    }
}
