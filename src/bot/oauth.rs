//! Signing in by Discord's page: begun here, asked there, and ended here by the same browser. Who somebody is, Discord
//! says; in which guilds they are, it is asked as for everybody who is signed in.
//!
//! What was begun is kept in memory alone: a restart costs a press of the button.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Bot;
use super::access::TOO_EARLY;
use crate::model::access::{LINK_LIFE, hash_of, new_pass};
use crate::model::oauth::{Grant, OauthClient, Person};
use crate::model::{Error, GuildId, Refusal, Result, Secret, Setback};
use crate::store::access::{self, Comer, LINKS_OF_ONE_MAX};
use crate::store::{Tx, people};

/// For how long a sign-in may be ended that was begun.
pub const SIGN_IN_LIFE: Duration = LINK_LIFE;
/// Sign-ins that are under way: a new one puts the oldest out of use …
const UNDER_WAY_MAX: usize = 1_000;
/// … and so does a new one from the same place.
const UNDER_WAY_OF_ONE_MAX: usize = 10;
/// Of so many Discord is asked at once; whoever comes then has to come again.
const ASKED_AT_ONCE_MAX: usize = 8;
/// How long all that Discord is asked may take, so that the answer still reaches the browser.
const DISCORD_WITHIN: Duration = Duration::from_secs(10);
/// Guilds in which somebody is looked for, those first that know them.
const GUILDS_ASKED_MAX: usize = 25;
const TOO_MANY: &str = "Too many people sign in at this moment. Try again in a while.";
const NOT_READY: &str = "Discord has not told me yet which servers there are. Try again in a moment.";

/// Sign-ins by Discord's page.
pub(super) struct SignIns {
    client: ArcSwapOption<OauthClient>,
    /// The oldest first.
    under_way: Mutex<VecDeque<UnderWay>>,
    places: Semaphore,
}

/// A sign-in that was begun.
struct UnderWay {
    /// Hash of what Discord gives back.
    state: Vec<u8>,
    /// Hash of the cookie of the browser that began.
    browser: Vec<u8>,
    verifier: Secret,
    from: IpAddr,
    ends: Duration,
}

/// How a browser goes on.
#[derive(Debug, Clone)]
pub struct SignInBegun {
    /// Where Discord asks; it holds what is given back.
    pub url: Secret,
    /// What the browser has to show when it comes back.
    pub cookie: Secret,
}

/// What a browser brings back from Discord.
#[derive(Debug)]
pub struct CameBack {
    pub state: Secret,
    /// None: the person said no, or Discord did.
    pub code: Option<Secret>,
    /// Discord's word for why there is no code is `access_denied`.
    pub denied: bool,
    /// What the browser was given when it began.
    pub cookie: Option<Secret>,
}

/// How a sign-in ended.
#[derive(Debug)]
pub enum SignInEnded {
    /// With this cookie the browser is signed in.
    In(Secret),
    /// They are in several guilds: the name of each, and a link that signs this browser in there.
    Which(Vec<(String, Secret)>),
    /// The person said no.
    Denied,
    /// It was ended before, is too old, or was never begun.
    Over,
    /// Another browser began it.
    Foreign,
    /// They are in no guild that is looked after; their name.
    InNoGuild(String),
    /// Discord does not know the code, or gave none.
    Refused,
    /// Discord does not take us for who we say we are: the owner has to look at the settings.
    Unknown,
    /// Discord does not answer.
    Silent,
}

impl Default for SignIns {
    fn default() -> Self {
        let under_way = Mutex::default();
        Self { client: ArcSwapOption::empty(), under_way, places: Semaphore::new(ASKED_AT_ONCE_MAX) }
    }
}

impl SignIns {
    fn lock(&self) -> MutexGuard<'_, VecDeque<UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, new: UnderWay, now: Duration) {
        let mut under_way = self.lock();
        under_way.retain(|known| now < known.ends);
        if under_way.iter().filter(|known| known.from == new.from).count() >= UNDER_WAY_OF_ONE_MAX
            && let Some(oldest) = under_way.iter().position(|known| known.from == new.from)
        {
            under_way.remove(oldest);
        }
        if under_way.len() >= UNDER_WAY_MAX {
            under_way.pop_front();
        }
        under_way.push_back(new);
    }

    /// Uses a state up.
    fn take(&self, state: &Secret, now: Duration) -> Option<UnderWay> {
        let (mut under_way, state) = (self.lock(), hash_of(state.reveal()));
        let at = under_way.iter().position(|known| known.state == state)?;
        under_way.remove(at).filter(|known| now < known.ends)
    }
}

impl Bot {
    /// From now on people can sign in by Discord's page.
    pub fn sign_in_by(&self, client: OauthClient) {
        self.0.sign_ins.client.store(Some(Arc::new(client)));
    }

    /// Where a browser begins to sign in by Discord's page; none where that is not set up.
    pub fn sign_in_url(&self) -> Option<String> {
        self.0.sign_ins.client.load().as_ref().map(|client| client.begin_url())
    }

    /// Begins to sign a browser in, which comes from there; none where that is not set up.
    pub fn begin_sign_in(&self, from: IpAddr) -> Option<SignInBegun> {
        let client = self.0.sign_ins.client.load_full()?;
        let (state, verifier, cookie) = (new_pass(), new_pass(), new_pass());
        let url = client.authorize_url(&self.config().discord.api_url, &state, &verifier)?;
        let now = self.0.clock.monotonic();
        let (state, browser) = (hash_of(state.reveal()), hash_of(cookie.reveal()));
        self.0.sign_ins.add(UnderWay { state, browser, verifier, from, ends: now + SIGN_IN_LIFE }, now);
        Some(SignInBegun { url: Secret::new(url), cookie })
    }

    /// Ends what a browser began, whatever comes of it: what it brings back is good once.
    ///
    /// # Errors
    /// A refusal as long as neither the time nor the guilds are known, and while too many people sign in.
    pub async fn end_sign_in(&self, back: CameBack) -> Result<SignInEnded> {
        let Some(client) = self.0.sign_ins.client.load_full() else { return Ok(SignInEnded::Over) };
        let Some(begun) = self.0.sign_ins.take(&back.state, self.0.clock.monotonic()) else {
            return Ok(SignInEnded::Over);
        };
        if back.cookie.is_none_or(|cookie| hash_of(cookie.reveal()) != begun.browser) {
            return Ok(SignInEnded::Foreign);
        }
        let code = match back.code {
            Some(code) => code,
            None if back.denied => return Ok(SignInEnded::Denied),
            None => return Ok(SignInEnded::Refused),
        };
        if !self.0.clock.is_told() {
            return Err(Refusal::new(TOO_EARLY).into());
        }
        let _place = self.0.sign_ins.places.try_acquire().map_err(|_| Refusal::new(TOO_MANY))?;
        let grant = Grant { code, verifier: begun.verifier };
        match timeout(DISCORD_WITHIN, self.ask_discord(&client, &grant)).await {
            Ok(Ok(Asked::Comers(comers))) => self.let_in(comers).await,
            Ok(Ok(Asked::Ended(ended))) => Ok(ended),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(SignInEnded::Silent),
        }
    }

    /// Who it is, and where they are members. Nothing is written meanwhile, so it may be broken off.
    async fn ask_discord(&self, client: &OauthClient, grant: &Grant) -> Result<Asked> {
        let Some(discord) = self.discord() else { return Err(Refusal::new(NOT_READY).into()) };
        let person = match discord.identify(client, grant).await {
            Ok(person) => person,
            Err(setback) => return Ok(Asked::Ended(self.refused(&setback))),
        };
        self.0.vitals.solved(PROBLEM);
        let guilds = self.guilds_to_ask(&person).await?;
        let standings = join_all(guilds.iter().map(|(guild, _)| self.standing(*guild, person.user))).await;
        let (mut comers, mut silent) = (Vec::new(), false);
        for ((guild, known_as), standing) in guilds.into_iter().zip(standings) {
            match standing {
                Ok(Some(_)) => {
                    let name = known_as.unwrap_or_else(|| person.name.clone());
                    comers.push(Comer { guild, user: person.user, name });
                }
                Ok(None) => {}
                Err(Error::Refusal(_)) => silent = true,
                Err(fault) => return Err(fault),
            }
        }
        Ok(match (comers.is_empty(), silent) {
            (false, _) => Asked::Comers(comers),
            (true, true) => Asked::Ended(SignInEnded::Silent),
            (true, false) => Asked::Ended(SignInEnded::InNoGuild(person.name)),
        })
    }

    /// The guilds in which somebody may be, with the name that they had there; those first that know them.
    async fn guilds_to_ask(&self, person: &Person) -> Result<Vec<(GuildId, Option<String>)>> {
        let (config, user) = (self.config(), person.user);
        let known = self.0.guilds.list();
        if known.is_empty() {
            return Err(Refusal::new(NOT_READY).into());
        }
        let served: Vec<_> = known.iter().map(|guild| guild.id).filter(|id| config.discord.serves(*id)).collect();
        let names = move |reader: &crate::store::Reader| {
            let name = |guild| Ok((guild, people::find_name(reader, guild, user)?.filter(|name| !name.is_empty())));
            served.iter().copied().map(name).collect::<Result<Vec<_>>>()
        };
        let mut guilds = self.0.store.read(names).await?;
        guilds.sort_by_key(|(_, name)| name.is_none());
        guilds.truncate(GUILDS_ASKED_MAX);
        Ok(guilds)
    }

    /// What it means that Discord does not say who somebody is.
    fn refused(&self, setback: &Setback) -> SignInEnded {
        match setback {
            // RFC 6749, section 5.2: `invalid_client`.
            Setback::Refused { status: 401, .. } => {
                tracing::error!("{DETAIL} {ACTION}");
                self.0.vitals.problem(PROBLEM, DETAIL, ACTION);
                SignInEnded::Unknown
            }
            Setback::Refused { status, .. } => {
                tracing::info!(status, "Discord refused a code that somebody came back with");
                SignInEnded::Refused
            }
            Setback::Later { .. } => {
                tracing::warn!(words = setback.words(), "Discord does not say who wants to sign in");
                SignInEnded::Silent
            }
        }
    }

    /// Signs in whoever is in one guild; whoever is in several gets a link for each, as `/login` gives them.
    async fn let_in(&self, comers: Vec<Comer>) -> Result<SignInEnded> {
        let now = self.0.clock.now();
        let ends = now.plus(self.0.clock.as_theirs(LINK_LIFE));
        if comers.len() > 1 {
            let passes = comers.into_iter().take(LINKS_OF_ONE_MAX).map(|comer| (comer, new_pass())).collect::<Vec<_>>();
            let name = |comer: &Comer| self.0.guilds.find(comer.guild).map(|guild| guild.name.clone());
            let shown = passes.iter().map(|(comer, pass)| (name(comer).unwrap_or_default(), pass.clone())).collect();
            let add =
                move |tx: &Tx| passes.iter().try_for_each(|(comer, pass)| access::add_link(tx, comer, pass, now, ends));
            self.0.store.write(add).await?;
            return Ok(SignInEnded::Which(shown));
        }
        let Some(comer) = comers.into_iter().next() else { return Ok(SignInEnded::Over) };
        let (cookie, user, guild) = (new_pass(), comer.user, comer.guild);
        let kept = cookie.clone();
        self.0.store.write(move |tx: &Tx| access::begin_session(tx, &comer, &kept, now)).await?;
        tracing::info!(%user, %guild, "somebody signed in to the pages by Discord's page");
        Ok(SignInEnded::In(cookie))
    }
}

/// What came of asking Discord.
enum Asked {
    Ended(SignInEnded),
    /// Somebody as a member of each of their guilds; never empty.
    Comers(Vec<Comer>),
}

const PROBLEM: &str = "oauth";
const DETAIL: &str = "Discord does not accept the client secret, so nobody can sign in by its page.";
const ACTION: &str = "Compare oauth.client_id, and the client secret, with the page OAuth2 of the developer portal.";

#[cfg(test)]
mod tests {
    use super::*;

    fn under_way(nth: usize, from: &str) -> UnderWay {
        let (state, browser) = (hash_of(&nth.to_string()), hash_of("browser"));
        UnderWay { state, browser, verifier: Secret::new("v"), from: from.parse().unwrap(), ends: SIGN_IN_LIFE }
    }

    fn is_kept(sign_ins: &SignIns, nth: usize) -> bool {
        sign_ins.take(&Secret::new(nth.to_string()), Duration::ZERO).is_some()
    }

    #[test]
    fn a_state_is_good_once_and_for_its_time() {
        let sign_ins = SignIns::default();
        sign_ins.add(under_way(1, "10.0.0.1"), Duration::ZERO);
        sign_ins.add(under_way(2, "10.0.0.1"), Duration::ZERO);
        assert!(is_kept(&sign_ins, 1) && !is_kept(&sign_ins, 1));
        assert!(sign_ins.take(&Secret::new("2"), SIGN_IN_LIFE).is_none(), "it is over");
        assert!(!is_kept(&sign_ins, 2), "and was used up");
    }

    #[test]
    fn what_is_under_way_is_bounded_for_one_and_for_all() {
        let sign_ins = SignIns::default();
        for nth in 0..=UNDER_WAY_OF_ONE_MAX {
            sign_ins.add(under_way(nth, "10.0.0.1"), Duration::ZERO);
        }
        sign_ins.add(under_way(1_000_000, "10.0.0.2"), Duration::ZERO);
        assert!(!is_kept(&sign_ins, 0), "the oldest of one gives way");
        assert!(is_kept(&sign_ins, 1) && is_kept(&sign_ins, 1_000_000));
        for nth in 0..2 * UNDER_WAY_MAX {
            sign_ins.add(under_way(nth, &format!("10.1.{}.{}", nth / 250, nth % 250)), Duration::ZERO);
        }
        assert_eq!(sign_ins.lock().len(), UNDER_WAY_MAX);
        sign_ins.add(UnderWay { ends: 2 * SIGN_IN_LIFE, ..under_way(7, "10.0.0.9") }, SIGN_IN_LIFE);
        assert_eq!(sign_ins.lock().len(), 1, "what is over is forgotten");
    }
}
