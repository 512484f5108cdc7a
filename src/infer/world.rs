//! One world drawn from a network: which faults there were, and what failed of them.

use super::network::Network;
use super::oracle::{World, least_fixed_point, passed};

/// What happened in one world, per node: 0 if not, else 1 + the bin in which it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Faults of the nodes' own.
    pub own: Vec<usize>,
    /// Failures, for whatever reason.
    pub failed: Vec<usize>,
    /// (dependent, dependency) wherever failure was passed on.
    pub passed: Vec<(usize, usize)>,
}

/// Draws a world; `uniform` gives independent numbers from 0 to below 1. Chances of own faults may be replaced.
pub fn draw(network: &Network, prior: &[f64], uniform: &mut dyn FnMut() -> f64) -> Happened {
    let n = network.len();
    let mut world = World { own: Vec::with_capacity(n), edges: vec![Vec::new(); n], gates: vec![Vec::new(); n] };
    for &p in prior {
        let state = if uniform() < p {
            let mut left = uniform();
            let last = network.bins().len() - 1;
            let bin = network.bins().iter().position(|share| {
                left -= share;
                left < 0.0
            });
            1 + bin.unwrap_or(last)
        } else {
            0
        };
        world.own.push(state);
    }
    // Without any fault nothing fails: the coins of edges need not be thrown.
    if world.own.iter().any(|&s| s > 0) {
        for v in 0..n {
            for (_, p, late) in network.edges_late(v) {
                let passes = uniform() < p;
                world.edges[v].push(if !passes { 0 } else { 1 + usize::from(uniform() < late) });
            }
            for gate in network.gates(v) {
                world.gates[v].push(usize::from(uniform() < gate.p));
            }
        }
        let failed = least_fixed_point(network, &world);
        let passed = passed(network, &world, &failed);
        return Happened { own: world.own, failed, passed };
    }
    Happened { failed: world.own.clone(), own: world.own, passed: Vec::new() }
}
