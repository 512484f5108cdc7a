//! What JSON, CSV and YAML have in common: a tree of values, each with its place.
//!
//! All readers build it, and one place each turns it into records or components, so that the same
//! mistake is told in the same words whatever the format.

use super::Span;
use std::borrow::Cow;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// The value.
    pub value: Value<'a>,
    /// Its place.
    pub span: Span,
}

/// What was written.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// Nothing: `null`, `~`, an empty CSV cell.
    Null,
    /// A JSON `true` or `false`.
    Bool(bool),
    /// A JSON number.
    Number(f64),
    /// A text that is surely a text.
    Text(Cow<'a, str>),
    /// An unquoted text, which is what its field wants: a CSV cell, or `NO` and `12` in YAML.
    Bare(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// Keys with values, in file order, duplicates kept.
    Map(Vec<Entry<'a>>),
}

/// One key of a mapping.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node<'a>,
}

impl<'a> Node<'a> {
    /// What it is, in words for a message.
    pub fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) | Value::Bare(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// True for a value that counts as not given.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The text, if it is one or may be one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(t) | Value::Bare(t) => Some(t),
            _ => None,
        }
    }

    /// The truth value, if it is one or may be one.
    pub fn boolean(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(b) => Some(*b),
            Value::Bare(t) => t.to_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn items(&self) -> Option<&[Node<'a>]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The keys with their values, if it is a mapping.
    pub fn entries(&self) -> Option<&[Entry<'a>]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The first value of `key`, if it is a mapping that has it; null counts as not given.
    pub fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.entries()?.iter().find(|e| e.key == key).map(|e| &e.value).filter(|v| !v.is_null())
    }

    /// The same values, all of them at `span`: for a text inside a text, whose own places mean nothing to the reader.
    pub fn placed_at(mut self, span: Span) -> Self {
        self.span = span;
        self.value = match self.value {
            Value::List(items) => Value::List(items.into_iter().map(|i| i.placed_at(span)).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|e| Entry { key: e.key, key_span: span, value: e.value.placed_at(span) })
                    .collect(),
            ),
            plain => plain,
        };
        self
    }

    /// The number, if it is one or may be one; may be infinite or not a number.
    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(n) => Some(*n),
            Value::Bare(t) => t.parse().ok().or_else(|| match t.trim_start_matches(['+', '-']) {
                // As YAML spells them.
                ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
                ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
                _ => None,
            }),
            _ => None,
        }
    }
}

/// True for keys that are the user's own and never read.
pub fn is_extra(key: &str) -> bool {
    key.starts_with("x-")
}
