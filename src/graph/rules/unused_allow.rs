//! An `allow` that accepts nothing.

use crate::diag::{Code, Diagnostic};
use crate::graph::raw::At;

/// An `allow` accepts nothing.
pub const CODE: Code = Code { id: "unused-allow", summary: "an `allow` accepts nothing" };

/// There is nothing of this code to accept.
pub fn problem(code: &At<String>) -> Diagnostic {
    Diagnostic::warning(CODE, format!("there is no `{}` here to accept", code.value))
        .at(code.span, "accepts nothing")
        .help("remove it: what it accepted has been put right, or stands elsewhere")
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: cdn, allow: {dependency-cycle: why, unused-component: why}}}",
        );
    }
}
