//! A capability that the component does not list.

use crate::diag::suggest::did_you_mean;
use crate::diag::{Code, Diagnostic};
use crate::graph::raw::At;

/// A capability that the component does not list.
pub const CODE: Code = Code { id: "unknown-capability", summary: "a capability that the component does not list" };

/// `component` does not list `capability`.
pub fn problem(component: &str, capability: &At<String>, listed: &[String]) -> Diagnostic {
    let help = did_you_mean(&capability.value, listed.iter().map(String::as_str))
        .unwrap_or_else(|| format!("`{component}` has {}; add it to its `capabilities`", words(listed)));
    Diagnostic::error(CODE, format!("component `{component}` has no capability `{}`", capability.value))
        .at(capability.span, "not listed there")
        .help(help)
}

fn words(listed: &[String]) -> String {
    if listed.is_empty() { "none".to_string() } else { listed.join(", ") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(
            super::CODE,
            "components: {a: {kind: service, capabilities: [login], depends_on: [{component: b, for: logn}]}, b: {kind: cdn}}",
        );
    }
}
