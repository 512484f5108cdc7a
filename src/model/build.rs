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
//! | `bites(g)` | a fault of `c` that takes down only what needs all of group `g` (`all_of`: the agent *and* the system) |
//! | `unknown`, `hit` | a shared dependency that is not in the graph has a fault; it reaches `c` |

use super::channel::{Channels, Except, Place, Statement, ln_ratio};
use super::params::Params;
use super::prior::{faults_per_year, in_window};
use super::spillover::Storm;
use super::timeline::{Timeline, is_trouble};
use crate::graph::{Component, ComponentIx, Dependency, DependencyGraph, Member, Need, Rule, Scope};
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
    /// It has any fault of its own. Nothing depends on this node: it is there to be asked.
    pub fault: NodeIx,
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
    /// The unknown shared dependency reaches it; only if it was observed.
    pub hit: Option<NodeIx>,
    /// What is said and seen of it.
    pub(super) heard: Vec<NodeIx>,
    /// A need of it is not met: groups, and dependencies that several of its nodes feel together.
    needs: Vec<NodeIx>,
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
            .chain(self.works.values().chain(self.only.values()).chain(self.ways.values()).copied())
            .chain(self.regional.values().flat_map(|r| r.ways.values().chain(r.only.values())).copied())
            .chain(self.needs.iter().chain(&self.heard).copied())
    }

    /// What may be down for users of one region only: (region, capability or `any` for all of it, nodes).
    pub fn regional_places(&self) -> Vec<(String, String, Vec<NodeIx>)> {
        let mut places = Vec::new();
        for (region, local) in &self.regional {
            let ways: Vec<NodeIx> = local.ways.values().copied().collect();
            if !ways.is_empty() {
                places.push((region.clone(), ANY.to_string(), ways.clone()));
            }
            for (k, only) in &local.only {
                places.push((region.clone(), k.clone(), ways.iter().chain([only]).copied().collect()));
            }
        }
        places
    }
}

/// A network with the meaning of its nodes.
#[derive(Debug, Clone)]
pub struct Model {
    /// The engine's input.
    pub network: Network,
    /// Nodes per component, in the graph's order.
    pub nodes: Vec<Nodes>,
    /// A shared dependency that is not in the graph has a fault.
    pub unknown: NodeIx,
    /// The bins of time.
    pub timeline: Timeline,
    /// All statements, by node.
    pub channels: Channels,
    /// What spill-over takes from the signals of crowds.
    pub discounts: Vec<Discount>,
    /// The numbers it was made with.
    pub params: Params,
}

impl Model {
    /// The component that every node belongs to, if to one.
    pub fn owners(&self) -> Vec<Option<ComponentIx>> {
        let mut owner = vec![None; self.network.len()];
        for (i, nodes) in self.nodes.iter().enumerate() {
            for node in nodes.all() {
                owner[node.at()] = Some(ComponentIx(i as u32));
            }
        }
        owner
    }
}

/// What spill-over takes from a signal: its likelihood ratio, in the bin that it fits best and before saturation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discount {
    /// Which signal, by its position among the observations.
    pub signal: usize,
    /// `ln` of the ratio that is used.
    pub ln_ratio: f64,
    /// The same on a calm day.
    pub undiscounted: f64,
}

/// Makes the network of an incident, with onsets told apart by at most `bins` bins. Observations name components by
/// id; unknown ids are ignored (the incident's loader has complained already).
///
/// # Errors
/// [`NetworkError`] if a parameter is outside its range.
pub fn build(
    graph: &DependencyGraph,
    observations: &[Observation],
    window: Window,
    bins: usize,
    params: &Params,
) -> Result<Model, NetworkError> {
    let timeline = Timeline::cut(observations, window, bins, params);
    let mut net = NetworkBuilder::new();
    net.bins(&timeline.shares);
    let unknown = net.node(in_window(params.unknown_per_year, window.hours()));
    let mut b = Builder {
        graph,
        params,
        hours: window.hours(),
        gap_hours: timeline.shortest_gap,
        net,
        nodes: Vec::new(),
        heard: BTreeMap::new(),
        bites: BTreeMap::new(),
    };
    for (_, component) in graph.iter() {
        let nodes = b.component(component);
        b.nodes.push(nodes);
    }
    for (ix, component) in graph.iter() {
        b.containment(ix, component);
        b.dependencies(ix, component);
    }
    for nodes in b.nodes.iter_mut().filter(|nodes| nodes.own.len() > 1) {
        nodes.fault = b.net.node(0.0);
        nodes.own.iter().for_each(|(_, own)| b.net.edge(nodes.fault, *own, 1.0));
    }
    for o in observations {
        if let Some(ix) = graph.find(&o.component) {
            b.reach(unknown, ix);
        }
    }
    let storm = Storm::measure(graph, observations);
    let calm = Params { spillover: false, ..params.clone() };
    let mut channels = Channels::new(timeline.bins());
    let mut discounts = Vec::new();
    let mut troubles: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
    for o in observations.iter().filter(|o| is_trouble(o)) {
        troubles.entry(&o.component).or_default().push(o);
    }
    for (signal, o) in observations.iter().enumerate() {
        let Some(ix) = graph.find(&o.component) else { continue };
        let place = place(troubles.get(o.component.as_str()).map_or(&[], Vec::as_slice), o, &timeline);
        let Some(ln) = ln_ratio(o, place, &storm, &timeline, params) else { continue };
        if let Some(full) = ln_ratio(o, place, &storm, &timeline, &calm).filter(|full| *full != ln) {
            let most = |ln: &[f64]| ln.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            discounts.push(Discount { signal, ln_ratio: most(&ln), undiscounted: most(&full) });
        }
        let (node, ln) = b.target(ix, o, ln);
        channels.add(node, o.source.kind, Statement { signal, ln_ratio: ln });
    }
    for node in channels.nodes() {
        b.net.observe(node, &channels.at(node, params, Except::Nothing));
    }
    let (network, params) = (b.net.freeze()?, params.clone());
    Ok(Model { network, nodes: b.nodes, unknown, timeline, channels, discounts, params })
}

/// Where a statement stands among the reports of trouble of the same component.
fn place(troubles: &[&Observation], o: &Observation, timeline: &Timeline) -> Place {
    let same = |other: &&&Observation| {
        let capability = other.capability == o.capability || other.capability == ANY || o.capability == ANY;
        capability && other.at < o.at
    };
    let mut place = Place { first: true, after_trouble: false };
    for before in troubles.iter().filter(same) {
        place.first &= timeline.bin(before.at) == timeline.bin(o.at);
        place.after_trouble |= before.capability == o.capability && before.region == o.region;
    }
    place
}

pub(super) struct Builder<'a> {
    pub graph: &'a DependencyGraph,
    pub params: &'a Params,
    hours: f64,
    /// Hours between two bins, where they are shortest.
    gap_hours: f64,
    pub net: NetworkBuilder,
    pub nodes: Vec<Nodes>,
    /// What is said and seen.
    pub heard: BTreeMap<Heard, NodeIx>,
    /// Faults of a member that bite only where all members of a group meet.
    bites: BTreeMap<(ComponentIx, Vec<ComponentIx>), NodeIx>,
}

/// What is said and seen of a component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Heard {
    pub component: ComponentIx,
    pub capability: String,
    /// As far as it matters.
    pub region: String,
    /// Whether it is about failure.
    pub failure: bool,
    /// Who looked, if the graph knows what that depends on.
    pub observer: Option<ComponentIx>,
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
        let own_whole = self.net.node(in_window(rate * whole_share * size, self.hours));
        let other = self.net.node(0.0);
        self.net.edge(other, own_whole, 1.0);
        let whole = self.net.node(0.0);
        self.net.edge(whole, other, 1.0);
        let mut nodes = Nodes {
            whole,
            general: whole,
            own: vec![(if single { capabilities[0].clone() } else { ANY.to_string() }, own_whole)],
            fault: own_whole,
            works: BTreeMap::new(),
            only: BTreeMap::new(),
            other,
            ways: BTreeMap::new(),
            regional: BTreeMap::new(),
            hit: None,
            heard: Vec::new(),
            needs: Vec::new(),
        };
        if single {
            nodes.works.insert(capabilities[0].clone(), whole);
            nodes.only.insert(capabilities[0].clone(), whole);
        } else {
            let share = (1.0 - whole_share) / capabilities.len().max(1) as f64;
            for k in capabilities {
                let own = self.net.node(in_window(rate * share, self.hours));
                let only = self.net.node(0.0);
                self.net.edge(only, own, 1.0);
                let works = self.net.node(0.0);
                self.net.edge(works, whole, 1.0);
                self.net.edge(works, only, 1.0);
                nodes.own.push((k.clone(), own));
                nodes.works.insert(k.clone(), works);
                nodes.only.insert(k.clone(), only);
            }
        }
        if has_parts || nodes.own.len() > 1 {
            nodes.general = self.net.node(0.0);
            self.net.edge(nodes.general, whole, 1.0);
            // Of a component that does one thing, that thing is the whole in the eyes of its dependents.
            let felt = if nodes.own.len() == 2 { 1.0 } else { self.params.capability_to_whole };
            for only in nodes.only.values() {
                self.net.edge(nodes.general, *only, felt);
            }
        }
        nodes
    }

    /// Parts fail with their container; the container is impaired by its parts, as one event for all who depend on it.
    fn containment(&mut self, ix: ComponentIx, c: &Component) {
        let Some(parent) = c.part_of else { return };
        let (part, whole) = (&self.nodes[ix.0 as usize], &self.nodes[parent.0 as usize]);
        // A part that its container depends on is an organ: what takes the container down by another organ leaves it
        // alone. Any other part is a product: it goes down with the container, whatever took that down.
        let needs = |d: &Dependency| d.need.members().iter().any(|m| m.component == ix);
        let organ = self.graph.component(parent).depends_on.iter().any(needs);
        let cause = if organ { whole.own[0].1 } else { whole.whole };
        self.net.edge(part.other, cause, self.params.whole_to_part);
        self.net.edge(whole.general, part.general, self.params.part_to_whole);
    }

    fn dependencies(&mut self, ix: ComponentIx, c: &Component) {
        for d in &c.depends_on {
            let region = d.region.as_deref().filter(|r| *r != GLOBAL && self.params.vantage);
            let members: Vec<NodeIx> = d.need.members().iter().map(|m| self.needed(ix, m)).collect();
            let targets: Vec<NodeIx> = match &d.scope {
                Scope::Whole => vec![self.way(ix, d.need.members(), region)],
                Scope::Capabilities(list) => list.iter().map(|k| self.only(ix, k, region)).collect(),
            };
            // A failure that takes a while to be felt may be felt in the next bin.
            // Without a stated delay it may still be felt later, the less the wider the gap.
            let late = match (d.lag_seconds, d.cache_seconds) {
                (None, None) => 1.0 / (1.0 + self.gap_hours / self.params.late_hours),
                (lag, cache) => (lag.unwrap_or(0.0) + cache.unwrap_or(0.0)) / (3600.0 * self.gap_hours),
            };
            let late = late.clamp(0.0, 1.0);
            // What several feel over one uncertain edge, all or none of them feel.
            let shared = d.confidence < 1.0 && targets.len() > 1;
            let impact = d.impact * self.params.impact_odds / (1.0 - d.impact + d.impact * self.params.impact_odds);
            let (via, p) = match &d.need {
                Need::One(_) if !shared => (members[0], impact * d.confidence),
                need => {
                    let via = self.net.node(0.0);
                    self.nodes[ix.0 as usize].needs.push(via);
                    self.unmet(via, need, &members, d.confidence);
                    (via, impact)
                }
            };
            for target in targets {
                self.net.edge_late(target, via, p, late);
            }
        }
    }

    /// `via` fails when the need is not met.
    fn unmet(&mut self, via: NodeIx, need: &Need, members: &[NodeIx], p: f64) {
        let Need::Group { rule, .. } = need else { return self.net.edge(via, members[0], p) };
        let n = members.len() as u32;
        let k = match rule {
            Rule::AnyOf | Rule::AllOf => n,
            Rule::AtLeast(least) => (n + 1).saturating_sub(*least).clamp(1, n),
        };
        self.net.gate(via, members, k, p);
        match rule {
            Rule::AnyOf => self.net.edge(via, members[0], p * self.params.failover),
            Rule::AllOf => {
                let mut group: Vec<ComponentIx> = need.members().iter().map(|m| m.component).collect();
                group.sort_unstable();
                for member in need.members() {
                    let bites = self.bites(member.component, &group);
                    self.net.edge(via, bites, p);
                }
            }
            Rule::AtLeast(_) => {}
        }
    }

    /// A fault of `member` that bites only where all of `group` meet. \[ALL\]
    fn bites(&mut self, member: ComponentIx, group: &[ComponentIx]) -> NodeIx {
        let key = (member, group.to_vec());
        if let Some(&node) = self.bites.get(&key) {
            return node;
        }
        let rate = faults_per_year(self.graph, self.graph.component(member), self.params);
        let node = self.net.node(in_window(rate * self.params.conjunction, self.hours));
        self.nodes[member.0 as usize].own.push((ANY.to_string(), node));
        self.bites.insert(key, node);
        node
    }

    /// The unknown shared dependency may reach what was observed. \[UNK\]
    fn reach(&mut self, unknown: NodeIx, ix: ComponentIx) {
        if self.nodes[ix.0 as usize].hit.is_some() || self.params.unknown_per_year <= 0.0 {
            return;
        }
        let hit = self.net.node(0.0);
        self.net.edge(hit, unknown, self.params.unknown_reach);
        self.net.edge(self.nodes[ix.0 as usize].other, hit, 1.0);
        self.nodes[ix.0 as usize].hit = Some(hit);
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
