//! What Discord's REST allows, judged on monotonic time alone: buckets learned from its headers, the global limit, the
//! gate that closes for everybody after a global 429, the stop after a 401, and the count of invalid requests.
//!
//! It decides when a request may leave and refuses to know what is in it.
//!
//! Source: Discord API documentation, "Rate Limits" (buckets, scopes, global limit, invalid request limit).

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// Requests per second over all routes but those of interactions.
pub const GLOBAL_PER_SECOND: usize = 50;
/// The second of the global limit, with a margin for what the network delays.
const GLOBAL_WINDOW: Duration = Duration::from_millis(1_050);
/// How long 401, 403 and 429 answers are counted.
const INVALID_WINDOW: Duration = Duration::from_secs(600);
/// From here on the page warns. Discord bans the address at 10,000.
pub const INVALID_WARN: usize = 100;
/// From here on nothing leaves until old ones have run out of the window.
pub const INVALID_STOP: usize = 1_000;
/// What a limit says when it does not say how long.
const RETRY_DEFAULT: Duration = Duration::from_secs(5);
/// The same for an answer that did not come from Discord's API but from the network in front of it.
const RETRY_FOREIGN: Duration = Duration::from_secs(60);
/// No limit makes us wait longer than this at once.
pub const RETRY_MAX: Duration = Duration::from_secs(3_600);
/// Added to every wait, since a limit's end is told with a precision of milliseconds.
const RETRY_MARGIN: Duration = Duration::from_millis(50);
/// Ends of the same window that Discord tells differ by less than this.
const SAME_WINDOW: Duration = Duration::from_millis(500);
/// Buckets that are kept in memory; idle ones go first.
const BUCKETS_MAX: usize = 2_000;

/// Which limit a request falls under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Method and path with ids left out, so that all requests of a kind look alike.
    pub template: String,
    /// The guild, channel or webhook whose limit it is.
    pub major: String,
    /// Answers to interactions carry a token of their own and are outside the global limit.
    pub interaction: bool,
}

/// What an answer's head says about limits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    pub status: u16,
    pub bucket: Option<String>,
    pub limit: Option<u32>,
    pub remaining: Option<u32>,
    /// Since 1970, by Discord's clock.
    pub reset: Option<Duration>,
    pub reset_after: Option<Duration>,
    /// Of a 429, from its head or body; none when it says nothing readable.
    pub retry_after: Option<Duration>,
    pub global: bool,
    /// A limit that others used up: it does not count against us.
    pub shared: bool,
    /// The answer carries none of the marks of Discord's API.
    pub foreign: bool,
}

/// Whether a request may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and has been counted.
    Go,
    /// Not before this moment.
    At(Instant),
    /// Not before another request of the bucket, or the check of our token, has come back.
    Busy,
    /// Never again: Discord does not accept our token.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Fine,
    /// A 401 came; one call is out to confirm it.
    Doubtful,
    Lost,
}

#[derive(Debug, Default)]
struct Bucket {
    /// Whether an answer has told us the limit.
    known: bool,
    /// None: no limit is told for this bucket.
    limit: Option<u32>,
    /// How many requests of this window Discord has counted, by the latest word on it: answers overtake each other.
    used: u32,
    /// When the window ends by Discord's clock, which tells windows apart.
    window: Option<Duration>,
    resets_at: Option<Instant>,
    closed_until: Option<Instant>,
    in_flight: u32,
}

/// Everything we know about limits.
#[derive(Debug)]
pub struct Limits {
    /// The bucket that a template belongs to, once told.
    names: HashMap<String, String>,
    buckets: HashMap<String, Bucket>,
    /// When the requests of the last second left.
    sent: VecDeque<Instant>,
    closed_until: Option<Instant>,
    /// As above, for interactions too: the network in front of Discord turned us away.
    barred_until: Option<Instant>,
    invalid: VecDeque<Instant>,
    trust: Trust,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            names: HashMap::new(),
            buckets: HashMap::new(),
            sent: VecDeque::new(),
            closed_until: None,
            barred_until: None,
            invalid: VecDeque::new(),
            trust: Trust::Fine,
        }
    }
}

impl Limits {
    /// Whether a request of this route may leave now; counts it if so.
    pub fn ask(&mut self, route: &Route, now: Instant) -> Verdict {
        match self.trust {
            Trust::Lost => return Verdict::Never,
            Trust::Doubtful => return Verdict::Busy,
            Trust::Fine => {}
        }
        if let Some(at) = self.closed(route.interaction, now) {
            return Verdict::At(at);
        }
        let key = self.key(route);
        self.make_room(now);
        let verdict = self.buckets.entry(key).or_default().ask(now);
        if verdict == Verdict::Go && !route.interaction {
            self.sent.push_back(now);
        }
        verdict
    }

    /// The request came back with this answer, or (none) got none.
    pub fn learn(&mut self, route: &Route, told: Option<&Told>, now: Instant) {
        let key = self.key(route);
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.in_flight = bucket.in_flight.saturating_sub(1);
        }
        let Some(told) = told else {
            if let Some(bucket) = self.buckets.get_mut(&key) {
                bucket.learn(None, now);
            }
            return;
        };
        self.count_invalid(told, now);
        let key = self.rename(route, told, key);
        let bucket = self.buckets.entry(key).or_default();
        bucket.learn(Some(told), now);
        if told.status != 429 {
            return;
        }
        let until = now + told.wait();
        if told.foreign {
            self.barred_until = self.barred_until.max(Some(until));
        } else if told.global {
            self.closed_until = self.closed_until.max(Some(until));
        } else {
            bucket.closed_until = bucket.closed_until.max(Some(until));
        }
    }

    /// A 401 came. True for the first one, whose bearer confirms it; everybody else waits.
    pub fn doubt(&mut self) -> bool {
        let first = self.trust == Trust::Fine;
        if first {
            self.trust = Trust::Doubtful;
        }
        first
    }

    /// The doubt was groundless.
    pub fn trust(&mut self) {
        if self.trust == Trust::Doubtful {
            self.trust = Trust::Fine;
        }
    }

    /// Discord does not accept our token: nothing leaves any more.
    pub fn lose(&mut self) {
        self.trust = Trust::Lost;
    }

    /// Answers of the last ten minutes that Discord counts as invalid requests.
    pub fn invalid_requests(&mut self, now: Instant) -> usize {
        while self.invalid.front().is_some_and(|at| now.duration_since(*at) >= INVALID_WINDOW) {
            self.invalid.pop_front();
        }
        self.invalid.len()
    }

    /// Until when nothing of this kind may leave, whatever its bucket.
    fn closed(&mut self, interaction: bool, now: Instant) -> Option<Instant> {
        if self.invalid_requests(now) >= INVALID_STOP {
            return self.invalid.front().map(|oldest| *oldest + INVALID_WINDOW);
        }
        let later = |until: Option<Instant>| until.filter(|until| *until > now);
        if let Some(until) = later(self.barred_until) {
            return Some(until);
        }
        if interaction {
            return None;
        }
        if let Some(until) = later(self.closed_until) {
            return Some(until);
        }
        while self.sent.front().is_some_and(|at| now.duration_since(*at) >= GLOBAL_WINDOW) {
            self.sent.pop_front();
        }
        let full = self.sent.len() >= GLOBAL_PER_SECOND;
        full.then(|| self.sent.front().map(|oldest| *oldest + GLOBAL_WINDOW)).flatten()
    }

    fn count_invalid(&mut self, told: &Told, now: Instant) {
        let counts = matches!(told.status, 401 | 403) || (told.status == 429 && !told.shared);
        if counts && self.invalid_requests(now) < INVALID_STOP {
            self.invalid.push_back(now);
        }
    }

    fn key(&self, route: &Route) -> String {
        let name = self.names.get(&route.template).unwrap_or(&route.template);
        format!("{name} {}", route.major)
    }

    /// Moves what we know of a template's bucket to the name that Discord gave it.
    fn rename(&mut self, route: &Route, told: &Told, key: String) -> String {
        let Some(name) = &told.bucket else { return key };
        if self.names.get(&route.template) == Some(name) {
            return key;
        }
        if self.names.len() >= BUCKETS_MAX {
            self.names.clear();
        }
        self.names.insert(route.template.clone(), name.clone());
        let renamed = self.key(route);
        if let Some(bucket) = self.buckets.remove(&key) {
            self.buckets.entry(renamed.clone()).or_default().in_flight += bucket.in_flight;
        }
        renamed
    }

    fn make_room(&mut self, now: Instant) {
        if self.buckets.len() >= BUCKETS_MAX {
            self.buckets.retain(|_, bucket| !bucket.is_idle(now));
        }
    }
}

impl Bucket {
    fn ask(&mut self, now: Instant) -> Verdict {
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Verdict::At(until);
        }
        if !self.known {
            // The first answer tells the limit; until then one at a time.
            if self.in_flight > 0 {
                return Verdict::Busy;
            }
        } else if let Some(limit) = self.limit {
            if self.resets_at.is_none_or(|at| at <= now) {
                (self.used, self.resets_at) = (0, None);
            }
            // Those under way may not be in Discord's count yet.
            if self.used.saturating_add(self.in_flight) >= limit {
                return self.resets_at.map_or(Verdict::Busy, Verdict::At);
            }
        }
        self.in_flight += 1;
        Verdict::Go
    }

    fn learn(&mut self, told: Option<&Told>, now: Instant) {
        let Some((told, limit, remaining)) = told.and_then(|told| Some((told, told.limit?, told.remaining?))) else {
            // An error page in front of Discord tells nothing; an answer of Discord without these has no bucket.
            self.known |= told.is_some_and(|told| told.status < 500 && !told.foreign);
            // It may have been counted all the same.
            self.used = self.used.saturating_add(1);
            return;
        };
        let used = limit.saturating_sub(remaining);
        (self.known, self.limit) = (true, Some(limit.max(1)));
        match (told.reset, self.window.filter(|_| self.resets_at.is_some())) {
            (Some(reset), Some(window)) if reset + SAME_WINDOW < window => return,
            (Some(reset), Some(window)) if reset <= window + SAME_WINDOW => self.used = self.used.max(used),
            _ => self.used = used,
        }
        self.window = told.reset;
        self.resets_at = Some(now + told.reset_after.unwrap_or(RETRY_DEFAULT) + RETRY_MARGIN);
    }

    fn is_idle(&self, now: Instant) -> bool {
        let passed = |until: Option<Instant>| until.is_none_or(|until| until <= now);
        self.in_flight == 0 && passed(self.resets_at) && passed(self.closed_until)
    }
}

impl Told {
    /// Reads an answer's head. `header` gives a header's value by its lower-case name.
    pub fn read<'a>(status: u16, header: impl Fn(&str) -> Option<&'a str>, body: &[u8]) -> Self {
        let seconds = |name: &str| header(name).and_then(|value| clamp(value.trim().parse().ok()?));
        let count = |name: &str| header(name).and_then(|value| value.trim().parse().ok());
        let mut told = Self {
            status,
            bucket: header("x-ratelimit-bucket").map(str::to_owned),
            limit: count("x-ratelimit-limit"),
            remaining: count("x-ratelimit-remaining"),
            reset: header("x-ratelimit-reset").and_then(|value| epoch(value.trim().parse().ok()?)),
            reset_after: seconds("x-ratelimit-reset-after"),
            ..Self::default()
        };
        if status == 429 {
            let said: Said = serde_json::from_slice(body).unwrap_or_default();
            let scope = header("x-ratelimit-scope").unwrap_or_default();
            told.retry_after = seconds("retry-after").or_else(|| clamp(said.retry_after?));
            told.global = said.global || scope == "global" || header("x-ratelimit-global").is_some();
            told.shared = scope == "shared";
            told.foreign = said.retry_after.is_none() && scope.is_empty() && told.bucket.is_none() && !told.global;
        }
        told
    }

    /// How long to wait after this 429.
    pub fn wait(&self) -> Duration {
        let unsaid = if self.foreign { RETRY_FOREIGN } else { RETRY_DEFAULT };
        self.retry_after.unwrap_or(unsaid) + RETRY_MARGIN
    }
}

/// The body of a 429.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Said {
    retry_after: Option<f64>,
    global: bool,
}

/// Seconds as a duration; none for what is no number of seconds, at most [`RETRY_MAX`] for what is absurd.
fn clamp(seconds: f64) -> Option<Duration> {
    let sane = seconds >= 0.0;
    sane.then(|| Duration::from_secs_f64(seconds.min(RETRY_MAX.as_secs_f64())))
}

/// Seconds since 1970 as a duration; none for what cannot be a time.
fn epoch(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// The route of a request: ids give way to `{}`, but for the first, which is the major one.
pub fn route(method: &str, path: &str) -> Route {
    let mut template = method.to_owned();
    let mut major = String::new();
    let segments: Vec<&str> = path.trim_start_matches('/').split('?').next().unwrap_or_default().split('/').collect();
    let interaction =
        segments.first() == Some(&"interactions") || (segments.first() == Some(&"webhooks") && segments.len() > 2);
    for (index, segment) in segments.iter().enumerate() {
        template.push('/');
        let token = index == 2 && interaction;
        if index == 1 && matches!(segments[0], "channels" | "guilds" | "webhooks" | "interactions") || token {
            major.push_str(segment);
            major.push('/');
            template.push_str("{}");
        } else if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            template.push_str("{}");
        } else {
            template.push_str(segment);
        }
    }
    Route { template, major, interaction }
}

#[cfg(test)]
mod tests;
