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
use super::spillover::Storm;
use crate::graph::{Component, ComponentIx, DependencyGraph, Member, Need, Rule, Scope};
use crate::infer::network::{Network, NetworkBuilder, NetworkError, NodeIx};
use crate::signal::{Observation, Window};
use std::collections::BTreeMap;

/// Capability words about being reachable at all; on a component that does not list them they speak of the whole.
pub(super) const REACHABILITY: [&str; 2] = ["connectivity", "dns"];
/// Everywhere.
pub(super) const GLOBAL: &str = "global";
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
    /// Only `k` is down.
    pub(super) only: BTreeMap<String, NodeIx>,
    /// All is down by an own fault or in no particular way.
    pub(super) other: NodeIx,
    /// All is down in the way of a kind.
    pub(super) ways: BTreeMap<String, NodeIx>,
    /// What is down for users of one region only.
    pub(super) regional: BTreeMap<String, Regional>,
}

/// What is down for users of one region only.
#[derive(Debug, Clone, Default)]
pub(super) struct Regional {
    /// All of it, in the way of a kind.
    pub ways: BTreeMap<String, NodeIx>,
    /// One capability.
    pub only: BTreeMap<String, NodeIx>,
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
        heard: BTreeMap::new(),
    };
    for (_, component) in graph.iter() {
        let nodes = b.component(component);
        b.nodes.push(nodes);
    }
    for (ix, component) in graph.iter() {
        b.containment(ix, component);
        b.dependencies(ix, component);
    }
    let storm = Storm::measure(observations);
    let mut channels = Channels::default();
    for (signal, o) in observations.iter().enumerate() {
        let (Some(ix), Some(ln)) = (graph.find(&o.component), ln_ratio(o, &storm, params)) else { continue };
        let (node, ln) = b.target(ix, o, ln);
        channels.add(node, o.source.kind, Statement { signal, ln_ratio: ln });
    }
    let evidence = channels.ln_evidence(b.net.len(), params, None);
    for (v, ev) in evidence.into_iter().enumerate() {
        b.net.observe(NodeIx(v as u32), &ev);
    }
    Ok(Model { network: b.net.freeze()?, nodes: b.nodes, channels, params: params.clone() })
}

pub(super) struct Builder<'a> {
    pub graph: &'a DependencyGraph,
    pub params: &'a Params,
    hours: f64,
    pub net: NetworkBuilder,
    pub nodes: Vec<Nodes>,
    /// What is said and seen, by component, capability, region and whether it is about failure.
    pub heard: BTreeMap<(ComponentIx, String, String, bool), NodeIx>,
}

impl Builder<'_> {
    fn component(&mut self, c: &Component) -> Nodes {
        let kind = self.graph.kind(c);
        let rate = faults_per_year(self.graph, c, self.params);
        // Being reachable is what a network does, listed or not.
        let implied = kind.main.as_ref().filter(|m| REACHABILITY.contains(&m.as_str()) && !c.capabilities.contains(m));
        let capabilities: Vec<&String> = c.capabilities.iter().chain(implied).collect();
        // A component that does one thing, and that is what its kind is for, has no narrower fault.
        let single = capabilities.len() == 1 && kind.main.as_ref() == Some(capabilities[0]);
        let ix = self.graph.find(&c.id);
        let has_parts = self.graph.components().iter().any(|p| p.part_of.is_some() && p.part_of == ix);
        let size = if has_parts { self.params.container } else { 1.0 };
        let whole_share = if single || capabilities.is_empty() { 1.0 } else { self.params.whole_share };
        let other = self.net.node(in_window(rate * whole_share * size, self.hours));
        let whole = self.net.node(0.0);
        self.net.edge(whole, other, 1.0);
        let mut nodes = Nodes {
            whole,
            general: whole,
            own: vec![(if single { capabilities[0].clone() } else { ANY.to_string() }, other)],
            works: BTreeMap::new(),
            only: BTreeMap::new(),
            other,
            ways: BTreeMap::new(),
            regional: BTreeMap::new(),
        };
        if single {
            nodes.works.insert(capabilities[0].clone(), whole);
            nodes.only.insert(capabilities[0].clone(), whole);
        } else {
            let share = (1.0 - whole_share) / capabilities.len().max(1) as f64;
            for k in capabilities {
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
            // Of a component that does one thing, that thing is the whole in the eyes of its dependents.
            let felt = if nodes.own.len() == 2 { 1.0 } else { self.params.capability_to_whole };
            for (_, only) in &nodes.own[1..] {
                self.net.edge(nodes.general, *only, felt);
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
            let region = d.region.as_deref().filter(|r| *r != GLOBAL);
            let members: Vec<NodeIx> = d.need.members().iter().map(|m| self.needed(ix, m)).collect();
            let targets: Vec<NodeIx> = match &d.scope {
                Scope::Whole => vec![self.way(ix, d.need.members(), region)],
                Scope::Capabilities(list) => list.iter().map(|k| self.only(ix, k, region)).collect(),
            };
            for target in targets {
                self.depend(target, &d.need, &members, p);
            }
        }
    }

    fn depend(&mut self, target: NodeIx, need: &Need, members: &[NodeIx], p: f64) {
        let Need::Group { rule, .. } = need else { return self.net.edge(target, members[0], p) };
        let n = members.len() as u32;
        let k = match rule {
            Rule::AnyOf | Rule::AllOf => n,
            Rule::AtLeast(least) => (n + 1).saturating_sub(*least).clamp(1, n),
        };
        self.net.gate(target, members, k, p);
        if *rule == Rule::AnyOf {
            self.net.edge(target, members[0], p * self.params.failover);
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

    fn only(&mut self, ix: ComponentIx, capability: &str, region: Option<&str>) -> NodeIx {
        let nodes = &mut self.nodes[ix.0 as usize];
        let Some(region) = region else { return nodes.only.get(capability).copied().unwrap_or(nodes.other) };
        let only = &mut nodes.regional.entry(region.to_string()).or_default().only;
        *only.entry(capability.to_string()).or_insert_with(|| self.net.node(0.0))
    }

    /// The node for "all of it is down because of such a dependency", for everyone or in one region.
    fn way(&mut self, ix: ComponentIx, members: &[Member], region: Option<&str>) -> NodeIx {
        let kind = self.graph.kind(self.graph.component(members[0].component)).name.clone();
        let telling = !self.graph.kinds()[&kind].symptoms.is_empty();
        let nodes = &mut self.nodes[ix.0 as usize];
        if let Some(region) = region {
            let ways = &mut nodes.regional.entry(region.to_string()).or_default().ways;
            return *ways.entry(kind).or_insert_with(|| self.net.node(0.0));
        }
        if !telling || nodes.only.values().any(|&o| o == nodes.whole) {
            return nodes.other;
        }
        let net = &mut self.net;
        let whole = nodes.whole;
        *nodes.ways.entry(kind).or_insert_with(|| {
            let way = net.node(0.0);
            net.edge(whole, way, 1.0);
            way
        })
    }
}
