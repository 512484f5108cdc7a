//! A name that no component has.

use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic};
use crate::graph::raw::At;

/// A name that no component has.
pub const CODE: Code = Code { id: "unknown-component", summary: "a name that no component has" };

/// `what` names a component that does not exist.
pub fn problem<'a>(what: &str, name: &At<String>, known: impl Iterator<Item = &'a str>) -> Diagnostic {
    let help = did_you_mean(&name.value, known)
        .unwrap_or_else(|| "define it under `components`, or correct the name".to_string());
    Diagnostic::error(CODE, format!("{what} names unknown component `{}`", name.value))
        .at(name.span, "not known")
        .help(help)
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, depends_on: [metta-auth]}, meta-auth: {kind: identity-provider}}",
        );
    }
}
