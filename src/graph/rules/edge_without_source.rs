//! A dependency that does not say where it was read.

use crate::diag::{Code, Diagnostic};
use crate::graph::{Dependency, DependencyGraph};

/// A dependency does not say where it was read.
pub const CODE: Code = Code { id: "edge-without-source", summary: "a dependency does not say where it was read" };

/// One hint for each component that has such dependencies, and one for each of those that accept it themselves.
pub fn check(graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) {
    for c in graph.components() {
        let bare = c.depends_on.iter().filter(|d| d.source.is_none());
        let (accepted, open): (Vec<&Dependency>, Vec<&Dependency>) = bare.partition(|d| d.allow.contains_key(CODE.id));
        problems.extend(accepted.iter().map(|d| problem(&c.id, d, 0)));
        problems.extend(open.first().map(|first| problem(&c.id, first, open.len() - 1)));
    }
}

fn problem(id: &str, first: &Dependency, others: usize) -> Diagnostic {
    let more = if others == 0 { String::new() } else { format!(", and {others} more") };
    Diagnostic::hint(CODE, format!("a dependency of `{id}` has no `source`{more}"))
        .at(first.span, "where was this read?")
        .help("add `source:` with an address, or `general knowledge`")
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
