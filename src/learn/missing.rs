//! Missing dependencies: who fails again and again with a cause that the graph does not tie it to.

use super::stance::Stance;
use super::view::{MissingLesson, Witness, rounded};
use super::world::World;
use crate::graph::ComponentIx;
use crate::graph::query::paths_to;
use crate::infer::logspace::SameEverywhere;
use crate::model::build::ANY;
use crate::signal::{Observation, State};
use std::collections::{BTreeMap, BTreeSet};

/// Before any incident one pair in so many is tied.
const ONE_IN: f64 = 20.0;
/// P(seen failing | tied) and P(seen failing | not tied), in an incident of the cause.
const SEEN: [f64; 2] = [0.7, 0.1];
/// What fails with less than this chance although the cause had a fault is not explained by it.
const UNEXPLAINED: f64 = 0.1;
/// One incident is an anecdote.
const LEAST_INCIDENTS: usize = 2;
/// What failed together may have failed for another reason each time: reports alone make no dependency certain.
const MOST: f64 = 0.9;
/// From this chance on a dependency is proposed.
const PROBABLE: f64 = 0.5;

#[derive(Default)]
struct Pair {
    ln_odds: f64,
    capabilities: BTreeSet<String>,
    supporting: Vec<Witness>,
    contradicting: Vec<Witness>,
}

/// Proposals, most probable first, and the number of pairs that were looked at because the component failed.
pub(super) fn lessons(worlds: &[World]) -> (Vec<MissingLesson>, usize) {
    let mut pairs: BTreeMap<(String, String), Pair> = BTreeMap::new();
    for world in worlds {
        // With several causes nobody knows which one it was.
        if let (Some(&cause), 1) = (world.causes.first(), world.causes.len()) {
            observe(world, cause, &mut pairs);
        }
    }
    pairs.retain(|_, pair| !pair.supporting.is_empty());
    let seen = pairs.len();
    let mut lessons: Vec<MissingLesson> = pairs.into_iter().filter_map(lesson).collect();
    lessons.sort_by(|a, b| {
        b.confidence.total_cmp(&a.confidence).then_with(|| (&a.component, &a.needs).cmp(&(&b.component, &b.needs)))
    });
    (lessons, seen)
}

fn observe(world: &World, cause: ComponentIx, pairs: &mut BTreeMap<(String, String), Pair>) {
    let graph = &world.incident.graph;
    let tied = paths_to(graph, cause);
    for (ix, component) in graph.iter() {
        if world.had_its_own(ix) || tied.contains_key(&ix) || world.chance_of_any(ix) >= UNEXPLAINED {
            continue;
        }
        let Some(stance) = Stance::of(world, &component.id, &|_| true) else { continue };
        let pair = pairs.entry((component.id.clone(), graph.component(cause).id.clone())).or_default();
        // A weight below one counts as that share of a sure observation.
        if stance.failed {
            pair.ln_odds += stance.weight * (SEEN[0] / SEEN[1]).logarithm();
            pair.supporting.push(stance.witness(world, stance.weight));
            let failing =
                |o: &&Observation| o.component == component.id && matches!(o.state, State::Failing | State::Degraded);
            let signals = world.incident.signals.iter().map(|r| &r.observation);
            pair.capabilities.extend(signals.filter(failing).map(|o| o.capability.clone()));
        } else {
            pair.ln_odds += stance.weight * ((1.0 - SEEN[0]) / (1.0 - SEEN[1])).logarithm();
            pair.contradicting.push(stance.witness(world, stance.weight));
        }
    }
}

fn lesson(((component, needs), pair): ((String, String), Pair)) -> Option<MissingLesson> {
    let odds = pair.ln_odds.exponential() / (ONE_IN - 1.0);
    let confidence = (odds / (1.0 + odds)).min(MOST);
    let scope = if pair.capabilities.contains(ANY) { Vec::new() } else { pair.capabilities.into_iter().collect() };
    (pair.supporting.len() >= LEAST_INCIDENTS && confidence >= PROBABLE).then(|| MissingLesson {
        component,
        needs,
        scope,
        confidence: rounded(confidence),
        supporting: pair.supporting,
        contradicting: pair.contradicting,
    })
}
