//! What an answer says, seen after what was said before: troubles that are gone have ended, and one that goes on keeps
//! its beginning.
//!
//! Only for feeds whose every answer lists all that is wrong now: pages, polls of alerts and probes. There, disappearance
//! is the end, the only one that an inhibited alert ever has.

use super::{Collected, Reading};
use crate::signal::{AtKind, Observation, State};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// `now` as told after `open`: what the same source said before and has not ended.
///
/// - A trouble whose onset the answer does not know (its `at` is when it was seen) goes on under the identity and with the
///   `at` of the open one; if none is open, it is a new trouble, and its identity gets the time.
/// - What is open and not in `now` ended at `seen_at`, with a signal under its own identity; not if something in the
///   answer was passed over, which may have been it. Then it goes on as before.
///
/// Not for what could not be read: that says nothing of what was open.
pub fn follow(open: &[Collected], mut now: Reading, seen_at: Timestamp) -> Reading {
    let open: Vec<&Collected> = open.iter().filter(|c| is_open(&c.record.observation)).collect();
    let by_thing: BTreeMap<&str, &Collected> = open.iter().map(|c| (thing(&c.identity), *c)).collect();
    for one in &mut now.signals {
        let o = &mut one.record.observation;
        if o.state == State::Healthy || o.at_kind == AtKind::Onset {
            continue;
        }
        match by_thing.get(one.identity.as_str()) {
            Some(before) => {
                one.identity.clone_from(&before.identity);
                o.at = before.record.observation.at;
                o.at_kind = before.record.observation.at_kind;
            }
            None => one.identity = format!("{}@{}", one.identity, o.at),
        }
    }
    let told: BTreeSet<String> = now.signals.iter().map(|c| c.identity.clone()).collect();
    for gone in open.into_iter().filter(|c| !told.contains(&c.identity)) {
        let mut gone = gone.clone();
        if !now.partial {
            gone.record.observation.until = Some(seen_at.max(gone.record.observation.at));
            gone.record.observation.seen_at = seen_at;
        }
        now.signals.push(gone);
    }
    now
}

/// Whether it is a trouble or work that has not ended.
pub fn is_open(o: &Observation) -> bool {
    o.until.is_none() && !matches!(o.state, State::Healthy | State::Recovered)
}

/// The identity without the time of the trouble.
pub(super) fn thing(identity: &str) -> &str {
    identity.rsplit_once('@').map_or(identity, |(thing, _)| thing)
}
