//! Impacts: how often failure got through a dependency whose need had failed.

use super::shrink::{CENTRE, chance};
use super::stance::Stance;
use super::view::{ImpactLesson, Witness, rounded};
use super::world::World;
use crate::graph::{ComponentIx, Dependency, Need, Scope};
use crate::model::build::ANY;
use crate::signal::Observation;
use std::collections::BTreeMap;

/// A need counts as failed from this chance on.
const FAILED: f64 = 0.5;
/// The chance that something fails for a reason that nobody knows, while much else fails.
const LEAK: f64 = 0.02;
/// A smaller change is not worth an edit.
const LEAST_SHIFT: f64 = 0.05;
/// One incident is an anecdote.
const LEAST_INCIDENTS: usize = 2;

/// What tells dependencies apart over several graphs: dependent, need, capability, scope, region.
type Key = (String, String, Option<String>, Vec<String>, Option<String>);

/// What is known of one dependency.
#[derive(Default)]
struct Record {
    place: String,
    impact: f64,
    confidence: f64,
    successes: f64,
    failures: f64,
    passed_on: Vec<Witness>,
    held: Vec<Witness>,
}

/// Proposals, and the number of dependencies about which anything is known.
pub(super) fn lessons(worlds: &[World], strength: f64) -> (Vec<ImpactLesson>, usize) {
    let mut records: BTreeMap<Key, Record> = BTreeMap::new();
    for world in worlds {
        for (ix, component) in world.incident.graph.iter().filter(|(ix, _)| !world.had_its_own(*ix)) {
            for dependency in &component.depends_on {
                observe(world, ix, dependency, &mut records);
            }
        }
    }
    let seen = records.len();
    (records.into_iter().filter_map(|(key, record)| lesson(key, record, strength)).collect(), seen)
}

/// Counts what an incident says of one dependency. Groups are left out: their need hardly ever fails as a whole.
fn observe(world: &World, ix: ComponentIx, d: &Dependency, records: &mut BTreeMap<Key, Record>) {
    let Need::One(member) = &d.need else { return };
    let needed = world.chance(member.component, member.capability.as_deref().unwrap_or(ANY));
    if needed < FAILED {
        return;
    }
    let graph = &world.incident.graph;
    let scope: &[String] = match &d.scope {
        Scope::Whole => &[],
        Scope::Capabilities(list) => list,
    };
    let here =
        |o: &Observation| d.region.as_ref().is_none_or(|r| o.region == *r || o.region.starts_with(&format!("{r}-")));
    let felt = |o: &Observation| scope.is_empty() || o.capability == ANY || scope.contains(&o.capability);
    let id = &graph.component(ix).id;
    let Some(stance) = Stance::of(world, id, &|o| here(o) && felt(o)) else { return };

    let written = (d.impact * d.confidence).clamp(CENTRE[0], CENTRE[1]);
    let through = written * needed;
    let whole = [ANY.to_string()];
    let places = if scope.is_empty() { &whole[..] } else { scope };
    let fails = places.iter().map(|k| world.chance(ix, k)).fold(0.0, f64::max);
    // What the other ways to fail leave, from what all ways together make of it.
    let otherwise = 1.0 - ((1.0 - fails) / (1.0 - through)).clamp(0.0, 1.0) * (1.0 - LEAK);
    let [success, failure] = if stance.failed {
        // P(it got through | it failed) and P(it did not although the need had failed | it failed).
        let any = 1.0 - (1.0 - through) * (1.0 - otherwise);
        [through / any, needed * (1.0 - written) * otherwise / any]
    } else {
        [0.0, needed * (1.0 - written) / (1.0 - through)]
    }
    .map(|share| share.min(1.0) * stance.weight);

    let capability = member.capability.clone();
    let needs = graph.component(member.component).id.clone();
    let record = records.entry((id.clone(), needs, capability, scope.to_vec(), d.region.clone())).or_default();
    record.place = world.place(d.span);
    (record.impact, record.confidence) = (d.impact, d.confidence);
    record.successes += success;
    record.failures += failure;
    if stance.failed {
        record.passed_on.push(stance.witness(world, success));
    } else {
        record.held.push(stance.witness(world, failure));
    }
}

fn lesson(key: Key, record: Record, strength: f64) -> Option<ImpactLesson> {
    let written = record.impact * record.confidence;
    let belief = chance(written, strength, record.successes, record.failures);
    let enough = record.passed_on.len() + record.held.len() >= LEAST_INCIDENTS;
    let moved = belief.excludes(written) && (belief.mean - written).abs() >= LEAST_SHIFT;
    let (component, needs, capability, scope, region) = key;
    (enough && moved).then(|| ImpactLesson {
        component,
        needs,
        capability,
        scope,
        region,
        place: record.place,
        written: rounded(written),
        mean: rounded(belief.mean),
        interval: belief.interval.map(rounded),
        propose: ((belief.mean / record.confidence).min(1.0) * 100.0).round().max(1.0) / 100.0,
        passed_on: record.passed_on,
        held: record.held,
    })
}
