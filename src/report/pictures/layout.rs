//! Where boxes stand: layers from dependents above to what they need below, and the ways of the lines between them.
//!
//! The order within layers comes from a layout crate, which is asked here and nowhere else. In that order boxes are then
//! drawn together, as near to their neighbours above and below as there is room. Lines are ours: one that passes a
//! layer gets a place of its own there, shared by all lines to the same box.

use rust_sugiyama::configure::Config;
use std::collections::{BTreeMap, BTreeSet};

/// Least distance of two boxes side by side.
const BESIDE: f64 = 18.0;
/// Distance of two layers.
const BELOW: f64 = 54.0;
/// Room that a passing line takes.
const PASSING: f64 = 6.0;
/// A layer wider than this is broken in two, and unconnected parts stand side by side up to it.
const PAGE: f64 = 1116.0;
/// Rounds of drawing together.
const ROUNDS: usize = 60;

/// A size: width and height.
pub type Size = (f64, f64);
/// A point: right and down.
pub type Point = (f64, f64);

/// Where everything stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Placed {
    /// Upper left corner of every box.
    pub boxes: Vec<Point>,
    /// For every line the points that it passes, from the dependent's lower edge to the dependency's upper edge.
    pub lines: Vec<Vec<Point>>,
    /// Size of the whole.
    pub size: Size,
}

/// Places boxes of these sizes; a line goes from a dependent to what it needs. Lines that close a circle go upwards.
pub fn layered(sizes: &[Size], lines: &[(usize, usize)]) -> Placed {
    let downward = without_circles(sizes.len(), lines);
    let mut levels = levels(sizes.len(), &downward);
    break_wide(sizes, &mut levels);
    let net = Net::new(sizes, &downward, &levels);
    let mut parts: Vec<Part> = net.parts().iter().map(|nodes| net.place(nodes)).collect();
    parts.sort_by(|a, b| b.nodes.len().cmp(&a.nodes.len()).then(a.nodes.cmp(&b.nodes)));
    let (offsets, size) = pack(&parts);
    let mut centre = vec![(0.0, 0.0, 0.0); net.sizes.len()];
    for (part, offset) in parts.iter().zip(&offsets) {
        for (i, &n) in part.nodes.iter().enumerate() {
            let (top, bottom) = part.spans[i];
            centre[n] = (part.x[i] + offset.0, top + offset.1, bottom + offset.1);
        }
    }
    let boxes = (0..sizes.len()).map(|n| (centre[n].0 - sizes[n].0 / 2.0, centre[n].2 - sizes[n].1)).collect();
    let route = |line: usize| {
        let chain = &net.chains[line];
        let last = chain.len() - 1;
        let mut way = Vec::new();
        for (i, &n) in chain.iter().enumerate() {
            let (x, top, bottom) = centre[n];
            match i {
                0 => way.push((x, bottom)),
                // Straight down to the box, if it is not the tallest of its layer.
                i if i == last => way.extend([(x, top), (x, bottom - sizes[n].1)]),
                _ => way.extend([(x, top), (x, bottom)]),
            }
        }
        way.dedup();
        if downward[line] != lines[line] {
            way.reverse();
        }
        way
    };
    Placed { boxes, lines: (0..lines.len()).map(route).collect(), size }
}

/// The lines, with those turned round that close a circle.
fn without_circles(nodes: usize, lines: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (i, &(from, _)) in lines.iter().enumerate() {
        out[from].push(i);
    }
    // 0: new, 1: on the way, 2: done.
    let mut state = vec![0_u8; nodes];
    let mut turned = lines.to_vec();
    for start in 0..nodes {
        let mut stack = vec![(start, 0)];
        while let Some((node, next)) = stack.pop() {
            if next == 0 && state[node] != 0 {
                continue;
            }
            state[node] = 1;
            match out[node].get(next) {
                None => state[node] = 2,
                Some(&line) => {
                    stack.push((node, next + 1));
                    let to = lines[line].1;
                    match state[to] {
                        0 => stack.push((to, 0)),
                        1 => turned[line] = (to, node),
                        _ => {}
                    }
                }
            }
        }
    }
    turned
}

/// How many layers above the lowest every box stands: above all that it needs, and no higher; what needs nothing
/// stands right below the lowest that needs it.
fn levels(nodes: usize, lines: &[(usize, usize)]) -> Vec<usize> {
    let mut level = vec![0; nodes];
    // Lines form no circle: at most `nodes` rounds until nothing moves.
    for _ in 0..=nodes {
        let mut moved = false;
        for &(from, to) in lines.iter().filter(|(from, to)| from != to) {
            if level[from] <= level[to] {
                level[from] = level[to] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    for node in 0..nodes {
        if lines.iter().all(|l| l.0 != node) {
            let lowest = lines.iter().filter(|l| l.1 == node && l.0 != node).map(|l| level[l.0]).min();
            level[node] = lowest.map_or(0, |l| l - 1);
        }
    }
    level
}

/// Moves every other box of a layer that is too wide to a new one above it, until all fit.
fn break_wide(sizes: &[Size], levels: &mut [usize]) {
    let mut level = 0;
    while level <= levels.iter().copied().max().unwrap_or(0) {
        let here: Vec<usize> = (0..levels.len()).filter(|&n| levels[n] == level).collect();
        let width: f64 = here.iter().map(|&n| sizes[n].0 + BESIDE).sum();
        if width > PAGE && here.len() > 1 {
            levels.iter_mut().filter(|l| **l > level).for_each(|l| *l += 1);
            // As many layers as are needed, equally full.
            let stays = here.len().div_ceil((width / PAGE).ceil() as usize).min(here.len() - 1);
            here[stays..].iter().for_each(|&n| levels[n] = level + 1);
        }
        level += 1;
    }
}

/// Boxes, and places where lines pass.
struct Net {
    sizes: Vec<Size>,
    levels: Vec<usize>,
    /// For every line, boxes and places from its upper to its lower end.
    chains: Vec<Vec<usize>>,
}

/// A connected part of the net, placed from (0, 0).
struct Part {
    nodes: Vec<usize>,
    /// Centres.
    x: Vec<f64>,
    /// Top of the layer and bottom of the box.
    spans: Vec<(f64, f64)>,
    size: Size,
}

impl Net {
    fn new(sizes: &[Size], lines: &[(usize, usize)], levels: &[usize]) -> Net {
        let mut net = Net { sizes: sizes.to_vec(), levels: levels.to_vec(), chains: Vec::new() };
        let mut passing: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for &(from, to) in lines {
            let mut chain = vec![from];
            for level in (levels[to] + 1..levels[from]).rev() {
                let place = *passing.entry((to, level)).or_insert_with(|| {
                    net.sizes.push((PASSING, 1.0));
                    net.levels.push(level);
                    net.sizes.len() - 1
                });
                chain.push(place);
            }
            chain.push(to);
            net.chains.push(chain);
        }
        net
    }

    /// Pairs of neighbours, each once.
    fn steps(&self) -> BTreeSet<(usize, usize)> {
        let pairs = self.chains.iter().flat_map(|c| c.windows(2).map(|w| (w[0], w[1])));
        pairs.filter(|(a, b)| a != b).collect()
    }

    /// Connected parts, each sorted.
    fn parts(&self) -> Vec<Vec<usize>> {
        let mut part: Vec<usize> = (0..self.sizes.len()).collect();
        let steps = self.steps();
        loop {
            let mut moved = false;
            for &(a, b) in &steps {
                let least = part[a].min(part[b]);
                moved |= part[a] != least || part[b] != least;
                (part[a], part[b]) = (least, least);
            }
            if !moved {
                break;
            }
        }
        let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (node, &p) in part.iter().enumerate() {
            parts.entry(p).or_default().push(node);
        }
        parts.into_values().collect()
    }

    fn place(&self, nodes: &[usize]) -> Part {
        let local: BTreeMap<usize, u32> = nodes.iter().zip(0..).map(|(&n, i)| (n, i)).collect();
        let steps: Vec<(u32, u32)> =
            self.steps().iter().filter_map(|(a, b)| Some((*local.get(a)?, *local.get(b)?))).collect();
        let mut x = vec![0.0; nodes.len()];
        if !steps.is_empty() {
            let boxes: Vec<(u32, Size)> = nodes.iter().zip(0..).map(|(&n, i)| (i, self.sizes[n])).collect();
            let config = Config { vertex_spacing: BESIDE, ..Config::default() };
            for (places, _, _) in rust_sugiyama::from_vertices_and_edges(&boxes, &steps, &config) {
                for (i, (right, _)) in places {
                    x[i] = right;
                }
            }
        }
        let lowest = nodes.iter().map(|&n| self.levels[n]).min().unwrap_or(0);
        let mut layers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, &n) in nodes.iter().enumerate() {
            layers.entry(self.levels[n] - lowest).or_default().push(i);
        }
        for layer in layers.values_mut() {
            layer.sort_by(|&a, &b| x[a].total_cmp(&x[b]).then(a.cmp(&b)));
        }
        let order: Vec<&[usize]> = layers.values().map(Vec::as_slice).collect();
        self.draw_together(nodes, &order, &steps, &mut x);
        let left = nodes.iter().enumerate().map(|(i, &n)| x[i] - self.sizes[n].0 / 2.0).fold(f64::INFINITY, f64::min);
        x.iter_mut().for_each(|x| *x -= left);
        let width = nodes.iter().enumerate().map(|(i, &n)| x[i] + self.sizes[n].0 / 2.0).fold(0.0, f64::max);
        let mut spans = vec![(0.0, 0.0); nodes.len()];
        let mut top = 0.0;
        for layer in layers.values().rev() {
            let height = layer.iter().map(|&i| self.sizes[nodes[i]].1).fold(0.0, f64::max);
            layer.iter().for_each(|&i| spans[i] = (top, top + height));
            top += height + BELOW;
        }
        Part { nodes: nodes.to_vec(), x, spans, size: (width, (top - BELOW).max(0.0)) }
    }

    /// Moves boxes towards their neighbours, layer by layer, keeping the order and the distances within a layer.
    fn draw_together(&self, nodes: &[usize], layers: &[&[usize]], steps: &[(u32, u32)], x: &mut [f64]) {
        let passing = |i: usize| self.sizes[nodes[i]].0 <= PASSING;
        let mut near: Vec<Vec<(usize, f64)>> = vec![Vec::new(); nodes.len()];
        for &(a, b) in steps {
            let (a, b) = (a as usize, b as usize);
            // Long lines had better be straight.
            let weight = [1.0, 2.0, 6.0][usize::from(passing(a)) + usize::from(passing(b))];
            near[a].push((b, weight));
            near[b].push((a, weight));
        }
        let half = |i: usize| self.sizes[nodes[i]].0 / 2.0;
        for round in 0..ROUNDS {
            let up: Vec<&&[usize]> =
                if round % 2 == 0 { layers.iter().collect() } else { layers.iter().rev().collect() };
            for layer in up {
                let mut least = vec![0.0; layer.len()];
                for i in 1..layer.len() {
                    least[i] = least[i - 1] + half(layer[i - 1]) + half(layer[i]) + BESIDE;
                }
                let wish = |i: usize| {
                    let total: f64 = near[i].iter().map(|(_, w)| w).sum();
                    let pull: f64 = near[i].iter().map(|(n, w)| x[*n] * w).sum();
                    if total > 0.0 { (pull / total, total) } else { (x[i], 1.0) }
                };
                // Within the page, if there is room.
                let last = layer.len() - 1;
                let (lowest, highest) = (half(layer[0]), PAGE - half(layer[last]) - least[last]);
                let wishes: Vec<(f64, f64)> =
                    layer.iter().zip(&least).map(|(&i, l)| (wish(i).0 - l, wish(i).1)).collect();
                for ((&i, place), l) in layer.iter().zip(rising(&wishes)).zip(&least) {
                    x[i] = l + if lowest < highest { place.clamp(lowest, highest) } else { place };
                }
            }
        }
    }
}

/// The rising sequence nearest to these values with these weights.
fn rising(wishes: &[(f64, f64)]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for &(value, weight) in wishes {
        let mut block = (value, weight, 1);
        while let Some(&(before, heavy, count)) = blocks.last() {
            if before <= block.0 {
                break;
            }
            blocks.pop();
            let both = heavy + block.1;
            block = ((before * heavy + block.0 * block.1) / both, both, count + block.2);
        }
        blocks.push(block);
    }
    blocks.into_iter().flat_map(|(value, _, count)| std::iter::repeat_n(value, count)).collect()
}

/// Puts parts side by side in rows, the largest first.
fn pack(parts: &[Part]) -> (Vec<Point>, Size) {
    let widest = parts.iter().map(|p| p.size.0).fold(PAGE, f64::max);
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0_f64);
    let mut size = (0.0_f64, 0.0_f64);
    let mut offsets = Vec::new();
    for part in parts {
        if x > 0.0 && x + part.size.0 > widest {
            (x, y, row) = (0.0, y + row + BELOW / 2.0, 0.0);
        }
        offsets.push((x, y));
        size = (size.0.max(x + part.size.0), size.1.max(y + part.size.1));
        row = row.max(part.size.1);
        x += part.size.0 + BESIDE;
    }
    (offsets, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaps(placed: &Placed, sizes: &[Size]) -> usize {
        let mut found = 0;
        for a in 0..sizes.len() {
            for b in 0..a {
                let ((ax, ay), (bx, by)) = (placed.boxes[a], placed.boxes[b]);
                let apart =
                    ax + sizes[a].0 <= bx || bx + sizes[b].0 <= ax || ay + sizes[a].1 <= by || by + sizes[b].1 <= ay;
                found += usize::from(!apart);
            }
        }
        found
    }

    #[test]
    fn no_boxes_overlap_and_lines_go_down() {
        // A fixed web of 300 boxes, with a circle and unconnected ones.
        let sizes: Vec<Size> =
            (0..300).map(|i| (60.0 + f64::from(i * 37 % 90), 30.0 + f64::from(i * 13 % 70))).collect();
        let mut lines: Vec<(usize, usize)> =
            (0..280_usize).flat_map(|i| [(i, 281 + i % 10), (i, i * 7 % 280)]).filter(|(a, b)| a < b).collect();
        lines.push((284, 3));
        let placed = layered(&sizes, &lines);
        assert_eq!(overlaps(&placed, &sizes), 0);
        assert_eq!(placed, layered(&sizes, &lines), "the same every time");
        let upward = placed.lines.iter().filter(|l| l.first().unwrap().1 > l.last().unwrap().1).count();
        assert!((1..=3).contains(&upward), "{upward}");
    }

    #[test]
    fn nothing_and_loops_are_no_trouble() {
        assert_eq!(layered(&[], &[]), Placed::default());
        let placed = layered(&[(10.0, 10.0), (20.0, 10.0)], &[(0, 0), (0, 1), (1, 0), (0, 1)]);
        assert_eq!(placed.lines.len(), 4);
    }
}
