//! Azure: the entries of its RSS feed, which is empty while all is well.
//!
//! Categories are services and regions; the title begins with how it goes; nothing tells how grave it is but words.

use super::draft::{Draft, Trouble};
use super::feed::Entry;
use super::time;
use crate::collect::classify::Tenor;
use crate::collect::{Feed, Reading};
use crate::signal::{AtKind, State};
use jiff::Timestamp;
use regex::Regex;
use std::sync::LazyLock;

/// Words of which names of regions consist.
const PLACES: &[&str] = &[
    "north",
    "south",
    "east",
    "west",
    "central",
    "southeast",
    "northeast",
    "us",
    "uk",
    "uae",
    "europe",
    "asia",
    "japan",
    "india",
    "korea",
    "australia",
    "brazil",
    "canada",
    "france",
    "germany",
    "norway",
    "switzerland",
    "sweden",
    "africa",
    "poland",
    "italy",
    "israel",
    "qatar",
    "spain",
    "mexico",
    "china",
    "global",
    "gov",
    "virginia",
    "texas",
    "arizona",
    "2",
    "3",
];

/// `Starting at 14:20 UTC on 18 November 2026`, in which the impact statement says when it began.
static BEGINNING: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(\d{1,2}:\d{2}) UTC on (\d{1,2}) ([a-z]{3})[a-z]* (\d{4})").ok());

/// Reads the entries.
pub fn entries(entries: &[Entry], feed: &Feed) -> Reading {
    let mut draft = Draft::new(feed);
    for entry in entries {
        self::entry(&mut draft, entry);
    }
    draft.all_well();
    draft.finish()
}

fn entry(draft: &mut Draft, entry: &Entry) {
    let (stage, title) = entry.title.split_once(" - ").unwrap_or(("", &entry.title));
    let over = ["mitigated", "resolved", "rca", "closed"].contains(&stage.to_lowercase().as_str());
    let published = entry.published.or(entry.updated);
    let until = entry.updated.max(entry.published).filter(|_| over);
    let began = beginning(&entry.text);
    let at_kind = if began.is_some() { AtKind::Onset } else { AtKind::Seen };
    let state = match draft.rules().tenor(title).unwrap_or(Tenor::Degraded) {
        Tenor::Outage => State::Failing,
        Tenor::Info => State::Unknown,
        Tenor::Maintenance => State::Maintenance,
        Tenor::Degraded | Tenor::Recovering | Tenor::Resolved => State::Degraded,
    };
    let url = entry.link.as_deref();
    let (regions, services): (Vec<&str>, Vec<&str>) =
        entry.categories.iter().map(String::as_str).partition(|c| is_region(c));
    let regions: Vec<String> = regions.iter().map(|r| r.replace(' ', "").to_lowercase()).collect();
    let whole = Trouble {
        first: &entry.text,
        newest: &entry.text,
        at: began.or(published),
        at_kind,
        until,
        url,
        ..Trouble::new(&entry.id, title, state)
    };
    let regions: Vec<Option<&str>> =
        if regions.is_empty() { vec![None] } else { regions.iter().map(|r| Some(r.as_str())).collect() };
    let services = if services.is_empty() { vec![""] } else { services };
    for part in services {
        for region in &regions {
            draft.trouble(&Trouble { part, region: *region, ..whole.clone() });
        }
    }
    draft.blame(&entry.id, &[(published, title), (published, &entry.text)], until, url);
}

fn is_region(category: &str) -> bool {
    !category.trim().is_empty() && category.split_whitespace().all(|w| PLACES.contains(&w.to_lowercase().as_str()))
}

fn beginning(text: &str) -> Option<Timestamp> {
    let found = BEGINNING.as_ref()?.captures(text)?;
    time::parse(&format!("{} {} {} {}:00 Z", &found[2], &found[3], &found[4], &found[1]))
}
