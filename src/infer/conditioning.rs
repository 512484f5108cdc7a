//! Networks that are too wide for tables: fix some variables, and the rest falls into small pieces.
//!
//! A *cutset* of "has failed" variables is chosen so that what remains has small tables. Given the cutset, the rest
//! falls into connected pieces, each of which feels only the few cut variables next to it. So the weight of an
//! assignment is a sum of looked-up numbers, one per piece (cutset conditioning, \[BD\]):
//!
//! ```text
//! ln P(e, c) = Σ_cut ln weight(c_i) + Σ_tables between cut variables + Σ_pieces ln Z_piece(c next to it)
//! ```

use super::eliminate::{Elimination, Limits, Run};
use super::factor::{Decomposition, Factor};
use super::network::Network;
use super::order::fits;
use std::collections::BTreeMap;

/// Variables that may be cut.
const MAX_CUTSET: usize = 400;
/// Cells of the largest table of the rest.
const PIECE_CELLS: usize = 128;

/// A lookup costs as much as this many cells.
const LOOKUP_CELLS: f64 = 20.0;

/// What remains after cutting.
#[derive(Debug, Clone)]
pub struct Conditioning {
    /// The cut variables.
    pub cutset: Vec<u32>,
    /// Numbers of states of the cut variables.
    pub card: Vec<u32>,
    pieces: Vec<Piece>,
    /// Tables that speak of cut variables only, with the positions of those.
    between: Vec<(Vec<usize>, Factor)>,
    /// For each cut variable, the pieces that feel it.
    felt_by: Vec<Vec<usize>>,
    /// For each variable that is not cut, its piece.
    piece_of: Vec<usize>,
    /// For each cut variable, its tables in `between`.
    between_of: Vec<Vec<usize>>,
}

/// A connected piece of the rest.
#[derive(Debug, Clone)]
struct Piece {
    /// Its variables.
    vars: Vec<u32>,
    /// Positions in the cutset of the cut variables next to it.
    next_to: Vec<usize>,
    /// Sums the piece out; holds its tables without cut variables.
    elimination: Elimination,
    /// Its tables with cut variables, over the network's variables.
    touched: Vec<Factor>,
}

/// Looked-up sums of pieces for one set of weights.
pub struct Lookup<'a> {
    conditioning: &'a Conditioning,
    card: &'a [u32],
    ln_weight: &'a [Vec<f64>],
    ln_piece: Vec<BTreeMap<Vec<u32>, f64>>,
}

impl Conditioning {
    /// Chooses a cutset among the nodes' "has failed" variables. `None` if the rest stays too large.
    pub fn compile(network: &Network, d: &Decomposition, limits: Limits) -> Option<Self> {
        // Small tables, so that pieces are small and feel few cut variables: then almost all is looked up.
        let small = Limits { table_cells: PIECE_CELLS, total_cells: limits.total_cells };
        let able: Vec<u32> = (0..network.len()).map(|v| d.failed[v]).filter(|&x| x != u32::MAX).collect();
        let mut cutset: Vec<u32> = Vec::new();
        loop {
            let is_cut = marks(d.card.len(), &cutset);
            let rest: Vec<Vec<u32>> =
                d.factors.iter().map(|f| f.vars.iter().copied().filter(|&v| !is_cut[v as usize]).collect()).collect();
            let scopes = rest.iter().map(Vec::as_slice);
            if fits(&d.card, scopes, small.table_cells as f64, small.total_cells as f64) {
                break;
            }
            if cutset.len() >= MAX_CUTSET {
                return None;
            }
            // Cut what meets most others: in wide networks that is what many depend on.
            let mut load = vec![0usize; d.card.len()];
            for scope in rest.iter().filter(|s| s.len() > 1) {
                scope.iter().for_each(|&v| load[v as usize] += 1);
            }
            let mut ranked: Vec<u32> = able.iter().copied().filter(|&x| !is_cut[x as usize]).collect();
            if ranked.is_empty() {
                return None;
            }
            ranked.sort_by_key(|&x| (std::cmp::Reverse(load[x as usize]), x));
            let batch = 1 + cutset.len() / 3;
            cutset.extend(ranked.into_iter().take(batch));
        }
        Self::split(d, cutset, small)
    }

    /// Splits the rest into connected pieces.
    fn split(d: &Decomposition, cutset: Vec<u32>, limits: Limits) -> Option<Self> {
        let position: BTreeMap<u32, usize> = cutset.iter().enumerate().map(|(i, &v)| (v, i)).collect();
        let mut leader: Vec<u32> = (0..d.card.len() as u32).collect();
        fn find(leader: &mut [u32], mut v: u32) -> u32 {
            while leader[v as usize] != v {
                leader[v as usize] = leader[leader[v as usize] as usize];
                v = leader[v as usize];
            }
            v
        }
        for f in &d.factors {
            let mut free = f.vars.iter().filter(|v| !position.contains_key(v));
            if let Some(&first) = free.next() {
                for &v in free {
                    let (a, b) = (find(&mut leader, first), find(&mut leader, v));
                    leader[a.max(b) as usize] = a.min(b);
                }
            }
        }
        let mut vars: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for v in (0..d.card.len() as u32).filter(|v| !position.contains_key(v)) {
            vars.entry(find(&mut leader, v)).or_default().push(v);
        }
        let mut factors: BTreeMap<u32, Vec<&Factor>> = BTreeMap::new();
        let mut between = Vec::new();
        for f in &d.factors {
            match f.vars.iter().find(|v| !position.contains_key(v)) {
                Some(&v) => factors.entry(find(&mut leader, v)).or_default().push(f),
                None => between.push((f.vars.iter().map(|v| position[v]).collect::<Vec<_>>(), f.clone())),
            }
        }
        let mut pieces = Vec::with_capacity(vars.len());
        for (root, vars) in vars {
            let factors = factors.remove(&root).unwrap_or_default();
            pieces.push(Piece::compile(d, vars, &factors, &position, limits)?);
        }
        let mut felt_by = vec![Vec::new(); cutset.len()];
        let mut piece_of = vec![usize::MAX; d.card.len()];
        for (i, piece) in pieces.iter().enumerate() {
            piece.vars.iter().for_each(|&v| piece_of[v as usize] = i);
        }
        for (i, piece) in pieces.iter().enumerate() {
            piece.next_to.iter().for_each(|&c| felt_by[c].push(i));
        }
        let mut between_of = vec![Vec::new(); cutset.len()];
        for (i, (vars, _)) in between.iter().enumerate() {
            vars.iter().for_each(|&c| between_of[c].push(i));
        }
        let card = cutset.iter().map(|&v| d.card[v as usize]).collect();
        Some(Conditioning { cutset, card, pieces, between, felt_by, piece_of, between_of })
    }

    /// Roughly how many table cells `sweeps` over all states of all cut variables have to look at: a piece is summed
    /// once for each assignment next to it, and looked up after that.
    pub fn cost(&self, sweeps: f64) -> f64 {
        let of_piece = |p: &Piece| {
            let states = || p.next_to.iter().map(|&c| f64::from(self.card[c]));
            let visits = sweeps * states().sum::<f64>();
            visits.min(states().product()) * p.elimination.cells() as f64 + visits * LOOKUP_CELLS
        };
        self.pieces.iter().map(of_piece).sum()
    }

    /// Every assignment of the cutset, if there are at most `limit`.
    pub fn all_assignments(&self, limit: usize) -> Option<Vec<Vec<u32>>> {
        let mut all: Vec<Vec<u32>> = vec![Vec::new()];
        for &states in &self.card {
            if all.len() * states as usize > limit {
                return None;
            }
            all = all.iter().flat_map(|a| (0..states).map(move |s| [a.as_slice(), &[s]].concat())).collect();
        }
        Some(all)
    }

    /// Prepares sums for one set of weights.
    pub fn lookup<'a>(&'a self, d: &'a Decomposition, ln_weight: &'a [Vec<f64>]) -> Lookup<'a> {
        Lookup { conditioning: self, card: &d.card, ln_weight, ln_piece: vec![BTreeMap::new(); self.pieces.len()] }
    }
}

impl Piece {
    fn compile(
        d: &Decomposition,
        vars: Vec<u32>,
        factors: &[&Factor],
        position: &BTreeMap<u32, usize>,
        limits: Limits,
    ) -> Option<Self> {
        let (touched, plain): (Vec<&Factor>, Vec<&Factor>) =
            factors.iter().partition(|f| f.vars.iter().any(|v| position.contains_key(v)));
        let mut next_to: Vec<usize> =
            touched.iter().flat_map(|f| f.vars.iter().filter_map(|v| position.get(v)).copied()).collect();
        next_to.sort_unstable();
        next_to.dedup();
        let local = |f: &Factor| Factor { vars: locals(&vars, &f.vars), table: f.table.clone() };
        let first = |v: u32| position.contains_key(&v).then_some(0);
        let scopes = plain.iter().map(|f| local(f)).chain(touched.iter().map(|f| local(&slice(f, &d.card, first))));
        let card: Vec<u32> = vars.iter().map(|&v| d.card[v as usize]).collect();
        let mut elimination = Elimination::compile(&card, &scopes.collect::<Vec<_>>(), limits).ok()?;
        elimination.refill(&plain.iter().map(|f| local(f)).collect::<Vec<_>>());
        Some(Piece { touched: touched.into_iter().cloned().collect(), vars, next_to, elimination })
    }

    /// The piece's tables given the cut variables next to it, ready to run, with the weights of its variables.
    fn given(
        &self,
        cutset: &[u32],
        local: &[u32],
        card: &[u32],
        ln_weight: &[Vec<f64>],
    ) -> (Elimination, Vec<Vec<f64>>) {
        let state = |v: u32| self.next_to.iter().position(|&c| cutset[c] == v).map(|i| local[i]);
        let sliced: Vec<Factor> = self
            .touched
            .iter()
            .map(|f| {
                let f = slice(f, card, state);
                Factor { vars: locals(&self.vars, &f.vars), table: f.table }
            })
            .collect();
        let mut elimination = self.elimination.clone();
        elimination.multiply(&sliced);
        (elimination, self.vars.iter().map(|&v| ln_weight[v as usize].clone()).collect())
    }
}

impl Lookup<'_> {
    /// `ln P(evidence, assignment)`.
    pub fn ln_weight(&mut self, assignment: &[u32]) -> f64 {
        let c = self.conditioning;
        let own: f64 = c.cutset.iter().zip(assignment).map(|(&v, &s)| self.ln_weight[v as usize][s as usize]).sum();
        let between: f64 = (0..c.between.len()).map(|i| self.between(i, assignment)).sum();
        own + between + (0..c.pieces.len()).map(|i| self.piece(i, assignment)).sum::<f64>()
    }

    /// The part of it that changes with cut variable `i`.
    pub fn ln_weight_around(&mut self, i: usize, assignment: &[u32]) -> f64 {
        let c = self.conditioning;
        let own = self.ln_weight[c.cutset[i] as usize][assignment[i] as usize];
        let between: f64 = c.between_of[i].iter().map(|&b| self.between(b, assignment)).sum();
        own + between + c.felt_by[i].iter().map(|&p| self.piece(p, assignment)).sum::<f64>()
    }

    /// How `ln P(evidence, assignment)` changes from other weights (of `before`) to these, which differ only in `changed`.
    pub fn ln_change(&mut self, before: &mut Lookup, changed: &[u32], assignment: &[u32]) -> f64 {
        let c = self.conditioning;
        let mut pieces: Vec<usize> = Vec::new();
        let mut change = 0.0;
        for &v in changed {
            match c.cutset.iter().position(|&x| x == v) {
                Some(i) => {
                    let state = assignment[i] as usize;
                    change += self.ln_weight[v as usize][state] - before.ln_weight[v as usize][state];
                }
                None => pieces.push(c.piece_of[v as usize]),
            }
        }
        pieces.sort_unstable();
        pieces.dedup();
        change + pieces.into_iter().map(|p| self.piece(p, assignment) - before.piece(p, assignment)).sum::<f64>()
    }

    fn between(&self, i: usize, assignment: &[u32]) -> f64 {
        let (vars, factor) = &self.conditioning.between[i];
        let at = vars.iter().fold(0usize, |at, &c| at * self.conditioning.card[c] as usize + assignment[c] as usize);
        factor.table[at]
    }

    fn piece(&mut self, i: usize, assignment: &[u32]) -> f64 {
        let c = self.conditioning;
        let piece = &c.pieces[i];
        let local: Vec<u32> = piece.next_to.iter().map(|&p| assignment[p]).collect();
        if let Some(&known) = self.ln_piece[i].get(&local) {
            return known;
        }
        let (elimination, weights) = piece.given(&c.cutset, &local, self.card, self.ln_weight);
        let ln = elimination.ln_total(&weights);
        self.ln_piece[i].insert(local, ln);
        ln
    }

    /// Weighted means of all marginals over draws `(assignment, weight)`, and for each variable the sum of
    /// `weight_squared · (chance of state 0 − mean)²` over draws. Weights add up to 1.
    pub fn means(&self, draws: &[(Vec<u32>, f64, f64)]) -> (Vec<Vec<f64>>, Vec<f64>) {
        let c = self.conditioning;
        let mut mean: Vec<Vec<f64>> = self.card.iter().map(|&n| vec![0.0; n as usize]).collect();
        let mut square = vec![0.0; self.card.len()];
        for (i, &v) in c.cutset.iter().enumerate() {
            for (assignment, w, _) in draws {
                mean[v as usize][assignment[i] as usize] += w;
            }
            for (assignment, _, w2) in draws {
                let p = f64::from(u8::from(assignment[i] == 0));
                square[v as usize] += w2 * (p - mean[v as usize][0]).powi(2);
            }
        }
        for piece in &c.pieces {
            let mut local: BTreeMap<Vec<u32>, (f64, f64)> = BTreeMap::new();
            for (assignment, w, w2) in draws {
                let key = piece.next_to.iter().map(|&p| assignment[p]).collect();
                let sums = local.entry(key).or_default();
                sums.0 += w;
                sums.1 += w2;
            }
            // What nobody drew with any weight may be impossible; its marginals would be nothing.
            let runs: Vec<(Run, f64, f64)> = local
                .into_iter()
                .filter(|(_, (w, _))| *w > 0.0)
                .map(|(key, (w, w2))| {
                    let (elimination, weights) = piece.given(&c.cutset, &key, self.card, self.ln_weight);
                    (elimination.run(&weights), w, w2)
                })
                .collect();
            for (k, &v) in piece.vars.iter().enumerate() {
                for (run, w, _) in &runs {
                    mean[v as usize].iter_mut().zip(&run.marginals[k]).for_each(|(m, p)| *m += w * p);
                }
                for (run, _, w2) in &runs {
                    square[v as usize] += w2 * (run.marginals[k][0] - mean[v as usize][0]).powi(2);
                }
            }
        }
        (mean, square)
    }
}

fn marks(len: usize, set: &[u32]) -> Vec<bool> {
    let mut marks = vec![false; len];
    set.iter().for_each(|&v| marks[v as usize] = true);
    marks
}

/// Positions of `of` in the sorted list `vars`; ones that are not there are left out.
fn locals(vars: &[u32], of: &[u32]) -> Vec<u32> {
    of.iter().filter_map(|v| vars.binary_search(v).ok()).map(|i| i as u32).collect()
}

/// The table given the states that `state` knows.
fn slice(factor: &Factor, card: &[u32], state: impl Fn(u32) -> Option<u32>) -> Factor {
    let mut table = factor.table.clone();
    let mut vars = Vec::with_capacity(factor.vars.len());
    // Fix variables from the fastest to the slowest, so that strides of the others stay as they are.
    let mut inner = 1;
    for &v in factor.vars.iter().rev() {
        let states = card[v as usize] as usize;
        if let Some(s) = state(v) {
            let from = s as usize * inner;
            table = table.chunks_exact(inner * states).flat_map(|b| b[from..from + inner].iter().copied()).collect();
        } else {
            inner *= states;
            vars.push(v);
        }
    }
    vars.reverse();
    Factor { vars, table }
}
