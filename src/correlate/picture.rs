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
        let shown = self.shown(seen.keys().copied().collect(), suspects, paths);
        let components = shown
            .iter()
            .map(|&ix| {
                let c = self.graph.component(ix);
                let observed = believed.iter().filter(|(at, _)| *at == ix).map(|(_, k)| self.state_node(ix, k));
                let nodes = observed.chain([self.model.nodes[ix.0 as usize].general]);
                ComponentView {
                    id: c.id.clone(),
                    title: c.title.clone(),
                    kind: c.kind.clone(),
                    part_of: c.part_of.filter(|p| shown.contains(p)).map(|p| self.id(p)),
                    state: seen.get(&ix).copied().unwrap_or(SeenState::Unobserved),
                    p_failed: nodes.filter_map(|n| self.posterior.failed[n.at()]).fold(0.0, f64::max),
                    p_fault: self.p_any_fault(&[ix]),
                }
            })
            .collect();
        let dependencies = shown.iter().flat_map(|&ix| self.needs(ix, &shown)).collect();
        GraphView { components, dependencies }
    }

    fn id(&self, ix: ComponentIx) -> String {
        self.graph.component(ix).id.clone()
    }

    /// What was observed, is suspected, is on a path, or is among the likeliest of what could have been the cause.
    fn shown(&self, observed: BTreeSet<ComponentIx>, suspects: &[Suspect], paths: &Paths) -> BTreeSet<ComponentIx> {
        let mut shown = observed;
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
        shown
    }

    /// What a component needs of these.
    fn needs(&self, ix: ComponentIx, shown: &BTreeSet<ComponentIx>) -> Vec<DependencyView> {
        let mut needs = Vec::new();
        for d in &self.graph.component(ix).depends_on {
            let rule = match &d.need {
                Need::One(_) => "one".to_string(),
                Need::Group { rule, .. } => rule_word(*rule),
            };
            let scope = match &d.scope {
                Scope::Whole => Vec::new(),
                Scope::Capabilities(list) => list.clone(),
            };
            let members = d.need.members().iter().filter(|m| shown.contains(&m.component));
            needs.extend(members.map(|m| DependencyView {
                dependent: self.id(ix),
                dependency: self.id(m.component),
                capability: m.capability.clone(),
                scope: scope.clone(),
                rule: rule.clone(),
                impact: d.impact,
                confidence: d.confidence,
                source: d.source.clone(),
            }));
        }
        needs
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
                State::Healthy => SeenState::Healthy,
                State::Failing | State::Degraded | State::Recovered => SeenState::Doubted,
                State::Maintenance | State::Unknown => continue,
            };
            seen.entry(ix).and_modify(|s| *s = (*s).min(state)).or_insert(state);
        }
        seen
    }
}
