//! What is wrong, where, why, and what to do next.
//!
//! Knows source texts and places in them; knows nothing of graphs, signals or terminals' callers.
//! Values and problems come back together: a reader returns what it could read *and* a list of
//! [`Diagnostic`]s, so that one bad file never hides the other nine.

pub mod escape;
pub mod json;
pub mod pages;
mod render;
mod sarif;
pub mod suggest;
pub mod tree;
pub mod yaml;

pub use render::{Colour, clean, cut, render_human, render_json};
pub use sarif::{Tool, render_sarif};

use std::fmt;
use std::sync::Arc;

/// A kind of problem: its stable name and one-line summary. Each has a page `docs/diagnostics/<id>.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// Kebab-case name, unique over the program, never reused.
    pub id: &'static str,
    /// What the code means, in one line.
    pub summary: &'static str,
}

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input cannot be used as it stands; exit code 1.
    Error,
    /// Used, but probably not what was meant.
    Warning,
    /// Fine, could be better.
    Hint,
}

impl Severity {
    /// The lower-case word shown to people and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Hint => "hint",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A source text, by its position in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes in one source text; `start == end` marks a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A place and what to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is said there; may be empty.
    pub text: String,
}

/// One problem with its place and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of problem.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// The problem in one sentence: lower case, no full stop.
    pub message: String,
    /// Where; absent only when the problem has no place in any file.
    pub primary: Option<Label>,
    /// Other places that matter ("first defined here").
    pub secondary: Vec<Label>,
    /// The next step: what to write instead, what to run.
    pub help: Option<String>,
    /// Why someone accepted it; never for an error. What is accepted is not counted, and shown to tools only.
    pub allowed: Option<String>,
}

impl Diagnostic {
    /// A problem without a place yet.
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Diagnostic { code, severity, message, primary: None, secondary: Vec::new(), help: None, allowed: None }
    }

    /// An error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A hint.
    pub fn hint(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Hint, code, message)
    }

    /// Says where.
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label { span, text: text.into() });
        self
    }

    /// Adds a further place.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Says what to do next.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

/// True if any of `diagnostics` is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}

/// One text that was read.
#[derive(Debug, Clone)]
struct SourceText {
    name: String,
    text: Arc<str>,
    /// Byte offset of the start of each line.
    lines: Vec<usize>,
}

/// All texts that were read, so that a [`Span`] can be shown.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceText>,
}

impl Sources {
    /// Keeps `text` under the `name` shown to people (a path as the user typed it).
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        self.files.push(SourceText { name: name.into(), text, lines });
        FileId((self.files.len() - 1) as u32)
    }

    /// Every text that was read, with its name, in the order of reading.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|f| (f.name.as_str(), &*f.text))
    }

    /// The name a text was added under.
    pub fn name(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("?", |f| f.name.as_str())
    }

    /// The text itself.
    pub fn text(&self, file: FileId) -> Arc<str> {
        self.files.get(file.0 as usize).map_or_else(|| Arc::from(""), |f| f.text.clone())
    }

    /// Line and column (both from 1; columns count characters) of a byte offset, clamped to the text.
    pub fn line_column(&self, file: FileId, offset: usize) -> (usize, usize) {
        let Some(f) = self.files.get(file.0 as usize) else { return (1, 1) };
        let mut offset = offset.min(f.text.len());
        while !f.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = f.lines.partition_point(|&start| start <= offset).max(1);
        (line, f.text[f.lines[line - 1]..offset].chars().count() + 1)
    }
}
