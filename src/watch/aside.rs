//! Announced work: what fails while it goes on is no failure.

use crate::graph::{ComponentIx, DependencyGraph};
use crate::signal::{Observation, State};
use jiff::{SignedDuration, Timestamp};

/// How much earlier than announced work may begin.
const EARLY: SignedDuration = SignedDuration::from_mins(5);
/// How long after its announced end trouble may take to go.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// How long work goes on at most whose end is not known.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// Announced work on a component, which covers its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The component.
    pub component: ComponentIx,
    /// The capability; `any` for all.
    pub capability: String,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; `None` if that is not known.
    pub to: Option<Timestamp>,
}

impl Work {
    /// The work that a signal announces.
    pub fn announced(graph: &DependencyGraph, o: &Observation) -> Option<Work> {
        let component = graph.find(&o.component).filter(|_| o.state == State::Maintenance)?;
        Some(Work { component, capability: o.capability.clone(), from: o.at, to: o.until })
    }

    /// Whether it explains a signal of trouble: of the component or a part of it, in the same capability, begun while the
    /// work went on, and over soon after it. Trouble that outlasts the work counts again.
    pub fn explains(&self, graph: &DependencyGraph, o: &Observation, now: Timestamp) -> bool {
        let trouble = matches!(o.state, State::Failing | State::Degraded | State::Recovered);
        let Some(found) = graph.find(&o.component).filter(|_| trouble) else { return false };
        let mut inside = std::iter::successors(Some(found), |c| graph.component(*c).part_of);
        let is_within = inside.by_ref().take(graph.components().len()).any(|c| c == self.component);
        let capability = self.capability == ANY || o.capability == ANY || self.capability == o.capability;
        let from = self.from.saturating_sub(EARLY).unwrap_or(self.from);
        let to = self.to.unwrap_or(self.from.saturating_add(LONGEST).unwrap_or(self.from));
        let to = to.saturating_add(LATE).unwrap_or(to);
        let over = o.until.unwrap_or(now);
        is_within && capability && o.at >= from && o.at <= to && over <= to
    }
}

/// "All of it."
const ANY: &str = "any";

/// Parts signals: (those that count, those that announced work explains).
pub fn split<T>(
    graph: &DependencyGraph,
    works: &[Work],
    now: Timestamp,
    signals: Vec<T>,
    observation: impl Fn(&T) -> &Observation,
) -> (Vec<T>, Vec<T>) {
    signals.into_iter().partition(|s| !works.iter().any(|w| w.explains(graph, observation(s), now)))
}
