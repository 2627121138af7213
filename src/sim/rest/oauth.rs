//! Tokens for codes, and who somebody is who lets an application know it.

use serde_json::{Value, json};

use super::{Call, Outcome, Reply, World, app};
use crate::sim::world::wire;

pub(super) fn token(world: &mut World, call: &Call) -> Outcome {
    Ok(match world.exchange(call.authorization.as_deref(), &call.json) {
        Ok(token) => Reply::Json(token),
        Err((status, error)) => Reply::Refused(status, json!({"error": error})),
    })
}

/// The person whose token is shown; with the bot's own token, the bot.
pub(super) fn me(world: &mut World, call: &Call) -> Outcome {
    let person = world.bearer(call.authorization.as_deref()).and_then(|user| world.users.get(&user));
    let Some(person) = person else { return app::me(world, call) };
    let mut json = wire::user(person);
    (json["mfa_enabled"], json["locale"]) = (false.into(), "en-US".into());
    (json["avatar_decoration_data"], json["banner"]) = (Value::Null, Value::Null);
    Ok(Reply::Json(json))
}
