//! Times as this dialect writes them: ISO 8601 in UTC, without saying so.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::model::Timestamp;

/// `2026-01-31T12:00:00`, and six digits of a second where it is no whole one: older Pythons read no other fractions,
/// and no `Z`.
pub fn written(at: Timestamp) -> String {
    let form = if at.ms().rem_euclid(1_000) == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    at.utc().format(form).to_string()
}

/// What Python's `isoformat` writes, or RFC 3339: with an offset, which is heeded, or without one, which is UTC.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let ms = |time: NaiveDateTime| Timestamp::from_ms(time.and_utc().timestamp_millis());
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(Timestamp::from_ms(time.timestamp_millis()));
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"] {
        if let Ok(time) = DateTime::parse_from_str(text, form) {
            return Some(Timestamp::from_ms(time.timestamp_millis()));
        }
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, form) {
            return Some(ms(time));
        }
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0)).map(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_writes_is_read_and_written_as_it_reads() {
        for (text, same) in [
            ("2026-01-31T12:00:00", "2026-01-31T12:00:00"),
            ("2026-01-31T12:00:00.250000", "2026-01-31T12:00:00.250000"),
            ("2026-01-31T12:00:00.123456", "2026-01-31T12:00:00.123000"),
            ("2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00"),
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00"),
            ("2026-01-31T14:30:00.500000+02:30", "2026-01-31T12:00:00.500000"),
            ("2026-01-31T07:00:00-0500", "2026-01-31T12:00:00"),
            ("2026-01-31 12:00:00", "2026-01-31T12:00:00"),
            ("2026-01-31 12:00:00+00:00", "2026-01-31T12:00:00"),
            ("2026-01-31T12:00", "2026-01-31T12:00:00"),
            ("2026-01-31", "2026-01-31T00:00:00"),
        ] {
            assert_eq!(read(text).map(written).as_deref(), Some(same), "{text}");
        }
        for none in
            ["", "soon", "12:00", "2026-02-30", "2026-01-31T25:00:00", "2026-01-31T12:00:00+99:00", "1769860800"]
        {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
