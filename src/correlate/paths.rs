//! By which path a fault reaches what was reported failing.

use super::ask::Asker;
use crate::graph::ComponentIx;
use crate::infer::logspace::SameEverywhere;
use crate::infer::network::NodeIx;
use std::collections::{BTreeMap, BTreeSet};

/// A path carries a failure if its best chance is at least this.
const PATH_LEAST: f64 = 0.05;

impl Asker<'_> {
    /// For every component from which failure can reach one of these nodes of a place: the best path there, the place's
    /// component first.
    pub(super) fn paths_from(
        &self,
        nodes: &BTreeSet<NodeIx>,
        owner: &[Option<ComponentIx>],
    ) -> BTreeMap<ComponentIx, Vec<ComponentIx>> {
        let network = &self.model.network;
        let starts: Vec<usize> = nodes.iter().map(|n| n.at()).collect();
        let mut best = vec![f64::NEG_INFINITY; network.len()];
        let mut via = vec![usize::MAX; network.len()];
        starts.iter().for_each(|&start| best[start] = 0.0);
        // Longest-product search without a heap: networks of one incident are small, and order stays stable.
        let mut queue = starts.iter().map(|&start| (0u64, start)).collect::<BTreeSet<_>>();
        let key = |ln: f64| (-ln).max(0.0).to_bits();
        while let Some((_, v)) = queue.pop_first() {
            // A group carries failure only if enough of its other members are believed to have failed.
            let down = |m: &u32| self.posterior.failed[*m as usize].is_some_and(|p| p >= 0.5);
            let mut gates = Vec::new();
            for g in network.gates(v) {
                let total = g.members.iter().filter(|m| down(m)).count();
                let ready = |m: &&u32| total - usize::from(down(m)) + 1 >= g.k as usize;
                gates.extend(g.members.iter().filter(ready).map(|&m| (m as usize, g.p)));
            }
            for (u, p) in network.edges(v).chain(gates) {
                let ln = best[v] + p.logarithm();
                if ln >= PATH_LEAST.logarithm() && ln > best[u] {
                    queue.remove(&(key(best[u]), u));
                    best[u] = ln;
                    via[u] = v;
                    queue.insert((key(ln), u));
                }
            }
        }
        let mut paths: BTreeMap<ComponentIx, (f64, Vec<ComponentIx>)> = BTreeMap::new();
        for (cause, nodes) in self.model.nodes.iter().enumerate() {
            for (_, own) in nodes.own.iter().filter(|(_, own)| best[own.at()] > f64::NEG_INFINITY) {
                let mut path = Vec::new();
                let mut v = own.at();
                while v != usize::MAX {
                    if let Some(component) = owner[v].filter(|c| path.last() != Some(c)) {
                        path.push(component);
                    }
                    v = via[v];
                }
                path.reverse();
                let cause = ComponentIx(cause as u32);
                if paths.get(&cause).is_none_or(|(ln, _)| best[own.at()] > *ln) {
                    paths.insert(cause, (best[own.at()], path));
                }
            }
        }
        paths.into_iter().map(|(cause, (_, path))| (cause, path)).collect()
    }
}
