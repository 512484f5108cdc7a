//! A table that says which component a name means: the user's word where ours would be a guess.

use super::codes::{BAD_ENTRY, BAD_IMPORT, NAME_CLASH};
use super::text::body;
use crate::diag::{Diagnostic, Sources, Span};
use std::collections::BTreeMap;

/// Names in lower case → the component that is meant; `None` leaves it out.
pub type Names = BTreeMap<String, Option<String>>;

/// Reads a table with the columns `name` and `component`; an empty component leaves the name out.
pub fn names(name: &str, text: &str, sources: &mut Sources) -> (Names, Vec<Diagnostic>) {
    let file = sources.add(name, text);
    let (body, base) = body(text);
    let mut problems = Vec::new();
    let mut names = Names::new();
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).trim(::csv::Trim::All).from_reader(body.as_bytes());
    let begin = Span { file, start: base, end: base };
    let headers = reader.headers().cloned().unwrap_or_default();
    let column = |wanted: &str| headers.iter().position(|h| h == wanted);
    let (Some(from), Some(to)) = (column("name"), column("component")) else {
        problems.push(
            Diagnostic::error(BAD_IMPORT, "a table of names has the columns `name` and `component`")
                .at(begin, "not both are here")
                .help("begin with the line `name,component`"),
        );
        return (names, problems);
    };
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(e) => {
                problems.push(
                    Diagnostic::error(BAD_IMPORT, format!("not readable as CSV: {e}"))
                        .at(begin, "in this table")
                        .help("quote cells that hold commas, quotes or line breaks, and double the quotes inside"),
                );
                break;
            }
        };
        let start = base + row.position().map_or(0, |p| p.byte() as usize).min(body.len());
        let span = Span { file, start, end: start };
        let cell = |at: usize| row.get(at).unwrap_or_default();
        if cell(from).is_empty() {
            problems.push(
                Diagnostic::error(BAD_ENTRY, "a row without a name")
                    .at(span, "this row")
                    .help("give the name as the text to import has it, or take the row out"),
            );
            continue;
        }
        let meant = Some(cell(to).to_string()).filter(|c| !c.is_empty());
        if names.insert(cell(from).to_lowercase(), meant).is_some() {
            problems.push(
                Diagnostic::warning(NAME_CLASH, format!("the name `{}` is there twice; the last counts", cell(from)))
                    .at(span, "again here")
                    .help("keep one row for each name"),
            );
        }
    }
    (names, problems)
}
