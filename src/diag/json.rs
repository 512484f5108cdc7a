//! JSON read as a tree with the place of every value.

use super::tree::{Entry, Node, Value};
use super::{FileId, Span};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Why a text is not a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is nested deeper than the reader goes.
    TooDeep(Span),
    /// It is not JSON.
    Syntax {
        /// Where reading ended: a point.
        at: Span,
        /// Why, in a few words.
        reason: String,
    },
}

/// Parses one JSON value. `base` is where `text` begins in the file, `max_depth` how many levels may be nested.
///
/// # Errors
/// The first thing that is wrong, and where.
pub fn parse(file: FileId, text: &str, base: usize, max_depth: usize) -> Result<Node<'_>, Fault> {
    Place { file, text, base, max_depth }.node(text.trim(), 0)
}

/// The whole text and where it stands, so that a slice of it can be given a place.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: FileId,
    text: &'a str,
    base: usize,
    max_depth: usize,
}

impl<'a> Place<'a> {
    /// The place of `part`, which is a slice of the text; the whole text if it is not (a key with escapes is a copy).
    fn span(self, part: &str) -> Span {
        let offset = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let (from, to) = match offset.checked_add(part.len()) {
            Some(end) if end <= self.text.len() => (offset, end),
            _ => (0, self.text.len()),
        };
        Span { file: self.file, start: self.base + from, end: self.base + to }
    }

    fn node(self, raw: &'a str, depth: usize) -> Result<Node<'a>, Fault> {
        let span = self.span(raw);
        if depth > self.max_depth {
            return Err(Fault::TooDeep(span));
        }
        let value = match raw.as_bytes().first() {
            Some(b'{') => {
                let Pairs(pairs) = self.parse(raw)?;
                let mut entries = Vec::with_capacity(pairs.len());
                for (key, value) in pairs {
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
            Some(b't' | b'f') => Value::Bool(self.parse(raw)?),
            Some(b'n') => {
                let () = self.parse(raw)?;
                Value::Null
            }
            // A number beyond a double is well-formed JSON; its field reports it as out of range.
            _ => {
                let _: &RawValue = self.parse(raw)?;
                Value::Number(raw.parse().unwrap_or(f64::INFINITY))
            }
        };
        Ok(Node { value, span })
    }

    fn parse<T: Deserialize<'a>>(self, raw: &'a str) -> Result<T, Fault> {
        serde_json::from_str(raw).map_err(|e| {
            let whole = self.span(raw);
            let start = (whole.start + offset(raw, e.line(), e.column())).min(whole.end);
            Fault::Syntax { at: Span { file: self.file, start, end: start }, reason: reason(&e) }
        })
    }
}

/// The byte at a line and column (from 1, in bytes) of `raw`; the column may point into a character.
fn offset(raw: &str, line: usize, column: usize) -> usize {
    let start: usize = raw.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut offset = (start + column.saturating_sub(1)).min(raw.len());
    while !raw.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// serde_json's message without its line and column, which count from the start of our slice.
fn reason(e: &serde_json::Error) -> String {
    let text = e.to_string();
    match text.rfind(" at line ") {
        Some(i) => text[..i].to_string(),
        None => text,
    }
}

/// A text, borrowed from the source unless it has escapes.
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
