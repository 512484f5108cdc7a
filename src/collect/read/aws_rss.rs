//! AWS: the entries of its RSS feed, one per update, the newest first.
//!
//! Updates of one service belong together until a day passes without any. The first part of the title is the state.

use super::draft::{Draft, Trouble};
use super::feed::Entry;
use super::place;
use crate::collect::{Feed, Reading};
use crate::signal::State;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Updates that are further apart belong to different troubles.
const GAP: SignedDuration = SignedDuration::from_hours(24);

/// Reads the entries.
pub fn entries(entries: &[Entry], feed: &Feed) -> Reading {
    let mut draft = Draft::new(feed);
    let mut by_service: BTreeMap<&str, Vec<(Timestamp, &Entry)>> = BTreeMap::new();
    for entry in entries {
        let service = entry.id.rsplit_once('#').and_then(|(_, part)| part.rsplit_once('_')).map(|(service, _)| service);
        match (service, entry.published) {
            (Some(service), Some(at)) => by_service.entry(service).or_default().push((at, entry)),
            _ => draft.pass_over(format!("an update without a service or a time is passed over: {}", entry.title)),
        }
    }
    for (service, mut updates) in by_service {
        updates.sort_by_key(|(at, _)| *at);
        for trouble in updates.chunk_by(|a, b| b.0.duration_since(a.0) <= GAP) {
            self::trouble(&mut draft, service, trouble);
        }
    }
    draft.finish()
}

fn trouble(draft: &mut Draft, service: &str, updates: &[(Timestamp, &Entry)]) {
    let (Some((began, first)), Some((newest_at, newest))) = (updates.first(), updates.last()) else {
        return;
    };
    let worst = updates.iter().filter_map(|(_, e)| state(&e.title)).fold(State::Healthy, super::state::worse);
    let until = Some(*newest_at).filter(|_| state(&newest.title) == Some(State::Healthy));
    if until.is_none() && draft.seen_at().duration_since(*newest_at) > GAP {
        draft.note(format!("`{service}` was not spoken of for a day, and its trouble never ended; left out"));
        return;
    }
    let region = place::of(service).unwrap_or_else(|| place::GLOBAL.to_string());
    let title = first.title.split_once(": ").map_or(first.title.as_str(), |(_, title)| title);
    let id = format!("{service}/{}", began.as_second());
    draft.trouble(&Trouble {
        part: service.strip_suffix(&region).map_or(service, |s| s.trim_end_matches('-')),
        group: service,
        first: &first.text,
        newest: &newest.text,
        at: Some(*began),
        until,
        region: Some(&region),
        url: newest.link.as_deref(),
        ..Trouble::new(&id, title, worst)
    });
}

/// The state that the beginning of a title tells.
fn state(title: &str) -> Option<State> {
    let word = title.split(':').next()?.trim();
    match word {
        "Informational message" => Some(State::Unknown),
        "Service impact" | "Service degradation" | "Performance issues" => Some(State::Degraded),
        "Service disruption" => Some(State::Failing),
        "Service is operating normally" => Some(State::Healthy),
        _ => None,
    }
}
