//! The same key stands twice in one mapping.

use crate::diag::{Code, Diagnostic, Span};

/// The same key stands twice in one mapping.
pub const CODE: Code = Code { id: "duplicate-key", summary: "the same key stands twice in one mapping" };

/// `key` of `owner` stands at `first` and again at `again`.
pub fn problem(key: &str, owner: &str, again: Span, first: Span) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{key}` stands twice in {owner}"))
        .at(again, "again here")
        .also(first, "first here")
        .help("keep the one that is meant")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {a: {kind: service, kind: cdn}}");
    }
}
