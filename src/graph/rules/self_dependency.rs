//! A component that depends on itself.

use crate::diag::{Code, Diagnostic, Span};

/// A component depends on itself.
pub const CODE: Code = Code { id: "self-dependency", summary: "a component depends on itself" };

/// `id` names itself at `span`.
pub fn problem(id: &str, span: Span) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{id}` depends on itself"))
        .at(span, "the component itself")
        .help("take it out; if a part of it is meant, make that a component of its own")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {a: {kind: service, depends_on: [a]}}");
    }
}
