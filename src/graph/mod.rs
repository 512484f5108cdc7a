//! The dependency graph of services and what they stand on, read from YAML and checked.
//!
//! Knows YAML and diagnostics; nothing of signals or probability beyond the numbers users write.
//! [`load()`] reads files into a [`raw`] graph and builds the checked [`DependencyGraph`]; each check is a file in
//! [`rules`].

mod allow;
mod build;
mod component;
pub mod diff;
pub mod edit;
pub mod export;
pub mod fields;
pub mod import;
pub mod kinds;
mod load;
mod overlay;
pub mod query;
pub mod raw;
pub mod read;
pub mod rules;
mod schema;
pub mod write;

pub use component::{Component, ComponentIx, Dependency, DependencyGraph, Kind, Member, Need, Rule, Scope};
pub use load::{check, check_texts, load, load_texts, texts};
pub use rules::stale_verified::Staleness;
pub use schema::schema;
