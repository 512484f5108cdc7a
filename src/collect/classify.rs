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

/// A name that comes so soon after a party without one, in bytes, is its name: `our cloud provider (AWS)`.
const MAX_APPOSED_BYTES: usize = 20;

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
    own: Vec<String>,
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
    own: RegexSet,
    denied: RegexSet,
    outside: (RegexSet, Vec<Regex>),
    blamed: RegexSet,
    features: Vec<Regex>,
    providers: (RegexSet, Vec<(String, Regex)>),
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
        let providers = file.providers.iter().map(|p| Ok::<_, String>((p.name.clone(), one(&p.pattern, false)?)));
        let providers = providers.collect::<Result<Vec<_>, _>>()?;
        let any_provider = RegexSetBuilder::new(providers.iter().map(|(_, p)| p.as_str())).build();
        Ok(Rules {
            capabilities: (file.capability.into_iter().map(|r| r.capability).collect(), capabilities),
            states: (file.state.iter().map(|r| r.state).collect(), states),
            own: set(&file.own)?,
            denied: set(&file.denied)?,
            outside: (set(&file.outside)?, file.outside.iter().map(|p| one(p, true)).collect::<Result<_, _>>()?),
            blamed: set(&file.blamed)?,
            features,
            providers: (any_provider.map_err(|e| e.to_string())?, providers),
        })
    }

    /// The capability that `text` is about, in the words of graphs; `None` if no rule matches.
    pub fn capability(&self, text: &str) -> Option<&str> {
        let first = self.capabilities.1.matches(head(text)).iter().next();
        let own = first.and_then(|i| self.capabilities.0.get(i)).map(String::as_str);
        own.or_else(|| symptom::classify(text)).map(words::capability)
    }

    /// How `text` says that things are; `None` if no rule matches.
    pub fn tenor(&self, text: &str) -> Option<Tenor> {
        let first = self.states.1.matches(head(text)).iter().next()?;
        self.states.0.get(first).copied()
    }

    /// Whom `text` blames. A sentence that blames weighs more than one that denies; where no trouble is told of, nobody is
    /// blamed.
    pub fn attribution(&self, text: &str) -> Attribution {
        let text = self.without_features(text);
        if self.tenor(&text) == Some(Tenor::Info) {
            Attribution::Denied
        } else if self.blaming(&text).next().is_some() {
            Attribution::Others
        } else if sentences(&text).any(|s| self.denies(s)) {
            Attribution::Denied
        } else {
            Attribution::None
        }
    }

    /// The provider that `text` blames, of those that the rules know.
    pub fn provider(&self, text: &str) -> Option<&str> {
        let text = self.without_features(text);
        self.blaming(&text).find_map(|sentence| self.blamed_provider(sentence))
    }

    /// Whether `text` blames the party that `mention` finds.
    pub fn blames(&self, text: &str, mention: &Regex) -> bool {
        let text = self.without_features(text);
        self.blaming(&text).any(|sentence| self.sentence_blames(sentence, mention))
    }

    /// The sentences of `text` that blame somebody else.
    fn blaming<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        sentences(text).filter(|s| {
            let others = || self.outside.0.is_match(s) || self.blamed_provider(s).is_some();
            !self.own.is_match(s) && !self.denied.is_match(s) && others()
        })
    }

    /// Whether a sentence takes a suspicion back: the fault is the writer's, or not that of a party that is spoken of.
    fn denies(&self, sentence: &str) -> bool {
        let others = || self.outside.0.is_match(sentence) || self.providers.0.is_match(sentence);
        self.own.is_match(sentence) || self.denied.is_match(sentence) && others()
    }

    fn blamed_provider(&self, sentence: &str) -> Option<&str> {
        let named = self.providers.0.matches(sentence).into_iter().filter_map(|i| self.providers.1.get(i));
        let mut blamed = named.filter(|(_, p)| self.sentence_blames(sentence, p));
        blamed.next().map(|(name, _)| name.as_str())
    }

    /// Whether a sentence says of what `mention` finds that it is to blame, or names so a party of which it has just said
    /// that it is.
    fn sentence_blames(&self, sentence: &str, mention: &Regex) -> bool {
        if !mention.is_match(sentence) {
            return false;
        }
        let token = mention.replace_all(sentence, "PROVIDER");
        let apposed = |p: &Regex| {
            p.find_iter(&token).any(|party| {
                let rest = &token[party.end()..];
                rest.find("PROVIDER").is_some_and(|at| at <= MAX_APPOSED_BYTES)
            })
        };
        self.blamed.is_match(&token) || self.outside.1.iter().any(apposed)
    }

    fn without_features(&self, text: &str) -> String {
        let mut text = head(text).to_string();
        for feature in &self.features {
            text = feature.replace_all(&text, "it").into_owned();
        }
        text
    }
}

/// The sentences of a text, roughly: a full stop ends one where a blank follows.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', ';', '!', '?'])
        .scan(0, move |start, piece| {
            let end = *start + piece.len();
            let whole = text[end..].chars().next().is_none_or(char::is_whitespace);
            *start = end;
            Some((end, whole))
        })
        .filter(|(_, whole)| *whole)
        .scan(0, move |start, (end, _)| {
            let sentence = &text[*start..end];
            *start = end;
            Some(sentence)
        })
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

/// How a text about a trouble says that things are by the built-in rules; degraded, if it does not tell.
pub fn tenor(text: &str) -> Tenor {
    tenor_told(text).unwrap_or(Tenor::Degraded)
}

/// How any text says that things are by the built-in rules; `None` if it does not tell.
pub fn tenor_told(text: &str) -> Option<Tenor> {
    RULES.as_ref()?.tenor(text)
}

/// Whom `text` blames by the built-in rules.
pub fn attribution(text: &str) -> Attribution {
    RULES.as_ref().map_or(Attribution::None, |r| r.attribution(text))
}

/// Whether `text` blames the party that `mention` finds, by the built-in rules.
pub fn blames(text: &str, mention: &Regex) -> bool {
    RULES.as_ref().is_some_and(|r| r.blames(text, mention))
}

/// The provider that `text` blames by the built-in rules, in lower case, as an alias.
pub fn provider(text: &str) -> Option<&'static str> {
    RULES.as_ref()?.provider(text)
}
