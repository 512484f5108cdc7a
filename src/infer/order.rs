//! In which order to sum variables out.
//!
//! Greedy: always the variable that adds the fewest new neighbours pairs (min-fill), or whose table is smallest
//! (min-size); both are tried and the cheaper order is kept. \[KJ\]

use std::collections::BTreeSet;

/// An elimination order with the tables it needs.
#[derive(Debug, Clone)]
pub struct Order {
    /// All variables, first to be summed out first.
    pub sequence: Vec<u32>,
    /// For each step the variables of its table, the eliminated one included, sorted by position in `sequence`, latest first.
    pub cliques: Vec<Vec<u32>>,
    /// Cells of the largest table.
    pub largest: f64,
    /// Cells of all tables.
    pub total: f64,
}

/// Around a variable with more neighbours than these it is counted what a step adds only where that may matter: on stars of
/// thousands it would take long.
const WIDE: usize = 60;
/// Cells beyond any limit. Larger tables compare as equal; they lead to "too wide" anyway.
const BEYOND: f64 = 1e15;

/// What a greedy step minimises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greed {
    Fill,
    Size,
}

/// The cheaper of the two greedy orders for variables with `card` states and tables over `scopes`. If a table needs more
/// than `enough` cells the order is given up, and is incomplete.
pub fn order<'s>(card: &[u32], scopes: impl Iterator<Item = &'s [u32]>, enough: f64) -> Order {
    let neighbours = neighbours(card, scopes);
    let size = greedy(card, neighbours.clone(), Greed::Size, enough);
    if size.largest > enough {
        return size;
    }
    let fill = greedy(card, neighbours, Greed::Fill, enough);
    if fill.total <= size.total { fill } else { size }
}

/// Whether the smaller-table-first order keeps within limits: cells of the largest table, and of all.
pub fn fits<'s>(card: &[u32], scopes: impl Iterator<Item = &'s [u32]>, largest: f64, total: f64) -> bool {
    let order = greedy(card, neighbours(card, scopes), Greed::Size, largest);
    order.largest <= largest && order.total <= total
}

fn neighbours<'s>(card: &[u32], scopes: impl Iterator<Item = &'s [u32]>) -> Vec<BTreeSet<u32>> {
    let mut neighbours = vec![BTreeSet::new(); card.len()];
    for scope in scopes {
        for &a in scope {
            neighbours[a as usize].extend(scope.iter().copied().filter(|&b| b != a));
        }
    }
    neighbours
}

/// Takes out `v`, whose neighbours become neighbours of each other. Gives those whose cost may be another now.
fn sum_out(v: u32, around: &BTreeSet<u32>, neighbours: &mut [BTreeSet<u32>], greed: Greed) -> BTreeSet<u32> {
    let mut touched = around.clone();
    for &a in around {
        neighbours[a as usize].remove(&v);
        let added: Vec<u32> =
            around.iter().copied().filter(|&b| b != a && !neighbours[a as usize].contains(&b)).collect();
        neighbours[a as usize].extend(&added);
        if greed == Greed::Size || added.is_empty() {
            continue;
        }
        // New edges change the fill of everything that sees both their ends.
        let around_a = &neighbours[a as usize];
        if around_a.len() <= WIDE {
            touched.extend(around_a);
        } else {
            for b in added {
                touched.extend(neighbours[b as usize].iter().filter(|u| around_a.contains(u)));
            }
        }
    }
    touched
}

/// Stops early once a table has more than `enough` cells.
fn greedy(card: &[u32], mut neighbours: Vec<BTreeSet<u32>>, greed: Greed, enough: f64) -> Order {
    let cells = |v: u32, around: &BTreeSet<u32>| -> f64 {
        around.iter().map(|&u| f64::from(card[u as usize])).product::<f64>() * f64::from(card[v as usize])
    };
    let cost = |v: u32, neighbours: &[BTreeSet<u32>]| -> (u64, u64) {
        let around = &neighbours[v as usize];
        let size = cells(v, around).min(BEYOND);
        match greed {
            Greed::Size => (size as u64, 0),
            // Not to be summed out before others have gone.
            Greed::Fill if around.len() > WIDE && size >= BEYOND => (u64::MAX, size as u64),
            Greed::Fill => {
                let missing = |a: &u32| around.range(a + 1..).filter(|b| !neighbours[*a as usize].contains(b)).count();
                (around.iter().map(missing).sum::<usize>() as u64, size as u64)
            }
        }
    };
    let mut queue: BTreeSet<((u64, u64), u32)> = BTreeSet::new();
    let mut costs: Vec<(u64, u64)> = Vec::with_capacity(card.len());
    for v in 0..card.len() as u32 {
        let c = cost(v, &neighbours);
        costs.push(c);
        queue.insert((c, v));
    }
    let mut result = Order { sequence: Vec::with_capacity(card.len()), cliques: Vec::new(), largest: 0.0, total: 0.0 };
    while let Some((_, v)) = queue.pop_first() {
        let around = std::mem::take(&mut neighbours[v as usize]);
        let size = cells(v, &around);
        result.largest = result.largest.max(size);
        result.total += size;
        if size > enough {
            return result;
        }
        let touched = sum_out(v, &around, &mut neighbours, greed);
        for u in touched {
            let c = cost(u, &neighbours);
            if c != costs[u as usize] {
                queue.remove(&(costs[u as usize], u));
                costs[u as usize] = c;
                queue.insert((c, u));
            }
        }
        let mut clique: Vec<u32> = around.into_iter().collect();
        clique.push(v);
        result.sequence.push(v);
        result.cliques.push(clique);
    }
    let mut position = vec![0u32; card.len()];
    for (i, &v) in result.sequence.iter().enumerate() {
        position[v as usize] = i as u32;
    }
    for clique in &mut result.cliques {
        clique.sort_unstable_by_key(|&v| std::cmp::Reverse(position[v as usize]));
    }
    result
}
