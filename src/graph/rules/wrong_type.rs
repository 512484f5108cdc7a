//! A value is not of the kind that its key takes.

use crate::diag::tree::Node;
use crate::diag::{Code, Diagnostic};

/// A value is not of the kind that its key takes.
pub const CODE: Code = Code { id: "wrong-type", summary: "a value is not of the kind that its key takes" };

/// `owner` takes `expected`, and this is something else.
pub fn problem(owner: &str, expected: &str, node: &Node) -> Diagnostic {
    let found = if node.text().is_some_and(|t| t.trim().is_empty()) { "an empty text" } else { node.what() };
    Diagnostic::error(CODE, format!("{owner} must be {expected}, found {found}"))
        .at(node.span, format!("not {expected}"))
        .help(format!("write {expected} here, or leave the key out"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {a: {kind: [service]}}");
    }
}
