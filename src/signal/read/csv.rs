//! CSV with a header line: the same names as columns, nested ones joined by a dot or an underscore.

use super::{MAX_LINE_BYTES, Read, fields};
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::{Entry, Node, Value, is_extra};
use crate::diag::{Diagnostic, FileId, Span};
use crate::signal::codes::{BAD_SIGNAL, UNKNOWN_FIELD};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::borrow::Cow;

/// Fields that are mappings, with the keys they take; no keys listed means any.
const NESTED: &[(&str, &[&str])] = &[("source", &["kind", "name"]), ("share", &[]), ("likelihood", &["failed", "ok"])];

/// Columns shown as suggestions, beside the plain fields.
const NESTED_COLUMNS: &[&str] =
    &["source.kind", "source.name", "source_kind", "source_name", "share.login", "likelihood.failed", "likelihood.ok"];

/// Where a column's cells go.
enum Column {
    /// A field of its own.
    Plain(String),
    /// A key of a nested field.
    Nested(&'static str, String),
    /// The user's own: not read.
    Extra,
}

/// Reads all rows of `text`. `base` is where `text` begins in the file.
pub(super) fn read(file: FileId, text: &str, base: usize) -> Read {
    let mut read = Read::default();
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let mut row = StringRecord::new();
    let mut columns: Option<Vec<Column>> = None;
    loop {
        let start = reader.position().byte() as usize;
        let more = reader.read_record(&mut row);
        let end = (reader.position().byte() as usize).min(text.len());
        let raw = text[start..end].trim_start_matches(['\n', '\r']);
        let start = base + end - raw.len();
        let raw = raw.trim_end_matches(['\n', '\r']);
        let place = Row { file, raw, start };
        match more {
            Ok(false) => break,
            Ok(true) if raw.trim().is_empty() => {}
            Ok(true) if raw.len() > MAX_LINE_BYTES => {
                read.diagnostics.push(super::line_too_long(place.point(), raw.len()));
            }
            Ok(true) => match &columns {
                None => match place.header(&row, &mut read.diagnostics) {
                    Some(found) => columns = Some(found),
                    // Without columns no cell means anything.
                    None => return read,
                },
                Some(columns) => match place.node(&row, columns) {
                    Ok(node) => fields::convert(&node, &mut read),
                    Err(problem) => read.diagnostics.push(*problem),
                },
            },
            Err(e) => read.diagnostics.push(
                Diagnostic::error(BAD_SIGNAL, format!("not readable as CSV: {e}"))
                    .at(place.point(), "this row")
                    .help("quote cells that hold commas, quotes or line breaks, and double the quotes inside"),
            ),
        }
    }
    if columns.is_none() && read.diagnostics.is_empty() {
        let span = Span { file, start: base, end: base };
        read.diagnostics.push(
            Diagnostic::error(BAD_SIGNAL, "no header line")
                .at(span, "the file is empty")
                .help("begin with a line of column names, such as `at,component,state,source_kind,source_name`"),
        );
    }
    read
}

/// One row's raw text and place.
struct Row<'a> {
    file: FileId,
    raw: &'a str,
    start: usize,
}

impl Row<'_> {
    fn point(&self) -> Span {
        Span { file: self.file, start: self.start, end: self.start }
    }

    fn whole(&self) -> Span {
        Span { file: self.file, start: self.start, end: self.start + self.raw.len() }
    }

    /// The place of each cell; the whole row if quotes make commas ambiguous.
    fn cells(&self, count: usize) -> Vec<Span> {
        if self.raw.contains('"') {
            return vec![self.whole(); count];
        }
        let mut start = self.start;
        let mut spans: Vec<Span> = self
            .raw
            .split(',')
            .map(|cell| {
                let lead = cell.len() - cell.trim_start().len();
                let span = Span { file: self.file, start: start + lead, end: start + lead + cell.trim().len() };
                start += cell.len() + 1;
                span
            })
            .collect();
        spans.resize(count, self.whole());
        spans
    }

    fn header(&self, row: &StringRecord, problems: &mut Vec<Diagnostic>) -> Option<Vec<Column>> {
        let spans = self.cells(row.len());
        let before = problems.len();
        let mut columns = Vec::with_capacity(row.len());
        for (i, (name, span)) in row.iter().zip(spans).enumerate() {
            if row.iter().take(i).any(|earlier| earlier == name) {
                problems.push(
                    Diagnostic::error(BAD_SIGNAL, format!("column `{name}` stands twice"))
                        .at(span, "again here")
                        .help("remove or rename one of them"),
                );
                continue;
            }
            match column(name) {
                Some(column) => columns.push(column),
                None => {
                    let known = fields::RECORD.iter().chain(NESTED_COLUMNS).copied();
                    let help = did_you_mean(name, known)
                        .unwrap_or_else(|| format!("the columns are {}", fields::RECORD.join(", ")));
                    problems.push(
                        Diagnostic::error(UNKNOWN_FIELD, format!("unknown column `{name}`"))
                            .at(span, "not a field of a signal")
                            .help(format!("{help}; a column of your own begins with `x-`")),
                    );
                }
            }
        }
        (problems.len() == before).then_some(columns)
    }

    fn node(&self, row: &StringRecord, columns: &[Column]) -> Result<Node<'static>, Box<Diagnostic>> {
        if row.len() != columns.len() {
            return Err(Box::new(
                Diagnostic::error(BAD_SIGNAL, format!("{} cells where the header has {}", row.len(), columns.len()))
                    .at(self.whole(), "this row")
                    .help("give every column a cell (it may be empty), and quote cells that hold commas"),
            ));
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(columns.len());
        for ((cell, span), column) in row.iter().zip(self.cells(row.len())).zip(columns) {
            if cell.is_empty() {
                continue;
            }
            let value = Node { value: Value::Bare(Cow::Owned(cell.to_string())), span };
            match column {
                Column::Extra => {}
                Column::Plain(name) => entries.push(Entry { key: Cow::Owned(name.clone()), key_span: span, value }),
                Column::Nested(field, key) => {
                    let inner = Entry { key: Cow::Owned(key.clone()), key_span: span, value };
                    match entries.iter_mut().find(|e| e.key == *field).map(|e| &mut e.value.value) {
                        Some(Value::Map(inners)) => inners.push(inner),
                        _ => {
                            let value = Node { value: Value::Map(vec![inner]), span };
                            entries.push(Entry { key: Cow::Borrowed(field), key_span: span, value });
                        }
                    }
                }
            }
        }
        Ok(Node { value: Value::Map(entries), span: self.whole() })
    }
}

fn column(name: &str) -> Option<Column> {
    if is_extra(name) {
        return Some(Column::Extra);
    }
    for (field, keys) in NESTED {
        let Some(rest) = name.strip_prefix(field) else { continue };
        let Some(key) = rest.strip_prefix(['.', '_']).filter(|k| !k.is_empty()) else { continue };
        if keys.is_empty() || keys.contains(&key) {
            return Some(Column::Nested(field, key.to_string()));
        }
    }
    let nested = NESTED.iter().any(|(field, _)| *field == name);
    (fields::RECORD.contains(&name) && !nested).then(|| Column::Plain(name.to_string()))
}
