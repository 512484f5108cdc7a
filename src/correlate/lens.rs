//! A question with two sides, and what leaving evidence out does to it.
//!
//! Each side is a sum of runs in which some faults are ruled out: `P(X | e)` is everything minus the run without `X`.
//! Because every run keeps the joint chance of "these faults are ruled out" and the state of every observed node,
//! leaving out what one node heard needs no further run: each state is multiplied by the ratio of the evidence without
//! and with it. \[LOO\]

use super::ask::Asker;
use crate::graph::ComponentIx;
use crate::infer::logspace::SameEverywhere;
use crate::infer::logspace::{ln_not, one_minus_exp};
use crate::infer::network::NodeIx;
use crate::infer::{Posterior, Scenario};
use crate::model::channel::Except;

/// One run, with the chance of its scenario given all signals.
struct Run {
    own: Vec<usize>,
    posterior: Posterior,
    chance: f64,
}

/// `ln (yes / no)`, where both are sums of runs with signs.
pub(super) struct Lens {
    runs: Vec<Run>,
    /// (run, sign) of one side …
    yes: Vec<(usize, f64)>,
    /// … and of the other.
    no: Vec<(usize, f64)>,
    /// The log-odds before any signal.
    pub prior: f64,
    /// The log-odds with all signals.
    pub posterior: f64,
}

/// Evidence at some nodes in place of the network's: what is left when something is left out.
pub(super) type Left = Vec<(usize, Vec<f64>)>;

impl Lens {
    /// "At least one of these had a fault" against "none had". `None` if that is impossible or certain.
    pub(super) fn any(asker: &Asker, causes: &[ComponentIx]) -> Option<Lens> {
        let runs = vec![Run::new(asker, &[], &Left::new()), Run::new(asker, causes, &Left::new())];
        let prior = ln_odds(asker, causes);
        Lens { runs, yes: vec![(0, 1.0), (1, -1.0)], no: vec![(1, 1.0)], prior, posterior: 0.0 }.settled()
    }

    /// "Some of `a` had a fault and none of `b`" against the opposite. `None` if one of them is impossible.
    pub(super) fn versus(asker: &Asker, a: &[ComponentIx], b: &[ComponentIx]) -> Option<Lens> {
        Lens::versus_with(asker, a, b, &Left::new())
    }

    /// The same with other evidence at some nodes.
    pub(super) fn versus_with(asker: &Asker, a: &[ComponentIx], b: &[ComponentIx], left: &Left) -> Option<Lens> {
        let runs = [a, b, &[a, b].concat()].map(|none| Run::new(asker, none, left)).into();
        let prior = ln_odds(asker, a) - ln_odds(asker, b);
        Lens { runs, yes: vec![(1, 1.0), (2, -1.0)], no: vec![(0, 1.0), (2, -1.0)], prior, posterior: 0.0 }.settled()
    }

    fn settled(mut self) -> Option<Lens> {
        let whole: Vec<f64> = self.runs.iter().map(|run| run.chance).collect();
        self.posterior = self.odds(&whole);
        (self.posterior.is_finite() && self.prior.is_finite()).then_some(self)
    }

    /// Log-odds from one number for each run.
    fn odds(&self, of_run: &[f64]) -> f64 {
        let side = |terms: &[(usize, f64)]| terms.iter().map(|&(run, sign)| sign * of_run[run]).sum::<f64>().max(0.0);
        side(&self.yes).logarithm() - side(&self.no).logarithm()
    }

    /// The log-odds if the evidence of each state of `node` is multiplied by `ratio`.
    pub(super) fn at(&self, node: NodeIx, ratio: &[f64]) -> Option<f64> {
        let states: Vec<&[f64]> = self.runs.iter().map(|r| r.posterior.states[node.at()].as_slice()).collect();
        if states.iter().any(|s| s.len() != ratio.len()) {
            return None;
        }
        let (mut yes, mut no) = (0.0, 0.0);
        for (state, ratio) in ratio.iter().enumerate() {
            let joint: Vec<f64> = states.iter().zip(&self.runs).map(|(s, run)| s[state] * run.chance).collect();
            // Each difference is a chance, so never below zero.
            let side =
                |terms: &[(usize, f64)]| terms.iter().map(|&(run, sign)| sign * joint[run]).sum::<f64>().max(0.0);
            yes += ratio * side(&self.yes);
            no += ratio * side(&self.no);
        }
        Some(yes.logarithm() - no.logarithm())
    }

    /// The chance of the first run's scenario given all signals, and of the next ones': none of these had a fault.
    pub(super) fn chances(&self) -> Vec<f64> {
        self.runs.iter().map(|run| run.chance).collect()
    }

    /// The posterior of the scenario that rules out most.
    pub(super) fn last_run(&self) -> Option<&Posterior> {
        self.runs.last().map(|run| &run.posterior)
    }

    /// The log-odds if it became known whether `node` has failed.
    pub(super) fn known(&self, node: NodeIx, failed: bool) -> Option<f64> {
        let states = self.runs.first()?.posterior.states[node.at()].len();
        let ratio: Vec<f64> = (0..states).map(|state| if (state > 0) == failed { 1.0 } else { 0.0 }).collect();
        self.at(node, &ratio).filter(|odds| odds.is_finite())
    }

    /// The log-odds with other evidence at several nodes at once: as many runs as the question has.
    pub(super) fn with(&self, asker: &Asker, left: &Left) -> Option<f64> {
        let ln: Option<Vec<f64>> = self
            .runs
            .iter()
            .map(|run| {
                asker.engine.ln_evidence(Scenario { without: &run.own, ln_evidence: left, ..Scenario::default() })
            })
            .collect();
        let ln = ln?;
        let most = ln.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let chances: Vec<f64> = ln.iter().map(|ln| (ln - most).exponential()).collect();
        Some(self.odds(&chances))
    }
}

/// Log-odds of at least one fault before any signal.
fn ln_odds(asker: &Asker, causes: &[ComponentIx]) -> f64 {
    let ln_none: f64 = causes.iter().map(|&c| ln_not(asker.prior(c))).sum();
    one_minus_exp(ln_none).logarithm() - ln_none
}

impl Run {
    fn new(asker: &Asker, ruled_out: &[ComponentIx], left: &Left) -> Run {
        let own = asker.own_nodes(ruled_out);
        let posterior = if own.is_empty() && left.is_empty() {
            asker.posterior.clone()
        } else {
            asker.engine.posterior(Scenario { without: &own, ln_evidence: left, ..Scenario::default() }).0
        };
        // Relative to all signals, so that it is a chance if nothing was left out.
        let chance = (posterior.ln_evidence - asker.posterior.ln_evidence).exponential();
        let chance = if left.is_empty() { chance.min(1.0) } else { chance };
        Run { own, posterior, chance }
    }
}

impl Asker<'_> {
    /// For each state of a node, the ratio of the evidence without something and with everything.
    pub(super) fn ratio_without(&self, node: NodeIx, except: Except) -> Vec<f64> {
        self.ratio(node, Except::Nothing, except)
    }

    /// For each state of a node, the ratio of the evidence after leaving something out and before.
    pub(super) fn ratio(&self, node: NodeIx, before: Except, after: Except) -> Vec<f64> {
        let with = self.model.channels.at(node, &self.model.params, before);
        let left = self.model.channels.at(node, &self.model.params, after);
        let shape = self.posterior.states[node.at()].len();
        // Where only whether it failed was computed, there is one state for all bins.
        left.iter().zip(&with).take(shape).map(|(l, w)| (l - w).exponential()).collect()
    }
}
