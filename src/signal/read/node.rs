//! What JSON, CSV and YAML have in common: a tree of values, each with its place.
//!
//! All readers build it, and one place ([`super::fields`]) turns it into records, so that the same
//! mistake is told in the same words whatever the format.

use crate::diag::Span;
use std::borrow::Cow;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    /// The value.
    pub value: Value<'a>,
    /// Its place.
    pub span: Span,
}

/// What was written.
#[derive(Debug, Clone)]
pub(crate) enum Value<'a> {
    /// Nothing: `null`, `~`, an empty CSV cell.
    Null,
    /// A JSON `true` or `false`.
    Bool,
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
pub(crate) struct Entry<'a> {
    /// The key.
    pub key: Cow<'a, str>,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node<'a>,
}

impl Node<'_> {
    /// What it is, in words for a message.
    pub fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool => "true or false",
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
pub(crate) fn is_extra(key: &str) -> bool {
    key.starts_with("x-")
}
