//! Slash commands as Discord registers them: a reading of the declared commands, written in one go and only when it
//! differs from what was written last.
//!
//! Source: Discord API documentation, "Application Commands", "Bulk Overwrite Global Application Commands".

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use super::refusal::code;
use super::rest::Rest;
use super::wire::Call;
use crate::bot::Bot;
use crate::command::{Command, Declared, Kind, OnMessage};
use crate::model::{ApplicationId, GuildId, Permissions, Result, Setback};
use crate::status::vitals::Vitals;
use crate::store::Store;

/// Discord's limits.
const DESCRIPTION_CHARS_MAX: usize = 100;
const OPTIONS_MAX: usize = 25;
const CHOICES_MAX: usize = 25;
/// A length of time takes no more to write.
const SPAN_CHARS_MAX: u16 = 40;
/// Whole numbers beyond this are not exact in JavaScript, and not allowed.
const WHOLE_MAX: i64 = (1 << 53) - 1;
/// Attempts after a registration that may work later.
const TRIES_MAX: u32 = 20;

/// Where commands are registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Global,
    Guild(GuildId),
}

impl Scope {
    /// The name under which the store remembers it.
    fn name(self) -> String {
        match self {
            Self::Global => "global".to_owned(),
            Self::Guild(guild) => format!("guild.{guild}"),
        }
    }

    fn path(self, application: ApplicationId) -> String {
        match self {
            Self::Global => format!("/applications/{application}/commands"),
            Self::Guild(guild) => format!("/applications/{application}/guilds/{guild}/commands"),
        }
    }
}

/// Registers anew whenever the settings change, until it is over: commands may have come or gone.
pub async fn follow_settings(bot: Bot, rest: Rest, mut is_over: watch::Receiver<bool>) {
    let mut settings = bot.settings();
    loop {
        tokio::select! {
            changed = settings.changed() => if changed.is_err() { return },
            _ = is_over.changed() => return,
        }
        let Some(me) = bot.me() else { continue };
        let (store, vitals) = (bot.store().clone(), bot.vitals().clone());
        let registrar = Registrar { rest: rest.clone(), store, vitals, application: me.application };
        let (commands, config) = (bot.commands(), bot.config());
        let seen: Vec<_> = bot.guilds().list().iter().map(|guild| guild.id).collect();
        tokio::select! {
            () = registrar.register(&commands, &config.discord.guilds, &seen) => {}
            _ = is_over.changed() => return,
        }
    }
}

/// Registers commands of an application.
pub struct Registrar {
    pub rest: Rest,
    pub store: Store,
    pub vitals: Arc<Vitals>,
    pub application: ApplicationId,
}

impl Registrar {
    /// Brings what Discord shows up to date: in the configured guilds, else everywhere. What was registered elsewhere
    /// before (`seen` are the guilds we are in) is taken back, so that nothing shows twice.
    pub async fn register(&self, commands: &[&Command], configured: &[GuildId], seen: &[GuildId]) {
        let body = body(commands);
        let empty = Value::Array(Vec::new());
        let mut fine = true;
        let elsewhere = seen.iter().filter(|guild| !configured.contains(guild)).map(|guild| Scope::Guild(*guild));
        if configured.is_empty() {
            fine &= self.bring(Scope::Global, &body, false).await;
        } else {
            for guild in configured {
                fine &= self.bring(Scope::Guild(*guild), &body, false).await;
            }
            fine &= self.bring(Scope::Global, &empty, true).await;
        }
        for scope in elsewhere {
            fine &= self.bring(scope, &empty, true).await;
        }
        if fine {
            self.vitals.solved("commands");
        }
    }

    /// Writes a scope unless it was written like this last time; with `only_if_known`, unless it was never written.
    async fn bring(&self, scope: Scope, body: &Value, only_if_known: bool) -> bool {
        let hash = hash(&format!("{} {body}", self.application));
        let known = match self.store.registered_commands(&scope.name()).await {
            Ok(known) => known,
            Err(fault) => {
                tracing::warn!(%fault, "what was registered last could not be read");
                None
            }
        };
        if known.as_deref() == Some(hash.as_str()) || (only_if_known && known.is_none()) {
            return true;
        }
        match self.write(scope, body).await {
            Ok(()) => {
                if let Err(fault) = self.store.note_registered_commands(&scope.name(), &hash).await {
                    tracing::warn!(%fault, "what was registered could not be remembered");
                }
                true
            }
            Err(setback) => {
                tracing::warn!(scope = scope.name(), words = setback.words(), "slash commands were not registered");
                let detail = format!("Discord did not take the slash commands. {}", setback.words());
                self.vitals.problem("commands", detail, action(&setback));
                false
            }
        }
    }

    async fn write(&self, scope: Scope, body: &Value) -> Result<(), Setback> {
        let mut tries = 0;
        loop {
            let written = self.rest.call(Call::put(scope.path(self.application)).json(body)).await;
            tries += 1;
            match written {
                Ok(_) => return Ok(()),
                Err(Setback::Later { after, .. }) if tries < TRIES_MAX => {
                    sleep(after.max(Duration::from_millis(1)) * tries).await;
                }
                Err(setback) => return Err(setback),
            }
        }
    }
}

fn action(setback: &Setback) -> &'static str {
    match setback {
        Setback::Refused { code: code::MISSING_ACCESS, .. } => {
            "Invite the bot again with the scope applications.commands, or take the guild out of discord.guilds."
        }
        Setback::Refused { .. } => "Please report this with the line of the log.",
        Setback::Later { .. } => "Restart Innkeeper once Discord works again (discordstatus.com).",
    }
}

/// The commands as the body of a bulk overwrite.
pub fn body(commands: &[&Command]) -> Value {
    let mut heads: Vec<(&str, Vec<&Command>)> = Vec::new();
    for command in commands {
        let head = command.name.split(' ').next().unwrap_or_default();
        match heads.iter_mut().find(|(known, _)| *known == head) {
            Some((_, group)) => group.push(command),
            None => heads.push((head, vec![command])),
        }
    }
    let in_chat = heads.iter().map(|(head, group)| top_level(head, group));
    let on_messages = commands.iter().filter_map(|command| Some(on_message(command, command.on_message.as_ref()?)));
    in_chat.chain(on_messages).collect()
}

/// A command's entry in the menu of a message.
fn on_message(command: &Command, on: &OnMessage) -> Value {
    json!({
        "name": on.label,
        "type": 3,
        "default_member_permissions": default_permissions(&[command]),
        "contexts": [0],
        "integration_types": [0],
    })
}

fn top_level(head: &str, group: &[&Command]) -> Value {
    let (about, options) = match group {
        [alone] if alone.name == head => (alone.about.to_owned(), options(alone.options)),
        _ => {
            // Discord cannot run a command bare that has subcommands, so a bare one gives way to them.
            let subs = group.iter().filter_map(|command| Some((*command, command.name.strip_prefix(head)?.trim())));
            let subs: Vec<_> = subs.filter(|(_, name)| !name.is_empty()).collect();
            let about = subs.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
            (format!("{head}: {about}"), subs.iter().map(|(command, name)| subcommand(command, name)).collect())
        }
    };
    json!({
        "name": head,
        "type": 1,
        "description": within(&about),
        "options": options,
        "default_member_permissions": default_permissions(group),
        "contexts": [0],
        "integration_types": [0],
    })
}

/// What Discord hides a command behind. Subcommands share it, so it is there only when all of them ask for the same;
/// the gate checks each one in any case.
fn default_permissions(group: &[&Command]) -> Option<String> {
    let bits = group.first().map(|command| command.requires.bits())?;
    let same = group.iter().all(|command| command.requires.bits() == bits);
    (same && bits != Permissions::NONE).then(|| bits.0.to_string())
}

fn subcommand(command: &Command, name: &str) -> Value {
    json!({
        "name": name.replace(' ', "-"),
        "type": 1,
        "description": within(command.about),
        "options": options(command.options),
    })
}

/// Options, the required ones first, as Discord demands.
fn options(declared: &[&dyn Declared]) -> Vec<Value> {
    let mut declared = declared.to_vec();
    declared.sort_by_key(|option| !option.required());
    declared.into_iter().take(OPTIONS_MAX).map(option).collect()
}

fn option(declared: &dyn Declared) -> Value {
    let (kind, more) = match declared.kind() {
        Kind::Text { chars_max } => (3, json!({"max_length": chars_max.clamp(1, 6_000)})),
        Kind::Span { .. } => (3, json!({"max_length": SPAN_CHARS_MAX})),
        Kind::Choice(choices) => {
            let choices: Vec<Value> =
                choices.iter().take(CHOICES_MAX).map(|c| json!({"name": c, "value": c})).collect();
            (3, json!({"choices": choices}))
        }
        Kind::Whole { min, max } => {
            let within = |number: i64| number.clamp(-WHOLE_MAX, WHOLE_MAX);
            (4, json!({"min_value": within(min), "max_value": within(max)}))
        }
        Kind::Flag => (5, json!({})),
        Kind::User => (6, json!({})),
        Kind::Channel => (7, json!({})),
        Kind::Role => (8, json!({})),
    };
    let mut option = json!({
        "name": declared.name(),
        "type": kind,
        "description": within(declared.about()),
        "required": declared.required(),
    });
    if let (Value::Object(option), Value::Object(more)) = (&mut option, more) {
        option.extend(more);
    }
    option
}

fn within(description: &str) -> String {
    let cut: String = description.chars().take(DESCRIPTION_CHARS_MAX).collect();
    if cut.is_empty() { "…".to_owned() } else { cut }
}

/// FNV-1a with 64 bits: it only has to notice a change between two versions of ourselves.
fn hash(text: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests;
