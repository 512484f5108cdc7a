//! In a large outage crowds also report the innocent.
//!
//! Rivals, carriers and the clouds that everybody suspects get reports because people look around, test, and call
//! each other. Two effects are modelled, for crowds, press and social media only:
//!
//! - the chance of a false report rises with the number `s` of components in the crowd's mouth, from its calm to its
//!   storm value: `f = f_calm + (f_storm − f_calm) · s / (s + storm_half)`; \[SPL\]
//! - a count that is small beside the day's largest could be spill-over alone. With `q` the count's share of the
//!   largest, the report is about the component itself with weight `q² / (q² + spill_share²)`. \[SPL\]

use super::params::Params;
use crate::signal::{Observation, SourceKind, State};
use std::collections::BTreeSet;

/// How large the storm is.
#[derive(Debug, Clone, Default)]
pub struct Storm {
    components: f64,
    largest_count: f64,
}

fn is_crowd(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::UserReports | SourceKind::Press | SourceKind::Social)
}

impl Storm {
    /// Measures the storm of an incident.
    pub fn measure(observations: &[Observation]) -> Self {
        let crowd = observations.iter().filter(|o| is_crowd(o.source.kind));
        let bad = crowd.filter(|o| matches!(o.state, State::Failing | State::Degraded));
        let mut named = BTreeSet::new();
        let mut largest_count = 0.0f64;
        for o in bad {
            named.insert(o.component.as_str());
            largest_count = largest_count.max(o.count.unwrap_or(0.0));
        }
        Storm { components: named.len() as f64, largest_count }
    }

    /// The chance of a false report between its calm and its storm value.
    pub fn false_rate(&self, [calm, storm]: [f64; 2], params: &Params) -> f64 {
        if !params.spillover {
            return calm;
        }
        calm + (storm - calm) * self.components / (self.components + params.storm_half)
    }

    /// How much a counted crowd report is about the component itself, in [0, 1].
    pub fn own_share(&self, o: &Observation, params: &Params) -> f64 {
        let Some(count) = o.count.filter(|_| params.spillover && is_crowd(o.source.kind) && self.largest_count > 0.0)
        else {
            return 1.0;
        };
        let share = (count / self.largest_count).powi(2);
        share / (share + params.spill_share.powi(2))
    }
}
