//! What every source says now.

use crate::collect::Reading;
use crate::signal::{AtKind, Observation, Record, State, Window};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How long a sighting of trouble goes on without being told again, where answers do not list all that is wrong.
const MOMENT: SignedDuration = SignedDuration::from_mins(15);

/// How long before the window what is not listed may have been told last to be known still.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What every source says now, and what it said of troubles that have ended.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    sources: BTreeMap<String, Heard>,
}

#[derive(Debug, Clone, Default)]
struct Heard {
    said: BTreeMap<String, Said>,
    /// When its last answer came.
    last: Option<Timestamp>,
    /// When it last answered that all is as before.
    same: Option<Timestamp>,
    /// Whether its last round told all that it could see: then its silence about something says that it is well.
    sees: bool,
}

#[derive(Debug, Clone)]
struct Said {
    record: Record,
    /// Whether it was in an answer that lists all that is wrong: then it goes on until an answer without it.
    listed: bool,
}

impl Sight {
    /// Takes up what was known before the first answer, from the history. It goes on only where the source is heard again.
    pub fn remember(&mut self, identity: &str, record: &Record) {
        let source = self.sources.entry(record.observation.source.name.clone()).or_default();
        let last = source.last.unwrap_or(record.observation.seen_at);
        source.last = Some(last.max(record.observation.seen_at));
        source.said.insert(identity.to_string(), Said { record: record.clone(), listed: true });
    }

    /// Takes up an answer.
    pub fn hear(&mut self, source: &str, reading: &Reading, now: Timestamp) {
        let heard = self.sources.entry(source.to_string()).or_default();
        (heard.last, heard.same) = (Some(now), None);
        heard.sees = !reading.partial && reading.signals.iter().all(|c| c.record.observation.state != State::Unknown);
        let told: BTreeSet<&str> = reading.signals.iter().map(|c| c.identity.as_str()).collect();
        // What was well and is not called so any more is not known to be well; what was wrong and is not listed was ended.
        heard.said.retain(|identity, said| {
            let well = said.record.observation.state == State::Healthy;
            told.contains(identity.as_str()) || !(reading.whole && well)
        });
        if !reading.whole {
            heard.said.values_mut().for_each(|said| said.listed = false);
        }
        for one in &reading.signals {
            let mut record = one.record.clone();
            let o = &mut record.observation;
            // Nobody sees what is yet to come: a clock is ahead.
            o.at = o.at.min(now);
            o.seen_at = o.seen_at.min(now);
            if let Some(before) = heard.said.get(&one.identity).filter(|_| o.state != State::Healthy) {
                // A trouble that is seen again began when it was first seen.
                o.at = o.at.min(before.record.observation.at);
            }
            heard.said.insert(one.identity.clone(), Said { record, listed: reading.whole });
        }
    }

    /// Takes up that a source says the same as before.
    pub fn same(&mut self, source: &str, now: Timestamp) {
        if let Some(heard) = self.sources.get_mut(source) {
            (heard.last, heard.same) = (Some(now), Some(now));
        }
    }

    /// Takes up that a source could not be heard. What it said before may still be so; its silence says nothing.
    pub fn lost(&mut self, source: &str) {
        if let Some(heard) = self.sources.get_mut(source) {
            heard.sees = false;
        }
    }

    /// Forgets sources that are not asked any more.
    pub fn forget_all_but(&mut self, names: &BTreeSet<&str>) {
        self.sources.retain(|name, _| names.contains(name.as_str()));
    }

    /// Forgets what ended before `start`, and what sources say that were last heard before the time that `patience` gives
    /// for them; `None` for those whose silence is no news.
    pub fn forget_before(&mut self, start: Timestamp, patience: impl Fn(&str) -> Option<Timestamp>) {
        for (name, heard) in &mut self.sources {
            heard.said.retain(|_, said| {
                let o = &said.record.observation;
                let fresh = said.listed || start.duration_since(o.seen_at) <= FORGOTTEN;
                o.until.map_or(fresh, |until| until >= start)
            });
            if patience(name).is_some_and(|first| heard.last.is_none_or(|last| last < first)) {
                heard.said.clear();
            }
        }
    }

    /// When a source last told all that it sees; `None` if its last round did not.
    pub fn last_seen(&self, source: &str) -> Option<Timestamp> {
        self.sources.get(source).filter(|heard| heard.sees)?.last
    }

    /// The signals of the window, as they are known now, in the order of source and identity.
    ///
    /// What is well is so at the last answer that says the same, and left out where the source saw trouble before: that it is
    /// over does not deny that there was one. Trouble that was seen before the window began stands at its beginning. Trouble
    /// without an end goes on; what was only seen once, a while ago, has one.
    pub fn signals(&self, window: Window) -> Vec<Record> {
        let mut found = Vec::new();
        for heard in self.sources.values() {
            let ended = heard.ended(window);
            for said in heard.said.values() {
                let mut record = said.record.clone();
                let o = &mut record.observation;
                if o.state == State::Healthy && ended.contains(&place(&said.record.observation)) {
                    continue;
                }
                if o.state == State::Healthy && said.listed {
                    o.at = o.at.max(heard.same.unwrap_or(o.at).min(window.end));
                } else if is_trouble(o) && o.until.is_none() && o.at_kind == AtKind::Seen {
                    match said.listed {
                        true => o.at = o.at.max(window.start),
                        false if window.end.duration_since(o.at) > MOMENT => o.until = Some(o.at),
                        false => {}
                    }
                }
                o.seen_at = o.seen_at.max(o.at);
                found.push(record);
            }
        }
        found
    }
}

impl Heard {
    /// Where this source saw trouble that ended within the window.
    fn ended(&self, window: Window) -> BTreeSet<Place<'_>> {
        let all = self.said.values().map(|said| &said.record.observation);
        let ended = all.filter(|o| is_trouble(o) && o.until.is_some_and(|until| until >= window.start));
        ended.map(place).collect()
    }
}

/// Component, capability, region.
type Place<'a> = (&'a str, &'a str, &'a str);

fn place(o: &Observation) -> Place<'_> {
    (&o.component, &o.capability, &o.region)
}

/// Whether a signal of [`Sight::signals`] tells of trouble that goes on.
pub fn is_open(o: &Observation) -> bool {
    is_trouble(o) && o.until.is_none()
}

fn is_trouble(o: &Observation) -> bool {
    matches!(o.state, State::Failing | State::Degraded)
}
