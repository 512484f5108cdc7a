//! A number outside the range of its key.

use crate::diag::tree::Node;
use crate::diag::{Code, Diagnostic, Span};

/// A number is outside the range its key allows.
pub const CODE: Code = Code { id: "out-of-range", summary: "a number is outside the range its key allows" };

/// `key` goes by `words`.
pub fn problem(key: &str, node: &Node, words: &str) -> Diagnostic {
    let value = node.number().map_or(String::new(), |n| format!(" {n}"));
    Diagnostic::error(CODE, format!("`{key}`{value} is out of range"))
        .at(node.span, "out of range")
        .help(format!("`{key}` goes {words}"))
}

/// A word that is none of those that `key` knows.
pub fn word(key: &str, node: &Node, words: &str) -> Diagnostic {
    Diagnostic::error(CODE, format!("`{key}` does not know the word `{}`", node.text().unwrap_or_default()))
        .at(node.span, "not known")
        .help(format!("`{key}` is {words}"))
}

/// Shares that add up to more than one.
pub fn symptoms(span: Span) -> Diagnostic {
    Diagnostic::error(CODE, "the shares of `symptoms` add up to more than 1")
        .at(span, "these shares")
        .help("each is the share of reports that name the capability; together they are at most 1")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{component: b, impact: 1.5}]}, b: {kind: cdn}}",
        );
    }
}
