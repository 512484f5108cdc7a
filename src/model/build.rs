//! Graph + signals → network.
//!
//! For every component `c`:
//!
//! | node | meaning |
//! | --- | --- |
//! | `way(w)` | all of `c` is down, in a way that people describe as kinds `w` fail (`network`: unreachable …) |
//! | `other` | all of `c` is down, by its own fault or in no particular way |
//! | `whole` | `other` or any `way` |
//! | `only(k)` | capability `k` is down and the rest need not be |
//! | `works(k)` | `k` does not work: `whole` or `only(k)`; this is what dependents on `k` and "healthy" statements see |
//! | `general` | `whole`, or with some chance a capability or a part of `c`; what those who depend on `c` in general see |
//! | `said(k)` | what reports say: `only(k)`, or with a small chance `whole` |

use super::channel::{Channels, Statement, ln_ratio};
use super::params::Params;
use super::prior::{faults_per_year, in_window};
use crate::graph::{Component, ComponentIx, DependencyGraph, Member, Need, Rule, Scope};
use crate::infer::network::{Network, NetworkBuilder, NetworkError, NodeIx};
use crate::signal::{Observation, State, Window};
use std::collections::BTreeMap;

/// Capability words about being reachable at all; on a component that does not list them they speak of the whole.
const REACHABILITY: [&str; 2] = ["connectivity", "dns"];
/// "The source did not say which."
pub const ANY: &str = "any";

/// The nodes of one component.
#[derive(Debug, Clone)]
pub struct Nodes {
    /// All of it is down.
    pub whole: NodeIx,
    /// Down in the eyes of those who depend on it in general.
    pub general: NodeIx,
    /// Where own faults sit: (capability or `any`, node).
    pub own: Vec<(String, NodeIx)>,
    /// `k` does not work, for whatever reason.
    pub works: BTreeMap<String, NodeIx>,
    only: BTreeMap<String, NodeIx>,
    other: NodeIx,
    ways: BTreeMap<String, NodeIx>,
}

impl Nodes {
    /// Every node that belongs to the component.
    pub fn all(&self) -> impl Iterator<Item = NodeIx> + '_ {
        let single = [self.whole, self.general, self.other];
        single
            .into_iter()
            .chain(self.own.iter().map(|o| o.1))
            .chain(self.works.values().chain(self.ways.values()).copied())
    }
}

/// A network with the meaning of its nodes.
#[derive(Debug, Clone)]
pub struct Model {
    /// The engine's input.
    pub network: Network,
    /// Nodes per component, in the graph's order.
    pub nodes: Vec<Nodes>,
    /// All statements, by node.
    pub channels: Channels,
    /// The numbers it was made with.
    pub params: Params,
}

/// Makes the network of an incident. Observations name components by id; unknown ids are ignored (the incident's
/// loader has complained already).
///
/// # Errors
/// [`NetworkError`] if a parameter is outside its range.
pub fn build(
    graph: &DependencyGraph,
    observations: &[Observation],
    window: Window,
    params: &Params,
) -> Result<Model, NetworkError> {
    let mut b = Builder {
        graph,
        params,
        hours: window.hours(),
        net: NetworkBuilder::new(),
        nodes: Vec::new(),
        said: BTreeMap::new(),
    };
    for (_, component) in graph.iter() {
        let nodes = b.component(component);
        b.nodes.push(nodes);
    }
    for (ix, component) in graph.iter() {
        b.containment(ix, component);
        b.dependencies(ix, component);
    }
    let mut channels = Channels::default();
    for (signal, o) in observations.iter().enumerate() {
        let (Some(ix), Some(ln)) = (graph.find(&o.component), ln_ratio(o, params)) else { continue };
        let (node, ln) = b.target(ix, o, ln);
        channels.add(node, o.source.kind, Statement { signal, ln_ratio: ln });
    }
    let evidence = channels.ln_evidence(b.net.len(), params, None);
    for (v, ev) in evidence.into_iter().enumerate() {
        b.net.observe(NodeIx(v as u32), ev);
    }
    Ok(Model { network: b.net.freeze()?, nodes: b.nodes, channels, params: params.clone() })
}

struct Builder<'a> {
    graph: &'a DependencyGraph,
    params: &'a Params,
    hours: f64,
    net: NetworkBuilder,
    nodes: Vec<Nodes>,
    said: BTreeMap<(ComponentIx, String), NodeIx>,
}

impl Builder<'_> {
    fn component(&mut self, c: &Component) -> Nodes {
        let kind = self.graph.kind(c);
        let rate = faults_per_year(self.graph, c, self.params);
        // A component that does one thing, and that is what its kind is for, has no narrower fault.
        let single = c.capabilities.len() == 1 && kind.main.as_ref() == c.capabilities.first();
        let ix = self.graph.find(&c.id);
        let has_parts = self.graph.components().iter().any(|p| p.part_of.is_some() && p.part_of == ix);
        let size = if has_parts { self.params.container } else { 1.0 };
        let whole_share = if single || c.capabilities.is_empty() { 1.0 } else { self.params.whole_share };
        let other = self.net.node(in_window(rate * whole_share * size, self.hours));
        let whole = self.net.node(0.0);
        self.net.edge(whole, other, 1.0);
        let mut nodes = Nodes {
            whole,
            general: whole,
            own: vec![(if single { c.capabilities[0].clone() } else { ANY.to_string() }, other)],
            works: BTreeMap::new(),
            only: BTreeMap::new(),
            other,
            ways: BTreeMap::new(),
        };
        if single {
            nodes.works.insert(c.capabilities[0].clone(), whole);
            nodes.only.insert(c.capabilities[0].clone(), whole);
        } else {
            let share = (1.0 - whole_share) / c.capabilities.len().max(1) as f64;
            for k in &c.capabilities {
                let only = self.net.node(in_window(rate * share, self.hours));
                let works = self.net.node(0.0);
                self.net.edge(works, whole, 1.0);
                self.net.edge(works, only, 1.0);
                nodes.own.push((k.clone(), only));
                nodes.works.insert(k.clone(), works);
                nodes.only.insert(k.clone(), only);
            }
        }
        if has_parts || nodes.own.len() > 1 {
            nodes.general = self.net.node(0.0);
            self.net.edge(nodes.general, whole, 1.0);
            for (_, only) in &nodes.own[1..] {
                self.net.edge(nodes.general, *only, self.params.capability_to_whole);
            }
        }
        nodes
    }

    /// Parts fail with their container; the container is impaired by its parts, as one event for all who depend on it.
    fn containment(&mut self, ix: ComponentIx, c: &Component) {
        let Some(parent) = c.part_of else { return };
        let (part, whole) = (&self.nodes[ix.0 as usize], &self.nodes[parent.0 as usize]);
        self.net.edge(part.other, whole.whole, self.params.whole_to_part);
        self.net.edge(whole.general, part.general, self.params.part_to_whole);
    }

    fn dependencies(&mut self, ix: ComponentIx, c: &Component) {
        for d in &c.depends_on {
            let p = d.impact * d.confidence;
            let members: Vec<NodeIx> = d.need.members().iter().map(|m| self.needed(ix, m)).collect();
            let targets: Vec<NodeIx> = match &d.scope {
                Scope::Whole => vec![self.way(ix, d.need.members())],
                Scope::Capabilities(list) => list.iter().map(|k| self.only(ix, k)).collect(),
            };
            for target in targets {
                match &d.need {
                    Need::One(_) => self.net.edge(target, members[0], p),
                    Need::Group { rule, .. } => {
                        let n = members.len() as u32;
                        let k = match rule {
                            Rule::AnyOf | Rule::AllOf => n,
                            Rule::AtLeast(least) => (n + 1).saturating_sub(*least).clamp(1, n),
                        };
                        self.net.gate(target, &members, k, p);
                        if *rule == Rule::AnyOf {
                            self.net.edge(target, members[0], p * self.params.failover);
                        }
                    }
                }
            }
        }
    }

    /// The node of a dependency that a dependent needs.
    fn needed(&self, dependent: ComponentIx, m: &Member) -> NodeIx {
        let nodes = &self.nodes[m.component.0 as usize];
        match &m.capability {
            Some(k) => nodes.works.get(k).copied().unwrap_or(nodes.whole),
            // A part is hurt by its container failing, not by the container being impaired by a sibling.
            None if self.graph.component(dependent).part_of == Some(m.component) => nodes.whole,
            None => nodes.general,
        }
    }

    fn only(&self, ix: ComponentIx, capability: &str) -> NodeIx {
        let nodes = &self.nodes[ix.0 as usize];
        nodes.only.get(capability).copied().unwrap_or(nodes.other)
    }

    /// The node for "all of it is down because of such a dependency".
    fn way(&mut self, ix: ComponentIx, members: &[Member]) -> NodeIx {
        let kind = self.graph.kind(self.graph.component(members[0].component));
        let nodes = &self.nodes[ix.0 as usize];
        if kind.symptoms.is_empty() || nodes.only.values().any(|&o| o == nodes.whole) {
            return nodes.other;
        }
        if let Some(&way) = nodes.ways.get(&kind.name) {
            return way;
        }
        let whole = nodes.whole;
        let way = self.net.node(0.0);
        self.net.edge(whole, way, 1.0);
        self.nodes[ix.0 as usize].ways.insert(kind.name.clone(), way);
        way
    }

    /// The node a statement speaks of, and what it then says.
    fn target(&mut self, ix: ComponentIx, o: &Observation, ln: f64) -> (NodeIx, f64) {
        let nodes = &self.nodes[ix.0 as usize];
        let capability = o.capability.as_str();
        let listed = nodes.works.contains_key(capability);
        let speaks_of_failure = matches!(o.state, State::Failing | State::Degraded | State::Recovered);
        match (speaks_of_failure, listed) {
            (true, _) => {
                (self.said(ix, if listed || REACHABILITY.contains(&capability) { capability } else { ANY }), ln)
            }
            (false, true) => (nodes.works[capability], ln),
            (false, false) if REACHABILITY.contains(&capability) => {
                let unreachable: Vec<NodeIx> = nodes
                    .ways
                    .iter()
                    .filter(|(kind, _)| self.symptom(kind, capability) >= 0.5)
                    .map(|(_, &way)| way)
                    .collect();
                match unreachable.as_slice() {
                    [one] => (*one, ln),
                    _ => (nodes.whole, ln.max(self.params.reachable.ln())),
                }
            }
            (false, false) => (nodes.general, ln),
        }
    }

    /// P(reports name `capability` | down in the way of `kind`).
    fn symptom(&self, kind: &str, capability: &str) -> f64 {
        let symptoms = &self.graph.kinds()[kind].symptoms;
        if let Some(&p) = symptoms.get(capability) {
            return p;
        }
        let rest: f64 = 1.0 - symptoms.values().sum::<f64>();
        rest.clamp(0.0, 1.0).min(self.params.named_when_all_down).max(0.02)
    }

    fn said(&mut self, ix: ComponentIx, capability: &str) -> NodeIx {
        let key = (ix, capability.to_string());
        if let Some(&node) = self.said.get(&key) {
            return node;
        }
        let nodes = self.nodes[ix.0 as usize].clone();
        let node = if capability == ANY {
            if nodes.general == nodes.whole {
                nodes.whole
            } else {
                let node = self.net.node(0.0);
                self.net.edge(node, nodes.whole, 1.0);
                self.net.edge(node, nodes.general, self.params.unnamed_when_one_down);
                for (_, only) in &nodes.own[1..] {
                    self.net.edge(node, *only, self.params.unnamed_when_one_down);
                }
                node
            }
        } else if nodes.only.get(capability) == Some(&nodes.whole) {
            nodes.whole
        } else {
            let node = self.net.node(0.0);
            if let Some(&only) = nodes.only.get(capability) {
                self.net.edge(node, only, 1.0);
            }
            let own_kind = &self.graph.component(ix).kind;
            let plain = self.graph.kinds()[own_kind].symptoms.get(capability).copied();
            self.net.edge(node, nodes.other, plain.unwrap_or(self.params.named_when_all_down));
            for (kind, way) in &nodes.ways {
                self.net.edge(node, *way, self.symptom(kind, capability));
            }
            node
        };
        self.said.insert(key, node);
        node
    }
}
