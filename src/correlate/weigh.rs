//! What single signals and whole channels do to a cause.

use super::ask::Asker;
use super::{Options, WEIGHED_CAUSES, WEIGHED_LEAST};
use crate::graph::ComponentIx;
use crate::infer::Scenario;
use crate::infer::logspace::{log_odds, one_minus_exp};
use crate::model::channel::Except;
use crate::report::compose::LEADS;
use crate::report::findings::{Resting, Suspect};
use crate::signal::{SourceKind, Window};
use std::collections::BTreeSet;

impl Asker<'_> {
    /// What each signal adds to the log-odds of "this component has a fault": with all, minus without it; exact.
    ///
    /// With `X` the fault and `f_v` the node a signal bears on, `P(X, f_v | e)` follows from two runs, and leaving the
    /// signal out multiplies each `f_v` by the ratio of the evidence without and with it. \[LOO\]
    fn evidence(&self, cause: ComponentIx) -> Vec<(usize, f64)> {
        let own = self.own_nodes(&[cause]);
        let (not, _) = self.engine.posterior(Scenario { without: &own, ..Scenario::default() });
        let p_not = (not.ln_evidence - self.posterior.ln_evidence).exp().min(1.0);
        let p_fault = one_minus_exp(not.ln_evidence - self.posterior.ln_evidence);
        if !p_fault.is_finite() {
            return Vec::new();
        }
        let odds = log_odds(p_fault);
        let mut weights = Vec::new();
        for signal in 0..self.signals.len() {
            let Some(node) = self.model.channels.node_of(signal) else { continue };
            let (all, none) = (&self.posterior.states[node.at()], &not.states[node.at()]);
            if all.is_empty() || none.is_empty() {
                continue;
            }
            let with = self.model.channels.at(node, &self.model.params, Except::Nothing);
            let left = self.model.channels.at(node, &self.model.params, Except::Signal(signal));
            let (mut fault, mut fine) = (0.0, 0.0);
            for (state, p) in all.iter().enumerate() {
                let ratio = (left[state] - with[state]).exp();
                let joint = none[state] * p_not;
                fine += ratio * joint;
                fault += ratio * (p - joint).max(0.0);
            }
            let delta = odds - (fault.ln() - fine.ln());
            if delta.is_finite() && delta != 0.0 {
                weights.push((signal, delta));
            }
        }
        weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        weights
    }

    /// Evidence and ranges of the first suspects.
    pub(super) fn weigh(&self, suspects: &mut [Suspect], window: Window, options: &Options) {
        let likely = suspects.iter().take(WEIGHED_CAUSES).filter(|s| s.p_fault >= WEIGHED_LEAST);
        let weighed: Vec<ComponentIx> = likely.map(|s| s.component).collect();
        let ranges = self.ranges(&weighed, window, options);
        for (component, range) in weighed.iter().zip(ranges) {
            let Some(suspect) = suspects.iter_mut().find(|s| s.component == *component) else { continue };
            suspect.evidence = self.evidence(suspect.component);
            suspect.range = range;
        }
        // What share of its faults is passed on is taken as it is.
        for s in suspects.iter_mut().filter(|s| s.p_fault > 0.0) {
            let share = s.p_cause / s.p_fault;
            s.range = s.range.map(|p| p * share);
        }
    }

    /// Whoever leads, alone or together, and on what it rests.
    pub(super) fn resting(
        &self,
        suspects: &[Suspect],
        ties: &[(f64, Vec<ComponentIx>)],
        within: Option<&Vec<ComponentIx>>,
    ) -> Vec<Resting> {
        let leading = suspects.iter().filter(|s| s.is_shared() && s.p_cause >= LEADS);
        let mut groups: Vec<Vec<ComponentIx>> = leading.map(|s| vec![s.component]).collect();
        if groups.is_empty() {
            let tied = ties.iter().find(|(p, _)| *p >= LEADS).map(|(_, group)| group);
            groups.extend(tied.or(within).cloned());
        }
        groups.into_iter().map(|causes| Resting { without: self.without_sources(&causes), causes }).collect()
    }

    /// For each kind of source, the chance of a fault among these components if nothing that such sources say is used.
    fn without_sources(&self, causes: &[ComponentIx]) -> Vec<(SourceKind, f64)> {
        let own = self.own_nodes(causes);
        let kinds: BTreeSet<SourceKind> = self.signals.iter().map(|o| o.source.kind).collect();
        let chance = |kind: SourceKind| {
            let left: Vec<(usize, Vec<f64>)> = self
                .model
                .channels
                .nodes()
                .into_iter()
                .map(|node| (node.at(), self.model.channels.at(node, &self.model.params, Except::Source(kind))))
                .collect();
            let all = self.engine.ln_evidence(Scenario { ln_evidence: &left, ..Scenario::default() })?;
            let none =
                self.engine.ln_evidence(Scenario { ln_evidence: &left, without: &own, ..Scenario::default() })?;
            Some((kind, one_minus_exp(none - all)))
        };
        kinds.into_iter().filter_map(chance).collect()
    }
}
