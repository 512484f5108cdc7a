//! When exact tables would be too large: draw some variables at random, sum the rest exactly.
//!
//! A *cutset* of "has failed" variables is chosen so that the rest has small tables. Its assignments are drawn from a
//! mixture: one component for "no fault", one for a fault of each node that could matter, each a product of coins
//! with the chances that forward propagation gives. A first round refits the mixture's weights. Every draw is weighed
//! by its exact `P(evidence, assignment)` over the density of the whole mixture, and the posteriors are the weighted
//! means of exact conditional posteriors (cutset importance sampling, \[BD\]; mixtures, \[PMC\]).
//!
//! If the cutset has few assignments, all of them are taken instead (cutset conditioning), and the answer is exact.
//!
//! Two independent halves are drawn. The stated error is three standard errors of the worst posterior by the delta method, or the largest difference of the
//! halves if that is more, and never less than
//! `LEAST_ERROR`; it is 1 (nothing is claimed) when fewer than `LEAST_EFFECTIVE` effective draws are left.

use super::eliminate::{Elimination, Limits, Run};
use super::factor::{Decomposition, Factor};
use super::logspace::{ln_add, ln_sum};
use super::network::Network;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// Draws per round.
const DRAWS: usize = 3000;
/// Different assignments that are evaluated per round, at most; a cutset with no more is summed out exactly.
const EVALUATIONS: usize = 400;
/// No coin is more certain than this, so that nothing is out of reach.
const FLOOR: f64 = 0.03;
/// Share of the refitted mixture that stays uniform.
const UNIFORM: f64 = 0.2;
/// Components of the mixture.
const MAX_HYPOTHESES: usize = 256;
/// Sweeps of forward propagation; cycles have settled by then for any practical purpose.
const SWEEPS: usize = 12;
/// Variables that may be drawn.
const MAX_CUTSET: usize = 400;
/// Tables of the rest stay below this share of the exact limits.
const SHRINK: usize = 64;
/// Draws that carry less cannot move a printed digit.
const LEAST_SHARE: f64 = 1e-7;
/// A sample never claims a smaller error.
const LEAST_ERROR: f64 = 1e-3;
/// Below this many effective draws nothing is claimed.
const LEAST_EFFECTIVE: f64 = 30.0;

/// A plan for drawing.
#[derive(Debug, Clone)]
pub struct Sampler {
    /// Variables that are drawn.
    cutset: Vec<u32>,
    /// Sums out the rest; holds the tables without a drawn variable.
    rest: Elimination,
    /// Tables with a drawn variable.
    touched: Vec<Factor>,
    /// For each component of the mixture, the chance of failure of each drawn variable.
    coins: Vec<Vec<f64>>,
    seed: u64,
}

impl Sampler {
    /// Chooses a cutset. `None` if even with `MAX_CUTSET` variables drawn the tables stay too large.
    pub fn compile(network: &Network, d: &Decomposition, limits: Limits, seed: u64) -> Option<Self> {
        let small = Limits { table_cells: limits.table_cells / SHRINK, total_cells: limits.total_cells / SHRINK };
        let nodes: Vec<usize> = (0..network.len()).filter(|&v| d.failed[v] != u32::MAX).collect();
        let mut cutset: Vec<u32> = Vec::new();
        let mut rest = loop {
            let factors = slice(&d.factors, &cutset, &vec![0; cutset.len()], &d.card).0;
            let card = clamp(&d.card, &cutset);
            if let Ok(rest) = Elimination::compile(&card, &factors, small) {
                break rest;
            }
            if cutset.len() >= MAX_CUTSET {
                return None;
            }
            // Cut where the most of the oversized tables meet; several at a time, since each plan is costly.
            let plan = super::order::order(&card, factors.iter().map(|f| f.vars.as_slice()));
            let mut load = vec![0.0f64; d.card.len()];
            for clique in &plan.cliques {
                let cells: f64 = clique.iter().map(|&v| f64::from(card[v as usize])).product();
                if cells > small.table_cells as f64 / 16.0 {
                    clique.iter().for_each(|&v| load[v as usize] += cells.ln());
                }
            }
            let mut ranked: Vec<u32> = nodes.iter().map(|&v| d.failed[v]).filter(|&x| card[x as usize] > 1).collect();
            ranked.sort_by(|&a, &b| load[b as usize].total_cmp(&load[a as usize]).then(a.cmp(&b)));
            if ranked.is_empty() {
                return None;
            }
            let batch = 1 + cutset.len() / 8;
            cutset.extend(ranked.into_iter().take(batch));
        };
        let touches = |f: &&Factor| f.vars.iter().any(|v| cutset.contains(v));
        let touched: Vec<Factor> = d.factors.iter().filter(touches).cloned().collect();
        let untouched: Vec<Factor> = d.factors.iter().filter(|f| !touches(f)).cloned().collect();
        rest.refill(&untouched);
        let drawn: Vec<usize> =
            cutset.iter().filter_map(|&x| nodes.iter().copied().find(|&v| d.failed[v] == x)).collect();
        let coins = hypotheses(network, &nodes)
            .into_iter()
            .map(|h| {
                let failed = propagate(network, &nodes, h);
                drawn.iter().map(|&v| FLOOR + (1.0 - 2.0 * FLOOR) * failed[v]).collect()
            })
            .collect();
        Some(Sampler { cutset, rest, touched, coins, seed })
    }

    /// Returns what an exact run would, with the error of its worst marginal; `None` for the error means exact.
    pub fn run(&self, d: &Decomposition, ln_weight: &[Vec<f64>]) -> (Run, Option<f64>) {
        let mut cache: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        let mut rest = self.rest.clone();
        if let Some(all) = self.all_assignments(d) {
            let draws: BTreeMap<Vec<u32>, (usize, f64)> = all
                .into_iter()
                .map(|a| {
                    let ln_p = self.evaluate(d, ln_weight, &a, &mut rest, &mut cache);
                    (a, (1, ln_p))
                })
                .collect();
            let (mut run, _) = self.combine(d, ln_weight, &mut rest, &draws, 0.0);
            // Every assignment stands for itself: the total is a sum, not a mean.
            run.ln_total = draws.values().fold(f64::NEG_INFINITY, |sum, (_, w)| ln_add(sum, *w));
            return (run, None);
        }
        let mut halves = Vec::with_capacity(2);
        for stream in 0..2 {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(stream);
            let draws = self.adapt(d, ln_weight, &mut rest, &mut cache, &mut rng);
            halves.push(self.combine(d, ln_weight, &mut rest, &draws, LEAST_SHARE));
        }
        let (Some((second, e2)), Some((first, e1))) = (halves.pop(), halves.pop()) else {
            return (Run { ln_total: f64::NEG_INFINITY, marginals: Vec::new() }, Some(1.0));
        };
        let mut gap = 0.0f64;
        let marginals = first
            .marginals
            .iter()
            .zip(&second.marginals)
            .map(|(a, b)| {
                gap = gap.max((a[0] - b[0]).abs());
                a.iter().zip(b).map(|(x, y)| 0.5 * (x + y)).collect()
            })
            .collect();
        let run = Run { ln_total: ln_add(first.ln_total, second.ln_total) - std::f64::consts::LN_2, marginals };
        (run, Some(e1.max(e2).max(gap).clamp(LEAST_ERROR, 1.0)))
    }

    /// Every assignment of the cutset, if there are at most [`EVALUATIONS`].
    fn all_assignments(&self, d: &Decomposition) -> Option<Vec<Vec<u32>>> {
        let mut all: Vec<Vec<u32>> = vec![Vec::new()];
        for &v in &self.cutset {
            let states = d.card[v as usize];
            if all.len() * states as usize > EVALUATIONS {
                return None;
            }
            all = all.iter().flat_map(|a| (0..states).map(move |s| [a.as_slice(), &[s]].concat())).collect();
        }
        Some(all)
    }

    /// Two rounds: the first refits the mixture, the second is what counts.
    fn adapt(
        &self,
        d: &Decomposition,
        ln_weight: &[Vec<f64>],
        rest: &mut Elimination,
        cache: &mut BTreeMap<Vec<u32>, f64>,
        rng: &mut ChaCha8Rng,
    ) -> BTreeMap<Vec<u32>, (usize, f64)> {
        let mut mixture = vec![1.0 / self.coins.len() as f64; self.coins.len()];
        let mut last = BTreeMap::new();
        for _round in 0..2 {
            let mut weights: BTreeMap<Vec<u32>, (usize, f64)> = BTreeMap::new();
            let mut fitted = vec![f64::NEG_INFINITY; mixture.len()];
            for (a, count) in self.draw(d, &mixture, rng) {
                let ln_p = self.evaluate(d, ln_weight, &a, rest, cache);
                let parts: Vec<f64> = self.ln_densities(d, &a).zip(&mixture).map(|(l, m)| l + m.ln()).collect();
                let ln_q = ln_sum(&parts);
                for (f, part) in fitted.iter_mut().zip(&parts) {
                    *f = ln_add(*f, ln_p - ln_q + (count as f64).ln() + part - ln_q);
                }
                weights.insert(a, (count, ln_p - ln_q));
            }
            let ln_norm = ln_sum(&fitted);
            if ln_norm > f64::NEG_INFINITY {
                let even = 1.0 / mixture.len() as f64;
                mixture = fitted.iter().map(|f| UNIFORM * even + (1.0 - UNIFORM) * (f - ln_norm).exp()).collect();
            }
            last = weights;
        }
        last
    }

    /// `ln` of the density of an assignment under each component of the mixture. The states of a variable with
    /// levels share its chance of failure evenly.
    fn ln_densities<'a>(&'a self, d: &'a Decomposition, assignment: &'a [u32]) -> impl Iterator<Item = f64> + 'a {
        self.coins.iter().map(move |coins| {
            let each = assignment.iter().zip(coins).zip(&self.cutset).map(|((&s, &p), &v)| match s {
                0 => (1.0 - p).ln(),
                _ => (p / f64::from(d.card[v as usize] - 1)).ln(),
            });
            each.sum()
        })
    }

    /// Draws until [`DRAWS`] are made or [`EVALUATIONS`] different ones are known.
    fn draw(&self, d: &Decomposition, mixture: &[f64], rng: &mut ChaCha8Rng) -> BTreeMap<Vec<u32>, usize> {
        let mut drawn = BTreeMap::new();
        for _ in 0..DRAWS {
            let coins = &self.coins[pick(mixture, rng) as usize];
            let assignment: Vec<u32> = coins
                .iter()
                .zip(&self.cutset)
                .map(|(&p, &v)| {
                    let levels = d.card[v as usize] - 1;
                    let u = uniform(rng);
                    if u < p { 1 + ((u / p * f64::from(levels)) as u32).min(levels - 1) } else { 0 }
                })
                .collect();
            *drawn.entry(assignment).or_insert(0) += 1;
            if drawn.len() >= EVALUATIONS {
                break;
            }
        }
        drawn
    }

    /// Weighted means of exact conditional posteriors, and their error.
    fn combine(
        &self,
        d: &Decomposition,
        ln_weight: &[Vec<f64>],
        rest: &mut Elimination,
        draws: &BTreeMap<Vec<u32>, (usize, f64)>,
        least_share: f64,
    ) -> (Run, f64) {
        let total: f64 = draws.values().map(|(n, _)| *n as f64).sum();
        let ln_norm = draws.values().fold(f64::NEG_INFINITY, |sum, (n, w)| ln_add(sum, w + (*n as f64).ln()));
        let mut mean: Vec<Vec<f64>> = d.card.iter().map(|&c| vec![0.0; c as usize]).collect();
        let mut squares = mean.clone();
        let mut weight_squares = 0.0;
        let mut kept: Vec<(f64, f64, Vec<f64>)> = Vec::new();
        for (assignment, &(n, w)) in draws {
            let one = (w - ln_norm).exp();
            let share = one * n as f64;
            weight_squares += one * one * n as f64;
            if share <= least_share {
                continue;
            }
            let (factors, _) = slice(&self.touched, &self.cutset, assignment, &d.card);
            rest.clone_from(&self.rest);
            rest.multiply(&factors);
            let run = rest.run(&self.masked(ln_weight));
            let mut failed = Vec::with_capacity(mean.len());
            for (v, m) in mean.iter_mut().enumerate() {
                let drawn = self.cutset.iter().position(|&c| c as usize == v).map(|i| assignment[i] as usize);
                for (s, sum) in m.iter_mut().enumerate() {
                    let p = match drawn {
                        Some(state) => f64::from(u8::from(state == s)),
                        None => run.marginals[v].get(s).copied().unwrap_or(0.0),
                    };
                    *sum += share * p;
                    if s == 0 {
                        failed.push(1.0 - p);
                    }
                }
            }
            kept.push((one, n as f64, failed));
        }
        for (one, n, failed) in &kept {
            for (v, p) in failed.iter().enumerate() {
                let gap = p - (1.0 - mean[v][0]);
                squares[v][0] += n * one * one * gap * gap;
            }
        }
        let worst = squares.iter().map(|s| s[0]).fold(0.0, f64::max);
        let effective = if weight_squares > 0.0 { 1.0 / weight_squares } else { 0.0 };
        let error = if effective < LEAST_EFFECTIVE { 1.0 } else { (3.0 * worst.sqrt()).clamp(LEAST_ERROR, 1.0) };
        (Run { ln_total: ln_norm - total.ln(), marginals: mean }, error)
    }

    /// `ln P(evidence, assignment)`.
    fn evaluate(
        &self,
        d: &Decomposition,
        ln_weight: &[Vec<f64>],
        assignment: &[u32],
        rest: &mut Elimination,
        cache: &mut BTreeMap<Vec<u32>, f64>,
    ) -> f64 {
        if let Some(&known) = cache.get(assignment) {
            return known;
        }
        let (factors, ln_constant) = slice(&self.touched, &self.cutset, assignment, &d.card);
        rest.clone_from(&self.rest);
        rest.multiply(&factors);
        let drawn: f64 = self.cutset.iter().zip(assignment).map(|(&v, &s)| ln_weight[v as usize][s as usize]).sum();
        let ln_p = ln_constant + drawn + rest.ln_total(&self.masked(ln_weight));
        cache.insert(assignment.to_vec(), ln_p);
        ln_p
    }

    /// Weights for the rest: drawn variables have one state, without weight.
    fn masked(&self, ln_weight: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut weights = ln_weight.to_vec();
        self.cutset.iter().for_each(|&v| weights[v as usize] = vec![0.0]);
        weights
    }
}

/// Card of drawn variables becomes 1.
fn clamp(card: &[u32], cutset: &[u32]) -> Vec<u32> {
    let mut card = card.to_vec();
    cutset.iter().for_each(|&v| card[v as usize] = 1);
    card
}

/// The tables given the drawn variables, and the constant of those that have no other.
fn slice(factors: &[Factor], cutset: &[u32], assignment: &[u32], card: &[u32]) -> (Vec<Factor>, f64) {
    let drawn: BTreeMap<u32, u32> = cutset.iter().copied().zip(assignment.iter().copied()).collect();
    let mut constant = 0.0;
    let mut sliced = Vec::with_capacity(factors.len());
    for factor in factors {
        let vars: Vec<u32> = factor.vars.iter().copied().filter(|v| !drawn.contains_key(v)).collect();
        if vars.len() == factor.vars.len() {
            sliced.push(factor.clone());
            continue;
        }
        let mut table = factor.table.clone();
        // Fix drawn variables from the fastest to the slowest, so that strides of the others stay as they are.
        let mut inner = 1;
        for &v in factor.vars.iter().rev() {
            let states = card[v as usize] as usize;
            if let Some(&s) = drawn.get(&v) {
                table = table
                    .chunks_exact(inner * states)
                    .flat_map(|block| block[s as usize * inner..(s as usize + 1) * inner].iter().copied())
                    .collect();
            } else {
                inner *= states;
            }
        }
        if vars.is_empty() {
            constant += table[0];
        } else {
            sliced.push(Factor { vars, table });
        }
    }
    (sliced, constant)
}

/// "No fault", and a fault of each node that has a prior: those that others depend on first, then the rest.
fn hypotheses(network: &Network, nodes: &[usize]) -> Vec<Option<usize>> {
    let mut used = vec![0usize; network.len()];
    nodes.iter().flat_map(|&v| network.parents(v)).for_each(|u| used[u] += 1);
    let mut able: Vec<usize> = nodes.iter().copied().filter(|&v| network.prior()[v] > 0.0).collect();
    able.sort_by_key(|&v| (std::cmp::Reverse(used[v]), v));
    std::iter::once(None).chain(able.into_iter().map(Some)).take(MAX_HYPOTHESES).collect()
}

/// Chances of failure given one own fault (or none beyond the priors), as if parents were independent: good enough
/// to draw from, since draws are weighed exactly.
fn propagate(network: &Network, nodes: &[usize], fault: Option<usize>) -> Vec<f64> {
    let mut failed = vec![0.0; network.len()];
    for _sweep in 0..SWEEPS {
        for &v in nodes {
            let own = if fault == Some(v) { 1.0 } else { network.prior()[v] };
            let mut ok = 1.0 - own;
            for (u, p) in network.edges(v) {
                ok *= 1.0 - p * failed[u];
            }
            for g in network.gates(v) {
                ok *= 1.0 - g.p * quorum(g.members.iter().map(|&m| failed[m as usize]), g.k as usize);
            }
            failed[v] = 1.0 - ok;
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

/// A uniform number in [0, 1) with 53 bits.
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
