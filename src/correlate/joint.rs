//! Causes together: which sets held, which cannot be told apart, and what the graph may lack.

use super::ask::Asker;
use crate::graph::ComponentIx;
use crate::infer::Scenario;
use crate::infer::logspace::SameEverywhere;
use crate::report::findings::{Group, Suspect, Unknown};
use std::collections::BTreeSet;

/// Suspects whose joint explanations are computed.
const JOINT_SUSPECTS: usize = 4;
/// Suspects below this chance are not part of a joint explanation.
const JOINT_LEAST: f64 = 0.01;
/// Causes whose likelihoods differ by less than this factor are not told apart.
const TOLD_APART: f64 = 1.25;
/// Chances of failure that differ by less are the same to an observer.
const SAME_STATE: f64 = 0.05;
/// The chance of a fault that is taken for granted.
const FORCED: f64 = 1.0 - 1e-12;

impl Asker<'_> {
    /// Chances of exact sets among the leading shared suspects, by inclusion and exclusion over "none of these". \[IEX\]
    pub(super) fn explanations(&self, suspects: &[Suspect]) -> Vec<Group> {
        let mut leading: Vec<&Suspect> =
            suspects.iter().filter(|s| s.is_shared() && s.p_fault >= JOINT_LEAST).collect();
        leading.truncate(JOINT_SUSPECTS);
        let n = leading.len();
        // P(none of the set) for every set, as bit masks.
        let mut none = vec![1.0; 1 << n];
        for (mask, p) in none.iter_mut().enumerate().skip(1) {
            let members: Vec<ComponentIx> =
                (0..n).filter(|i| mask >> i & 1 == 1).map(|i| leading[i].component).collect();
            *p = 1.0 - self.p_any_fault(&members);
        }
        let mut groups: Vec<Group> = exactly(&none)
            .into_iter()
            .enumerate()
            .map(|(set, probability)| {
                let causes = (0..n).filter(|i| set >> i & 1 == 1).map(|i| leading[i].component).collect();
                Group { causes, probability }
            })
            .filter(|g| g.probability >= JOINT_LEAST)
            .collect();
        groups.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.causes.cmp(&b.causes)));
        groups
    }

    /// Sets of suspects that nothing observed tells apart: whichever of them alone of the leading suspects had the
    /// fault, everything observed would have failed with the same chance, within [`SAME_STATE`], and what was observed
    /// would be as likely, within a factor of [`TOLD_APART`]. \[TIE\]
    pub(super) fn ties(&self, suspects: &[Suspect]) -> Vec<Vec<ComponentIx>> {
        let leading: Vec<&Suspect> =
            suspects.iter().filter(|s| s.is_shared() && s.p_fault >= JOINT_LEAST).take(JOINT_SUSPECTS).collect();
        let observed = self.model.channels.nodes();
        let all: Vec<ComponentIx> = leading.iter().map(|s| s.component).collect();
        let worlds: Vec<(f64, Vec<f64>)> = leading
            .iter()
            .map(|s| {
                let mut without = self.own_nodes(&all);
                let nodes = &self.model.nodes[s.component.0 as usize];
                let own = nodes.own.iter().find(|(k, _)| *k == s.capability).unwrap_or(&nodes.own[0]).1.at();
                without.retain(|&v| v != own);
                let scenario = Scenario { without: &without, prior: &[(own, FORCED)], ..Scenario::default() };
                let (posterior, _) = self.engine.posterior(scenario);
                let failed = observed.iter().map(|n| posterior.failed[n.at()].unwrap_or(0.0)).collect();
                // The chance that the others had none is not a matter of what was observed.
                let none: f64 = without.iter().map(|&v| (-self.model.network.prior()[v]).log_one_plus()).sum();
                (posterior.ln_evidence - none, failed)
            })
            .collect();
        let same = |a: usize, b: usize| {
            let ((ln_a, at_a), (ln_b, at_b)) = (&worlds[a], &worlds[b]);
            (ln_a - ln_b).abs() <= TOLD_APART.logarithm()
                && at_a.iter().zip(at_b).all(|(a, b)| (a - b).abs() <= SAME_STATE)
        };
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for i in 0..leading.len() {
            match groups.iter_mut().find(|g| g.iter().all(|&j| same(i, j))) {
                Some(group) => group.push(i),
                None => groups.push(vec![i]),
            }
        }
        groups.retain(|g| g.len() > 1);
        groups.into_iter().map(|g| g.into_iter().map(|i| all[i]).collect()).collect()
    }

    /// The innermost container of the first suspect in which there was more likely than not a fault that two or more
    /// suspects share out among them and that explains most of what failed, with its chance and those suspects; `None`
    /// if the first one leads alone or no container does.
    pub(super) fn within(
        &self,
        suspects: &[Suspect],
        failed: &BTreeSet<ComponentIx>,
        leads: f64,
    ) -> Option<(ComponentIx, f64, Vec<ComponentIx>)> {
        let shared: Vec<&Suspect> = suspects.iter().filter(|s| s.is_shared() && s.p_cause >= JOINT_LEAST).collect();
        let first = shared.first().filter(|s| s.p_cause < leads)?;
        let containers = |ix: ComponentIx| {
            std::iter::successors(Some(ix), |c| self.graph.component(*c).part_of).take(self.graph.components().len())
        };
        containers(first.component).find_map(|container| {
            let inside: Vec<&&Suspect> =
                shared.iter().filter(|s| containers(s.component).any(|c| c == container)).collect();
            let explained: BTreeSet<ComponentIx> =
                inside.iter().flat_map(|s| &s.explains).map(|((c, _), _)| *c).collect();
            let group: Vec<ComponentIx> = inside.iter().map(|s| s.component).collect();
            let p = self.p_any_fault(&group);
            let most = 2 * explained.len() > failed.len();
            (group.len() > 1 && p >= leads && most).then_some((container, p, group))
        })
    }

    /// The chance that something shared which is not in the graph had a fault, and whom it would have reached: those
    /// that it reached more likely than not if it had one.
    pub(super) fn unknown(&self) -> Unknown {
        let probability = self.posterior.own[self.model.unknown.at()];
        let reached = |ix: ComponentIx| {
            let hit = self.model.nodes[ix.0 as usize].hit?;
            self.posterior.failed[hit.at()].filter(|p| *p > 0.5 * probability)
        };
        let members = self.graph.iter().map(|(ix, _)| ix).filter(|&ix| reached(ix).is_some()).collect();
        Unknown { probability, members }
    }
}

/// From the chances that none of each set had a fault, the chances that exactly each set had one; sets are bit masks.
/// By inclusion and exclusion: `P(exactly S) = Σ_{T ⊆ S} (−1)^|T| P(none of (all − S) ∪ T)`. \[IEX\]
pub(super) fn exactly(none: &[f64]) -> Vec<f64> {
    let full = none.len() - 1;
    let chance = |set: usize| {
        let mut p = 0.0;
        let mut part = set;
        loop {
            let sign = if part.count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
            p += sign * none[(full & !set) | part];
            if part == 0 {
                return f64::clamp(p, 0.0, 1.0);
            }
            part = (part - 1) & set;
        }
    };
    (0..none.len()).map(chance).collect()
}
