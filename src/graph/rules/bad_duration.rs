//! A duration that cannot be read.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::At;

/// A duration cannot be read.
pub const CODE: Code = Code { id: "bad-duration", summary: "a duration cannot be read" };

/// Durations are at most this many seconds: ten years.
const MAX_SECONDS: f64 = 3.2e8;

/// Seconds of a duration such as `45s`, `5m`, `1h30m`, `2d`; `None` if it is not one.
pub fn parse(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|&i| i > 0)?;
        let value: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |i| digits + i);
        seconds += value
            * match rest[digits..unit].trim() {
                "s" | "sec" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 604_800.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (seconds <= MAX_SECONDS).then_some(seconds)
}

/// `key` is not a duration.
pub fn problem(key: &str, text: &At<String>) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{key}` is not a duration: `{}`", text.value))
        .at(text.span, "not a duration")
        .help("write a number and a unit, e.g. 45s, 5m, 1h30m, 2d; at most ten years")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{component: b, lag: soon}]}, b: {kind: cdn}}",
        );
    }

    #[test]
    fn reads_durations() {
        for (text, seconds) in [("45s", 45.0), ("5m", 300.0), ("1h30m", 5400.0), ("2d", 172_800.0), ("1.5h", 5400.0)] {
            assert_eq!(super::parse(text), Some(seconds), "{text}");
        }
        for text in ["", "5", "m", "-5m", "5 parsecs", "1e9h", "9999999999999d", "é"] {
            assert_eq!(super::parse(text), None, "{text}");
        }
    }
}
