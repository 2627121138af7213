//! Reading the configuration again while the bot runs: valid, it takes the place of the old one between two pieces of
//! work; invalid, the old one stays.

use std::sync::Arc;

use super::Bot;
use crate::config::{Config, Merged, Recipe, Reloaded, merge};
use crate::cx::Source;
use crate::features;
use crate::model::{Event, Need, Result};
use crate::store::Tx;

/// Names of problems on the page.
const INVALID: &str = "config.reload";
const RESTART: &str = "config.restart";
const INVALID_ACTION: &str = "Correct the file, then send SIGHUP or use /reload. Until then the old settings hold.";
const RESTART_ACTION: &str = "Restart Innkeeper when it suits you.";

impl Bot {
    /// Takes over how the configuration was read.
    pub fn reads_again(&self, recipe: Recipe) {
        self.0.recipe.store(Some(Arc::new(recipe)));
    }

    /// What came of the last reading, if there was one.
    pub(super) fn reloaded(&self) -> Option<Arc<Reloaded>> {
        self.0.reloaded.load_full()
    }

    /// Reads the configuration again and takes over what can be taken over. The log and the page tell the same as the
    /// answer.
    pub async fn reload(&self) -> Arc<Reloaded> {
        let _one_at_a_time = self.0.reloading.lock().await;
        let reloaded = match self.0.recipe.load_full() {
            None => Reloaded::NoFile,
            Some(recipe) => match self.read_again(recipe).await {
                Ok(merged) => self.take_over(merged).await,
                Err(words) => Reloaded::Refused(words),
            },
        };
        self.tell_of_reload(&reloaded);
        let reloaded = Arc::new(reloaded);
        self.0.reloaded.store(Some(reloaded.clone()));
        reloaded
    }

    async fn read_again(&self, recipe: Arc<Recipe>) -> Result<Merged, String> {
        let running = self.config();
        let reading = move || {
            let loaded = recipe.load().map_err(|error| error.to_string())?;
            match features::mistakes(&loaded.config) {
                mistakes if mistakes.is_empty() => Ok(merge(&running, loaded.config)),
                mistakes => Err(loaded.refuse(mistakes).to_string()),
            }
        };
        tokio::task::spawn_blocking(reading)
            .await
            .map_err(|fault| format!("The configuration was not read: {fault}."))?
    }

    async fn take_over(&self, merged: Merged) -> Reloaded {
        let Merged { config, changed, restart } = merged;
        let mut needs = features::needs(&config);
        if !changed.is_empty() {
            let (bot, before, config) = (self.clone(), self.config(), Arc::new(config));
            let adopted = self.0.store.write(move |tx: &Tx| bot.adopt(tx, &before, &config)).await;
            let (emitted, started) = match adopted {
                Ok(adopted) => adopted,
                Err(fault) => {
                    tracing::error!(%fault, "the new settings could not be taken over");
                    return Reloaded::Refused("The new settings could not be taken over; the log says why.".to_owned());
                }
            };
            self.tell(&emitted);
            needs.extend(started);
            self.need(&needs);
            self.0.promised.notify_one();
            self.0.settings.send_modify(|version| *version += 1);
        }
        Reloaded::Taken { changed, restart }
    }

    /// Inside the writer, so that no piece of work sees half of it; returns what rooms emitted, and what those that are
    /// on since need.
    fn adopt(&self, tx: &Tx, before: &Config, config: &Arc<Config>) -> Result<(Vec<Event>, Vec<Need>)> {
        let (now, watched) = (self.0.clock.now(), self.0.vitals.watched());
        let at = Source::Start(now);
        let (mut emitted, mut needs) = (Vec::new(), Vec::new());
        for feature in features::switched_on(config).filter(|feature| !(feature.is_on)(before)) {
            if let Some(start) = feature.start {
                let mut cx = self.cx(tx, config, at.clone(), (now, watched));
                tx.scope(|| start(&mut cx))?;
                emitted.append(&mut cx.emitted);
                needs.extend(cx.needs);
            }
        }
        self.0.config.store(config.clone());
        // What is wrong with settings is looked for anew.
        for problem in self.0.vitals.problems().iter() {
            let of = |name: &str| problem.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            if features::FEATURES.iter().any(|feature| of(feature.name)) {
                self.0.vitals.solved(&problem.name);
            }
        }
        let setting = super::observe::Setting { source: at, watched, is_command: false };
        emitted.extend(self.show(tx, &Event::SettingsChanged, &setting)?);
        Ok((self.show_emitted(tx, emitted, &setting)?, needs))
    }

    fn tell_of_reload(&self, reloaded: &Reloaded) {
        let vitals = &self.0.vitals;
        match reloaded {
            Reloaded::Taken { changed, restart } => {
                vitals.solved(INVALID);
                changed.iter().for_each(|change| tracing::info!(change, "a setting changed"));
                restart.iter().for_each(|change| tracing::warn!(change, "a setting needs a restart"));
                match restart.is_empty() {
                    true => vitals.solved(RESTART),
                    false => {
                        let detail = format!("Changed, but only after a restart: {}.", restart.join("; "));
                        vitals.problem(RESTART, detail, RESTART_ACTION);
                    }
                }
            }
            Reloaded::NoFile => tracing::info!("there is no configuration file to read again"),
            Reloaded::Refused(words) => {
                tracing::error!(words, "the configuration cannot be used; the old one stays");
                vitals.problem(INVALID, format!("The configuration cannot be used. {words}"), INVALID_ACTION);
            }
        }
    }
}
