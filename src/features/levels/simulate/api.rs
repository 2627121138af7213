//! Trying a change over HTTP: whose level it would change, and who would gain or lose which role.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa_axum::routes;

use super::{Changed, Comparison, Outcome, RoleOutcome, Wish, run, why_unreachable, wished};
use crate::config::RoleMode;
use crate::http::api::{App, Caller, Content, Need, Place, Problem, Routes, Snowflake, Taken, Usual, maybe_whole};
use crate::model::{Curve, Guild, GuildId, LEVEL_MAX, Permission, RoleId, UserId};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(simulate))
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RolesHeld {
    /// All that were reached.
    Stack,
    /// The highest, and those that are kept.
    Highest,
}

/// What is to be different; what is not said stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// A curve that has a name.
    #[schema(schema_with = named_curve)]
    curve: Option<String>,
    /// Where the levels end.
    #[schema(minimum = 1, maximum = 1_000)]
    #[serde(default, deserialize_with = "maybe_whole")]
    max_level: Option<u32>,
    role_mode: Option<RolesHeld>,
}

/// One of the names, or null.
fn named_curve() -> Object {
    let text_or_null = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(text_or_null).enum_values(Some(Curve::presets().map(Some).chain([None]))).build()
}

impl Trial {
    fn check(self) -> Result<Wish, Problem> {
        if let Some(curve) = &self.curve
            && !Curve::presets().any(|name| name == curve)
        {
            let names: Vec<_> = Curve::presets().collect();
            return Err(Problem::invalid(format!("curve is one of {}.", names.join(", "))));
        }
        if self.max_level.is_some_and(|highest| !(1..=LEVEL_MAX).contains(&highest)) {
            return Err(Problem::invalid(format!("max_level is from 1 to {LEVEL_MAX}.")));
        }
        let role_mode = self.role_mode.map(|mode| match mode {
            RolesHeld::Stack => RoleMode::Stack,
            RolesHeld::Highest => RoleMode::Highest,
        });
        Ok(Wish { curve: self.curve, max_level: self.max_level, role_mode })
    }
}

/// What would change. Nothing was changed.
#[derive(Serialize, ToSchema)]
struct Simulated {
    /// Members with XP who are here.
    members: usize,
    /// How many of them would be at a higher level, and at a lower one.
    rise: usize,
    fall: usize,
    /// Every level role of either configuration, by level.
    roles: Vec<RoleThen>,
    /// Those whose level or roles would change, at most a thousand: the ones with the most XP.
    changed: Vec<MemberThen>,
}

/// What would become of a level role.
#[derive(Serialize, ToSchema)]
struct RoleThen {
    #[schema(value_type = Snowflake)]
    role_id: RoleId,
    /// The level that would bring it.
    level: Option<u32>,
    /// Members who should have it now, and then.
    before: usize,
    after: usize,
    gain: usize,
    lose: usize,
    /// Why nobody would get it, and what to do about that.
    unreachable: Option<String>,
}

/// A member as they would be.
#[derive(Serialize, ToSchema)]
struct MemberThen {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    name: Option<String>,
    xp: i64,
    /// Their level now, and then.
    before: u32,
    after: u32,
    /// Roles that they would gain, and lose.
    #[schema(value_type = Vec<Snowflake>)]
    gain: Vec<RoleId>,
    #[schema(value_type = Vec<Snowflake>)]
    lose: Vec<RoleId>,
}

/// Shows whose levels and roles a change would change, without changing any.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/simulate", tag = "Levels", params(("guild_id" = Snowflake, Path)),
    request_body = Trial, security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "What would change", body = Simulated),
    Usual,
    Taken,
))]
async fn simulate(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    trial: Content<Trial>,
) -> Result<Json<Simulated>, Problem> {
    caller.check(guild, Need::Have(Permission::ManageGuild))?;
    let wish = trial.read().await?.check()?;
    let (config, seen) = (app.bot().config(), app.bot().guilds().find(guild));
    let then = wished(&config.levels, &wish)?;
    // What was earned a moment ago may still wait for its commit.
    app.bot().settle().await;
    let known = seen.clone();
    let outcome = app
        .bot()
        .store()
        .read(move |reader| run(reader, guild, Comparison::new(&config.levels, &then, known.as_deref())));
    Ok(Json(shown(outcome.await?, seen.as_deref())))
}

fn shown(outcome: Outcome, guild: Option<&Guild>) -> Simulated {
    let role = |role: RoleOutcome| RoleThen {
        unreachable: why_unreachable(guild, &role).map(|(why, action)| format!("{why} {action}")),
        role_id: role.role,
        level: role.level,
        before: role.before,
        after: role.after,
        gain: role.gain,
        lose: role.lose,
    };
    let member = |changed: Changed| MemberThen {
        user_id: changed.user,
        name: changed.name,
        xp: changed.xp,
        before: changed.before,
        after: changed.after,
        gain: changed.gain,
        lose: changed.lose,
    };
    Simulated {
        members: outcome.members,
        rise: outcome.rise,
        fall: outcome.fall,
        roles: outcome.roles.into_iter().map(role).collect(),
        changed: outcome.changed.into_iter().map(member).collect(),
    }
}
