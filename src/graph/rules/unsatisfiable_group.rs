//! A group whose quorum cannot be, or which names a member twice.

use crate::diag::{Code, Diagnostic, Span};
use crate::graph::Rule;
use crate::graph::raw::RawMember;

/// A group asks for more members than it has, for none, or names one twice.
pub const CODE: Code = Code {
    id: "unsatisfiable-group",
    summary: "a group asks for more members than it has, for none, or names one twice",
};

/// `at_least` must lie in 1..=members, and members must differ.
pub fn check(rule: Rule, members: &[RawMember], span: Span) -> Option<Diagnostic> {
    if let Rule::AtLeast(k) = rule
        && (k == 0 || k as usize > members.len())
    {
        return Some(
            Diagnostic::error(CODE, format!("a group of {} cannot need at least {k}", members.len()))
                .at(span, "this group")
                .help(format!("`at_least` goes from 1 to {}", members.len())),
        );
    }
    members.iter().enumerate().find_map(|(i, m)| {
        let same = |o: &&RawMember| {
            o.component.value == m.component.value
                && o.capability.as_ref().map(|c| &c.value) == m.capability.as_ref().map(|c| &c.value)
        };
        let first = members[..i].iter().find(same)?;
        Some(
            Diagnostic::error(CODE, format!("`{}` stands twice in a group", m.component.value))
                .at(m.component.span, "again here")
                .also(first.component.span, "first here")
                .help("a member counts once: remove one of the two"),
        )
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [{at_least: 3, of: [b, c]}]}, b: {kind: cdn}, c: {kind: cdn}}",
        );
    }
}
