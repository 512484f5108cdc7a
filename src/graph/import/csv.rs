//! A table of dependencies: one row each.

use super::codes::{BAD_ENTRY, BAD_IMPORT, UNKNOWN_COLUMN};
use super::draft::{Draft, Ix};
use super::text::{body, is_empty, not_this_format, nothing};
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::{Entry, Node, Value, is_extra};
use crate::diag::{Diagnostic, FileId, Span};
use crate::graph::raw::{At, RawDependency};
use crate::graph::read;
use csv::{ReaderBuilder, StringRecord, Trim};
use std::borrow::Cow;

/// Columns that are fields of a dependency, as in our own files.
const FIELDS: [&str; 10] =
    ["for", "capability", "impact", "confidence", "region", "lag", "cache", "source", "verified", "note"];
/// The other columns; the first two must be there.
const ENDS: [&str; 4] = ["dependent", "dependency", "dependent_kind", "dependency_kind"];

/// A table with the columns `dependent` and `dependency`, and what else a dependency has.
pub(super) fn read(draft: &mut Draft, text: &str) {
    let (content, base) = body(text);
    if is_empty(draft, content) {
        return;
    }
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(content.as_bytes());
    let mut row = StringRecord::new();
    let mut columns: Option<Vec<String>> = None;
    let mut rows = 0;
    loop {
        let start = reader.position().byte() as usize;
        let more = reader.read_record(&mut row);
        let raw = &content[start..(reader.position().byte() as usize).min(content.len())];
        let lead = raw.len() - raw.trim_start_matches(['\n', '\r']).len();
        let place = Row { raw: raw.trim_matches(['\n', '\r']), start: base + start + lead, file: draft.file };
        match (more, &columns) {
            (Ok(false), _) => break,
            (Ok(true), _) if place.raw.trim().is_empty() => {}
            (Ok(true), None) => match header(draft, text, &row, &place) {
                Some(found) => columns = Some(found),
                None => return,
            },
            (Ok(true), Some(columns)) => {
                rows += 1;
                dependency(draft, &row, columns, &place);
            }
            (Err(e), _) => draft.problems.push(
                Diagnostic::error(BAD_IMPORT, format!("not readable as CSV: {e}"))
                    .at(place.whole(), "this row")
                    .help("quote cells that hold commas, quotes or line breaks, and double the quotes inside"),
            ),
        }
    }
    if rows == 0 && draft.problems.is_empty() {
        let at = Span { file: draft.file, start: base, end: base };
        nothing(draft, at, "no row below the column names", "write one dependency on each line");
    }
}

/// One row's raw text and place.
struct Row<'t> {
    raw: &'t str,
    start: usize,
    file: FileId,
}

impl Row<'_> {
    fn whole(&self) -> Span {
        Span { file: self.file, start: self.start, end: self.start + self.raw.len() }
    }

    /// The place of a cell; the whole row if quotes make commas ambiguous.
    fn cell(&self, at: usize) -> Span {
        if self.raw.contains('"') {
            return self.whole();
        }
        let mut start = self.start;
        for (i, cell) in self.raw.split(',').enumerate() {
            if i == at {
                let lead = cell.len() - cell.trim_start().len();
                return Span { start: start + lead, end: start + lead + cell.trim().len(), ..self.whole() };
            }
            start += cell.len() + 1;
        }
        self.whole()
    }
}

/// The names of the columns; `None` if rows would mean nothing, which is told.
fn header(draft: &mut Draft, text: &str, row: &StringRecord, place: &Row) -> Option<Vec<String>> {
    let columns: Vec<String> = row.iter().map(str::to_lowercase).collect();
    if let Some(missing) = ENDS[..2].iter().find(|c| !columns.iter().any(|have| have == *c)) {
        let known = columns.iter().map(String::as_str);
        let near = did_you_mean(missing, known).map(|_| format!("is one of the columns meant for `{missing}`? "));
        let problem = Diagnostic::error(BAD_IMPORT, format!("no column `{missing}`"))
            .at(place.whole(), "the first line names the columns")
            .help(near.unwrap_or_default() + "begin with the line `dependent,dependency`");
        not_this_format(draft, text, problem);
        return None;
    }
    for (i, column) in columns.iter().enumerate() {
        let known = || FIELDS.iter().chain(&ENDS).copied();
        if column.is_empty() || is_extra(column) {
            continue;
        }
        if columns[..i].contains(column) {
            draft.problems.push(
                Diagnostic::error(BAD_IMPORT, format!("the column `{column}` is there twice"))
                    .at(place.cell(i), "again here; the first counts")
                    .help("keep one of them"),
            );
        } else if !known().any(|k| k == column) {
            let help = did_you_mean(column, known())
                .unwrap_or_else(|| format!("the columns are {}", known().collect::<Vec<_>>().join(", ")));
            draft.problems.push(
                Diagnostic::warning(UNKNOWN_COLUMN, format!("nothing reads the column `{column}`"))
                    .at(place.cell(i), "not read")
                    .help(format!("{help}; a column of your own begins with `x-`")),
            );
        }
    }
    Some(columns)
}

fn dependency(draft: &mut Draft, row: &StringRecord, columns: &[String], place: &Row) {
    if row.len() > columns.len() {
        draft.problems.push(
            Diagnostic::error(BAD_ENTRY, format!("{} cells for {} columns", row.len(), columns.len()))
                .at(place.whole(), "this row is left out")
                .help("quote cells that hold commas"),
        );
        return;
    }
    let position = |name: &str| columns.iter().position(|c| c == name);
    let cell = |name: &str| {
        let at = position(name)?;
        row.get(at).filter(|text| !text.is_empty()).map(|text| (text, place.cell(at)))
    };
    let (Some(dependent), Some(needed)) = (cell("dependent"), cell("dependency")) else {
        draft.problems.push(
            Diagnostic::error(BAD_ENTRY, "a row without dependent or dependency")
                .at(place.whole(), "this row is left out")
                .help("fill both cells, or take the row out"),
        );
        return;
    };
    let from = draft.component(dependent.0, dependent.0, dependent.1);
    let to = draft.component(needed.0, needed.0, needed.1);
    for (ix, kind) in [(from, cell("dependent_kind")), (to, cell("dependency_kind"))] {
        if let (Some(ix), Some(kind)) = (ix, kind) {
            set_kind(draft, ix, kind);
        }
    }
    let (Some(from), Some(to)) = (from, to) else { return };
    // Read as our own files are, so that the same mistake is told in the same words.
    let mut entries = vec![entry("component", Value::Text(draft.id(to).to_string().into()), needed.1)];
    for (field, (text, span)) in FIELDS.iter().filter_map(|f| Some((*f, cell(f)?))) {
        entries.push(entry(field, value(field, text, span), span));
    }
    let node = Node { value: Value::Map(entries), span: place.whole() };
    let Some(read) = read::dependency(&node, &mut draft.problems) else { return };
    let plain = draft.dependency(to, place.whole());
    let (source, verified) = (read.source.or(plain.source), read.verified.or(plain.verified));
    draft.depend(from, RawDependency { source, verified, ..read });
}

/// The last kind that is given counts, if the text defines the component.
fn set_kind(draft: &mut Draft, ix: Ix, (kind, span): (&str, Span)) {
    if let Some(c) = draft.edit(ix) {
        c.kind = Some(At { value: kind.to_string(), span });
    }
}

fn entry<'t>(key: &'static str, value: Value<'t>, span: Span) -> Entry<'t> {
    Entry { key: Cow::Borrowed(key), key_span: span, value: Node { value, span } }
}

/// `for` takes several, with semicolons or blanks between them.
fn value<'t>(field: &str, text: &'t str, span: Span) -> Value<'t> {
    if field != "for" {
        return Value::Bare(text.into());
    }
    let words = text.split([';', ' ']).filter(|w| !w.is_empty());
    Value::List(words.map(|w| Node { value: Value::Bare(w.into()), span }).collect())
}
