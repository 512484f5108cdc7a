//! What would have happened: an incident's confirmed causes have their faults, nothing else has.

use super::Case;
use crate::graph::{ComponentIx, DependencyGraph};
use crate::incident::Incident;
use crate::model::Params;
use crate::model::build::ANY;
use crate::signal::State;
use crate::whatif::spread::Groups;
use crate::whatif::{Effort, Percolation};
use std::collections::{BTreeMap, BTreeSet};

/// Chances that are off by more than this are not learnt from.
const MOST_ERROR: f64 = 0.05;

/// An incident with the chances of all failures given the truth.
pub(super) struct World<'a> {
    pub incident: &'a Incident,
    pub causes: BTreeSet<ComponentIx>,
    /// Known to have failed for reasons of their own: causes, what is inside them, and separate troubles.
    own: BTreeSet<ComponentIx>,
    chances: BTreeMap<(ComponentIx, String), f64>,
    case: &'a Case,
}

impl<'a> World<'a> {
    /// Lets the truth of a case happen.
    ///
    /// # Errors
    /// Why nothing can be learnt from it.
    pub fn new(case: &'a Case, params: &Params) -> Result<Self, String> {
        let incident = &case.incident;
        let graph = &incident.graph;
        let Some(truth) = &incident.truth else { return Err("it has no `truth`".to_string()) };
        let find = |ids: &[String]| -> BTreeSet<ComponentIx> { ids.iter().filter_map(|id| graph.find(id)).collect() };
        let causes = find(&truth.causes);
        if causes.is_empty() {
            return Err("its truth names no cause".to_string());
        }
        let mut own: BTreeSet<ComponentIx> = causes.union(&find(&truth.separate)).copied().collect();
        // Parts go down with their container: no dependency is needed to explain that.
        own.extend(graph.iter().map(|(ix, _)| ix).filter(|&ix| inside(graph, ix, &causes)));
        let percolation = Percolation::new(graph, params, Effort::ONE).map_err(|e| e.to_string())?;
        let nodes: Vec<usize> = causes
            .iter()
            .flat_map(|&cause| fault(&percolation, cause, incident))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let first = *causes.first().unwrap_or(&ComponentIx(0));
        let spread = percolation.spread(first, &nodes, Groups::Protect);
        if spread.numbers.error > MOST_ERROR {
            return Err("what needs what is too entangled to compute what its truth takes down".to_string());
        }
        let mut chances = BTreeMap::new();
        for &(place, p) in &spread.places {
            let place = &percolation.places[place];
            let chance: &mut f64 = chances.entry((place.component, place.capability.clone())).or_default();
            *chance = chance.max(p);
        }
        Ok(World { incident, causes, own, chances, case })
    }

    /// The chance that a place fails; `any`: as those see it who depend on the component in general.
    pub fn chance(&self, component: ComponentIx, capability: &str) -> f64 {
        self.chances.get(&(component, capability.to_string())).copied().unwrap_or(0.0)
    }

    /// The chance that anything of a component fails, at least.
    pub fn chance_of_any(&self, component: ComponentIx) -> f64 {
        let places = self.chances.range((component, String::new())..).take_while(|((c, _), _)| *c == component);
        places.map(|(_, p)| *p).fold(0.0, f64::max)
    }

    /// True for what failed for reasons of its own, so that its failure says nothing about what it needs.
    pub fn had_its_own(&self, component: ComponentIx) -> bool {
        self.own.contains(&component)
    }

    /// The line of a signal, from 1.
    pub fn line(&self, signal: usize) -> usize {
        let span = self.incident.signals[signal].span;
        self.case.sources.line_column(span.file, span.start).0
    }

    /// Where something of the graph is written, as `file:line`.
    pub fn place(&self, span: crate::diag::Span) -> String {
        let sources = &self.case.sources;
        format!("{}:{}", sources.name(span.file), sources.line_column(span.file, span.start).0)
    }
}

fn inside(graph: &DependencyGraph, ix: ComponentIx, causes: &BTreeSet<ComponentIx>) -> bool {
    std::iter::successors(graph.component(ix).part_of, |c| graph.component(*c).part_of)
        .take(graph.components().len())
        .any(|c| causes.contains(&c))
}

/// Where a confirmed fault sits: in the capabilities that were reported failing, if all reports name some; else in the
/// whole.
fn fault(percolation: &Percolation, cause: ComponentIx, incident: &Incident) -> Vec<usize> {
    let id = &incident.graph.component(cause).id;
    let trouble = |s: State| matches!(s, State::Failing | State::Degraded | State::Recovered);
    let reports = incident.signals.iter().map(|r| &r.observation).filter(|o| o.component == *id && trouble(o.state));
    let named: BTreeSet<&str> = reports.map(|o| o.capability.as_str()).collect();
    let known = percolation.capabilities(cause);
    let told = !named.is_empty() && !named.contains(ANY) && named.iter().all(|k| known.contains(k));
    let nodes = |k: Option<&str>| percolation.fault_nodes(cause, k).unwrap_or_default();
    if told { named.into_iter().flat_map(|k| nodes(Some(k))).collect() } else { nodes(None) }
}
