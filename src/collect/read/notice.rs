//! From what a monitor says to signals: names become components, words a capability, and identities are given.

use super::{json, text};
use crate::collect::classify::Rules;
use crate::collect::{Collected, Feed, Reading, Terms};
use crate::diag::{FileId, Span, clean};
use crate::signal::{AtKind, Observation, Precision, Record, SourceKind, SourceName, State, symptom, words};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// More signals than this are no answer but an attack.
const MAX_SIGNALS: usize = 10_000;

/// No more notes than these; the rest is counted.
const MAX_NOTES: usize = 100;

/// Longest note, in characters.
const MAX_NOTE_CHARS: usize = 240;

/// How far a feed's clock may be ahead of ours without a word, in seconds.
const CLOCK_SLACK: i64 = 60;

/// What a feed says, in the feed's own names.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// What the feed recognises the trouble by, without its time.
    pub id: String,
    /// What the feed calls the thing, the most exact name first; empty where it names none. Where the source lists none of
    /// them, the last is taken for an id or alias.
    pub names: Vec<&'a str>,
    /// The capability, where the feed has a field for it.
    pub capability: Option<&'a str>,
    /// What kind of source it is.
    pub kind: SourceKind,
    /// What is said.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// Whether `at` is when it began.
    pub at_kind: AtKind,
    /// How finely `at` is known.
    pub precision: Precision,
    /// When it ended. An end that lies ahead is none.
    pub until: Option<Timestamp>,
    /// Where; everywhere if the feed does not say.
    pub region: Option<&'a str>,
    /// A title, which tells the capability where the name does not.
    pub title: &'a str,
    /// What is said, as the feed has it.
    pub text: String,
    /// Where to read on.
    pub url: Option<&'a str>,
    /// Number of reports, and the usual number.
    pub reports: Option<(f64, f64)>,
    /// Share of looks that failed, and of how many.
    pub failed: Option<(f64, f64)>,
    /// How long it holds, and in which order, if the sender tells.
    pub terms: Terms,
}

impl Notice<'_> {
    /// A notice that says only what, who and when.
    pub fn new(kind: SourceKind, id: impl Into<String>, state: State, at: Timestamp, at_kind: AtKind) -> Self {
        Notice {
            id: id.into(),
            names: Vec::new(),
            capability: None,
            kind,
            state,
            at,
            at_kind,
            precision: Precision::Minute,
            until: None,
            region: None,
            title: "",
            text: String::new(),
            url: None,
            reports: None,
            failed: None,
            terms: Terms::default(),
        }
    }
}

/// Collects notices into a reading of one answer.
#[derive(Debug)]
pub struct Notices<'f> {
    feed: &'f Feed,
    reading: Reading,
    places: BTreeMap<String, usize>,
    unsaid: usize,
}

impl<'f> Notices<'f> {
    /// Nothing read yet.
    pub fn new(feed: &'f Feed) -> Self {
        Notices { feed, reading: Reading::default(), places: BTreeMap::new(), unsaid: 0 }
    }

    /// When the answer was received.
    pub fn seen_at(&self) -> Timestamp {
        self.feed.seen_at
    }

    /// Whether the source's names list `name`, or the source has a component for all that is not listed.
    pub fn knows(&self, name: &str) -> bool {
        self.feed.component.is_some() || self.feed.names.contains_key(name)
    }

    /// Says what was passed over. The same is said once.
    pub fn note(&mut self, note: impl AsRef<str>) {
        let note = text::cut(&clean(note.as_ref()), MAX_NOTE_CHARS);
        if self.reading.notes.contains(&note) {
        } else if self.reading.notes.len() < MAX_NOTES {
            self.reading.notes.push(note);
        } else {
            self.unsaid += 1;
        }
    }

    /// Says that the answer, or a part of it, tells no state: what was told before has not therefore ended.
    pub fn nothing(&mut self, note: impl AsRef<str>) {
        self.reading.partial = true;
        self.note(note);
    }

    /// The rows of the list at `path`. What is no list, or too long, is noted.
    pub fn rows<'v>(&mut self, value: &'v Value, path: &str) -> &'v [Value] {
        let found = json::get(value, path);
        if found.is_some_and(|v| !v.is_array()) {
            self.reading.partial = true;
            self.note(format!("`{path}` is no list: left out"));
        }
        if found.and_then(Value::as_array).is_some_and(|rows| rows.len() > json::MAX_ROWS) {
            self.reading.partial = true;
            self.note(format!("`{path}`: only the first {} rows are read", json::MAX_ROWS));
        }
        json::list(value, path)
    }

    /// The component that the feed means by the first of `names` that is listed; `None` if it is left out, with a note.
    fn component(&mut self, names: &[&str], id: &str) -> Option<String> {
        let lower: Vec<String> = names.iter().map(|n| n.trim().to_lowercase()).filter(|n| !n.is_empty()).collect();
        let listed = lower.iter().find_map(|n| self.feed.names.get(n));
        // An address is nobody's id.
        let own = lower.iter().rev().find(|n| !n.contains("://"));
        let found = listed.or(self.feed.component.as_ref()).or(own);
        match found {
            Some(component) if component.is_empty() => {
                self.note(format!("{}: left out, as the names say", lower.join(", ")));
                None
            }
            Some(component) => Some(component.to_lowercase()),
            None => {
                self.note(format!("{id}: names no component, and the source has none"));
                None
            }
        }
    }

    /// Takes up what `notice` says. Of two that say the same of the same, the earlier onset and the open end stand.
    pub fn add(&mut self, mut notice: Notice<'_>) {
        let Some(component) = self.component(&notice.names, &notice.id) else { return };
        if notice.at.as_second() - self.feed.seen_at.as_second() > CLOCK_SLACK {
            self.note(format!("{}: {} lies ahead of us; a clock is wrong", notice.id, notice.at));
            // What it says of the beginning is worth nothing, and would be another with every answer.
            (notice.at, notice.at_kind) = (self.feed.seen_at, AtKind::Seen);
        }
        notice.until = notice.until.filter(|u| *u <= self.feed.seen_at);
        let capability = capability(&notice, &self.feed.rules);
        let identity = identity(&notice, &component, &capability);
        notice.at = notice.at.min(self.feed.seen_at);
        notice.until = notice.until.map(|u| u.max(notice.at));
        if notice.terms != Terms::default() {
            let terms = self.reading.terms.entry(identity.clone()).or_default();
            terms.told_at = terms.told_at.max(notice.terms.told_at);
            terms.holds_until = terms.holds_until.max(notice.terms.holds_until);
        }
        let record = self.record(notice, component, capability);
        if let Some(place) = self.places.get(&identity) {
            let (before, new) = (&mut self.reading.signals[*place].record.observation, record.observation);
            before.at = before.at.min(new.at);
            before.until = before.until.zip(new.until).map(|(a, b)| a.max(b));
        } else if self.reading.signals.len() < MAX_SIGNALS {
            self.places.insert(identity.clone(), self.reading.signals.len());
            self.reading.signals.push(Collected { identity, record });
        } else {
            self.reading.partial = true;
            self.note(format!("only the first {MAX_SIGNALS} signals are read"));
        }
    }

    fn record(&self, notice: Notice<'_>, component: String, capability: String) -> Record {
        let text = match notice.text.is_empty() {
            true => text::plain(notice.title),
            false => text::plain(&notice.text),
        };
        let web = |u: &&str| u.starts_with("https://") || u.starts_with("http://");
        Record {
            observation: Observation {
                at: notice.at,
                precision: notice.precision,
                at_kind: notice.at_kind,
                until: notice.until,
                seen_at: self.feed.seen_at,
                component,
                capability,
                state: notice.state,
                region: notice.region.map_or("global", str::trim).to_string(),
                source: SourceName { kind: notice.kind, name: self.feed.name.clone() },
                count: notice.reports.map(|r| r.0),
                baseline: notice.reports.map(|r| r.1),
                share: BTreeMap::new(),
                value: notice.failed.map(|f| f.0),
                n: notice.failed.map(|f| f.1),
                likelihood: None,
            },
            text: Some(text).filter(|t| !t.is_empty()),
            url: notice.url.filter(web).map(clean),
            span: Span { file: FileId(0), start: 0, end: 0 },
        }
    }

    /// The reading, with what was too much to note counted.
    pub fn finish(mut self) -> Reading {
        if self.unsaid > 0 {
            self.reading.notes.push(format!("and {} more notes", self.unsaid));
        }
        self.reading
    }
}

/// The capability that a notice is about: as its field says, else by the words of name, title and text, in this
/// order: by the rules of the user's own first.
fn capability(notice: &Notice<'_>, rules: &Rules) -> String {
    let named = notice.capability.map(|c| c.trim().to_lowercase()).filter(|c| is_word(c));
    if let Some(word) = named {
        return match word.as_str() {
            "web" => "content".to_string(),
            other => words::capability(other).to_string(),
        };
    }
    let names = notice.names.join(" ");
    let texts = [names.as_str(), notice.title, &notice.text].map(spread);
    let own = || texts.iter().find_map(|t| rules.own_capability(t));
    own().or_else(|| texts.iter().find_map(|t| symptom::classify(t))).unwrap_or("any").to_string()
}

/// Whether it can be the name of a capability.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// `LoginErrorRate` and `shop_login` with their words apart.
fn spread(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(4096)];
    let mut apart = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            apart.push(' ');
        }
        apart.push(if "_/.".contains(c) { ' ' } else { c });
        before = c;
    }
    apart
}

/// What a signal is recognised by: where the onset is known, it tells one trouble of a thing from the next.
fn identity(notice: &Notice<'_>, component: &str, capability: &str) -> String {
    let thing = format!("{}|{component}|{capability}", clean(&notice.id).replace(['|', '@'], "_"));
    match (notice.state, notice.at_kind) {
        (State::Healthy, _) => format!("{thing}|healthy"),
        (_, AtKind::Onset) => format!("{thing}@{}", notice.at),
        (_, AtKind::Seen) => thing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_name_are_told_apart() {
        for (name, capability) in
            [("LoginErrorRate", Some("login")), ("shop_login", Some("login")), ("shop/home", None), ("", None)]
        {
            assert_eq!(symptom::classify(&spread(name)), capability, "{name}");
        }
    }
}
