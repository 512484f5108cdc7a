//! Readers: a file's text → records, coverage and problems, together.
//!
//! A bad line never hides the good ones: every problem has a place and a next step, and what could be
//! read comes back beside it. The caller decides whether that is enough.

mod csv;
pub(crate) mod fields;
mod jsonl;
mod yaml;

use super::codes::{BAD_SIGNAL, MISSING_FILE, TOO_LARGE, UNKNOWN_FORMAT};
use super::record::{Coverage, Record};
use crate::diag::{Diagnostic, FileId, Sources, Span};
use std::path::Path;

/// Largest file that is read, in bytes (1 GiB).
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// Longest line of JSON Lines and longest CSV row, in bytes (1 MiB).
pub const MAX_LINE_BYTES: usize = 1 << 20;
/// Deepest nesting of lists and mappings.
pub const MAX_DEPTH: usize = 32;

/// How signals are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    JsonLines,
    /// A header line, then one row per signal.
    Csv,
    /// A list of mappings.
    Yaml,
}

impl Format {
    /// The format that a path's extension stands for.
    pub fn of(path: &Path) -> Option<Format> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Some(Format::JsonLines),
            "csv" => Some(Format::Csv),
            "yaml" | "yml" => Some(Format::Yaml),
            _ => None,
        }
    }
}

/// What was read, and what was wrong with the rest.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The signals, in file order.
    pub records: Vec<Record>,
    /// What sources say they watch, in file order.
    pub coverage: Vec<Coverage>,
    /// Every problem, in file order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the signals of a file, in the format of its extension.
pub fn read_file(path: &Path, sources: &mut Sources) -> Read {
    let Some(format) = Format::of(path) else {
        let message = format!("cannot tell from its name how to read `{}`", path.display());
        let help = "signals are read from .jsonl (or .ndjson), .csv and .yaml (or .yml)";
        return problem(Diagnostic::error(UNKNOWN_FORMAT, message).help(help));
    };
    match read_bytes(path) {
        Ok(bytes) => read_raw(format, &path.display().to_string(), bytes, sources),
        Err(missing) => problem(*missing),
    }
}

/// Reads signals from bytes in memory, which `sources` then keeps under `name`.
pub fn read_raw(format: Format, name: &str, bytes: Vec<u8>, sources: &mut Sources) -> Read {
    let (file, damage) = add_text(name, bytes, BAD_SIGNAL, sources);
    match damage {
        None => read_text(format, file, &sources.text(file)),
        Some(Damage { problem: bad, readable: false }) => problem(*bad),
        Some(Damage { problem: bad, readable: true }) => {
            // Lines beside the damaged ones are fine; those that hold a replacement character are not.
            let mut read = read_text(format, file, &sources.text(file));
            let text = sources.text(file);
            read.records.retain(|r| !text[r.span.start..r.span.end].contains(char::REPLACEMENT_CHARACTER));
            read.coverage.retain(|c| !text[c.span.start..c.span.end].contains(char::REPLACEMENT_CHARACTER));
            read.diagnostics.insert(0, *bad);
            read
        }
    }
}

/// Reads signals from a text that [`Sources`] already keeps as `file`.
pub fn read_text(format: Format, file: FileId, text: &str) -> Read {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let base = text.len() - body.len();
    match format {
        Format::JsonLines => jsonl::read(file, body, base),
        Format::Csv => csv::read(file, body, base),
        Format::Yaml => yaml::read(file, body, base),
    }
}

/// A file's bytes, unless it is missing, unreadable or beyond the size limit.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Box<Diagnostic>> {
    let shown = path.display();
    let unreadable = |e: std::io::Error| {
        Box::new(
            Diagnostic::error(MISSING_FILE, format!("cannot read `{shown}`: {e}"))
                .help("check the path; paths in an incident file are relative to that file"),
        )
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(Box::new(
            Diagnostic::error(TOO_LARGE, format!("`{shown}` has {size} bytes, more than {MAX_FILE_BYTES}"))
                .help("split the file, or keep only the signals near the window"),
        ));
    }
    std::fs::read(path).map_err(unreadable)
}

/// Why bytes are not clean text.
pub(crate) struct Damage {
    /// What to tell.
    pub problem: Box<Diagnostic>,
    /// True if the text was kept with replacement characters and most of it may be fine.
    pub readable: bool,
}

/// Keeps `bytes` as text. Bytes that are no UTF-8 are replaced and reported under `code`.
pub(crate) fn add_text(
    name: &str,
    bytes: Vec<u8>,
    code: crate::diag::Code,
    sources: &mut Sources,
) -> (FileId, Option<Damage>) {
    let refused = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        Some(("the file is UTF-16, not UTF-8", "save it as UTF-8"))
    } else if bytes.contains(&0) {
        Some(("the file is binary, not text", "name a text file in UTF-8"))
    } else {
        None
    };
    if let Some((message, help)) = refused {
        let file = sources.add(name, "");
        let at = Span { file, start: 0, end: 0 };
        let problem = Box::new(Diagnostic::error(code, message).at(at, "").help(help));
        return (file, Some(Damage { problem, readable: false }));
    }
    match String::from_utf8(bytes) {
        Ok(text) => (sources.add(name, text), None),
        Err(e) => {
            let start = e.utf8_error().valid_up_to();
            let file = sources.add(name, String::from_utf8_lossy(e.as_bytes()));
            let at = Span { file, start, end: start };
            let problem = Box::new(
                Diagnostic::error(code, "the file is not UTF-8")
                    .at(at, "first byte that is not")
                    .help("save it as UTF-8; lines with such bytes are left out"),
            );
            (file, Some(Damage { problem, readable: true }))
        }
    }
}

fn line_too_long(span: Span, bytes: usize) -> Diagnostic {
    Diagnostic::error(TOO_LARGE, format!("a line of {bytes} bytes, more than {MAX_LINE_BYTES}"))
        .at(span, "begins here")
        .help("write one signal per line; shorten its text")
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(TOO_LARGE, format!("nested more than {MAX_DEPTH} levels deep"))
        .at(Span { end: span.start, ..span }, "too deep here")
        .help("a signal's deepest fields are one level down, as in `source`")
}

fn problem(d: Diagnostic) -> Read {
    Read { diagnostics: vec![d], ..Read::default() }
}
