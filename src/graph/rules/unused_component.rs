//! A component without any edge.

use crate::diag::{Code, Diagnostic};
use crate::graph::{ComponentIx, DependencyGraph};
use std::collections::BTreeSet;

/// A component that nothing uses and that needs nothing.
pub const CODE: Code = Code { id: "unused-component", summary: "a component that nothing uses and that needs nothing" };

/// A component that no dependency names, and that is no leaf of the graph either: it can neither cause nor suffer.
pub fn check(graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) {
    let mut used: BTreeSet<ComponentIx> = BTreeSet::new();
    for (ix, c) in graph.iter() {
        used.extend(c.depends_on.iter().flat_map(|d| d.need.members()).map(|m| m.component));
        if let Some(whole) = c.part_of {
            used.extend([ix, whole]);
        }
    }
    for (ix, c) in graph.iter() {
        if c.depends_on.is_empty() && !used.contains(&ix) {
            problems.push(
                Diagnostic::hint(CODE, format!("nothing uses `{}`, and it needs nothing", c.id))
                    .at(c.span, "without an edge")
                    .help("name what depends on it, or what it depends on; signals about it are still counted"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {a: {kind: cdn}}");
    }
}
