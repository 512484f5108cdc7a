//! What a scenario expects, and whether a report keeps to it.

use super::bound::{Bound, Outcome};
use crate::report::compose::LEADS;
use crate::report::text::probability;
use crate::report::view::{Cause, Report, VerdictKind};
use std::collections::BTreeSet;

/// The verdicts that can be expected.
pub(super) const VERDICTS: [VerdictKind; 5] = [
    VerdictKind::CommonCause,
    VerdictKind::SeveralCauses,
    VerdictKind::Independent,
    VerdictKind::UnknownCause,
    VerdictKind::Inconclusive,
];
/// A component that a report does not list is less probable than this.
const UNLISTED: f64 = 0.01;

/// What must hold of a report. Names are ids of the graph; empty and `None` ask nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expect {
    /// One of these.
    pub verdict: Vec<VerdictKind>,
    /// One of these comes first, or cannot be told apart from what does.
    pub top: Vec<String>,
    /// Chance of each.
    pub causes: Vec<(String, Bound)>,
    /// Less probable than what leads.
    pub never: Vec<String>,
    /// The first cause explains these.
    pub explains: Vec<String>,
    /// Exactly these are left unexplained.
    pub unexplained: Option<Vec<String>>,
    /// Chance of a fault in each kind or family.
    pub kinds: Vec<(String, Bound)>,
}

/// One expectation beside what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What of the report, e.g. `causes okta`.
    pub what: String,
    /// What should be.
    pub expected: String,
    /// What is.
    pub got: String,
    /// Whether that is enough.
    pub outcome: Outcome,
}

impl Expect {
    /// Every expectation beside what the report says, in the order of the fields.
    pub fn judge(&self, report: &Report) -> Vec<Check> {
        let mut checks = Vec::new();
        if !self.verdict.is_empty() {
            let words: Vec<String> = self.verdict.iter().map(|v| v.as_str().to_string()).collect();
            let outcome = holds(self.verdict.contains(&report.verdict.kind));
            let got = report.verdict.kind.as_str().to_string();
            checks.push(Check { what: "verdict".to_string(), expected: words.join(" or "), got, outcome });
        }
        if !self.top.is_empty() {
            checks.push(self.first(report));
        }
        for (id, bound) in &self.causes {
            let (low, high) = chance_of(report, id);
            checks.push(bounded(format!("causes {id}"), bound, low, high));
        }
        for id in &self.never {
            let below = Bound::below(LEADS);
            let (low, high) = chance_of(report, id);
            let tied = report.causes.first().filter(|c| c.tied_probability >= LEADS && c.ties.contains(id));
            let mut check = bounded(format!("never {id}"), &below, low, high);
            if let Some(leader) = tied.filter(|leader| leader.component != *id) {
                check.got += &format!(", not told apart from {}, which leads", leader.component);
                check.outcome = Outcome::Fails;
            }
            checks.push(check);
        }
        if !self.explains.is_empty() {
            checks.push(self.explained(report));
        }
        if let Some(expected) = &self.unexplained {
            let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
            let got: BTreeSet<&str> = report.unexplained.iter().map(|p| p.component.as_str()).collect();
            let outcome = holds(got == expected);
            checks.push(Check { what: "unexplained".to_string(), expected: list(&expected), got: list(&got), outcome });
        }
        for (kind, bound) in &self.kinds {
            // A kind that is not listed has no member on which anything reported failing depends.
            let p = report.kinds.iter().find(|k| k.kind == *kind).map_or(0.0, |k| k.probability);
            let error = report.inference.error;
            checks.push(bounded(format!("kinds {kind}"), bound, p - error, p + error));
        }
        checks
    }

    fn first(&self, report: &Report) -> Check {
        let what = "top".to_string();
        let expected = self.top.join(" or ");
        let Some(first) = report.causes.first() else {
            return Check { what, expected, got: "no cause at all".to_string(), outcome: Outcome::Fails };
        };
        let named = |id: &String| self.top.contains(id);
        let mut got = format!("{} ({})", first.component, probability(first.probability, report.inference.error));
        let leads = named(&first.component) || first.ties.iter().any(named);
        let close = |c: &&Cause| c.probability + 2.0 * report.inference.error >= first.probability;
        let rival = report.causes.iter().filter(|c| c.is_common() == first.is_common()).filter(close);
        let rivals: Vec<&Cause> = rival.filter(|c| named(&c.component) != leads).collect();
        // What a sampler cannot order is not told apart; exact numbers decide by their order.
        let outcome = match rivals.first() {
            Some(rival) if report.inference.error > EXACT => {
                got += &format!(", {} no further off than the error", rival.component);
                Outcome::Undecided
            }
            _ => holds(leads),
        };
        Check { what, expected, got, outcome }
    }

    fn explained(&self, report: &Report) -> Check {
        let first = report.causes.first();
        let explained: BTreeSet<&str> =
            first.iter().flat_map(|c| c.explains.iter().map(|e| e.component.as_str())).collect();
        let expected: BTreeSet<&str> = self.explains.iter().map(String::as_str).collect();
        let missing: BTreeSet<&str> = expected.difference(&explained).copied().collect();
        let name = first.map_or("no cause", |c| c.component.as_str());
        let got = if missing.is_empty() { list(&expected) } else { format!("{name} leaves out {}", list(&missing)) };
        let outcome = holds(missing.is_empty());
        Check { what: "explains".to_string(), expected: list(&expected), got, outcome }
    }
}

/// Errors up to this are rounding.
const EXACT: f64 = 1e-6;

fn holds(so: bool) -> Outcome {
    if so { Outcome::Holds } else { Outcome::Fails }
}

fn list(names: &BTreeSet<&str>) -> String {
    if names.is_empty() { "nothing".to_string() } else { names.iter().copied().collect::<Vec<_>>().join(", ") }
}

/// Between what and what the chance of a component lies.
fn chance_of(report: &Report, id: &str) -> (f64, f64) {
    let error = report.inference.error;
    let listed = report.causes.iter().find(|c| c.component == id).map(|c| c.probability);
    let asked = || report.components.iter().filter(|c| c.component == id).map(|c| c.p_fault).reduce(f64::max);
    match listed.or_else(asked) {
        Some(p) => (p - error, p + error),
        None => (0.0, UNLISTED),
    }
}

fn bounded(what: String, bound: &Bound, low: f64, high: f64) -> Check {
    let (low, high) = (low.max(0.0), high.min(1.0));
    let outcome = bound.holds(low, high);
    let (middle, error) = (f64::midpoint(low, high), (high - low) / 2.0);
    let got = if low == 0.0 && high == UNLISTED {
        format!("not named, so below {UNLISTED}")
    } else if error > EXACT {
        format!("{middle:.3} ± {error:.3}")
    } else {
        figures(middle)
    };
    let undecided = if outcome == Outcome::Undecided { ": the error of inference decides" } else { "" };
    Check { what, expected: bound.to_string(), got: got + undecided, outcome }
}

/// A probability with as many digits as tell it from 0, 1 and a bound near it.
fn figures(p: f64) -> String {
    if (0.01..=0.99).contains(&p) { format!("{p:.4}") } else { format!("{p:.6}") }
}
