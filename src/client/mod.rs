//! The typed client of the API: for programs that ask a running instance, and for `innkeeper api`.
//!
//! A key is exchanged for a token, which is renewed before it ends. Connections are kept, and at most
//! [`IN_FLIGHT_MAX`] requests are under way at once, however many tasks share the client. What did not come through is
//! asked for again, after longer and longer pauses; a write carries the same `Idempotency-Key` each time, so that it
//! is done once. What the server says no to is an [`Error`] with its words.
//!
//! It refuses to know the bot: what it knows is the wire, and the ids and times of `model`.
//!
//! ```no_run
//! use innkeeper::client::{Client, Part};
//! use innkeeper::model::{GuildId, Secret};
//!
//! # async fn example(guild: GuildId, key: Secret) -> Result<(), innkeeper::client::Error> {
//! let client = Client::builder("http://127.0.0.1:8080", key).build()?;
//! for standing in client.leaderboard(guild, Part::default()).await?.items {
//!     println!("{}. {}: {} XP", standing.rank, standing.name.unwrap_or_default(), standing.xp);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`blocking::Client`] is the same for programs without an async runtime.

pub mod blocking;
mod calls;
mod error;
mod exchange;
mod patience;
mod token;
mod types;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

pub use error::{Code, Error, Problem};
pub use exchange::Method;
pub use types::{
    Case, CaseKind, CaseMade, CaseState, Gift, KudosGiven, KudosPlace, Listed, NewCase, Part, Resolution, Standing,
    Thanks, Which, Window, Xp, XpChange, XpGiven,
};

use crate::model::access::new_pass;
use crate::model::{Clock, Secret, UserId};
use exchange::{Answer, Call, Wire};
use patience::Patience;
use token::Tokens;

/// Requests that a client has under way at once.
pub const IN_FLIGHT_MAX: usize = 4;

/// Waits before something is asked for again.
type Pause = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// Asks the API of a running instance. Clones share its connections, its token and its bounds.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    acts_as: Option<UserId>,
}

struct Inner {
    wire: Wire,
    key: Secret,
    tokens: Tokens,
    places: Semaphore,
    clock: Clock,
    pause: Pause,
}

/// What a [`Client`] is made of.
pub struct Builder {
    url: String,
    key: Secret,
    clock: Clock,
    pause: Pause,
}

impl Builder {
    /// By which clock the token ends. Without it, the computer's.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// What is waited for, given how long, before something is asked for again. Without it, for that time to pass.
    pub fn pauses<F>(self, pause: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { pause: Arc::new(move |long| Box::pin(pause(long))), ..self }
    }

    /// # Errors
    /// The URL is none, or TLS cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let Self { url, key, clock, pause } = self;
        let (wire, tokens) = (Wire::new(&url)?, Tokens::default());
        let inner = Inner { wire, key, tokens, places: Semaphore::new(IN_FLIGHT_MAX), clock, pause };
        Ok(Client { inner: Arc::new(inner), acts_as: None })
    }
}

impl Client {
    /// A client of the instance at this URL, such as `https://inn.example`, with a key as `innkeeper key create` prints
    /// it.
    pub fn builder(url: impl Into<String>, key: Secret) -> Builder {
        let pause = |long| Box::pin(tokio::time::sleep(long)) as BoxFuture<'static, ()>;
        Builder { url: url.into(), key, clock: Clock::real(), pause: Arc::new(pause) }
    }

    /// The same client, acting as this member. For keys with the scope `impersonate`.
    #[must_use]
    pub fn acting_as(&self, member: UserId) -> Self {
        Self { inner: self.inner.clone(), acts_as: Some(member) }
    }

    /// Asks for anything that the API has: a path such as `/api/guilds/1/cases?kind=ban`. An answer without a body is
    /// `null`.
    ///
    /// # Errors
    /// As every call: the server says no, cannot be reached, or answers what is no JSON.
    pub async fn get(&self, path: &str) -> Result<serde_json::Value, Error> {
        self.send(Method::Get, path, None).await
    }

    /// Sends anything to anything.
    ///
    /// # Errors
    /// As every call.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Result<serde_json::Value, Error> {
        self.send(Method::Post, path, Some(body)).await
    }

    /// The same by any method, with or without a body.
    ///
    /// # Errors
    /// As every call.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, Error> {
        if !path.starts_with('/') {
            return Err(Error::Unusable(format!("a path begins with a slash: {path}")));
        }
        self.ask(Call::new(method, path), body).await
    }

    /// Reads something.
    async fn read<T: DeserializeOwned>(&self, path: &str, query: Vec<(&'static str, String)>) -> Result<T, Error> {
        self.ask(Call { query, ..Call::new(Method::Get, path) }, None::<&()>).await
    }

    /// Changes something.
    async fn write<T: DeserializeOwned>(&self, method: Method, path: &str, body: &impl Serialize) -> Result<T, Error> {
        self.ask(Call::new(method, path), Some(body)).await
    }

    async fn ask<T: DeserializeOwned>(&self, mut call: Call, body: Option<&impl Serialize>) -> Result<T, Error> {
        call.body = body.map(serde_json::to_vec).transpose().map_err(|error| Error::Unusable(error.to_string()))?;
        call.acts_as = self.acts_as;
        call.known_by = call.method.writes().then(new_pass);
        self.inner.carry(&call).await?.read()
    }
}

impl Inner {
    /// Asks with a token that is good.
    async fn carry(&self, call: &Call) -> Result<Answer, Error> {
        // Kept through all tries and pauses: where the server cannot be reached or wants fewer requests, more of them
        // would not help.
        let _place = self.places.acquire().await.map_err(|error| Error::Unusable(error.to_string()))?;
        let token = self.token().await?;
        match self.insist(call, Some(&token)).await {
            // Its end came early: the server's database is another than it was, or this computer slept.
            Err(error) if error.status() == Some(401) => {
                self.tokens.forget(&token).await;
                let token = self.token().await?;
                self.insist(call, Some(&token)).await
            }
            done => done,
        }
    }

    async fn token(&self) -> Result<Secret, Error> {
        self.tokens.find_or(&self.clock, || self.exchange_key()).await
    }

    async fn exchange_key(&self) -> Result<token::Given, Error> {
        let body = serde_json::json!({ "api_key": self.key.reveal() }).to_string().into_bytes();
        let call = Call { body: Some(body), ..Call::new(Method::Post, "/api/token") };
        self.insist(&call, None).await?.read()
    }

    /// Asks until there is an answer, or no reason to hope for one.
    async fn insist(&self, call: &Call, token: Option<&Secret>) -> Result<Answer, Error> {
        let mut patience = Patience::default();
        loop {
            let error = match self.wire.exchange(call, token).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Some(pause) = patience.before_next(&error, fastrand::f64()) else { return Err(error) };
            tracing::debug!(path = call.path, %error, ?pause, "asking again");
            (self.pause)(pause).await;
        }
    }
}
