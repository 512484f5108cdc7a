//! What a text of a feed is about, how it says things are, and whom it blames, by rules that stand in `phrases.yaml` and in
//! files of the user's own, which are tried first.
//!
//! The rules see words, not meaning. They decide only where a feed has no field for it.

mod explain;
mod file;
mod schema;
mod set;

pub use explain::{Explained, Which};
pub use file::{BAD_RULES, CODES, MAX_FILE_BYTES, UNKNOWN_FIELD, Written, read};
pub use schema::schema;

use crate::diag::FileId;
use crate::signal::{State, symptom, words};
use file::BUILT_IN_PLACE;
use regex::Regex;
use set::{Set, one};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// The rules that come with the program.
pub const BUILT_IN: &str = include_str!("phrases.yaml");

/// Only so much of a text is read, in bytes: what matters stands at its beginning.
const MAX_TEXT_BYTES: usize = 4096;

/// A name that comes so soon after a party without one, in bytes, is its name: `our cloud provider (AWS)`.
const MAX_APPOSED_BYTES: usize = 20;

/// Words for how things are.
pub const TENORS: &[(&str, Tenor)] = &[
    ("outage", Tenor::Outage),
    ("degraded", Tenor::Degraded),
    ("recovering", Tenor::Recovering),
    ("resolved", Tenor::Resolved),
    ("maintenance", Tenor::Maintenance),
    ("info", Tenor::Info),
];

/// How a text says that things are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The word for it.
    pub fn word(self) -> &'static str {
        TENORS.iter().find(|(_, tenor)| *tenor == self).map_or("", |(word, _)| word)
    }

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

/// Rules, ready to be asked.
pub struct Rules {
    capabilities: (Vec<String>, Set),
    /// How many of the capabilities are told by rules of the user's own.
    own_capabilities: usize,
    states: (Vec<Tenor>, Set),
    own: Set,
    denied: Set,
    outside: (Set, Vec<Regex>),
    blamed: Set,
    features: (Set, Vec<Regex>),
    providers: (Vec<String>, Set, Vec<Regex>),
}

impl Rules {
    /// The rules of `files`, one after the other, and then those that come with the program.
    ///
    /// # Errors
    /// If they are too large together.
    pub fn of(files: &[Written]) -> Result<Rules, String> {
        let (built_in, problems) = read(FileId(0), BUILT_IN, BUILT_IN_PLACE);
        debug_assert!(problems.is_empty(), "{problems:?}");
        let all: Vec<&Written> = files.iter().chain(&built_in).collect();
        let capabilities = || all.iter().flat_map(|w| &w.capability);
        let states = || all.iter().flat_map(|w| &w.state);
        let providers = || all.iter().flat_map(|w| &w.providers);
        let (outside, features) = (|| all.iter().flat_map(|w| &w.outside), || all.iter().flat_map(|w| &w.features));
        let each = |patterns: &mut dyn Iterator<Item = &file::Pattern>, ignore_case| {
            patterns.map(|p| one(&p.text, ignore_case)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Rules {
            capabilities: (capabilities().map(|r| r.0.clone()).collect(), Set::of(capabilities().map(|r| &r.1), true)?),
            own_capabilities: files.iter().map(|w| w.capability.len()).sum(),
            states: (states().map(|r| r.0).collect(), Set::of(states().map(|r| &r.1), true)?),
            own: Set::of(all.iter().flat_map(|w| &w.own), true)?,
            denied: Set::of(all.iter().flat_map(|w| &w.denied), true)?,
            outside: (Set::of(outside(), true)?, each(&mut outside(), true)?),
            blamed: Set::of(all.iter().flat_map(|w| &w.blamed), true)?,
            features: (Set::of(features(), true)?, each(&mut features(), true)?),
            providers: (
                providers().map(|r| r.0.clone()).collect(),
                Set::of(providers().map(|r| &r.1), false)?,
                each(&mut providers().map(|r| &r.1), false)?,
            ),
        })
    }

    /// The capability that `text` is about, in the words of graphs; `None` if no rule matches.
    pub fn capability(&self, text: &str) -> Option<&str> {
        let first = self.capabilities.1.first(head(text));
        let own = first.and_then(|i| self.capabilities.0.get(i)).map(String::as_str);
        own.or_else(|| symptom::classify(text)).map(words::capability)
    }

    /// The capability that `text` is about by the rules of the user's own alone.
    pub fn own_capability(&self, text: &str) -> Option<&str> {
        let first = self.capabilities.1.first(head(text)).filter(|i| *i < self.own_capabilities)?;
        self.capabilities.0.get(first).map(|word| words::capability(word))
    }

    /// How `text` says that things are; `None` if no rule matches.
    pub fn tenor(&self, text: &str) -> Option<Tenor> {
        let first = self.states.1.first(head(text))?;
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
        let others = || self.outside.0.is_match(sentence) || self.providers.1.is_match(sentence);
        self.own.is_match(sentence) || self.denied.is_match(sentence) && others()
    }

    fn blamed_provider(&self, sentence: &str) -> Option<&str> {
        self.blamed_at(sentence).and_then(|i| self.providers.0.get(i)).map(String::as_str)
    }

    /// The place among the providers of the first that a sentence blames.
    fn blamed_at(&self, sentence: &str) -> Option<usize> {
        let (_, set, patterns) = &self.providers;
        let mut named = set.matches(sentence);
        named.find(|i| patterns.get(*i).is_some_and(|p| self.sentence_blames(sentence, p)))
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
        for feature in &self.features.1 {
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

static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| {
    let rules = Rules::of(&[]);
    debug_assert!(rules.is_ok(), "{rules:?}");
    Arc::new(rules.unwrap_or_else(|_| Rules::none()))
});

/// The rules that come with the program.
pub fn built_in() -> Arc<Rules> {
    RULES.clone()
}

impl Rules {
    /// Rules that find nothing.
    fn none() -> Rules {
        let set = Set::default;
        Rules {
            capabilities: (Vec::new(), set()),
            own_capabilities: 0,
            states: (Vec::new(), set()),
            own: set(),
            denied: set(),
            outside: (set(), Vec::new()),
            blamed: set(),
            features: (set(), Vec::new()),
            providers: (Vec::new(), set(), Vec::new()),
        }
    }

    /// All that is written in them: names and patterns.
    fn written(&self) -> impl PartialEq + use<'_> {
        let names = (&self.capabilities.0, &self.states.0, &self.providers.0);
        let texts = [&self.own, &self.denied, &self.outside.0, &self.blamed, &self.features.0];
        (names, &self.capabilities.1, &self.states.1, &self.providers.1, texts)
    }
}

/// Rules are the same if the same is written in them.
impl PartialEq for Rules {
    fn eq(&self, other: &Rules) -> bool {
        self.written() == other.written()
    }
}

/// Without the patterns, which fill pages.
impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({} of the user's own for capabilities)", self.own_capabilities)
    }
}
