//! A date that cannot be read.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::At;
use jiff::civil::Date;

/// A date cannot be read.
pub const CODE: Code = Code { id: "bad-date", summary: "a date cannot be read" };

/// A date such as `2026-05-01`.
pub fn parse(text: &str) -> Option<Date> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    plain.then(|| text.parse().ok()).flatten()
}

/// `verified` is not a date.
pub fn problem(text: &At<String>) -> Diagnostic {
    Diagnostic::error(CODE, format!("`verified` is not a date: `{}`", text.value))
        .at(text.span, "not a date")
        .help("write year-month-day, e.g. 2026-05-01")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{component: b, verified: 2026-02-30}]}, b: {kind: cdn}}",
        );
    }
}
