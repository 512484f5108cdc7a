//! Values of a configuration that are more than texts: numbers, durations, mappings of texts.

use super::codes::{BAD_SOURCES, UNKNOWN_FIELD};
use crate::diag::tree::{Node, Value, is_extra};
use crate::diag::{Diagnostic, Span};
use crate::incident::Placed;
use crate::incident::mapping::{Dialect, Mapping, duplicates, text_of, wrong};
use jiff::SignedDuration;
use std::time::Duration;

/// What the mistakes of this file are called.
pub(super) const DIALECT: Dialect = Dialect { bad: BAD_SOURCES, unknown: UNKNOWN_FIELD };
/// Longest duration: a year.
const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A problem at a place.
pub(super) fn complain(problems: &mut Vec<Diagnostic>, at: Span, message: impl Into<String>, help: impl Into<String>) {
    problems.push(Diagnostic::error(BAD_SOURCES, message).at(at, "here").help(help));
}

/// A duration such as `30s`, longer than nothing.
pub(super) fn duration(map: &Mapping, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Duration> {
    let text = map.text(key, problems)?;
    let found = text.text.parse::<SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    let found = found.filter(|d| !d.is_zero() && *d <= MAX_DURATION);
    if found.is_none() {
        let message = format!("`{key}` is not a length of time: `{}`", text.text);
        complain(problems, text.span, message, "write a number and a unit, as 30s, 5m or 1h; at most a year");
    }
    found
}

/// A whole number from `least` to `most`.
pub(super) fn count(
    map: &Mapping,
    key: &str,
    (least, most): (usize, usize),
    problems: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let node = map.get(key)?;
    let number = node.number().filter(|n| n.fract() == 0.0 && (least as f64..=most as f64).contains(n));
    if number.is_none() {
        let message = format!("`{key}` must be a whole number from {least} to {most}");
        complain(problems, node.span, message, format!("leave `{key}` out for the usual one"));
    }
    number.map(|n| n as usize)
}

/// True or false; false if not given.
pub(super) fn yes(map: &Mapping, key: &str, problems: &mut Vec<Diagnostic>) -> bool {
    let Some(node) = map.get(key) else { return false };
    node.boolean().unwrap_or_else(|| {
        problems.push(
            wrong(BAD_SOURCES, node.span, &format!("`{key}`"), "true or false", node.what())
                .help("write true or false"),
        );
        false
    })
}

/// Keys of the user's own choice, with texts.
pub(super) fn pairs(map: &Mapping, key: &str, empty: Empty, problems: &mut Vec<Diagnostic>) -> Vec<(Placed, Placed)> {
    let Some(node) = map.get(key) else { return Vec::new() };
    let Value::Map(entries) = &node.value else {
        let help = format!("write {key}: {{name: value}}");
        problems.push(wrong(BAD_SOURCES, node.span, &format!("`{key}`"), "a mapping", node.what()).help(help));
        return Vec::new();
    };
    duplicates(entries, &format!("`{key}`"), DIALECT, problems);
    let pair = |entry: &crate::diag::tree::Entry, problems: &mut Vec<Diagnostic>| {
        let name = Placed { text: entry.key.trim().to_string(), span: entry.key_span };
        let value = match entry.value.text() {
            Some(text) if text.trim().is_empty() && empty == Empty::LeavesOut => {
                Placed { text: String::new(), span: entry.value.span }
            }
            _ => text_of(&entry.key, &entry.value, BAD_SOURCES, problems)?,
        };
        Some((name, value))
    };
    entries.iter().filter(|e| !is_extra(&e.key)).filter_map(|e| pair(e, problems)).collect()
}

/// What an empty text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// A mistake.
    Wrong,
    /// That something is to be left out.
    LeavesOut,
}

/// A text, or a list of texts.
pub(super) fn one_or_more(map: &Mapping, key: &str, problems: &mut Vec<Diagnostic>) -> Vec<Placed> {
    match map.get(key) {
        Some(node) if node.text().is_some() => map.text(key, problems).into_iter().collect(),
        _ => map.texts(key, problems),
    }
}

/// The items of a list.
pub(super) fn items<'n>(map: &Mapping<'n>, key: &str, problems: &mut Vec<Diagnostic>) -> &'n [Node<'n>] {
    let Some(node) = map.get(key) else { return &[] };
    node.items().unwrap_or_else(|| {
        let help = format!("begin each with `- ` below {key}:");
        problems.push(wrong(BAD_SOURCES, node.span, &format!("`{key}`"), "a list", node.what()).help(help));
        &[]
    })
}
