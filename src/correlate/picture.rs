//! The part of the graph that a report is about.

use super::ask::{Asker, Paths};
use crate::graph::query::rule_word;
use crate::graph::{ComponentIx, Need, Scope};
use crate::report::findings::Suspect;
use crate::report::view::{ComponentView, DependencyView, GraphView, SeenState};
use crate::signal::State;
use std::collections::{BTreeMap, BTreeSet};

/// Components that nothing is known of and that might have been the cause, at most.
const CANDIDATES: usize = 40;

impl Asker<'_> {
    /// What was observed, what is suspected, the paths between, and what else could have been the common cause.
    pub(super) fn picture(
        &self,
        suspects: &[Suspect],
        paths: &Paths,
        believed: &BTreeSet<(ComponentIx, String)>,
    ) -> GraphView {
        let seen = self.seen(believed);
        let mut shown: BTreeSet<ComponentIx> = seen.keys().copied().collect();
        for suspect in suspects {
            shown.insert(suspect.component);
            shown.extend(suspect.explains.iter().flat_map(|(_, path)| path.iter().copied()));
        }
        let mut reach: BTreeMap<ComponentIx, BTreeSet<ComponentIx>> = BTreeMap::new();
        for ((place, _), to) in paths {
            to.keys().for_each(|&cause| {
                reach.entry(cause).or_default().insert(*place);
            });
        }
        let mut candidates: Vec<(f64, ComponentIx)> = reach
            .into_iter()
            .filter(|(cause, reached)| reached.len() >= 2 && !shown.contains(cause))
            .map(|(cause, _)| (self.p_any_fault(&[cause]), cause))
            .collect();
        candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        shown.extend(candidates.into_iter().take(CANDIDATES).map(|(_, cause)| cause));

        let id = |ix: ComponentIx| self.graph.component(ix).id.clone();
        let components = shown
            .iter()
            .map(|&ix| {
                let c = self.graph.component(ix);
                let nodes = &self.model.nodes[ix.0 as usize];
                let observed = believed.iter().filter(|(at, _)| *at == ix).map(|(_, k)| self.state_node(ix, k));
                let failed = |n: crate::infer::network::NodeIx| self.posterior.failed[n.at()];
                let p_failed = observed.chain([nodes.general]).filter_map(failed).fold(0.0, f64::max);
                ComponentView {
                    id: c.id.clone(),
                    title: c.title.clone(),
                    kind: c.kind.clone(),
                    part_of: c.part_of.filter(|p| shown.contains(p)).map(id),
                    state: seen.get(&ix).copied().unwrap_or(SeenState::Unobserved),
                    p_failed,
                    p_fault: self.p_any_fault(&[ix]),
                }
            })
            .collect();
        let mut dependencies = Vec::new();
        for &ix in &shown {
            for d in &self.graph.component(ix).depends_on {
                let rule = match &d.need {
                    Need::One(_) => "one".to_string(),
                    Need::Group { rule, .. } => rule_word(*rule),
                };
                let members = d.need.members().iter().filter(|m| shown.contains(&m.component));
                dependencies.extend(members.map(|m| DependencyView {
                    dependent: id(ix),
                    dependency: id(m.component),
                    capability: m.capability.clone(),
                    scope: match &d.scope {
                        Scope::Whole => Vec::new(),
                        Scope::Capabilities(list) => list.clone(),
                    },
                    rule: rule.clone(),
                    impact: d.impact,
                    confidence: d.confidence,
                    source: d.source.clone(),
                }));
            }
        }
        GraphView { components, dependencies }
    }

    /// What was seen of every observed component, as far as it is believed.
    fn seen(&self, believed: &BTreeSet<(ComponentIx, String)>) -> BTreeMap<ComponentIx, SeenState> {
        let mut seen: BTreeMap<ComponentIx, SeenState> = BTreeMap::new();
        for o in self.signals {
            let Some(ix) = self.graph.find(&o.component) else { continue };
            let trusted = believed.contains(&(ix, o.capability.clone()));
            let state = match o.state {
                State::Failing if trusted => SeenState::Failing,
                State::Degraded | State::Recovered if trusted => SeenState::Degraded,
                State::Maintenance | State::Unknown => continue,
                _ => SeenState::Healthy,
            };
            seen.entry(ix).and_modify(|s| *s = (*s).min(state)).or_insert(state);
        }
        seen
    }
}
