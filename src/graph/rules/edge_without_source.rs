//! A dependency that does not say where it was read.

use crate::diag::{Code, Diagnostic};
use crate::graph::DependencyGraph;

/// A dependency does not say where it was read.
pub const CODE: Code = Code { id: "edge-without-source", summary: "a dependency does not say where it was read" };

/// One hint for each component that has such dependencies.
pub fn check(graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) {
    for c in graph.components() {
        let mut bare = c.depends_on.iter().filter(|d| d.source.is_none());
        let Some(first) = bare.next() else { continue };
        let more = match bare.count() {
            0 => String::new(),
            n => format!(", and {n} more"),
        };
        problems.push(
            Diagnostic::hint(CODE, format!("a dependency of `{}` has no `source`{more}", c.id))
                .at(first.span, "where was this read?")
                .help("add `source:` with an address, or `general knowledge`"),
        );
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [b]}, b: {kind: cdn}}",
        );
    }
}
