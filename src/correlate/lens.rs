//! A question with two sides, and what leaving evidence out does to it.
//!
//! Each side is a sum of runs in which some faults are ruled out: `P(X | e)` is everything minus the run without `X`.
//! Because every run keeps the joint chance of "these faults are ruled out" and the state of every observed node,
//! leaving out what one node heard needs no further run: each state is multiplied by the ratio of the evidence without
//! and with it. \[LOO\]

use super::ask::Asker;
use crate::graph::ComponentIx;
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
        let runs = vec![Run::new(asker, &[]), Run::new(asker, causes)];
        let p_none: f64 = causes.iter().map(|&c| (-asker.prior(c)).ln_1p()).sum();
        let prior = (-p_none.exp_m1()).ln() - p_none;
        Lens { runs, yes: vec![(0, 1.0), (1, -1.0)], no: vec![(1, 1.0)], prior, posterior: 0.0 }.settled()
    }

    /// "`a` had a fault and `b` had none" against the opposite. `None` if one of them is impossible.
    pub(super) fn versus(asker: &Asker, a: ComponentIx, b: ComponentIx) -> Option<Lens> {
        let runs = vec![Run::new(asker, &[a]), Run::new(asker, &[b]), Run::new(asker, &[a, b])];
        let odds = |c| asker.prior(c) / (1.0 - asker.prior(c));
        let prior = (odds(a) / odds(b)).ln();
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
        side(&self.yes).ln() - side(&self.no).ln()
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
        Some(yes.ln() - no.ln())
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
        let chances: Vec<f64> = ln.iter().map(|ln| (ln - most).exp()).collect();
        Some(self.odds(&chances))
    }
}

impl Run {
    fn new(asker: &Asker, ruled_out: &[ComponentIx]) -> Run {
        let own = asker.own_nodes(ruled_out);
        let posterior = if own.is_empty() {
            asker.posterior.clone()
        } else {
            asker.engine.posterior(Scenario { without: &own, ..Scenario::default() }).0
        };
        let chance = (posterior.ln_evidence - asker.posterior.ln_evidence).exp().min(1.0);
        Run { own, posterior, chance }
    }
}

impl Asker<'_> {
    /// For each state of a node, the ratio of the evidence without something and with everything.
    pub(super) fn ratio_without(&self, node: NodeIx, except: Except) -> Vec<f64> {
        let with = self.model.channels.at(node, &self.model.params, Except::Nothing);
        let left = self.model.channels.at(node, &self.model.params, except);
        let shape = self.posterior.states[node.at()].len();
        // Where only whether it failed was computed, there is one state for all bins.
        left.iter().zip(&with).take(shape).map(|(l, w)| (l - w).exp()).collect()
    }
}
