//! The life of what is told once. Who is asked again and again sees what is gone; who is told hears of a beginning, and
//! perhaps never of the end: of an alert that is inhibited later, none is ever sent.
//!
//! Pure: [`Life::settle`] says what becomes of a reading after all that was told before, [`Life::kept`] takes it up once
//! it is kept. In between it may be lost and told again: the same comes out.

mod book;

use super::ask::lists_all;
use super::config::{Source, Way};
use super::read::{self, Format};
use super::{Collected, Reading};
use crate::signal::{Record, SourceKind};
use book::{Book, Manner};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

pub use book::MAX_FOLLOWED;

/// What the sources that come to us have told, and what of it has not ended.
#[derive(Debug, Clone, Default)]
pub struct Life {
    books: BTreeMap<String, Book>,
}

impl Life {
    /// Nothing told yet.
    pub fn new(sources: &[Source]) -> Life {
        let mut life = Life::default();
        life.change(sources);
        life
    }

    /// Goes on with other sources; of those that stay, nothing is forgotten.
    pub fn change(&mut self, sources: &[Source]) {
        let mut before = std::mem::take(&mut self.books);
        for source in sources.iter().filter(|s| matches!(s.way, Way::Receive(_))) {
            let manner = manner(source);
            let mut book = before.remove(&source.name.text).unwrap_or_else(|| Book::new(manner));
            book.manner = manner;
            self.books.insert(source.name.text.clone(), book);
        }
    }

    /// Whether nothing comes to us, so that there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.books.is_empty()
    }

    /// Takes up what the history knows, after a new start. What was open is given as long again as if it had just been told.
    pub fn recall<'r>(&mut self, known: impl IntoIterator<Item = (&'r str, &'r Record)>, now: Timestamp) {
        let mut others = Vec::new();
        for (identity, record) in known {
            let source = &record.observation.source;
            match self.books.get_mut(&source.name) {
                Some(book) => book.recall(Collected { identity: identity.to_string(), record: record.clone() }, now),
                None if source.kind == SourceKind::Alert => others.push((identity, source.name.as_str())),
                None => {}
            }
        }
        for (identity, name) in others {
            self.books.values_mut().for_each(|book| book.listed(identity, name));
        }
    }

    /// What becomes of what the source `name` says: its own words first, with what they end; then, of those that came to us
    /// from elsewhere, what this source listed and lists no more.
    pub fn settle(&self, name: &str, reading: Reading, now: Timestamp) -> Vec<(String, Reading)> {
        if let Some(book) = self.books.get(name) {
            return vec![(name.to_string(), book.settle(reading, now))];
        }
        let told: BTreeMap<&str, &Collected> = reading.signals.iter().map(|c| (c.identity.as_str(), c)).collect();
        let gone = self.books.iter().map(|(other, book)| (other.clone(), book.gone(name, &told, now)));
        let gone: Vec<(String, Reading)> = gone.filter(|(_, reading)| !reading.signals.is_empty()).collect();
        [(name.to_string(), reading)].into_iter().chain(gone).collect()
    }

    /// Takes up what was settled, or found silent, and is kept.
    pub fn kept(&mut self, name: &str, reading: &Reading, now: Timestamp) {
        match self.books.get_mut(name) {
            Some(book) => book.kept(reading, now),
            None => {
                for one in reading.signals.iter().filter(|c| super::follow::is_open(&c.record.observation)) {
                    self.books.values_mut().for_each(|book| book.listed(&one.identity, name));
                }
            }
        }
    }

    /// What has not been told again in time, as ended. Forgets what ended long ago.
    pub fn silent(&mut self, now: Timestamp) -> Vec<(String, Reading)> {
        self.books.values_mut().for_each(|book| book.forget(now));
        let silent = self.books.iter().map(|(name, book)| (name.clone(), book.silent(now)));
        silent.filter(|(_, reading)| !reading.signals.is_empty()).collect()
    }

    /// How many troubles that were told have not ended.
    pub fn open(&self) -> usize {
        self.books.values().map(Book::open).sum()
    }
}

/// How a source tells of what goes on.
fn manner(source: &Source) -> Manner {
    let every = SignedDuration::try_from(source.every).unwrap_or(SignedDuration::MAX);
    match source.format.as_deref().and_then(read::named) {
        Some(Format::Alertmanager | Format::Grafana) => Manner::Alerts { every, always_holds: false },
        Some(Format::Prometheus) => Manner::Alerts { every, always_holds: true },
        Some(Format::PagerDuty) => Manner::Events,
        Some(format) if lists_all(format) => Manner::Listing,
        _ => Manner::Plain,
    }
}
