//! A component without any edge.

use crate::diag::{Code, Diagnostic};
use crate::graph::{ComponentIx, DependencyGraph};
use std::collections::BTreeSet;

/// A component that nothing uses and that needs nothing.
pub const CODE: Code = Code { id: "unused-component", summary: "a component that nothing uses and that needs nothing" };

/// A component that no dependency names, and that is no leaf of the graph either: it can neither cause nor suffer. One
/// with a status page is told of by [`orphaned_status_page`](super::orphaned_status_page).
pub fn check(graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) {
    let mut used = connected(graph);
    for (ix, c) in graph.iter() {
        if let Some(whole) = c.part_of {
            used.extend([ix, whole]);
        }
    }
    for (ix, c) in graph.iter().filter(|(_, c)| c.status_page.is_none()) {
        if !used.contains(&ix) {
            problems.push(
                Diagnostic::hint(CODE, format!("nothing uses `{}`, and it needs nothing", c.id))
                    .at(c.span, "without an edge")
                    .help("name what depends on it, or what it depends on; signals about it are still counted"),
            );
        }
    }
}

/// The components that need something, and those that are needed.
pub(super) fn connected(graph: &DependencyGraph) -> BTreeSet<ComponentIx> {
    let mut found = BTreeSet::new();
    for (ix, c) in graph.iter().filter(|(_, c)| !c.depends_on.is_empty()) {
        found.insert(ix);
        found.extend(c.depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component));
    }
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {a: {kind: cdn}}");
    }
}
