//! A name that would mean two components.

use crate::diag::{Code, Diagnostic, Span};

/// A name would mean two components.
pub const CODE: Code = Code { id: "alias-clash", summary: "a name would mean two components" };

/// `alias` already means another component, at `first`.
pub fn problem(alias: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(CODE, format!("the name `{alias}` means two components"))
        .at(span, "this one")
        .also(first, "and this one")
        .help("keep it where it belongs; names of components differ in more than upper and lower case")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, aliases: [B]}, b: {kind: cdn}}",
        );
    }
}
