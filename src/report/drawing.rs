//! What the pens for pictures draw: the report's part of the graph, with quiet components folded where it is large.

use super::text::{cut, probability};
use super::view::{Cause, DependencyView, Report, SeenState, VerdictKind};
use std::collections::{BTreeMap, BTreeSet};

/// From this many components on, quiet ones are drawn as one node per state and kind.
pub const FOLDED_FROM: usize = 40;
/// A cause leads from this chance on.
const LEADS: f64 = 0.5;
/// Causes that lead together, at most …
const TOGETHER: usize = 4;
/// … each with at least this chance.
const SHARE_LEAST: f64 = 0.1;
/// Characters of one line in a node.
const LINE: usize = 40;
/// Characters of an edge's label.
const EDGE_LABEL: usize = 30;

/// Nodes and edges, ready for a pen.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub nodes: Vec<Node>,
    /// Sorted by what is needed, then by what needs it.
    pub edges: Vec<Edge>,
}

/// One component, or several folded into one.
#[derive(Debug)]
pub(super) struct Node {
    /// Lines of its label, not escaped.
    pub label: Vec<String>,
    pub look: Look,
}

/// How a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// A cause that leads.
    Cause,
    Failing,
    Degraded,
    Healthy,
    Doubted,
    Unobserved,
    /// Several quiet components.
    Folded,
}

/// One or more dependencies, or containment.
#[derive(Debug)]
pub(super) struct Edge {
    /// What is needed, or contains.
    pub from: usize,
    /// What needs it, or is contained.
    pub to: usize,
    /// Not escaped; may be empty.
    pub label: String,
    /// On a path by which a leading cause explains a failure.
    pub on_path: bool,
    /// Containment rather than a dependency.
    pub contains: bool,
}

/// The common causes that lead.
pub(super) fn leading(report: &Report) -> Vec<&Cause> {
    let leads: Vec<&Cause> = report.causes.iter().filter(|c| c.probability >= LEADS && c.is_common()).collect();
    // Where none leads alone, those that lead together.
    let together = leads.is_empty() && report.verdict.kind == VerdictKind::CommonCause;
    let first = report.causes.iter().filter(|c| c.is_common()).take(if together { TOGETHER } else { 0 });
    if leads.is_empty() { first.filter(|c| c.probability >= SHARE_LEAST).collect() } else { leads }
}

/// (what is needed, what needs it) along some paths, each from what failed to the cause.
fn steps<'r>(paths: impl Iterator<Item = &'r [String]>) -> BTreeSet<(&'r str, &'r str)> {
    paths.flat_map(|p| p.windows(2)).map(|w| (w[1].as_str(), w[0].as_str())).collect()
}

impl Drawing {
    /// The whole part of the graph that the report is about.
    pub fn whole(report: &Report) -> Self {
        let causes = leading(report);
        let paths = steps(causes.iter().flat_map(|c| c.explains.iter().map(|e| e.path.as_slice())));
        let on_path: BTreeSet<&str> = paths.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let fold = report.graph.components.len() > FOLDED_FROM;
        let (mut nodes, mut at): (Vec<Node>, BTreeMap<&str, usize>) = Default::default();
        let mut folded: BTreeMap<(SeenState, &str), Vec<&str>> = BTreeMap::new();
        for c in &report.graph.components {
            let quiet =
                !matches!(c.state, SeenState::Failing | SeenState::Degraded) && !on_path.contains(c.id.as_str());
            if fold && quiet && !causes.iter().any(|cause| cause.component == c.id) {
                folded.entry((c.state, &c.kind)).or_default().push(&c.id);
            } else {
                at.insert(&c.id, nodes.len());
                nodes.push(node(report, &causes, &c.id));
            }
        }
        for ((state, kind), ids) in folded {
            let state = match state {
                SeenState::Healthy => "healthy",
                SeenState::Doubted => "doubted",
                _ => "unobserved",
            };
            ids.iter().for_each(|id| {
                at.insert(id, nodes.len());
            });
            let kind = cut(kind, LINE);
            nodes.push(Node { label: vec![format!("{} {state}", ids.len()), kind], look: Look::Folded });
        }
        let mut drawing = Drawing { nodes, edges: Vec::new() };
        drawing.connect(report, &at, &paths);
        drawing
    }

    /// Only the first `most` paths of the leading causes, in turn.
    pub fn paths(report: &Report, most: usize) -> Self {
        let causes = leading(report);
        let longest = causes.iter().map(|c| c.explains.len()).max().unwrap_or(0);
        let in_turn = (0..longest).flat_map(|i| causes.iter().filter_map(move |c| c.explains.get(i)));
        let paths = steps(in_turn.take(most).map(|e| e.path.as_slice()));
        let ids: BTreeSet<&str> = paths.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let at: BTreeMap<&str, usize> = ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let nodes = ids.iter().map(|id| node(report, &causes, id)).collect();
        let edges = paths.iter().map(|(from, to)| Edge {
            from: at[from],
            to: at[to],
            label: String::new(),
            on_path: true,
            contains: false,
        });
        let mut edges: Vec<Edge> = edges.collect();
        edges.sort_by_key(|e| (e.from, e.to));
        Drawing { nodes, edges }
    }

    /// Dependencies and containment among the nodes; what runs between the same two nodes is one edge.
    fn connect(&mut self, report: &Report, at: &BTreeMap<&str, usize>, paths: &BTreeSet<(&str, &str)>) {
        let mut needs: BTreeMap<(usize, usize), (BTreeSet<String>, bool)> = BTreeMap::new();
        let place = |id: &str| at.get(id).copied();
        for d in &report.graph.dependencies {
            let (Some(from), Some(to)) = (place(&d.dependency), place(&d.dependent)) else { continue };
            let (labels, on_path) = needs.entry((from, to)).or_default();
            labels.extend(label(d));
            *on_path |= paths.contains(&(d.dependency.as_str(), d.dependent.as_str()));
        }
        let mut contains: BTreeMap<(usize, usize), bool> = BTreeMap::new();
        for c in &report.graph.components {
            let Some((whole, outer, inner)) = c.part_of.as_deref().and_then(|w| Some((w, place(w)?, place(&c.id)?)))
            else {
                continue;
            };
            let down = paths.contains(&(whole, c.id.as_str())) || paths.contains(&(c.id.as_str(), whole));
            if !needs.contains_key(&(outer, inner)) && !needs.contains_key(&(inner, outer)) {
                *contains.entry((outer, inner)).or_default() |= down;
            }
        }
        let needs = needs.into_iter().map(|((from, to), (labels, on_path))| {
            let label = cut(&labels.into_iter().collect::<Vec<_>>().join("; "), EDGE_LABEL);
            Edge { from, to, label, on_path, contains: false }
        });
        let contains = contains.into_iter().map(|((from, to), on_path)| Edge {
            from,
            to,
            label: "part".to_string(),
            on_path,
            contains: true,
        });
        self.edges = needs.chain(contains).filter(|e| e.from != e.to).collect();
        self.edges.sort_by_key(|e| (e.from, e.to));
    }
}

/// What an edge says beyond "needs": for what, and by which rule.
fn label(d: &DependencyView) -> Option<String> {
    let scope = d.scope.join(", ");
    let rule = if d.rule == "one" { "" } else { d.rule.as_str() };
    let parts: Vec<&str> = [scope.as_str(), rule].into_iter().filter(|t| !t.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn node(report: &Report, causes: &[&Cause], id: &str) -> Node {
    let mut label = vec![cut(id, LINE)];
    if let Some(cause) = causes.iter().find(|c| c.component == id) {
        label.push(format!("cause {}", probability(cause.probability, report.inference.error)));
        return Node { label, look: Look::Cause };
    }
    let state = report.graph.components.iter().find(|c| c.id == id).map_or(SeenState::Unobserved, |c| c.state);
    let look = match state {
        SeenState::Failing => Look::Failing,
        SeenState::Degraded => Look::Degraded,
        SeenState::Healthy => Look::Healthy,
        SeenState::Doubted => Look::Doubted,
        SeenState::Unobserved => Look::Unobserved,
    };
    Node { label, look }
}
