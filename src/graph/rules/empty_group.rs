//! A group with fewer than two members.

use crate::diag::{Code, Diagnostic, Span};
use crate::graph::raw::RawMember;

/// A group has fewer than two members.
pub const CODE: Code = Code { id: "empty-group", summary: "a group has fewer than two members" };

/// `written` is the length of the list; some of its items may have been unreadable, which was told already.
pub fn check(members: &[RawMember], written: usize, span: Span) -> Option<Diagnostic> {
    (written < 2 || members.is_empty()).then(|| {
        let count = if written == 0 { "no member" } else { "one member" };
        Diagnostic::error(CODE, format!("a group with {count}"))
            .at(span, "this group")
            .help("name at least two components, or write a plain dependency")
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{any_of: []}]}}",
        );
    }
}
