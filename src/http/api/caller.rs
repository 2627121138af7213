//! Who asks, and whether they may.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;

use super::pace::Who;
use super::{App, Problem, allowed_origin};
use crate::bot::Visitor;
use crate::command::Actor;
use crate::config::Audience;
use crate::http::who::{self, Whence};
use crate::model::access::{ApiKey, Scope};
use crate::model::{GuildId, Permission, UserId};

/// The longest `Idempotency-Key`.
const IDEMPOTENCY_BYTES_MAX: usize = 255;
const NO_KEY: &str =
    "Show a key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`, or sign in with /login in Discord.";
const NOT_GOOD: &str = "This key is not good: it is unknown, over or revoked.";

/// What a route asks of whoever comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To see what these people may see.
    See(Audience),
    /// To do what every member may do; of a key, the scope `write`.
    Act,
    /// To have a permission; of a key, the scope that brings it (`moderate` or `admin`).
    Have(Permission),
}

/// Who sent a request.
pub struct Caller {
    pub(super) app: App,
    pub(super) who: Whom,
    /// In place of the key, where it may do that: whom it acts as.
    acts_as: Option<UserId>,
    /// What makes a request the same as an earlier one.
    idempotency: Option<u64>,
    /// It was sent at this very computer, and not by a page of elsewhere in a browser here.
    is_near: bool,
    /// It showed who asks: a key, a token or a session.
    has_shown: bool,
}

pub(super) enum Whom {
    Nobody,
    Key(ApiKey),
    Person(Box<Visitor>),
}

/// Who sent a request to a wire: as [`Caller`], but where the bot lets programs in without a key at this computer, one
/// that asks there and shows none has the key of local development.
pub struct Program(pub Caller);

/// The same where a request of any method changes nothing: dialects that know `POST` alone read by it as well.
pub struct ReadingProgram(pub Caller);

impl FromRequestParts<App> for ReadingProgram {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Caller::find(parts, app, app.bot().keyless(), false).await.map(Self)
    }
}

impl FromRequestParts<App> for Program {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Caller::find(parts, app, app.bot().keyless(), !parts.method.is_safe()).await.map(Self)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Self::find(parts, app, None, !parts.method.is_safe()).await
    }
}

impl Caller {
    /// Who sent a request; where it shows nothing and was sent at this computer, whose key is `keyless`. `writes`: it
    /// may change something.
    async fn find(parts: &Parts, app: &App, keyless: Option<ApiKey>, writes: bool) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let peer = peer.ok_or_else(|| Problem::fault("a request came from nowhere"))?;
        let (headers, inner) = (&parts.headers, &app.0);
        let whence = Whence::of(peer, headers, &inner.pages.trusted_proxies);
        // A page of somebody else's, in a browser at this computer, is not at this computer.
        // Where people come from afar, something at this computer passes them on, and may not say so.
        let is_near = whence.is_here && !inner.pages.is_for_afar() && is_of_ours(app, headers);
        let shown = match shown_key(headers)? {
            Some(key) => Some(by_key(app, key, whence).await?),
            None => match inner.pages.cookie.read(headers) {
                Some(cookie) => Some(person(app, headers, cookie, writes).await?),
                None => None,
            },
        };
        let has_shown = shown.as_ref().is_some_and(|whom| whom.known().is_some());
        let whom = shown.unwrap_or_else(|| keyless.filter(|_| is_near).map_or(Whom::Nobody, Whom::Key));
        let paced = match whom.known() {
            Some(who) => inner.pace.known(who, writes),
            // A program at this computer is nobody's neighbour.
            None if is_near => inner.pace.known(Who::Stranger(whence.client), writes),
            None => inner.pace.stranger(whence.client),
        };
        paced.map_err(Problem::too_many)?;
        let acts_as = acts_as(headers, &whom)?;
        let idempotency = idempotency(headers, &whom, parts.uri.path())?;
        Ok(Self { app: app.clone(), who: whom, acts_as, idempotency, is_near, has_shown })
    }
}

impl Whom {
    /// Whose requests are counted together; none of strangers.
    pub(super) fn known(&self) -> Option<Who> {
        match self {
            Self::Nobody => None,
            Self::Key(key) => Some(Who::Key(key.id)),
            Self::Person(visitor) => Some(Who::Person(visitor.session.user)),
        }
    }
}

/// Whether no page sent this, or one that may: ours, or one of the origins that the owner names.
fn is_of_ours(app: &App, headers: &HeaderMap) -> bool {
    !headers.contains_key(header::ORIGIN)
        || allowed_origin(app, headers).is_some()
        || who::is_from_here(headers, &app.0.pages.public_url)
}

/// Whose key this is. Wrong ones are counted.
pub(super) async fn by_key(app: &App, key: &str, whence: Whence) -> Result<Whom, Problem> {
    match app.bot().find_key(key, whence.is_here).await? {
        Some(key) => Ok(Whom::Key(key)),
        None => {
            app.0.guesses.wrong(whence.client).map_err(Problem::too_many)?;
            Err(Problem::unauthenticated(NOT_GOOD))
        }
    }
}

/// The one key that a request shows, if it shows any.
pub(super) fn shown_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let bearers = headers.get_all(header::AUTHORIZATION).iter().map(|value| {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    let plain = headers.get_all("x-api-key").iter().map(|value| value.to_str().ok().map(str::trim));
    let mut shown = bearers.chain(plain);
    match (shown.next(), shown.next()) {
        (None, _) => Ok(None),
        (Some(Some(key)), None) if !key.is_empty() => Ok(Some(key)),
        (Some(_), None) => Err(Problem::unauthenticated(NO_KEY)),
        (Some(_), Some(_)) => Err(Problem::unauthenticated("Show one key, once.")),
    }
}

pub(super) async fn person(app: &App, headers: &HeaderMap, cookie: &str, writes: bool) -> Result<Whom, Problem> {
    let Some(visitor) = app.bot().find_visitor(cookie).await.map_err(Problem::not_now)? else {
        return Ok(Whom::Nobody);
    };
    if writes {
        let word = headers.get("x-form-word").and_then(|word| word.to_str().ok()).unwrap_or_default();
        if !who::is_our_form(headers, &app.0.pages.public_url, cookie, word) {
            return Err(Problem::forbidden("This did not come from a page of ours, so nothing was done."));
        }
    }
    Ok(Whom::Person(Box::new(visitor)))
}

/// The header of this name, which may be there once: of two, others might read the other one.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(Problem::invalid(format!("`{name}` is there more than once."))),
    }
}

fn acts_as(headers: &HeaderMap, whom: &Whom) -> Result<Option<UserId>, Problem> {
    let Some(named) = only(headers, "X-Act-As")? else { return Ok(None) };
    let may = matches!(whom, Whom::Key(key) if key.scopes.contains(Scope::Impersonate));
    if !may {
        return Err(Problem::forbidden("Only a key with the scope `impersonate` acts as somebody (`X-Act-As`)."));
    }
    let user = named.to_str().ok().and_then(|text| text.parse().ok());
    user.map(Some).ok_or_else(|| Problem::invalid("`X-Act-As` is the id of a member."))
}

/// The number under which a request is done once, if it says by what to know it.
fn idempotency(headers: &HeaderMap, whom: &Whom, path: &str) -> Result<Option<u64>, Problem> {
    let Some(word) = only(headers, "Idempotency-Key")? else { return Ok(None) };
    if word.is_empty() || word.len() > IDEMPOTENCY_BYTES_MAX {
        return Err(Problem::invalid(format!("`Idempotency-Key` has 1 to {IDEMPOTENCY_BYTES_MAX} characters.")));
    }
    let mut hasher = DefaultHasher::new();
    match whom {
        Whom::Nobody => 0.hash(&mut hasher),
        Whom::Key(key) => (1, key.id).hash(&mut hasher),
        Whom::Person(visitor) => (2, visitor.session.user).hash(&mut hasher),
    }
    (word.as_bytes(), path).hash(&mut hasher);
    // As an id of Discord's, it has to fit 63 bits.
    Ok(Some(hasher.finish() >> 1))
}

impl Caller {
    /// Who asks for nothing but to be told.
    pub(super) fn who_listens(app: App, who: Whom) -> Self {
        let has_shown = who.known().is_some();
        Self { app, who, acts_as: None, idempotency: None, is_near: false, has_shown }
    }

    /// Whether they may, in this guild. A guild that is not theirs is one that there is not.
    pub fn check(&self, guild: GuildId, need: Need) -> Result<(), Problem> {
        let foreign = || Problem::not_found("guild");
        let config = self.app.bot().config();
        let exists = config.discord.serves(guild) && self.app.bot().guilds().find(guild).is_some();
        match &self.who {
            Whom::Nobody => match need {
                Need::See(Audience::Public) if exists => Ok(()),
                Need::See(Audience::Public) => Err(foreign()),
                _ => Err(Problem::unauthenticated(NO_KEY)),
            },
            _ if need == Need::See(Audience::Off) => Err(Problem::not_found("page")),
            Whom::Key(key) if !exists || !key.is_for(guild) => Err(foreign()),
            Whom::Key(key) => hold_key(key, need),
            Whom::Person(visitor) if !exists || visitor.session.guild != guild => Err(foreign()),
            Whom::Person(visitor) => match need {
                Need::Have(permission) if !visitor.may(permission) => {
                    Err(Problem::forbidden(format!("This is for members with the permission {}.", permission.name())))
                }
                _ => Ok(()),
            },
        }
    }

    /// That somebody asks at all, whoever it is.
    pub fn check_known(&self) -> Result<(), Problem> {
        match self.who {
            Whom::Nobody => Err(Problem::unauthenticated(NO_KEY)),
            _ => Ok(()),
        }
    }

    /// That a person asks, or a key in somebody's name: what follows is between people.
    pub fn check_person(&self) -> Result<(), Problem> {
        match (&self.who, self.acts_as) {
            (Whom::Key(_), None) => {
                let words = "Say in whose name, as `X-Act-As: ID`; a key has to have the scope `impersonate` for that.";
                Err(Problem::refused(words))
            }
            _ => self.check_known(),
        }
    }

    /// The key that was shown, if it is a program that asks.
    pub fn key(&self) -> Option<&ApiKey> {
        match &self.who {
            Whom::Key(key) => Some(key),
            _ => None,
        }
    }

    /// The only guild that is theirs; none: there may be several, or it is nobody who asks.
    pub fn home(&self) -> Option<GuildId> {
        match &self.who {
            Whom::Person(visitor) => Some(visitor.session.guild),
            Whom::Key(key) => key.guild,
            Whom::Nobody => None,
        }
    }

    /// Whether this guild is theirs to see.
    pub fn may_see(&self, guild: GuildId) -> bool {
        self.check(guild, Need::See(Audience::Members)).is_ok()
    }

    /// Who sits at the browser; none: a program, or nobody.
    pub fn person(&self) -> Option<UserId> {
        match &self.who {
            Whom::Person(visitor) => Some(visitor.session.user),
            Whom::Key(_) | Whom::Nobody => None,
        }
    }

    /// Whether the same request came before and was done, where it says by what to know it.
    pub async fn came_before(&self) -> Result<bool, Problem> {
        match self.idempotency {
            Some(key) => Ok(self.app.bot().was_done(key).await?),
            None => Ok(false),
        }
    }

    /// The key that a key's requests are known by, where they say so.
    pub fn request(&self) -> Option<u64> {
        self.idempotency
    }

    /// Whether they ask at this very computer, and not as a page of elsewhere in a browser here.
    pub fn is_near(&self) -> bool {
        self.is_near
    }

    /// Whether they showed a key, a token or a session, rather than being let in without.
    pub fn has_shown(&self) -> bool {
        self.has_shown
    }

    /// The same in the name of this member, where it is a key that may do that and does not say otherwise.
    pub fn in_name_of(mut self, member: UserId) -> Self {
        let may = self.key().is_some_and(|key| key.scopes.contains(Scope::Impersonate));
        self.acts_as = self.acts_as.or(may.then_some(member));
        self
    }

    /// Who acts in this guild: the person; for a key the bot itself, under the key's name, or whom it acts as.
    ///
    /// # Errors
    /// They are nobody, or it cannot be told who they are.
    pub async fn actor(&self, guild: GuildId) -> Result<Actor, Problem> {
        let bot = self.app.bot();
        match (&self.who, self.acts_as) {
            (Whom::Nobody, _) => Err(Problem::unauthenticated(NO_KEY)),
            (Whom::Person(visitor), _) => Ok(visitor.actor()),
            (Whom::Key(_), Some(user)) => {
                let actor = bot.actor_of(guild, user).await.map_err(Problem::not_now)?;
                actor.ok_or_else(|| Problem::not_found("member"))
            }
            (Whom::Key(key), None) => {
                let known = bot.user().zip(bot.guilds().find(guild));
                let (me, found) = known.ok_or_else(|| Problem::unavailable("Discord has not told me who I am yet."))?;
                Ok(Actor {
                    user: me,
                    name: key.actor_name(),
                    roles: found.my_roles.clone(),
                    permissions: key.scopes.permissions(),
                })
            }
        }
    }
}

fn hold_key(key: &ApiKey, need: Need) -> Result<(), Problem> {
    let (may, scope) = match need {
        Need::See(_) => (true, Scope::Read),
        Need::Act => (key.scopes.contains(Scope::Write), Scope::Write),
        Need::Have(permission) => {
            let scope = if permission == Permission::ManageGuild { Scope::Admin } else { Scope::Moderate };
            (permission.allows(key.scopes.permissions()), scope)
        }
    };
    match may {
        true => Ok(()),
        false => Err(Problem::forbidden(format!("This is for keys with the scope `{}`.", scope.word()))),
    }
}
