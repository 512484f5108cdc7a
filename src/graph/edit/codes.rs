//! The kinds of problem that editing can meet.

use super::splice::Refusal;
use crate::diag::{Code, Diagnostic, FileId, Span};

/// The text cannot be changed without touching something else.
pub const UNSAFE_EDIT: Code =
    Code { id: "unsafe-edit", summary: "a graph file cannot be changed here without touching something else" };
/// What should be added is there.
pub const ALREADY_THERE: Code = Code { id: "already-there", summary: "what should be added is in the graph already" };
/// What should be changed is not there, or it is not clear which is meant.
pub const NOTHING_TO_EDIT: Code =
    Code { id: "nothing-to-edit", summary: "what should be changed is not in the graph, or may be one of several" };
/// Others need what should be removed.
pub const STILL_NEEDED: Code =
    Code { id: "still-needed", summary: "what should be removed is named by other components" };

/// Every code of this module.
pub const CODES: &[Code] = &[UNSAFE_EDIT, ALREADY_THERE, NOTHING_TO_EDIT, STILL_NEEDED];

/// A refusal as a problem of a file.
pub fn unsafe_edit(file: FileId, refusal: &Refusal) -> Diagnostic {
    Diagnostic::error(UNSAFE_EDIT, format!("this file is not changed: {}", refusal.reason))
        .at(Span { file, start: refusal.at, end: refusal.at }, "here")
        .help("change it by hand, then run `graph check`")
}

/// A file that is no graph file, or not one alone, as a problem.
pub fn not_ours(file: FileId, refusal: &Refusal) -> Diagnostic {
    unsafe_edit(file, refusal).help("name a graph file, which begins with `components:`, or one that is not there yet")
}
