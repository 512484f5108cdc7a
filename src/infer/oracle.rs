//! Enumeration of everything that can happen: slow, plain, and the judge of every faster method.

use super::logspace::ln_not;
use super::network::Network;
use super::posterior::Posterior;

/// The most random variables that are enumerated.
pub const MAX_VARIABLES: usize = 22;

/// A random bit of the generative process.
#[derive(Clone, Copy)]
enum Bit {
    Own(usize),
    Edge(usize, usize),
    Gate(usize, usize),
}

/// How many random variables a network has (certain ones do not count).
pub fn variables(network: &Network) -> usize {
    bits(network).len()
}

fn bits(network: &Network) -> Vec<(Bit, f64)> {
    let mut bits = Vec::new();
    for v in 0..network.len() {
        bits.push((Bit::Own(v), network.prior()[v]));
        bits.extend(network.edges(v).enumerate().map(|(i, (_, p))| (Bit::Edge(v, i), p)));
        bits.extend(network.gates(v).enumerate().map(|(i, g)| (Bit::Gate(v, i), g.p)));
    }
    bits.retain(|&(_, p)| p > 0.0 && p < 1.0);
    bits
}

/// The posterior by summing over every combination of faults and switches; `None` if there are more than
/// [`MAX_VARIABLES`].
pub fn enumerate(network: &Network) -> Option<Posterior> {
    let n = network.len();
    let bits = bits(network);
    if bits.len() > MAX_VARIABLES {
        return None;
    }
    let mut own: Vec<bool> = network.prior().iter().map(|&p| p >= 1.0).collect();
    let mut edges: Vec<Vec<bool>> = (0..n).map(|v| network.edges(v).map(|(_, p)| p >= 1.0).collect()).collect();
    let mut gates: Vec<Vec<bool>> = (0..n).map(|v| network.gates(v).map(|g| g.p >= 1.0).collect()).collect();
    let mut rows: Vec<(f64, Vec<bool>, Vec<bool>)> = Vec::with_capacity(1 << bits.len());
    for combination in 0u32..1 << bits.len() {
        let mut ln_weight = 0.0;
        for (i, &(bit, p)) in bits.iter().enumerate() {
            let on = combination >> i & 1 == 1;
            ln_weight += if on { p.ln() } else { ln_not(p) };
            match bit {
                Bit::Own(v) => own[v] = on,
                Bit::Edge(v, i) => edges[v][i] = on,
                Bit::Gate(v, i) => gates[v][i] = on,
            }
        }
        let failed = least_fixed_point(network, &own, &edges, &gates);
        ln_weight += failed.iter().zip(network.ln_evidence()).map(|(&f, ev)| ev[usize::from(f)]).sum::<f64>();
        rows.push((ln_weight, own.clone(), failed));
    }
    let ln_total = super::logspace::ln_sum(&rows.iter().map(|r| r.0).collect::<Vec<_>>());
    let mut posterior = Posterior { own: vec![0.0; n], failed: vec![Some(0.0); n], ln_evidence: ln_total };
    for (ln_weight, own, failed) in rows {
        let p = (ln_weight - ln_total).exp();
        for v in 0..n {
            posterior.own[v] += if own[v] { p } else { 0.0 };
            posterior.failed[v] = posterior.failed[v].map(|sum| sum + if failed[v] { p } else { 0.0 });
        }
    }
    Some(posterior)
}

fn least_fixed_point(network: &Network, own: &[bool], edges: &[Vec<bool>], gates: &[Vec<bool>]) -> Vec<bool> {
    let mut failed = own.to_vec();
    loop {
        let mut changed = false;
        for v in 0..failed.len() {
            if failed[v] {
                continue;
            }
            let edge = network.edges(v).zip(&edges[v]).any(|((u, _), &on)| on && failed[u]);
            let gate = network
                .gates(v)
                .zip(&gates[v])
                .any(|(g, &on)| on && g.members.iter().filter(|&&m| failed[m as usize]).count() >= g.k as usize);
            failed[v] = edge || gate;
            changed |= failed[v];
        }
        if !changed {
            return failed;
        }
    }
}
