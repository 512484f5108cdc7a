//! Components that need each other: allowed, and noted.

use crate::diag::{Code, Diagnostic};
use crate::graph::{DependencyGraph, query};

/// Components depend on each other in a circle (allowed).
pub const CODE: Code =
    Code { id: "dependency-cycle", summary: "components depend on each other in a circle (allowed)" };

/// One hint for every set of components that reach each other.
pub fn check(graph: &DependencyGraph, problems: &mut Vec<Diagnostic>) {
    for circle in query::cycles(graph) {
        let names: Vec<&str> = circle.iter().map(|&c| graph.component(c).id.as_str()).collect();
        let shown = if names.len() > SHOWN {
            format!("{}, … ({} in all)", names[..SHOWN].join(", "), names.len())
        } else {
            names.join(", ")
        };
        problems.push(
            Diagnostic::hint(CODE, format!("these depend on each other: {shown}"))
                .at(graph.component(circle[0]).span, "on a circle")
                .help("this is allowed: a failure anywhere on the circle can reach all of it; check that it is meant"),
        );
    }
}

/// Names in one message.
const SHOWN: usize = 8;

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [b]}, b: {kind: service, depends_on: [a]}}",
        );
    }
}
