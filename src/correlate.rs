//! The pipeline: graph + signals → model → inference → report.
//!
//! The only place where `model`, `infer` and `report` meet, so that none of them needs the others.

use crate::graph::{ComponentIx, DependencyGraph};
use crate::infer::eliminate::Limits;
use crate::infer::logspace::{log_odds, one_minus_exp};
use crate::infer::network::NodeIx;
use crate::infer::{Engine, Method, Posterior, Scenario};
use crate::model::build::{ANY, Model, build};
use crate::model::params::Params;
use crate::report::compose::compose;
use crate::report::findings::{Findings, Group, Suspect};
use crate::report::view::{self, Report};
use crate::signal::{Coverage, Observation, State, Window};
use std::collections::{BTreeMap, BTreeSet};

/// Causes whose evidence is weighed signal by signal.
const WEIGHED_CAUSES: usize = 5;
/// Suspects whose joint explanations are computed.
const JOINT_SUSPECTS: usize = 6;
/// Suspects below this chance are not part of a joint explanation.
const JOINT_LEAST: f64 = 0.01;
/// A path carries a failure if its best chance is at least this.
const PATH_LEAST: f64 = 0.05;

/// How to correlate.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Numbers of the model.
    pub params: Params,
    /// When to give up exactness.
    pub limits: Limits,
    /// For the sampler.
    pub seed: u64,
}

/// Ranks the common causes of what was observed in the window. The report's incident name is empty: whoever knows
/// it puts it in, so that it cannot be scored.
pub fn correlate(
    graph: &DependencyGraph,
    signals: &[Observation],
    _coverage: &[Coverage],
    window: Window,
    options: &Options,
) -> Report {
    let model = match build(graph, signals, window, &options.params) {
        Ok(model) => model,
        Err(error) => return crate::report::compose::refused(window, &error.to_string()),
    };
    let targets = displayed(graph, signals, &model);
    let engine = Engine::new(model.network.clone(), &targets, options.limits, options.seed);
    let (posterior, quality) = engine.posterior(Scenario::default());
    tracing::debug!(
        components = graph.components().len(),
        signals = signals.len(),
        variables = model.network.len(),
        relevant = quality.relevant,
        cells = engine.cells(),
        largest_table = engine.largest(),
        "Inference is compiled."
    );
    let asker = Asker { graph, signals, model: &model, engine: &engine, posterior: &posterior };

    let failing = asker.reported_failing();
    let paths: BTreeMap<(ComponentIx, String), BTreeMap<ComponentIx, Vec<ComponentIx>>> =
        failing.iter().map(|(ix, k)| ((*ix, k.clone()), asker.paths_from(*ix, k))).collect();
    let mut suspects: Vec<Suspect> = graph.iter().map(|(ix, _)| asker.suspect(ix, &paths)).collect();
    let shared: Vec<ComponentIx> = suspects.iter().filter(|s| s.reaches >= 2).map(|s| s.component).collect();
    let coincidence = 1.0 - asker.p_any_fault(&shared);
    let kinds = asker.kinds(&suspects, &paths);
    suspects.retain(|s| s.probability > 0.01 || s.probability > 3.0 * s.prior);
    suspects.sort_by(|a, b| a.order().total_cmp(&b.order()).then(a.component.cmp(&b.component)));
    let weighed = suspects.iter().take(WEIGHED_CAUSES).map(|s| s.component).collect::<Vec<_>>();
    for (suspect, cause) in suspects.iter_mut().zip(weighed) {
        suspect.evidence = asker.evidence(cause);
    }
    let explanations = asker.explanations(&suspects);
    compose(Findings {
        graph,
        signals,
        window,
        believed: failing.iter().filter(|(ix, k)| asker.believed(*ix, k)).cloned().collect(),
        failing,
        suspects,
        explanations,
        kinds,
        coincidence,
        states: asker.states(),
        inference: view::Inference {
            method: match quality.method {
                Method::Exact => view::Method::Exact,
                Method::Sampled => view::Method::Sampled,
            },
            error: quality.error,
            nodes: model.network.len(),
            edges: model.network.links(),
            relevant_nodes: quality.relevant,
            seed: options.seed,
        },
    })
}

/// Nodes whose state the report shows: everything of components that were observed.
fn displayed(graph: &DependencyGraph, signals: &[Observation], model: &Model) -> Vec<usize> {
    let observed: BTreeSet<ComponentIx> = signals.iter().filter_map(|o| graph.find(&o.component)).collect();
    observed
        .into_iter()
        .flat_map(|ix| {
            let nodes = &model.nodes[ix.0 as usize];
            nodes.works.values().chain([&nodes.general, &nodes.whole]).map(|n| n.at()).collect::<Vec<_>>()
        })
        .collect()
}

struct Asker<'a> {
    graph: &'a DependencyGraph,
    signals: &'a [Observation],
    model: &'a Model,
    engine: &'a Engine,
    posterior: &'a Posterior,
}

impl Asker<'_> {
    /// Components and capabilities that some signal said were failing.
    fn reported_failing(&self) -> Vec<(ComponentIx, String)> {
        let said =
            self.signals.iter().filter(|o| matches!(o.state, State::Failing | State::Degraded | State::Recovered));
        let places: BTreeSet<_> =
            said.filter_map(|o| self.graph.find(&o.component).map(|ix| (ix, o.capability.clone()))).collect();
        places.into_iter().collect()
    }

    /// True if a place probably failed, whatever was said of it.
    fn believed(&self, ix: ComponentIx, capability: &str) -> bool {
        self.posterior.failed[self.state_node(ix, capability).at()].is_some_and(|p| p >= 0.5)
    }

    fn state_node(&self, ix: ComponentIx, capability: &str) -> NodeIx {
        let nodes = &self.model.nodes[ix.0 as usize];
        nodes.works.get(capability).copied().unwrap_or(nodes.general)
    }

    /// For every component from which failure can reach this one: the best path there, this component first.
    fn paths_from(&self, ix: ComponentIx, capability: &str) -> BTreeMap<ComponentIx, Vec<ComponentIx>> {
        let network = &self.model.network;
        let owner = self.owners();
        let start = self.state_node(ix, capability).at();
        let mut best = vec![f64::NEG_INFINITY; network.len()];
        let mut via = vec![usize::MAX; network.len()];
        best[start] = 0.0;
        // Longest-product search without a heap: networks of one incident are small, and order stays stable.
        let mut queue = BTreeSet::from([(0u64, start)]);
        let key = |ln: f64| (-ln).max(0.0).to_bits();
        while let Some((_, v)) = queue.pop_first() {
            // A group carries failure only if enough of its other members are believed to have failed.
            let down = |m: &u32| self.posterior.failed[*m as usize].is_some_and(|p| p >= 0.5);
            let mut gates = Vec::new();
            for g in network.gates(v) {
                let total = g.members.iter().filter(|m| down(m)).count();
                let ready = |m: &&u32| total - usize::from(down(m)) + 1 >= g.k as usize;
                gates.extend(g.members.iter().filter(ready).map(|&m| (m as usize, g.p)));
            }
            for (u, p) in network.edges(v).chain(gates) {
                let ln = best[v] + p.ln();
                if ln >= PATH_LEAST.ln() && ln > best[u] {
                    queue.remove(&(key(best[u]), u));
                    best[u] = ln;
                    via[u] = v;
                    queue.insert((key(ln), u));
                }
            }
        }
        let mut paths: BTreeMap<ComponentIx, (f64, Vec<ComponentIx>)> = BTreeMap::new();
        for (cause, nodes) in self.model.nodes.iter().enumerate() {
            for (_, own) in nodes.own.iter().filter(|(_, own)| best[own.at()] > f64::NEG_INFINITY) {
                let mut path = Vec::new();
                let mut v = own.at();
                while v != usize::MAX {
                    if let Some(component) = owner[v].filter(|c| path.last() != Some(c)) {
                        path.push(component);
                    }
                    v = via[v];
                }
                path.reverse();
                let cause = ComponentIx(cause as u32);
                if paths.get(&cause).is_none_or(|(ln, _)| best[own.at()] > *ln) {
                    paths.insert(cause, (best[own.at()], path));
                }
            }
        }
        paths.into_iter().map(|(cause, (_, path))| (cause, path)).collect()
    }

    /// The component of every node.
    fn owners(&self) -> Vec<Option<ComponentIx>> {
        let mut owner = vec![None; self.model.network.len()];
        for (i, nodes) in self.model.nodes.iter().enumerate() {
            for node in nodes.all() {
                owner[node.at()] = Some(ComponentIx(i as u32));
            }
        }
        owner
    }

    fn own_nodes(&self, components: &[ComponentIx]) -> Vec<usize> {
        components.iter().flat_map(|c| self.model.nodes[c.0 as usize].own.iter().map(|(_, n)| n.at())).collect()
    }

    /// P(at least one of these components has a fault of its own).
    fn p_any_fault(&self, components: &[ComponentIx]) -> f64 {
        let own = self.own_nodes(components);
        if let [one] = own.as_slice() {
            return self.posterior.own[*one];
        }
        match self.engine.ln_evidence_without(&own) {
            Some(ln) => one_minus_exp(ln - self.posterior.ln_evidence),
            // Nothing could be computed; the report says so.
            None => 1.0 - own.iter().map(|&v| 1.0 - self.posterior.own[v]).product::<f64>(),
        }
    }

    fn suspect(
        &self,
        ix: ComponentIx,
        paths: &BTreeMap<(ComponentIx, String), BTreeMap<ComponentIx, Vec<ComponentIx>>>,
    ) -> Suspect {
        let own = &self.model.nodes[ix.0 as usize].own;
        let best = own
            .iter()
            .max_by(|a, b| self.posterior.own[a.1.at()].total_cmp(&self.posterior.own[b.1.at()]))
            .map_or(ANY, |(k, _)| k.as_str());
        let prior = 1.0 - own.iter().map(|(_, n)| 1.0 - self.model.network.prior()[n.at()]).product::<f64>();
        let explains = paths
            .iter()
            .filter(|((c, k), _)| self.believed(*c, k))
            .filter_map(|(place, to)| to.get(&ix).map(|path| (place.clone(), path.clone())))
            .collect();
        let reached: BTreeSet<ComponentIx> =
            paths.iter().filter(|(_, to)| to.contains_key(&ix)).map(|((c, _), _)| *c).collect();
        let reaches = reached.len();
        Suspect {
            component: ix,
            capability: best.to_string(),
            probability: self.p_any_fault(&[ix]),
            prior,
            explains,
            reaches,
            evidence: Vec::new(),
        }
    }

    /// What each signal adds to the log-odds of "this component has a fault": with all, minus without it; exact.
    ///
    /// With `X` the fault and `f_v` the node a signal bears on, `P(X, f_v | e)` follows from two runs, and leaving the
    /// signal out multiplies each `f_v` by the ratio of the evidence without and with it. \[LOO\]
    fn evidence(&self, cause: ComponentIx) -> Vec<(usize, f64)> {
        let own = self.own_nodes(&[cause]);
        let Some(ln_without) = self.engine.ln_evidence_without(&own) else { return Vec::new() };
        let p_not = (ln_without - self.posterior.ln_evidence).exp().min(1.0);
        let p_fault = one_minus_exp(ln_without - self.posterior.ln_evidence);
        let (not, _) = self.engine.posterior(Scenario { without: &own, ..Scenario::default() });
        let odds = log_odds(p_fault);
        let mut weights = Vec::new();
        for signal in 0..self.signals.len() {
            let mut delta = 0.0;
            for node in self.model.channels.nodes_of(signal) {
                let (Some(p), Some(p_given_not)) = (self.posterior.failed[node.at()], not.failed[node.at()]) else {
                    continue;
                };
                let with = self.model.channels.at(node, &self.model.params, None);
                let left = self.model.channels.at(node, &self.model.params, Some(signal));
                let ratio = [(left[0] - with[0]).exp(), (left[1] - with[1]).exp()];
                let not_failed = p_given_not * p_not;
                let not_ok = (1.0 - p_given_not) * p_not;
                let fault_failed = (p - not_failed).max(0.0);
                let fault_ok = (1.0 - p - not_ok).max(0.0);
                let fault = ratio[1] * fault_failed + ratio[0] * fault_ok;
                let none = ratio[1] * not_failed + ratio[0] * not_ok;
                delta += odds - (fault.ln() - none.ln());
            }
            if delta.is_finite() && delta != 0.0 {
                weights.push((signal, delta));
            }
        }
        weights.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        weights
    }

    /// Chances of exact sets among the leading shared suspects, by inclusion and exclusion over "none of these". \[IEX\]
    fn explanations(&self, suspects: &[Suspect]) -> Vec<Group> {
        let mut leading: Vec<&Suspect> =
            suspects.iter().filter(|s| s.is_shared() && s.probability >= JOINT_LEAST).collect();
        leading.truncate(JOINT_SUSPECTS);
        let n = leading.len();
        // P(none of the set) for every set, as bit masks.
        let mut none = vec![1.0; 1 << n];
        for (mask, p) in none.iter_mut().enumerate().skip(1) {
            let members: Vec<ComponentIx> =
                (0..n).filter(|i| mask >> i & 1 == 1).map(|i| leading[i].component).collect();
            *p = 1.0 - self.p_any_fault(&members);
        }
        let full = none.len() - 1;
        let mut groups: Vec<Group> = (0..none.len())
            .map(|set| {
                let rest = full & !set;
                let mut p = 0.0;
                let mut part = set;
                loop {
                    let sign = if part.count_ones() % 2 == 0 { 1.0 } else { -1.0 };
                    p += sign * none[rest | part];
                    if part == 0 {
                        break;
                    }
                    part = (part - 1) & set;
                }
                let causes = (0..n).filter(|i| set >> i & 1 == 1).map(|i| leading[i].component).collect();
                Group { causes, probability: p.clamp(0.0, 1.0) }
            })
            .filter(|g| g.probability >= JOINT_LEAST)
            .collect();
        groups.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.causes.cmp(&b.causes)));
        groups
    }

    /// For every kind and family: the chance of at least one fault among its members that something reported failing
    /// depends on, and its best member.
    fn kinds(
        &self,
        suspects: &[Suspect],
        paths: &BTreeMap<(ComponentIx, String), BTreeMap<ComponentIx, Vec<ComponentIx>>>,
    ) -> Vec<(String, f64, ComponentIx)> {
        let upstream: BTreeSet<ComponentIx> = paths.values().flat_map(|to| to.keys().copied()).collect();
        let mut members: BTreeMap<&str, BTreeSet<ComponentIx>> = BTreeMap::new();
        for &ix in &upstream {
            let kind = self.graph.kind(self.graph.component(ix));
            members.entry(&kind.name).or_default().insert(ix);
            members.entry(&kind.family).or_default().insert(ix);
        }
        let mut kinds: Vec<(String, f64, ComponentIx)> = members
            .into_iter()
            .filter_map(|(kind, members)| {
                let members: Vec<ComponentIx> = members.into_iter().collect();
                let chance = |ix: &ComponentIx| suspects[ix.0 as usize].probability;
                let best = *members.iter().max_by(|a, b| chance(a).total_cmp(&chance(b)).then(b.cmp(a)))?;
                Some((kind.to_string(), self.p_any_fault(&members), best))
            })
            .collect();
        kinds.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        kinds
    }

    fn states(&self) -> Vec<view::ComponentState> {
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
            if observed.contains(&ix) || fault > 0.01 {
                push(ANY, nodes.general, fault);
                for (k, own) in nodes.own.iter().filter(|(k, _)| k != ANY) {
                    push(k, nodes.works.get(k).copied().unwrap_or(nodes.whole), self.posterior.own[own.at()]);
                }
            }
        }
        states
    }
}
