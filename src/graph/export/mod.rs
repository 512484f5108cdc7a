//! The checked graph → texts for other tools: one file per format. All of it is pure.
//!
//! JSON and Backstage are lossless: read again, they give the same graph. GraphML and DOT are for tools that draw or
//! analyse graphs and carry every field of what they draw; Mermaid carries what it shows.

mod backstage;
mod dot;
mod drawing;
mod graphml;
mod json;
mod mermaid;

use super::query::{Direction, neighbours, parts};
use super::{ComponentIx, DependencyGraph};
use drawing::Drawing;
use std::collections::BTreeSet;

/// The languages in which a graph, or a part of it, is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pen {
    /// DOT, for Graphviz.
    Dot,
    /// A Mermaid flowchart.
    Mermaid,
    /// GraphML.
    Graphml,
}

/// A drawing in one of the languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The text.
    pub text: String,
    /// How many lines it has between boxes.
    pub lines: usize,
}

/// Draws the components of `shown` and what is between them. A line from A to B says that A needs B, or is part of it;
/// a group stands between the dependent and its members.
pub fn draw(pen: Pen, graph: &DependencyGraph, shown: &BTreeSet<ComponentIx>) -> Drawn {
    let drawing = Drawing::of(graph, shown);
    let text = match pen {
        Pen::Dot => dot::write(&drawing),
        Pen::Mermaid => mermaid::write(&drawing),
        Pen::Graphml => graphml::write(&drawing),
    };
    Drawn { text, lines: drawing.edges.len() }
}

/// The whole graph as a graph file in JSON. Comments and keys that begin with `x-` are not in it: nothing reads them.
pub fn json(graph: &DependencyGraph) -> String {
    json::write(graph)
}

/// The whole graph as entities of a Backstage catalog, in YAML. What Backstage has no field for stands in annotations,
/// from which `import` makes the same graph again.
pub fn backstage(graph: &DependencyGraph) -> String {
    backstage::write(graph)
}

/// All components.
pub fn everything(graph: &DependencyGraph) -> BTreeSet<ComponentIx> {
    graph.iter().map(|(ix, _)| ix).collect()
}

/// A component with everything that it needs and everything that needs it, directly or not. A part needs its whole.
pub fn around(graph: &DependencyGraph, ix: ComponentIx) -> BTreeSet<ComponentIx> {
    let needs = |ix| {
        let mut found = neighbours(graph, ix, Direction::Dependencies);
        found.extend(graph.component(ix).part_of);
        found
    };
    let needed_by = |ix| {
        let mut found = neighbours(graph, ix, Direction::Dependents);
        found.extend(parts(graph, ix));
        found
    };
    &reached(ix, &needs) | &reached(ix, &needed_by)
}

fn reached(from: ComponentIx, next: &dyn Fn(ComponentIx) -> Vec<ComponentIx>) -> BTreeSet<ComponentIx> {
    let mut found = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(ix) = open.pop() {
        open.extend(next(ix).into_iter().filter(|ix| found.insert(*ix)));
    }
    found
}
