//! Who stands at the main door, and what they may: keys and their tokens, links that sign somebody in, browsers that
//! are signed in. What a person may do is asked of Discord, and believed for a few seconds.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Bot;
use crate::command::{Actor, Answer, Door, Given, Invocation, Value};
use crate::config::{Audience, Config};
use crate::features;
use crate::model::access::{
    ApiKey, REFRESH_LIFE, TOKEN_LIFE, WebSession, is_token, new_pass, sign_refresh, sign_token,
};
use crate::model::{GuildId, Permission, Permissions, Refusal, Result, RoleId, Secret, Timestamp, UserId};
use crate::status::Card;
use crate::store::access::{self, Comer};
use crate::store::promises::{self, Promise};
use crate::store::{Tx, Work};
use crate::store::{done, people};

/// For how long it is believed what Discord said of somebody.
const BELIEVED_FOR: Duration = Duration::from_secs(10);
/// That a key or a browser was seen is noted again after this long.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// People of whom that is remembered; past it everybody is asked anew.
const REMEMBERED_MAX: usize = 1_024;
/// Promises that a visitor is shown.
const PROMISES_SHOWN: u32 = 25;
/// A snowflake has so many bits below its time.
const BELOW_TIME: u64 = (1 << 22) - 1;
pub(super) const TOO_EARLY: &str = "I do not know the time yet: Discord has not told me. Try again in a moment.";

/// What Discord said of people lately.
#[derive(Default)]
pub(super) struct Standings(Mutex<KnownStandings>);

/// When it was said, and what; none: they are not in the guild.
type KnownStandings = HashMap<(GuildId, UserId), (Duration, Option<Standing>)>;

/// Numbers the requests that come over HTTP as Discord numbers messages.
#[derive(Default)]
pub(super) struct Requests(AtomicU64);

impl Requests {
    fn next(&self, at: Timestamp) -> u64 {
        at.snowflake() | self.0.fetch_add(1, Relaxed) & BELOW_TIME
    }
}

/// Tokens of one key. Both end with it.
pub struct TokenPair {
    /// Opens what the key opens, for [`TOKEN_LIFE`].
    pub access: Secret,
    /// Gets a new pair, for [`REFRESH_LIFE`].
    pub refresh: Secret,
}

/// A member as they stand in a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub roles: Vec<RoleId>,
    pub permissions: Permissions,
}

/// Somebody whose browser is signed in, and who is in the guild that they signed in from.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub session: WebSession,
    pub standing: Standing,
}

impl Visitor {
    /// As somebody who acts.
    pub fn actor(&self) -> Actor {
        let Self { session, standing: Standing { roles, permissions } } = self;
        Actor { user: session.user, name: session.name.clone(), roles: roles.clone(), permissions: *permissions }
    }

    /// Whether they may run commands that ask for this permission.
    pub fn may(&self, permission: Permission) -> bool {
        permission.allows(self.standing.permissions)
    }
}

impl Bot {
    /// The key that this text is, or whose token it is, if it is good. `from_here`: it was shown at this very computer.
    pub async fn find_key(&self, text: &str, from_here: bool) -> Result<Option<ApiKey>> {
        if let Some(local) = self.find_local_key(text, from_here).await? {
            return Ok(Some(local));
        }
        let (text, now) = (text.to_owned(), self.0.clock.now());
        let found = self.0.store.read(move |reader| match is_token(&text) {
            true => access::find_key_of_token(reader, &text, now),
            false => access::find_key(reader, &text, now),
        });
        let found = found.await?;
        if let Some(key) = &found
            && key.last_used_at.is_none_or(|at| now.since(at) >= SEEN_EVERY)
        {
            let id = key.id;
            self.note_quietly(move |tx| access::note_use(tx, id, now));
        }
        Ok(found)
    }

    /// A bearer token for whoever shows this key, and how long it is good; none where the key is not.
    pub async fn token_for(&self, key: &str, from_here: bool) -> Result<Option<(Secret, Duration)>> {
        if is_token(key) {
            return Ok(None);
        }
        let Some(key) = self.find_key(key, from_here).await? else { return Ok(None) };
        Ok(Some((self.tokens_of(&key).await?.access, TOKEN_LIFE)))
    }

    /// A pair of tokens for whoever shows this key and how it is called; none where either is wrong.
    pub async fn pair_for(&self, name: &str, key: &str, from_here: bool) -> Result<Option<TokenPair>> {
        let is_key = !is_token(key);
        let found = if is_key { self.find_key(key, from_here).await? } else { None };
        match found.filter(|found| found.name == name) {
            Some(key) => self.tokens_of(&key).await.map(Some),
            None => Ok(None),
        }
    }

    /// A new pair for a refresh token, if it and its key are good.
    pub async fn renew(&self, refresh: &str, from_here: bool) -> Result<Option<TokenPair>> {
        let (refresh, now) = (refresh.to_owned(), self.0.clock.now());
        let key = self.0.store.read(move |reader| access::find_key_of_refresh(reader, &refresh, now)).await?;
        match key.filter(|key| !key.is_local() || self.is_local_key_good(from_here)) {
            Some(key) => self.tokens_of(&key).await.map(Some),
            None => Ok(None),
        }
    }

    async fn tokens_of(&self, key: &ApiKey) -> Result<TokenPair> {
        let signing = self.0.store.write(access::signing_secret).await?;
        let ends = |life| self.0.clock.now().plus(self.0.clock.as_theirs(life));
        let access = sign_token(&signing, key.id, ends(TOKEN_LIFE));
        Ok(TokenPair { access, refresh: sign_refresh(&signing, key.id, ends(REFRESH_LIFE)) })
    }

    /// For whom a link is, if it is still good. Looking does not use it up.
    pub async fn find_link(&self, pass: &str) -> Result<Option<Comer>> {
        let (pass, now) = (pass.to_owned(), self.0.clock.now());
        self.0.store.read(move |reader| access::find_link(reader, &pass, now)).await
    }

    /// Signs a browser in by a link, which is used up; what its cookie is to be. None: the link is not good any more.
    ///
    /// # Errors
    /// A refusal as long as the time is not known for certain: the link might be years old.
    pub async fn sign_in(&self, pass: &str) -> Result<Option<Secret>> {
        if !self.0.clock.is_told() {
            return Err(Refusal::new(TOO_EARLY).into());
        }
        let (pass, cookie, now) = (pass.to_owned(), new_pass(), self.0.clock.now());
        let kept = cookie.clone();
        let used = self.0.store.write(move |tx: &Tx| access::use_link(tx, &pass, &kept, now)).await?;
        if let Some(comer) = &used {
            tracing::info!(user = %comer.user, guild = %comer.guild, "somebody signed in to the pages");
        }
        Ok(used.map(|_| cookie))
    }

    /// Signs the browser with this cookie out.
    pub async fn sign_out(&self, cookie: &str) -> Result<()> {
        let cookie = cookie.to_owned();
        self.0.store.write(move |tx: &Tx| access::end_session(tx, &cookie)).await
    }

    /// Who sits at the browser with this cookie; none: it is not signed in, or they are not in the guild any more.
    ///
    /// # Errors
    /// A refusal where Discord does not say how they stand: then nobody knows what they may.
    pub async fn find_visitor(&self, cookie: &str) -> Result<Option<Visitor>> {
        let (asked, now) = (cookie.to_owned(), self.0.clock.now());
        let session = self.0.store.read(move |reader| access::find_session(reader, &asked, now)).await?;
        let Some(session) = session else { return Ok(None) };
        let served = self.config().discord.serves(session.guild);
        let Some(standing) = self.standing(session.guild, session.user).await?.filter(|_| served) else {
            return Ok(None);
        };
        if now.since(session.seen_at) >= SEEN_EVERY {
            let seen = cookie.to_owned();
            self.note_quietly(move |tx| access::note_seen(tx, &seen, now));
        }
        Ok(Some(Visitor { session, standing }))
    }

    /// How somebody stands in a guild, as Discord says or said a few seconds ago; none: they are not in it.
    pub(super) async fn standing(&self, guild: GuildId, user: UserId) -> Result<Option<Standing>> {
        let now = self.0.clock.monotonic();
        if let Some((at, known)) = self.0.standings.lock().get(&(guild, user))
            && now.saturating_sub(*at) < BELIEVED_FOR
        {
            return Ok(known.clone());
        }
        let not_now = || Refusal::new("Discord does not say what you may do here. Try again in a while.");
        let discord = self.discord().ok_or_else(not_now)?;
        let seen = discord.look_up(guild, user).await.map_err(|_| not_now())?;
        let known = self.0.guilds.find(guild).ok_or_else(not_now)?;
        let standing = seen.and_then(|seen| seen.roles).map(|roles| {
            let permissions = known.permissions_of(user, &roles);
            Standing { roles, permissions }
        });
        let mut standings = self.0.standings.lock();
        if standings.len() >= REMEMBERED_MAX {
            standings.clear();
        }
        standings.insert((guild, user), (now, standing.clone()));
        Ok(standing)
    }

    /// What is promised in the guild that a visitor signed in from, the next first, if they may see that.
    pub async fn promises_for(&self, visitor: &Visitor) -> Result<Vec<Promise>> {
        if !visitor.may(Permission::ModerateMembers) {
            return Ok(Vec::new());
        }
        let guild = visitor.session.guild;
        self.0.store.read(move |reader| promises::list_open(reader, guild, 0, PROMISES_SHOWN)).await
    }

    /// The cards of the guild that a visitor signed in from, as far as its members may see them.
    pub async fn cards_for(&self, visitor: &Visitor) -> Result<Vec<Card>> {
        let Some(guild) = self.0.guilds.find(visitor.session.guild) else { return Ok(Vec::new()) };
        let mut config = Config::clone(&self.config());
        let seen = &mut config.http.visibility;
        for audience in [&mut seen.leaderboard, &mut seen.roster, &mut seen.promises] {
            // Inside, what is for members is for everybody.
            if *audience == Audience::Members {
                *audience = Audience::Public;
            }
        }
        if visitor.may(Permission::ModerateMembers) {
            // They are shown what they can change.
            seen.promises = Audience::Off;
        }
        let now = self.0.clock.now();
        self.0.store.read(move |reader| features::cards(reader, &config, &[guild], now)).await
    }

    /// A member as somebody who acts; none: they are not in the guild.
    ///
    /// # Errors
    /// A refusal where Discord does not say how they stand.
    pub async fn actor_of(&self, guild: GuildId, user: UserId) -> Result<Option<Actor>> {
        let Some(standing) = self.standing(guild, user).await? else { return Ok(None) };
        let name = self.0.store.read(move |reader| people::find_name(reader, guild, user)).await?;
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| user.to_string());
        Ok(Some(Actor { user, name, roles: standing.roles, permissions: standing.permissions }))
    }

    /// Runs a command for a visitor, in the guild that they signed in from: through the gate, like everybody.
    pub async fn invoke_for(&self, visitor: &Visitor, command: &str, given: Vec<(String, Value)>) -> Answer {
        self.invoke_as(visitor.actor(), visitor.session.guild, command, given, self.next_request()).await
    }

    /// Runs a command for somebody, through the gate; what comes twice under one number is done once.
    pub async fn invoke_as(
        &self,
        actor: Actor,
        guild: GuildId,
        command: &str,
        given: Vec<(String, Value)>,
        key: u64,
    ) -> Answer {
        self.invoke(Invocation {
            command: command.to_owned(),
            given: Given::Named(given),
            actor,
            guild,
            channel: None,
            door: Door::Http,
            people: Vec::new(),
            key,
            at: self.0.clock.now(),
        })
        .await
    }

    /// A number for a request that comes over HTTP.
    pub fn next_request(&self) -> u64 {
        self.0.requests.next(self.0.clock.now())
    }

    /// Whether what was asked for under this number was done, within the last day.
    pub async fn was_done(&self, key: u64) -> Result<bool> {
        self.0.store.read(move |reader| done::is_noted(reader, key)).await
    }

    /// Writes something that may be lost: nobody waits for it.
    fn note_quietly(&self, note: impl Fn(&Tx) -> Result<()> + Send + 'static) {
        if self.0.store.submit(Box::new(Quiet(note))).is_err() {
            tracing::debug!("that a key or browser was seen is not noted: the queue is full");
        }
    }
}

impl Standings {
    fn lock(&self) -> MutexGuard<'_, KnownStandings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something to write of which nobody hears.
struct Quiet<F>(F);

impl<F: Fn(&Tx) -> Result<()> + Send> Work for Quiet<F> {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        (self.0)(tx)
    }

    fn done(self: Box<Self>, result: Result<()>) {
        if let Err(fault) = result {
            tracing::warn!(%fault, "that a key or browser was seen could not be noted");
        }
    }
}
