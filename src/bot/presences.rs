//! Asking Discord how members are there: what rooms want to know goes out one after another, behind the commit that
//! wanted it. Nothing of it is kept: who does not get an answer asks again.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Attempt, Bot};
use crate::model::{Effect, Event, GuildId, Need, Setback, UserId};

/// Questions that may wait; what comes on top is not asked.
const WAITING_MAX: usize = 64;

/// A guild, and those of its members; an empty list stands for everybody.
type Question = (GuildId, Vec<UserId>);

/// Where questions wait until they are asked.
pub(super) struct Wanted(Sender<Question>);

pub(super) fn queue() -> (Wanted, Receiver<Question>) {
    let (sender, receiver) = channel(WAITING_MAX);
    (Wanted(sender), receiver)
}

impl Wanted {
    /// Follows what rooms emitted, after its commit.
    pub(super) fn follow(&self, event: &Event) {
        if let Event::MembersWanted { guild, users } = event
            && self.0.try_send((*guild, users.clone())).is_err()
        {
            tracing::debug!(%guild, "too much is asked at once; the next question makes up for it");
        }
    }
}

impl Bot {
    /// Asks what rooms want to know, for as long as there is a bot.
    pub(super) fn begin_asking(&self, mut asks: Receiver<Question>) {
        let bot = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            while let Some((guild, users)) = asks.recv().await {
                let Some(bot) = bot.upgrade().map(Self) else { return };
                if let Err(setback) = bot.ask(guild, users).await {
                    tracing::debug!(%guild, words = setback.words(), "members were asked for in vain");
                }
            }
        });
    }

    /// Asks Discord how these members of a guild are there, all of them where the list is empty; returns once the rooms
    /// were shown what it told.
    ///
    /// # Errors
    /// There is no session, or Discord does not answer.
    pub async fn ask_members(&self, guild: GuildId, users: Vec<UserId>) -> Result<(), Setback> {
        self.ask(guild, users).await?;
        self.settle().await;
        Ok(())
    }

    /// Who wants to know it now, wants to know it whenever it changes.
    pub(super) fn need_presences(&self) {
        self.need(&[Need::Members, Need::Presences]);
    }

    async fn ask(&self, guild: GuildId, users: Vec<UserId>) -> Result<(), Setback> {
        self.need_presences();
        let discord = self.discord();
        let discord = discord.ok_or_else(|| Setback::Refused {
            status: 0,
            code: 0,
            words: "Nobody is there to be asked.".to_owned(),
        })?;
        let asked = Effect::AskMembers { guild, users };
        discord.perform(&asked, Attempt { nonce: "", again: false }).await.map(|_| ())
    }
}
