//! Asking Discord, where somebody waits at the terminal: again where it has to be waited for, and who is in a server.

use std::time::Duration;

use super::progress::Progress;
use super::{Stop, house};
use crate::config::Loaded;
use crate::gateway::Members;
use crate::model::{GuildId, Roll, Setback};

/// No answer of Discord's is waited for longer.
const WAIT_MAX: Duration = Duration::from_secs(600);
/// Members that are listed: a hundred questions. A larger server is imported by what the bot has seen.
const LISTED_MAX: usize = 100_000;
/// How often a page of members is asked for. Without them the import goes on.
const TRIES_MAX: u32 = 2;

/// Asks, and asks again up to so many times where Discord has to be waited for.
pub async fn patiently<T>(tries_max: u32, mut ask: impl AsyncFnMut() -> Result<T, Setback>) -> Result<T, Setback> {
    let mut tries = 0;
    loop {
        match ask().await {
            Err(Setback::Later { after, .. }) if tries < tries_max => {
                tries += 1;
                tokio::time::sleep(after.min(WAIT_MAX)).await;
            }
            told => return told,
        }
    }
}

/// Who is in the server: everybody by Discord's own list, or nothing and, where there is more to it than that there is
/// no token, why.
pub fn roll(loaded: &Loaded, guild: GuildId) -> Result<(Option<Roll>, Option<String>), Stop> {
    let Some(token) = loaded.token().map_err(Stop::usage)? else { return Ok((None, None)) };
    let members = Members::new(&loaded.config, token, guild).map_err(Stop::failed)?;
    let runtime = house::runtime().map_err(Stop::failed)?;
    Ok(match runtime.block_on(list(members)) {
        Ok(roll) => (Some(roll), None),
        Err(why) => (None, Some(format!("Whom the bot has seen counts as being in the server: {why}"))),
    })
}

async fn list(mut members: Members) -> Result<Roll, String> {
    let mut progress = Progress::open("members listed");
    let mut roll = Roll::default();
    let mut listed = 0;
    loop {
        let page = patiently(TRIES_MAX, async || members.next().await).await.map_err(|setback| why(&setback))?;
        if page.is_empty() {
            progress.end();
            return Ok(roll);
        }
        listed += page.len();
        if listed > LISTED_MAX {
            return Err(format!("it has more than {LISTED_MAX} members, too many to ask for."));
        }
        roll.add(page);
        progress.at(listed);
    }
}

fn why(setback: &Setback) -> String {
    match setback {
        Setback::Refused { status: 403, .. } => {
            "Discord does not list its members to the bot. In the developer portal, under Bot, switch on Server Members \
             Intent, and see that the bot is in that server."
                .to_owned()
        }
        other => other.words().to_owned(),
    }
}
