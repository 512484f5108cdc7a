//! Enumeration of everything that can happen: slow, plain, and the judge of every faster method.

use super::logspace::SameEverywhere;
use super::network::Network;
use super::posterior::Posterior;

/// The most random variables that are enumerated.
pub const MAX_VARIABLES: usize = 22;

/// A random choice of the generative process.
#[derive(Clone, Copy)]
enum Choice {
    /// 0: no fault, 1 + b: a fault that began in bin b.
    Own(usize),
    /// 0: passes nothing on, 1: in the same bin, 2: in the next.
    Edge(usize, usize),
    /// 0: passes nothing on, 1: in the same bin.
    Gate(usize, usize),
}

/// How many random variables a network has (certain ones do not count).
pub fn variables(network: &Network) -> usize {
    choices(network).iter().filter(|(_, p)| p.iter().filter(|&&p| p > 0.0).count() > 1).count()
}

fn choices(network: &Network) -> Vec<(Choice, Vec<f64>)> {
    let mut choices = Vec::new();
    for v in 0..network.len() {
        let prior = network.prior()[v];
        let own = std::iter::once(1.0 - prior).chain(network.bins().iter().map(|share| prior * share)).collect();
        choices.push((Choice::Own(v), own));
        let edge = |(_, p, late): (usize, f64, f64)| vec![1.0 - p, p * (1.0 - late), p * late];
        choices.extend(network.edges_late(v).enumerate().map(|(i, e)| (Choice::Edge(v, i), edge(e))));
        choices.extend(network.gates(v).enumerate().map(|(i, g)| (Choice::Gate(v, i), vec![1.0 - g.p, g.p])));
    }
    choices
}

/// What was chosen: for every node the state of its own fault, and how its edges and gates pass failure on.
#[derive(Clone)]
pub(super) struct World {
    pub own: Vec<usize>,
    pub edges: Vec<Vec<usize>>,
    pub gates: Vec<Vec<usize>>,
}

impl World {
    /// No fault, and nothing passes anything on.
    fn quiet(network: &Network) -> Self {
        let n = network.len();
        World {
            own: vec![0; n],
            edges: (0..n).map(|v| vec![0; network.edges(v).count()]).collect(),
            gates: (0..n).map(|v| vec![0; network.gates(v).count()]).collect(),
        }
    }
}

/// The posterior by summing over every combination of faults and switches; `None` if there are more than
/// [`MAX_VARIABLES`] random choices.
pub fn enumerate(network: &Network) -> Option<Posterior> {
    let n = network.len();
    let choices = choices(network);
    if variables(network) > MAX_VARIABLES {
        return None;
    }
    let mut rows: Vec<(f64, Vec<usize>, Vec<usize>)> = Vec::new();
    visit(network, &choices, 0.0, &mut World::quiet(network), &mut |ln, world, onset| {
        rows.push((ln, world.own.clone(), onset.to_vec()));
    });
    let ln_total = super::logspace::ln_sum(&rows.iter().map(|r| r.0).collect::<Vec<_>>());
    let states = vec![vec![0.0; 1 + network.bins().len()]; n];
    let (mut failed, mut own) = (states.clone(), states);
    for (ln_weight, fault, onset) in rows {
        let p = (ln_weight - ln_total).exponential();
        for v in 0..n {
            own[v][fault[v]] += p;
            failed[v][onset[v]] += p;
        }
    }
    Some(Posterior {
        own: own.iter().map(|s| s[1..].iter().sum()).collect(),
        failed: failed.iter().map(|s| Some(s[1..].iter().sum())).collect(),
        states: failed,
        own_states: own,
        ln_evidence: ln_total,
    })
}

/// P(one of `nodes` has a fault of its own, and nothing for which `muted(dependent, dependency)` holds passes a failure
/// on | evidence), by the same enumeration.
pub fn kept_to_itself(network: &Network, nodes: &[usize], muted: &dyn Fn(usize, usize) -> bool) -> Option<f64> {
    if variables(network) > MAX_VARIABLES {
        return None;
    }
    let (mut all, mut kept) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    visit(network, &choices(network), 0.0, &mut World::quiet(network), &mut |ln, world, onset| {
        all = super::logspace::ln_add(all, ln);
        let passes = passed(network, world, onset).into_iter().any(|(v, u)| muted(v, u));
        if !passes && nodes.iter().any(|&v| world.own[v] > 0) {
            kept = super::logspace::ln_add(kept, ln);
        }
    });
    Some((kept - all).exponential())
}

/// Goes through everything that can be chosen from here on; `each` gets the weight, the choices, and what failed when.
fn visit(
    network: &Network,
    choices: &[(Choice, Vec<f64>)],
    ln_weight: f64,
    world: &mut World,
    each: &mut dyn FnMut(f64, &World, &[usize]),
) {
    let Some(((choice, chances), rest)) = choices.split_first() else {
        let onset = least_fixed_point(network, world);
        let evidence: f64 = onset.iter().enumerate().map(|(v, &s)| network.ln_evidence(v)[s]).sum();
        return each(ln_weight + evidence, world, &onset);
    };
    for (state, p) in chances.iter().enumerate().filter(|(_, p)| **p > 0.0) {
        match *choice {
            Choice::Own(v) => world.own[v] = state,
            Choice::Edge(v, i) => world.edges[v][i] = state,
            Choice::Gate(v, i) => world.gates[v][i] = state,
        }
        visit(network, rest, ln_weight + p.logarithm(), world, each);
    }
}

/// (dependent, dependency) wherever a failure is passed on, needed or not.
pub(super) fn passed(network: &Network, world: &World, onset: &[usize]) -> Vec<(usize, usize)> {
    let failed = |u: usize| onset[u] > 0;
    let mut passed = Vec::new();
    for v in 0..network.len() {
        let edges = network.edges(v).zip(&world.edges[v]);
        passed.extend(edges.filter(|((u, _), how)| **how > 0 && failed(*u)).map(|((u, _), _)| (v, u)));
        for (gate, _) in network.gates(v).zip(&world.gates[v]).filter(|(_, how)| **how > 0) {
            if gate.members.iter().filter(|&&m| failed(m as usize)).count() >= gate.k as usize {
                passed.extend(gate.members.iter().map(|&m| (v, m as usize)));
            }
        }
    }
    passed
}

/// For every node 0 if it never fails, else 1 + the bin in which it fails first.
pub(super) fn least_fixed_point(network: &Network, world: &World) -> Vec<usize> {
    let last = network.bins().len();
    let mut onset = world.own.clone();
    loop {
        let mut changed = false;
        for v in 0..onset.len() {
            let over_edge = |((u, _), &how): ((usize, f64), &usize)| match (onset[u], how) {
                (0, _) | (_, 0) => None,
                (s, how) => Some((s + how - 1).min(last)),
            };
            let edges = network.edges(v).zip(&world.edges[v]).filter_map(over_edge);
            let gates = network.gates(v).zip(&world.gates[v]).filter(|(_, how)| **how > 0).filter_map(|(g, _)| {
                let mut down: Vec<usize> = g.members.iter().map(|&m| onset[m as usize]).filter(|&s| s > 0).collect();
                down.sort_unstable();
                down.get(g.k as usize - 1).copied()
            });
            let own = (onset[v] > 0).then_some(onset[v]);
            let earliest = edges.chain(gates).chain(own).min().unwrap_or(0);
            changed |= earliest != onset[v];
            onset[v] = earliest;
        }
        if !changed {
            return onset;
        }
    }
}
