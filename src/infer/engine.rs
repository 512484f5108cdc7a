//! The door to inference: compile a network once, ask it as often as needed.

use super::eliminate::{Elimination, Limits, Run};
use super::factor::{ChainOrder, Decomposition};
use super::logspace::SameEverywhere;
use super::logspace::ln_not;
use super::network::Network;
use super::posterior::{Method, Posterior, Quality};
use super::relevance::relevant;
use super::sample::{Drawn, Sampler};
use rayon::prelude::*;

/// Rounding error that exact answers are known to stay below (`tests/it/infer.rs` holds it to that).
pub const EXACT_ERROR: f64 = 1e-9;

/// A network made ready for questions.
#[derive(Debug, Clone)]
pub struct Engine {
    network: Network,
    decomposition: Decomposition,
    keep: Vec<bool>,
    order: ChainOrder,
    relevant: usize,
    plan: Plan,
}

#[derive(Debug, Clone)]
enum Plan {
    Exact(Elimination),
    Sampled(Box<Sampler>, Box<Drawn>),
    /// Not even a sample can be drawn within the limits: nothing is claimed beyond the priors.
    Refused,
}

/// A change to the network for one question.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scenario<'a> {
    /// Nodes whose own fault is ruled out.
    pub without: &'a [usize],
    /// Other evidence at some nodes, `[ln P(e | ok), ln P(e | failed since bin 0), …]`, in place of the network's. Only
    /// nodes that had evidence may be named, and onset may tell no more than it did.
    pub ln_evidence: &'a [(usize, Vec<f64>)],
    /// Other chances of own faults at some nodes.
    pub prior: &'a [(usize, f64)],
}

impl Engine {
    /// Compiles `network` for exact inference; `None` if that would need tables beyond `limits`. `targets` are nodes
    /// whose `failed` posterior is wanted although no evidence touches them.
    pub fn exact(network: &Network, targets: &[usize], limits: Limits) -> Option<Self> {
        let keep = relevant(network, targets);
        let relevant = keep.iter().filter(|&&k| k).count();
        let plan = |&order: &ChainOrder| {
            let d = Decomposition::new(network, &keep, order).ok()?;
            Some((Elimination::cost(&d.card, &d.factors, limits)?, d, order))
        };
        let plans: Vec<Option<(f64, Decomposition, ChainOrder)>> = ChainOrder::ALL.par_iter().map(plan).collect();
        // The first of the cheapest, whoever was done first.
        let (_, decomposition, order) = plans.into_iter().flatten().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let elimination = Elimination::compile(&decomposition.card, &decomposition.factors, limits).ok()?;
        Some(Engine { network: network.clone(), decomposition, keep, order, relevant, plan: Plan::Exact(elimination) })
    }

    /// Compiles `network`, whatever it takes; `seed` is used only if exact inference is too wide.
    pub fn new(network: Network, targets: &[usize], limits: Limits, seed: u64) -> Self {
        if let Some(exact) = Self::exact(&network, targets, limits) {
            return exact;
        }
        let keep = relevant(&network, targets);
        let relevant = keep.iter().filter(|&&k| k).count();
        let Ok(decomposition) = Decomposition::new(&network, &keep, ChainOrder::AsGiven) else {
            let (decomposition, order) = (Decomposition::default(), ChainOrder::AsGiven);
            return Engine { network, decomposition, keep, order, relevant, plan: Plan::Refused };
        };
        let order = ChainOrder::AsGiven;
        let mut engine = Engine { network, decomposition, keep, order, relevant, plan: Plan::Refused };
        let d = &engine.decomposition;
        if let Some(sampler) = Sampler::compile(&engine.network, d, limits, seed) {
            let drawn = sampler.draw(d, &engine.weights(Scenario::default()));
            engine.plan = Plan::Sampled(Box::new(sampler), Box::new(drawn));
        }
        engine
    }

    /// The network that was compiled.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// True if answers are exact up to rounding.
    pub fn is_exact(&self) -> bool {
        match &self.plan {
            Plan::Exact(_) => true,
            Plan::Sampled(_, drawn) => drawn.error.is_none(),
            Plan::Refused => false,
        }
    }

    /// Cells of all tables of the exact plan; 0 if there is none.
    pub fn cells(&self) -> usize {
        match &self.plan {
            Plan::Exact(e) => e.cells(),
            _ => 0,
        }
    }

    /// Cells of the largest table; 0 if there is no exact plan.
    pub fn largest(&self) -> usize {
        match &self.plan {
            Plan::Exact(e) => e.largest(),
            _ => 0,
        }
    }

    /// Posteriors of all nodes, with how good they are.
    pub fn posterior(&self, scenario: Scenario) -> (Posterior, Quality) {
        let weights = self.weights(scenario);
        let (run, method, error) = match &self.plan {
            Plan::Exact(elimination) => (elimination.run(&weights), Method::Exact, EXACT_ERROR),
            Plan::Sampled(sampler, drawn) => {
                let run = sampler.run(&self.decomposition, drawn, &weights);
                // All assignments of a small cutset are as exact as one large table.
                let method = if drawn.error.is_some() { Method::Sampled } else { Method::Exact };
                (run, method, drawn.error.unwrap_or(EXACT_ERROR))
            }
            Plan::Refused => (Run { ln_total: f64::NEG_INFINITY, marginals: Vec::new() }, Method::Sampled, 1.0),
        };
        let states_of = |variable: Option<&u32>| -> Vec<f64> {
            let Some(&variable) = variable else { return Vec::new() };
            let Some(cells) = run.marginals.get(variable as usize) else { return Vec::new() };
            let sum: f64 = cells.iter().sum();
            if sum <= 0.0 {
                return Vec::new();
            }
            let shape = self.decomposition.shape[variable as usize];
            let mut states = vec![0.0; 1 + shape.bins as usize];
            for (state, cell) in cells.iter().enumerate() {
                let at = if state == 0 { 0 } else { 1 + shape.bin(state as u32) as usize };
                states[at] += cell / sum;
            }
            states
        };
        let chance = |states: &Vec<f64>| (!states.is_empty()).then(|| states[1..].iter().sum::<f64>().clamp(0.0, 1.0));
        let d = &self.decomposition;
        let own_states: Vec<Vec<f64>> = (0..self.network.len()).map(|v| states_of(d.own.get(v))).collect();
        let states: Vec<Vec<f64>> = (0..self.network.len()).map(|v| states_of(d.failed.get(v))).collect();
        let untouched = |v: usize| {
            let changed = scenario.prior.iter().find(|(node, _)| *node == v).map(|(_, p)| *p);
            if scenario.without.contains(&v) { 0.0 } else { changed.unwrap_or(self.network.prior()[v]) }
        };
        let own = own_states.iter().enumerate().map(|(v, s)| chance(s).unwrap_or_else(|| untouched(v))).collect();
        let failed = states.iter().map(chance).collect();
        let quality = Quality { method, error, relevant: self.relevant };
        (Posterior { own, failed, states, own_states, ln_evidence: run.ln_total }, quality)
    }

    /// `ln P(evidence, none of these nodes has a fault of its own)`; `None` if nothing could be computed.
    pub fn ln_evidence_without(&self, nodes: &[usize]) -> Option<f64> {
        self.ln_evidence(Scenario { without: nodes, ..Scenario::default() })
    }

    /// `ln P(evidence, none of the ruled-out nodes has a fault of its own)` in a scenario; `None` if nothing could be
    /// computed.
    pub fn ln_evidence(&self, scenario: Scenario) -> Option<f64> {
        let nodes = scenario.without;
        let weights = self.weights(scenario);
        let ln_total = match &self.plan {
            Plan::Exact(elimination) => elimination.ln_total(&weights),
            Plan::Sampled(sampler, drawn) => {
                let before = self.weights(Scenario::default());
                sampler.ln_total(&self.decomposition, drawn, &before, &weights)
            }
            Plan::Refused => return None,
        };
        // The weights of a ruled-out node are those of "no fault" with its prior chance; one that was left out as
        // irrelevant still contributes that chance.
        let left_out = nodes.iter().filter(|&&v| self.decomposition.own[v] == u32::MAX);
        let prior =
            |v: usize| scenario.prior.iter().find(|(node, _)| *node == v).map_or(self.network.prior()[v], |(_, p)| *p);
        Some(ln_total + left_out.map(|&v| ln_not(prior(v))).sum::<f64>())
    }

    /// P(at least one of these nodes has a fault of its own, and none of the edges and gates for which
    /// `muted(dependent, dependency)` holds and whose dependency failed passes failure on | evidence); `None` without an
    /// exact plan.
    pub fn p_kept_to_itself(&self, nodes: &[usize], muted: &dyn Fn(usize, usize) -> bool) -> Option<f64> {
        let Plan::Exact(elimination) = &self.plan else { return None };
        let ln_all = elimination.ln_total(&self.weights(Scenario::default()));
        let d = Decomposition::muting(&self.network, &self.keep, self.order, muted).ok()?;
        let mut quiet = elimination.clone();
        quiet.refill(&d.factors);
        let with = quiet.ln_total(&self.weights(Scenario::default()));
        let without = quiet.ln_total(&self.weights(Scenario { without: nodes, ..Scenario::default() }));
        Some(((with - ln_all).exponential() - (without - ln_all).exponential()).max(0.0))
    }

    /// Weights of all variables' states: own faults by prior, evidence on what has failed.
    fn weights(&self, scenario: Scenario) -> Vec<Vec<f64>> {
        let d = &self.decomposition;
        let mut weights: Vec<Vec<f64>> = d.card.iter().map(|&c| vec![0.0; c as usize]).collect();
        let bins = self.network.bins();
        let mut prior = self.network.prior().to_vec();
        scenario.prior.iter().for_each(|&(v, p)| prior[v] = p);
        scenario.without.iter().for_each(|&v| prior[v] = -prior[v].abs());
        for v in (0..self.network.len()).filter(|&v| d.own.get(v).is_some_and(|&x| x != u32::MAX)) {
            let own = &mut weights[d.own[v] as usize];
            own[0] += ln_not(prior[v].abs());
            let timed = own.len() > 2;
            for (bin, w) in own[1..].iter_mut().enumerate() {
                // Where only whether it failed matters, the one bin stands for all.
                let share = if timed { bins[bin] } else { 1.0 };
                *w += if prior[v] > 0.0 { (prior[v] * share).logarithm() } else { f64::NEG_INFINITY };
            }
            let replaced = scenario.ln_evidence.iter().find(|(node, _)| *node == v).map(|(_, ev)| ev.as_slice());
            let evidence = replaced.unwrap_or(self.network.ln_evidence(v));
            let shape = d.shape[d.failed[v] as usize];
            for (state, w) in weights[d.failed[v] as usize].iter_mut().enumerate() {
                *w += evidence[if state == 0 { 0 } else { 1 + shape.bin(state as u32) as usize }];
            }
        }
        weights
    }
}
