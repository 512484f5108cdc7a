//! Causes that what is watched cannot tell apart, and what to watch to tell them apart. \[TWIN\]

use super::concentration::whole;
use super::spread::{Percolation, Spread, is_service};
use super::view::{Method, Numbers, Reach, TwinGroup, Twins, Watch};
use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::engine::EXACT_ERROR;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

/// Chances of failure that differ by less look the same: one observer in twenty would notice. The same difference
/// within which an incident's causes are tied.
pub const SAME_STATE: f64 = 0.05;
/// A state that differs by this much tells two causes apart by itself.
const CLEAR: f64 = 0.5;

/// A cause with what it takes down.
struct Cause {
    component: ComponentIx,
    spread: Spread,
    /// (place, P(fails)) over what is watched, by place.
    seen: Vec<(usize, f64)>,
}

impl Cause {
    /// P(this place fails), watched or not.
    fn p(&self, place: usize) -> f64 {
        let found = self.spread.places.binary_search_by_key(&place, |(place, _)| *place);
        found.map_or(0.0, |at| self.spread.places[at].1)
    }

    /// True if every watched place fails with the same chance as under another cause, within `within`.
    fn looks_like(&self, other: &Cause, within: f64) -> bool {
        let (mut a, mut b) = (self.seen.iter().peekable(), other.seen.iter().peekable());
        loop {
            let (place, difference) = match (a.peek(), b.peek()) {
                (None, None) => return true,
                (Some(&&(place, p)), None) | (None, Some(&&(place, p))) => (place, p),
                (Some(&&(at, p)), Some(&&(other, q))) => match at.cmp(&other) {
                    Ordering::Less => (at, p),
                    Ordering::Greater => (other, q),
                    Ordering::Equal => (at, (p - q).abs()),
                },
            };
            if difference >= within {
                return false;
            }
            a.next_if(|(at, _)| *at == place);
            b.next_if(|(at, _)| *at == place);
        }
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
    let watches = |place: usize| watched.contains(&percolation.places[place].component);
    // Whatever something depends on or is part of.
    let able: BTreeSet<ComponentIx> = needed.collect();
    let mut causes: Vec<Cause> = able
        .into_iter()
        .map(|component| {
            let spread = whole(percolation, component);
            let seen = spread.places.iter().filter(|(place, _)| watches(*place)).copied().collect();
            Cause { component, spread, seen }
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
    // What was drawn looks different only if more than the draws tells it apart.
    let same = match numbers.method {
        Method::Exact => SAME_STATE,
        Method::Sampled => SAME_STATE + 2.0 * numbers.error,
    };
    let shows = |c: &Cause| c.seen.iter().any(|(_, p)| *p >= SAME_STATE);
    let (visible, invisible): (Vec<Cause>, Vec<Cause>) = causes.into_iter().partition(shows);
    // Complete linkage: "looks the same" does not carry over from one to the next.
    let mut groups: Vec<Vec<&Cause>> = Vec::new();
    for cause in &visible {
        match groups.iter_mut().find(|g| g.iter().all(|other| cause.looks_like(other, same))) {
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
        same_within: same,
        groups: groups
            .into_iter()
            .map(|group| TwinGroup {
                causes: group.iter().map(|c| c.reach(graph)).collect(),
                watch: watch(percolation, watched, &group, same),
            })
            .collect(),
        invisible: invisible.iter().map(|c| c.reach(graph)).collect(),
        numbers,
    }
}

/// What else to watch: first of all what tells most causes of the group apart, and clearly; then services outside the
/// group, which anyone can look at, before what only its owner sees.
fn watch(percolation: &Percolation, watched: &BTreeSet<ComponentIx>, group: &[&Cause], same: f64) -> Option<Watch> {
    let graph = percolation.graph;
    let places: BTreeSet<usize> = group.iter().flat_map(|c| c.spread.places.iter().map(|(place, _)| *place)).collect();
    let inside: BTreeSet<ComponentIx> = group.iter().map(|c| c.component).collect();
    let apart = |place: usize, least: f64| {
        let p: Vec<f64> = group.iter().map(|c| c.p(place)).collect();
        (0..p.len()).flat_map(|i| (0..i).map(move |j| (i, j))).filter(|&(i, j)| (p[i] - p[j]).abs() >= least).count()
    };
    let pairs = group.len() * (group.len() - 1) / 2;
    let key = |place: usize| {
        let c = percolation.places[place].component;
        let (separated, clear) = (apart(place, same), apart(place, CLEAR));
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
        .filter(|place| !watched.contains(&percolation.places[*place].component) && apart(*place, same) > 0)
        .max_by_key(|&place| key(place))?;
    let mut left: Vec<Vec<&Cause>> = Vec::new();
    for cause in group {
        let alike = |other: &&Cause| (cause.p(place) - other.p(place)).abs() < same;
        match left.iter_mut().find(|g| g.iter().all(alike)) {
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
