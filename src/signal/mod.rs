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

/// `did you mean …?` for a word that is near one of `known`. Stand-in until `diag::suggest` is there.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = |k: &&str| {
        let same_start = word.chars().zip(k.chars()).take_while(|(a, b)| a == b).count();
        let same_end = word.chars().rev().zip(k.chars().rev()).take_while(|(a, b)| a == b).count();
        same_start + same_end + 2 >= word.chars().count().max(k.chars().count()) && same_start + same_end > 2
    };
    known.into_iter().find(near).map(|k| format!("did you mean `{k}`?"))
}
