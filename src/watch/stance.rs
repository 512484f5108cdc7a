//! What a report comes down to.

use crate::notify::Told;
use crate::report::compose::LEADS;
use crate::report::view::{Report, VerdictKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// From here on a cause is told as sure.
const SURE: f64 = 0.9;
/// Causes that are named at most.
const NAMED: usize = 5;
/// Components that are named for a cause at most.
const EXPLAINED: usize = 20;

/// What one look at the window comes down to.
#[derive(Debug, Clone, PartialEq)]
pub struct Stance {
    /// When it was taken.
    pub at: Timestamp,
    /// What is said of it.
    pub said: Said,
    /// Components that are in trouble now.
    pub failing: BTreeSet<String>,
}

/// What is said of a window: all that is told to people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The kind of verdict.
    pub kind: VerdictKind,
    /// The verdict, as a sentence.
    pub verdict: String,
    /// The causes, best first.
    pub causes: Vec<Told>,
    /// How far the probabilities may be off by the way they are computed.
    pub error: f64,
}

impl Said {
    /// Sums up a report.
    pub fn of(report: &Report) -> Said {
        let shared = report.causes.iter().filter(|c| c.is_common()).take(NAMED);
        let causes = shared.map(|c| {
            let others = c.explains.iter().map(|e| &e.component).filter(|e| **e != c.component);
            let mut explains: Vec<String> = others.cloned().collect();
            explains.dedup();
            explains.truncate(EXPLAINED);
            Told {
                component: c.component.clone(),
                capability: c.capability.clone(),
                kind: c.kind.clone(),
                probability: c.probability,
                range: c.range,
                explains,
            }
        });
        Said {
            kind: report.verdict.kind,
            verdict: report.verdict.text.clone(),
            causes: causes.collect(),
            error: report.inference.error,
        }
    }

    /// The components that lead, and whether that is sure: what must change for anything to have changed.
    pub fn leads(&self) -> (BTreeSet<&str>, bool) {
        let leading = self.causes.iter().filter(|c| c.probability >= LEADS);
        let best = self.causes.first().map_or(0.0, |c| c.probability);
        (leading.map(|c| c.component.as_str()).collect(), best >= SURE)
    }
}
