//! On what does most rest: single points of failure, providers, operators.

use super::PROBABLE;
use super::impact::containers;
use super::spread::{Groups, Percolation, Spread, is_service};
use super::view::{Concentration, Hit, Method, Numbers, Provider, SinglePoint};
use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::engine::EXACT_ERROR;
use crate::model::build::ANY;
use std::collections::{BTreeMap, BTreeSet};

/// Asks what a fault of the whole takes down, for every component.
pub fn concentration(percolation: &Percolation) -> Concentration {
    let graph = percolation.graph;
    let spreads: Vec<Spread> = graph.iter().map(|(ix, _)| whole(percolation, ix)).collect();
    let mut single_points: Vec<SinglePoint> = spreads
        .iter()
        .filter(|s| s.components.is_some())
        .map(|s| SinglePoint {
            component: graph.component(s.fault).id.clone(),
            kind: graph.component(s.fault).kind.clone(),
            services: s.services,
            components: s.components,
        })
        .collect();
    single_points.sort_by(|a, b| {
        let (services, components) = (|s: &SinglePoint| s.services.expected, |s: &SinglePoint| s.components.expected);
        let most = services(b).total_cmp(&services(a)).then(components(b).total_cmp(&components(a)));
        most.then_with(|| a.component.cmp(&b.component))
    });
    let hits: Vec<Victims> = spreads.iter().map(|s| Victims::of(percolation, s)).collect();
    let mut containers_of: BTreeMap<ComponentIx, Vec<ComponentIx>> = BTreeMap::new();
    let mut operators: BTreeMap<&str, Vec<ComponentIx>> = BTreeMap::new();
    for (ix, _) in graph.iter() {
        if let Some(outermost) = containers(graph, ix).last() {
            containers_of.entry(outermost).or_default().push(ix);
        }
        if let Some(operator) = containers(graph, ix).find_map(|c| graph.component(c).operator.as_deref()) {
            operators.entry(operator).or_default().push(ix);
        }
    }
    containers_of.retain(|_, inside| inside.len() > 1);
    let of_container = |(container, inside): (ComponentIx, Vec<ComponentIx>)| {
        let name = graph.component(container).id.clone();
        provider(graph, &hits, name, &inside, Some(hits[container.0 as usize].hit(graph, container)))
    };
    let of_operator =
        |(name, inside): (&str, Vec<ComponentIx>)| provider(graph, &hits, name.to_string(), &inside, None);
    let exact = Numbers { method: Method::Exact, error: EXACT_ERROR, draws: 0, seed: 0 };
    Concentration {
        services: graph.components().iter().filter(|c| is_service(graph, c)).count(),
        components: graph.components().len(),
        single_points,
        providers: ranked(containers_of.into_iter().filter_map(of_container)),
        operators: ranked(operators.into_iter().filter_map(of_operator)),
        numbers: spreads.iter().map(|s| s.numbers).fold(exact, Numbers::worse),
    }
}

/// What a fault of all of a component takes down.
pub(super) fn whole(percolation: &Percolation, ix: ComponentIx) -> Spread {
    let nodes = percolation.fault_nodes(ix, None).unwrap_or_default();
    percolation.spread(ix, &nodes, Groups::Protect)
}

/// What fails with a chance of at least [`PROBABLE`].
#[derive(Debug, Default, Clone)]
struct Victims {
    components: BTreeSet<ComponentIx>,
    /// Capabilities of services, as positions among the places.
    capabilities: BTreeSet<usize>,
}

impl Victims {
    fn of(percolation: &Percolation, spread: &Spread) -> Self {
        let graph = percolation.graph;
        let capabilities = spread.places.iter().filter(|(_, p)| *p >= PROBABLE).map(|(place, _)| *place);
        let counts = |place: &usize| {
            let place = &percolation.places[*place];
            let others = place.component != spread.fault && place.region.is_none() && place.capability != ANY;
            others && is_service(graph, graph.component(place.component))
        };
        let some = spread.some.iter().filter(|(c, p)| **p >= PROBABLE && **c != spread.fault);
        Victims { components: some.map(|(c, _)| *c).collect(), capabilities: capabilities.filter(counts).collect() }
    }

    /// How many, if `fault` was the cause.
    fn hit(&self, graph: &DependencyGraph, fault: ComponentIx) -> Hit {
        let others = || self.components.iter().filter(|c| **c != fault);
        let services = others().filter(|c| is_service(graph, graph.component(**c))).count();
        Hit { services, capabilities: self.capabilities.len(), components: others().count() }
    }
}

/// The worst of some components, and what all of them reach; `None` if a fault of none of them takes anything down.
fn provider(
    graph: &DependencyGraph,
    hits: &[Victims],
    name: String,
    inside: &[ComponentIx],
    whole: Option<Hit>,
) -> Option<Provider> {
    let hit = |c: &ComponentIx| hits[c.0 as usize].hit(graph, *c);
    let worst = *inside.iter().max_by(|a, b| hit(a).cmp(&hit(b)).then(b.cmp(a)))?;
    let mut all = Victims::default();
    for c in inside {
        all.components.extend(&hits[c.0 as usize].components);
        all.capabilities.extend(&hits[c.0 as usize].capabilities);
    }
    let services = all.components.iter().filter(|c| is_service(graph, graph.component(**c))).count();
    let reach = Hit { services, capabilities: all.capabilities.len(), components: all.components.len() };
    (reach.components > 0).then(|| Provider {
        name,
        components: inside.len(),
        whole,
        worst: graph.component(worst).id.clone(),
        worst_hit: hit(&worst),
        reach,
    })
}

/// The largest reach first.
fn ranked(providers: impl Iterator<Item = Provider>) -> Vec<Provider> {
    let mut ranked: Vec<Provider> = providers.collect();
    ranked.sort_by(|a, b| {
        let most = b.worst_hit.cmp(&a.worst_hit).then(b.reach.cmp(&a.reach));
        most.then_with(|| a.name.cmp(&b.name))
    });
    ranked
}
