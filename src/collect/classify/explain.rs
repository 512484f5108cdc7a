//! Which rules decide about a text, for those who write rules.

use super::{Attribution, Rules, Tenor, head, sentences};
use crate::signal::{symptom, words};

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// Its file and line, or that it comes with the program.
    pub place: String,
    /// What it looks for; empty if that is not known.
    pub pattern: String,
}

/// What rules say of a text, and which of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What it is about.
    pub capability: Option<(String, Which)>,
    /// How it says that things are.
    pub tenor: Option<(Tenor, Which)>,
    /// Whom it blames.
    pub attribution: Attribution,
    /// The provider that it blames, if it has a name.
    pub provider: Option<String>,
    /// The rule by which somebody is blamed, or nobody.
    pub because: Option<Which>,
}

impl Rules {
    /// What the rules say of `text`, and which of them.
    pub fn explain(&self, text: &str) -> Explained {
        let start = head(text);
        let first = self.capabilities.1.first(start);
        let capability = match first.and_then(|i| self.capabilities.0.get(i).map(|c| (c, self.capabilities.1.which(i))))
        {
            Some((word, which)) => Some((words::capability(word).to_string(), which)),
            None => symptom::classify(text).map(|word| {
                let which = Which { place: "built in, for complaints".to_string(), pattern: String::new() };
                (words::capability(word).to_string(), which)
            }),
        };
        let state = self.states.1.first(start);
        let attribution = self.attribution(text);
        Explained {
            capability,
            tenor: state.and_then(|i| Some((*self.states.0.get(i)?, self.states.1.which(i)))),
            attribution,
            provider: self.provider(text).filter(|_| attribution == Attribution::Others).map(str::to_string),
            because: self.because(text, attribution),
        }
    }

    fn because(&self, text: &str, attribution: Attribution) -> Option<Which> {
        let text = self.without_features(text);
        match attribution {
            Attribution::None => None,
            Attribution::Others => {
                let named = self.blaming(&text).find_map(|s| self.blamed_at(s));
                let unnamed = || self.blaming(&text).find_map(|s| self.outside.0.first(s));
                named.map(|i| self.providers.1.which(i)).or_else(|| unnamed().map(|i| self.outside.0.which(i)))
            }
            Attribution::Denied if self.tenor(&text) == Some(Tenor::Info) => {
                self.states.1.first(&text).map(|i| self.states.1.which(i))
            }
            Attribution::Denied => sentences(&text).filter(|s| self.denies(s)).find_map(|s| {
                let denied = || self.denied.first(s).map(|i| self.denied.which(i));
                self.own.first(s).map(|i| self.own.which(i)).or_else(denied)
            }),
        }
    }
}
