//! Signals: what something said about a component, and when.
//!
//! Knows records, readers and symptom rules; nothing of graphs beyond ids.

mod record;

pub use record::{AtKind, Coverage, Likelihood, Observation, Precision, Record, SourceKind, SourceName, State, Window};
