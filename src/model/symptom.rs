//! Which node a statement speaks of: what people and pages say depends on how a thing fails.
//!
//! If the network or the name service is gone, people say "cannot be reached", not "my password is refused". So the
//! word on a report bears on a node `said(c, k, r)` of its own, which the ways of failing feed with different chances:
//!
//! ```text
//! P(said k | only k is down)              = 1
//! P(said k | all is down, in way w)       = symptoms[w][k], else named_when_all_down      [SYM]
//! P(said nothing in particular | only k)  = unnamed_when_one_down
//! ```
//!
//! A "healthy" is about the thing itself: it bears on `works(c, k)`. Both are joined with what is down in the
//! speaker's region.

use super::build::{ANY, Builder, GLOBAL, Nodes, REACHABILITY};
use crate::graph::ComponentIx;
use crate::infer::network::NodeIx;
use crate::signal::{Observation, State};

impl Builder<'_> {
    /// The node a statement bears on, and its `ln` ratio there.
    pub(super) fn target(&mut self, ix: ComponentIx, o: &Observation, ln: f64) -> (NodeIx, f64) {
        let nodes = &self.nodes[ix.0 as usize];
        let reach = REACHABILITY.contains(&o.capability.as_str());
        let listed = nodes.works.contains_key(&o.capability);
        let capability = if listed || reach { o.capability.clone() } else { ANY.to_string() };
        let speaks_of_failure = matches!(o.state, State::Failing | State::Degraded | State::Recovered);
        // Who reaches a component that fails in other ways, too, has seen little of it.
        let weak = !speaks_of_failure && reach && !listed && self.unreachable(nodes, &capability).len() != 1;
        let ln = if weak { ln.max(self.params.reachable.ln()) } else { ln };
        (self.heard(ix, &capability, &o.region, speaks_of_failure), ln)
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

    /// What is heard of a component from a region: `said` or `works`, joined with what is down in that region.
    fn heard(&mut self, ix: ComponentIx, capability: &str, region: &str, failure: bool) -> NodeIx {
        let nodes = self.nodes[ix.0 as usize].clone();
        let within = |r: &str| region == r || region.strip_prefix(r).is_some_and(|rest| rest.starts_with('-'));
        let regions: Vec<&String> = nodes.regional.keys().filter(|r| within(r)).collect();
        let key = (ix, capability.to_string(), regions.first().map_or(GLOBAL, |r| r).to_string(), failure);
        if let Some(&node) = self.heard.get(&key) {
            return node;
        }
        let base = if failure { self.said(ix, &nodes, capability) } else { self.seen(&nodes, capability) };
        let mut node = base;
        if !regions.is_empty() {
            node = self.net.node(0.0);
            self.net.edge(node, base, 1.0);
            for region in regions {
                let local = &nodes.regional[region];
                for (kind, &way) in &local.ways {
                    let p = if capability == ANY || !failure { 1.0 } else { self.symptom(kind, capability) };
                    self.net.edge(node, way, p);
                }
                for (k, &only) in local.only.iter().filter(|(k, _)| capability == ANY || *k == capability) {
                    self.net.edge(node, only, if k == capability { 1.0 } else { self.params.unnamed_when_one_down });
                }
            }
        }
        self.heard.insert(key, node);
        node
    }

    /// What is said of failure, everywhere.
    fn said(&mut self, ix: ComponentIx, nodes: &Nodes, capability: &str) -> NodeIx {
        if nodes.only.get(capability) == Some(&nodes.whole) || (capability == ANY && nodes.general == nodes.whole) {
            return nodes.whole;
        }
        let node = self.net.node(0.0);
        if capability == ANY {
            self.net.edge(node, nodes.whole, 1.0);
            self.net.edge(node, nodes.general, self.params.unnamed_when_one_down);
            for (_, only) in &nodes.own[1..] {
                self.net.edge(node, *only, self.params.unnamed_when_one_down);
            }
            return node;
        }
        if let Some(&only) = nodes.only.get(capability) {
            self.net.edge(node, only, 1.0);
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
