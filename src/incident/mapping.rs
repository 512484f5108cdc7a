//! The keys of one mapping in a file that people write, and everything that is wrong with them.

use super::codes::BAD_WINDOW;
use super::{Placed, Window};
use crate::diag::suggest::did_you_mean;
use crate::diag::tree::{Entry, Node, Value, is_extra};
use crate::diag::{Code, Diagnostic, Span};
use crate::signal::read::Read;
use crate::signal::read::fields::{self, parse_time};
use jiff::Timestamp;

/// The fields of `window`.
pub(crate) const WINDOW: &[&str] = &["start", "end"];
/// What to write.
const EXAMPLE: &str = "write window: {start: 2024-03-05T14:45:00Z, end: 2024-03-05T18:45:00Z}";

/// A kind of file: what its mistakes are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// A field has the wrong type or stands twice.
    pub bad: Code,
    /// A key that no such file has.
    pub unknown: Code,
}

/// The keys of one mapping, known ones only.
pub(crate) struct Mapping<'n> {
    entries: &'n [Entry<'n>],
    dialect: Dialect,
}

impl<'n> Mapping<'n> {
    /// The mapping at `node`, if it is one; `owner` is what it is called in messages.
    pub fn of(
        node: &'n Node<'n>,
        owner: &str,
        known: &'static [&'static str],
        dialect: Dialect,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let help = format!("its fields are {}", known.join(", "));
            problems.push(wrong(dialect.bad, node.span, owner, "a mapping", node.what()).help(help));
            return None;
        };
        duplicates(entries, owner, dialect, problems);
        for entry in entries.iter().filter(|e| !known.contains(&&*e.key) && !is_extra(&e.key)) {
            let help = did_you_mean(&entry.key, known.iter().copied())
                .unwrap_or_else(|| format!("the fields are {}", known.join(", ")));
            problems.push(
                Diagnostic::error(dialect.unknown, format!("{owner} has no field `{}`", entry.key))
                    .at(entry.key_span, "not known")
                    .help(format!("{help}; a key of your own begins with `x-`")),
            );
        }
        Some(Mapping { entries, dialect })
    }

    /// The value of `key`; null counts as not given.
    pub fn get(&self, key: &str) -> Option<&'n Node<'n>> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value).filter(|v| !v.is_null())
    }

    /// The text of `key`.
    pub fn text(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Placed> {
        self.get(key).and_then(|node| text_of(key, node, self.dialect.bad, problems))
    }

    /// The list of texts of `key`; empty if not given.
    pub fn texts(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Vec<Placed> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let Value::List(items) = &node.value else {
            let help = format!("write {key}: […]");
            problems.push(wrong(self.dialect.bad, node.span, &format!("`{key}`"), "a list", node.what()).help(help));
            return Vec::new();
        };
        items.iter().filter_map(|item| text_of(key, item, self.dialect.bad, problems)).collect()
    }

    /// The time of `key`.
    pub fn time(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Timestamp> {
        let value = self.get(key)?;
        let help = match value.text().map(parse_time) {
            Some(Ok(time)) => return Some(time),
            Some(Err(help)) => help,
            None => "write it like 2024-03-05T14:45:00Z".to_string(),
        };
        let message = format!("`{key}` is not a time with an offset");
        problems.push(Diagnostic::error(self.dialect.bad, message).at(value.span, "here").help(help));
        None
    }

    /// The stretch of time under `window`; a mapping without one is told as `owner` without it.
    pub fn window(&self, owner: &str, whole: Span, problems: &mut Vec<Diagnostic>) -> Option<Window> {
        let Some(node) = self.get("window") else {
            let at = Span { end: whole.start, ..whole };
            let message = format!("{owner} without `window`");
            problems.push(Diagnostic::error(BAD_WINDOW, message).at(at, "here").help(EXAMPLE));
            return None;
        };
        if !matches!(node.value, Value::Map(_)) {
            problems.push(wrong(BAD_WINDOW, node.span, "`window`", "a mapping", node.what()).help(EXAMPLE));
            return None;
        }
        let dialect = Dialect { bad: BAD_WINDOW, ..self.dialect };
        let map = Mapping::of(node, "`window`", WINDOW, self.dialect, problems)?;
        let map = Mapping { dialect, ..map };
        let mut bound = |key: &str| {
            if map.get(key).is_none() {
                let message = format!("a window without `{key}`");
                problems.push(Diagnostic::error(BAD_WINDOW, message).at(node.span, "here").help(EXAMPLE));
            }
            map.time(key, problems)
        };
        let (start, end) = (bound("start"), bound("end"));
        let window = Window { start: start?, end: end? };
        if let Some(problem) = super::empty_window(&window) {
            problems.push(problem.at(node.span, "here"));
            return None;
        }
        Some(window)
    }

    /// Files of signals, and signals that stand here themselves.
    pub fn signals(&self, inline: &mut Read, problems: &mut Vec<Diagnostic>) -> Vec<Placed> {
        let Some(node) = self.get("signals") else { return Vec::new() };
        let Value::List(items) = &node.value else {
            let help = "name files, as signals: [signals.jsonl], or list the signals themselves";
            problems.push(wrong(self.dialect.bad, node.span, "`signals`", "a list", node.what()).help(help));
            return Vec::new();
        };
        let mut files = Vec::new();
        for item in items {
            match item.text() {
                Some(path) if !path.trim().is_empty() => {
                    files.push(Placed { text: path.trim().to_string(), span: item.span });
                }
                _ => fields::convert(item, inline),
            }
        }
        files
    }
}

/// Keys that stand twice.
pub(crate) fn duplicates(entries: &[Entry], owner: &str, dialect: Dialect, problems: &mut Vec<Diagnostic>) {
    for (i, entry) in entries.iter().enumerate() {
        if let Some(first) = entries[..i].iter().find(|e| e.key == entry.key) {
            problems.push(
                Diagnostic::error(dialect.bad, format!("`{}` stands twice in {owner}", entry.key))
                    .at(entry.key_span, "again here")
                    .also(first.key_span, "first here")
                    .help("keep the one that is meant"),
            );
        }
    }
}

/// The problem of a value of the wrong type.
pub(crate) fn wrong(code: Code, span: Span, what: &str, expected: &str, found: &str) -> Diagnostic {
    Diagnostic::error(code, format!("{what} must be {expected}, not {found}"))
        .at(Span { end: span.start, ..span }, "here")
}

/// A text that is not empty.
pub(crate) fn text_of(key: &str, node: &Node, code: Code, problems: &mut Vec<Diagnostic>) -> Option<Placed> {
    match node.text().map(str::trim) {
        Some(text) if !text.is_empty() => Some(Placed { text: text.to_string(), span: node.span }),
        found => {
            let found = if found.is_some() { "empty" } else { node.what() };
            problems.push(wrong(code, node.span, &format!("`{key}`"), "a text", found).help("write it in quotes"));
            None
        }
    }
}
