//! A report in Prometheus' text format, version 0.0.4.
//!
//! Source: Prometheus documentation, "Exposition formats": a HELP and a TYPE line before a metric's samples; label
//! values escape backslash, quote and line feed; a histogram's buckets are cumulative and end with `+Inf`.

use std::fmt::Write;
use std::time::Duration;

use super::vitals::{COMMIT_BUCKETS_SECONDS, GatewayState};
use super::{Health, Report};

/// The media type of [`text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics.
pub fn text(report: &Report) -> String {
    let mut page = Page(String::with_capacity(8 * 1024));
    about(&mut page, report);
    gateway(&mut page, report);
    community(&mut page, report);
    store(&mut page, report);
    page.0
}

fn about(page: &mut Page, report: &Report) {
    page.head("innkeeper_build_info", "gauge", "Which version runs; always 1.");
    page.sample("innkeeper_build_info", &[("version", super::VERSION)], 1.0);
    page.one("innkeeper_uptime_seconds", "gauge", "Seconds since the start.", report.reading.uptime.as_secs_f64());
    page.head("innkeeper_health", "gauge", "1 for what /healthz says now, 0 for the rest.");
    for health in [Health::Ok, Health::Degraded, Health::Down] {
        page.sample("innkeeper_health", &[("status", health.word())], flag(report.health == health));
    }
    page.head("innkeeper_check_ok", "gauge", "1 when the check is well, 0 when it is not.");
    for check in &report.checks {
        page.sample("innkeeper_check_ok", &[("check", &check.name)], flag(check.is_ok()));
    }
}

fn gateway(page: &mut Page, report: &Report) {
    let reading = &report.reading;
    page.head("innkeeper_gateway_state", "gauge", "1 for the gateway's present state, 0 for the rest.");
    for state in GatewayState::ALL {
        page.sample("innkeeper_gateway_state", &[("state", state.word())], flag(reading.gateway == state));
    }
    let ages = [
        ("innkeeper_gateway_ack_age_seconds", "Seconds since Discord acknowledged a heartbeat.", reading.ack_age),
        ("innkeeper_gateway_dispatch_age_seconds", "Seconds since the last dispatch came in.", reading.dispatch_age),
    ];
    for (name, help, age) in ages {
        page.one(name, "gauge", help, age_seconds(age));
    }
    let latency = Duration::from_millis(reading.latency_ms).as_secs_f64();
    page.one("innkeeper_gateway_latency_seconds", "gauge", "How long Discord took to acknowledge.", latency);
    page.one("innkeeper_gateway_resumes_total", "counter", "Sessions resumed.", reading.resumes as f64);
    let logins = reading.identifies_24h as f64;
    page.one("innkeeper_gateway_identifies_24h", "gauge", "Logins in the last 24 hours.", logins);
    if let Some(skew) = reading.skew_ms {
        let help = "How far this computer's clock is ahead of Discord's.";
        page.one("innkeeper_clock_skew_seconds", "gauge", help, skew as f64 / 1000.0);
    }
}

fn community(page: &mut Page, report: &Report) {
    let reading = &report.reading;
    page.one("innkeeper_guilds", "gauge", "Guilds the bot is in.", reading.guilds as f64);
    page.one("innkeeper_members_seen", "gauge", "Members that were seen.", reading.members_seen as f64);
    page.one("innkeeper_messages_total", "counter", "Messages of guilds that came in.", reading.messages as f64);
    page.one("innkeeper_xp_awards_total", "counter", "Times that XP was given.", reading.xp_awards as f64);
    page.head("innkeeper_commands_total", "counter", "Commands by how they ended.");
    for count in reading.commands.iter() {
        let labels = [("command", count.command), ("outcome", count.outcome)];
        page.sample("innkeeper_commands_total", &labels, count.count as f64);
    }
    page.one("innkeeper_promises_due", "gauge", "Promises that are due.", reading.promises_due as f64);
    page.one("innkeeper_promises_failed", "gauge", "Promises that failed for good.", reading.promises_failed as f64);
}

fn store(page: &mut Page, report: &Report) {
    let reading = &report.reading;
    page.one("innkeeper_store_writable", "gauge", "1 when the database can be written.", flag(reading.store_writable));
    page.one("innkeeper_store_bytes", "gauge", "Size of the database.", reading.store_bytes as f64);
    let help = "Seconds since the last commit.";
    page.one("innkeeper_store_last_commit_age_seconds", "gauge", help, age_seconds(reading.commit_age));
    let (buckets, seconds) = &reading.commit_histogram;
    page.histogram("innkeeper_store_commit_seconds", "How long commits took.", buckets, *seconds);
}

/// Prometheus' way to say that something was never measured.
fn age_seconds(age: Option<Duration>) -> f64 {
    age.map_or(f64::NAN, |age| age.as_secs_f64())
}

const fn flag(on: bool) -> f64 {
    if on { 1.0 } else { 0.0 }
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.head(name, kind, help);
        self.sample(name, &[], value);
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{open}{label}=\"{}\"", label_value(text));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// `buckets` are counts by bucket, the open one last.
    fn histogram(&mut self, name: &str, help: &str, buckets: &[u64], sum: f64) {
        self.head(name, "histogram", help);
        let bounds = COMMIT_BUCKETS_SECONDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut below = 0;
        for (bound, count) in bounds.zip(buckets) {
            below += count;
            self.sample(&format!("{name}_bucket"), &[("le", &bound)], below as f64);
        }
        self.sample(&format!("{name}_sum"), &[], sum);
        self.sample(&format!("{name}_count"), &[], below as f64);
    }
}

fn label_value(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clock, Timestamp};
    use crate::status::Vitals;

    fn vitals() -> std::sync::Arc<Vitals> {
        let vitals = Vitals::new(Clock::hand(Timestamp::from_ms(0)));
        vitals.note_command("rank", "ok");
        vitals.note_command("rank", "ok");
        vitals.note_commit(Duration::from_micros(500));
        vitals.note_commit(Duration::from_millis(7));
        vitals.note_commit(Duration::from_secs(9));
        vitals
    }

    #[test]
    fn a_histogram_is_cumulative_and_ends_at_infinity() {
        let text = text(&Report::of(&vitals()));
        let lines: Vec<_> = text.lines().filter(|line| line.contains("commit_seconds")).collect();
        assert_eq!(
            lines[..2],
            [
                "# HELP innkeeper_store_commit_seconds How long commits took.",
                "# TYPE innkeeper_store_commit_seconds histogram",
            ]
        );
        assert_eq!(lines[2], "innkeeper_store_commit_seconds_bucket{le=\"0.001\"} 1");
        assert_eq!(lines[3], "innkeeper_store_commit_seconds_bucket{le=\"0.005\"} 1");
        assert_eq!(lines[4], "innkeeper_store_commit_seconds_bucket{le=\"0.01\"} 2");
        assert_eq!(lines[9], "innkeeper_store_commit_seconds_bucket{le=\"5\"} 2");
        assert_eq!(lines[10], "innkeeper_store_commit_seconds_bucket{le=\"+Inf\"} 3");
        assert_eq!(lines[11], "innkeeper_store_commit_seconds_sum 9.0075");
        assert_eq!(lines[12], "innkeeper_store_commit_seconds_count 3");
    }

    #[test]
    fn every_sample_follows_its_type_and_hostile_labels_stay_in_their_quotes() {
        let vitals = vitals();
        vitals.problem("a\"b\\c\nd} 1\ninnkeeper_fake 1", "x", "y");
        let text = text(&Report::of(&vitals));
        assert!(text.contains(r#"innkeeper_check_ok{check="a\"b\\c\nd} 1\ninnkeeper_fake 1"} 0"#));
        let mut known = String::new();
        for line in text.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(kind) => known = kind.split(' ').next().unwrap().to_owned(),
                None if line.starts_with('#') => {}
                None => {
                    assert!(!known.is_empty() && line.starts_with(&known), "{line}");
                    let value = line.rsplit(' ').next().unwrap();
                    assert!(value.parse::<f64>().is_ok(), "{line}");
                }
            }
        }
        assert!(text.contains("innkeeper_commands_total{command=\"rank\",outcome=\"ok\"} 2"));
        assert!(text.contains("innkeeper_gateway_ack_age_seconds NaN"));
    }
}
