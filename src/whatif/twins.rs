//! Causes that what is watched cannot tell apart, and what to watch to tell them apart. \[TWIN\]

use super::concentration::whole;
use super::spread::{Percolation, Spread, is_service};
use super::view::{Method, Numbers, Reach, TwinGroup, Twins, Watch};
use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::engine::EXACT_ERROR;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Chances of failure that differ by less look the same: one observer in twenty would notice. The same difference
/// within which an incident's causes are tied.
pub const SAME_STATE: f64 = 0.05;
/// A state that differs by this much tells two causes apart by itself.
const CLEAR: f64 = 0.5;

/// A cause with what it takes down, by place.
struct Cause {
    component: ComponentIx,
    spread: Spread,
    /// P(fails), by position among the places.
    p: BTreeMap<usize, f64>,
}

impl Cause {
    fn p(&self, place: usize) -> f64 {
        self.p.get(&place).copied().unwrap_or(0.0)
    }

    /// The largest difference to another cause over some places.
    fn differs(&self, other: &Cause, seen: &dyn Fn(usize) -> bool) -> f64 {
        let places = self.p.keys().chain(other.p.keys()).filter(|place| seen(**place));
        places.map(|&place| (self.p(place) - other.p(place)).abs()).fold(0.0, f64::max)
    }

    fn reach(&self, graph: &DependencyGraph) -> Reach {
        Reach {
            component: graph.component(self.component).id.clone(),
            services: self.spread.services.expected,
            components: self.spread.components.expected,
        }
    }
}

/// What is watched if nobody says otherwise: services, since people use and report them.
pub fn services(graph: &DependencyGraph) -> BTreeSet<ComponentIx> {
    graph.iter().filter(|(_, c)| is_service(graph, c)).map(|(ix, _)| ix).collect()
}

/// Groups all possible causes by how they would look on what is watched.
pub fn twins(percolation: &Percolation, watched: &BTreeSet<ComponentIx>) -> Twins {
    let graph = percolation.graph;
    let needed = graph.components().iter().flat_map(|c| {
        let members = c.depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component);
        members.chain(c.part_of)
    });
    // Whatever something depends on or is part of.
    let able: BTreeSet<ComponentIx> = needed.collect();
    let mut causes: Vec<Cause> = able
        .into_iter()
        .map(|component| {
            let spread = whole(percolation, component);
            Cause { component, p: spread.places.iter().copied().collect(), spread }
        })
        .collect();
    let exact = Numbers { method: Method::Exact, error: EXACT_ERROR, draws: 0, seed: 0 };
    let numbers = causes.iter().map(|c| c.spread.numbers).fold(exact, Numbers::worse);
    let size = |c: &Cause| [c.spread.services.expected, c.spread.components.expected];
    causes.sort_by(|a, b| {
        let ([s, n], [t, m]) = (size(a), size(b));
        t.total_cmp(&s).then(m.total_cmp(&n)).then(a.component.cmp(&b.component))
    });
    let compared = causes.len();
    let seen = |place: usize| watched.contains(&percolation.places[place].component);
    let shows = |c: &Cause| c.p.iter().any(|(place, p)| seen(*place) && *p >= SAME_STATE);
    let (visible, invisible): (Vec<Cause>, Vec<Cause>) = causes.into_iter().partition(shows);
    // Complete linkage: "looks the same" does not carry over from one to the next.
    let mut groups: Vec<Vec<&Cause>> = Vec::new();
    for cause in &visible {
        match groups.iter_mut().find(|g| g.iter().all(|other| cause.differs(other, &seen) < SAME_STATE)) {
            Some(group) => group.push(cause),
            None => groups.push(vec![cause]),
        }
    }
    groups.retain(|g| g.len() > 1);
    let grouped: usize = groups.iter().map(Vec::len).sum();
    Twins {
        watched: watched.iter().map(|c| graph.component(*c).id.clone()).collect(),
        causes: compared,
        told_apart: visible.len() - grouped,
        same_within: SAME_STATE,
        groups: groups
            .into_iter()
            .map(|group| TwinGroup {
                causes: group.iter().map(|c| c.reach(graph)).collect(),
                watch: watch(percolation, watched, &group),
            })
            .collect(),
        invisible: invisible.iter().map(|c| c.reach(graph)).collect(),
        numbers,
    }
}

/// What else to watch: first of all what tells most causes of the group apart, and clearly; then services outside the
/// group, which anyone can look at, before what only its owner sees.
fn watch(percolation: &Percolation, watched: &BTreeSet<ComponentIx>, group: &[&Cause]) -> Option<Watch> {
    let graph = percolation.graph;
    let places: BTreeSet<usize> = group.iter().flat_map(|c| c.p.keys().copied()).collect();
    let inside: BTreeSet<ComponentIx> = group.iter().map(|c| c.component).collect();
    let apart = |place: usize, least: f64| {
        let p: Vec<f64> = group.iter().map(|c| c.p(place)).collect();
        (0..p.len()).flat_map(|i| (0..i).map(move |j| (i, j))).filter(|&(i, j)| (p[i] - p[j]).abs() >= least).count()
    };
    let pairs = group.len() * (group.len() - 1) / 2;
    let key = |place: usize| {
        let c = percolation.places[place].component;
        let (separated, clear) = (apart(place, SAME_STATE), apart(place, CLEAR));
        let outside = !inside.contains(&c);
        let public = outside && is_service(graph, graph.component(c));
        let all: Vec<f64> = group.iter().map(|cause| cause.p(place)).collect();
        let spread = all.iter().copied().fold(0.0, f64::max) - all.iter().copied().fold(1.0, f64::min);
        // Differences in the last digits must not decide.
        let spread = (spread * 1e6).round() as u64;
        let region = percolation.places[place].region.is_none();
        ((separated == pairs, clear, separated), (public, outside, region, spread), Reverse(place))
    };
    let place = places
        .into_iter()
        .filter(|place| !watched.contains(&percolation.places[*place].component) && apart(*place, SAME_STATE) > 0)
        .max_by_key(|&place| key(place))?;
    let mut left: Vec<Vec<&Cause>> = Vec::new();
    for cause in group {
        let same = |other: &&Cause| (cause.p(place) - other.p(place)).abs() < SAME_STATE;
        match left.iter_mut().find(|g| g.iter().all(same)) {
            Some(group) => group.push(cause),
            None => left.push(vec![cause]),
        }
    }
    let id = |c: ComponentIx| graph.component(c).id.clone();
    let at = &percolation.places[place];
    Some(Watch {
        component: id(at.component),
        capability: at.capability.clone(),
        region: at.region.clone(),
        p_failed: group.iter().map(|c| c.p(place)).collect(),
        left: left.iter().filter(|g| g.len() > 1).map(|g| g.iter().map(|c| id(c.component)).collect()).collect(),
    })
}
