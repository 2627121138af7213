//! Discord's rate limits: a bucket for each kind of request and the thing it is about, and one for everything.
//!
//! Source: Discord API documentation, "Rate Limits". The numbers of the buckets are not documented; these are of the
//! size that the real ones had when they were last seen.

use std::collections::HashMap;
use std::time::Duration;

use super::routes::Route;
use super::{Response, World};
use serde_json::json;

/// Requests of all kinds in a second, interactions' own aside.
const GLOBAL_PER_SECOND: u32 = 50;

/// Buckets remembered; when there are more, those that ended are forgotten.
const BUCKETS_MAX: usize = 4_096;

/// What was used of each limit. Times are the clock's monotonic ones.
#[derive(Debug, Default)]
pub struct Limits {
    buckets: HashMap<(&'static str, String), Window>,
    global: Window,
}

#[derive(Debug, Default, Clone, Copy)]
struct Window {
    since: Duration,
    used: u32,
}

impl Window {
    /// Counts one more; how many were used (with this one), and how long until the window ends.
    fn count(&mut self, now: Duration, length: Duration) -> (u32, Duration) {
        if self.used == 0 || now >= self.since + length {
            *self = Self { since: now, used: 0 };
        }
        self.used = self.used.saturating_add(1);
        (self.used, (self.since + length).saturating_sub(now))
    }
}

impl World {
    /// Counts a request. Gives the headers that tell of the bucket, and the answer if the request is one too many.
    pub(super) fn count_against_limits(
        &mut self,
        route: &Route,
        params: &[String],
    ) -> (Vec<(String, String)>, Option<Response>) {
        let Some(bucket) = route.bucket.filter(|_| self.config.rate_limits) else { return (Vec::new(), None) };
        let now = self.clock.monotonic();
        if bucket.counts_globally {
            let (used, left) = self.limits.global.count(now, Duration::from_secs(1));
            if used > GLOBAL_PER_SECOND {
                return (Vec::new(), Some(too_many(left, true)));
            }
        }
        if self.limits.buckets.len() > BUCKETS_MAX {
            self.limits.buckets.retain(|_, window| now < window.since + Duration::from_secs(60));
        }
        let major = params.iter().take(bucket.majors).cloned().collect::<Vec<_>>().join("/");
        let window = self.limits.buckets.entry((bucket.name, major)).or_default();
        let (used, left) = window.count(now, bucket.per);
        let reset = self.clock.now().ms() as f64 / 1000.0 + left.as_secs_f64();
        let headers = [
            ("x-ratelimit-bucket", hash(bucket.name)),
            ("x-ratelimit-limit", bucket.limit.to_string()),
            ("x-ratelimit-remaining", bucket.limit.saturating_sub(used).to_string()),
            ("x-ratelimit-reset", format!("{reset:.3}")),
            ("x-ratelimit-reset-after", format!("{:.3}", left.as_secs_f64())),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        (headers, (used > bucket.limit).then(|| too_many(left, false)))
    }
}

fn too_many(left: Duration, global: bool) -> Response {
    let seconds = (left.as_secs_f64() * 1000.0).ceil() / 1000.0;
    let body = json!({"message": "You are being rate limited.", "retry_after": seconds, "global": global});
    let answer = Response::json(429, &body)
        .header("retry-after", &(seconds.ceil() as u64).to_string())
        .header("x-ratelimit-scope", if global { "global" } else { "user" });
    if global { answer.header("x-ratelimit-global", "true") } else { answer }
}

/// A bucket's name as Discord shows it: some hexadecimal digits (FNV-1a of ours).
fn hash(name: &str) -> String {
    let fold = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(0x0000000001000000000000000000013b);
    format!("{:032x}", name.bytes().fold(0x6c62272e07bb014262b821756295c58d, fold))
}
