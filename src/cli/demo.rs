//! `innkeeper demo`: everything without a token. A simulated Discord with a lively community, the real bot against it,
//! and the pages.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::house::{self, House, Plan};
use super::{Exit, complain, environment};
use crate::config::{
    Action, Audience, Colour, Config, LevelRole, Occasion, OwnCommand, Rule, SignIn, StaffRole, Wires, load_only,
};
use crate::gateway::Tempo;
use crate::model::oauth::OauthClient;
use crate::model::saying::MemberText;
use crate::model::{Clock, Secret};
use crate::sim::{Community, Sim, SimConfig};
use crate::status::FaceSettings;

const MEMBERS_MAX: u32 = 10_000;
/// What the environment may say of a demo: how much its door takes, and whom it believes about where somebody comes
/// from. With that it can be tried hard. Nothing else, so that the settings of a real bot do no harm here.
const HEEDED: [&str; 3] =
    ["INNKEEPER_HTTP__READS_PER_SECOND", "INNKEEPER_HTTP__WRITES_PER_SECOND", "INNKEEPER_HTTP__TRUSTED_PROXIES"];
/// Where front ends of other systems run while they are developed.
const FRONT_ENDS: [&str; 4] =
    ["http://localhost:3000", "http://127.0.0.1:3000", "http://localhost:5173", "http://127.0.0.1:5173"];
const TOKEN: &str = "demo.token.of-the-simulated-discord";

#[derive(Args)]
pub struct Options {
    /// Where the pages are.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where the lamp burns; without it, on a free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    lamp: String,
    /// How many people live in the community.
    #[arg(long, value_name = "NUMBER", default_value_t = 60, value_parser = members_in_range())]
    members: u32,
    /// How many times as fast as in reality time passes there.
    #[arg(long, value_name = "FACTOR", default_value_t = 60.0)]
    speed: f64,
    /// The same seed gives the same community.
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    seed: u64,
    /// The simulated Discord takes any number of requests, where the real one makes a bot wait.
    #[arg(long)]
    no_rate_limits: bool,
    /// Keep the data in this folder; without it, a temporary one that goes with the demo.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// A folder for the demo's data, removed at the end unless the user named it.
struct Data {
    folder: PathBuf,
    temporary: bool,
}

impl Data {
    fn prepare(wanted: Option<&PathBuf>) -> std::io::Result<Self> {
        let name = || std::env::temp_dir().join(format!("innkeeper-demo-{}", std::process::id()));
        let folder = wanted.cloned().unwrap_or_else(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, temporary: wanted.is_none() })
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn members_in_range() -> impl clap::builder::TypedValueParser<Value = u32> {
    clap::value_parser!(u32).range(1..=i64::from(MEMBERS_MAX))
}

pub fn run(options: &Options) -> Exit {
    let heeded = match load_only(&HEEDED, environment()) {
        Ok(config) => config,
        Err(error) => return complain(&error, Exit::Usage),
    };
    if !(options.speed.is_finite() && (0.1..=1_000.0).contains(&options.speed)) {
        return complain(&"--speed must be between 0.1 and 1000", Exit::Usage);
    }
    let data = match Data::prepare(options.data.as_ref()) {
        Ok(data) => data,
        Err(error) => return complain(&format!("cannot prepare the folder for the demo: {error}"), Exit::Failed),
    };
    let runtime = match house::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error, Exit::Failed),
    };
    let exit = runtime.block_on(demo(options, heeded, &data));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    exit
}

async fn demo(options: &Options, heeded: Config, data: &Data) -> Exit {
    // Two clocks, as in reality: the bot learns Discord's time from its answers, and must not move it.
    let clock = Clock::fast(options.speed);
    let theirs = Clock::fast(options.speed);
    let rate_limits = !options.no_rate_limits;
    let config = SimConfig { token: TOKEN.to_owned(), clock: theirs, rate_limits, ..SimConfig::default() };
    let mut community = Community::new(options.members, options.seed);
    let sim = match community.start(config).await {
        Ok(sim) => sim,
        Err(error) => return complain(&format!("the simulated Discord does not start: {error}"), Exit::Failed),
    };
    let config = configure(options, heeded, data, &sim, &community);
    let face = FaceSettings { demo: Some(sim.page_url()), ..FaceSettings::of(&config) };
    let plan = Plan { config, token: Secret::new(TOKEN), clock, face, recipe: None };
    let house = match House::open(plan).await {
        Ok(house) => house,
        Err(error) => return error.complain(),
    };
    let_sign_in(&house, &sim);
    house.let_in_keyless();
    if announce(&house, &sim).is_err() {
        return Exit::Failed;
    }
    let living = community.live(&sim, options.speed);
    let exit = house.keep(Tempo::default(), house::asked_to_end()).await;
    living.abort();
    sim.stop().await;
    exit
}

/// The demo shows everything, to everybody who can reach it: by default that is this computer.
fn configure(options: &Options, mut config: Config, data: &Data, sim: &Sim, community: &Community) -> Config {
    config.discord.api_url = sim.api_url();
    config.discord.cdn_url = sim.api_url();
    config.store.path = data.folder.join("innkeeper.db");
    config.store.batch_seconds = 2;
    config.wires = Wires::all();
    config.http.cors_origins = FRONT_ENDS.map(str::to_owned).to_vec();
    config.http.listen.clone_from(&options.listen);
    config.http.visibility.leaderboard = Audience::Public;
    config.http.visibility.promises = Audience::Public;
    config.http.visibility.roster = Audience::Public;
    config.lamp.listen.clone_from(&options.lamp);
    config.kudos.thanks = true;
    config.moderation.modlog = community.inn().map(|inn| inn.mod_log);
    config.bumps.channel = community.inn().map(|inn| inn.bot_commands);
    config.bumps.enabled = config.bumps.channel.is_some();
    let reply = "Be kind, keep to the topic, and let others sleep. {guild} has {count} members, {name}.";
    config.commands.extend(MemberText::parse(reply).ok().map(|reply| OwnCommand {
        about: "Tells the rules of the house".to_owned(),
        ..OwnCommand::new("rules", reply)
    }));
    if let Some(inn) = community.inn() {
        config.welcome.enabled = true;
        (config.welcome.channel, config.welcome.leave_channel) = (Some(inn.introductions), Some(inn.off_topic));
        let send = Some("👏 {name}".to_owned());
        let applause = Action { send, channel: Some(inn.show_and_tell), ..Action::default() };
        config.rules.push(Rule::new(Occasion::Kudos, vec![applause]));
        let (admin, moderator, helper) = (Some(inn.admin_role), Some(inn.moderator_role), community.helper_role());
        let staff = [
            (admin, "Admin", 10, 0xe7_4c3c),
            (moderator, "Moderator", 90, 0x2e_cc71),
            (helper, "Helper", 200, 0x7c_c6a4),
        ];
        config.roster.roles.extend(staff.map(|(role, rank, priority, colour)| StaffRole {
            role,
            rank: rank.to_owned(),
            priority,
            colour: Some(Colour(colour)),
        }));
    }
    // Who comes back has what they chose before.
    config.roles.persistent = community.chosen_roles().to_vec();
    config.levels.roles =
        community.level_roles().into_iter().map(|(level, role)| LevelRole { level, role, keep: false }).collect();
    config
}

/// Visitors of the demo can sign in as anybody who lives there.
fn let_sign_in(house: &House, sim: &Sim) {
    let Some(address) = house.pages else { return };
    let host =
        if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() };
    let mut world = sim.world();
    let (id, secret) = (world.application(), Secret::new(world.client_secret()));
    let client = OauthClient { id, secret, public_url: format!("http://{host}") };
    world.add_redirect(client.redirect_uri());
    house.let_sign_in(SignIn::On(client));
}

/// The lines that scripts wait for, with the real ports.
fn announce(house: &House, sim: &Sim) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(address) = house.pages {
        writeln!(out, "ready http://{address}/")?;
    }
    if let Some(address) = house.lamp_at {
        writeln!(out, "lamp http://{address}/")?;
    }
    writeln!(out, "discord {}", sim.page_url())?;
    out.flush()
}
