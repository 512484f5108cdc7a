//! Text that is not YAML.

use crate::diag::Code;

/// The text is not valid YAML.
pub const CODE: Code = Code { id: "invalid-yaml", summary: "the text is not valid YAML" };

#[cfg(test)]
mod tests {
    #[test]
    fn fires() {
        crate::graph::rules::testing::fires(super::CODE, "components: {a: [");
    }
}
