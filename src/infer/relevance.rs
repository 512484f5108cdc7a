//! Which nodes matter for the evidence.
//!
//! A node with no evidence at or below it (towards its dependents) is barren: its own-fault posterior is its
//! prior, exactly, and it can be left out. \[SHA\]

use super::network::Network;

/// For every node: whether its state can be felt in the evidence, or is asked for in `targets`.
pub fn relevant(network: &Network, targets: &[usize]) -> Vec<bool> {
    let tells = |v: &usize| network.ln_evidence(*v).iter().any(|&l| l != network.ln_evidence(*v)[0]);
    upstream(network, (0..network.len()).filter(tells).chain(targets.iter().copied()))
}

/// For every node: whether *when* it failed can be felt in the evidence. Of the others only whether they failed matters.
pub fn timed(network: &Network) -> Vec<bool> {
    let tells = |v: &usize| network.ln_evidence(*v)[1..].windows(2).any(|w| w[0] != w[1]);
    upstream(network, (0..network.len()).filter(tells))
}

/// Marks nodes and all that they depend on.
fn upstream(network: &Network, nodes: impl Iterator<Item = usize>) -> Vec<bool> {
    let mut keep = vec![false; network.len()];
    let mut stack: Vec<usize> = nodes.collect();
    while let Some(v) = stack.pop() {
        if !std::mem::replace(&mut keep[v], true) {
            stack.extend(network.parents(v).filter(|&u| !keep[u]));
        }
    }
    keep
}

/// The strongly connected components of the kept nodes that have more than one node, as `component[v]`
/// (`u32::MAX` for nodes on no cycle), and their sizes. Iterative, so that depth does not matter. \[KOS\]
pub fn cycles(network: &Network, keep: &[bool]) -> (Vec<u32>, Vec<u32>) {
    let n = network.len();
    let parents: Vec<Vec<usize>> =
        (0..n).map(|v| if keep[v] { network.parents(v).collect() } else { Vec::new() }).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (v, up) in parents.iter().enumerate() {
        for &u in up {
            children[u].push(v);
        }
    }
    let mut order = Vec::with_capacity(n);
    let mut seen = vec![false; n];
    for root in 0..n {
        if seen[root] || !keep[root] {
            continue;
        }
        seen[root] = true;
        let mut stack = vec![(root, 0)];
        while let Some((v, next)) = stack.pop() {
            if let Some(&u) = parents[v].get(next) {
                stack.push((v, next + 1));
                if !std::mem::replace(&mut seen[u], true) {
                    stack.push((u, 0));
                }
            } else {
                order.push(v);
            }
        }
    }
    let mut component = vec![u32::MAX; n];
    let mut sizes = Vec::new();
    let mut taken = vec![false; n];
    for &root in order.iter().rev() {
        if taken[root] {
            continue;
        }
        taken[root] = true;
        let mut group = vec![root];
        let mut next = 0;
        while next < group.len() {
            for &w in &children[group[next]] {
                if !std::mem::replace(&mut taken[w], true) {
                    group.push(w);
                }
            }
            next += 1;
        }
        if group.len() > 1 {
            for &v in &group {
                component[v] = sizes.len() as u32;
            }
            sizes.push(group.len() as u32);
        }
    }
    (component, sizes)
}
