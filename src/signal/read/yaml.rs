//! YAML: a list of the same mappings, read with the place of every value.

use super::{Read, fields};
use crate::diag::tree::{Node, Value};
use crate::diag::{Diagnostic, FileId, Span, yaml};
use crate::signal::codes::BAD_SIGNAL;

/// Reads the list in `text`. `base` is where `text` begins in the file.
pub(super) fn read(file: FileId, text: &str, base: usize) -> Read {
    let mut read = Read::default();
    match yaml::parse(file, text, base, BAD_SIGNAL) {
        Err(problem) => read.diagnostics.push(*problem),
        Ok(Node { value: Value::Null, .. }) => {}
        Ok(Node { value: Value::List(items), .. }) => {
            for item in &items {
                fields::convert(item, &mut read);
            }
        }
        Ok(other) => read.diagnostics.push(
            Diagnostic::error(BAD_SIGNAL, format!("expected a list of signals, found {}", other.what()))
                .at(Span { end: other.span.start, ..other.span }, "here")
                .help("begin every signal with `- at: …`"),
        ),
    }
    read
}
