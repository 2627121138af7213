//! Somebody known who listens for long: what they may hear, and that they may still.

use std::sync::Arc;

use axum::http::header::HeaderMap;

use super::caller::{by_key, person, shown_key};
use super::pace::Who;
use super::{App, Caller, Need, Problem};
use crate::bot::{self, Happening};
use crate::config::Audience;
use crate::http::who::Whence;
use crate::model::{GuildId, Permission, Secret};

/// Somebody with a key, or whose browser is signed in.
#[derive(Clone)]
pub(in crate::http) struct Hearing {
    caller: Arc<Caller>,
    who: Who,
    shown: Arc<Shown>,
}

/// What they showed; it is looked at again from time to time.
enum Shown {
    Key(Secret, Whence),
    Cookie(Secret),
}

impl Hearing {
    /// Who sent these headers; none: nobody whom we know.
    ///
    /// # Errors
    /// The key is not good, or they come too often.
    pub async fn of(app: &App, headers: &HeaderMap, whence: Whence) -> Result<Option<Self>, Problem> {
        match shown_key(headers)? {
            Some(key) => Self::with_key(app, key, whence).await.map(Some),
            None => Self::in_browser(app, headers).await,
        }
    }

    /// Who shows this key.
    ///
    /// # Errors
    /// It is not good, or they come too often.
    pub async fn with_key(app: &App, key: &str, whence: Whence) -> Result<Self, Problem> {
        let shown = Shown::Key(Secret::new(key.to_owned()), whence);
        let hearing = Self::showing(app, Arc::new(shown)).await?.ok_or_else(|| Problem::fault("a key is nobody's"))?;
        app.0.pace.known(hearing.who, false).map_err(Problem::too_many)?;
        Ok(hearing)
    }

    async fn in_browser(app: &App, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(cookie) = app.0.pages.cookie.read(headers) else { return Ok(None) };
        Self::showing(app, Arc::new(Shown::Cookie(Secret::new(cookie.to_owned())))).await
    }

    async fn showing(app: &App, shown: Arc<Shown>) -> Result<Option<Self>, Problem> {
        let whom = match &*shown {
            Shown::Key(key, whence) => by_key(app, key.reveal(), *whence).await?,
            Shown::Cookie(cookie) => person(app, &HeaderMap::new(), cookie.reveal(), false).await?,
        };
        let known = whom.known();
        let caller = Arc::new(Caller::who_listens(app.clone(), whom));
        Ok(known.map(|who| Self { caller, who, shown }))
    }

    /// Whose listening is counted together.
    pub fn who(&self) -> Who {
        self.who
    }

    /// The only guild that is theirs; none: there may be several.
    pub fn home(&self) -> Option<GuildId> {
        self.caller.home()
    }

    /// The same as they are now, with what they may; none: they are not known any more, or nobody can say.
    pub async fn look_again(&self) -> Option<Self> {
        Self::showing(&self.caller.app, self.shown.clone()).await.ok()?
    }

    /// Whether they may know of this.
    pub fn may_hear(&self, happening: &Happening) -> bool {
        let need = match happening.audience {
            bot::Audience::Everybody | bot::Audience::Members => Need::See(Audience::Members),
            bot::Audience::Moderators => Need::Have(Permission::ModerateMembers),
        };
        self.caller.check(happening.guild, need).is_ok()
    }
}
