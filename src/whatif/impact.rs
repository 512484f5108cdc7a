//! Whom would a fault of one component take down?

use super::LEAST_SHOWN;
use super::spread::{Groups, Percolation, Spread};
use super::view::{Affected, Impact, PlaceChance, Redundancy, Role, Saved};
use crate::graph::{ComponentIx, DependencyGraph, Need, Rule};
use crate::model::build::ANY;
use std::collections::BTreeSet;

/// What a fault of `ix`, or only of its capability, takes down; `None` if it has no such capability.
pub fn impact(percolation: &Percolation, ix: ComponentIx, capability: Option<&str>) -> Option<Impact> {
    let graph = percolation.graph;
    let nodes = percolation.fault_nodes(ix, capability)?;
    let spread = percolation.spread(ix, &nodes, Groups::Protect);
    let bare = percolation.spread(ix, &nodes, Groups::Fail);
    let capability = capability.unwrap_or(ANY).to_string();
    let bites = if capability == ANY { conjunctions(graph, ix) } else { BTreeSet::new() };
    let id = |c: &ComponentIx| graph.component(*c).id.clone();
    Some(Impact {
        component: id(&ix),
        capability,
        bites: bites.iter().map(|group| group.iter().map(id).collect()).collect(),
        services: spread.services,
        components: spread.components,
        affected: affected(percolation, &spread),
        redundancy: redundancy(graph, &spread, &bare),
        numbers: spread.numbers.worse(bare.numbers),
    })
}

fn affected(percolation: &Percolation, spread: &Spread) -> Vec<Affected> {
    let graph = percolation.graph;
    let mut paths = spread.paths();
    let mut affected: Vec<(ComponentIx, Affected)> = spread
        .some
        .iter()
        .filter(|(c, p)| **c != spread.fault && **p >= LEAST_SHOWN)
        .map(|(&c, &p_failed)| {
            let component = graph.component(c);
            let path = paths.remove(&c).unwrap_or_default();
            let affected = Affected {
                component: component.id.clone(),
                kind: component.kind.clone(),
                role: role(graph, c, spread.fault),
                p_failed,
                places: chances(percolation, spread, c),
                path: path.into_iter().map(|c| graph.component(c).id.clone()).collect(),
            };
            (c, affected)
        })
        .collect();
    affected.sort_by(|(a, x), (b, y)| y.p_failed.total_cmp(&x.p_failed).then(a.cmp(b)));
    affected.into_iter().map(|(_, a)| a).collect()
}

/// What of a component may fail. Of a region only what is worse there than everywhere.
fn chances(percolation: &Percolation, spread: &Spread, c: ComponentIx) -> Vec<PlaceChance> {
    let of = percolation.places_of(c);
    let from = |end: usize| spread.places.partition_point(|(place, _)| *place < end);
    let all: Vec<PlaceChance> = spread.places[from(of.start)..from(of.end)]
        .iter()
        .map(|&(place, p_failed)| {
            let place = &percolation.places[place];
            PlaceChance { capability: place.capability.clone(), region: place.region.clone(), p_failed }
        })
        .collect();
    let everywhere = |k: &str| all.iter().find(|p| p.region.is_none() && p.capability == k).map_or(0.0, |p| p.p_failed);
    let matters = |p: &&PlaceChance| {
        p.p_failed >= LEAST_SHOWN && (p.region.is_none() || p.p_failed - everywhere(&p.capability) >= LEAST_SHOWN)
    };
    let mut chances: Vec<PlaceChance> = all.iter().filter(matters).cloned().collect();
    chances.sort_by(|a, b| {
        let name = |p: &PlaceChance| (p.region.clone(), p.capability.clone());
        b.p_failed.total_cmp(&a.p_failed).then_with(|| name(a).cmp(&name(b)))
    });
    chances
}

/// What contains a component, from itself outwards.
pub(super) fn containers(graph: &DependencyGraph, ix: ComponentIx) -> impl Iterator<Item = ComponentIx> + '_ {
    std::iter::successors(Some(ix), |c| graph.component(*c).part_of).take(graph.components().len())
}

fn role(graph: &DependencyGraph, c: ComponentIx, fault: ComponentIx) -> Role {
    if containers(graph, c).any(|outer| outer == fault) {
        Role::Part
    } else if containers(graph, fault).any(|outer| outer == c) {
        Role::Container
    } else {
        Role::Dependent
    }
}

/// The groups of `all_of` dependencies in which a component is a member.
fn conjunctions(graph: &DependencyGraph, ix: ComponentIx) -> BTreeSet<Vec<ComponentIx>> {
    let groups = graph.components().iter().flat_map(|c| &c.depends_on).filter_map(|d| match &d.need {
        Need::Group { rule: Rule::AllOf, members } => {
            Some(members.iter().map(|m| m.component).collect::<BTreeSet<_>>())
        }
        _ => None,
    });
    groups.filter(|g| g.contains(&ix)).map(|g| g.into_iter().collect()).collect()
}

fn redundancy(graph: &DependencyGraph, spread: &Spread, bare: &Spread) -> Redundancy {
    let mut saved: Vec<Saved> = bare
        .some
        .iter()
        .filter(|(c, _)| **c != spread.fault)
        .map(|(c, &p_without)| Saved {
            component: graph.component(*c).id.clone(),
            p_failed: spread.some.get(c).copied().unwrap_or(0.0),
            p_without,
        })
        .filter(|s| s.p_without - s.p_failed >= LEAST_SHOWN)
        .collect();
    let gain = |s: &Saved| s.p_without - s.p_failed;
    saved.sort_by(|a, b| gain(b).total_cmp(&gain(a)).then_with(|| a.component.cmp(&b.component)));
    Redundancy {
        services: (bare.services.expected - spread.services.expected).max(0.0),
        components: (bare.components.expected - spread.components.expected).max(0.0),
        error: bare.components.error + spread.components.error,
        saved,
    }
}
