//! Rates: how often a component was a confirmed cause in the years that the incidents cover.

use super::shrink::rate;
use super::view::{RateLesson, rounded};
use super::world::World;
use crate::model::Params;
use crate::model::prior::faults_per_year;
use std::collections::BTreeMap;

/// How many years of observation a written rate is worth.
const STRENGTH_YEARS: f64 = 2.0;

/// Proposals. Components that were never a cause are left alone: that nobody recorded a fault is weaker than that there
/// was none.
pub(super) fn lessons(worlds: &[World], years: f64, params: &Params) -> Vec<RateLesson> {
    let mut found: BTreeMap<&str, (f64, Vec<String>)> = BTreeMap::new();
    for world in worlds {
        for &cause in &world.causes {
            let component = world.incident.graph.component(cause);
            let entry = found.entry(&component.id).or_default();
            entry.0 = faults_per_year(&world.incident.graph, component, params);
            entry.1.push(world.incident.name.id.clone());
        }
    }
    let lesson = |(component, (written, incidents)): (&str, (f64, Vec<String>))| {
        let belief = rate(written, STRENGTH_YEARS, incidents.len() as f64, years);
        belief.excludes(written).then(|| RateLesson {
            component: component.to_string(),
            written: rounded(written),
            mean: rounded(belief.mean),
            interval: belief.interval.map(rounded),
            incidents,
        })
    };
    found.into_iter().filter_map(lesson).collect()
}
