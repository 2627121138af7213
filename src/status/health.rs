//! A report as the JSON of `/healthz`. The field names are a promise to scripts: add, never rename.

use std::time::Duration;

use serde::Serialize;

use super::page::plain;
use super::{Health, Report};

#[derive(Serialize)]
struct Body<'a> {
    status: &'static str,
    version: &'static str,
    uptime_seconds: u64,
    gateway: Gateway,
    store: Store,
    checks: Vec<CheckBody<'a>>,
}

/// Ages are null before the first time.
#[derive(Serialize)]
struct Gateway {
    state: &'static str,
    ack_age_ms: Option<u64>,
    dispatch_age_ms: Option<u64>,
    latency_ms: u64,
    resumes: u64,
    identifies_24h: u64,
}

#[derive(Serialize)]
struct Store {
    writable: bool,
    last_commit_age_ms: Option<u64>,
}

#[derive(Serialize)]
struct CheckBody<'a> {
    name: &'a str,
    ok: bool,
    detail: String,
    action: String,
    since: Option<String>,
}

/// How much of a report a visitor may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// All of it.
    Full,
    /// No sentences: they may name roles and channels.
    Numbers,
}

/// The status code for a report, and its JSON.
pub fn json(report: &Report, detail: Detail) -> (u16, String) {
    let reading = &report.reading;
    let gateway = Gateway {
        state: reading.gateway.word(),
        ack_age_ms: reading.ack_age.map(ms),
        dispatch_age_ms: reading.dispatch_age.map(ms),
        latency_ms: reading.latency_ms,
        resumes: reading.resumes,
        identifies_24h: reading.identifies_24h,
    };
    let checks = report.checks.iter().map(|check| CheckBody {
        name: &check.name,
        ok: check.is_ok(),
        detail: if detail == Detail::Full { plain(&check.detail) } else { String::new() },
        action: if detail == Detail::Full { plain(&check.action) } else { String::new() },
        since: check.since.map(|since| since.rfc3339()),
    });
    let body = Body {
        status: report.health.word(),
        version: super::VERSION,
        uptime_seconds: reading.uptime.as_secs(),
        gateway,
        store: Store { writable: reading.store_writable, last_commit_age_ms: reading.commit_age.map(ms) },
        checks: checks.collect(),
    };
    (code(report.health), serde_json::to_string(&body).unwrap_or_default())
}

/// The status code of `/healthz`: a bot that limps still answers 200, so that nobody restarts it for that.
pub const fn code(health: Health) -> u16 {
    match health {
        Health::Ok | Health::Degraded => 200,
        Health::Down => 503,
    }
}

fn ms(age: Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clock, Timestamp};
    use crate::status::Vitals;
    use crate::status::vitals::GatewayState;
    use expect_test::expect;

    #[test]
    fn the_shape_is_what_scripts_rely_on() {
        let clock = Clock::hand(Timestamp::from_ms(1_700_000_000_000));
        let vitals = Vitals::new(clock.clone());
        vitals.set_gateway(GatewayState::Connected);
        clock.advance(Duration::from_millis(61_500));
        vitals.note_ack();
        vitals.problem("role.7", "The role \"Regular\" is above mine.", "Move mine up.");
        clock.advance(Duration::from_millis(250));
        let (code, json) = json(&Report::of(&vitals), Detail::Full);
        assert_eq!(code, 200);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut short = value.clone();
        short["checks"].as_array_mut().unwrap().retain(|check| check["ok"] == false || check["name"] == "heartbeat");
        short["version"] = "0".into();
        expect![[r#"
            {
              "checks": [
                {
                  "action": "",
                  "detail": "Discord answered a heartbeat less than a minute ago.",
                  "name": "heartbeat",
                  "ok": true,
                  "since": null
                },
                {
                  "action": "Move mine up.",
                  "detail": "The role \"Regular\" is above mine.",
                  "name": "role.7",
                  "ok": false,
                  "since": "2023-11-14T22:14:21.500Z"
                }
              ],
              "gateway": {
                "ack_age_ms": 250,
                "dispatch_age_ms": null,
                "identifies_24h": 0,
                "latency_ms": 0,
                "resumes": 0,
                "state": "connected"
              },
              "status": "degraded",
              "store": {
                "last_commit_age_ms": null,
                "writable": true
              },
              "uptime_seconds": 61,
              "version": "0"
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(&short).unwrap());
    }

    #[test]
    fn a_visitor_who_may_not_see_the_page_gets_no_sentences() {
        let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
        vitals.problem("role.7", "The role Secret is above mine.", "Move Secret.");
        let (_, json) = json(&Report::of(&vitals), Detail::Numbers);
        assert!(!json.contains("Secret") && json.contains("role.7"), "{json}");
    }
}
