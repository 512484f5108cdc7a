//! Two components (or kinds) with the same id.

use crate::diag::{Code, Diagnostic, Span};
use crate::graph::raw::{At, RawGraph};
use std::collections::BTreeMap;

/// The same id is defined twice.
pub const CODE: Code = Code { id: "duplicate-id", summary: "the same id is defined twice" };

/// Every definition after the first, with both places.
pub fn check(graph: &RawGraph, problems: &mut Vec<Diagnostic>) {
    repeated("component", graph.components.iter().map(|c| &c.id), problems);
    repeated("kind", graph.kinds.iter().map(|k| &k.name), problems);
}

fn repeated<'a>(what: &str, ids: impl Iterator<Item = &'a At<String>>, problems: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    for id in ids {
        match first.get(id.value.as_str()) {
            Some(&place) => problems.push(
                Diagnostic::error(CODE, format!("{what} `{}` is defined twice", id.value))
                    .at(id.span, "again here")
                    .also(place, "first here")
                    .help("merge the two, or rename one; the first is used meanwhile"),
            ),
            None => {
                first.insert(&id.value, id.span);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "kinds: {k: {faults_per_year: 1}, k: {faults_per_year: 2}}");
    }
}
