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

use super::logspace::ln_not;
use super::network::{Gate, Network};
use super::relevance::cycles;

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

/// A network as variables and tables. Own faults and evidence are not in the tables: they change between runs.
#[derive(Debug, Clone, Default)]
pub struct Decomposition {
    /// Number of states of every variable. State 0 is "ok"; every other state is "failed".
    pub card: Vec<u32>,
    /// Tables.
    pub factors: Vec<Factor>,
    /// For every node the variable "has a fault of its own", or `u32::MAX` if the node was left out.
    pub own: Vec<u32>,
    /// For every node the variable "has failed", or `u32::MAX`.
    pub failed: Vec<u32>,
}

/// A family needs a table that is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyTooLarge;

impl Decomposition {
    /// Decomposes the kept nodes of `network`.
    ///
    /// # Errors
    /// [`FamilyTooLarge`] if a group on a cycle has too many members for its table.
    pub fn new(network: &Network, keep: &[bool]) -> Result<Self, FamilyTooLarge> {
        let n = network.len();
        let (cycle, sizes) = cycles(network, keep);
        let mut d = Decomposition { own: vec![u32::MAX; n], failed: vec![u32::MAX; n], ..Self::default() };
        for v in (0..n).filter(|&v| keep[v]) {
            d.own[v] = d.variable(2);
            let alone = cycle[v] == u32::MAX;
            d.failed[v] = match alone {
                true if network.parents(v).next().is_none() => d.own[v],
                true => d.variable(2),
                false => d.variable(sizes[cycle[v] as usize] + 1),
            };
        }
        for v in (0..n).filter(|&v| keep[v]) {
            d.family(network, &cycle, v)?;
        }
        Ok(d)
    }

    fn variable(&mut self, card: u32) -> u32 {
        self.card.push(card);
        self.card.len() as u32 - 1
    }

    fn family(&mut self, network: &Network, cycle: &[u32], v: usize) -> Result<(), FamilyTooLarge> {
        let inside = |u: usize| cycle[v] != u32::MAX && cycle[u] == cycle[v];
        let touches_cycle = |g: &Gate| g.members.iter().any(|&m| inside(m as usize));
        // Steps from outside a cycle come first: they decide whether the node has level 0.
        let mut steps: Vec<Step> = Vec::new();
        steps.extend(network.edges(v).filter(|&(u, _)| !inside(u)).map(|(u, p)| Step::Edge(u, p)));
        steps.extend(network.gates(v).filter(|g| !touches_cycle(g)).map(Step::Gate));
        let outer = steps.len();
        steps.extend(network.edges(v).filter(|&(u, _)| inside(u)).map(|(u, p)| Step::Edge(u, p)));
        steps.extend(network.gates(v).filter(touches_cycle).map(Step::Gate));

        let mut current = self.own[v];
        for (i, step) in steps.iter().enumerate() {
            let last = i + 1 == steps.len();
            let out = match (last, i < outer) {
                (true, _) => self.failed[v],
                (false, true) => self.variable(2),
                (false, false) => {
                    let levels = self.card[self.failed[v] as usize];
                    self.variable(levels)
                }
            };
            // A chain that ends outside (no step from inside) cannot be on a cycle, so `out` is binary there.
            match *step {
                Step::Edge(u, p) => self.step(current, &[self.failed[u]], &[inside(u)], 1, p, out)?,
                Step::Gate(g) => self.gate(g, &inside, current, out)?,
            }
            current = out;
        }
        Ok(())
    }

    fn gate(&mut self, g: Gate, inside: &dyn Fn(usize) -> bool, input: u32, out: u32) -> Result<(), FamilyTooLarge> {
        let vars: Vec<u32> = g.members.iter().map(|&m| self.failed[m as usize]).collect();
        let inner: Vec<bool> = g.members.iter().map(|&m| inside(m as usize)).collect();
        if vars.len() <= DIRECT_MEMBERS || inner.contains(&true) {
            return self.step(input, &vars, &inner, g.k, g.p, out);
        }
        // Count failed members up to k, one at a time; then the count acts like one edge.
        let mut count: Option<u32> = None;
        for (i, &u) in vars.iter().enumerate() {
            let top = g.k.min(i as u32 + 1);
            let next = self.variable(top + 1);
            let before = count.map_or(1, |c| self.card[c as usize]);
            let mut vars = Vec::with_capacity(3);
            vars.extend(count);
            vars.extend([u, next]);
            let mut table = Vec::new();
            for c in 0..before {
                for state in 0..self.card[u as usize] {
                    let sum = (c + u32::from(state > 0)).min(top);
                    table.extend((0..=top).map(|s| if s == sum { 0.0 } else { f64::NEG_INFINITY }));
                }
            }
            self.factors.push(Factor { vars, table });
            count = Some(next);
        }
        if let Some(count) = count {
            let mut table = Vec::new();
            for x in 0..2 {
                for c in 0..=g.k {
                    let ok = match (x, c == g.k) {
                        (0, true) => ln_not(g.p),
                        (0, false) => 0.0,
                        _ => f64::NEG_INFINITY,
                    };
                    table.extend([ok, super::logspace::one_minus_exp(ok).ln()]);
                }
            }
            debug_assert_eq!(self.card[input as usize], 2, "counted groups lie outside cycles");
            self.factors.push(Factor { vars: vec![input, count, out], table });
        }
        Ok(())
    }

    /// One step of a chain: `out` = earlier of `input` and "the `k`-th failure among `members`, with chance `p`".
    ///
    /// State 0 is ok. In a variable with levels, state `s ≥ 1` means "failed at level `s − 1`". Members outside the
    /// cycle have failed before level 0. If `out` is binary, only whether it failed counts.
    fn step(
        &mut self,
        input: u32,
        members: &[u32],
        inside: &[bool],
        k: u32,
        p: f64,
        out: u32,
    ) -> Result<(), FamilyTooLarge> {
        let mut unique = members.to_vec();
        unique.sort_unstable();
        unique.dedup();
        let mut vars = vec![input];
        vars.extend(&unique);
        let cards: Vec<u32> = vars.iter().map(|&v| self.card[v as usize]).collect();
        let out_card = self.card[out as usize];
        let rows = cards.iter().try_fold(1usize, |n, &c| n.checked_mul(c as usize));
        let cells = rows.and_then(|n| n.checked_mul(out_card as usize)).filter(|&n| n <= FAMILY_CELLS);
        let (Some(rows), Some(cells)) = (rows, cells) else { return Err(FamilyTooLarge) };
        let position: Vec<usize> = members.iter().map(|m| 1 + unique.partition_point(|u| u < m)).collect();
        let mut table = vec![f64::NEG_INFINITY; cells];
        let mut state = vec![0u32; vars.len()];
        let levels = out_card > 2;
        for row in 0..rows {
            // The state of `out` if this step fires: 1 + level; 0 if it cannot.
            let mut arrivals: Vec<u32> = members
                .iter()
                .zip(inside)
                .zip(&position)
                .filter(|&(_, &at)| state[at] > 0)
                .map(|((_, &inner), &at)| if inner { state[at] + 1 } else { 1 })
                .collect();
            arrivals.sort_unstable();
            let fired = arrivals.get(k as usize - 1).copied().unwrap_or(0);
            // Beyond the last level nothing arrives: a shortest path visits each node once.
            let fired = if levels && fired >= out_card {
                0
            } else if levels {
                fired
            } else {
                fired.min(1)
            };
            let given = if levels { state[0] } else { state[0].min(1) };
            let early = match (given, fired) {
                (0, f) => f,
                (g, 0) => g,
                (g, f) => g.min(f),
            };
            let cell = |s: u32| row * out_card as usize + s as usize;
            if early == given {
                table[cell(given)] = 0.0;
            } else {
                table[cell(given)] = ln_not(p);
                table[cell(early)] = p.ln();
            }
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

/// One way by which failure reaches a node.
#[derive(Clone, Copy)]
enum Step<'n> {
    Edge(usize, f64),
    Gate(Gate<'n>),
}
