//! What fails if one component has a fault and nothing else has: exact where that fits, drawn where not. \[PERC\]

use super::view::{Count, Method, Numbers};
use crate::graph::{Component, ComponentIx, DependencyGraph};
use crate::infer::Engine;
use crate::infer::eliminate::Limits;
use crate::infer::engine::EXACT_ERROR;
use crate::infer::logspace::SameEverywhere;
use crate::infer::network::{Network, NetworkBuilder, NetworkError, NodeIx};
use crate::model::build::{ANY, Model, Nodes, build};
use crate::model::params::Params;
use crate::signal::Window;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The family of kinds that people use and whose failures they report.
pub const SERVICE: &str = "service";
/// Seed of the draws.
const SEED: u64 = 0;
/// Beyond this many nodes not even a plan for exact tables is made.
const EXACT_NODES: usize = 4000;
/// Draws, at least and at most.
const DRAWS: [usize; 2] = [2_000, 40_000];

/// How hard to try.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Tables up to which answers are exact.
    pub limits: Limits,
    /// Nodes and edges that all draws for one fault may look at.
    pub work: usize,
}

impl Effort {
    /// For the one fault that was asked about.
    pub const ONE: Effort = Effort { limits: Limits { table_cells: 1 << 20, total_cells: 1 << 23 }, work: 400_000_000 };
    /// For each of many faults.
    pub const EACH: Effort = Effort { limits: Limits { table_cells: 1 << 14, total_cells: 1 << 18 }, work: 4_000_000 };
}

/// Something that may fail: a component's capability, or the component in general, for everyone or in one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The component.
    pub component: ComponentIx,
    /// The capability; `any`: as those see it who depend on the component in general.
    pub capability: String,
    /// Only for users there; `None`: for everyone.
    pub region: Option<String>,
}

/// Whether groups do what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// As the graph has them.
    Protect,
    /// Every `any_of` and `at_least` fails as soon as one member fails: what there would be without redundancy.
    Fail,
}

/// A graph made ready for the question what a fault takes down.
#[derive(Debug)]
pub struct Percolation<'a> {
    /// The graph.
    pub graph: &'a DependencyGraph,
    /// Everything that may fail, by component.
    pub places: Vec<Place>,
    model: Model,
    owners: Vec<Option<ComponentIx>>,
    place_nodes: Vec<Vec<NodeIx>>,
    /// For each component its places: they stand together.
    places_of: Vec<Range<usize>>,
    /// The whole network, with groups as they are and without redundancy.
    forward: [Forward; 2],
    effort: Effort,
}

/// What one fault takes down.
#[derive(Debug, Clone)]
pub struct Spread {
    /// The component that had the fault.
    pub fault: ComponentIx,
    /// P(some of it fails, for someone), for every component that may fail, the faulty one included.
    pub some: BTreeMap<ComponentIx, f64>,
    /// P(it fails), for every place that may fail, as a position in [`Percolation::places`].
    pub places: Vec<(usize, f64)>,
    /// Other services that fail.
    pub services: Count,
    /// Other components that fail.
    pub components: Count,
    /// How the numbers were made.
    pub numbers: Numbers,
    reached: Reached,
    p_node: Vec<f64>,
}

/// The part of the network that a fault can reach, with a node for each question.
#[derive(Debug, Clone)]
struct Reached {
    network: Network,
    owners: Vec<Option<ComponentIx>>,
    faults: Vec<usize>,
    some: Vec<(ComponentIx, usize)>,
    places: Vec<(usize, usize)>,
}

impl<'a> Percolation<'a> {
    /// Makes the network of a graph without signals.
    ///
    /// # Errors
    /// [`NetworkError`] if a parameter is outside its range.
    pub fn new(graph: &'a DependencyGraph, params: &Params, effort: Effort) -> Result<Self, NetworkError> {
        // Rates are not asked for, so any window does.
        let start = Timestamp::UNIX_EPOCH;
        let window = Window { start, end: start + SignedDuration::from_hours(1) };
        let model = build(graph, &[], window, 1, params)?;
        let owners = model.owners();
        let bites: BTreeSet<usize> = model.nodes.iter().flat_map(bites).collect();
        let network = &model.network;
        // A conjunction is not redundancy: it fails where failures meet.
        let bare = |owner: usize, k: u32| if network.edges(owner).any(|(u, _)| bites.contains(&u)) { k } else { 1 };
        let forward = [Forward::new(network, |_, k| k), Forward::new(network, bare)];
        let (mut places, mut place_nodes) = (Vec::new(), Vec::new());
        let mut places_of = Vec::new();
        for (component, nodes) in model.nodes.iter().enumerate() {
            let component = ComponentIx(component as u32);
            let start = places.len();
            let mut push = |capability: &str, region: Option<String>, at: Vec<NodeIx>| {
                places.push(Place { component, capability: capability.to_string(), region });
                place_nodes.push(at);
            };
            push(ANY, None, vec![nodes.general]);
            nodes.works.iter().for_each(|(k, node)| push(k, None, vec![*node]));
            for (region, capability, mut at) in nodes.regional_places() {
                at.push(nodes.works.get(&capability).copied().unwrap_or(nodes.general));
                push(&capability, Some(region), at);
            }
            places_of.push(start..places.len());
        }
        Ok(Percolation { graph, places, model, owners, place_nodes, places_of, forward, effort })
    }

    /// Words by which a fault of this component may be narrowed down.
    pub fn capabilities(&self, ix: ComponentIx) -> Vec<&str> {
        self.model.nodes[ix.0 as usize].own.iter().map(|(k, _)| k.as_str()).filter(|k| *k != ANY).collect()
    }

    /// Where a fault sits: of one capability, or of the whole, then together with faults that bite only where all
    /// members of a group meet. `None` if it has no such capability.
    pub fn fault_nodes(&self, ix: ComponentIx, capability: Option<&str>) -> Option<Vec<usize>> {
        let nodes = &self.model.nodes[ix.0 as usize];
        match capability.filter(|k| *k != ANY) {
            Some(k) => nodes.own.iter().find(|(own, _)| own == k).map(|(_, node)| vec![node.at()]),
            None => Some(std::iter::once(nodes.own[0].1.at()).chain(bites(nodes)).collect()),
        }
    }

    /// The places of a component, as positions in [`Self::places`].
    pub fn places_of(&self, ix: ComponentIx) -> Range<usize> {
        self.places_of[ix.0 as usize].clone()
    }

    /// What faults at these nodes of a component take down, when everything else is fine.
    pub fn spread(&self, fault: ComponentIx, nodes: &[usize], groups: Groups) -> Spread {
        let reached = self.reached(nodes, groups);
        let asked: Vec<usize> = reached
            .some
            .iter()
            .map(|s| s.1)
            .chain(reached.places.iter().map(|p| p.1))
            .chain([reached.faults[0]])
            .collect();
        let small = reached.network.len() <= EXACT_NODES;
        let engine = small.then(|| Engine::exact(&reached.network, &asked, self.effort.limits)).flatten();
        let (p_node, numbers, [services, components]) = match engine {
            Some(engine) => self.exactly(fault, &reached, &engine),
            None => self.draw(fault, &reached),
        };
        Spread {
            fault,
            some: reached.some.iter().map(|&(c, v)| (c, p_node[v])).collect(),
            places: reached.places.iter().map(|&(place, v)| (place, p_node[v])).collect(),
            services,
            components,
            numbers,
            reached,
            p_node,
        }
    }

    fn exactly(&self, fault: ComponentIx, reached: &Reached, engine: &Engine) -> (Vec<f64>, Numbers, [Count; 2]) {
        let (posterior, _) = engine.posterior(crate::infer::Scenario::default());
        let p_node: Vec<f64> = posterior.failed.iter().map(|p| p.unwrap_or(0.0)).collect();
        let numbers = Numbers { method: Method::Exact, error: EXACT_ERROR, draws: 0, seed: SEED };
        let counts = self.counted(fault).map(|of| {
            let p: Vec<f64> = reached.some.iter().filter(|(c, _)| of.contains(c)).map(|&(_, v)| p_node[v]).collect();
            Count::new(of.len(), &p, p.len() as f64 * EXACT_ERROR)
        });
        (p_node, numbers, counts)
    }

    /// Forward Monte Carlo, from a fixed seed.
    fn draw(&self, fault: ComponentIx, reached: &Reached) -> (Vec<f64>, Numbers, [Count; 2]) {
        let network = &reached.network;
        let draws = (self.effort.work / (network.len() + network.links())).clamp(DRAWS[0], DRAWS[1]);
        let forward = Forward::new(network, |_, k| k);
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let mut coin = |p: f64| p >= 1.0 || ((rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64) < p;
        let counted = self.counted(fault);
        // For every node, whose failure it stands for: of a service, of any component.
        let mut stands = vec![[false; 2]; network.len()];
        for &(c, v) in &reached.some {
            stands[v] = [counted[0].contains(&c), counted[1].contains(&c)];
        }
        let mut hits = vec![0u32; network.len()];
        let mut sums = [[0.0; 2]; 2];
        let mut scratch = Scratch::new(&forward);
        for _ in 0..draws {
            let mut count = [0.0; 2];
            for &v in forward.run(&reached.faults, &mut coin, &mut scratch) {
                hits[v as usize] += 1;
                (0..2).filter(|&i| stands[v as usize][i]).for_each(|i| count[i] += 1.0);
            }
            for (sum, n) in sums.iter_mut().zip(count) {
                *sum = [sum[0] + n, sum[1] + n * n];
            }
        }
        let n = draws as f64;
        let p_node: Vec<f64> = hits.iter().map(|&h| f64::from(h) / n).collect();
        let numbers = Numbers { method: Method::Sampled, error: 1.0 / n.sqrt(), draws, seed: SEED };
        let mut counts = counted.iter().zip(sums).map(|(of, [sum, squares])| {
            let p: Vec<f64> = reached.some.iter().filter(|(c, _)| of.contains(c)).map(|&(_, v)| p_node[v]).collect();
            let variance = (squares / n - (sum / n).powi(2)).max(0.0);
            // Never less than if one more component had been hit or missed once.
            Count::new(of.len(), &p, (2.0 * (variance / n).sqrt()).max(1.0 / n))
        });
        let counts = [counts.next().unwrap_or_default(), counts.next().unwrap_or_default()];
        (p_node, numbers, counts)
    }

    /// Services, and components, that are counted when this one has a fault: all others.
    fn counted(&self, fault: ComponentIx) -> [BTreeSet<ComponentIx>; 2] {
        let others = || self.graph.iter().filter(|(ix, _)| *ix != fault);
        let services = others().filter(|(_, c)| is_service(self.graph, c)).map(|(ix, _)| ix).collect();
        [services, others().map(|(ix, _)| ix).collect()]
    }

    /// The part of the network that faults at these nodes can reach.
    fn reached(&self, faults: &[usize], groups: Groups) -> Reached {
        let whole = &self.model.network;
        let forward = &self.forward[usize::from(groups == Groups::Fail)];
        let mut may: Vec<usize> =
            forward.run(faults, &mut |_| true, &mut Scratch::new(forward)).iter().map(|&v| v as usize).collect();
        may.sort_unstable();
        let position: BTreeMap<usize, NodeIx> = may.iter().enumerate().map(|(i, &v)| (v, NodeIx(i as u32))).collect();
        let mut net = NetworkBuilder::new();
        may.iter().for_each(|v| {
            net.node(if faults.contains(v) { 1.0 } else { 0.0 });
        });
        for (&v, &at) in &position {
            for (u, p) in whole.edges(v) {
                if let Some(&from) = position.get(&u) {
                    net.edge(at, from, p);
                }
            }
            let quorums = forward.gates_of(v).iter().map(|g| g.k);
            for (gate, k) in whole.gates(v).zip(quorums) {
                let members: Vec<NodeIx> =
                    gate.members.iter().filter_map(|m| position.get(&(*m as usize)).copied()).collect();
                if members.len() >= k as usize {
                    net.gate(at, &members, k, gate.p);
                }
            }
        }
        let mut owners: Vec<Option<ComponentIx>> = may.iter().map(|&v| self.owners[v]).collect();
        let mut ask = |nodes: &[NodeIx]| {
            let known: BTreeSet<NodeIx> = nodes.iter().filter_map(|n| position.get(&n.at()).copied()).collect();
            match known.len() {
                0 | 1 => known.first().copied(),
                _ => {
                    let any = net.node(0.0);
                    owners.push(None);
                    known.iter().for_each(|n| net.edge(any, *n, 1.0));
                    Some(any)
                }
            }
        };
        let affected: BTreeSet<ComponentIx> = may.iter().filter_map(|&v| self.owners[v]).collect();
        let (mut places, mut some) = (Vec::new(), Vec::new());
        for c in affected {
            let of = self.places_of(c);
            places.extend(of.clone().filter_map(|place| ask(&self.place_nodes[place]).map(|v| (place, v.at()))));
            let all: Vec<NodeIx> = of.flat_map(|place| self.place_nodes[place].iter().copied()).collect();
            some.extend(ask(&all).map(|v| (c, v.at())));
        }
        let faults = faults.iter().map(|v| position[v].at()).collect();
        // Everything that is put in comes out of a network that was checked.
        let network = net.freeze().unwrap_or_else(|e| unreachable!("a part of a network is a network: {e}"));
        Reached { network, owners, faults, some, places }
    }
}

impl Spread {
    /// The most probable path to each component that may fail: that component first, the faulty one last. Over a group
    /// it is as probable as that as many of the other members have failed as it takes.
    pub fn paths(&self) -> BTreeMap<ComponentIx, Vec<ComponentIx>> {
        let Reached { network, owners, faults, some, .. } = &self.reached;
        let mut next: Vec<Vec<(usize, f64)>> = vec![Vec::new(); network.len()];
        for v in 0..network.len() {
            network.edges(v).for_each(|(u, p)| next[u].push((v, p)));
            for gate in network.gates(v) {
                for &m in gate.members {
                    let mut others: Vec<f64> =
                        gate.members.iter().filter(|&&o| o != m).map(|&o| self.p_node[o as usize]).collect();
                    others.sort_by(|a, b| b.total_cmp(a));
                    next[m as usize].push((v, gate.p * others.iter().take(gate.k as usize - 1).product::<f64>()));
                }
            }
        }
        let mut best = vec![f64::INFINITY; network.len()];
        let mut via = vec![usize::MAX; network.len()];
        faults.iter().for_each(|&v| best[v] = 0.0);
        // Costs are not negative, so their bits order like their values.
        let mut queue: BTreeSet<(u64, usize)> = faults.iter().map(|&v| (0, v)).collect();
        while let Some((_, u)) = queue.pop_first() {
            for &(v, p) in &next[u] {
                let cost = best[u] - p.logarithm();
                if cost < best[v] {
                    queue.remove(&(best[v].to_bits(), v));
                    (best[v], via[v]) = (cost, u);
                    queue.insert((cost.to_bits(), v));
                }
            }
        }
        let trace = |mut v: usize| {
            let mut path: Vec<ComponentIx> = Vec::new();
            while v != usize::MAX {
                path.extend(owners[v].filter(|c| path.last() != Some(c)));
                v = via[v];
            }
            path
        };
        some.iter().filter(|(_, v)| best[*v] < f64::INFINITY).map(|&(c, v)| (c, trace(v))).collect()
    }
}

/// True for what people use.
pub fn is_service(graph: &DependencyGraph, component: &Component) -> bool {
    graph.kind(component).family == SERVICE
}

/// Nodes of faults that bite only where all members of a group meet.
fn bites(nodes: &Nodes) -> impl Iterator<Item = usize> + '_ {
    nodes.own.iter().skip(1).filter(|(k, _)| k == ANY).map(|(_, node)| node.at())
}

/// A network by what failure is passed on to.
#[derive(Debug)]
struct Forward {
    /// For each node: (dependent, chance).
    edges: Vec<Vec<(u32, f64)>>,
    /// For each node the gates of which it is a member.
    member_of: Vec<Vec<u32>>,
    /// In the order of their owners.
    gates: Vec<Quorum>,
    /// For each node where its gates begin.
    gate_start: Vec<usize>,
}

/// A gate: how many members take it to fire, and with what chance it then does.
#[derive(Debug)]
struct Quorum {
    owner: u32,
    k: u32,
    p: f64,
}

/// Room for one draw after the other.
struct Scratch {
    failed: Vec<bool>,
    counts: Vec<u32>,
    order: Vec<u32>,
}

impl Scratch {
    fn new(forward: &Forward) -> Self {
        Scratch { failed: vec![false; forward.edges.len()], counts: vec![0; forward.gates.len()], order: Vec::new() }
    }
}

impl Forward {
    fn new(network: &Network, quorum: impl Fn(usize, u32) -> u32) -> Self {
        let n = network.len();
        let (mut edges, mut member_of) = (vec![Vec::new(); n], vec![Vec::new(); n]);
        let (mut gates, mut gate_start) = (Vec::new(), Vec::new());
        for v in 0..n {
            network.edges(v).for_each(|(u, p)| edges[u].push((v as u32, p)));
            gate_start.push(gates.len());
            for gate in network.gates(v) {
                gate.members.iter().for_each(|&m| member_of[m as usize].push(gates.len() as u32));
                gates.push(Quorum { owner: v as u32, k: quorum(v, gate.k), p: gate.p });
            }
        }
        gate_start.push(gates.len());
        Forward { edges, member_of, gates, gate_start }
    }

    fn gates_of(&self, node: usize) -> &[Quorum] {
        &self.gates[self.gate_start[node]..self.gate_start[node + 1]]
    }

    /// Lets faults spread: every edge and gate that failure comes to throws its coin once. What failed, in the order in
    /// which it was reached.
    fn run<'s>(&self, faults: &[usize], coin: &mut dyn FnMut(f64) -> bool, scratch: &'s mut Scratch) -> &'s [u32] {
        let Scratch { failed, counts, order } = scratch;
        order.iter().for_each(|&v| {
            failed[v as usize] = false;
            self.member_of[v as usize].iter().for_each(|&g| counts[g as usize] = 0);
        });
        order.clear();
        for &v in faults {
            if !std::mem::replace(&mut failed[v], true) {
                order.push(v as u32);
            }
        }
        let mut at = 0;
        while at < order.len() {
            let u = order[at] as usize;
            at += 1;
            let mut arrive = |v: u32, p: f64| {
                if !failed[v as usize] && coin(p) {
                    failed[v as usize] = true;
                    order.push(v);
                }
            };
            self.edges[u].iter().for_each(|&(v, p)| arrive(v, p));
            for &g in &self.member_of[u] {
                counts[g as usize] += 1;
                let gate = &self.gates[g as usize];
                if counts[g as usize] == gate.k {
                    arrive(gate.owner, gate.p);
                }
            }
        }
        order
    }
}
