//! Signals: what something said about a component, and when.
//!
//! Knows records, readers and symptom rules; nothing of graphs beyond ids.

mod codes;
pub mod read;
mod record;
pub(crate) mod schema;
pub mod symptom;
pub(crate) mod words;

pub use codes::{
    BAD_SIGNAL, BAD_TIME, CODES, MISSING_FILE, OUT_OF_RANGE, TOO_LARGE, UNKNOWN_FIELD, UNKNOWN_FORMAT,
    UNKNOWN_SOURCE_KIND, UNKNOWN_STATE, UNTIL_BEFORE_AT,
};
pub use record::{AtKind, Coverage, Likelihood, Observation, Precision, Record, SourceKind, SourceName, State, Window};
pub use schema::schema;
