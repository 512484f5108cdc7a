//! In a large outage crowds also report the innocent.
//!
//! Rivals, carriers and the clouds that everybody suspects get reports because people look around, test, and call
//! each other. Two effects are modelled, for crowds, press and social media only:
//!
//! - the chance of a false report rises with the number `s` of components in the crowd's mouth, from its calm to its
//!   storm value: `f = f_calm + (f_storm − f_calm) · s / (s + storm_half)`; \[SPL\]
//! - a count that is small beside the day's largest could be spill-over alone. With `q` the count's share of the
//!   largest, the report is about the component itself with weight `q² / (q² + spill_share²)`; where `audience` is known
//!   the same of reports per user, whichever is more; \[SPL\]
//! - a count that is little above the usual is no spike: with `x = count / baseline − 1` the weight is at most
//!   `x² / (x² + spike_half²)`. \[SPK\]

use super::params::Params;
use super::timeline::is_trouble;
use crate::graph::DependencyGraph;
use crate::signal::{Observation, SourceKind};
use std::collections::{BTreeMap, BTreeSet};

/// How large the storm is.
#[derive(Debug, Clone, Default)]
pub struct Storm {
    components: f64,
    largest_count: f64,
    /// Reports per user where most users reported, and the users of each component.
    largest_share: f64,
    audience: BTreeMap<String, f64>,
    /// The largest count of a component: reports that come without one are no more than that.
    counts: BTreeMap<(String, SourceKind), f64>,
}

fn is_crowd(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::UserReports | SourceKind::Press | SourceKind::Social)
}

impl Storm {
    /// Measures the storm of an incident.
    pub fn measure(graph: &DependencyGraph, observations: &[Observation]) -> Self {
        let bad = observations.iter().filter(|o| is_crowd(o.source.kind) && is_trouble(o));
        let audience = graph.components().iter().filter_map(|c| Some((c.id.clone(), c.audience?))).collect();
        let mut storm = Storm { audience, ..Storm::default() };
        let mut named = BTreeSet::new();
        for o in bad {
            named.insert(o.component.as_str());
            let Some(count) = o.count else { continue };
            let largest = storm.counts.entry((o.component.clone(), o.source.kind)).or_default();
            *largest = largest.max(count);
            storm.largest_count = storm.largest_count.max(count);
            if let Some(users) = storm.audience.get(&o.component) {
                storm.largest_share = storm.largest_share.max(count / users);
            }
        }
        storm.components = named.len() as f64;
        storm
    }

    /// The chance of a false report between its calm and its storm value. What has the day's largest counts has not
    /// got them by spill-over.
    pub fn false_rate(&self, o: &Observation, [calm, storm]: [f64; 2], params: &Params) -> f64 {
        if !params.spillover {
            return calm;
        }
        let spilled = if self.count(o).is_some() { 1.0 - self.own_share(o, params) } else { 1.0 };
        calm + (storm - calm) * spilled * self.components / (self.components + params.storm_half)
    }

    /// The count of a crowd report, or the largest of the same source about the same component.
    fn count(&self, o: &Observation) -> Option<f64> {
        let known = || self.counts.get(&(o.component.clone(), o.source.kind)).copied();
        if is_crowd(o.source.kind) { o.count.or_else(known) } else { None }
    }

    /// How much a counted crowd report is about the component itself, in [0, 1].
    pub fn own_share(&self, o: &Observation, params: &Params) -> f64 {
        let Some(count) = self.count(o).filter(|_| params.spillover) else { return 1.0 };
        let rises = |q: f64, half: f64| if q > 0.0 { q.powi(2) / (q.powi(2) + half.powi(2)) } else { 0.0 };
        let mut weight = 1.0f64;
        if self.largest_count > 0.0 {
            weight = rises(count / self.largest_count, params.spill_share);
        }
        // Few reports on what few people use may still be many.
        if let Some(users) = self.audience.get(&o.component).filter(|_| self.largest_share > 0.0) {
            weight = weight.max(rises(count / users / self.largest_share, params.spill_share));
        }
        if let Some(usual) = o.baseline.filter(|usual| *usual > 0.0) {
            weight = weight.min(rises(count / usual - 1.0, params.spike_half));
        }
        weight
    }
}
