//! What a source does not say of what it watches.
//!
//! No report is no information, unless a source declares that it looks: then its silence about a component, while
//! others were in trouble, is a healthy observation. \[COV\]

use super::build::{ANY, GLOBAL};
use super::timeline::is_trouble;
use crate::graph::DependencyGraph;
use crate::signal::{AtKind, Coverage, Observation, Precision, State, Window};
use std::collections::{BTreeMap, BTreeSet};

/// One healthy observation for every component that a source watches and says nothing about.
pub fn silences(
    graph: &DependencyGraph,
    signals: &[Observation],
    coverage: &[Coverage],
    window: Window,
) -> Vec<Observation> {
    let spoken: BTreeSet<(&str, &str)> =
        signals.iter().map(|o| (o.source.name.as_str(), o.component.as_str())).collect();
    // It looked at least until the last trouble that anyone reported.
    let at = signals.iter().filter(|o| is_trouble(o)).map(|o| o.at).max().unwrap_or(window.start);
    let mut found = Vec::new();
    // Who looks less often than the window is long may not have looked.
    for declared in coverage.iter().filter(|c| c.every_seconds <= window.hours() * 3600.0) {
        for id in &declared.covers {
            if graph.find(id).is_none() || spoken.contains(&(declared.source.name.as_str(), id.as_str())) {
                continue;
            }
            found.push(Observation {
                at,
                precision: Precision::Minute,
                at_kind: AtKind::Seen,
                until: None,
                seen_at: at,
                component: id.clone(),
                capability: ANY.to_string(),
                state: State::Healthy,
                region: GLOBAL.to_string(),
                source: declared.source.clone(),
                count: None,
                baseline: None,
                share: BTreeMap::new(),
                value: None,
                n: None,
                likelihood: None,
            });
        }
    }
    found
}
