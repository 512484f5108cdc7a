//! The door to inference: compile a network once, ask it as often as needed.

use super::eliminate::{Elimination, Limits, Run};
use super::factor::Decomposition;
use super::logspace::ln_not;
use super::network::Network;
use super::posterior::{Method, Posterior, Quality};
use super::relevance::relevant;
use super::sample::{Drawn, Sampler};

/// Rounding error that exact answers are known to stay below (`tests/it/infer.rs` holds it to that).
pub const EXACT_ERROR: f64 = 1e-9;

/// A network made ready for questions.
#[derive(Debug, Clone)]
pub struct Engine {
    network: Network,
    decomposition: Decomposition,
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
    /// Other evidence, `[ln P(e | ok), ln P(e | failed)]` per node; must be equal on nodes that had none.
    pub ln_evidence: Option<&'a [[f64; 2]]>,
}

impl Engine {
    /// Compiles `network`. `targets` are nodes whose `failed` posterior is wanted although no evidence touches them;
    /// `seed` is used only if exact inference is too wide.
    pub fn new(network: Network, targets: &[usize], limits: Limits, seed: u64) -> Self {
        let keep = relevant(&network, targets);
        let relevant = keep.iter().filter(|&&k| k).count();
        let Ok(decomposition) = Decomposition::new(&network, &keep) else {
            return Engine { network, decomposition: Decomposition::default(), relevant, plan: Plan::Refused };
        };
        let mut engine = Engine { network, decomposition, relevant, plan: Plan::Refused };
        let d = &engine.decomposition;
        if let Ok(elimination) = Elimination::compile(&d.card, &d.factors, limits) {
            engine.plan = Plan::Exact(elimination);
        } else if let Some(sampler) = Sampler::compile(&engine.network, d, limits, seed) {
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
        let chance = |variable: u32| -> Option<f64> {
            let states = run.marginals.get(variable as usize)?;
            let sum: f64 = states.iter().sum();
            if sum > 0.0 { Some((states[1..].iter().sum::<f64>() / sum).clamp(0.0, 1.0)) } else { None }
        };
        let own_of = |v: usize| self.decomposition.own.get(v).and_then(|&x| chance(x));
        let ruled_out = |v: usize| scenario.without.contains(&v);
        let own = (0..self.network.len())
            .map(|v| own_of(v).unwrap_or(if ruled_out(v) { 0.0 } else { self.network.prior()[v] }))
            .collect();
        let failed =
            (0..self.network.len()).map(|v| self.decomposition.failed.get(v).and_then(|&f| chance(f))).collect();
        let quality = Quality { method, error, relevant: self.relevant };
        (Posterior { own, failed, ln_evidence: run.ln_total }, quality)
    }

    /// `ln P(evidence, none of these nodes has a fault of its own)`; `None` if nothing could be computed.
    pub fn ln_evidence_without(&self, nodes: &[usize]) -> Option<f64> {
        let weights = self.weights(Scenario { without: nodes, ..Scenario::default() });
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
        Some(ln_total + left_out.map(|&v| ln_not(self.network.prior()[v])).sum::<f64>())
    }

    /// Weights of all variables' states: own faults by prior, evidence on what has failed.
    fn weights(&self, scenario: Scenario) -> Vec<Vec<f64>> {
        let d = &self.decomposition;
        let mut weights: Vec<Vec<f64>> = d.card.iter().map(|&c| vec![0.0; c as usize]).collect();
        let evidence = scenario.ln_evidence.unwrap_or(self.network.ln_evidence());
        for v in 0..self.network.len().min(d.own.len()) {
            if d.own[v] == u32::MAX {
                continue;
            }
            let prior = self.network.prior()[v];
            let own = &mut weights[d.own[v] as usize];
            own[0] += ln_not(prior);
            own[1] += prior.ln();
            for (state, w) in weights[d.failed[v] as usize].iter_mut().enumerate() {
                *w += evidence[v][usize::from(state > 0)];
            }
        }
        for &v in scenario.without {
            if d.own.get(v).is_some_and(|&x| x != u32::MAX) {
                weights[d.own[v] as usize][1] = f64::NEG_INFINITY;
            }
        }
        weights
    }
}
