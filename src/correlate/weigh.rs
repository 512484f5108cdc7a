//! Evidence and ranges of the leading causes, and on what kinds of source they rest.

use super::ask::Asker;
use super::lens::Lens;
use super::{Case, Options, Prepared, Ranked, WEIGHED_CAUSES, WEIGHED_LEAST};
use crate::graph::ComponentIx;
use crate::infer::Scenario;
use crate::infer::logspace::{SameEverywhere, one_minus_exp};
use crate::model::channel::Except;
use crate::report::compose::LEADS;
use crate::report::findings::{Resting, Suspect};
use crate::signal::SourceKind;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Signals that are deleted, one by one, to see what that does to a cause.
const REBUILT: usize = 5;
/// Causes for which that is done.
const REBUILT_CAUSES: usize = 2;
/// Larger networks are not built anew for that.
const REBUILT_CELLS: usize = 1 << 18;

impl Asker<'_> {
    /// Evidence and ranges of the first suspects.
    pub(super) fn weigh(&self, ranked: &mut Ranked, case: Case, options: &Options) {
        let Ranked { suspects, all, .. } = ranked;
        let likely = suspects.iter().take(WEIGHED_CAUSES).filter(|s| s.p_fault >= WEIGHED_LEAST);
        let weighed: Vec<ComponentIx> = likely.map(|s| s.component).collect();
        let ranges = self.ranges(&weighed, case.window, options);
        suspects.par_iter_mut().filter(|s| weighed.contains(&s.component)).for_each(|s| self.account_for(s, all));
        if self.engine.is_exact() && self.engine.cells() <= REBUILT_CELLS {
            let leading = suspects.iter_mut().filter(|s| s.is_shared() && s.p_cause >= LEADS).take(REBUILT_CAUSES);
            leading.for_each(|s| s.deleted = self.deleted(s, case, options));
        }
        for (component, range) in weighed.iter().zip(ranges) {
            suspects.iter_mut().filter(|s| s.component == *component).for_each(|s| s.range = range);
        }
        // What share of its faults is passed on is taken as it is.
        for s in suspects.iter_mut().filter(|s| s.p_fault > 0.0) {
            let share = s.p_cause / s.p_fault;
            s.range = s.range.map(|p| p * share);
        }
    }

    /// What deleting each of the strongest signals would undo, everything built anew. \[LOO\]
    fn deleted(&self, suspect: &Suspect, case: Case, options: &Options) -> Vec<(usize, f64)> {
        let odds = |asker: &Asker| {
            let ln_none = asker.engine.ln_evidence_without(&asker.own_nodes(&[suspect.component]))?;
            let ln_none = ln_none - asker.posterior.ln_evidence;
            Some(one_minus_exp(ln_none).logarithm() - ln_none).filter(|odds| odds.is_finite())
        };
        let Some(with) = odds(self) else { return Vec::new() };
        // A silence cannot be deleted.
        let strongest: Vec<usize> =
            suspect.evidence.iter().map(|w| w.0).filter(|&signal| signal < case.signals.len()).take(REBUILT).collect();
        let without = |&signal: &usize| {
            let mut fewer = case.signals.to_vec();
            fewer.remove(signal);
            let prepared = Prepared::new(Case { signals: &fewer, ..case }, options).ok()?;
            Some((signal, with - odds(&prepared.asker(case.graph))?))
        };
        let weights: Vec<Option<(usize, f64)>> = strongest.par_iter().map(without).collect();
        weights.into_iter().flatten().collect()
    }

    /// The evidence of one suspect; for a likely one and for common causes, the whole account.
    fn account_for(&self, suspect: &mut Suspect, all: &[Suspect]) {
        let cause = suspect.component;
        let Some(lens) = Lens::any(self, &[cause]) else { return };
        let rival = self.rival(all, cause, &lens);
        let versus = rival.and_then(|rival| Some((rival, Lens::versus(self, &[cause], &[rival])?)));
        let versus = versus.as_ref().map(|(rival, lens)| (*rival, lens));
        let weights = self.weights(&lens, versus.map(|(_, lens)| lens));
        suspect.evidence = weights.iter().map(|w| (w.0, w.1)).collect();
        if self.engine.is_exact() && (suspect.is_shared() || suspect.p_fault >= LEADS) {
            suspect.ledger = Some(self.ledger(&lens, versus, &weights));
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
