//! When exact tables would be too large: condition on a cutset, and draw its assignments if there are too many.
//!
//! Assignments are drawn from a mixture: one component for "no fault", one for a fault of each node that could matter.
//! Each starts where forward propagation of its fault leads and takes a few sweeps of Gibbs sampling; the chances met on
//! the way are its coins. A first round refits the mixture's weights. Every draw is weighed by its exact
//! `P(evidence, assignment)` over the density of the whole mixture, and posteriors are weighted means of exact
//! conditional ones (cutset importance sampling, \[BD\]; mixtures, \[PMC\]).
//!
//! Two independent halves are drawn. The stated error is three standard errors of the worst posterior by the delta
//! method, or the largest difference of the halves if that is more, and never less than `LEAST_ERROR`; it is 1 (nothing is
//! claimed) when fewer than `LEAST_EFFECTIVE` effective draws are left.

use super::conditioning::{Conditioning, Lookup};
use super::eliminate::{Limits, Run};
use super::factor::Decomposition;
use super::logspace::SameEverywhere;
use super::logspace::{ln_add, ln_sum};
use super::network::Network;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// A cutset with at most this many assignments is summed out: the answer is exact.
const ALL_ASSIGNMENTS: usize = 1 << 12;
/// Draws per round and half.
const DRAWS: usize = 2000;
/// Nodes whose fault begins a component of the mixture.
const HYPOTHESES: usize = 192;
/// Table cells that fitting the components may look at: some seconds.
const BUDGET_CELLS: f64 = 5e8;
/// With fewer components than this nothing is drawn.
const LEAST_COMPONENTS: usize = 8;
/// Components that are kept: those that lead to the most probable assignments.
const KEPT: usize = 48;
/// Sweeps of Gibbs sampling per component; the first is not counted.
const SWEEPS: usize = 4;
/// Sweeps of forward propagation; cycles have settled by then for any practical purpose.
const FORWARD: usize = 12;
/// Expected flips per draw away from a component's own chances, so that nothing is out of reach.
const FLIPS: f64 = 0.5;
/// Share of the refitted mixture that stays uniform.
const UNIFORM: f64 = 0.2;
/// Draws that carry less cannot move a printed digit.
const LEAST_SHARE: f64 = 1e-9;
/// A sample never claims a smaller error.
const LEAST_ERROR: f64 = 1e-3;
/// Below this many effective draws nothing is claimed.
const LEAST_EFFECTIVE: f64 = 30.0;

/// A plan for drawing.
#[derive(Debug, Clone)]
pub struct Sampler {
    conditioning: Conditioning,
    /// For each hypothesis, the assignment that forward propagation leads to.
    starts: Vec<Vec<u32>>,
    seed: u64,
}

/// One component of the mixture: a product of independent distributions over the cut variables' states.
type Coins = Vec<Vec<f64>>;
/// An assignment that was drawn.
#[derive(Debug, Clone)]
struct Draw {
    assignment: Vec<u32>,
    /// `ln P(evidence, assignment)` under the weights it was drawn for.
    ln_p: f64,
    /// `ln` of its weight: `ln_p`, less the density it was drawn with.
    ln_share: f64,
    /// How often it was drawn.
    count: f64,
}

/// Draws that answer questions.
#[derive(Debug, Clone)]
pub struct Drawn {
    draws: Vec<Draw>,
    /// `ln` of how many draws the weights are a mean over.
    ln_count: f64,
    /// Error of the worst marginal; `None` if all assignments were taken.
    pub error: Option<f64>,
}

impl Sampler {
    /// Chooses a cutset and hypotheses. `None` if the rest stays too large.
    pub fn compile(network: &Network, d: &Decomposition, limits: Limits, seed: u64) -> Option<Self> {
        let conditioning = Conditioning::compile(network, d, limits)?;
        let nodes: Vec<usize> = (0..network.len()).filter(|&v| d.failed[v] != u32::MAX).collect();
        let node_of: BTreeMap<u32, usize> = nodes.iter().map(|&v| (d.failed[v], v)).collect();
        let mut starts: Vec<Vec<u32>> = hypotheses(network, &nodes)
            .into_iter()
            .map(|h| {
                let failed = propagate(network, &nodes, h);
                conditioning.cutset.iter().map(|x| u32::from(failed[node_of[x]] > 0.5)).collect()
            })
            .collect();
        starts.sort();
        starts.dedup();
        // Refuse rather than run for minutes; take fewer components rather than refuse.
        while conditioning.cost((starts.len() * SWEEPS) as f64) > BUDGET_CELLS {
            starts.truncate(starts.len() / 2);
            if starts.len() < LEAST_COMPONENTS {
                return None;
            }
        }
        Some(Sampler { conditioning, starts, seed })
    }

    /// Draws for one set of weights; the same draws answer every later question.
    pub fn draw(&self, d: &Decomposition, ln_weight: &[Vec<f64>]) -> Drawn {
        let mut lookup = self.conditioning.lookup(d, ln_weight);
        if let Some(all) = self.conditioning.all_assignments(ALL_ASSIGNMENTS) {
            let draws: Vec<Draw> = all
                .into_iter()
                .map(|a| {
                    let ln_p = lookup.ln_weight(&a);
                    Draw { assignment: a, ln_p, ln_share: ln_p, count: 1.0 }
                })
                .filter(|draw| draw.ln_p > f64::NEG_INFINITY)
                .collect();
            return Drawn { draws, ln_count: 0.0, error: None };
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let components = self.components(&mut lookup, &mut rng);
        let mut halves = Vec::with_capacity(2);
        for stream in 1..=2 {
            rng.set_stream(stream);
            halves.push(adapt(&components, &mut lookup, &mut rng));
        }
        let judged: Vec<(Vec<Vec<f64>>, f64)> = halves.iter().map(|half| judge(&lookup, half)).collect();
        let gaps = judged[0].0.iter().zip(&judged[1].0).map(|(a, b)| (a[0] - b[0]).abs());
        let error = gaps.fold(judged[0].1.max(judged[1].1), f64::max).clamp(LEAST_ERROR, 1.0);
        let draws: Vec<Draw> = halves.into_iter().flatten().collect();
        // What carries next to nothing cannot move a printed digit.
        let ln_norm = ln_norm(&draws);
        let draws = draws
            .into_iter()
            .filter(|x| x.ln_share + x.count.logarithm() - ln_norm > LEAST_SHARE.logarithm())
            .collect();
        Drawn { draws, ln_count: (2.0 * DRAWS as f64).logarithm(), error: Some(error) }
    }

    /// What an exact run with these weights would give, from the draws for others.
    pub fn run(&self, d: &Decomposition, drawn: &Drawn, ln_weight: &[Vec<f64>]) -> Run {
        let mut lookup = self.conditioning.lookup(d, ln_weight);
        let draws: Vec<Draw> = drawn
            .draws
            .iter()
            .map(|x| {
                let ln_p = lookup.ln_weight(&x.assignment);
                Draw { ln_share: x.ln_share + ln_p - x.ln_p, ln_p, ..x.clone() }
            })
            .collect();
        let ln_norm = ln_norm(&draws);
        Run { ln_total: ln_norm - drawn.ln_count, marginals: lookup.means(&shares(&draws, ln_norm)).0 }
    }

    /// `ln` of the total for weights that differ from those of the draws in few variables.
    pub fn ln_total(&self, d: &Decomposition, drawn: &Drawn, before: &[Vec<f64>], ln_weight: &[Vec<f64>]) -> f64 {
        let changed: Vec<u32> = (0..before.len()).filter(|&v| before[v] != ln_weight[v]).map(|v| v as u32).collect();
        let mut old = self.conditioning.lookup(d, before);
        let mut new = self.conditioning.lookup(d, ln_weight);
        let terms: Vec<f64> = drawn
            .draws
            .iter()
            .map(|x| x.ln_share + x.count.logarithm() + new.ln_change(&mut old, &changed, &x.assignment))
            .collect();
        ln_sum(&terms) - drawn.ln_count
    }

    /// The most promising components of the mixture.
    fn components(&self, lookup: &mut Lookup, rng: &mut ChaCha8Rng) -> Vec<Coins> {
        let mut found: Vec<(f64, Coins)> = Vec::with_capacity(self.starts.len());
        for start in &self.starts {
            let mut assignment = start.clone();
            let mut coins: Coins = self.conditioning.card.iter().map(|&c| vec![0.0; c as usize]).collect();
            let mut best = lookup.ln_weight(&assignment);
            for sweep in 0..SWEEPS {
                for i in 0..assignment.len() {
                    let ln: Vec<f64> = (0..coins[i].len() as u32)
                        .map(|s| {
                            assignment[i] = s;
                            lookup.ln_weight_around(i, &assignment)
                        })
                        .collect();
                    let ln_norm = ln_sum(&ln);
                    let even = 1.0 / ln.len() as f64;
                    let p: Vec<f64> = ln
                        .iter()
                        .map(|l| if ln_norm > f64::NEG_INFINITY { (l - ln_norm).exponential() } else { even })
                        .collect();
                    assignment[i] = pick(&p, rng);
                    if sweep > 0 {
                        coins[i].iter_mut().zip(&p).for_each(|(c, p)| *c += p);
                    }
                }
                best = best.max(lookup.ln_weight(&assignment));
            }
            found.push((best, coins));
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let floor = (FLIPS / self.conditioning.cutset.len() as f64).min(0.2);
        found.into_iter().take(KEPT).map(|(_, coins)| coins.into_iter().map(|c| soften(&c, floor)).collect()).collect()
    }
}

/// Two rounds: the first refits the mixture's weights, the second is what counts.
fn adapt(components: &[Coins], lookup: &mut Lookup, rng: &mut ChaCha8Rng) -> Vec<Draw> {
    let even = 1.0 / components.len() as f64;
    let mut mixture = vec![even; components.len()];
    let mut last = Vec::new();
    for _round in 0..2 {
        let mut counts: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        for _ in 0..DRAWS {
            let coins = &components[pick(&mixture, rng) as usize];
            *counts.entry(coins.iter().map(|p| pick(p, rng)).collect()).or_insert(0) += 1;
        }
        let mut fitted = vec![f64::NEG_INFINITY; mixture.len()];
        last.clear();
        for (assignment, count) in counts {
            let ln_p = lookup.ln_weight(&assignment);
            let density =
                |coins: &Coins| -> f64 { assignment.iter().zip(coins).map(|(&s, p)| p[s as usize].logarithm()).sum() };
            let parts: Vec<f64> = components.iter().zip(&mixture).map(|(c, m)| density(c) + m.logarithm()).collect();
            let ln_q = ln_sum(&parts);
            let count = count as f64;
            for (f, part) in fitted.iter_mut().zip(&parts) {
                *f = ln_add(*f, ln_p - ln_q + count.logarithm() + part - ln_q);
            }
            if ln_p > f64::NEG_INFINITY {
                last.push(Draw { assignment, ln_p, ln_share: ln_p - ln_q, count });
            }
        }
        let ln_norm = ln_sum(&fitted);
        if ln_norm > f64::NEG_INFINITY {
            mixture = fitted.iter().map(|f| UNIFORM * even + (1.0 - UNIFORM) * (f - ln_norm).exponential()).collect();
        }
    }
    last
}

fn ln_norm(draws: &[Draw]) -> f64 {
    draws.iter().fold(f64::NEG_INFINITY, |sum, x| ln_add(sum, x.ln_share + x.count.logarithm()))
}

/// (assignment, share of the weight, sum of squared shares of the single draws).
fn shares(draws: &[Draw], ln_norm: f64) -> Vec<(Vec<u32>, f64, f64)> {
    let one = |x: &Draw| (x.ln_share - ln_norm).exponential();
    draws.iter().map(|x| (x.assignment.clone(), one(x) * x.count, one(x).powi(2) * x.count)).collect()
}

/// Weighted means of one half, and their error.
fn judge(lookup: &Lookup, draws: &[Draw]) -> (Vec<Vec<f64>>, f64) {
    let shares = shares(draws, ln_norm(draws));
    let squares: f64 = shares.iter().map(|s| s.2).sum();
    let (means, spread) = lookup.means(&shares);
    let effective = if squares > 0.0 { 1.0 / squares } else { 0.0 };
    let worst = spread.into_iter().fold(0.0, f64::max);
    (means, if effective < LEAST_EFFECTIVE { 1.0 } else { (3.0 * worst.sqrt()).min(1.0) })
}

/// "No fault", and a fault of each node that has a prior: those that others depend on most first.
fn hypotheses(network: &Network, nodes: &[usize]) -> Vec<Option<usize>> {
    let mut used = vec![0usize; network.len()];
    nodes.iter().flat_map(|&v| network.parents(v)).for_each(|u| used[u] += 1);
    let mut able: Vec<usize> = nodes.iter().copied().filter(|&v| network.prior()[v] > 0.0).collect();
    // A fault is felt through the node it sits on or the one above it; both count.
    let mut felt = used.clone();
    for &v in nodes {
        network.parents(v).for_each(|u| felt[u] = felt[u].max(used[v]));
    }
    able.sort_by_key(|&v| (std::cmp::Reverse(felt[v]), v));
    std::iter::once(None).chain(able.into_iter().map(Some)).take(HYPOTHESES).collect()
}

/// Chances of failure given one own fault (or none beyond the priors), as if parents were independent: good enough
/// to start from, since draws are weighed exactly.
fn propagate(network: &Network, nodes: &[usize], fault: Option<usize>) -> Vec<f64> {
    let mut failed = vec![0.0; network.len()];
    for _sweep in 0..FORWARD {
        let mut change = 0.0f64;
        for &v in nodes {
            let own = if fault == Some(v) { 1.0 } else { network.prior()[v] };
            let mut ok = 1.0 - own;
            for (u, p) in network.edges(v) {
                ok *= 1.0 - p * failed[u];
            }
            for g in network.gates(v) {
                ok *= 1.0 - g.p * quorum(g.members.iter().map(|&m| failed[m as usize]), g.k as usize);
            }
            change = change.max((1.0 - ok - failed[v]).abs());
            failed[v] = 1.0 - ok;
        }
        if change < 1e-3 {
            break;
        }
    }
    failed
}

/// P(at least `k` of independent events).
fn quorum(chances: impl Iterator<Item = f64>, k: usize) -> f64 {
    let mut counts = vec![0.0; k + 1];
    counts[0] = 1.0;
    for p in chances {
        for c in (0..=k).rev() {
            let from_below = if c > 0 { counts[c - 1] * p } else { 0.0 };
            counts[c] = counts[c] * if c == k { 1.0 } else { 1.0 - p } + from_below;
        }
    }
    counts[k]
}

/// Normalises and keeps every state within reach.
fn soften(weights: &[f64], floor: f64) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    let even = 1.0 / weights.len() as f64;
    weights.iter().map(|w| floor * even + (1.0 - floor) * if sum > 0.0 { w / sum } else { even }).collect()
}

/// A uniform number from 0 to below 1, with 53 bits.
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn pick(p: &[f64], rng: &mut ChaCha8Rng) -> u32 {
    let mut left = uniform(rng);
    for (s, &chance) in p.iter().enumerate() {
        left -= chance;
        if left < 0.0 {
            return s as u32;
        }
    }
    p.len() as u32 - 1
}
