//! Tables over discrete variables, and the decomposition of a network into small ones.
//!
//! A node's family is cut into a chain of steps that each look at one dependency (causal independence, \[ZP\]):
//!
//! ```text
//! y₀ = x_v,   yᵢ = yᵢ₋₁ ∨ (cᵢ ∧ f_uᵢ),   f_v = y_n
//! ```
//!
//! so that no table is larger than three variables however many dependencies there are. Groups count their failed
//! members in the same way. Nodes on a cycle carry the *level* at which they first failed (0: of their own or from
//! outside the cycle; i + 1: through a node of level i). Levels grow along every path, so the product of the families
//! is the distribution of the least fixed point, without cutting anything (\[LVL\] in `docs/inference.md`).
//!
//! With more than one bin, states carry the onset too, and "∨" takes the earlier of two (noisy-MAX, \[HEN\]): state 0 is
//! ok, state `1 + bin · levels + level` failed in that bin at that level. States are ordered as failures are in time.
//! Nodes of which only *whether* they failed can be felt keep one bin.

use super::logspace::SameEverywhere;
use super::logspace::ln_not;
use super::network::{Gate, Network};
use super::relevance::{cycles, timed};

/// Largest single table that decomposition may write.
const FAMILY_CELLS: usize = 1 << 20;
/// Groups of at most this many members are one table; larger ones are counted step by step.
const DIRECT_MEMBERS: usize = 3;

/// A table of natural logarithms; the last variable changes fastest. All variables are different.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Variables, by position.
    pub vars: Vec<u32>,
    /// `ln` of the values.
    pub table: Vec<f64>,
}

/// What the states of a variable mean: 0 is ok, `1 + bin · levels + level` is failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Onsets that are told apart.
    pub bins: u32,
    /// Levels within a cycle.
    pub levels: u32,
}

impl Shape {
    fn card(self) -> u32 {
        1 + self.bins * self.levels
    }

    /// The bin of a failed state.
    pub fn bin(self, state: u32) -> u32 {
        (state - 1) / self.levels
    }
}

/// A network as variables and tables. Own faults and evidence are not in the tables: they change between runs.
#[derive(Debug, Clone, Default)]
pub struct Decomposition {
    /// Number of states of every variable. State 0 is "ok"; every other state is "failed".
    pub card: Vec<u32>,
    /// What they mean. Variables that only count have no shape of their own and are plain.
    pub shape: Vec<Shape>,
    /// Tables.
    pub factors: Vec<Factor>,
    /// For every node the variable "has a fault of its own", or `u32::MAX` if the node was left out.
    pub own: Vec<u32>,
    /// For every node the variable "has failed", or `u32::MAX`.
    pub failed: Vec<u32>,
}

/// In which order a family's dependencies enter its chain. Families that share dependencies have small tables if they
/// take them in the same order; which order is best differs from network to network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainOrder {
    /// As the network has them.
    AsGiven,
    /// By position in the network.
    ByPosition,
    /// What few depend on first.
    RareFirst,
    /// What many depend on first.
    CommonFirst,
}

impl ChainOrder {
    /// All of them.
    pub const ALL: [ChainOrder; 4] =
        [ChainOrder::AsGiven, ChainOrder::ByPosition, ChainOrder::RareFirst, ChainOrder::CommonFirst];

    /// Sort key of a dependency with this many dependents.
    fn key(self, node: usize, dependents: usize) -> (usize, usize) {
        match self {
            ChainOrder::AsGiven => (0, 0),
            ChainOrder::ByPosition => (0, node),
            ChainOrder::RareFirst => (dependents, node),
            ChainOrder::CommonFirst => (usize::MAX - dependents, node),
        }
    }
}

/// A family needs a table that is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyTooLarge;

impl Decomposition {
    /// Decomposes the kept nodes of `network`.
    ///
    /// # Errors
    /// [`FamilyTooLarge`] if a group on a cycle has too many members for its table.
    pub fn new(network: &Network, keep: &[bool], order: ChainOrder) -> Result<Self, FamilyTooLarge> {
        Self::muting(network, keep, order, &|_, _| false)
    }

    /// The same variables, with tables in which the edges and gates for which `muted(dependent, dependency)` holds
    /// pass nothing on: what they would have passed on has weight 0, what they do not keeps its weight.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn muting(
        network: &Network,
        keep: &[bool],
        order: ChainOrder,
        muted: &dyn Fn(usize, usize) -> bool,
    ) -> Result<Self, FamilyTooLarge> {
        let n = network.len();
        let (cycle, sizes) = cycles(network, keep);
        let timed = timed(network);
        let mut d = Decomposition { own: vec![u32::MAX; n], failed: vec![u32::MAX; n], ..Self::default() };
        for v in (0..n).filter(|&v| keep[v]) {
            let bins = if timed[v] { network.bins().len() as u32 } else { 1 };
            d.own[v] = d.variable(Shape { bins, levels: 1 });
            let alone = cycle[v] == u32::MAX;
            d.failed[v] = match alone {
                true if network.parents(v).next().is_none() => d.own[v],
                true => d.variable(Shape { bins, levels: 1 }),
                false => d.variable(Shape { bins, levels: sizes[cycle[v] as usize] }),
            };
        }
        let mut dependents = vec![0usize; n];
        for v in (0..n).filter(|&v| keep[v]) {
            network.parents(v).for_each(|u| dependents[u] += 1);
        }
        let key = |u: usize| order.key(u, dependents[u]);
        for v in (0..n).filter(|&v| keep[v]) {
            d.family(network, &cycle, v, &key, muted)?;
        }
        Ok(d)
    }

    fn variable(&mut self, shape: Shape) -> u32 {
        self.card.push(shape.card());
        self.shape.push(shape);
        self.card.len() as u32 - 1
    }

    fn family(
        &mut self,
        network: &Network,
        cycle: &[u32],
        v: usize,
        key: &dyn Fn(usize) -> (usize, usize),
        muted: &dyn Fn(usize, usize) -> bool,
    ) -> Result<(), FamilyTooLarge> {
        let inside = |u: usize| cycle[v] != u32::MAX && cycle[u] == cycle[v];
        let touches_cycle = |g: &Gate| g.members.iter().any(|&m| inside(m as usize));
        // Steps from outside a cycle come first: they decide whether the node has level 0.
        let mut steps: Vec<Step> = Vec::new();
        let edge = |(u, p, late)| Step::Edge(u, p, late);
        steps.extend(network.edges_late(v).filter(|&(u, ..)| !inside(u)).map(edge));
        steps.sort_by_key(|step| if let Step::Edge(u, ..) = step { key(*u) } else { (0, 0) });
        steps.extend(network.gates(v).filter(|g| !touches_cycle(g)).map(Step::Gate));
        let outer = steps.len();
        steps.extend(network.edges_late(v).filter(|&(u, ..)| inside(u)).map(edge));
        steps.extend(network.gates(v).filter(touches_cycle).map(Step::Gate));

        let mut current = self.own[v];
        let bins = self.shape[current as usize].bins;
        for (i, step) in steps.iter().enumerate() {
            let last = i + 1 == steps.len();
            let out = match (last, i < outer) {
                (true, _) => self.failed[v],
                (false, true) => self.variable(Shape { bins, levels: 1 }),
                (false, false) => self.variable(self.shape[self.failed[v] as usize]),
            };
            match *step {
                Step::Edge(u, p, late) => {
                    let passing = Passing { k: 1, p, late, muted: muted(v, u) };
                    self.step(current, &[self.failed[u]], &[inside(u)], passing, out)?;
                }
                Step::Gate(g) => {
                    let muted = g.members.iter().any(|&m| muted(v, m as usize));
                    let passing = Passing { k: g.k, p: g.p, late: 0.0, muted };
                    self.gate(g, passing, &inside, current, out)?;
                }
            }
            current = out;
        }
        Ok(())
    }

    fn gate(
        &mut self,
        g: Gate,
        passing: Passing,
        inside: &dyn Fn(usize) -> bool,
        input: u32,
        out: u32,
    ) -> Result<(), FamilyTooLarge> {
        let vars: Vec<u32> = g.members.iter().map(|&m| self.failed[m as usize]).collect();
        let inner: Vec<bool> = g.members.iter().map(|&m| inside(m as usize)).collect();
        if vars.len() <= DIRECT_MEMBERS || inner.contains(&true) {
            return self.step(input, &vars, &inner, passing, out);
        }
        // Count failed members up to k, one at a time; then the count acts like one edge. With bins, a count is how
        // many had failed by the end of each.
        let bins = self.shape[out as usize].bins as usize;
        let mut count: Option<u32> = None;
        let mut before: Vec<Vec<u32>> = vec![vec![0; bins]];
        for (i, &u) in vars.iter().enumerate() {
            let top = g.k.min(i as u32 + 1);
            let after = rising(bins, top);
            let next = self.variable(Shape { bins: after.len() as u32 - 1, levels: 1 });
            let mut vars = Vec::with_capacity(3);
            vars.extend(count);
            vars.extend([u, next]);
            let mut table = Vec::new();
            for counts in &before {
                for state in 0..self.card[u as usize] {
                    let since = if state > 0 { self.bin_in(u, state, bins) } else { bins };
                    let sum: Vec<u32> =
                        counts.iter().enumerate().map(|(b, c)| (c + u32::from(b >= since)).min(top)).collect();
                    table.extend(after.iter().map(|a| if *a == sum { 0.0 } else { f64::NEG_INFINITY }));
                }
            }
            if table.len() > FAMILY_CELLS {
                return Err(FamilyTooLarge);
            }
            self.factors.push(Factor { vars, table });
            count = Some(next);
            before = after;
        }
        if let Some(count) = count {
            let out_card = self.card[out as usize] as usize;
            let mut table = vec![f64::NEG_INFINITY; self.card[input as usize] as usize * before.len() * out_card];
            for x in 0..self.card[input as usize] {
                for (c, counts) in before.iter().enumerate() {
                    let fired = counts.iter().position(|&n| n >= g.k).map_or(0, |bin| bin as u32 + 1);
                    let row = (x as usize * before.len() + c) * out_card;
                    passing.write(
                        &mut table[row..row + out_card],
                        x.min(out_card as u32 - 1),
                        fired > 0,
                        [fired, fired],
                    );
                }
            }
            self.factors.push(Factor { vars: vec![input, count, out], table });
        }
        Ok(())
    }

    /// The bin of a failed state, as far as `bins` tell it.
    fn bin_in(&self, variable: u32, state: u32, bins: usize) -> usize {
        (self.shape[variable as usize].bin(state) as usize).min(bins - 1)
    }

    /// One step of a chain: `out` = earlier of `input` and "the `k`-th failure among `members`, with chance `p`".
    ///
    /// Members outside the cycle have failed before level 0. If `out` has fewer bins or levels than its inputs, those
    /// do not count.
    fn step(
        &mut self,
        input: u32,
        members: &[u32],
        inside: &[bool],
        passing: Passing,
        out: u32,
    ) -> Result<(), FamilyTooLarge> {
        let mut unique = members.to_vec();
        unique.sort_unstable();
        unique.dedup();
        let mut vars = vec![input];
        vars.extend(&unique);
        let cards: Vec<u32> = vars.iter().map(|&v| self.card[v as usize]).collect();
        let Shape { bins, levels } = self.shape[out as usize];
        let out_card = self.card[out as usize] as usize;
        let rows = cards.iter().try_fold(1usize, |n, &c| n.checked_mul(c as usize));
        let cells = rows.and_then(|n| n.checked_mul(out_card)).filter(|&n| n <= FAMILY_CELLS);
        let (Some(rows), Some(cells)) = (rows, cells) else { return Err(FamilyTooLarge) };
        let position: Vec<usize> = members.iter().map(|m| 1 + unique.partition_point(|u| u < m)).collect();
        let mut table = vec![f64::NEG_INFINITY; cells];
        let mut state = vec![0u32; vars.len()];
        for row in 0..rows {
            // When each member's failure would arrive: (bin, level).
            let mut arrivals: Vec<(u32, u32)> = Vec::with_capacity(members.len());
            for ((&m, &inner), &at) in members.iter().zip(inside).zip(&position).filter(|&(_, &at)| state[at] > 0) {
                let shape = self.shape[m as usize];
                let level = if inner { (state[at] - 1) % shape.levels + 1 } else { 0 };
                arrivals.push((shape.bin(state[at]).min(bins - 1), if levels > 1 { level } else { 0 }));
            }
            arrivals.sort_unstable();
            let fired = arrivals.get(passing.k as usize - 1);
            // Beyond the last level nothing arrives: a shortest path visits each node once.
            let on_time = fired.filter(|a| a.1 < levels).map_or(0, |(bin, level)| 1 + bin * levels + level);
            let late = fired.map_or(0, |(bin, level)| match (bin + 1 < bins, *level < levels) {
                (true, _) => 1 + (bin + 1) * levels,
                (false, true) => on_time,
                (false, false) => 0,
            });
            let given = match state[0] {
                0 => 0,
                s => {
                    let shape = self.shape[input as usize];
                    let level = ((s - 1) % shape.levels).min(levels - 1);
                    1 + shape.bin(s).min(bins - 1) * levels + level
                }
            };
            passing.write(&mut table[row * out_card..(row + 1) * out_card], given, fired.is_some(), [on_time, late]);
            for (s, &c) in state.iter_mut().zip(&cards).rev() {
                *s += 1;
                if *s < c {
                    break;
                }
                *s = 0;
            }
        }
        vars.push(out);
        self.factors.push(Factor { vars, table });
        Ok(())
    }
}

/// How failure passes a step.
#[derive(Clone, Copy)]
struct Passing {
    /// The k-th failure counts.
    k: u32,
    /// Chance that it passes.
    p: f64,
    /// Chance that it is then late by a bin.
    late: f64,
    /// Worlds in which it passes are left out.
    muted: bool,
}

impl Passing {
    /// Writes one row: the chances of `out`'s states if without this step it were `given`, and failure, if it `fired`,
    /// would arrive as state `on_time` or `late` (0: never).
    fn write(self, row: &mut [f64], given: u32, fired: bool, [on_time, late]: [u32; 2]) {
        let earlier = |arrival: u32| match (given, arrival) {
            (g, 0) => g,
            (0, a) => a,
            (g, a) => g.min(a),
        };
        if self.muted && fired {
            return row[given as usize] = super::logspace::ln_add(row[given as usize], ln_not(self.p));
        }
        let (soon, later) = (earlier(on_time), earlier(late));
        let mut add = |state: u32, ln: f64| {
            let cell = &mut row[state as usize];
            *cell = super::logspace::ln_add(*cell, ln);
        };
        if soon == given && later == given {
            return add(given, 0.0);
        }
        if soon == later {
            add(given, ln_not(self.p));
            return add(soon, self.p.logarithm());
        }
        add(given, ln_not(self.p));
        add(soon, self.p.logarithm() + ln_not(self.late));
        add(later, self.p.logarithm() + self.late.logarithm());
    }
}

/// All rows of `bins` whole numbers from 0 to `top` that never fall, in order; all zeros come first.
fn rising(bins: usize, top: u32) -> Vec<Vec<u32>> {
    let mut rows: Vec<Vec<u32>> = vec![Vec::new()];
    for _ in 0..bins {
        let next = |row: &Vec<u32>| {
            let row = row.clone();
            (row.last().copied().unwrap_or(0)..=top).map(move |c| [row.as_slice(), &[c]].concat())
        };
        rows = rows.iter().flat_map(next).collect();
    }
    rows
}

/// One way by which failure reaches a node.
#[derive(Clone, Copy)]
enum Step<'n> {
    Edge(usize, f64, f64),
    Gate(Gate<'n>),
}
