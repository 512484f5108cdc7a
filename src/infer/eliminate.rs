//! Exact inference by variable elimination, and all marginals by one pass back.
//!
//! Upwards, each variable's table is the product of everything that mentions it, and its message the sum over the
//! variable (\[ZP\], \[DEC\]). Downwards, the derivative of the total with respect to every cell is that cell's
//! posterior probability (\[DAR\]); it is computed by multiplications and additions of positive numbers only, so small
//! posteriors keep their relative precision. Messages are scaled to a maximum of 1, and the logarithms of the scales
//! are added up; what is less likely than another state of the same few variables by more than 1e-300 counts as
//! impossible.

use super::factor::Factor;
use super::logspace::SameEverywhere;
use super::order::{Order, order};

/// How large tables may grow before exact inference is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Cells of the largest table.
    pub table_cells: usize,
    /// Cells of all tables together.
    pub total_cells: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { table_cells: 1 << 22, total_cells: 1 << 24 }
    }
}

/// Planning stops at tables that are this many times too large: what follows would only be worse.
const GIVE_UP: f64 = 8.0;

/// Exact inference would need tables beyond the limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TooWide {
    /// Cells of the largest table, as far as it could be told.
    pub table_cells: f64,
}

/// One variable's table: where its parts come from and where its message goes.
#[derive(Debug, Clone)]
struct Bucket {
    /// Variables, the eliminated one last.
    vars: Vec<u32>,
    /// Product of the fixed tables.
    fixed: Vec<f64>,
    /// Messages that come in.
    inputs: Vec<Input>,
}

/// A message that comes in.
#[derive(Debug, Clone)]
struct Input {
    /// The bucket that sends it.
    from: u32,
    /// The message's index for every cell of the table.
    index: Vec<u32>,
}

/// A compiled elimination: run it as often as the single-variable weights change.
#[derive(Debug, Clone)]
pub struct Elimination {
    card: Vec<u32>,
    buckets: Vec<Bucket>,
    /// For each variable its bucket.
    position: Vec<u32>,
}

/// What one run gives.
#[derive(Debug, Clone)]
pub struct Run {
    /// `ln` of the sum of the product of everything.
    pub ln_total: f64,
    /// Posterior of every variable's states.
    pub marginals: Vec<Vec<f64>>,
}

impl Elimination {
    /// Cells of all tables that [`Self::compile`] would need; `None` if beyond `limits`.
    pub fn cost(card: &[u32], factors: &[Factor], limits: Limits) -> Option<f64> {
        let planned = order(card, factors.iter().map(|f| f.vars.as_slice()), GIVE_UP * limits.table_cells as f64);
        let fits = planned.largest <= limits.table_cells as f64 && planned.total <= limits.total_cells as f64;
        fits.then_some(planned.total)
    }

    /// Plans the elimination of all variables and multiplies the fixed tables.
    ///
    /// # Errors
    /// [`TooWide`] if a table would go beyond `limits`.
    pub fn compile(card: &[u32], factors: &[Factor], limits: Limits) -> Result<Self, TooWide> {
        let Order { sequence, cliques, largest, total } =
            order(card, factors.iter().map(|f| f.vars.as_slice()), GIVE_UP * limits.table_cells as f64);
        if largest > limits.table_cells as f64 || total > limits.total_cells as f64 {
            return Err(TooWide { table_cells: largest });
        }
        let mut position = vec![0u32; card.len()];
        for (i, &v) in sequence.iter().enumerate() {
            position[v as usize] = i as u32;
        }
        let cells = |vars: &[u32]| vars.iter().map(|&v| card[v as usize] as usize).product::<usize>();
        let mut buckets: Vec<Bucket> = cliques
            .into_iter()
            .map(|vars| Bucket { fixed: vec![1.0; cells(&vars)], vars, inputs: Vec::new() })
            .collect();
        for i in 0..buckets.len() {
            let scope = &buckets[i].vars[..buckets[i].vars.len() - 1];
            // The message goes to the variable of its scope that is summed out first.
            if let Some(&next) = scope.last() {
                let scope = scope.to_vec();
                let target = position[next as usize] as usize;
                let strides = strides(card, &buckets[target].vars, &scope);
                let mut index = Vec::with_capacity(buckets[target].fixed.len());
                walk(card, &buckets[target].vars, &strides, |_, at| index.push(at as u32));
                buckets[target].inputs.push(Input { from: i as u32, index });
            }
        }
        let mut elimination = Elimination { card: card.to_vec(), buckets, position };
        elimination.refill(factors);
        Ok(elimination)
    }

    /// Cells of all tables: what one run costs.
    pub fn cells(&self) -> usize {
        self.buckets.iter().map(|b| b.fixed.len()).sum()
    }

    /// Cells of the largest table.
    pub fn largest(&self) -> usize {
        self.buckets.iter().map(|b| b.fixed.len()).max().unwrap_or(0)
    }

    /// Sums everything out, with `ln_weight[v][state]` multiplied in; `keep` sees every table before it is dropped.
    /// Returns the logarithm of the total, and all messages with the scales they were divided by.
    fn up(&self, ln_weight: &[Vec<f64>], mut keep: impl FnMut(&[f64])) -> (f64, Vec<(Vec<f64>, f64)>) {
        let mut ln_total = 0.0;
        let mut table: Vec<f64> = Vec::new();
        let mut messages: Vec<(Vec<f64>, f64)> = Vec::with_capacity(self.buckets.len());
        for bucket in &self.buckets {
            table.clear();
            table.extend_from_slice(&bucket.fixed);
            for input in &bucket.inputs {
                let message = &messages[input.from as usize].0;
                table.iter_mut().zip(&input.index).for_each(|(cell, &at)| *cell *= message[at as usize]);
            }
            let own = bucket.vars[bucket.vars.len() - 1] as usize;
            let states = self.card[own] as usize;
            let most = ln_weight[own].iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = ln_weight[own].iter().map(|w| (w - most).exponential()).collect();
            let mut message: Vec<f64> = Vec::with_capacity(table.len() / states);
            for row in table.chunks_exact_mut(states) {
                row.iter_mut().zip(&weights).for_each(|(cell, w)| *cell *= w);
                message.push(row.iter().sum());
            }
            let scale = message.iter().copied().fold(0.0, f64::max);
            ln_total +=
                if scale > 0.0 && most > f64::NEG_INFINITY { scale.logarithm() + most } else { f64::NEG_INFINITY };
            if scale > 0.0 {
                message.iter_mut().for_each(|m| *m /= scale);
            }
            keep(&table);
            messages.push((message, scale));
        }
        (ln_total, messages)
    }

    /// `ln` of the total alone.
    pub fn ln_total(&self, ln_weight: &[Vec<f64>]) -> f64 {
        self.up(ln_weight, |_| ()).0
    }

    /// The total and all marginals.
    pub fn run(&self, ln_weight: &[Vec<f64>]) -> Run {
        let mut tables: Vec<Vec<f64>> = Vec::with_capacity(self.buckets.len());
        let (ln_total, messages) = self.up(ln_weight, |table| tables.push(table.to_vec()));
        let mut marginals = vec![Vec::new(); self.card.len()];
        // Posterior of the separator above each bucket; a root's is 1.
        let mut above: Vec<Vec<f64>> = messages.iter().map(|(m, _)| vec![0.0; m.len()]).collect();
        for i in (0..self.buckets.len()).rev() {
            let bucket = &self.buckets[i];
            let own = bucket.vars[bucket.vars.len() - 1] as usize;
            let states = self.card[own] as usize;
            if bucket.vars.len() == 1 {
                above[i][0] = 1.0;
            }
            let table = &mut tables[i];
            let mut marginal = vec![0.0; states];
            let (message, scale) = &messages[i];
            for (row, (outer, message)) in table.chunks_exact_mut(states).zip(above[i].iter().zip(message)) {
                let sum = message * scale;
                let share = if *outer > 0.0 && sum > 0.0 { outer / sum } else { 0.0 };
                for (cell, sum) in row.iter_mut().zip(&mut marginal) {
                    *cell *= share;
                    *sum += *cell;
                }
            }
            for input in &bucket.inputs {
                let target = &mut above[input.from as usize];
                table.iter().zip(&input.index).for_each(|(cell, &at)| target[at as usize] += cell);
            }
            marginals[own] = marginal;
        }
        Run { ln_total, marginals }
    }

    /// Replaces the fixed tables by others over the same variables.
    pub fn refill(&mut self, factors: &[Factor]) {
        self.buckets.iter_mut().for_each(|b| b.fixed.fill(1.0));
        self.multiply(factors);
    }

    /// Multiplies further tables in; their variables must have met in a table at compile time.
    pub fn multiply(&mut self, factors: &[Factor]) {
        for factor in factors {
            let Some(first) = factor.vars.iter().map(|&v| self.position[v as usize]).min() else { continue };
            let bucket = &mut self.buckets[first as usize];
            let strides = strides(&self.card, &bucket.vars, &factor.vars);
            let table: Vec<f64> = factor.table.iter().map(|ln| ln.exponential()).collect();
            walk(&self.card, &bucket.vars, &strides, |cell, at| bucket.fixed[cell] *= table[at]);
        }
    }
}

/// For each variable of `outer`, by how much an index into a table over `inner` moves when it goes up by one
/// (0 if `inner` lacks it).
fn strides(card: &[u32], outer: &[u32], inner: &[u32]) -> Vec<u32> {
    let mut by_var = Vec::with_capacity(inner.len());
    let mut stride = 1;
    for &v in inner.iter().rev() {
        by_var.push((v, stride));
        stride *= card[v as usize];
    }
    outer.iter().map(|v| by_var.iter().find(|(u, _)| u == v).map_or(0, |&(_, s)| s)).collect()
}

/// Calls `f(cell, index)` for every cell of a table over `vars`, with the index that `strides` give.
fn walk(card: &[u32], vars: &[u32], strides: &[u32], mut f: impl FnMut(usize, usize)) {
    let cards: Vec<u32> = vars.iter().map(|&v| card[v as usize]).collect();
    let cells: usize = cards.iter().map(|&c| c as usize).product();
    let mut state = vec![0u32; cards.len()];
    let mut at = 0usize;
    for cell in 0..cells {
        f(cell, at);
        for (i, s) in state.iter_mut().enumerate().rev() {
            *s += 1;
            at += strides[i] as usize;
            if *s < cards[i] {
                break;
            }
            at -= (*s * strides[i]) as usize;
            *s = 0;
        }
    }
}
