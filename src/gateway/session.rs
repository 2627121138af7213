//! The gateway's loop: one connection after another, resumed wherever that is possible (also after a restart), with
//! growing pauses after failures and identifies only as the budget allows.
//!
//! It refuses to know what events mean, and ends only when asked to or when trying again would end the same way.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use twilight_gateway::{Config, ConfigBuilder, Intents, Session as ShardSession, Shard, ShardId};

use super::address;
use super::asking::Asking;
use super::budget::Budget;
use super::closing::{Verdict, verdict};
use super::connection::{Connection, Ended, Ending, Standing};
use super::guard::{Guard, Halt};
use super::registration::Registrar;
use super::rest::Rest;
use super::slash::Slash;
use super::tempo::Tempo;
use super::{intents, learn};
use crate::bot::Bot;
use crate::model::{GuildId, Need, Secret, Setback, text};
use crate::status::vitals::GatewayState;
use crate::store::{SavedSession, SessionKey};

/// Resumes in a row that end before the session is live; then it is given up for a new one.
const VAIN_RESUMES_MAX: u32 = 5;
/// Failures in a row before the page speaks of them: one is everyday life.
const FAILURES_SHOWN: u32 = 2;
/// A wait for the identify budget that the page explains.
const WAIT_SHOWN: Duration = Duration::from_secs(60);
/// When a session that could not be asked to tell more is left to ask again.
const NEEDS_AGAIN: Duration = Duration::from_secs(60);
/// Waits are cut into pieces of this length, so that what changed meanwhile is seen.
const PIECE: Duration = Duration::from_secs(60);

/// What connections share.
pub struct Shared {
    pub bot: Bot,
    pub rest: Rest,
    pub slash: Slash,
    pub tempo: Tempo,
    /// Told whenever a session is live on a new connection.
    pub went_live: Arc<Notify>,
    /// Where answers to what we asked over the gateway go.
    pub asking: Asking,
    registering: AtomicBool,
}

impl Shared {
    pub fn new(bot: Bot, rest: Rest, tempo: Tempo) -> Self {
        let slash = Slash::new(bot.clone(), rest.clone(), tempo.first_answer_after);
        let (went_live, asking) = (Arc::default(), Asking::default());
        Self { bot, rest, slash, tempo, went_live, asking, registering: AtomicBool::new(false) }
    }

    /// Registers slash commands, once in the life of the process. `ready` are the guilds that READY named.
    pub fn register_commands(&self, ready: Vec<GuildId>) {
        let Some(me) = self.bot.me() else { return };
        if self.registering.swap(true, Relaxed) {
            return;
        }
        let bot = self.bot.clone();
        let (store, vitals) = (bot.store().clone(), bot.vitals().clone());
        let registrar = Registrar { rest: self.rest.clone(), store, vitals, application: me.application };
        tokio::spawn(async move {
            let seen = bot.guilds().list().iter().map(|guild| guild.id).chain(ready).collect::<Vec<_>>();
            registrar.register(&bot.commands(), &bot.config().discord.guilds, &seen).await;
        });
    }
}

/// The loop and what it knows between connections.
pub struct Session {
    shared: Shared,
    guard: Guard,
    budget: Budget,
    token: Secret,
    /// The session that can be resumed.
    standing: Option<Standing>,
    /// What Discord is to tell.
    needs: watch::Receiver<Vec<Need>>,
    /// What the standing session was asked to tell when it began.
    asked_before: Option<u64>,
    /// Where new sessions begin, once Discord told us.
    main_address: Option<String>,
    /// The shards' configuration, once we know what we may ask for.
    shards: Option<Config<Budget>>,
    /// The session's own address did not answer.
    avoid_resume_url: bool,
    failures: u32,
    vain_resumes: u32,
}

impl Session {
    pub fn new(shared: Shared, guard: Guard, budget: Budget, token: Secret) -> Self {
        Self {
            needs: shared.bot.needs(),
            shared,
            guard,
            budget,
            token,
            standing: None,
            asked_before: None,
            main_address: None,
            shards: None,
            avoid_resume_url: false,
            failures: 0,
            vain_resumes: 0,
        }
    }

    /// Stays connected until there is a reason to stop, which it returns.
    pub async fn run(mut self) -> Halt {
        let halt = match self.stay_connected().await {
            Ok(never) => match never {},
            Err(halt) => halt,
        };
        self.guard.vitals.set_gateway(GatewayState::Stopped);
        if let Halt::Fatal(words, action) = &halt {
            self.guard.vitals.problem("gateway", *words, *action);
        }
        self.shared.slash.finish(self.shared.tempo.settle_within).await;
        if timeout(self.shared.tempo.settle_within, self.shared.bot.settle()).await.is_err() {
            tracing::warn!("the store did not settle in time; the next start resumes from what it has");
        }
        halt
    }

    async fn stay_connected(&mut self) -> Result<std::convert::Infallible, Halt> {
        self.recall().await?;
        loop {
            self.prepare().await?;
            if self.standing.is_none() {
                self.await_turn().await?;
            }
            let Some(shard) = self.shard() else { continue };
            self.guard.vitals.set_gateway(GatewayState::Connecting);
            let used_resume_url = self.resume_url().is_some();
            let resuming = self.standing.is_some();
            // As long as Discord cannot be asked what it may tell, there is nothing to connect anew for.
            let from = Instant::now() + if self.shards.is_none() { NEEDS_AGAIN } else { Duration::ZERO };
            let needs = (self.needs.clone(), from);
            let connection = Connection::new(&self.shared, &mut self.guard, &mut self.standing, needs, shard);
            // A panic in the library costs a connection, not the bot.
            let ended = AssertUnwindSafe(connection.run()).catch_unwind().await;
            let ended = ended.unwrap_or(Ended { ending: Ending::Closed(None), live: None });
            tracing::info!(ending = ?ended.ending, live = ?ended.live, "the connection to the gateway ended");
            self.count(&ended, resuming);
            self.conclude(ended.ending, used_resume_url).await?;
        }
    }

    /// Takes up the session that the last process left.
    async fn recall(&mut self) -> Result<(), Halt> {
        match self.guard.during(self.shared.bot.store().session_intents()).await? {
            Ok(intents) => self.asked_before = intents,
            Err(fault) => tracing::warn!(%fault, "what the last session tells could not be read"),
        }
        match self.guard.during(self.shared.bot.store().saved_session()).await? {
            Ok(saved) => self.standing = saved.map(standing_of),
            Err(fault) => tracing::warn!(%fault, "the last session could not be read; a new one begins"),
        }
        Ok(())
    }

    /// Learns what is needed for the next connection, however long that takes. A session with an address of its own
    /// can do without.
    async fn prepare(&mut self) -> Result<(), Halt> {
        let mut failures = 0;
        loop {
            let mut guard = self.guard.clone();
            let Err(setback) = guard.during(self.learn()).await? else { return Ok(()) };
            if self.resume_url().is_some() && !matches!(setback, Setback::Refused { status: 401, .. }) {
                return Ok(());
            }
            failures += 1;
            self.complain(failures, &format!("Discord's API cannot be asked how to connect. {}", setback.words()));
            self.guard.vitals.set_gateway(GatewayState::BackingOff);
            let pause = self.back_off(failures, true);
            self.guard.pause(pause).await?;
        }
    }

    /// Asks Discord who we are and what we may do, and before a new session where and how often.
    async fn learn(&mut self) -> Result<(), Setback> {
        if self.needs.has_changed().unwrap_or_default() {
            self.shards = None;
        }
        if self.shards.is_none() {
            let application = learn::application(&self.shared.rest).await?;
            if let Some(me) = application.me {
                self.shared.bot.introduce(me);
            }
            let needs = self.needs.borrow_and_update().clone();
            let intents = intents::granted(&needs, application.flags, &self.guard.vitals);
            self.shards = Some(self.configure(intents));
            // A session tells what was asked for when it began, and is no use to who needs something else.
            if self.standing.is_some() && self.asked_before != Some(intents.bits()) {
                tracing::info!("the features need other events than before, so a new session begins");
                self.standing = None;
            }
            self.asked_before = Some(intents.bits());
        }
        let needs_address = self.standing.is_none() || self.resume_url().is_none();
        if !needs_address {
            return Ok(());
        }
        match learn::gateway(&self.shared.rest).await {
            Ok(gateway) => {
                if let Some(limit) = gateway.limit {
                    self.budget.learn(limit);
                }
                self.main_address = Some(gateway.address);
                Ok(())
            }
            Err(setback) if self.main_address.is_none() => Err(setback),
            Err(setback) => {
                tracing::debug!(words = setback.words(), "the gateway's address stays as it was");
                Ok(())
            }
        }
    }

    fn configure(&self, intents: Intents) -> Config<Budget> {
        super::https::install_tls();
        ConfigBuilder::new(self.token.reveal().to_owned(), intents).queue(self.budget.clone()).build()
    }

    /// Waits until a new session may begin.
    async fn await_turn(&mut self) -> Result<(), Halt> {
        loop {
            let budget = self.budget.clone();
            let wait = match self.guard.during(budget.wait()).await? {
                Ok(wait) if wait.is_zero() => return Ok(()),
                Ok(wait) => wait,
                Err(fault) => {
                    tracing::warn!(%fault, "the budget of logins cannot be read");
                    self.shared.tempo.backoff_max
                }
            };
            self.guard.vitals.set_gateway(GatewayState::BackingOff);
            if wait >= WAIT_SHOWN {
                let detail = format!(
                    "Waiting {} before logging in again: Discord resets the token of a bot that logs in too often.",
                    text::duration(wait)
                );
                let action = "Nothing now. If this comes again, look in the log for what ends the sessions.";
                self.guard.vitals.problem("gateway", detail, action);
            }
            self.guard.pause(wait.min(PIECE)).await?;
        }
    }

    /// The session's own address, if it has one and it is to be used.
    fn resume_url(&self) -> Option<&str> {
        let standing = self.standing.as_ref().filter(|_| !self.avoid_resume_url)?;
        Some(standing.key.resume_url.as_str()).filter(|url| !url.is_empty())
    }

    /// A shard for one connection.
    fn shard(&mut self) -> Option<Shard<Budget>> {
        let config = self.shards.clone().unwrap_or_else(|| self.configure(Intents::empty()));
        let mut config = ConfigBuilder::from(config);
        if let Some(standing) = &self.standing {
            config = config.session(ShardSession::new(standing.sequence, standing.key.id.clone()));
        }
        config = match (self.resume_url(), &self.main_address) {
            (Some(url), _) => config.resume_url(url.to_owned()),
            (None, Some(url)) => config.proxy_url(url.clone()),
            (None, None) => return None,
        };
        Some(Shard::with_config(ShardId::ONE, config.build()))
    }

    /// Counts failures: a connection that lasted makes the earlier ones forgotten.
    fn count(&mut self, ended: &Ended, resuming: bool) {
        let lasted = ended.live.is_some_and(|live| live >= self.shared.tempo.stable_after);
        self.failures = if lasted { 0 } else { self.failures.saturating_add(1) };
        if ended.live.is_some() {
            self.avoid_resume_url = false;
            self.vain_resumes = 0;
        } else if resuming && matches!(ended.ending, Ending::Closed(_) | Ending::Silent(_)) {
            self.vain_resumes += 1;
        }
    }

    /// Decides what follows, and waits as long as that asks for.
    async fn conclude(&mut self, ending: Ending, used_resume_url: bool) -> Result<(), Halt> {
        let mut network = false;
        match ending {
            Ending::Halted(halt) => return Err(halt),
            Ending::NotReached { words, .. } if used_resume_url => {
                // Once is enough: the address of a session goes stale with the machine behind it.
                tracing::info!(words, "the session's own address does not answer; trying the main one");
                self.avoid_resume_url = true;
                self.failures = self.failures.saturating_sub(1);
                return Ok(());
            }
            Ending::NotReached { network: gone, words } => {
                network = gone;
                self.complain(self.failures, &format!("Discord's gateway cannot be reached: {words}."));
            }
            Ending::Closed(code) => match verdict(code) {
                Verdict::Fatal(words, action) => return Err(Halt::Fatal(words, action)),
                Verdict::NewSession => self.forget().await?,
                Verdict::Resume if self.vain_resumes >= VAIN_RESUMES_MAX => self.forget().await?,
                Verdict::Resume => {
                    self.complain(
                        self.failures,
                        &match code {
                            Some(code) => format!("Discord closes the connection again and again (code {code})."),
                            None => "The connection to Discord is cut again and again.".to_owned(),
                        },
                    );
                }
            },
            Ending::Reconnect | Ending::NeedsMore | Ending::Invalid { resumable: true } => {}
            Ending::Invalid { resumable: false } => self.forget().await?,
            Ending::Silent(words) => self.complain(self.failures, &format!("{words}.")),
            Ending::QueueFull => self.drain().await?,
        }
        if self.failures > 0 {
            self.guard.vitals.set_gateway(GatewayState::BackingOff);
        }
        let pause = self.back_off(self.failures, network);
        self.guard.pause(pause).await
    }

    /// The session cannot be resumed.
    async fn forget(&mut self) -> Result<(), Halt> {
        self.standing = None;
        self.avoid_resume_url = false;
        self.vain_resumes = 0;
        let store = self.shared.bot.store().clone();
        if let Err(fault) = self.guard.during(store.forget_session()).await? {
            tracing::warn!(%fault, "the old session could not be forgotten; resuming it would only fail");
        }
        Ok(())
    }

    /// Lets the engine catch up, then goes back to what it has committed; Discord sends the rest again.
    async fn drain(&mut self) -> Result<(), Halt> {
        let detail = "More came in than the database could take; Discord is asked to send it again.";
        let action = "If this stays, the disk is too slow or full: move the database to a faster one.";
        self.guard.vitals.set_gateway(GatewayState::BackingOff);
        self.guard.vitals.problem("gateway", detail, action);
        let bot = self.shared.bot.clone();
        let committed = self.guard.during(bot.settle()).await?;
        let known = self.standing.as_ref().map(|standing| standing.key.id.clone());
        match committed.filter(|committed| Some(&committed.id) == known.as_ref()) {
            Some(committed) => self.standing = Some(standing_of(committed)),
            None => self.forget().await?,
        }
        Ok(())
    }

    fn complain(&self, failures: u32, words: &str) {
        tracing::warn!(failures, words, "no connection to the gateway");
        if failures >= FAILURES_SHOWN {
            let action = "Innkeeper goes on trying. Check this computer's network, and discordstatus.com.";
            self.guard.vitals.problem("gateway", words, action);
        }
    }

    /// The pause after so many failures in a row: doubling, with chance, so that not all bots come back together.
    fn back_off(&self, failures: u32, network: bool) -> Duration {
        let tempo = &self.shared.tempo;
        let most = if network { tempo.backoff_network_max } else { tempo.backoff_max };
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let pause = tempo.backoff_first.saturating_mul(2_u32.saturating_pow(doublings)).min(most);
        pause.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

fn standing_of(saved: SavedSession) -> Standing {
    let resume_url = address::checked(&saved.resume_url).unwrap_or_default();
    Standing { key: Arc::new(SessionKey { id: saved.id, resume_url }), sequence: saved.sequence }
}

#[cfg(test)]
mod tests;
