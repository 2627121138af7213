//! `innkeeper run`: the bot, against Discord.

use std::time::Duration;

use super::house::{self, House, Plan};
use super::{ConfigFile, Exit, complain, recipe};
use crate::gateway::Tempo;
use crate::model::Clock;
use crate::status::FaceSettings;

/// What is still under way on other threads may take so long after everything has ended in order.
const END_WITHIN: Duration = Duration::from_secs(1);
const NO_TOKEN: &str = "there is no token. Set DISCORD_BOT_TOKEN, or discord.token_file to a file that holds it; \
    `innkeeper demo` shows everything without one.";

pub fn run(file: &ConfigFile) -> Exit {
    let loaded = match file.load() {
        Ok(loaded) => loaded,
        Err(error) => return complain(&error, Exit::Usage),
    };
    let token = match loaded.token() {
        Ok(Some(token)) => token,
        Ok(None) => return complain(&NO_TOKEN, Exit::Usage),
        Err(error) => return complain(&error, Exit::Usage),
    };
    let sign_in = loaded.sign_in();
    let recipe = recipe(loaded.file);
    let config = loaded.config;
    let face = FaceSettings::of(&config);
    let runtime = match house::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error, Exit::Failed),
    };
    let exit = runtime.block_on(async {
        match House::open(Plan { config, token, clock: Clock::real(), face, recipe: Some(recipe) }).await {
            Ok(house) => {
                house.let_sign_in(sign_in);
                if let Some(address) = house.pages {
                    tracing::info!("pages at http://{address}/");
                }
                house.keep(Tempo::default(), house::asked_to_end()).await
            }
            Err(error) => error.complain(),
        }
    });
    // A name that is being looked up must not hold up the end.
    runtime.shutdown_timeout(END_WITHIN);
    exit
}
