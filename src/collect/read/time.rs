//! Times as feeds write them. All end as instants; none is ever compared as text.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::Value;

/// Instants before are no times but zeros that stand for "none": 1990-01-01.
const FIRST_SECOND: i64 = 631_152_000;

/// Instants after are no times of a feed: 2200-01-01.
const LAST_SECOND: i64 = 7_258_118_400;

/// Numbers from here on are milliseconds: as seconds, they would lie beyond the year 5000.
const FIRST_MILLISECONDS: f64 = 1e11;

/// The instant that `value` names: a text as for [`parse`], or seconds or milliseconds since 1970.
pub fn of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(s) => parse(s),
        Value::Number(n) => epoch(n.as_f64()?),
        _ => None,
    }
}

/// The instant at `path` of `value`, names with dots between.
pub fn at(value: &Value, path: &str) -> Option<Timestamp> {
    of(super::json::get(value, path)?)
}

/// The instant that `text` names, in RFC 3339 (with `Z` or an offset), RFC 822 (with an offset, `Z`, `GMT` or the zones of
/// the United States), as seconds or milliseconds since 1970, or as `YYYY-MM-DD HH:MM:SS` without a zone, which is then
/// UTC. `None` for anything else, and for the zeros that some feeds write for "none".
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    let found = text.parse::<Timestamp>().ok().or_else(|| rfc822(text)).or_else(|| without_zone(text));
    found.filter(plausible).or_else(|| epoch(text.parse().ok()?))
}

/// Seconds or milliseconds since 1970, told apart by size.
pub fn epoch(number: f64) -> Option<Timestamp> {
    let milliseconds = if number.abs() < FIRST_MILLISECONDS { number * 1000.0 } else { number };
    if !milliseconds.is_finite() || milliseconds.abs() > 1e15 {
        return None;
    }
    Timestamp::from_millisecond(milliseconds.round() as i64).ok().filter(plausible)
}

/// The zone-less `YYYY-MM-DD HH:MM[:SS]`, in UTC. A date alone is none: nobody's trouble begins at midnight.
fn without_zone(text: &str) -> Option<Timestamp> {
    if !text.contains(':') {
        return None;
    }
    TimeZone::UTC.to_timestamp(text.parse::<civil::DateTime>().ok()?).ok()
}

fn rfc822(text: &str) -> Option<Timestamp> {
    let (rest, zone) = text.rsplit_once(' ')?;
    let offset = match zone {
        "Z" | "UTC" | "GMT" | "UT" => "+0000",
        "EST" | "CDT" => "-0500",
        "EDT" => "-0400",
        "CST" | "MDT" => "-0600",
        "MST" | "PDT" => "-0700",
        "PST" => "-0800",
        "CET" => "+0100",
        "CEST" => "+0200",
        other => other,
    };
    // The day of the week is often wrong and says nothing.
    let rest = rest.split_once(", ").map_or(rest, |(_, day)| day);
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(format!("{rest} {offset}"));
    zoned.ok()
}

fn plausible(at: &Timestamp) -> bool {
    (FIRST_SECOND..LAST_SECOND).contains(&at.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_a_time_is_read() {
        let wanted: Timestamp = "2026-11-18T14:23:41Z".parse().unwrap();
        for text in [
            "2026-11-18T14:23:41Z",
            "2026-11-18T14:23:41.000+00:00",
            "2026-11-18T06:23:41-08:00",
            "2026-11-18T06:23:41-0800",
            "2026-11-18 14:23:41",
            "Wed, 18 Nov 2026 06:23:41 PST",
            "Wed, 18 Nov 2026 07:23:41 PDT",
            "Wed, 18 Nov 2026 14:23:41 Z",
            "Wed, 18 Nov 2026 14:23:41 GMT",
            "Wed, 18 Nov 2026 14:23:41 +0000",
            "Thu, 18 Nov 2026 14:23:41 +0000",
            "18 Nov 2026 14:23:41 +0000",
            "1795011821",
            "1795011821000",
        ] {
            assert_eq!(parse(text), Some(wanted), "{text}");
        }
        assert_eq!(of(&json!(1_795_011_821)), Some(wanted));
        assert_eq!(of(&json!(1_795_011_821_000_i64)), Some(wanted));
        assert_eq!(of(&json!(1_795_011_821.0)), Some(wanted));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "now", "0001-01-01T00:00:00Z", "0", "2026-11-18", "NaN", "1e300", "18 Foo 2026 14:00:00 Z", "-1"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        for value in [json!(null), json!(0), json!([1]), json!(true), json!(-5)] {
            assert_eq!(of(&value), None, "{value}");
        }
    }
}
