//! The built-in table of kinds, read from `graphs/kinds.yaml` at compile time.

/// The text of the built-in table.
pub const BUILT_IN: &str = include_str!("../../graphs/kinds.yaml");
