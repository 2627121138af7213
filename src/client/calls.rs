//! What there is to ask, each as a method with its types.
//!
//! They all fail alike: the server says no ([`Error::Refused`]), cannot be reached, or is not understood.

use serde::Serialize;

use super::types::{
    Case, CaseMade, Gift, KudosGiven, KudosPlace, Listed, NewCase, Part, Standing, Thanks, Which, Window, Xp, XpChange,
    XpGiven,
};
use super::{Client, Error, Method};
use crate::model::{GuildId, UserId};

/// What follows the question mark: what is said of what may be asked for.
fn query<const N: usize>(part: Part, wanted: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    let part = [
        ("limit", part.limit.map(|limit| limit.to_string())),
        ("offset", part.offset.map(|offset| offset.to_string())),
    ];
    wanted.into_iter().chain(part).filter_map(|(name, value)| Some((name, value?))).collect()
}

#[derive(Serialize)]
struct Note<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

impl Client {
    /// Who has the most XP.
    ///
    /// # Errors
    /// As every call: the server says no, cannot be reached, or answers what is not understood.
    pub async fn leaderboard(&self, guild: GuildId, part: Part) -> Result<Listed<Standing>, Error> {
        self.read(&format!("/api/guilds/{guild}/leaderboard"), query(part, [])).await
    }

    /// A member's XP and level.
    ///
    /// # Errors
    /// As every call.
    pub async fn xp(&self, guild: GuildId, user: UserId) -> Result<Xp, Error> {
        self.read(&xp_of(guild, user), Vec::new()).await
    }

    /// Gives a member XP, or takes some. For keys with the scope `admin`.
    ///
    /// # Errors
    /// As every call.
    pub async fn give_xp(&self, guild: GuildId, user: UserId, amount: i64) -> Result<XpGiven, Error> {
        self.write(Method::Post, &xp_of(guild, user), &serde_json::json!({ "amount": amount })).await
    }

    /// The changes of a member's XP, the newest first; their total counts as far as this part. For keys with the scope
    /// `moderate`.
    ///
    /// # Errors
    /// As every call.
    pub async fn xp_history(&self, guild: GuildId, user: UserId, part: Part) -> Result<Listed<XpChange>, Error> {
        self.read(&format!("{}/history", xp_of(guild, user)), query(part, [])).await
    }

    /// Kudos, the newest first: all, or only what this member gave or was given.
    ///
    /// # Errors
    /// As every call.
    pub async fn kudos(&self, guild: GuildId, of: Option<UserId>, part: Part) -> Result<Listed<Gift>, Error> {
        let wanted = [("user_id", of.map(|user| user.to_string()))];
        self.read(&kudos_of(guild), query(part, wanted)).await
    }

    /// Thanks a member, for whom the client acts ([`Client::acting_as`]). For keys with the scopes `write` and
    /// `impersonate`.
    ///
    /// # Errors
    /// As every call.
    pub async fn give_kudos(&self, guild: GuildId, thanks: &Thanks) -> Result<KudosGiven, Error> {
        self.write(Method::Post, &kudos_of(guild), thanks).await
    }

    /// Who was given the most kudos, at most a hundred.
    ///
    /// # Errors
    /// As every call.
    pub async fn kudos_board(&self, guild: GuildId, window: Window, part: Part) -> Result<Listed<KudosPlace>, Error> {
        let wanted = [("window", Some(window.word().to_owned()))];
        self.read(&format!("{}/board", kudos_of(guild)), query(part, wanted)).await
    }

    /// The cases of a guild, the newest first. For keys with the scope `moderate`, as all that is about cases.
    ///
    /// # Errors
    /// As every call.
    pub async fn cases(&self, guild: GuildId, which: &Which, part: Part) -> Result<Listed<Case>, Error> {
        let wanted = [
            ("user_id", which.user_id.map(|user| user.to_string())),
            ("kind", which.kind.as_ref().map(|kind| kind.word().to_owned())),
            ("resolved", which.resolved.map(|resolved| resolved.to_string())),
        ];
        self.read(&cases_of(guild), query(part, wanted)).await
    }

    /// A case.
    ///
    /// # Errors
    /// As every call.
    pub async fn case(&self, guild: GuildId, number: i64) -> Result<Case, Error> {
        self.read(&case_of(guild, number), Vec::new()).await
    }

    /// Makes a case, and does what it says: a ban bans, and the answer says what Discord said.
    ///
    /// ```no_run
    /// # use innkeeper::client::{CaseKind, Client, Error, NewCase};
    /// # use innkeeper::model::{GuildId, Span, UserId};
    /// # async fn example(client: Client, guild: GuildId, spammer: UserId) -> Result<(), Error> {
    /// let ban = NewCase { duration: Some(Span::days(7)), ..NewCase::new(CaseKind::Ban, spammer, "spam") };
    /// let made = client.create_case(guild, &ban).await?;
    /// println!("case {}: {}", made.case.number, made.said);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As every call.
    pub async fn create_case(&self, guild: GuildId, new: &NewCase) -> Result<CaseMade, Error> {
        self.write(Method::Post, &cases_of(guild), new).await
    }

    /// Puts another reason into a case.
    ///
    /// # Errors
    /// As every call.
    pub async fn edit_case(&self, guild: GuildId, number: i64, reason: &str) -> Result<Case, Error> {
        self.write(Method::Patch, &case_of(guild, number), &serde_json::json!({ "reason": reason })).await
    }

    /// Settles a case: it counts no longer.
    ///
    /// # Errors
    /// As every call.
    pub async fn resolve_case(&self, guild: GuildId, number: i64, note: Option<&str>) -> Result<Case, Error> {
        self.write(Method::Post, &format!("{}/resolve", case_of(guild, number)), &Note { note }).await
    }

    /// Opens a case again.
    ///
    /// # Errors
    /// As every call.
    pub async fn reopen_case(&self, guild: GuildId, number: i64, note: Option<&str>) -> Result<Case, Error> {
        self.write(Method::Post, &format!("{}/reopen", case_of(guild, number)), &Note { note }).await
    }

    /// Leaves a case out of histories, or shows it again.
    ///
    /// # Errors
    /// As every call.
    pub async fn hide_case(&self, guild: GuildId, number: i64, hidden: bool) -> Result<Case, Error> {
        let body = serde_json::json!({ "hidden": hidden });
        self.write(Method::Post, &format!("{}/hide", case_of(guild, number)), &body).await
    }
}

fn xp_of(guild: GuildId, user: UserId) -> String {
    format!("/api/guilds/{guild}/members/{user}/xp")
}

fn kudos_of(guild: GuildId) -> String {
    format!("/api/guilds/{guild}/kudos")
}

fn cases_of(guild: GuildId) -> String {
    format!("/api/guilds/{guild}/cases")
}

fn case_of(guild: GuildId, number: i64) -> String {
    format!("/api/guilds/{guild}/cases/{number}")
}
