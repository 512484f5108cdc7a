//! Draws diagnostics for people and for machines. (Placeholder, completed with the graph reader.)
use super::{Diagnostic, Sources};

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI colours.
    Always,
    /// Plain text.
    Never,
}

/// One diagnostic per paragraph, with a caret under the place.
pub fn render_human(diagnostics: &[Diagnostic], sources: &Sources, _colour: Colour) -> String {
    let mut out = String::new();
    for d in diagnostics {
        let place = d.primary.as_ref().map(|l| {
            let (line, column) = sources.line_column(l.span.file, l.span.start);
            format!("{}:{line}:{column}: ", sources.name(l.span.file))
        });
        out += &format!("{}{}[{}]: {}\n", place.unwrap_or_default(), d.severity, d.code.id, d.message);
    }
    out
}

/// A JSON array of all diagnostics.
pub fn render_json(_diagnostics: &[Diagnostic], _sources: &Sources) -> String {
    "[]".to_string()
}
