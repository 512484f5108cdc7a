//! A key that nothing reads.

use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic, Span};
use crate::graph::fields::Field;

/// A key that nothing reads.
pub const CODE: Code = Code { id: "unknown-key", summary: "a key that nothing reads" };

/// `owner` has no `key`.
pub fn problem(key: &str, owner: &str, known: &[Field], span: Span) -> Diagnostic {
    let all = || format!("the keys are {}", known.iter().map(|f| f.name).collect::<Vec<_>>().join(", "));
    let help = did_you_mean(key, known.iter().map(|f| f.name)).unwrap_or_else(all);
    Diagnostic::error(CODE, format!("{owner} has no key `{key}`"))
        .at(span, "not known")
        .help(format!("{help}; a key of your own begins with `x-`"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, dependson: [b]}, b: {kind: cdn}}",
        );
    }
}
