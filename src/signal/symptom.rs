//! Which capability a text complains about, by rules that stand in `symptoms.yaml`.
//!
//! Used only where a signal names no capability. The rules see words, not meaning: a text that
//! names the wrong thing is classified wrongly, which is why a capability that is given always wins.

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use std::sync::LazyLock;

/// The rules that come with the program.
pub const BUILT_IN: &str = include_str!("symptoms.yaml");

/// Largest compiled rule, in bytes: rules are data, and data must not exhaust memory.
const MAX_RULE_BYTES: usize = 1 << 20;

/// Only so much of a text is read, in bytes: the complaint stands at its beginning.
const MAX_TEXT_BYTES: usize = 4096;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the text complains about if the pattern matches.
    pub capability: String,
    /// A regular expression; case is ignored.
    pub pattern: String,
}

/// Rules in order; the first that matches decides.
#[derive(Debug, Clone)]
pub struct Rules {
    capabilities: Vec<String>,
    set: RegexSet,
}

impl Rules {
    /// Reads rules from YAML, in the form of [`BUILT_IN`]. The error says which rule is at fault.
    pub fn parse(yaml: &str) -> Result<Rules, String> {
        let rules: Vec<Rule> = serde_yaml::from_str(yaml).map_err(|e| e.to_string())?;
        for (i, rule) in rules.iter().enumerate() {
            compile(&rule.pattern).map_err(|e| format!("rule {} ({}): {e}", i + 1, rule.capability))?;
        }
        let set = RegexSetBuilder::new(rules.iter().map(|r| &r.pattern))
            .case_insensitive(true)
            .size_limit(MAX_RULE_BYTES * rules.len().max(1))
            .build()
            .map_err(|e| e.to_string())?;
        Ok(Rules { capabilities: rules.into_iter().map(|r| r.capability).collect(), set })
    }

    /// The capability of the first rule that matches `text`.
    pub fn classify(&self, text: &str) -> Option<&str> {
        let first = self.set.matches(&text[..text.floor_char_boundary(MAX_TEXT_BYTES)]).iter().next()?;
        self.capabilities.get(first).map(String::as_str)
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(MAX_RULE_BYTES).build()
}

static RULES: LazyLock<Option<Rules>> = LazyLock::new(|| {
    let rules = Rules::parse(BUILT_IN);
    debug_assert!(rules.is_ok(), "{rules:?}");
    rules.ok()
});

/// The capability that `text` complains about by the built-in rules; `None` if no rule matches.
pub fn classify(text: &str) -> Option<&'static str> {
    RULES.as_ref()?.classify(text)
}
