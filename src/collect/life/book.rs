//! What one source that comes to us has told.

use crate::collect::follow::{follow, is_open, thing};
use crate::collect::read::alerts::RESOLVE_TIMEOUT;
use crate::collect::{Collected, Reading, Terms};
use crate::diag::clean;
use crate::signal::AtKind;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Most troubles of one source that are remembered.
pub const MAX_FOLLOWED: usize = 20_000;

/// What is told as firing so soon after its end, without a word of when, is an old word that came late.
const LATE: SignedDuration = SignedDuration::from_secs(30);

/// How much longer than it says a word holds: clocks differ, and senders are late.
const SLACK: SignedDuration = SignedDuration::from_secs(30);

/// How often what is repeated may fail to come before it is taken for ended.
const MISSED: i32 = 2;

/// How long it is remembered that something ended; senders try again for a day.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(48);

/// How a source tells of what goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Alerts, told again every so often while they fire; whether each says how long it holds.
    Alerts { every: SignedDuration, always_holds: bool },
    /// Events, each told once.
    Events,
    /// Every message lists all that is wrong.
    Listing,
    /// Messages that stand for themselves.
    Plain,
}

/// What is known of one trouble.
#[derive(Debug, Clone)]
struct Entry {
    one: Collected,
    terms: Terms,
    /// When it was last told, or found ended.
    heard: Timestamp,
    /// Sources that are asked and that listed it as well.
    listed_by: BTreeSet<String>,
}

impl Entry {
    fn is_open(&self) -> bool {
        is_open(&self.one.record.observation)
    }

    /// The trouble as ended.
    fn ended(&self, until: Timestamp, seen_at: Timestamp) -> Collected {
        let mut one = self.one.clone();
        let o = &mut one.record.observation;
        o.until = Some(until.max(o.at));
        o.seen_at = seen_at.max(o.at);
        one
    }

    /// Whether what is known stands against `new`, which is older or says less.
    fn stands_against(&self, new: &Collected, terms: Terms, newer_is_open: bool, now: Timestamp) -> bool {
        let (was, is) = (&self.one.record.observation, &new.record.observation);
        let reopens = !self.is_open() && is_open(is);
        if let Some(at) = terms.told_at {
            let last = self.terms.told_at.max(was.until);
            return last.is_some_and(|last| at < last || at == last && reopens);
        }
        if reopens {
            return terms.holds_until.is_none() && (newer_is_open || now.duration_since(self.heard) < LATE);
        }
        // An end that the sender does not know is the time of its arrival.
        !self.is_open() && is.until == Some(is.seen_at)
    }
}

/// What one source has told.
#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) manner: Manner,
    entries: BTreeMap<String, Entry>,
}

impl Book {
    pub(super) fn new(manner: Manner) -> Book {
        Book { manner, entries: BTreeMap::new() }
    }

    pub(super) fn open(&self) -> usize {
        self.entries.values().filter(|e| e.is_open()).count()
    }

    pub(super) fn settle(&self, reading: Reading, now: Timestamp) -> Reading {
        match self.manner {
            Manner::Plain => reading,
            Manner::Listing => {
                let open = self.entries.values().filter(|e| e.is_open()).map(|e| e.one.clone());
                Reading { whole: true, ..follow(&open.collect::<Vec<_>>(), reading, now) }
            }
            Manner::Alerts { .. } | Manner::Events => self.merge(reading, now),
        }
    }

    fn merge(&self, reading: Reading, now: Timestamp) -> Reading {
        let told: BTreeSet<String> = reading.signals.iter().map(|c| c.identity.clone()).collect();
        let mut settled = Reading { notes: reading.notes, ..Reading::default() };
        for one in reading.signals {
            let terms = reading.terms.get(&one.identity).copied().unwrap_or_default();
            let Some(mut one) = self.placed(one, terms, &mut settled.notes) else { continue };
            let of_thing: Vec<&Entry> = self.of_thing(&one.identity).filter(|e| e.is_open()).collect();
            let at = one.record.observation.at;
            let newer = of_thing.iter().map(|e| e.one.record.observation.at).filter(|a| *a > at).min();
            let known = self.entries.get(&one.identity);
            if let Some(known) = known.filter(|k| k.stands_against(&one, terms, newer.is_some(), now)) {
                settled.signals.push(known.one.clone());
                continue;
            }
            if let Some(newer) = newer.filter(|_| is_open(&one.record.observation)) {
                // An old word that came late: it was over when the next one began.
                one.record.observation.until = Some(newer);
            } else if is_open(&one.record.observation) {
                // The end of the one before was not told, and it is over by now.
                let before = of_thing.iter().filter(|e| e.one.record.observation.at < at);
                let before = before.filter(|e| !told.contains(&e.one.identity) && e.one.identity != one.identity);
                settled.signals.extend(before.map(|e| e.ended(at, now)));
            }
            settled.terms.insert(one.identity.clone(), terms);
            settled.signals.push(one);
        }
        if self.entries.len() >= MAX_FOLLOWED {
            settled.notes.push(format!("more than {MAX_FOLLOWED} troubles: the silence of others is not noticed"));
        }
        settled
    }

    /// What is told, under the identity of the trouble that it is about: copies of a monitor see the same one begin at
    /// different times, and some senders do not tell when. `None`, with a note, for the end of what was never heard of.
    fn placed(&self, mut one: Collected, terms: Terms, notes: &mut Vec<String>) -> Option<Collected> {
        let o = &mut one.record.observation;
        let told_when = o.at_kind == AtKind::Onset;
        if told_when && (terms.holds_until.is_none() || self.entries.contains_key(&one.identity)) {
            return Some(one);
        }
        let goes_on = |e: &&Entry| e.is_open() && o.until.is_none_or(|u| !told_when || u >= e.heard);
        if let Some(before) = self.of_thing(&one.identity).find(goes_on) {
            one.identity.clone_from(&before.one.identity);
            let began = &before.one.record.observation;
            if !told_when || began.at < o.at {
                (o.at, o.at_kind) = (began.at, began.at_kind);
            }
            return Some(one);
        }
        if !told_when && o.until.is_some() {
            notes.push(format!("{}: the end of what was never heard of", clean(&o.component)));
            return None;
        }
        if !told_when {
            one.identity = format!("{}@{}", one.identity, o.at);
        }
        Some(one)
    }

    /// What is known of the same thing.
    fn of_thing<'s>(&'s self, identity: &str) -> impl Iterator<Item = &'s Entry> + use<'s> {
        let (first, wanted) = (thing(identity).to_string(), thing(identity).to_string());
        // Identities of a thing begin with it, so they stand together.
        self.entries
            .range(first.clone()..)
            .take_while(move |(identity, _)| identity.starts_with(&first))
            .filter(move |(identity, _)| thing(identity) == wanted)
            .map(|(_, entry)| entry)
    }

    pub(super) fn kept(&mut self, reading: &Reading, now: Timestamp) {
        if self.manner == Manner::Plain {
            return;
        }
        for one in &reading.signals {
            let terms = reading.terms.get(&one.identity);
            let full = self.entries.len() >= MAX_FOLLOWED;
            match self.entries.get_mut(&one.identity) {
                Some(entry) => {
                    if !entry.is_open() && is_open(&one.record.observation) {
                        entry.listed_by.clear();
                    }
                    if terms.is_some() || entry.one != *one {
                        entry.heard = now;
                    }
                    entry.one.clone_from(one);
                    entry.terms = terms.copied().unwrap_or(entry.terms);
                }
                None if full => {}
                None => {
                    let terms = terms.copied().unwrap_or_default();
                    let entry = Entry { one: one.clone(), terms, heard: now, listed_by: BTreeSet::new() };
                    self.entries.insert(one.identity.clone(), entry);
                }
            }
        }
    }

    pub(super) fn recall(&mut self, one: Collected, now: Timestamp) {
        let always_holds = matches!(self.manner, Manner::Alerts { always_holds: true, .. });
        let holds_until = now.checked_add(RESOLVE_TIMEOUT).ok().filter(|_| always_holds);
        if self.manner != Manner::Plain && self.entries.len() < MAX_FOLLOWED {
            let terms = Terms { told_at: None, holds_until };
            let entry = Entry { terms, heard: now, listed_by: BTreeSet::new(), one };
            self.entries.insert(entry.one.identity.clone(), entry);
        }
    }

    /// Takes note that the source `name`, which is asked, lists the trouble as well.
    pub(super) fn listed(&mut self, identity: &str, name: &str) {
        if let Some(entry) = self.entries.get_mut(identity).filter(|e| e.is_open() && !e.listed_by.contains(name)) {
            entry.listed_by.insert(name.to_string());
        }
    }

    /// What the source `name` listed and has not in `told`, or has as ended.
    pub(super) fn gone(&self, name: &str, told: &BTreeMap<&str, &Collected>, now: Timestamp) -> Reading {
        let mut gone = Reading::default();
        for entry in self.entries.values().filter(|e| e.is_open() && e.listed_by.contains(name)) {
            let until = match told.get(entry.one.identity.as_str()).map(|c| &c.record.observation) {
                Some(o) if is_open(o) => continue,
                Some(o) => o.until.unwrap_or(o.at),
                None => now,
            };
            gone.signals.push(entry.ended(until, now));
        }
        if !gone.signals.is_empty() {
            gone.notes.push(format!("{} ended, as {} says", gone.signals.len(), clean(name)));
        }
        gone
    }

    /// What has not been told again in time.
    pub(super) fn silent(&self, now: Timestamp) -> Reading {
        let mut silent = Reading::default();
        for entry in self.entries.values().filter(|e| e.is_open()) {
            let until = match (entry.terms.holds_until, self.manner) {
                (Some(holds), _) => Some(holds).filter(|h| now.duration_since(*h) > SLACK),
                (None, Manner::Alerts { every, .. }) => {
                    let patience = every.saturating_mul(MISSED);
                    Some(entry.heard).filter(|heard| now.duration_since(*heard) > patience)
                }
                (None, _) => None,
            };
            if let Some(until) = until {
                let o = &entry.one.record.observation;
                silent.notes.push(format!("{}: not told again, taken for ended at {until}", clean(&o.component)));
                silent.signals.push(entry.ended(until, now));
            }
        }
        silent
    }

    /// Forgets what ended long ago, and, if there is too much, the rest of what has ended.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let full = self.entries.len() >= MAX_FOLLOWED;
        self.entries.retain(|_, e| e.is_open() || !full && now.duration_since(e.heard) < REMEMBERED);
    }
}
