//! A kind that neither the built-in table nor the graph defines.

use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic};
use crate::graph::Kind;
use crate::graph::raw::RawComponent;
use std::collections::BTreeMap;

/// A kind that is not defined, or a component without one.
pub const CODE: Code = Code { id: "unknown-kind", summary: "a kind that is not defined, or a component without one" };

/// The component's kind must be a key of `kinds`.
pub fn check(component: &RawComponent, kinds: &BTreeMap<String, Kind>) -> Option<Diagnostic> {
    let all = || format!("the kinds are {}", kinds.keys().cloned().collect::<Vec<_>>().join(", "));
    match &component.kind {
        Some(kind) if kinds.contains_key(&kind.value) => None,
        Some(kind) => {
            Some(Diagnostic::error(CODE, format!("unknown kind `{}`", kind.value)).at(kind.span, "not known").help(
                did_you_mean(&kind.value, kinds.keys().map(String::as_str)).unwrap_or_else(all)
                    + "; a kind of your own goes under `kinds`",
            ))
        }
        None => Some(
            Diagnostic::error(CODE, format!("component `{}` has no kind", component.id.value))
                .at(component.id.span, "needs a `kind`")
                .help(all()),
        ),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {a: {kind: servcie}}");
    }
}
