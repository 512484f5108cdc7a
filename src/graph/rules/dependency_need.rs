//! A dependency that names nothing, or more than one thing.

use crate::diag::{Code, Diagnostic, Span};

/// A dependency names nothing, or more than one thing.
pub const CODE: Code = Code { id: "unclear-dependency", summary: "a dependency names nothing, or more than one thing" };

const WAYS: &str = "write exactly one of `component`, `any_of`, `all_of`, or `at_least` with `of`";

/// `ways` are the keys that were found.
pub fn problem(ways: &[&str], span: Span) -> Diagnostic {
    let message = match ways {
        [] => "a dependency that names no component".to_string(),
        several => format!("a dependency with {} at once", several.join(" and ")),
    };
    Diagnostic::error(CODE, message).at(span, "this dependency").help(WAYS)
}

/// `of` and `at_least` go together.
pub fn of_without_at_least(span: Span) -> Diagnostic {
    Diagnostic::error(CODE, "`at_least` and `of` go together").at(span, "this dependency").help(WAYS)
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{for: login}]}}",
        );
    }
}
