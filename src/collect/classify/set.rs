//! Patterns of one kind, asked together.

use super::explain::Which;
use super::file::Pattern;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Largest compiled rule, in bytes: rules are data, and data must not exhaust memory.
const MAX_RULE_BYTES: usize = 1 << 20;
/// Largest compiled set of rules, in bytes (16 MiB).
const MAX_SET_BYTES: usize = 16 << 20;

/// Patterns in their order, and where each stands.
#[derive(Debug, Default)]
pub(super) struct Set {
    set: RegexSet,
    places: Vec<String>,
}

impl Set {
    /// The set of `patterns`, each of which can be read.
    pub fn of<'p>(patterns: impl Iterator<Item = &'p Pattern>, ignore_case: bool) -> Result<Set, String> {
        let (texts, places): (Vec<&str>, Vec<String>) = patterns.map(|p| (p.text.as_str(), p.place.clone())).unzip();
        let size = (MAX_RULE_BYTES * texts.len().max(1)).min(MAX_SET_BYTES);
        let set = RegexSetBuilder::new(texts).case_insensitive(ignore_case).size_limit(size).build();
        Ok(Set { set: set.map_err(|e| fault(&e))?, places })
    }

    /// The places of all that match, in order.
    pub fn matches(&self, text: &str) -> impl Iterator<Item = usize> + use<> {
        self.set.matches(text).into_iter()
    }

    /// The place of the first that matches.
    pub fn first(&self, text: &str) -> Option<usize> {
        self.matches(text).next()
    }

    /// Whether any matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    /// Which pattern stands at a place.
    pub fn which(&self, at: usize) -> Which {
        let text = |of: &[String]| of.get(at).cloned().unwrap_or_default();
        Which { place: text(&self.places), pattern: text(self.set.patterns()) }
    }
}

impl PartialEq for Set {
    fn eq(&self, other: &Set) -> bool {
        self.set.patterns() == other.set.patterns()
    }
}

/// One pattern, compiled.
pub(super) fn one(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).case_insensitive(ignore_case).size_limit(MAX_RULE_BYTES).build();
    built.map_err(|e| fault(&e))
}

/// What is wrong with a pattern, on one line.
fn fault(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("it is too large: compiled, it has more than {limit} bytes"),
        // The lines before draw the place.
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_string()
        }
    }
}
