//! A dependency that was last checked long ago.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::RawGraph;
use jiff::civil::Date;

/// A dependency was last checked over a year ago, or in the future.
pub const CODE: Code =
    Code { id: "stale-verified", summary: "a dependency was last checked over a year ago, or in the future" };

/// Days after which a check is stale.
const STALE_DAYS: i32 = 365;

/// Compares every `verified` with `today`.
pub fn check(graph: &RawGraph, today: Date, problems: &mut Vec<Diagnostic>) {
    for date in graph.components.iter().flat_map(|c| &c.depends_on).filter_map(|d| d.verified.as_ref()) {
        let age = (today - date.value).get_days();
        if age > STALE_DAYS {
            problems.push(
                Diagnostic::hint(CODE, format!("last checked {age} days ago"))
                    .at(date.span, "stale")
                    .help("check that the dependency still holds, then set `verified` to the day you did"),
            );
        } else if age < 0 {
            problems.push(
                Diagnostic::warning(CODE, "checked on a day that is still to come")
                    .at(date.span, "in the future")
                    .help("correct the date"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{component: b, verified: 2020-01-01}]}, b: {kind: cdn}}",
        );
    }
}
