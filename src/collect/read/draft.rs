//! A reading in the making: what a page says of its parts becomes signals on components.

use super::{place, state, text, time};
use crate::collect::classify::{Attribution, Rules};
use crate::collect::{Collected, Feed, Reading};
use crate::diag::{FileId, Span};
use crate::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State};
use jiff::Timestamp;
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What comes over the network stands in no file.
pub const NOWHERE: Span = Span { file: FileId(0), start: 0, end: 0 };

/// More signals than this are no page but an attack.
const MAX_SIGNALS: usize = 10_000;

/// So many notes are enough to see what is wrong.
const MAX_NOTES: usize = 50;

/// Addresses in a text.
static LINKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"https?://[^\s"'<>()]+"#).ok());

/// The capability of signals that tell none.
const ANY: &str = "any";

/// One trouble of one part, as a page tells it.
#[derive(Debug, Clone)]
pub struct Trouble<'a> {
    /// The feed's own id of the trouble, the same in every answer.
    pub id: &'a str,
    /// What the feed calls the part in trouble; empty where it speaks of all.
    pub part: &'a str,
    /// What the feed calls the group of the part; empty if there is none.
    pub group: &'a str,
    /// Title of the trouble.
    pub title: &'a str,
    /// The first thing that was said: it decides about the capability where names do not, since it does not change.
    pub first: &'a str,
    /// The newest thing that was said.
    pub newest: &'a str,
    /// How it is, or was at its worst.
    pub state: State,
    /// When it began or was seen; `None` where the feed does not say: then it was seen when the answer came.
    pub at: Option<Timestamp>,
    /// What `at` means.
    pub at_kind: AtKind,
    /// Its end, if over.
    pub until: Option<Timestamp>,
    /// Where; `None` lets the name of the part tell.
    pub region: Option<&'a str>,
    /// Where to read more.
    pub url: Option<&'a str>,
}

impl<'a> Trouble<'a> {
    /// A trouble of all that the feed speaks of, seen when the answer came.
    pub fn new(id: &'a str, title: &'a str, state: State) -> Trouble<'a> {
        Trouble {
            id,
            part: "",
            group: "",
            title,
            first: "",
            newest: "",
            state,
            at: None,
            at_kind: AtKind::Seen,
            until: None,
            region: None,
            url: None,
        }
    }
}

/// A part that the page calls well.
struct Well {
    component: String,
    capability: String,
    region: String,
    named: bool,
}

/// A reading in the making.
pub struct Draft<'f> {
    feed: &'f Feed,
    reading: Reading,
    by_identity: BTreeMap<String, usize>,
    well: Vec<Well>,
    /// The worst that is told of every part that is in trouble.
    open: BTreeMap<String, State>,
}

impl<'f> Draft<'f> {
    /// An empty reading of an answer of `feed`.
    pub fn new(feed: &'f Feed) -> Draft<'f> {
        Draft {
            feed,
            reading: Reading::default(),
            by_identity: BTreeMap::new(),
            well: Vec::new(),
            open: BTreeMap::new(),
        }
    }

    /// The rules for texts.
    pub fn rules(&self) -> &'f Rules {
        &self.feed.rules
    }

    /// When the answer came.
    pub fn seen_at(&self) -> Timestamp {
        self.feed.seen_at
    }

    /// Tells people what was not understood, or left out.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = crate::diag::clean(&text::cut(&note.into(), text::MAX_CHARS));
        if self.reading.notes.len() < MAX_NOTES && !self.reading.notes.contains(&note) {
            self.reading.notes.push(note);
        }
    }

    /// Tells people that something was passed over that may have been trouble: nothing is called well then.
    pub fn pass_over(&mut self, note: impl Into<String>) {
        self.reading.partial = true;
        self.note(note);
    }

    /// From `then` on the same answer will say something else.
    pub fn differs_from(&mut self, then: Timestamp) {
        let known = self.reading.differs_from.get_or_insert(then);
        *known = then.min(*known);
    }

    /// The rows of the list at `path`; none where it is missing or null. Where it is something else, trouble may be passed
    /// over.
    pub fn rows<'v>(&mut self, value: &'v Value, path: &str) -> &'v [Value] {
        if let Some(found) = super::json::get(value, path).filter(|v| !v.is_array()) {
            self.pass_over(format!("`{path}` is no list: {}", text::cut(&found.to_string(), 60)));
        }
        super::json::list(value, path)
    }

    /// What `word` of the feed means; one that is not known is degraded, and a note.
    pub fn state(&mut self, word: &str) -> State {
        state::of(word).unwrap_or_else(|| {
            self.note(format!("`{}` is no known state; taken for degraded", text::cut(word, 60)));
            State::Degraded
        })
    }

    /// The time at `path` of `value`; one that cannot be read is a note.
    pub fn time(&mut self, value: &Value, path: &str) -> Option<Timestamp> {
        let found = super::json::get(value, path)?;
        let at = time::of(found);
        if at.is_none() {
            self.note(format!("`{path}` is no time: {}", text::cut(&found.to_string(), 60)));
        }
        at
    }

    /// Adds a trouble. The same trouble of the same component in the same capability and region, told of several parts, is
    /// one signal: the gravest state, from the first beginning to the last end. What is [`State::Healthy`] is no trouble.
    pub fn trouble(&mut self, trouble: &Trouble) {
        if trouble.state == State::Healthy {
            return;
        }
        let Some((component, _)) = self.component(trouble.part, trouble.group) else {
            return;
        };
        let capability = self.capability(&[trouble.part, trouble.group, trouble.title, trouble.first]);
        let region = trouble.region.map(str::to_string).or_else(|| place::of(trouble.part));
        let region = region.unwrap_or_else(|| place::GLOBAL.to_string());
        let identity = identity(trouble.id, &component, capability, &region);
        let observation = Observation {
            capability: capability.to_string(),
            region,
            ..self.observation(component, trouble.state, trouble.at, trouble.at_kind, trouble.until)
        };
        if observation.until.is_none() {
            let worst = self.open.entry(trouble.part.to_lowercase()).or_insert(State::Healthy);
            *worst = state::worse(*worst, trouble.state);
        }
        let url = trouble.url.map(|u| text::cut(&crate::diag::clean(u), text::MAX_CHARS));
        let text = text::titled(trouble.title, trouble.newest);
        self.add(identity, Record { observation, text, url, span: NOWHERE });
    }

    /// Adds what a list of parts says of one of them, unless something at least as grave that goes on there is known
    /// already: of the part, or of the same capability of the component.
    pub fn part_in_trouble(&mut self, trouble: &Trouble) {
        let graver = |s: State| state::worse(s, trouble.state) == s;
        if self.open.get(&trouble.part.to_lowercase()).is_some_and(|s| graver(*s)) {
            return;
        }
        let Some((component, _)) = self.component(trouble.part, trouble.group) else {
            return;
        };
        let capability = self.capability(&[trouble.part, trouble.group, trouble.title, trouble.first]);
        let known =
            self.reading.signals.iter().map(|s| &s.record.observation).any(|o| {
                o.component == component && o.capability == capability && o.until.is_none() && graver(o.state)
            });
        if !known {
            self.trouble(trouble);
        }
    }

    /// Adds that the page calls a part well. It becomes a signal if nothing that goes on there says otherwise.
    pub fn well(&mut self, part: &str, group: &str) {
        let listed = self.named(part, group);
        let Some((component, named)) = listed.or_else(|| self.feed.component.clone().map(|c| (c, false))) else {
            return;
        };
        if component.is_empty() {
            return;
        }
        let capability = if named { self.capability(&[part, group]) } else { ANY }.to_string();
        let region = place::of(part).filter(|_| named).unwrap_or_else(|| place::GLOBAL.to_string());
        self.well.push(Well { component, capability, region, named });
    }

    /// Adds that the page calls everything well.
    pub fn all_well(&mut self) {
        self.well("", "");
    }

    /// Adds what the texts of a trouble say of others: a provider that is blamed is in trouble, as the page has it.
    /// `said` is what was said, the oldest first. A later denial takes back what was suspected before.
    pub fn blame(&mut self, id: &str, said: &[(Option<Timestamp>, &str)], until: Option<Timestamp>, url: Option<&str>) {
        let mut blamed: BTreeMap<String, (Option<Timestamp>, &str)> = BTreeMap::new();
        let mut unnamed = None;
        for (at, words) in said {
            let plain = text::bare(words);
            match self.feed.rules.attribution(&plain) {
                Attribution::None => {}
                Attribution::Denied => {
                    blamed.clear();
                    unnamed = None;
                }
                Attribution::Others => {
                    let known = || self.feed.rules.provider(&plain).map(str::to_string);
                    let provider = self.provider(&plain, words).or_else(known);
                    match provider {
                        Some(provider) => _ = blamed.entry(provider).or_insert((*at, words)),
                        None => unnamed = Some(text::cut(&plain, 120)),
                    }
                }
            }
        }
        if let Some(words) = unnamed.filter(|_| blamed.is_empty()) {
            self.note(format!("an outside party without a name is blamed: {words}"));
        }
        for (provider, (at, words)) in blamed {
            // Who tells of its own trouble blames nobody.
            let own = self.reading.signals.iter().any(|s| s.identity.starts_with(&format!("{id}/{provider}/")));
            if own || provider.is_empty() || self.feed.component.as_ref() == Some(&provider) {
                continue;
            }
            let region = place::of(words).unwrap_or_else(|| place::GLOBAL.to_string());
            let identity = identity(&format!("{id}/blamed"), &provider, ANY, &region);
            let mut observation = self.observation(provider, State::Failing, at, AtKind::Seen, until);
            observation.region = region;
            observation.source.kind = SourceKind::Analyst;
            let url = url.map(|u| text::cut(&crate::diag::clean(u), text::MAX_CHARS));
            self.add(identity, Record { observation, text: text::titled("", words), url, span: NOWHERE });
        }
    }

    /// The reading, with a healthy signal for every component that is well.
    pub fn finish(mut self) -> Reading {
        let well = std::mem::take(&mut self.well);
        if self.reading.partial {
            return self.reading;
        }
        for well in well {
            let going_on = self.reading.signals.iter().map(|s| &s.record.observation).any(|o| {
                let open = o.until.is_none() && o.source.kind == SourceKind::StatusPage && o.state != State::Healthy;
                // Nothing is called well as a whole while anything at all goes on.
                let same = o.component == well.component
                    && o.state != State::Unknown
                    && (o.capability == well.capability || o.capability == ANY || well.capability == ANY);
                open && (same || !well.named)
            });
            if going_on {
                continue;
            }
            let identity = identity("well", &well.component, &well.capability, &well.region);
            let mut observation = self.observation(well.component, State::Healthy, None, AtKind::Seen, None);
            (observation.capability, observation.region) = (well.capability, well.region);
            self.add(identity, Record { observation, text: None, url: None, span: NOWHERE });
        }
        self.reading
    }

    /// The component that is meant by a part of a group, and whether it is listed by name. `None`, with a note where
    /// nobody is meant, if there is to be no signal.
    fn component(&mut self, part: &str, group: &str) -> Option<(String, bool)> {
        let found = self.named(part, group).or_else(|| self.feed.component.clone().map(|c| (c, false)));
        if found.is_none() {
            let what = if part.is_empty() { "the page" } else { part };
            self.note(format!("`{}` has trouble, and no component is configured for it", text::cut(what, 80)));
        }
        found.filter(|(component, _)| !component.is_empty())
    }

    /// The component that `names` lists for a part: for `group - part`, else for `part`, else for `group`.
    fn named(&self, part: &str, group: &str) -> Option<(String, bool)> {
        let names = [format!("{group} - {part}"), part.to_string(), group.to_string()];
        let found = names.iter().find_map(|n| self.feed.names.get(&n.trim().to_lowercase()));
        found.map(|component| (component.clone(), true))
    }

    /// The component of the longest name in `names` that a text blames, or to which it links.
    fn provider(&self, plain: &str, words: &str) -> Option<String> {
        let others = self.feed.names.iter().filter(|(_, c)| Some(*c) != self.feed.component.as_ref());
        let blamed = others.filter(|(name, _)| !name.is_empty()).filter(|(name, _)| {
            let mention = RegexBuilder::new(&format!(r"\b{}\b", regex::escape(name))).case_insensitive(true).build();
            let links = LINKS.as_ref().is_some_and(|l| l.find_iter(words).any(|l| mentions(l.as_str(), name)));
            links || mention.is_ok_and(|m| self.feed.rules.blames(plain, &m))
        });
        blamed.max_by_key(|(name, _)| name.len()).map(|(_, component)| component.clone())
    }

    /// What this feed observed; `any` and everywhere until told otherwise.
    fn observation(
        &self,
        component: String,
        state: State,
        at: Option<Timestamp>,
        at_kind: AtKind,
        until: Option<Timestamp>,
    ) -> Observation {
        let seen_at = self.feed.seen_at;
        // Ends that lie ahead are plans; clocks of pages may be ahead, too.
        let until = until.filter(|u| *u <= seen_at);
        let begun = at.map_or(seen_at, |a| a.min(seen_at));
        Observation {
            at: until.map_or(begun, |u| begun.min(u)),
            precision: Precision::Minute,
            at_kind: if at.is_some() { at_kind } else { AtKind::Seen },
            until,
            seen_at,
            component: component.to_lowercase(),
            capability: ANY.to_string(),
            state,
            region: place::GLOBAL.to_string(),
            source: SourceName { kind: SourceKind::StatusPage, name: self.feed.name.clone() },
            count: None,
            baseline: None,
            share: BTreeMap::new(),
            value: None,
            n: None,
            likelihood: None,
        }
    }

    /// The capability that the first of `texts` tells that tells one.
    fn capability(&self, texts: &[&str]) -> &'f str {
        let rules = &self.feed.rules;
        texts.iter().find_map(|t| rules.capability(&text::bare(t))).unwrap_or(ANY)
    }

    fn add(&mut self, identity: String, record: Record) {
        if let Some(known) = self.by_identity.get(&identity).and_then(|i| self.reading.signals.get_mut(*i)) {
            let (old, new) = (&mut known.record.observation, record.observation);
            old.state = state::worse(old.state, new.state);
            if new.at < old.at {
                (old.at, old.at_kind) = (new.at, new.at_kind);
            }
            old.until = old.until.zip(new.until).map(|(a, b)| a.max(b));
        } else if self.reading.signals.len() < MAX_SIGNALS {
            self.by_identity.insert(identity.clone(), self.reading.signals.len());
            self.reading.signals.push(Collected { identity, record });
        } else {
            self.pass_over(format!("only the first {MAX_SIGNALS} signals are read"));
        }
    }
}

fn identity(id: &str, component: &str, capability: &str, region: &str) -> String {
    let id: String = id.chars().filter(|c| !c.is_control()).take(200).collect();
    let mut identity = format!("{id}/{}/{capability}", component.to_lowercase());
    if region != place::GLOBAL {
        identity.push('/');
        identity.push_str(region);
    }
    identity
}

/// Whether an address has `name`, which is in lower case, as words of its own.
fn mentions(address: &str, name: &str) -> bool {
    let text = address.to_lowercase();
    text.match_indices(name).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        ![before, after].iter().flatten().any(|c| c.is_alphanumeric())
    })
}
