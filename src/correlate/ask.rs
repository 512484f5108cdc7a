//! Questions to one compiled network.

use crate::graph::query::classes;
use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::logspace::SameEverywhere;
use crate::infer::logspace::one_minus_exp;
use crate::infer::network::NodeIx;
use crate::infer::{Engine, Posterior};
use crate::model::build::{ANY, Model};
use crate::report::findings::Suspect;
use crate::report::view;
use crate::signal::{Observation, State};
use std::collections::{BTreeMap, BTreeSet};

/// For every place that was reported failing, the components whose fault would reach it, each with its best path.
pub(super) type Paths = BTreeMap<(ComponentIx, String), BTreeMap<ComponentIx, Vec<ComponentIx>>>;

/// Every place that was reported failing, with the nodes that this is about.
pub(super) type Reported = BTreeMap<(ComponentIx, String), BTreeSet<NodeIx>>;

/// Asks one compiled network everything a report needs.
pub(super) struct Asker<'a> {
    pub graph: &'a DependencyGraph,
    pub signals: &'a [Observation],
    pub model: &'a Model,
    pub engine: &'a Engine,
    pub posterior: &'a Posterior,
}

impl Asker<'_> {
    /// Components and capabilities that some signal said were failing, each with its node and those that the reports
    /// bear on.
    pub(super) fn reported_failing(&self) -> Reported {
        let mut reported = Reported::new();
        for (signal, o) in self.signals.iter().enumerate() {
            let failing = matches!(o.state, State::Failing | State::Degraded | State::Recovered);
            let Some(ix) = self.graph.find(&o.component).filter(|_| failing) else { continue };
            let nodes = reported.entry((ix, o.capability.clone())).or_default();
            nodes.insert(self.state_node(ix, &o.capability));
            nodes.extend(self.model.channels.node_of(signal));
        }
        reported
    }

    /// True if what was said of a place is probably so: it failed, for everyone or where the reports come from, or who
    /// reported it is in trouble.
    pub(super) fn believed(&self, nodes: &BTreeSet<NodeIx>) -> bool {
        nodes.iter().any(|n| self.posterior.failed[n.at()].is_some_and(|p| p >= 0.5))
    }

    pub(super) fn state_node(&self, ix: ComponentIx, capability: &str) -> NodeIx {
        let nodes = &self.model.nodes[ix.0 as usize];
        nodes.works.get(capability).copied().unwrap_or(nodes.general)
    }

    pub(super) fn own_nodes(&self, components: &[ComponentIx]) -> Vec<usize> {
        components.iter().flat_map(|c| self.model.nodes[c.0 as usize].own.iter().map(|(_, n)| n.at())).collect()
    }

    /// P(nothing shared had a fault, in the graph or not): failures had causes of their own.
    pub(super) fn coincidence(&self, shared: &[ComponentIx]) -> f64 {
        let mut own = self.own_nodes(shared);
        own.push(self.model.unknown.at());
        match self.engine.ln_evidence_without(&own) {
            Some(ln) => (ln - self.posterior.ln_evidence).exponential().min(1.0),
            None => own.iter().map(|&v| 1.0 - self.posterior.own[v]).product(),
        }
    }

    /// P(at least one of these components has a fault of its own).
    pub(super) fn p_any_fault(&self, components: &[ComponentIx]) -> f64 {
        if let [one] = components {
            let nodes = &self.model.nodes[one.0 as usize];
            let by_prior = || 1.0 - nodes.own.iter().map(|(_, v)| 1.0 - self.posterior.own[v.at()]).product::<f64>();
            return self.posterior.failed[nodes.fault.at()].unwrap_or_else(by_prior);
        }
        let own = self.own_nodes(components);
        match self.engine.ln_evidence_without(&own) {
            Some(ln) => one_minus_exp(ln - self.posterior.ln_evidence),
            // Nothing could be computed; the report says so.
            None => 1.0 - own.iter().map(|&v| 1.0 - self.posterior.own[v]).product::<f64>(),
        }
    }

    pub(super) fn suspect(
        &self,
        ix: ComponentIx,
        paths: &Paths,
        believed: &BTreeSet<(ComponentIx, String)>,
    ) -> Suspect {
        let own = &self.model.nodes[ix.0 as usize].own;
        let best = own
            .iter()
            .max_by(|a, b| self.posterior.own[a.1.at()].total_cmp(&self.posterior.own[b.1.at()]))
            .map_or(ANY, |(k, _)| k.as_str());
        let prior = self.prior(ix);
        let explains = paths
            .iter()
            .filter(|(place, _)| believed.contains(place))
            .filter_map(|(place, to)| to.get(&ix).map(|path| (place.clone(), path.clone())))
            .collect();
        let reached: BTreeSet<ComponentIx> =
            paths.iter().filter(|(_, to)| to.contains_key(&ix)).map(|((c, _), _)| *c).collect();
        let reaches = reached.len();
        let p_fault = self.p_any_fault(&[ix]);
        Suspect {
            component: ix,
            capability: best.to_string(),
            p_fault,
            p_cause: p_fault,
            prior,
            onset: self.onset(ix),
            explains,
            reaches,
            range: super::range::by_odds(p_fault, prior),
            evidence: Vec::new(),
            deleted: Vec::new(),
            ledger: None,
        }
    }

    /// P(at least one fault of its own) before any signal.
    pub(super) fn prior(&self, ix: ComponentIx) -> f64 {
        let own = &self.model.nodes[ix.0 as usize].own;
        1.0 - own.iter().map(|(_, n)| 1.0 - self.model.network.prior()[n.at()]).product::<f64>()
    }

    /// P(it has a fault of its own and passed failure on to another component). \[PASS\]
    pub(super) fn p_passed_on(&self, ix: ComponentIx, owner: &[Option<ComponentIx>]) -> f64 {
        let p_fault = self.p_any_fault(&[ix]);
        let leaves = |v: usize, u: usize| owner[u] == Some(ix) && owner[v].is_some_and(|c| c != ix);
        let kept = self.engine.p_kept_to_itself(&self.own_nodes(&[ix]), &leaves);
        // Without an exact plan the fault itself is the bound.
        kept.map_or(p_fault, |kept| (p_fault - kept).clamp(0.0, p_fault))
    }

    /// For every kind and family: the chance of at least one fault among its members that something reported failing
    /// depends on, and its best member.
    pub(super) fn kinds(&self, suspects: &[Suspect], paths: &Paths) -> Vec<(String, f64, ComponentIx)> {
        let upstream: BTreeSet<ComponentIx> = paths.values().flat_map(|to| to.keys().copied()).collect();
        let mut members: BTreeMap<&str, BTreeSet<ComponentIx>> = BTreeMap::new();
        for &ix in &upstream {
            for class in classes(self.graph, ix) {
                members.entry(class).or_default().insert(ix);
            }
        }
        // A family of one kind has the members of that kind.
        let mut known: BTreeMap<Vec<ComponentIx>, f64> = BTreeMap::new();
        let mut kinds: Vec<(String, f64, ComponentIx)> = members
            .into_iter()
            .filter_map(|(kind, members)| {
                let members: Vec<ComponentIx> = members.into_iter().collect();
                let chance = |ix: &ComponentIx| suspects[ix.0 as usize].p_fault;
                let best = *members.iter().max_by(|a, b| chance(a).total_cmp(&chance(b)).then(b.cmp(a)))?;
                let p = *known.entry(members).or_insert_with_key(|members| self.p_any_fault(members));
                Some((kind.to_string(), p, best))
            })
            .collect();
        kinds.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        kinds
    }

    /// The most probable bin of the onset of its fault, and the chance of that bin.
    fn onset(&self, ix: ComponentIx) -> Option<(usize, f64)> {
        let bins = self.model.timeline.bins();
        let mut sums = vec![0.0; bins];
        for (_, own) in &self.model.nodes[ix.0 as usize].own {
            let states = &self.posterior.own_states[own.at()];
            if states.len() == bins + 1 {
                sums.iter_mut().zip(&states[1..]).for_each(|(sum, p)| *sum += p);
            }
        }
        let total: f64 = sums.iter().sum();
        let best = (0..bins).max_by(|&a, &b| sums[a].total_cmp(&sums[b]).then(b.cmp(&a)))?;
        (total > 0.0).then(|| (best, sums[best] / total))
    }

    /// What is believed of everything that was observed, is suspected, or could have caused what was reported.
    pub(super) fn states(&self, paths: &Paths) -> Vec<view::ComponentState> {
        let upstream: BTreeSet<ComponentIx> = paths.values().flat_map(|to| to.keys().copied()).collect();
        let observed: BTreeSet<ComponentIx> =
            self.signals.iter().filter_map(|o| self.graph.find(&o.component)).collect();
        let mut states = Vec::new();
        for (ix, component) in self.graph.iter() {
            let nodes = &self.model.nodes[ix.0 as usize];
            let mut push = |capability: &str, node: NodeIx, fault: f64| {
                if let Some(p_failed) = self.posterior.failed[node.at()] {
                    states.push(view::ComponentState {
                        component: component.id.clone(),
                        capability: capability.to_string(),
                        p_failed,
                        p_fault: fault,
                    });
                }
            };
            let fault = self.p_any_fault(&[ix]);
            if observed.contains(&ix) || upstream.contains(&ix) || fault > 0.01 {
                push(ANY, nodes.general, fault);
                for (k, own) in nodes.own.iter().filter(|(k, _)| k != ANY) {
                    push(k, nodes.works.get(k).copied().unwrap_or(nodes.whole), self.posterior.own[own.at()]);
                }
            }
        }
        states
    }
}
