//! JSON Lines: one object per line, read in one pass.

use super::{MAX_DEPTH, MAX_LINE_BYTES, Read, fields};
use crate::diag::tree::{Entry, Node, Value, is_extra};
use crate::diag::{Diagnostic, FileId, Span};
use crate::signal::codes::BAD_SIGNAL;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

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

/// A line and where it stands, so that a slice of it can be given a place.
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
        self.node(trimmed, 0).map(Some)
    }

    /// The place of `part`, which is a slice of the line; the whole line if it is not (a key with escapes is a copy).
    fn span(self, part: &str) -> Span {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.line.as_ptr() as usize);
        let (from, to) = match offset.checked_add(part.len()) {
            Some(end) if end <= self.line.len() => (offset, end),
            _ => (0, self.line.len()),
        };
        Span { file: self.file, start: self.start + from, end: self.start + to }
    }

    fn node(self, raw: &'a str, depth: usize) -> Result<Node<'a>, Box<Diagnostic>> {
        let span = self.span(raw);
        if depth > MAX_DEPTH {
            return Err(Box::new(super::too_deep(span)));
        }
        let value = match raw.as_bytes().first() {
            Some(b'{') => {
                let Pairs(pairs) = self.parse(raw)?;
                let mut entries = Vec::with_capacity(pairs.len());
                for (key, value) in pairs {
                    if is_extra(&key) {
                        continue;
                    }
                    let key_span = match &key {
                        Cow::Borrowed(k) => self.span(k),
                        Cow::Owned(_) => span,
                    };
                    entries.push(Entry { key, key_span, value: self.node(value.get(), depth + 1)? });
                }
                Value::Map(entries)
            }
            Some(b'[') => {
                let items: Vec<&'a RawValue> = self.parse(raw)?;
                Value::List(items.into_iter().map(|v| self.node(v.get(), depth + 1)).collect::<Result<_, _>>()?)
            }
            Some(b'"') => {
                let Text(text) = self.parse(raw)?;
                Value::Text(text)
            }
            Some(b't' | b'f') => Value::Bool,
            Some(b'n') => Value::Null,
            // A number beyond a double is well-formed JSON; its field reports it as out of range.
            _ => Value::Number(raw.parse().unwrap_or(f64::INFINITY)),
        };
        Ok(Node { value, span })
    }

    fn parse<T: Deserialize<'a>>(self, raw: &'a str) -> Result<T, Box<Diagnostic>> {
        serde_json::from_str(raw).map_err(|e| {
            let whole = self.span(raw);
            // The column counts bytes and may point into a character.
            let mut offset = e.column().saturating_sub(1).min(raw.len());
            while !raw.is_char_boundary(offset) {
                offset -= 1;
            }
            let start = (whole.start + offset).min(whole.end);
            let help = "write one JSON object per line; `jq -c . FILE` shows the same line";
            let reason = reason(&e);
            let at = Span { file: self.file, start, end: start };
            Box::new(Diagnostic::error(BAD_SIGNAL, format!("not valid JSON: {reason}")).at(at, reason).help(help))
        })
    }
}

/// serde_json's message without its line and column, which count from the start of our slice.
fn reason(e: &serde_json::Error) -> String {
    let text = e.to_string();
    match text.rfind(" at line ") {
        Some(i) => text[..i].to_string(),
        None => text,
    }
}

/// A text, borrowed from the line unless it has escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_string())))
            }
        }
        d.deserialize_str(V)
    }
}

/// The pairs of an object in file order, duplicates kept, values still as text.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Pairs<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(12);
                while let Some((Text(key), value)) = map.next_entry::<Text, &'de RawValue>()? {
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        d.deserialize_map(V)
    }
}
