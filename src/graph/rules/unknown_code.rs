//! An `allow` of something that cannot be accepted.

use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic};
use crate::graph::raw::At;

/// `allow` names a code that does not exist, or one that cannot be accepted.
pub const CODE: Code =
    Code { id: "unknown-code", summary: "`allow` names a code that does not exist, or that cannot be accepted" };

/// `code` is none of the `acceptable` ones; it may be another of `all`.
pub fn problem(code: &At<String>, all: &[Code], acceptable: &[Code]) -> Diagnostic {
    let names = || acceptable.iter().map(|c| c.id);
    let listed = format!("`allow` accepts {}", names().collect::<Vec<_>>().join(", "));
    if all.iter().any(|c| c.id == code.value) {
        Diagnostic::error(CODE, format!("`{}` cannot be accepted", code.value))
            .at(code.span, "cannot be accepted")
            .help(format!("correct what it tells of; {listed}"))
    } else {
        Diagnostic::error(CODE, format!("no message has the code `{}`", code.value))
            .at(code.span, "not known")
            .help(did_you_mean(&code.value, names()).unwrap_or(listed))
    }
}

#[cfg(test)]
mod tests {
    use super::CODE;
    use crate::graph::rules::testing::fires;

    #[test]
    fn fires_for_slips_and_for_errors() {
        fires(CODE, "components: {a: {kind: cdn, allow: {unused-componant: why}}}");
        fires(CODE, "components: {a: {kind: cdn, allow: {unknown-kind: why}}}");
    }
}
