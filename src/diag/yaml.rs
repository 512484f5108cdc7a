//! YAML read as a tree with the place of every value.

use super::tree::{Entry, Node, Value};
use super::{Code, Diagnostic, FileId, Span};
use granit_parser::Parser;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_yaml::{Location, Spanned};
use std::borrow::Cow;
use std::fmt;

/// Levels of nesting.
const MAX_DEPTH: usize = 32;
/// Events that aliases may be expanded to: a file of signals has no use for more.
const MAX_ALIAS_EVENTS: usize = 100_000;
/// Values in one file: about 400,000 signals.
const MAX_NODES: usize = 10_000_000;
/// Parser events in one file; a value takes at most three.
const MAX_EVENTS: usize = 3 * MAX_NODES;
/// Bytes of text in all values together: no less than a whole file.
const MAX_TEXT_BYTES: usize = 1 << 30;

/// Parses one YAML document into a tree with places; a syntax error is reported under `code`.
pub fn parse<'a>(file: FileId, text: &'a str, base: usize, code: Code) -> Result<Node<'a>, Box<Diagnostic>> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: MAX_EVENTS,
            max_total_scalar_bytes: MAX_TEXT_BYTES,
        },
        // We report them ourselves, with both places, and keep the other entries.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Merge,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: MAX_ALIAS_EVENTS },
    };
    let tree = Tree { file, text, base };
    match serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Ok(tree.node(raw)),
        Err(e) => {
            let e = e.without_snippet();
            let told = e.location().map_or(Span { file, start: base, end: base }, |l| tree.span(l));
            // Of an error of syntax the reader tells where the value around it begins; the parser knows better.
            let at = fault(text).map_or(told, |at| Span { file, start: base + at, end: base + at });
            let reason = one_line(&e.to_string());
            Err(Box::new(
                Diagnostic::error(code, format!("not valid YAML: {reason}"))
                    .at(Span { end: at.start, ..at }, "here")
                    .help("check indentation, quotes and brackets just before this place"),
            ))
        }
    }
}

/// The documents of a text, each with the byte at which it begins: a line that begins with `---` begins the next. What
/// stands before the first such line is no document if it holds nothing but comments and directives.
pub fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---");
        if at > 0 && rest.is_some_and(|r| r.is_empty() || r.starts_with(char::is_whitespace)) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let all: Vec<(usize, &str)> = starts.iter().copied().zip(ends).map(|(s, e)| (s, &text[s..e])).collect();
    let blank = |part: &str| {
        part.lines().all(|l| {
            let l = l.trim();
            l.is_empty() || l.starts_with(['#', '%']) || l == "---" || l == "..."
        })
    };
    match all.iter().filter(|(_, part)| !blank(part)).count() {
        0 => vec![(0, text)],
        _ => all.into_iter().filter(|(_, part)| !blank(part)).collect(),
    }
}

/// Where the parser gives up, in bytes; `None` if it does not.
fn fault(text: &str) -> Option<usize> {
    let error = Parser::new_from_str(text).take(MAX_EVENTS).find_map(Result::err)?;
    let at = error.marker().byte_offset()?.min(text.len());
    (0..=at).rev().find(|i| text.is_char_boundary(*i))
}

/// First line of a message, without its own line and column.
fn one_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.find(" at line ").map_or(line, |i| &line[..i]);
    line.trim_end_matches('.').to_string()
}

/// What serde sees, before places are attached.
enum Raw {
    Null,
    /// A number or truth value: its own text in the file says which, and `NO` may be Norway.
    Plain,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Key>, Spanned<Raw>)>),
}

/// A key as text; other keys are reported where fields are read, as unknown.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(Key)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Raw;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Raw, D::Error> {
                Raw::deserialize(d)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }
            fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }
            fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Raw, E> {
                Ok(Raw::Text(v.to_string()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }
        }
        d.deserialize_any(V)
    }
}

/// The text that was parsed, to look up what stands at a place.
#[derive(Clone, Copy)]
struct Tree<'a> {
    file: FileId,
    text: &'a str,
    base: usize,
}

impl<'a> Tree<'a> {
    fn node(self, raw: Spanned<Raw>) -> Node<'a> {
        let span = self.span(raw.referenced);
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Plain => Value::Bare(Cow::Borrowed(self.slice(raw.defined))),
            Raw::Text(text) => Value::Text(Cow::Owned(text)),
            Raw::List(items) => Value::List(items.into_iter().map(|i| self.node(i)).collect()),
            Raw::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        key_span: self.span(key.referenced),
                        key: Cow::Owned(key.value.0),
                        value: self.node(value),
                    })
                    .collect(),
            ),
        };
        Node { value, span }
    }

    /// Byte range of `place` in our text, clamped to it.
    fn range(self, place: Location) -> (usize, usize) {
        let clamp = |offset: u64| {
            let mut at = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = place.span().byte_offset().unwrap_or_default();
        (clamp(start), clamp(start + place.span().byte_len().unwrap_or_default()))
    }

    fn slice(self, place: Location) -> &'a str {
        let (start, end) = self.range(place);
        self.text[start..end].trim()
    }

    fn span(self, place: Location) -> Span {
        let (start, end) = self.range(place);
        // Block collections reach to the next token; a caret under trailing blank lines helps nobody.
        let end = start + self.text[start..end].trim_end().len();
        Span { file: self.file, start: self.base + start, end: self.base + end }
    }
}
