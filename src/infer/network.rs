//! The frozen network: the engine's only input.
//!
//! A network is a set of binary nodes. A node has *failed* if it has a fault of its own, or if over one of its
//! edges or gates the failure of others reaches it (`docs/inference.md`, section "Semantics"):
//!
//! ```text
//! f_v = x_v  ∨  ⋁_e (c_e ∧ f_u(e))  ∨  ⋁_g (c_g ∧ [at least k_g members of g have failed])
//! ```
//!
//! with independent `x_v ~ Bernoulli(prior_v)`, `c_e ~ Bernoulli(p_e)`, `c_g ~ Bernoulli(p_g)`, and the least
//! solution where edges run in circles.
//!
//! Time is a row of *bins*. A fault begins in one bin (its share of the prior is the bin's), and what has failed has
//! an onset: the earliest at which failure arrives by any way (noisy-MAX, \[HEN\]). An edge passes failure on in the
//! same bin, or with chance `late` in the next one. With one bin this is the formula above. Evidence is a
//! log-likelihood per node and state: ok, or failed since bin 0, 1, ….

use std::fmt;
use std::ops::Range;

/// A node, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIx(pub u32);

impl NodeIx {
    /// The position as an index.
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// What is wrong with a network that was to be frozen.
#[derive(Debug, Clone, PartialEq)]
pub enum NetworkError {
    /// A probability outside its range, or not a number.
    Probability {
        /// What it belongs to.
        what: &'static str,
        /// Its position.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Evidence that is not a number, is plus infinity, or rules out both states.
    Evidence {
        /// The node.
        node: usize,
    },
    /// A node that does not exist.
    Node {
        /// What refers to it.
        what: &'static str,
        /// The position of what refers to it.
        index: usize,
        /// The node.
        node: usize,
    },
    /// A gate without members, or whose quorum lies outside `1..=members`.
    Quorum {
        /// The gate.
        gate: usize,
        /// Its quorum.
        k: u32,
        /// How many members it has.
        members: usize,
    },
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetworkError::Probability { what, index, value } => {
                write!(f, "{what} {index} has probability {value}, which is not in its range")
            }
            NetworkError::Evidence { node } => write!(
                f,
                "the evidence of node {node} must be two numbers that are logarithms of likelihoods, not both minus infinity"
            ),
            NetworkError::Node { what, index, node } => {
                write!(f, "{what} {index} names node {node}, which does not exist")
            }
            NetworkError::Quorum { gate, k, members } => {
                write!(f, "group {gate} of {members} members cannot need {k} failures")
            }
        }
    }
}

impl std::error::Error for NetworkError {}

/// A network being put together.
#[derive(Debug, Clone, Default)]
pub struct NetworkBuilder {
    prior: Vec<f64>,
    ln_evidence: Vec<Vec<f64>>,
    edges: Vec<(u32, u32, f64, f64)>,
    gates: Vec<(u32, Vec<u32>, u32, f64)>,
    bins: Vec<f64>,
}

impl NetworkBuilder {
    /// An empty network with one bin.
    pub fn new() -> Self {
        NetworkBuilder { bins: vec![1.0], ..Self::default() }
    }

    /// Sets the bins: for each its share of every prior. Shares add up to 1. Must come before any node.
    pub fn bins(&mut self, shares: &[f64]) {
        self.bins = shares.to_vec();
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.prior.len()
    }

    /// True if there is no node.
    pub fn is_empty(&self) -> bool {
        self.prior.is_empty()
    }

    /// Adds a node with its chance of a fault of its own, without evidence.
    pub fn node(&mut self, prior: f64) -> NodeIx {
        self.prior.push(prior);
        self.ln_evidence.push(vec![0.0; 1 + self.bins.len()]);
        NodeIx(self.prior.len() as u32 - 1)
    }

    /// Adds evidence to a node: `[ln P(e | ok), ln P(e | failed since bin 0), …]`; the last number stands for all
    /// further bins.
    pub fn observe(&mut self, node: NodeIx, ln_evidence: &[f64]) {
        for (state, sum) in self.ln_evidence[node.at()].iter_mut().enumerate() {
            *sum += ln_evidence[state.min(ln_evidence.len() - 1)];
        }
    }

    /// `dependent` fails with chance `p` when `dependency` has failed.
    pub fn edge(&mut self, dependent: NodeIx, dependency: NodeIx, p: f64) {
        self.edge_late(dependent, dependency, p, 0.0);
    }

    /// The same, and what is passed on arrives one bin later with chance `late` (never after the last bin).
    pub fn edge_late(&mut self, dependent: NodeIx, dependency: NodeIx, p: f64, late: f64) {
        self.edges.push((dependent.0, dependency.0, p, late));
    }

    /// `dependent` fails with chance `p` when at least `k` of `members` have failed.
    pub fn gate(&mut self, dependent: NodeIx, members: &[NodeIx], k: u32, p: f64) {
        self.gates.push((dependent.0, members.iter().map(|m| m.0).collect(), k, p));
    }

    /// Checks everything and freezes it.
    ///
    /// # Errors
    /// The first thing that is wrong; see [`NetworkError`].
    pub fn freeze(self) -> Result<Network, NetworkError> {
        let n = self.prior.len();
        let probability = |what, index, value: f64| {
            if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(NetworkError::Probability { what, index, value }) }
        };
        let node = |what, index, node: u32| {
            if (node as usize) < n { Ok(()) } else { Err(NetworkError::Node { what, index, node: node as usize }) }
        };
        for (i, &p) in self.prior.iter().enumerate() {
            probability("node", i, p)?;
        }
        for (i, ev) in self.ln_evidence.iter().enumerate() {
            let bad = ev.iter().any(|l| l.is_nan() || *l == f64::INFINITY);
            if bad || ev.iter().all(|l| *l == f64::NEG_INFINITY) {
                return Err(NetworkError::Evidence { node: i });
            }
        }
        for (i, &(from, to, p, late)) in self.edges.iter().enumerate() {
            node("edge", i, from)?;
            node("edge", i, to)?;
            probability("edge", i, p)?;
            probability("lateness of edge", i, late)?;
        }
        for (i, &share) in self.bins.iter().enumerate() {
            probability("bin", i, share)?;
        }
        for (i, (owner, members, k, p)) in self.gates.iter().enumerate() {
            node("group", i, *owner)?;
            for &m in members {
                node("group", i, m)?;
            }
            probability("group", i, *p)?;
            if *k == 0 || *k as usize > members.len() {
                return Err(NetworkError::Quorum { gate: i, k: *k, members: members.len() });
            }
        }
        // An edge to itself never starts a failure (least fixed point); one that never fires is no edge.
        let mut edges: Vec<_> = self.edges.into_iter().filter(|&(from, to, p, _)| from != to && p > 0.0).collect();
        edges.sort_by_key(|&(from, ..)| from);
        // Likewise a member that is the dependent itself never counts.
        let mut gates: Vec<_> = self.gates;
        gates.iter_mut().for_each(|(owner, members, ..)| members.retain(|m| m != owner));
        gates.retain(|(_, members, k, p)| *p > 0.0 && *k as usize <= members.len());
        gates.sort_by_key(|&(owner, ..)| owner);
        let starts = |owners: &mut dyn Iterator<Item = u32>| {
            let mut start = vec![0u32; n + 1];
            for owner in owners {
                start[owner as usize + 1] += 1;
            }
            for i in 0..n {
                start[i + 1] += start[i];
            }
            start
        };
        let mut member_start = vec![0u32];
        let mut members = Vec::new();
        for (_, m, ..) in &gates {
            members.extend_from_slice(m);
            member_start.push(members.len() as u32);
        }
        Ok(Network {
            edge_start: starts(&mut edges.iter().map(|e| e.0)),
            edge_to: edges.iter().map(|e| e.1).collect(),
            edge_p: edges.iter().map(|e| e.2).collect(),
            edge_late: edges.iter().map(|e| e.3).collect(),
            gate_start: starts(&mut gates.iter().map(|g| g.0)),
            gate_k: gates.iter().map(|g| g.2).collect(),
            gate_p: gates.iter().map(|g| g.3).collect(),
            member_start,
            members,
            prior: self.prior,
            ln_evidence: self.ln_evidence.concat(),
            bins: self.bins,
        })
    }
}

/// One way by which failure reaches a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate<'n> {
    /// Nodes that matter.
    pub members: &'n [u32],
    /// How many of them must have failed.
    pub k: u32,
    /// Chance that it then fires.
    pub p: f64,
}

/// The frozen network, in compressed sparse rows by dependent.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    prior: Vec<f64>,
    /// One row per node: ok, then failed since each bin.
    ln_evidence: Vec<f64>,
    bins: Vec<f64>,
    edge_start: Vec<u32>,
    edge_to: Vec<u32>,
    edge_p: Vec<f64>,
    edge_late: Vec<f64>,
    gate_start: Vec<u32>,
    gate_k: Vec<u32>,
    gate_p: Vec<f64>,
    member_start: Vec<u32>,
    members: Vec<u32>,
}

impl Network {
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.prior.len()
    }

    /// True if there is no node.
    pub fn is_empty(&self) -> bool {
        self.prior.is_empty()
    }

    /// Number of edges and group memberships.
    pub fn links(&self) -> usize {
        self.edge_to.len() + self.members.len()
    }

    /// Chance of a fault of its own, per node.
    pub fn prior(&self) -> &[f64] {
        &self.prior
    }

    /// For each bin its share of every prior.
    pub fn bins(&self) -> &[f64] {
        &self.bins
    }

    /// `[ln P(e | ok), ln P(e | failed since bin 0), …]` of a node.
    pub fn ln_evidence(&self, node: usize) -> &[f64] {
        let states = 1 + self.bins.len();
        &self.ln_evidence[node * states..(node + 1) * states]
    }

    fn range(start: &[u32], i: usize) -> Range<usize> {
        start[i] as usize..start[i + 1] as usize
    }

    /// What `node` depends on one by one: (dependency, chance).
    pub fn edges(&self, node: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.edges_late(node).map(|(u, p, _)| (u, p))
    }

    /// The same with the chance of arriving late: (dependency, chance, late).
    pub fn edges_late(&self, node: usize) -> impl Iterator<Item = (usize, f64, f64)> + '_ {
        Self::range(&self.edge_start, node).map(|e| (self.edge_to[e] as usize, self.edge_p[e], self.edge_late[e]))
    }

    /// What `node` depends on in groups.
    pub fn gates(&self, node: usize) -> impl Iterator<Item = Gate<'_>> + '_ {
        Self::range(&self.gate_start, node).map(|g| Gate {
            members: &self.members[Self::range(&self.member_start, g)],
            k: self.gate_k[g],
            p: self.gate_p[g],
        })
    }

    /// All nodes that `node` depends on directly, with repetitions.
    pub fn parents(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let singles = Self::range(&self.edge_start, node).map(|e| self.edge_to[e] as usize);
        let grouped = self.gates(node).flat_map(|g| g.members.iter().map(|&m| m as usize));
        singles.chain(grouped)
    }
}
