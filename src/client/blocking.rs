//! The client for programs without an async runtime: each call waits for its answer.
//!
//! ```no_run
//! use innkeeper::client::{Client, Which, Part, blocking};
//! use innkeeper::model::{GuildId, Secret};
//!
//! # fn example(guild: GuildId, key: Secret) -> Result<(), innkeeper::client::Error> {
//! let client = blocking::Client::new(Client::builder("http://127.0.0.1:8080", key))?;
//! for case in client.cases(guild, &Which::default(), Part::default())?.items {
//!     println!("{}: {} {}", case.number, case.kind.word(), case.user_name);
//! }
//! # Ok(())
//! # }
//! ```

use serde_json::Value;
use tokio::runtime::{Handle, Runtime};

use super::{
    Builder, Case, CaseMade, Error, Gift, KudosGiven, KudosPlace, Listed, Method, NewCase, Part, Standing, Thanks,
    Which, Window, Xp, XpChange, XpGiven,
};
use crate::model::{GuildId, UserId};

/// [`super::Client`] with a runtime of its own. Threads may share it.
pub struct Client {
    asks: super::Client,
    /// There until the end.
    runtime: Option<Runtime>,
}

impl Client {
    /// # Errors
    /// As [`Builder::build`], or the system gives no runtime.
    pub fn new(builder: Builder) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::Unusable(format!("there is no runtime: {error}")))?;
        Ok(Self { asks: builder.build()?, runtime: Some(runtime) })
    }

    /// Acts as this member from now on. For keys with the scope `impersonate`.
    #[must_use]
    pub fn acting_as(mut self, member: UserId) -> Self {
        self.asks = self.asks.acting_as(member);
        self
    }

    fn wait<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match &self.runtime {
            Some(runtime) if Handle::try_current().is_err() => runtime.block_on(call),
            _ => Err(Error::Unusable("the blocking client was called from async code, which has its own".to_owned())),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Unlike its own end, this may also happen in async code.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

macro_rules! calls {
    ($($name:ident($($given:ident: $of:ty),*) -> $gives:ty;)*) => {
        impl Client {
            $(
                #[doc = concat!("As [`super::Client::", stringify!($name), "`].")]
                ///
                /// # Errors
                /// As that, or it was called from async code.
                pub fn $name(&self, $($given: $of),*) -> Result<$gives, Error> {
                    self.wait(self.asks.$name($($given),*))
                }
            )*
        }
    };
}

calls! {
    leaderboard(guild: GuildId, part: Part) -> Listed<Standing>;
    xp(guild: GuildId, user: UserId) -> Xp;
    give_xp(guild: GuildId, user: UserId, amount: i64) -> XpGiven;
    xp_history(guild: GuildId, user: UserId, part: Part) -> Listed<XpChange>;
    kudos(guild: GuildId, of: Option<UserId>, part: Part) -> Listed<Gift>;
    give_kudos(guild: GuildId, thanks: &Thanks) -> KudosGiven;
    kudos_board(guild: GuildId, window: Window, part: Part) -> Listed<KudosPlace>;
    cases(guild: GuildId, which: &Which, part: Part) -> Listed<Case>;
    case(guild: GuildId, number: i64) -> Case;
    create_case(guild: GuildId, new: &NewCase) -> CaseMade;
    edit_case(guild: GuildId, number: i64, reason: &str) -> Case;
    resolve_case(guild: GuildId, number: i64, note: Option<&str>) -> Case;
    reopen_case(guild: GuildId, number: i64, note: Option<&str>) -> Case;
    hide_case(guild: GuildId, number: i64, hidden: bool) -> Case;
    get(path: &str) -> Value;
    post(path: &str, body: &Value) -> Value;
    send(method: Method, path: &str, body: Option<&Value>) -> Value;
}
