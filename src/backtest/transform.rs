//! Makes an incident harder: less time, silent suspects, missing dependencies and signals.

use super::{BacktestOptions, Blind};
use crate::graph::ComponentIx;
use crate::incident::Incident;
use crate::signal::State;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeSet;

/// Changes the incident as the options say. Dependencies are dropped first, so that "depends on" means what is left.
pub fn apply(incident: &mut Incident, options: &BacktestOptions) {
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let mut uniform = || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    if options.drop_edges > 0.0 {
        incident.graph = incident.graph.without(|_, _| uniform() < options.drop_edges);
    }
    if options.drop_signals > 0.0 {
        incident.signals.retain(|_| uniform() >= options.drop_signals);
    }
    if options.blind == Blind::Yes {
        let suspects: BTreeSet<ComponentIx> = incident
            .graph
            .components()
            .iter()
            .flat_map(|c| &c.depends_on)
            .flat_map(|d| d.need.members())
            .map(|m| m.component)
            .collect();
        let graph = &incident.graph;
        incident.signals.retain(|r| graph.find(&r.observation.component).is_none_or(|ix| !suspects.contains(&ix)));
    }
    if let Some(minutes) = options.early_minutes {
        let failing = incident
            .signals
            .iter()
            .map(|r| &r.observation)
            .filter(|o| matches!(o.state, State::Failing | State::Degraded));
        if let Some(first) = failing.map(|o| o.seen_at).min() {
            let within = |at: jiff::Timestamp| at.duration_since(first).as_secs_f64() <= minutes * 60.0;
            incident.signals.retain(|r| within(r.observation.seen_at));
        }
    }
}
