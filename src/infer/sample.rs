//! When exact tables would be too large: draw some variables at random, sum the rest exactly.
//!
//! A *cutset* of variables is chosen so that the rest has small tables. Assignments of the cutset are drawn from a
//! product of coins `q` fitted in a first round; each is weighed by its exact `P(evidence, assignment) / q`, and the
//! posteriors are the weighted means of exact conditional posteriors (Rao–Blackwellised importance sampling, [BD]).
//! The stated error is two standard errors of the worst posterior by the delta method, never less than
//! [`LEAST_ERROR`]; it is 1 (nothing is claimed) when fewer than [`LEAST_EFFECTIVE`] effective draws are left.

use super::eliminate::{Elimination, Limits, Run};
use super::factor::{Decomposition, Factor};
use super::logspace::{ln_add, ln_sum};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::BTreeMap;

/// Draws per round.
const DRAWS: usize = 4000;
/// Different assignments that are evaluated per round, at most.
const EVALUATIONS: usize = 800;
/// Sweeps of the first, fitting round.
const SWEEPS: usize = 4;
/// No coin of `q` is more certain than this, so that nothing is out of reach.
const FLOOR: f64 = 0.02;
/// Variables that may be drawn.
const MAX_CUTSET: usize = 400;
/// Tables of the rest stay below this share of the exact limits.
const SHRINK: usize = 16;
/// A sample never claims a smaller error.
const LEAST_ERROR: f64 = 1e-3;
/// Below this many effective draws nothing is claimed.
const LEAST_EFFECTIVE: f64 = 30.0;

/// A plan for drawing.
#[derive(Debug, Clone)]
pub struct Sampler {
    /// Variables that are drawn.
    cutset: Vec<u32>,
    /// Sums out the rest.
    rest: Elimination,
    seed: u64,
}

impl Sampler {
    /// Chooses a cutset. `None` if even with [`MAX_CUTSET`] variables drawn the tables stay too large.
    pub fn compile(d: &Decomposition, limits: Limits, seed: u64) -> Option<Self> {
        let small = Limits { table_cells: limits.table_cells / SHRINK, total_cells: limits.total_cells / SHRINK };
        let mut cutset: Vec<u32> = Vec::new();
        loop {
            let factors = slice(&d.factors, &cutset, &vec![0; cutset.len()], &d.card).0;
            let card = clamp(&d.card, &cutset);
            if let Ok(rest) = Elimination::compile(&card, &factors, small) {
                return Some(Sampler { cutset, rest, seed });
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
            let mut ranked: Vec<u32> =
                (0..d.card.len() as u32).filter(|&v| card[v as usize] > 1 && load[v as usize] > 0.0).collect();
            ranked.sort_by(|&a, &b| load[b as usize].total_cmp(&load[a as usize]).then(a.cmp(&b)));
            if ranked.is_empty() {
                ranked = (0..d.card.len() as u32).filter(|&v| card[v as usize] > 1).collect();
            }
            let batch = 1 + cutset.len() / 8;
            cutset.extend(ranked.into_iter().take(batch));
        }
    }

    /// Draws, and returns what an exact run would, with the error of its worst marginal.
    pub fn run(&self, d: &Decomposition, ln_weight: &[Vec<f64>]) -> (Run, f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut cache: BTreeMap<Vec<u32>, f64> = BTreeMap::new();
        let mut rest = self.rest.clone();
        let mut proposal = self.sweep(d, ln_weight, &mut rest, &mut cache, &mut rng);
        let mut last = BTreeMap::new();
        for _round in 0..2 {
            let drawn = draw(&proposal, &mut rng);
            let weights: Vec<(Vec<u32>, usize, f64)> = drawn
                .into_iter()
                .map(|(a, count)| {
                    let ln_p = self.evaluate(d, ln_weight, &a, &mut rest, &mut cache);
                    let ln_q: f64 = a.iter().zip(&proposal).map(|(&s, q)| q[s as usize].ln()).sum();
                    (a, count, ln_p - ln_q)
                })
                .collect();
            let ln_norm = ln_sum(&weights.iter().map(|(_, n, w)| w + (*n as f64).ln()).collect::<Vec<_>>());
            let mut fitted: Vec<Vec<f64>> = proposal.iter().map(|q| vec![0.0; q.len()]).collect();
            for (a, count, w) in &weights {
                let share = (w - ln_norm).exp() * *count as f64;
                a.iter().zip(&mut fitted).for_each(|(&s, f)| f[s as usize] += share);
            }
            proposal = fitted.into_iter().map(soften).collect();
            last = weights.into_iter().map(|(a, n, w)| (a, (n, w))).collect();
        }
        self.combine(d, ln_weight, &mut rest, &last)
    }

    /// Weighted means of exact conditional posteriors, and their error.
    fn combine(
        &self,
        d: &Decomposition,
        ln_weight: &[Vec<f64>],
        rest: &mut Elimination,
        draws: &BTreeMap<Vec<u32>, (usize, f64)>,
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
            // What carries less than this cannot move a printed digit.
            if share < 1e-7 {
                continue;
            }
            let (factors, _) = slice(&d.factors, &self.cutset, assignment, &d.card);
            rest.refill(&factors);
            let run = rest.run(&self.masked(ln_weight, assignment));
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
        let error = if effective < LEAST_EFFECTIVE { 1.0 } else { (2.0 * worst.sqrt()).clamp(LEAST_ERROR, 1.0) };
        (Run { ln_total: ln_norm - total.ln(), marginals: mean }, error)
    }

    /// A few sweeps of Gibbs sampling over the cutset, from "nothing failed", to fit the first coins.
    fn sweep(
        &self,
        d: &Decomposition,
        ln_weight: &[Vec<f64>],
        rest: &mut Elimination,
        cache: &mut BTreeMap<Vec<u32>, f64>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Vec<f64>> {
        let mut assignment = vec![0u32; self.cutset.len()];
        let mut coins: Vec<Vec<f64>> = self.cutset.iter().map(|&v| vec![0.0; d.card[v as usize] as usize]).collect();
        for _sweep in 0..SWEEPS {
            for i in 0..assignment.len() {
                let ln_p: Vec<f64> = (0..coins[i].len() as u32)
                    .map(|s| {
                        assignment[i] = s;
                        self.evaluate(d, ln_weight, &assignment, rest, cache)
                    })
                    .collect();
                let ln_norm = ln_sum(&ln_p);
                let p: Vec<f64> = ln_p
                    .iter()
                    .map(|l| if ln_norm > f64::NEG_INFINITY { (l - ln_norm).exp() } else { 1.0 / ln_p.len() as f64 })
                    .collect();
                coins[i].iter_mut().zip(&p).for_each(|(c, p)| *c += p);
                assignment[i] = pick(&p, rng);
            }
        }
        coins.into_iter().map(soften).collect()
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
        let (factors, ln_constant) = slice(&d.factors, &self.cutset, assignment, &d.card);
        rest.refill(&factors);
        let drawn: f64 = self.cutset.iter().zip(assignment).map(|(&v, &s)| ln_weight[v as usize][s as usize]).sum();
        let ln_p = ln_constant + drawn + rest.ln_total(&self.masked(ln_weight, assignment));
        cache.insert(assignment.to_vec(), ln_p);
        ln_p
    }

    /// Weights for the rest: drawn variables have one state, without weight.
    fn masked(&self, ln_weight: &[Vec<f64>], _assignment: &[u32]) -> Vec<Vec<f64>> {
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

/// Normalises and keeps every state within reach.
fn soften(weights: Vec<f64>) -> Vec<f64> {
    let sum: f64 = weights.iter().sum();
    let states = weights.len() as f64;
    let floor = FLOOR / states;
    weights.iter().map(|w| if sum > 0.0 { floor + (1.0 - FLOOR) * w / sum } else { 1.0 / states }).collect()
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

/// Draws until [`DRAWS`] are made or [`EVALUATIONS`] different ones are known.
fn draw(proposal: &[Vec<f64>], rng: &mut ChaCha8Rng) -> BTreeMap<Vec<u32>, usize> {
    let mut drawn = BTreeMap::new();
    for _ in 0..DRAWS {
        let assignment: Vec<u32> = proposal.iter().map(|q| pick(q, rng)).collect();
        *drawn.entry(assignment).or_insert(0) += 1;
        if drawn.len() >= EVALUATIONS {
            break;
        }
    }
    drawn
}
