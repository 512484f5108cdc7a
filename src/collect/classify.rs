//! What a text of a feed is about, how it says things are, and whom it blames, by rules that stand in `phrases.yaml`.
//!
//! The rules see words, not meaning. They decide only where a feed has no field for it.

use crate::signal::{State, symptom, words};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;
use std::sync::LazyLock;

/// The rules that come with the program.
pub const BUILT_IN: &str = include_str!("phrases.yaml");

/// Largest compiled rule, in bytes: rules are data, and data must not exhaust memory.
const MAX_RULE_BYTES: usize = 1 << 20;

/// Only so much of a text is read, in bytes: what matters stands at its beginning.
const MAX_TEXT_BYTES: usize = 4096;

/// How a text says that things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tenor {
    /// It does not work.
    Outage,
    /// It works badly, or for some.
    Degraded,
    /// It is on the mend.
    Recovering,
    /// It is over.
    Resolved,
    /// Announced work.
    Maintenance,
    /// No trouble is told of.
    Info,
}

impl Tenor {
    /// The state that a signal of this tenor has while it is open.
    pub fn state(self) -> State {
        match self {
            Tenor::Outage => State::Failing,
            Tenor::Degraded | Tenor::Recovering => State::Degraded,
            Tenor::Resolved => State::Recovered,
            Tenor::Maintenance => State::Maintenance,
            Tenor::Info => State::Unknown,
        }
    }
}

/// Whom a text blames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    /// It does not say.
    None,
    /// Nobody else: a suspicion is taken back, or the fault is the writer's own.
    Denied,
    /// A party outside the writer's company.
    Others,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    capability: Vec<CapabilityRule>,
    state: Vec<StateRule>,
    denied: Vec<String>,
    outside: Vec<String>,
    blamed: Vec<String>,
    features: Vec<String>,
    providers: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CapabilityRule {
    capability: String,
    pattern: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateRule {
    state: Tenor,
    pattern: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    name: String,
    pattern: String,
}

/// Rules, ready to be asked.
#[derive(Debug)]
pub struct Rules {
    capabilities: (Vec<String>, RegexSet),
    states: (Vec<Tenor>, RegexSet),
    denied: RegexSet,
    outside: RegexSet,
    blamed: RegexSet,
    features: Vec<Regex>,
    providers: Vec<(String, Regex)>,
}

impl Rules {
    /// Reads rules from YAML, in the form of [`BUILT_IN`].
    ///
    /// # Errors
    /// What is wrong, with the pattern at fault.
    pub fn parse(yaml: &str) -> Result<Rules, String> {
        let file: File = serde_yaml::from_str(yaml).map_err(|e| e.to_string())?;
        let patterns = |rules: &[CapabilityRule]| rules.iter().map(|r| r.pattern.clone()).collect::<Vec<_>>();
        let capabilities = set(&patterns(&file.capability))?;
        let states = set(&file.state.iter().map(|r| r.pattern.clone()).collect::<Vec<_>>())?;
        let features = file.features.iter().map(|p| one(p, true)).collect::<Result<_, _>>()?;
        let providers = file.providers.into_iter().map(|p| Ok::<_, String>((p.name, one(&p.pattern, false)?)));
        Ok(Rules {
            capabilities: (file.capability.into_iter().map(|r| r.capability).collect(), capabilities),
            states: (file.state.iter().map(|r| r.state).collect(), states),
            denied: set(&file.denied)?,
            outside: set(&file.outside)?,
            blamed: set(&file.blamed)?,
            features,
            providers: providers.collect::<Result<_, _>>()?,
        })
    }

    /// The capability that `text` is about, in the words of graphs; `None` if no rule matches.
    pub fn capability(&self, text: &str) -> Option<&str> {
        let first = self.capabilities.1.matches(head(text)).iter().next();
        let own = first.and_then(|i| self.capabilities.0.get(i)).map(String::as_str);
        own.or_else(|| symptom::classify(text)).map(words::capability)
    }

    /// How `text` says that things are; degraded, if no rule matches.
    pub fn tenor(&self, text: &str) -> Tenor {
        let first = self.states.1.matches(head(text)).iter().next();
        first.and_then(|i| self.states.0.get(i)).copied().unwrap_or(Tenor::Degraded)
    }

    /// Whom `text` blames.
    pub fn attribution(&self, text: &str) -> Attribution {
        let text = self.without_features(text);
        if self.denied.is_match(&text) {
            Attribution::Denied
        } else if self.outside.is_match(&text) || self.blamed_provider(&text).is_some() {
            Attribution::Others
        } else {
            Attribution::None
        }
    }

    /// The provider that `text` names: the one that it blames, else the first.
    pub fn provider(&self, text: &str) -> Option<&str> {
        let text = self.without_features(text);
        self.blamed_provider(&text).or_else(|| {
            let named = self.providers.iter().filter_map(|(name, p)| Some((p.find(&text)?.start(), name.as_str())));
            named.min_by_key(|(start, _)| *start).map(|(_, name)| name)
        })
    }

    fn blamed_provider(&self, text: &str) -> Option<&str> {
        let blames = |p: &Regex| p.is_match(text) && self.blamed.is_match(&p.replace_all(text, "PROVIDER"));
        self.providers.iter().find(|(_, p)| blames(p)).map(|(name, _)| name.as_str())
    }

    fn without_features(&self, text: &str) -> String {
        let mut text = head(text).to_string();
        for feature in &self.features {
            text = feature.replace_all(&text, "it").into_owned();
        }
        text
    }
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}

fn one(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).case_insensitive(ignore_case).size_limit(MAX_RULE_BYTES).build();
    built.map_err(|e| format!("`{pattern}`: {e}"))
}

fn set(patterns: &[String]) -> Result<RegexSet, String> {
    for pattern in patterns {
        one(pattern, true)?;
    }
    let size = MAX_RULE_BYTES * patterns.len().max(1);
    RegexSetBuilder::new(patterns).case_insensitive(true).size_limit(size).build().map_err(|e| e.to_string())
}

static RULES: LazyLock<Option<Rules>> = LazyLock::new(|| {
    let rules = Rules::parse(BUILT_IN);
    debug_assert!(rules.is_ok(), "{rules:?}");
    rules.ok()
});

/// The capability that `text` is about by the built-in rules.
pub fn capability(text: &str) -> Option<&'static str> {
    RULES.as_ref()?.capability(text)
}

/// How `text` says that things are by the built-in rules.
pub fn tenor(text: &str) -> Tenor {
    RULES.as_ref().map_or(Tenor::Degraded, |r| r.tenor(text))
}

/// Whom `text` blames by the built-in rules.
pub fn attribution(text: &str) -> Attribution {
    RULES.as_ref().map_or(Attribution::None, |r| r.attribution(text))
}

/// The provider that `text` names by the built-in rules, in lower case, as an alias.
pub fn provider(text: &str) -> Option<&'static str> {
    RULES.as_ref()?.provider(text)
}
