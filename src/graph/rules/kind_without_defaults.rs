//! A kind of the user's own that says nothing about itself.

use crate::diag::{Code, Diagnostic};
use crate::graph::Kind;
use crate::graph::raw::RawKind;

/// A kind gives no fault rate.
pub const CODE: Code = Code { id: "kind-without-defaults", summary: "a kind gives no fault rate" };

/// A kind without a rate is scored with the general default.
pub fn check(raw: &RawKind, kind: &Kind) -> Option<Diagnostic> {
    kind.faults_per_year.is_none().then(|| {
        Diagnostic::warning(CODE, format!("kind `{}` has no `faults_per_year`", raw.name.value))
            .at(raw.name.span, "no rate")
            .help("say how often such a component fails in a year so that others notice; a general default is used meanwhile")
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "kinds: {sms-gateway: {capabilities: [messaging]}}");
    }
}
