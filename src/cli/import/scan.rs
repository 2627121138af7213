//! `innkeeper import scan-channel`: the other bot's announcements of levels, read from Discord.

use clap::Args;

use super::ask::patiently;
use super::options::Place;
use super::progress::Progress;
use super::{Stop, house};
use crate::config::Loaded;
use crate::gateway::History;
use crate::import::{Extract, Pattern, Scan};
use crate::model::{ChannelId, MessageId};

/// Messages that are read unless it is said otherwise.
const MESSAGES: usize = 100_000;
/// How often a page is asked for that did not come.
const TRIES_MAX: u32 = 6;

#[derive(Args)]
pub struct ScanChannel {
    /// The channel with the announcements.
    #[arg(long, value_name = "ID")]
    channel: ChannelId,
    /// The bot, or webhook, that announced levels.
    #[arg(long, value_name = "ID")]
    author: u64,
    /// What it said: "GG {member}, you just advanced to level {level}!". `*` stands for anything.
    #[arg(long, value_parser = Pattern::parse)]
    pattern: Pattern,
    /// Messages to read at most, from the newest back.
    #[arg(long, value_name = "COUNT", default_value_t = MESSAGES)]
    messages: usize,
    /// Begin before this message: where an earlier scan stopped.
    #[arg(long, value_name = "ID")]
    before: Option<MessageId>,
    #[command(flatten)]
    pub place: Place,
}

/// Reads the channel; everybody has the highest level that was announced.
pub fn read(options: &ScanChannel, loaded: &Loaded) -> Result<Extract, Stop> {
    let token = loaded.token().map_err(Stop::usage)?;
    let token =
        token.ok_or_else(|| Stop::usage("there is no token to read the channel with: set DISCORD_BOT_TOKEN"))?;
    let history = History::new(&loaded.config, token, options.channel, options.before).map_err(Stop::failed)?;
    let runtime = house::runtime().map_err(Stop::failed)?;
    runtime.block_on(scan(options, history))
}

async fn scan(options: &ScanChannel, mut history: History) -> Result<Extract, Stop> {
    let guild = history.guild().await.map_err(|setback| Stop::failed(setback.words()))?;
    let mut progress = Progress::new("reading", options.messages);
    let mut scan = Scan::default();
    let mut read = 0;
    while read < options.messages {
        let page = patiently(TRIES_MAX, async || history.next().await).await;
        let page = page.map_err(|setback| stopped(&history, setback.words()))?;
        if page.is_empty() {
            break;
        }
        read += page.len();
        for said in page.iter().filter(|said| said.author == options.author) {
            scan.see(&options.pattern, &said.text);
        }
        progress.at(read);
    }
    progress.end();
    Ok(scan.end(guild))
}

fn stopped(history: &History, words: &str) -> Stop {
    let again = history.before().map_or(String::new(), |before| format!(" Go on from there with --before {before}."));
    Stop::failed(format!("the channel could not be read to its end: {words}{again}"))
}
