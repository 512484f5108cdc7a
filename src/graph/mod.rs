//! The dependency graph of services and what they stand on, read from YAML and checked.
//!
//! Knows YAML and diagnostics; nothing of signals or probability beyond the numbers users write.

mod component;
pub mod kinds;

pub use component::{Component, ComponentIx, Dependency, DependencyGraph, Kind, Member, Need, Rule, Scope};

mod stand_in;
pub use stand_in::load;
