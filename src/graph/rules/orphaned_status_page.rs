//! A status page that can bear on nothing.

use super::unused_component::connected;
use crate::diag::{Code, Diagnostic};
use crate::graph::{ComponentIx, DependencyGraph, query};

/// A component with a status page is connected to nothing.
pub const CODE: Code =
    Code { id: "orphaned-status-page", summary: "a component with a status page is connected to nothing" };

/// A component with a `status_page`, without a dependency to or from it, its parts, or what contains it.
pub fn check(graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) {
    let connected = connected(graph);
    let parts = query::all_parts(graph);
    for (ix, c) in graph.iter().filter(|(_, c)| c.status_page.is_some()) {
        let wholes = query::containers(graph, ix);
        let mut below: Vec<ComponentIx> = vec![ix];
        let mut at = 0;
        while at < below.len() {
            below.extend(&parts[below[at].0 as usize]);
            at += 1;
        }
        if !below.iter().chain(&wholes).any(|c| connected.contains(c)) {
            problems.push(
                Diagnostic::hint(CODE, format!("nothing is connected to `{}`, which has a status page", c.id))
                    .at(c.span, "without a dependency")
                    .help(
                        "name what depends on it, or what it depends on: what its page says bears on nothing else yet",
                    ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: cdn, status_page: 'https://status.example.org'}}",
        );
    }
}
