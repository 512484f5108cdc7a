//! Which node a statement speaks of: what people and pages say depends on how a thing fails.
//!
//! If the network or the name service is gone, people say "cannot be reached", not "my password is refused". So the
//! word on a report bears on a node `said(c, k, r)` of its own, which the ways of failing feed with different chances:
//!
//! ```text
//! P(said k | only k is down)              = 1
//! P(said k | all is down, in way w)       = symptoms[w][k], else named_when_all_down      [SYM]
//! P(said k | only another is down)        = named_wrongly
//! P(said nothing in particular | only k)  = unnamed_when_one_down
//! ```
//!
//! A "healthy" is about the thing itself: it bears on `works(c, k)`. Both are joined with what is down in the
//! speaker's region.

use super::build::{ANY, Builder, GLOBAL, Heard, Nodes, REACHABILITY};
use crate::graph::ComponentIx;
use crate::infer::logspace::SameEverywhere;
use crate::infer::network::NodeIx;
use crate::signal::{Observation, State};

/// The family of kinds over which everything from a region comes.
const COUNTRY_NETWORK: &str = "country-network";

impl Builder<'_> {
    /// The node a statement bears on, and its `ln` ratios there.
    pub(super) fn target(&mut self, ix: ComponentIx, o: &Observation, mut ln: Vec<f64>) -> (NodeIx, Vec<f64>) {
        let nodes = &self.nodes[ix.0 as usize];
        let reach = REACHABILITY.contains(&o.capability.as_str());
        let listed = nodes.works.contains_key(&o.capability);
        let capability = if listed || reach { o.capability.clone() } else { ANY.to_string() };
        let failure = matches!(o.state, State::Failing | State::Degraded | State::Recovered);
        // Who reaches a component that fails in other ways, too, has seen little of it.
        let weak = !failure && reach && !listed && self.unreachable(nodes, &capability).len() != 1;
        if weak {
            ln.iter_mut().for_each(|l| *l = l.max(self.params.reachable.logarithm()));
        }
        if let Some(&share) = o.share.get(&capability).filter(|_| failure) {
            // A count that is split by symptom: how well the share fits "this capability and no other".
            let fit = self.share_fit(share);
            ln.iter_mut().filter(|l| **l > 0.0).for_each(|l| *l = (1.0 + (l.exponential() - 1.0) * fit).logarithm());
        }
        // A monitor that is part of the graph sees trouble when it is in trouble itself.
        let observer = self.graph.find(&o.source.name).filter(|&observer| self.watches_from_outside(observer, ix, o));
        let key = Heard { component: ix, capability, region: o.region.clone(), failure, observer };
        (self.heard(key), ln)
    }

    /// Whether a source is a monitor of its own, rather than the owner's page about one of its parts.
    fn watches_from_outside(&self, observer: ComponentIx, observed: ComponentIx, o: &Observation) -> bool {
        use crate::signal::SourceKind::{Alert, Observatory, Probe, UserReports};
        let inside = std::iter::successors(Some(observed), |c| self.graph.component(*c).part_of);
        matches!(o.source.kind, Probe | Alert | Observatory | UserReports)
            && inside.take(self.graph.components().len()).all(|c| c != observer)
    }

    /// Density of a share of reports that name a capability when only that one is down, over that when anything may
    /// be (every share alike): Beta with mean `share_mean`, as if counted among `share_weight` reports. \[SHR\]
    fn share_fit(&self, share: f64) -> f64 {
        let (mean, weight) = (self.params.share_mean, self.params.share_weight);
        let (a, b) = (mean * weight, (1.0 - mean) * weight);
        let share = share.clamp(0.01, 0.99);
        // Normalised by the midpoint rule: 100 steps are ample for such shapes.
        let shape = |x: f64| x.power(a - 1.0) * (1.0 - x).power(b - 1.0);
        let norm: f64 = (0..100).map(|i| shape((f64::from(i) + 0.5) / 100.0)).sum::<f64>() / 100.0;
        shape(share) / norm
    }

    /// The ways of failing that are told as `capability`.
    fn unreachable(&self, nodes: &Nodes, capability: &str) -> Vec<NodeIx> {
        nodes.ways.iter().filter(|(kind, _)| self.symptom(kind, capability) >= 0.5).map(|(_, &way)| way).collect()
    }

    /// P(reports name `capability` | down in the way of `kind`).
    fn symptom(&self, kind: &str, capability: &str) -> f64 {
        let symptoms = &self.graph.kinds()[kind].symptoms;
        if let Some(&p) = symptoms.get(capability) {
            return p;
        }
        let rest = 1.0 - symptoms.values().sum::<f64>();
        rest.min(self.params.named_when_all_down).max(self.params.named_otherwise)
    }

    /// What is heard of a component: `said` or `works`, joined with what is down in the speaker's region, and with what
    /// takes the observer down.
    fn heard(&mut self, asked: Heard) -> NodeIx {
        let nodes = self.nodes[asked.component.0 as usize].clone();
        let within =
            |r: &str| asked.region == r || asked.region.strip_prefix(r).is_some_and(|rest| rest.starts_with('-'));
        let regions: Vec<&String> = nodes.regional.keys().filter(|r| within(r)).collect();
        let networks = self.country_networks(&asked, &within);
        let local = !regions.is_empty() || !networks.is_empty();
        let region = if local { asked.region.clone() } else { GLOBAL.to_string() };
        let key = Heard { region, ..asked.clone() };
        if let Some(&node) = self.heard.get(&key) {
            return node;
        }
        let Heard { component, capability, failure, observer, .. } = asked;
        let said = failure && self.params.symptoms;
        let base = if said { self.said(component, &nodes, &capability) } else { self.seen(&nodes, &capability) };
        let mut node = base;
        if local || observer.is_some() {
            node = self.net.node(0.0);
            self.nodes[component.0 as usize].heard.push(node);
            self.net.edge(node, base, 1.0);
            for region in regions {
                let local = &nodes.regional[region];
                for (kind, &way) in &local.ways {
                    let p = if capability == ANY || !failure { 1.0 } else { self.symptom(kind, &capability) };
                    self.net.edge(node, way, p);
                }
                for (k, &only) in local.only.iter().filter(|(k, _)| capability == ANY || **k == capability) {
                    let p = if *k == capability { 1.0 } else { self.params.unnamed_when_one_down };
                    self.net.edge(node, only, p);
                }
            }
            for network in networks {
                let kind = self.graph.component(network).kind.clone();
                let p = if capability == ANY || !failure { 1.0 } else { self.symptom(&kind, &capability) };
                self.net.edge(node, self.nodes[network.0 as usize].whole, p);
            }
            if let Some(observer) = observer {
                self.net.edge(node, self.nodes[observer.0 as usize].general, 1.0);
            }
        }
        self.heard.insert(key, node);
        node
    }

    /// Reports from a country come over its network. \[VAN\]
    fn country_networks(&self, asked: &Heard, within: &dyn Fn(&str) -> bool) -> Vec<ComponentIx> {
        if asked.region == GLOBAL {
            return Vec::new();
        }
        let carries = |ix: ComponentIx| {
            let c = self.graph.component(ix);
            self.graph.kind(c).family == COUNTRY_NETWORK && c.regions.iter().any(|r| within(r))
        };
        self.graph.iter().map(|(ix, _)| ix).filter(|&ix| ix != asked.component && carries(ix)).collect()
    }

    /// What is said of failure, everywhere.
    fn said(&mut self, ix: ComponentIx, nodes: &Nodes, capability: &str) -> NodeIx {
        if nodes.only.get(capability) == Some(&nodes.whole) || (capability == ANY && nodes.general == nodes.whole) {
            return nodes.whole;
        }
        let node = self.net.node(0.0);
        self.nodes[ix.0 as usize].heard.push(node);
        if capability == ANY {
            self.net.edge(node, nodes.whole, 1.0);
            self.net.edge(node, nodes.general, self.params.unnamed_when_one_down);
            for only in nodes.only.values() {
                self.net.edge(node, *only, self.params.unnamed_when_one_down);
            }
            return node;
        }
        for (k, &only) in &nodes.only {
            self.net.edge(node, only, if k == capability { 1.0 } else { self.params.named_wrongly });
        }
        let own_kind = &self.graph.component(ix).kind;
        let own = self.graph.kinds()[own_kind].symptoms.get(capability).copied();
        self.net.edge(node, nodes.other, own.unwrap_or(self.params.named_when_all_down));
        for (kind, way) in &nodes.ways {
            self.net.edge(node, *way, self.symptom(kind, capability));
        }
        node
    }

    /// What a "healthy" rules out, everywhere.
    fn seen(&self, nodes: &Nodes, capability: &str) -> NodeIx {
        match (nodes.works.get(capability), self.unreachable(nodes, capability).as_slice()) {
            (Some(&works), _) => works,
            (None, [one]) if capability != ANY => *one,
            (None, _) if capability != ANY => nodes.whole,
            _ => nodes.general,
        }
    }
}
