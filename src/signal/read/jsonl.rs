//! JSON Lines: one object per line, read in one pass.

use super::{MAX_DEPTH, MAX_LINE_BYTES, Read, fields};
use crate::diag::json::{self, Fault};
use crate::diag::tree::Node;
use crate::diag::{Diagnostic, FileId, Span};
use crate::signal::codes::BAD_SIGNAL;

/// Reads every line of `text`; blank lines are skipped. `base` is where `text` begins in the file.
pub(super) fn read(file: FileId, text: &str, base: usize) -> Read {
    let mut read = Read::default();
    let mut start = base;
    for piece in text.split_inclusive('\n') {
        let line = piece.trim_end_matches(['\n', '\r']);
        match (Place { file, line, start }).line() {
            Ok(Some(node)) => fields::convert(&node, &mut read),
            Ok(None) => {}
            Err(problem) => read.diagnostics.push(*problem),
        }
        start += piece.len();
    }
    read
}

/// A line and where it stands, so that problems can be given a place.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: FileId,
    line: &'a str,
    start: usize,
}

impl<'a> Place<'a> {
    fn line(self) -> Result<Option<Node<'a>>, Box<Diagnostic>> {
        if self.line.len() > MAX_LINE_BYTES {
            let span = Span { file: self.file, start: self.start, end: self.start };
            return Err(Box::new(super::line_too_long(span, self.line.len())));
        }
        let trimmed = self.line.trim();
        if trimmed.is_empty() {
            return Ok(None);
        }
        if !trimmed.starts_with('{') {
            let message = match trimmed.starts_with('#') {
                true => "JSON Lines has no comments",
                false => "not a JSON object",
            };
            return Err(Box::new(
                Diagnostic::error(BAD_SIGNAL, message)
                    .at(self.span(trimmed), "this line")
                    .help("write one signal per line, as `{\"at\": …, \"component\": …, \"state\": …, \"source\": …}`"),
            ));
        }
        let start = self.span(trimmed).start;
        json::parse(self.file, trimmed, start, MAX_DEPTH).map(Some).map_err(|fault| {
            Box::new(match fault {
                Fault::TooDeep(span) => super::too_deep(span),
                Fault::Syntax { at, reason } => Diagnostic::error(BAD_SIGNAL, format!("not valid JSON: {reason}"))
                    .at(at, reason)
                    .help("write one JSON object per line; `jq -c . FILE` shows the same line"),
            })
        })
    }

    /// The place of `trimmed`, the line without the blanks around it.
    fn span(self, trimmed: &str) -> Span {
        let lead = self.line.len() - self.line.trim_start().len();
        Span { file: self.file, start: self.start + lead, end: self.start + lead + trimmed.len() }
    }
}
