//! What anybody could guess without a model. Each gives every component a score; scores plus [`SMOOTHING`] are
//! normalised to a distribution, so that the log loss is finite and nothing is certain.

use crate::graph::{ComponentIx, DependencyGraph};
use crate::signal::{Observation, State};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Added to the score of every component that has a dependent.
pub const SMOOTHING: f64 = 0.1;

/// A baseline: components with probabilities, best first.
pub type Baseline = fn(&DependencyGraph, &[&Observation]) -> Vec<(String, f64)>;

/// All baselines by name.
pub const ALL: [(&str, Baseline); 4] = [
    ("most failing dependents, direct", most_direct),
    ("most failing dependents, transitive", most_transitive),
    ("greedy set cover", set_cover),
    ("nearest common ancestor", nearest_ancestor),
];

/// How many components that were reported failing depend on it directly.
pub fn most_direct(graph: &DependencyGraph, observations: &[&Observation]) -> Vec<(String, f64)> {
    distribution(graph, |reach| reach.iter().filter(|(_, d)| **d == 1).count() as f64, observations)
}

/// How many components that were reported failing depend on it at all.
pub fn most_transitive(graph: &DependencyGraph, observations: &[&Observation]) -> Vec<(String, f64)> {
    distribution(graph, |reach| reach.len() as f64, observations)
}

/// Among the components that reach most of those reported failing: the nearer, the better.
pub fn nearest_ancestor(graph: &DependencyGraph, observations: &[&Observation]) -> Vec<(String, f64)> {
    let most = reaches(graph, observations).iter().map(BTreeMap::len).max().unwrap_or(0);
    let nearness = |reach: &BTreeMap<ComponentIx, usize>| {
        let steps: usize = reach.values().sum();
        if reach.len() == most && steps > 0 { (most * most) as f64 / steps as f64 } else { 0.0 }
    };
    distribution(graph, nearness, observations)
}

/// Picks, again and again, the component that covers most of what is not covered yet; its score is what it adds.
pub fn set_cover(graph: &DependencyGraph, observations: &[&Observation]) -> Vec<(String, f64)> {
    let reaches = reaches(graph, observations);
    let mut left: BTreeSet<ComponentIx> = reaches.iter().flat_map(|r| r.keys().copied()).collect();
    let mut scores = vec![0.0; reaches.len()];
    while !left.is_empty() {
        let gain = |i: usize| reaches[i].keys().filter(|c| left.contains(c)).count();
        let Some(best) = (0..reaches.len()).max_by_key(|&i| (gain(i), std::cmp::Reverse(i))) else { break };
        scores[best] = gain(best) as f64;
        reaches[best].keys().for_each(|c| {
            left.remove(c);
        });
    }
    normalise(graph, scores)
}

/// For each component: those reported failing that depend on it, with the length of the shortest path.
fn reaches(graph: &DependencyGraph, observations: &[&Observation]) -> Vec<BTreeMap<ComponentIx, usize>> {
    let bad = observations.iter().filter(|o| matches!(o.state, State::Failing | State::Degraded));
    let failing: BTreeSet<ComponentIx> = bad.filter_map(|o| graph.find(&o.component)).collect();
    let mut reaches = vec![BTreeMap::new(); graph.components().len()];
    for &start in &failing {
        let mut seen = BTreeSet::from([start]);
        let mut queue = VecDeque::from([(start, 0usize)]);
        while let Some((at, steps)) = queue.pop_front() {
            let needs = graph.component(at).depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component);
            for next in needs.chain(graph.component(at).part_of) {
                if seen.insert(next) {
                    reaches[next.0 as usize].insert(start, steps + 1);
                    queue.push_back((next, steps + 1));
                }
            }
        }
    }
    reaches
}

fn distribution(
    graph: &DependencyGraph,
    score: impl Fn(&BTreeMap<ComponentIx, usize>) -> f64,
    observations: &[&Observation],
) -> Vec<(String, f64)> {
    normalise(graph, reaches(graph, observations).iter().map(score).collect())
}

fn normalise(graph: &DependencyGraph, scores: Vec<f64>) -> Vec<(String, f64)> {
    let mut used: BTreeSet<ComponentIx> = BTreeSet::new();
    for c in graph.components() {
        used.extend(c.depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component).chain(c.part_of));
    }
    let smooth = |i: usize| scores[i] + if used.contains(&ComponentIx(i as u32)) { SMOOTHING } else { 0.0 };
    let total: f64 = (0..scores.len()).map(smooth).sum();
    let mut ranking: Vec<(String, f64)> = (0..scores.len())
        .filter(|&i| smooth(i) > 0.0)
        .map(|i| (graph.components()[i].id.clone(), smooth(i) / total))
        .collect();
    ranking.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranking
}
