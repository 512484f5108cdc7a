//! A component or dependency that was last checked long ago.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::{At, RawComponent};
use jiff::civil::Date;

/// Something was last checked too long ago, or in the future.
pub const CODE: Code =
    Code { id: "stale-verified", summary: "something was last checked too long ago, or in the future" };

/// When what was checked counts as checked too long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staleness {
    /// The day against which `verified` is held.
    pub today: Date,
    /// Days after which it is stale.
    pub after_days: i32,
}

impl Staleness {
    /// Days after which a check is stale unless something else is asked for.
    pub const DAYS: i32 = 365;

    /// With the usual age.
    pub fn on(today: Date) -> Self {
        Staleness { today, after_days: Self::DAYS }
    }
}

/// Compares every `verified` with today.
pub fn check(components: &[&RawComponent], staleness: Staleness, problems: &mut Vec<Diagnostic>) {
    for c in components {
        let of_edges = c.depends_on.iter().map(|d| ("dependency", &d.verified));
        for (what, verified) in std::iter::once(("component", &c.verified)).chain(of_edges) {
            problems.extend(verified.as_ref().and_then(|date| problem(what, date, staleness)));
        }
    }
}

fn problem(what: &str, date: &At<Date>, staleness: Staleness) -> Option<Diagnostic> {
    let age = (staleness.today - date.value).get_days();
    if age < 0 {
        let future = Diagnostic::warning(CODE, "checked on a day that is still to come");
        return Some(future.at(date.span, "in the future").help("correct the date"));
    }
    (age > staleness.after_days).then(|| {
        Diagnostic::hint(CODE, format!("last checked {age} days ago"))
            .at(date.span, "stale")
            .help(format!("check that the {what} is still so, then set `verified` to the day you did"))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{component: b, verified: 2020-01-01}]}, b: {kind: cdn}}",
        );
        crate::graph::rules::testing::fires(super::CODE, "components: {a: {kind: cdn, verified: 2020-01-01}}");
    }
}
