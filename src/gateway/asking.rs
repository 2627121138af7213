//! Asking over the gateway: who of a guild is how there is told to a session alone, not by REST. A question goes out on
//! the connection that is live, and is answered by dispatches among all others.
//!
//! Source: Discord API documentation, "Gateway Events", "Request Guild Members" and "Guild Members Chunk".

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;
use twilight_gateway::MessageSender;

use super::inbound::OF_ALL;
use super::perform::lock;
use crate::model::{Delivered, GuildId, Setback, UserId};

/// Gateway opcode "Request Guild Members".
const OPCODE: u8 = 8;
/// Members that may be named in one question.
pub const NAMED_MAX: usize = 100;
/// Questions that wait for their answers at the same time.
const WAITING_MAX: usize = 64;
/// The longest wait for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// When a question that was not answered may be asked again: of a whole guild, Discord answers one in 30 seconds.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

const NOT_CONNECTED: &str = "I am not connected to Discord's gateway at the moment.";
const TOO_MANY: &str = "I have asked Discord too much at once.";
const NO_ANSWER: &str = "Discord did not answer.";

/// Where questions are asked and answered. Clones share it.
#[derive(Clone, Default)]
pub struct Asking(Arc<Shared>);

#[derive(Default)]
struct Shared {
    line: Mutex<Option<MessageSender>>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<()>>>,
    last: AtomicU64,
}

/// A question that waits; nobody answers it any more once it is dropped.
struct Waiting<'a>(&'a Shared, u64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(&self.0.waiting).remove(&self.1);
    }
}

impl Asking {
    /// A connection is live.
    pub fn connect(&self, line: MessageSender) {
        *lock(&self.0.line) = Some(line);
    }

    /// It has ended, and what was asked over it is not answered any more.
    pub fn disconnect(&self) {
        *lock(&self.0.line) = None;
        lock(&self.0.waiting).clear();
    }

    /// An answer has come and was handed on. `number` is the question's.
    pub fn answered(&self, number: u64) {
        if let Some(waits) = lock(&self.0.waiting).remove(&number) {
            // Whoever asked may have given up.
            let _ = waits.send(());
        }
    }

    /// Asks how these members of a guild are there, or all of them where the list is empty; returns once the answer
    /// was handed on. More than [`NAMED_MAX`] take several questions.
    ///
    /// # Errors
    /// There is no connection, or Discord does not answer: [`Setback::Later`].
    pub async fn ask(&self, guild: GuildId, users: &[UserId], presences: bool) -> Result<Delivered, Setback> {
        if users.is_empty() {
            let all = json!({"guild_id": guild, "query": "", "limit": 0, "presences": presences});
            self.ask_once(all, OF_ALL).await?;
        }
        for users in users.chunks(NAMED_MAX) {
            let named = json!({"guild_id": guild, "user_ids": users, "limit": 0, "presences": presences});
            self.ask_once(named, "").await?;
        }
        Ok(Delivered::default())
    }

    async fn ask_once(&self, mut question: Value, mark: &str) -> Result<(), Setback> {
        let number = self.0.last.fetch_add(1, Relaxed) + 1;
        question["nonce"] = format!("{mark}{number}").into();
        let answered = {
            let mut waiting = lock(&self.0.waiting);
            if waiting.len() >= WAITING_MAX {
                return Err(later(TOO_MANY));
            }
            let (answer, answered) = oneshot::channel();
            waiting.insert(number, answer);
            answered
        };
        let _waiting = Waiting(&self.0, number);
        let text = json!({"op": OPCODE, "d": question}).to_string();
        let sent = lock(&self.0.line).as_ref().is_some_and(|line| line.send(text).is_ok());
        if !sent {
            return Err(later(NOT_CONNECTED));
        }
        match timeout(ANSWER_WITHIN, answered).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(later(NOT_CONNECTED)),
            Err(_) => Err(later(NO_ANSWER)),
        }
    }
}

fn later(words: &str) -> Setback {
    Setback::Later { after: AGAIN_AFTER, words: words.to_owned() }
}
