//! Draws diagnostics for people and for machines.
//!
//! Text that came from outside is cleaned before it is shown: control characters and marks that reverse the writing
//! direction become `\u{fffd}`, and long lines are cut around the place.

use super::{Diagnostic, Label, Severity, Sources};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

/// Characters shown before and after a place on the same line.
const CONTEXT: usize = 60;
/// Characters of the place itself that are shown.
const MARKED: usize = 80;

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI colours.
    Always,
    /// Plain text.
    Never,
}

/// Replaces what could move the cursor or reverse the direction of writing.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect()
}

/// True for what could move the cursor or reverse the direction of writing.
pub(super) fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Text from outside on one line, cut to `width` characters.
pub fn cut(text: &str, width: usize) -> String {
    let text = clean(text).replace(['\t', '\n'], " ");
    if text.chars().count() <= width {
        return text;
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// One diagnostic per paragraph, with `file:line:column`, the line, a caret under the place, and the next step.
pub fn render_human(diagnostics: &[Diagnostic], sources: &Sources, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Always => Renderer::styled(),
        Colour::Never => Renderer::plain(),
    }
    .decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for d in diagnostics {
        let level = match d.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Hint => Level::NOTE.with_name("hint"),
        };
        let mut group = Group::with_title(level.primary_title(clean(&d.message)).id(d.code.id));
        for (label, kind) in places(d) {
            let (line, column) = sources.line_column(label.span.file, label.span.start);
            let (text, start, end) = excerpt(label, sources);
            group = group
                .element(Origin::path(clean(sources.name(label.span.file))).line(line).char_column(column))
                .element(
                    Snippet::source(text).line_start(line).annotation(kind.span(start..end).label(clean(&label.text))),
                );
        }
        let mut report = vec![group];
        if let Some(help) = &d.help {
            report.push(Group::with_title(Level::HELP.secondary_title(clean(help))));
        }
        out += &renderer.render(&report);
        out += "\n\n";
    }
    out
}

fn places(d: &Diagnostic) -> impl Iterator<Item = (&Label, AnnotationKind)> {
    let primary = d.primary.iter().map(|l| (l, AnnotationKind::Primary));
    primary.chain(d.secondary.iter().map(|l| (l, AnnotationKind::Context)))
}

/// The line around a place, cut and cleaned, with the place's byte range in it.
fn excerpt(label: &Label, sources: &Sources) -> (String, usize, usize) {
    let text = sources.text(label.span.file);
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(label.span.start), floor(label.span.end.max(label.span.start)));
    let line = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let stop = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let before: String = last_chars(&text[line..start], CONTEXT);
    let marked: String = text[start..end.min(stop)].chars().take(MARKED).collect();
    let after: String = text[end.min(stop)..stop].trim_end_matches('\r').chars().take(CONTEXT).collect();
    let (before, marked, after) = (clean(&before), clean(&marked), clean(&after));
    let range = (before.len(), before.len() + marked.len());
    (before + &marked + &after, range.0, range.1)
}

fn last_chars(text: &str, count: usize) -> String {
    let from = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(i, _)| i);
    text[from..].to_string()
}

/// A JSON array of all diagnostics; lines and columns count from 1.
pub fn render_json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let place = |label: &Label| {
        let (line, column) = sources.line_column(label.span.file, label.span.start);
        let (end_line, end_column) = sources.line_column(label.span.file, label.span.end);
        json!({
            "file": sources.name(label.span.file), "line": line, "column": column,
            "end_line": end_line, "end_column": end_column, "text": label.text,
        })
    };
    let list: Vec<Value> = diagnostics
        .iter()
        .map(|d| {
            json!({
                "code": d.code.id,
                "severity": d.severity.as_str(),
                "message": d.message,
                "place": d.primary.as_ref().map(place),
                "also": d.secondary.iter().map(place).collect::<Vec<_>>(),
                "help": d.help,
                "allowed": d.allowed,
            })
        })
        .collect();
    format!("{:#}\n", Value::Array(list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Span};

    const CODE: Code = Code { id: "test-code", summary: "" };

    #[test]
    fn shows_place_reason_and_next_step() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "first: 1\nkind: servcie\n");
        let d = Diagnostic::error(CODE, "no such kind").at(Span { file, start: 15, end: 22 }, "not known").help("try");
        let text = render_human(&[d], &sources, Colour::Never);
        for part in ["error[test-code]: no such kind", "a.yaml:2:7", "kind: servcie", "^^^^^^^ not known", "help: try"]
        {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }

    #[test]
    fn hostile_and_endless_lines_do_no_harm() {
        let mut sources = Sources::default();
        let long = "x\u{1b}[31m\u{202e}".repeat(100_000);
        let file = sources.add("\u{1b}]0;title\u{7}", long.as_str());
        let d = Diagnostic::error(CODE, "bad\u{7}").at(Span { file, start: 500_000, end: 900_000 }, "\u{1b}here");
        let text = render_human(&[d], &sources, Colour::Never);
        assert!(text.len() < 3000 && !text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text}");
    }
}
