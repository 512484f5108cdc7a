//! Reads the keys of one mapping, and says everything that is wrong with them.

use super::raw::At;
use super::rules::{bad_duration, duplicate_key, out_of_range, unknown_key, wrong_type};
use crate::diag::tree::{Entry, Node, Value, is_extra};
use crate::diag::{Diagnostic, Span};

/// One key that users may write: its name, what kind of value it takes, and what it means.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// Its value's shape in the JSON Schema.
    pub shape: Shape,
    /// What it means; hover text in editors.
    pub about: &'static str,
}

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// One of the ids of components.
    Id,
    /// A list of texts.
    Texts,
    /// A text or a list of texts.
    TextOrTexts,
    /// A number from 0.
    NotNegative,
    /// A number above 0.
    Positive,
    /// A number above 0 and at most 1.
    Chance,
    /// A word for an impact, or a chance.
    Impact,
    /// A duration such as `5m`.
    Duration,
    /// A date such as `2026-05-01`.
    Date,
    /// A whole number from 1.
    Count,
    /// A list of group members.
    Members,
    /// The list of dependencies.
    Dependencies,
    /// Shares by capability.
    Shares,
    /// Patterns of DNS records.
    Recognise,
    /// Reasons by code.
    Allow,
}

/// Bounds of a number, with the words for them.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    low: f64,
    high: f64,
    words: &'static str,
}

/// Rates per year: more than a fault every five seconds is a slip.
pub const RATE: Bounds = Bounds { low: 0.0, high: 1e6, words: "from 0 to 1,000,000" };
/// People.
pub const AUDIENCE: Bounds =
    Bounds { low: f64::MIN_POSITIVE, high: 1e11, words: "above 0 and below 100 thousand million" };
/// Chances that may not be zero.
pub const CHANCE: Bounds = Bounds { low: f64::MIN_POSITIVE, high: 1.0, words: "above 0 and at most 1" };
/// Shares that may be zero.
pub const SHARE: Bounds = Bounds { low: 0.0, high: 1.0, words: "from 0 to 1" };

/// The keys of one mapping, and where its problems go.
pub struct Fields<'n, 'p> {
    entries: &'n [Entry<'n>],
    owner: &'static str,
    problems: &'p mut Vec<Diagnostic>,
}

impl<'n, 'p> Fields<'n, 'p> {
    /// `None` (with a problem) if the node is not a mapping. Otherwise every key is checked.
    pub fn of(
        node: &'n Node<'n>,
        known: &[Field],
        owner: &'static str,
        problems: &'p mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            if !node.is_null() {
                problems.push(wrong_type::problem(owner, "a mapping", node));
            }
            return None;
        };
        for (i, entry) in entries.iter().enumerate() {
            if let Some(first) = entries[..i].iter().find(|e| e.key == entry.key) {
                problems.push(duplicate_key::problem(&entry.key, owner, entry.key_span, first.key_span));
            } else if !is_extra(&entry.key) && !known.iter().any(|f| f.name == entry.key) {
                problems.push(unknown_key::problem(&entry.key, owner, known, entry.key_span));
            }
        }
        Some(Fields { entries, owner, problems })
    }

    /// Adds a problem.
    pub fn complain(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// Where problems go.
    pub fn problems(&mut self) -> &mut Vec<Diagnostic> {
        self.problems
    }

    /// The value of `key`; null counts as not given.
    pub fn given(&self, key: &str) -> Option<&'n Node<'n>> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.value).filter(|v| !v.is_null())
    }

    /// Where `key` stands.
    pub fn key_span(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|e| e.key == key && !e.value.is_null()).map(|e| e.key_span)
    }

    /// A text.
    pub fn text(&mut self, key: &str) -> Option<At<String>> {
        let node = self.given(key)?;
        self.text_of(key, node)
    }

    /// The text that `node` holds.
    pub fn text_of(&mut self, key: &str, node: &Node) -> Option<At<String>> {
        match node.text() {
            Some(text) if !text.trim().is_empty() => Some(At { value: text.to_string(), span: node.span }),
            _ => {
                self.problems.push(wrong_type::problem(&format!("`{key}` of {}", self.owner), "a text", node));
                None
            }
        }
    }

    /// A list of texts; a single text stands for a list of one.
    pub fn texts(&mut self, key: &str) -> Vec<At<String>> {
        let Some(node) = self.given(key) else { return Vec::new() };
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.text_of(key, item)).collect(),
            _ => self.text_of(key, node).into_iter().collect(),
        }
    }

    /// A number within bounds.
    pub fn number(&mut self, key: &str, bounds: Bounds) -> Option<At<f64>> {
        let node = self.given(key)?;
        self.number_of(key, node, bounds)
    }

    /// The number that `node` holds, within bounds.
    pub fn number_of(&mut self, key: &str, node: &Node, bounds: Bounds) -> Option<At<f64>> {
        let Some(value) = node.number() else {
            self.problems.push(wrong_type::problem(&format!("`{key}` of {}", self.owner), "a number", node));
            return None;
        };
        if !(bounds.low..=bounds.high).contains(&value) {
            self.problems.push(out_of_range::problem(key, node, bounds.words));
            return None;
        }
        Some(At { value, span: node.span })
    }

    /// A duration in seconds.
    pub fn duration(&mut self, key: &str) -> Option<f64> {
        let text = self.text(key)?;
        match bad_duration::parse(&text.value) {
            Some(seconds) => Some(seconds),
            None => {
                self.problems.push(bad_duration::problem(key, &text));
                None
            }
        }
    }
}
