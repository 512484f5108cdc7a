//! Questions about the graph: who needs whom, by which path, and what runs in circles.

use super::{ComponentIx, DependencyGraph, Rule};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Which way to follow dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a component to what it needs.
    Dependencies,
    /// From a component to what needs it.
    Dependents,
}

/// What a component needs or is needed by directly, sorted, without repetitions. Containment is not followed.
pub fn neighbours(graph: &DependencyGraph, ix: ComponentIx, direction: Direction) -> Vec<ComponentIx> {
    let members =
        |c: ComponentIx| graph.component(c).depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component);
    let found: BTreeSet<ComponentIx> = match direction {
        Direction::Dependencies => members(ix).collect(),
        Direction::Dependents => graph.iter().map(|(c, _)| c).filter(|&c| members(c).any(|m| m == ix)).collect(),
    };
    found.into_iter().collect()
}

/// The kinds and families that a component counts to in questions such as "is it a cloud?": its kind, its family, and
/// the `parts_family` of everything that contains it.
pub fn classes(graph: &DependencyGraph, ix: ComponentIx) -> BTreeSet<&str> {
    let kind = |ix: ComponentIx| graph.kind(graph.component(ix));
    let outer = containers(graph, ix).into_iter().filter_map(|c| kind(c).parts_family.as_deref());
    [kind(ix).name.as_str(), kind(ix).family.as_str()].into_iter().chain(outer).collect()
}

/// What contains a component, from the inside out.
pub fn containers(graph: &DependencyGraph, ix: ComponentIx) -> Vec<ComponentIx> {
    let up = std::iter::successors(graph.component(ix).part_of, |c| graph.component(*c).part_of);
    up.take(graph.components().len()).collect()
}

/// The direct parts of every component, by its position; each list sorted.
pub fn all_parts(graph: &DependencyGraph) -> Vec<Vec<ComponentIx>> {
    let mut parts = vec![Vec::new(); graph.components().len()];
    for (ix, c) in graph.iter() {
        if let Some(whole) = c.part_of {
            parts[whole.0 as usize].push(ix);
        }
    }
    parts
}

/// The parts of a component, sorted.
pub fn parts(graph: &DependencyGraph, ix: ComponentIx) -> Vec<ComponentIx> {
    graph.iter().filter(|(_, c)| c.part_of == Some(ix)).map(|(i, _)| i).collect()
}

/// Shortest dependency paths that end at `target`: for each component that reaches it, the path from that component.
/// Ties go to smaller ids.
pub fn paths_to(graph: &DependencyGraph, target: ComponentIx) -> BTreeMap<ComponentIx, Vec<ComponentIx>> {
    let mut dependents: Vec<Vec<ComponentIx>> = vec![Vec::new(); graph.components().len()];
    for (ix, c) in graph.iter() {
        for member in c.depends_on.iter().flat_map(|d| d.need.members()) {
            dependents[member.component.0 as usize].push(ix);
        }
    }
    let mut paths: BTreeMap<ComponentIx, Vec<ComponentIx>> = BTreeMap::from([(target, vec![target])]);
    let mut queue = VecDeque::from([target]);
    while let Some(at) = queue.pop_front() {
        let path = paths[&at].clone();
        for &next in &dependents[at.0 as usize] {
            if let std::collections::btree_map::Entry::Vacant(e) = paths.entry(next) {
                e.insert(std::iter::once(next).chain(path.iter().copied()).collect());
                queue.push_back(next);
            }
        }
    }
    paths.remove(&target);
    paths
}

/// Sets of components that depend on each other in a circle, each sorted, sorted by their first.
pub fn cycles(graph: &DependencyGraph) -> Vec<Vec<ComponentIx>> {
    let mut directed: DiGraph<(), ()> = DiGraph::new();
    graph.components().iter().for_each(|_| {
        directed.add_node(());
    });
    for (ix, c) in graph.iter() {
        for member in c.depends_on.iter().flat_map(|d| d.need.members()) {
            directed.add_edge(NodeIndex::new(ix.0 as usize), NodeIndex::new(member.component.0 as usize), ());
        }
    }
    // Kosaraju's algorithm is iterative; Tarjan's in the same crate recurses, and real graphs are deep.
    let mut sets: Vec<Vec<ComponentIx>> = kosaraju_scc(&directed)
        .into_iter()
        .filter(|set| set.len() > 1)
        .map(|set| {
            let mut set: Vec<ComponentIx> = set.into_iter().map(|n| ComponentIx(n.index() as u32)).collect();
            set.sort_unstable();
            set
        })
        .collect();
    sets.sort();
    sets
}

/// The word that a group's rule is written with.
pub fn rule_word(rule: Rule) -> String {
    match rule {
        Rule::AnyOf => "any of".to_string(),
        Rule::AtLeast(k) => format!("at least {k} of"),
        Rule::AllOf => "all of".to_string(),
    }
}
